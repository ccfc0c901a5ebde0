package second

import "math"

// expr is an expression without calls.
type expr struct {
	op      string // num, load, addr, container, live, in, !, neg, ~, ?:, or a binary operator
	v       int64  // num; in: the dimension
	t       *typ   // nil: arithmetic
	pl      *place // load, addr
	x, y, z *expr
	s       *strct // live, container
	field   string // container
}

func num(v int64) *expr { return &expr{op: "num", v: v} }

func (x *expr) isNum() bool { return x != nil && x.op == "num" }

// walk visits operands before operators.
func (x *expr) walk(f func(*expr)) {
	if x == nil {
		return
	}
	if x.pl != nil {
		x.pl.walk(f)
	}
	x.x.walk(f)
	x.y.walk(f)
	x.z.walk(f)
	f(x)
}

// place is a cell, or a struct or array on the way to one.
type place struct {
	t      *typ
	nd     *node   // nil behind a reference
	whole  *global // an array of objects that is still to be indexed
	obj    *expr
	idx    []index
	ref    *expr
	peek   bool
	marked bool
}

type index struct {
	x *expr
	n int
}

func (p *place) walk(f func(*expr)) {
	p.ref.walk(f)
	p.obj.walk(f)
	for _, i := range p.idx {
		i.x.walk(f)
	}
}

func (g *global) place() *place {
	p := &place{t: g.t, nd: g.nd, whole: g}
	if g.t.kind == kStruct {
		p.obj = num(g.first)
	}
	return p
}

func (p *place) member(name string) *place {
	c := *p
	c.whole = nil
	c.nd = p.nd.fields[name]
	c.t = c.nd.t
	return &c
}

func (p *place) element(i *expr) *place {
	c := *p
	c.t = p.t.elem
	if p.whole != nil && base(p.whole.t).kind == kStruct {
		n := int64(1)
		for t := c.t; t.kind == kArray; t = t.elem {
			n *= int64(t.n)
		}
		if c.obj == nil {
			c.obj = num(p.whole.first)
		}
		switch {
		case !i.isNum():
			i = &expr{op: "in", x: i, v: int64(p.t.n)}
		case i.v < 0 || i.v >= int64(p.t.n):
			i = num(-1 << 20)
		}
		c.obj = binary("+", c.obj, binary("*", i, num(n)))
		return &c
	}
	c.idx = append(append([]index(nil), p.idx...), index{i, p.t.n})
	c.nd = p.nd.elem
	return &c
}

// static is the cell of a place that consists of numbers.
func (m *machine) static(p *place) (int, bool) {
	if p.ref != nil {
		if p.ref.isNum() && p.ref.v > 0 {
			return int(p.ref.v - 1), true
		}
		return 0, false
	}
	l := p.nd.leaf
	i, ok := p.flat()
	if !ok || i < 0 || i >= l.n {
		return 0, false
	}
	if l.s == nil {
		return l.base + i, true
	}
	if !p.obj.isNum() || p.obj.v < 1 || p.obj.v > int64(len(l.s.objects)) {
		return 0, false
	}
	return l.base + int(p.obj.v-1)*l.n + i, true
}

// flat is the element that indices which are numbers mean; -1 is none.
func (p *place) flat() (int, bool) {
	at := 0
	for _, i := range p.idx {
		if !i.x.isNum() {
			return 0, false
		}
		if i.x.v < 0 || i.x.v >= int64(i.n) {
			at = -1 << 20
		}
		at = at*i.n + int(i.x.v)
	}
	return at, true
}

// lifeOf is the life of the object around a cell, or -1.
func (m *machine) lifeOf(c int) int {
	l := m.owner[c]
	if l.s == nil || l.s.life == nil {
		return -1
	}
	return l.s.life.base + (c-l.base)/l.n
}

// placeTouches calls f for each cell that an access to a place may touch, lives included.
func (m *machine) placeTouches(p *place, f func(c int, life bool)) {
	one := func(c int) {
		f(c, false)
		if life := m.lifeOf(c); life >= 0 && !p.peek {
			f(life, true)
		}
	}
	if c, ok := m.static(p); ok {
		one(c)
		return
	}
	if p.ref != nil {
		m.pointees(p.t, one)
		return
	}
	l := p.nd.leaf
	i, flat := p.flat()
	objects := 1
	if l.s != nil {
		objects = len(l.s.objects)
	}
	for o := range objects {
		if l.s != nil && p.obj.isNum() && p.obj.v >= 1 && p.obj.v != int64(o+1) {
			continue
		}
		if !flat {
			for k := range l.n {
				one(l.base + o*l.n + k)
			}
		} else if i >= 0 && i < l.n {
			one(l.base + o*l.n + i)
		}
	}
}

// readTouches is placeTouches for what an operator reads itself.
func (m *machine) readTouches(x *expr, f func(c int)) {
	switch x.op {
	case "load":
		m.placeTouches(x.pl, func(c int, _ bool) { f(c) })
	case "live":
		m.lifeTouches(x.s, x.x, f)
	}
}

func (m *machine) lifeTouches(s *strct, x *expr, f func(c int)) {
	if s.life == nil {
		return
	}
	if x.isNum() && x.v >= 1 {
		f(s.life.base + int(x.v-1))
		return
	}
	for o := range s.objects {
		f(s.life.base + o)
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

var comparisons = map[string]bool{"==": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true}

// compute is an operator on numbers; fault is what is wrong with them.
func compute(op string, a, b int64) (v int64, fault bool) {
	switch op {
	case "+":
		return a + b, false
	case "-":
		return a - b, false
	case "*":
		return a * b, false
	case "/":
		if b == 0 {
			return 0, true
		}
		return a / b, false
	case "%":
		if b == 0 {
			return 0, true
		}
		return a % b, false
	case "<<":
		if b < 0 || b > 31 {
			return 0, true
		}
		return a << b, false
	case ">>":
		if b < 0 || b > 31 {
			return 0, true
		}
		return a >> b, false
	case "&":
		return a & b, false
	case "|":
		return a | b, false
	case "^":
		return a ^ b, false
	case "==":
		return flag(a == b), false
	case "!=":
		return flag(a != b), false
	case "<":
		return flag(a < b), false
	case "<=":
		return flag(a <= b), false
	case ">":
		return flag(a > b), false
	case ">=":
		return flag(a >= b), false
	}
	panic("operator " + op)
}

// binary makes an expression, or the number that it is.
func binary(op string, x, y *expr) *expr {
	if op == "&&" || op == "||" {
		if x.isNum() {
			if (x.v != 0) == (op == "||") {
				return &expr{op: "num", v: flag(op == "||"), t: logic}
			}
			return truth(y)
		}
		if y.isNum() && (y.v != 0) == (op == "&&") {
			return truth(x)
		}
		return &expr{op: op, t: logic, x: x, y: y}
	}
	var t *typ
	if comparisons[op] {
		t = logic
	}
	if x.isNum() && y.isNum() {
		if v, fault := compute(op, x.v, y.v); !fault && v >= math.MinInt32 && v <= math.MaxInt32 {
			return &expr{op: "num", v: v, t: t}
		}
	}
	return &expr{op: op, t: t, x: x, y: y}
}

// truth is 0 or 1.
func truth(x *expr) *expr {
	if lo, hi := x.bounds(); lo >= 0 && hi <= 1 {
		return x
	}
	return binary("!=", x, num(0))
}

func not(x *expr) *expr {
	if x.isNum() {
		return &expr{op: "num", v: flag(x.v == 0), t: logic}
	}
	if x.op == "!" {
		return truth(x.x)
	}
	return &expr{op: "!", t: logic, x: x}
}

// bounds are the bounds of the values of an expression, by those of its operands.
func (x *expr) bounds() (lo, hi int64) {
	var a, b, c, d int64
	if x.x != nil {
		a, b = x.x.bounds()
	}
	if x.y != nil {
		c, d = x.y.bounds()
	}
	switch x.op {
	case "num":
		return x.v, x.v
	case "load", "addr", "container":
		return x.t.lo, x.t.hi
	case "in":
		return 0, x.v - 1
	case "neg":
		return -b, -a
	case "~":
		return -b - 1, -a - 1
	case "+":
		return a + c, b + d
	case "-":
		return a - d, b - c
	case "*":
		return min(a*c, a*d, b*c, b*d), max(a*c, a*d, b*c, b*d)
	case "/":
		m := max(a, -a, b, -b)
		return -m, m
	case "%":
		m := max(c, -c, d, -d)
		return max(min(a, 0), -m), min(max(b, 0), m)
	case "<<":
		d = min(max(d, 0), 31)
		return min(a, a<<d), max(b, b<<d)
	case ">>":
		return min(a, a>>31), max(b, b>>31)
	case "&":
		switch {
		case a >= 0 && c >= 0:
			return 0, min(b, d)
		case a >= 0:
			return 0, b
		case c >= 0:
			return 0, d
		}
		return min(a, c)*2 - 1, max(b, d)
	case "|", "^":
		m := int64(1)
		for m <= max(a, -a, b, -b, c, -c, d, -d) {
			m <<= 1
		}
		if a >= 0 && c >= 0 {
			return 0, m - 1
		}
		return -m, m - 1
	case "?:":
		e, f := x.z.bounds()
		return min(c, e), max(d, f)
	}
	return 0, 1 // logic
}
