package check

import (
	"fmt"
	"math"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// expr checks an expression.
func (c *checker) expr(x syntax.Expr) operand {
	o := c.exprIn(x)
	c.Types[x] = o.t
	return o
}

func (c *checker) exprIn(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return c.expr(x.X)
	case *syntax.IntLit:
		if x.Value > math.MaxInt32 {
			c.errorf("out-of-range", x.Sp, "%s does not fit into 32 bits", x.Text)
			return badOperand
		}
		return valueOf(Int)
	case *syntax.VersionLit:
		return valueOf(Int)
	case *syntax.BoolLit:
		return valueOf(Bool)
	case *syntax.NullLit:
		return valueOf(Null)
	case *syntax.StringLit:
		c.errorf("not-a-value", x.Sp, "a string is not a value of this language")
	case *syntax.Ident:
		return c.ident(x)
	case *syntax.UnaryExpr:
		return c.unary(x)
	case *syntax.BinaryExpr:
		return c.binary(x)
	case *syntax.CondExpr:
		return c.cond(x)
	case *syntax.CallExpr:
		return c.call(x)
	case *syntax.IndexExpr:
		return c.index(x)
	case *syntax.MemberExpr:
		return c.member(x)
	case *syntax.TypeArg:
		c.errorf("not-a-value", x.Sp, "a type is not a value")
	case *syntax.InitList:
		c.errorf("bad-initialiser", x.Sp, "a list in braces can only initialise a variable")
	}
	return badOperand
}

func (c *checker) ident(x *syntax.Ident) operand {
	if o := c.scope.find(x.Name); o != nil {
		c.Uses[x] = o
		switch {
		case o.alias:
			return operand{t: o.typ, mode: anAddress, local: o.local}
		case o.fixed:
			return valueOf(o.typ)
		}
		return operand{t: o.typ, mode: aPlace, local: true}
	}
	switch x.Name {
	case "this_cpu", "self":
		if c.where < inBinding {
			c.errorf("not-in-process", x.Sp, "%s has a value only inside a process", x.Name)
			return badOperand
		}
		return valueOf(Int)
	case "this_mm":
		if c.where == inConstant || c.where == inBinding {
			c.report("not-bound", x.Sp, "this_mm is used by a process that is in no mm", "declare it as `process name in mm M`")
			return badOperand
		}
		if c.where == inStep {
			c.report("not-bound", x.Sp, "this_mm is used by a condition of all processes that are bound to a CPU", "")
			return badOperand
		}
		if c.where == inPredicate {
			return badOperand
		}
		return valueOf(c.mm)
	}
	o := c.Names[x.Name]
	if o == nil {
		c.report("unknown-name", x.Sp, "unknown name "+source.Quote(x.Name), c.suggest(x.Name))
		return badOperand
	}
	c.Uses[x] = o
	return c.global(x, o)
}

// suggest looks for a name like word among locals and globals.
func (c *checker) suggest(word string) string {
	names := []string{"this_cpu", "this_mm", "self"}
	for s := c.scope; s != nil; s = s.parent {
		for n := range s.names {
			names = append(names, n)
		}
	}
	for n, o := range c.Names {
		if o.Kind != TypedefObject {
			names = append(names, n)
		}
	}
	return source.DidYouMean(word, names)
}

func (c *checker) global(x *syntax.Ident, o *Object) operand {
	switch o.Kind {
	case EnumValueObject:
		return valueOf(&Type{Kind: KindEnum, Enum: o.Enum})
	case FeatureObject:
		if k := c.Names[Release]; k != nil && k.Kind == ConstObject {
			if k.about {
				c.errorf("constant-cycle", k.At, "constant %s depends on itself", source.Quote(k.Name))
				return badOperand
			}
			c.typeOfObject(k) // its default is that of the release
		}
		return valueOf(c.typeOfObject(o))
	case ConfigObject:
		if o.about {
			c.errorf("constant-cycle", o.At, "the type of %s depends on itself", source.Quote(o.Name))
			return badOperand
		}
		return valueOf(c.typeOfObject(o))
	case ConstObject:
		if o.about {
			c.errorf("constant-cycle", o.At, "constant %s depends on itself", source.Quote(o.Name))
			return badOperand
		}
		return valueOf(c.typeOfObject(o))
	case VarObject:
		if o.about {
			c.report("not-constant", x.Sp, "this must be a constant, and "+o.Name+" is a variable", ConstantsAre)
			return badOperand
		}
		return operand{t: c.typeOfObject(o), mode: aPlace, whole: true}
	}
	hint := ""
	if o.Kind == FuncObject {
		hint = "call it: " + o.Name + "(…)"
	}
	c.report("not-a-value", x.Sp, o.Kind.String()+" "+source.Quote(o.Name)+" is not a value", hint)
	return badOperand
}

func (c *checker) member(x *syntax.MemberExpr) operand {
	o := c.expr(x.X)
	if o.bad() {
		return badOperand
	}
	hint := ""
	if x.Arrow {
		if o.t.Kind != KindHandle {
			if o.t.Kind == KindStruct {
				hint = "use . here"
			}
			c.report("type-mismatch", x.Sp, "-> needs a pointer to a struct, not "+o.t.String(), hint)
			return badOperand
		}
		if o = c.follow(o, x.X); o.bad() {
			return badOperand
		}
	} else if o.t.Kind != KindStruct {
		if o.t.Kind == KindHandle {
			hint = "use -> here"
		}
		c.report("type-mismatch", x.Sp, ". needs a struct, not "+o.t.String(), hint)
		return badOperand
	}
	f := c.field(o.t.Struct, x.Name)
	if f == nil {
		return badOperand
	}
	return operand{t: c.typeOfObject(f), mode: aPlace, local: o.local}
}

// field finds a field of a struct, or reports that there is none.
func (c *checker) field(s *Struct, name *syntax.Ident) *Object {
	if i, ok := s.Index[name.Name]; ok {
		c.Uses[name] = s.Fields[i].obj
		return s.Fields[i].obj
	}
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	c.report("unknown-field", name.Sp, "struct "+s.Name+" has no field "+source.Quote(name.Name), source.DidYouMean(name.Name, names))
	return nil
}

func (c *checker) index(x *syntax.IndexExpr) operand {
	o := c.expr(x.X)
	i := c.value(x.I)
	switch {
	case o.bad() || i.Kind == KindBad:
		return badOperand
	case o.t.Kind != KindArray:
		c.errorf("type-mismatch", x.X.Span(), "%s is not an array", o.t)
		return badOperand
	case !i.number():
		c.mismatch(x.I.Span(), Int, i)
		return badOperand
	}
	o.t = o.t.Elem
	return o
}

func (c *checker) unary(x *syntax.UnaryExpr) operand {
	switch x.Op {
	case syntax.AND:
		return c.addressOf(x)
	case syntax.MUL:
		o := c.expr(x.X)
		if o.bad() {
			return badOperand
		}
		if !o.t.Pointer() || o.t.Kind == KindNull {
			c.errorf("type-mismatch", x.Sp, "* needs a pointer, not %s", o.t)
			return badOperand
		}
		return c.follow(o, x.X)
	case syntax.NOT:
		if !c.condition(x.X) {
			return badOperand
		}
		return valueOf(Bool)
	}
	if lit, ok := x.X.(*syntax.IntLit); ok && x.Op == syntax.SUB && lit.Value == -math.MinInt32 {
		c.Types[lit] = Int // the one value whose negative is none
		return valueOf(Int)
	}
	t := c.value(x.X)
	if t.Kind == KindBad {
		return badOperand
	}
	if t.Kind != KindInt && t.Kind != KindBool {
		c.mismatch(x.X.Span(), Int, t)
		return badOperand
	}
	return valueOf(Int)
}

func (c *checker) addressOf(x *syntax.UnaryExpr) operand {
	o := c.expr(x.X)
	switch {
	case o.bad():
	case o.mode != aPlace:
		c.errorf("not-a-place", x.X.Span(), "only a variable has an address")
	case o.t.Kind == KindStruct && o.whole:
		return valueOf(&Type{Kind: KindHandle, Struct: o.t.Struct})
	case o.t.Kind == KindStruct:
		return operand{t: &Type{Kind: KindHandle, Struct: o.t.Struct}, mode: anAddress, local: o.local}
	case o.t.Kind == KindArray:
		c.report("bad-type", x.Sp, "there are no pointers to arrays", "take the address of an element")
	case o.t.Kind == KindRef:
		c.errorf("bad-type", x.Sp, "there are no references to references")
	default:
		return operand{t: &Type{Kind: KindRef, Elem: o.t}, mode: anAddress, local: o.local}
	}
	return badOperand
}

func (c *checker) binary(x *syntax.BinaryExpr) operand {
	if x.Op == syntax.LAND || x.Op == syntax.LOR {
		l := c.condition(x.X)
		if !l && HasCall(x.Y) {
			return badOperand
		}
		if r := c.condition(x.Y); !l || !r {
			return badOperand
		}
		return valueOf(Bool)
	}
	lo := c.expr(x.X)
	if lo.bad() {
		c.expr(x.Y)
		return badOperand
	}
	equal := x.Op == syntax.EQ || x.Op == syntax.NE
	if _, null := x.Y.(*syntax.NullLit); null && equal && lo.mode == anAddress {
		c.expr(x.Y)
		return valueOf(Bool) // an address that is known is not NULL
	}
	l := c.load(lo, x.X)
	r := c.value(x.Y)
	if l.Kind == KindBad || r.Kind == KindBad {
		return badOperand
	}
	if equal {
		if !comparableTypes(l, r) {
			hint := ""
			switch {
			case l.Kind == KindEnum:
				hint = c.enumHint(l, x.Y.Span())
			case r.Kind == KindEnum:
				hint = c.enumHint(r, x.X.Span())
			}
			c.report("type-mismatch", x.Sp, fmt.Sprintf("cannot compare %s with %s", l, r), hint)
			return badOperand
		}
		return valueOf(Bool)
	}
	order := x.Op == syntax.LT || x.Op == syntax.LE || x.Op == syntax.GT || x.Op == syntax.GE
	takes := func(t *Type) bool { return t.Kind == KindInt || t.Kind == KindBool || t.Kind == KindEnum && order }
	if !takes(l) || !takes(r) {
		c.errorf("type-mismatch", x.Sp, "operator %s does not take %s and %s", x.Op, l, r)
		return badOperand
	}
	if order {
		return valueOf(Bool)
	}
	return valueOf(Int)
}

func (c *checker) cond(x *syntax.CondExpr) operand {
	if !c.condition(x.Cond) {
		return badOperand
	}
	if HasCall(x.X) || HasCall(x.Y) {
		c.report("call-in-condition", x.Sp, "the sides of ?: cannot call functions", "use if and else")
		return badOperand
	}
	l, r := c.value(x.X), c.value(x.Y)
	t := l
	switch {
	case l.Kind == KindBad || r.Kind == KindBad:
		return badOperand
	case l.Kind == KindNull && r.Pointer():
		t = r
	case r.Kind == KindNull && l.Pointer():
	case l.Kind == KindInt && r.Kind == KindInt, l.Kind == KindInt && r.Kind == KindBool, l.Kind == KindBool && r.Kind == KindInt:
		t = Int
	case !Assignable(l, r):
		c.errorf("type-mismatch", x.Sp, "the sides of ?: are %s and %s", l, r)
		return badOperand
	}
	return valueOf(t)
}
