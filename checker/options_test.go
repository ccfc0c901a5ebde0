package checker_test

import (
	"context"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// TestOptionsOutsideTheirEnums: what has no meaning is not taken for something that has one.
func TestOptionsOutsideTheirEnums(t *testing.T) {
	sys := build(t, "u2 x; process p { x = 1; }", elab.BuildOptions{})
	for want, o := range map[string]checker.Options{
		"there is no order of search 2: write one of dfs, bfs":              {Search: checker.BFS + 1},
		"there is no order of search 255: write one of dfs, bfs":            {Search: 255, Workers: 2},
		"there is no reduction 3: write one of default, none, stubborn":     {Reduction: checker.ReductionStubborn + 1},
		"there is no symmetry 3: write one of default, off, on":             {Symmetry: checker.SymmetryOn + 1},
		"there is no store 3: write one of exact, compact, bitstate":        {Store: checker.StoreBitstate + 1, Memory: 1 << 20},
		"there is no store 9: write one of exact, compact, bitstate":        {Store: 9, Search: 9},
		"there is no reduction 77: write one of default, none, stubborn":    {Reduction: 77, Swarm: 1},
		"there is no reduction 200: write one of default, none, stubborn":   {Reduction: 200, Checkpoint: "never"},
		"there is no order of search 9: write one of dfs, bfs\nthere is no": {Store: 9, Search: 9},
	} {
		res, err := checker.Check(context.Background(), sys, o)
		if res != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, not %q", o, err, want)
		}
	}
}

// symmetry is the mode of a test that goes through both.
func symmetry(on bool) checker.SymmetryMode {
	if on {
		return checker.SymmetryOn
	}
	return checker.SymmetryOff
}

// TestZeroOptions: who says nothing gets what the command line does, and its counts are those of the reductions; random walks have none.
func TestZeroOptions(t *testing.T) {
	// Each of the two has three places. Which of them goes first does not matter, and neither does which of them is which: three states of nine, of which chains are passed through.
	sys := build(t, "u2 a[2]; process p[2] { a[self] = 1; a[self] = 2; }", elab.BuildOptions{NoMerge: true})
	for _, tc := range []struct {
		name    string
		zero, o checker.Options
		states  int64 // 0: not looked at
	}{
		{"nothing said", checker.Options{}, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}, 0},
		{"without chains", checker.Options{NoChains: true}, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn, NoChains: true}, 0},
		{"all states", checker.Options{Reduction: checker.ReductionNone}, checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOff}, 9},
		// Pairs of places, in any order.
		{"all states but for symmetry", checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, 6},
		{"random walks", checker.Options{Swarm: 1}, checker.Options{Swarm: 1, Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOff}, 0},
	} {
		var res [2]*checker.Result
		for i, o := range []*checker.Options{&tc.zero, &tc.o} {
			var err error
			if res[i], err = checker.Check(context.Background(), sys, *o); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			if tc.states > 0 && res[i].Stats.States != tc.states {
				t.Errorf("%s: %d states, want %d", tc.name, res[i].Stats.States, tc.states)
			}
		}
		if a, b := res[0], res[1]; a.Reduction != b.Reduction || len(a.Symmetry) != len(b.Symmetry) || a.Stats.States != b.Stats.States || a.Stats.Transitions != b.Stats.Transitions {
			t.Errorf("%s: %v, %+v, %+v; said in full: %v, %+v, %+v", tc.name, a.Reduction, a.Symmetry, a.Stats, b.Reduction, b.Symmetry, b.Stats)
		}
	}
}
