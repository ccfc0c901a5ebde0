package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/files"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmusrun"
	"pmdcheck/traces/columns"
)

type litmusFlags struct {
	model, engine    string
	dot, svg         string
	json, junit      string
	pmd              string
	explain, verbose bool
	quiet            bool
	workers          int
	limit            int64
	timeout          time.Duration
}

func (a *app) litmusCmd() *cobra.Command {
	var f litmusFlags
	cmd := &cobra.Command{
		Use: "litmus file|folder...", Short: "the final states of litmus tests of the kernel under a memory model", Args: cobra.MinimumNArgs(1),
		Long: "litmus reads tests in C as tools/memory-model of the kernel has them and says which final states a memory model allows: sc, tso (x86), arm (ARMv8) or lkmm\n" +
			"(linux-kernel.cat of v6.13), by enumerating executions and checking the axioms of the model (docs/memory-models.md).\n" +
			"One file gives the states, several a table. It exits with 1 if a forall or ~exists is not fulfilled or, under lkmm, an answer differs from the Result: comment of its\n" +
			"test, with 2 if a test cannot be read, with 3 if a limit came before an answer.",
		Example: "  pmdcheck litmus MP+poonceonces.litmus --memory-model tso --explain\n  pmdcheck litmus tests/ --json all.json --junit junit.xml",
		RunE:    func(_ *cobra.Command, args []string) error { return a.litmus(args, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.model, "memory-model", "lkmm", "sc, tso, arm or lkmm")
	fl.StringVar(&f.engine, "engine", "axioms", "what decides: axioms; under sc and tso also explorer, or both, which have to agree")
	fl.StringVar(&f.pmd, "to-pmd", "", "write the test as a spec to `file` (one test only; - for stdout, instead of text)")
	fl.BoolVar(&f.explain, "explain", false, "show an execution that ends as the condition says, and which axiom forbids it or what allows it")
	fl.StringVar(&f.dot, "dot", "", "draw that execution for Graphviz into `file` (one test only; - for stdout, instead of text)")
	fl.StringVar(&f.svg, "svg", "", "draw that execution as SVG into `file` (one test only; - for stdout, instead of text)")
	fl.StringVar(&f.json, "json", "", "write the answers as JSON to `file` (- for stdout, instead of text)")
	fl.StringVar(&f.junit, "junit", "", "write the answers as JUnit XML to `file`")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "the states of every test, also of several")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only what is not as it should be")
	fl.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "how many tests run at once")
	fl.Int64Var(&f.limit, "limit", axioms.DefaultLimit, "steps of the enumeration per test; more is unknown")
	fl.DurationVar(&f.timeout, "timeout", 0, "time per test; more is unknown")
	return cmd
}

func (a *app) litmus(args []string, f *litmusFlags) error {
	m, err := axioms.ParseModel(f.model)
	if err != nil {
		return fmt.Errorf("--memory-model: %w", err)
	}
	engine, err := litmusrun.ParseEngine(f.engine)
	if err != nil {
		return fmt.Errorf("--engine %w", err)
	}
	switch {
	case engine != litmusrun.Axioms && m != axioms.SC && m != axioms.TSO:
		return fmt.Errorf("--engine %s: the explorer knows --memory-model sc and tso; --engine axioms knows %s", engine, m)
	case engine == litmusrun.Explorer && (f.dot != "" || f.svg != ""):
		return errors.New("--engine explorer finds runs and no executions: --dot and --svg take --engine axioms or both")
	case f.workers < 1 || f.limit < 1 || f.timeout < 0:
		return errors.New("--workers and --limit are at least 1, and --timeout is not negative")
	case twice(f.json, f.junit, f.dot, f.svg):
		return errors.New("two outputs go to the same file")
	}
	if err := files.CanWrite(f.dot, f.svg, f.json, f.junit, f.pmd); err != nil {
		return err
	}
	tests, err := litmusrun.Files(args)
	if err != nil {
		return err
	}
	if (f.dot != "" || f.svg != "") && len(tests) != 1 {
		return fmt.Errorf("--dot and --svg draw an execution of one test, not of %d", len(tests))
	}
	if f.pmd != "" && len(tests) != 1 {
		return fmt.Errorf("--to-pmd writes one test, not %d", len(tests))
	}
	ctx, cancel := until(0)
	defer cancel()
	if f.pmd != "" {
		if err := a.litmusSpec(ctx, tests[0], f); err != nil || f.pmd == "-" {
			return err
		}
	}
	o := litmusrun.Options{Model: m, Engine: engine, Limit: f.limit, Timeout: f.timeout, Workers: f.workers, Keep: f.explain || f.dot != "" || f.svg != ""}
	if _, tty := terminal(a.err); tty && len(tests) > 1 {
		last := time.Now()
		o.Done = func(n int) {
			if n == len(tests) {
				fmt.Fprint(a.err, "\r\x1b[K")
			} else if time.Since(last) > 200*time.Millisecond {
				last = time.Now()
				fmt.Fprintf(a.err, "\r\x1b[K%d of %d tests", n, len(tests))
			}
		}
	}
	answers := litmusrun.Run(ctx, tests, o)
	if err := a.litmusText(ctx, m, answers, f); err != nil {
		return err
	}
	if f.json != "" {
		if err := a.output(f.json, func(w io.Writer) error { return litmusrun.JSON(w, m, answers) }); err != nil {
			return err
		}
	}
	if f.junit != "" {
		if err := a.output(f.junit, func(w io.Writer) error { return litmusrun.JUnit(w, m, answers) }); err != nil {
			return err
		}
	}
	return litmusOutcome(answers)
}

// litmusSpec writes a test as a spec, with what the axioms say about sc and tso as expectations.
func (a *app) litmusSpec(ctx context.Context, file string, f *litmusFlags) error {
	text, err := litmusrun.Spec(ctx, file, f.limit)
	if err != nil {
		return err
	}
	return a.output(f.pmd, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// litmusOutcome is the exit code: bugs first, then what is wrong, then what could not be read, then what is unknown.
func litmusOutcome(answers []litmusrun.Answer) error {
	s := litmusrun.Sum(answers)
	switch {
	case s.Crashes > 0:
		return &coded{code: exitInternal, silent: true}
	case s.Differ > 0:
		return &coded{code: exitViolated, silent: true}
	case s.Errors > 0:
		return &coded{code: exitUsage, silent: true}
	case s.Unknown > 0:
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

func (a *app) litmusText(ctx context.Context, m axioms.Model, answers []litmusrun.Answer, f *litmusFlags) error {
	out := a.out
	if f.json == "-" || f.junit == "-" || f.dot == "-" || f.svg == "-" {
		out = io.Discard
	}
	single := len(answers) == 1
	shown := func(x *litmusrun.Answer) bool { return !f.quiet || x.Why != "" || x.Unknown() || x.Err != nil }
	some := false
	for i := range answers {
		x := &answers[i]
		if x.Err != nil {
			a.explainError(x.Err)
		} else {
			a.litmusNotes(x.Test)
		}
		if !shown(x) {
			continue
		}
		some = true
		if x.Err != nil || !single && !f.verbose && !f.explain {
			continue
		}
		if err := x.Text(out); err != nil {
			return err
		}
		if f.explain || f.dot != "" || f.svg != "" {
			if err := a.litmusExplain(ctx, out, m, x, f); err != nil {
				return err
			}
		}
		if !single {
			fmt.Fprintln(out)
		}
	}
	if !single && (!f.quiet || some) {
		return litmusrun.Table(out, m, answers, shown)
	}
	return nil
}

// litmusNotes says what is odd about a test and no error.
func (a *app) litmusNotes(t *litmus.Test) {
	for _, d := range t.Notes {
		fmt.Fprintf(a.err, "%s:%d:%d: note: %s\n", t.File, d.Span.Start.Line(), d.Span.Start.Col(), d.Msg)
	}
}

// litmusExplain shows an execution that ends as the condition says: one that the model allows, or else one that it forbids, and why.
func (a *app) litmusExplain(ctx context.Context, out io.Writer, m axioms.Model, x *litmusrun.Answer, f *litmusFlags) error {
	wanted := x.Test.Quant != litmus.Forall // of forall the exception is of interest
	if f.engine == litmusrun.Explorer.String() {
		return a.litmusTrace(ctx, out, m, x.Test, wanted, f)
	}
	g := x.Result.Witness(wanted)
	if g == nil {
		var err error
		if g, err = axioms.Forbidden(ctx, x.Test, m, wanted, f.limit); err != nil {
			fmt.Fprintf(out, "No execution to show: %v\n", err)
			return nil
		}
	}
	if g == nil {
		fmt.Fprintln(out, "No execution, however incoherent, ends like that: no process writes the values.")
		return nil
	}
	if f.explain {
		for _, l := range g.Lines() {
			fmt.Fprintln(out, l)
		}
	}
	if f.dot != "" {
		if err := a.output(f.dot, g.DOT); err != nil {
			return err
		}
	}
	if f.svg != "" {
		return a.output(f.svg, g.SVG)
	}
	return nil
}

// litmusTrace shows a run of the explorer that ends as the condition says.
func (a *app) litmusTrace(ctx context.Context, out io.Writer, m axioms.Model, t *litmus.Test, wanted bool, f *litmusFlags) error {
	tr, err := litmusrun.Trace(ctx, t, m, wanted, f.timeout)
	switch {
	case err != nil:
		fmt.Fprintf(out, "No run to show: %v\n", err)
		return nil
	case tr == nil:
		fmt.Fprintln(out, "No run ends like that.")
		return nil
	}
	return columns.Render(out, tr, columns.Options{Width: 120})
}

// twice reports whether one of some files, as far as they are given, is given twice.
func twice(names ...string) bool {
	seen := map[string]bool{"": true}
	for _, n := range names {
		if n != "" && seen[n] {
			return true
		}
		seen[n] = true
	}
	return false
}
