// Package report is what a run of configurations found, as a [Document] of pure data that can be written, read, merged and compared with a [Baseline], and the formats that are made of it: JSON, text,
// JUnit XML, SARIF and Markdown.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/checker"
)

// Schema identifies the JSON format.
const Schema = "pmdcheck/check/3"

// secondSchema calls a configuration a cell.
const secondSchema = "pmdcheck/check/2"

// Style says how text looks.
type Style struct {
	Times          bool                // with times, which differ from run to run
	Brief          bool                // the closing line only, without the table of the specs
	Configurations bool                // every configuration has had its line: a single spec needs no table
	Color          bool                // with terminal control sequences
	File           func(string) string // where a source file is in the repository of the reader; nil: as it is called
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

// Count is "1 check" or "2 checks".
func Count[N int | int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Line writes the one line of a configuration.
func Line(w io.Writer, e *Entry, style Style) error {
	mark, note := style.paint("32", "ok  "), ""
	switch {
	case !e.OK && e.Why == "":
		mark = style.paint("33", "??  ")
	case !e.OK:
		mark, note = style.paint("1;31", "FAIL"), "  "+e.Why
	case e.Expected == Counted && len(e.Properties) > 0:
		note = "  (counted, not judged)"
	case e.Expected == Counted:
	case e.Expected != "":
		note = "  (expected)"
	}
	if n := e.blind(); len(n) > 0 {
		note += "  (not judged: " + strings.Join(n, ", ") + ")"
	}
	if e.Store != "" {
		note += fmt.Sprintf("  (%s store: not a proof; at most %.2g omissions are to be expected)", e.Store, *e.Omitted)
	}
	name := strings.TrimRight(e.Spec+"  "+e.Configuration(), " ")
	elapsed := ""
	if style.Times {
		elapsed = fmt.Sprintf("  %.3fs", e.Seconds)
	}
	_, err := fmt.Fprintf(w, "%s %s  %s%s  %s, %s%s\n", mark, name, e.Found(), note, Count(e.States, "state"), Count(e.Transitions, "transition"), elapsed)
	return err
}

// Verdicts writes what is known of each property and each cover of a configuration.
func Verdicts(w io.Writer, e *Entry) error {
	var b strings.Builder
	for _, g := range e.grouped() {
		fmt.Fprintf(&b, "     %s: %s\n", g.what, strings.Join(g.names, ", "))
	}
	if e.Barriers > 0 {
		fmt.Fprintf(&b, "     %s\n", barriers(e.Barriers))
	}
	if e.Unmarked > 0 {
		fmt.Fprintf(&b, "     %s\n", unmarked(e.Unmarked))
	}
	if e.MayRace > 0 {
		fmt.Fprintf(&b, "     accesses without a mark to %s may race, and are taken as written: no_data_race is not checked\n", Count(e.MayRace, "weak cell"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// barriers says of a configuration what its barriers did.
func barriers(n int) string {
	if n == 1 {
		return "1 barrier had no effect: memory is sequentially consistent"
	}
	return fmt.Sprintf("%d barriers had no effect: memory is sequentially consistent", n)
}

// unmarked says of a configuration what was assumed of its atomic blocks.
func unmarked(n int) string {
	if n == 1 {
		return "1 atomic block without @x86 was taken for a locked instruction or for no memory (--explain-memory)"
	}
	return fmt.Sprintf("%d atomic blocks without @x86 were taken for locked instructions or for no memory (--explain-memory)", n)
}

// Summary writes the closing table, with a line for each spec, if there are several configurations, the configurations that were not as expected once more, if there are many others, and the closing line.
func Summary(w io.Writer, d *Document, style Style) error {
	var b strings.Builder
	rows := perSpec(d)
	if !style.Brief && (len(rows) > 1 || !style.Configurations && len(d.Results) > 1) {
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
	const scrolled = 20 // configurations after which the first ones are out of sight
	if d.Summary.Failed > 0 && len(d.Results) > scrolled {
		for _, e := range d.Results {
			if !e.OK && e.Why != "" {
				b.WriteString(strings.TrimRight(style.paint("1;31", "FAIL")+" "+e.Spec+"  "+e.Configuration(), " ") + "  " + e.Why + "\n")
			}
		}
	}
	idle, assumed := 0, 0
	for _, e := range d.Results {
		if e.Barriers > 0 {
			idle++
		}
		if e.Unmarked > 0 {
			assumed++
		}
	}
	if idle > 0 {
		fmt.Fprintf(&b, "barriers had no effect in %s: memory was sc (--memory-model)\n", Count(idle, "configuration"))
	}
	if assumed > 0 {
		fmt.Fprintf(&b, "in %s atomic blocks without @x86 were taken for locked instructions or for no memory (--explain-memory says which)\n", Count(assumed, "configuration"))
	}
	b.WriteString(d.Summary.String() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// String is "2 checks: 1 as expected, 1 not, 0 unknown".
func (t Totals) String() string {
	return fmt.Sprintf("%s: %d as expected, %d not, %d unknown", Count(t.Checks, "check"), t.OK, t.Failed, t.Unknown)
}

type row struct {
	spec string
	Totals
	states, transitions int64
}

// perSpec adds up the configurations of each spec, in order of appearance.
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

// tally is how many configurations say what of a property.
type tally struct {
	Property  string `json:"property"`
	Holds     int    `json:"holds"`
	Violated  int    `json:"violated"`
	Unknown   int    `json:"unknown"`
	NotJudged int    `json:"not judged"`
}

// perProperty adds up the configurations for each property, in order of appearance.
func (d *Document) perProperty() (out []*tally) {
	at := map[string]*tally{}
	for _, e := range d.Results {
		for _, p := range e.Judged {
			t := at[p.Property]
			if t == nil {
				t = &tally{Property: p.Property}
				at[p.Property] = t
				out = append(out, t)
			}
			switch p.Verdict {
			case checker.Holds.String():
				t.Holds++
			case checker.Violated.String():
				t.Violated++
			case checker.NotJudged.String():
				t.NotJudged++
			default:
				t.Unknown++
			}
		}
	}
	return out
}
