package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"pmdcheck/internal/bench"
	"pmdcheck/internal/spin"
)

type benchFlags struct {
	set           []string
	runs, workers int
	all, large    bool
}

func (a *app) benchCmd() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench [spec]", Short: "measure the search against SPIN's, side by side",
		Long: "bench runs the same searches by pmdcheck and by SPIN, in turns, and prints the medians and ratios: states, transitions, CPU time as the\n" +
			"operating system accounts it, with and without compiling the verifier, and peak memory. Both must count the same.\n\n" +
			"Without an argument the rows of bench/hugepmd are run, for SPIN as written by hand for it. With a spec, one configuration of it is exported.",
		Example: "  pmdcheck bench\n  pmdcheck bench --runs 9 --workers 2\n  pmdcheck bench bench/latch --set N=5 --set policy=none",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.bench(args, f) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value` (repeatable); without a spec: run the rows that have this value")
	fl.IntVar(&f.runs, "runs", 5, "runs of each search; the median counts")
	fl.IntVar(&f.workers, "workers", 1, "also measure the full search with this many workers, by the clock")
	fl.BoolVar(&f.all, "all", false, "run the small rows too, on which starting a process takes longest")
	fl.BoolVar(&f.large, "large", false, "run the rows of several million states too")
	return cmd
}

func (a *app) bench(args []string, f *benchFlags) error {
	if f.runs < 1 || f.workers < 1 {
		return errors.New("--runs and --workers count from 1")
	}
	tool, err := spin.Find()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var rows []bench.Row
	if len(args) == 1 {
		rows, err = bench.Exported(args[0], f.set)
	} else {
		rows, err = bench.Rows(bench.Select{Set: f.set, All: f.all, Large: f.large})
	}
	if err != nil {
		return err
	}
	ctx, cancel := until(0)
	defer cancel()
	fmt.Fprintf(a.out, "%s, gcc -O3 -DSAFETY; CPU seconds are user and system, medians of %d; memory is the largest resident set\n", tool.Version(), f.runs)
	b := &bench.Bench{Tool: tool, Self: self, Runs: f.runs, Workers: f.workers}
	for _, r := range rows {
		if err := b.Row(ctx, a.out, r); err != nil {
			if ctx.Err() != nil {
				return &coded{code: exitUnknown, err: errors.New("interrupted")}
			}
			var differ *bench.Differ
			if errors.As(err, &differ) {
				return &coded{code: exitViolated, err: err}
			}
			return err
		}
	}
	return nil
}
