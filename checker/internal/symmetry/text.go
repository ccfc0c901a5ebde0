package symmetry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// A match compares the code of a process with that of the one it becomes by an exchange.
type match struct {
	*exchange
	local map[model.VarID]model.VarID
}

// A sort is how a value is used where it stands, as far as the exchange has to know: it names a member as those in an owner cell do, it is a mask whose bits are
// exchanged, or only whether it is zero counts. The empty sort: it means itself.
type sort struct {
	values map[int64]int64
	bits   map[int]int
	truth  bool
}

func (s sort) plain() bool { return s.values == nil && s.bits == nil }

func (s sort) equal(t sort) bool {
	return maps.Equal(s.values, t.values) && maps.Equal(s.bits, t.bits)
}

// op writes an operation with the exchange applied (for code of p) or as it is (for code of q).
func (m *match) op(op *model.Op, exchange bool) string {
	var b strings.Builder
	fmt.Fprint(&b, op.Kind, " ", op.Prop, " ", op.Cover, " ", op.Pool, " ", op.Then, " ", op.Else, " ", op.Loc, " ", op.Access, " ", op.Fence, " ", op.Observes, " ")
	var as sort
	switch {
	case op.Dst != nil:
		b.WriteString(m.place(op.Dst, exchange))
		as = m.sortOfPlace(op.Dst)
		if op.Kind == model.OpAlloc && !as.plain() {
			b.WriteString(" gets a value that depends on the state")
		}
	case op.Kind != model.OpFree:
		as.truth = true
	}
	b.WriteString(" := ")
	b.WriteString(m.expr(op.X, exchange, as))
	return b.String()
}

func (m *match) sortOfPlace(p *model.Place) sort {
	if c, ok := known(m.sys, p); ok {
		return sort{values: m.values[c], bits: m.bits[c]}
	}
	return sort{} // places that may be several cells, some of them with a sort, are refused
}

// sortOf is what the value of an expression is.
func (m *match) sortOf(x *model.Expr) sort {
	switch x.Op {
	case model.Load:
		return m.sortOfPlace(x.Place)
	case model.And, model.Or, model.Xor:
		for _, y := range []*model.Expr{x.X, x.Y} {
			if s := m.sortOf(y); s.bits != nil {
				return s
			}
		}
	case model.Cond:
		if s := m.sortOf(x.Y); !s.plain() {
			return s
		}
		return m.sortOf(x.Z)
	}
	return sort{}
}

// expr writes an expression whose value is used as a sort.
func (m *match) expr(x *model.Expr, exchange bool, as sort) string {
	if x == nil {
		return "-"
	}
	s := fmt.Sprint("(", x.Op, " ", m.constant(x, exchange, as), " ", x.Pool, " ", x.Domain, " ", m.table(x, exchange))
	own := m.sortOf(x)
	if exchange && x.Op != model.Const {
		// What has a sort may only be used as that: its value means nothing elsewhere. And what has none is not known to be a name, or to have its bits exchanged.
		if !own.plain() && !own.equal(as) && !(as.truth && own.bits != nil) {
			s += " used as a number"
		}
		if !as.plain() && !own.equal(as) {
			s += " gets a value that depends on the state"
		}
	}
	if x.Place != nil {
		s += " " + m.place(x.Place, exchange)
	}
	var sx, sy sort
	switch x.Op {
	case model.Eq, model.Ne:
		if sx = m.sortOf(x.X); sx.plain() {
			sx = m.sortOf(x.Y)
		}
		sy = sx
	case model.And, model.Or, model.Xor:
		sx = sort{bits: own.bits}
		sy = sx
	case model.Not, model.AndAlso, model.OrElse:
		sx.truth, sy.truth = true, true
	case model.Cond:
		sx.truth = true
		sy = as
	}
	var operands []string
	var collect func(y *model.Expr, as sort)
	collect = func(y *model.Expr, as sort) {
		if y != nil && y.Op == x.Op && associative(x.Op) {
			collect(y.X, as)
			collect(y.Y, as)
			return
		}
		operands = append(operands, m.expr(y, exchange, as))
	}
	collect(x.X, sx)
	collect(x.Y, sy)
	if (associative(x.Op) || x.Op == model.Eq || x.Op == model.Ne) && !program.CanFail(m.sys, x) {
		slices.Sort(operands) // the order of operands makes no difference
	}
	z := sort{}
	if x.Op == model.Cond {
		z = as
	}
	return s + " " + strings.Join(operands, " ") + " " + m.expr(x.Z, exchange, z) + ")"
}

// constant is the number of an expression: of a constant, what the exchange makes of it.
func (m *match) constant(x *model.Expr, exchange bool, as sort) int64 {
	if x.Op != model.Const || !exchange {
		return int64(x.Val)
	}
	if v, ok := as.values[int64(x.Val)]; ok {
		return v
	}
	if as.bits != nil {
		return int64(permuteBits(as.bits, x.Val))
	}
	if as.values == nil && x.Type != nil {
		return int64(m.pointer(x.Type, x.Val))
	}
	return int64(x.Val)
}

// table is which object is around the cell of a reference.
func (m *match) table(x *model.Expr, exchange bool) string {
	if x.Op != model.Container || !exchange {
		return fmt.Sprint(x.Table)
	}
	out := slices.Clone(x.Table)
	for ref, handle := range x.Table {
		to := m.pointer(&model.Type{Kind: model.KindRef, Domain: x.Domain}, int32(ref))
		out[to] = m.pointer(x.Type, handle)
	}
	return fmt.Sprint(out)
}

func associative(op model.ExprOp) bool {
	switch op {
	case model.AndAlso, model.OrElse, model.Add, model.And, model.Or, model.Xor, model.Mul:
		return true
	}
	return false
}

func (m *match) place(p *model.Place, exchange bool) string {
	if c, ok := known(m.sys, p); ok {
		v := m.sys.Vars[c.Var]
		switch {
		case v.Proc != model.NoProc && exchange:
			return fmt.Sprint("local ", m.local[c.Var], " ", c.Idx)
		case v.Proc != model.NoProc:
			return fmt.Sprint("local ", c.Var, " ", c.Idx)
		case exchange:
			c = m.cell(c)
		}
		return fmt.Sprint("cell ", c.Var, " ", c.Idx, " ", p.Unchecked, " ", p.Access)
	}
	v := p.Var
	if exchange {
		if w, ok := m.local[v]; ok {
			v = w
		}
		if p.Ref == nil && p.Var >= 0 && m.sys.Vars[p.Var].Proc != model.NoProc {
			// An element of a local array: the arrays of both processes are alike.
		} else if !m.uniform(p) {
			return "an element that depends on the state"
		}
	}
	obj := m.expr(p.Obj, exchange, sort{})
	if p.Obj != nil && p.Obj.Op == model.Const {
		// Whatever its type, it is a handle.
		h := p.Obj.Val
		if to, ok := m.objects[m.sys.Vars[p.Var].Pool][h]; ok && exchange {
			h = to
		}
		obj = fmt.Sprint("(object ", h, ")")
	}
	return fmt.Sprint("place ", v, " ", p.Domain, " ", p.Unchecked, " ", p.Access, obj, m.expr(p.Idx, exchange, sort{}), m.expr(p.Ref, exchange, sort{}))
}

// uniform reports whether the exchange moves the cells that a place may be as it changes the handles, references and indices that choose one of them.
func (m *match) uniform(p *model.Place) bool {
	plain := func(c model.Cell) bool { return len(m.values[c]) == 0 && len(m.bits[c]) == 0 }
	if p.Ref != nil {
		for _, c := range m.sys.Domains[p.Domain].Cells {
			if !plain(c) {
				return false
			}
		}
		return true // references change as the cells they refer to do
	}
	v := m.sys.Vars[p.Var]
	for i := range int32(v.Len) {
		c := model.Cell{Var: v.ID, Idx: i}
		obj := i / int32(v.Stride)
		if p.Obj != nil && p.Obj.Op == model.Const && p.Obj.Val != obj+1 {
			continue
		}
		to := i
		if p.Obj != nil {
			if h, ok := m.objects[v.Pool][obj+1]; ok {
				to = (h-1)*int32(v.Stride) + i%int32(v.Stride)
			}
			if p.Idx != nil && p.Idx.Op == model.Const && p.Idx.Val != i%int32(v.Stride) {
				continue
			}
		} else if p.Idx != nil && p.Idx.Op == model.Const && p.Idx.Val != i {
			continue
		}
		if !plain(c) || m.cell(c) != (model.Cell{Var: v.ID, Idx: to}) {
			return false
		}
	}
	return true
}
