package story

import (
	"fmt"
	"slices"
	"strings"
)

// protection says what the process that fails at step n held, and why that did not keep the other one from step m.
func (s *Story) protection(who, by, n, m int, object string) {
	name, other := Short(s.Trace.Processes[who]), Short(s.Trace.Processes[by])
	did := fmt.Sprintf("step %d", m)
	if object != "" {
		did = "the free"
	}
	s.apart(who, by, n, m)
	held := 0
	for _, l := range s.Locks {
		if l.Process != who || !l.Held(n) || slices.Contains(s.About, s.object(l.Name)) {
			continue
		}
		held++
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
	if held == 0 {
		s.Text = append(s.Text, fmt.Sprintf("Nothing covers it: %s holds no lock that %s would have to take, and nothing that a grace period or an IPI waits for.", name, other))
	}
}

// apart says which locks the other process held in step m that the one which fails does not hold: who had taken one of them would have been kept away.
func (s *Story) apart(who, by, n, m int) {
	var names []string
	for _, l := range s.Locks {
		mine := slices.ContainsFunc(s.Locks, func(o *Lock) bool { return o.Process == who && o.Name == l.Name && o.Held(n) })
		if l.Process == by && !l.Section && !mine && l.Held(m) && !slices.Contains(s.About, s.object(l.Name)) {
			names = append(names, l.Name+l.For())
		}
	}
	if len(names) > 0 {
		s.Text = append(s.Text, fmt.Sprintf("In step %d %s holds %s, which %s does not hold.", m, Short(s.Trace.Processes[by]), strings.Join(names, " and "), Short(s.Trace.Processes[who])))
	}
}

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
