package story

import (
	"slices"
	"strings"

	"pmdcheck/traces"
)

// about finds the objects and cells that the end of the run is about: those the failed operation touched or, where it only looked at locals, those its step
// or the step before looked at.
func (s *Story) about() {
	t := s.Trace
	objects := map[string]bool{}
	see := func(cell, value string) {
		if o := s.object(cell); o != "" {
			objects[o] = true
		} else if !s.noise(cell) {
			s.cells[cell] = true
		}
		if o := s.target(value); o != "" {
			objects[o] = true
		}
	}
	for _, a := range t.About {
		see(a.Cell, a.Value)
	}
	for _, b := range t.Blocked {
		for _, w := range b.Waits {
			for _, a := range w.Reads {
				see(a.Cell, a.Value)
			}
			for _, l := range w.Locals {
				if key, k := s.wroteLocal(b.Process, l.Cell); k >= 0 {
					for _, a := range s.step(key).Ops[k].Reads {
						see(a.Cell, a.Value)
					}
				}
			}
		}
	}
	if t.Owed != nil {
		for _, a := range t.Owed.Reads {
			see(a.Cell, a.Value)
		}
	}
	if n := s.Fatal(); n > 0 {
		st := t.Steps[n-1]
		switch {
		case st.Touch != nil:
			objects[st.Touch.Object] = true
		case st.Null != "":
			// What was NULL, and what was found there before.
			if cell, _ := s.nullFrom(n); cell != "" {
				see(cell, "")
			}
		default:
			// First what the last operation read, then its step, then the step of the same process before it.
			look := [][]traces.Operation{st.Ops[max(0, len(st.Ops)-1):], st.Ops}
			for i := n - 2; i >= 0; i-- {
				if t.Steps[i].Process == st.Process {
					look = append(look, t.Steps[i].Ops)
					break
				}
			}
			// What it used a copy of is part of it.
			for _, op := range st.Ops {
				for _, r := range op.Reads {
					if s.is(r.Cell, cache) && s.target(r.Value) != "" {
						objects[s.target(r.Value)] = true
					}
				}
			}
			copies := len(objects)
			for _, ops := range look {
				for _, op := range ops {
					for _, r := range op.Reads {
						see(r.Cell, r.Value)
					}
				}
				if len(objects)-copies+len(s.cells) > 0 {
					break
				}
			}
		}
	}
	if t.Kind == "run" && len(t.Blocked) == 0 && s.Fatal() == 0 {
		// A run in which nothing goes wrong is about the objects that something happens to.
		for _, o := range t.Objects {
			if s.Lane(o.Name) != nil {
				objects[o.Name] = true
			}
		}
	}
	// What a cell it is about pointed to belongs to it.
	s.steps(func(_, _ int, st *traces.Step) {
		for _, op := range st.Ops {
			for _, w := range op.Writes {
				for _, v := range []string{w.Old, w.New} {
					if o := s.target(v); s.cells[w.Cell] && o != "" {
						objects[o] = true
					}
				}
			}
		}
	})
	for _, o := range t.Objects {
		if objects[o.Name] {
			s.About = append(s.About, o.Name)
		}
	}
	slices.SortStableFunc(s.Lanes, func(a, b *Lane) int { return s.rank(a.Object) - s.rank(b.Object) })
	s.slots = map[string]bool{}
	for _, l := range s.Lanes {
		for _, c := range l.Changes {
			for _, cell := range c.Links {
				s.slots[cell] = s.slots[cell] || slices.Contains(s.About, l.Object)
			}
		}
	}
}

func (s *Story) rank(object string) int {
	if slices.Contains(s.About, object) {
		return 0
	}
	return 1
}

// concerns says whether a cell with a value is what the run is about.
func (s *Story) concerns(cell string, values ...string) bool {
	if s.cells[cell] || slices.Contains(s.About, s.object(cell)) {
		return true
	}
	return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(s.About, s.target(v)) })
}

// relevant decides which operations matter. In a run about objects these are: every way to and change of them, what the process that fails holds, and what
// others wait for. In any other run: everything shared, but for the bookkeeping inside lock functions.
func (s *Story) relevant() {
	s.steps(func(n, key int, st *traces.Step) {
		period, any := false, false
		written := map[string]bool{} // in this step: to read it again says nothing new
		for k := range st.Ops {
			period = period || (s.Line(key, k) != "" && s.Trace.Processes[st.Process].Role == gracePeriod)
		}
		for k, op := range st.Ops {
			keep := s.decides(n, key, k, st, written, period)
			if keep {
				s.keep[[2]int{key, k}] = true
				any = true
			}
			for _, w := range op.Writes {
				written[w.Cell] = true
			}
		}
		// Of what repeats for ever every step shows, and so does the one that made owed what never happens.
		if k := len(st.Ops) - 1; !any && k >= 0 && n > 0 && (s.round(n) || s.Trace.Owed != nil && s.Trace.Owed.Step == n) {
			s.keep[[2]int{key, k}] = true
		}
	})
	s.waitedFor()
}

// waitedFor keeps what those that wait had read into the locals that their conditions ask for.
func (s *Story) waitedFor() {
	for _, b := range s.Trace.Blocked {
		for _, w := range b.Waits {
			for _, l := range w.Locals {
				if key, k := s.wroteLocal(b.Process, l.Cell); k >= 0 {
					st := s.step(key)
					s.keep[[2]int{key, k}] = s.keep[[2]int{key, k}] || len(st.Ops[k].Reads) > 0
				}
			}
		}
	}
}

// step is a step by the number that the story knows its operations by.
func (s *Story) step(key int) *traces.Step {
	if key < 0 {
		return &s.Trace.Starts[-1-key]
	}
	return &s.Trace.Steps[key-1]
}

// round says whether a step is part of what repeats for ever.
func (s *Story) round(n int) bool { return s.Trace.Cycle > 0 && n >= s.Trace.Cycle }

// decides says whether operation k of a step matters. Period: something about a grace period happens in the step.
func (s *Story) decides(n, key, k int, st *traces.Step, written map[string]bool, period bool) bool {
	op := st.Ops[k]
	switch {
	case n > 0 && n == s.Fatal() && k == len(st.Ops)-1:
		return true
	case s.round(n) && op.Visible && op.Kind != "assert" && len(op.Reads)+len(op.Writes)+len(op.Stores) > 0:
		return true
	case s.round(n):
		return false
	case period:
		return s.Line(key, k) != "" && s.forAbout(n)
	case s.Line(key, k) != "":
		return s.covers(n)
	case s.Takes(key, k) != nil:
		return s.matters(s.Takes(key, k))
	case s.Drops(key, k) != nil:
		return s.contended(s.Drops(key, k))
	case len(s.About) > 0 || len(s.Trace.Blocked) > 0:
		return s.touches(st.Process, op) && !known(op, written)
	case n == 0:
		return len(op.Writes) > 0 && s.touches(st.Process, op)
	}
	if _, inside := s.lockCall(op.Call); inside {
		return s.touches(st.Process, op) && !known(op, written) // how the lock was found
	}
	return op.Visible && op.Kind != "assert" && len(op.Reads)+len(op.Writes)+len(op.Stores) > 0
}

// known says whether an operation only reads what was written before.
func known(op traces.Operation, written map[string]bool) bool {
	return len(op.Writes)+len(op.Locals)+len(op.Stores) == 0 && len(op.Reads) > 0 && !slices.ContainsFunc(op.Reads, func(r traces.Access) bool { return !written[r.Cell] })
}

// touches says whether an operation of a process finds or changes what the run is about.
func (s *Story) touches(process int, op traces.Operation) bool {
	inLock := s.inLock(op.Call)
	pointer := func(v string) bool { return v == "NULL" || strings.HasPrefix(v, "&") }
	for _, w := range slices.Concat(op.Writes, op.Stores) {
		if inLock && !pointer(w.New) {
			continue // the lock, which is told as such
		}
		// That a queue is empty afterwards goes without saying.
		if s.concerns(w.Cell, w.Old, w.New) && (w.New != "NULL" || !s.is(w.Cell, gather) && !s.isQueue(w.Cell)) {
			return true
		}
	}
	for _, l := range op.Locals {
		if s.is(l.Cell, gather) && l.Old != l.New && s.concerns("", l.New) {
			return true
		}
	}
	if op.Kind == "assert" || op.Kind == "free" {
		return false
	}
	for _, r := range op.Reads {
		if inLock && !pointer(r.Value) {
			continue
		}
		// Where the process that fails looked for a pointer to it and found none is what it went on from.
		if process == s.suspect() && s.slots[r.Cell] && r.Value == "NULL" {
			return true
		}
		// That others find a pointer to it goes without saying.
		if s.concerns(r.Cell, r.Value) && (process == s.suspect() || s.suspect() < 0 || len(s.Trace.Blocked) > 0 || s.object(r.Cell) != "" || s.target(r.Value) == "") {
			return true
		}
	}
	return false
}

// suspect is the process that fails in the end, or -1.
func (s *Story) suspect() int {
	if n := s.Fatal(); n > 0 {
		return s.Trace.Steps[n-1].Process
	}
	return -1
}

// matters: what the suspect holds when it fails, the locks inside what the run is about as it takes them, and locks somebody waits for in the end.
func (s *Story) matters(l *Lock) bool {
	for c := range s.cells {
		if name, ok := s.lockOf(c); ok && name == l.Name {
			return true
		}
	}
	if slices.ContainsFunc(s.Periods, func(p *Period) bool { return len(s.Trace.Blocked) > 0 && s.holdsUp(l, p) }) {
		return true
	}
	if s.suspect() < 0 {
		return len(s.Trace.Blocked) == 0
	}
	if l.Process != s.suspect() {
		return len(s.About) == 0 && len(s.Trace.Blocked) == 0
	}
	return l.To == 0 || slices.Contains(s.About, s.object(l.Name)) || len(s.About) == 0
}

// contended: to drop a lock matters if somebody else takes it afterwards.
func (s *Story) contended(l *Lock) bool {
	if l.Section {
		return l.Process == s.suspect()
	}
	return slices.ContainsFunc(s.Locks, func(m *Lock) bool { return m.Name == l.Name && m.Process != l.Process && m.From >= l.To })
}

// forAbout says whether a grace period that begins or ends in a step is for what the run is about.
func (s *Story) forAbout(n int) bool {
	for _, p := range s.Periods {
		if p.Grace && (p.Begin == n || p.End == n) {
			return len(s.About)*len(p.Objects) == 0 || slices.ContainsFunc(p.Objects, func(o string) bool { return slices.Contains(s.About, o) })
		}
	}
	return false
}

// covers says whether a cross call, or the answer to one, could have kept the suspect and what it is about apart: it comes before the object is freed.
func (s *Story) covers(n int) bool {
	return !slices.ContainsFunc(s.Lanes, func(l *Lane) bool { return slices.Contains(s.About, l.Object) && l.At(n).State == Freed })
}
