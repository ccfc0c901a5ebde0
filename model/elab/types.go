package elab

import (
	"cmp"
	"math"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// typeOf is a type as written, with the bounds that it has in this configuration.
func (e *elab) typeOf(x *syntax.TypeExpr) *check.Type {
	t := e.prog.Written[x]
	if t.Kind != check.KindBad {
		return e.instance(t)
	}
	// Something is wrong with it, and if it is a bound that is no number, that is reported here.
	for range 50 { // typedefs of typedefs
		o := e.prog.Uses[x.Name]
		if o == nil || o.Kind != check.TypedefObject {
			break
		}
		x = o.Typedef.Type
	}
	e.constInts(x.Lo, x.Hi)
	return check.Bad
}

// instance is a type with the bounds that it has in this configuration.
func (e *elab) instance(t *check.Type) *check.Type {
	switch {
	case t.Kind == check.KindRef:
		if elem := e.instance(t.Elem); elem.Kind == check.KindBad {
			return check.Bad
		} else if elem != t.Elem {
			return &check.Type{Kind: check.KindRef, Elem: elem}
		}
	case t.Bounds != nil:
		lo, ok1 := e.constInt(t.Bounds.Lo)
		hi, ok2 := e.constInt(t.Bounds.Hi)
		if !ok1 || !ok2 {
			return check.Bad
		}
		if lo > hi || lo < math.MinInt32 || hi > math.MaxInt32 {
			if !e.dry {
				e.errorf("bad-range", t.Bounds.Sp, "int<%d..%d> is empty or leaves 32 bits", lo, hi)
			}
			return check.Bad
		}
		if lo != t.Lo || hi != t.Hi {
			here := *t
			here.Lo, here.Hi = lo, hi
			return &here
		}
	}
	return t
}

// irType converts a scalar type to the IR's; handle and reference types depend on the pools and domains of this configuration.
func (e *elab) irType(t *check.Type) *model.Type {
	r := e.typeFor[t]
	if r == nil {
		r = e.irTypeNamed(t)
		e.typeFor[t] = r
	}
	return r
}

// irTypeNamed is irType for a type that was not asked for before: types of one name are one.
func (e *elab) irTypeNamed(t *check.Type) *model.Type {
	k := t.String()
	if t.Kind == check.KindRef {
		k = "&" + t.Elem.Key()
	}
	if r := e.irTypes[k]; r != nil {
		return r
	}
	r := &model.Type{Name: t.String(), Pool: model.NoPool, Domain: model.NoDomain}
	e.irTypes[k] = r
	switch t.Kind {
	case check.KindBool:
		r.Kind, r.Hi = model.KindBool, 1
	case check.KindInt:
		r.Kind, r.Lo, r.Hi = model.KindInt, int32(t.Lo), int32(t.Hi)
	case check.KindEnum:
		r.Kind, r.Hi, r.Values = model.KindEnum, int32(len(t.Enum.Values)-1), t.Enum.Values
	case check.KindHandle:
		r.Kind, r.Pool = model.KindHandle, e.pool(t.Struct).ID
		r.Hi = int32(len(e.sys.Pools[r.Pool].Objects))
	case check.KindRef:
		r.Kind, r.Domain = model.KindRef, e.domain(t.Elem)
		r.Hi = int32(len(e.sys.Domains[r.Domain].Cells))
	default:
		r.Kind = model.KindInt
	}
	return r
}

// A layout says where the leaves of a type lie: a tree of fields and arrays over variables.
type layout struct {
	t      *check.Type
	v      model.VarID        // leaf
	dry    bool               // no variable behind it: only types are being checked
	fields map[string]*layout // struct
	elem   *layout            // array
}

// leafMaker creates the variable of one leaf: its path below the root, its type, the product of the array dimensions above it.
type leafMaker func(path string, t *check.Type, cells int, guard string, at source.Span) model.VarID

// layoutOf builds the layout of a type below a root. inits receives the initial value of each leaf cell.
func (e *elab) layoutOf(t *check.Type, path, guard string, at source.Span, leaf leafMaker) *layout {
	return e.layoutIn(t, path, "", nil, guard, at, leaf)
}

// flag notes for the variables of a layout what the attributes of the field or variable say.
func (e *elab) flag(l *layout, keep, weak bool) {
	if l == nil || !keep && !weak {
		return
	}
	if l.v != model.NoVar {
		v := e.sys.Vars[l.v]
		v.Weak = v.Weak || weak
		if keep {
			v.Alloc = model.AllocKeeps
		}
	}
	e.flag(l.elem, keep, weak)
	for _, f := range l.fields {
		e.flag(f, keep, weak)
	}
}

// layoutIn is layoutOf below arrays of the given dimensions, outermost first; field is the struct and the field around it, "struct.field".
func (e *elab) layoutIn(t *check.Type, path, field string, dims []int, guard string, at source.Span, leaf leafMaker) *layout {
	l := &layout{t: t, v: model.NoVar, dry: leaf == nil}
	switch t.Kind {
	case check.KindStruct:
		l.fields = map[string]*layout{}
		for i := range t.Struct.Fields {
			f := &t.Struct.Fields[i]
			g := guard
			if f.Guard != "" {
				g = f.Guard
			}
			l.fields[f.Name] = e.layoutIn(e.fieldType(f), path+"."+f.Name, t.Struct.Name+"."+f.Name, dims, g, f.At, leaf)
			e.flag(l.fields[f.Name], f.Keep, f.Weak)
		}
	case check.KindArray:
		cells := t.N
		for _, n := range dims {
			cells *= n // bounded: each level was looked at
		}
		if most := e.prog.limits.Elements; cells > most {
			e.tooLarge(at, "elements", most, "%s has more than %d elements", cmp.Or(strings.TrimPrefix(path, "."), "this"), most)
		}
		l.elem = e.layoutIn(t.Elem, path, field, append(dims[:len(dims):len(dims)], t.N), guard, at, leaf)
	default:
		if leaf != nil && t.Scalar() {
			cells := 1
			for _, n := range dims {
				cells *= n
			}
			l.v = leaf(path, t, cells, guard, at)
			e.giveRole(e.sys.Vars[l.v], cmpOr(field, path))
			if len(dims) > 1 {
				e.sys.Vars[l.v].Dims = dims
			}
		}
	}
	return l
}

func (e *elab) fieldType(f *check.Field) *check.Type {
	t := e.typeOf(f.Type)
	return e.arrayOf(t, f.Dims)
}

// arrayOf wraps a type in dimensions.
func (e *elab) arrayOf(t *check.Type, dims []syntax.Expr) *check.Type {
	for i := len(dims) - 1; i >= 0; i-- {
		n, ok := e.constInt(dims[i])
		if !ok {
			return check.Bad
		}
		if n < 1 || n > 4096 {
			if !e.dry {
				e.errorf("bad-range", dims[i].Span(), "an array has 1 to 4096 elements, not %d", n)
				return check.Bad
			}
			n = 1
		}
		size := int(n)
		for x := t; x.Kind == check.KindArray; x = x.Elem {
			size *= x.N
		}
		if most := e.prog.limits.Elements; size > most {
			e.tooLarge(dims[i].Span(), "elements", most, "the array has %d elements", size)
		}
		t = &check.Type{Kind: check.KindArray, Elem: t, N: int(n)}
	}
	return t
}

// defaultValue is what an uninitialised cell holds: the value nearest to zero.
func defaultValue(t *model.Type) int32 { return min(max(0, t.Lo), t.Hi) }
