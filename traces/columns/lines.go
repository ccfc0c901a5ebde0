package columns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

type drawing struct {
	s      *story.Story
	t      *traces.Trace
	opt    Options
	cols   []*column
	of     []int // column of a process
	lines  []line
	number int // width of the step numbers
	unit   int // blanks of one indent

	objects []*story.Lane // that have a column
	lives   []int         // the widths of these
	stagger bool          // columns begin a little to the right of each other, and text runs on up to the objects
}

// lanes makes the columns: CPUs in order, then the RCU machine, then unbound processes; only what has something to show.
func (d *drawing) lanes() {
	t := d.t
	d.of = make([]int, len(t.Processes))
	show := make([]bool, len(t.Processes))
	for i := range t.Starts {
		st := &t.Starts[i]
		for k := range st.Ops {
			show[st.Process] = show[st.Process] || d.wanted(story.Start(i), st, k)
		}
	}
	for i := range t.Steps {
		st := &t.Steps[i]
		for k := range st.Ops {
			show[st.Process] = show[st.Process] || d.wanted(i+1, st, k)
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
			if t.Processes[i].Of == "" || !strings.HasPrefix(key, "cpu") {
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
		case p.CPU >= 0 || !show[i] || p.Role == "buffer":
		case story.Machinery(p):
			add(i, "machinery", p.Name)
		case p.MM != "":
			add(i, fmt.Sprint("p", i), p.MM+": "+p.Name)
		default:
			add(i, fmt.Sprint("p", i), p.Name)
		}
	}
	for i, p := range t.Processes {
		if p.Role == "buffer" {
			d.of[i] = d.of[p.Owner] // what it does is told of whose stores these are
		}
	}
	for _, l := range d.s.Lanes {
		if slices.Contains(d.s.About, l.Object) && len(d.objects) < maxLanes {
			d.objects = append(d.objects, l)
		}
	}
}

// join adds a process to the title of its CPU.
func join(title, more string) string {
	if title == more {
		return title
	}
	_, who, bound := strings.Cut(more, "(")
	if !bound {
		return title + ", " + more
	}
	return strings.TrimSuffix(title, ")") + ", " + who
}

// wanted says whether an operation gets a line.
func (d *drawing) wanted(key int, st *traces.Step, k int) bool {
	if d.opt.Full {
		return operation(st.Ops[k]) != "" || st.Fatal && k == len(st.Ops)-1
	}
	return d.s.Keep(key, k)
}

func (d *drawing) hidden() int {
	shown := map[int]bool{}
	for _, l := range d.lines {
		if !l.rule && l.step > 0 {
			shown[l.step] = true
		}
	}
	return len(d.t.Steps) - len(shown)
}

// rule adds a line that belongs to no column.
func (d *drawing) rule(text string) {
	if len(d.cols) > 0 {
		d.lines = append(d.lines, line{step: noStep, text: "-- " + text + " --", style: accent, rule: true})
	}
}

// step makes the lines of a step, by the number that is shown and the one that the story knows its operations by.
func (d *drawing) step(n, key int, st *traces.Step) {
	if len(d.cols) == 0 {
		return // no step has anything to show, as when an object leaks that nobody touched
	}
	c := d.cols[min(d.of[st.Process], len(d.cols)-1)]
	first := len(d.lines)
	writes := false
	for _, o := range st.Ops {
		writes = writes || len(o.Writes)+len(o.Stores) > 0
	}
	for k, o := range st.Ops {
		fatal := st.Fatal && k == len(st.Ops)-1
		if !d.wanted(key, st, k) {
			continue
		}
		if d.opt.Full && !fatal && writes && len(o.Writes)+len(o.Stores) == 0 {
			continue // what a step that writes has read first says nothing that the writes do not
		}
		d.operation(n, key, st, k, c)
	}
	if st.Fatal && len(st.Ops) == 0 {
		d.put(c, n, st.Process, -1, st.Label, bad)
	}
	if st.Fatal && len(d.lines) > first {
		d.lines = append(d.lines, line{step: n, col: d.of[st.Process], indent: d.lines[len(d.lines)-1].indent, text: "^^^ " + cmp.Or(st.Title, st.Property), style: bad})
	}
	if len(d.lines) == first || n == 0 {
		return
	}
	l := &d.lines[len(d.lines)-1]
	for i, o := range d.objects {
		was, is := o.At(n-1), o.At(n)
		if is.Step != n || is.Note == "" {
			continue
		}
		if l.lives == nil {
			l.lives = map[int]note{}
		}
		text := is.Note
		if was.State != is.State && is.State == story.Live {
			text = "live"
		}
		l.lives[i] = note{text, is.State == story.Freed}
	}
}

func (d *drawing) operation(n, key int, st *traces.Step, k int, c *column) {
	proc, o, fatal := st.Process, st.Ops[k], st.Fatal && k == len(st.Ops)-1
	if d.opt.Full && !fatal {
		d.put(c, n, proc, o.Call, operation(o), plain)
		return
	}
	if text := d.s.Line(key, k); text != "" && !fatal {
		d.under(c, n, proc, d.headings(d.s.Caller(o.Call)), text, accent)
		return
	}
	if l := d.s.Takes(key, k); l != nil && !fatal {
		if !slices.Contains(c.shown, l) {
			c.shown = append(c.shown, l)
			d.putLock(c, n, proc, o.Call, l)
		}
		return
	}
	if l := d.s.Drops(key, k); l != nil && !fatal {
		d.drop(c, n, proc, o.Call, l)
		return
	}
	if fatal {
		// What an assertion found says more than its text.
		text := o.Text
		if len(o.Reads) > 0 && o.Kind == "assert" && !d.opt.Full {
			text = compact(o, d.s.Concerns)
		} else if len(o.Reads) > 0 {
			text = found(text, o.Reads)
		}
		d.put(c, n, proc, o.Call, text, bad)
		return
	}
	d.put(c, n, proc, o.Call, compact(o, d.s.Concerns), plain)
}

// headings are the calls whose names stand above a line, down to the innermost that a reader of the kernel knows.
func (d *drawing) headings(chain []traces.Call) []traces.Call {
	if d.opt.Full {
		return chain
	}
	return story.Kernel(chain)
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
	text := "unlock " + l.Name
	if chain := d.s.Outside(call); c.proc != proc || len(c.stack) == 0 || len(chain) == 0 || c.stack[0].call != chain[0].ID {
		d.under(c, n, proc, chain[:min(1, len(chain))], text, dim)
		return
	}
	d.lines = append(d.lines, line{step: n, col: d.of[proc], indent: 1, text: text, style: dim}) // the headings stay
}

func (d *drawing) under(c *column, n, proc int, heads []traces.Call, text string, st style) {
	col := d.of[proc]
	if c.proc != proc {
		if c.proc >= 0 && d.opt.Full {
			d.lines = append(d.lines, line{step: n, col: col, text: "[" + d.t.Processes[proc].Name + "]", style: dim})
		}
		c.stack, c.proc = nil, proc
	}
	indent := d.heads(c, n, proc, heads)
	if k := len(d.lines); k > 0 && !d.opt.Full && d.lines[k-1].step == n && d.lines[k-1].text == text && st == plain {
		return // read twice in one step
	}
	d.lines = append(d.lines, line{step: n, col: col, indent: indent, text: text, style: st})
}

// heads adds the headings that do not stand above yet, and what is held; it returns how far the lines below them are indented.
func (d *drawing) heads(c *column, n, proc int, heads []traces.Call) int {
	same := 0
	for same < len(heads) && same < len(c.stack) && heads[same].ID == c.stack[same].call {
		same++
	}
	// A line of several calls of which some are over does not stand above what comes: those that are not over are said again.
	for same > 0 && same < len(c.stack) && c.stack[same].line == c.stack[same-1].line {
		same--
	}
	c.stack = c.stack[:min(same, len(c.stack))]
	indent := 0
	if same > 0 {
		indent = c.stack[same-1].indent + 1
	}
	var open []string
	flush := func() {
		if len(open) > 0 {
			d.lines = append(d.lines, line{step: n, col: d.of[proc], indent: indent, text: strings.Join(open, " > "), style: plain, head: true})
			open = nil
			indent++
		}
	}
	if same == len(heads) {
		d.bracket(c, n, proc, heads, same, same, indent) // taken since the headings were written
	}
	for i := same; i < len(heads); i++ {
		c.stack = append(c.stack, heading{heads[i].ID, indent, len(d.lines)})
		open = append(open, heads[i].Func+"()")
		if held := d.held(c, n, proc, heads, i, same); len(held) > 0 {
			flush()
			d.bracket(c, n, proc, heads, i, same, indent)
		}
	}
	flush()
	return indent
}

// held lists the locks that a process holds before a step and that nothing has shown yet: below heading i those that were taken in its call, and below the first new heading also those
// taken meanwhile in calls whose headings stand above.
func (d *drawing) held(c *column, n, proc int, heads []traces.Call, i, first int) []*story.Lock {
	if d.opt.Full {
		return nil
	}
	if n == noStep {
		n = len(d.t.Steps) + 1
	}
	var out []*story.Lock
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
			out = append(out, l)
		}
	}
	return out
}

// bracket adds a line with what held lists.
func (d *drawing) bracket(c *column, n, proc int, heads []traces.Call, i, first, indent int) {
	var out []string
	for _, l := range d.held(c, n, proc, heads, i, first) {
		c.shown = append(c.shown, l)
		out = append(out, strings.ReplaceAll(l.String(), " ", Hard))
	}
	if len(out) > 0 {
		d.lines = append(d.lines, line{step: n, col: d.of[proc], indent: indent, text: "[" + strings.Join(out, ", ") + "]", style: warn})
	}
}

// blocked shows at the end where everybody waits, and what for.
func (d *drawing) blocked() {
	for i := range d.t.Blocked {
		b := &d.t.Blocked[i]
		c := d.cols[d.of[b.Process]]
		for k, w := range b.Waits {
			text := w.Text
			if len(b.Waits) > 1 {
				text = fmt.Sprintf("(%d) %s", k+1, text)
			}
			d.put(c, noStep, b.Process, w.Call, text, bad)
			last := d.lines[len(d.lines)-1]
			ever := ""
			if d.t.Cycle == 0 || !b.Sometimes {
				ever = " for ever"
			}
			d.lines = append(d.lines, line{step: noStep, col: last.col, indent: last.indent, text: "^^^ waits" + ever + d.s.Told(b, w), style: bad})
		}
		if b.Sometimes {
			last := d.lines[len(d.lines)-1]
			d.lines = append(d.lines, line{step: noStep, col: last.col, indent: last.indent, text: "    it can go on now and then, and never does", style: bad})
		}
	}
}

// found is the text of an operation, and behind it what it read, unless that stands there already.
func found(text string, reads []traces.Access) string {
	var parts []string
	for _, r := range reads {
		if p := r.Cell + " == " + r.Value; !slices.Contains(parts, p) && !strings.Contains(text, p) {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return text
	}
	return text + "  (" + strings.Join(parts, ", ") + ")"
}

// written is what a write did: of the life of an object in words.
func written(a traces.Assign) string {
	if o, ok := strings.CutPrefix(a.Cell, "live("); ok {
		return strings.TrimSuffix(o, ")") + map[bool]string{true: " allocated", false: " freed"}[a.New == "true"]
	}
	return a.Cell + " = " + a.New
}

// changes is what an operation wrote of some cells, to memory or into the store buffer of its process.
func changes(o traces.Operation, concerns func(cell string, values ...string) bool) (parts []string) {
	for _, a := range o.Writes {
		if !concerns(a.Cell, a.Old, a.New) {
			continue
		}
		text := written(a)
		if o.Landed > 0 {
			text += " reaches memory"
		}
		parts = append(parts, text)
	}
	for _, a := range o.Stores {
		if concerns(a.Cell, a.Old, a.New) {
			parts = append(parts, written(a)+" (buffered)")
		}
	}
	return parts
}

// operation is one line for what an operation did to shared state, or "".
func operation(o traces.Operation) string {
	switch {
	case len(o.Writes)+len(o.Stores) > 0:
		return strings.Join(changes(o, func(string, ...string) bool { return true }), "; ")
	case !o.Visible || len(o.Reads) == 0 || o.Kind == "assert":
		return ""
	}
	return found(o.Text, o.Reads)
}

// compact is one line for what an operation did to what the run is about.
func compact(o traces.Operation, concerns func(cell string, values ...string) bool) string {
	var parts []string
	if len(o.Writes)+len(o.Locals)+len(o.Stores) > 0 && o.Kind != "branch" {
		parts = changes(o, concerns)
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
				parts = append(parts, r.Cell+" == "+r.Value)
			}
		}
	}
	if len(parts) == 0 {
		return cmp.Or(operation(o), o.Text)
	}
	return strings.Join(parts, "; ")
}
