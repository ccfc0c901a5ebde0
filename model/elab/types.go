package elab

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// A stype is the type of an expression while a spec is elaborated. It keeps struct and array types, which the IR no longer has.
type stype struct {
	kind   stKind
	lo, hi int64       // stInt
	name   string      // typedef name of a scalar, "" without; references distinguish types by it
	enum   *enumInfo   // stEnum
	strct  *structInfo // stStruct, stHandle
	elem   *stype      // stArray, stRef
	n      int         // stArray
}

type stKind uint8

const (
	stBad stKind = iota // an error was reported; fits everything
	stVoid
	stBool
	stInt
	stEnum
	stStruct
	stHandle // struct S *
	stRef    // T * for a scalar T
	stArray
	stNull // NULL, before it is known of which type
)

var (
	tBad  = &stype{kind: stBad}
	tVoid = &stype{kind: stVoid}
	tBool = &stype{kind: stBool}
	tNull = &stype{kind: stNull}
	// tInt is the type of arithmetic; only what is stored is bounded.
	tInt = &stype{kind: stInt, lo: math.MinInt32, hi: math.MaxInt32}
	// tPlainInt is the type written `int`.
	tPlainInt = &stype{kind: stInt, lo: math.MinInt16, hi: math.MaxInt16}
)

func (t *stype) scalar() bool {
	switch t.kind {
	case stBool, stInt, stEnum, stHandle, stRef, stBad:
		return true
	}
	return false
}

func (t *stype) pointer() bool { return t.kind == stHandle || t.kind == stRef || t.kind == stNull }

func (t *stype) String() string {
	switch t.kind {
	case stVoid:
		return "void"
	case stBool:
		if t.name != "" {
			return t.name
		}
		return "bool"
	case stInt:
		if t.name != "" {
			return t.name
		}
		if t == tInt {
			return "int"
		}
		return fmt.Sprintf("int<%d..%d>", t.lo, t.hi)
	case stEnum:
		return "enum " + t.enum.name
	case stStruct:
		return "struct " + t.strct.name
	case stHandle:
		if t.name != "" {
			return t.name
		}
		return "struct " + t.strct.name + " *"
	case stRef:
		return t.elem.String() + " *"
	case stArray:
		return fmt.Sprintf("%s[%d]", t.elem, t.n)
	case stNull:
		return "NULL"
	}
	return "?"
}

// key names a scalar type for the purposes of references: typedefs are distinct from each other and from the type they stand for.
func (t *stype) key() string {
	if t.name != "" {
		return t.name
	}
	return t.String()
}

// assignable reports whether a value of type from may be stored in a place of type to. Ranges are checked when it is stored.
func assignable(to, from *stype) bool {
	switch {
	case to.kind == stBad || from.kind == stBad:
		return true
	case to.kind == stVoid || from.kind == stVoid:
		return false
	case from.kind == stNull:
		return to.pointer()
	case to.kind == stHandle:
		return from.kind == stHandle && from.strct == to.strct
	case to.kind == stRef:
		return from.kind == stRef && from.elem.key() == to.elem.key()
	case to.kind == stEnum:
		return from.kind == stEnum && from.enum == to.enum
	case to.kind == stInt:
		return from.kind == stInt || from.kind == stBool
	case to.kind == stBool:
		return from.kind == stBool || from.kind == stInt
	}
	return false
}

// comparable_ reports whether == makes sense between two types.
func comparableTypes(a, b *stype) bool {
	if a.kind == stNull && b.kind == stNull {
		return true
	}
	return a.scalarOrNull() && b.scalarOrNull() && (assignable(a, b) || assignable(b, a))
}

func (t *stype) scalarOrNull() bool { return t.scalar() || t.kind == stNull }

// typeOf resolves a type as written. Errors are reported once; the result is then tBad.
func (e *elab) typeOf(x *syntax.TypeExpr) *stype { return e.typeOfDepth(x, 0) }

func (e *elab) typeOfDepth(x *syntax.TypeExpr, depth int) *stype {
	if depth > 50 {
		e.errorf("typedef-cycle", x.Sp, "typedef refers to itself")
		return tBad
	}
	var t *stype
	switch x.Kind {
	case syntax.TypeVoid:
		t = tVoid
	case syntax.TypeRange:
		lo, ok1 := e.constInt(x.Lo)
		hi, ok2 := e.constInt(x.Hi)
		if !ok1 || !ok2 {
			return tBad
		}
		if lo > hi || lo < math.MinInt32 || hi > math.MaxInt32 {
			if !e.dry {
				e.errorf("bad-range", x.Sp, "int<%d..%d> is empty or leaves 32 bits", lo, hi)
			}
			return tBad
		}
		t = &stype{kind: stInt, lo: lo, hi: hi}
	case syntax.TypeStruct:
		s := e.prog.structs[x.Name.Name]
		if s == nil {
			var names []string
			for n := range e.prog.structs {
				names = append(names, n)
			}
			e.diags.Add(source.Diagnostic{Code: "unknown-type", Span: x.Name.Sp, Msg: "unknown type struct " + x.Name.Name, Hint: source.DidYouMean(x.Name.Name, names)})
			return tBad
		}
		t = &stype{kind: stStruct, strct: s}
	case syntax.TypeEnum:
		en := e.prog.enums[x.Name.Name]
		if en == nil {
			var names []string
			for n := range e.prog.enums {
				names = append(names, n)
			}
			e.diags.Add(source.Diagnostic{Code: "unknown-type", Span: x.Name.Sp, Msg: "unknown type enum " + x.Name.Name, Hint: source.DidYouMean(x.Name.Name, names)})
			return tBad
		}
		t = &stype{kind: stEnum, enum: en}
	default:
		t = e.namedType(x, depth)
	}
	if x.Stars == 0 || t.kind == stBad {
		return t
	}
	if x.Stars > 1 {
		e.errorf("bad-type", x.Sp, "a pointer to a pointer is not a type of this language")
		return tBad
	}
	switch {
	case t.kind == stStruct:
		return &stype{kind: stHandle, strct: t.strct}
	case t.kind == stRef:
		e.errorf("bad-type", x.Sp, "a reference to a reference is not a type of this language")
		return tBad
	case t.scalar():
		return &stype{kind: stRef, elem: t}
	}
	e.errorf("bad-type", x.Sp, "there are no pointers to %s", t)
	return tBad
}

func (e *elab) namedType(x *syntax.TypeExpr, depth int) *stype {
	name := x.Name.Name
	switch name {
	case "bool":
		return tBool
	case "int":
		return tPlainInt
	}
	if n, ok := uintWidth(name); ok {
		return &stype{kind: stInt, lo: 0, hi: 1<<n - 1, name: name}
	}
	s := e.prog.syms[name]
	if s != nil && s.kind == symTypedef {
		t := e.typeOfDepth(s.typedef.Type, depth+1)
		if !t.scalar() || t.kind == stBad {
			return t
		}
		c := *t
		c.name = name
		return &c
	}
	if e.prog.structs[name] != nil {
		e.diags.Add(source.Diagnostic{Code: "unknown-type", Span: x.Name.Sp, Msg: "unknown type " + source.Quote(name), Hint: "write struct " + name})
		return tBad
	}
	if e.prog.enums[name] != nil {
		e.diags.Add(source.Diagnostic{Code: "unknown-type", Span: x.Name.Sp, Msg: "unknown type " + source.Quote(name), Hint: "write enum " + name})
		return tBad
	}
	names := []string{"bool", "int", "u4", "u8"}
	for n, s := range e.prog.syms {
		if s.kind == symTypedef {
			names = append(names, n)
		}
	}
	e.diags.Add(source.Diagnostic{Code: "unknown-type", Span: x.Name.Sp, Msg: "unknown type " + source.Quote(name), Hint: source.DidYouMean(name, names)})
	return tBad
}

// uintWidth recognises u1..u16.
func uintWidth(name string) (int, bool) {
	if len(name) < 2 || len(name) > 3 || name[0] != 'u' || name[1] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range name[1:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n >= 1 && n <= 16
}

// irType converts a scalar type to the IR's; handle and reference types depend on the pools and domains of this cell.
func (e *elab) irType(t *stype) *model.Type {
	k := t.String()
	if t.kind == stRef {
		k = "&" + t.elem.key()
	}
	if r := e.irTypes[k]; r != nil {
		return r
	}
	r := &model.Type{Name: t.String(), Pool: model.NoPool, Domain: model.NoDomain}
	e.irTypes[k] = r
	switch t.kind {
	case stBool:
		r.Kind, r.Hi = model.KindBool, 1
	case stInt:
		r.Kind, r.Lo, r.Hi = model.KindInt, int32(t.lo), int32(t.hi)
	case stEnum:
		r.Kind, r.Hi, r.Values = model.KindEnum, int32(len(t.enum.values)-1), t.enum.values
	case stHandle:
		r.Kind, r.Pool = model.KindHandle, e.pool(t.strct).ID
		r.Hi = int32(len(e.sys.Pools[r.Pool].Objects))
	case stRef:
		r.Kind, r.Domain = model.KindRef, e.domain(t.elem)
		r.Hi = int32(len(e.sys.Domains[r.Domain].Cells))
	default:
		r.Kind = model.KindInt
	}
	return r
}

// A layout says where the leaves of a type lie: a tree of fields and arrays over variables.
type layout struct {
	t      *stype
	v      model.VarID        // leaf
	dry    bool               // no variable behind it: only types are being checked
	fields map[string]*layout // struct
	elem   *layout            // array
}

// leafMaker creates the variable of one leaf: its path below the root, its type, the product of the array dimensions above it.
type leafMaker func(path string, t *stype, cells int, guard string, at source.Span) model.VarID

// layoutOf builds the layout of a type below a root. inits receives the initial value of each leaf cell.
func (e *elab) layoutOf(t *stype, path, guard string, at source.Span, leaf leafMaker) *layout {
	return e.layoutIn(t, path, "", nil, guard, at, leaf, 0)
}

// layoutIn is layoutOf below arrays of the given dimensions, outermost first; field is the struct and the field around it, "struct.field".
func (e *elab) layoutIn(t *stype, path, field string, dims []int, guard string, at source.Span, leaf leafMaker, depth int) *layout {
	l := &layout{t: t, v: model.NoVar, dry: leaf == nil}
	switch t.kind {
	case stStruct:
		l.fields = map[string]*layout{}
		if depth > 30 {
			e.errorf("struct-cycle", at, "struct %s contains itself", t.strct.name)
			return l
		}
		for i := range t.strct.fields {
			f := &t.strct.fields[i]
			g := guard
			if f.guard != "" {
				g = f.guard
			}
			l.fields[f.name] = e.layoutIn(e.fieldType(f), path+"."+f.name, t.strct.name+"."+f.name, dims, g, f.at, leaf, depth+1)
		}
	case stArray:
		cells := t.n
		for _, n := range dims {
			cells *= n // bounded: each level was looked at
		}
		if most := e.prog.limits.Elements; cells > most {
			e.tooLarge(at, "elements", most, "%s has more than %d elements", cmp.Or(strings.TrimPrefix(path, "."), "this"), most)
		}
		l.elem = e.layoutIn(t.elem, path, field, append(dims[:len(dims):len(dims)], t.n), guard, at, leaf, depth+1)
	default:
		if leaf != nil && t.scalar() {
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

func (e *elab) fieldType(f *fieldInfo) *stype {
	t := e.typeOf(f.typ)
	return e.arrayOf(t, f.dims)
}

// arrayOf wraps a type in dimensions.
func (e *elab) arrayOf(t *stype, dims []syntax.Expr) *stype {
	for i := len(dims) - 1; i >= 0; i-- {
		n, ok := e.constInt(dims[i])
		if !ok {
			return tBad
		}
		if n < 1 || n > 4096 {
			if !e.dry {
				e.errorf("bad-range", dims[i].Span(), "an array has 1 to 4096 elements, not %d", n)
				return tBad
			}
			n = 1
		}
		size := int(n)
		for x := t; x.kind == stArray; x = x.elem {
			size *= x.n
		}
		if most := e.prog.limits.Elements; size > most {
			e.tooLarge(dims[i].Span(), "elements", most, "the array has %d elements", size)
		}
		t = &stype{kind: stArray, elem: t, n: int(n)}
	}
	return t
}

// defaultValue is what an uninitialised cell holds: the value nearest to zero.
func defaultValue(t *model.Type) int32 { return min(max(0, t.Lo), t.Hi) }
