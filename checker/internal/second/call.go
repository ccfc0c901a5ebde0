package second

import (
	"fmt"

	"pmdcheck/model/syntax"
)

// call is a built-in, or a function, whose body comes here.
func (b *low) call(x *syntax.CallExpr) operand {
	m := b.m
	d, ok := m.names[x.Fun.Name].(*syntax.FuncDecl)
	if !ok {
		return b.builtin(x)
	}
	if b.depth++; b.depth > 200 {
		panic(Unsupported("calls nested deep"))
	}
	defer func() { b.depth-- }()
	args := make([]operand, len(x.Args))
	for i, a := range x.Args {
		o := b.expr(a)
		t := m.typeOf(d.Params[i].Type)
		if o.addr != nil {
			args[i] = operand{t: t, addr: b.fixAddress(o.addr, false)}
			continue
		}
		v := b.value(o)
		for _, later := range x.Args[i+1:] {
			if calls(later) {
				v = b.fix(v)
				break
			}
		}
		args[i] = operand{t: t, x: v}
	}
	inner := &fn{assigned: assigned(d), exit: join(), labels: map[string]*op{}}
	names := &scope{names: map[string]operand{}}
	var late []func()
	for i, p := range d.Params {
		a := args[i]
		name := p.Name.Name
		if a.addr != nil && !inner.assigned[name] {
			names.names[name] = a
			continue
		}
		if a.addr != nil {
			a.x = b.reference(operand{t: a.t, addr: a.addr})
		} else if !inner.assigned[name] && (a.x.isNum() && fits(a.x.v, a.t) || b.isPlain(a.x) && a.x.t.same(a.t)) {
			names.names[name] = operand{t: a.t, x: a.x}
			if a.x.isNum() {
				names.names[name] = operand{t: a.t, x: &expr{op: "num", v: a.x.v, t: a.t}}
			}
			continue
		}
		pl := &place{t: a.t, nd: b.local(a.t, !inner.assigned["&"+name])}
		names.names[name] = operand{t: a.t, pl: pl}
		b.varies[pl.nd.leaf] = inner.assigned[name]
		v := b.every(a.x)
		late = append(late, func() { b.set(pl, v) })
	}
	for _, f := range late {
		f()
	}
	t := m.typeOf(d.Result)
	if t.kind != kVoid {
		inner.result = &place{t: t, nd: b.local(t, true)}
	}
	outer, around := b.fn, b.scope
	b.fn, b.scope = inner, names
	caller := b.mark
	if mark := x86(d.Attrs); mark != "" || b.m.opt.Wrong == NoInheritance {
		b.mark = mark
	}
	b.stmtBlock(d.Body)
	b.at(inner.exit)
	b.fn, b.scope, b.mark = outer, around, caller
	if t.kind == kVoid {
		return operand{t: void}
	}
	return operand{t: t, x: b.load(inner.result)}
}

// fits reports whether a number is a value of the type as it stands.
func fits(v int64, t *typ) bool { return v >= t.lo && v <= t.hi }

func (b *low) builtin(x *syntax.CallExpr) operand {
	arg := func(i int) operand { return b.expr(x.Args[i]) }
	name := x.Fun.Name
	switch name {
	case "smp_mb", "smp_rmb", "smp_wmb":
		kind := "skip"
		if name == "smp_mb" && b.m.opt.TSO {
			kind = "fence"
		}
		b.emit(&op{kind: kind})
		return operand{t: void}
	case "smp_mb_cpu":
		if v := b.value(arg(0)); b.m.opt.TSO {
			b.emit(&op{kind: "fencecpu", x: b.every(v)})
		}
		return operand{t: void}
	case "alloc":
		s := b.m.typeOf(x.Args[0].(*syntax.TypeArg).Type).s
		t := b.m.handle(s)
		v := b.fresh(&expr{op: "num", t: t})
		b.emit(&op{kind: "alloc", dst: v.pl, s: s})
		return operand{t: t, x: v}
	case "free", "live":
		o := arg(0)
		v := b.value(o)
		if name == "live" {
			return operand{t: logic, x: &expr{op: "live", t: logic, x: v, s: o.t.s}}
		}
		b.emit(&op{kind: "free", x: b.every(v), s: o.t.s})
		return operand{t: void}
	case "peek":
		o := arg(0)
		c := *o.pl
		c.peek = true
		return operand{t: o.t, pl: &c}
	case "container_of":
		return b.container(x, arg(0))
	case "READ_ONCE", "WRITE_ONCE", "smp_load_acquire", "smp_store_release":
		o := arg(0)
		if name == "smp_load_acquire" || name == "smp_store_release" {
			o = b.follow(o)
		}
		c := *o.pl
		c.marked = true
		if len(x.Args) == 1 {
			return operand{t: o.t, pl: &c}
		}
		b.set(&c, b.value(arg(1)))
		return operand{t: void}
	case "lock_acquire", "lock_tryacquire", "lock_release":
		b.lockCall(x, arg(0))
		return operand{t: void}
	}
	panic(Unsupported("function " + name))
}

func (b *low) container(x *syntax.CallExpr, o operand) operand {
	s := b.m.typeOf(x.Args[1].(*syntax.TypeArg).Type).s
	t := b.m.handle(s)
	field := x.Args[2].(*syntax.Ident).Name
	if a := o.addr; a != nil && a.obj != nil && a.nd != nil && a.nd.leaf != nil && a.nd.leaf.s == s {
		h := *a.obj
		h.t = t
		return operand{t: t, x: &h}
	}
	return operand{t: t, x: &expr{op: "container", t: t, x: b.value(o), s: s, field: s.name + "." + field}}
}

// lock is the counter of a class.
type lock struct {
	class, sub string
	cell       int
}

type lockOp struct {
	op    string // acquire, tryacquire, release
	exact bool
}

func (b *low) lockCall(x *syntax.CallExpr, o operand) {
	sub := ""
	if len(x.Args) == 2 {
		if n := b.r.constant(x.Args[1]); n > 0 {
			sub = fmt.Sprintf("/%d", n)
		}
	}
	if b.block == 0 {
		b.told[b.seq] = true
	}
	if !b.m.props["lock_order"] {
		return
	}
	class := ""
	switch {
	case o.addr != nil && o.addr.nd != nil:
		class = o.addr.className()
	case o.x != nil && o.x.isNum() && o.x.v > 0 && o.t.kind == kHandle:
		name := o.t.s.objects[o.x.v-1]
		for i, c := range name {
			if c == '[' {
				name = name[:i]
				break
			}
		}
		class = name
	default:
		panic(Unsupported("lock behind a pointer that is no number"))
	}
	b.counter(class, sub)
	b.emit(&op{kind: "lock", quiet: true, name: class + sub, lock: lockOp{x.Fun.Name[5:], len(x.Args) == 2}})
}

// className is the name of the field or variable that an address is of.
func (p *place) className() string {
	nd, below := p.nd, ""
	for nd.leaf == nil {
		if nd.elem != nil {
			nd = nd.elem
			continue
		}
		f := nd.t.s.fields[0].name
		below += "." + f
		nd = nd.fields[f]
	}
	return nd.leaf.name[:len(nd.leaf.name)-len(below)]
}

func (b *low) counter(class, sub string) *lock {
	for _, l := range b.proc.locks {
		if l.class == class && l.sub == sub {
			return l
		}
	}
	t := &typ{hi: 7}
	l := &lock{class, sub, b.m.leaf("held", t, 1, nil, "", b.proc.id).base}
	b.proc.locks = append(b.proc.locks, l)
	return l
}
