package model

import (
	"slices"
)

// Observed says of each property whether anything in the system can tell that it is violated. One that nothing observes has no verdict: that nothing was found
// says nothing of it.
//
// An invariant is looked at in every state, and so are no_deadlock, no_fault and no_data_race: every state can be one of the first and the last, and every operation
// can go wrong. A liveness property is observed if it has a case, lock_order if the code can mark an edge, and any other property by an assertion, an access to
// an object with a lifetime that the property guards, a free() of an object of such a struct, or objects that can leak. Predicates look at no lifetimes.
func (s *System) Observed() []bool {
	seen := make([]bool, len(s.Props))
	for _, q := range s.Props {
		switch q.Kind {
		case PropDeadlock, PropFault, PropRace, PropInvariant:
			seen[q.ID] = true
		case PropLiveness:
			seen[q.ID] = len(q.Cases) > 0
		case PropOrder:
			seen[q.ID] = slices.ContainsFunc(s.Covers, func(c *Cover) bool { return c.Edge != nil })
		}
	}
	for _, p := range s.Pools {
		if p.Live != NoVar && len(p.Objects) > 0 && p.Leak != NoProp {
			seen[p.Leak] = true
		}
	}
	for i, guarded := range s.Guarded() {
		seen[i] = seen[i] || guarded
	}
	return seen
}

// Guarded says of each property whether an operation of a process can violate it: an assertion, an access or a free().
func (s *System) Guarded() []bool {
	seen := make([]bool, len(s.Props))
	see := func(p PropID) {
		if p != NoProp {
			seen[p] = true
		}
	}
	for _, p := range s.Processes {
		s.observe(p.Start, see)
		for _, t := range p.Trans {
			s.observe(t.Code, see)
		}
	}
	return seen
}

// observe calls see on each property that the operations can violate.
func (s *System) observe(code []Op, see func(PropID)) {
	guards := func(v VarID) {
		if v := s.Vars[v]; v.Pool != NoPool && s.Pools[v.Pool].Live != NoVar {
			see(v.Guard)
		}
	}
	access := func(p *Place) {
		switch {
		case p == nil || p.Unchecked:
		case p.Ref == nil:
			guards(p.Var)
		default:
			for _, c := range s.Domains[p.Domain].Cells {
				guards(c.Var)
			}
		}
	}
	for i := range code {
		op := &code[i]
		switch op.Kind {
		case OpAssert:
			see(op.Prop)
		case OpFree:
			see(s.Pools[op.Pool].Free)
		}
		access(op.Dst)
		WalkOp(op, func(x *Expr) {
			if x.Op == Load {
				access(x.Place)
			}
		})
	}
}
