package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/traces"
)

// Document is what a run of cells found. Every format is made of it.
type Document struct {
	Schema  string  `json:"schema"`
	Cells   int     `json:"cells"`           // of the whole run, of which a shard has some
	Shard   string  `json:"shard,omitempty"` // "2/4"
	Results []Entry `json:"results"`         // by rising Number
	Summary Totals  `json:"summary"`
}

// Entry is one cell.
type Entry struct {
	Number      int               `json:"number"` // in the whole run, from 1
	Spec        string            `json:"spec"`
	Config      map[string]string `json:"config"`
	Order       []string          `json:"parameters,omitempty"` // those that name the cell, in order of declaration
	At          string            `json:"at"`                   // file:line:col of the expect line, or of the spec's first line
	Digest      string            `json:"digest"`               // of the elaborated model
	Verdict     string            `json:"verdict"`
	Property    string            `json:"property"`
	Properties  []string          `json:"properties"`
	Findings    []Finding         `json:"findings,omitempty"` // one per violated property
	Expected    string            `json:"expected"`
	OK          bool              `json:"ok"`
	Why         string            `json:"why,omitempty"` // what differs; "" if nothing does, or if that is unknown
	Reason      string            `json:"reason,omitempty"`
	States      int64             `json:"states"`
	Transitions int64             `json:"transitions"`
	LiveStates  int64             `json:"live_states,omitempty"` // of the search that decides liveness properties, if there was one
	LiveTrans   int64             `json:"live_transitions,omitempty"`
	Depth       int               `json:"depth"`
	Reduction   string            `json:"reduction"`
	Store       string            `json:"store,omitempty"`   // if it is not exact
	Omitted     *float64          `json:"omitted,omitempty"` // then: bound on the expected number of states missed
	Bytes       int64             `json:"bytes"`
	Dead        int               `json:"dead,omitempty"` // transitions that never ran, of a complete search
	Covers      map[string]bool   `json:"covers,omitempty"`
	Seconds     float64           `json:"seconds"`
}

// Finding is a violated property.
type Finding struct {
	Property string        `json:"property"`
	Expected bool          `json:"expected"`
	Message  string        `json:"message"`
	At       string        `json:"at,omitempty"` // file:line:col of the step that fails
	Trace    *traces.Trace `json:"trace,omitempty"`
}

// Cell is "name=value …" of the cell.
func (e *Entry) Cell() string {
	var parts []string
	for _, n := range e.Order {
		parts = append(parts, n+"="+e.Config[n])
	}
	return strings.Join(parts, " ")
}

// Key names the cell among all cells of all specs.
func (e *Entry) Key() string { return strings.TrimSpace(e.Spec + "  " + e.Cell()) }

// Found is "holds", "violated a, b" or "unknown: timeout".
func (e *Entry) Found() string { return found(e.Verdict, e.Properties, e.Reason) }

func found(verdict string, properties []string, reason string) string {
	s := verdict
	if len(properties) > 0 {
		s += " " + strings.Join(properties, ", ")
	}
	if verdict == checker.Unknown.String() {
		s += ": " + reason
	}
	return s
}

// Totals counts cells.
type Totals struct {
	Checks  int `json:"checks"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

// count adds a cell. Unknown is never OK.
func (t *Totals) count(e Entry) {
	t.Checks++
	switch {
	case e.OK:
		t.OK++
	case e.Why != "":
		t.Failed++
	default:
		t.Unknown++
	}
}

// NewDocument makes an empty document for a run of a number of cells.
func NewDocument(cells int) *Document {
	return &Document{Schema: Schema, Cells: cells, Results: []Entry{}}
}

// Checked is a cell with all that is known of it.
type Checked struct {
	Number int
	Spec   *model.Spec
	Cell   model.ConfigCell
	Digest string
	Result *checker.Result
	Judged Judgement
	Traces []*traces.Trace // for readers: the shortest that are known
}

// Add appends a cell.
func (d *Document) Add(c Checked) {
	r, j := c.Result, c.Judged
	e := Entry{
		Number: c.Number, Spec: c.Spec.Name, Config: map[string]string{}, At: c.Spec.Name + ".pmd:1:1", Digest: c.Digest,
		Verdict: r.Verdict.String(), Properties: append([]string{}, Properties(r)...), Expected: j.Expected, OK: j.OK, Why: j.Why,
		Reason: string(r.Reason), States: r.Stats.States, Transitions: r.Stats.Transitions, LiveStates: r.Stats.LiveStates, LiveTrans: r.Stats.LiveTransitions, Depth: r.Stats.Depth, Reduction: r.Reduction.String(), Bytes: r.Stats.Bytes,
		Dead: len(r.Dead), Covers: map[string]bool{}, Seconds: math.Round(r.Stats.Elapsed.Seconds()*1e6) / 1e6,
	}
	if r.Store != checker.StoreExact {
		e.Store, e.Omitted = r.Store.String(), &r.Omitted
	}
	if x := c.Cell.Expect; x != nil {
		e.At = c.Spec.Files.Position(x.Pos)
	}
	for _, v := range c.Cell.Config {
		e.Config[v.Name] = v.Value
	}
	for _, v := range c.Cell.Named() {
		e.Order = append(e.Order, v.Name)
	}
	if len(e.Properties) > 0 {
		e.Property = e.Properties[0]
	}
	for _, cv := range r.Covers {
		e.Covers[cv.Name] = cv.Reached
	}
	for _, v := range r.Violations {
		f := Finding{Property: v.Property, Expected: slices.Contains(j.ExpectedProps, v.Property), Message: v.Message}
		w := v.Witness
		for _, t := range c.Traces {
			if t.Property == v.Property {
				w, f.Trace, f.Message = t, t, t.Message
			}
		}
		if w != nil && len(w.Steps) > 0 {
			f.At = w.Steps[len(w.Steps)-1].Pos
		}
		e.Findings = append(e.Findings, f)
	}
	d.Results = append(d.Results, e)
	d.Summary.count(e)
}

// Bare is the document without traces.
func (d *Document) Bare() *Document {
	b := *d
	b.Results = slices.Clone(d.Results)
	for i := range b.Results {
		b.Results[i].Findings = slices.Clone(b.Results[i].Findings)
		for k := range b.Results[i].Findings {
			b.Results[i].Findings[k].Trace = nil
		}
	}
	return &b
}

// Write writes the document.
func (d *Document) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// Read loads a document and checks that it is one.
func Read(r io.Reader) (*Document, error) {
	var d Document
	if err := decode(r, Schema, &d); err != nil {
		return nil, err
	}
	var sum Totals
	last := 0
	for _, e := range d.Results {
		if e.Number <= last || e.Number > d.Cells {
			return nil, fmt.Errorf("result %d of %d comes behind result %d", e.Number, d.Cells, last)
		}
		last = e.Number
		sum.count(e)
	}
	if sum != d.Summary {
		return nil, fmt.Errorf("the summary does not add up: it says %+v, the results are %+v", d.Summary, sum)
	}
	return &d, nil
}

// decode reads one JSON value of a schema.
func decode(r io.Reader, schema string, v any) error {
	src, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(src, &head); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && syntax.Offset >= int64(len(src)) {
			return errors.New("the file is cut off")
		}
		return fmt.Errorf("not JSON of pmdcheck: %w", err)
	}
	switch {
	case head.Schema == nil:
		return fmt.Errorf("it has no schema; this version reads %q", schema)
	case *head.Schema != schema:
		return fmt.Errorf("it has schema %q; this version reads %q", *head.Schema, schema)
	}
	dec := json.NewDecoder(strings.NewReader(string(src)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("not JSON of pmdcheck: %w", err)
	}
	return nil
}
