// Package judge holds what a search found against what the spec expects, and makes the entry of a document of it.
package judge

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// Counting says how a run differs from the one that expectations are about.
type Counting struct {
	NoAssert bool // verdicts are not judged
	Full     bool // expected counts are judged: they are those of the merged, unreduced search
}

// Judgement is a result held against its expectation.
type Judgement struct {
	OK            bool
	Unknown       bool
	Verdict       checker.Verdict // as the configuration's: covers that are expected to be unreachable do not count
	Properties    []string        // that are violated, and "cover NAME" for what should be reached and is not, sorted
	Unreachable   []string        // covers that nothing reaches, as expected
	Expected      string          // "holds", "violated a, b", "holds unreachable c", or "" without an expect line
	ExpectedProps []string
	Foreign       bool   // the expectation is about sequentially consistent memory, and the configuration has another: what is found is shown, and is no difference
	Why           string // what differs, if not OK
}

// Judge compares. Without an expectation any violation is a failure.
func Judge(r *checker.Result, e *elab.Expectation, c Counting) Judgement {
	j := Judgement{Verdict: r.Verdict}
	var against []string // covers that are reached against the expectation
	for _, v := range r.Violations {
		name, cover := strings.CutPrefix(v.Property, checker.CoverPrefix)
		if cover && v.Prop == model.NoProp && e != nil && !e.Foreign && slices.Contains(e.Unreachable, name) {
			j.Unreachable = append(j.Unreachable, name)
		} else {
			j.Properties = append(j.Properties, v.Property)
		}
	}
	slices.Sort(j.Properties)
	slices.Sort(j.Unreachable)
	if r.Verdict == checker.Violated && len(j.Properties) == 0 {
		if j.Verdict = checker.Holds; r.Reason != checker.ReasonNone {
			j.Verdict = checker.Unknown
		}
	}
	if c.NoAssert {
		j.OK = r.Reason == checker.ReasonNone || r.Reason == checker.ReasonAsserts
		j.Unknown, j.Expected = !j.OK, report.Counted
		return j
	}
	if e != nil && e.Foreign {
		j.Foreign = true
		return j.foreign(r)
	}
	if e != nil {
		j.Expected = "holds"
		if !e.Holds {
			j.Expected, j.ExpectedProps = "violated "+strings.Join(e.Props, ", "), e.Props
		}
		if len(e.Unreachable) > 0 {
			j.Expected += " unreachable " + strings.Join(e.Unreachable, ", ")
		}
		for _, k := range r.Covers {
			if k.Reach == checker.Reached && slices.Contains(e.Unreachable, k.Name) {
				against = append(against, k.Name)
			}
		}
	}
	j.compare(r, e, against)
	if j.OK && e != nil && c.Full && r.Reason == checker.ReasonNone {
		j.count(r, e)
	}
	return j
}

// foreign is the judgement where no expectation is about the memory model of the configuration.
func (j Judgement) foreign(r *checker.Result) Judgement {
	j.Unknown = j.Verdict == checker.Unknown || r.Reason != checker.ReasonNone && r.Reason != checker.ReasonFirst
	j.OK = !j.Unknown
	return j
}

// compare decides. What was found and is not expected is a difference however the search ended; what was not found is one only if it is complete.
func (j *Judgement) compare(r *checker.Result, e *elab.Expectation, against []string) {
	wanted := subset(j.Properties, j.ExpectedProps)
	if len(against) == 0 && wanted && (j.Verdict == checker.Unknown || r.Reason != checker.ReasonNone && r.Reason != checker.ReasonFirst) {
		j.Unknown = true
		return
	}
	j.OK = wanted && len(against) == 0 && (r.Reason == checker.ReasonFirst || slices.Equal(j.Properties, j.ExpectedProps))
	if j.OK {
		return
	}
	var found []string
	if !wanted || len(against) == 0 {
		found = append(found, report.Found(j.Verdict.String(), j.Properties, string(r.Reason)))
	}
	for _, c := range against {
		found = append(found, "cover "+c+" reached")
	}
	j.Why = "expected " + j.Expected + ", found " + strings.Join(found, ", ")
	if e == nil {
		j.Why = "no violation is expected, found " + strings.Join(found, ", ")
	}
	var blind []string
	for _, p := range r.Properties {
		if p.Verdict == checker.NotJudged && slices.Contains(j.ExpectedProps, p.Property) {
			blind = append(blind, p.Property)
		}
	}
	if len(blind) > 0 {
		j.Why += "; nothing in this configuration observes " + strings.Join(blind, ", ")
	}
}

// count compares figures.
func (j *Judgement) count(r *checker.Result, e *elab.Expectation) {
	var why []string
	for _, x := range []struct {
		what       string
		want, have int64
	}{{"states", e.States, r.Stats.States}, {"transitions", e.Transitions, r.Stats.Transitions}} {
		if x.want >= 0 && x.want != x.have {
			why = append(why, fmt.Sprintf("expected %d %s, found %d", x.want, x.what, x.have))
		}
	}
	if len(why) > 0 {
		j.OK, j.Why = false, strings.Join(why, "; ")
	}
}

func subset(a, b []string) bool {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}
