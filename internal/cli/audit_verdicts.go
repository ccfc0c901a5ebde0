package cli

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/audit"
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

// verdicts checks the claims of specs for an audited tree, writes what is violated, with its trace and, if asked, which missing fixes mend it, and notes it in the document.
func (a *app) verdicts(w io.Writer, doc *audit.Document, f auditFlags, specs []string) error {
	p := profileOf(doc)
	if err := plan.CheckProfile(p); err != nil {
		return err
	}
	configs, _, err := plan.Request{Specs: specs, Profile: p, Claims: true}.Configurations()
	if err != nil {
		return err
	}
	ctx, cancel := until(0)
	defer cancel()
	o := run.Options{Jobs: runtime.GOMAXPROCS(0), Traces: true}
	kept := slices.Clone(configs)
	fmt.Fprintf(w, "%s: %s\n%s\n\n", doc.Release, doc.Summary(), report.Count(len(configs), "claim"))
	n := map[string]int{}
	for x := range run.Configurations(ctx, configs, o) {
		if run.Excluded(x.Err) {
			n["excluded"]++ // no kernel like this tree has the configuration
			continue
		}
		if x.Err != nil {
			return x.Err
		}
		c := kept[x.Number-1]
		v := verdictOf(c, x)
		n[v.Verdict]++
		if v.Verdict == "violated" && f.suggest {
			s, err := run.Suggest(ctx, c, p, o)
			if err != nil {
				return err
			}
			suggested(&v, s, doc)
		}
		doc.Verdicts = append(doc.Verdicts, v)
		writeVerdict(w, v, f.verbose)
		for _, t := range x.Traces {
			if f.traces && slices.Contains(v.Properties, t.Property) {
				fmt.Fprintf(w, "\n%s:\n\n", t.Property)
				if err := columns.Render(w, t, a.table(-1, false)); err != nil {
					return err
				}
				fmt.Fprintln(w)
			}
		}
	}
	_, err = fmt.Fprintf(w, "\n%d hold, %d are violated, %d unknown, %d are of configurations that this tree cannot have\n", n["holds"], n["violated"], n["unknown"], n["excluded"])
	return err
}

// verdictOf is what came out for a claim.
func verdictOf(c plan.Check, x *run.Outcome) audit.Verdict {
	v := audit.Verdict{Claim: c.Name(), Verdict: "holds", Properties: run.Violations(x.Result)}
	switch {
	case len(v.Properties) > 0:
		v.Verdict = "violated"
	case x.Result.Reason != checker.ReasonNone:
		v.Verdict, v.Reason = "unknown", string(x.Result.Reason)
	default:
		v.Unreached = slices.DeleteFunc(slices.Clone(x.Judged.Properties), func(s string) bool { return !strings.HasPrefix(s, checker.CoverPrefix) })
	}
	return v
}

// suggested notes what mends a claim.
func suggested(v *audit.Verdict, s *run.Suggestion, doc *audit.Document) {
	commits := map[string]string{}
	for _, x := range doc.Features {
		commits[x.Name] = strings.Join(x.Commits, ", ")
	}
	v.Suggested = s.Text()
	for _, set := range s.Sets {
		m := audit.Mend{Features: set}
		for _, n := range set {
			m.Commits = append(m.Commits, commits[n])
		}
		v.Mends = append(v.Mends, m)
	}
}

func writeVerdict(w io.Writer, v audit.Verdict, everything bool) {
	switch {
	case v.Verdict == "violated":
		fmt.Fprintf(w, "violated  %s  %s\n", v.Claim, strings.Join(v.Properties, ", "))
	case v.Verdict == "unknown":
		fmt.Fprintf(w, "unknown   %s  %s\n", v.Claim, v.Reason)
	case len(v.Unreached) > 0:
		fmt.Fprintf(w, "holds     %s  but %s is never reached\n", v.Claim, strings.Join(v.Unreached, ", "))
	case everything:
		fmt.Fprintf(w, "holds     %s\n", v.Claim)
	}
	if v.Suggested != "" {
		fmt.Fprintf(w, "          mended by: %s\n", v.Suggested)
	}
	for _, m := range v.Mends {
		for i, n := range m.Features {
			fmt.Fprintf(w, "          %s: backport %s\n", n, m.Commits[i])
		}
	}
}
