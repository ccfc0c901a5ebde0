package sim_test

import (
	"context"
	"strings"
	"testing"

	"pmdcheck/internal/sim"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

func moves(t *testing.T, tr *traces.Trace, err error) (out []replay.Move) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tr.Steps {
		out = append(out, replay.Move{Proc: model.ProcID(s.Process), Trans: s.Transition, Way: s.Way})
	}
	return out
}

// TestAnother: of a violation with two causes the other one is found, and no third; the order of a process that has nothing to do with it makes no other run.
func TestAnother(t *testing.T) {
	const src = "u2 x; u1 y, z;\nprocess p { x = 1; }\nprocess r { x = 2; }\nprocess idle { z = 1; }\nprocess q\n{\n\ty = 1;\n\tassert (x == 0, small);\n}\ncheck small;\n"
	sys := testkit.System(t, src, elab.BuildOptions{})
	first := sim.New(sys)
	if _, err := first.Run(sim.Goal{Property: "small"}); err != nil {
		t.Fatal(err)
	}
	tr, err := first.Trace()
	known := [][]replay.Move{moves(t, tr, err)}
	reads := map[string]bool{}
	last := func(tr *traces.Trace) {
		for _, o := range tr.Steps[len(tr.Steps)-1].Ops {
			for _, r := range o.Reads {
				reads[r.Value] = true
			}
		}
	}
	last(tr)
	for len(known) < 20 {
		s, err := sim.Another(context.Background(), sys, "small", known, 1000)
		if err != nil {
			if !strings.Contains(err.Error(), "no other run") {
				t.Fatal(err)
			}
			break
		}
		if property, _ := s.Wrong(); property != "small" {
			t.Errorf("a run to %q", property)
		}
		tr, err := s.Trace()
		known = append(known, moves(t, tr, err))
		last(tr)
	}
	// p, r, or both in either order: what idle does makes no other run.
	if len(known) < 2 || len(known) > 4 || len(reads) != 2 {
		t.Errorf("%d runs, in which q reads %v", len(known), reads)
	}
	gone, stop := context.WithCancel(context.Background())
	stop()
	if _, err := sim.Another(gone, sys, "small", known[:1], 1000); err == nil {
		t.Error("a search that was ended found something")
	}
}

// TestWalks: of a system with many runs five are chosen, no two alike, and the first reach what there is to reach.
func TestWalks(t *testing.T) {
	sys := testkit.System(t, crossed, elab.BuildOptions{})
	walks := sim.Walks(sys, 5)
	if len(walks) != 5 || len(walks[0].Covers) != 1 || walks[0].Covers[0] != "p_has_both" {
		t.Errorf("%d runs, the first reaches %v", len(walks), walks[0].Covers)
	}
	endless := testkit.System(t, "u1 x;\nprocess p { while (true) { x = 1 - x; } }\nprocess q { await (x == 1); }\n", elab.BuildOptions{})
	for _, w := range sim.Walks(endless, 5) {
		if n := len(w.Trace.Steps); n > 100 {
			t.Errorf("a run of %d steps, of a loop of one", n)
		}
	}
	seen := map[string]bool{}
	for _, w := range walks {
		var b strings.Builder
		for _, s := range w.Trace.Steps {
			b.WriteString(s.Label + sys.Processes[s.Process].Name + "\n")
		}
		if seen[b.String()] {
			t.Errorf("twice:\n%s", b.String())
		}
		seen[b.String()] = true
	}
}
