package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/internal/interrupt"
	"pmdcheck/internal/matrix"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/properties"
)

type matrixFlags struct {
	rows, cols, property, set []string
	asJSON, asCSV, asHTML     bool
	out, memory, tier         string
	jobs                      int
	maxStates                 int64
	timeout                   time.Duration
	progress                  bool
}

// Where nobody says what to ask and how to lay it out.
var (
	matrixRows  = []string{"era", "target"}
	matrixCols  = []string{"policy"}
	matrixProps = []string{"no_use_after_free", "no_ptl_use_after_free", "no_foreign_walk"}
)

// anyProperty asks whether a cell violates anything it checks.
const anyProperty = "any"

func (a *app) matrixCmd() *cobra.Command {
	f := &matrixFlags{}
	cmd := &cobra.Command{
		Use:   "matrix [spec...]",
		Short: "answer for many cells at once: policies across, targets and eras down",
		Long: `matrix explores the cells of specs and puts the answers into a table for each property. An axis is a config parameter, a constant of the spec, or spec;
without --rows and --cols these are era, target and policy, as far as the spec sweeps them. A parameter that is named is swept even if the spec fixes it.
Cells that fall into one place are summed up: violated if any is (and the table says which), unknown if a limit stopped one, holds only if all do.
Without a spec, the embedded specs in seed are asked: the race of 2022.`,
		Example: "  pmdcheck matrix seed/race_a\n  pmdcheck matrix seed/race_a --rows era,target --set target=arm64_4k,riscv64\n" +
			"  pmdcheck matrix family --rows spec --cols era --property any\n  pmdcheck matrix seed/race_a_unlocked --rows policy --cols PMD_FREE --property no_use_after_free --html -o matrix.html",
		RunE: func(_ *cobra.Command, args []string) error { return a.matrix(args, f) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.rows, "rows", nil, "`axes` down (default era,target)")
	fl.StringSliceVar(&f.cols, "cols", nil, "`axes` across (default policy)")
	fl.StringSliceVar(&f.property, "property", nil, "`property` to ask about, or any (repeatable; default use after free, of a table or its lock, and foreign walk)")
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value`, or let it take several, name=a,b (repeatable)")
	fl.BoolVar(&f.asJSON, "json", false, "write JSON")
	fl.BoolVar(&f.asCSV, "csv", false, "write comma-separated values, a record per place")
	fl.BoolVar(&f.asHTML, "html", false, "write a self-contained page")
	fl.StringVarP(&f.out, "output", "o", "", "write to this `file`")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "cells explored at the same time")
	fl.Int64Var(&f.maxStates, "max-states", 0, "give up on a cell after this many states")
	fl.StringVar(&f.memory, "memory", "", "give up on a cell beyond this `size`, as 512M or 2G")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on a cell after this time")
	fl.StringVar(&f.tier, "tier", "", "also explore the cells of this tier (all: every tier); others are unknown")
	fl.BoolVar(&f.progress, "progress", false, "show progress although stderr is not a terminal")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "html")
	return cmd
}

// task is a cell to explore: once with the properties its spec checks, and once for each other property that is asked about.
type task struct {
	spec  *elab.Spec
	cell  elab.ConfigCell
	axes  map[string]string
	asked []string // checked by the spec
	extra []string // not
	res   matrix.Result
	none  string // the static assertion of the spec that excludes the cell, or ""
	err   error
	done  chan struct{}
}

func (a *app) matrix(args []string, f *matrixFlags) error {
	opts := checker.Options{MaxStates: f.maxStates, Timeout: f.timeout}
	err := limits(f.maxStates, f.timeout)
	if err != nil {
		return err
	}
	if opts.Memory, err = memoryBound(f.memory, f.jobs); err != nil {
		return err
	}
	if f.jobs < 1 {
		return errors.New("--jobs counts from 1")
	}
	props := f.property
	if len(props) == 0 {
		props = matrixProps
	}
	tasks, rows, cols, err := f.plan(args, props)
	if err != nil {
		return err
	}
	ctx, cancel := interrupt.Context()
	defer cancel()
	prog := a.newProgress(len(tasks), f.progress)
	work := make(chan *task)
	var wg sync.WaitGroup
	for range min(f.jobs, len(tasks)) {
		wg.Go(func() {
			for t := range work {
				o := opts
				c := prog.begin(t.spec.Name+" "+t.cell.String(), 0, &o)
				t.run(ctx, o, f)
				prog.end(c)
				close(t.done)
			}
		})
	}
	for _, t := range tasks {
		work <- t
	}
	close(work)
	wg.Wait()
	prog.stop()
	var results []matrix.Result
	var errs []error
	told := map[string]bool{}
	unknown := false
	excluded := ""
	for _, t := range tasks {
		if t.err != nil {
			if text := explained(t.err); !told[text] {
				told[text] = true
				errs = append(errs, t.err)
			}
			continue
		}
		if t.none != "" {
			excluded = t.none
			continue
		}
		results = append(results, t.res)
		for _, a := range t.res.Answers {
			unknown = unknown || a.Verdict == matrix.Unknown
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	d := matrix.Build(results, rows, cols, props, len(f.property) == 0, propertyTitle)
	if len(d.Tables) == 0 {
		return f.nothing(len(tasks), len(results), excluded, props)
	}
	write := d.WriteText
	switch {
	case f.asJSON:
		write = d.WriteJSON
	case f.asCSV:
		write = d.WriteCSV
	case f.asHTML:
		write = d.WriteHTML
	}
	if err := a.output(f.out, func(w io.Writer) error { return write(w) }); err != nil {
		return err
	}
	if unknown {
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

// nothing says why there is no table.
func (f *matrixFlags) nothing(tasks, results int, excluded string, props []string) error {
	set := ""
	if len(f.set) > 0 {
		set = " with --set " + strings.Join(f.set, " --set ")
	}
	switch {
	case tasks == 0:
		return fmt.Errorf("nothing to show%s: the sweep of the spec has no cell with these values", set)
	case results == 0:
		return fmt.Errorf("nothing to show%s: no cell can be built: %s", set, excluded)
	}
	return fmt.Errorf("nothing to show%s: no cell observes %s; choose with --property (see `pmdcheck explain`)", set, strings.Join(props, ", "))
}

func propertyTitle(name string) string {
	if name == anyProperty {
		return "any violation"
	}
	return properties.Title(name)
}

// plan lists the cells of all specs that the axes span.
func (f *matrixFlags) plan(args, props []string) (tasks []*task, rows, cols []string, err error) {
	if len(args) == 0 {
		args = []string{"seed"}
	}
	names, err := resolve(args)
	if err != nil {
		return nil, nil, nil, err
	}
	var specs []*elab.Spec
	var errs []error
	for _, n := range names {
		spec, err := load(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		specs = append(specs, spec)
	}
	if len(errs) > 0 {
		return nil, nil, nil, errors.Join(errs...)
	}
	pick := func(named, usual []string) []string {
		if len(named) > 0 {
			return named
		}
		var out []string
		for _, u := range usual {
			if slices.ContainsFunc(specs, func(s *elab.Spec) bool { return sweeps(s, u) }) {
				out = append(out, u)
			}
		}
		return out
	}
	rows, cols = pick(f.rows, matrixRows), pick(f.cols, matrixCols)
	for _, r := range rows {
		if slices.Contains(cols, r) {
			return nil, nil, nil, fmt.Errorf("%s is both down and across", r)
		}
	}
	if len(rows) == 0 && len(cols) == 0 {
		return nil, nil, nil, errors.New("none of era, target and policy is swept here: choose axes with --rows and --cols")
	}
	var run asked
	for _, spec := range specs {
		ts, err := f.cells(spec, append(slices.Clone(rows), cols...), props)
		if err != nil {
			errs = append(errs, err)
		}
		tasks = append(tasks, ts...)
		var mine asked
		for _, t := range ts {
			if len(mine) == 0 {
				mine = asked{{spec: spec}}
			}
			mine[0].cells = append(mine[0].cells, t.cell)
		}
		run = append(run, mine...)
	}
	if err := errors.Join(errs...); err != nil || len(run) == 0 {
		return tasks, rows, cols, err
	}
	return tasks, rows, cols, run.observe(slices.DeleteFunc(slices.Clone(f.property), func(p string) bool { return p == anyProperty }))
}

func sweeps(s *elab.Spec, name string) bool {
	return slices.ContainsFunc(s.Configs(), func(c elab.ConfigParam) bool { return c.Name == name && c.Swept })
}

// cells are the cells of a spec: its sweep, and besides every value of an axis that it does not sweep, and of a parameter set to several values.
func (f *matrixFlags) cells(spec *elab.Spec, axes, props []string) ([]*task, error) {
	configs := spec.Configs()
	several := map[string][]string{}
	for _, c := range configs {
		if slices.Contains(axes, c.Name) && !c.Swept {
			if len(c.Values) == 0 {
				return nil, fmt.Errorf("%s has too many values for an axis: choose some with --set %s=a,b", c.Name, c.Name)
			}
			several[c.Name] = c.Values
		}
	}
	given, err := parseSet(f.set)
	if err != nil {
		return nil, err
	}
	for _, v := range given {
		several[v.Name] = strings.Split(v.Value, ",")
	}
	sets := [][]model.ConfigValue{nil}
	for _, c := range configs { // in declaration order
		if several[c.Name] == nil {
			continue
		}
		var next [][]model.ConfigValue
		for _, s := range sets {
			for _, v := range several[c.Name] {
				next = append(next, append(slices.Clone(s), model.ConfigValue{Name: c.Name, Value: v}))
			}
		}
		sets = next
		delete(several, c.Name)
	}
	for name := range several { // is no parameter: let Cells say so
		for i := range sets {
			sets[i] = append(sets[i], model.ConfigValue{Name: name})
		}
	}
	var asked, extra []string
	for _, p := range props {
		switch known, checked := spec.Checks(p); {
		case checked || p == anyProperty:
			asked = append(asked, p)
		case known:
			extra = append(extra, p)
		}
	}
	var tasks []*task
	for _, set := range sets {
		cells, err := spec.Cells(set)
		if errors.Is(err, elab.ErrNoCell) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			t := &task{spec: spec, cell: c, axes: map[string]string{}, asked: asked, extra: extra, done: make(chan struct{})}
			for _, x := range axes {
				v, ok := spec.Value(c, x)
				if x == matrix.SpecAxis {
					v, ok = spec.Name, true
				}
				if !ok {
					msg := fmt.Sprintf("%s has no config parameter and no constant %s", spec.Name, x)
					if h := spec.SuggestConstant(x); h != "" {
						msg += ": " + h
					}
					return nil, errors.New(msg)
				}
				t.axes[x] = v
			}
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

// run explores one cell.
func (t *task) run(ctx context.Context, opts checker.Options, f *matrixFlags) {
	defer func() {
		if v := recover(); v != nil {
			t.err = crashed(v)
		}
	}()
	t.res = matrix.Result{Spec: t.spec.Name, Axes: t.axes, Answers: map[string]matrix.Answer{}}
	for _, v := range t.cell.Config {
		t.res.Config = append(t.res.Config, matrix.Value(v))
	}
	skip := ""
	switch {
	case ctx.Err() != nil:
		skip = string(checker.ReasonInterrupt)
	case t.cell.Tier != "" && f.tier != "all" && f.tier != t.cell.Tier:
		skip = "tier " + t.cell.Tier
	}
	if skip != "" {
		for _, p := range append(slices.Clone(t.asked), t.extra...) {
			t.res.Answers[p] = matrix.Answer{Verdict: matrix.Unknown, Reason: skip}
		}
		return
	}
	if len(t.asked) > 0 {
		t.search(ctx, opts, elab.BuildOptions{}, t.asked)
	}
	for _, p := range t.extra {
		t.search(ctx, opts, elab.BuildOptions{Check: []string{p}}, []string{p})
	}
}

func (t *task) search(ctx context.Context, opts checker.Options, b elab.BuildOptions, props []string) {
	sys, err := t.spec.Build(t.cell, b)
	if err != nil {
		var list *source.List
		if errors.As(err, &list) && !slices.ContainsFunc(list.Diags, func(d source.Diagnostic) bool { return d.Code != "static-assert" }) {
			t.none = list.Diags[0].Msg
			return
		}
		t.err = err
		return
	}
	res, err := checker.Check(ctx, sys, opts)
	if err != nil {
		t.err = &coded{code: exitInternal, err: fmt.Errorf("%s %s: %w", t.spec.Name, t.cell, err)}
		return
	}
	// A window that was never reached: what holds does so for no reason.
	vacuous := ""
	found := false
	for _, v := range res.Violations {
		name := strings.TrimPrefix(v.Property, checker.CoverPrefix)
		switch {
		case v.Prop != model.NoProp:
			found = true
		case t.cell.Expect == nil || !slices.Contains(t.cell.Expect.Unreachable, name):
			vacuous = v.Property + " is never reached"
		}
	}
	answer := func(v checker.Verdict, why checker.Reason) matrix.Answer {
		switch {
		case v == checker.Holds && vacuous != "":
			return matrix.Answer{Verdict: matrix.Unknown, Reason: vacuous}
		case v == checker.Unknown:
			return matrix.Answer{Verdict: matrix.Unknown, Reason: string(why)}
		}
		return matrix.Answer{Verdict: matrix.Verdict(v.String())}
	}
	for _, p := range res.Properties {
		if slices.Contains(props, p.Property) {
			t.res.Answers[p.Property] = answer(p.Verdict, p.Reason)
		}
	}
	if slices.Contains(props, anyProperty) {
		all := checker.Holds
		switch {
		case found:
			all = checker.Violated
		case res.Reason != checker.ReasonNone:
			all = checker.Unknown
		}
		t.res.Answers[anyProperty] = answer(all, res.Reason)
	}
}
