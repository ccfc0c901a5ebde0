package page

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker/report"
	"pmdcheck/properties"
	"pmdcheck/traces"
)

// The data of the page. Numbers of strings are indices into Strings, where 0 is "".
type data struct {
	Title          string            `json:"title"`
	Version        string            `json:"version,omitempty"`
	Date           string            `json:"date,omitempty"`
	Strings        []string          `json:"strings"`
	Specs          []specData        `json:"specs"`
	Configurations []configData      `json:"configurations"`
	Machines       []json.RawMessage `json:"machines"`
	Sources        map[string]string `json:"sources"`
	Props          []propData        `json:"props"`
	Cut            int               `json:"cut"` // passing configurations for which there are no runs
	Live           string            `json:"live,omitempty"`
	Runs           string            `json:"runs,omitempty"`
}

type specData struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Params []string `json:"params"`
	Warn   string   `json:"warn,omitempty"`
	File   string   `json:"file,omitempty"` // what commands call it, if that is not its name
}

type propData struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	Rule    string `json:"rule"`
}

type configData struct {
	Number      int       `json:"n"`
	Spec        int       `json:"s"`
	Values      []int     `json:"v"`
	Verdict     string    `json:"f"` // h, v, u
	Outcome     string    `json:"o"` // y as expected, n not, u unknown
	Properties  []int     `json:"p,omitempty"`
	Expected    int       `json:"e"`
	Why         int       `json:"w,omitempty"`
	States      int64     `json:"st"`
	Transitions int64     `json:"tr"`
	Live        int64     `json:"ls,omitempty"` // states that were visited for liveness
	Depth       int       `json:"dp"`
	Reduction   int       `json:"rd"`
	Symmetry    int       `json:"sy,omitempty"`
	Store       int       `json:"so,omitempty"`
	Dead        int       `json:"dd,omitempty"`
	Digest      string    `json:"dg"`
	Covers      [][2]int  `json:"c,omitempty"` // strings: name, answer
	Judged      [][3]int  `json:"j,omitempty"` // number of the property, of its verdict in letters, of the reason
	Found       int       `json:"fd"`
	Card        int       `json:"cd,omitempty"` // what a verdict without a counterexample says, in a sentence
	Functions   int       `json:"fn,omitempty"` // names, separated by spaces
	Traces      []int     `json:"t,omitempty"`  // of Properties; -1: none
	Messages    []int     `json:"m,omitempty"`  // of Properties
	Unexpected  []int     `json:"x,omitempty"`  // of Properties: 1 for one that was not expected
	Runs        []runData `json:"r,omitempty"`
	Machines    int       `json:"mc"` // -1: none
}

type runData struct {
	Trace  int `json:"t"`
	Covers int `json:"c"` // names, separated by commas
}

// encoder interns.
type encoder struct {
	out       *data
	strings   map[string]int
	traces    map[string]int
	traceList []json.RawMessage
	whole     map[int]*traces.Trace // of these numbers the file itself travels along
	first     map[string]bool       // of a property of a spec a whole trace is there
	machines  map[string]int
	files     map[string]bool
}

func newEncoder() *encoder {
	e := &encoder{
		out:     &data{Machines: []json.RawMessage{}, Sources: map[string]string{}, Specs: []specData{}, Configurations: []configData{}, Props: []propData{}},
		strings: map[string]int{}, traces: map[string]int{}, whole: map[int]*traces.Trace{}, first: map[string]bool{}, machines: map[string]int{}, files: map[string]bool{},
	}
	e.str("")
	return e
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

func encode(in Input) *encoder {
	e := newEncoder()
	e.out.Title, e.out.Version, e.out.Date, e.out.Live, e.out.Runs = in.Title, in.Version, in.Date, in.Live, in.Runs
	specs := map[string]int{}
	for i := range in.Document.Results {
		r := &in.Document.Results[i]
		n, ok := specs[r.Spec]
		if !ok {
			n = len(e.out.Specs)
			specs[r.Spec] = n
			s := specData{Name: r.Spec, Doc: in.Specs[r.Spec].Doc, File: in.Specs[r.Spec].File, Params: []string{}}
			for _, w := range in.Document.Warnings {
				if w.Spec == r.Spec {
					s.Warn = strings.TrimSpace(s.Warn + " Warning: " + w.Text + ".")
				}
			}
			e.out.Specs = append(e.out.Specs, s)
		}
		// In merged results some configurations may be named by more parameters than others.
		for _, p := range r.Order {
			if s := &e.out.Specs[n]; !slices.Contains(s.Params, p) {
				s.Params = append(s.Params, p)
			}
		}
	}
	for i := range in.Document.Results {
		r := &in.Document.Results[i]
		e.configuration(specs[r.Spec], r, in.Evidence[r.Number])
		for f := range e.files {
			if src, ok := in.Specs[r.Spec].Sources[f]; ok {
				e.out.Sources[f] = src
			}
		}
	}
	return e
}

// letters stand for verdicts. In Judged they are numbers: h is 0.
const letters = "hvuj"

var (
	verdicts = map[string]string{"holds": "h", "violated": "v", "unknown": "u", "not judged": "j"}
	noIndex  = -1
)

func (e *encoder) configuration(spec int, r *report.Entry, ev Evidence) {
	c := configData{
		Number: r.Number, Spec: spec, Values: []int{}, Verdict: verdicts[r.Verdict], Outcome: "y", Expected: e.str(r.Expected), Why: e.str(r.Why), States: r.States,
		Transitions: r.Transitions, Live: r.LiveStates, Depth: r.Depth, Reduction: e.str(r.Reduction), Store: e.str(r.Store), Dead: r.Dead, Digest: r.Digest, Machines: noIndex,
		Functions: e.str(strings.Join(ev.Functions, " ")), Symmetry: flag(r.Symmetry),
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
		c.Unexpected = append(c.Unexpected, flag(!f.Expected))
		c.Traces = append(c.Traces, e.finding(r.Spec, &f))
	}
	for _, x := range ev.Runs {
		c.Runs = append(c.Runs, runData{once(&e.traceList, e.traces, e.trace(x.Trace)), e.str(strings.Join(x.Covers, ", "))})
	}
	if c.Verdict == "h" && len(ev.Runs) == 0 {
		e.out.Cut++
	}
	e.out.Configurations = append(e.out.Configurations, c)
}

// finding is the number of a violation's trace.
func (e *encoder) finding(spec string, f *report.Finding) int {
	if f.Trace == nil {
		return noIndex
	}
	n := once(&e.traceList, e.traces, e.trace(f.Trace))
	if key := spec + "\n" + f.Property; !f.Expected || !e.first[key] {
		e.first[key] = true
		e.whole[n] = f.Trace
	}
	return n
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
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
