package second

import (
	"fmt"
	"strings"

	"pmdcheck/model/syntax"
)

func (b *low) in(f func()) {
	b.scope = &scope{b.scope, map[string]operand{}}
	f()
	b.scope = b.scope.up
}

func (b *low) stmtBlock(s *syntax.Block) {
	b.in(func() { b.stmts(s.Stmts) })
}

func (b *low) stmts(list []syntax.Stmt) {
	for _, s := range list {
		b.stmt(s)
	}
}

func (b *low) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Block:
		b.stmtBlock(s)
	case *syntax.DeclStmt:
		b.declare(s.Decl)
	case *syntax.AssignStmt:
		b.assign(s)
	case *syntax.CallStmt:
		b.call(s.Call.(*syntax.CallExpr))
	case *syntax.IfStmt:
		b.ifText(s)
	case *syntax.WhileStmt:
		head, body, done := join(), join(), join()
		b.at(head)
		b.test(b.condition(s.Cond), body, done)
		b.at(body)
		b.loop(s.Body, done, head)
		b.jump(head)
		b.at(done)
	case *syntax.DoStmt:
		head, test, done := join(), join(), join()
		b.at(head)
		b.loop(s.Body, done, test)
		b.at(test)
		b.test(b.condition(s.Cond), head, done)
		b.at(done)
	case *syntax.ForStmt:
		b.in(func() { b.forText(s) })
	case *syntax.SwitchStmt:
		b.switchText(s)
	case *syntax.BreakStmt:
		b.jump(b.fn.breaks[len(b.fn.breaks)-1])
	case *syntax.ContinueStmt:
		b.jump(b.fn.conts[len(b.fn.conts)-1])
	case *syntax.GotoStmt:
		b.jump(b.label(s.Label.Name))
	case *syntax.LabeledStmt:
		j := b.label(s.Label.Name)
		j.end = strings.HasPrefix(s.Label.Name, "end")
		b.at(j)
		b.stmt(s.Stmt)
	case *syntax.ReturnStmt:
		if s.X != nil {
			b.set(b.fn.result, b.valueOf(s.X))
		}
		b.jump(b.fn.exit)
	case *syntax.AtomicStmt:
		outer := b.block
		if outer == 0 {
			b.atoms++
			b.block = b.atoms
		}
		b.stmtBlock(s.Body)
		b.block = outer
		b.at(join())
	case *syntax.AwaitStmt:
		b.await(s.Cond)
	case *syntax.ChooseStmt:
		b.choose(s)
	case *syntax.AssertStmt:
		p := "assertion"
		if s.Prop != nil {
			p = s.Prop.Name
		}
		outer := b.watch // an assertion may call a function that asserts
		b.watch = true
		b.emit(&op{kind: "assert", x: b.last(b.condition(s.Cond)), name: p})
		b.watch = outer
	case *syntax.CoverStmt:
		b.emit(&op{kind: "cover", quiet: true, name: s.Name.Name})
	case *syntax.SkipStmt:
		if !s.Empty {
			b.emit(&op{kind: "skip"})
		}
	case *syntax.StaticAssertStmt:
	default:
		panic(Unsupported("statement"))
	}
}

func (b *low) loop(s syntax.Stmt, brk, cont *op) {
	f := b.fn
	f.breaks, f.conts = append(f.breaks, brk), append(f.conts, cont)
	b.in(func() { b.stmt(s) })
	f.breaks, f.conts = f.breaks[:len(f.breaks)-1], f.conts[:len(f.conts)-1]
}

func (b *low) ifText(s *syntax.IfStmt) {
	x := b.condition(s.Cond)
	if x.isNum() {
		if x.v != 0 {
			b.in(func() { b.stmt(s.Then) })
		} else if s.Else != nil {
			b.in(func() { b.stmt(s.Else) })
		}
		return
	}
	yes, no, done := join(), join(), join()
	b.test(x, yes, no)
	b.at(yes)
	b.in(func() { b.stmt(s.Then) })
	b.jump(done)
	b.at(no)
	if s.Else != nil {
		b.in(func() { b.stmt(s.Else) })
	}
	b.at(done)
}

func (b *low) declare(d *syntax.VarDecl) {
	for _, n := range d.Names {
		t := b.m.array(b.m.typeOf(d.Type), n.Dims)
		name := n.Name.Name
		assigned := b.fn.assigned[name]
		variable := func(plain bool) *place {
			p := &place{t: t, nd: b.local(t, plain && !b.fn.assigned["&"+name])}
			b.scope.names[name] = operand{t: t, pl: p}
			if p.nd.leaf != nil {
				b.varies[p.nd.leaf] = assigned
			}
			return p
		}
		if _, ok := n.Init.(*syntax.InitList); ok {
			b.initialise(n.Init, variable(false), func(p *place, x syntax.Expr) { b.set(p, b.quietly().valueOf(x)) })
			continue
		}
		if n.Init == nil {
			p := variable(true)
			if t.scalar() {
				b.emit(&op{kind: "set", quiet: true, dst: p, x: &expr{op: "num", v: t.nearest(), t: t}})
			}
			continue
		}
		o := b.expr(n.Init)
		if !assigned && t.pointer() && o.addr != nil {
			b.scope.names[name] = operand{t: t, addr: b.fixAddress(o.addr, true)}
			continue
		}
		x := b.value(o)
		if !assigned && x.isNum() && fits(x.v, t) {
			b.scope.names[name] = operand{t: t, x: &expr{op: "num", v: x.v, t: t}}
			continue
		}
		x = b.last(x)
		b.set(variable(true), x)
	}
}

func (b *low) assign(s *syntax.AssignStmt) {
	x := num(1)
	if s.Y != nil {
		x = b.valueOf(s.Y)
		if calls(s.X) {
			x = b.fix(x)
		}
	}
	p := b.expr(s.X).pl
	if s.Op == syntax.ASSIGN {
		b.set(p, x)
		return
	}
	if b.block == 0 {
		p = b.everyPlace(p)
	}
	b.set(p, binary(compound[s.Op], b.load(p), x))
}

var compound = map[syntax.Token]string{
	syntax.ADDASSIGN: "+", syntax.SUBASSIGN: "-", syntax.MULASSIGN: "*", syntax.DIVASSIGN: "/", syntax.MODASSIGN: "%", syntax.ANDASSIGN: "&", syntax.ORASSIGN: "|", syntax.XORASSIGN: "^",
	syntax.SHLASSIGN: "<<", syntax.SHRASSIGN: ">>", syntax.INC: "+", syntax.DEC: "-",
}

func (b *low) label(name string) *op {
	for i := len(b.fn.rounds) - 1; i >= 0; i-- {
		if r := b.fn.rounds[i]; r.labels[name] {
			name = fmt.Sprintf("%s@%d", name, r.id)
			break
		}
	}
	j := b.fn.labels[name]
	if j == nil {
		j = join()
		b.fn.labels[name] = j
	}
	return j
}

// wait lowers a condition that is evaluated in one step.
func (b *low) wait(x syntax.Expr) *expr {
	outer := b.block
	b.block = max(outer, 1)
	v := b.condition(x)
	b.block = outer
	return v
}

func (b *low) await(x syntax.Expr) {
	v := b.wait(x)
	if v.isNum() && v.v != 0 && !b.m.opt.NoMerge {
		b.emit(&op{kind: "skip"})
		return
	}
	b.emit(&op{kind: "await", x: v})
}

func (b *low) choose(s *syntax.ChooseStmt) {
	c := b.emit(&op{kind: "choose"})
	b.tail = nil
	done := join()
	for _, k := range s.Cases {
		alt := join()
		alt.block = b.block
		c.alts = append(c.alts, alt)
		b.tail = &alt.next
		start := b.seq
		delete(b.told, start)
		b.in(func() {
			switch {
			case k.Default:
				var none *expr
				for _, o := range s.Cases {
					if o.Cond != nil {
						if n := not(b.wait(o.Cond)); none == nil {
							none = n
						} else {
							none = binary("&&", none, n)
						}
					}
				}
				if none != nil {
					b.emit(&op{kind: "await", x: none})
				}
			case k.Cond != nil:
				b.await(k.Cond)
			}
			b.stmts(k.Body)
		})
		b.commit(alt, start, b.told[start])
		b.jump(done)
	}
	b.at(done)
}

// commit puts a skip in front of an alternative that begins with no operation of its own, or tells of a lock.
func (b *low) commit(alt *op, start int, told bool) {
	first := alt.next
	for n := 0; first != nil && first.kind == "join" && n < 1<<16; n++ {
		first = first.next
	}
	if first != nil && first.kind != "join" && first.seq > start && !told {
		return
	}
	skip := &op{kind: "skip", block: b.block, next: alt.next}
	if b.tail == &alt.next {
		b.tail = &skip.next
	}
	alt.next = skip
}

func (b *low) switchText(s *syntax.SwitchStmt) {
	tag := b.valueOf(s.Tag)
	if !tag.isNum() {
		tag = b.fix(b.every(tag))
	}
	done := join()
	bodies := make([]*op, len(s.Cases))
	for i := range bodies {
		bodies[i] = join()
	}
	other := done
	for i, c := range s.Cases {
		if c.Default {
			other = bodies[i]
		}
		for _, v := range c.Values {
			next := join()
			b.test(binary("==", tag, num(b.r.constant(v))), bodies[i], next)
			b.at(next)
		}
	}
	b.jump(other)
	b.fn.breaks = append(b.fn.breaks, done)
	for i, c := range s.Cases {
		b.at(bodies[i])
		b.in(func() { b.stmts(c.Body) })
	}
	b.fn.breaks = b.fn.breaks[:len(b.fn.breaks)-1]
	b.at(done)
}

func (b *low) forText(s *syntax.ForStmt) {
	if b.unroll(s) {
		return
	}
	if s.Init != nil {
		b.stmt(s.Init)
	}
	head, body, post, done := join(), join(), join(), join()
	b.at(head)
	if s.Cond != nil {
		b.test(b.condition(s.Cond), body, done)
	} else {
		b.jump(body)
	}
	b.at(body)
	b.loop(s.Body, done, post)
	b.at(post)
	if s.Post != nil {
		b.stmt(s.Post)
	}
	b.jump(head)
	b.at(done)
}

func (b *low) unroll(s *syntax.ForStmt) bool {
	init, ok := s.Init.(*syntax.DeclStmt)
	post, ok2 := s.Post.(*syntax.AssignStmt)
	if !ok || !ok2 || s.Cond == nil || len(init.Decl.Names) != 1 || init.Decl.Names[0].Init == nil || len(init.Decl.Names[0].Dims) > 0 {
		return false
	}
	name := init.Decl.Names[0].Name.Name
	t := b.m.typeOf(init.Decl.Type)
	if id, ok := post.X.(*syntax.Ident); !ok || id.Name != name || assigned(s.Body)[name] || t.kind != kInt && t.kind != kEnum || compound[post.Op] == "" {
		return false
	}
	quiet := func(x syntax.Expr) (v int64, ok bool) {
		if calls(x) {
			return 0, false
		}
		c := b.quietly()
		c.tail = nil
		e := c.valueOf(x)
		return e.v, e.isNum()
	}
	i, ok := quiet(init.Decl.Names[0].Init)
	step := int64(1)
	if ok && post.Y != nil {
		step, ok = quiet(post.Y)
	}
	if !ok {
		return false
	}
	at := func(v int64) { b.scope.names[name] = operand{t: t, x: &expr{op: "num", v: v, t: t}} }
	var values []int64
	for {
		at(i)
		c, ok := quiet(s.Cond)
		if !ok {
			delete(b.scope.names, name)
			return false
		}
		if c == 0 {
			break
		}
		values = append(values, i)
		var fault bool
		if i, fault = compute(compound[post.Op], i, step); fault || len(values) > 256 {
			delete(b.scope.names, name)
			return false
		}
	}
	done := join()
	labels := map[string]bool{}
	syntax.Walk(s.Body, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.LabeledStmt); ok {
			labels[l.Label.Name] = true
		}
		return true
	})
	for _, v := range values {
		at(v)
		next := join()
		f := b.fn
		f.turns++
		f.rounds = append(f.rounds, turn{labels, f.turns})
		b.loop(s.Body, done, next)
		f.rounds = f.rounds[:len(f.rounds)-1]
		b.at(next)
	}
	b.at(done)
	return true
}
