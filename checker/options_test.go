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
		"there is no reduction 2: write one of none, stubborn":              {Reduction: checker.ReductionStubborn + 1},
		"there is no store 3: write one of exact, compact, bitstate":        {Store: checker.StoreBitstate + 1, Memory: 1 << 20},
		"there is no store 9: write one of exact, compact, bitstate":        {Store: 9, Search: 9},
		"there is no reduction 77: write one of none, stubborn":             {Reduction: 77, Swarm: 1},
		"there is no reduction 200: write one of none, stubborn":            {Reduction: 200, Checkpoint: "never"},
		"there is no order of search 9: write one of dfs, bfs\nthere is no": {Store: 9, Search: 9},
	} {
		res, err := checker.Check(context.Background(), sys, o)
		if res != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, not %q", o, err, want)
		}
	}
}
