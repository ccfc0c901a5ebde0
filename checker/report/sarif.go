package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/properties"
	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// SARIF makes a SARIF 2.1.0 log. A violated property is a result at the line of the step that fails, an error if nobody expected it, else a note; the configurations of a
// spec that it is violated in share one result, with the trace of one of them as code flow: one flow, one thread for each process. An expected violation that is
// missing is an error at the expect line, and a configuration without a verdict a warning. Rules are the properties. What holds, and what was not judged, is no result; how
// many configurations say what of each property is in the properties of the run, and warnings are notifications of its invocation.
func SARIF(d *Document, style Style) *SARIFLog {
	s := &sarifLog{style: style, groups: map[string]*sarifGroup{}}
	for i := range d.Results {
		s.entry(&d.Results[i])
	}
	ids := []string{}
	for _, g := range s.order {
		if !slices.Contains(ids, g.rule) {
			ids = append(ids, g.rule)
		}
	}
	slices.Sort(ids)
	run := SARIFRun{OriginalURIBaseIDs: map[string]struct{}{"%SRCROOT%": {}}, Results: []SARIFResult{}}
	run.Tool.Driver.Name, run.Tool.Driver.Version, run.Tool.Driver.Rules = "pmdcheck", "1", []SARIFRule{}
	for _, id := range ids {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(id))
	}
	for _, g := range s.order {
		r := g.result(s)
		r.RuleIndex = slices.Index(ids, g.rule)
		run.Results = append(run.Results, r)
	}
	d.tell(&run)
	return &SARIFLog{Schema: sarifSchema, Version: "2.1.0", Runs: []SARIFRun{run}}
}

// tell adds what is no result: verdicts of properties, and warnings.
func (d *Document) tell(run *SARIFRun) {
	run.Properties = map[string]any{"pmdcheck/properties": d.perProperty()}
	if len(d.Warnings) == 0 {
		return
	}
	call := sarifInvocation{ExecutionSuccessful: true}
	for _, w := range d.Warnings {
		call.Notifications = append(call.Notifications, sarifNotification{Level: "warning", Message: sarifText{w.String()}})
	}
	run.Invocations = []sarifInvocation{call}
}

// WriteSARIF writes the log of [SARIF].
func WriteSARIF(w io.Writer, d *Document, style Style) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(SARIF(d, style))
}

// Rules that are no properties.
const (
	ruleMissing = "missing-violation"
	ruleUnknown = "no-verdict"
)

func rule(id string) SARIFRule {
	r := SARIFRule{ID: id}
	if e, ok := properties.Lookup(id); ok {
		r.Name, r.Short.Text, r.Full.Text = id, cmp.Or(e.Title, e.Name), e.Meaning
		help := e.Meaning
		if e.Rule != "" {
			help += "\n\nKernel rule: " + e.Rule
		}
		r.Help = &sarifText{help + "\n\nHow it is observed: " + e.Detail}
		return r
	}
	what := map[string]string{ruleMissing: "expectation not met", ruleUnknown: "search not complete"}[id]
	if c, ok := strings.CutPrefix(id, checker.CoverPrefix); ok {
		what = "cover " + c + " is never reached: the proof would be vacuous"
	}
	r.Short.Text, r.Full.Text = cmp.Or(what, id), cmp.Or(what, "property "+id+" of the spec")
	return r
}

type sarifLog struct {
	style  Style
	groups map[string]*sarifGroup
	order  []*sarifGroup
}

// sarifGroup is one result.
type sarifGroup struct {
	rule, level, spec string
	at                position
	text              string
	configs           []string
	trace             *traces.Trace
}

func (s *sarifLog) add(rule, level string, e *Entry, at string, text string, t *traces.Trace) {
	p := s.style.place(at)
	key := fmt.Sprint(rule, level, e.Spec, p)
	g := s.groups[key]
	if g == nil {
		g = &sarifGroup{rule: rule, level: level, spec: e.Spec, at: p, text: text}
		s.groups[key] = g
		s.order = append(s.order, g)
	}
	g.configs = append(g.configs, cmp.Or(e.Configuration(), e.Spec))
	if g.trace == nil && t != nil {
		g.trace, g.text = t, text
	}
}

func (s *sarifLog) entry(e *Entry) {
	for _, f := range e.Findings {
		level, text := "note", f.Message
		if !f.Expected && !e.OK {
			level = "error"
		}
		if f.Trace != nil {
			text = strings.Join(story.Tell(f.Trace).Text, " ")
		}
		s.add(f.Property, level, e, cmp.Or(f.At, e.At), text, f.Trace)
	}
	switch {
	case e.OK:
	case e.Why == "":
		s.add(ruleUnknown, "warning", e, e.At, "no verdict: "+e.Reason, nil)
	case !slices.ContainsFunc(e.Findings, func(f Finding) bool { return !f.Expected }):
		s.add(ruleMissing, "error", e, e.At, e.Why, nil)
	}
}

func (g *sarifGroup) result(s *sarifLog) SARIFResult {
	text := g.text + "\n\nIn " + g.spec + ", "
	const most = 10
	if n := len(g.configs); n == 1 {
		text += g.configs[0]
	} else {
		text += fmt.Sprintf("%d configurations: %s", n, strings.Join(g.configs[:min(n, most)], "; "))
		if n > most {
			text += fmt.Sprintf("; and %d more", n-most)
		}
	}
	sum := sha256.Sum256([]byte(g.rule + "\x00" + g.spec + "\x00" + g.at.file + "\x00" + g.level))
	r := SARIFResult{
		RuleID: g.rule, Level: g.level, Kind: "fail", Message: sarifText{text}, Locations: []SARIFLocation{location(g.at, "")},
		Fingerprints: map[string]string{"pmdcheck/1": hex.EncodeToString(sum[:8])}, Occurrences: len(g.configs),
	}
	if g.trace != nil {
		r.CodeFlows = []SARIFFlow{s.flow(g.trace)}
	}
	return r
}

func location(p position, text string) (l SARIFLocation) {
	l.Physical.Artifact.URI, l.Physical.Artifact.Base = p.file, "%SRCROOT%"
	l.Physical.Region.StartLine, l.Physical.Region.StartColumn = p.line, p.col
	if text != "" {
		l.Message = &sarifText{text}
	}
	return l
}

// flow is a trace as a code flow: a thread for each process that moves, the order of execution across them, what matters marked as important.
func (s *sarifLog) flow(t *traces.Trace) SARIFFlow {
	st := story.Tell(t)
	flow := SARIFFlow{Message: sarifText{strings.Join(st.Text, " ")}, Threads: []*SARIFThread{}}
	threads := map[int]*SARIFThread{}
	for i, step := range t.Steps {
		p := t.Processes[step.Process]
		th := threads[step.Process]
		if th == nil {
			th = &SARIFThread{ID: p.Name, Message: sarifText{story.Who(p)}}
			threads[step.Process] = th
			flow.Threads = append(flow.Threads, th)
		}
		importance := "unimportant"
		for k := range step.Ops {
			if st.Keep(i+1, k) {
				importance = "important"
			}
		}
		if step.Fatal {
			importance = "essential"
		}
		text := fmt.Sprintf("step %d, %s: %s", i+1, story.Who(p), step.Label)
		if step.Message != "" {
			text += ": " + step.Message
		}
		th.Locations = append(th.Locations, SARIFStep{Location: location(s.style.place(step.Pos), text), ExecutionOrder: i + 1, Importance: importance, NestingLevel: max(0, len(step.Stack)-1)})
	}
	return flow
}
