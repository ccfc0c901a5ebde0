package axioms

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
)

// Graph is a candidate execution as a graph of events, to draw and to explain.
type Graph struct {
	Test   *litmus.Test
	Model  Model
	Nodes  []Node
	Edges  []Edge
	Axiom  string // what forbids it, or "": the model allows it
	Cycle  []Edge // why; of an allowed one what sequential consistency would object to
	Final  string // the final state
	Reason string // what to say about the cycle
}

// Node is an event. Proc is -1 for the initial state.
type Node struct {
	Name  string // a, b, c, ...
	Proc  int
	Label string
	Line  int
}

// Edge leads from one node to another.
type Edge struct {
	From, To int
	Kind     string // po, rf, co, fr, addr, data, ctrl; in cycles also the names of what the models are made of
	Lost     bool   // in a cycle of an allowed execution: program order that the model does not keep
}

func nodeName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return nodeName(i/26-1) + string(rune('a'+i%26))
}

// newGraph has the plain facts of an execution: order in the code, which process reads what, and the order of writes.
func newGraph(m Model, x *execution, s *skeleton) *Graph {
	g := &Graph{Test: x.t, Model: m}
	for i := range x.events {
		e := &x.events[i]
		n := Node{Name: nodeName(i), Proc: e.Proc, Label: e.label(x.t)}
		if e.Pos.IsValid() {
			n.Line = e.Pos.Line()
		}
		g.Nodes = append(g.Nodes, n)
	}
	a := newArena(s.n)
	add := func(kind string, r rel) {
		r.each(func(i, j int) { g.Edges = append(g.Edges, Edge{From: i, To: j, Kind: kind}) })
	}
	add("po", a.minus(s.po, a.seq(s.po, s.po)))
	add("addr", s.addr)
	add("data", s.data)
	add("ctrl", s.ctrl)
	r := s.read(a, x.rf)
	add("rf", r.rf)
	co, fr := x.relations(a)
	add("co", a.minus(co, a.seq(co, co)))
	add("fr", a.minus(fr, a.seq(fr, co)))
	for i, m := range x.t.Projection() {
		if i > 0 {
			g.Final += " "
		}
		g.Final += fmt.Sprintf("%s=%s;", x.t.TermName(m), x.t.Show(x.term(m)))
	}
	return g
}

// Lines describes the graph as text: the initial writes, a column of events for each process, the orders of writes, then the cycle.
func (g *Graph) Lines() []string {
	var out, initial []string
	for i, n := range g.Nodes {
		if n.Proc < 0 {
			initial = append(initial, g.event(i))
		}
	}
	if len(initial) > 0 {
		out = append(out, "initially: "+strings.Join(initial, ", "))
	}
	out = append(out, g.table()...)
	var orders []string
	for _, e := range g.Edges {
		if e.Kind == "co" {
			orders = append(orders, g.Nodes[e.From].Name+" before "+g.Nodes[e.To].Name)
		}
	}
	if len(orders) > 0 {
		line := "writes of one cell:"
		for i, o := range orders {
			if i > 0 {
				line += ","
			}
			line += " " + o
		}
		out = append(out, line)
	}
	out = append(out, "final state: "+g.Final)
	if g.Reason != "" {
		out = append(out, g.Reason)
	}
	for _, e := range g.Cycle {
		text := fmt.Sprintf("  %s -%s-> %s", g.Nodes[e.From].Name, e.Kind, g.Nodes[e.To].Name)
		if e.Lost {
			text += "  (not kept by " + g.Model.String() + ")"
		}
		out = append(out, text)
	}
	return out
}

// inCycle reports whether an edge belongs to the cycle.
func (g *Graph) inCycle(e Edge) bool {
	return slices.ContainsFunc(g.Cycle, func(c Edge) bool { return c.From == e.From && c.To == e.To && c.Kind == e.Kind })
}
