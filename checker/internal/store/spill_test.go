package store_test

import (
	"math/rand/v2"
	"os"
	"testing"

	"pmdcheck/checker/internal/store"
)

// TestSpillAgainstMap inserts random states with many repetitions and settles doubts now and then: each state has to be called new exactly once, at once or when
// doubts are settled, and then with the tag of its first insertion.
func TestSpillAgainstMap(t *testing.T) {
	for _, tc := range []struct{ words, bytes, states, inserts int }{
		{1, 1 << 18, 150_000, 300_000}, // many runs, which are merged
		{2, 1 << 20, 300_000, 600_000},
		{3, 1 << 18, 20_000, 100_000}, // more doubts than there is room for
	} {
		if testing.Short() && tc.words == 2 {
			continue
		}
		dir := t.TempDir()
		set := store.NewSpill(64*tc.words, int64(tc.bytes), dir, nil)
		r := rand.New(rand.NewPCG(5, uint64(tc.words)))
		first := map[uint64]uint64{} // tag by state
		told := map[uint64]bool{}
		key := func(i uint64) []uint64 { return []uint64{i*0x9e3779b97f4a7c15 - 7, 1, i}[:tc.words] }
		number := func(st []uint64) uint64 { return (st[0] + 7) * 0xf1de83e19937733d }
		settle := func() {
			last := set.Doubtful()
			if err := set.Settle(func(st []uint64, tag [store.TagWords]uint64) error {
				i := number(st)
				if told[i] || first[i] != tag[0] {
					t.Fatalf("%d words: %d was told twice (%v), or has tag %d, not %d", tc.words, i, told[i], tag[0], first[i])
				}
				told[i] = true
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if set.Doubtful() != 0 {
				t.Fatalf("%d doubts before, %d after", last, set.Doubtful())
			}
		}
		settles := 0
		for n := range uint64(tc.inserts) {
			i := r.Uint64N(uint64(tc.states))
			added, err := set.Insert(key(i), [store.TagWords]uint64{n, n})
			if err != nil {
				t.Fatal(err)
			}
			if added && told[i] {
				t.Fatalf("%d words: %d is new twice", tc.words, i)
			}
			told[i] = told[i] || added
			if _, ok := first[i]; !ok {
				first[i] = n
			}
			if set.Crowded() && tc.words != 3 {
				settles++
				settle()
			}
		}
		settle()
		if len(told) != len(first) || set.Written() < int64(8*tc.words*tc.states/2) || tc.words != 3 && settles < 3 {
			t.Errorf("%d words: %d states told, %d inserted, %d bytes written, %d times settled", tc.words, len(told), len(first), set.Written(), settles)
		}
		for i := range first {
			if !told[i] {
				t.Fatalf("%d words: %d was never told", tc.words, i)
			}
		}
		set.Close()
		if files, err := os.ReadDir(dir); len(files) != 0 || err != nil {
			t.Errorf("left behind: %v %v", files, err)
		}
	}
}
