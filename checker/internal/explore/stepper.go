package explore

import "pmdcheck/model"

// A Stepper expands states one at a time, for a search that keeps its states elsewhere. It belongs to one goroutine, and its Walk to it alone.
type Stepper struct {
	e    *expander
	seen map[model.PropID]bool
}

// Stepper makes one. What it meets goes to Walk.Covered and Walk.Ran when it is done, and the first violation of each property to found, with the moves from the state that was given to Expand.
func (w *Walk) Stepper(found func(p model.PropID, moves []Move)) *Stepper {
	s := &Stepper{e: w.expander(), seen: map[model.PropID]bool{}}
	s.e.sink = func(p model.PropID) {
		if w.Suspects != nil && p == w.RaceProp {
			w.Suspects = nil // one is enough, and to look for another takes time
		}
		if !s.seen[p] {
			s.seen[p] = true
			found(p, append([]Move{}, s.e.edge...))
		}
	}
	return s
}

// Initial looks at the initial state and returns it as it is to be stored.
func (s *Stepper) Initial() []uint64 {
	s.e.edge = s.e.edge[:0]
	return s.e.initial()
}

// Expand looks at a state, and hands out where it leads: states as they are to be stored, valid during the call, with repetitions, and the moves there.
func (s *Stepper) Expand(st []uint64, to func(st []uint64, m Move)) {
	s.e.edge = s.e.edge[:0]
	s.e.enter(st)
	if !s.e.expand(st) {
		s.e.stuck(st)
	}
	for i := range s.e.next.N {
		to(s.e.next.State(i), s.e.next.Move(i))
	}
}

// Transitions is how many were executed.
func (s *Stepper) Transitions() int64 { return s.e.trans }

// Done tells the walk what was executed.
func (s *Stepper) Done() { s.e.done() }

// Unfold turns moves between stored states, from the initial one, and the moves after the last of these into the run of the system that they stand for.
func (w *Walk) Unfold(path, edge []Move) []Move { return w.unfold(path, edge) }
