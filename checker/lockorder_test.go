package checker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/properties"
)

// TestLockOrder: which edges come of which code, and what is a cycle. Every spec runs in two processes unless it says otherwise, so that nothing is private.
func TestLockOrder(t *testing.T) {
	const decl = `
struct inner { u2 first; u2 second; };
struct s { u2 a; u2 b; struct inner in[2]; };
struct s S, T;
struct inner alone, other[2];
u2 global;
u2 table[2];
u2 work;
void take(u2 *l) { lock_acquire(l); }
void drop(u2 *l) { lock_release(l); }
void hold(struct inner *l) { lock_acquire(l); }
void let(struct inner *l) { lock_release(l); }
process q { S.a = 1; T.a = 1; global = 1; table[0] = 1; alone.first = 1; other[0].first = 1; work = 1; end: await (work == 3); }
check lock_order;
`
	for name, tc := range map[string]struct{ body, want string }{
		"nothing held":                    {"take(&S.a); drop(&S.a); take(&S.b); drop(&S.b);", ""},
		"two fields":                      {"take(&S.a); take(&S.b);", "s.a -> s.b"},
		"in turn, not nested":             {"take(&S.a); drop(&S.a); take(&S.b); drop(&S.b); take(&S.a);", ""},
		"three":                           {"take(&S.a); take(&S.b); take(&global);", "s.a -> global; s.a -> s.b; s.b -> global"},
		"one class, two objects":          {"take(&S.a); take(&T.a);", "s.a -> s.a; cycle s.a -> s.a"},
		"one class, subclass":             {"take(&S.a); lock_acquire(&T.a, 1);", "s.a -> s.a/1"},
		"subclass let go":                 {"lock_acquire(&T.a, 1); lock_release(&T.a, 1); take(&S.b);", ""},
		"unlock knows no subclass":        {"take(&S.a); lock_acquire(&T.a, 1); drop(&T.a); take(&S.b); drop(&S.a); take(&global);", "s.a -> s.a/1; s.a -> s.b; s.b -> global"},
		"unlock of another class":         {"lock_acquire(&T.a, 1); drop(&S.b); take(&global);", "s.a/1 -> global"},
		"subclasses both ways":            {"take(&S.a); lock_acquire(&T.a, 1); lock_release(&S.a, 0); take(&S.a);", "s.a -> s.a/1; s.a/1 -> s.a; cycle s.a -> s.a/1 -> s.a"},
		"released out of order":           {"take(&S.a); take(&S.b); drop(&S.a); take(&global);", "s.a -> s.b; s.b -> global"},
		"trylock adds no order to itself": {"take(&S.a); lock_tryacquire(&S.b); take(&global);", "s.a -> global; s.b -> global"},
		"elements are of one class":       {"take(&table[0]); take(&table[1]);", "table -> table; cycle table -> table"},
		"nested struct":                   {"hold(&S.in[0]); take(&S.a); let(&S.in[0]); hold(&S.in[1]);", "s.a -> s.in; s.in -> s.a; cycle s.a -> s.in -> s.a"},
		"a struct variable":               {"hold(&alone); take(&S.a);", "alone -> s.a"},
		"an array of struct variables":    {"hold(&other[1]); take(&S.a);", "other -> s.a"},
		"a pointer that moves":            {"struct inner *l = &alone; if (work == 1) l = &other[1]; hold(l); take(&S.a); let(l); take(&S.b);", "alone -> s.a; other -> s.a; s.a -> s.b"},
		"a reference that moves":          {"u2 *r = &S.a; if (work == 1) r = &global; take(r); take(&S.b); drop(r); take(&table[1]);", "global -> s.b; s.a -> s.b; s.b -> table"},
		"a lock somebody else took":       {"drop(&S.a); take(&S.b);", ""},
		"only where it is held":           {"if (work == 1) take(&S.a); take(&S.b); if (work == 1) { drop(&S.a); } take(&global);", "s.a -> s.b; s.b -> global"},
		"twice, let go once":              {"take(&S.a); take(&S.a); drop(&S.a); take(&S.b);", "s.a -> s.a; s.a -> s.b; cycle s.a -> s.a"},
		"in a loop":                       {"for (int i = 0; i < 2; i++) { take(&table[i]); take(&S.a); drop(&S.a); drop(&table[i]); }", "table -> s.a"},
		"never reached":                   {"take(&S.a); await (work == 2); take(&S.b);", ""},
		"in one step":                     {"atomic { take(&S.a); take(&S.b); drop(&S.b); }", "s.a -> s.b"},
		"four in a cycle": {
			"take(&S.a); take(&S.b); drop(&S.a); take(&global); drop(&S.b); take(&table[0]); drop(&global); take(&S.a);",
			"global -> table; s.a -> s.b; s.b -> global; table -> s.a; cycle global -> table -> s.a -> s.b -> global",
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := decl + "process p { " + tc.body + " work = 0; }\n"
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoReset: true}} {
				sys := build(t, src, o)
				compareEngines(t, sys, src, false)
				for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
					res, err := checker.Check(context.Background(), sys, opts)
					if err != nil {
						t.Fatal(err)
					}
					var parts []string
					for _, e := range res.LockOrder.Edges {
						parts = append(parts, e.String())
					}
					cycles := res.LockOrder.Cycles()
					for _, c := range cycles {
						parts = append(parts, "cycle "+properties.CycleString(c))
					}
					if got := strings.Join(parts, "; "); got != tc.want {
						t.Errorf("%+v %+v: got  %s\nwant %s", o, opts, got, tc.want)
					}
					runs := 0
					for _, v := range res.Violations {
						if v.Property != "lock_order" {
							t.Errorf("violated %s: %s", v.Property, v.Message)
							continue
						}
						runs = 1 + len(v.More)
						for _, tr := range v.More {
							if !strings.Contains(tr.Message, " takes ") || !strings.Contains(tr.Message, "; it holds ") {
								t.Errorf("a run says %q", tr.Message)
							}
						}
					}
					want := 0
					for _, c := range cycles {
						want += len(c)
					}
					if runs != want {
						t.Errorf("%+v: %d runs for %d edges of cycles", opts, runs, want)
					}
				}
			}
		})
	}
}

// TestLockOrderUnchecked: where the lock order is not checked the machine is the one without the calls.
func TestLockOrderUnchecked(t *testing.T) {
	const src = "u2 a; u2 b; process p[2] { atomic { await (a == 0); %s a = 1; } b = 1; atomic { %s a = 0; } } check no_deadlock%s;"
	with := build(t, fmt.Sprintf(src, "lock_acquire(&a);", "lock_release(&a);", ""), elab.BuildOptions{})
	without := build(t, fmt.Sprintf(src, "", "", ""), elab.BuildOptions{})
	dump := func(s *model.System) string {
		var b strings.Builder
		if err := s.Dump(&b); err != nil {
			t.Fatal(err)
		}
		// The property is there, unchecked.
		return strings.ReplaceAll(b.String(), "property lock_order checked=false\n", "")
	}
	plain := func(s string) string { // positions in the one-line text differ
		var out []string
		for _, f := range strings.Fields(s) {
			if !strings.HasPrefix(f, "random.pmd:") {
				out = append(out, f)
			}
		}
		return strings.Join(out, " ")
	}
	if a, b := plain(dump(with)), plain(dump(without)); a != b {
		t.Errorf("with calls:\n%s\nwithout:\n%s", a, b)
	}
	checked := build(t, fmt.Sprintf(src, "lock_acquire(&a);", "lock_release(&a);", ", lock_order"), elab.BuildOptions{})
	if !strings.Contains(dump(checked), "held(a)") {
		t.Error("nothing is counted where the order is checked")
	}
}

// TestLockOrderFirst: a search that ends at the first violation judges the lock order only if there was no other; what is violated then does not depend on the workers.
func TestLockOrderFirst(t *testing.T) {
	const src = `u1 a; u1 b; u1 x;
process p { await (x == %d); lock_acquire(&a); await (a == 0); a = 1; lock_acquire(&b); await (b == 0); b = 1; b = 0; lock_release(&b); a = 0; lock_release(&a); x = 1; }
process q { lock_acquire(&b); await (b == 0); b = 1; lock_acquire(&a); await (a == 0); a = 1; a = 0; lock_release(&a); b = 0; lock_release(&b); x = 1; }
check no_deadlock, lock_order;`
	for x, want := range []string{"[no_deadlock]", "[lock_order]"} {
		for workers := 1; workers <= 3; workers++ {
			res, err := checker.Check(context.Background(), build(t, fmt.Sprintf(src, x), elab.BuildOptions{}), checker.Options{Reduction: checker.ReductionNone, First: true, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range res.Violations {
				names = append(names, v.Property)
			}
			if got := fmt.Sprint(names); got != want || res.Verdict != checker.Violated {
				t.Errorf("%d workers, x == %d: %v %s, want %s", workers, x, res.Verdict, got, want)
			}
		}
	}
}

// TestLockOrderLimits: a search that is cut short says unknown, never holds; a cycle that it has met stays one.
func TestLockOrderLimits(t *testing.T) {
	const src = "u2 a; u2 b; u4 n; process p { lock_acquire(&a); a = 1; lock_acquire(&b); b = 1; while (n < 9) { n = n + 1; } } process q { n = n + 1; } check lock_order;"
	res, err := checker.Check(context.Background(), build(t, src, elab.BuildOptions{}), checker.Options{Reduction: checker.ReductionNone, MaxStates: 5})
	if err != nil {
		t.Fatal(err)
	}
	if res.Verdict != checker.Unknown || res.Reason != checker.ReasonStates {
		t.Errorf("%v %q", res.Verdict, res.Reason)
	}
}

// TestLockOrderSymmetry: interchangeable processes count their locks in locals of their own; taking one for another changes no edge.
func TestLockOrderSymmetry(t *testing.T) {
	const src = `
struct s { u1 a; u1 b; };
struct s S;
bool swap;
void take(u1 *l) { atomic { await (*l == 0); lock_acquire(l); *l = 1; } }
void drop(u1 *l) { atomic { lock_release(l); *l = 0; } }
process p[3] {
	choose {
	case !swap:
		take(&S.a);
		take(&S.b);
		drop(&S.b);
		drop(&S.a);
	case swap:
		take(&S.b);
		take(&S.a);
		drop(&S.a);
		drop(&S.b);
	}
}
process q { swap = true; }
check lock_order;
`
	sys := build(t, src, elab.BuildOptions{})
	want := ""
	for i, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, {Symmetry: checker.SymmetryOn, Reduction: checker.ReductionStubborn}} {
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(res.LockOrder.Edges, outcome(res))
		if i == 0 {
			want = got
		}
		if got != want || len(res.LockOrder.Cycles()) != 1 {
			t.Errorf("%+v: %s, want %s and one cycle", o, got, want)
		}
	}
}

// TestNoOrderOfLocks: a spec in which nobody waits for a lock has no property of lock order, and what is told about locks is nothing. Counters that nobody needed once overflowed: a fault.
func TestNoOrderOfLocks(t *testing.T) {
	sys := build(t, "u1 l; u4 n; process p { while (n < 9) { lock_tryacquire(&l); n++; } } process q { end: await (n == 10); n = 0; }", elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
	if err != nil {
		t.Fatal(err)
	}
	// Before each of ten tests, nine readings and nine stores of n, and at the end.
	if res.Verdict != checker.Holds || res.Stats.States != 29 {
		t.Errorf("%v with %d states: %v", res.Verdict, res.Stats.States, res.Violations)
	}
}

// TestEdgeOfStepThatWaits: where a step marks an edge and then turns out to have to wait, it was no step, and the run that is shown is another one. It was an internal error once.
func TestEdgeOfStepThatWaits(t *testing.T) {
	src := "u1 l; u1 k; u1 x; u1 y; process p { atomic { lock_acquire(&l); lock_acquire(&k); await (x == 1); lock_release(&l); lock_release(&k); } " +
		"atomic { lock_acquire(&k); lock_acquire(&l); } y = 1; } process q { y = 0; x = 1; }"
	for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
		for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, {Reduction: checker.ReductionNone, Workers: 2}} {
			res, err := checker.Check(context.Background(), build(t, src, o), opts)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Violations) != 1 || res.Violations[0].Property != "lock_order" || res.Violations[0].Witness == nil {
				t.Errorf("%+v %+v: %v", o, opts, res.Violations)
			}
		}
	}
}
