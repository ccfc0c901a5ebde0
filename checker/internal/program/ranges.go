package program

import (
	"math"
	"slices"

	"pmdcheck/model"
)

// A span is the values a cell can ever have, from lo to hi.
type span struct{ lo, hi int64 }

func (s span) join(o span) span { return span{min(s.lo, o.lo), max(s.hi, o.hi)} }

// ranges bounds the values of every cell: from its initial value, by what any operation stores there, to a fixed point. A cell declared as a byte of which two
// bits are used needs two bits. What a store would bring out of the range of the cell's type is a fault and is never stored.
//
// Guards are not looked at, but for counters (counters.go). Each sweep over the code sees the ranges of the one before, whatever comes first: so
// processes that can be interchanged get the same layout, as exchanging them in packed states demands.
type ranges struct {
	sys   *model.System
	cells [][]span
}

// maxSweeps bounds the sweeps over the code before cells that still grow are given the range of their type.
const maxSweeps = 16

func newRanges(sys *model.System) *ranges {
	r := &ranges{sys: sys}
	for _, v := range sys.Vars {
		c := make([]span, v.Len)
		for i := range c {
			c[i] = span{int64(v.Init[i]), int64(v.Init[i])}
		}
		r.cells = append(r.cells, c)
	}
	r.masks()
	for n := 0; ; n++ {
		changed := false
		next := make([][]span, len(r.cells))
		for i, c := range r.cells {
			next[i] = slices.Clone(c)
		}
		grow := func(c model.Cell, s span) {
			t := sys.Vars[c.Var].Type
			s = span{max(s.lo, int64(t.Lo)), min(s.hi, int64(t.Hi))}
			if s.lo > s.hi {
				return // every such store faults
			}
			if old := r.cells[c.Var][c.Idx]; old.join(s) == old {
				return
			}
			if n >= maxSweeps {
				s = span{int64(t.Lo), int64(t.Hi)}
			}
			next[c.Var][c.Idx] = next[c.Var][c.Idx].join(s)
			changed = true
		}
		for _, p := range sys.Processes {
			code := func(ops []model.Op) {
				for i := range ops {
					r.op(&ops[i], grow)
				}
			}
			code(p.Start)
			for _, t := range p.Trans {
				code(t.Code)
			}
		}
		if !changed {
			r.counters()
			return r
		}
		r.cells = next
	}
}

// masks lets cells of which known bits are looked at, set or cleared begin at 0, so that these are bits of what is stored: to exchange members of a group may be to exchange bits.
func (r *ranges) masks() {
	expr := func(x *model.Expr) {
		if x.Op != model.And && x.Op != model.Or || x.X.Op != model.Const && x.Y.Op != model.Const {
			return
		}
		for _, y := range []*model.Expr{x.X, x.Y} {
			if y.Op != model.Load {
				continue
			}
			q := *y.Place
			q.Unchecked = true
			if c, ok := StaticCell(r.sys, &q); ok && r.sys.Vars[c.Var].Type.Lo == 0 {
				r.cells[c.Var][c.Idx].lo = 0
			}
		}
	}
	code := func(ops []model.Op) {
		for i := range ops {
			model.WalkOp(&ops[i], expr)
		}
	}
	for _, p := range r.sys.Processes {
		code(p.Start)
		for _, t := range p.Trans {
			code(t.Code)
		}
	}
	for _, q := range r.sys.Props {
		q.X.Walk(expr)
	}
	for _, c := range r.sys.Covers {
		c.X.Walk(expr)
	}
}

// counters narrows the ranges of counters that only their own process writes, and by name.
func (r *ranges) counters() {
	other := map[model.VarID]bool{}
	for _, p := range r.sys.Processes {
		code := func(ops []model.Op) {
			for i := range ops {
				r.sys.Touches(&ops[i], func(t model.Touch) {
					if v := r.sys.Vars[t.Var]; t.Write && v.Proc != model.NoProc {
						if c, ok := StaticCell(r.sys, ops[i].Dst); !ok || ops[i].Kind != model.OpAssign || c.Var != t.Var || v.Proc != p.ID {
							other[t.Var] = true
						}
					}
				})
			}
		}
		code(p.Start)
		for _, t := range p.Trans {
			code(t.Code)
		}
	}
	for _, p := range r.sys.Processes {
		r.count(p, other)
	}
}

func (r *ranges) op(op *model.Op, grow func(model.Cell, span)) {
	var s span
	switch op.Kind {
	case model.OpAssign:
		s = r.expr(op.X)
	case model.OpAlloc:
		s = span{0, int64(len(r.sys.Pools[op.Pool].Objects))}
	case model.OpFree:
	default:
		return
	}
	alloc := model.NoVar
	if op.Kind == model.OpAlloc || op.Kind == model.OpFree {
		alloc = r.sys.Pools[op.Pool].Live
	}
	r.sys.Touches(op, func(t model.Touch) {
		if !t.Write {
			return
		}
		for i := t.Base; i < t.End; i += t.Step {
			c := model.Cell{Var: t.Var, Idx: i}
			if t.Var == alloc || r.sys.Vars[t.Var].Alloc == model.AllocMarks {
				grow(c, span{0, 1})
			} else if op.Kind != model.OpFree {
				grow(c, s) // a field that is only reset gets more than it needs
			}
		}
	})
}

// place joins the cells a place can denote.
func (r *ranges) place(p *model.Place) (s span) {
	first := true
	op := model.Op{Kind: model.OpAssign, Dst: p}
	r.sys.Touches(&op, func(t model.Touch) {
		if !t.Write {
			return
		}
		for i := t.Base; i < t.End; i += t.Step {
			c := r.cells[t.Var][i]
			if first {
				s, first = c, false
			}
			s = s.join(c)
		}
	})
	return s
}

// expr bounds the value of an expression.
func (r *ranges) expr(x *model.Expr) span {
	switch x.Op {
	case model.Const:
		return span{int64(x.Val), int64(x.Val)}
	case model.Load:
		return r.place(x.Place)
	case model.AddrOf, model.Container:
		return span{int64(x.Type.Lo), int64(x.Type.Hi)}
	case model.InRange:
		a := r.expr(x.X)
		return span{max(a.lo, 0), min(a.hi, int64(x.Val)-1)}
	case model.IsLive, model.Not, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge, model.AndAlso, model.OrElse:
		return span{0, 1}
	case model.Neg:
		a := r.expr(x.X)
		return span{-a.hi, -a.lo}
	case model.Add:
		a, b := r.expr(x.X), r.expr(x.Y)
		return span{a.lo + b.lo, a.hi + b.hi}
	case model.Sub:
		a, b := r.expr(x.X), r.expr(x.Y)
		return span{a.lo - b.hi, a.hi - b.lo}
	case model.And:
		a, b := r.expr(x.X), r.expr(x.Y)
		if a.lo >= 0 && b.lo >= 0 {
			return span{0, min(a.hi, b.hi)}
		}
		if a.lo >= 0 {
			return span{0, a.hi}
		}
		if b.lo >= 0 {
			return span{0, b.hi}
		}
	case model.Or, model.Xor:
		a, b := r.expr(x.X), r.expr(x.Y)
		if a.lo >= 0 && b.lo >= 0 {
			return span{0, int64(1)<<bitsLen(int32(min(max(a.hi, b.hi), math.MaxInt32))) - 1}
		}
	case model.Cond:
		return r.expr(x.Y).join(r.expr(x.Z))
	}
	return span{math.MinInt32, math.MaxInt32}
}
