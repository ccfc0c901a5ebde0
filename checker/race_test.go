package checker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
)

func races(t *testing.T, sys *model.System, o checker.Options) (*checker.Result, bool) {
	t.Helper()
	res, err := checker.Check(context.Background(), sys, o)
	if err != nil {
		t.Fatal(err)
	}
	return res, slices.ContainsFunc(res.Violations, func(v checker.Violation) bool { return v.Property == "no_data_race" })
}

func TestDataRace(t *testing.T) {
	for _, c := range []struct {
		name string
		race bool
		src  string
	}{
		{"two plain writes", true, "u2 x; process p { x = 1; } process q { x = 2; }"},
		{"plain read and plain write", true, "u2 x; u2 y; process p { x = 1; } process q { u2 i; i = x; y = i; }"},
		{"two plain reads", false, "u2 x; u2 y; u2 z; bool go; process p { await (go); y = x; } process q { await (go); z = x; } process r { x = 1; WRITE_ONCE(go, true); }"},
		{"marked on both sides", false, "u2 x; u2 y; process p { WRITE_ONCE(x, 1); } process q { u2 i; i = READ_ONCE(x); y = i; }"},
		{"marked write, plain read", true, "u2 x; u2 y; process p { WRITE_ONCE(x, 1); } process q { u2 i; i = x; y = i; }"},
		{"plain write, marked read", true, "u2 x; u2 y; process p { x = 1; } process q { u2 i; i = READ_ONCE(x); y = i; }"},
		{"acquire and release", false, "bool f; u2 d; u2 y; process p { d = 1; smp_store_release(&f, true); } process q { if (smp_load_acquire(&f)) y = d; }"},
		{"the flag is plain", true, "bool f; u2 d; u2 y; process p { d = 1; f = true; } process q { if (f) y = d; }"},
		{"atomic blocks", false, "u2 x; process p { atomic { x++; } } process q { atomic { x++; } }"},
		{"atomic block and plain read", true, "u2 x; u2 y; process p { atomic { x++; } } process q { y = x; }"},
		{"await is marked", false, "bool f; process p { WRITE_ONCE(f, true); } process q { await (f); }"},
		{"await, and a plain write while it is enabled", true, "bool f = true; process p { f = false; } process q { await (f); }"},
		{"an await that blocks makes no access", false, "bool f; process p { f = true; } process q { await (f); }"},
		{"under a lock", false, "u1 l; u2 x; void lock() { atomic { await (l == 0); l = 1; } } void unlock() { atomic { l = 0; } } process p { lock(); x = 1; unlock(); } process q { lock(); x = x + 1; unlock(); }"},
		{"under a lock on one side", true, "u1 l; u2 x; void lock() { atomic { await (l == 0); l = 1; } } void unlock() { atomic { l = 0; } } process p { lock(); x = 1; unlock(); } process q { x = 2; }"},
		{"one element each", false, "u2 a[3]; u2 y; process p { a[0] = 1; } process q { y = a[1]; } process r { u2 i; i = 2; a[i] = 1; }"},
		{"the same element by an index", true, "u2 a[3]; u2 k; process p { a[1] = 1; } process q { u2 i; i = READ_ONCE(k); a[i] = 2; } process r { WRITE_ONCE(k, 1); }"},
		{"by reference", true, "u2 x; u2 y; u2 *r = &y; process p { u2 *i; i = READ_ONCE(r); *i = 1; } process q { WRITE_ONCE(r, &x); } process k { x = 2; }"},
		{"an assertion only observes", false, "u2 x; process p { WRITE_ONCE(x, 1); } process q { assert(x < 2); }"},
		{"an assertion of two reads", false, "u2 x; u2 y; process p { assert(x + y < 5); } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); }"},
		{"an assertion in parts", false, "u2 x; u2 y; u2 a[3]; process p { assert(x < 3 && (y == 0 || a[y] != 2) && !(a[x] == 3 && y == 3)); } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); WRITE_ONCE(a[1], 1); }"},
		{"an assertion of a conditional expression", false, "u2 x; u2 y; process p { assert((x == 1 ? y : x) < 3); } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); }"},
		{"an assertion through pointers", false, "property u \"u\"; @use(u) struct s { u2 n; struct s *next; }; struct s A; struct s B; struct s *r = &A; process p { assert(live(r) && peek(r->n) < 3 && r->next == NULL); } process q { WRITE_ONCE(A.n, 1); WRITE_ONCE(r, &B); WRITE_ONCE(B.next, NULL); }"},
		{"a function that an assertion calls", false, "u2 x; u2 y; u2 sum(u2 *a) { u2 v = *a; return v + y; } process p { assert(sum(&x) < 3 || x == 2); } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); }"},
		{"an atomic block that an assertion calls", false, "u2 x; u2 y; u2 sum() { u2 v; atomic { v = x + y; } return v; } process p { assert(sum() < 5); } process q { x = 1; y = 1; }"},
		{"a function that an assertion calls stores", true, "u2 x; bool set() { x = 1; return true; } process p { assert(set()); } process q { WRITE_ONCE(x, 2); }"},
		{"what is behind an assertion does not observe", true, "u2 x; u2 y; process p { assert(x + y < 5); y = x; } process q { WRITE_ONCE(x, 1); }"},
		{"an await that does not block, and a marked write", false, "u1 x = 1; process p { await (x); } process q { WRITE_ONCE(x, 1); }"},
		{"an await of two reads", false, "u1 x = 1; u1 y = 1; process p { await (x && y); } process q { atomic { x = 1; y = 1; } }"},
		{"the conditions of a choice", false, "u1 x = 1; u1 y; process p { choose { case x == 1: skip; case y == 1: skip; } } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); }"},
		{"default", false, "u1 x; u1 y; process p { choose { case x == 1: skip; default: skip; } } process q { WRITE_ONCE(x, 1); }"},
		{"behind an await", true, "u1 x = 1; u1 y; process p { await (y == 0); y = x; } process q { WRITE_ONCE(x, 1); }"},
		{"a mark of the store is none of the read", true, "u2 x; process p { u2 l; WRITE_ONCE(l, x); l = 0; } process q { WRITE_ONCE(x, 1); }"},
		{"a mark of the read is none of the store", true, "u2 x; u2 y; process p { y = READ_ONCE(x); } process q { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); }"},
		{"which object is freed is read", true, "property u \"u\"; @use(u) @free(u) struct s { u2 n; }; struct s A; struct s B; struct s *r = &A; process p { atomic { free (r); } } process q { r = &B; }"},
		{"which object is looked at is read, not whether it lives", true, "property u \"u\"; @use(u) struct s { u2 n; }; struct s A; struct s B; struct s *r = &A; bool l; process p { l = live(r); } process q { WRITE_ONCE(r, &B); }"},
		{"whether an object lives", false, "property u \"u\"; @use(u) struct s { u2 n; }; struct s A; bool l; process p { l = live(&A); l = peek(A.n) == 0; } process q { WRITE_ONCE(A.n, 1); free (&A); }"},
		{"predicates", false, "u2 x; u2 y; process p { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); } invariant i: x + y < 5; cover c: x == 1 && y == 0; liveness l: eventually x + y == 2;"},
		{"behind a handshake that orders them", false, "bool f; bool g; u2 x; process p { x = 1; WRITE_ONCE(f, true); } process q { await (f); x = 2; }"},
		{"in a branch that is not taken", false, "u2 x; u2 k; process p { atomic { if (k == 1) x = 1; } } process q { atomic { k = 0; } atomic { if (k == 3) x = 2; } }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
				sys := build(t, c.src+"\ncheck no_data_race;\n", o)
				for _, s := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}, {Reduction: checker.ReductionNone, Workers: 3}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Shrink: true}, {Swarm: 100}} {
					res, got := races(t, sys, s)
					if got != c.race {
						t.Errorf("%+v: race %v, and %v is wanted", s, got, c.race)
					}
					if got && (res.Violations[0].Witness == nil || !strings.HasPrefix(res.Violations[0].Message, "data race on ")) {
						t.Errorf("the witness says %q", res.Violations[0].Message)
					}
					if res.Reduction != checker.ReductionNone {
						t.Error("a reduced search looked for races")
					}
				}
			}
		})
	}
}

// TestDataRaceUnchecked: a spec that does not check the property does not have it, and marks change nothing.
func TestDataRaceUnchecked(t *testing.T) {
	sys := build(t, "u2 x; process p { x = 1; } process q { x = 2; }", elab.BuildOptions{})
	if res, race := races(t, sys, checker.Options{Reduction: checker.ReductionNone}); race || res.Verdict != checker.Holds {
		t.Error(res)
	}
}

// TestDataRaceRandom holds the search against the oracle asked in every reachable state.
func TestDataRaceRandom(t *testing.T) {
	n, raced, free := uint64(150), 0, 0
	if testing.Short() {
		n = 40
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			src := random(seed)
			if seed%2 == 0 { // most of them race somewhere; with marks not all do
				src = strings.NewReplacer("= x;", "= READ_ONCE(x);", "x++;", "atomic { x++; }", "x--;", "atomic { x--; }", "i = a[i];", "i = READ_ONCE(a[i]);").Replace(src)
			}
			src += "\nproperty no_data_race \"marks\";\n"
			sys := build(t, src, elab.BuildOptions{NoMerge: seed%3 == 0})
			in := eval.New(sys, eval.Options{})
			s, _ := in.Initial()
			seen := map[string]bool{s.Key(): true}
			want := false
			for work := []*eval.State{s}; len(work) > 0; {
				s, work = work[len(work)-1], work[:len(work)-1]
				_, r := in.Race(s)
				want = want || r
				for _, c := range in.Enabled(s) {
					next := in.Step(s, c).Next
					if k := next.Key(); !seen[k] {
						seen[k] = true
						work = append(work, next)
					}
				}
				if len(seen) > maxRandom {
					return
				}
			}
			for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 3}} {
				if _, got := races(t, sys, o); got != want {
					t.Errorf("%+v: race %v, the oracle says %v\n%s", o, got, want, src)
				}
			}
			if want {
				raced++
			} else {
				free++
			}
		})
	}
	if raced < 5 || free < 5 {
		t.Errorf("%d models race, %d do not", raced, free)
	}
}
