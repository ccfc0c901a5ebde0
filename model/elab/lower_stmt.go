package elab

import (
	"fmt"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// maxUnroll bounds the iterations of a for loop that is unrolled.
const maxUnroll = 256

func (b *builder) block(s *syntax.Block) {
	b.stmts(s.Stmts)
}

func (b *builder) stmts(list []syntax.Stmt) {
	for _, s := range list {
		b.stmt(s)
	}
}

// mark sets what traces and diagnostics show for the operations that follow.
func (b *builder) mark(n syntax.Node) {
	b.at = n.Span().Start
	b.text = strings.TrimSuffix(b.e.text(n), ";")
}

func (b *builder) stmt(s syntax.Stmt) {
	e := b.e
	e.poll()
	switch s := s.(type) {
	case *syntax.Block:
		b.block(s)
	case *syntax.DeclStmt:
		b.mark(s)
		b.declare(s.Decl)
	case *syntax.AssignStmt:
		b.mark(s)
		b.assign(s)
	case *syntax.CallStmt:
		b.mark(s)
		if c, ok := s.Call.(*syntax.CallExpr); ok { // anything else is an error of syntax
			b.call(c, true)
		}
	case *syntax.IfStmt:
		b.ifStmt(s)
	case *syntax.WhileStmt:
		head, body, done := b.join(), b.join(), b.join()
		b.place(head)
		b.mark(s.Cond)
		b.branchOn(s.Cond, body, done)
		b.place(body)
		b.loopBody(s.Body, done, head)
		b.goTo(head)
		b.place(done)
	case *syntax.DoStmt:
		head, test, done := b.join(), b.join(), b.join()
		b.place(head)
		b.loopBody(s.Body, done, test)
		b.place(test)
		b.mark(s.Cond)
		b.branchOn(s.Cond, head, done)
		b.place(done)
	case *syntax.ForStmt:
		b.forStmt(s)
	case *syntax.SwitchStmt:
		b.switchStmt(s)
	case *syntax.BreakStmt:
		if n := len(b.fn.breakTo); n > 0 {
			b.goTo(b.fn.breakTo[n-1])
		}
	case *syntax.ContinueStmt:
		if n := len(b.fn.contTo); n > 0 {
			b.goTo(b.fn.contTo[n-1])
		}
	case *syntax.GotoStmt:
		name := b.fn.labelKey(s.Label.Name)
		if b.fn.gotos == nil {
			b.fn.gotos = map[string]source.Span{}
		}
		b.fn.gotos[name] = s.Label.Sp
		b.goTo(b.label(name))
	case *syntax.LabeledStmt:
		b.labeled(s)
	case *syntax.ReturnStmt:
		b.mark(s)
		b.returnStmt(s)
	case *syntax.AtomicStmt:
		outer := b.atom
		if outer == 0 {
			b.atoms++
			b.atom = b.atoms
		}
		b.block(s.Body)
		b.atom = outer
		b.place(b.join())
	case *syntax.AwaitStmt:
		b.mark(s)
		b.await(s.Cond)
	case *syntax.ChooseStmt:
		b.choose(s)
	case *syntax.AssertStmt:
		b.mark(s)
		prop := model.PropAssertion
		if s.Prop != nil {
			prop = e.propID(s.Prop.Name)
		}
		b.observing++
		if x := b.condition(s.Cond); x != nil {
			b.emit(&cfgNode{op: model.Op{Kind: model.OpAssert, X: b.last(x), Prop: prop}})
		}
		b.observing--
	case *syntax.CoverStmt:
		b.mark(s)
		id, ok := e.covers[s.Name.Name]
		if !ok {
			id = model.CoverID(len(e.sys.Covers))
			e.covers[s.Name.Name] = id
			e.sys.Covers = append(e.sys.Covers, &model.Cover{ID: id, Name: s.Name.Name, Pos: s.Name.Sp.Start})
		}
		b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpCover, Cover: id}})
	case *syntax.SkipStmt:
		if !s.Empty {
			b.mark(s)
			b.emit(&cfgNode{op: model.Op{Kind: model.OpNop}})
		}
	case *syntax.StaticAssertStmt:
		b.e.staticAssert(s.Decl)
	}
}

func (b *builder) branchOn(cond syntax.Expr, yes, no *cfgNode) {
	if x := b.condition(cond); x != nil {
		b.branch(x, yes, no)
	}
}

func (b *builder) loopBody(s syntax.Stmt, brk, cont *cfgNode) {
	b.fn.breakTo = append(b.fn.breakTo, brk)
	b.fn.contTo = append(b.fn.contTo, cont)
	b.stmt(s)
	b.fn.breakTo = b.fn.breakTo[:len(b.fn.breakTo)-1]
	b.fn.contTo = b.fn.contTo[:len(b.fn.contTo)-1]
}

func (b *builder) ifStmt(s *syntax.IfStmt) {
	b.mark(s.Cond)
	x := b.condition(s.Cond)
	if x != nil && x.IsConst() {
		if x.Val != 0 {
			b.stmt(s.Then)
		} else if s.Else != nil {
			b.stmt(s.Else)
		}
		return
	}
	yes, no, done := b.join(), b.join(), b.join()
	b.branch(x, yes, no)
	b.place(yes)
	b.stmt(s.Then)
	b.goTo(done)
	b.place(no)
	if s.Else != nil {
		b.stmt(s.Else)
	}
	b.place(done)
}

func (b *builder) declare(d *syntax.VarDecl) {
	e := b.e
	base := e.typeOf(d.Type)
	for _, n := range d.Names {
		t := e.arrayOf(base, n.Dims)
		assigned := b.fn.assigned[n.Name.Name]
		if list, ok := n.Init.(*syntax.InitList); ok {
			lv := b.declareVar(n, t, false)
			e.initInto(list, t, lv, func(lv *lvalue, x *model.Expr, at source.Span) { b.store(lv, x, model.AccessPlain) })
			continue
		}
		if n.Init == nil {
			lv := b.declareVar(n, t, !assigned || t.Scalar())
			if t.Scalar() && t.Kind != check.KindBad {
				// A declaration without a value starts at the default each time control comes by.
				b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpAssign, Dst: e.place(lv), X: model.NewConst(int64(defaultValue(e.irType(t))), e.irType(t))}})
			}
			continue
		}
		o := b.expr(n.Init)
		if o.bad() {
			b.bind(n.Name, &binding{t: check.Bad, op: &operand{t: check.Bad}})
			continue
		}
		if !assigned && t.Pointer() && o.addr != nil {
			b.bind(n.Name, &binding{t: t, op: &operand{t: t, addr: b.stabilize(o.addr, true)}})
			continue
		}
		x, _ := b.valueOf(o, n.Init)
		if x == nil {
			b.bind(n.Name, &binding{t: check.Bad, op: &operand{t: check.Bad}})
			continue
		}
		if !assigned && x.IsConst() && b.fits(x, t, n.Init) {
			b.bind(n.Name, &binding{t: t, op: &operand{t: t, x: model.NewConst(int64(x.Val), e.irType(t))}})
			continue
		}
		x = b.last(x)
		lv := b.declareVar(n, t, true)
		b.store(lv, x, model.AccessPlain)
	}
}

// fits reports a constant outside its type.
func (b *builder) fits(x *model.Expr, t *check.Type, at syntax.Node) bool {
	it := b.e.irType(t)
	if t.Kind == check.KindBool || (x.Val >= it.Lo && x.Val <= it.Hi) {
		return t.Kind != check.KindBool || x.Val == 0 || x.Val == 1
	}
	if b.e.strict() {
		b.e.errorf("out-of-range", at.Span(), "%d does not fit into %s", x.Val, t)
	}
	return false
}

func (b *builder) declareVar(n *syntax.Declarator, t *check.Type, plain bool) *lvalue {
	l := b.newLocal(n.Name.Name, t, n.Name.Sp.Start, plain && !b.addressTaken(n.Name.Name))
	b.bind(n.Name, &binding{t: t, l: l})
	if b.varies != nil && b.fn.assigned[n.Name.Name] {
		b.varies[l.v] = true
	}
	return &lvalue{t: t, l: l, at: n.Name.Sp.Start}
}

// addressTaken is whether an alias of the local may be passed on; then calls can change it.
func (b *builder) addressTaken(name string) bool { return b.fn.assigned["&"+name] }

var assignOps = map[syntax.Token]model.ExprOp{
	syntax.ADDASSIGN: model.Add, syntax.SUBASSIGN: model.Sub, syntax.MULASSIGN: model.Mul, syntax.DIVASSIGN: model.Div, syntax.MODASSIGN: model.Mod, syntax.ANDASSIGN: model.And,
	syntax.ORASSIGN: model.Or, syntax.XORASSIGN: model.Xor, syntax.SHLASSIGN: model.Shl, syntax.SHRASSIGN: model.Shr, syntax.INC: model.Add, syntax.DEC: model.Sub,
}

func (b *builder) assign(s *syntax.AssignStmt) {
	var x *model.Expr
	if s.Y != nil {
		x, _ = b.value(s.Y)
		if x != nil && check.HasCall(s.X) {
			x = b.settle(x)
		}
	} else {
		x = model.NewConst(1, model.IntType)
	}
	o := b.expr(s.X)
	if o.bad() || x == nil {
		return
	}
	if s.Op == syntax.ASSIGN {
		b.store(o.lv, x, model.AccessPlain)
		return
	}
	lv := b.stabilizeIndex(o.lv)
	r := b.bounded(binary(assignOps[s.Op], b.load(lv), x), s)
	if !r.bad() {
		b.store(lv, r.x, model.AccessPlain)
	}
}

// stabilizeIndex makes sure the address of a read-modify-write is computed once.
func (b *builder) stabilizeIndex(lv *lvalue) *lvalue {
	if b.atom != 0 {
		return lv
	}
	c := *lv
	c.obj, c.ref = b.pure(lv.obj), b.pure(lv.ref)
	c.idxs = append([]index(nil), lv.idxs...)
	for i := range c.idxs {
		c.idxs[i].x = b.pure(c.idxs[i].x)
	}
	return &c
}

func (b *builder) returnStmt(s *syntax.ReturnStmt) {
	if s.X != nil {
		if x, _ := b.value(s.X); x != nil {
			b.store(b.fn.resultVar, x, model.AccessPlain)
		}
	}
	b.goTo(b.fn.exit)
}

func (b *builder) label(name string) *cfgNode {
	j := b.fn.labels[name]
	if j == nil {
		j = b.join()
		if b.fn.labels == nil {
			b.fn.labels = map[string]*cfgNode{}
		}
		b.fn.labels[name] = j
	}
	return j
}

func (b *builder) labeled(s *syntax.LabeledStmt) {
	name := b.fn.labelKey(s.Label.Name)
	if b.fn.placed == nil {
		b.fn.placed = map[string]bool{}
	}
	b.fn.placed[name] = true
	j := b.label(name)
	j.label, j.end = s.Label.Name, strings.HasPrefix(s.Label.Name, "end")
	b.place(j)
	b.stmt(s.Stmt)
}

// labelKey is what a label is known by: in an unrolled loop each round has labels of its own.
func (c *fnContext) labelKey(name string) string {
	for i := len(c.rounds) - 1; i >= 0; i-- {
		if r := c.rounds[i]; r.labels[name] {
			return fmt.Sprintf("%s@%d", name, r.id)
		}
	}
	return name
}

// labelsIn are the labels declared in a statement.
func labelsIn(s syntax.Stmt) map[string]bool {
	m := map[string]bool{}
	syntax.Walk(s, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.LabeledStmt); ok {
			m[l.Label.Name] = true
		}
		return true
	})
	return m
}

// checkLabels reports jumps whose label is in a loop that was unrolled: it is in several places then.
func (b *builder) checkLabels() {
	for name, at := range b.fn.gotos {
		if !b.fn.placed[name] {
			b.e.diags.Add(source.Diagnostic{Code: "unknown-name", Span: at, Msg: "no label " + source.Quote(name) + " in this function", Hint: "a jump cannot lead into a loop that is unrolled"})
		}
	}
}

func (b *builder) await(cond syntax.Expr) {
	outer := b.atom
	b.atom = max(outer, 1) // all of it is read in one step
	x := b.condition(cond)
	b.atom = outer
	switch {
	case x == nil:
	case x.IsConst() && x.Val != 0 && !b.e.opt.NoMerge:
		// Never blocks, so it merges like a local operation. It must not vanish: behind `case` it is the step that commits to the alternative.
		b.emit(&cfgNode{op: model.Op{Kind: model.OpNop}})
	default:
		b.emit(&cfgNode{op: model.Op{Kind: model.OpAssume, X: x}})
	}
}

func (b *builder) choose(s *syntax.ChooseStmt) {
	e := b.e
	if most := e.prog.limits.Choices; len(s.Cases) > most {
		e.tooLarge(source.At(s.Sp.Start), "choices", most, "there are %d alternatives to choose from", len(s.Cases))
	}
	n := b.emit(&cfgNode{kind: nodeChoose, op: model.Op{Kind: model.OpNop, Text: "choose", Pos: s.Sp.Start}})
	b.tail = nil
	done := b.join()
	var others *model.Expr
	for _, c := range s.Cases {
		alt := b.join()
		n.alts = append(n.alts, alt)
		b.tail = &alt.next
		alt.atom = b.atom
		start := b.emitted
		delete(b.told, start) // by the end of the alternative before
		switch {
		case c.Default:
			for _, o := range s.Cases {
				if o.Cond != nil {
					outer := b.atom
					b.atom = max(outer, 1)
					if x := b.condition(o.Cond); x != nil {
						x = negate(x)
						if others == nil {
							others = x
						} else {
							others = binary(model.AndAlso, others, x)
						}
					}
					b.atom = outer
				}
			}
			if others != nil {
				b.emit(&cfgNode{op: model.Op{Kind: model.OpAssume, X: others, Text: "default", Pos: c.Sp.Start}})
			}
		case c.Cond != nil:
			b.mark(c.Cond)
			b.await(c.Cond)
		}
		b.stmts(c.Body)
		b.commit(alt, start, b.told[start], c.Sp.Start)
		b.goTo(done)
	}
	b.place(done)
}

// commit makes sure that to take an alternative is a step. One that emits nothing of its own before control leaves it (it is empty, jumps away, or its
// statements fold to nothing) would otherwise be enabled only when the first step behind it is, and a process could never choose to go where it then
// has to wait. So would one that begins by telling that it is about to take a lock, where nobody listens: a task that calls a lock function waits there.
// start is what had been emitted before the alternative.
func (b *builder) commit(alt *cfgNode, start int, tells bool, at source.Pos) {
	first := alt.next
	for steps := 0; first != nil && first.kind == nodeJoin && first.seq == 0 && steps <= 1<<16; steps++ {
		first = first.next
	}
	if first != nil && first.seq > start && first.kind != nodeJoin && !tells {
		return
	}
	skip := &cfgNode{op: model.Op{Kind: model.OpNop, Text: "skip", Pos: at, Frame: b.frame}, atom: b.atom, next: alt.next}
	if b.tail == &alt.next {
		b.tail = &skip.next
	}
	alt.next = skip
}

func (b *builder) switchStmt(s *syntax.SwitchStmt) {
	e := b.e
	b.mark(s.Tag)
	tag, _ := b.value(s.Tag)
	if tag == nil {
		return
	}
	if !tag.IsConst() {
		tag = b.settle(b.pure(tag))
	}
	done := b.join()
	bodies := make([]*cfgNode, len(s.Cases))
	for i := range s.Cases {
		bodies[i] = b.join()
	}
	deflt := done
	for i, c := range s.Cases {
		if c.Default {
			deflt = bodies[i]
		}
		for _, v := range c.Values {
			x, _, ok := e.constant(v)
			if !ok {
				continue
			}
			next := b.join()
			b.branch(binary(model.Eq, tag, x), bodies[i], next)
			b.place(next)
		}
	}
	b.goTo(deflt)
	b.fn.breakTo = append(b.fn.breakTo, done)
	for i, c := range s.Cases {
		b.place(bodies[i])
		b.stmts(c.Body)
	}
	b.fn.breakTo = b.fn.breakTo[:len(b.fn.breakTo)-1]
	b.place(done)
}

// forStmt unrolls loops that count a variable nothing else assigns between constant bounds; others become cycles.
func (b *builder) forStmt(s *syntax.ForStmt) {
	if b.unroll(s) {
		return
	}
	if s.Init != nil {
		b.stmt(s.Init)
	}
	head, body, post, done := b.join(), b.join(), b.join(), b.join()
	b.place(head)
	if s.Cond != nil {
		b.mark(s.Cond)
		b.branchOn(s.Cond, body, done)
	} else {
		b.goTo(body)
	}
	b.place(body)
	b.loopBody(s.Body, done, post)
	b.place(post)
	if s.Post != nil {
		b.stmt(s.Post)
	}
	b.goTo(head)
	b.place(done)
}

func (b *builder) unroll(s *syntax.ForStmt) bool {
	e := b.e
	init, ok := s.Init.(*syntax.DeclStmt)
	post, ok2 := s.Post.(*syntax.AssignStmt)
	if !ok || !ok2 || s.Cond == nil || len(init.Decl.Names) != 1 || init.Decl.Names[0].Init == nil || len(init.Decl.Names[0].Dims) > 0 {
		return false
	}
	name := init.Decl.Names[0].Name
	if id, ok := post.X.(*syntax.Ident); !ok || id.Name != name.Name || e.assignedNames(s.Body)[name.Name] {
		return false
	}
	t := e.typeOf(init.Decl.Type)
	if t.Kind != check.KindInt && t.Kind != check.KindEnum {
		return false
	}
	i, ok := b.silently(init.Decl.Names[0].Init)
	if !ok {
		return false
	}
	step := int64(1)
	if post.Y != nil {
		if step, ok = b.silently(post.Y); !ok {
			return false
		}
	}
	op, isOp := assignOps[post.Op]
	if !isOp {
		return false
	}
	var values []int64
	at := func(v int64) {
		b.bind(name, &binding{t: t, op: &operand{t: t, x: model.NewConst(v, e.irType(t))}})
	}
	for {
		at(i)
		c, ok := b.silently(s.Cond)
		if !ok {
			return false
		}
		if c == 0 {
			break
		}
		values = append(values, i)
		if len(values) > maxUnroll {
			return false
		}
		if i, ok = model.Fold(op, i, step); !ok {
			return false
		}
	}
	done := b.join()
	labels := labelsIn(s.Body)
	for _, v := range values {
		at(v)
		next := b.join()
		b.fn.rolled++
		b.fn.rounds = append(b.fn.rounds, round{labels, b.fn.rolled})
		b.loopBody(s.Body, done, next)
		b.fn.rounds = b.fn.rounds[:len(b.fn.rounds)-1]
		b.place(next)
	}
	b.place(done)
	return true
}

// silently is the value of an expression that is constant here. Whether the bounds of a loop are is tried: if not, it is an ordinary loop and reports its own errors.
func (b *builder) silently(x syntax.Expr) (int64, bool) {
	e := b.e
	if check.HasCall(x) {
		return 0, false
	}
	n := len(e.diags.Diags)
	c := *b
	c.constOnly, c.tail = true, nil
	v, _ := c.value(x)
	if len(e.diags.Diags) > n || v == nil || !v.IsConst() {
		e.diags.Diags = e.diags.Diags[:n]
		return 0, false
	}
	return int64(v.Val), true
}
