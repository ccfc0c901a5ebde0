package checker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// outcomes are the outcomes of a litmus test that the kernel library has.
func outcomes(t *testing.T, m *testkit.RCU, o elab.BuildOptions, opts checker.Options) (out []int) {
	t.Helper()
	src := m.Source()
	sys := testkit.System(t, src, o)
	names, res := violatedBy(t, sys, opts)
	if len(names) > 0 || res.Reason != checker.ReasonNone {
		t.Fatalf("violated %v, %s\n%s", names, res.Reason, src)
	}
	for _, c := range res.Covers {
		var k int
		if _, err := fmt.Sscanf(c.Name, "o%d", &k); err == nil && c.Reach == checker.Reached {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// TestTwoGracePeriods: two tasks wait at the same time, for sections of which some began before the one's wait and some before the other's. Three sections and two grace periods in a ring can all see each
// other; if the tasks waited together they could not.
func TestTwoGracePeriods(t *testing.T) {
	op := func(kind string, v, reg int) testkit.RCUOp { return testkit.RCUOp{Kind: kind, Var: v, Reg: reg} }
	wait := func(v, next, reg int) []testkit.RCUOp {
		return []testkit.RCUOp{op("read", v, reg), op("sync", 0, 0), op("write", next, 0)}
	}
	section := func(v, next, reg int) []testkit.RCUOp {
		return []testkit.RCUOp{op("lock", 0, 0), op("write", next, 0), op("read", v, reg), op("unlock", 0, 0)}
	}
	two := &testkit.RCU{Threads: [][]testkit.RCUOp{wait(0, 1, 0), section(1, 2, 1), wait(2, 3, 2), section(3, 4, 3), section(4, 0, 4)}, CPU: []int{0, 2, 0, 3, 1}, Regs: 5}
	one := &testkit.RCU{Threads: [][]testkit.RCUOp{wait(0, 1, 0), section(1, 0, 1)}, CPU: []int{0, 1}, Regs: 2}
	for _, c := range []struct {
		m    *testkit.RCU
		all  int
		seen bool
	}{{two, 31, true}, {one, 3, false}} {
		want := c.m.Outcomes(false)
		if slices.Contains(want, c.all) != c.seen || slices.Contains(c.m.Outcomes(true), c.all) {
			t.Errorf("a grace period means the outcomes %b, and %b where it is shared", want, c.m.Outcomes(true))
		}
		for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionNone, Search: checker.BFS}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}} {
			if got := outcomes(t, c.m, elab.BuildOptions{}, opts); !slices.Equal(got, want) {
				t.Errorf("%+v: the library has the outcomes %b, not %b", opts, got, want)
			}
		}
	}
}

// TestGracePeriods: several tasks in synchronize_rcu(), and callbacks, have the outcomes that the meaning of a grace period gives, all of them and no other.
func TestGracePeriods(t *testing.T) {
	seeds, told, sizes := uint64(100), 0, map[int]int{}
	if testing.Short() {
		seeds = 25
	}
	for seed := range seeds {
		m := testkit.NewRCU(rand.New(rand.NewPCG(seed, 7)))
		m.Tables = seed%4 >= 2
		want := m.Outcomes(false)
		if !slices.Equal(want, m.Outcomes(true)) {
			told++
		}
		sizes[len(want)]++
		opts := checker.Options{Reduction: checker.ReductionNone}
		if seed%2 == 0 {
			opts = checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}
		}
		if got := outcomes(t, m, elab.BuildOptions{NoMerge: seed%8 == 1}, opts); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the library has the outcomes %b, a grace period means %b\n%s", seed, got, want, m.Source())
		}
	}
	t.Logf("%d of %d tests tell a grace period that is shared; by number of outcomes: %v", told, seeds, sizes)
	if told == 0 {
		t.Error("no test would notice a grace period that is shared")
	}
}
