// Package columns draws a trace as people do on mailing lists: a table with one column per CPU, time running down, and at its right what becomes of the object
// it is about.
//
// By default it shows what matters to the violation, as package story finds it: the calls around it are folded to the outermost and the innermost, and the
// locks taken on the way stand in brackets behind the call in which they were taken. Options.Full shows every operation on shared state.
package columns

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

// Options say how the table looks.
type Options struct {
	Width int  // widest line, 0 for as wide as needed; text that does not fit wraps inside its column
	Full  bool // everything, not only what matters
	Color bool // with terminal control sequences
}

const (
	minColumn = 14
	gap       = 2
	hard      = "\u00a0" // a blank where no line breaks
	laneFrom  = 100      // narrower tables have no room for the object's column
)

// column is one lane: a CPU, the RCU machine, or a process that is bound to none.
type column struct {
	title string
	width int
	stack []int // calls whose headings stand above
	proc  int
	shown []*story.Lock // locks that a heading or a line has shown
	at    int           // where it begins
}

// line is one row of the table.
type line struct {
	step   int
	col    int
	indent int
	text   string
	style  style
	lane   string // beside it, what has become of the object
	freed  bool
	rule   bool // across all columns
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
	d := &drawing{s: s, t: s.Trace, opt: opt}
	d.lanes()
	for i := range s.Trace.Steps {
		if i+1 == s.Trace.Cycle {
			d.rule("from here on the run repeats for ever")
		}
		d.step(i + 1)
	}
	if c := s.Trace.Cycle; c > 0 {
		d.rule(fmt.Sprintf("back to step %d", c))
	}
	d.blocked()
	d.fit()
	var b strings.Builder
	width := opt.Width
	if width <= 0 {
		width = max(80, d.offset(len(d.cols))+d.laneWidth())
	}
	for _, text := range s.Text {
		for _, l := range Wrap(text, width, 0) {
			b.WriteString(d.paint(l, bold) + "\n")
		}
	}
	if len(d.lines) > 0 {
		if len(s.Text) > 0 {
			b.WriteString("\n")
		}
		d.table(&b)
	}
	if hidden := d.hidden(); hidden > 0 && !opt.Full {
		b.WriteString("\n" + d.paint(fmt.Sprintf("%d of %d steps are not shown; --full shows everything.", hidden, len(s.Trace.Steps)), dim) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Table is the lines of a drawing, for renderers that lay them out themselves.
type Table struct {
	Columns []string // titles
	Of      []int    // column of each process
	Lines   []Line
	Object  string // whose life Line.Life tells, or ""
}

// Line is one line of a [Table].
type Line struct {
	Step   int    // 0 for what is not a step
	Column int    // index into Table.Columns
	Indent int    // calls deep
	Text   string // one line
	Class  string // "", "lock", "unlock", "sync", "fatal"
	Life   string // what has become of the object after the step: on its last line only
}

// Lay makes the table of a story.
func Lay(s *story.Story, full bool) *Table {
	d := &drawing{s: s, t: s.Trace, opt: Options{Full: full}}
	d.lanes()
	for i := range s.Trace.Steps {
		d.step(i + 1)
	}
	d.blocked()
	t := &Table{Of: d.of}
	for _, c := range d.cols {
		t.Columns = append(t.Columns, c.title)
	}
	classes := map[style]string{warn: "lock", dim: "unlock", accent: "sync", bad: "fatal"}
	for _, l := range d.lines {
		t.Lines = append(t.Lines, Line{l.step, l.col, l.indent, strings.ReplaceAll(l.text, hard, " "), classes[l.style], l.lane})
	}
	if d.lane != nil {
		t.Object = d.lane.Object
	}
	return t
}

type drawing struct {
	s      *story.Story
	t      *traces.Trace
	opt    Options
	cols   []*column
	of     []int // column of a process
	lines  []line
	number int // width of the step numbers
	unit   int // blanks of one indent
	lane   *story.Lane
}

// lanes makes the columns: CPUs in order, then the RCU machine, then unbound processes; only what has something to show.
func (d *drawing) lanes() {
	t := d.t
	d.of = make([]int, len(t.Processes))
	show := make([]bool, len(t.Processes))
	for i, st := range t.Steps {
		for k := range st.Ops {
			show[st.Process] = show[st.Process] || d.wanted(i+1, k)
		}
		show[st.Process] = show[st.Process] || st.Fatal
	}
	for _, b := range t.Blocked {
		show[b.Process] = true
	}
	byTitle := map[string]int{}
	add := func(i int, key, title string) {
		if c, ok := byTitle[key]; ok {
			d.of[i] = c
			if !strings.Contains(t.Processes[i].Name, "[") || !strings.HasPrefix(key, "cpu") {
				d.cols[c].title = join(d.cols[c].title, title)
			}
			return
		}
		byTitle[key] = len(d.cols)
		d.of[i] = len(d.cols)
		d.cols = append(d.cols, &column{title: title, proc: -1})
	}
	var cpus []int
	for _, p := range t.Processes {
		if p.CPU >= 0 {
			cpus = append(cpus, p.CPU)
		}
	}
	slices.Sort(cpus)
	for _, cpu := range slices.Compact(cpus) {
		// Who has an mm gives the column its name; handlers of the CPU share it.
		for _, named := range []bool{true, false} {
			for i, p := range t.Processes {
				if p.CPU != cpu || !show[i] || (p.MM != "") != named {
					continue
				}
				who := p.Name
				if p.MM != "" {
					who = p.MM + ": " + p.Name
				}
				add(i, fmt.Sprint("cpu", cpu), fmt.Sprintf("CPU %d (%s)", cpu, who))
			}
		}
	}
	for i, p := range t.Processes {
		switch {
		case p.CPU >= 0 || !show[i]:
		case story.IsRCU(p.Name):
			add(i, "rcu", "RCU")
		case p.MM != "":
			add(i, fmt.Sprint("p", i), p.MM+": "+p.Name)
		default:
			add(i, fmt.Sprint("p", i), p.Name)
		}
	}
	for i := range d.s.Lanes {
		if l := d.s.Lanes[i]; len(d.s.About) > 0 && l.Object == d.s.About[0] && (d.opt.Width <= 0 || d.opt.Width >= laneFrom) {
			d.lane = l
		}
	}
}

// join adds a process to the title of its CPU.
func join(title, more string) string {
	if title == more {
		return title
	}
	_, who, _ := strings.Cut(more, "(")
	return strings.TrimSuffix(title, ")") + ", " + who
}

// wanted says whether an operation gets a line.
func (d *drawing) wanted(step, k int) bool {
	if d.opt.Full {
		op := d.t.Steps[step-1].Ops[k]
		return operation(op) != "" || d.t.Steps[step-1].Fatal && k == len(d.t.Steps[step-1].Ops)-1
	}
	return d.s.Keep(step, k)
}

func (d *drawing) hidden() int {
	shown := map[int]bool{}
	for _, l := range d.lines {
		if l.rule {
			continue
		}
		shown[l.step] = true
	}
	return len(d.t.Steps) - len(shown) + map[bool]int{true: 1}[shown[0]]
}

// rule adds a line that belongs to no column.
func (d *drawing) rule(text string) {
	if len(d.cols) > 0 {
		d.lines = append(d.lines, line{text: "-- " + text + " --", style: accent, rule: true})
	}
}

// step makes the lines of a step.
func (d *drawing) step(n int) {
	if len(d.cols) == 0 {
		return // no step has anything to show, as when an object leaks that nobody touched
	}
	st := d.t.Steps[n-1]
	c := d.cols[min(d.of[st.Process], len(d.cols)-1)]
	first := len(d.lines)
	writes := false
	for _, o := range st.Ops {
		writes = writes || len(o.Writes) > 0
	}
	for k, o := range st.Ops {
		fatal := st.Fatal && k == len(st.Ops)-1
		if !d.wanted(n, k) {
			continue
		}
		if d.opt.Full && !fatal && writes && len(o.Writes) == 0 {
			continue // what a step that writes has read first says nothing that the writes do not
		}
		d.operation(n, st, k, o, c, fatal)
	}
	if st.Fatal && len(st.Ops) == 0 {
		d.put(c, n, st.Process, -1, st.Label, bad)
	}
	if st.Fatal && len(d.lines) > first {
		d.lines = append(d.lines, line{step: n, col: d.of[st.Process], indent: d.lines[len(d.lines)-1].indent, text: "^^^ " + cmp.Or(st.Title, st.Property), style: bad})
	}
	if d.lane != nil && len(d.lines) > first {
		was, is := d.lane.At(n-1), d.lane.At(n)
		if is.Step == n && is.Note != "" {
			l := &d.lines[len(d.lines)-1]
			l.lane, l.freed = is.Note, is.State == story.Freed
			if was.State != is.State && is.State == story.Live {
				l.lane = "live"
			}
		}
	}
}

func (d *drawing) operation(n int, st traces.Step, k int, o traces.Operation, c *column, fatal bool) {
	proc := st.Process
	if d.opt.Full && !fatal {
		d.put(c, n, proc, o.Call, operation(o), plain)
		return
	}
	if text := d.s.Line(n, k); text != "" && !fatal {
		d.under(c, n, proc, d.headings(d.s.Caller(o.Call)), text, accent)
		return
	}
	if l := d.s.Takes(n, k); l != nil && !fatal {
		if !slices.Contains(c.shown, l) {
			c.shown = append(c.shown, l)
			d.putLock(c, n, proc, o.Call, l)
		}
		return
	}
	if l := d.s.Drops(n, k); l != nil && !fatal {
		d.drop(c, n, proc, o.Call, l)
		return
	}
	if fatal {
		// What an assertion found says more than its text.
		text := o.Text
		if len(o.Reads) > 0 && o.Kind == "assert" && !d.opt.Full {
			text = compact(o, d.s.Concerns)
		} else if len(o.Reads) > 0 {
			text += "  -> " + o.Reads[len(o.Reads)-1].Value
		}
		d.put(c, n, proc, o.Call, text, bad)
		return
	}
	d.put(c, n, proc, o.Call, compact(o, d.s.Concerns), plain)
}

// headings are the calls whose names stand above a line: all of them, or the outermost and the innermost.
func (d *drawing) headings(chain []traces.Call) []traces.Call {
	if d.opt.Full {
		return chain
	}
	if chain = story.Kernel(chain); len(chain) > 2 {
		return []traces.Call{chain[0], chain[len(chain)-1]}
	}
	return chain
}

// put adds a line under the headings of its call.
func (d *drawing) put(c *column, n, proc, call int, text string, st style) {
	d.under(c, n, proc, d.headings(d.s.Chain(call)), text, st)
}

// putLock adds a line for a lock that is taken: under the caller of the lock function, which itself is the line.
func (d *drawing) putLock(c *column, n, proc, call int, l *story.Lock) {
	chain := d.s.Outside(call)
	text := d.s.LockFunc(call) + "(" + l.Name + ")"
	if l.Section {
		text = d.s.LockFunc(call) + "()"
	}
	d.under(c, n, proc, d.headings(chain), text, warn)
}

// drop adds a line for a lock that is given back, or adds to the line above.
func (d *drawing) drop(c *column, n, proc, call int, l *story.Lock) {
	if len(d.lines) > 0 {
		last := &d.lines[len(d.lines)-1]
		if last.col == d.of[proc] && c.proc == proc && strings.HasPrefix(last.text, "unlock ") {
			last.text += ", " + l.Name
			return
		}
	}
	chain := d.s.Outside(call)
	d.under(c, n, proc, chain[:min(1, len(chain))], "unlock "+l.Name, dim)
}

func (d *drawing) under(c *column, n, proc int, heads []traces.Call, text string, st style) {
	col := d.of[proc]
	if c.proc != proc {
		if c.proc >= 0 && d.opt.Full {
			d.lines = append(d.lines, line{step: n, col: col, text: "[" + d.t.Processes[proc].Name + "]", style: dim})
		}
		c.stack, c.proc = nil, proc
	}
	same := 0
	for same < len(heads) && same < len(c.stack) && heads[same].ID == c.stack[same] {
		same++
	}
	c.stack = c.stack[:min(same, len(c.stack))]
	for i := same; i < len(heads); i++ {
		c.stack = append(c.stack, heads[i].ID)
		d.lines = append(d.lines, line{step: n, col: col, indent: i, text: heads[i].Func + "()", style: plain})
		d.bracket(c, n, proc, heads, i, same)
	}
	if same == len(heads) {
		d.bracket(c, n, proc, heads, same, same) // taken since the headings were written
	}
	if k := len(d.lines); k > 0 && !d.opt.Full && d.lines[k-1].step == n && d.lines[k-1].text == text && st == plain {
		return // read twice in one step
	}
	d.lines = append(d.lines, line{step: n, col: col, indent: len(heads), text: text, style: st})
}

// bracket adds a line with the locks that a process holds before a step and that nothing has shown yet: below heading i those that were taken in its call, and
// below the first new heading also those taken meanwhile in calls whose headings stand above.
func (d *drawing) bracket(c *column, n, proc int, heads []traces.Call, i, first int) {
	if d.opt.Full {
		return
	}
	var out []string
	for _, l := range d.s.Locks {
		if l.Process != proc || !l.Held(n) || l.To == n || slices.Contains(c.shown, l) {
			continue
		}
		in := d.s.Chain(l.Call)
		deepest := -1
		for k, h := range heads {
			if slices.ContainsFunc(in, func(x traces.Call) bool { return x.ID == h.ID }) {
				deepest = k
			}
		}
		if deepest == i || deepest < i && i == first {
			c.shown = append(c.shown, l)
			out = append(out, strings.ReplaceAll(l.String(), " ", hard))
		}
	}
	if len(out) > 0 {
		d.lines = append(d.lines, line{step: n, col: d.of[proc], indent: min(i+1, len(heads)), text: "[" + strings.Join(out, ", ") + "]", style: warn})
	}
}

// blocked shows at the end where everybody waits.
func (d *drawing) blocked() {
	for _, b := range d.t.Blocked {
		c := d.cols[d.of[b.Process]]
		d.put(c, 0, b.Process, b.Call, b.Label, bad)
		last := d.lines[len(d.lines)-1]
		d.lines = append(d.lines, line{col: last.col, indent: last.indent, text: "^^^ waits for ever", style: bad})
	}
}

// operation is one line for what an operation did to shared state, or "".
func operation(o traces.Operation) string {
	switch {
	case o.Kind == "free" && len(o.Writes) > 0:
		return strings.TrimSuffix(strings.TrimPrefix(o.Writes[0].Cell, "live("), ")") + " freed"
	case len(o.Writes) > 0:
		var parts []string
		for _, a := range o.Writes {
			parts = append(parts, a.Cell+" = "+a.New)
		}
		return strings.Join(parts, "; ")
	case !o.Visible || len(o.Reads) == 0 || o.Kind == "assert":
		return ""
	case o.Kind == "assume":
		// What it waited for has come: the values say how.
		var parts []string
		for _, r := range o.Reads {
			if p := r.Cell + " = " + r.Value; !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
		}
		return o.Text + "  (" + strings.Join(parts, ", ") + ")"
	}
	return o.Text + "  -> " + o.Reads[len(o.Reads)-1].Value
}

// compact is one line for what an operation did to what the run is about.
func compact(o traces.Operation, concerns func(cell string, values ...string) bool) string {
	var parts []string
	switch {
	case o.Kind == "free" && len(o.Writes) > 0:
		return operation(o)
	case len(o.Writes)+len(o.Locals) > 0 && o.Kind != "branch":
		for _, a := range o.Writes {
			if concerns(a.Cell, a.Old, a.New) {
				parts = append(parts, a.Cell+" = "+a.New)
			}
		}
		for _, a := range o.Locals {
			if len(parts) == 0 && len(o.Reads) == 0 && concerns("", a.Old, a.New) {
				parts = append(parts, a.Cell+" = "+a.New)
			}
		}
	}
	if len(parts) == 0 {
		seen := map[string]bool{}
		for _, r := range o.Reads {
			if concerns(r.Cell, r.Value) && !seen[r.Cell] {
				seen[r.Cell] = true
				parts = append(parts, r.Cell+" -> "+r.Value)
			}
		}
	}
	if len(parts) == 0 {
		return cmp.Or(operation(o), o.Text)
	}
	return strings.Join(parts, "; ")
}
