package elab

import (
	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
)

// place flattens an lvalue; nil when types are only being checked.
func (e *elab) place(lv *lvalue) *model.Place {
	if lv.ref != nil {
		return &model.Place{Var: model.NoVar, Ref: lv.ref, Domain: lv.domain, Unchecked: lv.unchecked, Pos: lv.at, Access: lv.access}
	}
	if lv.l == nil || lv.l.v == model.NoVar {
		return nil
	}
	p := &model.Place{Var: lv.l.v, Obj: lv.obj, Domain: model.NoDomain, Unchecked: lv.unchecked, Pos: lv.at, Access: lv.access}
	for i, ix := range lv.idxs {
		x := ix.x
		if len(lv.idxs) > 1 && !x.IsConst() {
			// Flattened, an index too large for its own dimension could still hit a cell.
			x = inRange(x, ix.n)
		} else if len(lv.idxs) > 1 && (x.Val < 0 || int(x.Val) >= ix.n) {
			x = model.NewConst(-1<<20, model.IntType)
		}
		if i == 0 {
			p.Idx = x
		} else {
			p.Idx = binary(model.Add, binary(model.Mul, p.Idx, model.NewConst(int64(ix.n), model.IntType)), x)
		}
	}
	return p
}

// member selects a field.
func (e *elab) member(lv *lvalue, field string) *lvalue {
	f := lv.t.Struct.Index[field]
	c := *lv
	c.root = nil
	c.t = e.fieldType(&lv.t.Struct.Fields[f])
	c.l = nil
	if lv.l != nil {
		c.l = lv.l.fields[field]
	}
	if c.l != nil && c.l.t != nil {
		c.t = c.l.t
	}
	return &c
}

// inRange is x, or a fault where x is no index of n elements.
func inRange(x *model.Expr, n int) *model.Expr {
	return &model.Expr{Op: model.InRange, Type: model.IntType, X: x, Val: int32(n), Pos: x.Pos}
}

// element selects an array element.
func (e *elab) element(lv *lvalue, i *model.Expr) *lvalue {
	c := *lv
	c.t = lv.t.Elem
	if lv.root != nil && lv.root.t.Base().Kind == check.KindStruct {
		// An array of objects: the index is part of the handle.
		n := int64(1)
		for t := c.t; t.Kind == check.KindArray; t = t.Elem {
			n *= int64(t.N)
		}
		if lv.obj == nil {
			c.obj = model.NewConst(int64(lv.root.first), model.IntType)
		}
		if i.IsConst() {
			if i.Val < 0 || int(i.Val) >= lv.t.N {
				if e.strict() {
					e.errorf("out-of-range", source.At(lv.at), "index %d is outside the array of %d", i.Val, lv.t.N)
				}
				i = model.NewConst(-1<<20, model.IntType)
			}
		} else {
			i = inRange(i, lv.t.N)
		}
		c.obj = binary(model.Add, c.obj, binary(model.Mul, i, model.NewConst(n, model.IntType)))
		if c.t.Kind == check.KindStruct && c.obj.IsConst() {
			c.obj = model.NewConst(int64(c.obj.Val), e.irType(&check.Type{Kind: check.KindHandle, Struct: c.t.Struct}))
		}
		return &c
	}
	c.idxs = append(append([]index(nil), lv.idxs...), index{i, lv.t.N})
	if lv.l != nil {
		c.l = lv.l.elem
	}
	return &c
}

// structLayout is where the fields of all objects of a struct lie.
func (e *elab) structLayout(s *check.Struct) *layout {
	if l := e.poolLayout[s.Name]; l != nil {
		return l
	}
	// No object of this struct exists; a pointer to it can only be NULL.
	l := e.layoutOf(&check.Type{Kind: check.KindStruct, Struct: s}, "", "", s.Decl.Sp, nil)
	e.poolLayout[s.Name] = l
	return l
}

// cellLvalue names a known cell.
func (e *elab) cellLvalue(c model.Cell, t *check.Type, at source.Pos) *lvalue {
	v := e.sys.Vars[c.Var]
	lv := &lvalue{t: t, l: &layout{t: t, v: c.Var}, at: at}
	i := c.Idx
	if v.Pool != model.NoPool {
		lv.obj = model.NewConst(int64(c.Idx)/int64(v.Stride)+1, model.IntType)
		i %= int32(v.Stride)
	}
	if v.Stride > 1 {
		lv.idxs = []index{{model.NewConst(int64(i), model.IntType), v.Stride}}
	}
	return lv
}
