package axioms

import (
	"fmt"
	"io"

	"pmdcheck/internal/graphviz"
)

var colours = map[string]string{"rf": "#c4162a", "co": "#1f5fa8", "fr": "#b35c00", "addr": "#2e7d32", "data": "#2e7d32", "ctrl": "#2e7d32"}

// cycleColour is that of the edges of a cycle that are made of others.
const cycleColour = "#222222"

// dependency reports whether an edge is order in the code that a value or a branch makes.
func dependency(kind string) bool { return kind == "addr" || kind == "data" || kind == "ctrl" }

// DOT draws a graph for Graphviz: a column per process, time downwards, and the edges of the cycle in bold.
func (g *Graph) DOT(w io.Writer) error {
	d := graphviz.New(w, "execution", "labelloc=t", "labeljust=l", "ranksep=0.45", "nodesep=0.9", graphviz.Left(g.title()), graphviz.Font, graphviz.Node, graphviz.Edge)
	p := g.place()
	id := func(i int) string { return fmt.Sprintf("e%d", i) }
	var initial, heads, first []string
	for i, n := range g.Nodes {
		if p.hidden[i] {
			continue
		}
		group := fmt.Sprintf("group=p%d", n.Proc)
		if n.Proc < 0 {
			group = "style=dotted"
		}
		d.Node(id(i), graphviz.Label(n.Name+": "+n.Label), group)
	}
	for _, i := range g.initial(p) {
		initial = append(initial, id(i))
	}
	for k, events := range p.columns {
		head := fmt.Sprintf("p%d", k)
		heads = append(heads, head)
		d.Node(head, graphviz.Label(fmt.Sprintf("P%d", k)), "shape=plaintext", "group="+head)
		if len(events) > 0 {
			first = append(first, id(events[0]))
			d.Edge(head, id(events[0]), "style=invis", "weight=20")
		}
		for _, i := range initial {
			d.Edge(i, head, "style=invis")
		}
	}
	for _, row := range [][]string{initial, heads, first} {
		if len(row) > 1 {
			d.Ordered(row...)
		}
	}
	for _, e := range g.shownEdges(p) {
		g.dotEdge(d, e)
	}
	return d.Close()
}

func (g *Graph) dotEdge(d *graphviz.Writer, e drawnEdge) {
	var attrs []string
	if e.Kind != "po" || e.bold {
		attrs = append(attrs, graphviz.Label(e.label))
	}
	c := colours[e.Kind]
	if c == "" && e.bold {
		c = cycleColour
	}
	if c != "" {
		attrs = append(attrs, fmt.Sprintf("color=%q, fontcolor=%q", c, c))
	}
	if dependency(e.Kind) || e.Lost {
		attrs = append(attrs, "style=dashed")
	}
	if e.bold {
		attrs = append(attrs, "penwidth=3")
	}
	if e.Kind == "po" && e.fact {
		attrs = append(attrs, "weight=20")
	} else {
		attrs = append(attrs, "constraint=false")
	}
	d.Edge(fmt.Sprintf("e%d", e.From), fmt.Sprintf("e%d", e.To), attrs...)
}
