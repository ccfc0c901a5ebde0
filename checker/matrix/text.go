package matrix

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteText writes the tables for a terminal. Places that sum up configurations with different answers have a letter, which is explained below the table.
func (d *Document) WriteText(w io.Writer) error {
	var b strings.Builder
	for i, t := range d.Tables {
		if i > 0 {
			b.WriteString("\n")
		}
		t.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) text(b *strings.Builder) {
	name := t.Property
	if t.Title != "" && t.Title != t.Property {
		name += " (" + t.Title + ")"
	}
	if t.Spec != "" {
		name = t.Spec + ": " + name
	}
	b.WriteString(name + "\n\n")
	notes := map[string]string{}
	var legend []string
	var grid [][]string
	for i, c := range t.Cols {
		head := make([]string, len(t.Rows))
		if i == len(t.Cols)-1 {
			copy(head, t.Rows)
		}
		for k, v := range t.Columns {
			config := v[i]
			if k > 0 && i < len(t.Cols)-1 && same(t.Columns[k-1], v, i) {
				config = "" // as the column before
			}
			if k == 0 {
				config = c + "=" + config
			}
			head = append(head, config)
		}
		grid = append(grid, head)
	}
	if len(t.Cols) == 0 {
		grid = append(grid, append(slices.Clone(t.Rows), "verdict"))
	}
	for k, l := range t.Lines {
		line := make([]string, len(t.Rows))
		for i := range t.Rows {
			if k == 0 || !same(t.Lines[k-1].Values, l.Values, i) {
				line[i] = l.Values[i]
			}
		}
		for _, p := range l.Places {
			line = append(line, p.text(notes, &legend))
		}
		grid = append(grid, line)
	}
	width := make([]int, len(t.Rows)+len(t.Columns))
	for _, line := range grid {
		for i, c := range line {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for k, line := range grid {
		var out strings.Builder
		for i, c := range line {
			out.WriteString(c + strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2))
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
		if k == max(len(t.Cols), 1)-1 {
			total := 0
			for _, n := range width {
				total += n + 2
			}
			b.WriteString(strings.Repeat("-", max(total-2, 0)) + "\n")
		}
	}
	if len(legend) > 0 {
		b.WriteString("\n")
	}
	for _, l := range legend {
		b.WriteString(l + "\n")
	}
}

// same reports whether two tuples agree up to and with index i.
func same(a, b []string, i int) bool {
	for k := 0; k <= i; k++ {
		if a[k] != b[k] {
			return false
		}
	}
	return true
}

var shown = map[Verdict]string{Holds: "holds", Violated: "VIOLATED", Unknown: "unknown", NotJudged: "not judged", None: "-"}

// text is the verdict, with a letter where there is something to explain.
func (p Place) text(notes map[string]string, legend *[]string) string {
	s := shown[p.Verdict]
	note := p.note()
	if note == "" {
		return s
	}
	if notes[note] == "" {
		notes[note] = letter(len(notes))
		*legend = append(*legend, fmt.Sprintf("[%s] %s", notes[note], note))
	}
	return s + " [" + notes[note] + "]"
}

// note explains a place, in a sentence without a dot; "" if its verdict says everything.
func (p Place) note() string {
	var parts []string
	if p.Where != "" && p.Verdict != Holds { // what holds does not, where it is not judged
		parts = append(parts, fmt.Sprintf("%s where %s", p.Verdict, p.Where))
	}
	if p.Verdict == Violated && p.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d configurations unknown", p.Unknown, p.Configurations))
	}
	if p.Unjudged != "" {
		parts = append(parts, "not judged where "+p.Unjudged)
	}
	if len(p.Reasons) > 0 {
		parts = append(parts, "stopped by: "+strings.Join(p.Reasons, ", "))
	}
	return strings.Join(parts, "; ")
}

// letter numbers notes a, b, ... z, aa, ab, ...
func letter(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('a'+(n-1)%26)) + s
	}
	return s
}
