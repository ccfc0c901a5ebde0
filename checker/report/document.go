package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/traces"
)

// Document is what a run of configurations found. Every format is made of it.
type Document struct {
	Schema         string  `json:"schema"`
	Configurations int     `json:"configurations"`  // of the whole run, of which a shard has some
	Shard          string  `json:"shard,omitempty"` // "2/4"
	Run            *Run    `json:"run,omitempty"`   // of a shard: what the whole run was asked for
	Results        []Entry `json:"results"`         // by rising Number
	Summary        Totals  `json:"summary"`

	Warnings []Warning `json:"warnings,omitempty"`
}

// Run is what a run was asked for. By it the configurations of a shard that is missing are known.
type Run struct {
	Specs   []string `json:"specs,omitempty"`
	Set     []string `json:"set,omitempty"`
	Only    []string `json:"only,omitempty"`
	Memory  string   `json:"memory_model,omitempty"`
	Tier    string   `json:"tier,omitempty"`
	Profile string   `json:"profile,omitempty"`
}

// Warning is what makes the results of a spec worth less than they seem.
type Warning struct {
	Spec string `json:"spec"`
	Text string `json:"text"`
}

func (w Warning) String() string { return w.Spec + ": " + w.Text }

// Entry is one configuration.
type Entry struct {
	Number      int               `json:"number"` // in the whole run, from 1
	Spec        string            `json:"spec"`
	Config      map[string]string `json:"config"`
	Order       []string          `json:"parameters,omitempty"` // those that name the configuration, in order of declaration
	At          string            `json:"at"`                   // file:line:col of the expect line, or of the spec's first line
	Digest      string            `json:"digest"`               // of the elaborated model
	Verdict     string            `json:"verdict"`
	Property    string            `json:"property"`
	Properties  []string          `json:"properties"`
	Judged      []Judged          `json:"judged"`             // every property that is checked
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
	Symmetry    bool              `json:"symmetry,omitempty"` // states were counted up to interchangeable processes or objects
	Store       string            `json:"store,omitempty"`    // if it is not exact
	Omitted     *float64          `json:"omitted,omitempty"`  // then: bound on the expected number of states missed
	Bytes       int64             `json:"bytes"`
	MayRace     int               `json:"may_race,omitempty"`                // weak cells whose accesses without a mark may race, under tso, where no_data_race is not checked
	Unmarked    int               `json:"unmarked_blocks,omitempty"`         // atomic blocks that are taken for locked instructions or for no memory, under tso
	Barriers    int               `json:"barriers_without_effect,omitempty"` // statements that order memory, where it is sequentially consistent anyhow
	Dead        int               `json:"dead,omitempty"`                    // transitions that never ran, of a complete search
	Covers      map[string]string `json:"covers,omitempty"`                  // "reached", "not reached" or "not looked for"
	Unreachable []string          `json:"unreachable,omitempty"`             // of these, those that are not reached, as expected
	Seconds     float64           `json:"seconds"`
}

// Judged is the verdict of one property.
type Judged struct {
	Property string `json:"property"`
	Verdict  string `json:"verdict"`          // "holds", "violated", "unknown", "not judged"
	Reason   string `json:"reason,omitempty"` // of unknown
	Named    bool   `json:"named,omitempty"`  // the spec itself names it
}

// Finding is a violated property.
type Finding struct {
	Property string        `json:"property"`
	Expected bool          `json:"expected"`
	Message  string        `json:"message"`
	At       string        `json:"at,omitempty"` // file:line:col of the step that fails
	Trace    *traces.Trace `json:"trace,omitempty"`
}

// Configuration is "name=value …" of the configuration.
func (e *Entry) Configuration() string {
	var parts []string
	for _, n := range e.Order {
		parts = append(parts, n+"="+e.Config[n])
	}
	return strings.Join(parts, " ")
}

// Key names the configuration among all configurations of all specs.
func (e *Entry) Key() string { return strings.TrimSpace(e.Spec + "  " + e.Configuration()) }

// Found says what came out, in words.
func (e *Entry) Found() string {
	if e.Expected == Counted && len(e.Properties) == 0 && e.OK {
		return "counted, not judged"
	}
	s := Found(e.Verdict, e.Properties, e.Reason)
	if len(e.Unreachable) > 0 {
		s += ", unreachable " + strings.Join(e.Unreachable, ", ")
	}
	return s
}

// blind are the properties that the spec names and this configuration does not observe.
func (e *Entry) blind() (names []string) {
	for _, p := range e.Judged {
		if p.Verdict == checker.NotJudged.String() && p.Named {
			names = append(names, p.Property)
		}
	}
	return names
}

// group is what several properties or covers have in common.
type group struct {
	what  string
	names []string
}

// grouped are all properties by their verdict, and then all covers.
func (e *Entry) grouped() (out []group) {
	add := func(what, name string) {
		i := slices.IndexFunc(out, func(g group) bool { return g.what == what })
		if i < 0 {
			i = len(out)
			out = append(out, group{what: what})
		}
		out[i].names = append(out[i].names, name)
	}
	for _, v := range []checker.Verdict{checker.Violated, checker.Unknown, checker.Holds, checker.NotJudged} {
		for _, p := range e.Judged {
			if p.Verdict == v.String() {
				what := p.Verdict
				if p.Reason != "" {
					what += " (" + p.Reason + ")"
				}
				add(what, p.Property)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(e.Covers)) {
		add("covers "+e.Covers[c], c)
	}
	return out
}

// Totals counts configurations.
type Totals struct {
	Checks  int `json:"checks"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

// count adds a configuration. Unknown is never OK.
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

// NewDocument makes an empty document for a run of a number of configurations.
func NewDocument(configs int) *Document {
	return &Document{Schema: Schema, Configurations: configs, Results: []Entry{}}
}

// Add appends a configuration, and returns it as it is in the document.
func (d *Document) Add(e Entry) *Entry {
	d.Results = append(d.Results, e)
	d.Summary.count(e)
	return &d.Results[len(d.Results)-1]
}

// NoCover is the warning about a spec of which something holds and that has no covers. A violation needs none.
const NoCover = "it has no cover, so nothing shows that what holds could have gone wrong at all"

// Warn notes something about a spec, and reports whether it is new.
func (d *Document) Warn(spec, text string) bool {
	w := Warning{spec, text}
	if slices.Contains(d.Warnings, w) {
		return false
	}
	d.Warnings = append(d.Warnings, w)
	return true
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
	wire := struct {
		*Document
		Results entries `json:"results"`
		Cells   *int    `json:"cells"` // as the second schema calls the configurations
	}{Document: &d}
	if err := decode(r, maxResults, Schema, &wire, secondSchema); err != nil {
		return nil, err
	}
	if err := oldName(d.Schema != Schema, wire.Cells != nil, d.Configurations != 0); err != nil {
		return nil, err
	}
	if wire.Cells != nil {
		d.Configurations = *wire.Cells
	}
	d.Schema = Schema
	if d.Results = wire.Results; d.Results == nil {
		return nil, errors.New("it has no results")
	}
	if d.Configurations < 0 {
		return nil, fmt.Errorf("it is of a run of %d configurations", d.Configurations)
	}
	if _, err := ParseShard(d.Shard); err != nil {
		return nil, fmt.Errorf("shard %q is none", d.Shard)
	}
	var sum Totals
	last := 0
	for _, e := range d.Results {
		if e.Number <= last || e.Number > d.Configurations {
			return nil, fmt.Errorf("result %d of %d comes behind result %d", e.Number, d.Configurations, last)
		}
		last = e.Number
		sum.count(e)
	}
	if sum != d.Summary {
		return nil, fmt.Errorf("the summary does not add up: it says %+v, the results are %+v", d.Summary, sum)
	}
	return &d, nil
}

// oldName is the error of a file that has the old field cells and is not of an old schema, or the other way round.
func oldName(older, cells, configurations bool) error {
	switch {
	case cells && !older:
		return errors.New(`not JSON of pmdcheck: unknown field "cells"`)
	case configurations && older:
		return errors.New(`not JSON of pmdcheck: unknown field "configurations"`)
	}
	return nil
}

// decode reads one JSON value of a schema, or of an older one of which it is an extension.
func decode(r io.Reader, limit int, schema string, v any, older ...string) error {
	src, err := readAll(r, limit)
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
	case *head.Schema == "pmdcheck/check/1" && schema == Schema:
		return fmt.Errorf("it has schema %q, which does not say of each property what was found; this version reads %q: check the specs again", *head.Schema, schema)
	case *head.Schema != schema && !slices.Contains(older, *head.Schema):
		return fmt.Errorf("it has schema %q; this version reads %q", *head.Schema, schema)
	}
	dec := json.NewDecoder(strings.NewReader(string(src)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("not JSON of pmdcheck: %w", err)
	}
	return nil
}
