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

// naive is the state graph of a small system as the oracle sees it, without states in which a process has failed.
type naive struct {
	sys    *model.System
	in     *eval.Interp
	states []*eval.State
	succ   [][]naiveEdge
	can    [][]bool // by state and process: it has a step, be it one that fails
	crash  bool     // a process that is not fair can fail
}

type naiveEdge struct {
	proc model.ProcID
	to   int
}

// explicit builds the graph; false if it is too large.
func explicit(sys *model.System) (*naive, bool) {
	g := &naive{sys: sys, in: eval.New(sys, eval.Options{})}
	number := map[string]int{}
	add := func(s *eval.State) int {
		k := s.Key()
		if _, ok := number[k]; !ok {
			number[k] = len(g.states)
			g.states = append(g.states, s)
		}
		return number[k]
	}
	s0, fails := g.in.Initial()
	if len(fails) > 0 {
		g.crash = slices.ContainsFunc(sys.Processes, func(p *model.Process) bool { return !p.Fair })
		return g, true
	}
	add(s0)
	for i := 0; i < len(g.states); i++ {
		if i > maxRandom {
			return nil, false
		}
		can := make([]bool, len(sys.Processes))
		var succ []naiveEdge
		for _, c := range g.in.Enabled(g.states[i]) {
			can[c.Proc] = true
			out := g.in.Step(g.states[i], c)
			if out.Failure == nil {
				succ = append(succ, naiveEdge{c.Proc, add(out.Next)})
			} else if !sys.Processes[c.Proc].Fair {
				g.crash = true
			}
		}
		g.succ, g.can = append(g.succ, succ), append(g.can, can)
	}
	return g, true
}

// violated decides a case from the definition, by sets. stay is the largest set of states without Q from each of which one can go on inside it for ever (or nothing
// can move), and inside it reach, for each fair process, a state where it cannot move or a step of it: the states where a fair run without Q can begin
// (Emerson and Lei 1986). The case is violated if one of them can be reached without Q from a state with P.
func (g *naive) violated(c model.LiveCase) bool {
	holds := func(i int, x *model.Expr, failed bool) bool {
		v, f := g.in.Eval(g.states[i], x)
		if f != nil {
			return failed
		}
		return v != 0
	}
	n := len(g.states)
	stay := make([]bool, n)
	for i := range n {
		stay[i] = !holds(i, c.Q, false)
	}
	open := slices.Clone(stay)
	for changed := true; changed; {
		changed = false
		keep := make([]bool, n)
		for i := range n {
			terminal := !slices.Contains(g.can[i], true)
			keep[i] = stay[i] && (terminal || slices.ContainsFunc(g.succ[i], func(e naiveEdge) bool { return stay[e.to] }))
		}
		for _, p := range g.sys.Processes {
			if !p.Fair {
				continue
			}
			reach := make([]bool, n)
			for i := range n {
				reach[i] = stay[i] && (!g.can[i][p.ID] || slices.ContainsFunc(g.succ[i], func(e naiveEdge) bool { return e.proc == p.ID && stay[e.to] }))
			}
			for more := true; more; {
				more = false
				for i := range n {
					if stay[i] && !reach[i] && slices.ContainsFunc(g.succ[i], func(e naiveEdge) bool { return stay[e.to] && reach[e.to] }) {
						reach[i], more = true, true
					}
				}
			}
			for i := range n {
				keep[i] = keep[i] && reach[i]
			}
		}
		changed = !slices.Equal(keep, stay)
		stay = keep
	}
	owed := make([]bool, n)
	for i := range n {
		owed[i] = open[i] && (c.P == nil && i == 0 || c.P != nil && holds(i, c.P, true))
	}
	for more := true; more; {
		more = false
		for i := range n {
			for _, e := range g.succ[i] {
				if owed[i] && open[e.to] && !owed[e.to] {
					owed[e.to], more = true, true
				}
			}
		}
	}
	for i := range n {
		if owed[i] && stay[i] {
			return true
		}
	}
	return false
}

// liveVerdicts checks a system and returns the violated liveness properties; complete is false if a limit came first. reduced tells that the reduced walk
// decided them, without a search of their own.
func liveVerdicts(t *testing.T, sys *model.System, opts checker.Options, src string) (violated string, complete, reduced bool) {
	t.Helper()
	violated, _, complete, reduced = allVerdicts(t, sys, opts, src)
	return violated, complete, reduced
}

// allVerdicts gives the other properties that are violated as well.
func allVerdicts(t *testing.T, sys *model.System, opts checker.Options, src string) (violated, others string, complete, reduced bool) {
	t.Helper()
	opts.MaxStates = 30 * maxRandom
	res, err := checker.Check(context.Background(), sys, opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	var out, rest []string
	for _, v := range res.Violations {
		if v.Prop != model.NoProp && sys.Props[v.Prop].Kind != model.PropLiveness {
			rest = append(rest, v.Property)
		}
		if v.Prop != model.NoProp && sys.Props[v.Prop].Kind == model.PropLiveness {
			out = append(out, v.Property)
			if v.Witness.Property != v.Property {
				t.Fatalf("the witness of %s is of %s\n%s", v.Property, v.Witness.Property, src)
			}
		}
	}
	return strings.Join(out, " "), strings.Join(rest, " "), res.Reason == checker.ReasonNone, res.Stats.LiveStates == 0
}

// compareLiveness holds the checker against the definition, and against itself on the same model built otherwise. It returns how many properties there are, and how
// many of them are violated, and whether the reduction decided them.
func compareLiveness(t *testing.T, seed uint64) (props, bad int, reduced bool) {
	src := testkit.LiveSource(rand.New(rand.NewPCG(seed, 2026)))
	sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%3 == 0})
	if !ok {
		return 0, 0, false
	}
	g, ok := explicit(sys)
	if !ok {
		return 0, 0, false
	}
	var want []string
	for _, q := range sys.Props {
		if q.Kind != model.PropLiveness {
			continue
		}
		props++
		if len(g.states) > 0 && slices.ContainsFunc(q.Cases, g.violated) {
			want = append(want, q.Name)
		}
	}
	red := checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn, Verify: seed%8 == 0}
	unreduced, whole := "", false
	for i, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 3}, red} {
		got, others, complete, byReduction := allVerdicts(t, sys, opts, src)
		if i == 0 {
			unreduced, whole = others, complete
		} else if complete && whole && others != unreduced {
			t.Fatalf("seed %d: %+v finds %q violated besides, not %q\n%s", seed, opts, others, unreduced, src)
		}
		reduced = reduced || opts.Reduction != checker.ReductionNone && byReduction && len(g.states) > 1
		if complete && got != strings.Join(want, " ") {
			t.Fatalf("seed %d: the checker finds %q violated, the definition %q\n%s", seed, got, want, src)
		}
	}
	// A local operation that fails fails with the step it is merged into. Unmerged, a process that need not move can stop before it.
	for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoReset: true}} {
		if g.crash {
			break
		}
		other, _ := tryBuild(t, src, o)
		if got, complete, _ := liveVerdicts(t, other, checker.Options{Reduction: checker.ReductionNone}, src); complete && got != strings.Join(want, " ") {
			t.Fatalf("seed %d: built with %+v the checker finds %q violated, not %q\n%s", seed, o, got, want, src)
		}
	}
	return props, len(want), reduced
}

func TestLivenessOnRandomModels(t *testing.T) {
	n := uint64(2500)
	if testing.Short() {
		n = 250
	}
	props, bad, reduced, both := 0, 0, uint64(0), 0
	for seed := range n {
		p, b, r := compareLiveness(t, seed)
		props, bad = props+p, bad+b
		if r {
			reduced++
			both += b
		}
	}
	if reduced < n/5 || both < int(reduced)/5 {
		t.Errorf("%d models without cycles have %d violations: they say little", reduced, both)
	}
	if bad < props/5 || bad > props*4/5 {
		t.Errorf("%d of %d properties are violated: the models say little", bad, props)
	}
	t.Logf("%d of %d properties are violated; in %d models without cycles %d", bad, props, reduced, both)
}

func FuzzLiveness(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareLiveness(t, seed) })
}

// TestLiveness is small systems whose answers follow from the definition by hand.
func TestLiveness(t *testing.T) {
	peterson := func(fair string) string {
		return fair + `bool wants[2]; bool flag[2]; u1 turn; bool inside[2];
process p[2](u1 i) { while (true) {
	wants[i] = true; flag[i] = true; turn = 1 - i; await (!flag[1 - i] || turn == i);
	inside[i] = true; wants[i] = false; inside[i] = false; flag[i] = false;
} }
liveness served(u1 i): wants[i] leads_to inside[i];
liveness raised(u1 i): flag[i] && !wants[1 - i] leads_to inside[i] || wants[1 - i] || !flag[i];
liveness again(u1 i): always eventually wants[i];
liveness free: always eventually !inside[0] && !inside[1];`
	}
	for _, tc := range []struct {
		name, src string
		want      string
	}{
		// What wants to gets in after at most one turn of the other, if both go on; without fairness the other goes round alone before the flag is up. Once it is up,
		// the other cannot: it gives the turn away and waits. That the lock is free again and again needs no fairness either, for nobody goes round inside.
		{"Peterson, fair", peterson("fair process;"), ""},
		{"Peterson, not fair", peterson(""), "served again"},
		// A fair process only has to move if it can move all the time. q's condition is true again and again, not from some time on: weak fairness lets q starve.
		{"weak fairness is not strong", "bool a; bool got; fair process p { while (true) { a = true; a = false; } } fair process q { await (a); got = true; } liveness l: eventually got;", "l"},
		{"it can move all the time", "bool a; bool got; fair process p { a = true; while (true) { skip; } } fair process q { await (a); got = true; } liveness l: eventually got;", ""},
		{"it can move all the time, but need not", "bool a; bool got; fair process p { a = true; while (true) { a = true; } } process q { await (a); got = true; } liveness l: eventually got;", "l"},
		// Without a loop there is nothing to starve behind: a run goes on as long as anything can move.
		{"runs are maximal", "u2 x; process p { x = 1; x = 2; } process q { u1 i; i = 1; } liveness l: eventually x == 2;", ""},
		{"a run that ends", "u2 x; process p { x = 1; x = 2; end: await (x == 3); } liveness l: eventually x == 3; liveness g: always eventually x == 2; liveness o: always eventually x == 1;", "l o"},
		{"an unfair loop", "u2 x; process p { x = 1; x = 2; } process q { while (true) { skip; } } liveness l: eventually x == 2;", "l"},
		{"at the start", "u2 x; process p { x = 1; } liveness l: eventually x == 0; liveness g: always eventually x == 0; liveness t: x == 0 leads_to x == 1;", "g"},
		{"true at the same time", "u2 x; process p { x = 1; } liveness l: x == 1 leads_to x == 1;", ""},
		{"owed again", "u2 x; process p { x = 1; x = 2; x = 1; } liveness l: x == 1 leads_to x == 2;", "l"},
		{"never owed", "u2 x; process p { x = 1; } liveness l: x == 2 leads_to x == 3;", ""},
		// A run in which a process crashes is not judged; the others are.
		{"a crash excuses only itself", "u2 x; process p { x = 1; assert (x == 1); } process q { x = 3; } liveness l: x == 1 leads_to x == 2; liveness m: eventually x == 3;", "l"},
		{"a crash excuses", "u2 x; process p { x = 1; assert (x == 0); x = 2; } liveness l: x == 1 leads_to x == 2;", ""},
		{"a crash at the start", "u2 x = 1; process p { u1 i; assert (i == 1); } process q { x = 2; } liveness l: eventually x == 3;", ""},
		// p can move, into its crash, in every state of q's loop: fairness makes it, and the run is not judged.
		{"fairness into a crash", "u2 x; fair process p { assert (x > 1); x = 3; } fair process q { while (true) { x = 1; x = 0; } } liveness l: eventually x == 3;", ""},
		{"no fairness into a crash", "u2 x; process p { assert (x > 1); x = 3; } fair process q { while (true) { x = 1; x = 0; } } liveness l: eventually x == 3;", "l"},
		// Philosophers that take both forks at once: a neighbour on each side can starve the one in the middle, for it is not able to eat all the time.
		{
			"dining", "bool eats[3]; fair process; process p[3](u2 i) { while (true) { atomic { await (!eats[(i + 1) % 3] && !eats[(i + 2) % 3]); eats[i] = true; } eats[i] = false; } }" +
				"liveness all(int<0..2> i): always eventually eats[i]; liveness some: always eventually eats[0] || eats[1] || eats[2];",
			"all",
		},
		// An evaluation that goes wrong counts as a true P and a false Q.
		{"faults", "u2 x; process p { x = 0; } liveness p: 6 / x > 1 leads_to x == 1; liveness q: eventually 6 / x > 1; liveness r: x == 1 leads_to 6 / x > 1;", "p q"},
		{"objects", "@use(u) struct s { u1 n; }; struct s A, B; struct s *r = &A; pool struct s C; process p { free (r); r = &B; } liveness gone(struct s *o): live(o) leads_to !live(o);", "gone"},
		// Predicates only observe: they read the fields of dead objects, and neither fail nor end a run.
		{"a field of a freed object", "@use(u) struct s { u1 n; }; struct s A; process p { free (&A); } liveness l: eventually A.n == 1; liveness m: A.n == 0 leads_to A.n == 0;", "l"},
		{"what is written after the free", "@use(u) struct s { u1 n; }; struct s A; u1 go; process p { A.n = 1; free (&A); go = 1; } process q { await (go == 1); go = 0; } liveness l: go == 1 leads_to go == 0 && A.n == 1; liveness m: A.n == 1 leads_to A.n == 0;", "m"},
		{"a pointer", "struct s { u1 n; }; struct s A, B; struct s *r = &A; process p { r = &B; r = NULL; } liveness l(struct s *o): r == o leads_to r == NULL; liveness m(struct s *o): eventually r == o;", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true, NoReset: true}} {
				sys, _ := tryBuild(t, tc.src, o)
				for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}} {
					if got, complete, _ := liveVerdicts(t, sys, opts, tc.src); got != tc.want || !complete {
						t.Errorf("%+v: violated %q, not %q", opts, got, tc.want)
					}
				}
				g, _ := explicit(sys)
				var naive []string
				for _, q := range sys.Props {
					if slices.ContainsFunc(q.Cases, func(c model.LiveCase) bool { return len(g.states) > 0 && g.violated(c) }) {
						naive = append(naive, q.Name)
					}
				}
				if got := strings.Join(naive, " "); got != tc.want {
					t.Errorf("the definition says %q, not %q", got, tc.want)
				}
			}
		})
	}
}

// TestLivenessOnlyObserves: what a search remembers of liveness is read in steps of processes, and neither ends nor fails them. q crashes in every run, so that no run is judged; p goes on behind
// its free. Predicates of invariants and covers read dead objects too.
func TestLivenessOnlyObserves(t *testing.T) {
	const decl = "property used \"a dead object is used\"; property late \"what p does behind the free\"; @use(used) struct s { u1 n; struct s *next; }; struct s A; struct s *r = &A; pool struct s C[1]; u1 go; "
	for _, c := range []struct{ body, want string }{
		{"process q { u1 i = C[0].n; } process p { free (&A); go = 1; assert (go == 0, late); } process r { go = 0; } liveness l: eventually A.n == 1 || go == 1;", "used late"},
		{"process p { free (&A); go = 1; } process q { await (go == 1); go = 0; assert (A.n == 0, late); } liveness l: eventually A.n == 1;", "used"},
		{"process p { free (&A); go = 1; assert (go == 0, late); } process r { go = 0; } liveness l: go == 1 leads_to r->next == NULL; liveness m: go == 1 leads_to r->n == 1;", "late"},
		{"process p { free (&A); go = 1; } process r { go = 0; } invariant i: A.n == 0 && r->n == 0; cover k: go == 1 && A.n == 0 && r->n == 0;", ""},
		{"process p { free (&A); go = 1; } process r { go = 0; } invariant i: r->n == 0 || go == 1; invariant j: A.n == go; cover k: C[0].n == 0;", "j"},
	} {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoReset: true}} {
			sys := build(t, decl+c.body, o)
			for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn, Verify: true}} {
				_, others, complete, _ := allVerdicts(t, sys, opts, c.body)
				if others != c.want || !complete {
					t.Errorf("%s: %+v %+v: violated %q, not %q", c.body, o, opts, others, c.want)
				}
			}
		}
	}
}

// TestLivenessLimits: a limit makes the verdict unknown, never holds.
func TestLivenessLimits(t *testing.T) {
	src := "u4 x; process p { while (true) { x = (x + 1) % 16; } } process q { while (true) { skip; } } liveness l: always eventually x < 16;"
	sys, _ := tryBuild(t, src, elab.BuildOptions{})
	for states, want := range map[int64]string{31: "unknown states", 32: "holds "} {
		res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, MaxStates: states})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(res.Verdict, " ", res.Reason); got != want {
			t.Errorf("with %d states: %s, not %s", states, got, want)
		}
	}
}

// TestLivenessBeforeACrash: a process that is not fair may stop before a local operation that fails, merged or not, and the run in which it does is judged. One that is fair has to go on.
func TestLivenessBeforeACrash(t *testing.T) {
	const src = "u2 x; u1 y; %sprocess p { u1 i; x = 1; assert (i == 1); x = 2; } process q { while (true) { y = 1; y = 0; } } liveness l: x == 1 leads_to x == 2;"
	for _, c := range []struct {
		fair    string
		noMerge bool
		want    string
	}{{"", false, "l"}, {"", true, "l"}, {"fair ", false, ""}, {"fair ", true, ""}} {
		sys := build(t, fmt.Sprintf(src, c.fair), elab.BuildOptions{NoMerge: c.noMerge})
		if got, complete, _ := liveVerdicts(t, sys, checker.Options{Reduction: checker.ReductionNone}, src); !complete || got != c.want {
			t.Errorf("%+v: %q is violated", c, got)
		}
	}
}
