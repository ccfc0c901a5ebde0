package store

import (
	"math"
	"math/bits"
)

// A Bitstate is a fixed array of bits, of which each state sets [bitsPerState] (Holzmann, "An analysis of bitstate hashing", 1998). A state is taken for
// visited when all its bits are set.
//
// The places are those of enhanced double hashing (Dillinger and Manolios, "Bloom filters in probabilistic verification", FMCAD 2004) from two
// hashes of 64 bits, so that they are as good as independent ones.
type Bitstate struct {
	bits  []uint64
	added int64
}

const bitsPerState = 3

// NewBitstate makes an empty set of the given size.
func NewBitstate(bytes int64) *Bitstate { return &Bitstate{bits: make([]uint64, max(bytes/8, 1))} }

// Len is the number of states inserted.
func (b *Bitstate) Len() int64 { return b.added }

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

// Insert sets the bits of a state and reports whether any was not set.
func (b *Bitstate) Insert(st []uint64) (added, ok bool) {
	x, y := Hash(st), hash(st, compactSeed)
	n := uint64(len(b.bits)) << 6
	for i := range uint64(bitsPerState) {
		at, _ := bits.Mul64(x, n)
		if p, bit := &b.bits[at>>6], uint64(1)<<(at&63); *p&bit == 0 {
			*p |= bit
			added = true
		}
		x, y = x+y, y+i+1
	}
	if added {
		b.added++
	}
	return added, true
}

// InsertAll inserts states one by one.
func (b *Bitstate) InsertAll(states []uint64, added []bool) int {
	return insertAll(b, states, added)
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
