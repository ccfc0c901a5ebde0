package bitset_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pmdcheck/internal/bitset"
)

// TestAgainstMaps: every operation does what it does on sets that are maps, at the ends of words too.
func TestAgainstMaps(t *testing.T) {
	const n = 130
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		a, b := bitset.New(n), bitset.New(n)
		ma, mb := map[int]bool{}, map[int]bool{}
		fill := func(s bitset.Set, m map[int]bool) {
			for range r.IntN(12) {
				i := []int{0, 63, 64, 127, 128, 129, r.IntN(n)}[r.IntN(7)]
				s.Add(i)
				m[i] = true
			}
			i := r.IntN(n)
			s.Remove(i)
			delete(m, i)
		}
		fill(a, ma)
		fill(b, mb)
		same := func(what string, s bitset.Set, in func(i int) bool) {
			t.Helper()
			var got, want []int
			s.Each(func(i int) { got = append(got, i) })
			for i := range n {
				if in(i) {
					want = append(want, i)
				}
				if s.Has(i) != in(i) {
					t.Errorf("%s: Has(%d) is %v", what, i, s.Has(i))
				}
			}
			if !slices.Equal(got, want) || s.Empty() != (len(want) == 0) {
				t.Errorf("%s: %v, not %v", what, got, want)
			}
		}
		same("a", a, func(i int) bool { return ma[i] })
		or, and, not := a.Clone(), a.Clone(), a.Clone()
		or.Or(b)
		and.And(b)
		not.AndNot(b)
		same("or", or, func(i int) bool { return ma[i] || mb[i] })
		same("and", and, func(i int) bool { return ma[i] && mb[i] })
		same("and not", not, func(i int) bool { return ma[i] && !mb[i] })
		same("a after that", a, func(i int) bool { return ma[i] })
		if a.Equal(b) != maps.Equal(ma, mb) || a.Meets(b) == and.Empty() {
			t.Errorf("%v and %v: equal %v, meet %v", ma, mb, a.Equal(b), a.Meets(b))
		}
	}
}
