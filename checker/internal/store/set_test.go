package store_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pmdcheck/checker/internal/store"
)

// TestSetAgainstMap inserts random states with many repetitions and compares every answer with a map's.
func TestSetAgainstMap(t *testing.T) {
	for _, words := range []int{1, 2, 3} {
		r := rand.New(rand.NewPCG(1, uint64(words)))
		set := store.New(words, 1)
		seen := map[[3]uint64]bool{}
		for range 300_000 {
			var k [3]uint64
			for i := range words {
				k[i] = r.Uint64N(60)
				if words == 1 {
					k[i] = r.Uint64N(100_000)
				}
			}
			added, ok := set.Insert(k[:words])
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
	const states, workers = 200_000, 4
	for _, words := range []int{1, 2} {
		set := store.New(words, workers)
		var added atomic.Int64
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(7, uint64(w)))
				for _, i := range r.Perm(states) {
					st := []uint64{uint64(i) * 0x9e3779b97f4a7c15, uint64(i)}[:words]
					if ok, _ := set.Insert(st); ok {
						added.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if added.Load() != states || set.Len() != states {
			t.Errorf("%d words: %d insertions were new, Len %d, want %d", words, added.Load(), set.Len(), states)
		}
	}
}

// TestBytesPerState holds the set to its memory promise at every size from fifty thousand to a million.
func TestBytesPerState(t *testing.T) {
	for _, tc := range []struct{ words, most int }{{1, 16}, {2, 28}} {
		set := store.New(tc.words, 1)
		for i := range uint64(1_000_000) {
			set.Insert([]uint64{i*0x9e3779b97f4a7c15 + 1, i}[:tc.words])
			if n := set.Len(); n >= 50_000 && n%10_000 == 0 && set.Bytes() > int64(tc.most)*n {
				t.Fatalf("%d words: %d states take %d bytes, more than %d each", tc.words, n, set.Bytes(), tc.most)
			}
		}
	}
}
