// Package svg draws a trace as a sequence diagram: a lane for each CPU, time running down; beside each lane bars for what its CPU holds; at the right the lives of
// the objects the trace is about, and a bracket for every grace period and cross call, so that an access behind the end of such a life is seen at once.
//
// The drawing needs nothing from outside, follows the reader's colour scheme, and is the same bytes for the same trace.
package svg

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"pmdcheck/traces"
	"pmdcheck/traces/columns"
	"pmdcheck/traces/story"
)

// Options say what is drawn.
type Options struct {
	Full bool // everything, not only what matters
}

const (
	char   = 6.7 // width of a monospaced character of 11 pixels
	row    = 16
	widest = 46 // characters of a lane
	margin = 14
	bar    = 7 // width and distance of the bars of what is held

	lifeWidth = 22
)

type lane struct {
	title string
	x, w  float64
	bars  int // beside it
}

type line struct {
	columns.Line
	y int // row
}

type drawing struct {
	s      *story.Story
	t      *columns.Table
	lanes  []*lane
	lines  []line
	rows   int
	first  map[int]int // first row of a step
	last   map[int]int // last row of a step
	bars   []bracket
	height float64
	top    float64
	b      bytes.Buffer
}

// bracket is something held, or waited for, from row to row.
type bracket struct {
	lane, slot int
	from, to   int
	text       string
	class      string
}

// Render draws a trace.
func Render(w io.Writer, t *traces.Trace, opt Options) error {
	return Draw(w, story.Tell(t), opt)
}

// Draw is Render for a story that has been told already.
func Draw(w io.Writer, s *story.Story, opt Options) error {
	d := &drawing{s: s, t: columns.Lay(s, opt.Full), first: map[int]int{}, last: map[int]int{}}
	d.layLines()
	d.layBars()
	d.draw()
	_, err := w.Write(d.b.Bytes())
	return err
}

// layLines breaks the lines and gives each its row.
func (d *drawing) layLines() {
	for _, c := range d.t.Columns {
		d.lanes = append(d.lanes, &lane{title: c})
	}
	width := make([]int, len(d.lanes))
	for i, l := range d.lanes {
		width[i] = min(widest, utf8.RuneCountInString(l.title)+2)
	}
	for _, l := range d.t.Lines {
		if l.Across {
			d.lines = append(d.lines, line{l, d.rows})
			d.rows++
			continue
		}
		pieces := columns.Wrap(strings.Repeat("  ", l.Indent)+l.Text, widest, 2*l.Hanging())
		for i, p := range pieces {
			piece := l
			piece.Text = strings.ReplaceAll(strings.TrimLeft(p, " "), columns.Hard, " ")
			piece.Indent = utf8.RuneCountInString(p) - utf8.RuneCountInString(piece.Text) // in characters from here on
			if i < len(pieces)-1 {
				piece.Lives = nil
			}
			width[l.Column] = max(width[l.Column], utf8.RuneCountInString(p))
			if _, ok := d.first[l.Step]; !ok {
				d.first[l.Step] = d.rows
			}
			d.last[l.Step] = d.rows
			d.lines = append(d.lines, line{piece, d.rows})
			d.rows++
		}
	}
	for i, l := range d.lanes {
		l.w = float64(width[i])*char + 12
	}
}

// rowAfter is the first row that is not before a step, and the last that is not behind it: steps that are not drawn have none of their own.
func (d *drawing) rowAfter(step int) int {
	for n := step; n <= len(d.s.Trace.Steps); n++ {
		if r, ok := d.first[n]; ok {
			return r
		}
	}
	return max(0, d.rows-1)
}

func (d *drawing) rowBefore(step int) int {
	for n := step; n > 0; n-- {
		if r, ok := d.last[n]; ok {
			return r
		}
	}
	return 0
}

// layBars finds the bars: sections of RCU, interrupts and preemption, and what the process that fails holds; and the brackets of those that wait.
func (d *drawing) layBars() {
	fatal := d.s.Fatal()
	slots := map[int][]int{} // lane -> last row of each slot
	put := func(b bracket) {
		if b.to < b.from {
			return
		}
		for k, end := range slots[b.lane] {
			if end < b.from {
				b.slot = k
				slots[b.lane][k] = b.to
				d.bars = append(d.bars, b)
				return
			}
		}
		b.slot = len(slots[b.lane])
		slots[b.lane] = append(slots[b.lane], b.to)
		d.bars = append(d.bars, b)
	}
	for _, l := range d.s.Locks {
		mine := fatal > 0 && l.Process == d.s.Trace.Steps[fatal-1].Process
		if !l.Section && !mine || d.t.Of[l.Process] >= len(d.lanes) {
			continue
		}
		to := d.rows - 1
		if l.To > 0 {
			to = d.rowBefore(l.To)
		}
		class := "held"
		if l.Section {
			class = "section"
		}
		text := l.String()
		since := "from the start"
		if l.From > 0 {
			since = fmt.Sprintf("since step %d", l.From)
		}
		put(bracket{lane: d.t.Of[l.Process], from: d.rowAfter(max(1, l.From)), to: to, text: story.Who(d.s.Trace.Processes[l.Process]) + ": " + text + " " + since, class: class})
	}
	for _, p := range d.s.Periods {
		to := d.rows - 1
		if p.End > 0 {
			to = d.rowBefore(p.End)
		}
		text, class := "IPI of "+story.Short(d.s.Trace.Processes[p.Process]), "call"
		if p.Grace {
			text, class = "grace period", "grace"
		}
		put(bracket{lane: len(d.lanes), from: d.rowAfter(p.Begin), to: to, text: text, class: class})
	}
	if c := d.s.Trace.Cycle; c > 0 {
		put(bracket{lane: len(d.lanes), from: d.rowAfter(c), to: d.rows - 1, text: "repeats for ever", class: "call"})
	}
	for i := range d.lanes {
		d.lanes[i].bars = len(slots[i])
	}
	d.lanes = append(d.lanes, &lane{bars: len(slots[len(d.lanes)])})
}

func esc(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func (d *drawing) p(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *drawing) y(row int) float64 { return d.top + float64(row)*row16 }

const row16 = float64(row)

const css = `
svg{--bg:#fff;--fg:#1d2129;--dim:#69707d;--line:#d5d9e0;--band:#f5f6f8;--bad:#c4162a;--warn:#8a5a00;--sync:#0b6e7f;--live:#2e8b57;--unlinked:#d9a300;--gathered:#e07b00;--waiting:#7b5bd6;--freed:#c4162a;--section:#5b8def;--held:#9aa3b2}
@media(prefers-color-scheme:dark){svg{--bg:#14171c;--fg:#e4e7ec;--dim:#99a1ae;--line:#343a45;--band:#1b1f26;--bad:#ff6b78;--warn:#e8b85c;--sync:#5fc8d8;--live:#46b37a;--unlinked:#e8bd3c;--gathered:#f0963c;--waiting:#a88cf0;--freed:#ff5262;--section:#6f9cf5;--held:#707a8a}}
.bg{fill:var(--bg)}.band{fill:var(--band)}text{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--fg);white-space:pre}
.say{font-family:system-ui,sans-serif;font-size:13px}.head{font-weight:600}.num,.unlock{fill:var(--dim)}.lock{fill:var(--warn)}.sync{fill:var(--sync)}.fatal{fill:var(--bad);font-weight:600}
.rule{stroke:var(--line)}.section{fill:var(--section)}.held{fill:var(--held)}.grace,.call{fill:none;stroke:var(--waiting);stroke-width:1.5}.call{stroke:var(--sync)}.gracetext{fill:var(--waiting)}.calltext{fill:var(--sync)}
.live{fill:var(--live)}.unlinked{fill:var(--unlinked)}.gathered{fill:var(--gathered)}.waiting{fill:var(--waiting)}.freed{fill:var(--freed)}.absent{fill:var(--line)}.life{fill:var(--dim)}.lifefreed{fill:var(--bad);font-weight:600}
.use{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3;fill:none}.arrow{fill:var(--bad)}.fatalband{fill:var(--bad);fill-opacity:.12}
`

var stateClass = [...]string{"live", "unlinked", "gathered", "waiting", "freed", "absent"}

func (d *drawing) draw() {
	x := float64(margin) + 5*char
	for _, l := range d.lanes {
		x += float64(l.bars) * bar
		if l.bars > 0 {
			x += 4
		}
		l.x = x
		if l.w > 0 {
			x += l.w + 10
		}
	}
	lifeX := make([]float64, len(d.t.Objects)) // of the bar of each object
	width := x + 6 + margin
	for i, o := range d.t.Objects {
		lifeX[i] = x + 6
		text := utf8.RuneCountInString(o)
		for _, l := range d.lines {
			if l.Lives != nil {
				text = max(text, utf8.RuneCountInString(l.Lives[i]))
			}
		}
		x += lifeWidth + float64(text)*char
		width = x + margin
		x += 10
	}
	width = max(width, 640)
	var say []string
	for _, t := range d.s.Text {
		say = append(say, columns.Wrap(t, int((width-2*margin)/6.6), 0)...)
	}
	d.top = float64(margin) + 18*float64(len(say)) + 40
	d.height = d.top + float64(d.rows)*row16 + margin
	title := d.s.Trace.Spec
	if d.s.Trace.Property != "" {
		title += ": " + d.s.Trace.Property
	}
	d.p("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-labelledby=\"t d\">\n", width, d.height, width, d.height)
	d.p("<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n<style>%s</style>\n", esc(title), esc(strings.Join(d.s.Text, " ")), css)
	d.p("<rect class=\"bg\" width=\"%.0f\" height=\"%.0f\"/>\n", width, d.height)
	for i, l := range say {
		d.p("<text class=\"say\" x=\"%d\" y=\"%.1f\">%s</text>\n", margin, float64(margin)+18*float64(i)+12, esc(l))
	}
	d.bands(width)
	for _, l := range d.lanes {
		if l.w > 0 {
			for i, piece := range columns.Wrap(l.title, int(l.w/char), 0) {
				d.p("<text class=\"head\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", l.x, d.top-24+float64(i)*13, esc(piece))
			}
			d.p("<line class=\"rule\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", l.x-4, d.top-8, l.x-4, d.height-margin)
		}
	}
	d.held()
	shown := -1
	for _, l := range d.lines {
		if l.Across {
			d.p("<text class=\"sync\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", d.lanes[0].x, d.y(l.y)+12, esc(l.Text))
			continue
		}
		if l.Step >= 0 && l.Step != shown {
			shown = l.Step
			d.p("<text class=\"num\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", float64(margin)+4*char, d.y(l.y)+12, l.Step)
		}
		class := ""
		if l.Class != "" {
			class = fmt.Sprintf(" class=%q", l.Class)
		}
		d.p("<text%s x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, d.lanes[l.Column].x+float64(l.Indent)*char, d.y(l.y)+12, esc(l.Text))
	}
	for i := range d.t.Objects {
		d.life(i, lifeX[i])
	}
	d.p("</svg>\n")
}

// bands shade every other step, and the fatal one.
func (d *drawing) bands(width float64) {
	odd := false
	for i := 0; i < len(d.lines); {
		j := i
		for j < len(d.lines) && d.lines[j].Step == d.lines[i].Step {
			j++
		}
		class := ""
		if odd {
			class = "band"
		}
		if n := d.s.Fatal(); n > 0 && d.lines[i].Step == n {
			class = "fatalband"
		}
		if class != "" {
			d.p("<rect class=%q x=\"0\" y=\"%.1f\" width=\"%.0f\" height=\"%d\"/>\n", class, d.y(d.lines[i].y), width, (j-i)*row)
		}
		odd = !odd
		i = j
	}
}

// held draws bars and brackets.
func (d *drawing) held() {
	for _, b := range d.bars {
		l := d.lanes[b.lane]
		x := l.x - 8 - float64(bar*(l.bars-b.slot-1))
		y0, y1 := d.y(b.from)+2, d.y(b.to+1)-2
		if b.class == "section" || b.class == "held" {
			d.p("<rect class=%q x=\"%.1f\" y=\"%.1f\" width=\"3.5\" height=\"%.1f\" rx=\"1.5\"><title>%s</title></rect>\n", b.class, x-1, y0, y1-y0, esc(b.text))
			continue
		}
		d.p("<path class=%q d=\"M%.1f %.1fh-4V%.1fh4\"><title>%s</title></path>\n", b.class, x+4, y0, y1, esc(b.text))
		if y1-y0 > float64(utf8.RuneCountInString(b.text))*char*0.85 {
			d.p("<text class=\"%stext\" font-size=\"9\" transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n", b.class, x-3, (y0+y1)/2, esc(b.text))
		}
	}
}

// life draws the bar of an object, and the arrow from the end of the first one's to the access behind it.
func (d *drawing) life(i int, x float64) {
	changes := d.t.Lanes[i].Changes
	d.p("<text class=\"head\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x-4, d.top-24, esc(d.t.Objects[i]))
	begin := func(c story.Change) float64 {
		if c.Step == 0 {
			return d.y(0)
		}
		return d.y(d.rowBefore(c.Step)) + 10
	}
	for k, c := range changes {
		end := d.y(d.rows)
		if k+1 < len(changes) {
			end = begin(changes[k+1])
		}
		text := c.State.String()
		if len(c.Links) > 0 {
			text += ", reached from " + strings.Join(c.Links, ", ")
		}
		d.p("<rect class=%q x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"%.1f\"><title>%s</title></rect>\n", stateClass[c.State], x, begin(c), max(1, end-begin(c)), esc(text))
	}
	for _, l := range d.lines {
		if l.Lives == nil || l.Lives[i] == "" {
			continue
		}
		class := "life"
		if l.Lives[i] == "freed" {
			class = "lifefreed"
		}
		d.p("<text class=%q x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, x+lifeWidth-6, d.y(l.y)+14, esc(l.Lives[i]))
	}
	n := d.s.Fatal()
	if n == 0 || d.s.Trace.Steps[n-1].Touch == nil || d.s.Trace.Steps[n-1].Touch.Object != d.t.Lanes[i].Object || d.t.Lanes[i].At(n-1).State != story.Freed {
		return
	}
	// The access touches the red part of the bar.
	lane := d.lanes[d.t.Of[d.s.Trace.Steps[n-1].Process]]
	y := d.y(d.first[n]) + 8
	d.p("<path class=\"use\" d=\"M%.1f %.1fH%.1f\"/>\n", lane.x+lane.w, y, x-7)
	d.p("<path class=\"arrow\" d=\"M%.1f %.1fl-7 -4v8z\"/>\n", x, y)
}
