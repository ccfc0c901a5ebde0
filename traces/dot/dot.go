// Package dot draws a trace for Graphviz: a lane per CPU, a node per step, and the happens-before edges between them.
package dot

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/graphviz"
	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// Render writes the drawing. The order of nodes and edges follows the run, so the same trace gives the same bytes.
func Render(w io.Writer, t *traces.Trace) error {
	edges, err := story.Before(t)
	if err != nil {
		return err
	}
	title := t.Spec
	if t.Property != "" {
		title += ": " + t.Property
	}
	if t.Message != "" {
		title += "\n" + t.Message
	}
	g := graphviz.New(w, "trace", "rankdir=TB", "labelloc=t", graphviz.Label(title), graphviz.Font, graphviz.Node, graphviz.Edge)
	for i, l := range lanes(t) {
		g.Cluster(i, graphviz.Label(l.title), "color=gray")
		for _, s := range l.steps {
			attr := ""
			if t.Steps[s].Fatal {
				attr = "style=filled, fillcolor=\"#ffb3b3\", color=red, penwidth=2"
			}
			g.Node(step(s), graphviz.Left(label(t, s)), attr)
		}
		g.End()
	}
	for _, e := range edges {
		attr := "style=dashed, color=blue, constraint=true"
		if t.Steps[e[0]].Process == t.Steps[e[1]].Process {
			attr = ""
		}
		g.Edge(step(e[0]), step(e[1]), attr)
	}
	if t.Cycle > 0 {
		g.Edge(step(len(t.Steps)-1), step(t.Cycle-1), graphviz.Label("repeats for ever"), "color=purple, penwidth=2, constraint=false")
	}
	return g.Close()
}

// step is the node of a step.
func step(i int) string { return fmt.Sprintf("s%d", i+1) }

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
