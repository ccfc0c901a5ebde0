package run_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// twice writes x once for each of n rounds, and the assertion is wrong of the third.
const twice = `
config int<0..3> n;
for n;
u3 x;
process p { while (x < n) { end: x = x + 1; } assert (x != 3); }
cover done: x == n;
expect n == 3 : violates assertion;
expect : holds;
`

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "spec.pmd")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func configurations(t *testing.T, r plan.Request) []plan.Check {
	t.Helper()
	out, _, err := r.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestConfigurations: outcomes come in the order of the plan whatever the number of jobs, judged, with traces of what is asked for, and each system is shown once.
func TestConfigurations(t *testing.T) {
	cs := configurations(t, plan.Request{Specs: []string{file(t, twice)}})
	for _, jobs := range []int{1, 4} {
		seen := make(chan int, len(cs))
		var numbers []int
		for x := range run.Configurations(context.Background(), slices.Clone(cs), run.Options{Jobs: jobs, Traces: true, Inspect: func(c plan.Check, _ *model.System, _ *checker.Result) { seen <- c.Number }}) {
			if x.Err != nil || !x.Judged.OK {
				t.Fatalf("configuration %d: %v, %q", x.Number, x.Err, x.Judged.Why)
			}
			if want := map[int]int{4: 1}[x.Number]; len(x.Traces) != want {
				t.Errorf("configuration %d has %d traces, not %d", x.Number, len(x.Traces), want)
			}
			numbers = append(numbers, x.Number)
		}
		if !slices.Equal(numbers, []int{1, 2, 3, 4}) || len(seen) != 4 {
			t.Errorf("%d jobs: configurations %v, %d of them shown", jobs, numbers, len(seen))
		}
	}
}

// TestInterrupt: what has not begun when a run is interrupted is unknown, for every property, and never as expected.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n := 0
	for x := range run.Configurations(ctx, configurations(t, plan.Request{Specs: []string{file(t, twice)}}), run.Options{Jobs: 2}) {
		n++
		if x.Judged.OK || !x.Judged.Unknown || x.Result.Verdict != checker.Unknown || len(x.Result.Properties) == 0 {
			t.Errorf("configuration %d: %+v", x.Number, x.Judged)
		}
	}
	if n != 4 {
		t.Errorf("%d outcomes", n)
	}
}

// TestTakeFewer: who stops taking outcomes gives the other configurations up, and nothing goes on behind.
func TestTakeFewer(t *testing.T) {
	long := configurations(t, plan.Request{Specs: []string{file(t, "u16 x;\nprocess p { end: while (true) { choose { case: x = x + 1; case: x = 0; } } }\n"+
		"config int<0..3> n;\nfor n;\nu16 y;\nprocess q { end: while (true) { y = (y + n) & 1023; } }\n")}})
	ended, second := make(chan string, 4), long[1].Name()
	o := run.Options{Jobs: 2, Checker: checker.Options{Reduction: checker.ReductionNone}, Watch: func(name string, _ int64, o *checker.Options) func() {
		if o.MaxStates = 1000; name == second {
			o.MaxStates = 1 << 40
		}
		return func() { ended <- name }
	}}
	for x := range run.Configurations(context.Background(), long, o) {
		if x.Number != 1 {
			t.Errorf("configuration %d comes first", x.Number)
		}
		break
	}
	if len(ended) != 4 {
		t.Errorf("%d of 4 configurations came to their end", len(ended))
	}
}

// TestMatrix: answers for each value of an axis; the tier that is not taken is unknown.
func TestMatrix(t *testing.T) {
	name := file(t, twice)
	m, err := plan.MatrixRequest{Specs: []string{name}, Rows: []string{"n"}, Property: []string{plan.AnyProperty}}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var got []matrix.Verdict
	for _, a := range run.Matrix(context.Background(), m.Configurations, "", run.Options{Jobs: 2}) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		got = append(got, a.Result.Answers[plan.AnyProperty].Verdict)
	}
	if want := []matrix.Verdict{matrix.Holds, matrix.Holds, matrix.Holds, matrix.Violated}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestFeaturesSkip: a configuration that does not ask for a feature is the same system without it, so that features need not be taken from it.
func TestFeaturesSkip(t *testing.T) {
	skipped, asked := 0, 0
	for _, name := range []string{"family/b", "bugs/349d1670008d_slot_race", "bugs/b4aea43cd37a_split_assertion"} {
		s, err := catalog.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		configs, err := s.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range configs {
			if i%16 != 0 {
				continue
			}
			used := map[string]bool{}
			sys, err := s.Build(c, elab.BuildOptions{Asked: used})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range s.Features() {
				if _, asks := used[f.Name]; asks {
					asked++
					continue
				}
				for _, v := range f.Values {
					other := c
					other.Config = append(slices.Clone(c.Config), model.ConfigValue{Name: f.Name, Value: v})
					o, err := s.Build(other, elab.BuildOptions{})
					if run.Excluded(err) {
						continue // it contradicts another
					}
					if err != nil {
						t.Fatalf("%s %s %s=%s: %v", name, c, f.Name, v, err)
					}
					skipped++
					if o.Digest() != sys.Digest() {
						t.Errorf("%s %s does not ask for %s, and is another system with %s", name, c, f.Name, v)
					}
				}
			}
		}
	}
	t.Logf("%d systems without, %d features asked for", skipped, asked)
	if skipped < 100 || asked < 20 {
		t.Errorf("only %d and %d", skipped, asked)
	}
}
