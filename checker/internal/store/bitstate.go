package store

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// A Bitstate is a fixed array of bits, of which each state sets [bitsPerState] (Holzmann, "An analysis of bitstate hashing", 1998). A state is taken for
// visited when all its bits are set.
//
// The places are those of enhanced double hashing (Dillinger and Manolios, "Bloom filters in probabilistic verification", FMCAD 2004) from two
// hashes of 64 bits, so that they are as good as independent ones.
//
// Several goroutines that insert the same new state at once may each be told that it is new: it is then expanded twice and counted twice, but never lost.
type Bitstate struct {
	bits []uint64
	in   []bitInserter
}

const bitsPerState = 3

// NewBitstate makes an empty set of the given size.
func NewBitstate(workers int, bytes int64) *Bitstate {
	b := &Bitstate{bits: make([]uint64, max(bytes/8, 1)), in: make([]bitInserter, max(workers, 1))}
	for i := range b.in {
		b.in[i].b = b
	}
	return b
}

// Len is the number of states inserted.
func (b *Bitstate) Len() int64 {
	n := int64(0)
	for i := range b.in {
		n += b.in[i].added.Load()
	}
	return n
}

// Bytes is the size of the array.
func (b *Bitstate) Bytes() int64 { return int64(8 * len(b.bits)) }

// Exact is false.
func (b *Bitstate) Exact() bool { return false }

// Omitted sums up, over the states inserted, the probability that the state had been taken for visited: f to the power of bitsPerState when a share f of
// the bits is set. The expectation of the bits set is what n insertions leave: f(n) = 1 - (1-1/m)^(kn). What the omitted states would have added to the sum is
// bounded by dividing by the smallest probability of not being omitted.
func (b *Bitstate) Omitted() float64 {
	n, m := float64(b.Len()), float64(64*len(b.bits))
	// The sum over i < n of f(i)^3 where f(i) = 1-q^i, in closed form; q^i = exp(-ki/m).
	step := -bitsPerState / m
	if x := -step * n; x < 0.01 {
		return n * x * x * x / 4 // f(i) < ki/m; the closed form would cancel
	}
	geo := func(k float64) float64 { return math.Expm1(k*step*n) / math.Expm1(k*step) }
	sum := n - 3*geo(1) + 3*geo(2) - geo(3)
	if f := -math.Expm1(step * n); sum > 0 {
		sum /= 1 - f*f*f
	}
	return max(sum, 0)
}

// Inserter is the way in for one goroutine.
func (b *Bitstate) Inserter(worker int) Inserter { return &b.in[worker] }

type bitInserter struct {
	b     *Bitstate
	added atomic.Int64
	_     [48]byte
}

// Insert sets the bits of a state and reports whether any was not set.
func (w *bitInserter) Insert(st []uint64) (added, ok bool) {
	x, y := Hash(st), hash(st, compactSeed)
	n := uint64(len(w.b.bits)) << 6
	for i := range uint64(bitsPerState) {
		at, _ := bits.Mul64(x, n)
		p, bit := &w.b.bits[at>>6], uint64(1)<<(at&63)
		if atomic.LoadUint64(p)&bit == 0 && atomic.OrUint64(p, bit)&bit == 0 {
			added = true
		}
		x, y = x+y, y+i+1
	}
	if added {
		w.added.Add(1)
	}
	return added, true
}

// has reports whether all bits of a state are set.
func (b *Bitstate) has(st []uint64) bool {
	x, y := Hash(st), hash(st, compactSeed)
	n := uint64(len(b.bits)) << 6
	for i := range uint64(bitsPerState) {
		at, _ := bits.Mul64(x, n)
		if b.bits[at>>6]>>(at&63)&1 == 0 {
			return false
		}
		x, y = x+y, y+i+1
	}
	return true
}
