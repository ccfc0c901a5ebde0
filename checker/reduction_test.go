package checker_test

import (
	"context"
	"fmt"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
)

// evidence is what a reduction must preserve: the verdict, which properties are violated, which marks and required covers are reached, which transitions never run.
func evidence(r *checker.Result) string {
	s := outcome(r) + " dead"
	for _, d := range r.Dead {
		s += fmt.Sprint(" ", d)
	}
	return s
}

// compareReduction holds the reduced search of a system against the full one. It returns the states of both, or zeros where the full search is too large.
func compareReduction(t *testing.T, sys *model.System, src string) (full, reduced int64) {
	t.Helper()
	check := func(o checker.Options) *checker.Result {
		o.MaxStates = 30 * maxRandom
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		return res
	}
	f := check(checker.Options{})
	if f.Reason != checker.ReasonNone {
		return 0, 0
	}
	r := check(checker.Options{Reduction: checker.ReductionStubborn})
	if evidence(r) != evidence(f) {
		t.Fatalf("reduced: %s\nfull:    %s\n%s", evidence(r), evidence(f), src)
	}
	if r.Stats.States > f.Stats.States {
		t.Fatalf("reduced search has %d states, full %d\n%s", r.Stats.States, f.Stats.States, src)
	}
	return f.Stats.States, r.Stats.States
}

// compareReducedSearches demands that the reduced state space depends on the model alone: same counts in any order and with any number of workers; and that
// passing through chains changes nothing but what is stored.
func compareReducedSearches(t *testing.T, sys *model.System, src string) {
	t.Helper()
	check := func(o checker.Options) *checker.Result {
		o.Reduction, o.MaxStates = checker.ReductionStubborn, 30*maxRandom
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		return res
	}
	for _, noChains := range []bool{false, true} {
		ref := check(checker.Options{NoChains: noChains})
		if ref.Reason != checker.ReasonNone {
			return
		}
		for name, o := range map[string]checker.Options{"bfs": {Search: checker.BFS}, "3 workers": {Workers: 3}} {
			o.NoChains = noChains
			r := check(o)
			if evidence(r) != evidence(ref) || r.Stats.States != ref.Stats.States || r.Stats.Transitions != ref.Stats.Transitions {
				t.Fatalf("%s, chains %v: %s, %d states, %d transitions; dfs: %s, %d, %d\n%s", name, !noChains, evidence(r), r.Stats.States, r.Stats.Transitions, evidence(ref), ref.Stats.States, ref.Stats.Transitions, src)
			}
		}
		if full := check(checker.Options{NoChains: true}); evidence(ref) != evidence(full) {
			t.Fatalf("chains: %s\nwithout: %s\n%s", evidence(ref), evidence(full), src)
		}
	}
}

func TestReductionOnRandomModels(t *testing.T) {
	n := uint64(20_000)
	if testing.Short() {
		n = 500
	}
	var full, reduced int64
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, model.BuildOptions{NoMerge: seed%3 == 0})
		if !ok {
			continue
		}
		a, b := compareReduction(t, sys, src)
		full, reduced = full+a, reduced+b
		if seed%10 == 0 {
			compareReducedSearches(t, sys, src)
		}
	}
	if reduced*10 > full*9 {
		t.Errorf("%d states reduced, %d full: the models say nothing about the reduction", reduced, full)
	}
	t.Logf("%d states full, %d reduced", full, reduced)
}

// TestStubbornSetsByDefinition runs, in every state of random models, what the stubborn set leaves out, and checks that it is independent of the set.
func TestStubbornSetsByDefinition(t *testing.T) {
	n := uint64(300)
	if testing.Short() {
		n = 40
	}
	pairs := int64(0)
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, model.BuildOptions{NoMerge: seed%2 == 0})
		if !ok {
			continue
		}
		res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionStubborn, Verify: true, MaxStates: 300, NoChains: seed%4 < 2})
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
