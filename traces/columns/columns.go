// Package columns draws a trace as people do on mailing lists: a table with one column per CPU, time running down.
package columns

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// Options say how wide the table may be.
type Options struct {
	Width int // widest line, 0 for as wide as needed; text that does not fit wraps inside its column
}

const (
	minColumn = 16
	gap       = 2
)

// column is one lane: a CPU, or a process that is bound to none.
type column struct {
	title string
	width int
	stack []traces.Call // call stack of the last line shown
	proc  int
}

type cell struct {
	col    int
	indent int
	text   string
	mark   string // behind the text of the fatal line
}

// Render writes the table and the sentence below it.
func Render(w io.Writer, t *traces.Trace, opt Options) error {
	cols, of := lanes(t)
	var cells []cell
	for _, s := range t.Steps {
		cells = append(cells, lines(t, s, cols, of[s.Process])...)
	}
	fit(cols, cells, opt.Width)
	var b strings.Builder
	row(&b, cols, func(i int) string { return cols[i].title })
	for _, c := range cells {
		text := strings.Repeat("  ", c.indent) + c.text
		for _, line := range wrap(text, cols[c.col].width, c.indent) {
			row(&b, cols[:c.col+1], func(i int) string {
				if i == c.col {
					return line
				}
				return ""
			})
		}
		if c.mark != "" {
			b.WriteString(strings.Repeat(" ", offset(cols, c.col)+2*c.indent) + "^^^ " + c.mark + "\n")
		}
	}
	if t.Message != "" {
		b.WriteString("\n" + t.Message + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lanes makes the columns: CPUs in order, then unbound processes that move.
func lanes(t *traces.Trace) ([]*column, []int) {
	moves := make([]bool, len(t.Processes))
	for _, s := range t.Steps {
		moves[s.Process] = true
	}
	var cols []*column
	of := make([]int, len(t.Processes))
	byCPU := map[int]int{}
	add := func(i int, title string) {
		of[i] = len(cols)
		cols = append(cols, &column{title: title, proc: -1})
	}
	top := -1
	for _, p := range t.Processes {
		top = max(top, p.CPU)
	}
	who := func(p traces.Process) string {
		if p.MM != "" {
			return p.MM + ": " + p.Name
		}
		return p.Name
	}
	for cpu := 0; cpu <= top; cpu++ {
		for i, p := range t.Processes {
			if p.CPU != cpu || !moves[i] {
				continue
			}
			if c, ok := byCPU[cpu]; ok {
				of[i] = c
				cols[c].title = strings.TrimSuffix(cols[c].title, ")") + ", " + who(p) + ")"
				continue
			}
			byCPU[cpu] = len(cols)
			add(i, fmt.Sprintf("CPU %d (%s)", cpu, who(p)))
		}
	}
	for i, p := range t.Processes {
		if p.CPU < 0 && moves[i] {
			add(i, who(p))
		}
	}
	return cols, of
}

// lines are the table lines of one step: what it does to shared state, each under the headings of the functions it is in.
func lines(t *traces.Trace, s traces.Step, cols []*column, col int) []cell {
	c := cols[col]
	var out []cell
	if c.proc != s.Process {
		if c.proc >= 0 {
			out = append(out, cell{col: col, text: "[" + t.Processes[s.Process].Name + "]"})
		}
		c.stack, c.proc = nil, s.Process
	}
	show := func(call int, text string) {
		stack := chain(t, call)
		same := 0
		for same < len(stack) && same < len(c.stack) && stack[same].ID == c.stack[same].ID {
			same++
		}
		for i := same; i < len(stack); i++ {
			out = append(out, cell{col: col, indent: i, text: stack[i].Func + "()"})
		}
		c.stack = stack
		out = append(out, cell{col: col, indent: len(stack), text: text})
	}
	writes := false
	for _, o := range s.Ops {
		writes = writes || len(o.Writes) > 0
	}
	for i, o := range s.Ops {
		fatal := s.Fatal && i == len(s.Ops)-1
		if text := operation(o, writes && !fatal, fatal); text != "" {
			show(o.Call, text)
		}
	}
	if s.Fatal {
		out[len(out)-1].mark = cmp.Or(s.Title, s.Property)
	}
	return out
}

// chain is the calls around an operation, outermost first, without the body of the process, which is the column.
func chain(t *traces.Trace, call int) []traces.Call {
	var out []traces.Call
	for id := call; id >= 0; {
		i, ok := slices.BinarySearchFunc(t.Calls, id, func(c traces.Call, id int) int { return c.ID - id })
		if !ok {
			break
		}
		c := t.Calls[i]
		if c.Parent < 0 || c.Parent >= id {
			break
		}
		out = append([]traces.Call{c}, out...)
		id = c.Parent
	}
	return out
}

// operation is one line for what an operation did to shared state, or "". What a step that writes has read first, such as the test of a lock, and
// assertions that hold, say nothing that the writes do not.
func operation(o traces.Operation, writes, fatal bool) string {
	switch {
	case fatal && len(o.Reads) > 0:
		return o.Text + "  -> " + o.Reads[len(o.Reads)-1].Value
	case fatal:
		return o.Text
	case o.Kind == "free":
		for _, a := range o.Writes {
			return strings.TrimSuffix(strings.TrimPrefix(a.Cell, "live("), ")") + " freed"
		}
		return o.Text
	case len(o.Writes) > 0:
		var parts []string
		for _, a := range o.Writes {
			parts = append(parts, a.Cell+" = "+a.New)
		}
		return strings.Join(parts, "; ")
	case !o.Visible || len(o.Reads) == 0 || o.Kind == "assert" || writes:
		return ""
	}
	text := o.Text
	if o.Kind == "assume" {
		return text
	}
	r := o.Reads[len(o.Reads)-1]
	return text + "  -> " + r.Value
}

// fit gives each column the width of its longest line, then shrinks the widest ones until the table fits.
func fit(cols []*column, cells []cell, limit int) {
	for _, c := range cols {
		c.width = max(minColumn, len([]rune(c.title)))
	}
	for _, c := range cells {
		cols[c.col].width = max(cols[c.col].width, 2*c.indent+len([]rune(c.text)))
	}
	if limit <= 0 {
		return
	}
	for offset(cols, len(cols))-gap > limit {
		widest := cols[0]
		for _, c := range cols {
			if c.width > widest.width {
				widest = c
			}
		}
		if widest.width <= minColumn {
			return
		}
		widest.width--
	}
}

// offset is where column i begins.
func offset(cols []*column, i int) int {
	n := 0
	for _, c := range cols[:i] {
		n += c.width + gap
	}
	return n
}

// row writes one line; cells are padded, the line's end is not.
func row(b *strings.Builder, cols []*column, text func(int) string) {
	var line strings.Builder
	for i, c := range cols {
		s := text(i)
		line.WriteString(s + strings.Repeat(" ", max(0, c.width+gap-len([]rune(s)))))
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// wrap breaks text at blanks; continuation lines are indented a little deeper.
func wrap(text string, width, indent int) []string {
	r := []rune(text)
	if len(r) <= width {
		return []string{text}
	}
	var out []string
	pad := strings.Repeat("  ", min(indent+2, width/4))
	for len(r) > width {
		cut := width
		for i := width; i > width/2; i-- {
			if r[i] == ' ' {
				cut = i
				break
			}
		}
		out = append(out, strings.TrimRight(string(r[:cut]), " "))
		r = []rune(pad + strings.TrimLeft(string(r[cut:]), " "))
		if len(pad) >= width {
			break
		}
	}
	return append(out, string(r))
}
