package promela

import (
	"slices"

	"pmdcheck/model"
)

// A failure is one thing that can go wrong in an expression or store. Failures are listed in the order of evaluation: When may only be computed where those
// before it are false, and the first that is true names the property that is violated.
type failure struct {
	when *term
	prop model.PropID
}

// store is what a step has stored so far, by cell; a cell that is not in it has the value it had when the step began.
type store map[model.Cell]*term

// lowering turns expressions of the IR into terms.
type lowering struct {
	x         *exporter
	st        store // nil: cells are read where they lie
	predicate bool  // invariants and covers do not look at lifetimes
	fails     []failure
	path      *term // condition under which the subexpression at hand is evaluated
}

// fail notes a failed assertion or an access to a dead object.
func (l *lowering) fail(when *term, prop model.PropID) {
	if !l.x.ignored(prop) {
		l.note(when, prop)
	}
}

// fault notes that the model itself goes wrong, which is never ignored.
func (l *lowering) fault(when *term) { l.note(when, model.PropNoFault) }

func (l *lowering) note(when *term, prop model.PropID) {
	if when = and(l.path, when); !when.is(0) {
		l.fails = append(l.fails, failure{when, prop})
	}
}

// under lowers an expression that is only evaluated where c is true.
func (l *lowering) under(c *term, e *model.Expr) *term {
	saved := l.path
	l.path = and(l.path, c)
	t := l.expr(e)
	l.path = saved
	return t
}

func (l *lowering) expr(e *model.Expr) *term {
	switch e.Op {
	case model.Const:
		return num(int64(e.Val))
	case model.Load:
		return l.load(l.target(e.Place, true))
	case model.AddrOf:
		return l.addrOf(e)
	case model.Container:
		ref := l.expr(e.X)
		known := zero
		value := zero
		for k := len(e.Table) - 1; k > 0; k-- {
			if e.Table[k] != 0 {
				known = or(eq(ref, k), known)
				value = l.choose(value, eq(ref, k), num(int64(e.Table[k])))
			}
		}
		l.fault(not(known))
		return value
	case model.IsLive:
		h := l.expr(e.X)
		p := l.x.sys.Pools[e.Pool]
		l.fault(outside(h, 0, int64(len(p.Objects))))
		if p.Live == model.NoVar {
			return asTruth(h)
		}
		return and(asTruth(h), l.cell(p.Live, binary(model.Sub, h, one)))
	case model.InRange:
		v := l.expr(e.X)
		l.fault(outside(v, 0, int64(e.Val)-1))
		return v
	case model.Not, model.Neg, model.BitNot:
		return unary(e.Op, l.expr(e.X))
	case model.AndAlso:
		a := l.expr(e.X)
		return and(a, l.under(a, e.Y))
	case model.OrElse:
		a := l.expr(e.X)
		return or(a, l.under(not(a), e.Y))
	case model.Cond:
		c := l.expr(e.X)
		return cond(c, l.under(c, e.Y), l.under(not(c), e.Z))
	}
	a := l.expr(e.X)
	b := l.expr(e.Y)
	switch e.Op {
	case model.Div, model.Mod:
		l.fault(eq(b, 0))
	case model.Shl, model.Shr:
		l.fault(outside(b, 0, 31))
	}
	return binary(e.Op, a, b)
}

// choose adds a case to a chain of conditional expressions, the first of which, still zero, needs no test: some case is known to hold.
func (l *lowering) choose(chain, c, v *term) *term {
	if chain == zero {
		return v
	}
	return cond(c, v, chain)
}

// outside is t < lo || t > hi, without the half that cannot be.
func outside(t *term, lo, hi int64) *term {
	a, b := t.interval()
	below, above := zero, zero
	if a < lo {
		below = binary(model.Lt, t, num(lo))
	}
	if b > hi {
		above = binary(model.Gt, t, num(hi))
	}
	return or(below, above)
}

// A target is the cell that a place denotes: cell idx of a variable, or the cell that a reference names.
type target struct {
	v     model.VarID
	idx   *term
	ref   *term
	cells []model.Cell
}

// target finds the cell of a place, and lists what can go wrong: reference or object first, then the index, then liveness.
func (l *lowering) target(p *model.Place, live bool) target {
	sys := l.x.sys
	if p.Ref != nil {
		ref := l.expr(p.Ref)
		cells := sys.Domains[p.Domain].Cells
		l.fault(outside(ref, 1, int64(len(cells))))
		if live && !p.Unchecked && !l.predicate {
			l.aliveByRef(ref, cells)
		}
		return target{ref: ref, cells: cells}
	}
	v := sys.Vars[p.Var]
	base := zero
	if p.Obj != nil {
		h := l.expr(p.Obj)
		l.fault(outside(h, 1, int64(len(sys.Pools[v.Pool].Objects))))
		base = binary(model.Sub, h, one)
	}
	idx := zero
	if p.Idx != nil {
		idx = l.expr(p.Idx)
		l.fault(outside(idx, 0, int64(v.Stride)-1))
	}
	if live && p.Obj != nil && !p.Unchecked && !l.predicate {
		if pool := sys.Pools[v.Pool]; pool.Live != model.NoVar {
			l.fail(not(l.cell(pool.Live, base)), v.Guard)
		}
	}
	if v.Stride > 1 {
		base = binary(model.Mul, base, num(int64(v.Stride)))
	}
	return target{v: p.Var, idx: binary(model.Add, base, idx)}
}

// aliveByRef lists the failures of an access by reference to a field of a dead object, one for each property.
func (l *lowering) aliveByRef(ref *term, cells []model.Cell) {
	sys := l.x.sys
	for i, c := range cells {
		v := sys.Vars[c.Var]
		if v.Pool == model.NoPool || sys.Pools[v.Pool].Live == model.NoVar {
			continue
		}
		dead := not(l.cell(sys.Pools[v.Pool].Live, num(int64(int(c.Idx)/v.Stride))))
		l.fail(and(eq(ref, i+1), dead), v.Guard)
	}
}

func (l *lowering) load(t target) *term {
	if t.ref == nil {
		return l.cell(t.v, t.idx)
	}
	value := zero
	for k := len(t.cells); k > 0; k-- {
		c := t.cells[k-1]
		v := l.cell(c.Var, num(int64(c.Idx)))
		if t.ref.is(int32(k)) {
			return v
		}
		value = l.choose(value, eq(t.ref, k), v)
	}
	return value
}

// cell is the value of a cell, whose index is known to be in range where it matters.
func (l *lowering) cell(id model.VarID, idx *term) *term {
	v := l.x.vars[id]
	mv := l.x.sys.Vars[id]
	if idx.isConst() {
		i := idx.val
		if i < 0 || int(i) >= mv.Len {
			return zero // a fault on the way here
		}
		if t := l.st[model.Cell{Var: id, Idx: i}]; t != nil {
			return t
		}
		if !l.x.written[id][i] {
			return num(int64(mv.Init[i]))
		}
	} else if slices.ContainsFunc(l.indices(mv), func(i int32) bool { return l.st[model.Cell{Var: id, Idx: i}] != nil }) {
		// Something was stored into the array before, so it has to be looked through.
		value := zero
		for i := mv.Len - 1; i >= 0; i-- {
			value = l.choose(value, eq(idx, i), l.cell(id, num(int64(i))))
		}
		return value
	}
	v.used = true
	if mv.Len == 1 {
		idx = nil
	}
	return binary(model.Add, cell(v, idx), num(int64(v.bias)))
}

func (l *lowering) indices(v *model.Var) []int32 {
	if len(l.st) == 0 {
		return nil
	}
	out := make([]int32, v.Len)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// put records a store, for symbolic execution.
func (l *lowering) put(t target, v *term) {
	if t.ref != nil {
		for i, c := range t.cells {
			l.putIf(eq(t.ref, i+1), c, v)
		}
		return
	}
	n := l.x.sys.Vars[t.v].Len
	hits := make([]*term, n)
	for i := range hits {
		hits[i] = eq(t.idx, i)
	}
	for i := range n {
		l.putIf(hits[i], model.Cell{Var: t.v, Idx: int32(i)}, v)
	}
}

func (l *lowering) putIf(c *term, at model.Cell, v *term) {
	if !c.is(0) {
		l.st[at] = cond(c, v, l.cell(at.Var, num(int64(at.Idx))))
	}
}

func (l *lowering) addrOf(e *model.Expr) *term {
	number := map[model.Cell]int{}
	for i, c := range l.x.sys.Domains[e.Domain].Cells {
		number[c] = i + 1
	}
	t := l.target(e.Place, false)
	known, value := zero, zero
	add := func(hit *term, c model.Cell) {
		if n := number[c]; n > 0 && !hit.is(0) {
			known = or(hit, known)
			value = l.choose(value, hit, num(int64(n)))
		}
	}
	if t.ref != nil {
		for i := len(t.cells); i > 0; i-- {
			add(eq(t.ref, i), t.cells[i-1])
		}
	} else {
		v := l.x.sys.Vars[t.v]
		first, run := number[model.Cell{Var: t.v}], true
		for i := range v.Len {
			run = run && first > 0 && number[model.Cell{Var: t.v, Idx: int32(i)}] == first+i
		}
		if run {
			return binary(model.Add, t.idx, num(int64(first)))
		}
		for i := v.Len - 1; i >= 0; i-- {
			add(eq(t.idx, i), model.Cell{Var: t.v, Idx: int32(i)})
		}
	}
	l.fault(not(known))
	return value
}
