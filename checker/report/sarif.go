package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"pmdcheck/checker"
	"pmdcheck/properties"
	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// SARIF makes a SARIF 2.1.0 log. A violated property is a result at the line of the step that fails, an error if nobody expected it, else a note; the cells of a
// spec that it is violated in share one result, with the trace of one of them as code flow: one flow, one thread for each process. An expected violation that is
// missing is an error at the expect line, and a cell without a verdict a warning. Rules are the properties. What holds, and what was not judged, is no result; how
// many cells say what of each property is in the properties of the run, and warnings are notifications of its invocation.
func SARIF(d *Document, style Style) *sarif.Report {
	s := &sarifLog{style: style, groups: map[string]*sarifGroup{}}
	for i := range d.Results {
		s.entry(&d.Results[i])
	}
	run := sarif.NewRun()
	driver := sarif.NewToolComponent().WithName("pmdcheck").WithVersion("1")
	run.WithTool(sarif.NewTool().WithDriver(driver))
	run.WithOriginalUriBaseIds(map[string]sarif.ArtifactLocation{"%SRCROOT%": *sarif.NewArtifactLocation()})
	var ids []string
	for _, g := range s.order {
		if !slices.Contains(ids, g.rule) {
			ids = append(ids, g.rule)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		driver.AddRule(rule(id))
	}
	for _, g := range s.order {
		r := g.result(s)
		r.WithRuleIndex(slices.Index(ids, g.rule))
		run.AddResult(r)
	}
	d.tell(run)
	log := sarif.NewReport()
	log.AddRun(run)
	return log
}

// tell adds what is no result: verdicts of properties, and warnings.
func (d *Document) tell(run *sarif.Run) {
	bag := sarif.NewPropertyBag()
	bag.Add("pmdcheck/properties", d.perProperty())
	run.WithProperties(bag)
	if len(d.Warnings) == 0 {
		return
	}
	call := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, w := range d.Warnings {
		call.AddToolExecutionNotification(sarif.NewNotification().WithLevel("warning").WithMessage(sarif.NewTextMessage(w.String())))
	}
	run.AddInvocation(call)
}

// WriteSARIF writes the log of [SARIF].
func WriteSARIF(w io.Writer, d *Document, style Style) error { return SARIF(d, style).PrettyWrite(w) }

// Rules that are no properties.
const (
	ruleMissing = "missing-violation"
	ruleUnknown = "no-verdict"
)

func rule(id string) *sarif.ReportingDescriptor {
	r := sarif.NewReportingDescriptor().WithID(id)
	text := func(s string) *sarif.MultiformatMessageString { return sarif.NewMultiformatMessageString().WithText(s) }
	if e, ok := properties.Lookup(id); ok {
		r.WithName(id).WithShortDescription(text(cmp.Or(e.Title, e.Name))).WithFullDescription(text(e.Meaning))
		help := e.Meaning
		if e.Rule != "" {
			help += "\n\nKernel rule: " + e.Rule
		}
		return r.WithHelp(text(help + "\n\nHow it is observed: " + e.Detail))
	}
	what := map[string]string{ruleMissing: "expectation not met", ruleUnknown: "search not complete"}[id]
	if c, ok := strings.CutPrefix(id, checker.CoverPrefix); ok {
		what = "cover " + c + " is never reached: the proof would be vacuous"
	}
	return r.WithShortDescription(text(cmp.Or(what, id))).WithFullDescription(text(cmp.Or(what, "property "+id+" of the spec")))
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
	cells             []string
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
	g.cells = append(g.cells, cmp.Or(e.Cell(), e.Spec))
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

func (g *sarifGroup) result(s *sarifLog) *sarif.Result {
	text := g.text + "\n\nIn " + g.spec + ", "
	const most = 10
	if n := len(g.cells); n == 1 {
		text += g.cells[0]
	} else {
		text += fmt.Sprintf("%d cells: %s", n, strings.Join(g.cells[:min(n, most)], "; "))
		if n > most {
			text += fmt.Sprintf("; and %d more", n-most)
		}
	}
	sum := sha256.Sum256([]byte(g.rule + "\x00" + g.spec + "\x00" + g.at.file + "\x00" + g.level))
	r := sarif.NewRuleResult(g.rule).WithLevel(g.level).WithKind("fail").WithMessage(sarif.NewTextMessage(text))
	r.AddLocation(location(g.at, "")).WithPartialFingerprints(map[string]string{"pmdcheck/1": hex.EncodeToString(sum[:8])})
	r.WithOccurrenceCount(len(g.cells))
	if g.trace != nil {
		r.AddCodeFlow(s.flow(g.trace))
	}
	return r
}

func location(p position, text string) *sarif.Location {
	at := sarif.NewSimpleArtifactLocation(p.file).WithURIBaseID("%SRCROOT%")
	region := sarif.NewRegion().WithStartLine(p.line).WithStartColumn(p.col)
	l := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().WithArtifactLocation(at).WithRegion(region))
	if text != "" {
		l.WithMessage(sarif.NewTextMessage(text))
	}
	return l
}

// flow is a trace as a code flow: a thread for each process that moves, the order of execution across them, what matters marked as important.
func (s *sarifLog) flow(t *traces.Trace) *sarif.CodeFlow {
	st := story.Tell(t)
	flow := sarif.NewCodeFlow().WithMessage(sarif.NewTextMessage(strings.Join(st.Text, " ")))
	threads := map[int]*sarif.ThreadFlow{}
	for i, step := range t.Steps {
		p := t.Processes[step.Process]
		th := threads[step.Process]
		if th == nil {
			th = sarif.NewThreadFlow().WithID(p.Name).WithMessage(sarif.NewTextMessage(story.Who(p)))
			threads[step.Process] = th
			flow.AddThreadFlow(th)
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
		l := sarif.NewThreadFlowLocation().WithLocation(location(s.style.place(step.Pos), text)).WithExecutionOrder(i + 1).WithImportance(importance)
		l.WithNestingLevel(max(0, len(step.Stack)-1))
		th.AddLocation(l)
	}
	return flow
}
