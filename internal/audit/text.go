package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Counts are the figures of the first lines.
type Counts struct {
	Found, Moved, Renamed, Gone, Other  int // references
	Covered, Waived, New                int // sites
	Differ, Untold                      int // facts
	Functions, Unknown                  int
	Present, Absent, Untellable, Ported int // features
}

// Count sums a document up.
func (doc *Document) Count() (c Counts) {
	for _, r := range doc.References {
		switch r.Status {
		case "found":
			c.Found++
		case "moved":
			c.Moved++
		case "renamed":
			c.Renamed++
		case "gone":
			c.Gone++
		default:
			c.Other++
		}
	}
	for _, s := range doc.Sites {
		switch s.Status {
		case "covered":
			c.Covered++
		case "waived":
			c.Waived++
		default:
			c.New++
		}
	}
	for _, f := range doc.Kconfig {
		if f.differs() {
			c.Differ++
		}
		if f.Value == "?" && f.Model != "" {
			c.Untold++
		}
	}
	for _, f := range doc.Features {
		switch f.Value {
		case "":
			c.Untellable++
		case "false":
			c.Absent++
		default:
			c.Present++
		}
		if f.Differs() {
			c.Ported++
		}
	}
	c.Functions = len(doc.Functions)
	for _, f := range doc.Functions {
		if len(f.Unknown) > 0 {
			c.Unknown++
		}
	}
	return c
}

// Different tells whether the library says anything that is not so in the tree, or knows nothing of a caller.
func (c Counts) Different() bool { return c.Moved+c.Renamed+c.Gone+c.New+c.Differ > 0 }

// WriteText writes what a person has to look at; with everything also what is in order.
func (doc *Document) WriteText(w io.Writer, everything bool) error {
	var b strings.Builder
	c := doc.Count()
	fmt.Fprintf(&b, "%s: %s read", doc.Release, many(doc.Files, "file"))
	if doc.Scope != "all" {
		fmt.Fprint(&b, ", those parts that memory management is called from")
	}
	fmt.Fprintln(&b)
	fmt.Fprintf(&b, "references  %d found, %d moved, %d renamed, %d gone; %d are of other releases or name no code\n", c.Found, c.Moved, c.Renamed, c.Gone, c.Other)
	fmt.Fprintf(&b, "call sites  %d covered, %d waived, %d new\n", c.Covered, c.Waived, c.New)
	fmt.Fprintf(&b, "Kconfig     %d facts, %d differ from the library, %d cannot be told\n", len(doc.Kconfig), c.Differ, c.Untold)
	if len(doc.Features) > 0 {
		fmt.Fprintf(&b, "features    %d present, %d absent, %d unknown; %d otherwise than in v%d.%d\n", c.Present, c.Absent, c.Untellable, c.Ported, doc.release().Version, doc.release().Patch)
	}
	fmt.Fprintf(&b, "bodies      %d read, %d of them not to the end\n", c.Functions, c.Unknown)
	doc.features(&b, everything)
	doc.references(&b, everything)
	doc.sites(&b, everything)
	doc.differing(&b)
	if everything {
		doc.bodies(&b)
	}
	if len(doc.Unread) > 0 {
		fmt.Fprintln(&b, "\nnot read")
		for _, u := range doc.Unread {
			fmt.Fprintf(&b, "  %s\n", u)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table writes rows in columns.
func table(b *strings.Builder, rows func(tw io.Writer)) {
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	rows(tw)
	_ = tw.Flush()
}

func places(ps []Place) string {
	var out []string
	for i, p := range ps {
		if i == 3 {
			out = append(out, fmt.Sprintf("and %d more", len(ps)-i))
			break
		}
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// release is what the document says of it; of one that was read from outside perhaps nothing.
func (doc *Document) release() Release {
	r, _ := parseRelease(doc.Release)
	return r
}

// features writes which features the tree has otherwise than its release, and which cannot be told; with everything all of them.
func (doc *Document) features(b *strings.Builder, everything bool) {
	if c := doc.Count(); c.Ported+c.Untellable == 0 && !everything || len(doc.Features) == 0 {
		return
	}
	fmt.Fprintln(b, "\nfeatures")
	table(b, func(tw io.Writer) {
		for _, f := range doc.Features {
			if f.Differs() || f.Value == "" || everything {
				where := places(f.At)
				if f.Why != "" {
					where = strings.TrimSpace(f.Why + " " + where)
				}
				fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", state(f.Value), f.Name, "release: "+state(f.Default), where)
			}
		}
	})
}

// WriteFeatures writes every feature with its state, that of the release, and what shows it.
func (doc *Document) WriteFeatures(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", doc.Release, doc.Summary())
	doc.features(&b, true)
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary is what the tree is to the library, in one line: a release, with and without some of its features.
func (doc *Document) Summary() string {
	c := doc.Count()
	var with, without int
	for _, f := range doc.Features {
		switch {
		case f.Differs() && f.Value != "false":
			with++
		case f.Differs():
			without++
		}
	}
	s := fmt.Sprintf("v%d.%d", doc.release().Version, doc.release().Patch)
	if with > 0 {
		s += fmt.Sprintf(" with %s of other releases", many(with, "feature"))
	}
	if without > 0 {
		s += fmt.Sprintf(", without %d of its own", without)
	}
	if c.Untellable > 0 {
		s += fmt.Sprintf("; %d unknown", c.Untellable)
	}
	return s
}

// state is a value of a feature as a word.
func state(v string) string {
	switch v {
	case "true":
		return "present"
	case "false":
		return "absent"
	case "":
		return "unknown"
	}
	return v
}

func (doc *Document) references(b *strings.Builder, everything bool) {
	if c := doc.Count(); c.Moved+c.Renamed+c.Gone == 0 && !everything {
		return
	}
	fmt.Fprintln(b, "\nreferences")
	table(b, func(tw io.Writer) {
		for _, r := range doc.References {
			if r.Status != "moved" && r.Status != "renamed" && r.Status != "gone" && !everything {
				continue
			}
			now := places(r.Places)
			if r.Now != "" {
				now = r.Now + " " + now
			}
			fmt.Fprintf(tw, "  %s\t%s\t%s %s\t%s\t%s\n", r.Status, r.Func, r.File, r.Range, now, r.At)
		}
	})
}

func (doc *Document) sites(b *strings.Builder, everything bool) {
	if doc.Count().New == 0 && !everything {
		return
	}
	fmt.Fprintln(b, "\ncall sites")
	table(b, func(tw io.Writer) {
		for _, s := range doc.Sites {
			if s.Status == "new" || everything {
				fmt.Fprintf(tw, "  %s\t%s\t%s\t%s:%d\t%s\n", s.Status, s.Entry, s.Func, s.File, s.Lines[0], s.By)
			}
		}
	})
}

func (doc *Document) differing(b *strings.Builder) {
	c := doc.Count()
	if c.Differ+c.Untold == 0 {
		return
	}
	fmt.Fprintln(b, "\nKconfig")
	table(b, func(tw io.Writer) {
		for _, f := range doc.Kconfig {
			if f.differs() || f.Value == "?" && f.Model != "" {
				fmt.Fprintf(tw, "  %s\t%s\ttree %s, library %s\t%s\n", f.Target, f.Fact, f.Value, f.Model, strings.Join(f.Because, ", "))
			}
		}
	})
}

func (doc *Document) bodies(b *strings.Builder) {
	fmt.Fprintln(b, "\nbodies")
	table(b, func(tw io.Writer) {
		for _, f := range doc.Functions {
			fmt.Fprintf(tw, "  %s\t%s\t%s:%d\t%d events and ways\t%s\n", f.Hash, f.Name, f.File, f.Line, len(f.Skeleton), strings.Join(f.Unknown, "; "))
		}
	})
}

// WriteKconfig writes the facts of every target as a table. A star marks what the library says otherwise.
func (doc *Document) WriteKconfig(w io.Writer) error {
	var b strings.Builder
	var facts, targets []string
	at := map[[2]string]Fact{}
	for _, f := range doc.Kconfig {
		if len(targets) == 0 || targets[len(targets)-1] != f.Target {
			targets = append(targets, f.Target)
		}
		if len(targets) == 1 {
			facts = append(facts, f.Fact)
		}
		at[[2]string{f.Target, f.Fact}] = f
	}
	fmt.Fprintf(&b, "%s\n\n", doc.Release)
	for i, f := range facts {
		fmt.Fprintf(&b, "  %c  %s\n", 'a'+i, f)
	}
	fmt.Fprintln(&b)
	table(&b, func(tw io.Writer) {
		fmt.Fprint(tw, "target")
		for i := range facts {
			fmt.Fprintf(tw, "\t%c", 'a'+i)
		}
		fmt.Fprintln(tw)
		for _, t := range targets {
			fmt.Fprint(tw, t)
			for _, n := range facts {
				f := at[[2]string{t, n}]
				star := ""
				if f.differs() {
					star = "*"
				}
				fmt.Fprintf(tw, "\t%s%s", f.Value, star)
			}
			fmt.Fprintln(tw)
		}
	})
	fmt.Fprintln(&b, "\ny set, n not set, ? depends on what was not read or may be chosen, - this tree has no such symbol, * the library says otherwise")
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the document.
func (doc *Document) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(doc)
}

// maxJSON is more than the audit of any tree has.
const maxJSON = 64 << 20

// ReadJSON reads what WriteJSON wrote.
func ReadJSON(r io.Reader) (*Document, error) {
	src, err := io.ReadAll(io.LimitReader(r, maxJSON+1))
	switch {
	case err != nil:
		return nil, err
	case len(src) > maxJSON:
		return nil, fmt.Errorf("not the result of an audit: it is larger than %d MiB", maxJSON>>20)
	}
	var doc Document
	if err := json.Unmarshal(src, &doc); err != nil {
		return nil, fmt.Errorf("not the result of an audit: %w", err)
	}
	if doc.Format != "pmdcheck-audit" || doc.Version != 1 {
		return nil, fmt.Errorf("not the result of an audit, or of another version of pmdcheck")
	}
	for _, s := range doc.Sites {
		if s == nil || len(s.Lines) == 0 {
			return nil, fmt.Errorf("not the result of an audit: a call site without a line")
		}
	}
	return &doc, nil
}
