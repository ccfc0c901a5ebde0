// Package store holds visited sets. Each belongs to one goroutine; workers that search together have a set each, for the states they own.
//
//	exact.go     every state is kept: the answer of a search is a proof
//	compact.go   a hash of every state is kept
//	bitstate.go  a few bits of a fixed array are set for every state
//	spill.go     every state is kept, most of them on disk
//
// Compact and bitstate sets may take a new state for a visited one. They say how many times that is to be expected, and no search on them proves anything.
package store

import (
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A Set is a visited set.
type Set interface {
	// Insert adds a state and reports whether it is new. ok is false when there is no room for it, now or ever.
	Insert(st []uint64) (added, ok bool)
	// InsertAll inserts len(added) states that lie one after the other, until there is no room, and returns how many it did. It is faster than Insert, because it waits
	// for memory that is not in the cache once for all of them.
	InsertAll(states []uint64, added []bool) int
	// Len is the number of states inserted.
	Len() int64
	// Bytes is the memory in use.
	Bytes() int64
	// Exact reports whether no new state is ever taken for a visited one.
	Exact() bool
	// Omitted bounds the expected number of states that were taken for visited although they were new. By Markov's inequality it bounds the
	// probability that any state was.
	Omitted() float64
}

// insertAll is InsertAll for sets that have nothing better.
func insertAll(s Set, states []uint64, added []bool) int {
	for i := range added {
		n := len(states) / len(added)
		var ok bool
		if added[i], ok = s.Insert(states[i*n : (i+1)*n]); !ok {
			return i
		}
	}
	return len(added)
}

// A Budget is the memory that sets may take together. It is safe for concurrent use.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget makes a budget of so many bytes; 0 is no limit.
func NewBudget(bytes int64) *Budget {
	if bytes <= 0 {
		bytes = math.MaxInt64
	}
	return &Budget{limit: bytes}
}

// take takes so many bytes more, or gives them back, and reports whether that is allowed; if it is not, nothing is taken.
func (b *Budget) take(bytes int64) bool {
	if b.used.Add(bytes) > b.limit && bytes > 0 {
		b.used.Add(-bytes)
		return false
	}
	return true
}

// Hash mixes a state: multiplications to 128 bits whose halves are folded (after Wang Yi's wyhash), with fixed constants, so that a run is repeatable.
func Hash(st []uint64) uint64 {
	if len(st) == 1 {
		return hashWord(st[0])
	}
	return hash(st, hashSeed)
}

const hashSeed = 0x9e3779b97f4a7c15

// hashWord is Hash for a state of one word.
func hashWord(w uint64) uint64 {
	hi, lo := bits.Mul64(w^0xa0761d6478bd642f, hashSeed^0xe7037ed1a0b428db)
	hi, lo = bits.Mul64(hi^lo^0x8ebc6af09c88c6e3, 0x589965cc75374cc3)
	return hi ^ lo
}

func hash(st []uint64, seed uint64) uint64 {
	h := seed
	for _, w := range st {
		hi, lo := bits.Mul64(w^0xa0761d6478bd642f, h^0xe7037ed1a0b428db)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(h^0x8ebc6af09c88c6e3, 0x589965cc75374cc3)
	return hi ^ lo
}

// lineBytes is the size of a line of the cache.
const lineBytes = 64

// Apart makes a slice that has whole lines of the cache to itself. What different workers keep writing must not share one, or each would wait for the other's processor
// at every access. An allocation of such a size begins with a line.
func Apart[T uint64 | uint32 | bool](n int) []T {
	per := lineBytes / int(unsafe.Sizeof(*new(T)))
	return make([]T, n, (n+per)/per*per)
}
