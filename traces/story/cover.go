package story

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// protection says what the process that fails at step n held, and why that did not keep the other one from step m.
func (s *Story) protection(who, by, n, m int, object string) {
	name, other := Short(s.Trace.Processes[who]), Short(s.Trace.Processes[by])
	did := fmt.Sprintf("step %d", m)
	if object != "" {
		did = "the free"
	}
	told := s.apart(who, by, n, m)
	held := 0
	var foreign []string
	for _, l := range s.Locks {
		if l.Process != who || !l.Held(n) || slices.Contains(s.About, s.object(l.Name)) {
			continue
		}
		held++
		if !l.Section && !slices.ContainsFunc(s.Locks, func(o *Lock) bool { return o.Name == l.Name && o.Process == by }) {
			foreign = append(foreign, l.Name+l.For())
			continue
		}
		if l.From > m {
			does := "takes " + l.Name + l.For()
			if l.Section {
				does = "enters " + l.Name
			}
			s.Text = append(s.Text, fmt.Sprintf("%s %s at step %d, too late for %s.", name, does, l.From, did))
			continue
		}
		var why string
		switch {
		case l.Section:
			why = s.uncovered(l, m, object)
		default:
			why = s.unlocked(l, by, m, did)
		}
		holds := "holds " + l.Name + l.For()
		if l.Section {
			holds = "has " + l.Name
			if strings.HasSuffix(l.Name, "()") {
				holds = "is inside " + l.Name
			}
		}
		s.Text = append(s.Text, fmt.Sprintf("%s %s %s, which should have covered it, but %s.", name, holds, since(l.From), why))
	}
	if len(foreign) > 0 {
		s.Text = append(s.Text, fmt.Sprintf("%s holds %s, which %s never takes in this run.", name, strings.Join(foreign, " and "), other))
	}
	if held == 0 && (told || len(s.About) > 0) {
		s.Text = append(s.Text, fmt.Sprintf("Nothing covers it: %s holds no lock that %s would have to take, and nothing that a grace period or an IPI waits for.", name, other))
	}
}

// apart says which locks the other process held in step m, or in the last step before it that changed what the run is about, and the one which fails does not hold: what had taken one of them would have
// been kept away. It reports whether there is one.
func (s *Story) apart(who, by, n, m int) bool {
	name, other := Short(s.Trace.Processes[who]), Short(s.Trace.Processes[by])
	mine := func(l *Lock) bool {
		return slices.ContainsFunc(s.Locks, func(o *Lock) bool { return o.Process == who && o.Name == l.Name && o.Held(n) })
	}
	since := s.began(who, n)
	var now []string
	before := map[int][]string{} // by step
	last := 0
	for _, l := range s.Locks {
		if l.Process != by || l.Section || mine(l) || slices.Contains(s.About, s.object(l.Name)) {
			continue
		}
		if l.Held(m) {
			now = append(now, l.Name+l.For())
			continue
		}
		for i := m - 1; i > since; i-- {
			if s.process(i) == by && l.Held(i) && l.To != i && s.changes(i) {
				before[i] = append(before[i], l.Name+l.For())
				last = max(last, i)
				break
			}
		}
	}
	if len(now) > 0 {
		s.Text = append(s.Text, fmt.Sprintf("In step %d %s holds %s, which %s does not hold.", m, other, strings.Join(now, " and "), name))
	}
	if last > 0 {
		s.Text = append(s.Text, fmt.Sprintf("In step %d, where it changed %s, %s held %s, which %s does not hold.", last, s.changed(last), other, strings.Join(before[last], " and "), name))
	}
	return len(now) > 0 || last > 0
}

// began is the step in which the process that fails at step n found the first pointer to what the run is about, or 0.
func (s *Story) began(who, n int) int {
	for i, st := range s.Trace.Steps[:n] {
		for _, op := range st.Ops {
			if st.Process == who && slices.ContainsFunc(op.Reads, func(r traces.Access) bool { return slices.Contains(s.About, s.target(r.Value)) }) {
				return i + 1
			}
		}
	}
	return 0
}

// changed lists what a step writes of what the run is about.
func (s *Story) changed(step int) string {
	var cells []string
	for _, op := range s.Trace.Steps[step-1].Ops {
		for _, w := range op.Writes {
			about := s.slots[w.Cell] || slices.Contains(s.About, s.object(w.Cell))
			if _, held := s.lockOf(w.Cell, w.Old, w.New); about && w.Old != w.New && !(held && s.inLock(op.Call)) && !slices.Contains(cells, w.Cell) {
				cells = append(cells, w.Cell)
			}
		}
	}
	return strings.Join(cells, " and ")
}

// changes says whether a step writes something that the run is about.
func (s *Story) changes(step int) bool { return s.changed(step) != "" }

// unlocked says why a lock did not keep another process from what it did in step m.
func (s *Story) unlocked(l *Lock, other, m int, did string) string {
	name := Short(s.Trace.Processes[other])
	for _, o := range s.holders(l.Name, m) {
		if o.Process != other {
			continue
		}
		text := fmt.Sprintf("%s holds it too%s, %s", name, o.For(), since(o.From))
		if l.Mode == "R" && o.Mode == "R" {
			text += ", and readers do not exclude each other"
		}
		return text
	}
	for _, o := range s.Locks {
		if o.Name == l.Name && o.Process == other && !o.Section && o.To > 0 && o.To <= m && o.To > l.From {
			return fmt.Sprintf("%s has let go of it at step %d, before %s", name, o.To, did)
		}
	}
	return fmt.Sprintf("%s does not take it for %s", name, did)
}

// uncovered says why a section did not hold up step m.
func (s *Story) uncovered(l *Lock, m int, object string) string {
	name := Short(s.Trace.Processes[l.Process])
	what := fmt.Sprintf("step %d", m)
	if object != "" {
		what = object + " is freed"
	}
	var grace, call *Period
	var answer int
	for _, p := range s.Periods {
		if p.Begin < m && p.Grace && p.End > 0 && p.End <= m && (object == "" || len(p.Objects) == 0 || slices.Contains(p.Objects, object)) {
			grace = p
		}
		if w := p.Waited(s.Trace, l.Process); p.Begin < m && !p.Grace && w != nil && w.Answer > 0 {
			call, answer = p, w.Answer
		}
	}
	switch {
	case grace != nil && grace.Waited(s.Trace, l.Process) == nil:
		return fmt.Sprintf("the grace period began at step %d, when %s was in no section", grace.Begin, name)
	case grace != nil:
		return fmt.Sprintf("the grace period of steps %d to %d did not wait for it", grace.Begin, grace.End)
	case l.StopsIPI && call != nil && answer <= l.From:
		return fmt.Sprintf("%s had answered the IPI at step %d", name, answer)
	case l.StopsIPI && object == "":
		return fmt.Sprintf("%s waits for no IPI to %s and no grace period", what, name)
	case l.StopsIPI:
		return fmt.Sprintf("%s without waiting for an IPI to %s or a grace period", what, name)
	case object == "":
		return what + " waits for no grace period"
	}
	return what + " without waiting for a grace period"
}
