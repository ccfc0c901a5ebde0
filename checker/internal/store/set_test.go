package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"pmdcheck/checker/internal/store"
)

// insert is Insert of words.
func insert(s store.Set, st ...uint64) (added, ok bool) { return s.Insert(st) }

// TestSetAgainstMap inserts random states with many repetitions, one by one and several at once, and compares every answer with a map's.
func TestSetAgainstMap(t *testing.T) {
	for _, width := range []int{0, 1, 17, 64, 65, 96, 97, 128, 129, 192, 300, 2000} {
		words := max((width+63)/64, 1)
		set := store.NewExact(width, store.NewBudget(0))
		r := rand.New(rand.NewPCG(1, uint64(width)))
		last := uint64(1)<<(width-64*(words-1)) - 1 // of the last word
		if width == 64*words {
			last = math.MaxUint64
		}
		seen := map[string]bool{}
		for range 30_000 {
			n := 1 + r.IntN(9)
			states, added := make([]uint64, n*words), make([]bool, n)
			for i := range n {
				st := states[i*words : (i+1)*words]
				// Few of the words differ from 0, so that states have much in common.
				st[r.IntN(words)] = r.Uint64N(200) * 0x123456789abcdf
				st[r.IntN(words)] |= r.Uint64N(50)
				st[words-1] &= last
			}
			if n == 1 {
				var ok bool
				if added[0], ok = set.Insert(states); !ok {
					t.Fatal("no room")
				}
			} else if done := set.InsertAll(states, added); done != n {
				t.Fatalf("%d bits: %d of %d inserted", width, done, n)
			}
			for i := range n {
				key := fmt.Sprint(states[i*words : (i+1)*words])
				if added[i] == seen[key] {
					t.Fatalf("%d bits: insert of %v: added %v, was there %v", width, key, added[i], seen[key])
				}
				seen[key] = true
			}
		}
		if set.Len() != int64(len(seen)) {
			t.Errorf("%d bits: Len is %d, want %d", width, set.Len(), len(seen))
		}
		set.Each(func(st []uint64) bool {
			key := fmt.Sprint(st)
			if !seen[key] {
				t.Errorf("%d bits: Each shows %v, which was not inserted, or shows it twice", width, key)
			}
			delete(seen, key)
			return true
		})
		if len(seen) > 0 {
			t.Errorf("%d bits: Each does not show %d states", width, len(seen))
		}
	}
}

// TestSetHammer fills sets from several goroutines at once out of one budget, up to its end: each set keeps to itself, and together they do not take more than there is.
func TestSetHammer(t *testing.T) {
	for _, width := range []int{40, 80, 300} {
		words := (width + 63) / 64
		const workers, limit = 8, 16 << 20
		b := store.NewBudget(limit)
		sets := make([]store.Set, workers)
		var wg sync.WaitGroup
		for w := range workers {
			set := store.NewExact(width, b)
			sets[w] = set
			wg.Go(func() {
				st := make([]uint64, words)
				n := int64(0)
				for i := uint64(1); ; i++ {
					st[words-1] = i & 0xffff
					st[0] = i << 8
					for turn := range 2 {
						added, ok := set.Insert(st)
						if !ok {
							if set.Len() != n {
								t.Errorf("%d bits: Len is %d, want %d", width, set.Len(), n)
							}
							return
						}
						if added != (turn == 0) {
							t.Errorf("%d bits: state %d inserted for the %d. time: added %v", width, i, turn+1, added)
							return
						}
					}
					n++
				}
			})
		}
		wg.Wait()
		sum, states := int64(0), int64(0)
		for _, s := range sets {
			sum += s.Bytes()
			states += s.Len()
		}
		if sum > limit || sum < limit/2 || states*int64(words)*8 > sum {
			t.Errorf("%d bits: %d bytes in use of %d, for %d states", width, sum, limit, states)
		}
	}
}

// TestBytesPerState holds sets to their promise: from a million states on a state of 8 bytes takes at most 16, and a longer one 5/4 of what it packs into and 8 bytes
// more. The tables go through all their sizes once.
func TestBytesPerState(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	for _, width := range []int{64, 65, 81, 96, 97, 128, 160, 300, 1000} {
		words := (width + 63) / 64
		most := max(16, float64((width+7)/8)*1.25+8)
		set := store.NewExact(width, store.NewBudget(0))
		worst := 0.0
		for i := range uint64(1_600_000) {
			st := make([]uint64, words)
			st[0] = i*0x9e3779b97f4a7c15 + 1
			insert(set, st...)
			if n := set.Len(); n >= 1_000_000 && n%1000 == 0 {
				worst = max(worst, float64(set.Bytes())/float64(n))
			}
		}
		if worst > most {
			t.Errorf("%d bits: up to %.2f bytes a state, more than %.2f", width, worst, most)
		}
		t.Logf("%d bits: up to %.2f bytes a state", width, worst)
	}
}

// TestOmitted fills bit arrays with states that are all different, and compares how many were taken for visited with what the set says is to be expected. A Compact
// set with 64 bits loses nothing that a test could count.
func TestOmitted(t *testing.T) {
	for _, tc := range []struct{ bytes, states int }{{1 << 16, 20_000}, {1 << 16, 100_000}, {1 << 20, 1_000_000}} {
		if testing.Short() && tc.states > 100_000 {
			continue
		}
		set := store.NewBitstate(int64(tc.bytes))
		lost := 0
		for i := range uint64(tc.states) {
			if added, _ := insert(set, i, i^0x5555); !added {
				lost++
			}
		}
		if want := set.Omitted(); float64(lost) > want+3*math.Sqrt(want) || float64(lost) < want/2 {
			t.Errorf("%d bytes, %d states: %d lost, at most %.1f expected", tc.bytes, tc.states, lost, want)
		}
		if set.Len() != int64(tc.states-lost) || set.Exact() {
			t.Errorf("Len %d, %d lost", set.Len(), lost)
		}
	}
	set := store.NewCompact(3, store.NewBudget(0))
	for i := range uint64(100_000) {
		if added, _ := insert(set, i, 7, 7); !added {
			t.Fatal("lost")
		}
	}
	if o := set.Omitted(); o < 1e-10 || o > 1e-9 || set.Exact() {
		t.Errorf("%g omissions expected of 1e5 hashes of 64 bits", o)
	}
}

// TestApart: whole lines of the cache, whatever the length and the type.
func TestApart(t *testing.T) {
	line := func(p unsafe.Pointer, bytes uintptr) bool { return uintptr(p)%64 == 0 && bytes%64 == 0 }
	for n := range 2000 {
		w, h, b := store.Apart[uint64](n), store.Apart[uint32](n), store.Apart[bool](n)
		if len(w) != n || len(h) != n || len(b) != n {
			t.Fatalf("%d elements: %d, %d, %d", n, len(w), len(h), len(b))
		}
		if !line(unsafe.Pointer(unsafe.SliceData(w)), uintptr(8*cap(w))) || !line(unsafe.Pointer(unsafe.SliceData(h)), uintptr(4*cap(h))) || !line(unsafe.Pointer(unsafe.SliceData(b)), uintptr(cap(b))) {
			t.Errorf("%d elements share a line of the cache", n)
		}
	}
}
