package model

import "slices"

// Watch makes a system that does what s does and remembers in a variable of its own for each of the given cases whether something is owed: the last variables, in
// the order of the cases. owed says of which cases it is in the initial state. Every step that may change a predicate brings the variable up to date at its
// end, which never blocks or fails, so runs of the one system correspond to runs of the other, with the same transitions. ok is false if a predicate could
// go wrong: then a step could.
func (s *System) Watch(cases []LiveCase, owed []bool) (w *System, vars []VarID, ok bool) {
	c := *s
	w = &c
	w.Vars, w.Processes = slices.Clone(s.Vars), slices.Clone(s.Processes)
	touched := make([]map[Cell]bool, len(cases))
	update := make([]Op, len(cases))
	for i, k := range cases {
		p := k.P
		if p == nil {
			p = constant(0, irBool)
		}
		if !s.total(p) || !s.total(k.Q) {
			return nil, nil, false
		}
		v := &Var{ID: VarID(len(w.Vars)), Name: "owed", Type: irBool, Len: 1, Proc: NoProc, Pool: NoPool, Stride: 1, Guard: NoProp, Init: []int32{int32(b2i(owed[i]))}}
		w.Vars = append(w.Vars, v)
		vars = append(vars, v.ID)
		touched[i] = map[Cell]bool{}
		for _, x := range []*Expr{p, k.Q} {
			s.ExprTouches(x, func(t Touch) {
				for at := t.Base; at < t.End; at += t.Step {
					touched[i][Cell{t.Var, at}] = true
				}
			})
		}
		now := &Expr{Op: OrElse, Type: irBool, X: &Expr{Op: Load, Type: irBool, Place: &Place{Var: v.ID}}, Y: p}
		update[i] = Op{Kind: OpAssign, Dst: &Place{Var: v.ID}, X: &Expr{Op: AndAlso, Type: irBool, X: &Expr{Op: Not, Type: irBool, X: k.Q}, Y: now}, Frame: NoFrame}
	}
	for i, p := range s.Processes {
		q := *p
		q.Trans = slices.Clone(p.Trans)
		for k, t := range p.Trans {
			var tail []Op
			for n := range cases {
				if s.mayWrite(t.Code, touched[n]) {
					tail = append(tail, update[n])
				}
			}
			if len(tail) > 0 {
				u := *t
				u.Code = beforeGotos(t.Code, tail)
				q.Trans[k] = &u
			}
		}
		w.Processes[i] = &q
	}
	return w, vars, true
}

// beforeGotos puts operations before every OpGoto. Code indices stay what they are: a jump leads to the addition, behind the code.
func beforeGotos(code, tail []Op) []Op {
	out := slices.Clone(code)
	for i := range code {
		if code[i].Kind == OpGoto {
			out[i] = Op{Kind: OpJump, Then: len(out), Pos: code[i].Pos, Frame: code[i].Frame}
			out = append(append(out, tail...), code[i])
		}
	}
	return out
}

// mayWrite reports whether code can write one of the cells.
func (s *System) mayWrite(code []Op, cells map[Cell]bool) bool {
	found := false
	for i := range code {
		s.Touches(&code[i], func(t Touch) {
			for at := t.Base; t.Write && at < t.End; at += t.Step {
				found = found || cells[Cell{t.Var, at}]
			}
		})
	}
	return found
}

// total reports whether the evaluation of a predicate surely does not go wrong.
func (s *System) total(x *Expr) bool {
	ok := true
	x.walk(func(x *Expr) {
		switch x.Op {
		case Load:
			if _, static := s.staticCell(x.Place); !static {
				ok = false
			}
		case IsLive:
			ok = ok && x.X.isConst() && x.X.Val >= 0 && int(x.X.Val) <= len(s.Pools[x.Pool].Objects)
		case AddrOf, Container, InRange, Div, Mod, Shl, Shr:
			ok = false
		}
	})
	return ok
}
