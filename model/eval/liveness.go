package eval

import "pmdcheck/model"

// Owed is the observer of one case of a liveness property: whether Q is owed in state s, given whether it was owed in the state before. first is for the initial
// state, before which nothing is owed. A run violates the case if Q is owed from some state on for ever.
func (in *Interp) Owed(s *State, c *model.LiveCase, before, first bool) bool {
	if v, f := in.Eval(s, c.Q); f == nil && v != 0 {
		return false
	}
	if before || first && c.P == nil {
		return true
	}
	if c.P == nil {
		return false
	}
	v, f := in.Eval(s, c.P)
	return f != nil || v != 0
}

// CanMove reports whether a process has a transition that can be taken in a state.
func (in *Interp) CanMove(s *State, p model.ProcID) bool {
	if s.Locs[p] < 0 {
		return false
	}
	for _, t := range in.sys.Processes[p].Locations[s.Locs[p]].Trans {
		for out := range in.Ways(s, p, t) {
			if out.Enabled {
				return true
			}
		}
	}
	return false
}
