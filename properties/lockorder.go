package properties

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/graph"
	"pmdcheck/internal/graphviz"
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
	var cycles [][]model.LockEdge
	for _, e := range o.Edges {
		if e.From == e.To {
			cycles = append(cycles, []model.LockEdge{e})
		}
	}
	comp := graph.ComponentsOf(func(yield func(from, to string) bool) {
		for _, e := range o.Edges {
			if !yield(e.From, e.To) {
				return
			}
		}
	})
	sets := map[int][]model.LockEdge{} // the edges inside a set, in order
	for _, e := range o.Edges {
		if c := comp[e.From]; e.From != e.To && c == comp[e.To] {
			sets[c] = append(sets[c], e)
		}
	}
	for _, set := range sets {
		var best []model.LockEdge
		for _, e := range set {
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
	g := graphviz.New(w, "lock_order", "rankdir=LR", "node [shape=box, fontname=\"monospace\"]")
	for _, e := range o.Edges {
		attr := ""
		if circular[e] {
			attr = "color=red, penwidth=2"
		}
		g.Edge(graphviz.Quote(e.From), graphviz.Quote(e.To), attr)
	}
	return g.Close()
}
