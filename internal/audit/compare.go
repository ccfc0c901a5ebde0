package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/skeleton"
)

// Change is what one tree has and another has not.
type Change struct {
	Kind string   `json:"kind"` // reference, site, kconfig, feature, verdict, body
	Text string   `json:"text"`
	Diff []string `json:"diff,omitempty"` // of two skeletons
	// Weight is "event" for what has to be looked at, "same" for a body that changed and has the same events, "unknown" where that cannot be told.
	Weight string `json:"weight"`
	Place  Place  `json:"place"`
}

// Compare lists what is otherwise in the second of two audits.
func Compare(old, now *Document) (out []Change) {
	out = append(out, references(old, now)...)
	out = append(out, sites(old, now)...)
	out = append(out, facts(old, now)...)
	out = append(out, features(old, now)...)
	out = append(out, verdicts(old, now)...)
	return append(out, bodies(old, now)...)
}

func references(old, now *Document) (out []Change) {
	before := map[string]Reference{}
	for _, r := range old.References {
		before[r.At+r.Func] = r
	}
	for _, r := range now.References {
		o, ok := before[r.At+r.Func]
		if !ok || o.Status == r.Status && (r.Status != "moved" || placed(o) == placed(r)) {
			continue
		}
		text := fmt.Sprintf("%s (%s) was %s, is %s", r.Func, r.File, o.Status, r.Status)
		if r.Now != "" {
			text += " " + r.Now
		}
		if len(r.Places) > 0 {
			text += " at " + places(r.Places)
		}
		out = append(out, Change{Kind: "reference", Text: text, Weight: "event", Place: first(r.Places, Place{r.File, 1})})
	}
	return out
}

func placed(r Reference) string {
	if len(r.Places) == 0 {
		return ""
	}
	return r.Places[0].File
}

func sites(old, now *Document) (out []Change) {
	key := func(s *Site) string { return s.Entry + " in " + s.Func + " (" + s.File + ")" }
	before, after := map[string]*Site{}, map[string]*Site{}
	for _, s := range old.Sites {
		before[key(s)] = s
	}
	for _, s := range now.Sites {
		after[key(s)] = s
		switch o := before[key(s)]; {
		case o == nil:
			out = append(out, Change{Kind: "site", Text: fmt.Sprintf("%s: one more, %s, line %d", key(s), s.Status, s.Lines[0]), Weight: "event", Place: Place{s.File, s.Lines[0]}})
		case len(s.Lines) != len(o.Lines):
			out = append(out, Change{Kind: "site", Text: fmt.Sprintf("%s: %d calls, before %d", key(s), len(s.Lines), len(o.Lines)), Weight: "event", Place: Place{s.File, s.Lines[0]}})
		}
	}
	for _, s := range old.Sites {
		if after[key(s)] == nil {
			out = append(out, Change{Kind: "site", Text: key(s) + ": no more", Weight: "event", Place: Place{s.File, s.Lines[0]}})
		}
	}
	return out
}

func facts(old, now *Document) (out []Change) {
	before := map[string]Fact{}
	for _, f := range old.Kconfig {
		before[f.Target+" "+f.Fact] = f
	}
	for _, f := range now.Kconfig {
		if o, ok := before[f.Target+" "+f.Fact]; ok && o.Value != f.Value {
			out = append(out, Change{Kind: "kconfig", Text: fmt.Sprintf("%s %s was %s, is %s", f.Target, f.Fact, o.Value, f.Value), Weight: "event", Place: because(f)})
		}
	}
	return out
}

// features are those that the second tree has otherwise. One that only one of them can tell is unknown.
func features(old, now *Document) (out []Change) {
	before := map[string]Feature{}
	for _, f := range old.Features {
		before[f.Name] = f
	}
	for _, f := range now.Features {
		o, ok := before[f.Name]
		if !ok || o.Value == f.Value {
			continue
		}
		c := Change{Kind: "feature", Text: fmt.Sprintf("%s was %s, is %s", f.Name, state(o.Value), state(f.Value)), Weight: "event", Place: first(f.At, Place{"Makefile", 1})}
		if f.Value == "" || o.Value == "" {
			c.Weight = "unknown"
		}
		out = append(out, c)
	}
	return out
}

// verdicts are the claims that are otherwise in the second tree, if they were checked in both.
func verdicts(old, now *Document) (out []Change) {
	before := map[string]Verdict{}
	for _, v := range old.Verdicts {
		before[v.Claim] = v
	}
	for _, v := range now.Verdicts {
		o, ok := before[v.Claim]
		if !ok || o.said() == v.said() {
			continue
		}
		c := Change{Kind: "verdict", Text: fmt.Sprintf("%s was %s, is %s", v.Claim, o.said(), v.said()), Weight: "event", Place: Place{"Makefile", 1}}
		if v.Verdict == "unknown" {
			c.Weight = "unknown"
		}
		out = append(out, c)
	}
	return out
}

func bodies(old, now *Document) (out []Change) {
	type key struct{ name, file, cond string }
	group := func(d *Document) map[key][]Function {
		m := map[key][]Function{}
		for _, f := range d.Functions {
			k := key{f.Name, f.File, f.If}
			m[k] = append(m[k], f)
		}
		return m
	}
	before, after := group(old), group(now)
	done := map[key]bool{}
	for _, f := range now.Functions {
		k := key{f.Name, f.File, f.If}
		if done[k] {
			continue
		}
		done[k] = true
		o, n := before[k], after[k]
		for i := range min(len(o), len(n)) {
			if c, ok := body(o[i], n[i]); ok {
				out = append(out, c)
			}
		}
		switch {
		case len(o) == 0:
			out = append(out, Change{Kind: "body", Text: fmt.Sprintf("%s (%s:%d): not there before", f.Name, f.File, f.Line), Weight: "event", Place: Place{f.File, f.Line}})
		case len(o) != len(n):
			out = append(out, Change{Kind: "body", Text: fmt.Sprintf("%s (%s): %d definitions, before %d", f.Name, f.File, len(n), len(o)), Weight: "event", Place: Place{f.File, f.Line}})
		}
	}
	for _, f := range old.Functions {
		if k := (key{f.Name, f.File, f.If}); len(after[k]) == 0 && !done[k] {
			done[k] = true
			out = append(out, Change{Kind: "body", Text: fmt.Sprintf("%s (%s): no more", f.Name, f.File), Weight: "event", Place: Place{f.File, f.Line}})
		}
	}
	return out
}

// body compares two bodies. Only skeletons that were read to the end may be called equal.
func body(o, n Function) (Change, bool) {
	// a body can stay as it is while a helper that is looked through changes
	if o.Hash == n.Hash && slices.Equal(o.Skeleton, n.Skeleton) {
		return Change{}, false
	}
	c := Change{Kind: "body", Text: fmt.Sprintf("%s (%s:%d)", n.Name, n.File, n.Line), Weight: "event", Place: Place{n.File, n.Line}}
	if slices.Equal(o.Skeleton, n.Skeleton) {
		c.Text += ": changed, same events"
		c.Weight = "same"
		if len(o.Unknown)+len(n.Unknown) > 0 {
			c.Weight = "unknown"
			c.Text += " so far as they were read"
		}
		return c, true
	}
	c.Text += ": other events"
	cs := skeleton.Diff(o.Skeleton, n.Skeleton)
	shown := near(cs)
	for i, s := range cs {
		if !shown[i] {
			if i > 0 && shown[i-1] {
				c.Diff = append(c.Diff, "       ...")
			}
			continue
		}
		line := "      "
		if s.B >= 0 && s.B < len(n.At) {
			line = fmt.Sprintf("%6d", n.At[s.B])
		} else if s.A >= 0 && s.A < len(o.At) {
			line = fmt.Sprintf("%6d", o.At[s.A])
		}
		c.Diff = append(c.Diff, fmt.Sprintf("%s %c %s", line, s.Op, s.Text))
	}
	return c, true
}

// near is which lines of an alignment are shown: what differs, with two lines around it.
func near(cs []skeleton.Change) []bool {
	shown := make([]bool, len(cs))
	for i, c := range cs {
		if c.Op != ' ' {
			for j := max(0, i-2); j <= min(len(cs)-1, i+2); j++ {
				shown[j] = true
			}
		}
	}
	return shown
}

// WriteChanges writes a comparison.
func WriteChanges(w io.Writer, old, now *Document, cs []Change) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s against %s: ", now.Release, old.Release)
	n := map[string]int{}
	for _, c := range cs {
		n[c.Weight]++
	}
	fmt.Fprintf(&b, "%d differences, %d bodies changed with the same events, %d cannot be told\n", n["event"], n["same"], n["unknown"])
	for _, c := range cs {
		fmt.Fprintf(&b, "\n%s: %s\n", c.Kind, c.Text)
		for _, d := range c.Diff {
			fmt.Fprintf(&b, "%s\n", strings.TrimRight(d, " "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteEach writes what one commit changes, a line for each change.
func WriteEach(w io.Writer, cs []Change) {
	for _, c := range cs {
		fmt.Fprintf(w, "  %s: %s\n", c.Kind, c.Text)
	}
}
