package story

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/traces"
)

// locks finds which process held what and when. A lock is taken by the call of a lock function that leaves more in the cells of the lock than it found, once the process is out of that call: one
// that is still inside waits for the lock and does not hold it.
func (s *Story) locks() {
	h := &holding{s: s, open: map[string][]*Lock{}, calls: map[int]*lockCall{}}
	s.steps(func(n, key int, st *traces.Step) {
		for k, op := range st.Ops {
			if op.Landed > 0 {
				continue // it was told when the store was executed
			}
			c := h.calls[st.Process]
			outer, ok := s.lockCall(op.Call)
			if c != nil && (!ok || outer.ID != c.call.ID) {
				h.done(st.Process)
				c = nil
			}
			if !ok {
				continue
			}
			if c == nil {
				c = &lockCall{call: outer, cells: map[string]*change{}}
				h.calls[st.Process] = c
			}
			for _, w := range slices.Concat(op.Stores, op.Writes) {
				if !s.inLock(op.Call) {
					break
				}
				c.write(w, n, s.mode(op.Call), [2]int{key, k})
			}
		}
		if c := h.calls[st.Process]; c != nil && !st.Fatal && !s.within(st.At, c.call.ID) {
			h.done(st.Process)
		}
	})
	slices.SortStableFunc(s.Locks, func(a, b *Lock) int { return a.From - b.From })
	// A lock taken and dropped before the first step was held in no state.
	s.Locks = slices.DeleteFunc(s.Locks, func(l *Lock) bool { return l.From == 0 && l.To == 0 && !slices.Contains(flat(h.open), l) })
}

// within says whether a call is another one or inside it.
func (s *Story) within(call, outer int) bool {
	return call == outer || slices.ContainsFunc(s.Chain(call), func(c traces.Call) bool { return c.ID == outer })
}

// holding is what processes hold as a run goes on.
type holding struct {
	s     *Story
	open  map[string][]*Lock // by process and lock, or cell of a section
	calls map[int]*lockCall  // by process: the lock function that it is in
}

// lockCall is a call of a lock function, and what it has done so far.
type lockCall struct {
	call  traces.Call
	order []string
	cells map[string]*change
}

// change is what a call did to a cell.
type change struct {
	old, is string
	step    int
	mode    string
	last    [2]int // the operation that wrote it last
}

func (c *lockCall) write(w traces.Assign, step int, mode string, at [2]int) {
	x := c.cells[w.Cell]
	if x == nil {
		x = &change{old: w.Old}
		c.cells[w.Cell] = x
		c.order = append(c.order, w.Cell)
	}
	x.is, x.step, x.mode, x.last = w.New, step, mode, at
}

// done tells what a call that is over has taken and dropped: first what it dropped, as one that turns a lock for write into one for read does both.
func (h *holding) done(process int) {
	c := h.calls[process]
	delete(h.calls, process)
	for _, want := range []int{-1, 1} {
		told := map[string]bool{}
		for _, cell := range c.order {
			x := c.cells[cell]
			name, ok := h.name(cell, x, c.call)
			if !ok || grows(x.old, x.is) != want || told[name] {
				continue
			}
			told[name] = true
			key := itoa(process) + " " + name
			if want > 0 {
				h.take(process, key, name, cell, x, c.call)
			} else if o := h.open[key]; len(o) > 0 {
				l := o[len(o)-1]
				l.To = x.step
				h.open[key] = o[:len(o)-1]
				h.s.drops[x.last] = l
			}
		}
	}
}

// name is the lock, or the section, that a cell is about in a call; false if it is about neither.
func (h *holding) name(cell string, x *change, call traces.Call) (string, bool) {
	if call.Role == lock {
		return h.s.lockOf(cell, x.old, x.is)
	}
	m, marked := h.s.marks[cell]
	return cell, !marked || m.Role == section
}

func (h *holding) take(process int, key, name, cell string, x *change, call traces.Call) {
	l := &Lock{Name: name, Mode: x.mode, Process: process, From: x.step, Call: call.ID}
	if call.Role == section {
		l.Section, l.Mode, l.Name = true, "", call.Called
		l.StopsIPI = h.s.marks[cell].StopsIPI
		if l.Name == "" {
			l.Name = call.Func + "()"
		}
	}
	h.s.Locks = append(h.s.Locks, l)
	h.open[key] = append(h.open[key], l)
	h.s.takes[x.last] = l
}

func flat(m map[string][]*Lock) []*Lock {
	var out []*Lock
	for _, v := range m {
		out = append(out, v...)
	}
	return out
}

// grows compares two values of a cell that says which process holds a lock, or how many do: 1 if there is more in it, -1 if less.
func grows(old, is string) int {
	n := func(v string) (int, bool) {
		switch v {
		case "false", "NULL":
			return 0, true
		case "true":
			return 1, true
		}
		if strings.HasPrefix(v, "&") {
			return 1, true
		}
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	a, ok1 := n(old)
	b, ok2 := n(is)
	if !ok1 || !ok2 {
		return 0
	}
	return cmp.Compare(b, a)
}

// holders are those that hold a lock in the state before a step; 0 is the last state.
func (s *Story) holders(name string, step int) []*Lock {
	if step == 0 {
		step = len(s.Trace.Steps) + 1
	}
	var out []*Lock
	for _, l := range s.Locks {
		if l.Name == name && !l.Section && l.From < step && (l.To == 0 || l.To >= step) {
			out = append(out, l)
		}
	}
	return out
}
