package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pmdcheck/checker"
	"pmdcheck/internal/files"
	"pmdcheck/internal/interrupt"
	"pmdcheck/internal/page"
	"pmdcheck/internal/report"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
)

type checkFlags struct {
	set, only                                                              []string
	search, reduction, symmetry, tier                                      string
	traceDir                                                               string
	workers, jobs                                                          int
	swarm, maxSteps                                                        int64
	seed                                                                   uint64
	maxStates                                                              int64
	timeout                                                                time.Duration
	noMerge, noReset, noChains, checkReduction, explainReduction, noAssert bool
	first, verbose, progress, shortest, noShrink                           bool
	showFlags
	storeFlags
}

func (a *app) checkCmd() *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:     "check [spec...]",
		Short:   "check specs against their expected verdicts",
		Long:    "check explores every interleaving of every cell of the specs and compares the verdicts with their expect lines. A spec is an embedded name\n(seed/race_a), a folder of embedded specs (seed), or a file. Without one, all embedded specs are checked.",
		Example: "  pmdcheck check\n  pmdcheck check seed/race_a --set policy=rcu --set target=arm64_4k -v\n  pmdcheck check ./mine.pmd --search bfs --trace-dir traces",
		RunE:    func(_ *cobra.Command, args []string) error { return a.check(args, f) },
	}
	f.flags(cmd.Flags())
	f.outputs.flags(cmd.Flags())
	return cmd
}

// flags are those of every command that checks cells.
func (f *checkFlags) flags(fl *pflag.FlagSet) {
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value`, instead of sweeping it (repeatable)")
	fl.StringVar(&f.search, "search", "dfs", "order of search: dfs or bfs")
	fl.StringVar(&f.reduction, "reduction", "", "partial-order reduction: none or stubborn (default stubborn, and none for cells whose expect line counts states)")
	fl.BoolVar(&f.checkReduction, "check-reduction", false, "check every stubborn set by running what it leaves out; slow, for small cells")
	fl.BoolVar(&f.explainReduction, "explain-reduction", false, "say which variables and which pairs of transitions keep a cell from being reduced further")
	fl.StringVar(&f.symmetry, "symmetry", "", "take interchangeable processes and objects for one another: on or off (default on with a reduction)")
	fl.BoolVar(&f.noChains, "no-chains", false, "with a reduction: store also the states from which only one transition is explored")
	fl.IntVar(&f.workers, "workers", 1, "workers inside one cell")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "cells checked at the same time")
	fl.Int64Var(&f.swarm, "swarm", 0, "make this many random walks instead of a search: for spaces beyond reach; they prove nothing")
	fl.Uint64Var(&f.seed, "seed", 0, "of the random walks: the same seed and number make the same walks")
	fl.Int64Var(&f.maxSteps, "max-steps", 0, "end a random walk after this many steps (default 10000)")
	fl.Int64Var(&f.maxStates, "max-states", 0, "give up on a cell after this many states")
	f.storeFlags.flags(fl)
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on a cell after this time")
	fl.BoolVar(&f.noMerge, "no-merge", false, "every statement is a step of its own")
	fl.BoolVar(&f.noReset, "no-reset", false, "dead locals keep their values")
	fl.BoolVar(&f.noAssert, "no-assert", false, "do not look at asserts: count the full state space")
	fl.BoolVar(&f.first, "first", false, "stop a cell at its first violation")
	fl.StringArrayVar(&f.only, "only", nil, "check the cells that have this value of a config parameter, `name=value` or name=a,b (repeatable); specs without such cells are passed over")
	fl.StringVar(&f.tier, "tier", "", "also check the cells of this tier (all: every tier)")
	fl.StringVar(&f.shard, "shard", "", "check one of several parts of the cells, `i/n` counted from 1; merge joins the results")
	fl.StringVar(&f.costs, "costs", "", "deal the cells to the shards by their past cost, which is in this baseline `file`")
	fl.StringVar(&f.traceDir, "trace-dir", "", "write a trace of every violated property into this `folder`")
	fl.BoolVar(&f.shortest, "shortest", false, "show shortest traces, which takes a second, breadth-first search, instead of those with the fewest context switches")
	fl.BoolVar(&f.noShrink, "no-shrink", false, "show traces as they were found, with all steps")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show the trace of every violation, expected or not")
	f.showFlags.flags(fl)
	fl.BoolVar(&f.progress, "progress", false, "show progress although stderr is not a terminal")
}

// job is one cell.
type job struct {
	number   int // in the whole run
	digest   string
	runs     bool // if it holds, runs of it are worth keeping
	evidence page.Evidence
	spec     *elab.Spec
	cell     elab.ConfigCell
	opts     elab.BuildOptions
	done     chan struct{}
	res      *checker.Result
	traces   []*traces.Trace // simple, for what is shown or stored
	err      error
}

func (a *app) check(args []string, f *checkFlags) error {
	collectByNeed()
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

// explore checks the cells of specs and prints a line for each. An error is what kept it from that; what it found is in the document.
func (a *app) explore(args []string, f *checkFlags) (*report.Document, error) {
	opts := checker.Options{Workers: f.workers, MaxStates: f.maxStates, Timeout: f.timeout, First: f.first, NoAssert: f.noAssert, NoChains: f.noChains, Verify: f.checkReduction, Explain: f.explainReduction}
	var err error
	switch f.search {
	case "dfs":
	case "bfs":
		opts.Search = checker.BFS
	default:
		return nil, fmt.Errorf("--search %s: it is dfs or bfs", f.search)
	}
	switch f.reduction {
	case "none":
		opts.Reduction = checker.ReductionNone
	case "", "stubborn":
		opts.Reduction = checker.ReductionStubborn
	default:
		return nil, fmt.Errorf("--reduction %s: it is none or stubborn", f.reduction)
	}
	switch f.symmetry {
	case "":
	case "on":
		opts.Symmetry = checker.SymmetryOn
	case "off":
		opts.Symmetry = checker.SymmetryOff
	default:
		return nil, fmt.Errorf("--symmetry %s: it is on or off", f.symmetry)
	}
	if f.jobs < 1 || f.workers < 1 {
		return nil, errors.New("--jobs and --workers count from 1")
	}
	if err := limits(f.maxStates, f.timeout); err != nil {
		return nil, err
	}
	if most := 4 * runtime.NumCPU(); f.workers > most {
		fmt.Fprintf(a.err, "pmdcheck: warning: --workers %d: there are %d CPUs, and more than %d workers only get in each other's way\n", f.workers, runtime.NumCPU(), most)
	}
	if f.swarm < 0 || f.maxSteps < 0 {
		return nil, errors.New("--swarm and --max-steps must not be negative")
	}
	if f.swarm == 0 && (f.seed != 0 || f.maxSteps != 0) {
		return nil, errors.New("--seed and --max-steps go with --swarm")
	}
	if f.swarm > 0 {
		if f.search != "dfs" || f.reduction == "stubborn" || f.symmetry == "on" || f.checkReduction || f.explainReduction {
			return nil, errors.New("--swarm makes random walks, which have no order of search, no reduction and no symmetry")
		}
		opts.Swarm, opts.Seed, opts.MaxSteps = f.swarm, f.seed, f.maxSteps
		opts.Reduction, opts.Symmetry = checker.ReductionNone, checker.SymmetryOff
	}
	if f.workers > 1 && opts.Search == checker.BFS {
		return nil, errors.New("--search bfs has one worker")
	}
	jobs, total, err := f.plan(args)
	if err != nil {
		return nil, err
	}
	if err := f.options(&opts, min(f.jobs, len(jobs))); err != nil {
		return nil, err
	}
	ctx, cancel := interrupt.Context()
	defer cancel()
	if f.everyTrace {
		spread(jobs)
	}
	prog := a.newProgress(len(jobs), f.progress)
	work := make(chan *job)
	var wg sync.WaitGroup
	for range min(f.jobs, len(jobs)) {
		wg.Go(func() {
			for j := range work {
				o := opts
				c := prog.begin(j.spec.Name+" "+j.cell.String(), j.states(), &o)
				j.run(ctx, o, f)
				prog.end(c)
				close(j.done)
			}
		})
	}
	go func() {
		for _, j := range jobs {
			work <- j
		}
		close(work)
	}()
	return a.collect(jobs, total, f, prog, &wg)
}

// limits refuses what is no limit; 0 is none.
func limits(states int64, timeout time.Duration) error {
	if states < 0 || timeout < 0 {
		return errors.New("--max-states and --timeout must not be negative")
	}
	return nil
}

func (f *checkFlags) plan(args []string) ([]*job, int, error) {
	names, err := resolve(args)
	if err != nil {
		return nil, 0, err
	}
	fixed, err := parseSet(f.set)
	if err != nil {
		return nil, 0, err
	}
	only, err := parseOnly(f.only)
	if err != nil {
		return nil, 0, err
	}
	var jobs []*job
	var errs []error
	asked := asked{}
	for _, n := range names {
		spec, err := load(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if spec.Empty() {
			errs = append(errs, fmt.Errorf("%s declares no process and no invariant: there is nothing to check", n))
			continue
		}
		cells, err := spec.Cells(fixed)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		from := len(jobs)
		for _, c := range cells {
			if !only.admit(c.Config) {
				continue
			}
			if c.Tier != "" && f.tier != "all" && c.Tier != f.tier && len(f.set) == 0 {
				continue
			}
			jobs = append(jobs, &job{number: len(jobs) + 1, spec: spec, cell: c, opts: elab.BuildOptions{NoMerge: f.noMerge, NoReset: f.noReset}, done: make(chan struct{})})
		}
		var mine []elab.ConfigCell
		for _, j := range jobs[from:] {
			mine = append(mine, j.cell)
		}
		if len(mine) > 0 {
			errs = append(errs, spec.CheckNames(mine))
			asked = append(asked, cellsOf{spec, mine})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	if err := asked.observe(f.property); err != nil {
		return nil, 0, err
	}
	if err := only.check(); err != nil {
		return nil, 0, err
	}
	if len(jobs) == 0 && len(only) > 0 {
		return nil, 0, errors.New("--only: no cell has all of these values; there may be some in other tiers (--tier all)")
	}
	total := len(jobs)
	jobs, err = f.pick(jobs)
	return jobs, total, err
}

// pick leaves the cells of the shard.
func (f *checkFlags) pick(jobs []*job) ([]*job, error) {
	shard, err := report.ParseShard(f.shard)
	if err != nil {
		return nil, err
	}
	cost := map[string]int64{}
	if f.costs != "" {
		b, err := readBaseline(f.costs)
		if err != nil {
			return nil, err
		}
		cost = b.Costs()
	}
	var keys []string
	for _, j := range jobs {
		keys = append(keys, j.key())
	}
	var mine []*job
	for i, in := range shard.Pick(keys, cost) {
		if in {
			mine = append(mine, jobs[i])
		}
	}
	return mine, nil
}

// key names the cell as results do.
func (j *job) key() string { return strings.TrimSpace(j.spec.Name + "  " + j.cell.String()) }

func (j *job) run(ctx context.Context, opts checker.Options, f *checkFlags) {
	defer func() {
		if v := recover(); v != nil {
			j.err = crashed(v)
		}
	}()
	if ctx.Err() != nil {
		j.res = &checker.Result{Reason: checker.ReasonInterrupt, Reduction: checker.ReductionNone} // an interrupted run of many cells ends at once
		for _, p := range j.spec.CheckedProperties() {
			j.res.Properties = append(j.res.Properties, checker.PropertyResult{Property: p, Reason: checker.ReasonInterrupt})
		}
		return
	}
	sys, err := j.spec.Build(j.cell, j.opts)
	if err != nil {
		j.err = err
		return
	}
	j.digest = sys.Digest()
	if e := j.cell.Expect; e != nil && (e.States >= 0 || e.Transitions >= 0) && f.reduction == "" {
		opts.Reduction = checker.ReductionNone
	}
	f.checkpointOf(&opts, j.spec.Name, j.cell)
	if j.res, err = checker.Check(ctx, sys, opts); err != nil {
		var unusable *checker.CheckpointError
		if errors.As(err, &unusable) {
			j.err = err
			return
		}
		j.err = &coded{code: exitInternal, err: fmt.Errorf("%s %s: %w", j.spec.Name, j.cell, err)}
		return
	}
	if f.everyTrace && ctx.Err() == nil {
		j.collectEvidence(sys)
	}
	if len(j.res.Violations) == 0 || (f.traceDir == "" && !f.verbose && !f.everyTrace && len(f.property) == 0 && j.judge(f).OK) {
		return
	}
	// Readers get a simple run: the one found, shrunk; or a shortest one, for which it takes a second search where the first was not breadth first.
	res := j.res
	switch {
	case f.noShrink:
	case !f.shortest:
		if err := res.Shrink(sys, opts.NoAssert); err != nil {
			j.err = &coded{code: exitInternal, err: fmt.Errorf("%s %s: %w", j.spec.Name, j.cell, err)}
			return
		}
	case opts.Search != checker.BFS || opts.Reduction != checker.ReductionNone:
		opts.Checkpoint, opts.Resume, opts.Spill = "", false, ""
		opts.Swarm, opts.Search, opts.Workers, opts.Reduction, opts.Symmetry = 0, checker.BFS, 1, checker.ReductionNone, checker.SymmetryOff
		if short, err := checker.Check(ctx, sys, opts); err == nil && len(short.Violations) >= len(res.Violations) {
			res = short
		}
	}
	for _, v := range res.Violations {
		if v.Witness != nil {
			for _, t := range append([]*traces.Trace{v.Witness}, v.More...) {
				t.Build = buildNames(j.opts, f.noAssert)
				j.traces = append(j.traces, t)
			}
		}
	}
}

func buildNames(o elab.BuildOptions, noAssert bool) []string {
	var b []string
	if noAssert {
		b = append(b, "no-assert")
	}
	if o.NoMerge {
		b = append(b, "no-merge")
	}
	if o.NoReset {
		b = append(b, "no-reset")
	}
	return b
}

// states is how many states the cell has, where the spec says so; else 0.
func (j *job) states() int64 {
	if j.cell.Expect == nil {
		return 0
	}
	return max(0, j.cell.Expect.States)
}

// interchanged reports whether states were counted up to a permutation of processes or objects.
func interchanged(r *checker.Result) bool {
	return slices.ContainsFunc(r.Symmetry, func(s checker.Symmetry) bool { return s.Members > 0 })
}

// judge compares the verdict with the expectation.
func (j *job) judge(f *checkFlags) report.Judgement {
	return report.Judge(j.res, j.cell.Expect, report.Counting{NoAssert: f.noAssert, Full: !f.noMerge && !f.noReset && j.res.Reduction == checker.ReductionNone && !interchanged(j.res)})
}

// collect prints each cell when its turn has come, and gathers what was found.
func (a *app) collect(jobs []*job, total int, f *checkFlags, prog *progress, wg *sync.WaitGroup) (*report.Document, error) {
	defer prog.stop()
	out := a.out
	if f.outputs.takesStdout() {
		out = io.Discard
	}
	doc := report.NewDocument(total)
	doc.Shard = f.shard
	var errs []error
	told := map[string]bool{} // what is wrong with a spec is usually wrong in every cell
	for i, j := range jobs {
		<-j.done
		jobs[i] = nil // systems, states of traces: what is not in doc is not needed any more
		if j.err != nil {
			text := explained(j.err)
			if !told[text] {
				errs = append(errs, j.err)
			}
			told[text] = true
			continue
		}
		jd := j.judge(f)
		f.keep(j)
		e := doc.Add(report.Checked{Number: j.number, Spec: j.spec, Cell: j.cell, Digest: j.digest, Result: j.res, Judged: jd, Traces: j.traces})
		err := prog.print(func() error {
			if !f.quiet || !jd.OK {
				if err := report.Line(out, e, report.Style{Times: f.verbose, Color: color(a.out)}); err != nil {
					return err
				}
			}
			if f.verbose {
				if err := report.Verdicts(out, e); err != nil {
					return err
				}
			}
			if e.Verdict == checker.Holds.String() && !j.spec.HasCovers() && doc.Warn(j.spec.Name, report.NoCover) {
				fmt.Fprintf(a.err, "pmdcheck: warning: %s: %s\n", j.spec.Name, report.NoCover)
			}
			if err := report.Reducing(out, j.res); err != nil {
				return err
			}
			if s := j.res.Swarm; s != nil && j.res.Verdict != checker.Unknown { // else the line above says it
				if _, err := fmt.Fprintf(out, "     %s\n", s); err != nil {
					return err
				}
			}
			return a.showTraces(out, j, jd, f)
		})
		if err != nil {
			return nil, err
		}
	}
	wg.Wait()
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	prog.stop()
	return doc, report.Summary(out, doc, report.Style{Color: color(a.out)})
}

func (a *app) showTraces(out io.Writer, j *job, jd report.Judgement, f *checkFlags) error {
	count := map[string]int{}
	for _, t := range j.traces {
		if f.traceDir != "" {
			if err := os.MkdirAll(f.traceDir, 0o755); err != nil {
				return err
			}
			name := strings.ReplaceAll(j.spec.Name, "/", "-")
			for _, c := range j.cell.Config { // all, as what is left there by runs with other values must stay
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
		if f.verbose || slices.Contains(f.property, t.Property) || (!jd.OK && !slices.Contains(jd.ExpectedProps, t.Property)) {
			fmt.Fprintf(out, "\n%s:\n\n", t.Property)
			if err := columns.Render(out, t, a.table(-1, f.full)); err != nil {
				return err
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}

// parseSize reads 512M, 2G, 100000.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	shift := 0
	num := strings.TrimSuffix(strings.TrimSuffix(s, "iB"), "B")
	if i := strings.IndexByte("KMGT", num[max(len(num)-1, 0)]); i >= 0 {
		shift, num = 10*(i+1), num[:len(num)-1]
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("--memory %s: write a size such as 512M or 2G", s)
	}
	return n << shift, nil
}
