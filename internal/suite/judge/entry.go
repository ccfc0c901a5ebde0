package judge

import (
	"math"
	"slices"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

// Checked is a configuration with all that is known of it.
type Checked struct {
	Number        int
	Spec          *elab.Spec
	Configuration elab.Configuration
	Digest        string
	Result        *checker.Result
	Judged        Judgement
	Barriers      int             // statements that order memory and had no effect
	MayRace       int             // weak cells that may be accessed without a mark by two processes at once, where nobody asks
	Unmarked      int             // atomic blocks of which it was assumed what they are on the machine
	Traces        []*traces.Trace // for readers: the shortest that are known
}

// Entry is the configuration as a document has it.
func (c Checked) Entry() report.Entry {
	r, j := c.Result, c.Judged
	e := report.Entry{
		Number: c.Number, Spec: c.Spec.Name, Config: map[string]string{}, At: c.Spec.Name + ".pmd:1:1", Digest: c.Digest,
		Verdict: j.Verdict.String(), Properties: append([]string{}, j.Properties...), Judged: []report.Judged{}, Unreachable: j.Unreachable, Expected: j.Expected, OK: j.OK, Why: j.Why,
		Reason: string(r.Reason), States: r.Stats.States, Transitions: r.Stats.Transitions, LiveStates: r.Stats.LiveStates, LiveTrans: r.Stats.LiveTransitions, Depth: r.Stats.Depth, Reduction: r.Reduction.String(), Bytes: r.Stats.Bytes,
		Barriers: c.Barriers, Unmarked: c.Unmarked, MayRace: c.MayRace, Dead: len(r.Dead), Covers: map[string]string{}, Seconds: math.Round(r.Stats.Elapsed.Seconds()*1e6) / 1e6,
	}
	e.Symmetry = slices.ContainsFunc(r.Symmetry, func(s checker.Symmetry) bool { return s.Members > 0 })
	if r.Store != checker.StoreExact {
		e.Store, e.Omitted = r.Store.String(), &r.Omitted
	}
	if x := c.Configuration.Expect; x != nil {
		e.At = c.Spec.Files.Position(x.Pos)
	}
	for _, v := range c.Configuration.Config {
		e.Config[v.Name] = v.Value
	}
	for _, v := range c.Configuration.Named() {
		e.Order = append(e.Order, v.Name)
	}
	if len(e.Properties) > 0 {
		e.Property = e.Properties[0]
	}
	for _, p := range r.Properties {
		e.Judged = append(e.Judged, report.Judged{Property: p.Property, Verdict: p.Verdict.String(), Reason: string(p.Reason), Named: c.Spec.Named(p.Property)})
	}
	for _, cv := range r.Covers {
		e.Covers[cv.Name] = cv.Reach.String()
	}
	for _, v := range r.Violations {
		if !slices.Contains(e.Properties, v.Property) {
			continue // a cover that is expected to be unreachable
		}
		f := report.Finding{Property: v.Property, Expected: slices.Contains(j.ExpectedProps, v.Property), Message: v.Message}
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
	return e
}
