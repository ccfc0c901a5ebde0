// Package columns draws a trace as people do on mailing lists: a table with one column per CPU, time running down, and at its right what becomes of the objects
// it is about.
//
// By default it shows what matters to the violation, as package story finds it: the calls around it stand above, several in one line, and the
// locks taken on the way in brackets behind the call in which they were taken. Options.Full shows every operation on shared state.
package columns

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// Options say how the table looks.
type Options struct {
	Width int  // widest line, 0 for as wide as needed; text that does not fit wraps inside its column, and no name is ever broken
	Full  bool // everything, not only what matters
	Color bool // with terminal control sequences
	Head  bool // with a line that says what the trace is of
}

const (
	minColumn = 14
	gap       = 2
	maxLanes  = 4 // objects that have a column
)

// Hard is a blank where no line breaks. Whoever lays out a [Table] writes a blank for it.
const Hard = "\u00a0"

// Steps of lines that are none.
const (
	atStart = 0  // done before the first step
	noStep  = -1 // what waits in the end
)

// legend says how to read the lines.
const legend = "x = v: v is written to x; x == v: v is read from it; [L R]: L is held, for read; f() > g(): f() calls g()"

// bufferLegend is added where a run goes through store buffers.
const bufferLegend = "; x = v (buffered): v waits in the store buffer of its process, until a line says that it reaches memory"

// column is one lane: a CPU, the RCU machine, or a process that is bound to none.
type column struct {
	title string
	width int
	stack []heading // calls whose headings stand above
	proc  int
	shown []*story.Lock // locks that a heading or a line has shown
	at    int           // where it begins
}

// heading is a call that stands above, and how far its line is indented. Several calls share a line.
type heading struct {
	call, indent, line int
}

// line is one row of the table.
type line struct {
	step   int
	col    int
	indent int
	text   string
	style  style
	lives  map[int]note // beside it, what has become of the objects, by lane
	rule   bool         // across all columns
	head   bool         // calls
}

// note is what has become of an object.
type note struct {
	text  string
	freed bool
}

type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	bad    style = "1;31"
	warn   style = "33"
	accent style = "36"
)

// Render writes the sentences and the table.
func Render(w io.Writer, t *traces.Trace, opt Options) error {
	return Draw(w, story.Tell(t), opt)
}

// Draw is Render for a story that has been told already.
func Draw(w io.Writer, s *story.Story, opt Options) error {
	d := lay(s, opt)
	d.fit()
	var b strings.Builder
	width := opt.Width
	if width <= 0 {
		width = max(80, d.offset(len(d.cols))+d.laneWidth())
	}
	say := func(text string, st style) {
		for _, l := range Wrap(text, width, 0) {
			b.WriteString(d.paint(l, st) + "\n")
		}
	}
	if opt.Head {
		say(Head(s.Trace), plain)
		b.WriteString("\n")
	}
	for _, text := range s.Text {
		say(text, bold)
	}
	if len(d.lines) > 0 {
		if len(s.Text) > 0 {
			b.WriteString("\n")
		}
		d.table(&b)
	}
	if hidden := d.hidden(); hidden > 0 && !opt.Full {
		are := "steps are"
		if hidden == 1 {
			are = "steps is"
		}
		b.WriteString("\n" + d.paint(fmt.Sprintf("%d of %d %s not shown; --full shows everything.", hidden, len(s.Trace.Steps), are), dim) + "\n")
	}
	if opt.Head && len(d.lines) > 0 {
		text := legend
		if slices.ContainsFunc(s.Trace.Processes, func(p traces.Process) bool { return p.Role == "buffer" }) {
			text += bufferLegend
		}
		say("("+text+")", dim)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Head says in one line what a trace is of: spec, configuration, property, kernel and the program that found it.
func Head(t *traces.Trace) string {
	parts := []string{t.Spec}
	for _, c := range t.Config {
		parts = append(parts, c.Name+"="+c.Value)
	}
	text := strings.Join(parts, " ")
	if t.Property != "" {
		text += ": " + t.Property
	}
	if t.Kernel != "" {
		text += "; kernel " + t.Kernel
	}
	if len(t.Build) > 0 {
		text += "; " + strings.Join(t.Build, ", ")
	}
	if t.Tool != "" {
		text += "; " + t.Tool
	}
	return text
}

// lay makes the lines of a story.
func lay(s *story.Story, opt Options) *drawing {
	d := &drawing{s: s, t: s.Trace, opt: opt}
	d.lanes()
	for i := range s.Trace.Starts {
		d.step(atStart, story.Start(i), &s.Trace.Starts[i])
	}
	owed := s.Trace.Owed
	if owed != nil && owed.Step == 0 && owed.When != "" {
		d.rule("at the start: " + owed.When + ", which has to lead to " + owed.What)
	}
	for i := range s.Trace.Steps {
		if i+1 == s.Trace.Cycle {
			d.rule("from here on the run repeats for ever")
		}
		d.step(i+1, i+1, &s.Trace.Steps[i])
		if owed != nil && owed.Step == i+1 {
			if owed.When != "" {
				d.rule("from here on: " + owed.When + ", which has to lead to " + owed.What)
			} else {
				d.rule("from here on: " + owed.What + " has to come")
			}
		}
	}
	if c := s.Trace.Cycle; c > 0 {
		d.rule(fmt.Sprintf("back to step %d", c))
	}
	d.blocked()
	return d
}

// Table is the lines of a drawing, for renderers that lay them out themselves.
type Table struct {
	Columns []string // titles
	Of      []int    // column of each process
	Lines   []Line
	Objects []string // whose lives Line.Lives tells, with what they are: "ptdesc X"
	Lanes   []*story.Lane
}

// Line is one line of a [Table].
type Line struct {
	Step   int      // 0 for what was done before the first one, -1 for what is none
	Column int      // index into Table.Columns
	Indent int      // calls deep
	Head   bool     // names calls; where it is broken, its second line stands deeper than what is below it
	Text   string   // one line, with [Hard] blanks
	Class  string   // "", "lock", "unlock", "sync", "fatal"
	Lives  []string // what has become of each object after the step: on its last line only
	Across bool     // belongs to no column
}

// Hanging is how many places, of that many characters, the second line of a broken line is indented.
func (l *Line) Hanging() int {
	if l.Head {
		return l.Indent + 3
	}
	return l.Indent + 1
}

// Lay makes the table of a story.
func Lay(s *story.Story, full bool) *Table {
	d := lay(s, Options{Full: full})
	t := &Table{Of: d.of, Lanes: d.objects}
	for _, c := range d.cols {
		t.Columns = append(t.Columns, c.title)
	}
	for i := range d.objects {
		t.Objects = append(t.Objects, d.laneTitle(i))
	}
	classes := map[style]string{warn: "lock", dim: "unlock", accent: "sync", bad: "fatal"}
	for _, l := range d.lines {
		out := Line{Step: l.step, Column: l.col, Indent: l.indent, Head: l.head, Text: l.text, Class: classes[l.style], Across: l.rule, Lives: make([]string, len(d.objects))}
		for i, n := range l.lives {
			out.Lives[i] = n.text
		}
		t.Lines = append(t.Lines, out)
	}
	return t
}
