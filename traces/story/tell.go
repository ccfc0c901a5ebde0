package story

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// tell writes the sentences: who made the thing unusable and when, who touches it, and what should have kept them apart.
func (s *Story) tell() {
	t := s.Trace
	switch {
	case t.Cycle > 0 || len(t.Blocked) > 0 && len(t.About) > 0:
		s.tellLiveness()
	case len(t.Blocked) > 0:
		s.tellBlocked()
	case s.Fatal() > 0:
		s.tellFatal()
	case len(t.About) > 0:
		s.tellAbout()
	case t.Kind == "run":
		s.tellRun()
	}
	if len(s.Text) == 0 && t.Message != "" {
		s.Text = []string{s.upper(t.Message) + "."}
	}
}

// upper begins a sentence, unless it begins with the name of a process.
func (s *Story) upper(m string) string {
	word, _, _ := strings.Cut(m, " ")
	if m == "" || slices.ContainsFunc(s.Trace.Processes, func(p traces.Process) bool { return p.Name == strings.TrimSuffix(word, ":") }) {
		return m
	}
	return strings.ToUpper(m[:1]) + m[1:]
}

func (s *Story) who(p int) string { return Who(s.Trace.Processes[p]) }

// where is " in f()", with the outermost call if that is another function: " in free_page_table() of munmap()".
func (s *Story) where(call int) string {
	c := Kernel(s.Chain(call))
	switch len(c) {
	case 0:
		return ""
	case 1:
		return " in " + c[0].Func + "()"
	}
	return " in " + c[len(c)-1].Func + "() of " + c[0].Func + "()"
}

// writer is the last operation before a step that wrote a cell.
func (s *Story) writer(cell string, before int) (n int, op traces.Operation, ok bool) {
	s.steps(func(i int, st *traces.Step) {
		if i >= before && before > 0 {
			return
		}
		for _, o := range st.Ops {
			for _, w := range o.Writes {
				if w.Cell == cell {
					n, op, ok = i, o, i > 0
				}
			}
		}
	})
	return n, op, ok
}

func (s *Story) process(step int) int { return s.Trace.Steps[step-1].Process }

func (s *Story) tellFatal() {
	t, n := s.Trace, s.Fatal()
	st := t.Steps[n-1]
	last := traces.Operation{Call: -1}
	if len(st.Ops) > 0 {
		last = st.Ops[len(st.Ops)-1]
	}
	who := st.Process
	if st.Touch != nil {
		o := st.Touch.Object
		m, op, ok := s.writer("live("+o+")", n)
		does := "reads " + st.Touch.Cell
		switch {
		case st.Touch.Cell == "":
			does = "frees it again"
		case st.Touch.Write:
			does = "writes " + st.Touch.Cell
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
		return
	}
	// An assertion: what it read, and who had written that.
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
	for i, r := range reads {
		finds = append(finds, r.Cell+" = "+r.Value)
		if i < 4 {
			if m, op, ok := s.writer(r.Cell, n); ok && s.process(m) != who {
				setters = append(setters, fmt.Sprintf("%s set %s to %s at step %d%s", s.who(s.process(m)), r.Cell, r.Value, m, s.where(op.Call)))
				foreign = m
			}
		}
	}
	if len(finds) > 0 && len(s.Text) == 0 {
		text := fmt.Sprintf("%s finds %s at step %d%s", s.who(who), strings.Join(finds, ", "), n, s.where(last.Call))
		if st.Title != "" {
			text += ": " + st.Title
		}
		s.Text = append(s.Text, text+".")
	}
	if len(setters) > 0 {
		s.Text = append(s.Text, strings.Join(setters, "; ")+".")
	}
	if foreign == 0 || len(s.About) == 0 {
		return
	}
	for _, op := range st.Ops {
		for _, r := range op.Reads {
			if isCached(r.Cell) && s.target(r.Value) != "" {
				s.Text = append(s.Text, fmt.Sprintf("The TLB of %s was not flushed in between.", Short(t.Processes[who])))
				return
			}
		}
	}
	if u := s.unlinked(who, foreign, n); u > 0 {
		foreign = u
	}
	s.protection(who, s.process(foreign), n, foreign, "")
}

// unlinked says that somebody took an object out of the slot in which the process that fails had found it, and returns the step; 0 if nobody did. What was
// written into the object later, at step m, only shows the damage, unless it was written by who takes the object down.
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
				s.Text = append(s.Text, fmt.Sprintf("%s had read the pointer to %s from %s at step %d; %s took it out at step %d%s.",
					Short(s.Trace.Processes[who]), l.Object, cell, k, s.who(s.process(c.Step)), c.Step, s.where(op.Call)))
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

// protection says what the process that fails at step n held, and why that did not keep the other one from step m.
func (s *Story) protection(who, by, n, m int, object string) {
	name, other := Short(s.Trace.Processes[who]), Short(s.Trace.Processes[by])
	did := fmt.Sprintf("step %d", m)
	if object != "" {
		did = "the free"
	}
	held := 0
	for _, l := range s.Locks {
		if l.Process != who || !l.Held(n) || slices.Contains(s.About, s.object(l.Name)) {
			continue
		}
		held++
		since := "from the start"
		if l.From > 0 {
			since = fmt.Sprintf("since step %d", l.From)
		}
		if l.From > m {
			s.Text = append(s.Text, fmt.Sprintf("%s takes %s at step %d, too late for %s.", name, l, l.From, did))
			continue
		}
		var why string
		switch {
		case l.Section:
			why = s.uncovered(l, m, object)
		case s.taken(l, by, m):
			why = fmt.Sprintf("%s takes it too, but not so that they exclude each other", other)
		default:
			why = fmt.Sprintf("%s does not take it for %s", other, did)
		}
		holds := "holds " + l.String()
		if l.Section {
			holds = "has " + l.Name
			if l.Name == inRCU {
				holds = "is inside " + l.Name
			}
		}
		s.Text = append(s.Text, fmt.Sprintf("%s %s %s, which should have covered it, but %s.", name, holds, since, why))
	}
	if held == 0 {
		s.Text = append(s.Text, fmt.Sprintf("Nothing covers it: %s holds no lock that %s would have to take, and nothing that a grace period or an IPI waits for.", name, other))
	}
}

// taken says whether another process takes the same lock before a step while this one is held or after it was taken.
func (s *Story) taken(l *Lock, other, before int) bool {
	return slices.ContainsFunc(s.Locks, func(m *Lock) bool {
		return m.Name == l.Name && m.Process == other && m.From <= before && m.From >= l.From
	})
}

// uncovered says why a section of RCU, interrupts or preemption did not hold up step m.
func (s *Story) uncovered(l *Lock, m int, object string) string {
	cpu := s.Trace.Processes[l.Process].CPU
	what := fmt.Sprintf("step %d", m)
	if object != "" {
		what = object + " is freed"
	}
	var grace, call *Period
	for _, p := range s.Periods {
		if p.Begin < m && p.Grace && p.End > 0 && p.End <= m && (object == "" || len(p.Objects) == 0 || slices.Contains(p.Objects, object)) {
			grace = p
		}
		if p.Begin < m && !p.Grace && slices.Contains(p.CPUs, cpu) && p.Answers[cpu] > 0 {
			call = p
		}
	}
	switch {
	case grace != nil && !slices.Contains(grace.CPUs, cpu):
		return fmt.Sprintf("the grace period began at step %d, when CPU %d was in no section", grace.Begin, cpu)
	case grace != nil:
		return fmt.Sprintf("the grace period of steps %d to %d did not wait for it", grace.Begin, grace.End)
	case l.Name == irqsOff && call != nil && call.Answers[cpu] <= l.From:
		return fmt.Sprintf("CPU %d had answered the IPI at step %d", cpu, call.Answers[cpu])
	case l.Name == irqsOff:
		if object == "" {
			return fmt.Sprintf("%s waits for no IPI to CPU %d and no grace period", what, cpu)
		}
		return fmt.Sprintf("%s without waiting for an IPI to CPU %d or a grace period", what, cpu)
	case object == "":
		return what + " waits for no grace period"
	}
	return what + " without waiting for a grace period"
}

func (s *Story) tellBlocked() {
	for _, b := range s.Trace.Blocked {
		text := s.who(b.Process) + " waits" + s.where(b.Call)
		var what []string
		for _, r := range b.Reads {
			name, _, _ := lockName(r.Cell)
			if !slices.Contains(what, name) {
				what = append(what, name)
			}
		}
		if len(what) > 0 {
			text += " for " + strings.Join(what, ", ")
		} else {
			text += ": " + b.Label
		}
		var holders []string
		for _, l := range s.Locks {
			if l.To == 0 && slices.Contains(what, l.Name) {
				holders = append(holders, fmt.Sprintf("%s %s (step %d)", s.Trace.Processes[l.Process].Name, strings.TrimSpace("holds "+l.Mode), l.From))
			}
		}
		for _, r := range b.Reads {
			if m, op, ok := s.writer(r.Cell, 0); ok && len(holders) == 0 {
				holders = append(holders, fmt.Sprintf("%s = %s, set by %s at step %d%s", r.Cell, r.Value, s.Trace.Processes[s.process(m)].Name, m, s.where(op.Call)))
			}
		}
		if len(holders) > 0 {
			text += "; " + strings.Join(holders, ", ")
		}
		s.Text = append(s.Text, text+".")
	}
	if s.Trace.Cycle == 0 {
		s.Text = append(s.Text, "Nobody can move.")
	}
}

// tellLiveness says what never happens, what it depends on, and at the end of a run who waits for what.
func (s *Story) tellLiveness() {
	s.tellAbout()
	if len(s.Trace.Blocked) > 0 {
		s.tellBlocked()
	}
}

func (s *Story) tellAbout() {
	s.Text = append(s.Text, s.upper(s.Trace.Message)+".")
	var how []string
	for _, a := range s.Trace.About {
		if strings.HasPrefix(a.Cell, "live(") {
			for _, l := range s.Lanes {
				for _, c := range l.Changes {
					if l.Object == s.object(a.Cell) && c.State == Unlinked {
						how = append(how, fmt.Sprintf("the last pointer to %s goes away at step %d, by %s", l.Object, c.Step, s.who(s.process(c.Step))))
					}
				}
			}
			continue
		}
		text := a.Cell + " = " + a.Value
		if m, op, ok := s.writer(a.Cell, 0); ok {
			text += fmt.Sprintf(", set by %s at step %d%s", s.who(s.process(m)), m, s.where(op.Call))
		}
		how = append(how, text)
	}
	if len(how) > 0 {
		s.Text = append(s.Text, strings.Join(how, "; ")+".")
	}
}

// tellRun says what becomes of the tables of a run in which nothing goes wrong, and who touched them last.
func (s *Story) tellRun() {
	for _, l := range s.Lanes {
		for _, c := range l.Changes {
			if c.State != Freed || c.Step == 0 || !slices.Contains(s.About, l.Object) {
				continue
			}
			freer := s.process(c.Step)
			text := fmt.Sprintf("%s frees %s at step %d", s.who(freer), l.Object, c.Step)
			for i := c.Step - 1; i > 0; i-- {
				if p := s.process(i); p != freer && !IsRCU(s.Trace.Processes[p].Name) && s.touched(i, l.Object) {
					text += fmt.Sprintf("; the last of the others to touch it is %s, at step %d", s.who(p), i)
					break
				}
			}
			s.Text = append(s.Text, text+".")
		}
	}
	if len(s.Trace.Steps) > 0 {
		s.Text = append(s.Text, "Nothing goes wrong in this run.")
	}
}

// touched says whether a step reads or writes a field of an object.
func (s *Story) touched(step int, object string) bool {
	return slices.ContainsFunc(s.Trace.Steps[step-1].Ops, func(o traces.Operation) bool {
		return slices.ContainsFunc(o.Reads, func(r traces.Access) bool { return s.object(r.Cell) == object }) ||
			slices.ContainsFunc(o.Writes, func(w traces.Assign) bool { return s.object(w.Cell) == object })
	})
}
