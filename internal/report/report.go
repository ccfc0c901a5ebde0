// Package report turns results into text and JSON.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/model"
)

// Schema identifies the JSON format.
const Schema = "pmdcheck/check/1"

// Counting says how a run differs from the one that expectations are about.
type Counting struct {
	NoAssert bool // verdicts are not judged
	Full     bool // expected counts are judged: they are those of the merged, unreduced search
}

// Judgement is a result held against its expectation.
type Judgement struct {
	OK            bool
	Unknown       bool
	Expected      string // "holds", "violated a, b", or "" without an expect line
	Found         string
	ExpectedProps []string
	Why           string // what differs, if not OK
}

// Judge compares. Without an expectation any violation is a failure.
func Judge(r *checker.Result, e *model.Expectation, c Counting) Judgement {
	props := Properties(r)
	j := Judgement{Found: found(r.Verdict.String(), props, string(r.Reason))}
	if c.NoAssert {
		j.OK, j.Unknown = r.Verdict != checker.Unknown, r.Verdict == checker.Unknown
		j.Expected = "counted"
		return j
	}
	if e != nil {
		j.Expected = "holds"
		if !e.Holds {
			j.Expected, j.ExpectedProps = "violated "+strings.Join(e.Props, ", "), e.Props
		}
	}
	if r.Verdict == checker.Unknown || (r.Reason != checker.ReasonNone && r.Reason != checker.ReasonFirst && subset(props, j.ExpectedProps)) {
		j.Unknown = true
		return j
	}
	switch {
	case e == nil || e.Holds:
		j.OK = len(props) == 0
	case r.Reason == checker.ReasonFirst:
		j.OK = subset(props, e.Props)
	default:
		j.OK = slices.Equal(props, e.Props)
	}
	if !j.OK {
		j.Why = "expected " + j.Expected + ", found " + j.Found
		if e == nil {
			j.Why = "no violation is expected, found " + j.Found
		}
		return j
	}
	if e != nil && c.Full && r.Reason == checker.ReasonNone {
		for _, x := range []struct {
			what       string
			want, have int64
		}{{"states", e.States, r.Stats.States}, {"transitions", e.Transitions, r.Stats.Transitions}} {
			if x.want >= 0 && x.want != x.have {
				j.OK = false
				j.Why = fmt.Sprintf("expected %d %s, found %d", x.want, x.what, x.have)
			}
		}
	}
	return j
}

func subset(a, b []string) bool {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

// Properties lists the violated properties, sorted.
func Properties(r *checker.Result) []string {
	var out []string
	for _, v := range r.Violations {
		out = append(out, v.Property)
	}
	slices.Sort(out)
	return out
}

// Style says how text looks.
type Style struct {
	Times bool                // with times, which differ from run to run
	Color bool                // with terminal control sequences
	File  func(string) string // where a source file is in the repository of the reader; nil: as it is called
}

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Thousands writes a number with commas.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Line writes the one line of a cell.
func Line(w io.Writer, spec string, c model.ConfigCell, r *checker.Result, j Judgement, style Style) error {
	mark, note := style.paint("32", "ok  "), ""
	switch {
	case j.Unknown:
		mark = style.paint("33", "??  ")
	case !j.OK:
		mark, note = style.paint("1;31", "FAIL"), "  "+j.Why
	case j.Expected == "counted":
		note = "  (counted, not judged)"
	case j.Expected != "":
		note = "  (expected)"
	}
	if r.Store != checker.StoreExact {
		note += fmt.Sprintf("  (%s store: not a proof; at most %.2g omissions are to be expected)", r.Store, r.Omitted)
	}
	cell := c.String()
	if cell != "" {
		cell = "  " + cell
	}
	elapsed := ""
	if style.Times {
		elapsed = fmt.Sprintf("  %.3fs", r.Stats.Elapsed.Seconds())
	}
	_, err := fmt.Fprintf(w, "%s %s%s  %s%s  %d states, %d transitions%s\n", mark, spec, cell, j.Found, note, r.Stats.States, r.Stats.Transitions, elapsed)
	return err
}

// Summary writes the closing table, if there are several specs, the cells that were not as expected once more, if there are many others, and the closing line.
func Summary(w io.Writer, d *Document, style Style) error {
	var b strings.Builder
	rows := perSpec(d)
	if len(rows) > 1 {
		width := len("spec")
		for _, r := range rows {
			width = max(width, len(r.spec))
		}
		b.WriteString("\n" + style.paint("1", fmt.Sprintf("%-*s  %6s  %8s  %6s  %7s  %12s  %12s", width, "spec", "checks", "expected", "not", "unknown", "states", "transitions")) + "\n")
		for _, r := range rows {
			line := fmt.Sprintf("%-*s  %6d  %8d  %6d  %7d  %12s  %12s", width, r.spec, r.Checks, r.OK, r.Failed, r.Unknown, Thousands(r.states), Thousands(r.transitions))
			switch {
			case r.Failed > 0:
				line = style.paint("31", line)
			case r.Unknown > 0:
				line = style.paint("33", line)
			}
			b.WriteString(line + "\n")
		}
		b.WriteString("\n")
	}
	const scrolled = 20 // cells after which the first ones are out of sight
	if d.Summary.Failed > 0 && len(d.Results) > scrolled {
		for _, e := range d.Results {
			if !e.OK && e.Why != "" {
				b.WriteString(strings.TrimRight(style.paint("1;31", "FAIL")+" "+e.Spec+"  "+e.Cell(), " ") + "  " + e.Why + "\n")
			}
		}
	}
	s := d.Summary
	fmt.Fprintf(&b, "%d checks: %d as expected, %d not, %d unknown\n", s.Checks, s.OK, s.Failed, s.Unknown)
	_, err := io.WriteString(w, b.String())
	return err
}

type row struct {
	spec string
	Totals
	states, transitions int64
}

// perSpec adds up the cells of each spec, in order of appearance.
func perSpec(d *Document) []*row {
	var rows []*row
	for _, e := range d.Results {
		i := slices.IndexFunc(rows, func(r *row) bool { return r.spec == e.Spec })
		if i < 0 {
			i = len(rows)
			rows = append(rows, &row{spec: e.Spec})
		}
		r := rows[i]
		r.count(e)
		r.states += e.States
		r.transitions += e.Transitions
	}
	return rows
}
