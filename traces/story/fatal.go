package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// tellFatal tells of a run that ends in a step that failed.
func (s *Story) tellFatal() {
	n := s.Fatal()
	st := s.Trace.Steps[n-1]
	last := traces.Operation{Call: -1}
	if len(st.Ops) > 0 {
		last = st.Ops[len(st.Ops)-1]
	}
	switch {
	case st.Touch != nil:
		s.tellTouch(n, st, last)
	case st.Null != "":
		s.tellNull(n, st, last)
	default:
		s.tellAssert(n, st, last)
	}
	s.tellOrigins(n)
}

// tellTouch tells of an access to a dead object: what freed it, what touches it, what lay between.
func (s *Story) tellTouch(n int, st traces.Step, last traces.Operation) {
	who, o := st.Process, st.Touch.Object
	m, op, ok := s.writer("live("+o+")", n)
	does := "reads " + st.Touch.Cell
	switch {
	case st.Touch.Cell == "":
		does = "frees it again"
	case st.Touch.Write:
		does = "writes " + st.Touch.Cell
	}
	if op, same := freedIn(st, o); same {
		s.Text = append(s.Text, fmt.Sprintf("%s frees %s at step %d%s, and %s afterwards in the same step%s.", s.who(who), o, n, s.where(op.Call), does, s.where(last.Call)))
		return
	}
	if !ok {
		s.Text = append(s.Text, fmt.Sprintf("%s %s at step %d%s, but %s is not allocated.", s.who(who), does, n, s.where(last.Call), o))
		return
	}
	freer := s.process(m)
	text := fmt.Sprintf("%s frees %s at step %d%s", s.who(freer), o, m, s.where(op.Call))
	if q := s.queued(o, m); q > 0 && s.process(q) != freer {
		freer = s.process(q)
		text += fmt.Sprintf("; %s had queued it at step %d", s.who(freer), q)
	}
	text += fmt.Sprintf(". %s %s afterwards, at step %d%s", s.who(who), does, n, s.where(last.Call))
	if k, cell := s.found(who, o, n); k > 0 {
		text += fmt.Sprintf(", through the pointer it read from %s at step %d", cell, k)
	}
	s.Text = append(s.Text, text+".")
	if freer != who {
		s.protection(who, freer, n, m, o)
	}
}

// freedIn is the operation of a step that frees an object, if there is one.
func freedIn(st traces.Step, object string) (op traces.Operation, ok bool) {
	for _, o := range st.Ops {
		for _, w := range o.Writes {
			if w.Cell == "live("+object+")" && w.New == "false" {
				op, ok = o, true
			}
		}
	}
	return op, ok
}

// nullFrom is the shared cell that the process which followed NULL in step n had read it from, and the step; "" if it cannot be told.
func (s *Story) nullFrom(n int) (cell string, step int) {
	st := s.Trace.Steps[n-1]
	null := func(op traces.Operation) string {
		for _, r := range slices.Backward(op.Reads) {
			if r.Value == "NULL" {
				return r.Cell
			}
		}
		return ""
	}
	for i := n; i > 0; i-- {
		if s.process(i) != st.Process {
			continue
		}
		for _, op := range slices.Backward(s.Trace.Steps[i-1].Ops) {
			for _, r := range op.Reads {
				if r.Cell == st.Null && r.Value == "NULL" {
					return r.Cell, i
				}
			}
			if slices.ContainsFunc(op.Locals, func(w traces.Assign) bool { return w.Cell == st.Null && w.New == "NULL" }) {
				if c := null(op); c != "" {
					return c, i
				}
			}
		}
	}
	return "", 0
}

// tellNull tells of a NULL that was followed: where it came from, and what had put it there.
func (s *Story) tellNull(n int, st traces.Step, last traces.Operation) {
	who := st.Process
	cell, k := s.nullFrom(n)
	pointer := s.local(st.Null, who)
	if strings.Contains(pointer, "$") {
		pointer = "a pointer" // that only an expression has
	}
	text := fmt.Sprintf("%s follows %s, which is NULL, at step %d%s", s.who(who), pointer, n, s.where(last.Call))
	if cell == "" {
		s.Text = append(s.Text, text+".")
		return
	}
	if k < n || cell != st.Null {
		text += fmt.Sprintf("; it had read that from %s at step %d", cell, k)
	}
	if j, v := s.readBefore(who, cell, k); j > 0 {
		text += fmt.Sprintf(", where it had found %s at step %d", v, j)
	}
	s.Text = append(s.Text, text+".")
	m, op, ok := s.writer(cell, k)
	if !ok || s.process(m) == who {
		return
	}
	s.Text = append(s.Text, fmt.Sprintf("%s set %s to NULL %s.", s.who(s.process(m)), cell, s.at(m, op)))
	s.protection(who, s.process(m), n, m, "")
}

// readBefore is the last time before a step that a process read something else than NULL from a cell.
func (s *Story) readBefore(who int, cell string, before int) (step int, value string) {
	for i, st := range s.Trace.Steps[:before] {
		for _, op := range st.Ops {
			for _, r := range op.Reads {
				if st.Process == who && r.Cell == cell && r.Value != "NULL" {
					step, value = i+1, r.Value
				}
			}
		}
	}
	return step, value
}

// tellAssert tells of a failed assertion: what it read, and what had written that.
func (s *Story) tellAssert(n int, st traces.Step, last traces.Operation) {
	t, who := s.Trace, st.Process
	var reads []traces.Access
	for _, ops := range [][]traces.Operation{{last}, st.Ops} {
		for _, op := range ops {
			for _, r := range op.Reads {
				if !slices.Contains(reads, r) {
					reads = append(reads, r)
				}
			}
		}
		if len(reads) > 0 {
			break
		}
	}
	if st.Property == "no_fault" || len(reads) == 0 {
		s.Text = append(s.Text, t.Message+fmt.Sprintf(", at step %d%s.", n, s.where(last.Call)))
	}
	foreign := 0
	var finds, setters []string
	for _, r := range reads {
		finds = append(finds, r.Cell+" == "+r.Value)
		if m, op, ok := s.writer(r.Cell, n); ok && s.process(m) != who {
			setters = append(setters, fmt.Sprintf("%s set %s to %s %s", s.who(s.process(m)), r.Cell, r.Value, s.at(m, op)))
			s.said[link{s.target(r.Value), m}] = true
			foreign = m
		}
	}
	if len(finds) > 0 && len(s.Text) == 0 {
		text := fmt.Sprintf("%s finds %s at step %d%s", s.who(who), strings.Join(finds, ", "), n, s.where(last.Call))
		if st.Title != "" {
			text += ": " + s.called(st)
		}
		s.Text = append(s.Text, text+".")
	}
	if len(setters) > 0 {
		s.Text = append(s.Text, strings.Join(setters, "; ")+".")
	}
	if foreign == 0 || s.tellCached(n, st) {
		return
	}
	if u := s.unlinked(who, foreign, n); u > 0 {
		foreign = u
	} else if len(s.About) == 0 {
		foreign = cmp.Or(s.replaced(who, foreign, n), foreign)
	}
	s.protection(who, s.process(foreign), n, foreign, "")
}

// tellCached says that the step which failed used a copy of a pointer: since when it has it, and what became of that from which it was made. It reports whether it did.
func (s *Story) tellCached(n int, st traces.Step) bool {
	for _, op := range st.Ops {
		for _, r := range op.Reads {
			if !s.is(r.Cell, cache) || s.target(r.Value) == "" {
				continue
			}
			k, _, ok := s.writer(r.Cell, n)
			text := fmt.Sprintf("%s uses what it has cached in %s", Short(s.Trace.Processes[st.Process]), r.Cell)
			after := "in between"
			if ok {
				text += " " + since(k)
				if gone := s.outdated(k, n); gone != "" {
					after = "after " + gone
				}
			}
			s.Text = append(s.Text, text+", which was not flushed "+after+".")
			return true
		}
	}
	return false
}

// outdated says what has changed, between steps k and n, of the fields that the step read which filled a cache, before it did.
func (s *Story) outdated(k, n int) string {
	var parts []string
	seen := map[string]bool{}
	for _, op := range s.Trace.Steps[k-1].Ops {
		for _, r := range op.Reads {
			if s.object(r.Cell) == "" || seen[r.Cell] || s.is(r.Cell, cache) {
				continue
			}
			seen[r.Cell] = true
			if m, by, ok := s.writer(r.Cell, n); ok && m > k {
				parts = append(parts, fmt.Sprintf("%s changed %s from %s %s", s.who(s.process(m)), r.Cell, r.Value, s.at(m, by)))
			}
		}
	}
	return strings.Join(parts, " and ")
}

// replaced says that somebody changed a pointer to what is no object with a lifetime after the process that fails had read it, the last one that it read, and returns the step; 0 if nobody did. What was
// written at step m only shows the damage.
func (s *Story) replaced(who, m, n int) int {
	for i := n; i > 0; i-- {
		st := s.Trace.Steps[i-1]
		if st.Process != who {
			continue
		}
		for _, op := range slices.Backward(st.Ops) {
			for _, r := range slices.Backward(op.Reads) {
				if !strings.HasPrefix(r.Value, "&") || s.inLock(op.Call) || s.noise(r.Cell) {
					continue
				}
				c, by, ok := s.writer(r.Cell, n)
				if !ok || c <= i || c == m || s.process(c) == who {
					continue
				}
				s.Text = append(s.Text, fmt.Sprintf("%s had read %s from %s at step %d; %s changed that %s.",
					Short(s.Trace.Processes[who]), r.Value, r.Cell, i, s.who(s.process(c)), s.at(c, by)))
				return c
			}
		}
	}
	return 0
}

// called is what the violation of a step is called, with the words of the spec where that declares the property itself.
func (s *Story) called(st traces.Step) string {
	for _, q := range s.Trace.Checked {
		if q.Name == st.Property && q.Own && q.Text != "" && !strings.Contains(st.Title, q.Text) {
			return fmt.Sprintf("%s (%s: %s)", st.Title, q.Name, q.Text)
		}
	}
	return st.Title
}

// tellOrigins says where the objects of the story came from that were allocated in the run, or given to others, before the step that failed.
func (s *Story) tellOrigins(n int) {
	for _, l := range s.Lanes {
		if t := s.Trace.Steps[n-1].Touch; !slices.Contains(s.About, l.Object) || t != nil && t.Object == l.Object {
			continue
		}
		var parts []string
		by := -1
		for _, c := range l.Changes[1:] {
			if c.Step >= n || c.State == Freed {
				break
			}
			if !c.Born && !c.linked() || c.linked() && s.said[link{l.Object, c.Step}] {
				continue
			}
			who := ""
			if p := s.process(c.Step); p != by {
				by, who = p, s.who(p)+" "
			}
			what := "allocates it"
			if !c.Born {
				what = "links it to " + strings.Join(c.Won, ", ")
			}
			parts = append(parts, fmt.Sprintf("%s%s at step %d", who, what, c.Step))
		}
		if len(parts) > 0 {
			s.Text = append(s.Text, fmt.Sprintf("Where %s came from: %s.", l.Object, strings.Join(parts, ", ")))
		}
	}
}

// unlinked says that somebody took an object out of the slot in which the process that fails had found it, and returns the step; 0 if nobody did. What was
// written into the object later, at step m, only shows the damage, unless it was written by what takes the object down.
func (s *Story) unlinked(who, m, n int) int {
	for _, l := range s.Lanes[:min(len(s.About), len(s.Lanes))] {
		if slices.ContainsFunc(l.Changes, func(c Change) bool {
			return c.Step > 0 && c.Step <= n && c.State != Live && s.process(c.Step) == s.process(m)
		}) {
			continue
		}
		k, cell := s.found(who, l.Object, n)
		if k == 0 {
			continue
		}
		for _, c := range l.Changes {
			if c.Step > k && c.Step < n && c.Step != m && s.process(c.Step) != who && !slices.Contains(c.Links, cell) && slices.Contains(l.At(c.Step-1).Links, cell) {
				_, op, _ := s.writer(cell, c.Step+1)
				s.Text = append(s.Text, fmt.Sprintf("%s had read the pointer to %s from %s at step %d; %s took it out %s.",
					Short(s.Trace.Processes[who]), l.Object, cell, k, s.who(s.process(c.Step)), s.at(c.Step, op)))
				return c.Step
			}
		}
	}
	return 0
}

// found is the last step in which a process read a pointer to an object from a shared cell.
func (s *Story) found(who int, object string, before int) (step int, cell string) {
	for i, st := range s.Trace.Steps[:before] {
		for _, op := range st.Ops {
			for _, r := range op.Reads {
				if st.Process == who && s.target(r.Value) == object && s.object(r.Cell) == "" {
					step, cell = i+1, r.Cell
				}
			}
		}
	}
	return step, cell
}

// queued is the step that queued an object for a grace period, before a step; 0 if none.
func (s *Story) queued(object string, before int) int {
	for _, l := range s.Lanes {
		if c := l.At(before - 1); l.Object == object && c.State == Waiting {
			for c.Step > 1 && l.At(c.Step-1).State == Waiting {
				c = l.At(c.Step - 1)
			}
			return c.Step
		}
	}
	return 0
}
