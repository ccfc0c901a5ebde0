package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/judge"
)

func (a *app) baselineCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "baseline", Short: "keep what a run found and compare later runs with it", Args: knownCommand,
		Long: "A baseline is a file to commit: verdict, violated properties, counts of states and transitions and the digest of the model for every configuration. compare names every configuration\n" +
			"that differs and exits with 1 if a verdict changed. It is also where check --shard learns what configurations cost (--costs).",
		Example: "  pmdcheck baseline write -o baseline.json\n  pmdcheck baseline compare baseline.json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.baselineWriteCmd(), a.baselineCompareCmd())
	return cmd
}

func (a *app) baselineWriteCmd() *cobra.Command {
	f := &checkFlags{}
	var out string
	var from []string
	cmd := &cobra.Command{
		Use: "write [spec...]", Short: "check specs and write a baseline",
		Example: "  pmdcheck baseline write -o baseline.json\n  pmdcheck baseline write --from results.json -o baseline.json",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := files.CanWrite(out); err != nil {
				return err
			}
			doc, err := a.results(args, from, f, out == "" || out == "-")
			if err != nil {
				return err
			}
			b, err := report.NewBaseline(doc)
			if err != nil {
				return &coded{code: exitUnknown, err: err}
			}
			if err := a.output(out, b.Write); err != nil {
				return err
			}
			return outcome(doc)
		},
	}
	f.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file` (default: stdout)")
	cmd.Flags().StringArrayVar(&from, "from", nil, "take results from JSON `file`s of check or merge instead of checking (repeatable: shards)")
	return cmd
}

func (a *app) baselineCompareCmd() *cobra.Command {
	f := &checkFlags{}
	var from []string
	cmd := &cobra.Command{
		Use: "compare baseline.json [spec...]", Short: "check specs and name every configuration that differs from a baseline", Args: cobra.MinimumNArgs(1),
		Long: "compare checks specs and names every configuration that differs from the baseline. Without specs it checks all embedded ones, whatever the baseline has: those that it\n" +
			"does not have are new. Name the specs that it is of to check these alone.",
		Example: "  pmdcheck baseline compare baseline.json\n  pmdcheck baseline compare baseline.json --from results.json",
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := readBaseline(args[0])
			if err != nil {
				return err
			}
			names, err := catalog.Resolve(args[1:])
			if err != nil {
				return err
			}
			for i, n := range names {
				names[i] = strings.TrimSuffix(n, ".pmd") // as results name it
			}
			doc, err := a.results(args[1:], from, f, true)
			if err != nil {
				return err
			}
			sel := judge.Selection{Set: f.set, Only: f.only, Shard: f.shard}
			if len(args) > 1 {
				sel.Specs = names
			}
			if s := b.Incomparable(doc); s != "" {
				fmt.Fprintf(a.out, "note %s\n", s)
			}
			return a.compared(b.Compare(doc, sel.Within(doc)), len(doc.Results))
		},
	}
	f.flags(cmd.Flags())
	cmd.Flags().StringArrayVar(&from, "from", nil, "take results from JSON `file`s of check or merge instead of checking (repeatable: shards)")
	return cmd
}

// compared prints changes and chooses the exit code.
func (a *app) compared(changes []report.Change, configs int) error {
	verdicts, unknown := 0, 0
	for _, c := range changes {
		mark := "note"
		switch {
		case c.Verdict:
			mark = "FAIL"
			verdicts++
		case c.Unknown:
			mark = "??  "
			unknown++
		}
		fmt.Fprintf(a.out, "%s %s  %s\n", mark, c.Configuration, strings.Join(c.What, "; "))
	}
	fmt.Fprintf(a.out, "%s compared: %d changed, %d of them in their verdict, %d without one\n", report.Count(configs, "configuration"), len(changes), verdicts, unknown)
	switch {
	case verdicts > 0:
		return &coded{code: exitViolated, silent: true}
	case unknown > 0:
		return &coded{code: exitUnknown, silent: true}
	}
	return nil
}

// results checks specs, or reads what was found before. With quiet nothing is printed on stdout.
func (a *app) results(args, from []string, f *checkFlags, quiet bool) (*report.Document, error) {
	if len(from) > 0 {
		if len(args) > 0 {
			return nil, errors.New("--from takes the configurations that are in the files: name no specs")
		}
		return mergeFiles(from)
	}
	if quiet {
		f.outputs.json = "-"
	}
	return a.explore(args, f)
}

func readBaseline(name string) (*report.Baseline, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := report.ReadBaseline(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.Rename(catalog.Current)
	return b, nil
}
