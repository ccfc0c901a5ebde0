package model

import "math"

// Constructors of IR expressions. They fold constants, so that whatever depends only on config parameters and on cells nothing writes
// disappears from the state machine.

// NewConst is a number of a type.
func NewConst(v int64, t *Type) *Expr { return &Expr{Op: Const, Val: int32(v), Type: t} }

// IsConst reports whether an expression is a number.
func (x *Expr) IsConst() bool { return x != nil && x.Op == Const }

// Bit is 1 for true and 0 for false.
func Bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Fold computes an operator on constants; ok is false where it would fault or leave 32 bits.
func Fold(op ExprOp, a, b int64) (v int64, ok bool) {
	switch op {
	case Add:
		v = a + b
	case Sub:
		v = a - b
	case Mul:
		v = a * b
	case Div:
		if b == 0 {
			return 0, false
		}
		v = a / b
	case Mod:
		if b == 0 {
			return 0, false
		}
		v = a % b
	case Shl:
		if b < 0 || b > 31 {
			return 0, false
		}
		v = a << b
	case Shr:
		if b < 0 || b > 31 {
			return 0, false
		}
		v = a >> b
	case And:
		v = a & b
	case Or:
		v = a | b
	case Xor:
		v = a ^ b
	case Eq:
		v = Bit(a == b)
	case Ne:
		v = Bit(a != b)
	case Lt:
		v = Bit(a < b)
	case Le:
		v = Bit(a <= b)
	case Gt:
		v = Bit(a > b)
	case Ge:
		v = Bit(a >= b)
	case AndAlso:
		v = Bit(a != 0 && b != 0)
	case OrElse:
		v = Bit(a != 0 || b != 0)
	default:
		return 0, false
	}
	return v, v >= math.MinInt32 && v <= math.MaxInt32
}

// Interval bounds the values of an expression, in 64 bits.
func (x *Expr) Interval() (lo, hi int64) {
	bin := func() (a, b, c, d int64) {
		a, b = x.X.Interval()
		c, d = x.Y.Interval()
		return
	}
	switch x.Op {
	case Const:
		return int64(x.Val), int64(x.Val)
	case Load, AddrOf, Container:
		return int64(x.Type.Lo), int64(x.Type.Hi)
	case InRange:
		return 0, int64(x.Val) - 1
	case IsLive, Any, Not, Eq, Ne, Lt, Le, Gt, Ge, AndAlso, OrElse:
		return 0, 1
	case Neg:
		a, b := x.X.Interval()
		return -b, -a
	case BitNot:
		a, b := x.X.Interval()
		return -b - 1, -a - 1
	case Add:
		a, b, c, d := bin()
		return a + c, b + d
	case Sub:
		a, b, c, d := bin()
		return a - d, b - c
	case Mul:
		a, b, c, d := bin()
		return min(a*c, a*d, b*c, b*d), max(a*c, a*d, b*c, b*d)
	case Div:
		a, b := x.X.Interval()
		m := max(abs64(a), abs64(b))
		return -m, m
	case Mod:
		a, b, c, d := bin()
		m := max(abs64(c), abs64(d))
		return max(min(a, 0), -m), min(max(b, 0), m)
	case Shl:
		a, b := x.X.Interval()
		_, d := x.Y.Interval()
		d = min(max(d, 0), 31)
		return min(a, a<<d), max(b, b<<d)
	case Shr:
		a, b := x.X.Interval()
		return min(a, a>>31), max(b, b>>31)
	case And:
		a, b, c, d := bin()
		if a >= 0 && c >= 0 {
			return 0, min(b, d)
		}
		if a >= 0 {
			return 0, b
		}
		if c >= 0 {
			return 0, d
		}
		return min(a, c)*2 - 1, max(b, d)
	case Or, Xor:
		a, b, c, d := bin()
		m := int64(1)
		// What leaves 32 bits is an error, but not before a configuration is at hand: the bounds of a dry run can be anything.
		for m <= max(abs64(a), abs64(b), abs64(c), abs64(d)) && m < 1<<40 {
			m <<= 1
		}
		if a >= 0 && c >= 0 {
			return 0, m - 1
		}
		return -m, m - 1
	case Cond:
		a, b := x.Y.Interval()
		c, d := x.Z.Interval()
		return min(a, c), max(b, d)
	}
	return math.MinInt32, math.MaxInt32
}

// readsState reports whether the value of x depends on the state.
func (x *Expr) ReadsState() (reads bool) {
	x.Walk(func(y *Expr) { reads = reads || y.Op == Load || y.Op == IsLive })
	return reads
}

func abs64(v int64) int64 { return max(v, -v) }

// Walk calls f on x and everything below it, places' expressions included, in evaluation order (operands before operators). A nil x is fine.
func (x *Expr) Walk(f func(*Expr)) {
	if x == nil {
		return
	}
	if x.Place != nil {
		x.Place.Walk(f)
	}
	x.X.Walk(f)
	x.Y.Walk(f)
	x.Z.Walk(f)
	f(x)
}

// Walk calls f on the expressions of a place.
func (p *Place) Walk(f func(*Expr)) {
	p.Ref.Walk(f)
	p.Obj.Walk(f)
	p.Idx.Walk(f)
}

// WalkOp calls f on every expression of an operation: of the stored value or condition, and of the address it stores to.
func WalkOp(op *Op, f func(*Expr)) {
	op.X.Walk(f)
	if op.Dst != nil {
		op.Dst.Walk(f)
	}
}

var (
	IntType  = &Type{Kind: KindInt, Name: "int", Lo: math.MinInt32, Hi: math.MaxInt32, Pool: NoPool, Domain: NoDomain}
	BoolType = &Type{Kind: KindBool, Name: "bool", Hi: 1, Pool: NoPool, Domain: NoDomain}
)

// fault finds the operator with constant operands that has no result, in an expression that did not fold.
func (x *Expr) Fault() (found *Expr) {
	x.Walk(func(y *Expr) {
		if found != nil || y.IsConst() || y.X == nil || !y.X.IsConst() {
			return
		}
		switch {
		case y.Op == Neg:
			found = y
		case y.Y != nil && y.Y.IsConst() && y.Op >= Add && y.Op <= Shr:
			found = y
		}
	})
	return found
}
