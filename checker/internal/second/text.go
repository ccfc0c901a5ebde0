package second

import "pmdcheck/model/syntax"

// What expressions of the text mean.

func (b *low) valueOf(x syntax.Expr) *expr { return b.value(b.expr(x)) }

func (b *low) condition(x syntax.Expr) *expr { return b.valueOf(x) }

// value reads a place, or makes a reference of an address.
func (b *low) value(o operand) *expr {
	switch {
	case o.x != nil:
		return o.x
	case o.addr != nil:
		return b.reference(o)
	}
	return b.load(o.pl)
}

func (b *low) load(p *place) *expr {
	m := b.m
	if p.t.kind >= kArray {
		panic(Unsupported("struct or array as a value"))
	}
	if b.pred {
		q := *p
		q.peek = true
		p = &q
	}
	x := &expr{op: "load", t: p.t, pl: p}
	c, ok := m.static(p)
	if !ok || m.known == nil || c >= m.first || m.known.written[c] {
		return x
	}
	if life := m.lifeOf(c); life >= 0 && !p.peek && (m.known.written[life] || m.init[life] == 0) {
		return x
	}
	return &expr{op: "num", v: m.init[c], t: p.t}
}

// reference is the value of an address that is more than followed.
func (b *low) reference(o operand) *expr {
	p := o.addr
	if p.t.kind == kStruct || p.ref == nil && p.nd.leaf.proc >= 0 {
		panic(Unsupported("address as a value"))
	}
	if p.ref != nil {
		return p.ref
	}
	if b.r.u != nil {
		b.r.u.taken[p.nd.leaf] = true
	}
	t := b.m.ref(p.t)
	if c, ok := b.m.static(p); ok {
		return &expr{op: "num", v: int64(c + 1), t: t}
	}
	return &expr{op: "addr", t: t, pl: p}
}

func (b *low) expr(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return b.expr(x.X)
	case *syntax.IntLit:
		return operand{t: &typ{}, x: num(x.Value)}
	case *syntax.VersionLit:
		return operand{t: &typ{}, x: num(x.Value)}
	case *syntax.BoolLit:
		return operand{t: logic, x: &expr{op: "num", v: flag(x.Value), t: logic}}
	case *syntax.NullLit:
		return operand{t: null, x: num(0)}
	case *syntax.Ident:
		return b.ident(x.Name)
	case *syntax.UnaryExpr:
		return b.unary(x)
	case *syntax.BinaryExpr:
		return b.binaryText(x)
	case *syntax.CondExpr:
		return b.conditional(x)
	case *syntax.CallExpr:
		return b.call(x)
	case *syntax.IndexExpr:
		o := b.expr(x.X)
		i := b.valueOf(x.I)
		p := o.pl.element(i)
		return operand{t: p.t, pl: p}
	case *syntax.MemberExpr:
		o := b.expr(x.X)
		if x.Arrow {
			o = b.follow(o)
		}
		p := o.pl.member(x.Name.Name)
		return operand{t: p.t, pl: p}
	}
	panic(Unsupported("expression"))
}

func (b *low) ident(name string) operand {
	if o, ok := b.scope.find(name); ok {
		return o
	}
	switch name {
	case "self":
		return operand{t: &typ{}, x: num(int64(b.proc.id))}
	case "this_cpu":
		return operand{t: &typ{}, x: num(int64(b.proc.cpu))}
	case "this_mm":
		return operand{t: b.mm.t, x: b.mm}
	}
	switch s := b.m.names[name].(type) {
	case operand:
		return s
	case *syntax.ConstDecl:
		q := b.r.predicate().quietly()
		o := q.expr(s.Value)
		return operand{t: o.t, x: q.value(o)}
	case *syntax.ConfigDecl:
		var t *typ
		if s.Values != nil {
			t = b.m.enums[name]
		} else {
			t = b.m.typeOf(s.Type)
		}
		return operand{t: t, x: &expr{op: "num", v: b.m.config[name], t: t}}
	case *syntax.FeatureDecl:
		return b.feature(s)
	case *global:
		p := s.place()
		if s.t.kind == kStruct {
			p.obj = &expr{op: "num", v: s.first, t: b.m.handle(s.t.s)}
		}
		return operand{t: s.t, pl: p}
	}
	panic(Unsupported("name " + name))
}

// feature is what a cell says of a feature, and if it says nothing, what holds in the release KERNEL.
func (b *low) feature(d *syntax.FeatureDecl) operand {
	t := logic
	if d.Shapes != nil {
		t = b.m.enums[d.Name.Name]
	}
	v, said := b.m.config[d.Name.Name]
	if !said {
		kernel := b.ident("KERNEL").x.v
		if d.Shapes == nil {
			v = flag(!(d.Since != nil && kernel < d.Since.Value) && !(d.Until != nil && kernel >= d.Until.Value))
		}
		for i := len(d.Shapes) - 1; i > 0; i-- {
			if s := d.Shapes[i].Since; s != nil && s.Value <= kernel {
				v = int64(i)
				break
			}
		}
	}
	return operand{t: t, x: &expr{op: "num", v: v, t: t}}
}

// object is a constant object, as behind `in`.
func (b *low) object(x syntax.Expr) *expr {
	o := b.expr(x)
	if o.t.kind == kStruct {
		return o.pl.obj
	}
	return b.value(o)
}

// follow is the place a pointer points to.
func (b *low) follow(o operand) operand {
	if o.addr != nil {
		c := *o.addr
		return operand{t: c.t, pl: &c}
	}
	x := b.value(o)
	if o.t.kind == kHandle {
		if o.t.s.node == nil {
			panic(Unsupported("struct without objects"))
		}
		t := o.t.s.node.t
		return operand{t: t, pl: &place{t: t, nd: o.t.s.node, obj: x}}
	}
	if x.isNum() && x.v >= 1 {
		return operand{t: o.t.elem, pl: b.m.cellPlace(int(x.v-1), o.t.elem)}
	}
	return operand{t: o.t.elem, pl: &place{t: o.t.elem, ref: x}}
}

// cellPlace is a cell that is known.
func (m *machine) cellPlace(c int, t *typ) *place {
	l := m.owner[c]
	p := &place{t: t, nd: &node{t: t, leaf: l}}
	i := c - l.base
	if l.s != nil {
		p.obj = num(int64(i/l.n + 1))
		i %= l.n
	}
	if l.n > 1 {
		p.idx = []index{{num(int64(i)), l.n}}
	}
	return p
}

func (b *low) unary(x *syntax.UnaryExpr) operand {
	switch x.Op {
	case syntax.AND:
		return b.address(b.expr(x.X))
	case syntax.MUL:
		return b.follow(b.expr(x.X))
	case syntax.NOT:
		return operand{t: logic, x: not(b.valueOf(x.X))}
	}
	v := b.valueOf(x.X)
	op := map[syntax.Token]string{syntax.SUB: "neg", syntax.TILDE: "~"}[x.Op]
	switch {
	case v.isNum() && op == "neg":
		return operand{t: &typ{}, x: num(-v.v)}
	case v.isNum():
		return operand{t: &typ{}, x: num(^v.v)}
	}
	return operand{t: &typ{}, x: &expr{op: op, x: v}}
}

func (b *low) address(o operand) operand {
	p := o.pl
	if o.t.kind == kStruct && p.obj != nil && p.nd == o.t.s.node {
		t := b.m.handle(o.t.s)
		h := *p.obj
		h.t = t
		return operand{t: t, x: &h}
	}
	if o.t.kind == kStruct {
		return operand{t: b.m.handle(o.t.s), addr: p}
	}
	return operand{t: b.m.ref(o.t), addr: p}
}

var spelled = map[syntax.Token]string{
	syntax.ADD: "+", syntax.SUB: "-", syntax.MUL: "*", syntax.DIV: "/", syntax.MOD: "%", syntax.SHL: "<<", syntax.SHR: ">>", syntax.AND: "&", syntax.OR: "|", syntax.XOR: "^",
	syntax.EQ: "==", syntax.NE: "!=", syntax.LT: "<", syntax.LE: "<=", syntax.GT: ">", syntax.GE: ">=", syntax.LAND: "&&", syntax.LOR: "||",
}

func (b *low) binaryText(x *syntax.BinaryExpr) operand {
	op := spelled[x.Op]
	if op == "&&" || op == "||" {
		l := b.condition(x.X)
		if !calls(x.Y) {
			return operand{t: logic, x: binary(op, l, b.condition(x.Y))}
		}
		yes, no, done := join(), join(), join()
		if op == "&&" {
			b.test(l, yes, no)
		} else {
			b.test(l, no, yes)
		}
		b.at(yes)
		r := *truth(b.condition(x.Y))
		r.t = logic
		v := b.temp(b.last(&r))
		b.jump(done)
		b.at(no)
		b.emitSet(v, num(flag(op == "||")))
		b.at(done)
		return operand{t: logic, x: v}
	}
	lo := b.expr(x.X)
	if _, ok := x.Y.(*syntax.NullLit); ok && lo.addr != nil && (op == "==" || op == "!=") {
		return operand{t: logic, x: num(flag(op == "!="))}
	}
	l := b.value(lo)
	if calls(x.Y) {
		l = b.fix(l)
	}
	r := b.valueOf(x.Y)
	t := &typ{}
	if comparisons[op] {
		t = logic
	}
	return operand{t: t, x: binary(op, l, r)}
}

func (b *low) conditional(x *syntax.CondExpr) operand {
	c := b.condition(x.Cond)
	l, r := b.expr(x.X), b.expr(x.Y)
	lx, rx := b.value(l), b.value(r)
	t := l.t
	if t.kind == kNull {
		t = r.t
	}
	if t.kind == kInt || r.t.kind == kInt {
		t = &typ{}
	}
	if c.isNum() {
		if c.v != 0 {
			return operand{t: t, x: lx}
		}
		return operand{t: t, x: rx}
	}
	v := &expr{op: "?:", x: c, y: lx, z: rx}
	if t.kind != kInt && t.kind != kNull {
		v.t = t
		if t.kind == kBool {
			v.t = b.m.basic("bool")
		}
	}
	return operand{t: t, x: v}
}

// calls reports whether an expression calls what is not merely an access.
func calls(x syntax.Expr) bool {
	found := false
	syntax.Walk(x, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			switch c.Fun.Name {
			case "live", "peek", "container_of", "READ_ONCE", "smp_load_acquire":
			default:
				found = true
			}
		}
		return !found
	})
	return found
}
