package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

var processHead = regexp.MustCompile(`(?m)^((?:fair )?process p(\d))$`)

// gated is a random program whose processes, all but the last or all, take steps only where conditions are true.
func gated(r *rand.Rand, gen func(*rand.Rand) string) string {
	src := processHead.ReplaceAllStringFunc(gen(r), func(head string) string {
		if r.IntN(4) == 0 {
			return head
		}
		return head + fmt.Sprintf(" on cpu %c", head[len(head)-1])
	})
	conditions := []string{"x != 1", "x == 1 || self == 0", "x + y != 3", "b || d <= 0", "live(root) || y == 1", "a[this_cpu % 2] != 2 || x == 2", "A.val != 2 || self != 1", "!b", "y != 2 || peek(B.val) == 2"}
	for range 1 + r.IntN(2) {
		src += "process await (" + conditions[r.IntN(len(conditions))] + ");\n"
	}
	return src
}

// TestStepCondition: programs with `process await` have the figures, verdicts and covers of the page, merged and not, under both memory models, and a reduced search finds the same.
func TestStepCondition(t *testing.T) {
	n := uint64(150)
	if testing.Short() {
		n = 60
	}
	for _, memory := range []string{"", "tso"} {
		c := &comparison{memory: memory, found: map[string]int{}, not: map[string]int{}}
		blocked := 0
		for seed := range n {
			src := gated(rand.New(rand.NewPCG(seed, 77)), testkit.Whole)
			merged, ok := c.compare(t, src, elab.BuildOptions{})
			if !ok {
				continue
			}
			c.programs++
			if slices.Contains(merged, "no_deadlock") {
				blocked++
			}
			// What is local is carried out with the step before it, also where the condition is never true again: merging may find more, and what comes of it instead of a process that is held up for ever.
			apart, ok := c.compare(t, src, elab.BuildOptions{NoMerge: true})
			if ok && memory == "" && !slices.ContainsFunc(apart, func(p string) bool { return slices.Contains([]string{"no_deadlock", "once", "again", "then"}, p) }) {
				for _, p := range apart {
					if !slices.Contains(merged, p) {
						t.Fatalf("seed %d: violated %v merged, %v not\n%s", seed, merged, apart, src)
					}
				}
			}
			var set []string
			if memory != "" {
				set = []string{"memory_model=" + memory}
			}
			sys, err := testkit.First("t.pmd", src, elab.BuildOptions{}, set...)
			if err != nil {
				t.Fatal(err)
			}
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionStubborn})
			if err != nil {
				t.Fatal(err)
			}
			var reduced []string
			for _, v := range res.Violations {
				if memory == "" || v.Property != "no_data_race" {
					reduced = append(reduced, v.Property)
				}
			}
			slices.Sort(reduced)
			if !slices.Equal(reduced, merged) {
				t.Fatalf("seed %d: violated %v reduced, %v not\n%s", seed, reduced, merged, src)
			}
		}
		t.Logf("%q: %d programs, %d systems, %d too large, not compared %v, violated %v", memory, c.programs, c.systems, c.over, c.not, c.found)
		if c.programs < int(n)/3 || blocked == 0 {
			t.Errorf("%q: only %d programs compared, %d with a deadlock", memory, c.programs, blocked)
		}
	}
}
