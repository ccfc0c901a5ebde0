package check

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// An operand is what an expression means before it is known what is done with it.
type operand struct {
	t    *Type
	mode mode

	whole bool // a place that is an object of its own, or an array of such; the address of any other struct is known only for as long as nobody stores it
	local bool // a place in a local variable, or the address of one
}

type mode uint8

const (
	nothing mode = iota // what a void function returns
	aValue
	aPlace
	anAddress // of a place that is known: `&x`, or a pointer that stands for it
)

var badOperand = operand{t: Bad}

func (o operand) bad() bool { return o.t.Kind == KindBad }

func valueOf(t *Type) operand { return operand{t: t, mode: aValue} }

// value checks an expression whose value is needed.
func (c *checker) value(x syntax.Expr) *Type { return c.load(c.expr(x), x) }

// load makes a value of an operand; the type is Bad after an error.
func (c *checker) load(o operand, at syntax.Expr) *Type {
	t := c.loaded(o, at)
	if t.Kind == KindBad {
		c.Types[at] = Bad // although the operand is something, too
	}
	return t
}

func (c *checker) loaded(o operand, at syntax.Expr) *Type {
	const hint = "pass it to a function, or initialise a local pointer with it that is never assigned again"
	switch {
	case o.bad():
	case o.mode == nothing:
		c.errorf("not-a-value", at.Span(), "this call returns nothing")
	case o.mode == anAddress && o.t.Kind != KindRef:
		c.report("stored-address", at.Span(), "the address of a nested struct cannot be stored, returned or compared", hint)
	case o.mode == anAddress && o.local:
		c.report("stored-address", at.Span(), "the address of a local variable cannot be stored, returned or compared", hint)
	case o.mode == aPlace && (o.t.Kind == KindStruct || o.t.Kind == KindArray):
		c.report("not-a-value", at.Span(), o.t.String()+" is not a value", "use one of its parts, or take its address with &")
	default:
		return o.t
	}
	return Bad
}

// condition checks an expression used as a truth value.
func (c *checker) condition(x syntax.Expr) bool {
	t := c.value(x)
	switch {
	case t.Kind == KindBad:
		return false
	case !t.scalarOrNull() || t.Kind == KindEnum:
		c.mismatch(x.Span(), Bool, t)
		c.Types[x] = Bad
		return false
	}
	return true
}

// constant checks an expression that has to be a constant, of which only global names can be part.
func (c *checker) constant(x syntax.Expr) (t *Type) {
	c.elsewhere(inConstant, nil, func() { t = c.value(x) })
	return t
}

// integer is constant for numbers; what is missing is right.
func (c *checker) integer(x syntax.Expr) bool {
	if x == nil {
		return true
	}
	t := c.constant(x)
	if t.Kind != KindBad && !t.number() {
		c.mismatch(x.Span(), Int, t)
		c.Types[x] = Bad
		return false
	}
	return t.Kind != KindBad
}

// bound is integer for what types are made of, and other numbers that bodies need.
func (c *checker) bound(x syntax.Expr) bool {
	ok := c.integer(x)
	if ok && x != nil && c.where == inCode {
		c.Constants = append(c.Constants, x)
	}
	return ok
}

// ConstantsAre is the hint where something is no constant.
const ConstantsAre = "constants are literals, enum values, config parameters, const names and addresses of objects"

func (c *checker) mismatch(at source.Span, to, from *Type) {
	hint := ""
	if from.Kind == KindStruct && to.Kind == KindHandle {
		hint = "take its address with &"
	}
	if to.Kind == KindEnum {
		hint = c.enumHint(to, at)
	}
	c.report("type-mismatch", at, fmt.Sprintf("%s cannot be used as %s", from, to), hint)
}

// enumHint says what could have been meant where a value of another kind stands in the place of an enum's.
func (c *checker) enumHint(t *Type, at source.Span) string {
	word := ""
	if f := c.files.File(at.Start); f != nil {
		word = string(f.Text(at))
	}
	if h := source.DidYouMean(word, slices.Clone(t.Enum.Values)); h != "" {
		return h
	}
	return t.String() + " is one of " + strings.Join(t.Enum.Values, ", ")
}

// fits demands that a value fits a place.
func (c *checker) fits(to, from *Type, at syntax.Expr) bool {
	if Assignable(to, from) {
		return true
	}
	c.mismatch(at.Span(), to, from)
	return false
}

// follow is what a pointer points to.
func (c *checker) follow(o operand, at syntax.Expr) operand {
	p := operand{mode: aPlace, whole: true}
	if o.mode == anAddress {
		p.whole, p.local = false, o.local
	} else if c.load(o, at).Kind == KindBad {
		return badOperand
	}
	switch o.t.Kind {
	case KindHandle:
		p.t = &Type{Kind: KindStruct, Struct: o.t.Struct}
	case KindRef:
		p.t = o.t.Elem
	default:
		c.errorf("type-mismatch", at.Span(), "%s is not a pointer", o.t)
		return badOperand
	}
	return p
}
