package axioms

import (
	"math/bits"

	"pmdcheck/internal/bitset"
)

// A set of events and a relation over them are bit vectors and bit matrices. Those of one candidate live in an arena, which is emptied for the next.

type set = bitset.Set

type rel struct {
	n, w int
	b    []uint64 // n rows of w words
}

// arena hands out zeroed sets and relations over n events.
type arena struct {
	n, w int
	slab []uint64
	used int
}

func newArena(n int) *arena { return &arena{n: n, w: (n + 63) / 64} }

func (a *arena) reset() { a.used = 0 }

func (a *arena) words(k int) []uint64 {
	if a.used+k > len(a.slab) {
		a.slab = make([]uint64, max(2*len(a.slab), k, 4096))
		a.used = 0 // what was handed out keeps the old slab alive
	}
	s := a.slab[a.used : a.used+k : a.used+k]
	a.used += k
	clear(s)
	return s
}

func (a *arena) set() set { return a.words(a.w) }

func (a *arena) rel() rel { return rel{a.n, a.w, a.words(a.n * a.w)} }

func (r rel) row(i int) set         { return r.b[i*r.w : (i+1)*r.w] }
func (r rel) add(i, j int)          { r.b[i*r.w+j>>6] |= 1 << (j & 63) }
func (r rel) has(i, j int) bool     { return r.b[i*r.w+j>>6]>>(j&63)&1 != 0 }
func (r rel) empty() bool           { return set(r.b).Empty() }
func (r rel) each(f func(i, j int)) { r.rows(func(i int, s set) { s.Each(func(j int) { f(i, j) }) }) }

func (r rel) rows(f func(i int, s set)) {
	for i := range r.n {
		f(i, r.row(i))
	}
}

func (a *arena) union(rs ...rel) rel {
	out := a.rel()
	for _, r := range rs {
		for k, x := range r.b {
			out.b[k] |= x
		}
	}
	return out
}

func (a *arena) both(r, s rel) rel {
	out := a.rel()
	for k, x := range r.b {
		out.b[k] = x & s.b[k]
	}
	return out
}

func (a *arena) minus(r, s rel) rel {
	out := a.rel()
	for k, x := range r.b {
		out.b[k] = x &^ s.b[k]
	}
	return out
}

// from restricts the left side, to the right one.
func (a *arena) from(s set, r rel) rel {
	out := a.rel()
	s.Each(func(i int) { copy(out.row(i), r.row(i)) })
	return out
}

func (a *arena) to(r rel, s set) rel {
	out := a.rel()
	for i := range r.n {
		in, o := r.row(i), out.row(i)
		for k := range in {
			o[k] = in[k] & s[k]
		}
	}
	return out
}

func (a *arena) among(s set, r rel, t set) rel { return a.to(a.from(s, r), t) }

// seq is relational composition: r, then s, and so on.
func (a *arena) seq(r rel, more ...rel) rel {
	for _, s := range more {
		out := a.rel()
		for i := range r.n {
			o := out.row(i)
			for k, x := range r.row(i) {
				for ; x != 0; x &= x - 1 {
					j := k<<6 + bits.TrailingZeros64(x)
					for q, y := range s.row(j) {
						o[q] |= y
					}
				}
			}
		}
		r = out
	}
	return r
}

func (a *arena) inverse(r rel) rel {
	out := a.rel()
	r.each(func(i, j int) { out.add(j, i) })
	return out
}

func (a *arena) id(s set) rel {
	out := a.rel()
	s.Each(func(i int) { out.add(i, i) })
	return out
}

// opt is r or nothing: the reflexive closure.
func (a *arena) opt(r rel) rel {
	out := a.union(r)
	for i := range r.n {
		out.add(i, i)
	}
	return out
}

// plus is the transitive closure, star the reflexive and transitive one.
func (a *arena) plus(r rel) rel {
	out := a.union(r)
	out.close()
	return out
}

func (a *arena) star(r rel) rel {
	out := a.opt(r)
	out.close()
	return out
}

func (r rel) close() {
	for k := range r.n {
		via := r.row(k)
		for i := range r.n {
			if r.has(i, k) {
				o := r.row(i)
				for q, x := range via {
					o[q] |= x
				}
			}
		}
	}
}

func (r rel) irreflexive() bool {
	for i := range r.n {
		if r.has(i, i) {
			return false
		}
	}
	return true
}

// acyclic takes away events without a successor among those that are left, until none is left or all have one.
func (r rel) acyclic() bool {
	left := make(set, r.w)
	for i := range r.n {
		left.Add(i)
	}
	for {
		gone := false
		for k := range left {
			for x := left[k]; x != 0; x &= x - 1 {
				i := k<<6 + bits.TrailingZeros64(x)
				free := true
				for q, y := range r.row(i) {
					if y&left[q] != 0 {
						free = false
						break
					}
				}
				if free {
					left[k] &^= 1 << (i & 63)
					gone = true
				}
			}
		}
		if !gone {
			return left.Empty()
		}
	}
}

// path is a shortest way from one event to another, of at least one edge; both ends are in it. nil if there is none.
func (r rel) path(from, to int) []int {
	before := make([]int, r.n)
	for i := range before {
		before[i] = -1
	}
	queue := []int{from}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		found := false
		r.row(i).Each(func(j int) {
			if before[j] >= 0 || found {
				return
			}
			before[j] = i
			found = j == to
			queue = append(queue, j)
		})
		if found {
			break
		}
	}
	if before[to] < 0 {
		return nil
	}
	out := []int{to}
	for i := before[to]; ; i = before[i] {
		out = append([]int{i}, out...)
		if i == from {
			return out
		}
	}
}

// cycle is a shortest cycle; its first event is its last. nil if there is none.
func (r rel) cycle() []int {
	var best []int
	for i := range r.n {
		if c := r.path(i, i); c != nil && (best == nil || len(c) < len(best)) {
			best = c
		}
	}
	return best
}
