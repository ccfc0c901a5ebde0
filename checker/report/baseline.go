package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"pmdcheck/checker"
	"pmdcheck/model"
)

// BaselineSchema identifies the format of baselines.
const BaselineSchema = "pmdcheck/baseline/3"

// Older baselines call a configuration a cell; the first ones do not say which properties hold.
const (
	secondBaseline = "pmdcheck/baseline/2"
	firstBaseline  = "pmdcheck/baseline/1"
)

// Baseline is what a run found, to be committed and compared with later ones. Nothing in it depends on the machine.
type Baseline struct {
	Schema         string          `json:"schema"`
	Configurations []BaselineEntry `json:"configurations"`
}

// BaselineEntry is one configuration.
type BaselineEntry struct {
	Configuration string   `json:"configuration"` // spec and parameters
	Verdict       string   `json:"verdict"`
	Properties    []string `json:"properties,omitempty"` // violated
	Holds         []string `json:"holds,omitempty"`
	NotJudged     []string `json:"not_judged,omitempty"`
	Unreachable   []string `json:"unreachable,omitempty"` // covers, as expected
	States        int64    `json:"states"`
	Transitions   int64    `json:"transitions"`
	Reduction     string   `json:"reduction"`
	Digest        string   `json:"digest"`
}

// NewBaseline takes from a document what a baseline keeps. A configuration without a verdict has no place in it.
func NewBaseline(d *Document) (*Baseline, error) {
	b := &Baseline{Schema: BaselineSchema, Configurations: []BaselineEntry{}}
	for _, e := range d.Results {
		if e.Reason != "" {
			return nil, fmt.Errorf("%s was not searched to its end (%s): a baseline has only complete searches", e.Key(), e.Reason)
		}
		b.Configurations = append(b.Configurations, BaselineEntry{
			Configuration: e.Key(), Verdict: e.Verdict, Properties: e.Properties, Holds: e.with(checker.Holds), NotJudged: e.with(checker.NotJudged), Unreachable: e.Unreachable,
			States: e.States, Transitions: e.Transitions, Reduction: e.Reduction, Digest: e.Digest,
		})
	}
	return b, nil
}

// Write writes the baseline, a line for each configuration, so that a change is a small diff.
func (b *Baseline) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"schema\": %q, \"configurations\": [", b.Schema)
	for i, c := range b.Configurations {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "\n%s", line)
	}
	fmt.Fprint(out, "\n]}\n")
	return out.Flush()
}

// ReadBaseline loads a baseline.
func ReadBaseline(r io.Reader) (*Baseline, error) {
	var b Baseline
	wire := struct {
		*Baseline
		Cells []struct {
			Cell string `json:"cell"`
			BaselineEntry
		} `json:"cells"`
	}{Baseline: &b}
	if err := decode(r, maxBaseline, BaselineSchema, &wire, secondBaseline, firstBaseline); err != nil {
		return nil, err
	}
	if err := oldName(b.Schema != BaselineSchema, wire.Cells != nil, b.Configurations != nil); err != nil {
		return nil, err
	}
	for _, c := range wire.Cells {
		c.BaselineEntry.Configuration = c.Cell
		b.Configurations = append(b.Configurations, c.BaselineEntry)
	}
	b.Schema = BaselineSchema
	seen := map[string]bool{}
	for _, c := range b.Configurations {
		if err := c.validate(); err != nil {
			return nil, err
		}
		if seen[c.Configuration] {
			return nil, fmt.Errorf("configuration %s is in it twice", c.Configuration)
		}
		seen[c.Configuration] = true
	}
	return &b, nil
}

// with are the properties that have a verdict.
func (e *Entry) with(v checker.Verdict) (names []string) {
	for _, p := range e.Judged {
		if p.Verdict == v.String() {
			names = append(names, p.Property)
		}
	}
	return names
}

// lost says which properties held and have no verdict any more. A violation says so itself.
func lost(held []string, e *Entry) (out []string) {
	for _, p := range held {
		i := slices.IndexFunc(e.Judged, func(j Judged) bool { return j.Property == p })
		switch {
		case i < 0:
			out = append(out, p+" held, and is not checked any more")
		case e.Judged[i].Verdict == checker.NotJudged.String():
			out = append(out, p+" held, and is not judged any more")
		}
	}
	return out
}

// Costs is the past cost of each configuration, for [Shard.Pick].
func (b *Baseline) Costs() map[string]int64 {
	out := map[string]int64{}
	for _, c := range b.Configurations {
		out[c.Configuration] = c.Transitions
	}
	return out
}

// Change is a configuration that differs from the baseline.
type Change struct {
	Configuration string
	What          []string // in words
	Verdict       bool     // the verdict or the set of violated properties changed, or the configuration is gone
	Unknown       bool     // there is no verdict now
}

// Incomparable says in one sentence that configurations have digests of another version than those of the baseline, so that [Baseline.Compare] cannot tell whether the models
// are the same; "" if there is no such configuration.
func (b *Baseline) Incomparable(d *Document) string {
	old := map[string]string{}
	for _, c := range b.Configurations {
		old[c.Configuration] = c.Digest
	}
	n, was, is := 0, "", ""
	for _, e := range d.Results {
		if o, ok := old[e.Key()]; ok && e.Digest != "" && !model.SameDigestVersion(o, e.Digest) { // there is none of a configuration that was not begun
			if n++; n == 1 {
				was, is = model.DigestVersionOf(o), model.DigestVersionOf(e.Digest)
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("the digests of %s are of version %q in the baseline and of version %q now: verdicts and counts were compared, whether the models are the same is not known; "+
		"`baseline write` makes a new baseline", Count(n, "configuration"), was, is)
}

// Compare lists the configurations that differ: first in the order of the run, then those that are gone. Configurations of the baseline for which within is false were not part of the
// run.
func (b *Baseline) Compare(d *Document, within func(config string) bool) []Change {
	old := map[string]BaselineEntry{}
	for _, c := range b.Configurations {
		old[c.Configuration] = c
	}
	var out []Change
	for _, e := range d.Results {
		o, ok := old[e.Key()]
		delete(old, e.Key())
		c := Change{Configuration: e.Key()}
		if !ok {
			c.What = append(c.What, "new: "+e.Found())
			c.Unknown = e.Reason != ""
			out = append(out, c)
			continue
		}
		switch {
		case e.Reason != "":
			c.Unknown = true
			c.What = append(c.What, fmt.Sprintf("was %s, now not searched to the end (%s)", Found(o.Verdict, o.Properties, ""), e.Reason))
		case o.Verdict != e.Verdict || !slices.Equal(o.Properties, e.Properties):
			c.Verdict = true
			c.What = append(c.What, fmt.Sprintf("was %s, now %s", Found(o.Verdict, o.Properties, ""), e.Found()))
		}
		if gone := lost(o.Holds, &e); len(gone) > 0 && e.Reason == "" {
			c.Verdict = true
			c.What = append(c.What, gone...)
		}
		if e.Digest != "" && o.Digest != e.Digest && model.SameDigestVersion(o.Digest, e.Digest) {
			c.What = append(c.What, "another model")
		}
		if o.Reduction != e.Reduction {
			c.What = append(c.What, fmt.Sprintf("reduction %s -> %s", o.Reduction, e.Reduction))
		}
		if !c.Unknown && (o.States != e.States || o.Transitions != e.Transitions) {
			c.What = append(c.What, fmt.Sprintf("%d -> %d states, %d -> %d transitions", o.States, e.States, o.Transitions, e.Transitions))
		}
		if len(c.What) > 0 {
			out = append(out, c)
		}
	}
	for _, o := range b.Configurations {
		if _, gone := old[o.Configuration]; gone && within(o.Configuration) {
			out = append(out, Change{Configuration: o.Configuration, What: []string{"gone: was " + Found(o.Verdict, o.Properties, "")}, Verdict: true})
		}
	}
	return out
}
