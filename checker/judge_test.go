package checker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// judged is what a result says of every property and cover.
func judged(r *checker.Result) string {
	parts := []string{r.Verdict.String()}
	for _, p := range r.Properties {
		s := p.Property + " " + p.Verdict.String()
		if p.Reason != "" {
			s += " (" + string(p.Reason) + ")"
		}
		parts = append(parts, s)
	}
	for _, c := range r.Covers {
		parts = append(parts, c.Name+" "+c.Reach.String())
	}
	return strings.Join(parts, ", ")
}

// TestEveryPropertyHasAVerdict: by hand. Whatever ends a search early, that something was not found says nothing; whatever a search was not about has no verdict.
func TestEveryPropertyHasAVerdict(t *testing.T) {
	const (
		late   = "u2 x; process p[2] { x = 1; x = 2; assert (x == 2); } invariant one: x < 2; "
		loops  = "u1 x; u1 y; fair process p { while (true) { x = 1; x = 0; } } liveness x_set: always eventually x == 1; liveness y_set: eventually y == 1; "
		locks  = "u1 a; u1 b; process p { lock_acquire(&a); lock_acquire(&b); a = 1; } process q { lock_acquire(&b); lock_acquire(&a); b = 1; } "
		half   = "u2 x; u2 y; process p { x = 1; x = 2; } process q { y = 1; y = 2; } process o { end: await (x == 3 || y == 3); x = 0; y = 0; } "
		long   = "u8 x; u8 y; process p { while (true) { end: x = x == 255 ? 0 : x + 1; } } process q { while (true) { end: y = y == 255 ? 0 : y + 1; } } "
		unused = "property exclusion \"t\"; @use(u) @free(f) @leak(l) struct s { u1 v; }; u1 x; process p { x = 1; } "
	)
	stubborn := checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}
	for _, tc := range []struct {
		name, src string
		opts      checker.Options
		want      string
	}{
		{"complete", late, checker.Options{Reduction: checker.ReductionNone}, "violated, no_deadlock holds, no_fault holds, assertion violated, one violated"},
		{"a limit of states", late, checker.Options{Reduction: checker.ReductionNone, MaxStates: 2}, "unknown, no_deadlock unknown (states), no_fault unknown (states), assertion unknown (states), one unknown (states)"},
		{"a limit after a violation", late, checker.Options{Reduction: checker.ReductionNone, MaxStates: 7, Search: checker.BFS}, "violated, no_deadlock unknown (states), no_fault unknown (states), assertion unknown (states), one violated"},
		{"the first violation", late, checker.Options{Reduction: checker.ReductionNone, First: true, Search: checker.BFS}, "violated, no_deadlock unknown (first), no_fault unknown (first), assertion unknown (first), one violated"},
		{"the first violation, two workers", late, checker.Options{Reduction: checker.ReductionNone, First: true, Workers: 2}, "violated, no_deadlock unknown (first), no_fault unknown (first), assertion unknown (first), one violated"},
		{"a time", long + "invariant one: x < 256;", checker.Options{Reduction: checker.ReductionNone, Timeout: time.Nanosecond}, "unknown, no_deadlock unknown (timeout), no_fault unknown (timeout), assertion not judged, one unknown (timeout)"},
		{"a store that is not exact", late + "cover three: x == 3;", checker.Options{Reduction: checker.ReductionNone, Store: checker.StoreBitstate, Memory: 1 << 20}, "violated, no_deadlock unknown (not exact), no_fault unknown (not exact), assertion violated, one violated, three not looked for"},
		{"no asserts", late, checker.Options{Reduction: checker.ReductionNone, NoAssert: true}, "violated, no_deadlock holds, no_fault holds, assertion unknown (asserts ignored), one violated"},
		{"no asserts, nothing else", "u2 x; process p { x = 1; assert (x == 1); }", checker.Options{Reduction: checker.ReductionNone, NoAssert: true}, "unknown, no_deadlock holds, no_fault holds, assertion unknown (asserts ignored)"},
		{"a liveness search that ends early", loops, checker.Options{Reduction: checker.ReductionNone, First: true}, "violated, no_deadlock holds, no_fault holds, assertion not judged, x_set unknown (first), y_set violated"},
		{"liveness", loops, checker.Options{Reduction: checker.ReductionNone}, "violated, no_deadlock holds, no_fault holds, assertion not judged, x_set holds, y_set violated"},
		{"liveness with a limit", loops, checker.Options{Reduction: checker.ReductionNone, MaxStates: 1}, "unknown, no_deadlock unknown (states), no_fault unknown (states), assertion not judged, x_set unknown (states), y_set unknown (states)"},
		{"lock order", locks, checker.Options{Reduction: checker.ReductionNone}, "violated, no_deadlock holds, no_fault holds, assertion not judged, lock_order violated"},
		{"lock order and the first violation", locks + "liveness never: eventually a == 0 && b == 1 && false;", checker.Options{Reduction: checker.ReductionNone, First: true}, "violated, no_deadlock holds, no_fault holds, assertion not judged, never violated, lock_order unknown (first)"},
		{"nothing observes it", unused, checker.Options{Reduction: checker.ReductionNone}, "holds, no_deadlock holds, no_fault holds, assertion not judged, exclusion not judged, u not judged, f not judged, l not judged"},
		{"a cover that is not demanded", half + "cover both: x == 1 && y == 1 when false;", checker.Options{Reduction: checker.ReductionNone}, "holds, no_deadlock holds, no_fault holds, assertion not judged, both reached"},
		{"a cover that is not demanded, reduced", half + "cover both: x == 1 && y == 1 when false;", stubborn, "holds, no_deadlock holds, no_fault holds, assertion not judged, both not looked for"},
		{"a cover that is demanded, reduced", half + "cover both: x == 1 && y == 1;", stubborn, "holds, no_deadlock holds, no_fault holds, assertion not judged, both reached"},
		{"a cover that nothing reaches", half + "cover three: x == 3; cover four: y == 3 when false;", checker.Options{Reduction: checker.ReductionNone}, "violated, no_deadlock holds, no_fault holds, assertion not judged, three not reached, four not reached"},
		{"a cover that nothing reaches, reduced", half + "cover three: x == 3;", stubborn, "violated, no_deadlock holds, no_fault holds, assertion not judged, three not reached"},
		{"a cover that the search did not come to", half + "cover two: x == 2;", checker.Options{Reduction: checker.ReductionNone, MaxStates: 1}, "unknown, no_deadlock unknown (states), no_fault unknown (states), assertion not judged, two not looked for"},
		{"only the search for a cover ends early", "u2 x; u2 y; process p { x = 1; x = 2; } process q { y = 1; y = 2; } cover both: x + y == 5;", checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true, MaxStates: 5}, "unknown, no_deadlock holds, no_fault holds, assertion not judged, both not looked for"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := checker.Check(context.Background(), build(t, tc.src, elab.BuildOptions{}), tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := judged(r); got != tc.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, tc.want, r.Stats)
			}
		})
	}
}

// TestSwarmSaysNothingOfWhatItDidNotMeet: walks prove nothing, of no property.
func TestSwarmSaysNothingOfWhatItDidNotMeet(t *testing.T) {
	r, err := checker.Check(context.Background(), build(t, "u2 x; process p { x = 1; assert (x == 1); } cover two: x == 2;", elab.BuildOptions{}), checker.Options{Swarm: 3})
	if err != nil {
		t.Fatal(err)
	}
	const saw = "random walk: 3 walks of 2 to 2 steps, about 3 states, 2 of 2 transitions"
	want := fmt.Sprintf("unknown, no_deadlock unknown (%s), no_fault unknown (%s), assertion unknown (%s), two not looked for", saw, saw, saw)
	if got := judged(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestInterruptedSearch: a cancelled context judges nothing.
func TestInterruptedSearch(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
		r, err := checker.Check(ctx, build(t, "u8 x; u8 y; process p { while (true) { end: x = x == 255 ? 0 : x + 1; } } process q { while (true) { end: y = y == 255 ? 0 : y + 1; } }", elab.BuildOptions{}), o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := judged(r), "unknown, no_deadlock unknown (interrupt), no_fault unknown (interrupt), assertion not judged"; got != want {
			t.Errorf("%+v: got %s", o, got)
		}
	}
}
