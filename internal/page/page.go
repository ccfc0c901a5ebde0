// Package page makes the report: one page without anything from outside, for a browser. [Write] puts everything a run found into it as JSON: a matrix of all
// cells, the traces of violations, proof cards and a few runs of what holds.
//
// Texts are stored once, in a table, and so are traces that several cells share; everything else refers to them by number. The script in page.js draws.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker/report"
	"pmdcheck/properties"
	"pmdcheck/traces"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Input is what a page shows. Evidence is by number of the cell in the run.
type Input struct {
	Title    string
	Document *report.Document
	Specs    map[string]Spec
	Evidence map[int]Evidence
	Notice   string // what is wrong with the specs, or ""
	Live     string // path that says when there is something newer, or "": of a page that a server sends
}

// Spec is a spec with the text of its files, by the names that positions have.
type Spec struct {
	Doc     string
	Sources map[string]string
}

// Evidence of a cell is what the document does not have: its state machines, and runs of a cell that holds.
type Evidence struct {
	Machines []Machine
	Runs     []*traces.Trace
}

// Machine is the state machine of a process.
type Machine struct {
	Process string
	Ends    []int // locations where it may stay
	Start   int
	Trans   []Arrow
}

// Arrow is a transition.
type Arrow struct {
	From, To int
	Label    string
}

// Policy is the Content-Security-Policy of a page: its own script and style and no others, nothing loaded, and of a live one the question whether there is a newer one.
func Policy(live bool) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	p := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS) + "; img-src data:"
	if live {
		p += "; connect-src 'self'"
	}
	return p
}

// Write writes the page.
func Write(w io.Writer, in Input) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	data, err := json.Marshal(encode(in)) // escapes < and >, so that no text ends the script
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Title  string
		CSS    template.CSS
		JS     template.JS
		Data   template.JS
		Live   string
		Notice string
		Policy string
	}{in.Title, template.CSS(pageCSS), template.JS(pageJS), template.JS(data), in.Live, in.Notice, Policy(in.Live != "")})
}

// The data of the page. Numbers of strings are indices into Strings, where 0 is "".
type data struct {
	Title    string            `json:"title"`
	Strings  []string          `json:"strings"`
	Specs    []specData        `json:"specs"`
	Cells    []cellData        `json:"cells"`
	Traces   []json.RawMessage `json:"traces"`
	Machines []json.RawMessage `json:"machines"`
	Sources  map[string]string `json:"sources"`
	Props    []propData        `json:"props"`
	Cut      int               `json:"cut"` // passing cells for which there are no runs
	Live     string            `json:"live,omitempty"`
}

type specData struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Params []string `json:"params"`
	Warn   string   `json:"warn,omitempty"`
}

type propData struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	Rule    string `json:"rule"`
}

type cellData struct {
	Number      int      `json:"n"`
	Spec        int      `json:"s"`
	Values      []int    `json:"v"`
	Verdict     string   `json:"f"` // h, v, u
	Outcome     string   `json:"o"` // y as expected, n not, u unknown
	Properties  []int    `json:"p,omitempty"`
	Expected    int      `json:"e"`
	Why         int      `json:"w,omitempty"`
	States      int64    `json:"st"`
	Transitions int64    `json:"tr"`
	Depth       int      `json:"dp"`
	Reduction   int      `json:"rd"`
	Dead        int      `json:"dd,omitempty"`
	Digest      string   `json:"dg"`
	Covers      [][2]int `json:"c,omitempty"` // strings: name, answer
	Judged      [][3]int `json:"j,omitempty"` // number of the property, of its verdict in letters, of the reason
	Found       int      `json:"fd"`
	Card        int      `json:"cd,omitempty"` // what a verdict without a counterexample says, in a sentence
	Traces      []int    `json:"t,omitempty"`  // of Properties; -1: none
	Messages    []int    `json:"m,omitempty"`  // of Properties
	Runs        []int    `json:"r,omitempty"`
	Machines    int      `json:"mc"` // -1: none
}

// encoder interns.
type encoder struct {
	out      *data
	strings  map[string]int
	traces   map[string]int
	machines map[string]int
	files    map[string]bool
}

func (e *encoder) str(s string) int {
	n, ok := e.strings[s]
	if !ok {
		n = len(e.out.Strings)
		e.strings[s] = n
		e.out.Strings = append(e.out.Strings, s)
	}
	return n
}

// once gives equal values one number.
func once(list *[]json.RawMessage, seen map[string]int, v any) int {
	src, err := json.Marshal(v)
	if err != nil {
		panic(err) // only numbers and strings
	}
	n, ok := seen[string(src)]
	if !ok {
		n = len(*list)
		seen[string(src)] = n
		*list = append(*list, src)
	}
	return n
}

func encode(in Input) *data {
	e := &encoder{
		out: &data{
			Title: in.Title, Traces: []json.RawMessage{}, Machines: []json.RawMessage{}, Sources: map[string]string{}, Specs: []specData{}, Cells: []cellData{}, Props: []propData{}, Live: in.Live,
		},
		strings: map[string]int{}, traces: map[string]int{}, machines: map[string]int{}, files: map[string]bool{},
	}
	e.str("")
	specs := map[string]int{}
	for i := range in.Document.Results {
		r := &in.Document.Results[i]
		n, ok := specs[r.Spec]
		if !ok {
			n = len(e.out.Specs)
			specs[r.Spec] = n
			s := specData{Name: r.Spec, Doc: in.Specs[r.Spec].Doc, Params: []string{}}
			for _, w := range in.Document.Warnings {
				if w.Spec == r.Spec {
					s.Warn = strings.TrimSpace(s.Warn + " Warning: " + w.Text + ".")
				}
			}
			e.out.Specs = append(e.out.Specs, s)
		}
		// In merged results some cells may be named by more parameters than others.
		for _, p := range r.Order {
			if s := &e.out.Specs[n]; !slices.Contains(s.Params, p) {
				s.Params = append(s.Params, p)
			}
		}
	}
	for i := range in.Document.Results {
		r := &in.Document.Results[i]
		e.cell(specs[r.Spec], r, in.Evidence[r.Number])
		for f := range e.files {
			if src, ok := in.Specs[r.Spec].Sources[f]; ok {
				e.out.Sources[f] = src
			}
		}
	}
	return e.out
}

// letters stand for verdicts. In Judged they are numbers: h is 0.
const letters = "hvuj"

var (
	verdicts = map[string]string{"holds": "h", "violated": "v", "unknown": "u", "not judged": "j"}
	noIndex  = -1
)

func (e *encoder) cell(spec int, r *report.Entry, ev Evidence) {
	c := cellData{
		Number: r.Number, Spec: spec, Values: []int{}, Verdict: verdicts[r.Verdict], Outcome: "y", Expected: e.str(r.Expected), Why: e.str(r.Why), States: r.States,
		Transitions: r.Transitions, Depth: r.Depth, Reduction: e.str(r.Reduction), Dead: r.Dead, Digest: r.Digest, Machines: noIndex,
	}
	switch {
	case r.OK:
	case r.Why != "":
		c.Outcome = "n"
	default:
		c.Outcome, c.Why = "u", e.str("no verdict: "+r.Reason)
	}
	for _, p := range e.out.Specs[spec].Params {
		c.Values = append(c.Values, e.str(r.Config[p]))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Covers)) {
		said := r.Covers[name]
		if slices.Contains(r.Unreachable, name) {
			said += ", as expected"
		}
		c.Covers = append(c.Covers, [2]int{e.str(name), e.str(said)})
	}
	for _, p := range r.Judged {
		c.Judged = append(c.Judged, [3]int{e.prop(p.Property), strings.Index(letters, verdicts[p.Verdict]), e.str(p.Reason)})
	}
	c.Found, c.Card = e.str(r.Found()), e.str(card(r))
	if len(ev.Machines) > 0 {
		c.Machines = e.machine(ev.Machines)
	}
	for _, f := range r.Findings {
		c.Properties = append(c.Properties, e.prop(f.Property))
		c.Messages = append(c.Messages, e.str(f.Message))
		t := noIndex
		if f.Trace != nil {
			t = once(&e.out.Traces, e.traces, e.trace(f.Trace))
		}
		c.Traces = append(c.Traces, t)
	}
	for _, t := range ev.Runs {
		c.Runs = append(c.Runs, once(&e.out.Traces, e.traces, e.trace(t)))
	}
	if c.Verdict == "h" && len(ev.Runs) == 0 {
		e.out.Cut++
	}
	e.out.Cells = append(e.out.Cells, c)
}

// card says what a verdict without a counterexample rests on.
func card(r *report.Entry) string {
	if r.Verdict != "holds" {
		return r.Found() + "."
	}
	said := "Every reachable state of the model was visited"
	var less []string
	if r.Reduction != "none" {
		less = append(less, "of steps that commute only as many orders were taken as it takes to find every violation")
	}
	if r.Symmetry {
		less = append(less, "states that differ only in which of interchangeable processes or objects is which count as one")
	}
	if len(less) > 0 {
		said = "The search is complete, but not every reachable state was visited: " + strings.Join(less, ", and ")
	}
	if len(less) > 0 && r.LiveStates > 0 {
		said += "; for liveness every one was"
	}
	holds, blind := false, []string(nil)
	for _, p := range r.Judged {
		switch p.Verdict {
		case "holds":
			holds = true
		case "not judged":
			blind = append(blind, p.Property)
		}
	}
	if holds {
		said += ". Nothing was violated."
	} else {
		said += ". Nothing is judged."
	}
	if len(blind) > 0 {
		said += " Not judged, because nothing in this cell observes it: " + strings.Join(blind, ", ") + "."
	}
	if r.Barriers > 0 {
		said += " Memory was sequentially consistent: the barriers had no effect, and nothing is said of machines on which they matter."
	}
	if len(r.Covers) == 0 {
		said += " There is no cover, so nothing shows that what holds could have gone wrong at all."
	}
	return said
}

// prop is the number of a property.
func (e *encoder) prop(name string) int {
	if i := slices.IndexFunc(e.out.Props, func(p propData) bool { return p.Name == name }); i >= 0 {
		return i
	}
	p := propData{Name: name, Title: properties.Title(name)}
	if c, ok := properties.Lookup(name); ok {
		p.Meaning, p.Rule = c.Meaning, c.Rule
	}
	e.out.Props = append(e.out.Props, p)
	return len(e.out.Props) - 1
}

func (e *encoder) machine(ms []Machine) int {
	type machine struct {
		Process int      `json:"p"`
		Start   int      `json:"s"`
		Ends    []int    `json:"e,omitempty"`
		Trans   [][3]int `json:"t"`
	}
	out := []machine{}
	for _, m := range ms {
		x := machine{Process: e.str(m.Process), Start: m.Start, Ends: m.Ends, Trans: [][3]int{}}
		for _, a := range m.Trans {
			x.Trans = append(x.Trans, [3]int{a.From, a.To, e.str(a.Label)})
		}
		out = append(out, x)
	}
	return once(&e.out.Machines, e.machines, out)
}
