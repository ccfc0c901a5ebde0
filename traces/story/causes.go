package story

import (
	"slices"
	"strings"

	"pmdcheck/traces"
)

// Cause says why a step of one process comes before a step of another, or before the wait of one at the end.
type Cause struct {
	From, To    int // steps; a To behind the last is what waits
	FromProcess int
	ToProcess   int
	Does        string   // "reads", "takes", or all that there is to say
	What        []string // what it reads or takes
	Kind        CauseKind
}

// Why is what a cause is in words: "reads slot, other".
func (c *Cause) Why() string { return strings.TrimSpace(c.Does + " " + strings.Join(c.What, ", ")) }

// CauseKind is what a [Cause] is about.
type CauseKind uint8

// The kinds.
const (
	Reads  CauseKind = iota // what was written is read
	Race                    // what was read is changed
	Handed                  // a lock is handed over
	Called                  // a cross call is sent or answered
	Grace                   // a grace period is asked for, or ends
	Dead                    // what was freed is touched
	Stuck                   // what is held is waited for
	Late                    // what was stored is in a store buffer, and not seen
)

// Causes lists why steps that matter come in their order, as far as that is not the order of one process: what is read was written by somebody else, a lock is handed over, a cross call
// answered, a grace period asked for. Each is told once.
func (s *Story) Causes() []Cause {
	c := &causes{s: s, wrote: map[string]where{}, read: map[string][]where{}, dropped: map[string]where{}}
	s.steps(func(n, key int, st *traces.Step) {
		for k := range st.Ops {
			c.operation(n, key, k, st)
		}
	})
	c.periods()
	c.fatal()
	c.blocked()
	for _, r := range s.late {
		c.add(where{r.Store.From, r.Store.Process, true}, r.Read, r.By, r.Store.Cell, "does not see", Late)
	}
	c.out = slices.DeleteFunc(c.out, func(r Cause) bool {
		return r.Kind == Reads && slices.ContainsFunc(c.out, func(o Cause) bool { return o.Kind == Grace && o.From == r.From && o.To == r.To }) // the queue is how it is asked for
	})
	slices.SortStableFunc(c.out, func(a, b Cause) int {
		return slices.Compare([]int{a.To, a.From, a.ToProcess, a.FromProcess}, []int{b.To, b.From, b.ToProcess, b.FromProcess})
	})
	return c.out
}

// where is an operation of a process, and whether it is shown.
type where struct {
	step, process int
	shown         bool
}

type causes struct {
	s       *Story
	wrote   map[string]where   // by cell
	read    map[string][]where // by cell: since it was written
	dropped map[string]where   // by lock
	out     []Cause
}

// add adds a cause, or what else it is about to the one that is there.
func (c *causes) add(from where, to, process int, what, does string, kind CauseKind) {
	if !from.shown || from.process == process && kind != Stuck || from.step >= to {
		return
	}
	for i := range c.out {
		o := &c.out[i]
		if o.From == from.step && o.FromProcess == from.process && o.To == to && o.ToProcess == process && o.Kind == kind {
			if !slices.Contains(o.What, what) {
				o.What = append(o.What, what)
			}
			return
		}
	}
	r := Cause{From: from.step, To: to, FromProcess: from.process, ToProcess: process, Does: does, Kind: kind}
	if what != "" {
		r.What = []string{what}
	}
	c.out = append(c.out, r)
}

func (c *causes) operation(n, key, k int, st *traces.Step) {
	s, op := c.s, st.Ops[k]
	here := where{n, st.Process, s.Keep(key, k)}
	if l := s.Takes(key, k); l != nil {
		if from, ok := c.dropped[l.Name]; ok && here.shown && !l.Section {
			c.add(from, n, st.Process, l.Name, "takes", Handed)
		}
		return
	}
	if l := s.Drops(key, k); l != nil {
		c.dropped[l.Name] = here
		return
	}
	for _, r := range op.Reads {
		last := n == s.Fatal() && k == len(st.Ops)-1
		if !here.shown || !last && len(s.cells)+len(s.About) > 0 && !s.Concerns(r.Cell, r.Value) {
			continue
		}
		seen := slices.ContainsFunc(c.read[r.Cell], func(w where) bool { return w.process == st.Process })
		if from, ok := c.wrote[r.Cell]; ok && !seen {
			c.add(from, n, st.Process, r.Cell, "reads", Reads)
		}
		c.read[r.Cell] = append(c.read[r.Cell], here)
	}
	for _, w := range op.Writes {
		if here.shown && s.slots[w.Cell] {
			for _, r := range slices.Backward(c.read[w.Cell]) {
				if r.process == s.suspect() {
					c.add(r, n, st.Process, w.Cell, "changes", Race)
					break
				}
			}
		}
		if !strings.HasPrefix(w.Cell, "live(") {
			c.wrote[w.Cell] = here
			delete(c.read, w.Cell)
		}
	}
}

// periods adds what cross calls and grace periods order.
func (c *causes) periods() {
	s := c.s
	for _, p := range s.Periods {
		if !p.Grace {
			for _, w := range p.Waits {
				a := w.Answer
				if a == 0 || a == p.Begin {
					continue
				}
				by := s.process(a)
				c.add(where{p.Begin, p.Process, true}, a, by, "", "IPI", Called)
				if p.End > 0 {
					c.add(where{a, by, true}, p.End, p.Process, "", "IPI answered", Called)
				}
			}
			continue
		}
		for _, o := range p.Objects {
			if q := s.queued(o, p.Begin+1); q > 0 && slices.Contains(s.About, o) {
				c.add(where{q, s.process(q), true}, p.Begin, p.Process, o, "queues", Grace)
			}
		}
		for _, l := range s.Locks {
			if l.Section && l.From < p.Begin && l.To > p.Begin && l.To < p.End && p.Waited(s.Trace, l.Process) != nil {
				c.add(where{l.To, l.Process, true}, p.End, p.Process, l.Name, "waited for", Grace)
			}
		}
	}
}

// fatal adds the free before the access to what was freed.
func (c *causes) fatal() {
	n := c.s.Fatal()
	if n == 0 || c.s.Trace.Steps[n-1].Touch == nil {
		return
	}
	st := c.s.Trace.Steps[n-1]
	if m, _, ok := c.s.writer("live("+st.Touch.Object+")", n); ok {
		c.add(where{m, c.s.process(m), true}, n, st.Process, st.Touch.Object+", which is freed", "touches", Dead)
	}
}

// blocked adds what those that wait at the end wait for.
func (c *causes) blocked() {
	s := c.s
	end := len(s.Trace.Steps) + 1
	for i := range s.Trace.Blocked {
		b := &s.Trace.Blocked[i]
		for _, w := range b.Waits {
			_, inLock := s.lockCall(w.Call)
			for _, r := range w.Reads {
				if name, ok := s.lockOf(r.Cell, r.Value); inLock && ok {
					for _, l := range s.holders(name, b.After+1) {
						c.add(where{l.From, l.Process, true}, end, b.Process, l.String(), "holds", Stuck)
					}
				} else if m, _, ok := s.writer(r.Cell, b.After+1); ok {
					c.add(where{m, s.process(m), true}, end, b.Process, r.Cell, "reads", Reads)
				}
			}
		}
		for _, p := range s.Periods {
			for _, l := range s.Locks {
				if p.Process == b.Process && s.holdsUp(l, p) {
					c.add(where{l.From, l.Process, true}, end, b.Process, l.Name, "is inside", Stuck)
				}
			}
		}
	}
}
