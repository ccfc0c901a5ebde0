package litmuspmd_test

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmusgen"
	"pmdcheck/internal/litmuspmd"
)

var programs = flag.Int("programs", 1000, "how many random programs TestRandom compares")

func random(t testing.TB, seed int64) *litmus.Test {
	t.Helper()
	text := litmusgen.Text(seed)
	test, err := litmus.Parse(fmt.Sprintf("random-%d", seed), []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return test
}

// TestRandom holds the explorer against the axioms on random programs: the same final states under both models, reduced or not, with and without stores that go to memory directly.
func TestRandom(t *testing.T) {
	n := int64(*programs)
	if testing.Short() {
		n = 100
	}
	weak, large := 0, int64(0)
	for seed := range n {
		test := random(t, seed)
		if axioms.Check(context.Background(), test, axioms.SC, axioms.Options{}).Verdict() == axioms.Unknown { // a limit is no answer
			large++
			continue
		}
		states := same(t, test, litmuspmd.Options{NoDirect: seed%3 == 1, Unreduced: seed%5 == 1})
		if states[1] > states[0] {
			weak++
		}
		if len(axiomatic(t, test, axioms.TSO)) > len(axiomatic(t, test, axioms.SC)) {
			weak++
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if large > n/200 {
		t.Errorf("%d of %d programs are too large", large, n)
	}
	if weak < int(n)/20 {
		t.Errorf("hardly any program shows a store buffer: %d", weak)
	}
}
