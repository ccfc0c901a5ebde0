package story

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// tellBlocked says of every process that waits what for, and what would have to give it.
func (s *Story) tellBlocked() {
	for i := range s.Trace.Blocked {
		b := &s.Trace.Blocked[i]
		text := s.who(b.Process) + " waits"
		if len(b.Waits) == 1 {
			w := b.Waits[0]
			text += s.where(w.Call) + " " + s.Waits(b, w)
		} else {
			text += s.where(b.Waits[0].Call) + fmt.Sprintf(" at %d alternatives", len(b.Waits))
			for k, w := range b.Waits {
				text += fmt.Sprintf("; (%d) ", k+1) + s.Waits(b, w)
			}
		}
		if b.Sometimes {
			text += "; in what repeats it can go on now and then, and never does"
		}
		s.Text = append(s.Text, text+".")
	}
	if s.Trace.Cycle == 0 {
		s.Text = append(s.Text, "Nobody can move.")
	}
}

// Waits is what a process waits for in the last state, as the end of a sentence: "for L, held by exiter for write since step 3". Where it is not a lock, the condition, what that found and what had
// written it.
func (s *Story) Waits(b *traces.Blocked, w traces.Wait) string {
	if text := s.waitsForSomebody(b, w); text != "" {
		return text
	}
	text := "until " + condition(w.Text)
	if why := s.why(b, w); why != "" {
		text += ", but " + why
	}
	return text
}

// waitsForSomebody is what a process waits for if that is a lock that somebody has, or the end of sections: else "".
func (s *Story) waitsForSomebody(b *traces.Blocked, w traces.Wait) string {
	if _, ok := s.lockCall(w.Call); ok {
		if text := s.waitsForLock(b, w); text != "" {
			return text
		}
	}
	return s.waitsForReaders(b)
}

// Told is what a process waits for as [Story.Waits] has it, below a line that shows the condition already.
func (s *Story) Told(b *traces.Blocked, w traces.Wait) string {
	if text := s.waitsForSomebody(b, w); text != "" {
		return " " + text
	}
	if why := s.why(b, w); why != "" {
		return ": " + why
	}
	return ""
}

// why is what the condition of a wait found, and what had written it.
func (s *Story) why(b *traces.Blocked, w traces.Wait) string {
	var why []string
	for _, r := range w.Reads {
		is := r.Cell + " == " + r.Value
		if m, op, ok := s.writer(r.Cell, b.After+1); ok {
			is += fmt.Sprintf(", set by %s %s", s.Trace.Processes[s.process(m)].Name, s.at(m, op))
		}
		if !slices.Contains(why, is) {
			why = append(why, is)
		}
	}
	for _, r := range w.Locals {
		is := r.Cell + " == " + r.Value
		if key, k := s.wroteLocal(b.Process, r.Cell); k >= 0 && key > 0 {
			for _, from := range s.Trace.Steps[key-1].Ops[k].Reads {
				is += fmt.Sprintf(", read from %s at step %d", from.Cell, key)
				break
			}
		}
		why = append(why, is)
	}
	return strings.Join(why, "; ")
}

// wroteLocal is the last operation that wrote a local of a process, by the number of its step; -1 if none did.
func (s *Story) wroteLocal(process int, local string) (key, op int) {
	cell := s.Trace.Processes[process].Name + "." + local
	op = -1
	s.steps(func(_, at int, st *traces.Step) {
		for k, o := range st.Ops {
			if st.Process == process && slices.ContainsFunc(o.Locals, func(w traces.Assign) bool { return w.Cell == cell }) {
				key, op = at, k
			}
		}
	})
	return key, op
}

// condition is what a statement waits for, without the word.
func condition(text string) string {
	if c, ok := strings.CutPrefix(text, "await ("); ok {
		return strings.TrimSuffix(strings.TrimSuffix(c, ";"), ")")
	}
	return text
}

// waitsForLock names the locks that a lock function waits for and what has them, or "" if it reads none.
func (s *Story) waitsForLock(b *traces.Blocked, w traces.Wait) string {
	var names, parts []string
	for _, r := range w.Reads {
		name, ok := s.lockOf(r.Cell, r.Value)
		if !ok || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		parts = append(parts, "for "+name+s.heldBy(b, name, s.mode(w.Call)))
	}
	return strings.Join(parts, " and ")
}

// heldBy says which process has a lock that a process waits for.
func (s *Story) heldBy(b *traces.Blocked, name, mode string) string {
	var mine, others []string
	for _, l := range s.holders(name, b.After+1) {
		if mode == "R" && l.Mode == "R" {
			continue // readers do not keep a reader out
		}
		if l.Process == b.Process {
			mine = append(mine, fmt.Sprintf(", a lock it holds itself%s, taken %s%s", l.For(), when(l.From), inCalls(s.Outside(l.Call))))
		} else {
			others = append(others, fmt.Sprintf("held by %s%s %s", s.Trace.Processes[l.Process].Name, l.For(), since(l.From)))
		}
	}
	if len(mine) > 0 {
		return strings.Join(mine, "")
	}
	if len(others) > 0 {
		return ", " + strings.Join(others, ", ")
	}
	// No process that would keep it out has it: somebody else waits and comes first.
	for _, o := range s.Trace.Blocked {
		for _, w := range o.Waits {
			if _, ok := s.lockCall(w.Call); ok && o.Process != b.Process && slices.ContainsFunc(w.Reads, func(r traces.Access) bool { n, ok := s.lockOf(r.Cell, r.Value); return ok && n == name }) {
				return fmt.Sprintf(", where %s waits already and comes first", s.Trace.Processes[o.Process].Name)
			}
		}
	}
	return ""
}

// holdsUp says whether a section that is never left keeps a period from ending.
func (s *Story) holdsUp(l *Lock, p *Period) bool {
	return l.Section && l.To == 0 && p.End == 0 && l.From <= p.Begin && p.Waited(s.Trace, l.Process) != nil && (p.Grace || l.StopsIPI)
}

// waitsForReaders says whose section keeps a grace period from ending, or what does not answer an IPI; "" if the process is in neither.
func (s *Story) waitsForReaders(b *traces.Blocked) string {
	for _, p := range s.Periods {
		if p.Process != b.Process || p.End > 0 {
			continue
		}
		var whom []string
		for _, l := range s.Locks {
			if s.holdsUp(l, p) {
				whom = append(whom, fmt.Sprintf("%s holds up: it entered %s %s%s and has not left it", Who(s.Trace.Processes[l.Process]), l.Name, when(l.From), inCalls(s.Outside(l.Call))))
			}
		}
		if len(whom) == 0 {
			continue
		}
		if p.Grace {
			return "for the end of the grace period that began at step " + itoa(p.Begin) + ", which " + strings.Join(whom, " and ")
		}
		return "for an answer to its IPI of step " + itoa(p.Begin) + ", which " + strings.Join(whom, " and ")
	}
	return ""
}

// tellLiveness says what never happens, since when it should, what it depends on, and which process waits for what meanwhile.
func (s *Story) tellLiveness() {
	s.tellAbout()
	if o := s.Trace.Owed; o != nil && o.Step > 0 {
		st := s.Trace.Steps[o.Step-1]
		call := -1
		if len(st.Ops) > 0 {
			call = st.Ops[len(st.Ops)-1].Call
		}
		s.Text = append(s.Text, fmt.Sprintf("It is owed since step %d, by what %s did%s.", o.Step, s.who(st.Process), s.where(call)))
	}
	if len(s.Trace.Blocked) > 0 {
		s.tellBlocked()
	}
}
