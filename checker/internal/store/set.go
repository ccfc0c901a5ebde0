// Package store holds visited sets. All but one are safe for concurrent insertion.
//
//	exact.go     every state is kept: the answer of a search is a proof
//	pairs.go     the same for states of two words and one goroutine
//	compact.go   a hash of every state is kept
//	bitstate.go  a few bits of a fixed array are set for every state
//
// Compact and bitstate sets may take a new state for a visited one. They say how many times that is to be expected, and no search on them proves anything.
package store

import "math/bits"

// A Set is a visited set. Len and Bytes may be called at any time.
type Set interface {
	// Inserter is the way in for one of the goroutines the set was made for, numbered from 0.
	Inserter(worker int) Inserter
	// Len is the number of states inserted.
	Len() int64
	// Bytes is the memory in use.
	Bytes() int64
	// Exact reports whether no new state is ever taken for a visited one.
	Exact() bool
	// Omitted bounds the expected number of states that were taken for visited although they were new. By Markov's inequality it bounds the
	// probability that any state was. It is called when nobody inserts.
	Omitted() float64
}

// An Inserter inserts on behalf of one goroutine.
type Inserter interface {
	// Insert adds a state and reports whether it is new. ok is false when there is no room for it, now or ever.
	Insert(st []uint64) (added, ok bool)
}

// Hash mixes a state: multiplications to 128 bits whose halves are folded (after Wang Yi's wyhash), with fixed constants, so that a run is repeatable.
func Hash(st []uint64) uint64 { return hash(st, 0x9e3779b97f4a7c15) }

func hash(st []uint64, seed uint64) uint64 {
	h := seed
	for _, w := range st {
		hi, lo := bits.Mul64(w^0xa0761d6478bd642f, h^0xe7037ed1a0b428db)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(h^0x8ebc6af09c88c6e3, 0x589965cc75374cc3)
	return hi ^ lo
}
