package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
)

// replicated writes a random model of interchangeable workers: each has cells of its own, and all share some; a lock knows its owner. A supervisor looks at all
// of them in one step.
func replicated(r *rand.Rand, n int) string {
	var b strings.Builder
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	fmt.Fprintf(&b, "property p \"p\";\nproperty q \"q\";\nu2 x;\nu1 y;\nu2 mine[%d];\nu2 owner;\nbool seen[%d];\n", n, n)
	stmt := func() string {
		return pick("mine[i] = 1;", "mine[i] = x;", "x = mine[i];", "x = 1;", "y = 1;", "y = 0;", "l = x;", "l = y;", "x = l;", "atomic { x = (x + 1) & 3; }",
			"await (x != 2);", "await (y == 0);", "if (l == 1) mine[i] = 2; else y = 1;", "assert (x != 3, p);", "assert (mine[i] != 2 || y == 0, q);",
			"atomic { await (owner == 0); owner = i + 1; } y = l; atomic { await (owner == i + 1); owner = 0; }", "if (owner == i + 1) x = 2;",
			"choose { case: x = 0; case y == 1: mine[i] = 0; }", "while (x == 1 && y == 0) { l = x; }", "cover mark;")
	}
	fmt.Fprintf(&b, "process w[%d](u2 i) {\n\tu2 l;\n", n)
	for range 3 + r.IntN(4) {
		fmt.Fprintf(&b, "\t%s\n", stmt())
	}
	b.WriteString("}\n")
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, "process boss {\n\tatomic {\n\t\tfor (int k = 0; k < %d; k++)\n\t\t\tseen[k] = mine[k] != 0;\n\t}\n\tatomic {\n\t\tfor (int k = 0; k < %d; k++)\n\t\t\tawait (!seen[k] || mine[k] != 1);\n\t}\n\tx = %s;\n}\n", n, n, pick("0", "3", "y"))
	}
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "invariant inv: %s;\n", pick("x < 3", "owner == 0 || y < 1", "mine[0] + mine[1] < 4"))
	}
	fmt.Fprintf(&b, "cover some: %s;\n", pick("x == 2", "owner != 0", "y == 1 && x == 1"))
	return b.String()
}

// TestSymmetryOnRandomModels compares searches with and without symmetry, with and without reduction. Without reduction the states with symmetry must be
// exactly the classes of states that permutations of the workers map to each other.
func TestSymmetryOnRandomModels(t *testing.T) {
	n := uint64(1500)
	if testing.Short() {
		n = 150
	}
	used, fewer := 0, 0
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 7))
		members := 2 + r.IntN(2)
		src := replicated(r, members)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%3 == 0})
		if !ok {
			t.Fatal(src)
		}
		check := func(o checker.Options) *checker.Result {
			o.MaxStates = 30 * maxRandom
			res, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
			return res
		}
		full := check(checker.Options{Reduction: checker.ReductionNone})
		if full.Reason != checker.ReasonNone {
			continue
		}
		sym := check(checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn})
		if sym.Symmetry[0].Members != members {
			if !strings.Contains(src, "mine[0] + mine[1]") || members == 2 {
				t.Errorf("refused: %+v\n%s", sym.Symmetry, src)
			}
			continue
		}
		used++
		for name, res := range map[string]*checker.Result{
			"symmetry": sym, "symmetry, bfs": check(checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Search: checker.BFS}), "symmetry, 3 workers": check(checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Workers: 3}),
			"both":            check(checker.Options{Symmetry: checker.SymmetryOn, Reduction: checker.ReductionStubborn}),
			"both, no chains": check(checker.Options{Symmetry: checker.SymmetryOn, Reduction: checker.ReductionStubborn, NoChains: true, Search: checker.BFS}),
		} {
			if evidence(res) != evidence(full) {
				t.Fatalf("%s: %s\nfull: %s\n%s", name, evidence(res), evidence(full), src)
			}
		}
		if want := classes(t, sys, members); sym.Stats.States != int64(want) {
			t.Fatalf("%d states with symmetry, %d classes of states (%d states)\n%s", sym.Stats.States, want, full.Stats.States, src)
		}
		if sym.Stats.States < full.Stats.States {
			fewer++
		}
	}
	if used < int(n)*3/4 || fewer < used/2 {
		t.Errorf("symmetry was used in %d of %d models and stored fewer states in %d", used, n, fewer)
	}
}

// interchangeable is a random model of one of the kinds that are made for symmetry.
func interchangeable(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 17))
	switch seed % 3 {
	case 0:
		return testkit.Objects(r)
	case 1:
		return testkit.Columns(r)
	}
	return testkit.Replicas(r)
}

// compareSymmetry holds searches with symmetry against the full one. It returns the states of the full one and of the one with symmetry alone, or zeros where the full one is too
// large or nothing is interchangeable, and what differs.
func compareSymmetry(src string, o elab.BuildOptions) (full, symmetric int64, diff string) {
	sys, err := testkit.First("random.pmd", src, o)
	if err != nil {
		return 0, 0, ""
	}
	check := func(o checker.Options) *checker.Result {
		o.MaxStates = maxRandom
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil && diff == "" {
			diff = err.Error()
		}
		return res
	}
	ref := check(checker.Options{Reduction: checker.ReductionNone})
	if diff != "" || ref.Reason != checker.ReasonNone {
		return 0, 0, diff
	}
	sym := check(checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn})
	if diff != "" || !slices.ContainsFunc(sym.Symmetry, func(s checker.Symmetry) bool { return s.Members > 0 }) {
		return 0, 0, diff
	}
	for _, c := range []struct {
		name string
		o    checker.Options
	}{
		{"symmetry", checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}},
		{"symmetry, bfs", checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Search: checker.BFS}},
		{"symmetry, 3 workers", checker.Options{Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Workers: 3}},
		{"both", checker.Options{Symmetry: checker.SymmetryOn, Reduction: checker.ReductionStubborn}},
		{"both, no chains", checker.Options{Symmetry: checker.SymmetryOn, Reduction: checker.ReductionStubborn, NoChains: true, Search: checker.BFS}},
	} {
		res := check(c.o)
		if diff == "" && evidence(res) != evidence(ref) {
			diff = fmt.Sprintf("%s: %s\nfull: %s", c.name, evidence(res), evidence(ref))
		}
		if diff == "" && c.o.Reduction == checker.ReductionNone && res.Stats.States != sym.Stats.States {
			diff = fmt.Sprintf("%s: %d states, in other orders %d", c.name, res.Stats.States, sym.Stats.States)
		}
		if diff != "" {
			break
		}
	}
	return ref.Stats.States, sym.Stats.States, diff
}

func symmetrySeed(t *testing.T, seed uint64) (full, symmetric int64) {
	o := elab.BuildOptions{NoMerge: seed%4 == 0, NoReset: seed%11 == 0}
	src := interchangeable(seed)
	full, symmetric, diff := compareSymmetry(src, o)
	if diff != "" {
		differs := func(s string) bool {
			_, _, d := compareSymmetry(s, o)
			return d != ""
		}
		small := shrink(src, differs)
		_, _, diff = compareSymmetry(small, o)
		t.Fatalf("seed %d: %s\n%s", seed, diff, small)
	}
	return full, symmetric
}

// TestSymmetryOfManyKinds compares searches with and without symmetry on models of objects, of columns of processes, and of replicas that are told apart in many
// ways. Witnesses are executed by the
// interpreter as always.
func TestSymmetryOfManyKinds(t *testing.T) {
	n := uint64(3000)
	if testing.Short() {
		n = 300
	}
	var used, fewer, full, symmetric int64
	for seed := range n {
		a, b := symmetrySeed(t, seed)
		if a == 0 {
			continue
		}
		used++
		full += a
		symmetric += b
		if b < a {
			fewer++
		}
	}
	if used < int64(n)/4 || fewer < used/4 {
		t.Errorf("symmetry was used in %d of %d models and stored fewer states in %d", used, n, fewer)
	}
	t.Logf("symmetry was used in %d of %d models and stored fewer states in %d: %d of %d", used, n, fewer, symmetric, full)
}

// TestSymmetryCounts: figures that can be derived by hand. Four processes allocate an object each; what was kth has object k, so that the states are the sequences of different processes, 1 + 4 + 12 + 24 + 24. Up
// to objects what counts is what has one, 2^4; up to processes as well, how many have one. Then the same where the objects are linked to a list, whose order is that of the processes again.
func TestSymmetryCounts(t *testing.T) {
	const head = "@use(dead) struct l { u1 v; struct l *next; }; property dead \"dead\"; pool struct l S[4]; struct l *top; u2 x; process z { end: await (x == 2); x = 1; }\n"
	body := func(code string) (apart, replicas string) {
		for i := range 4 {
			apart += fmt.Sprintf("process p%d { struct l *o; atomic { o = alloc(struct l); %s } end: await (x == 1); o->v = %d; }\n", i, code, i%2)
		}
		return apart, fmt.Sprintf("process p[4](u2 i) { struct l *o; atomic { o = alloc(struct l); %s } end: await (x == 1); o->v = 1; }\n", code)
	}
	alone, replicas := body("")
	linked, linkedReplicas := body("o->next = top; top = o;")
	for _, c := range []struct {
		name, src       string
		full, symmetric int64
	}{
		{"processes apart", alone, 65, 16},
		{"replicas", replicas, 65, 5},
		{"a list", linked, 65, 65},
		{"a list of replicas", linkedReplicas, 65, 5},
	} {
		sys := build(t, head+c.src, elab.BuildOptions{})
		for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Search: checker.BFS}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn, Workers: 2}} {
			r, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatal(err)
			}
			want := c.full
			if o.Symmetry == checker.SymmetryOn {
				want = c.symmetric
			}
			if r.Verdict != checker.Holds || r.Stats.States != want {
				t.Errorf("%s, %+v: %v with %d states, not %d; %+v", c.name, o, r.Verdict, r.Stats.States, want, r.Symmetry)
			}
		}
	}
}

// FuzzSymmetry goes on where TestSymmetryOfManyKinds ends.
func FuzzSymmetry(f *testing.F) {
	f.Add(uint64(1_000_000))
	f.Fuzz(func(t *testing.T, seed uint64) { symmetrySeed(t, seed) })
}

// classes counts, on the interpreter, the reachable states up to a permutation of the first members processes, trying every permutation.
func classes(t *testing.T, sys *model.System, members int) int {
	t.Helper()
	in := eval.New(sys, eval.Options{})
	s0, _ := in.Initial()
	seen, found := map[string]bool{s0.Key(): true}, map[string]bool{}
	work := []*eval.State{s0}
	for len(work) > 0 {
		s := work[0]
		work = work[1:]
		least := ""
		for _, p := range permutations(members) {
			if k := permuted(sys, s, p).Key(); least == "" || k < least {
				least = k
			}
		}
		found[least] = true
		for p := range sys.Processes {
			if s.Locs[p] < 0 {
				continue
			}
			for _, tr := range sys.Processes[p].Locations[s.Locs[p]].Trans {
				for out := range in.Ways(s, model.ProcID(p), tr) {
					if out.Enabled && !seen[out.Next.Key()] {
						seen[out.Next.Key()] = true
						work = append(work, out.Next)
					}
				}
			}
		}
	}
	return len(found)
}

func permutations(n int) (out [][]int) {
	if n == 1 {
		return [][]int{{0}}
	}
	for _, p := range permutations(n - 1) {
		for at := range n {
			q := append(append(append([]int{}, p[:at]...), n-1), p[at:]...)
			out = append(out, q)
		}
	}
	return out
}

// permuted is the state in which worker i has what worker p[i] had.
func permuted(sys *model.System, s *eval.State, p []int) *eval.State {
	out := s.Clone()
	for i, from := range p {
		out.Locs[i] = s.Locs[from]
		for k, v := range sys.Processes[i].Locals {
			copy(out.Vals[v], s.Vals[sys.Processes[from].Locals[k]])
		}
		for _, v := range sys.Vars {
			switch v.Name {
			case "mine", "seen":
				out.Vals[v.ID][i] = s.Vals[v.ID][from]
			case "owner":
				if s.Vals[v.ID][0] == int32(from+1) {
					out.Vals[v.ID][0] = int32(i + 1)
				}
			}
		}
	}
	return out
}
