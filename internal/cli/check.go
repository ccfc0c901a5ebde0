package cli

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/memory"
	"pmdcheck/internal/page"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
)

type checkFlags struct {
	set, only                                                              []string
	profile                                                                string
	search, reduction, symmetry, tier                                      string
	memoryModel                                                            string
	storeBuffer                                                            int
	explainMemory, noDirect                                                bool
	traceDir                                                               string
	workers, jobs                                                          int
	swarm, maxSteps                                                        int64
	seed                                                                   uint64
	maxStates                                                              int64
	timeout                                                                time.Duration
	noMerge, noReset, noChains, checkReduction, explainReduction, noAssert bool
	first, verbose, everyConfig, progress, shortest, noShrink              bool
	showFlags
	storeFlags

	left map[string]int // configurations that were left out, by tier
}

func (a *app) checkCmd() *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:     "check [spec...]",
		Short:   "check specs against their expected verdicts",
		Long:    "check explores every interleaving of every configuration of the specs and compares the verdicts with their expect lines. A spec is an embedded name\n(seed/race_a), a folder of embedded specs (seed), or a file. Without one, all embedded specs are checked.\n\nIt prints the configurations that are not as expected with the traces of what was not expected, and a line for each spec. --configurations has a line for each configuration, -v all that is known of it.",
		Example: "  pmdcheck check\n  pmdcheck check seed/race_a --set policy=rcu --set target=arm64_4k -v\n  pmdcheck check ./mine.pmd --search bfs --trace-dir traces",
		RunE:    func(_ *cobra.Command, args []string) error { return a.check(args, f) },
	}
	f.flags(cmd.Flags())
	f.outputs.flags(cmd.Flags())
	cmd.Flags().StringVar(&f.results, "results", "", "write results as JSON into this `folder`, to a file that is named by the shard: merge takes the folder")
	return cmd
}

// flags are those of every command that checks configurations.
func (f *checkFlags) flags(fl *pflag.FlagSet) {
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value`, instead of sweeping it (repeatable)")
	fl.StringVar(&f.memoryModel, "memory-model", "", "how memory behaves: sc or tso; the same as --set memory_model=…, so that it is fixed where a spec sweeps it (default sc)")
	fl.IntVar(&f.storeBuffer, "store-buffer", 0, "under tso: how many stores a buffer has room for (default 4); where that is not enough the answer is unknown")
	fl.BoolVar(&f.noDirect, "no-direct-stores", false, "under tso: every store goes through its buffer, also where it could as well go to memory at once")
	fl.BoolVar(&f.explainMemory, "explain-memory", false, "say which cells are weak, and of the others that are shared why not")
	fl.StringVar(&f.profile, "profile", "", "check the tree that this `file` of audit --write-profile describes: its release and features, against which nothing is expected")
	fl.StringVar(&f.search, "search", "dfs", "order of search: dfs or bfs")
	fl.StringVar(&f.reduction, "reduction", "", "partial-order reduction: none or stubborn (default stubborn, and none for configurations whose expect line counts states)")
	fl.BoolVar(&f.checkReduction, "check-reduction", false, "check every stubborn set by running what it leaves out; slow, for small configurations")
	fl.BoolVar(&f.explainReduction, "explain-reduction", false, "say which variables and which pairs of transitions keep a configuration from being reduced further")
	fl.StringVar(&f.symmetry, "symmetry", "", "take interchangeable processes and objects for one another: on or off (default on with a reduction)")
	fl.BoolVar(&f.noChains, "no-chains", false, "with a reduction: store also the states from which only one transition is explored")
	fl.IntVar(&f.workers, "workers", 1, "workers inside one configuration")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "configurations checked at the same time")
	fl.Int64Var(&f.swarm, "swarm", 0, "make this many random walks instead of a search: for spaces beyond reach; they prove nothing")
	fl.Uint64Var(&f.seed, "seed", 0, "of the random walks: the same seed and number make the same walks")
	fl.Int64Var(&f.maxSteps, "max-steps", 0, "end a random walk after this many steps (default 10000)")
	fl.Int64Var(&f.maxStates, "max-states", 0, "give up on a configuration after this many states")
	f.storeFlags.flags(fl)
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on a configuration after this time")
	fl.BoolVar(&f.noMerge, "no-merge", false, "every statement is a step of its own")
	fl.BoolVar(&f.noReset, "no-reset", false, "dead locals keep their values")
	fl.BoolVar(&f.noAssert, "no-assert", false, "do not look at asserts: count the full state space")
	fl.BoolVar(&f.first, "first", false, "stop a configuration at its first violation")
	fl.StringArrayVar(&f.only, "only", nil, "check the configurations that have this value of a config parameter, `name=value` or name=a,b (repeatable); specs without such configurations are passed over")
	fl.StringVar(&f.tier, "tier", "", "also check the configurations of this tier (all: every tier)")
	fl.StringVar(&f.shard, "shard", "", "check one of several parts of the configurations, `i/n` counted from 1; merge joins the results")
	fl.StringVar(&f.costs, "costs", "", "deal the configurations to the shards by their past cost, which is in this baseline `file`")
	fl.StringVar(&f.traceDir, "trace-dir", "", "write a trace of every violated property into this `folder`")
	fl.BoolVar(&f.shortest, "shortest", false, "show shortest traces, which takes a second, breadth-first search, instead of those with the fewest context switches")
	fl.BoolVar(&f.noShrink, "no-shrink", false, "show traces as they were found, with all steps")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show every configuration, with what was found of each property and the trace of every violation, expected or not")
	fl.BoolVar(&f.everyConfig, "configurations", false, "show a line for every configuration, as expected or not")
	fl.BoolVar(&f.everyConfig, "cells", false, "the old name of --configurations")
	hide(fl, "cells")
	f.showFlags.flags(fl)
	fl.BoolVar(&f.progress, "progress", false, "show progress although stderr is not a terminal")
}

func (a *app) check(args []string, f *checkFlags) error {
	memory.CollectByNeed()
	if err := f.place(a, args); err != nil {
		return err
	}
	if err := f.outputs.check(); err != nil {
		return err
	}
	doc, err := a.explore(args, f)
	if err != nil {
		return err
	}
	if err := f.outputs.write(a, doc); err != nil {
		return err
	}
	return outcome(doc)
}

// outcome is the exit code of results.
func outcome(doc *report.Document) error {
	switch {
	case doc.Summary.Failed > 0:
		return &coded{code: exitViolated, silent: true}
	case doc.Summary.Unknown > 0:
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

// explore checks the configurations of specs and prints a line for each. An error is what kept it from that; what it found is in the document.
func (a *app) explore(args []string, f *checkFlags) (*report.Document, error) {
	a.stable(f.set)
	opts, err := f.checkerOptions(a)
	if err != nil {
		return nil, err
	}
	configs, total, err := f.configurations(a, args)
	if err != nil {
		return nil, err
	}
	if err := f.options(&opts, min(f.jobs, len(configs))); err != nil {
		return nil, err
	}
	ctx, cancel := until(0)
	defer cancel()
	prog := a.newProgress(len(configs), f.progress)
	o := run.Options{
		Tool: tool(debug.ReadBuildInfo()), Checker: opts, Build: f.build(), Jobs: f.jobs, FixedReduction: f.reduction != "", Checkpoints: f.checkpoints(),
		Traces: f.traceDir != "" || f.verbose || f.everyTrace || len(f.property) > 0, Watch: prog.watch,
	}
	switch {
	case f.noShrink:
		o.Shortening = run.AsFound
	case f.shortest:
		o.Shortening = run.Shortest
	}
	if f.everyTrace {
		f.kept = page.NewKeeper(configs)
		o.Inspect = f.kept.Inspect
	}
	var weak weakCells
	if f.explainMemory {
		o.Inspect = weak.after(o.Inspect)
	}
	return a.collect(run.Configurations(ctx, configs, o), total, f, prog, &weak)
}

// configurations are those that the flags leave, and how many there are in all shards.
func (f *checkFlags) configurations(a *app, args []string) ([]plan.Check, int, error) {
	if f.storeBuffer < 0 || f.storeBuffer > maxStoreBuffer {
		return nil, 0, fmt.Errorf("--store-buffer counts from 1 to %d", maxStoreBuffer)
	}
	r := plan.Request{Specs: args, Set: f.set, Memory: f.memoryModel, Only: f.only, Tier: f.tier, Shard: f.shard, Property: f.property, Timeout: f.timeout}
	var passed []string
	r.Passed = func(spec string) { passed = append(passed, spec) }
	f.left = map[string]int{}
	r.Left = func(tier string) { f.left[tier]++ }
	defer func() { a.passedOver(passed) }()
	if f.profile != "" {
		var err error
		if r.Profile, err = a.readProfile(f.profile); err != nil {
			return nil, 0, err
		}
	}
	if f.costs != "" {
		b, err := readBaseline(f.costs)
		if err != nil {
			return nil, 0, err
		}
		r.Costs = b.Costs()
	}
	return r.Configurations()
}

// collect prints each configuration when its turn has come, and gathers what was found.
func (a *app) collect(outcomes iter.Seq[*run.Outcome], total int, f *checkFlags, prog *progress, weak *weakCells) (*report.Document, error) {
	defer prog.stop()
	out := a.out
	if f.outputs.takesStdout() {
		out = io.Discard
	}
	doc := report.NewDocument(total)
	doc.Shard, doc.Run = f.shard, f.run
	every := f.verbose || f.everyConfig || total == 1 && !f.quiet // of a single configuration there is nothing to be summed up
	var errs distinct
	for x := range outcomes {
		if x.Err != nil {
			errs.add(x.Err)
			continue
		}
		e := doc.Add(x.Entry())
		err := prog.print(func() error {
			more := f.more(x, weak)
			if every || !e.OK || more != "" || f.shows(x) {
				if err := report.Line(out, e, report.Style{Times: f.verbose, Color: color(a.out)}); err != nil {
					return err
				}
			}
			if f.verbose {
				if err := report.Verdicts(out, e); err != nil {
					return err
				}
			}
			if e.Verdict == checker.Holds.String() && !x.Spec.HasCovers() && doc.Warn(x.Spec.Name, report.NoCover) {
				fmt.Fprintf(a.err, "pmdcheck: warning: %s: %s\n", x.Spec.Name, report.NoCover)
			}
			if _, err := io.WriteString(out, more); err != nil {
				return err
			}
			for _, v := range x.Result.Violations {
				if v.Unshrunk {
					fmt.Fprintf(a.err, "pmdcheck: warning: %s: shrinking the trace of %s was given up, as it would take too long: it may be longer than it need be\n", strings.TrimSpace(x.Spec.Name+" "+x.Configuration.String()), v.Property)
				}
			}
			return a.showTraces(out, x, f)
		})
		if err != nil {
			return nil, err
		}
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	prog.stop()
	err := report.Summary(out, doc, report.Style{Color: color(a.out), Brief: f.quiet, Configurations: every})
	return doc, errors.Join(err, tiers(out, "left out", f.left))
}

// more is what flags ask about a configuration besides its verdict.
func (f *checkFlags) more(x *run.Outcome, weak *weakCells) string {
	var b strings.Builder
	b.WriteString(weak.of(x.Number))
	_ = report.Reducing(&b, x.Result)                                         // there is no error in memory
	if s := x.Result.Swarm; s != nil && x.Result.Verdict != checker.Unknown { // else its line says it
		fmt.Fprintf(&b, "     %s\n", s)
	}
	return b.String()
}

// wants reports whether a trace is to be shown.
func (f *checkFlags) wants(x *run.Outcome, t *traces.Trace) bool {
	return f.verbose || slices.Contains(f.property, t.Property) || (!x.Judged.OK && !slices.Contains(x.Judged.ExpectedProps, t.Property))
}

// shows reports whether any trace of a configuration is to be shown.
func (f *checkFlags) shows(x *run.Outcome) bool {
	return slices.ContainsFunc(x.Traces, func(t *traces.Trace) bool { return f.wants(x, t) })
}

func (a *app) showTraces(out io.Writer, x *run.Outcome, f *checkFlags) error {
	count := map[string]int{}
	for _, t := range x.Traces {
		if f.traceDir != "" {
			if err := os.MkdirAll(f.traceDir, 0o755); err != nil {
				return err
			}
			name := strings.ReplaceAll(x.Spec.Name, "/", "-")
			for _, c := range x.Configuration.Config { // all, as what is left there by runs with other values must stay
				name += "-" + c.Value
			}
			what := t.Property
			if n := count[what]; n > 0 {
				what += fmt.Sprintf("-%d", n+1) // a cycle of locks is more than one run
			}
			count[t.Property]++
			if err := files.Write(filepath.Join(f.traceDir, name+"-"+what+".json"), func(w io.Writer) error { return traces.Write(w, t) }); err != nil {
				return err
			}
		}
		if f.wants(x, t) {
			fmt.Fprintf(out, "\n%s:\n\n", t.Property)
			if err := columns.Render(out, t, a.table(-1, f.full)); err != nil {
				return err
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}
