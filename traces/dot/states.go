package dot

import (
	"fmt"
	"io"
	"strings"

	"pmdcheck/internal/graphviz"
)

// Space is a state space, or the part of one that was looked at, as pure data.
type Space struct {
	Title string
	Nodes []Node // in order of discovery; the first is the initial state
	Edges []Edge
	Cut   int // states that were met and are not drawn, at least; 0: the space is whole
}

// Node is a state.
type Node struct {
	Lines []string // what it is: where the processes are, what differs from the state before
	Bad   string   // what is wrong with it, or ""
	More  int      // successors that are not drawn
}

// Edge is a transition between two nodes.
type Edge struct {
	From, To int
	Label    string
	Process  int
	Bad      bool
}

// colours tell processes apart.
var colours = []string{"#1f5fa8", "#8a5a00", "#2e7d4f", "#7b3fa0", "#b03060", "#00777f", "#6b6b00", "#555555"}

// States draws a state space for Graphviz. What was cut is said in the drawing.
func States(w io.Writer, s *Space) error {
	title := fmt.Sprintf("%s\n%d states, %d transitions", s.Title, len(s.Nodes), len(s.Edges))
	if s.Cut > 0 {
		title += fmt.Sprintf("; cut: at least %d more states, see the dashed ones", s.Cut)
	}
	g := graphviz.New(w, "states", "rankdir=TB", "labelloc=t", graphviz.Label(title), graphviz.Font, "node [shape=box, style=rounded, fontname=\"monospace\", fontsize=10]", graphviz.Edge)
	for i, n := range s.Nodes {
		lines := n.Lines
		if n.Bad != "" {
			lines = append(lines[:len(lines):len(lines)], n.Bad)
		}
		if n.More > 0 {
			lines = append(lines[:len(lines):len(lines)], fmt.Sprintf("… %d more", n.More))
		}
		attr, first := "", ""
		switch {
		case n.Bad != "":
			attr = "style=\"rounded,filled\", fillcolor=\"#ffb3b3\", color=red"
		case n.More > 0:
			attr = "style=\"rounded,dashed\""
		}
		if i == 0 {
			first = "peripheries=2"
		}
		g.Node(fmt.Sprintf("s%d", i), graphviz.Left(strings.Join(lines, "\n")), attr, first)
	}
	for _, e := range s.Edges {
		colour := colours[e.Process%len(colours)]
		if e.Bad {
			colour = "red"
		}
		g.Edge(fmt.Sprintf("s%d", e.From), fmt.Sprintf("s%d", e.To), graphviz.Label(e.Label), fmt.Sprintf("color=%q, fontcolor=%q", colour, colour))
	}
	return g.Close()
}
