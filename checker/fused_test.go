package checker_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

// compareFused walks two compilations of one system side by side, with fused steps and without: every step has the same outcome, bit by bit, and [program.Exec.Expand]
// does what running each candidate does. A transition that stays in its part of a division, as it is said to, leads to no other. It returns how many steps were run.
func compareFused(t *testing.T, sys *model.System, src string, most int) (steps int) {
	t.Helper()
	fused, err := program.Compile(sys, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := program.Compile(sys, program.Options{NoFuse: true})
	if err != nil {
		t.Fatal(err)
	}
	type event struct {
		trans  int
		status program.Status
		failed model.PropID
		covers string
	}
	note := func(x *program.Exec, no int, s program.Status) event {
		e := event{no, s, model.NoProp, fmt.Sprint(x.Covers())}
		if s == program.Failed {
			e.failed = x.Failed()
		}
		return e
	}
	f, q := fused.NewExec(), plain.NewExec()
	first := make([]uint64, fused.Total)
	f.Initial(first)
	seen := map[string]bool{fmt.Sprint(first[:fused.Words]): true}
	work := [][]uint64{first[:fused.Words]}
	dst := make([]uint64, fused.Total)
	u := fused.Successors()
	divisions := []*program.Division{fused.Divide(2), fused.Divide(3), fused.Divide(17)}
	for len(work) > 0 && len(seen) < most {
		cur := work[0]
		work = work[1:]
		var want, got []event
		var trans []int
		var next []uint64
		for p := range sys.Processes {
			for _, c := range plain.Candidates(cur, p) {
				q.Each(c, cur, dst, func(s program.Status) {
					if s == program.Disabled {
						return
					}
					trans = append(trans, c.No)
					next = append(next, dst[:fused.Words]...)
					if s == program.Failed || len(q.Covers()) > 0 {
						want = append(want, note(q, c.No, s))
					}
					if k := fmt.Sprint(dst[:fused.Words]); !seen[k] {
						seen[k] = true
						work = append(work, slices.Clone(dst[:fused.Words]))
					}
				})
			}
		}
		steps += len(trans)
		f.Expand(cur, u, func(c *program.Transition, s program.Status) bool {
			got = append(got, note(f, c.No, s))
			return true
		})
		var ran []int
		for _, c := range u.Trans[:u.N] {
			ran = append(ran, c.No)
		}
		if !slices.Equal(ran, trans) || !slices.Equal(u.States(), next) || !slices.Equal(got, want) {
			t.Fatalf("state %v: fused %v %v %v, plain %v %v %v\n%s", cur, ran, u.States(), got, trans, next, want, src)
		}
		for p := range sys.Processes {
			for i, c := range fused.Candidates(cur, p) {
				other := make([]uint64, fused.Total)
				a, b := f.Run(c, cur, dst), q.Run(plain.Candidates(cur, p)[i], cur, other)
				for _, d := range divisions {
					if a == program.Moved && d.Stays(c) && d.Part(dst[:fused.Words]) != d.Part(cur) {
						t.Fatalf("state %v: transition %d of process %d leads to another part, %v\n%s", cur, c.ID, p, dst, src)
					}
				}
				if a != b || a != program.Disabled && (!slices.Equal(dst[:fused.Words], other[:fused.Words]) || note(f, 0, a) != note(q, 0, b)) {
					t.Fatalf("state %v: transition %d of process %d: fused %v %v, plain %v %v\n%s", cur, c.ID, p, a, dst, b, other, src)
				}
			}
		}
	}
	return steps
}

// guarded writes a model of steps such as are fused, nearly: comparisons with constants on either side, of cells and of some of their bits, joined and negated; asserted as well as waited for;
// then constants stored, bits set and cleared, and counters, some of which go too far.
func guarded(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var cond func(depth int) string
	cond = func(depth int) string {
		if depth > 0 {
			switch r.IntN(4) {
			case 0:
				return fmt.Sprintf("!(%s)", cond(depth-1))
			case 1:
				return fmt.Sprintf("(%s && %s)", cond(depth-1), cond(depth-1))
			case 2:
				return fmt.Sprintf("(%s || %s)", cond(depth-1), cond(depth-1))
			}
		}
		cell := pick("a", "b", "b", "m", "c", "i", "w[0]", "w[1]", "w[i & 1]")
		k := fmt.Sprint(r.IntN(8) - 2)
		op := pick("==", "!=", "<", "<=", ">", ">=")
		switch r.IntN(8) {
		case 0:
			return pick("c", "!c", "a", "!m")
		case 1:
			return fmt.Sprintf("%s %s %s", k, op, cell)
		case 2, 3:
			return fmt.Sprintf("(m & %d) %s %d", r.IntN(16), pick("==", "!="), pick2(r, 0, r.IntN(16)))
		case 4:
			return fmt.Sprintf("(m & %d)", r.IntN(16))
		}
		return fmt.Sprintf("%s %s %s", cell, op, k)
	}
	stmt := func() string {
		switch r.IntN(7) {
		case 0:
			return fmt.Sprintf("a = %d;", r.IntN(8))
		case 1:
			return fmt.Sprintf("b = %d;", r.IntN(5)-2)
		case 2:
			return fmt.Sprintf("m |= %d;", r.IntN(16))
		case 3:
			return fmt.Sprintf("m &= %d;", r.IntN(16))
		case 4:
			return pick("b++;", "b--;", "b += 2;", "a = a - 1;", "a = (a + 1) & 7;", "i = (i + 3) & 3;")
		case 5:
			return pick("c = true;", "c = false;", "w[0] = 3;", "w[i & 1] = 2;", "w[1] = a & 3;", "cover(met);")
		}
		return fmt.Sprintf("if (%s) { %s } else { %s }", cond(1), pick("a = 1;", "m |= 2;", "c = true;"), pick("b = 0;", "i = 1;", "m = 5;"))
	}
	var s strings.Builder
	fmt.Fprintf(&s, "u3 a;\nint<-2..3> b;\nu4 m = %d;\nbool c;\nu2 w[2];\nproperty p \"p\";\nproperty q \"q\";\n", r.IntN(16))
	for n := range 2 + r.IntN(2) {
		down := r.IntN(3) == 0
		first, guard := "0", pick("rounds < 3", "rounds != 3", "!(rounds >= 2)", "3 > rounds && !c", "rounds <= 2 || a == 1", "rounds <= 2", "2 >= rounds", "!(rounds > 1)", "rounds == 0 || rounds == 1")
		if down {
			first, guard = "3", pick("rounds > 0", "rounds != 0", "!(rounds < 1)", "0 < rounds && !c", "rounds >= 1", "1 <= rounds", "!(rounds <= 1)", "!(rounds == 0)")
		}
		fmt.Fprintf(&s, "process p%d\n{\n\tu2 i;\n\t%s rounds = %s;\n\twhile (%s) {\n\t\tchoose {\n", n, pick("u2", "u3", "u4", "int<-3..9>", "int<0..3>"), first, guard)
		for range 1 + r.IntN(3) {
			s.WriteString("\t\tcase:\n\t\t\tatomic {\n")
			for range r.IntN(3) {
				fmt.Fprintf(&s, "\t\t\t\tawait (%s);\n", cond(2))
			}
			if r.IntN(3) == 0 {
				fmt.Fprintf(&s, "\t\t\t\tassert(%s, %s);\n", cond(1), pick("p", "q"))
			}
			for range r.IntN(4) {
				fmt.Fprintf(&s, "\t\t\t\t%s\n", stmt())
			}
			s.WriteString("\t\t\t}\n")
		}
		step := pick("rounds++;", "rounds += 2;", "if (rounds == 2) rounds--; else rounds++;", "rounds = rounds + 1; if (rounds > 2 && b == 0) rounds = 1;")
		if down {
			step = pick("rounds--;", "rounds -= 1; if (rounds < 1 && b == 0) rounds = 1;", "if (rounds >= 2) rounds -= 2; else rounds--;")
		}
		fmt.Fprintf(&s, "\t\t}\n\t\t%s\n\t}\n}\n", step)
	}
	return strings.ReplaceAll(s.String(), "cover(met);", "cover met;")
}

func pick2(r *rand.Rand, a, b int) int {
	if r.IntN(2) == 0 {
		return a
	}
	return b
}

// TestFusedSteps compares fused steps with closures, on models made for it, on those made for the engines, and on a configuration of every spec.
func TestFusedSteps(t *testing.T) {
	n := 600
	if testing.Short() {
		n = 150
	}
	steps, built := 0, 0
	for seed := range uint64(n) {
		for _, src := range []string{guarded(seed), random(seed)} {
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
				if sys, ok := tryBuild(t, src, o); ok {
					built++
					steps += compareFused(t, sys, src, 150)
					if seed%6 == 0 {
						compareEngines(t, sys, src, seed%4 == 0)
					}
				}
			}
		}
	}
	if built < 2*n || steps < 100*n {
		t.Errorf("%d of %d models were built, with %d steps", built, 4*n, steps)
	}
	steps = 0
	files, err := fs.Glob(specs.FS, "*/*.pmd")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := specs.FS.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := testkit.Loader().Load(f, src)
		if err != nil {
			t.Fatal(err)
		}
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			sys, err := spec.Build(configs[len(configs)/2], o)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			steps += compareFused(t, sys, f, 300)
		}
	}
	if steps < 10_000 {
		t.Errorf("%d steps of specs", steps)
	}
}
