package store_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pmdcheck/checker/internal/store"
)

// TestSetAgainstMap inserts random states with many repetitions and compares every answer with a map's.
func TestSetAgainstMap(t *testing.T) {
	for i, set := range []store.Set{store.NewExact(1, 1, 0), store.NewExact(2, 1, 0), store.NewExact(3, 1, 0), store.NewPairs(0)} {
		words := []int{1, 2, 3, 2}[i]
		r := rand.New(rand.NewPCG(1, uint64(words)))
		in := set.Inserter(0)
		seen := map[[3]uint64]bool{}
		for range 300_000 {
			var k [3]uint64
			for i := range words {
				k[i] = r.Uint64N(60)
				if words == 1 {
					k[i] = r.Uint64N(100_000)
				}
			}
			added, ok := in.Insert(k[:words])
			if !ok || added == seen[k] {
				t.Fatalf("%d words: insert of %v: added %v, was there %v", words, k, added, seen[k])
			}
			seen[k] = true
		}
		if set.Len() != int64(len(seen)) {
			t.Errorf("%d words: Len is %d, want %d", words, set.Len(), len(seen))
		}
	}
}

// TestSetHammer inserts the same states from several goroutines at once while the shards grow: each must be new exactly once.
func TestSetHammer(t *testing.T) {
	for _, tc := range []struct{ words, workers, states int }{{1, 4, 200_000}, {2, 4, 200_000}, {1, 40, 20_000}, {3, 40, 20_000}} {
		words, workers, states := tc.words, tc.workers, tc.states
		if testing.Short() {
			states /= 4
		}
		set := store.NewExact(words, workers, 0)
		var added atomic.Int64
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				in := set.Inserter(w)
				r := rand.New(rand.NewPCG(7, uint64(w)))
				for _, i := range r.Perm(states) {
					st := []uint64{uint64(i)*0x9e3779b97f4a7c15 - 1, uint64(i), 1}[:words] // with all bits and without any
					if ok, _ := in.Insert(st); ok {
						added.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if added.Load() != int64(states) || set.Len() != int64(states) {
			t.Errorf("%d words: %d insertions were new, Len %d, want %d", words, added.Load(), set.Len(), states)
		}
		seen := map[uint64]bool{}
		set.Each(func(st []uint64) bool {
			seen[st[0]] = true
			return true
		})
		if len(seen) != states {
			t.Errorf("%d words: Each shows %d states, want %d", words, len(seen), states)
		}
	}
}

// TestBytesPerState holds the set to its memory promise at every size from fifty thousand to a million.
func TestBytesPerState(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	for _, tc := range []struct {
		words, most int
		set         store.Set
	}{{1, 16, store.NewExact(1, 1, 0)}, {2, 28, store.NewExact(2, 1, 0)}, {2, 28, store.NewPairs(0)}} {
		set := tc.set
		in := set.Inserter(0)
		for i := range uint64(1_000_000) {
			in.Insert([]uint64{i*0x9e3779b97f4a7c15 + 1, i}[:tc.words])
			if n := set.Len(); n >= 50_000 && n%10_000 == 0 && set.Bytes() > int64(tc.most)*n {
				t.Fatalf("%d words: %d states take %d bytes, more than %d each", tc.words, n, set.Bytes(), tc.most)
			}
		}
	}
}

// TestOmitted fills bit arrays with states that are all different, and compares how many were taken for visited with what the set says is to be expected. A Compact
// set with 64 bits loses nothing that a test could count.
func TestOmitted(t *testing.T) {
	for _, tc := range []struct{ bytes, states int }{{1 << 16, 20_000}, {1 << 16, 100_000}, {1 << 20, 1_000_000}} {
		if testing.Short() && tc.states > 100_000 {
			continue
		}
		set := store.NewBitstate(1, int64(tc.bytes))
		in := set.Inserter(0)
		lost := 0
		for i := range uint64(tc.states) {
			if added, _ := in.Insert([]uint64{i, i ^ 0x5555}); !added {
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
	set := store.NewCompact(3, 1, 0)
	in := set.Inserter(0)
	for i := range uint64(100_000) {
		if added, _ := in.Insert([]uint64{i, 7, 7}); !added {
			t.Fatal("lost")
		}
	}
	if o := set.Omitted(); o < 1e-10 || o > 1e-9 || set.Exact() {
		t.Errorf("%g omissions expected of 1e5 hashes of 64 bits", o)
	}
}
