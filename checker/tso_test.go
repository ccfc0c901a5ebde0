package checker_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// weakModels are the kinds of random models that are looked at under tso.
var weakModels = []struct {
	name   string
	source func(r *rand.Rand) string
}{
	{"source", testkit.Source},
	{"steps", testkit.Steps},
	{"whole", testkit.Whole},
	{"replicas", testkit.Replicas},
	{"columns", testkit.Columns},
	{"objects", testkit.Objects},
	{"loops", testkit.Loops},
	{"live", testkit.LiveSource},
}

// violations are what a complete search finds violated, "" if it was not complete.
func violations(t *testing.T, sys *model.System, o checker.Options) (names []string, r *checker.Result) {
	t.Helper()
	o.MaxStates = 30 * maxRandom
	r, err := checker.Check(context.Background(), sys, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Violations {
		names = append(names, v.Property)
	}
	return names, r
}

// TestTSOOnRandomModels: under tso the reduced search, with symmetry, agrees with the full one; stores that go to memory directly change no verdict; and what is violated where memory is
// sequentially consistent is violated.
func TestTSOOnRandomModels(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 40
	}
	for _, kind := range weakModels {
		t.Run(kind.name, func(t *testing.T) {
			buffers, more, compared, groups, states, reducedStates := 0, 0, 0, 0, int64(0), int64(0)
			for seed := range uint64(n) {
				src := kind.source(rand.New(rand.NewPCG(seed, 19)))
				o := elab.BuildOptions{NoMerge: seed%7 == 0, StoreBuffer: 1 + int(seed%3)}
				sc, err := testkit.First("random.pmd", src, o)
				if err != nil {
					continue
				}
				sys, err := testkit.First("random.pmd", src, o, "memory_model=tso")
				if err != nil {
					t.Fatalf("%v\n%s", err, src)
				}
				if len(sys.Memory.Buffers) == 0 {
					continue
				}
				buffers++
				full, reduced, diff := compareReduction(sys)
				if diff != "" {
					t.Fatalf("seed %d: %s\n%s", seed, diff, src)
				}
				if full == 0 {
					continue
				}
				compared++
				states, reducedStates = states+full, reducedStates+reduced
				found, r := violations(t, sys, checker.Options{Reduction: checker.ReductionStubborn, Verify: seed%4 == 0})
				for _, g := range r.Symmetry {
					if g.Members > 0 {
						groups++
					}
				}
				o.NoDirect = true
				through, err := testkit.First("random.pmd", src, o, "memory_model=tso")
				if err != nil {
					t.Fatal(err)
				}
				all, ra := violations(t, through, checker.Options{Reduction: checker.ReductionStubborn})
				if r.Reason == checker.ReasonNone && ra.Reason == checker.ReasonNone && !slices.Equal(found, all) {
					t.Fatalf("seed %d: with direct stores %v, without %v\n%s", seed, found, all, src)
				}
				before, rb := violations(t, sc, checker.Options{Reduction: checker.ReductionStubborn})
				if rb.Reason != checker.ReasonNone || r.Reason != checker.ReasonNone {
					continue
				}
				for _, p := range before {
					if !strings.HasPrefix(p, checker.CoverPrefix) && !slices.Contains(found, p) {
						t.Fatalf("seed %d: %s is violated under sc and not under tso\n%s", seed, p, src)
					}
				}
				if len(found) > len(before) {
					more++
				}
			}
			t.Logf("%d with buffers, %d compared, %d groups, %d more is violated; %d states, %d reduced", buffers, compared, groups, more, states, reducedStates)
		})
	}
}
