package checker_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

func swarm(t *testing.T, sys *model.System, o checker.Options) *checker.Result {
	t.Helper()
	res, err := checker.Check(context.Background(), sys, o)
	if err != nil {
		t.Fatal(err)
	}
	res.Stats.Elapsed = 0
	return res
}

// TestSwarmRandom holds random walks on random models against a full search: they violate nothing that it does not, reach no cover that it does not, see no
// more states, never say that anything holds, and say the same for any number of workers. On small models enough of them find everything.
func TestSwarmRandom(t *testing.T) {
	n, all, met := uint64(150), 0, 0
	if testing.Short() {
		n = 30
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			src := random(seed)
			sys := build(t, src, elab.BuildOptions{})
			full := swarm(t, sys, checker.Options{Reduction: checker.ReductionNone, MaxStates: 30 * maxRandom})
			if full.Reason != checker.ReasonNone {
				return
			}
			o := checker.Options{Swarm: 200, Seed: seed, MaxSteps: 500}
			r := swarm(t, sys, o)
			o.Workers = 3
			if again := swarm(t, sys, o); !reflect.DeepEqual(r, again) {
				t.Errorf("three workers: %+v\none: %+v\n%s", again, r, src)
			}
			if r.Verdict == checker.Holds || r.Reason == checker.ReasonNone {
				t.Errorf("%s, for %q", r.Verdict, r.Reason)
			}
			props := func(r *checker.Result) (out []string) {
				for _, v := range r.Violations {
					if v.Prop != model.NoProp {
						out = append(out, v.Property)
					}
				}
				return out
			}
			want := props(full)
			all += len(want)
			for _, p := range props(r) {
				if !slices.Contains(want, p) {
					t.Errorf("%s is violated by a walk only\n%s", p, src)
				}
				met++
			}
			for i, c := range r.Covers {
				if c.Reach == checker.Reached && full.Covers[i].Reach != checker.Reached {
					t.Errorf("cover %s is reached by a walk only\n%s", c.Name, src)
				}
			}
			s := r.Swarm
			if s.Walks != 200 || s.Longest > 500 || s.Shortest > s.Longest || float64(s.States) > 1.05*float64(full.Stats.States)+2 || s.Ran > s.Transitions-len(full.Dead) {
				t.Errorf("%+v of %d states, %d dead\n%s", *s, full.Stats.States, len(full.Dead), src)
			}
		})
	}
	if met*10 < all*9 || all == 0 {
		t.Errorf("%d of %d violations were met", met, all)
	}
}

func TestSwarmHands(t *testing.T) {
	sys := build(t, "u2 x; process p { x = 1; x = 2; } process q { await (x == 2); x = 3; } cover c: x == 3;", elab.BuildOptions{})
	// One run of four steps through five states: to await is a step.
	r := swarm(t, sys, checker.Options{Swarm: 5})
	want := checker.Swarm{Walks: 5, Shortest: 4, Longest: 4, Steps: 20, States: 5, Ran: 4, Transitions: 4}
	if *r.Swarm != want || r.Verdict != checker.Unknown || !strings.HasPrefix(string(r.Reason), "random walk: 5 walks of 4 to 4 steps") {
		t.Errorf("%+v, %s %s", *r.Swarm, r.Verdict, r.Reason)
	}
	// A bound on steps, and no end otherwise.
	loop := build(t, "u2 x; process p { while (true) { x = 1; x = 0; } } process q { while (true) { await (x == 1); } }", elab.BuildOptions{})
	if r = swarm(t, loop, checker.Options{Swarm: 3, MaxSteps: 40}); r.Swarm.Cut != 3 || r.Swarm.Steps != 120 || r.Verdict != checker.Unknown {
		t.Errorf("%+v, %s", *r.Swarm, r.Verdict)
	}
	// Stopping at the first violation.
	bad := build(t, "u2 x; process p { assert(x == 0); } process q { x = 1; } invariant inv: x == 0;", elab.BuildOptions{})
	for _, w := range []int{1, 4} {
		r = swarm(t, bad, checker.Options{Swarm: 1000, Seed: 7, First: true, Workers: w})
		if r.Verdict != checker.Violated || len(r.Violations) != 1 || r.Violations[0].Property != "inv" || r.Swarm.Walks != 1 || r.Swarm.Violating != 1 || r.Reason != checker.ReasonFirst {
			t.Errorf("%+v %+v", r, *r.Swarm)
		}
	}
	// The time ends it.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res, err := checker.Check(ctx, loop, checker.Options{Swarm: 1 << 40})
	if err != nil || res.Verdict != checker.Unknown || res.Reason != checker.ReasonInterrupt {
		t.Errorf("%v %v", res, err)
	}
	for _, o := range []checker.Options{{Swarm: -1}, {Swarm: 1, Search: checker.BFS}, {Swarm: 1, Reduction: checker.ReductionStubborn}} {
		if _, err := checker.Check(context.Background(), sys, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
