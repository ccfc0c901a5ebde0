package replay

import (
	"errors"
	"fmt"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces"
)

// judgeLiveness decides whether a run, whose states are given from the initial one on, violates a liveness property: its last steps, from number cycle on, repeat
// for ever, or without a cycle nothing can move at its end; no process has failed; in all of what repeats, something is owed; and it is fair.
func (r *recorder) judgeLiveness(t *traces.Trace, p *model.Prop, states []*eval.State, moves []Move, cycle int) error {
	last := states[len(states)-1]
	first := len(states) - 1 // the first of the states that are there for ever
	for _, s := range states {
		if r.in.Parked(s) {
			return errors.New("a process has failed, and such runs are not judged")
		}
	}
	if cycle == 0 {
		if len(r.in.Enabled(last)) > 0 {
			return errors.New("the run can go on at its end")
		}
	} else {
		first = cycle - 1
		if cycle < 1 || cycle > len(moves) || !states[first].Equal(last) {
			return fmt.Errorf("step %d begins no part that repeats: the last state is another one than the one before it", cycle)
		}
		if err := r.fair(states[first:], moves[first:]); err != nil {
			return err
		}
	}
	for i := range p.Cases {
		c := &p.Cases[i]
		owed, since := false, 0
		for k, s := range states {
			was := owed
			if owed = r.in.Owed(s, c, owed, k == 0); owed && !was {
				since = k
			}
		}
		// What is owed at the end of the cycle and since before it is owed throughout; if it began in the cycle, another round begins with it owed.
		if !owed || since > first && !r.owedAgain(states[first:], c) {
			continue
		}
		t.Cycle = cycle
		t.Message = r.liveMessage(c, since, cycle, len(moves))
		_, reads := r.in.Reads(last, c.Q)
		t.About = r.reads(reads)
		t.Owed = r.owed(c, states[since], since)
		t.Blocked = r.starved(states[first:], first, moves[first:], append(t.About[:len(t.About):len(t.About)], t.Owed.Reads...))
		return nil
	}
	return fmt.Errorf("nothing that %s owes is owed for ever", p.Name)
}

// owed says since when what never happens was to happen.
func (r *recorder) owed(c *model.LiveCase, s *eval.State, since int) *traces.Owed {
	o := &traces.Owed{Step: since, What: r.sys.ExprString(c.Q)}
	if c.P != nil && c.P.Op != model.Const {
		o.When = r.sys.ExprString(c.P)
		_, reads := r.in.Reads(s, c.P)
		o.Reads = r.reads(reads)
	}
	return o
}

// starved lists which process waits in all of what is for ever and takes no part in it: at a place where it should not stay, or where it may but what it waits for is what is owed. What it waits for is told
// of the first state in which it has to wait.
func (r *recorder) starved(round []*eval.State, first int, moves []Move, owed []traces.Access) []traces.Blocked {
	var out []traces.Blocked
	for _, p := range r.sys.Processes {
		if slices.ContainsFunc(moves, func(m Move) bool { return m.Proc == p.ID }) || round[0].Locs[p.ID] < 0 {
			continue
		}
		for i, s := range round {
			b, ok := r.waiting(s, p, first+i)
			if !ok {
				continue
			}
			related := slices.ContainsFunc(b.Waits, func(w traces.Wait) bool {
				return slices.ContainsFunc(w.Reads, func(a traces.Access) bool {
					return slices.ContainsFunc(owed, func(o traces.Access) bool { return o.Cell == a.Cell })
				})
			})
			if !r.in.AtEnd(s, p.ID) || related {
				b.Sometimes = r.canMove(round, p.ID)
				out = append(out, b)
			}
			break
		}
	}
	return out
}

// canMove reports whether a process can move in one of the states.
func (r *recorder) canMove(states []*eval.State, p model.ProcID) bool {
	return slices.ContainsFunc(states, func(s *eval.State) bool { return r.in.CanMove(s, p) })
}

// owedAgain reports whether a case that is owed at the start of a round is owed all through it.
func (r *recorder) owedAgain(round []*eval.State, c *model.LiveCase) bool {
	for _, s := range round {
		if !r.in.Owed(s, c, true, false) {
			return false
		}
	}
	return true
}

// fair reports a fair process that could move in every state of a round and never did.
func (r *recorder) fair(round []*eval.State, moves []Move) error {
	for _, p := range r.sys.Processes {
		ok := !p.Fair
		for k := 0; k < len(moves) && !ok; k++ {
			ok = moves[k].Proc == p.ID || !r.in.CanMove(round[k], p.ID)
		}
		if !ok {
			return fmt.Errorf("the run is not fair: %s could always move in what repeats, and does not", p.Name)
		}
	}
	return nil
}

// liveMessage says what never happens.
func (r *recorder) liveMessage(c *model.LiveCase, since, cycle, steps int) string {
	end := fmt.Sprintf("steps %d to %d repeat for ever", cycle, steps)
	switch {
	case cycle == 0:
		end = "nothing moves any more"
	case cycle == steps:
		end = fmt.Sprintf("step %d repeats for ever", cycle)
	}
	when := "at the start"
	if since > 0 {
		when = fmt.Sprintf("after step %d", since)
	}
	q := r.sys.ExprString(c.Q)
	switch {
	case c.P != nil && c.P.Op != model.Const:
		return fmt.Sprintf("%s %s is true, and it never leads to %s: %s", when, r.sys.ExprString(c.P), q, end)
	case since > 0:
		return fmt.Sprintf("%s %s is never true again: %s", when, q, end)
	}
	return fmt.Sprintf("at no time is %s true: %s", q, end)
}
