package por

import (
	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// An effect is what one store can do to a cell.
type effect struct {
	kind effectKind
	k    int64
}

type effectKind uint8

const (
	effectAny   effectKind = iota
	effectConst            // becomes k
	effectAdd              // grows by k (k may be negative)
	effectClear            // loses the bits of k
	effectSet              // gains the bits of k
)

// effects lists what a transition can do to a cell, store by store.
func (s *Static) effects(t *model.Transition, c model.Cell) (out []effect) {
	for i := range t.Code {
		op := &t.Code[i]
		switch op.Kind {
		case model.OpAssign:
			out = append(out, s.storeEffect(op, c)...)
		case model.OpAlloc:
			p := s.sys.Pools[op.Pool]
			v := s.sys.Vars[c.Var]
			switch {
			case p.Live == c.Var:
				out = append(out, effect{effectConst, 1})
			case v.Pool == p.ID:
				if x, ok := v.Fresh(int(c.Idx)); ok {
					out = append(out, effect{effectConst, int64(x)})
				}
			}
			if s.mayDenote(op.Dst, c) {
				out = append(out, effect{})
			}
		case model.OpFree:
			if s.sys.Pools[op.Pool].Live == c.Var {
				out = append(out, effect{effectConst, 0})
			}
		}
	}
	return out
}

func (s *Static) storeEffect(op *model.Op, c model.Cell) []effect {
	if !s.mayDenote(op.Dst, c) {
		return nil
	}
	if op.X.Op == model.Const {
		return []effect{{effectConst, int64(op.X.Val)}}
	}
	d, static := program.StaticCell(s.sys, op.Dst)
	if !static && !samePlaceLoad(op) || static && d != c {
		return []effect{{}}
	}
	l, r := op.X.X, op.X.Y
	if l == nil || r == nil {
		return []effect{{}}
	}
	if l.Op == model.Const && op.X.Op != model.Sub {
		l, r = r, l
	}
	if l.Op != model.Load || r.Op != model.Const || !samePlace(l.Place, op.Dst) {
		return []effect{{}}
	}
	k := int64(r.Val)
	switch op.X.Op {
	case model.Add:
		return []effect{{effectAdd, k}}
	case model.Sub:
		return []effect{{effectAdd, -k}}
	case model.And:
		return []effect{{effectClear, ^k}}
	case model.Or:
		return []effect{{effectSet, k}}
	}
	return []effect{{}}
}

// samePlaceLoad reports whether an assignment computes from the place it stores to.
func samePlaceLoad(op *model.Op) bool {
	for _, x := range []*model.Expr{op.X.X, op.X.Y} {
		if x != nil && x.Op == model.Load && samePlace(x.Place, op.Dst) {
			return true
		}
	}
	return false
}

// samePlace reports whether two places are written the same way, and so denote the same cell when one operation evaluates both.
func samePlace(a, b *model.Place) bool {
	return a.Var == b.Var && a.Domain == b.Domain && sameExpr(a.Obj, b.Obj) && sameExpr(a.Idx, b.Idx) && sameExpr(a.Ref, b.Ref)
}

func sameExpr(a, b *model.Expr) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Op != b.Op || a.Val != b.Val || !sameExpr(a.X, b.X) || !sameExpr(a.Y, b.Y) || !sameExpr(a.Z, b.Z) || (a.Place == nil) != (b.Place == nil) {
		return false
	}
	if a.Op == model.Container || a.Op == model.IsLive || a.Op == model.AddrOf {
		return false
	}
	return a.Place == nil || samePlace(a.Place, b.Place)
}

// mayDenote reports whether a place can be the cell.
func (s *Static) mayDenote(p *model.Place, c model.Cell) bool {
	if p == nil {
		return false
	}
	found := false
	op := model.Op{Kind: model.OpAssign, Dst: p}
	s.sys.Touches(&op, func(t model.Touch) {
		if t.Write && t.Var == c.Var && c.Idx >= t.Base && c.Idx < t.End && (c.Idx-t.Base)%t.Step == 0 {
			found = true
		}
	})
	return found
}

// A comparison is the truth of one cell against a constant.
type comparison struct {
	cell   model.Cell
	op     model.ExprOp // Eq, Ne, Lt, Le, Gt, Ge, or And: cell & k != 0
	k      int64
	lo, hi int64
}

func (s *Static) comparison(x *model.Expr) (c comparison, ok bool) {
	cell := func(x *model.Expr) bool {
		if x.Op != model.Load {
			return false
		}
		d, ok := program.StaticCell(s.sys, x.Place)
		if !ok {
			// A field of an object with a lifetime: the access can fail, which callers see to; the value is that of one cell all the same.
			d, ok = objectCell(s.sys, x.Place)
		}
		if ok && s.sys.Vars[d.Var].Proc == model.NoProc {
			t := s.sys.Vars[d.Var].Type
			c.cell, c.lo, c.hi = d, int64(t.Lo), int64(t.Hi)
			return true
		}
		return false
	}
	switch x.Op {
	case model.Load:
		c.op, c.k = model.Ne, 0
		return c, cell(x)
	case model.And:
		l, r := x.X, x.Y
		if l.Op == model.Const {
			l, r = r, l
		}
		if r.Op == model.Const && cell(l) {
			c.op, c.k = model.And, int64(r.Val)
			return c, true
		}
	case model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge:
		l, r, op := x.X, x.Y, x.Op
		if l.Op == model.Const {
			l, r, op = r, l, op.Mirrored()
		}
		if r.Op != model.Const {
			return c, false
		}
		if cell(l) {
			c.op, c.k = op, int64(r.Val)
			return c, true
		}
	}
	return c, false
}

// objectCell is the cell of a field of a known object.
func objectCell(sys *model.System, p *model.Place) (model.Cell, bool) {
	q := *p
	q.Unchecked = true
	return program.StaticCell(sys, &q)
}

func (c comparison) holds(v int64) bool {
	switch c.op {
	case model.Eq:
		return v == c.k
	case model.Ne:
		return v != c.k
	case model.Lt:
		return v < c.k
	case model.Le:
		return v <= c.k
	case model.Gt:
		return v > c.k
	case model.Ge:
		return v >= c.k
	}
	return v&c.k != 0
}

// possible reports whether one of the stores can turn the comparison from not want to want. If none can, neither can several one after the other.
func (c comparison) possible(stores []effect, want bool) bool {
	for _, e := range stores {
		switch e.kind {
		case effectConst:
			if c.holds(e.k) == want {
				return true
			}
		case effectAdd:
			if c.byAdding(e.k, want) {
				return true
			}
		case effectClear: // bits can only go
			if c.op != model.And || !want && e.k&c.k != 0 {
				return true
			}
		case effectSet:
			if c.op != model.And || want && e.k&c.k != 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// byAdding looks at every value there is: small ranges only.
func (c comparison) byAdding(k int64, want bool) bool {
	if c.hi-c.lo > 1<<12 {
		return true
	}
	for v := c.lo; v <= c.hi; v++ {
		if w := v + k; w >= c.lo && w <= c.hi && c.holds(v) != want && c.holds(w) == want {
			return true
		}
	}
	return false
}
