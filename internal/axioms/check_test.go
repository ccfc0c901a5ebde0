package axioms

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"pmdcheck/internal/litmus"
)

func parse(t testing.TB, src string) *litmus.Test {
	t.Helper()
	test, err := litmus.Parse("t.litmus", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

// TestLimits: what takes too much is unknown, never Never.
func TestLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("C big\n{}\n")
	for p := range 8 {
		fmt.Fprintf(&b, "P%d(int *x)\n{\n", p)
		for i := range 4 {
			fmt.Fprintf(&b, "\tint r%d = READ_ONCE(*x);\n\tWRITE_ONCE(*x, r%d + %d);\n", i, i, p*4+i+1)
		}
		b.WriteString("}\n")
	}
	b.WriteString("exists (x=1000000)\n")
	big := parse(t, b.String())
	for m := SC; m <= LKMM; m++ {
		r := Check(context.Background(), big, m, Options{Limit: 20000})
		if r.Verdict() != Unknown || r.Why == "" {
			t.Errorf("%s: %s, %q", m, r.Verdict(), r.Why)
		}
	}
	long := "C long\n{}\nP0(int *x)\n{\n" + strings.Repeat("\tWRITE_ONCE(*x, 1);\n", 300) + "}\nexists (x=2)\n"
	if r := answerOrWhy(parse(t, long)); !strings.Contains(r.Why, "events") {
		t.Errorf("%s, %q", r.Verdict(), r.Why)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := Check(ctx, big, LKMM, Options{}); r.Verdict() != Unknown {
		t.Errorf("interrupted: %s", r.Verdict())
	}
	div := "C div\n{}\nP0(int *x)\n{\n\tint r1 = 1 / READ_ONCE(*x);\n}\nexists (0:r1=7)\n"
	if r := answerOrWhy(parse(t, div)); !strings.Contains(r.Why, "undefined") {
		t.Errorf("%s, %q", r.Verdict(), r.Why)
	}
}

func answerOrWhy(test *litmus.Test) *Result {
	return Check(context.Background(), test, LKMM, Options{})
}

// TestQuestions: quantifiers, filter and counts.
func TestQuestions(t *testing.T) {
	const body = "{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n}\nP1(int *x)\n{\n\tint r1 = READ_ONCE(*x);\n}\n"
	for _, c := range []struct {
		question  string
		verdict   Verdict
		fulfilled bool
		pos, neg  int64
		states    int
	}{
		{"exists (1:r1=1)", Sometimes, true, 1, 1, 2},
		{"exists (1:r1=2)", Never, false, 0, 2, 2},
		{"forall (1:r1=0 \\/ 1:r1=1)", Always, true, 2, 0, 2},
		{"forall (1:r1=1)", Sometimes, false, 1, 1, 2},
		{"~exists (1:r1=2)", Never, true, 0, 2, 2},
		{"~exists (1:r1=1)", Sometimes, false, 1, 1, 2},
		{"filter (1:r1=1)\nexists (x=1)", Always, true, 1, 0, 1},
		{"filter (1:r1=5)\nexists (x=1)", NoFinal, false, 0, 0, 0},
		{"exists (x=1)", Always, true, 2, 0, 1},
		{"locations [1:r1]\nexists (x=1)", Always, true, 2, 0, 2},
		{"exists (x=1 => 1:r1=1)", Sometimes, true, 1, 1, 2},
		{"exists (1:r1=x)", Never, false, 0, 2, 2},
		{"exists (x=1:r1)", Sometimes, true, 1, 1, 2},
	} {
		r := answer(t, parse(t, "C q\n"+body+c.question+"\n"), LKMM, none)
		if r.Verdict() != c.verdict || r.Fulfilled() != c.fulfilled || r.Positive != c.pos || r.Negative != c.neg || len(r.States) != c.states {
			t.Errorf("%s: %s %v %d+%d, %d states", c.question, r.Verdict(), r.Fulfilled(), r.Positive, r.Negative, len(r.States))
		}
	}
}

// TestFlags: what makes a test odd or meaningless is said.
func TestFlags(t *testing.T) {
	for body, want := range map[string]string{
		"\tspin_unlock(x);\n":                  "unmatched-unlock",
		"\tspin_lock(x);\n\tspin_unlock(x);\n": "",
		"\trcu_read_lock();\n":                 "unmatched-rcu-lock",
		"\trcu_read_unlock();\n":               "unmatched-rcu-unlock",
		"\tint i = srcu_read_lock(x);\n":       "unmatched-srcu-lock",
		"\tsrcu_read_unlock(x, 0);\n":          "unmatched-srcu-unlock",
		"\tint i = srcu_read_lock(x);\n\tsrcu_read_unlock(x, i);\n\tsrcu_read_unlock(x, i);\n": "multiple-srcu-matches",
		"\trcu_read_lock();\n\trcu_read_lock();\n\trcu_read_unlock();\n\trcu_read_unlock();\n": "",
	} {
		r := answer(t, parse(t, "C f\n{}\nP0(struct srcu_struct *x)\n{\n"+body+"}\nexists (true)\n"), LKMM, none)
		if got := strings.Join(r.Flags, ","); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}

// TestRelations holds the bit matrices against their definitions, on sizes on both sides of a word.
func TestRelations(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, n := range []int{1, 5, 63, 64, 65, 130} {
		a := newArena(n)
		make1 := func() rel {
			r := a.rel()
			for range n {
				r.add(rng.Intn(n), rng.Intn(n))
			}
			return r
		}
		r, s := make1(), make1()
		comp, plus, inv := a.seq(r, s), a.plus(r), a.inverse(r)
		reach := make([][]bool, n)
		for i := range n {
			reach[i] = make([]bool, n)
			for j := range n {
				reach[i][j] = r.has(i, j)
			}
		}
		for k := range n {
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		cyclic := false
		for i := range n {
			cyclic = cyclic || reach[i][i]
			for j := range n {
				through := false
				for k := range n {
					through = through || r.has(i, k) && s.has(k, j)
				}
				if comp.has(i, j) != through || plus.has(i, j) != reach[i][j] || inv.has(j, i) != r.has(i, j) {
					t.Fatalf("n=%d: %d, %d", n, i, j)
				}
				if p := r.path(i, j); (p != nil) != reach[i][j] {
					t.Fatalf("n=%d: path from %d to %d is %v", n, i, j, p)
				}
			}
		}
		if r.acyclic() == cyclic || (r.cycle() != nil) != cyclic {
			t.Fatalf("n=%d: acyclic is %v", n, r.acyclic())
		}
	}
}
