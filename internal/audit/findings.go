package audit

import (
	"fmt"
	"strings"
)

// Finding is something that somebody has to look at, or that could not be told.
type Finding struct {
	Rule    string
	Unknown bool   // it could not be told, else it is so
	Key     string // what it is about, the same in two audits of one tree: without lines
	Place   Place
	Text    string
	Detail  []string
}

// Rules are the kinds of findings, in the order of a report, with what each means.
var Rules = []struct{ ID, Text string }{
	{"claim", "A claim of a spec that is violated in this tree, or that could not be decided."},
	{"feature", "A feature of which cannot be told whether the tree has it."},
	{"reference", "A function that the library refers to is in another file, has another name, or is gone."},
	{"call-site", "A caller of modelled code that no model covers and no waiver names."},
	{"kconfig", "Kconfig says otherwise than the library of a target."},
	{"conformance", "A function of the tree does something that the library's function does not, or the reverse, and no waiver says why."},
	{"stale-waiver", "A waiver of a difference that is not there any more."},
	{"not-compared", "A function that could not be compared with the library to its end."},
	{"change", "Something modelled is otherwise than in the tree before."},
	{"follow-up", "A commit that mends one that the library or a spec cites."},
	{"not-read", "A file or a body that could not be read to its end."},
}

// Findings lists everything in an audit that is not in order.
func (doc *Document) Findings() (out []Finding) {
	top := Place{"Makefile", 1}
	for _, v := range doc.Verdicts {
		if f, ok := v.finding(doc); ok {
			out = append(out, f)
		}
	}
	for _, f := range doc.Features {
		if f.Value == "" {
			out = append(out, Finding{Rule: "feature", Unknown: true, Key: f.Name, Place: first(f.At, top), Text: f.Name + " cannot be told: " + f.Why})
		}
	}
	for _, r := range doc.References {
		switch r.Status {
		case "moved", "renamed", "gone":
			text := fmt.Sprintf("%s (%s), to which %s refers, is %s", r.Func, r.File, r.At, r.Status)
			if r.Now != "" {
				text += ": " + r.Now
			}
			out = append(out, Finding{Rule: "reference", Key: r.Func + " of " + r.Model + " " + r.Status, Place: first(r.Places, Place{r.File, 1}), Text: text})
		}
	}
	for _, s := range doc.Sites {
		if s.Status == "new" {
			out = append(out, Finding{Rule: "call-site", Key: s.Entry + " in " + s.Func + " (" + s.File + ")", Place: Place{s.File, s.Lines[0]}, Text: s.Func + " uses " + s.Entry + ", and no model covers it"})
		}
	}
	for _, f := range doc.Kconfig {
		untold := f.Value == "?" && f.Model != ""
		if f.differs() || untold {
			out = append(out, Finding{
				Rule: "kconfig", Unknown: untold, Key: f.Target + " " + f.Fact, Place: because(f), Detail: f.Because,
				Text: fmt.Sprintf("%s of %s: the tree says %s, the library %s", f.Fact, f.Target, f.Value, f.Model),
			})
		}
	}
	return append(append(out, doc.differences()...), doc.unreadable()...)
}

// differences are the differences from the library.
func (doc *Document) differences() (out []Finding) {
	for _, c := range doc.Conform {
		for _, d := range c.Open() {
			p := Place{c.Place.File, d.Line}
			if d.Only == "model" {
				p = c.Place
			}
			out = append(out, Finding{
				Rule: "conformance", Key: c.Target + " " + c.Model + " " + c.Func + " " + d.Text(), Place: p,
				Text: fmt.Sprintf("%s and %s (%s): %s, for %s", c.Func, c.Model, c.At, d.Text(), c.Target),
			})
		}
	}
	for _, s := range doc.Stale {
		key, _, _ := strings.Cut(s, " (conform.txt")
		out = append(out, Finding{Rule: "stale-waiver", Key: key, Place: Place{"Makefile", 1}, Text: s})
	}
	return out
}

// unreadable is what could not be read, so that nothing is concluded from it.
func (doc *Document) unreadable() (out []Finding) {
	for _, f := range doc.Functions {
		if len(f.Unknown) > 0 {
			out = append(out, Finding{Rule: "not-read", Unknown: true, Key: f.Name + " (" + f.File + ")", Place: Place{f.File, f.Line}, Text: f.Name + ": " + strings.Join(f.Unknown, "; ")})
		}
	}
	for _, c := range doc.Conform {
		if len(c.Unknown) > 0 {
			out = append(out, Finding{Rule: "not-compared", Unknown: true, Key: c.Target + " " + c.Model + " " + c.Func, Place: c.Place, Text: c.Func + " beside " + c.Model + ": " + strings.Join(c.Unknown, "; ")})
		}
	}
	for _, u := range doc.Unread {
		file, _, _ := strings.Cut(u, ":")
		out = append(out, Finding{Rule: "not-read", Unknown: true, Key: u, Place: Place{file, 1}, Text: u})
	}
	return out
}

func first(ps []Place, otherwise Place) Place {
	if len(ps) == 0 {
		return otherwise
	}
	return ps[0]
}

// because is the line that selects a symbol, or the architecture's Kconfig.
func because(f Fact) Place {
	for _, at := range f.Because {
		var p Place
		file, rest, _ := strings.Cut(at, ":")
		if n, _ := fmt.Sscanf(rest, "%d", &p.Line); n == 1 {
			p.File = file
			return p
		}
	}
	return Place{"arch/Kconfig", 1}
}

// New are the findings that an earlier audit did not have: of those with one key, the ones beyond as many as it had.
func New(now, before []Finding) (out []Finding, known int) {
	had := map[[2]string]int{}
	for _, f := range before {
		had[[2]string{f.Rule, f.Key}]++
	}
	for _, f := range now {
		k := [2]string{f.Rule, f.Key}
		if had[k] > 0 {
			had[k]--
			known++
			continue
		}
		out = append(out, f)
	}
	return out, known
}

// ChangeFindings are a comparison of two trees, and the commits that follow up on those that the library cites.
func ChangeFindings(old, now *Document, cs []Change, follow []FollowUp) (out []Finding) {
	for _, c := range cs {
		if c.Weight == "same" {
			continue
		}
		out = append(out, Finding{Rule: "change", Unknown: c.Weight == "unknown", Key: c.Kind + " " + c.Text, Place: c.Place, Text: c.Kind + ": " + c.Text, Detail: c.Diff})
	}
	for _, f := range follow {
		out = append(out, Finding{Rule: "follow-up", Key: f.ID, Place: Place{"Makefile", 1}, Text: fmt.Sprintf("%.12s %s: fixes %s, cited by %s", f.ID, f.Subject, f.Fixes, f.At)})
	}
	for _, d := range []*Document{old, now} {
		for _, u := range d.Unread {
			file, _, _ := strings.Cut(u, ":")
			out = append(out, Finding{Rule: "not-read", Unknown: true, Key: u, Place: Place{file, 1}, Text: d.Release + ": " + u})
		}
	}
	return out
}

// InOrder says what an audit has of a rule that is no finding.
func (doc *Document) InOrder(rule string) string {
	c, n := doc.Count(), doc.conformed()
	switch rule {
	case "claim":
		holds := 0
		for _, v := range doc.Verdicts {
			if v.Verdict == "holds" {
				holds++
			}
		}
		return many(holds, "claim") + " hold"
	case "feature":
		return fmt.Sprintf("%d present, %d absent", c.Present, c.Absent)
	case "reference":
		return fmt.Sprintf("%d found", c.Found)
	case "call-site":
		return fmt.Sprintf("%d covered, %d waived", c.Covered, c.Waived)
	case "kconfig":
		return fmt.Sprintf("%d facts", len(doc.Kconfig)-c.Differ-c.Untold)
	case "conformance":
		return fmt.Sprintf("%s aligned, %d differences waived", many(n.functions, "function"), n.waived)
	case "not-read":
		return fmt.Sprintf("%d files, %d bodies", doc.Files, c.Functions-c.Unknown)
	}
	return ""
}
