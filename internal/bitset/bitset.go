// Package bitset has sets of small numbers, a bit for each.
package bitset

import (
	"math/bits"
	"slices"
)

// Set is a set of numbers from 0 to 64 times its length. Sets that are used together have the same length.
type Set []uint64

// New is an empty set for n numbers.
func New(n int) Set { return make(Set, (n+63)/64) }

// Several is k empty sets for n numbers, which lie side by side.
func Several(k, n int) []Set {
	words := (n + 63) / 64
	all := make(Set, k*words)
	out := make([]Set, k)
	for i := range out {
		out[i] = all[i*words : (i+1)*words : (i+1)*words]
	}
	return out
}

// Add puts i in.
func (s Set) Add(i int) { s[i>>6] |= 1 << (i & 63) }

// Remove takes i out.
func (s Set) Remove(i int) { s[i>>6] &^= 1 << (i & 63) }

// Has reports whether i is in the set.
func (s Set) Has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

// Or adds all of o.
func (s Set) Or(o Set) {
	for i, w := range o {
		s[i] |= w
	}
}

// And leaves what is in o too.
func (s Set) And(o Set) {
	for i, w := range o {
		s[i] &= w
	}
}

// AndNot removes all of o.
func (s Set) AndNot(o Set) {
	for i, w := range o {
		s[i] &^= w
	}
}

// Clone is a copy.
func (s Set) Clone() Set { return slices.Clone(s) }

// Equal reports whether two sets are the same.
func (s Set) Equal(o Set) bool { return slices.Equal(s, o) }

// Empty reports whether nothing is in the set.
func (s Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Meets reports whether two sets have a number in common.
func (s Set) Meets(o Set) bool {
	for i, w := range o {
		if s[i]&w != 0 {
			return true
		}
	}
	return false
}

// Each calls f for every number in the set, in ascending order.
func (s Set) Each(f func(i int)) {
	for w, m := range s {
		for ; m != 0; m &= m - 1 {
			f(w<<6 + bits.TrailingZeros64(m))
		}
	}
}
