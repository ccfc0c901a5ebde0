package report

import (
	"fmt"
	"io"
	"strings"

	"pmdcheck/traces/columns"
)

// most is how many configurations that differ, and traces, a summary shows: GitHub cuts a step summary at one megabyte.
const (
	mostShown  = 100
	mostTraces = 5
)

// Markdown writes a summary for a GitHub step: what is not as expected first, with its traces, then a table per spec.
func Markdown(w io.Writer, d *Document) error {
	var b strings.Builder
	s := d.Summary
	head := "as expected"
	switch {
	case s.Failed > 0:
		head = fmt.Sprintf("%d not as expected", s.Failed)
	case s.Unknown > 0:
		head = fmt.Sprintf("%d without a verdict", s.Unknown)
	}
	fmt.Fprintf(&b, "## pmdcheck: %s\n\n%s\n", head, s)
	shown, traced := 0, 0
	for i := range d.Results {
		e := &d.Results[i]
		if e.OK {
			continue
		}
		if shown++; shown > mostShown {
			continue
		}
		why := e.Why
		if why == "" {
			why = e.Found()
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", escaped(e.Key()), escaped(why))
		for _, f := range e.Findings {
			if f.Expected || f.Trace == nil {
				continue
			}
			if traced++; traced > mostTraces {
				continue
			}
			var t strings.Builder
			if err := columns.Render(&t, f.Trace, columns.Options{Width: 120}); err != nil {
				return err
			}
			fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n```\n%s```\n\n</details>\n", escaped(f.Property), strings.ReplaceAll(t.String(), "```", "'''"))
		}
	}
	if shown > mostShown {
		fmt.Fprintf(&b, "\n%d more configurations are not shown; `pmdcheck check` names them all.\n", shown-mostShown)
	}
	if traced > mostTraces {
		fmt.Fprintf(&b, "\n%d more traces are not shown; `pmdcheck check --trace-dir` writes them all.\n", traced-mostTraces)
	}
	b.WriteString("\n| spec | checks | as expected | not | unknown | states | transitions |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range perSpec(d) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %s | %s |\n", escaped(r.spec), r.Checks, r.OK, r.Failed, r.Unknown, Thousands(r.states), Thousands(r.transitions))
	}
	b.WriteString("\n| property | holds | violated | unknown | not judged |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, p := range d.perProperty() {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", escaped(p.Property), p.Holds, p.Violated, p.Unknown, p.NotJudged)
	}
	for _, w := range d.Warnings {
		fmt.Fprintf(&b, "\nWarning: %s\n", escaped(w.String()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// escaped keeps text from being read as markup.
func escaped(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "\n", " ").Replace(s)
}
