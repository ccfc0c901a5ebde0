package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
)

func (a *app) mergeCmd() *cobra.Command {
	var o outputs
	cmd := &cobra.Command{
		Use: "merge results.json...", Short: "join the results of the shards of a run", Args: cobra.MinimumNArgs(1),
		Long: "merge joins what `check --shard i/n --json FILE` wrote on several machines into the results of the whole run, refuses it if a part is missing or there twice,\n" +
			"prints the summary, writes it in any format, and exits as check would have.",
		Example: "  pmdcheck merge shard-*.json --json all.json --junit junit.xml --sarif pmdcheck.sarif",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			doc, err := mergeFiles(args)
			if err != nil {
				return err
			}
			if !o.takesStdout() {
				if err := report.Summary(a.out, doc, report.Style{Color: color(a.out)}); err != nil {
					return err
				}
			}
			if err := o.write(a, doc); err != nil {
				return err
			}
			return outcome(doc)
		},
	}
	o.flags(cmd.Flags())
	return cmd
}

func mergeFiles(names []string) (*report.Document, error) {
	var docs []*report.Document
	for _, n := range names {
		d, err := readResults(n)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return report.Merge(names, docs)
}

func readResults(name string) (*report.Document, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d.Rename(catalog.Current)
	return d, nil
}
