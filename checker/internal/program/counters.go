package program

import "pmdcheck/model"

// A local that counts, `i++` in a loop while `i < k`, reaches the end of its type if guards are not looked at. For such locals the values are bounded location by
// location, with what guards say of them: intervals from a least fixed point, so that it does not matter in which order it is come by, and processes that can
// be interchanged get the same.

// mostValues is how many values the type of a counter may have: every interval may grow that many times.
const mostValues = 64

// counting is the bounds of the counters of one process.
type counting struct {
	*ranges
	vars   map[model.VarID]int // counters, by their place in what follows
	env    []span              // where an expression is evaluated
	at     [][]span            // by location
	stored []span              // of all that is ever stored
}

// count narrows the ranges of the counters of a process.
func (r *ranges) count(p *model.Process, others map[model.VarID]bool) {
	c := &counting{ranges: r, vars: map[model.VarID]int{}}
	codes := [][]model.Op{p.Start}
	for _, t := range p.Trans {
		codes = append(codes, t.Code)
	}
	for _, code := range codes {
		for i := range code {
			if v, ok := c.counts(&code[i]); ok && !others[v] {
				c.vars[v] = 0
			}
		}
	}
	var init []span
	for _, v := range p.Locals {
		if _, ok := c.vars[v]; ok {
			c.vars[v] = len(init)
			x := int64(r.sys.Vars[v].Init[0])
			init = append(init, span{x, x})
		}
	}
	if len(init) == 0 {
		return
	}
	orders := make([][]int, len(codes))
	for k, code := range codes {
		if orders[k] = inOrder(code); orders[k] == nil && len(code) > 0 {
			return
		}
	}
	// A local that is not live has its initial value, so that is possible everywhere.
	c.stored = append([]span(nil), init...)
	for range p.Locations {
		c.at = append(c.at, append([]span(nil), init...))
	}
	work, queued := []model.LocID{}, make([]bool, len(p.Locations))
	push := func(l model.LocID) {
		if !queued[l] {
			queued[l] = true
			work = append(work, l)
		}
	}
	c.follow(p.Start, orders[0], init, func(model.LocID) {})
	for l := range p.Locations {
		push(model.LocID(l))
	}
	for len(work) > 0 {
		l := work[0]
		work = work[1:]
		queued[l] = false
		for _, t := range p.Locations[l].Trans {
			c.follow(p.Trans[t].Code, orders[t+1], c.at[l], push)
		}
	}
	for v, k := range c.vars {
		r.cells[v][0] = c.stored[k]
	}
}

// counts reports whether an operation adds a constant to a local of few values, and which.
func (c *counting) counts(op *model.Op) (model.VarID, bool) {
	cell, _, ok := increment(c.sys, op)
	if !ok {
		return 0, false
	}
	v := c.sys.Vars[cell.Var]
	return cell.Var, v.Proc != model.NoProc && v.Len == 1 && v.Type.Kind == model.KindInt && int64(v.Type.Hi)-int64(v.Type.Lo) < mostValues
}

// follow follows the code of a step that begins with the given values, and calls changed for locations where more is possible than before.
func (c *counting) follow(code []model.Op, order []int, from []span, changed func(model.LocID)) {
	in := make([][]span, len(code)+1)
	join := func(to []span, env []span) (joined []span, more bool) {
		if to == nil {
			return append([]span(nil), env...), true
		}
		for k, s := range env {
			if j := to[k].join(s); j != to[k] {
				to[k], more = j, true
			}
		}
		return to, more
	}
	reach := func(i int, env []span) {
		if env != nil {
			in[i], _ = join(in[i], env)
		}
	}
	reach(0, from)
	for _, i := range order {
		env := in[i]
		if env == nil {
			continue
		}
		c.env = env
		switch op := &code[i]; op.Kind {
		case model.OpAssign:
			out := env
			if k, ok := c.counter(op.Dst); ok {
				t := c.sys.Vars[op.Dst.Var].Type
				s := c.value(op.X)
				s = span{max(s.lo, int64(t.Lo)), min(s.hi, int64(t.Hi))}
				if s.lo > s.hi {
					continue // every such store faults
				}
				c.stored[k] = c.stored[k].join(s)
				out = append([]span(nil), env...)
				out[k] = s
			}
			reach(i+1, out)
		case model.OpBranch:
			reach(op.Then, c.given(op.X, true, env))
			reach(op.Else, c.given(op.X, false, env))
		case model.OpJump:
			reach(op.Then, env)
		case model.OpAssume:
			reach(i+1, c.given(op.X, true, env))
		case model.OpGoto:
			var more bool
			if c.at[op.Loc], more = join(c.at[op.Loc], env); more {
				changed(op.Loc)
			}
		default:
			reach(i+1, env)
		}
	}
}

// counter is the counter that a place is.
func (c *counting) counter(p *model.Place) (k int, ok bool) {
	if p.Ref != nil || p.Obj != nil {
		return 0, false
	}
	k, ok = c.vars[p.Var]
	return k, ok
}

// value bounds an expression where counters are known: they themselves, and what is added to or taken from them.
func (c *counting) value(x *model.Expr) span {
	switch x.Op {
	case model.Load:
		if k, ok := c.counter(x.Place); ok {
			return c.env[k]
		}
	case model.Add:
		a, b := c.value(x.X), c.value(x.Y)
		return span{a.lo + b.lo, a.hi + b.hi}
	case model.Sub:
		a, b := c.value(x.X), c.value(x.Y)
		return span{a.lo - b.hi, a.hi - b.lo}
	}
	return c.expr(x)
}

// given is what is possible where a condition is true, or false; nil if nothing is.
func (c *counting) given(x *model.Expr, truth bool, env []span) []span {
	switch {
	case x == nil:
		return env
	case x.Op == model.Not:
		return c.given(x.X, !truth, env)
	case x.Op == model.AndAlso && truth, x.Op == model.OrElse && !truth:
		if env = c.given(x.X, truth, env); env == nil {
			return nil
		}
		return c.given(x.Y, truth, env)
	case x.Op != model.Eq && x.Op != model.Ne && x.Op != model.Lt && x.Op != model.Le && x.Op != model.Gt && x.Op != model.Ge:
		return env
	}
	left, right, op := x.X, x.Y, x.Op
	if left.Op == model.Const {
		left, right, op = right, left, op.Mirrored()
	}
	if left.Op != model.Load || right.Op != model.Const {
		return env
	}
	k, ok := c.counter(left.Place)
	if !ok {
		return env
	}
	s, v := env[k], int64(right.Val)
	if !truth {
		op = op.Opposite()
	}
	switch op {
	case model.Eq:
		s = span{max(s.lo, v), min(s.hi, v)}
	case model.Ne:
		if s.lo == v {
			s.lo++
		}
		if s.hi == v {
			s.hi--
		}
	case model.Lt:
		s.hi = min(s.hi, v-1)
	case model.Le:
		s.hi = min(s.hi, v)
	case model.Gt:
		s.lo = max(s.lo, v+1)
	case model.Ge:
		s.lo = max(s.lo, v)
	}
	if s.lo > s.hi {
		return nil
	}
	out := append([]span(nil), env...)
	out[k] = s
	return out
}
