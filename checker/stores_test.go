package checker_test

import (
	"context"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestStoresOnRandomModels: a search with a store that is not exact never claims to hold, never finds what is not there, and where nothing was
// omitted finds all there is.
func TestStoresOnRandomModels(t *testing.T) {
	n := uint64(300)
	if testing.Short() {
		n = 20
	}
	inexact := 0
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: true})
		if !ok {
			continue
		}
		check := func(o checker.Options) *checker.Result {
			o.MaxStates = 30 * maxRandom
			res, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
			return res
		}
		for _, reduction := range []checker.Reduction{checker.ReductionNone, checker.ReductionStubborn} {
			ref := check(checker.Options{Reduction: reduction, Symmetry: checker.SymmetryOff})
			if ref.Reason != checker.ReasonNone {
				continue
			}
			for _, o := range []checker.Options{
				{Reduction: reduction, Symmetry: checker.SymmetryOff, Store: checker.StoreCompact},
				{Reduction: reduction, Symmetry: checker.SymmetryOff, Store: checker.StoreCompact, Search: checker.BFS},
				{Reduction: reduction, Symmetry: checker.SymmetryOff, Store: checker.StoreCompact, Workers: 3},
				{Reduction: reduction, Symmetry: checker.SymmetryOff, Store: checker.StoreBitstate, Memory: 4 << 20},
				{Reduction: reduction, Symmetry: checker.SymmetryOff, Store: checker.StoreBitstate, Memory: 4 << 20, Workers: 3},
			} {
				r := check(o)
				if r.Store == checker.StoreExact {
					if outcome(r) != outcome(ref) {
						t.Fatalf("compact, one word: %s, want %s\n%s", outcome(r), outcome(ref), src)
					}
					continue
				}
				inexact++
				if r.Verdict == checker.Holds || r.Reason != checker.ReasonInexact || len(r.Dead) > 0 {
					t.Fatalf("%v store: %v %q, %d dead transitions\n%s", r.Store, r.Verdict, r.Reason, len(r.Dead), src)
				}
				// Omissions are so rare here that these have none.
				if r.Omitted <= 0 || r.Omitted > 0.1 || r.Stats.States != ref.Stats.States {
					t.Fatalf("%v store: %d states, %g omitted; exact %d\n%s", r.Store, r.Stats.States, r.Omitted, ref.Stats.States, src)
				}
				var want, have []string
				for _, v := range ref.Violations {
					if v.Witness != nil { // not a cover that is never reached: that is known only of a complete search
						want = append(want, v.Property)
					}
				}
				for _, v := range r.Violations {
					have = append(have, v.Property)
				}
				if len(want) != len(have) || (r.Verdict == checker.Violated) != (len(want) > 0) {
					t.Fatalf("%v store: %v with %v, exact %v\n%s", r.Store, r.Verdict, have, want, src)
				}
			}
		}
	}
	if inexact < int(n)/4 {
		t.Errorf("only %d searches with a store that is not exact", inexact)
	}
}

// TestBitstateTooSmall: states are missed, and the report says that this was to be expected.
func TestBitstateTooSmall(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "2", "1")
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Store: checker.StoreBitstate, Memory: 300_000})
	if err != nil {
		t.Fatal(err)
	}
	if res.Reason == checker.ReasonMemory {
		t.Fatal("the stack did not fit: the test says nothing")
	}
	if res.Verdict != checker.Unknown || res.Reason != checker.ReasonInexact || res.Stats.States >= 167025 || res.Omitted < 1 {
		t.Errorf("%v %q, %d states, %g omitted", res.Verdict, res.Reason, res.Stats.States, res.Omitted)
	}
}

// TestMemoryOfWitnesses: the search for a witness of what several workers found keeps to the limit as well, and what it does not find is not reported.
func TestMemoryOfWitnesses(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "0", "0") // violates no_uaf
	for _, workers := range []int{1, 2} {
		res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Workers: workers, Memory: 400_000})
		if err != nil {
			t.Fatal(err)
		}
		if res.Reason != checker.ReasonMemory {
			t.Errorf("%d workers: %v %q", workers, res.Verdict, res.Reason)
		}
		for _, v := range res.Violations {
			if v.Witness == nil {
				t.Errorf("%d workers: %s has no witness", workers, v.Property)
			}
		}
	}
}

// TestWorkersWithReduction: with reduction, chains and symmetry too, any number of workers gives the same counts, verdict and evidence; the visited set grows all the while.
func TestWorkersWithReduction(t *testing.T) {
	compare := func(sys *model.System, src string) {
		t.Helper()
		for _, o := range []checker.Options{
			{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn},
		} {
			var ref string
			for _, workers := range []int{1, 2, 5} {
				o.Workers, o.MaxStates = workers, 60*maxRandom
				r, err := checker.Check(context.Background(), sys, o)
				if err != nil {
					t.Fatalf("%v\n%s", err, src)
				}
				if r.Reason != checker.ReasonNone {
					break
				}
				have := same(withoutWitnesses(r))
				if ref == "" {
					ref = have
				}
				if have != ref {
					t.Fatalf("%d workers, %+v: %s\nwith one: %s\n%s", workers, o, have, ref, src)
				}
			}
		}
	}
	n := uint64(300)
	if testing.Short() {
		n = 15
	}
	for seed := range n {
		src := random(seed)
		if sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%2 == 0}); ok {
			compare(sys, src)
		}
	}
	if !testing.Short() {
		compare(hugepmd(t, "2", "1", "2", "2", "1"), "hugepmd")
	}
	compare(hugepmd(t, "1", "1", "7", "0", "0"), "hugepmd")
}
