package pass

import (
	"slices"

	"pmdcheck/model"
)

// Passed makes a system that does what sys does and remembers in its last variable whether a mark was passed; of the property, which becomes an invariant, it says that none was. (An assertion instead
// of the mark would not do: a step can mark, and then turn out to have to wait.)
func Passed(sys *model.System, mark model.CoverID, prop model.PropID) *model.System {
	s := *sys
	s.Processes, s.Props = slices.Clone(sys.Processes), slices.Clone(sys.Props)
	bit := &model.Type{Kind: model.KindBool, Name: "bool", Hi: 1, Pool: model.NoPool, Domain: model.NoDomain}
	passed := &model.Var{ID: model.VarID(len(sys.Vars)), Name: "passed", Type: bit, Len: 1, Proc: model.NoProc, Pool: model.NoPool, Stride: 1, Guard: model.NoProp, Init: []int32{0}}
	s.Vars = append(slices.Clone(sys.Vars), passed)
	place := &model.Place{Var: passed.ID, Domain: model.NoDomain}
	q := *sys.Props[prop]
	q.Kind, q.X = model.PropInvariant, &model.Expr{Op: model.Not, Type: bit, X: &model.Expr{Op: model.Load, Type: bit, Place: &model.Place{Var: passed.ID, Domain: model.NoDomain, Unchecked: true}}}
	s.Props[prop] = &q
	replace := func(code []model.Op) []model.Op {
		code = slices.Clone(code)
		for i := range code {
			if code[i].Kind == model.OpCover && code[i].Cover == mark {
				code[i].Kind, code[i].Dst, code[i].X = model.OpAssign, place, model.NewConst(1, bit)
			}
		}
		return code
	}
	for i, p := range s.Processes {
		q := *p
		q.Start = replace(p.Start)
		q.Trans = slices.Clone(p.Trans)
		for k, t := range q.Trans {
			u := *t
			u.Code = replace(t.Code)
			q.Trans[k] = &u
		}
		s.Processes[i] = &q
	}
	return &s
}
