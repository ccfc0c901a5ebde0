package axioms

import (
	"fmt"
	"io"
	"strings"
)

var colours = map[string]string{"rf": "red", "co": "blue", "fr": "darkorange", "addr": "darkgreen", "data": "darkgreen", "ctrl": "darkgreen"}

// DOT draws a graph for Graphviz: a column per process, and the edges of the cycle in bold.
func (g *Graph) DOT(w io.Writer) error {
	var b strings.Builder
	title := fmt.Sprintf("%s under %s\n%s", g.Test.Name, g.Model, g.Final)
	if g.Axiom != "" {
		title += "\nforbidden: " + g.Axiom
	} else {
		title += "\nallowed"
	}
	fmt.Fprintf(&b, "digraph execution {\n\tlabelloc=t;\n\tlabel=%s;\n\tfontname=\"monospace\";\n", quote(title))
	b.WriteString("\tnode [shape=box, fontname=\"monospace\", fontsize=10];\n\tedge [fontname=\"monospace\", fontsize=9];\n")
	last := -2
	for i, n := range g.Nodes {
		if n.Proc != last {
			if last != -2 {
				b.WriteString("\t}\n")
			}
			last = n.Proc
			name := fmt.Sprintf("P%d", n.Proc)
			if n.Proc < 0 {
				name = "initial state"
			}
			fmt.Fprintf(&b, "\tsubgraph cluster_%d {\n\t\tlabel=%s;\n\t\tcolor=gray;\n", n.Proc+1, quote(name))
		}
		fmt.Fprintf(&b, "\t\te%d [label=%s];\n", i, quote(n.Name+": "+n.Label))
	}
	if last != -2 {
		b.WriteString("\t}\n")
	}
	drawn := map[Edge]bool{}
	for _, e := range g.Edges {
		key := Edge{From: e.From, To: e.To, Kind: e.Kind}
		drawn[key] = true
		edge(&b, e, g.inCycle(e))
	}
	for _, e := range g.Cycle {
		key := Edge{From: e.From, To: e.To, Kind: e.Kind}
		if !drawn[key] {
			drawn[key] = true
			edge(&b, e, true)
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func edge(b *strings.Builder, e Edge, bold bool) {
	attr := ""
	if e.Kind != "po" || bold {
		attr = ", label=" + quote(e.Kind)
	}
	if c := colours[e.Kind]; c != "" {
		attr += ", color=" + c + ", fontcolor=" + c
	}
	switch e.Kind {
	case "addr", "data", "ctrl":
		attr += ", style=dashed"
	}
	if bold {
		attr += ", penwidth=3"
	}
	if e.Kind != "po" {
		attr += ", constraint=false"
	}
	if attr != "" {
		attr = " [" + strings.TrimPrefix(attr, ", ") + "]"
	}
	fmt.Fprintf(b, "\te%d -> e%d%s;\n", e.From, e.To, attr)
}

func quote(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.ReplaceAll(s, `"`, `\"`)
	return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"`
}
