package axioms

import (
	"fmt"
	"io"

	"pmdcheck/internal/graphviz"
)

var colours = map[string]string{"rf": "red", "co": "blue", "fr": "darkorange", "addr": "darkgreen", "data": "darkgreen", "ctrl": "darkgreen"}

// DOT draws a graph for Graphviz: a column per process, and the edges of the cycle in bold.
func (g *Graph) DOT(w io.Writer) error {
	title := fmt.Sprintf("%s under %s\n%s", g.Test.Name, g.Model, g.Final)
	if g.Axiom != "" {
		title += "\nforbidden: " + g.Axiom
	} else {
		title += "\nallowed"
	}
	d := graphviz.New(w, "execution", "labelloc=t", graphviz.Label(title), graphviz.Font, graphviz.Node, graphviz.Edge)
	last := -2
	for i, n := range g.Nodes {
		if n.Proc != last {
			if last != -2 {
				d.End()
			}
			last = n.Proc
			name := fmt.Sprintf("P%d", n.Proc)
			if n.Proc < 0 {
				name = "initial state"
			}
			d.Cluster(n.Proc+1, graphviz.Label(name), "color=gray")
		}
		d.Node(fmt.Sprintf("e%d", i), graphviz.Label(n.Name+": "+n.Label))
	}
	if last != -2 {
		d.End()
	}
	drawn := map[Edge]bool{}
	for _, e := range g.Edges {
		drawn[Edge{From: e.From, To: e.To, Kind: e.Kind}] = true
		edge(d, e, g.inCycle(e))
	}
	for _, e := range g.Cycle {
		if key := (Edge{From: e.From, To: e.To, Kind: e.Kind}); !drawn[key] {
			drawn[key] = true
			edge(d, e, true)
		}
	}
	return d.Close()
}

func edge(d *graphviz.Writer, e Edge, bold bool) {
	var attrs []string
	if e.Kind != "po" || bold {
		attrs = append(attrs, graphviz.Label(e.Kind))
	}
	if c := colours[e.Kind]; c != "" {
		attrs = append(attrs, "color="+c, "fontcolor="+c)
	}
	switch e.Kind {
	case "addr", "data", "ctrl":
		attrs = append(attrs, "style=dashed")
	}
	if bold {
		attrs = append(attrs, "penwidth=3")
	}
	if e.Kind != "po" {
		attrs = append(attrs, "constraint=false")
	}
	d.Edge(fmt.Sprintf("e%d", e.From), fmt.Sprintf("e%d", e.To), attrs...)
}
