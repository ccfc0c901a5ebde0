package story

import (
	"slices"
	"strconv"
	"strings"

	"pmdcheck/traces"
)

func itoa(n int) string { return strconv.Itoa(n) }

// lanes follows every pointer to an object that can be freed.
func (s *Story) lanes() {
	values := map[string]string{}
	var order []string // cells that ever pointed to an object, in order of appearance
	set := func(cell, value string) {
		if _, ok := values[cell]; !ok {
			order = append(order, cell)
		}
		values[cell] = value
	}
	dead, born := map[string]bool{}, map[string]bool{}
	for _, o := range s.Trace.Objects {
		dead[o.Name] = true
	}
	local := map[string]bool{}
	for _, a := range s.Trace.Initial {
		if o, ok := strings.CutPrefix(a.Cell, "live("); ok {
			o = strings.TrimSuffix(o, ")")
			delete(dead, o)
			born[o] = true
		}
		if s.target(a.New) != "" {
			set(a.Cell, a.New)
		}
	}
	linked := map[string]bool{}
	state := func(o string) Change {
		c := Change{State: Live}
		gathered, queued := false, false
		for _, cell := range order {
			if s.target(values[cell]) != o {
				continue
			}
			switch {
			case isCallback(cell):
				queued = true
			case isGather(cell):
				gathered = true
			case !local[cell] && s.object(cell) == "" && !isCached(cell):
				c.Links = append(c.Links, cell)
			}
		}
		linked[o] = linked[o] || len(c.Links) > 0
		switch {
		case dead[o] && !born[o]:
			c.State = Absent
		case dead[o]:
			c.State = Freed
		case queued:
			c.State = Waiting
		case gathered:
			c.State = Gathered
		case len(c.Links) == 0 && linked[o]:
			c.State = Unlinked
		}
		return c
	}
	for _, o := range s.Trace.Objects {
		s.Lanes = append(s.Lanes, &Lane{Object: o.Name, Changes: []Change{state(o.Name)}})
	}
	for i, st := range s.Trace.Steps {
		for _, op := range st.Ops {
			for _, a := range op.Writes {
				if o, ok := strings.CutPrefix(a.Cell, "live("); ok {
					o = strings.TrimSuffix(o, ")")
					dead[o] = a.New == "false"
					born[o] = born[o] || !dead[o]
				}
				if s.target(a.New) != "" || values[a.Cell] != "" {
					set(a.Cell, a.New)
				}
			}
			for _, a := range op.Locals {
				if s.target(a.New) != "" || values[a.Cell] != "" {
					local[a.Cell] = true
					set(a.Cell, a.New)
				}
			}
		}
		for _, l := range s.Lanes {
			was, is := l.Changes[len(l.Changes)-1], state(l.Object)
			if was.State == is.State && slices.Equal(was.Links, is.Links) {
				continue
			}
			is.Step = i + 1
			is.Note = note(was, is)
			l.Changes = append(l.Changes, is)
		}
	}
	s.Lanes = slices.DeleteFunc(s.Lanes, func(l *Lane) bool { return len(l.Changes) == 1 })
}

func note(was, is Change) string {
	var lost, won []string
	for _, c := range was.Links {
		if !slices.Contains(is.Links, c) {
			lost = append(lost, c)
		}
	}
	for _, c := range is.Links {
		if !slices.Contains(was.Links, c) {
			won = append(won, c)
		}
	}
	switch {
	case (was.State == Freed || was.State == Absent) && is.State != was.State:
		return "allocated"
	case is.State == Freed:
		return "freed"
	case is.State != was.State && is.State != Live:
		return is.State.String()
	case len(lost) > 0:
		return "unlinked from " + strings.Join(lost, ", ")
	case len(won) > 0:
		return "linked to " + strings.Join(won, ", ")
	}
	return is.State.String()
}

// periods finds grace periods and cross calls.
func (s *Story) periods() {
	var grace *Period
	open := map[int]*Period{} // the wait of a process that is in a cross call or in synchronize_rcu()
	begin := func(n, k int, p *Period, text string) *Period {
		s.Periods = append(s.Periods, p)
		s.lines[[2]int{n, k}] = text
		return p
	}
	for i, st := range s.Trace.Steps {
		n := i + 1
		p := s.Trace.Processes[st.Process]
		if w := open[st.Process]; w != nil && !s.inside(st, w.call) {
			w.End = n
			delete(open, st.Process)
		}
		off := -1 // the CPU whose interrupts the sender found off last
		for k, op := range st.Ops {
			at := [2]int{n, k}
			if c, ok := s.callOf(op.Call, ipiWaits); ok {
				for _, r := range op.Reads {
					cpu := index(r.Cell, ipiOff)
					if cpu < 0 || cpu == p.CPU || op.Kind == "assert" {
						continue
					}
					w := open[st.Process]
					if w == nil {
						w = begin(n, k, &Period{Process: st.Process, Begin: n, Answers: map[int]int{}, call: c.ID, pending: map[string]int{}}, sends)
						open[st.Process] = w
					}
					w.CPUs = append(w.CPUs, cpu)
					if r.Value == "true" {
						off = cpu
					} else {
						w.Answers[cpu] = n
					}
				}
			}
			for _, a := range op.Writes {
				switch {
				case p.Name == gpProcess && strings.HasPrefix(a.Cell, gpBegins) && a.New != "NULL":
					if grace == nil || grace.Begin != n {
						grace = begin(n, k, &Period{Grace: true, Process: st.Process, Begin: n}, begins)
					}
					if o := s.target(a.New); o != "" {
						grace.Objects = append(grace.Objects, o)
					}
				case p.Name == gpProcess && strings.HasPrefix(a.Cell, gpNeeds) && a.New == "true" && grace != nil && grace.Begin == n:
					grace.CPUs = append(grace.CPUs, index(a.Cell, gpNeeds))
				case p.Name == gpProcess && strings.HasPrefix(a.Cell, gpEnds) && a.New != "NULL" && grace != nil && grace.End == 0:
					grace.End = n
					s.lines[at] = "grace period ends"
				case strings.HasPrefix(a.Cell, syncNeeds) && op.Func == syncFunc:
					w := open[st.Process]
					if c, ok := s.callOf(op.Call, syncFunc); ok && w == nil {
						w = begin(n, k, &Period{Grace: true, Process: st.Process, Begin: n, call: c.ID}, begins)
						open[st.Process] = w
					}
					if callers, _ := strconv.ParseUint(a.New, 10, 64); w != nil && callers>>st.Process&1 != 0 {
						w.CPUs = append(w.CPUs, index(a.Cell, syncNeeds))
					}
				case strings.HasPrefix(a.Cell, ipiPending) && a.New != ipiNone && open[st.Process] != nil && off >= 0:
					open[st.Process].pending[a.Cell] = off
				case strings.HasPrefix(a.Cell, ipiPending) && a.New == ipiNone && a.Old != ipiNone:
					for _, w := range s.Periods {
						if cpu, ok := w.pending[a.Cell]; ok && w.End == 0 {
							w.Answers[cpu] = n
							s.lines[at] = answers + Short(s.Trace.Processes[w.Process])
						}
					}
				}
			}
		}
	}
	for _, p := range s.Periods {
		slices.Sort(p.CPUs)
		p.CPUs = slices.Compact(p.CPUs)
		for k := range s.Trace.Steps[p.Begin-1].Ops {
			at := [2]int{p.Begin, k}
			switch s.lines[at] {
			case begins:
				s.lines[at] += cpuList(", waits for ", p.CPUs)
			case sends:
				s.lines[at] += cpuList(" to ", p.CPUs)
				var waits []int
				for _, c := range p.CPUs {
					if p.Answers[c] != p.Begin {
						waits = append(waits, c)
					}
				}
				s.lines[at] += cpuList(", waits for ", waits)
			}
		}
	}
}

const (
	begins = "grace period begins"
	sends  = "IPI"
)

// callOf is the outermost call around an operation of a function whose name begins so.
func (s *Story) callOf(call int, name string) (traces.Call, bool) {
	for _, c := range s.Chain(call) {
		if strings.HasPrefix(c.Func, name) {
			return c, true
		}
	}
	return traces.Call{}, false
}

// inside says whether the first visible operation of a step is still in a call.
func (s *Story) inside(st traces.Step, call int) bool {
	for _, op := range st.Ops {
		if op.Visible {
			return slices.ContainsFunc(s.Chain(op.Call), func(c traces.Call) bool { return c.ID == call })
		}
	}
	return true
}

func cpuList(before string, cpus []int) string {
	if len(cpus) == 0 {
		return ""
	}
	var parts []string
	for _, c := range cpus {
		parts = append(parts, itoa(c))
	}
	if len(cpus) == 1 {
		return before + "CPU " + parts[0]
	}
	return before + "CPUs " + strings.Join(parts, ", ")
}
