// Package cli is the command line: it finds specs, runs the stages and maps outcomes to exit codes.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/run"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// Exit codes.
const (
	exitOK       = 0
	exitViolated = 1 // a verdict differs from its expectation, or a property is violated where none was expected
	exitUsage    = 2 // usage or spec error
	exitUnknown  = 3 // a limit, the time, or an interrupt came first
	exitInternal = 4 // checker and oracle disagree, or another bug
)

// coded is an error with an exit code. silent ones were reported already.
type coded struct {
	code   int
	err    error
	silent bool
}

func (c *coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit code %d", c.code)
	}
	return c.err.Error()
}

func (c *coded) Unwrap() error { return c.err }

// app is what commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs the command line and returns the exit code. It never panics on account of its input.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	out := &sink{w: stdout}
	errs := &sink{w: stderr}
	a := &app{in: stdin, out: out, err: errs}
	defer errs.flush()
	defer func() {
		if v := recover(); v != nil {
			a.explainError(run.Crashed(v))
			code = exitInternal
		}
	}()
	prof := &profiler{}
	root := &cobra.Command{
		Use:           "pmdcheck",
		Short:         "model checker for kernel page-table locking",
		Long:          "pmdcheck proves or refutes, over every interleaving, that no page-table walker touches a freed page-table page.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       version(debug.ReadBuildInfo()),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print version, commit and Go")
	prof.flags(root.PersistentFlags())
	root.PersistentPreRunE = bounds(root, prof.start)
	root.SetFlagErrorFunc(knownFlag)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(errs)
	a.commands(root)
	completions(root)
	err := root.Execute()
	out.flush()
	if err == nil && out.err != nil {
		err = out.err
	}
	if perr := prof.stop(); perr != nil {
		a.explainError(perr)
		if err == nil {
			return exitUsage
		}
	}
	if err == nil {
		return exitOK
	}
	if errors.Is(err, syscall.EPIPE) {
		return exitOK // the reader had enough
	}
	code = exitUsage
	if elab.WasStopped(err) != nil {
		code = exitUnknown
	}
	var c *coded
	if errors.As(err, &c) {
		code = c.code
		if c.silent {
			return code
		}
	}
	var bug *run.Bug
	if errors.As(err, &bug) {
		code = exitInternal
	}
	a.explainError(err)
	return code
}

// commands adds all commands, grouped for what looks for one.
func (a *app) commands(root *cobra.Command) {
	for _, g := range []struct {
		id, title string
		list      []*cobra.Command
	}{
		{"ask", "Ask and check:", []*cobra.Command{a.askCmd(), a.checkCmd(), a.matrixCmd(), a.reportCmd(), a.serveCmd(), a.lockOrderCmd(), a.litmusCmd(), a.auditCmd()}},
		{"look", "Look closer:", []*cobra.Command{a.listCmd(), a.explainCmd(), a.showCmd(), a.simulateCmd(), a.renderCmd(), a.replayCmd()}},
		{"ci", "On several machines, and over time:", []*cobra.Command{a.mergeCmd(), a.baselineCmd(), a.levelsCmd()}},
		{"tools", "For specs, and against other tools:", []*cobra.Command{a.fmtCmd(), a.exportCmd(), a.benchCmd()}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.list {
			c.GroupID = g.id
			wellCalled(c)
		}
		root.AddCommand(g.list...)
	}
}

// wellCalled has a command, and those below it, say how it is written where the number of its arguments is wrong.
func wellCalled(c *cobra.Command) {
	for _, sub := range c.Commands() {
		wellCalled(sub)
	}
	if check := c.Args; check != nil && !c.HasSubCommands() {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) != nil {
				return fmt.Errorf("%s: write %s", report.Count(len(args), "argument"), cmd.UseLine())
			}
			return nil
		}
	}
}

// knownCommand refuses what is no command, with one that is near, or with what it is instead.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := source.DidYouMean(args[0], names)
	if found, err := catalog.Resolve(args[:1]); hint == "" && err == nil && len(found) > 0 {
		hint = "write pmdcheck check " + args[0]
	}
	return source.WithHint("unknown command "+source.Quote(args[0]), cmp.Or(hint, "`"+root.CommandPath()+" --help` lists them"))
}

// knownFlag adds to the error of a flag that a command does not have one that is near, or how a parameter of a spec is set.
func knownFlag(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) {
		return wrongValue(wrong, err)
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	name := unknown.GetSpecifiedName()
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	hint := source.DidYouMean("--"+name, names)
	if slices.Contains([]string{"kernel", "arch", "policy", "target", "era"}, name) && cmd.Flags().Lookup("set") != nil {
		hint = "write --set " + name + "=…"
	}
	return source.WithHint(err.Error(), hint)
}

// wrongValue says what a right value of a flag looks like, where the reason is one of Go's library.
func wrongValue(wrong *pflag.InvalidValueError, err error) error {
	f, right := wrong.GetFlag(), ""
	switch f.Value.Type() {
	case "int", "int64", "uint", "uint64":
		right = "write a whole number, as 8"
	case "duration":
		right = "write a time with its unit, as 30s or 5m"
	case "bool":
		right = "write true or false, or nothing"
	case "float64":
		right = "write a number, as 0.5"
	default:
		return err
	}
	return fmt.Errorf("--%s %s: %s", f.Name, source.Quote(wrong.GetValue()), right)
}

// bounds adds the flag for the limits of specs, and returns what has to be done before a command.
func bounds(root *cobra.Command, next func() error) func(*cobra.Command, []string) error {
	var limits string
	root.PersistentFlags().StringVar(&limits, "limits", "", "raise or lower what a spec may span and a configuration become, `name=number,...`: configurations, elements, steps, processes, choices, nesting (docs/language.md)")
	return func(*cobra.Command, []string) error {
		catalog.Limits = elab.Limits{}
		if limits != "" {
			l, err := elab.ParseLimits(limits)
			if err != nil {
				return fmt.Errorf("--limits: %w", err)
			}
			catalog.Limits = l
		}
		return next()
	}
}

// explained is an error as explainError writes it.
func explained(err error) string {
	var b strings.Builder
	(&app{err: &b}).explainError(err)
	return b.String()
}

// explainError writes an error to stderr: diagnostics with their excerpts, and every one of several joined errors.
func (a *app) explainError(err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			a.explainError(e)
		}
		return
	}
	var list *source.List
	if !errors.As(err, &list) {
		fmt.Fprintf(a.err, "pmdcheck: %v\n", err)
		return
	}
	_ = list.Render(a.err)
	what := "errors"
	if len(list.Diags) == 1 {
		what = "error"
	}
	fmt.Fprintf(a.err, "pmdcheck: %d %s\n", len(list.Diags), what)
}
