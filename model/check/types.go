package check

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Type is the type of an expression. It keeps struct and array types, which the IR no longer has. Where bounds depend on the configuration, Lo, Hi and N are those of the defaults; whoever knows
// the configuration makes them anew from Bounds and from the dimensions of the declaration.
type Type struct {
	Kind   Kind
	Lo, Hi int64            // KindInt
	Bounds *syntax.TypeExpr // KindInt, if the bounds are written out
	Name   string           // typedef name of a scalar, "" without; references distinguish types by it
	Enum   *Enum            // KindEnum
	Struct *Struct          // KindStruct, KindHandle
	Elem   *Type            // KindArray, KindRef
	N      int              // KindArray
}

// Kind says what a [Type] is.
type Kind uint8

// The kinds of types.
const (
	KindBad Kind = iota // an error was reported; fits everything
	KindVoid
	KindBool
	KindInt
	KindEnum
	KindStruct
	KindHandle // struct S *
	KindRef    // T * for a scalar T
	KindArray
	KindNull // NULL, before it is known of which type
)

// Types that have no declaration.
var (
	Bad  = &Type{Kind: KindBad}
	Void = &Type{Kind: KindVoid}
	Bool = &Type{Kind: KindBool}
	Null = &Type{Kind: KindNull}
	// Int is the type of arithmetic; only what is stored is bounded.
	Int = &Type{Kind: KindInt, Lo: math.MinInt32, Hi: math.MaxInt32}
	// PlainInt is the type written `int`.
	PlainInt = &Type{Kind: KindInt, Lo: math.MinInt16, Hi: math.MaxInt16}
)

// Scalar reports whether a variable of the type is one cell.
func (t *Type) Scalar() bool {
	switch t.Kind {
	case KindBool, KindInt, KindEnum, KindHandle, KindRef, KindBad:
		return true
	}
	return false
}

// Pointer reports whether values of the type point to something.
func (t *Type) Pointer() bool { return t.Kind == KindHandle || t.Kind == KindRef || t.Kind == KindNull }

// number reports whether the type is one of numbers, with an order.
func (t *Type) number() bool { return t.Kind == KindInt || t.Kind == KindBool || t.Kind == KindEnum }

func (t *Type) String() string {
	if t == nil {
		return "?"
	}
	switch {
	case t.Name != "" && (t.Kind == KindBool || t.Kind == KindInt || t.Kind == KindHandle):
		return t.Name
	case t.Kind == KindVoid:
		return "void"
	case t.Kind == KindBool:
		return "bool"
	case t == Int:
		return "int"
	case t.Kind == KindInt:
		return fmt.Sprintf("int<%d..%d>", t.Lo, t.Hi)
	case t.Kind == KindEnum && t.Enum != nil:
		return "enum " + t.Enum.Name
	case t.Kind == KindStruct && t.Struct != nil:
		return "struct " + t.Struct.Name
	case t.Kind == KindHandle && t.Struct != nil:
		return "struct " + t.Struct.Name + " *"
	case t.Kind == KindRef:
		return t.Elem.String() + " *"
	case t.Kind == KindArray:
		return fmt.Sprintf("%s[%d]", t.Elem, t.N)
	case t.Kind == KindNull:
		return "NULL"
	}
	return "?"
}

// Key names a scalar type for the purposes of references: typedefs are distinct from each other and from the type they stand for.
func (t *Type) Key() string {
	if t.Name != "" {
		return t.Name
	}
	return t.String()
}

// Base is the type of the elements of an array, over all dimensions, and of anything else the type itself.
func (t *Type) Base() *Type {
	for t.Kind == KindArray {
		t = t.Elem
	}
	return t
}

// Assignable reports whether a value of type from may be stored in a place of type to. Ranges are checked when it is stored.
func Assignable(to, from *Type) bool {
	switch {
	case to.Kind == KindBad || from.Kind == KindBad:
		return true
	case to.Kind == KindVoid || from.Kind == KindVoid:
		return false
	case from.Kind == KindNull:
		return to.Pointer()
	case to.Kind == KindHandle:
		return from.Kind == KindHandle && from.Struct == to.Struct
	case to.Kind == KindRef:
		return from.Kind == KindRef && from.Elem.Key() == to.Elem.Key()
	case to.Kind == KindEnum:
		return from.Kind == KindEnum && from.Enum == to.Enum
	case to.Kind == KindInt, to.Kind == KindBool:
		return from.Kind == KindInt || from.Kind == KindBool
	}
	return false
}

// comparable reports whether == makes sense between two types.
func comparableTypes(a, b *Type) bool {
	if a.Kind == KindNull && b.Kind == KindNull {
		return true
	}
	return a.scalarOrNull() && b.scalarOrNull() && (Assignable(a, b) || Assignable(b, a))
}

func (t *Type) scalarOrNull() bool { return t.Scalar() || t.Kind == KindNull }

// typeOf resolves a type as written.
func (c *checker) typeOf(x *syntax.TypeExpr) *Type {
	if x == nil {
		return Bad // an error of syntax
	}
	if t := c.Written[x]; t != nil {
		return t
	}
	t := c.pointerTo(x, c.baseType(x))
	c.Written[x] = t
	return t
}

func (c *checker) baseType(x *syntax.TypeExpr) *Type {
	switch x.Kind {
	case syntax.TypeVoid:
		return Void
	case syntax.TypeRange:
		return c.rangeType(x)
	case syntax.TypeStruct:
		s := c.Structs[x.Name.Name]
		if s == nil {
			c.report("unknown-type", x.Name.Sp, "unknown type struct "+x.Name.Name, source.DidYouMean(x.Name.Name, slices.Collect(maps.Keys(c.Structs))))
			return Bad
		}
		c.Uses[x.Name] = s.tag
		return &Type{Kind: KindStruct, Struct: s}
	case syntax.TypeEnum:
		en := c.Enums[x.Name.Name]
		if en == nil {
			c.report("unknown-type", x.Name.Sp, "unknown type enum "+x.Name.Name, source.DidYouMean(x.Name.Name, slices.Collect(maps.Keys(c.Enums))))
			return Bad
		}
		c.Uses[x.Name] = en.tag
		return &Type{Kind: KindEnum, Enum: en}
	}
	return c.namedType(x)
}

func (c *checker) rangeType(x *syntax.TypeExpr) *Type {
	ok1, ok2 := c.bound(x.Lo), c.bound(x.Hi)
	if !ok1 || !ok2 {
		return Bad
	}
	lo, ok1 := c.number(x.Lo)
	hi, ok2 := c.number(x.Hi)
	if !ok1 || !ok2 {
		return Bad
	}
	return &Type{Kind: KindInt, Lo: lo, Hi: hi, Bounds: x}
}

// pointerTo adds the stars of a type to its base.
func (c *checker) pointerTo(x *syntax.TypeExpr, t *Type) *Type {
	switch {
	case x.Stars == 0 || t.Kind == KindBad:
		return t
	case x.Stars > 1:
		c.errorf("bad-type", x.Sp, "a pointer to a pointer is not a type of this language")
	case t.Kind == KindStruct:
		return &Type{Kind: KindHandle, Struct: t.Struct}
	case t.Kind == KindRef:
		c.errorf("bad-type", x.Sp, "a reference to a reference is not a type of this language")
	case t.Scalar():
		return &Type{Kind: KindRef, Elem: t}
	default:
		c.errorf("bad-type", x.Sp, "there are no pointers to %s", t)
	}
	return Bad
}

func (c *checker) namedType(x *syntax.TypeExpr) *Type {
	name := x.Name.Name
	switch name {
	case "bool":
		return Bool
	case "int":
		return PlainInt
	}
	if n, ok := uintWidth(name); ok {
		return &Type{Kind: KindInt, Lo: 0, Hi: 1<<n - 1, Name: name}
	}
	if o := c.Names[name]; o != nil && o.Kind == TypedefObject {
		c.Uses[x.Name] = o
		if o.about {
			c.errorf("typedef-cycle", x.Sp, "typedef refers to itself")
			return Bad
		}
		return c.typeOfObject(o)
	}
	hint := ""
	switch {
	case c.Structs[name] != nil:
		hint = "write struct " + name
	case c.Enums[name] != nil:
		hint = "write enum " + name
	default:
		names := []string{"bool", "int", "u4", "u8"}
		for n, o := range c.Names {
			if o.Kind == TypedefObject {
				names = append(names, n)
			}
		}
		hint = source.DidYouMean(name, names)
	}
	c.report("unknown-type", x.Name.Sp, "unknown type "+source.Quote(name), hint)
	return Bad
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

// arrayOf wraps a type in dimensions.
func (c *checker) arrayOf(t *Type, dims []syntax.Expr) *Type {
	for i := len(dims) - 1; i >= 0; i-- {
		if !c.bound(dims[i]) {
			return Bad
		}
		n, ok := c.number(dims[i])
		if !ok {
			return Bad
		}
		if n < 1 || n > 4096 {
			n = 1
		}
		t = &Type{Kind: KindArray, Elem: t, N: int(n)}
	}
	return t
}

// typeOfObject is the type of what a global name stands for.
func (c *checker) typeOfObject(o *Object) *Type {
	if o.typ == nil && o.about {
		return Bad
	}
	if o.typ == nil {
		o.about = true
		c.elsewhere(inConstant, nil, func() { o.typ = c.findType(o) })
		o.about = false
	}
	return o.typ
}

func (c *checker) findType(o *Object) *Type {
	switch {
	case o.Kind == TypedefObject:
		t := c.typeOf(o.Typedef.Type)
		if !t.Scalar() || t.Kind == KindBad {
			return t
		}
		named := *t
		named.Name = o.Name
		return &named
	case o.Kind == ConstObject:
		t := c.value(o.Const.Value)
		c.Types[o.Const.Name] = t
		return t
	case o.Enum != nil:
		return &Type{Kind: KindEnum, Enum: o.Enum}
	case o.Kind == FeatureObject:
		return Bool
	case o.Kind == ConfigObject:
		return c.typeOf(o.Config.Type)
	case o.Kind == VarObject:
		return c.arrayOf(c.typeOf(o.Var.Type), o.Declr.Dims)
	case o.Kind == FieldObject:
		for _, f := range o.Struct.Fields {
			if f.obj == o {
				return c.arrayOf(c.typeOf(f.Type), f.Dims)
			}
		}
	}
	return Bad
}
