// Package graphviz writes graphs in the language of Graphviz: what all drawings have in common, which is quoting, layout of the text, and the first error.
package graphviz

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Fonts of the drawings.
const (
	Node = "node [shape=box, fontname=\"monospace\", fontsize=10]"
	Edge = "edge [fontname=\"monospace\", fontsize=9]"
	Font = "fontname=\"monospace\""
)

// Writer writes one directed graph. Attributes are written as they are, `color=red`; [Label] and [Left] quote text.
type Writer struct {
	b      *bufio.Writer
	indent string
}

// New begins a graph of a name, with lines that hold for all of it.
func New(w io.Writer, name string, head ...string) *Writer {
	g := &Writer{bufio.NewWriter(w), ""}
	g.open("digraph "+name, head)
	return g
}

// Cluster begins a group of nodes, with lines that hold for it.
func (g *Writer) Cluster(number int, head ...string) {
	g.open(fmt.Sprintf("subgraph cluster_%d", number), head)
}

func (g *Writer) open(what string, head []string) {
	g.line(what + " {")
	g.indent += "\t"
	for _, h := range head {
		g.line(h + ";")
	}
}

// End ends the group.
func (g *Writer) End() {
	g.indent = g.indent[1:]
	g.line("}")
}

// Node writes a node.
func (g *Writer) Node(id string, attrs ...string) { g.line(id + list(attrs) + ";") }

// Edge writes an edge.
func (g *Writer) Edge(from, to string, attrs ...string) {
	g.line(from + " -> " + to + list(attrs) + ";")
}

// Same puts nodes at one height.
func (g *Writer) Same(ids ...string) {
	g.line("{ rank=same; " + strings.Join(ids, "; ") + "; }")
}

// Ordered puts nodes at one height, and in their order from left to right.
func (g *Writer) Ordered(ids ...string) {
	g.line("{ rank=same; " + strings.Join(ids, " -> ") + " [style=invis]; }")
}

// Close ends the graph and tells the first error.
func (g *Writer) Close() error {
	g.End()
	return g.b.Flush()
}

func (g *Writer) line(s string) { fmt.Fprintf(g.b, "%s%s\n", g.indent, s) }

// list is the attributes of something; empty ones are left out.
func list(attrs []string) string {
	s := ""
	for _, a := range attrs {
		if a != "" {
			s += ", " + a
		}
	}
	if s == "" {
		return ""
	}
	return " [" + s[2:] + "]"
}

var escape = strings.NewReplacer("\\", "\\\\", "\"", "\\\"", "\r", "", "\x00", "")

// Quote is text as a string of the language, its lines centred.
func Quote(s string) string { return "\"" + strings.ReplaceAll(escape.Replace(s), "\n", "\\n") + "\"" }

// Label is the attribute of text whose lines are centred.
func Label(s string) string { return "label=" + Quote(s) }

// Left is the attribute of text whose lines, if it has several, begin at the left.
func Left(s string) string { return "label=" + left(s) }

func left(s string) string {
	if !strings.Contains(s, "\n") {
		return Quote(s)
	}
	return "\"" + strings.ReplaceAll(escape.Replace(s), "\n", "\\l") + "\\l\""
}
