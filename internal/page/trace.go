package page

import (
	"fmt"
	"strconv"
	"strings"

	"pmdcheck/traces"
	"pmdcheck/traces/columns"
	"pmdcheck/traces/story"
)

// traceData is a trace as the page needs it. Names are short because there are many.
type traceData struct {
	Kind      string        `json:"k"`
	Property  int           `json:"p"`
	Text      []int         `json:"m"`  // sentences
	Columns   []int         `json:"c"`  // titles of the lanes
	Processes []processData `json:"pr"` //
	Lines     [][]int       `json:"l"`  // step, lane, indent, text, class, and what has become of each object
	Objects   []int         `json:"o"`  // whose lives are shown
	Lives     [][][3]int    `json:"lf"` // of each: step, state, note
	Held      [][5]int      `json:"h"`  // name, process, from, to, section
	Periods   [][4]int      `json:"g"`  // text, begin, end, grace
	Initial   [][2]int      `json:"i"`  // cell, value
	Steps     []stepData    `json:"s"`  //
	Checked   []int         `json:"ck"` // properties
	Cycle     int           `json:"cy,omitempty"`
	Blocked   []int         `json:"b,omitempty"` // which process waits for what at the end
	Locks     [][2]int      `json:"lk"`          // cell, the lock that it is a part of
	Structs   []int         `json:"ob"`          // names of all objects
	Kernel    int           `json:"kr"`          // the release
	Tool      int           `json:"to"`          // what found it
}

type processData struct {
	Name int `json:"n"`
	Who  int `json:"w"`
	Lane int `json:"l"`
}

type stepData struct {
	Process int      `json:"p"`
	Label   int      `json:"t"`
	File    int      `json:"f"`
	Line    int      `json:"n"`
	Stack   int      `json:"k"`           // lines "function<tab>kernel reference", outermost first
	Writes  [][3]int `json:"w,omitempty"` // cell, old, new
	Reads   [][2]int `json:"r,omitempty"` // cell, value
	Enabled []int    `json:"e,omitempty"` // "who<tab>function<tab>label<tab>move"
	Move    [2]int   `json:"v"`           // transition, way
	False   []int    `json:"x,omitempty"` // invariants that do not hold after it
	Title   int      `json:"z,omitempty"` // of a fatal step: what it is called
	Broken  int      `json:"y,omitempty"` // of a fatal step: the property
	From    int      `json:"a"`
	To      int      `json:"b"`
	Before  []int    `json:"d,omitempty"` // steps that happen before it, nearest only
}

var lineClass = map[string]int{"": 0, "lock": 1, "unlock": 2, "sync": 3, "fatal": 4}

func (e *encoder) trace(t *traces.Trace) *traceData {
	s := story.Tell(t)
	table := columns.Lay(s, false)
	out := &traceData{
		Kind: t.Kind, Property: e.str(t.Property), Objects: []int{}, Cycle: t.Cycle, Text: []int{}, Columns: []int{}, Processes: []processData{}, Lines: [][]int{},
		Lives: [][][3]int{}, Held: [][5]int{}, Periods: [][4]int{}, Initial: [][2]int{}, Steps: []stepData{}, Checked: []int{}, Locks: [][2]int{}, Structs: []int{},
		Kernel: e.str(t.Kernel), Tool: e.str(t.Tool),
	}
	for _, m := range t.Marks {
		if m.Lock != "" {
			out.Locks = append(out.Locks, [2]int{e.str(m.Cell), e.str(m.Lock)})
		}
	}
	for _, o := range t.Objects {
		out.Structs = append(out.Structs, e.str(o.Name))
	}
	for _, x := range s.Text {
		out.Text = append(out.Text, e.str(x))
	}
	for _, c := range table.Columns {
		out.Columns = append(out.Columns, e.str(c))
	}
	for i, p := range t.Processes {
		out.Processes = append(out.Processes, processData{e.str(p.Name), e.str(story.Who(p)), lane(table, i, p)})
	}
	for _, l := range table.Lines {
		if l.Across {
			continue
		}
		row := []int{l.Step, l.Column, l.Indent, e.str(strings.ReplaceAll(l.Text, columns.Hard, " ")), lineClass[l.Class]}
		for _, x := range l.Lives {
			row = append(row, e.str(x))
		}
		out.Lines = append(out.Lines, row)
	}
	for i, l := range table.Lanes {
		out.Objects = append(out.Objects, e.str(table.Objects[i]))
		life := [][3]int{}
		for _, c := range l.Changes {
			life = append(life, [3]int{c.Step, int(c.State), e.str(c.Note)})
		}
		out.Lives = append(out.Lives, life)
	}
	e.spans(out, t, s)
	for _, a := range t.Initial {
		out.Initial = append(out.Initial, [2]int{e.str(a.Cell), e.str(a.New)})
	}
	for _, q := range t.Checked {
		out.Checked = append(out.Checked, e.str(q.Name))
	}
	for i := range t.Blocked {
		b := &t.Blocked[i]
		for _, w := range b.Waits {
			out.Blocked = append(out.Blocked, e.str(story.Who(t.Processes[b.Process])+": "+w.Text+": waits "+s.Waits(b, w)))
		}
	}
	before := map[int][]int{}
	if edges, err := story.Before(t); err == nil {
		for _, x := range edges {
			before[x[1]+1] = append(before[x[1]+1], x[0]+1)
		}
	}
	for i, st := range t.Steps {
		out.Steps = append(out.Steps, e.step(t, st, before[i+1]))
	}
	return out
}

// lane is the column of a process, or noIndex if it has none: a table says 0 of those that it leaves out.
func lane(table *columns.Table, i int, p traces.Process) int {
	switch n := table.Of[i]; {
	case n > 0:
		return n
	case len(table.Columns) == 0:
		return noIndex
	case story.Machinery(p), strings.Contains(table.Columns[0], p.Name), table.Columns[0] == story.Who(p):
		return 0
	}
	return noIndex
}

// spans are what lasts: locks and sections held, and what waits for the end of them.
func (e *encoder) spans(out *traceData, t *traces.Trace, s *story.Story) {
	for _, l := range s.Locks {
		section := 0
		if l.Section {
			section = 1
		}
		out.Held = append(out.Held, [5]int{e.str(l.String()), l.Process, l.From, l.To, section})
	}
	for _, p := range s.Periods {
		text, grace := "IPI of "+story.Short(t.Processes[p.Process]), 0
		if p.Grace {
			text, grace = "grace period", 1
		}
		if whom := p.Whom(t, true); whom != "" {
			text += ", waits for " + whom
		}
		out.Periods = append(out.Periods, [4]int{e.str(text), p.Begin, p.End, grace})
	}
}

func (e *encoder) step(t *traces.Trace, st traces.Step, before []int) stepData {
	d := stepData{Process: st.Process, Label: e.str(st.Label), From: st.From, To: st.To, Before: before, Move: [2]int{st.Transition, st.Way}}
	file, line := place(st.Pos)
	d.File, d.Line = e.str(file), line
	e.files[file] = true
	var stack []string
	for _, f := range st.Stack {
		stack = append(stack, f.Func+"\t"+f.Kernel)
	}
	d.Stack = e.str(strings.Join(stack, "\n"))
	for _, o := range st.Ops {
		for _, w := range o.Writes {
			d.Writes = append(d.Writes, [3]int{e.str(w.Cell), e.str(w.Old), e.str(w.New)})
		}
		for _, w := range o.Locals {
			d.Writes = append(d.Writes, [3]int{e.str(w.Cell), e.str(w.Old), e.str(w.New)})
		}
		for _, r := range o.Reads {
			d.Reads = append(d.Reads, [2]int{e.str(r.Cell), e.str(r.Value)})
		}
	}
	for _, c := range st.Enabled {
		d.Enabled = append(d.Enabled, e.str(story.Who(t.Processes[c.Process])+"\t"+c.Func+"\t"+c.Label+"\t"+moveText(c.Process, c.Transition, c.Way)))
	}
	for _, f := range st.False {
		d.False = append(d.False, e.str(f))
	}
	if st.Fatal {
		d.Title, d.Broken = e.str(st.Title), e.str(st.Property)
		if st.Title == "" {
			d.Title = d.Broken
		}
	}
	return d
}

// moveText is a step as addresses have it: process.transition.way.
func moveText(process, transition, way int) string {
	return fmt.Sprintf("%d.%d.%d", process, transition, way)
}

// place splits file:line:col.
func place(pos string) (file string, line int) {
	parts := strings.Split(pos, ":")
	if len(parts) < 3 {
		return pos, 0
	}
	line, err := strconv.Atoi(parts[len(parts)-2])
	if err != nil {
		return pos, 0
	}
	return strings.Join(parts[:len(parts)-2], ":"), line
}
