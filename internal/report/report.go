// Package report turns results into text and JSON.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
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
	j := Judgement{Found: r.Verdict.String()}
	if len(props) > 0 {
		j.Found += " " + strings.Join(props, ", ")
	}
	if r.Verdict == checker.Unknown {
		j.Found += ": " + string(r.Reason)
	}
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

// Line writes the one line of a cell.
func Line(w io.Writer, spec string, c model.ConfigCell, r *checker.Result, j Judgement, times bool) error {
	mark, note := "ok  ", ""
	switch {
	case j.Unknown:
		mark = "??  "
	case !j.OK:
		mark, note = "FAIL", "  "+j.Why
	case j.Expected == "counted":
		note = "  (counted, not judged)"
	case j.Expected != "":
		note = "  (expected)"
	}
	cell := c.String()
	if cell != "" {
		cell = "  " + cell
	}
	elapsed := ""
	if times {
		elapsed = fmt.Sprintf("  %.3fs", r.Stats.Elapsed.Seconds())
	}
	_, err := fmt.Fprintf(w, "%s %s%s  %s%s  %d states, %d transitions%s\n", mark, spec, cell, j.Found, note, r.Stats.States, r.Stats.Transitions, elapsed)
	return err
}

// Document is the JSON of a run of check.
type Document struct {
	Schema  string  `json:"schema"`
	Results []Entry `json:"results"`
	Summary Totals  `json:"summary"`
}

// Entry is one cell.
type Entry struct {
	Spec        string            `json:"spec"`
	Config      map[string]string `json:"config"`
	Verdict     string            `json:"verdict"`
	Property    string            `json:"property"`
	Properties  []string          `json:"properties"`
	Expected    string            `json:"expected"`
	OK          bool              `json:"ok"`
	Reason      string            `json:"reason,omitempty"`
	States      int64             `json:"states"`
	Transitions int64             `json:"transitions"`
	Depth       int               `json:"depth"`
	Reduction   string            `json:"reduction"`
	Bytes       int64             `json:"bytes"`
	Covers      map[string]bool   `json:"covers,omitempty"`
	Seconds     float64           `json:"seconds"`
}

// Totals counts cells.
type Totals struct {
	Checks  int `json:"checks"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

// NewDocument makes an empty document.
func NewDocument() *Document { return &Document{Schema: Schema, Results: []Entry{}} }

// Add appends a cell.
func (d *Document) Add(spec string, c model.ConfigCell, r *checker.Result, j Judgement) {
	e := Entry{
		Spec: spec, Config: map[string]string{}, Verdict: r.Verdict.String(), Properties: append([]string{}, Properties(r)...), Expected: j.Expected, OK: j.OK,
		Reason: string(r.Reason), States: r.Stats.States, Transitions: r.Stats.Transitions, Depth: r.Stats.Depth, Reduction: r.Reduction.String(), Bytes: r.Stats.Bytes,
		Covers: map[string]bool{}, Seconds: math.Round(r.Stats.Elapsed.Seconds()*1e6) / 1e6,
	}
	for _, v := range c.Config {
		e.Config[v.Name] = v.Value
	}
	if len(e.Properties) > 0 {
		e.Property = e.Properties[0]
	}
	for _, cv := range r.Covers {
		e.Covers[cv.Name] = cv.Reached
	}
	d.Results = append(d.Results, e)
	d.Summary.Checks++
	switch {
	case j.Unknown:
		d.Summary.Unknown++
	case j.OK:
		d.Summary.OK++
	default:
		d.Summary.Failed++
	}
}

// Write writes the document.
func (d *Document) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// Summary writes the closing line.
func Summary(w io.Writer, d *Document) error {
	s := d.Summary
	_, err := fmt.Fprintf(w, "%d checks: %d as expected, %d not, %d unknown\n", s.Checks, s.OK, s.Failed, s.Unknown)
	return err
}
