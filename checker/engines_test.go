package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
)

// maxRandom bounds the states of a random model that are looked at.
const maxRandom = 3000

func build(t testing.TB, src string, o elab.BuildOptions) *model.System {
	t.Helper()
	sys, ok := tryBuild(t, src, o)
	if !ok {
		t.Skip("the generator wrote a constant that does not fit")
	}
	return sys
}

// tryBuild builds a random model, unless the generator wrote a constant that does not fit.
func tryBuild(t testing.TB, src string, o elab.BuildOptions) (sys *model.System, ok bool) {
	t.Helper()
	sys, err := testkit.First("random.pmd", src, o)
	if err != nil {
		if strings.Contains(err.Error(), "out-of-range") {
			return nil, false
		}
		t.Fatalf("%v\n%s", err, src)
	}
	return sys, true
}

// compareEngines walks the compiled program and the interpreter side by side: same enabled transitions, same successors, same failures, same covers.
func compareEngines(t *testing.T, sys *model.System, src string, noAssert bool) (states int) {
	t.Helper()
	prog, err := program.Compile(sys, program.Options{NoAssert: noAssert})
	if err != nil {
		t.Fatal(err)
	}
	x, in := prog.NewExec(), eval.New(sys, eval.Options{NoAssert: noAssert})
	first := make([]uint64, prog.Total)
	failed, _ := x.Initial(first)
	s0, fails := in.Initial()
	if len(failed) != len(fails) {
		t.Fatalf("initial failures: compiled %v, interpreted %v\n%s", failed, fails, src)
	}
	decode := func(v []uint64) *eval.State {
		vals, locs := prog.Decode(v)
		return &eval.State{Vals: vals, Locs: locs}
	}
	if !decode(first).Equal(s0) {
		t.Fatalf("initial states differ\n%s", src)
	}
	seen := map[string]bool{fmt.Sprint(first[:prog.Words]): true}
	keys := map[string]bool{s0.Key(): true}
	work := [][]uint64{slices.Clone(first[:prog.Words])}
	dst := make([]uint64, prog.Total)
	for len(work) > 0 && len(seen) < maxRandom {
		cur := work[0]
		work = work[1:]
		s := decode(cur)
		for p := range sys.Processes {
			var trans []int
			if l := s.Locs[p]; l >= 0 {
				trans = sys.Processes[p].Locations[l].Trans
			}
			cands := prog.Candidates(cur, p)
			if len(cands) != len(trans) {
				t.Fatalf("process %d: %d candidates compiled, %d interpreted\n%s", p, len(cands), len(trans), src)
			}
			for i, c := range cands {
				var outs []eval.Outcome
				for out := range in.Ways(s, model.ProcID(p), trans[i]) {
					outs = append(outs, out)
				}
				ways := 0
				x.Each(c, cur, dst, func(status program.Status) {
					if ways++; ways > len(outs) {
						t.Fatalf("process %d transition %d: more than the %d ways of the interpreter\n%s", p, trans[i], len(outs), src)
					}
					out := outs[ways-1]
					if (status != program.Disabled) != out.Enabled || (status == program.Failed) != (out.Failure != nil) {
						t.Fatalf("process %d transition %d: compiled status %d, interpreted %+v\n%s", p, trans[i], status, out, src)
					}
					if status == program.Disabled {
						return
					}
					if out.Failure != nil && out.Failure.Prop != x.Failed() {
						t.Fatalf("process %d transition %d: compiled fails %d, interpreted %d (%s)\n%s", p, trans[i], x.Failed(), out.Failure.Prop, out.Failure.Msg, src)
					}
					if !slices.Equal(x.Covers(), out.Covers) {
						t.Fatalf("process %d transition %d: covers %v and %v\n%s", p, trans[i], x.Covers(), out.Covers, src)
					}
					if d := decode(dst); !d.Equal(out.Next) {
						t.Fatalf("process %d transition %d: successors differ\ncompiled    %v\ninterpreted %v\n%s", p, trans[i], d, out.Next, src)
					}
					if last := prog.Bits - 64*(prog.Words-1); last < 64 && dst[prog.Words-1]>>last != 0 {
						t.Fatalf("process %d transition %d: more than %d bits: %x\n%s", p, trans[i], prog.Bits, dst[:prog.Words], src)
					}
					k := fmt.Sprint(dst[:prog.Words])
					if !seen[k] {
						seen[k] = true
						keys[out.Next.Key()] = true
						work = append(work, slices.Clone(dst[:prog.Words]))
					}
				})
				if ways < len(outs) {
					t.Fatalf("process %d transition %d: %d ways compiled, %d interpreted\n%s", p, trans[i], ways, len(outs), src)
				}
			}
		}
	}
	if len(seen) != len(keys) {
		t.Fatalf("%d packed states stand for %d states\n%s", len(seen), len(keys), src)
	}
	return len(seen)
}

// outcome is what must not depend on how a system is searched or built.
func outcome(r *checker.Result) string {
	var parts []string
	for _, v := range r.Violations {
		parts = append(parts, v.Property)
	}
	for _, c := range r.Covers {
		parts = append(parts, fmt.Sprint(c.Name, c.Reach))
	}
	for _, e := range r.LockOrder.Edges {
		parts = append(parts, e.String())
	}
	slices.Sort(parts)
	return r.Verdict.String() + " " + strings.Join(parts, " ")
}

// compareSearches checks one random model in every way there is: orders, workers, merging, resetting.
func compareSearches(t *testing.T, src string) {
	t.Helper()
	check := func(o elab.BuildOptions, opts checker.Options) *checker.Result {
		opts.MaxStates = 30 * maxRandom
		res, err := checker.Check(context.Background(), build(t, src, o), opts)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		return res
	}
	ref := check(elab.BuildOptions{}, checker.Options{Reduction: checker.ReductionNone})
	if ref.Reason != checker.ReasonNone {
		return
	}
	for name, opts := range map[string]checker.Options{"bfs": {Reduction: checker.ReductionNone, Search: checker.BFS}, "4 workers": {Reduction: checker.ReductionNone, Workers: 4}} {
		r := check(elab.BuildOptions{}, opts)
		if outcome(r) != outcome(ref) || r.Stats.States != ref.Stats.States || r.Stats.Transitions != ref.Stats.Transitions {
			t.Fatalf("%s: %s, %d states, %d transitions; dfs: %s, %d, %d\n%s", name, outcome(r), r.Stats.States, r.Stats.Transitions, outcome(ref), ref.Stats.States, ref.Stats.Transitions, src)
		}
	}
	for name, o := range map[string]elab.BuildOptions{"no-merge": {NoMerge: true}, "no-reset": {NoReset: true}, "neither": {NoMerge: true, NoReset: true}} {
		r := check(o, checker.Options{Reduction: checker.ReductionNone})
		if r.Reason == checker.ReasonNone && outcome(r) != outcome(ref) {
			t.Fatalf("%s: %s\nmerged: %s\n%s", name, outcome(r), outcome(ref), src)
		}
	}
}

func random(seed uint64) string { return testkit.Source(rand.New(rand.NewPCG(seed, 2022))) }

func TestRandomModels(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 40
	}
	states := 0
	for seed := range uint64(n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			src := random(seed)
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true, NoReset: true}} {
				states += compareEngines(t, build(t, src, o), src, seed%4 == 0)
			}
			compareSearches(t, src)
		})
	}
	if states < 10*n {
		t.Errorf("%d models have %d states in all: the generator makes nothing worth looking at", n, states)
	}
}

func FuzzEngines(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		src := random(seed)
		compareEngines(t, build(t, src, elab.BuildOptions{NoMerge: seed%2 == 0}), src, seed%3 == 0)
		compareSearches(t, src)
	})
}
