package cli

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"time"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// build is what the flags say of how a configuration becomes a system.
func (f *checkFlags) build() elab.BuildOptions {
	return elab.BuildOptions{NoMerge: f.noMerge, NoReset: f.noReset, StoreBuffer: f.storeBuffer, NoDirect: f.noDirect}
}

// checkerOptions are what the flags say of the search of a configuration, but for where states are kept.
func (f *checkFlags) checkerOptions(a *app) (checker.Options, error) {
	opts := checker.Options{Workers: f.workers, MaxStates: f.maxStates, Timeout: f.timeout, First: f.first, NoAssert: f.noAssert, NoChains: f.noChains, Verify: f.checkReduction, Explain: f.explainReduction}
	switch f.search {
	case "dfs":
	case "bfs":
		opts.Search = checker.BFS
	default:
		return opts, fmt.Errorf("--search %s: it is dfs or bfs", f.search)
	}
	var err error
	if opts.Reduction, err = checker.ParseReduction(cmp.Or(f.reduction, "stubborn")); err != nil {
		return opts, err
	}
	if opts.Symmetry, err = checker.ParseSymmetry(f.symmetry); err != nil {
		return opts, err
	}
	if f.jobs < 1 || f.workers < 1 {
		return opts, errors.New("--jobs and --workers count from 1")
	}
	if err := limits(f.maxStates, f.timeout); err != nil {
		return opts, err
	}
	if most := 4 * runtime.NumCPU(); f.workers > most {
		fmt.Fprintf(a.err, "pmdcheck: warning: --workers %d: there are %d CPUs, and more than %d workers only get in each other's way\n", f.workers, runtime.NumCPU(), most)
	}
	if f.swarm < 0 || f.maxSteps < 0 {
		return opts, errors.New("--swarm and --max-steps must not be negative")
	}
	if f.swarm == 0 && (f.seed != 0 || f.maxSteps != 0) {
		return opts, errors.New("--seed and --max-steps go with --swarm")
	}
	if f.swarm > 0 {
		if f.search != "dfs" || f.reduction == "stubborn" || f.symmetry == "on" || f.checkReduction || f.explainReduction {
			return opts, errors.New("--swarm makes random walks, which have no order of search, no reduction and no symmetry")
		}
		opts.Swarm, opts.Seed, opts.MaxSteps = f.swarm, f.seed, f.maxSteps
		opts.Reduction, opts.Symmetry = checker.ReductionNone, checker.SymmetryOff
	}
	if f.workers > 1 && opts.Search == checker.BFS {
		return opts, errors.New("--search bfs has one worker")
	}
	return opts, nil
}

// limits refuses what is no limit; 0 is none.
func limits(states int64, timeout time.Duration) error {
	if states < 0 || timeout < 0 {
		return errors.New("--max-states and --timeout must not be negative")
	}
	return nil
}
