package properties

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dominikbraun/graph"

	"pmdcheck/model"
)

// LockOrder is the order in which runs take locks, class by class.
type LockOrder struct {
	Edges []model.LockEdge // sorted, each once
}

// NewLockOrder makes the order of edges in any order.
func NewLockOrder(edges []model.LockEdge) LockOrder {
	edges = slices.Clone(edges)
	slices.SortFunc(edges, compareEdges)
	return LockOrder{slices.Compact(edges)}
}

func compareEdges(a, b model.LockEdge) int {
	return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
}

// Cycles gives, for each set of classes that are taken in a cycle, a shortest cycle through the first edge of the set that has one: the edges in order, the
// last leading back to where the first begins. A class that is taken while another lock of the same class is held is a cycle of its own.
func (o LockOrder) Cycles() [][]model.LockEdge {
	g := graph.New(graph.StringHash, graph.Directed())
	for _, e := range o.Edges {
		_ = g.AddVertex(e.From)
		_ = g.AddVertex(e.To)
		if e.From != e.To {
			_ = g.AddEdge(e.From, e.To)
		}
	}
	var cycles [][]model.LockEdge
	for _, e := range o.Edges {
		if e.From == e.To {
			cycles = append(cycles, []model.LockEdge{e})
		}
	}
	sets, err := graph.StronglyConnectedComponents(g)
	if err != nil {
		return cycles // only for undirected graphs
	}
	for _, set := range sets {
		if len(set) < 2 {
			continue
		}
		var best []model.LockEdge
		for _, e := range o.Edges {
			if e.From == e.To || !slices.Contains(set, e.From) || !slices.Contains(set, e.To) {
				continue
			}
			if c := append([]model.LockEdge{e}, o.path(e.To, e.From)...); best == nil || len(c) < len(best) {
				best = c
			}
		}
		cycles = append(cycles, best)
	}
	slices.SortFunc(cycles, func(a, b []model.LockEdge) int { return slices.CompareFunc(a, b, compareEdges) })
	return cycles
}

// path is a shortest way from one class to another, the first by name of several.
func (o LockOrder) path(from, to string) []model.LockEdge {
	came := map[string]model.LockEdge{}
	queue := []string{from}
	for len(queue) > 0 && queue[0] != to {
		for _, e := range o.Edges {
			if _, seen := came[e.To]; e.From == queue[0] && e.To != from && !seen {
				came[e.To] = e
				queue = append(queue, e.To)
			}
		}
		queue = queue[1:]
	}
	var path []model.LockEdge
	for at := to; at != from; at = came[at].From {
		path = append(path, came[at])
	}
	slices.Reverse(path)
	return path
}

// CycleString writes a cycle as a -> b -> a.
func CycleString(c []model.LockEdge) string {
	s := c[0].From
	for _, e := range c {
		s += " -> " + e.To
	}
	return s
}

// WriteDOT draws the order for Graphviz, edges of cycles in red.
func (o LockOrder) WriteDOT(w io.Writer) error {
	circular := map[model.LockEdge]bool{}
	for _, c := range o.Cycles() {
		for _, e := range c {
			circular[e] = true
		}
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph lock_order {\n\trankdir=LR;\n\tnode [shape=box, fontname=\"monospace\"];\n")
	for _, e := range o.Edges {
		attr := ""
		if circular[e] {
			attr = " [color=red, penwidth=2]"
		}
		fmt.Fprintf(b, "\t\"%s\" -> \"%s\"%s;\n", quote.Replace(e.From), quote.Replace(e.To), attr)
	}
	fmt.Fprintf(b, "}\n")
	return b.Flush()
}
