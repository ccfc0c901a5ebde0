// Package dot draws a trace for Graphviz: a lane per CPU, a node per step, and the happens-before edges between them.
package dot

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// Render writes the drawing. The order of nodes and edges follows the run, so the same trace gives the same bytes.
func Render(w io.Writer, t *traces.Trace) error {
	edges, err := story.Before(t)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	p := func(format string, args ...any) { fmt.Fprintf(b, format, args...) }
	title := t.Spec
	if t.Property != "" {
		title += ": " + t.Property
	}
	if t.Message != "" {
		title += "\n" + t.Message
	}
	p("digraph trace {\n\trankdir=TB;\n\tlabelloc=t;\n\tlabel=%s;\n\tfontname=\"monospace\";\n", quote(title, "\\n"))
	p("\tnode [shape=box, fontname=\"monospace\", fontsize=10];\n\tedge [fontname=\"monospace\", fontsize=9];\n")
	for i, l := range lanes(t) {
		p("\tsubgraph cluster_%d {\n\t\tlabel=%s;\n\t\tcolor=gray;\n", i, quote(l.title, "\\n"))
		for _, s := range l.steps {
			attr := ""
			if t.Steps[s].Fatal {
				attr = ", style=filled, fillcolor=\"#ffb3b3\", color=red, penwidth=2"
			}
			p("\t\ts%d [label=%s%s];\n", s+1, quote(label(t, s), "\\l"), attr)
		}
		p("\t}\n")
	}
	for _, e := range edges {
		attr := " [style=dashed, color=blue, constraint=true]"
		if t.Steps[e[0]].Process == t.Steps[e[1]].Process {
			attr = ""
		}
		p("\ts%d -> s%d%s;\n", e[0]+1, e[1]+1, attr)
	}
	if t.Cycle > 0 {
		p("\ts%d -> s%d [label=\"repeats for ever\", color=purple, penwidth=2, constraint=false];\n", len(t.Steps), t.Cycle)
	}
	p("}\n")
	return b.Flush()
}

type lane struct {
	title string
	steps []int
}

// lanes groups steps by CPU, then by process for those bound to none.
func lanes(t *traces.Trace) []lane {
	var out []lane
	index := map[string]int{}
	for i, s := range t.Steps {
		p := t.Processes[s.Process]
		key, title := fmt.Sprintf("p%d", s.Process), p.Name
		if p.CPU >= 0 {
			key, title = fmt.Sprintf("c%04d", p.CPU), fmt.Sprintf("CPU %d", p.CPU)
		}
		k, ok := index[key]
		if !ok {
			k = len(out)
			index[key] = k
			out = append(out, lane{title: title})
		}
		out[k].steps = append(out[k].steps, i)
	}
	slices.SortStableFunc(out, func(a, b lane) int { return strings.Compare(a.title, b.title) })
	return out
}

func label(t *traces.Trace, i int) string {
	s := t.Steps[i]
	p := t.Processes[s.Process]
	head := fmt.Sprintf("%d %s", i+1, p.Name)
	if p.MM != "" {
		head += " (" + p.MM + ")"
	}
	lines := []string{head}
	if n := len(s.Stack); n > 1 {
		lines = append(lines, s.Stack[n-1].Func+"()")
	}
	lines = append(lines, s.Label)
	for _, o := range s.Ops {
		for _, r := range o.Reads {
			lines = append(lines, "  "+r.Cell+" -> "+r.Value)
		}
		for _, a := range o.Writes {
			lines = append(lines, "  "+a.Cell+" = "+a.New)
		}
	}
	if s.Message != "" {
		lines = append(lines, s.Message)
	}
	return strings.Join(lines, "\n")
}

// quote makes a DOT string; eol ends its lines (\l for left-aligned text).
func quote(s, eol string) string {
	s = strings.NewReplacer("\\", "\\\\", "\"", "\\\"", "\r", "", "\x00", "").Replace(s)
	if strings.Contains(s, "\n") {
		s = strings.ReplaceAll(s, "\n", eol)
		if eol == "\\l" {
			s += eol
		}
	}
	return "\"" + s + "\""
}
