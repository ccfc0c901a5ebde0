package program_test

import (
	"testing"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// compiled compiles a cell of a spec, unmerged.
func compiled(t *testing.T, name string, values ...string) *program.Program {
	t.Helper()
	sys := testkit.Embedded(t, name, elab.BuildOptions{NoMerge: true}, values...)
	p, err := program.Compile(sys, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDivision: parts have about the same number of states, and few transitions lead from one to another; a hash would have all but one in so many of them do so.
func TestDivision(t *testing.T) {
	hugepmd := compiled(t, "bench/hugepmd", "nmm=2", "k=2", "pol=2", "free_by=1")
	dining := compiled(t, "classic/dining", "N=3")
	for _, tc := range []struct {
		p        *program.Program
		parts    int
		share    float64 // of states in the largest part, at most; times parts
		crossing float64 // of transitions, at most
	}{
		{hugepmd, 1, 1, 0},
		{hugepmd, 2, 1.05, 0.08},
		{hugepmd, 3, 1.2, 0.2},
		{hugepmd, 4, 1.25, 0.08},
		{hugepmd, 5, 1.45, 0.2},
		{hugepmd, 6, 1.7, 0.15},
		{hugepmd, 7, 1.2, 0.35}, // by three cuts, as into eight
		{hugepmd, 8, 1.2, 0.35},
		{hugepmd, 64, 4, 0.6},
		{hugepmd, 256, 14, 0.3}, // four stretches of one process, for want of others: uneven
		{hugepmd, 150, 1.2, 1},  // too few locations: a hash
		{compiled(t, "bench/latch", "N=3", "policy=rcu"), 2, 1.1, 0.15},
		{compiled(t, "classic/filter", "N=3"), 2, 1.1, 0.15},
		{dining, 7, 2.2, 0.5},
		{dining, 30, 4, 1},
	} {
		d := tc.p.Divide(tc.parts)
		x := tc.p.NewExec()
		first := make([]uint64, tc.p.Total)
		x.Initial(first)
		key := func(s []uint64) [2]uint64 {
			var k [2]uint64
			copy(k[:], s)
			return k
		}
		seen := map[[2]uint64]bool{key(first): true}
		work := [][2]uint64{key(first)}
		dst := make([]uint64, tc.p.Total)
		states, transitions, crossing := make([]int, tc.parts), 0, 0
		for len(work) > 0 {
			top := work[len(work)-1]
			work = work[:len(work)-1]
			cur := top[:tc.p.Words]
			part := d.Part(cur)
			states[part]++
			for i := range tc.p.Processes() {
				for _, c := range tc.p.Candidates(cur, i) {
					if x.Run(c, cur, dst) == program.Disabled {
						continue
					}
					transitions++
					next := dst[:tc.p.Words]
					if d.Part(next) != part {
						crossing++
					}
					if k := key(next); !seen[k] {
						seen[k] = true
						work = append(work, k)
					}
				}
			}
		}
		most := 0
		for _, n := range states {
			most = max(most, n)
		}
		share, crossed := float64(most*tc.parts)/float64(len(seen)), float64(crossing)/float64(transitions)
		t.Logf("%s: %d parts: share %.3f, crossing %.3f", tc.p.Sys.Processes[0].Name, tc.parts, share, crossed)
		if share > tc.share || crossed > tc.crossing {
			t.Errorf("%d parts: the largest has %.3f times its share, and %.3f of the transitions lead to another", tc.parts, share, crossed)
		}
	}
}
