package model

// A Touch is one access of an operation, resolved as far as the code alone allows: all cells Base, Base+Step, … below End of a variable.
// A statically known cell has End == Base+1.
type Touch struct {
	Var             VarID
	Base, End, Step int32
	Write           bool
}

// Single reports whether the touch is one known cell.
func (t Touch) Single() bool { return t.End-t.Base <= t.Step }

// Touches calls f for every cell range that executing op may read or write: operands, the cells that address expressions read, the stored cell, and
// the lifetime bits that checked accesses look at. A range is an over-approximation; nothing else is ever touched.
func (s *System) Touches(op *Op, f func(Touch)) {
	switch op.Kind {
	case OpAssign, OpAlloc:
		op.Dst.Walk(func(x *Expr) { s.NodeTouches(x, f) })
		s.PlaceTouches(op.Dst, true, f)
	}
	op.X.Walk(func(x *Expr) { s.NodeTouches(x, f) })
	switch op.Kind {
	case OpAlloc:
		p := s.Pools[op.Pool]
		if p.Live == NoVar {
			return
		}
		n := int32(len(p.Objects))
		f(Touch{Var: p.Live, End: n, Step: 1})
		f(Touch{Var: p.Live, End: n, Step: 1, Write: true})
		for _, v := range p.Fields {
			if s.Vars[v].Alloc == AllocKeeps {
				continue
			}
			f(Touch{Var: v, End: int32(s.Vars[v].Len), Step: 1, Write: true})
		}
	case OpFree:
		if p := s.Pools[op.Pool]; p.Live != NoVar {
			t := s.liveTouch(p, op.X)
			f(t)
			t.Write = true
			f(t)
		}
	}
}

// ExprTouches is [System.Touches] for an expression that is evaluated on its own: an invariant or a cover predicate.
func (s *System) ExprTouches(x *Expr, f func(Touch)) {
	x.Walk(func(x *Expr) { s.NodeTouches(x, f) })
}

// NodeTouches is [System.ExprTouches] for the operator alone, without its operands and the expressions of its place.
func (s *System) NodeTouches(x *Expr, f func(Touch)) {
	switch x.Op {
	case Load:
		s.PlaceTouches(x.Place, false, f)
	case IsLive:
		if p := s.Pools[x.Pool]; p.Live != NoVar {
			f(s.liveTouch(p, x.X))
		}
	}
}

func (s *System) liveTouch(p *Pool, handle *Expr) Touch {
	if handle.IsConst() && handle.Val >= 1 {
		return Touch{Var: p.Live, Base: handle.Val - 1, End: handle.Val, Step: 1}
	}
	return Touch{Var: p.Live, End: int32(len(p.Objects)), Step: 1}
}

// PlaceTouches reports the cells a place can denote, and the lifetime bit its check reads.
func (s *System) PlaceTouches(p *Place, write bool, f func(Touch)) {
	if p.Ref != nil {
		d := s.Domains[p.Domain]
		for _, c := range d.Cells {
			f(Touch{Var: c.Var, Base: c.Idx, End: c.Idx + 1, Step: 1, Write: write})
			if v := s.Vars[c.Var]; v.Pool != NoPool && s.Pools[v.Pool].Live != NoVar && !p.Unchecked {
				o := c.Idx / int32(v.Stride)
				f(Touch{Var: s.Pools[v.Pool].Live, Base: o, End: o + 1, Step: 1})
			}
		}
		return
	}
	v := s.Vars[p.Var]
	t := Touch{Var: p.Var, Step: 1, End: int32(v.Len), Write: write}
	stride := int32(v.Stride)
	known := p.Idx == nil || p.Idx.IsConst()
	if known && (indexOf(p.Idx) < 0 || indexOf(p.Idx) >= stride) {
		return // the access faults and touches nothing
	}
	switch {
	case p.Obj == nil:
		if known {
			t.Base = indexOf(p.Idx)
			t.End = t.Base + 1
		}
	case p.Obj.IsConst() && p.Obj.Val >= 1:
		t.Base = (p.Obj.Val - 1) * stride
		t.End = t.Base + stride
		if known {
			t.Base += indexOf(p.Idx)
			t.End = t.Base + 1
		}
	case known:
		t.Base, t.Step = indexOf(p.Idx), stride
	}
	if t.Base >= int32(v.Len) {
		return // there is no such object
	}
	f(t)
	if v.Pool != NoPool && s.Pools[v.Pool].Live != NoVar && !p.Unchecked {
		f(s.liveTouch(s.Pools[v.Pool], p.Obj))
	}
}

func indexOf(x *Expr) int32 {
	if x == nil {
		return 0
	}
	return x.Val
}

// Usage is what code as a whole does: which cells anything writes, which processes touch them, and which variables have their address taken. Elaboration learns it from one pass for the next.
type Usage struct {
	Written [][]bool
	Users   [][]uint64 // bit p for process p; bit 63 for observers and processes from 63 on
	Addr    map[VarID]bool
}

const observer = 63

// Usage reads off the code what it does.
func (s *System) Usage() *Usage {
	u := &Usage{Addr: map[VarID]bool{}}
	for _, v := range s.Vars {
		u.Written = append(u.Written, make([]bool, v.Len))
		u.Users = append(u.Users, make([]uint64, v.Len))
	}
	note := func(proc int) func(Touch) {
		bit := uint64(1) << min(proc, observer)
		return func(t Touch) {
			for i := t.Base; i < t.End; i += t.Step {
				u.Users[t.Var][i] |= bit
				if t.Write {
					u.Written[t.Var][i] = true
				}
			}
		}
	}
	addr := func(x *Expr) {
		if x.Op == AddrOf && x.Place.Ref == nil {
			u.Addr[x.Place.Var] = true
		}
	}
	for _, p := range s.Processes {
		f := note(int(p.ID))
		code := func(ops []Op) {
			for i := range ops {
				s.Touches(&ops[i], f)
				ops[i].X.Walk(addr)
				if ops[i].Dst != nil {
					ops[i].Dst.Walk(addr)
				}
			}
		}
		code(p.Start)
		for _, t := range p.Trans {
			code(t.Code)
		}
	}
	f := note(observer)
	for _, q := range s.Props {
		if q.X != nil {
			s.ExprTouches(q.X, f)
		}
		for _, k := range q.Cases {
			s.ExprTouches(k.P, f)
			s.ExprTouches(k.Q, f)
		}
	}
	for _, c := range s.Covers {
		if c.X != nil {
			s.ExprTouches(c.X, f)
		}
	}
	return u
}

// Constant reports whether nothing ever writes the cell.
func (u *Usage) Constant(c Cell) bool { return u != nil && !u.Written[c.Var][c.Idx] }

// Private reports whether only process p touches the cells of t, or nothing writes them.
func (u *Usage) Private(t Touch, p ProcID) bool {
	if u == nil {
		return false
	}
	if p >= observer {
		p = observer - 1 // its bit is shared with the observers: never private
		for i := t.Base; i < t.End; i += t.Step {
			if u.Written[t.Var][i] {
				return false
			}
		}
		return true
	}
	for i := t.Base; i < t.End; i += t.Step {
		if u.Written[t.Var][i] && u.Users[t.Var][i]&^(1<<p) != 0 {
			return false
		}
	}
	return true
}

// Written tells for every cell, by VarID and index, whether any operation of any process may write it. Cells that are not keep their initial value for ever.
func (s *System) Written() [][]bool { return s.Usage().Written }

// StaticCell is the cell of a place all of whose parts are constant.
func (s *System) StaticCell(p *Place) (Cell, bool) {
	if p == nil || p.Ref != nil || (p.Idx != nil && !p.Idx.IsConst()) || p.Var < 0 {
		return Cell{}, false
	}
	i, v := indexOf(p.Idx), s.Vars[p.Var]
	if i < 0 || int(i) >= v.Stride {
		return Cell{}, false
	}
	if p.Obj != nil {
		if !p.Obj.IsConst() || p.Obj.Val < 1 || int(p.Obj.Val-1)*v.Stride >= v.Len {
			return Cell{}, false
		}
		i += (p.Obj.Val - 1) * int32(v.Stride)
	}
	return Cell{p.Var, i}, true
}
