package checker

import (
	"pmdcheck/checker/internal/explore"
	"pmdcheck/model"
)

// ends are how the searches of a check ended. One that was not made, because there was nothing for it to find, is complete.
type ends struct {
	walk   explore.Stop // through the states, for everything but what follows
	covers explore.Stop // for covers that the walk has not met
	live   explore.Stop // for liveness
	order  explore.Stop // for the runs that show a cycle of locks
}

// first is what ended the check, if anything did.
func (e ends) first() explore.Stop {
	for _, s := range []explore.Stop{e.walk, e.covers, e.live, e.order} {
		if s != explore.Complete {
			return s
		}
	}
	return explore.Complete
}

// of is how the search ended that decides a kind of property. None is complete if the walk is not.
func (e ends) of(kind model.PropKind) explore.Stop {
	switch {
	case e.walk != explore.Complete:
	case kind == model.PropLiveness:
		return e.live
	case kind == model.PropOrder:
		return e.order
	}
	return e.walk
}

// reason says in words why a search ended.
func (c *check) reason(stop explore.Stop, w *explore.Walk) Reason {
	switch {
	case stop == explore.StopDisk:
		return reasons[stop] + Reason(": "+cause(w.DiskError))
	case stop == explore.StopOther:
		return c.left
	case stop == explore.StopWalks && c.saw != nil:
		return Reason(c.saw.String())
	}
	return reasons[stop]
}

// judge gives each property, each cover and the whole its verdict. That something was not found counts only where the search that would have found it is complete.
func (c *check) judge(r *Result, w *explore.Walk) {
	r.Reason = c.reason(c.ended.first(), w)
	violated := map[model.PropID]bool{}
	for _, v := range r.Violations {
		violated[v.Prop] = true
	}
	overflow := c.overflow(w)
	if overflow && r.Reason == ReasonNone {
		r.Reason = ReasonBuffer
	}
	open := r.Reason != ReasonNone
	observed := c.sys.Observed()
	ignored := c.ignored()
	for _, q := range c.sys.Props {
		if !q.Checked {
			continue
		}
		p := PropertyResult{Property: q.Name, Prop: q.ID}
		switch stop := c.ended.of(q.Kind); {
		case violated[q.ID]:
			p.Verdict = Violated
		case !observed[q.ID]:
			p.Verdict = NotJudged
		case stop != explore.Complete:
			p.Reason = c.reason(stop, w)
		case overflow:
			p.Reason = ReasonBuffer
		case ignored[q.ID]:
			p.Reason = ReasonAsserts
			if r.Reason == ReasonNone {
				r.Reason = ReasonAsserts
			}
			open = true
		default:
			p.Verdict = Holds
		}
		r.Properties = append(r.Properties, p)
	}
	for i, cv := range c.sys.Covers {
		if cv.Edge != nil || cv.Bound {
			continue
		}
		k := CoverResult{cv.Name, cv.Required, c.reach(cv, w.Covered[i].Load())}
		if overflow && k.Reach == NotReached {
			k.Reach = NotLookedFor // not in all runs
		}
		r.Covers = append(r.Covers, k)
		switch {
		case !cv.Required || k.Reach == Reached:
		case k.Reach == NotReached:
			r.Violations = append(r.Violations, Violation{Property: CoverPrefix + cv.Name, Prop: model.NoProp, Message: "cover " + cv.Name + " is never reached: the proof would be vacuous"})
		default:
			open = true
		}
	}
	switch {
	case len(r.Violations) > 0:
		r.Verdict = Violated
	case !open:
		r.Verdict = Holds
	}
}

// overflow reports whether a bound of the memory model was met.
func (c *check) overflow(w *explore.Walk) bool {
	for i, cv := range c.sys.Covers {
		if cv.Bound && w.Covered[i].Load() {
			return true
		}
	}
	return false
}

// reach is what is known of a cover. A reduction, and symmetry, keep every execution of a mark; states they leave out. Those that a required cover is about are looked
// for afterwards.
func (c *check) reach(cv *model.Cover, met bool) Reach {
	reduced := c.reduce != nil || len(c.groups) > 0
	switch {
	case met:
		return Reached
	case c.ended.walk != explore.Complete || c.ended.covers != explore.Complete:
		return NotLookedFor
	case cv.X != nil && !cv.Required && reduced:
		return NotLookedFor
	}
	return NotReached
}

// ignored are the properties of which Options.NoAssert keeps something from being seen: those of operations, and the cycles of lock_order.
func (c *check) ignored() []bool {
	out := make([]bool, len(c.sys.Props))
	if !c.opts.NoAssert {
		return out
	}
	for i, seen := range c.sys.Guarded() {
		out[i] = seen || c.sys.Props[i].Kind == model.PropOrder
	}
	return out
}
