package axioms

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmusgen"
)

var programs = flag.Int("programs", 1000, "how many random programs TestRandom compares")

// randomTest makes the test of a seed.
func randomTest(t testing.TB, seed int64) *litmus.Test {
	t.Helper()
	text := litmusgen.Text(seed)
	test, err := litmus.Parse(fmt.Sprintf("random-%d", seed), []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	test.File = text // for messages
	return test
}

func stateSet(r *Result) map[string]bool {
	out := map[string]bool{}
	for i := range r.States {
		out[r.StateString(&r.States[i], "")] = true
	}
	return out
}

// missing is a member of a that b does not have.
func missing(a, b map[string]bool) string {
	for s := range a {
		if !b[s] {
			return s
		}
	}
	return ""
}

func answer(t testing.TB, test *litmus.Test, m Model, mut mutant) *Result {
	t.Helper()
	r := Check(context.Background(), test, m, Options{mutant: mut})
	if r.Why != "" {
		t.Fatalf("%s under %s: %s", test.Name, m, r.Why)
	}
	return r
}

// TestRandom holds the axioms of SC and TSO against machines that execute, and the models against each other.
func TestRandom(t *testing.T) {
	n := *programs
	if testing.Short() {
		n = 150
	}
	weaker, gps, large := [4]int{}, 0, 0
programs:
	for seed := range int64(n) {
		test := randomTest(t, seed)
		var set [4]map[string]bool
		for m := SC; m <= LKMM; m++ {
			r := Check(context.Background(), test, m, Options{})
			if r.Why != "" { // a limit is no answer
				large++
				continue programs
			}
			set[m] = stateSet(r)
			if m > SC && len(set[m]) > len(set[SC]) {
				weaker[m]++
			}
		}
		if strings.Contains(test.File, "synchronize") {
			gps++
		}
		for _, m := range []Model{SC, TSO} {
			want := machineStates(test, m == TSO)
			if s := missing(want, set[m]); s != "" {
				t.Fatalf("%s: the machine ends in %s, the axioms forbid it\n%s", m, s, test.File)
			}
			if s := missing(set[m], want); s != "" {
				t.Fatalf("%s: the axioms allow %s, the machine never ends there\n%s", m, s, test.File)
			}
		}
		for _, in := range [][2]Model{{SC, TSO}, {TSO, LKMM}, {SC, ARM}, {ARM, LKMM}} {
			if s := missing(set[in[0]], set[in[1]]); s != "" {
				t.Fatalf("%s allows %s, and %s does not\n%s", in[0], s, in[1], test.File)
			}
		}
	}
	if large > n/200 {
		t.Errorf("%d of %d programs are too large", large, n)
	}
	t.Logf("%d programs, %d with grace periods; more states than under sc: tso %d, arm %d, lkmm %d", n, gps, weaker[TSO], weaker[ARM], weaker[LKMM])
	if weaker[TSO] < n/30 || weaker[ARM] < n/10 || weaker[LKMM] < n/10 {
		t.Error("hardly any program shows a weak memory")
	}
}
