package audit

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/skeleton"
)

// Conformance is a function of the library beside the function of the tree that it refers to.
type Conformance struct {
	Target      string       `json:"target"`
	Model       string       `json:"model"`
	At          string       `json:"at"`
	Func        string       `json:"function"`
	Place       Place        `json:"place"`
	PartOf      string       `json:"part_of,omitempty"` // another function of the library that it is a part of; that one is compared
	Equal       int          `json:"equal"`             // events that both have
	Differences []Difference `json:"differences,omitempty"`
	Unknown     []string     `json:"unknown,omitempty"`
	Lines       []string     `json:"lines,omitempty"` // both, aligned: - only in the model, + only in the source
}

// Difference is an event or a branch that only one of the two has.
type Difference struct {
	Only   string `json:"only"` // "source" or "model"
	Event  string `json:"event"`
	After  string `json:"after"`            // the event before it, "start" for the first
	Line   int    `json:"line"`             // of the tree or of the library
	Waived string `json:"waived,omitempty"` // why it may be
}

func (d Difference) Text() string {
	sign := "+"
	if d.Only == "model" {
		sign = "-"
	}
	return sign + " " + d.Event + " after " + d.After
}

// Open are the differences that nothing waives.
func (c Conformance) Open() (out []Difference) {
	for _, d := range c.Differences {
		if d.Waived == "" {
			out = append(out, d)
		}
	}
	return out
}

// judged are the events that both sides are compared by: what the library abstracts from everywhere is left out.
var judged = []string{"lock", "unlock", "trylock", "unlock_free", "downgrade", "held", "ipi", "wait", "flush", "gather", "clear", "publish", "read", "clear_flush", "insert", "remove", "call", "dtor"}

// pair is a reference with the two bodies that it holds together.
type pair struct {
	ref   Reference
	defn  *defn
	model *skeleton.Skeleton
	seen  map[string]bool
}

// conform aligns the functions of the library with those of the tree that they refer to, for a target, and judges what differs.
func (x *index) conform(l *Library, doc *Document, eval evaluator, rel Release, target string) error {
	n, ok := l.enums["target"][target]
	if !ok {
		return fmt.Errorf("the library has no target %s", target)
	}
	eval.env = map[string]int{"release": rel.Number(), "target": n, "era": -1} // the eras are of kernels that the release says, or that never were
	if err := x.data.checkExcuses(l); err != nil {
		return err
	}
	cs := x.align(l, doc, eval, rel, target)
	doc.Conform = append(doc.Conform, cs...)
	doc.Stale = append(doc.Stale, waive(cs, x.data.excuses, eval, rel)...)
	return nil
}

// align aligns every function of the library with that of the tree that a reference leads to.
func (x *index) align(l *Library, doc *Document, eval evaluator, rel Release, target string) (out []Conformance) {
	arch := ""
	for _, t := range x.data.targets {
		if t.name == target {
			arch = t.arch
		}
	}
	set := map[string]string{}
	for _, f := range doc.Kconfig {
		if f.Target == target {
			set[f.Symbol] = f.Value
		}
	}
	known := func(symbol string) (bool, bool) { return set[symbol] == "y", set[symbol] == "y" || set[symbol] == "n" }
	v := skeleton.Kernel()
	names := skeleton.Library()
	keep := func(event string) string {
		word, _, _ := strings.Cut(event, " ")
		if !slices.Contains(judged, word) {
			return ""
		}
		return names.Same(strings.TrimSuffix(event, " once")) // the library's reads are reads of memory
	}
	var pairs []pair
	for _, r := range doc.References {
		d := x.body(r, arch, known)
		if d == nil || !strings.HasPrefix(r.At, "linux/") || !names.Compared(file(r.At)) {
			continue
		}
		if m, seen := l.projectModel(r, rel, eval, keep); m != nil {
			pairs = append(pairs, pair{r, d, m, seen})
		}
	}
	calls := x.modelledCalls(l, func(r Ref) bool { return names.Compared(file(r.At)) })
	for _, n := range names.Apart() {
		calls[n] = true
	}
	for _, p := range pairs {
		c := Conformance{Target: target, Model: p.ref.Model, At: p.ref.At, Func: p.defn.name, Place: p.defn.place}
		for _, q := range pairs {
			if q.ref.Model != p.ref.Model && q.ref.Func == p.ref.Func && q.seen[p.ref.Model] {
				c.PartOf = q.ref.Model
			}
		}
		if c.PartOf == "" {
			s := skeleton.Project(p.defn.file, p.defn.fn, skeleton.Options{Vocabulary: v, Calls: calls, Through: through(p.defn.file, p.defn.fn, known), Keep: keep, Known: known})
			c.compare(p.model, s)
		}
		out = append(out, c)
	}
	return out
}

// file is that of a line of the library.
func file(at string) string {
	name, _, _ := strings.Cut(at, ":")
	return name
}

// body is the largest of the bodies that a reference leads to for an architecture and its configuration: not a stub.
func (x *index) body(r Reference, arch string, known func(string) (bool, bool)) (best *defn) {
	name := r.Func
	if r.Status == "renamed" {
		name = r.Now
	}
	for _, d := range x.defs[name] {
		other := strings.HasPrefix(d.place.File, "arch/") && !strings.HasPrefix(d.place.File, "arch/"+arch+"/")
		if set, told := skeleton.Asks(d.cond, known); told && !set {
			continue
		}
		if d.fn != nil && !other && slices.Contains(r.Places, d.place) && (best == nil || d.size > best.size) {
			best = d
		}
	}
	return best
}

// compare aligns two skeletons in normal form.
func (c *Conformance) compare(model, source *skeleton.Skeleton) {
	for _, n := range source.Notes {
		c.Unknown = append(c.Unknown, fmt.Sprintf("line %d: %s", n.Line, n.Text))
	}
	for _, n := range model.Notes {
		c.Unknown = append(c.Unknown, n.Text)
	}
	a, b := model.Lines(), source.Lines()
	steps := skeleton.Diff(flush(a), flush(b))
	before := map[byte]string{'+': "start", '-': "start"}
	counts := around(steps)
	for i, s := range steps {
		line := Difference{Event: s.Text, Only: "model", After: before[s.Op]}
		if s.B >= 0 {
			line.Line, line.Only = b[s.B].Line, "source"
			c.Lines = append(c.Lines, string(s.Op)+" "+b[s.B].Text)
		} else {
			line.Line = a[s.A].Line
			c.Lines = append(c.Lines, string(s.Op)+" "+a[s.A].Text)
		}
		if s.Op != ' ' && counts[i] {
			c.Differences = append(c.Differences, line)
		}
		if skeleton.Structure(s.Text) {
			continue
		}
		if s.Op == ' ' {
			c.Equal++
			before['+'], before['-'] = s.Text, s.Text
		} else {
			before[s.Op] = s.Text
		}
	}
}

// around tells which steps of an alignment are differences of their own. A branch that only one side has is one if there is anything in it that both have: else what is in it says everything. Its middle and
// its end are none, but those of a branch that both have are, if anything that both have comes to stand elsewhere for it.
func around(steps []skeleton.Change) []bool {
	counts := make([]bool, len(steps))
	for _, side := range []byte{'+', '-'} {
		type branch struct {
			at     int // of its beginning
			both   bool
			shared bool // something in it is of both sides
			or     int  // its last middle that only this side has, and
			inArm  bool // whether there was something of both sides since then
		}
		var open []branch
		for i, s := range steps {
			if s.Op != ' ' && s.Op != side {
				continue
			}
			n := len(open) - 1
			switch {
			case s.Text == "if" || s.Text == "loop":
				open = append(open, branch{at: i, both: s.Op == ' ', or: -1})
			case n < 0:
			case s.Text == "or":
				if b := &open[n]; b.both {
					if b.or >= 0 && b.inArm {
						counts[b.or] = true
					}
					b.or, b.inArm = -1, false
					if s.Op == side {
						b.or = i
					}
				}
			case s.Text == "end":
				b := open[n]
				open = open[:n]
				if !b.both {
					counts[b.at] = b.shared
				} else {
					if b.or >= 0 && b.inArm {
						counts[b.or] = true
					}
					counts[i] = counts[i] || s.Op == side
				}
			case s.Op == side:
				counts[i] = true
			default:
				for k := range open {
					open[k].shared, open[k].inArm = true, true
				}
			}
			if n < 0 && s.Op == side && !skeleton.Structure(s.Text) {
				counts[i] = true
			}
		}
	}
	return counts
}

// flush takes the indentation away: a branch that only one side has is one difference, not one of everything in it.
func flush(lines []skeleton.Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimLeft(l.Text, " ")
	}
	return out
}
