package story

import (
	"fmt"
	"slices"

	"pmdcheck/traces"
)

// Store is a store that waits in the store buffer of its process.
type Store struct {
	Process  int
	From, To int // the step that executes it, and that in which it reaches memory; 0: never
	Cell     string
	Value    string
}

// owned is a trace in which what a store buffer does counts as done by whose buffer it is: nobody draws the two apart.
func owned(t *traces.Trace) *traces.Trace {
	if !slices.ContainsFunc(t.Processes, func(p traces.Process) bool { return p.Role == buffer }) {
		return t
	}
	u := *t
	u.Steps = slices.Clone(t.Steps)
	for i := range u.Steps {
		if p := t.Processes[u.Steps[i].Process]; p.Role == buffer {
			u.Steps[i].Process = p.Owner
		}
	}
	return &u
}

// stores lists the stores that went through a buffer, in order.
func (s *Story) stores() (out []*Store) {
	s.steps(func(n, _ int, st *traces.Step) {
		for _, op := range st.Ops {
			for _, w := range op.Stores {
				out = append(out, &Store{Process: st.Process, From: n, Cell: w.Cell, Value: w.New})
			}
			if op.Landed == 0 {
				continue
			}
			for _, w := range op.Writes {
				if i := slices.IndexFunc(out, func(o *Store) bool {
					return o.Process == st.Process && o.From == op.Landed && o.Cell == w.Cell && o.To == 0
				}); i >= 0 {
					out[i].To = n
				}
			}
		}
	})
	return out
}

// Reordering is a store that was in its buffer while its process went on to load, and while another process read what was in memory before it.
type Reordering struct {
	Store *Store
	Load  int    // the step in which its process loaded from memory behind the store
	Loads string // what
	Read  int    // the step in which the other process read the cell
	By    int    // that process
	Value string // and what it found
	shown bool   // the read is shown
}

// reorderings lists the stores whose delay shows, first those where the read that shows it is shown itself.
func (s *Story) reorderings() (out []Reordering) {
	for _, w := range s.stores() {
		r := Reordering{Store: w}
		s.steps(func(n, key int, st *traces.Step) {
			if n <= w.From || w.To > 0 && n >= w.To {
				return
			}
			for k, op := range st.Ops {
				for _, a := range op.Reads {
					switch {
					case a.Buffered || op.Kind == "assert" && len(op.Locals) == 0 && !s.Keep(key, k):
					case st.Process == w.Process && r.Load == 0 && a.Cell != w.Cell && s.Line(key, k) == "":
						r.Load, r.Loads = n, a.Cell+" == "+a.Value
					case st.Process != w.Process && r.Read == 0 && a.Cell == w.Cell && a.Value != w.Value:
						r.Read, r.By, r.Value, r.shown = n, st.Process, a.Value, s.Keep(key, k)
					}
				}
			}
		})
		if r.Load > 0 && r.Read > 0 {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Reordering) int {
		switch {
		case a.shown == b.shown:
			return 0
		case a.shown:
			return -1
		}
		return 1
	})
	return out
}

// mostReorderings is how many reorderings are told.
const mostReorderings = 2

// tellReorderings says which stores were late, and what would have forbidden it. What it tells is shown.
func (s *Story) tellReorderings() {
	rs := s.reorderings()
	s.late = rs[:min(len(rs), mostReorderings)]
	for _, r := range s.late {
		w := r.Store
		s.show(w.From, func(op traces.Operation) bool {
			return slices.ContainsFunc(op.Stores, func(a traces.Assign) bool { return a.Cell == w.Cell })
		})
		s.show(r.Load, func(op traces.Operation) bool {
			return slices.ContainsFunc(op.Reads, func(a traces.Access) bool { return a.Cell+" == "+a.Value == r.Loads })
		})
		s.show(r.Read, func(op traces.Operation) bool {
			return slices.ContainsFunc(op.Reads, func(a traces.Access) bool { return a.Cell == w.Cell && a.Value == r.Value })
		})
		if w.To > 0 {
			s.show(w.To, func(op traces.Operation) bool { return op.Landed == w.From })
		}
		who := Short(s.Trace.Processes[w.Process])
		until := "it never reaches memory in this run"
		if w.To > 0 {
			until = fmt.Sprintf("it reaches memory at step %d", w.To)
		}
		s.Text = append(s.Text, fmt.Sprintf("%s stores %s = %s at step %d, which is in its store buffer when %s reads %s == %s at step %d; %s.",
			who, w.Cell, w.Value, w.From, Short(s.Trace.Processes[r.By]), w.Cell, r.Value, r.Read, until))
		s.Text = append(s.Text, fmt.Sprintf("Behind it %s reads %s at step %d: an smp_mb() between the two would have kept them in order.", who, r.Loads, r.Load))
	}
}

// show makes an operation of a step shown.
func (s *Story) show(step int, is func(op traces.Operation) bool) {
	s.steps(func(n, key int, st *traces.Step) {
		for k, op := range st.Ops {
			if n == step && is(op) {
				s.keep[[2]int{key, k}] = true
			}
		}
	})
}

// at says when and where an operation wrote: where it brought an earlier store to memory, when that was executed too.
func (s *Story) at(n int, op traces.Operation) string {
	where := s.where(op.Call)
	if op.Landed > 0 {
		return fmt.Sprintf("at step %d%s, in memory since step %d", op.Landed, where, n)
	}
	return fmt.Sprintf("at step %d%s", n, where)
}
