package axioms

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// Sizes of the drawing, in pixels; character is the width of one of the font.
const (
	character = 7.3
	boxHeight = 26.0
	rowHeight = 74.0
	gapWidth  = 110.0
	margin    = 20.0
	lineStep  = 17.0
	wrapAt    = 110 // characters of the text above
)

const svgStyle = `svg{background:#fff}text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1d2129}.head{font-weight:bold}.box{fill:#f5f6f8;stroke:#1d2129}.init{fill:#fff;stroke:#69707d;stroke-dasharray:2 3}
.edge{fill:none;stroke-width:1.3}.bold{stroke-width:3}.dashed{stroke-dasharray:6 4}.label{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
`

// point is the middle of an event's box.
type point struct{ x, y, half float64 }

// svgDrawing is where everything stands.
type svgDrawing struct {
	g             *Graph
	p             *placing
	text          []string // above
	at            map[int]point
	heads         float64   // the height of the names of the processes
	middle        []float64 // of each column
	right, bottom float64
}

func (g *Graph) wide(i int) float64 {
	return float64(len([]rune(g.Nodes[i].Name+": "+g.Nodes[i].Label)))*character + 16
}

func (g *Graph) svgLayout() *svgDrawing {
	d := &svgDrawing{g: g, p: g.place(), at: map[int]point{}}
	for _, l := range strings.Split(g.title(), "\n") {
		d.text = append(d.text, wrapped(l, wrapAt)...)
	}
	top := margin + lineStep*float64(len(d.text)) + 16
	initial := g.initial(d.p)
	d.heads = top
	if len(initial) > 0 {
		d.heads += rowHeight
	}
	x := margin
	for _, events := range d.p.columns {
		width := 40.0
		for _, i := range events {
			width = max(width, g.wide(i))
		}
		for k, i := range events {
			d.at[i] = point{x + width/2, d.heads + 36 + rowHeight*float64(k), g.wide(i) / 2}
		}
		d.middle = append(d.middle, x+width/2)
		x += width + gapWidth
	}
	d.right = x - gapWidth
	// An initial write stands above what reads it, beside those that stand there already.
	x = margin
	for _, i := range initial {
		half := g.wide(i) / 2
		m := margin + half
		if q := g.reader(i); q >= 0 {
			m = d.middle[q]
		}
		d.at[i] = point{max(m, x+half), top + boxHeight/2, half}
		x = d.at[i].x + half + 30
	}
	d.right = max(d.right, x) + margin
	for _, l := range d.text {
		d.right = max(d.right, float64(len([]rune(l)))*character+2*margin)
	}
	d.bottom = d.heads + 40
	for _, q := range d.at {
		d.bottom = max(d.bottom, q.y+boxHeight)
	}
	d.bottom += margin
	return d
}

// SVG draws a graph as DOT does, without Graphviz.
func (g *Graph) SVG(w io.Writer) error {
	d := g.svgLayout()
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\">\n<title>%s</title>\n<style>\n%s</style>\n",
		d.right, d.bottom, d.right, d.bottom, html.EscapeString(g.Test.Name+" under "+g.Model.String()), svgStyle)
	g.svgMarkers(&b)
	for i, l := range d.text {
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", margin, margin+lineStep*float64(i)+8, html.EscapeString(l))
	}
	for k, m := range d.middle {
		fmt.Fprintf(&b, "<text class=\"head\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">P%d</text>\n", m, d.heads+8, k)
	}
	between := map[[2]int]int{} // edges between two events so far: they lie beside each other
	var labels strings.Builder
	for _, e := range g.shownEdges(d.p) {
		pair := [2]int{min(e.From, e.To), max(e.From, e.To)}
		svgEdge(&b, &labels, e, d.at[e.From], d.at[e.To], between[pair])
		between[pair]++
	}
	for i, n := range g.Nodes {
		q, ok := d.at[i]
		if !ok {
			continue
		}
		class := "box"
		if n.Proc < 0 {
			class = "init"
		}
		fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\"/>\n<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
			class, q.x-q.half, q.y-boxHeight/2, 2*q.half, boxHeight, q.x, q.y+4, html.EscapeString(n.Name+": "+n.Label))
	}
	b.WriteString(labels.String() + "</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// reader is the process that reads an initial write first, or -1.
func (g *Graph) reader(write int) int {
	for _, e := range g.Edges {
		if e.Kind == "rf" && e.From == write {
			return g.Nodes[e.To].Proc
		}
	}
	return -1
}

// initial lists the initial writes that are drawn, by what reads them.
func (g *Graph) initial(p *placing) (out []int) {
	for i, n := range g.Nodes {
		if n.Proc < 0 && !p.hidden[i] {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return g.reader(a) - g.reader(b) })
	return out
}

// edgeColour is that of an edge.
func edgeColour(e drawnEdge) string {
	if c := colours[e.Kind]; c != "" {
		return c
	}
	if e.bold {
		return cycleColour
	}
	return "#69707d"
}

// svgMarkers defines an arrow head for each colour.
func (g *Graph) svgMarkers(b *strings.Builder) {
	b.WriteString("<defs>\n")
	for _, c := range []string{colours["rf"], colours["co"], colours["fr"], colours["addr"], cycleColour, "#69707d"} {
		fmt.Fprintf(b, "<marker id=\"a%s\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"%s\"/></marker>\n", c[1:], c)
	}
	b.WriteString("</defs>\n")
}

// svgEdge draws an edge from the rim of one box to that of another, bent the more the more edges there are between the two already; its label goes to labels, which lie above all boxes.
func svgEdge(b, labels *strings.Builder, e drawnEdge, from, to point, nth int) {
	dx, dy := to.x-from.x, to.y-from.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return // of an event to itself: the text above says it
	}
	bend := 0.0
	switch {
	case nth > 0:
		bend = 34 * float64((nth+1)/2) * float64(1-2*(nth%2))
	case math.Abs(dx) < 1 && (e.Kind != "po" || math.Abs(dy) > 1.5*rowHeight):
		bend = 60 // beside the column
	case e.Kind != "po":
		bend = 16
	}
	cx, cy := from.x+dx/2-dy/length*bend*2, from.y+dy/2+dx/length*bend*2
	ax, ay := rim(from, cx, cy)
	zx, zy := rim(to, cx, cy)
	class := "edge"
	if e.bold {
		class += " bold"
	}
	if dependency(e.Kind) || e.Lost {
		class += " dashed"
	}
	c := edgeColour(e)
	fmt.Fprintf(b, "<path class=\"%s\" stroke=\"%s\" marker-end=\"url(#a%s)\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>\n", class, c, c[1:], ax, ay, cx, cy, zx, zy)
	if e.Kind == "po" && !e.bold {
		return
	}
	x, anchor := (ax+2*cx+zx)/4, "middle"
	if bend == 0 && math.Abs(dx) < 1 {
		x, anchor = x+6, "start" // beside the line
	}
	fmt.Fprintf(labels, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" style=\"fill:%s\">%s</text>\n", x, (ay+2*cy+zy)/4+4, anchor, c, html.EscapeString(e.label))
}

// rim is where a line from the middle of a box to a point leaves the box.
func rim(q point, x, y float64) (float64, float64) {
	dx, dy := x-q.x, y-q.y
	t := 1.0
	if dx != 0 {
		t = min(t, q.half/math.Abs(dx))
	}
	if dy != 0 {
		t = min(t, boxHeight/2/math.Abs(dy))
	}
	return q.x + dx*t, q.y + dy*t
}

// wrapped breaks a line at blanks.
func wrapped(l string, width int) (out []string) {
	line := ""
	for _, w := range strings.Fields(l) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > width {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(out, line)
}
