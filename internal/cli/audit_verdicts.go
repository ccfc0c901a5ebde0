package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/internal/audit"
	"pmdcheck/internal/interrupt"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/model/elab"
	"pmdcheck/traces/columns"
)

// profileOf is the profile of an audited tree.
func profileOf(doc *audit.Document) *elab.Profile {
	p := &elab.Profile{Name: doc.Release, Kernel: doc.Release, Features: map[string]string{}}
	for _, f := range doc.Features {
		if f.Value != "" {
			p.Features[f.Name] = f.Value
		}
	}
	return p
}

// verdicts checks the claims of specs for an audited tree, and says what is violated, with its trace and, if asked, which missing fixes mend it.
func (a *app) verdicts(doc *audit.Document, f auditFlags, specs []string) error {
	p := profileOf(doc)
	if err := plan.CheckProfile(p); err != nil {
		return err
	}
	cells, _, err := plan.Request{Specs: specs, Profile: p, Claims: true}.Cells()
	if err != nil {
		return err
	}
	ctx, cancel := interrupt.Context()
	defer cancel()
	o := run.Options{Jobs: runtime.GOMAXPROCS(0), Traces: true}
	commits := map[string]string{}
	for _, x := range doc.Features {
		commits[x.Name] = strings.Join(x.Commits, ", ")
	}
	kept := slices.Clone(cells)
	fmt.Fprintf(a.out, "%s: %s\n%d claims\n\n", doc.Release, doc.Summary(), len(cells))
	holds, violated, unknown, excluded := 0, 0, 0, 0
	for x := range run.Cells(ctx, cells, o) {
		if run.Excluded(x.Err) {
			excluded++ // no kernel like this tree has the configuration
			continue
		}
		if x.Err != nil {
			return x.Err
		}
		c := kept[x.Number-1]
		props := run.Violations(x.Result)
		switch {
		case len(props) > 0:
			violated++
			fmt.Fprintf(a.out, "violated  %s  %s\n", c.Name(), strings.Join(props, ", "))
		case x.Result.Reason != checker.ReasonNone:
			unknown++
			fmt.Fprintf(a.out, "unknown   %s  %s\n", c.Name(), x.Result.Reason)
		default:
			holds++
			if vacuous := slices.DeleteFunc(slices.Clone(x.Judged.Properties), func(s string) bool { return !strings.HasPrefix(s, checker.CoverPrefix) }); len(vacuous) > 0 {
				fmt.Fprintf(a.out, "holds     %s  but %s is never reached\n", c.Name(), strings.Join(vacuous, ", "))
			} else if f.verbose {
				fmt.Fprintf(a.out, "holds     %s\n", c.Name())
			}
		}
		if len(props) > 0 && f.suggest {
			s, err := run.Suggest(ctx, c, p, o)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "          mended by: %s\n", s.Text())
			for _, set := range s.Sets {
				for _, n := range set {
					fmt.Fprintf(a.out, "          %s: backport %s\n", n, commits[n])
				}
			}
		}
		for _, t := range x.Traces {
			if f.traces && slices.Contains(props, t.Property) {
				fmt.Fprintf(a.out, "\n%s:\n\n", t.Property)
				if err := columns.Render(a.out, t, a.table(-1, false)); err != nil {
					return err
				}
				fmt.Fprintln(a.out)
			}
		}
	}
	fmt.Fprintf(a.out, "\n%d hold, %d are violated, %d unknown, %d are of configurations that this tree cannot have\n", holds, violated, unknown, excluded)
	switch {
	case violated > 0:
		return ended(exitViolated)
	case unknown > 0:
		return ended(exitUnknown)
	}
	return nil
}
