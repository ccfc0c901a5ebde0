package story

import (
	"slices"

	"pmdcheck/traces"
)

// Lines of periods.
const (
	begins  = "grace period begins"
	ends    = "grace period ends"
	sends   = "IPI"
	answers = "answers the IPI of "
)

// periods finds grace periods and cross calls. One begins with the first step of a call of a function that has the role, and ends with the step that leaves it; of a process with the role it is a round: from
// where it started until it is there again. It waits for those in whose sections it looks and finds somebody at its beginning, and for those that write afterwards what it awaits.
func (s *Story) periods() {
	open, rest := map[int]*Period{}, map[int]int{} // by process; where it started
	for i := range s.Trace.Steps {
		st, n := &s.Trace.Steps[i], i+1
		p := s.Trace.Processes[st.Process]
		if _, ok := rest[st.Process]; !ok {
			rest[st.Process] = st.From
		}
		if p.Role == gracePeriod && open[st.Process] == nil && st.From == rest[st.Process] && len(st.Ops) > 0 {
			w := s.begin(st.Process, n, 0, -1, true)
			open[st.Process] = w
			for _, op := range st.Ops {
				for _, a := range op.Writes {
					if o := s.target(a.New); o != "" {
						w.Objects = append(w.Objects, o)
					}
				}
			}
		}
		for k, op := range st.Ops {
			if c, ok := s.callOf(op.Call, ipi, gracePeriod); ok && open[st.Process] == nil && op.Kind != "assert" && len(op.Reads)+len(op.Writes) > 0 {
				open[st.Process] = s.begin(st.Process, n, k, c.ID, c.Role == gracePeriod)
			}
			s.looks(open[st.Process], n, p, op)
			s.answered(open, n, k, st.Process, op)
		}
		if w := open[st.Process]; w != nil && (w.call >= 0 && !s.within(st.At, w.call) || w.call < 0 && st.To == rest[st.Process]) {
			w.End = n
			delete(open, st.Process)
			if w.call < 0 {
				s.lines[[2]int{n, s.lastWrite(st)}] = ends
			}
		}
	}
	for _, p := range s.Periods {
		s.neverAnswered(p)
	}
	// A cross call to nobody is none: nothing in the run waits for it.
	s.Periods = slices.DeleteFunc(s.Periods, func(p *Period) bool {
		none := !p.Grace && len(p.Waits) == 0
		for k := range s.Trace.Steps[p.Begin-1].Ops {
			if at := [2]int{p.Begin, k}; none && s.lines[at] == sends {
				delete(s.lines, at)
			}
		}
		return none
	})
	for _, p := range s.Periods {
		s.beginning(p)
	}
}

// begin opens a period, and looks ahead at what it awaits.
func (s *Story) begin(process, n, k, call int, grace bool) *Period {
	w := &Period{Grace: grace, Process: process, Begin: n, call: call, awaits: map[string]bool{}}
	s.Periods = append(s.Periods, w)
	s.lines[[2]int{n, k}] = map[bool]string{true: begins, false: sends}[grace]
	from := s.Trace.Steps[n-1].From
	for i := n; i <= len(s.Trace.Steps); i++ {
		st := &s.Trace.Steps[i-1]
		if st.Process != process {
			continue
		}
		if i > n && (call < 0 && st.From == from || call >= 0 && !slices.ContainsFunc(st.Ops, func(o traces.Operation) bool { return s.within(o.Call, call) })) {
			return w
		}
		for _, op := range st.Ops {
			if op.Kind == "assume" && i > n && (call < 0 || s.within(op.Call, call)) {
				for _, r := range op.Reads {
					w.awaits[r.Cell] = true
				}
			}
		}
	}
	for _, b := range s.Trace.Blocked {
		for _, x := range b.Waits {
			for _, r := range x.Reads {
				if b.Process == process {
					w.awaits[r.Cell] = true
				}
			}
		}
	}
	return w
}

// looks notes in whose sections a period looks in the step in which it begins.
func (s *Story) looks(w *Period, n int, p traces.Process, op traces.Operation) {
	if w == nil || w.Begin != n || op.Kind == "assert" || w.call >= 0 && !s.within(op.Call, w.call) {
		return
	}
	for _, r := range op.Reads {
		m := s.marks[r.Cell]
		if m.Role != section || m.CPU < 0 && m.Process < 0 || m.CPU >= 0 && m.CPU == p.CPU || m.Process == w.Process {
			continue
		}
		inside := grows("0", r.Value) > 0
		if !w.Grace && !m.StopsIPI || w.Grace && !inside {
			continue // of a grace period, nobody is there to wait for
		}
		x := w.find(m.CPU, m.Process)
		if x == nil {
			w.Waits = append(w.Waits, Waited{CPU: m.CPU, Process: m.Process})
			x = &w.Waits[len(w.Waits)-1]
		}
		if !inside {
			x.Answer = n // at once
		}
	}
}

// find is how it waits for a CPU or a process, nil if it does not.
func (p *Period) find(cpu, process int) *Waited {
	for i := range p.Waits {
		if p.Waits[i].CPU == cpu && p.Waits[i].Process == process {
			return &p.Waits[i]
		}
	}
	return nil
}

// answered notes that an operation writes what a period of somebody else awaits.
func (s *Story) answered(open map[int]*Period, n, k, process int, op traces.Operation) {
	for _, a := range op.Writes {
		if a.Old == a.New {
			continue
		}
		for _, p := range s.Periods {
			if open[p.Process] != p || p.Process == process || !p.awaits[a.Cell] {
				continue
			}
			w := p.Waited(s.Trace, process)
			if w == nil {
				p.Waits = append(p.Waits, Waited{CPU: s.Trace.Processes[process].CPU, Process: process})
				w = &p.Waits[len(p.Waits)-1]
			}
			w.Answer = n
			if !p.Grace {
				s.lines[[2]int{n, k}] = answers + Short(s.Trace.Processes[p.Process])
			}
		}
	}
}

// neverAnswered adds to a period that never ends whatever wrote last what it awaits.
func (s *Story) neverAnswered(p *Period) {
	for _, b := range s.Trace.Blocked {
		if p.End > 0 || b.Process != p.Process {
			continue
		}
		for _, x := range b.Waits {
			for _, r := range x.Reads {
				if m, _, ok := s.writer(r.Cell, p.Begin); ok && s.process(m) != p.Process && p.Waited(s.Trace, s.process(m)) == nil {
					p.Waits = append(p.Waits, Waited{CPU: s.Trace.Processes[s.process(m)].CPU, Process: s.process(m)})
				}
			}
		}
	}
}

// beginning writes the line of a period's begin, now that it is known which it waits for.
func (s *Story) beginning(p *Period) {
	slices.SortStableFunc(p.Waits, func(a, b Waited) int { return (a.CPU+1)*1000 + a.Process - (b.CPU+1)*1000 - b.Process })
	for k := range s.Trace.Steps[p.Begin-1].Ops {
		at := [2]int{p.Begin, k}
		if l := s.lines[at]; l != begins && l != sends {
			continue
		}
		if all := p.Whom(s.Trace, true); !p.Grace && all != "" {
			s.lines[at] += " to " + all
		}
		if whom := p.Whom(s.Trace, p.Grace); whom != "" {
			s.lines[at] += ", waits for " + whom
		}
	}
}

// lastWrite is the last operation of a step that writes a pointer to an object, else the last one that writes, else the last.
func (s *Story) lastWrite(st *traces.Step) int {
	best, rank := len(st.Ops)-1, 0
	for k, op := range st.Ops {
		for _, w := range op.Writes {
			is := 1
			if s.target(w.New) != "" {
				is = 2
			}
			if is >= rank {
				best, rank = k, is
			}
		}
	}
	return max(0, best)
}
