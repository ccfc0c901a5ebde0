package explore

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPile does the same at both ends of a pile and of a plain slice, with records that come out even in chunks and records that do not.
func TestPile(t *testing.T) {
	for _, width := range []int{1, 3, 1000} {
		r := rand.New(rand.NewPCG(3, uint64(width)))
		p := newPile[uint64](width)
		var want []uint64
		top, shifts := 40_000/width, 0
		for range 200_000 / width {
			switch k := r.IntN(8); {
			case k < 4 && len(want) < top*width || len(want) == 0:
				rec := make([]uint64, width*(1+r.IntN(3)))
				for i := range rec {
					rec[i] = r.Uint64()
				}
				p.push(rec...)
				want = append(want, rec...)
			case k < 6:
				if !slices.Equal(p.top(), want[len(want)-width:]) {
					t.Fatalf("width %d: top differs", width)
				}
				p.pop()
				want = want[:len(want)-width]
			case r.IntN(40) == 0: // everything goes
				for len(want) > 0 {
					p.pop()
					want = want[:len(want)-width]
				}
			default:
				if got := p.shift(nil); !slices.Equal(got, want[:width]) {
					t.Fatalf("width %d: shift differs", width)
				}
				want = want[width:]
				shifts++
			}
			if p.len() != len(want)/width {
				t.Fatalf("width %d: len %d, want %d", width, p.len(), len(want)/width)
			}
		}
		var all []uint64
		p.each(func(r []uint64) { all = append(all, r...) })
		if !slices.Equal(all, want) || shifts == 0 {
			t.Fatalf("width %d: each differs, or nothing was shifted (%d)", width, shifts)
		}
	}
	p := newPile[uint32](1)
	for i := range uint32(100_000) {
		p.push(i)
	}
	for i := range 100_000 {
		if got := p.at(i)[0]; got != uint32(i) {
			t.Fatalf("at(%d) is %d", i, got)
		}
	}
	if p.bytes() < 400_000 || p.bytes() > 600_000 {
		t.Errorf("100000 elements of 4 bytes take %d", p.bytes())
	}
}
