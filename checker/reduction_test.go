package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// evidence is what a reduction must preserve: the verdict, which properties are violated, which marks and required covers are reached, which transitions never run.
func evidence(r *checker.Result) string {
	s := outcome(r) + " dead"
	for _, d := range r.Dead {
		s += fmt.Sprint(" ", d)
	}
	return s
}

// compareReduction holds the reduced search of a system against the full one. It returns the states of both, or zeros where the full search is too large, and
// what differs, if anything does.
func compareReduction(sys *model.System) (full, reduced int64, diff string) {
	check := func(o checker.Options) (*checker.Result, string) {
		o.MaxStates = 30 * maxRandom
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			return nil, err.Error()
		}
		return res, ""
	}
	f, bad := check(checker.Options{Reduction: checker.ReductionNone})
	if bad != "" {
		return 0, 0, bad
	}
	if f.Reason != checker.ReasonNone {
		return 0, 0, ""
	}
	r, bad := check(checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn})
	if bad != "" {
		return 0, 0, bad
	}
	if evidence(r) != evidence(f) {
		return 0, 0, fmt.Sprintf("reduced: %s\nfull:    %s", evidence(r), evidence(f))
	}
	if r.Stats.States > f.Stats.States {
		return 0, 0, fmt.Sprintf("reduced search has %d states, full %d", r.Stats.States, f.Stats.States)
	}
	return f.Stats.States, r.Stats.States, ""
}

// reductionDiffers says how the two searches of a source text differ; "" also for text that is not a spec.
func reductionDiffers(src string, o elab.BuildOptions) string {
	sys, err := testkit.First("random.pmd", src, o)
	if err != nil {
		return ""
	}
	_, _, diff := compareReduction(sys)
	return diff
}

// shrink drops lines, and blocks of lines between braces, as long as what is left still fails.
func shrink(src string, fails func(string) bool) string {
	lines := strings.Split(src, "\n")
	for progress := true; progress; {
		progress = false
		for size := len(lines) / 2; size >= 1; size /= 2 {
			for i := 0; i+size <= len(lines); {
				rest := append(append([]string{}, lines[:i]...), lines[i+size:]...)
				if fails(strings.Join(rest, "\n")) {
					lines, progress = rest, true
				} else {
					i++
				}
			}
		}
	}
	return strings.Join(lines, "\n")
}

// FuzzReduction looks for models on which the reduced search misses something. A failing seed is kept as a case under testdata.
func FuzzReduction(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		o := elab.BuildOptions{NoMerge: seed%3 == 0}
		src := reducible(seed)
		if seed%5 == 0 {
			src = replicated(rand.New(rand.NewPCG(seed, 7)), 3)
		}
		if reductionDiffers(src, o) != "" {
			small := shrink(src, func(s string) bool { return reductionDiffers(s, o) != "" })
			t.Fatalf("%s\n%s", reductionDiffers(small, o), small)
		}
	})
}

// TestShrink: the shrinker keeps what fails and drops the rest.
func TestShrink(t *testing.T) {
	got := shrink("a\nb {\nc\n}\nkey\nd\nlock\n", func(s string) bool { return strings.Contains(s, "key") && strings.Contains(s, "lock") })
	if got != "key\nlock" {
		t.Errorf("%q", got)
	}
}

// compareReducedSearches demands that the reduced state space depends on the model alone: same counts in any order and with any number of workers; and that
// passing through chains changes nothing but what is stored.
func compareReducedSearches(t *testing.T, sys *model.System, src string) {
	t.Helper()
	check := func(o checker.Options) *checker.Result {
		o.Symmetry, o.MaxStates = checker.SymmetryOff, 30*maxRandom
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		return res
	}
	for _, noChains := range []bool{false, true} {
		ref := check(checker.Options{Reduction: checker.ReductionStubborn, NoChains: noChains})
		if ref.Reason != checker.ReasonNone {
			return
		}
		for name, o := range map[string]checker.Options{"bfs": {Reduction: checker.ReductionStubborn, Search: checker.BFS}, "3 workers": {Reduction: checker.ReductionStubborn, Workers: 3}} {
			o.NoChains = noChains
			r := check(o)
			if evidence(r) != evidence(ref) || r.Stats.States != ref.Stats.States || r.Stats.Transitions != ref.Stats.Transitions {
				t.Fatalf("%s, chains %v: %s, %d states, %d transitions; dfs: %s, %d, %d\n%s", name, !noChains, evidence(r), r.Stats.States, r.Stats.Transitions, evidence(ref), ref.Stats.States, ref.Stats.Transitions, src)
			}
		}
		if full := check(checker.Options{Reduction: checker.ReductionStubborn, NoChains: true}); evidence(ref) != evidence(full) {
			t.Fatalf("chains: %s\nwithout: %s\n%s", evidence(ref), evidence(full), src)
		}
	}
}

// reducible is a random model of one of the kinds there are.
func reducible(seed uint64) string {
	switch seed % 4 {
	case 1:
		return testkit.Steps(rand.New(rand.NewPCG(seed, 11)))
	case 3:
		return testkit.Replicas(rand.New(rand.NewPCG(seed, 13)))
	}
	return random(seed)
}

// TestReductionOnRandomModels compares reduced and full search on 20,000 models.
func TestReductionOnRandomModels(t *testing.T) {
	const parts = 8
	n := uint64(20_000)
	if testing.Short() {
		n = 500
	}
	var full, reduced atomic.Int64
	t.Run("models", func(t *testing.T) {
		for part := range uint64(parts) {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for seed := part; seed < n; seed += parts {
					o := elab.BuildOptions{NoMerge: seed%3 == 0}
					src := reducible(seed)
					sys, ok := tryBuild(t, src, o)
					if !ok {
						continue
					}
					a, b, diff := compareReduction(sys)
					if diff != "" {
						small := shrink(src, func(s string) bool { return reductionDiffers(s, o) != "" })
						t.Fatalf("seed %d: %s\n%s", seed, reductionDiffers(small, o), small)
					}
					full.Add(a)
					reduced.Add(b)
					if seed%10 == 0 {
						compareReducedSearches(t, sys, src)
					}
				}
			})
		}
	})
	if reduced.Load()*10 > full.Load()*9 {
		t.Errorf("%d states reduced, %d full: the models say nothing about the reduction", reduced.Load(), full.Load())
	}
	t.Logf("%d states full, %d reduced", full.Load(), reduced.Load())
}

// TestStubbornSetsByDefinition runs, in every state of random models, what the stubborn set leaves out, and checks that it is independent of the set.
func TestStubbornSetsByDefinition(t *testing.T) {
	n := uint64(300)
	if testing.Short() {
		n = 40
	}
	pairs := int64(0)
	for seed := range n {
		src := reducible(seed)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%2 == 0})
		if !ok {
			continue
		}
		res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, Verify: true, MaxStates: 300, NoChains: seed%4 < 2})
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		pairs += res.Stats.Verified
	}
	if pairs < 1000*int64(n)/10 {
		t.Errorf("only %d pairs of transitions were compared", pairs)
	}
	t.Logf("%d pairs of transitions compared", pairs)
}
