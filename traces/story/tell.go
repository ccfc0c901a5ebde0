package story

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// tell writes the sentences: what made the thing unusable and when, what touches it, and what should have kept them apart.
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
	return inCalls(Kernel(s.Chain(call)))
}

// inCalls is " in f() of g()", innermost first.
func inCalls(c []traces.Call) string {
	if len(c) == 0 {
		return ""
	}
	if n := len(c); n > 3 {
		c = []traces.Call{c[0], c[n-2], c[n-1]} // those between are in the drawing
	}
	var parts []string
	for _, f := range c {
		parts = append([]string{f.Func + "()"}, parts...)
	}
	return " in " + strings.Join(parts, " of ")
}

// when is "at step 3", or "at the start".
func when(step int) string {
	if step <= 0 {
		return "at the start"
	}
	return fmt.Sprintf("at step %d", step)
}

// since is "since step 3", or "from the start".
func since(step int) string {
	if step <= 0 {
		return "from the start"
	}
	return fmt.Sprintf("since step %d", step)
}

// local is the name of a local as the source has it, without that of its process.
func (s *Story) local(cell string, process int) string {
	return strings.TrimPrefix(cell, s.Trace.Processes[process].Name+".")
}

// writer is the last operation before a step that wrote a cell.
func (s *Story) writer(cell string, before int) (n int, op traces.Operation, ok bool) {
	s.steps(func(i, _ int, st *traces.Step) {
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
		text := a.Cell + " == " + a.Value
		if m, op, ok := s.writer(a.Cell, 0); ok {
			text += fmt.Sprintf(", set by %s %s", s.who(s.process(m)), s.at(m, op))
		}
		how = append(how, text)
	}
	if len(how) > 0 {
		s.Text = append(s.Text, strings.Join(how, "; ")+".")
	}
}

// tellRun says what becomes of the objects of a run in which nothing goes wrong, and what touched them last.
func (s *Story) tellRun() {
	for _, l := range s.Lanes {
		for _, c := range l.Changes {
			if c.State != Freed || c.Step == 0 || !slices.Contains(s.About, l.Object) {
				continue
			}
			freer := s.process(c.Step)
			text := fmt.Sprintf("%s frees %s at step %d", s.who(freer), l.Object, c.Step)
			for i := c.Step - 1; i > 0; i-- {
				if p := s.process(i); p != freer && !Machinery(s.Trace.Processes[p]) && s.touched(i, l.Object) {
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
