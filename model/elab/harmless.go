package elab

import "pmdcheck/model"

// stops reports whether a process may stop for ever where the checked properties tell: it is not fair, and liveness is judged.
func (e *elab) stops(p *model.Process) bool {
	if p.Fair {
		return false
	}
	for _, d := range e.prog.Liveness {
		if e.sys.Props[e.propID(d.Name.Name)].Checked {
			return true
		}
	}
	return false
}

// harmless reports whether an operation cannot fail, as far as its text tells: it asserts nothing that is checked, follows no pointer and uses no index that is not a number, looks at no
// object that can be dead, divides and shifts by numbers, and stores nothing that the place has no room for.
func (e *elab) harmless(op *model.Op) bool {
	switch op.Kind {
	case model.OpAssert:
		if e.sys.Props[op.Prop].Checked || op.Prop == model.PropAssertion {
			return false
		}
	case model.OpFree:
		return false
	}
	ok := true
	op.X.Walk(func(x *model.Expr) {
		switch x.Op {
		case model.Load:
			ok = ok && e.harmlessPlace(x.Place)
		case model.AddrOf:
			p := *x.Place
			p.Unchecked = true // an address is no access
			ok = ok && e.harmlessPlace(&p)
		case model.Container, model.InRange:
			ok = ok && x.X.IsConst()
		case model.IsLive:
			ok = ok && (x.X.Type.Kind == model.KindHandle)
		case model.Div, model.Mod:
			ok = ok && x.Y.IsConst() && x.Y.Val != 0
		case model.Shl, model.Shr:
			lo, hi := x.Y.Interval()
			ok = ok && lo >= 0 && hi <= 31
		}
	})
	if op.Dst == nil || !ok {
		return ok
	}
	if !e.harmlessPlace(op.Dst) {
		return false
	}
	if op.Kind == model.OpAlloc {
		return true
	}
	t := e.sys.Vars[op.Dst.Var].Type
	lo, hi := op.X.Interval()
	return lo >= int64(t.Lo) && hi <= int64(t.Hi)
}

func (e *elab) harmlessPlace(p *model.Place) bool {
	c, ok := e.sys.StaticCell(p)
	return ok && (p.Unchecked || e.alwaysLive(c))
}
