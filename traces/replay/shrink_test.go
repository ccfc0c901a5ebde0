package replay_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/specs"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

func moves(t *traces.Trace) (out []replay.Move) {
	for _, s := range t.Steps {
		out = append(out, replay.Move{Proc: model.ProcID(s.Process), Trans: s.Transition, Way: s.Way})
	}
	return out
}

func switches(m []replay.Move) (n int) {
	for i := 1; i < len(m); i++ {
		if m[i].Proc != m[i-1].Proc {
			n++
		}
	}
	return n
}

func build(t *testing.T, name, src string, pick func([]elab.Configuration) elab.Configuration) *model.System {
	t.Helper()
	spec, err := testkit.Loader().Load(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := spec.Build(pick(configs), elab.BuildOptions{})
	if err != nil {
		var list *source.List
		if errors.As(err, &list) && strings.HasPrefix(list.Diags[0].Code, "out-of-range") {
			t.Skip("the generator wrote a constant that does not fit")
		}
		t.Fatal(err)
	}
	return sys
}

func first(c []elab.Configuration) elab.Configuration { return c[0] }

// shrink shrinks every witness of a check and holds what Shrink promises of each. It returns steps and switches before and after.
func shrink(t *testing.T, sys *model.System, opts checker.Options) (before, after [2]int) {
	t.Helper()
	res, err := checker.Check(context.Background(), sys, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range res.Violations {
		if v.Witness == nil {
			continue
		}
		m := moves(v.Witness)
		opt := replay.Options{Property: v.Property, Cycle: v.Witness.Cycle}
		s := replay.Shrink(sys, slices.Clone(m), opt)
		if again := replay.Shrink(sys, m, opt); !slices.Equal(s, again) {
			t.Errorf("%s: shrinking twice gives two runs", v.Property)
		}
		if len(s) > len(m) || switches(s) > switches(m) {
			t.Errorf("%s: %d steps and %d switches became %d and %d", v.Property, len(m), switches(m), len(s), switches(s))
		}
		if v.Prop != model.NoProp && sys.Props[v.Prop].Kind == model.PropOrder {
			continue
		}
		if tr, err := replay.Run(sys, s, opt); err != nil {
			t.Errorf("%s: the shrunk run is not confirmed: %v", v.Property, err)
		} else if tr.Property != v.Property {
			t.Errorf("%s: the shrunk run violates %s", v.Property, tr.Property)
		}
		before[0], before[1] = before[0]+len(m), before[1]+switches(m)
		after[0], after[1] = after[0]+len(s), after[1]+switches(s)
	}
	return before, after
}

func TestShrinkByHand(t *testing.T) {
	for _, c := range []struct {
		name, src, property string
		run                 string // processes by number, in the order of their steps
		want                string
	}{
		{
			"a process that does not matter", "u2 x; u2 z; process a { x = 1; x = 2; } process b { assert(x != 2); z = 1; } process c { z = 2; z = 3; z = 0; await (z == 0); }",
			"assertion", "0 2 0 2 1", "0 0 1",
		},
		{
			"steps that do not touch the same change places", "u2 x; u2 y; process a { x = 1; x = 2; x = 3; } process b { y = 1; y = 2; y = 3; } process c { u4 i; i = x; atomic { assert(i + y != 6); } } process d { x = 0; y = 0; }",
			"assertion", "0 1 0 1 1 0 2 2", "1 1 1 0 0 0 2 2",
		},
		{
			"rounds of a loop", "u2 x; bool go; process a { while (true) { x = 1; x = 0; end: await (!go); } } process b { assert(x == 0); go = true; }",
			"assertion", "0 0 0 0 0 0 0 1", "0 1",
		},
		{
			"what a process does behind what matters", "u2 x; u2 z; process a { x = 1; z = 1; z = 2; z = 3; } process b { await (x == 1); assert(z > 3); } process c { z = 0; }",
			"assertion", "0 1 0 0 2 1", "0 1 1",
		},
		{"an invariant that is false earlier", "u2 x; process a { x = 1; x = 2; x = 3; } process b { x = 0; } invariant inv: x != 1;", "inv", "0", "0"},
		{"deadlock", "u2 x; u2 y; u2 z; process a { x = 1; await (y == 1); } process b { z = 1; z = 2; await (x == 2); } process c { z = 0; z = 3; }", "no_deadlock", "0 2 1 2 1", "0 1 1 2 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys := build(t, "hand.pmd", c.src, first)
			parse := func(s string) (out []model.ProcID) {
				for _, f := range strings.Fields(s) {
					out = append(out, model.ProcID(f[0]-'0'))
				}
				return out
			}
			m := run(t, sys, parse(c.run))
			opt := replay.Options{Property: c.property}
			if _, err := replay.Run(sys, m, opt); err != nil {
				t.Fatalf("the run given violates nothing: %v", err)
			}
			var got []model.ProcID
			s := replay.Shrink(sys, m, opt)
			for _, x := range s {
				got = append(got, x.Proc)
			}
			want := parse(c.want)
			if len(got) != len(want) || switches(s) != switches(run(t, sys, want)) {
				t.Errorf("the run shrinks to %v, and %v is wanted", got, want)
			}
			if _, err := replay.Run(sys, s, opt); err != nil {
				t.Errorf("the shrunk run is not confirmed: %v", err)
			}
		})
	}
}

// run makes moves of an order of processes: each takes its first enabled transition.
func run(t *testing.T, sys *model.System, order []model.ProcID) (out []replay.Move) {
	t.Helper()
	for _, p := range order {
		found := false
		for tr := range sys.Processes[p].Trans {
			if _, err := replay.Run(sys, append(slices.Clone(out), replay.Move{Proc: p, Trans: tr}), replay.Options{}); err == nil {
				out, found = append(out, replay.Move{Proc: p, Trans: tr}), true
				break
			}
		}
		if !found {
			t.Fatalf("process %d cannot move after %v", p, out)
		}
	}
	return out
}

func TestShrinkRandom(t *testing.T) {
	n := uint64(200)
	if testing.Short() {
		n = 30
	}
	var before, after [2]int
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			sys := build(t, "random.pmd", testkit.Source(rand.New(rand.NewPCG(seed, 7))), first)
			for _, o := range []checker.Options{{Reduction: checker.ReductionNone, MaxStates: 20_000}, {MaxStates: 20_000, Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
				b, a := shrink(t, sys, o)
				for i := range 2 {
					before[i] += b[i]
					after[i] += a[i]
				}
			}
		})
	}
	t.Logf("%d steps with %d switches became %d with %d", before[0], before[1], after[0], after[1])
	if after[0] >= before[0] || after[1]*2 > before[1] {
		t.Errorf("%d steps with %d switches became %d with %d", before[0], before[1], after[0], after[1])
	}
}

// TestShrinkWalk: a random walk of thousands of steps through a few dozen states becomes a run without loops, in bounded time.
func TestShrinkWalk(t *testing.T) {
	src := "u2 x; u2 turn; process p[2](u1 i) { while (true) { end: atomic { await (turn == i); turn = 1 - i; } } } process q { while (true) { end: atomic { await (x < 3); x++; } x = 0; } }\n" +
		"process late { u4 n; while (n < 9) { await (turn == 1); await (turn == 0); n++; } assert(false); }"
	sys := build(t, "walk.pmd", src, first)
	before, after := shrink(t, sys, checker.Options{Swarm: 4, Seed: 5, MaxSteps: 20_000})
	t.Logf("%d steps with %d switches became %d with %d", before[0], before[1], after[0], after[1])
	// Each of nine rounds takes turn to 1 and back, a step each of p[0] and p[1], and two steps of late behind them.
	if before[0] < 100 || after[0] > 9*4+1 {
		t.Errorf("%d steps became %d", before[0], after[0])
	}
}

func TestShrinkRace(t *testing.T) {
	src, err := specs.FS.ReadFile("seed/race_a.pmd")
	if err != nil {
		t.Fatal(err)
	}
	sys := build(t, "seed/race_a.pmd", string(src), func(cs []elab.Configuration) elab.Configuration {
		i := slices.IndexFunc(cs, func(c elab.Configuration) bool { return strings.Contains(c.String(), "policy=none") })
		return cs[i]
	})
	for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, {Reduction: checker.ReductionNone, Search: checker.BFS}} {
		before, after := shrink(t, sys, o)
		t.Logf("%d steps with %d switches became %d with %d", before[0], before[1], after[0], after[1])
		if before[0] == 0 || after[1] > before[1] {
			t.Errorf("%v: %v became %v", o, before, after)
		}
	}
}
