package promela

import (
	"strconv"
	"strings"

	"pmdcheck/model"
)

// A term is an expression that cannot fail: constants, cells, and total operators. Division, shifts and indices are only ever evaluated where what
// guards them was tested before.
type term struct {
	op      model.ExprOp // Const, Load, or a unary or binary operator or Cond
	val     int32        // Const
	v       *variable    // Load
	x, y, z *term        // operands; Load: x is the index, nil for the only cell
	size    int
}

var zero, one = num(0), num(1)

func num(v int64) *term { return &term{op: model.Const, val: int32(v), size: 1} }

func (t *term) isConst() bool { return t.op == model.Const }

func (t *term) is(v int32) bool { return t.op == model.Const && t.val == v }

func truth(b bool) *term {
	if b {
		return one
	}
	return zero
}

// cell is the term for a cell of a variable as it is stored.
func cell(v *variable, idx *term) *term {
	t := &term{op: model.Load, v: v, x: idx, size: 1}
	if idx != nil {
		t.size += idx.size
	}
	return t
}

func unary(op model.ExprOp, x *term) *term {
	if x.isConst() {
		switch op {
		case model.Not:
			return truth(x.val == 0)
		case model.Neg:
			return num(-int64(x.val))
		case model.BitNot:
			return num(^int64(x.val))
		}
	}
	if op == model.Not && x.op == model.Not && x.x.isTruth() {
		return x.x
	}
	return &term{op: op, x: x, size: x.size + 1}
}

// isTruth reports whether the value is 0 or 1.
func (t *term) isTruth() bool {
	lo, hi := t.interval()
	return lo >= 0 && hi <= 1
}

func not(x *term) *term { return unary(model.Not, x) }

// asTruth is x != 0, as a value that is 0 or 1.
func asTruth(x *term) *term {
	if x.isTruth() {
		return x
	}
	return binary(model.Ne, x, zero)
}

func and(x, y *term) *term { return binary(model.AndAlso, x, y) }

func or(x, y *term) *term { return binary(model.OrElse, x, y) }

func eq(x *term, v int) *term { return binary(model.Eq, x, num(int64(v))) }

func binary(op model.ExprOp, x, y *term) *term {
	switch op {
	case model.AndAlso:
		switch {
		case x.isConst() && x.val == 0, y.is(0):
			return zero
		case x.isConst():
			return asTruth(y)
		case y.isConst():
			return asTruth(x)
		}
	case model.OrElse:
		switch {
		case x.isConst() && x.val != 0, y.isConst() && y.val != 0:
			return one
		case x.isConst():
			return asTruth(y)
		case y.isConst():
			return asTruth(x)
		}
	default:
		if x.isConst() && y.isConst() {
			if v, ok := fold(op, int64(x.val), int64(y.val)); ok {
				return num(v)
			}
		}
		if (op == model.Add || op == model.Sub) && y.is(0) {
			return x
		}
		if op == model.Add && x.is(0) {
			return y
		}
	}
	return &term{op: op, x: x, y: y, size: x.size + y.size + 1}
}

func cond(c, x, y *term) *term {
	switch {
	case c.isConst() && c.val != 0, x == y:
		return x
	case c.isConst():
		return y
	case x.isConst() && y.isConst() && x.val == y.val:
		return x
	}
	return &term{op: model.Cond, x: c, y: x, z: y, size: c.size + x.size + y.size + 1}
}

// fold computes an operator on constants where it is defined.
func fold(op model.ExprOp, a, b int64) (int64, bool) {
	t := func(b bool) (int64, bool) {
		if b {
			return 1, true
		}
		return 0, true
	}
	switch op {
	case model.Add:
		return a + b, true
	case model.Sub:
		return a - b, true
	case model.Mul:
		return a * b, true
	case model.Div:
		if b != 0 {
			return a / b, true
		}
	case model.Mod:
		if b != 0 {
			return a % b, true
		}
	case model.Shl:
		if b >= 0 && b <= 31 {
			return a << b, true
		}
	case model.Shr:
		if b >= 0 && b <= 31 {
			return a >> b, true
		}
	case model.And:
		return a & b, true
	case model.Or:
		return a | b, true
	case model.Xor:
		return a ^ b, true
	case model.Eq:
		return t(a == b)
	case model.Ne:
		return t(a != b)
	case model.Lt:
		return t(a < b)
	case model.Le:
		return t(a <= b)
	case model.Gt:
		return t(a > b)
	case model.Ge:
		return t(a >= b)
	}
	return 0, false
}

// interval bounds the value, generously where the operator is rare.
func (t *term) interval() (lo, hi int64) {
	const least, most = -1 << 31, 1<<31 - 1
	switch t.op {
	case model.Const:
		return int64(t.val), int64(t.val)
	case model.Load:
		return int64(t.v.lo), int64(t.v.hi)
	case model.Not, model.AndAlso, model.OrElse, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge:
		return 0, 1
	case model.Cond:
		a, b := t.y.interval()
		c, d := t.z.interval()
		return min(a, c), max(b, d)
	case model.Add, model.Sub, model.And:
		a, b := t.x.interval()
		c, d := t.y.interval()
		switch {
		case t.op == model.Add:
			return a + c, b + d
		case t.op == model.Sub:
			return a - d, b - c
		case a >= 0 && c >= 0:
			return 0, min(b, d)
		case a >= 0:
			return 0, b
		case c >= 0:
			return 0, d
		}
	}
	return least, most
}

var opText = map[model.ExprOp]string{
	model.Add: "+", model.Sub: "-", model.Mul: "*", model.Div: "/", model.Mod: "%", model.Shl: "<<", model.Shr: ">>", model.And: "&", model.Or: "|", model.Xor: "^",
	model.Eq: "==", model.Ne: "!=", model.Lt: "<", model.Le: "<=", model.Gt: ">", model.Ge: ">=", model.AndAlso: "&&", model.OrElse: "||",
}

// A dialect is the way to write a term: Promela, or the C of its embedded fragments, where the state is the struct now.
type dialect struct {
	state        string // before the name of a variable
	then, orElse string // of a conditional expression
}

var (
	inPromela = dialect{then: " -> ", orElse: " : "}
	inC       = dialect{state: "now.", then: " ? ", orElse: " : "}
)

// text renders a term. Every operator has its parentheses, so nothing depends on precedence, on which the two languages do not quite agree.
func (d dialect) text(t *term) string {
	var b strings.Builder
	d.write(&b, t, false)
	return b.String()
}

// bare is text without the outermost parentheses.
func (d dialect) bare(t *term) string {
	var b strings.Builder
	d.write(&b, t, true)
	return b.String()
}

func (d dialect) write(b *strings.Builder, t *term, bare bool) {
	open, end := "(", ")"
	if bare {
		open, end = "", ""
	}
	switch t.op {
	case model.Const:
		if t.val < 0 {
			b.WriteString("(" + strconv.Itoa(int(t.val)) + ")")
			return
		}
		b.WriteString(strconv.Itoa(int(t.val)))
	case model.Load:
		b.WriteString(d.state + t.v.name)
		if t.x != nil {
			b.WriteByte('[')
			d.write(b, t.x, true)
			b.WriteByte(']')
		}
	case model.Not, model.Neg, model.BitNot:
		b.WriteString(map[model.ExprOp]string{model.Not: "!", model.Neg: "-", model.BitNot: "~"}[t.op])
		if t.x.op == model.Load {
			d.write(b, t.x, true)
			return
		}
		b.WriteByte('(')
		d.write(b, t.x, true)
		b.WriteByte(')')
	case model.Cond:
		b.WriteByte('(') // Promela demands these
		d.write(b, t.x, false)
		b.WriteString(d.then)
		d.write(b, t.y, false)
		b.WriteString(d.orElse)
		d.write(b, t.z, false)
		b.WriteByte(')')
	default:
		b.WriteString(open)
		chain := t.op == model.AndAlso || t.op == model.OrElse
		d.write(b, t.x, chain && t.x.op == t.op)
		b.WriteString(" " + opText[t.op] + " ")
		d.write(b, t.y, chain && t.y.op == t.op)
		b.WriteString(end)
	}
}
