package cli

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/internal/memory"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/properties"
)

type matrixFlags struct {
	rows, cols, property, set []string
	profiles                  []string
	json, csv, html, out      string
	memory, tier              string
	jobs                      int
	maxStates                 int64
	timeout                   time.Duration
	progress                  bool
}

func (a *app) matrixCmd() *cobra.Command {
	f := &matrixFlags{}
	cmd := &cobra.Command{
		Use:   "matrix [spec...]",
		Short: "answer for many configurations at once: policies across, targets and eras down",
		Long: `matrix explores the configurations of specs and puts the answers into a table for each property. An axis is a config parameter, a constant of the spec, or spec;
without --rows and --cols these are era, target and policy, as far as the spec sweeps them. A parameter that is named is swept even if the spec fixes it.
Configurations that fall into one place are summed up: violated if any is (and the table says which), unknown if a limit stopped one, holds only if all do.
--rows feature takes every feature away from the newest release that has it, and says which specs notice (--csv: as tab-separated values).
Without a spec, the embedded specs in seed are asked: the race of 2022.`,
		Example: "  pmdcheck matrix seed/race_a\n  pmdcheck matrix seed/race_a --rows era,target --set target=arm64_4k,riscv64\n" +
			"  pmdcheck matrix family --rows spec --cols era --property any\n  pmdcheck matrix seed/race_a_unlocked --rows policy --cols PMD_FREE --property no_use_after_free --html matrix.html\n  pmdcheck matrix seed/race_a --set kernel=6.6 --set arch=arm64\n  pmdcheck matrix family --rows feature",
		RunE: func(_ *cobra.Command, args []string) error { return a.matrix(args, f) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.rows, "rows", nil, "`axes` down (default era,target)")
	fl.StringSliceVar(&f.cols, "cols", nil, "`axes` across (default policy)")
	fl.StringSliceVar(&f.property, "property", nil, "`property` to ask about, or any (repeatable; default use after free, of a table or its lock, and foreign walk)")
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value`, or let it take several, name=a,b (repeatable)")
	fl.StringArrayVar(&f.profiles, "profile", nil, "ask about the tree that this `file` of audit --write-profile describes (repeatable: trees side by side, as the axis tree)")
	fl.StringVar(&f.json, "json", "", "write JSON to `file` (- for stdout, instead of text)")
	fl.StringVar(&f.csv, "csv", "", "write comma-separated values, a record per place, to `file` (- for stdout, instead of text)")
	fl.StringVar(&f.html, "html", "", "write a self-contained page to `file` (- for stdout, instead of text)")
	fl.StringVarP(&f.out, "output", "o", "", "write the text to this `file`")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "configurations explored at the same time")
	fl.Int64Var(&f.maxStates, "max-states", 0, "give up on a configuration after this many states")
	fl.StringVar(&f.memory, "max-memory", "", "give up on a configuration beyond this `size`, as 512M or 2G")
	oldMemory(fl, &f.memory)
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on a configuration after this time")
	fl.StringVar(&f.tier, "tier", "", "also explore the configurations of this tier (all: every tier); others are unknown")
	fl.BoolVar(&f.progress, "progress", false, "show progress although stderr is not a terminal")
	return cmd
}

func (a *app) matrix(args []string, f *matrixFlags) error {
	opts := checker.Options{MaxStates: f.maxStates, Timeout: f.timeout}
	err := limits(f.maxStates, f.timeout)
	if err != nil {
		return err
	}
	if err := checkOutputs(f.outputs()); err != nil {
		return err
	}
	if opts.Memory, err = memory.Bound(f.memory, f.jobs); err != nil {
		return err
	}
	if f.jobs < 1 {
		return errors.New("--jobs counts from 1")
	}
	a.stable(f.set)
	if slices.Equal(f.rows, []string{matrix.FeatureAxis}) {
		return a.matrixOfFeatures(args, f, opts)
	}
	r := plan.MatrixRequest{Specs: args, Set: f.set, Rows: f.rows, Cols: f.cols, Property: f.property, Timeout: f.timeout}
	for _, file := range f.profiles {
		p, err := a.readProfile(file)
		if err != nil {
			return err
		}
		r.Profiles = append(r.Profiles, p)
	}
	m, err := r.Plan()
	if err != nil {
		return err
	}
	ctx, cancel := until(0)
	defer cancel()
	prog := a.newProgress(len(m.Configurations), f.progress)
	answers := run.Matrix(ctx, m.Configurations, f.tier, run.Options{Checker: opts, Jobs: f.jobs, Watch: prog.watch})
	prog.stop()
	var results []matrix.Result
	var errs distinct
	unknown := false
	excluded := ""
	for _, x := range answers {
		switch {
		case x.Err != nil:
			errs.add(x.Err)
		case x.Excluded != "":
			excluded = x.Excluded
		default:
			results = append(results, x.Result)
			for _, a := range x.Result.Answers {
				unknown = unknown || a.Verdict == matrix.Unknown
			}
		}
	}
	if err := errs.join(); err != nil {
		return err
	}
	left := map[string]int{}
	for _, c := range m.Configurations {
		if !plan.InTier(c.Configuration, f.tier) {
			left[c.Tier]++
		}
	}
	if err := tiers(a.err, "unknown", left); err != nil {
		return err
	}
	d := matrix.Build(results, m.Rows, m.Cols, m.Properties, len(f.property) == 0, propertyTitle)
	if len(d.Tables) == 0 {
		return f.nothing(len(answers), len(results), excluded, m.Properties)
	}
	if err := f.write(a, d.WriteText, d.WriteJSON, d.WriteCSV, d.WriteHTML); err != nil {
		return err
	}
	if unknown {
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

// matrixOfFeatures says which specs notice if a feature is taken away.
func (a *app) matrixOfFeatures(args []string, f *matrixFlags, opts checker.Options) error {
	if len(f.cols)+len(f.property)+len(f.set)+len(f.profiles) > 0 || f.html != "" {
		return errors.New("--rows feature has columns, properties and configurations of its own, and no page: leave out --cols, --property, --set and --html")
	}
	ctx, cancel := until(0)
	defer cancel()
	list, err := run.Features(ctx, args, f.tier, run.Options{Checker: opts, Jobs: f.jobs})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted: nothing is written, because what was not asked would look like what nothing notices")
	}
	of := func(write func(io.Writer, []matrix.Feature) error) func(io.Writer) error {
		return func(w io.Writer) error { return write(w, list) }
	}
	return f.write(a, of(matrix.WriteFeaturesText), of(matrix.WriteFeaturesJSON), of(matrix.WriteFeaturesTSV), nil)
}

func (f *matrixFlags) outputs() []output {
	return []output{{"-o", f.out}, {"--json", f.json}, {"--csv", f.csv}, {"--html", f.html}}
}

// write writes what the flags ask for; text goes to stdout unless something else does.
func (f *matrixFlags) write(a *app, formats ...func(io.Writer) error) error {
	list := f.outputs()
	if f.out == "" && !stdoutTaken(list) {
		list[0].name = "-"
	}
	var errs []error
	for i, o := range list {
		if o.name != "" {
			errs = append(errs, a.output(o.name, formats[i]))
		}
	}
	return errors.Join(errs...)
}

// nothing says why there is no table.
func (f *matrixFlags) nothing(tasks, results int, excluded string, props []string) error {
	set := ""
	if len(f.set) > 0 {
		set = " with --set " + strings.Join(f.set, " --set ")
	}
	switch {
	case tasks == 0:
		return fmt.Errorf("nothing to show%s: the sweep of the spec has no configuration with these values", set)
	case results == 0:
		return fmt.Errorf("nothing to show%s: no configuration can be built: %s", set, excluded)
	}
	return fmt.Errorf("nothing to show%s: no configuration observes %s; choose with --property (see `pmdcheck explain`)", set, strings.Join(props, ", "))
}

func propertyTitle(name string) string {
	if name == plan.AnyProperty {
		return "any violation"
	}
	return properties.Title(name)
}
