package axioms

import (
	"fmt"
	"slices"
	"strings"
)

// placing is where the events of a graph stand, for every way to draw it.
type placing struct {
	columns [][]int      // events of each process, in order
	hidden  map[int]bool // initial writes that nothing reads and no cycle contains
}

func (g *Graph) place() *placing {
	p := &placing{columns: make([][]int, len(g.Test.Procs)), hidden: map[int]bool{}}
	for i, n := range g.Nodes {
		if n.Proc >= 0 {
			p.columns[n.Proc] = append(p.columns[n.Proc], i)
			continue
		}
		read := slices.ContainsFunc(g.Edges, func(e Edge) bool { return e.Kind == "rf" && e.From == i })
		p.hidden[i] = !read && !slices.ContainsFunc(g.Cycle, func(e Edge) bool { return e.From == i || e.To == i })
	}
	return p
}

// drawnEdge is an edge as it is drawn.
type drawnEdge struct {
	Edge
	label string
	bold  bool // of the cycle
	fact  bool // not of the cycle alone
}

// shownEdges are the edges that are drawn: the plain facts, but for the order of an initial write before others, which goes without saying, and those of the cycle. Of several facts about two
// events the cycle's stands for itself and the others remain.
func (g *Graph) shownEdges(p *placing) []drawnEdge {
	var out []drawnEdge
	add := func(e Edge, bold bool) {
		for i := range out {
			if o := &out[i]; o.From == e.From && o.To == e.To && o.Kind == e.Kind {
				o.bold, o.Lost = o.bold || bold, o.Lost || e.Lost
				return
			}
		}
		out = append(out, drawnEdge{Edge: e, bold: bold, fact: !bold})
	}
	for _, e := range g.Edges {
		if p.hidden[e.From] || e.Kind == "co" && g.Nodes[e.From].Proc < 0 && !g.inCycle(e) {
			continue
		}
		add(e, false)
	}
	for _, e := range g.Cycle {
		add(e, true)
	}
	for i := range out {
		out[i].label = out[i].Kind
		if out[i].Lost {
			out[i].label += ", not kept by " + g.Model.String()
		}
	}
	return out
}

// title is what stands above a drawing: what is drawn, and which axiom forbids it or what allows it.
func (g *Graph) title() string {
	lines := []string{fmt.Sprintf("%s under %s: %s", g.Test.Name, g.Model, g.Final)}
	if g.Reason != "" {
		lines = append(lines, g.Reason)
	}
	if len(g.Cycle) > 0 {
		lines = append(lines, g.way())
	}
	return strings.Join(lines, "\n")
}

// way is the cycle in one line: "c -po-> d -fr-> e -po-> f -fr-> c".
func (g *Graph) way() string {
	var b strings.Builder
	for i, e := range g.Cycle {
		if i == 0 || g.Cycle[i-1].To != e.From {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(g.Nodes[e.From].Name)
		}
		fmt.Fprintf(&b, " -%s-> %s", e.Kind, g.Nodes[e.To].Name)
	}
	return b.String()
}

// table is the events as columns, one for each process, in the order of the code.
func (g *Graph) table() []string {
	p := g.place()
	cells := make([][]string, len(p.columns))
	widths := make([]int, len(p.columns))
	rows := 0
	for k, events := range p.columns {
		cells[k] = []string{fmt.Sprintf("P%d", k)}
		for _, i := range events {
			cells[k] = append(cells[k], g.event(i))
		}
		rows = max(rows, len(cells[k]))
		for _, c := range cells[k] {
			widths[k] = max(widths[k], len([]rune(c)))
		}
	}
	var out []string
	for r := range rows {
		var b strings.Builder
		for k := range cells {
			text := ""
			if r < len(cells[k]) {
				text = cells[k][r]
			}
			b.WriteString(text + strings.Repeat(" ", widths[k]-len([]rune(text))+3))
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// event is one event as text, with where it reads from.
func (g *Graph) event(i int) string {
	n := g.Nodes[i]
	text := n.Name + ": " + n.Label
	for _, e := range g.Edges {
		if e.To == i && e.Kind == "rf" {
			text += " from " + g.Nodes[e.From].Name
		}
	}
	if n.Line > 0 {
		text += fmt.Sprintf(" (line %d)", n.Line)
	}
	return text
}
