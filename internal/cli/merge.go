package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
)

func (a *app) mergeCmd() *cobra.Command {
	var o outputs
	cmd := &cobra.Command{
		Use: "merge results.json...", Short: "join the results of the shards of a run", Args: cobra.MinimumNArgs(1),
		Long: "merge joins what `check --shard i/n --json FILE` wrote on several machines into the results of the whole run, prints the summary, writes it in any format, and\n" +
			"exits as check would have. A folder stands for its shard-*.json. What is there twice is refused. It says which shards are missing; their configurations are unknown.",
		Example: "  pmdcheck merge shard-*.json --json all.json --junit junit.xml --sarif pmdcheck.sarif\n  pmdcheck merge results/ --json all.json",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			doc, err := mergeFiles(args)
			var gap *report.Incomplete
			if errors.As(err, &gap) {
				err = a.fill(doc, gap)
			}
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
	names, err := resultFiles(names)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		d, err := readResults(n)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return report.Merge(names, docs)
}

// resultFiles puts the results of shards in the place of a folder of them.
func resultFiles(names []string) (out []string, err error) {
	for _, n := range names {
		if st, err := os.Stat(n); err != nil || !st.IsDir() {
			out = append(out, n)
			continue
		}
		in, err := filepath.Glob(filepath.Join(n, "shard-*.json"))
		if err != nil {
			return nil, err
		}
		if len(in) == 0 {
			return nil, fmt.Errorf("there is no shard-*.json in %s", n)
		}
		out = append(out, in...)
	}
	return out, nil
}

// missing is why nothing is known of the configurations of a shard without results.
const missing = checker.Reason("missing")

// fill adds the configurations of shards that are missing, as unknown.
func (a *app) fill(doc *report.Document, gap *report.Incomplete) error {
	cannot := func(why string) error {
		return &coded{code: exitUnknown, err: fmt.Errorf("%w; they cannot be named: %s", gap, why)}
	}
	if gap.Run == nil {
		return cannot("the files do not say, or not alike, what the run was asked for")
	}
	r := plan.Request{Specs: gap.Run.Specs, Set: gap.Run.Set, Only: gap.Run.Only, Memory: gap.Run.Memory, Tier: gap.Run.Tier}
	if gap.Run.Profile != "" {
		var err error
		if r.Profile, err = a.readProfile(gap.Run.Profile); err != nil {
			return cannot(err.Error())
		}
	}
	configs, total, err := r.Configurations()
	if err != nil {
		return cannot(err.Error())
	}
	if total != doc.Configurations {
		return cannot(fmt.Sprintf("the run had %d configurations, and would have %d now", doc.Configurations, total))
	}
	there := map[int]*report.Entry{}
	for i := range doc.Results {
		there[doc.Results[i].Number] = &doc.Results[i]
	}
	var more []report.Entry
	for _, c := range configs {
		switch e := there[c.Number]; {
		case e == nil:
			more = append(more, run.Unexplored(c, missing).Entry())
		case e.Key() != c.Key():
			return cannot(fmt.Sprintf("number %d was %s, and would be %s now", c.Number, e.Key(), c.Key()))
		}
	}
	fmt.Fprintf(a.err, "pmdcheck: warning: %v\n", gap)
	doc.Fill(more)
	return nil
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
