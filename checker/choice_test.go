package checker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// TestChoicesInAtomic: each visit of a choice in an atomic block decides for itself, whatever leads back to it, and each way that can be taken is one step, once. The figures are derived by hand.
func TestChoicesInAtomic(t *testing.T) {
	const other = " process q { end: await (done == 3); n = 0; } cover c00: done == 1 && n == 0; cover c01: done == 1 && n == 1; cover c10: done == 1 && n == 2; cover c11: done == 1 && n == 3;"
	const bit = "choose { case: n = n * 2; case: n = n * 2 + 1; }"
	for _, c := range []struct {
		name, src   string
		states      int64 // merged, in full
		transitions int64
	}{
		// Before, and one end for each of the four values.
		{"while", "u2 n; u2 i; u2 done; process p { atomic { while (i < 2) { " + bit + " i++; } done = 1; } }", 5, 4},
		{"do", "u2 n; u2 i; u2 done; process p { atomic { do { " + bit + " i++; } while (i < 2); done = 1; } }", 5, 4},
		{"goto", "u2 n; u2 i; u2 done; process p { atomic { again: " + bit + " i++; if (i < 2) goto again; done = 1; } }", 5, 4},
		{"for with a variable bound", "u2 n; u2 i; u2 k; u2 done; process p { k = 2; atomic { for (i = 0; i < k; i++) { " + bit + " } done = 1; } }", 5, 4},
		{"the choice first, and again behind a jump", "u2 n; u2 i; u2 done; process p { atomic { choose { case: i = 1; again: " + bit + " case: i = 1; goto again; } i++; if (i < 3) { goto again; } done = 1; } }", 5, 8},
		{"behind an operation that is come back to", "u2 n; u2 i; u2 done; process p { atomic { do { skip; skip; " + bit + " i++; } while (i < 2); done = 1; } }", 5, 4},
		{"unrolled", "u2 n; u2 done; process p { atomic { for (int i = 0; i < 2; i++) { " + bit + " } done = 1; } }", 5, 4},
		// A way that waits for what does not hold is none: of four, three.
		{"a way that waits", "u2 n; u2 i; u2 done; process p { atomic { while (i < 2) { choose { case: n = n * 2; case n == 0: n = n * 2 + 1; } i++; } await (n != 3); done = 1; } }", 4, 3},
		// A choice that is not come by is no way: one where b is 0, two where it is 1.
		{"a choice that is not come by", "u2 n; u1 b; u2 done; process p { choose { case: b = 0; case: b = 1; } atomic { if (b == 1) { choose { case: n = 1; case: n = 2; } } done = 1; } }", 6, 5},
	} {
		for _, o := range []elab.BuildOptions{{}, {NoFork: true}, {NoMerge: true}, {NoMerge: true, NoFork: true}} {
			for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Workers: 3}, {Reduction: checker.ReductionNone, Spill: t.TempDir(), Memory: 64 << 20}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, Verify: true}} {
				src := c.src + other
				res, err := checker.Check(context.Background(), build(t, src, o), opts)
				if err != nil {
					t.Fatalf("%s %+v %+v: %v", c.name, o, opts, err)
				}
				got := ""
				for _, k := range res.Covers {
					if k.Reach == checker.Reached {
						got += " " + k.Name
					}
				}
				want := " c00 c01 c10 c11"
				switch c.name {
				case "a way that waits":
					want = " c00 c01 c10"
				case "a choice that is not come by":
					want = " c00 c01 c10"
				}
				if got != want || len(res.Violations) > 0 && !strings.Contains(fmt.Sprint(res.Violations), "cover") {
					t.Errorf("%s %+v %+v: reached%s, and%s is right: %v", c.name, o, opts, got, want, res.Violations)
				}
				if o.NoMerge || opts.Reduction != checker.ReductionNone {
					continue
				}
				if res.Stats.States != c.states || res.Stats.Transitions != c.transitions {
					t.Errorf("%s %+v %+v: %d states, %d transitions", c.name, o, opts, res.Stats.States, res.Stats.Transitions)
				}
			}
		}
	}
}

// TestFailsBeforeItChooses: what goes wrong, or waits, before a choice is one step, not one for each alternative.
func TestFailsBeforeItChooses(t *testing.T) {
	for src, want := range map[string][2]int64{
		"u2 x; process p { atomic { assert(x == 1); choose { case: x = 2; case: x = 3; } } } process q { end: await (x == 3); x = 0; }":         {2, 1},
		"u2 x; u2 y; process p { atomic { x = 6 / y; choose { case: x = 2; case: x = 3; } } } process q { end: await (x == 3); x = 0; y = x; }": {2, 1},
		"u2 x; process p { atomic { await (x == 1); choose { case: x = 2; case: x = 3; } } } process q { x = 1; end: await (x == 0); x = 1; }":  {4, 3},
	} {
		for _, o := range []elab.BuildOptions{{}, {NoFork: true}} {
			res, err := checker.Check(context.Background(), build(t, src, o), checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			if res.Stats.States != want[0] || res.Stats.Transitions != want[1] {
				t.Errorf("%s %+v: %d states, %d transitions", src, o, res.Stats.States, res.Stats.Transitions)
			}
		}
	}
}

// TestTooManyWays: choices in a loop that does not end, or ends after too many of them, are a fault, soon.
func TestTooManyWays(t *testing.T) {
	for i, src := range []string{
		"u4 x; process p { atomic { while (true) { choose { case: x = 1; case: x = 2; } } } } process q { x = 0; }",
		"u4 x; u8 i; process p { atomic { while (i < 20) { choose { case: x = 1; case: x = 2; } i++; } } } process q { x = 0; }",
	} {
		opts := []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}}[i]
		res, err := checker.Check(context.Background(), build(t, src, elab.BuildOptions{}), opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Violations) == 0 || res.Violations[0].Property != "no_fault" {
			t.Errorf("%s: %v", src, res.Violations)
		}
	}
}

// TestManyAlternatives: one choice among n has n ways, reduced or not (each transition had a way for each subset once, and the reduction looked at them all).
func TestManyAlternatives(t *testing.T) {
	const n = 12
	src := fmt.Sprintf("bool waits[%d]; u4 count; process p[%d](u4 i) { while (true) { atomic { await (!waits[i]); if (count < 2) { count++; bool any = false; "+
		"for (int k = 0; k < %d; k++) { if (waits[k]) { any = true; choose { case: waits[k] = false; goto out; case: } } } await (!any); out: skip; } else { waits[i] = true; } } } }", n, n, n)
	for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
		res, err := checker.Check(context.Background(), build(t, src, elab.BuildOptions{}), opts)
		if err != nil {
			t.Fatal(err)
		}
		// count rises to 2 with nobody waiting; then everybody comes to wait, in any order.
		if want := int64(3 + 1<<n - 1); res.Stats.States != want && opts.Reduction == checker.ReductionNone {
			t.Errorf("%d states, not %d", res.Stats.States, want)
		}
		if len(res.Violations) != 1 || res.Violations[0].Property != "no_deadlock" {
			t.Errorf("%v", res.Violations)
		}
	}
}

// TestEndlessBlocks: an atomic block of local operations is a step if it has a cycle, so one that does not end is a fault, merged or not, and one that ends is none.
func TestEndlessBlocks(t *testing.T) {
	for src, want := range map[string]string{
		"process p { atomic { while (true) { skip; } } }":                                                                  "no_fault",
		"process p { u2 i; atomic { while (i < 2) { i = 0; } } }":                                                          "no_fault",
		"process p { u2 i; atomic { again: skip; if (i == 0) goto again; } }":                                              "no_fault",
		"process p { u2 i; atomic { while (i < 2) { i++; } } assert(i == 2); }":                                            "",
		"u2 x; process p { u2 i; atomic { do { i++; } while (i < 3); } x = i; } process q { end: await (x == 3); x = 0; }": "",
	} {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			res, err := checker.Check(context.Background(), build(t, src, o), checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, v := range res.Violations {
				got += v.Property
			}
			if got != want {
				t.Errorf("%s %+v: violated %q", src, o, got)
			}
		}
	}
}

// TestWitnessOfAWay: a path remembers which way each step went, in every order of search; the interpreter would not confirm another one.
func TestWitnessOfAWay(t *testing.T) {
	const src = "u3 n; u2 i; bool go; process p { atomic { while (i < 3) { choose { case: n = (n * 2) & 7; case: n = (n * 2 + 1) & 7; } i++; } } go = true; } process q { await (go); assert(n != 5); go = false; }"
	for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
		for name, opts := range map[string]checker.Options{
			"dfs": {Reduction: checker.ReductionNone}, "bfs": {Reduction: checker.ReductionNone, Search: checker.BFS}, "workers": {Reduction: checker.ReductionNone, Workers: 3}, "spill": {Reduction: checker.ReductionNone, Spill: t.TempDir(), Memory: 64 << 20}, "reduced": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff},
			"without chains": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true}, "walks": {Swarm: 200},
		} {
			res, err := checker.Check(context.Background(), build(t, src, o), opts)
			if err != nil {
				t.Fatalf("%s %+v: %v", name, o, err)
			}
			if len(res.Violations) != 1 || res.Violations[0].Property != "assertion" || res.Violations[0].Witness == nil {
				t.Errorf("%s %+v: %v", name, o, res.Violations)
				continue
			}
			ways := 0
			for _, s := range res.Violations[0].Witness.Steps {
				ways += s.Way
			}
			if ways != 5 { // one, zero, one
				t.Errorf("%s %+v: the witness goes way %d", name, o, ways)
			}
		}
	}
}

// TestLassoOfWays: what repeats for ever takes the ways that avoid what is owed, and no others.
func TestLassoOfWays(t *testing.T) {
	const src = "u2 x; u1 y; fair process p { while (true) { atomic { if (y == 0) { choose { case: x = 1; case: x = 2; } } } } } process q { while (true) { end: await (x == 3); y = 1; } } "
	for live, want := range map[string]string{
		"liveness l: always eventually x == 1;":           "l",
		"liveness l: always eventually x == 2;":           "l",
		"liveness l: always eventually x == 1 || x == 2;": "",
		"liveness l: x == 1 leads_to x == 2;":             "l",
	} {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoFork: true}} {
			for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
				res, err := checker.Check(context.Background(), build(t, src+live, o), opts)
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				for _, v := range res.Violations {
					got += v.Property
				}
				if got != want {
					t.Errorf("%s %+v: violated %q", live, o, got)
				}
			}
		}
	}
}
