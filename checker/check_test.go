package checker_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestVerdicts checks small systems whose answers are known by hand.
func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		opts      checker.Options
		verdict   checker.Verdict
		reason    checker.Reason
		props     []string
		states    int64
	}{
		// Nine pairs of positions but the last, which the fourth increment, of x == 3, does not reach; and each process parked there.
		{"two steps each", "u2 x; process p[2] { atomic { x++; } atomic { x++; } }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_fault"}, 10},
		{"one step each", "u2 x; process p[2] { atomic { x++; } }", checker.Options{Reduction: checker.ReductionNone}, checker.Holds, "", nil, 4},
		{"lost update", "u2 x; process p[2] { x = x + 1; } invariant both: self_ok;", checker.Options{Reduction: checker.ReductionNone}, checker.Unknown, "error", nil, 0},
		{"deadlock", "u1 x; process p { await (x == 1); } process q { await (x == 1); x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock"}, 1},
		{"proper end", "u1 x; process p { end: await (x == 1); } process q { end: await (x == 1); x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Holds, "", nil, 1},
		{"parked is no deadlock", "u1 x; process p { await (x == 1); } process q { assert (x == 1); x = 1; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"assertion"}, 2},
		{"invariant", "u2 x; process p { x = 1; x = 2; } process r { await (x == 3); } invariant small: x < 2;", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock", "small"}, 3},
		{"vacuous", "u2 x; process p[2] { x = 1; } cover two: x == 2;", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"cover two"}, 4},
		{"state limit", "u2 x; process p[2] { x = 1; x = 2; }", checker.Options{Reduction: checker.ReductionNone, MaxStates: 3}, checker.Unknown, checker.ReasonStates, nil, 3},
		{"limit not reached", "u2 x; process p[2] { atomic { x++; } }", checker.Options{Reduction: checker.ReductionNone, MaxStates: 4}, checker.Holds, "", nil, 4},
		{
			"leak", "@use(u) @leak(l) struct s { u1 n; }; struct s A; struct s *root = &A; u1 g; process p { root = NULL; g = 1; } process q { end: await (g == 1 && root == &A); }",
			checker.Options{Reduction: checker.ReductionNone},
			checker.Violated, "",
			[]string{"l"},
			3,
		},
		{
			"double free", "@use(u) @free(f) struct s { u1 n; }; struct s A; process p[2] { free (&A); }",
			checker.Options{Reduction: checker.ReductionNone},
			checker.Violated, "",
			[]string{"f"},
			5,
		},
		// To choose the way out is a step of its own: it commits to what comes behind, even if that blocks. g stays true, so what has not chosen can go on for ever.
		{"break commits", "u1 g = 1; u1 x; process p { while (true) { choose { case: break; case g == 1: x = 0; } } await (x == 1); } process q { g = 1; x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock"}, 0},
		{"goto commits", "u1 g = 1; u1 x; process p { again: choose { case: goto out; case g == 1: x = 0; goto again; } out: await (x == 1); } process q { g = 1; x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock"}, 0},
		{"return commits", "u1 g = 1; u1 x; void f(void) { while (true) { choose { case: return; case g == 1: x = 0; } } } process p { f(); await (x == 1); } process q { g = 1; x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock"}, 0},
		// Found by fuzzing: a guard that elaboration folds to true vanished, and with it the step that commits.
		{"true guard commits", "u1 one = 1; u1 g = 1; u1 x; process p { while (true) { choose { case one == 1: await (x == 1); case g == 1: x = 0; } } } process q { g = 1; x = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_deadlock"}, 0},
		// Found by fuzzing: the sides of a condition with several shared reads went to a temporary that only the first of them fits.
		{"sides of ?:", "u1 x; u1 y; int<-2..2> z; u2 r; process p { r = x == 1 && y == 1 ? 1 : z; } process q { x = 1; y = 1; z = 0; r = 0; }", checker.Options{Reduction: checker.ReductionNone}, checker.Holds, "", nil, 0},
		// A guard in front of an alternative is still a guard: nothing commits to it before it holds.
		{"guard does not commit", "u1 g; process p { choose { case: atomic { await (g == 1); g = 0; } case: await (g == 0); } } process q { end: await (g == 1); }", checker.Options{Reduction: checker.ReductionNone}, checker.Holds, "", nil, 0},
		// A loop that is unrolled has its labels once for each round.
		{"label in a loop", "u2 x; u2 n; process p { for (int i = 0; i < 2; i++) { if (x == 3) goto next; n = i + 1; next: skip; } assert (n != 1 || x == 3); } process q { x = 3; n = n; }", checker.Options{Reduction: checker.ReductionNone}, checker.Holds, "", nil, 0},
		{"null", "struct s { u1 n; }; struct s A; struct s *r; u1 g; process p { g = r->n; } process q { r = &A; g = 1; }", checker.Options{Reduction: checker.ReductionNone}, checker.Violated, "", []string{"no_fault"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec, err := (&elab.Loader{}).Load("t.pmd", []byte(tc.src))
			if err != nil {
				if tc.reason == "error" {
					return
				}
				t.Fatal(testkit.Render(err))
			}
			configs, err := spec.Configurations(nil)
			if err != nil {
				t.Fatal(err)
			}
			sys, err := spec.Build(configs[0], elab.BuildOptions{})
			if err != nil {
				t.Fatal(testkit.Render(err))
			}
			res, err := checker.Check(context.Background(), sys, tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			var props []string
			for _, v := range res.Violations {
				props = append(props, v.Property)
				if v.Witness != nil && v.Witness.Property != v.Property {
					t.Errorf("the witness of %s is of %s", v.Property, v.Witness.Property)
				}
			}
			if res.Verdict != tc.verdict || res.Reason != tc.reason || (tc.states > 0 && res.Stats.States != tc.states) {
				t.Errorf("%v %q, %d states; want %v %q, %d", res.Verdict, res.Reason, res.Stats.States, tc.verdict, tc.reason, tc.states)
			}
			if d := cmp.Diff(tc.props, props); d != "" {
				t.Errorf("violated properties (-want +got):\n%s", d)
			}
		})
	}
}

// TestInterrupt: a cancelled search is unknown, never holds.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Workers: 2}} {
		o.NoAssert = true
		res, err := checker.Check(ctx, hugepmd(t, "2", "1", "2", "0", "0"), o)
		if err != nil {
			t.Fatal(err)
		}
		if res.Verdict != checker.Unknown || res.Reason != checker.ReasonInterrupt {
			t.Errorf("%+v: %v %q", o, res.Verdict, res.Reason)
		}
	}
}

// TestMemoryLimit: a store that would pass the limit ends in unknown.
func TestMemoryLimit(t *testing.T) {
	res, err := checker.Check(context.Background(), hugepmd(t, "2", "1", "2", "0", "0"), checker.Options{Reduction: checker.ReductionNone, NoAssert: true, Memory: 500_000})
	if err != nil {
		t.Fatal(err)
	}
	if res.Verdict != checker.Unknown || res.Reason != checker.ReasonMemory {
		t.Errorf("%v %q", res.Verdict, res.Reason)
	}
}

// TestNoAllocation: running transitions allocates nothing, and a search next to nothing: pages and chunks, some for hundreds of states each.
func TestNoAllocation(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "2", "1")
	for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 10_000+uint64(r.Stats.States/20) {
			t.Errorf("%+v: %d allocations for %d states, %d transitions", o, n, r.Stats.States, r.Stats.Transitions)
		}
	}
	prog, err := program.Compile(sys, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := prog.NewExec()
	st, dst := make([]uint64, prog.Total), make([]uint64, prog.Total)
	x.Initial(st)
	if n := testing.AllocsPerRun(100, func() {
		for p := range prog.Processes() {
			for _, tr := range prog.Candidates(st[:prog.Words], p) {
				x.Run(tr, st[:prog.Words], dst)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSimpleWitness holds that Options.Shrink is Result.Shrink: fewer steps here, where one process has nothing to do with the violation, and the same violation.
func TestSimpleWitness(t *testing.T) {
	src := "u2 x; u2 z; process a { x = 1; x = 2; } process b { assert(x != 2); end: await (z == 3); } process c { z = 1; z = 2; }"
	sys := build(t, src, elab.BuildOptions{})
	steps := func(o checker.Options) int {
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil || len(res.Violations) != 1 || res.Violations[0].Property != "assertion" {
			t.Fatal(res, err)
		}
		if v := res.Violations[0]; v.Message != v.Witness.Message || v.Witness.Property != v.Property {
			t.Errorf("the message is %q, that of the witness %q", v.Message, v.Witness.Message)
		}
		return len(res.Violations[0].Witness.Steps)
	}
	if long, short := steps(checker.Options{Reduction: checker.ReductionNone}), steps(checker.Options{Reduction: checker.ReductionNone, Shrink: true}); long != 5 || short != 3 {
		t.Errorf("%d steps shrink to %d", long, short)
	}
}

// TestFirstFailure: a search that ends at the first step of a state, because it violates a property, says nothing of a deadlock there.
func TestFirstFailure(t *testing.T) {
	src := "u1 x; property p \"p\"; process a { x = 1; assert(x == 0, p); } process b { await (x == 1); x = 1; }"
	for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
		o.First = true
		r, err := checker.Check(context.Background(), build(t, src, elab.BuildOptions{NoMerge: true}), o)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if len(r.Violations) != 1 || r.Violations[0].Property != "p" {
			t.Errorf("%+v: %v", o, r.Violations)
		}
	}
}

// TestFirstOfSeveral: with several workers, too, a search that ends at the first violation finds all that one step or one state violates at once.
func TestFirstOfSeveral(t *testing.T) {
	for _, src := range []string{
		"u1 x; process p { x = 1; } process q { skip; } invariant a: x == 0; invariant b: x != 1;",
		"u1 x = 1; process p { x = 0; } process q { skip; } invariant a: x == 0; invariant b: x != 1;",
		"u1 x; property c \"c\"; process p { atomic { x = 1; assert(false, c); } } process q { skip; } invariant a: x == 0; invariant b: x != 1;",
	} {
		sys := build(t, src, elab.BuildOptions{})
		names := func(workers int) (names []string) {
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, First: true, Workers: workers})
			if err != nil {
				t.Fatalf("%d workers: %v\n%s", workers, err, src)
			}
			for _, v := range res.Violations {
				names = append(names, v.Property)
			}
			return names
		}
		if one, two := names(1), names(2); len(one) < 2 || !slices.Equal(one, two) {
			t.Errorf("one worker: %v, two: %v\n%s", one, two, src)
		}
	}
}

// TestWideStates counts states of all lengths, of which there are as many as each of n independent processes has, to the power of n: whatever their slots leave out, no two
// of them are one.
func TestWideStates(t *testing.T) {
	lengths := map[int]bool{}
	for _, tc := range []struct{ processes, cells int }{{4, 1}, {7, 1}, {8, 1}, {10, 1}, {6, 2}, {7, 2}, {5, 3}, {5, 4}, {4, 6}, {4, 9}} {
		var src strings.Builder
		for k := range tc.cells {
			fmt.Fprintf(&src, "u8 a%d[%d];\n", k, tc.processes)
		}
		fmt.Fprintf(&src, "process p[%d](u8 i)\n{\n", tc.processes)
		for k := range tc.cells {
			fmt.Fprintf(&src, "\ta%d[i] = 128;\n", k)
		}
		src.WriteString("}\nprocess other { a0[0] = 255; }\n")
		sys := build(t, src.String(), elab.BuildOptions{NoMerge: true})
		prog, err := program.Compile(sys, program.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lengths[(prog.Bits+31)/32] = true
		// p[0] and other both store in a0[0]: where both have, either may have been last.
		rest := int64(1)
		for range tc.processes - 1 {
			rest *= int64(tc.cells + 1)
		}
		want := rest * int64(2+3*tc.cells)
		for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Workers: 3}, {Reduction: checker.ReductionNone, Spill: t.TempDir(), Memory: 4 << 20}} {
			r, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Stats.States != want {
				t.Errorf("%d bits, %v with %d workers: %d states, want %d", prog.Bits, o.Search, o.Workers, r.Stats.States, want)
			}
		}
	}
	if len(lengths) < 5 {
		t.Errorf("states of %d lengths", len(lengths))
	}
}
