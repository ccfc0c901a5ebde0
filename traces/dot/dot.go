// Package dot draws for Graphviz: a trace as its story, and a state space.
//
// A trace is drawn as people do on a whiteboard: a lane for each CPU side by side, time running down, so that every step is a row; at the right the lives of the
// objects the trace is about, and the grace periods. What is drawn are the steps that decide, in the words of the columns. An arrow across lanes says why what it leads to comes later.
package dot

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/internal/graphviz"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
	"pmdcheck/traces/story"
)

// Options say what is drawn.
type Options struct {
	Full bool // every operation on shared state, not only what matters
}

// Render draws a trace. The order of nodes and edges follows the run, so the same trace gives the same bytes.
func Render(w io.Writer, t *traces.Trace, opt Options) error {
	return Draw(w, story.Tell(t), opt)
}

// Draw is Render for a story that has been told already.
func Draw(w io.Writer, s *story.Story, opt Options) error {
	d := &drawing{s: s, t: columns.Lay(s, opt.Full), boxes: map[at]*box{}}
	d.layBoxes()
	d.g = graphviz.New(w, "trace", "rankdir=TB", "newrank=true", "ranksep=0.12", "nodesep=0.3", "labelloc=t", "labeljust=l", graphviz.Left(d.head()), graphviz.Font, "fontsize=11",
		`node [shape=box, fontname="monospace", fontsize=10, height=0.1, margin="0.08,0.04", style=filled, fillcolor=white, color=gray50]`, graphviz.Edge)
	d.rows()
	d.lanes()
	d.periods()
	d.causes()
	return d.g.Close()
}

// at is a place in the drawing: row and lane. Behind the lanes of the processes come those of the objects, then one for the grace periods.
type at struct{ row, lane int }

// box is a node: what one step does in its lane.
type box struct {
	step   int
	indent int // of its first line
	text   []string
	class  string
}

type drawing struct {
	s     *story.Story
	t     *columns.Table
	g     *graphviz.Writer
	steps []int // of each row
	boxes map[at]*box
}

// noStep is the row of those that wait in the end.
const noStep = -1

// layBoxes gathers the lines of each step.
func (d *drawing) layBoxes() {
	for _, l := range d.t.Lines {
		if l.Across {
			continue
		}
		row := len(d.steps) - 1
		if row < 0 || d.steps[row] != l.Step {
			d.steps = append(d.steps, l.Step)
			row++
		}
		k := at{row, l.Column}
		b := d.boxes[k]
		if b == nil {
			b = &box{step: l.Step}
			d.boxes[k] = b
		}
		if d.boxes[k].text == nil {
			b.indent = l.Indent
		}
		l.Indent = max(0, l.Indent-b.indent)
		for _, piece := range columns.Wrap(strings.Repeat("  ", l.Indent)+l.Text, 46, 2*l.Hanging()) {
			b.text = append(b.text, strings.ReplaceAll(piece, columns.Hard, " "))
		}
		if l.Class != "" && (b.class == "" || l.Class == "fatal") {
			b.class = l.Class
		}
	}
}

// row is the row of a step, or of the next one that is drawn.
func (d *drawing) row(step int) int {
	for i, n := range d.steps {
		if n >= step || n == noStep {
			return i
		}
	}
	return len(d.steps) - 1
}

// head is what the trace is of, and the sentences.
func (d *drawing) head() string {
	say := append(columns.Wrap(columns.Head(d.s.Trace), 110, 2), "")
	for _, text := range d.s.Text {
		say = append(say, columns.Wrap(text, 110, 0)...)
	}
	return strings.Join(append(say, " "), "\n")
}

// lanesIn is how many lanes stand side by side: those of the processes, then those of the objects.
func (d *drawing) lanesIn() int { return len(d.t.Columns) + len(d.t.Objects) }

// name is the node at a place.
func name(row, lane int) string { return fmt.Sprintf("n%d_%d", row, lane) }

// rows puts what happens in one step, and the places of the other lanes, at one height: titles first, then a row for each step.
func (d *drawing) rows() {
	titles := append(slices.Clone(d.t.Columns), d.t.Objects...)
	var names []string
	const bare = "shape=plain, fillcolor=none"
	d.g.Node("step", graphviz.Label("step"), bare, "fontcolor=gray40, group=steps")
	for i, title := range titles {
		d.g.Node(fmt.Sprintf("h%d", i), graphviz.Label(strings.Join(columns.Wrap(title, 30, 0), "\n")), bare, "fontsize=11, fontname=\"monospace bold\"", group(i))
		names = append(names, fmt.Sprintf("h%d", i))
	}
	// Only the titles are tied to their order from left to right: the lanes below them keep it, as they are straight, and what goes from lane to lane finds its way between them.
	d.g.Ordered(append([]string{"step"}, names...)...)
	last := "step"
	for r, n := range d.steps {
		label := ""
		if n >= 0 {
			label = fmt.Sprint(n)
		}
		t := fmt.Sprintf("t%d", r)
		d.g.Node(t, graphviz.Label(label), bare, "fontcolor=gray40, group=steps")
		names = nil
		for lane := range titles {
			d.node(r, lane)
			names = append(names, name(r, lane))
		}
		d.g.Same(append([]string{t}, names...)...)
		d.g.Edge(last, t, "style=invis, weight=50")
		last = t
	}
}

// group keeps a lane straight.
func group(lane int) string { return fmt.Sprintf("group=l%d", lane) }

// fills are the colours of a box by its class, and of what becomes of an object by its state.
var (
	fills  = map[string]string{"fatal": "#ffd6d6", "sync": "#d9f0f3", "lock": "#fff3d6", "unlock": "#f0f0f0"}
	states = [...]string{story.Live: "#2e8b57", story.Unlinked: "#d9a300", story.Gathered: "#e07b00", story.Waiting: "#7b5bd6", story.Freed: "#c4162a", story.Absent: "gray85"}
)

// node draws what is at a place: a step, what has become of an object, or nothing, where a lane only passes through.
func (d *drawing) node(row, lane int) {
	if lane >= len(d.t.Columns) {
		if c, ok := d.change(row, lane); ok {
			d.g.Node(name(row, lane), graphviz.Label(strings.Join(columns.Wrap(c.Note, 30, 0), "\n")), group(lane), colour(states[c.State]), "penwidth=1.5")
			return
		}
	} else if b := d.boxes[at{row, lane}]; b != nil {
		var fill, rim string
		if f := fills[b.class]; f != "" {
			fill = fmt.Sprintf("fillcolor=%q", f)
		}
		if b.class == "fatal" {
			rim = "color=red, penwidth=2"
		}
		d.g.Node(name(row, lane), graphviz.Left(strings.Join(b.text, "\n")), group(lane), fill, rim)
		return
	}
	// A line goes through, and the place is part of it.
	c, width := d.line(row, lane)
	d.g.Node(name(row, lane), fmt.Sprintf("shape=point, width=%.2f, color=%q, fillcolor=%q", 0.015+0.01*width, c, c), group(lane))
}

// line is the colour and the width of the line of a lane as it comes to a row: dark between what a process does first and last; of an object, by its state.
func (d *drawing) line(row, lane int) (colour string, width float64) {
	if lane >= len(d.t.Columns) {
		return states[d.state(row, lane)], 4
	}
	first, last := -1, -1
	for r := range d.steps {
		if d.boxes[at{r, lane}] != nil {
			if last = r; first < 0 {
				first = r
			}
		}
	}
	if row > first && row <= last {
		return "gray20", 1
	}
	return "gray85", 1
}

// change is the last change of an object since the row before.
func (d *drawing) change(row, lane int) (story.Change, bool) {
	step, before := d.steps[row], 0
	if row > 0 {
		before = d.steps[row-1]
	}
	if step <= 0 {
		return story.Change{}, false
	}
	c := d.t.Lanes[lane-len(d.t.Columns)].At(step)
	return c, c.Step > before && c.Step > 0
}

// lanes draws the order of the steps of each lane, from its first to its last, and the lives of the objects.
func (d *drawing) lanes() {
	for lane := range d.lanesIn() {
		from, was := fmt.Sprintf("h%d", lane), true
		for r := range d.steps {
			here := d.boxes[at{r, lane}] != nil
			if lane >= len(d.t.Columns) {
				_, here = d.change(r, lane)
			}
			colour, width := d.line(r, lane)
			attr := fmt.Sprintf("color=%q", colour)
			switch {
			case width > 1:
				attr += fmt.Sprintf(", penwidth=%.0f, arrowhead=none", width)
			case here && colour == "gray20":
				attr += ", arrowsize=0.6"
			default:
				attr += ", arrowhead=none"
			}
			if !here {
				attr += ", headclip=false"
			}
			if !was {
				attr += ", tailclip=false"
			}
			d.g.Edge(from, name(r, lane), "weight=20", attr)
			from, was = name(r, lane), here
		}
	}
}

// state is that of an object before a row.
func (d *drawing) state(row, lane int) story.State {
	before := 0
	if row > 0 {
		before = max(0, d.steps[row-1])
	}
	if row > 0 && d.steps[row-1] == noStep {
		before = len(d.s.Trace.Steps)
	}
	return d.t.Lanes[lane-len(d.t.Columns)].At(before).State
}

// periods draws each grace period as a bar beside the lanes, from its first to its last step.
func (d *drawing) periods() {
	x := 0
	for _, p := range d.s.Periods {
		if !p.Grace || len(d.steps) == 0 {
			continue
		}
		from, to, end := d.row(p.Begin), len(d.steps)-1, "never ends"
		if p.End > 0 {
			to, end = d.row(p.End), "ends"
		}
		if len(d.s.About)*len(p.Objects) > 0 && !slices.ContainsFunc(p.Objects, func(o string) bool { return slices.Contains(d.s.About, o) }) {
			continue
		}
		last, bar := "", fmt.Sprintf("group=g%d", x)
		for r := from; r <= to; r++ {
			n := fmt.Sprintf("g%d_%d", x, r)
			switch {
			case r == from:
				d.g.Node(n, graphviz.Label("grace period"), "shape=plain, fillcolor=none", colour(states[story.Waiting]), bar)
			case r == to:
				d.g.Node(n, graphviz.Label(end), "shape=plain, fillcolor=none", colour(states[story.Waiting]), bar)
			default:
				d.g.Node(n, fmt.Sprintf("shape=point, width=0.05, color=%q, fillcolor=%q", states[story.Waiting], states[story.Waiting]), bar)
			}
			d.g.Same(fmt.Sprintf("t%d", r), n)
			if last != "" {
				var head, tail string
				if r != to {
					head = "headclip=false"
				}
				if r-1 != from {
					tail = "tailclip=false"
				}
				d.g.Edge(last, n, fmt.Sprintf("weight=20, color=%q, penwidth=4, arrowhead=none", states[story.Waiting]), head, tail)
			}
			last = n
		}
		x++
	}
}

// colour is the attributes of a line or rim, and of its text.
func colour(c string) string { return fmt.Sprintf("color=%q, fontcolor=%q", c, c) }

// kinds are how the reasons are drawn.
var kinds = [...]string{
	story.Reads: colour("#1f5fa8"), story.Race: colour("#b35c00") + ", style=dashed",
	story.Handed: colour("#8a5a00"), story.Called: colour("#0b6e7f"), story.Grace: colour("#7b5bd6"),
	story.Dead: colour("#c4162a") + ", penwidth=2", story.Stuck: colour("#c4162a") + ", style=dashed",
	story.Late: colour("#8a1fa8") + ", style=dashed",
}

// causes draws why steps of one lane come before those of another.
func (d *drawing) causes() {
	for _, c := range d.s.Causes() {
		from, ok1 := d.box(c.From, c.FromProcess)
		to, ok2 := d.box(c.To, c.ToProcess)
		if !ok1 || !ok2 || from.lane == to.lane && c.Kind != story.Stuck {
			continue
		}
		d.g.Edge(name(from.row, from.lane), name(to.row, to.lane), "constraint=false", graphviz.Left(strings.Join(columns.Wrap(c.Why(), 28, 1), "\n")), kinds[c.Kind])
	}
	if c := d.s.Trace.Cycle; c > 0 && len(d.steps) > 0 {
		from, ok1 := d.box(len(d.s.Trace.Steps), d.s.Trace.Steps[len(d.s.Trace.Steps)-1].Process)
		to, ok2 := d.box(c, d.s.Trace.Steps[c-1].Process)
		if ok1 && ok2 {
			d.g.Edge(name(from.row, from.lane), name(to.row, to.lane), "constraint=false", graphviz.Label("repeats for ever"), colour("purple"), "penwidth=2")
		}
	}
}

// box is the place of a step of a process, if it is drawn. Behind the last step is what waits.
func (d *drawing) box(step, process int) (at, bool) {
	if step > len(d.s.Trace.Steps) {
		step = noStep
	}
	for r, n := range d.steps {
		k := at{r, d.t.Of[process]}
		if n == step && d.boxes[k] != nil {
			return k, true
		}
	}
	return at{}, false
}
