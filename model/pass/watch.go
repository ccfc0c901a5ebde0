// Package pass makes systems of systems. A pass leaves the system that it gets as it was, and what it makes satisfies [model.System.Sanity].
//
//	tso.go        the store buffers of x86: which cells are weak; tso_plan.go: what a process needs; tso_code.go: its code
//	watch.go   variables that remember what liveness properties are owed
//	passed.go  a variable that remembers whether a mark of the lock order was passed
//	table.go   in which order what is done
package pass

import (
	"slices"

	"pmdcheck/model"
)

// Watch makes a system that does what s does and remembers in a variable of its own for each of the given cases whether something is owed: the last variables, in
// the order of the cases. owed says of which cases it is in the initial state. Every step that may change a predicate brings the variable up to date at its
// end, which never blocks or fails, so runs of the one system correspond to runs of the other, with the same transitions. ok is false if a predicate could
// go wrong: then a step could.
func Watch(s *model.System, cases []model.LiveCase, owed []bool) (w *model.System, vars []model.VarID, ok bool) {
	c := *s
	w = &c
	w.Vars, w.Processes = slices.Clone(s.Vars), slices.Clone(s.Processes)
	touched := make([]map[model.Cell]bool, len(cases))
	update := make([]model.Op, len(cases))
	for i, k := range cases {
		p := k.P
		if p == nil {
			p = model.NewConst(0, model.BoolType)
		}
		if !total(s, p) || !total(s, k.Q) {
			return nil, nil, false
		}
		v := &model.Var{ID: model.VarID(len(w.Vars)), Name: "owed", Type: model.BoolType, Len: 1, Proc: model.NoProc, Pool: model.NoPool, Stride: 1, Guard: model.NoProp, Init: []int32{int32(model.Bit(owed[i]))}}
		w.Vars = append(w.Vars, v)
		vars = append(vars, v.ID)
		touched[i] = map[model.Cell]bool{}
		for _, x := range []*model.Expr{p, k.Q} {
			s.ExprTouches(x, func(t model.Touch) {
				for at := t.Base; at < t.End; at += t.Step {
					touched[i][model.Cell{Var: t.Var, Idx: at}] = true
				}
			})
		}
		now := &model.Expr{Op: model.OrElse, Type: model.BoolType, X: &model.Expr{Op: model.Load, Type: model.BoolType, Place: &model.Place{Var: v.ID}}, Y: p}
		update[i] = model.Op{Kind: model.OpAssign, Dst: &model.Place{Var: v.ID}, X: &model.Expr{Op: model.AndAlso, Type: model.BoolType, X: &model.Expr{Op: model.Not, Type: model.BoolType, X: k.Q}, Y: now}, Frame: model.NoFrame}
	}
	for i, p := range s.Processes {
		q := *p
		q.Trans = slices.Clone(p.Trans)
		for k, t := range p.Trans {
			var tail []model.Op
			for n := range cases {
				if mayWrite(s, t.Code, touched[n]) {
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
func beforeGotos(code, tail []model.Op) []model.Op {
	out := slices.Clone(code)
	for i := range code {
		if code[i].Kind == model.OpGoto {
			out[i] = model.Op{Kind: model.OpJump, Then: len(out), Pos: code[i].Pos, Frame: code[i].Frame}
			out = append(append(out, tail...), code[i])
		}
	}
	return out
}

// mayWrite reports whether code can write one of the cells.
func mayWrite(s *model.System, code []model.Op, cells map[model.Cell]bool) bool {
	found := false
	for i := range code {
		s.Touches(&code[i], func(t model.Touch) {
			for at := t.Base; t.Write && at < t.End; at += t.Step {
				found = found || cells[model.Cell{Var: t.Var, Idx: at}]
			}
		})
	}
	return found
}

// total reports whether the evaluation of a predicate surely does not go wrong.
func total(s *model.System, x *model.Expr) bool {
	ok := true
	x.Walk(func(x *model.Expr) {
		switch x.Op {
		case model.Load:
			if _, static := s.StaticCell(x.Place); !static {
				ok = false
			}
		case model.IsLive:
			ok = ok && x.X.IsConst() && x.X.Val >= 0 && int(x.X.Val) <= len(s.Pools[x.Pool].Objects)
		case model.AddrOf, model.Container, model.InRange, model.Div, model.Mod, model.Shl, model.Shr:
			ok = false
		}
	})
	return ok
}
