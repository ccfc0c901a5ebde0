package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/skeleton"
)

// Conformance is a function of the library beside the function of the tree that it refers to.
type Conformance struct {
	Model   string   `json:"model"`
	At      string   `json:"at"`
	Func    string   `json:"function"`
	Place   Place    `json:"place"`
	Equal   int      `json:"equal"`   // events that both have
	Missing int      `json:"missing"` // events of the source that the model does not have
	More    int      `json:"more"`    // events of the model that the source does not have
	Nested  int      `json:"nested"`  // the same event in another branch or loop
	Unknown []string `json:"unknown,omitempty"`
	Diff    []string `json:"diff"` // both, aligned: - only in the model, + only in the source, ~ nested otherwise
}

// judged are the events that both sides are compared by: what the library abstracts from everywhere is left out.
var judged = []string{"lock", "unlock", "trylock", "unlock_free", "downgrade", "held", "ipi", "wait", "flush", "gather", "clear", "publish", "clear_flush", "insert", "remove", "call", "dtor"}

// beside are events about things that the library has nothing of.
var beside = []string{"flush cache", "gather entry", "lock hugetlb_lock", "unlock hugetlb_lock", "lock irq", "unlock irq", "lock preempt", "unlock preempt"}

// same are names of one thing in the library and the kernel.
var same = strings.NewReplacer("hugetlb_fault_mutex_table", "fault_mutex", "src_ptl", "ptl", "dst_ptl", "ptl")

// Conform aligns the functions of the library with those of the tree that they refer to, for a target. It knows nothing of what the library leaves out on purpose, so a difference is a
// question and not a finding.
func Conform(doc *Document, l *Library, target string) ([]Conformance, error) {
	if !l.hasTarget(target) {
		return nil, fmt.Errorf("the library has no target %s", target)
	}
	rel, err := parseRelease(doc.Release)
	if err != nil {
		return nil, err
	}
	var out []Conformance
	for _, r := range doc.References {
		if r.Status != "found" && r.Status != "moved" && r.Status != "renamed" || !strings.HasPrefix(r.At, "linux/") {
			continue
		}
		f := doc.largest(r)
		m := l.projectModel(r.Model, r.Func, rel, target)
		if f == nil || m == nil {
			continue
		}
		c := Conformance{Model: r.Model, At: r.At, Func: f.Name, Place: Place{f.File, f.Line}, Unknown: slices.Clone(f.Unknown)}
		for _, n := range m.Notes {
			c.Unknown = append(c.Unknown, n.Text)
		}
		for _, d := range skeleton.Diff(only(skeleton.Texts(m.Lines())), only(f.Skeleton)) {
			if !skeleton.Structure(d.Text) {
				switch d.Op {
				case ' ':
					c.Equal++
				case '-':
					c.More++
				case '+':
					c.Missing++
				case '~':
					c.Nested++
				}
			}
			c.Diff = append(c.Diff, fmt.Sprintf("%c %s", d.Op, d.Text))
		}
		out = append(out, c)
	}
	return out, nil
}

// largest is the body with the most events among the places of a reference: not a stub.
func (doc *Document) largest(r Reference) *Function {
	var best *Function
	for i := range doc.Functions {
		f := &doc.Functions[i]
		if slices.Contains(r.Places, Place{f.File, f.Line}) && (best == nil || len(f.Skeleton) > len(best.Skeleton)) {
			best = f
		}
	}
	return best
}

// only keeps the events that are judged, with the branches and loops that then still have something in them. Ways out are left out: the library has one where the kernel has many.
func only(lines []string) []string {
	var kept []string
	for _, l := range lines {
		t := strings.TrimLeft(l, " ")
		word, _, _ := strings.Cut(t, " ")
		open := t == "if" || t == "loop" || t == "switch" || t == "or" || t == "end" || strings.HasPrefix(t, "#if")
		if open || slices.Contains(judged, word) && !slices.Contains(beside, t) {
			kept = append(kept, same.Replace(l))
		}
	}
	for {
		n := len(kept)
		kept = hollow(kept)
		if len(kept) == n {
			return kept
		}
	}
}

// hollow drops branches and loops with nothing between their lines.
func hollow(lines []string) []string {
	var out []string
	for i := 0; i < len(lines); i++ {
		t := strings.TrimLeft(lines[i], " ")
		j := i + 1
		for j < len(lines) && strings.TrimLeft(lines[j], " ") == "or" && len(lines[j])-len("or") == len(lines[i])-len(t) {
			j++
		}
		begins := t == "if" || t == "loop" || t == "switch" || strings.HasPrefix(t, "#if")
		if begins && j < len(lines) && lines[j] == lines[i][:len(lines[i])-len(t)]+"end" {
			i = j
			continue
		}
		if t == "or" && j < len(lines) && (lines[j] == lines[i] || lines[j] == lines[i][:len(lines[i])-len(t)]+"end") {
			continue // an arm with nothing in it
		}
		out = append(out, lines[i])
	}
	return out
}

// parseRelease reads what Release.String writes.
func parseRelease(s string) (Release, error) {
	var r Release
	if n, _ := fmt.Sscanf(s, "%d.%d.%d", &r.Version, &r.Patch, &r.Sub); n != 3 {
		return r, fmt.Errorf("%q is no release", s)
	}
	return r, nil
}

// WriteConformance writes one line a function, or with everything the alignments.
func WriteConformance(w io.Writer, doc *Document, cs []Conformance, everything bool) error {
	var b strings.Builder
	equal, nothing, unknown := 0, 0, 0
	for _, c := range cs {
		switch {
		case len(c.Unknown) > 0:
			unknown++
		case c.Missing+c.More+c.Nested+c.Equal == 0:
			nothing++
		case c.Missing+c.More+c.Nested == 0:
			equal++
		}
	}
	fmt.Fprintf(&b, "%s: %s aligned, %d with the same events, %d without events that are compared, %d not read to the end\n", doc.Release, many(len(cs), "function"), equal, nothing, unknown)
	fmt.Fprintln(&b, "a difference is a question: what the library leaves out on purpose is not known here")
	fmt.Fprintln(&b)
	table(&b, func(tw io.Writer) {
		for _, c := range cs {
			state := fmt.Sprintf("the same %d events", c.Equal)
			if c.Missing+c.More+c.Nested+c.Equal == 0 {
				state = "no events that are compared"
			} else if c.Missing+c.More+c.Nested > 0 {
				state = fmt.Sprintf("%d only in the source, %d only in the model, %d nested otherwise", c.Missing, c.More, c.Nested)
			}
			if len(c.Unknown) > 0 {
				state += "; not read to the end"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", c.Model, c.At, c.Place, state)
		}
	})
	if everything {
		for _, c := range cs {
			fmt.Fprintf(&b, "\n%s (%s) and %s (%s)\n", c.Model, c.At, c.Func, c.Place)
			for _, d := range c.Diff {
				fmt.Fprintf(&b, "  %s\n", d)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// many is a number with its noun.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
