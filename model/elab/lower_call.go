package elab

import (
	"fmt"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// call lowers a call: a built-in, or a function, which is inlined.
func (b *builder) call(x *syntax.CallExpr, asStmt bool) operand {
	e := b.e
	name := x.Fun.Name
	if _, ok := builtins[name]; ok {
		return b.builtin(x)
	}
	s := e.prog.syms[name]
	if bd := b.scope.find(name); bd != nil || s == nil || s.kind != symFunc {
		d := source.Diagnostic{Code: "unknown-function", Span: x.Fun.Sp, Msg: "unknown function " + source.Quote(name), Hint: e.prog.suggest(name, symFunc)}
		if s != nil {
			d.Msg, d.Hint = s.kind.String()+" "+source.Quote(name)+" is not a function", ""
		}
		e.diags.Add(d)
		for _, a := range x.Args {
			b.expr(a)
		}
		return badOperand
	}
	fn := s.fn
	result := e.typeOf(fn.Result)
	if len(x.Args) != len(fn.Params) {
		e.diags.Add(source.Diagnostic{
			Code: "argument-count", Span: x.Sp, Msg: fmt.Sprintf("%s takes %d arguments, not %d", name, len(fn.Params), len(x.Args)),
			Related: []source.Related{{Span: fn.Name.Sp, Msg: "declared here"}},
		})
		return operand{t: result}.orBad()
	}
	if b.constOnly || b.pred {
		e.diags.Add(source.Diagnostic{Code: "call-in-condition", Span: x.Sp, Msg: "functions cannot be called here", Hint: "write the expression out"})
		return badOperand
	}
	for i, c := range b.stack {
		if c.fn == fn {
			d := source.Diagnostic{Code: "recursion", Span: x.Sp, Msg: "function " + source.Quote(name) + " calls itself", Hint: "functions are inlined; use a loop"}
			for _, c := range b.stack[i:] {
				d.Related = append(d.Related, source.Related{Span: c.at, Msg: "through the call of " + c.fn.Name.Name})
			}
			e.diags.Add(d)
			return badOperand
		}
	}
	if most := e.prog.limits.Nesting; len(b.stack) > most {
		e.tooLarge(x.Sp, "nesting", most, "calls are nested more than %d deep", most)
	}
	e.poll()
	if b.inlined++; b.inlined > maxInlined {
		if b.inlined == maxInlined+1 {
			e.errorf("too-large", x.Sp, "process %s expands to more than %d calls", b.proc.Name, maxInlined)
		}
		return badOperand
	}
	args := make([]operand, len(x.Args))
	bad := false
	for i, a := range x.Args {
		args[i] = b.expr(a)
		pt := e.typeOf(fn.Params[i].Type)
		if !args[i].bad() && !assignable(pt, args[i].t) {
			e.mismatch(a.Span(), pt, args[i].t)
			args[i] = badOperand
		}
		if args[i].bad() {
			bad = true
			continue
		}
		if args[i].addr != nil {
			args[i] = operand{t: pt, addr: b.stabilize(args[i].addr, false)}
			continue
		}
		v, _ := b.valueOf(args[i], a)
		if v == nil {
			bad = true
			continue
		}
		for _, later := range x.Args[i+1:] {
			if hasCall(later) {
				v = b.settle(v)
				break
			}
		}
		args[i] = operand{t: pt, x: v}
	}
	if bad || e.dry {
		// The body of every function is checked once, on its own.
		if result.kind == stVoid {
			return operand{t: tVoid}
		}
		if result.kind == stBad || bad {
			return operand{t: result}.orBad()
		}
		return operand{t: result, x: &model.Expr{Op: model.Load, Type: e.irType(result)}}
	}
	return b.inline(x, fn, args, result)
}

func (o operand) orBad() operand { return badOperand }

func (b *builder) inline(x *syntax.CallExpr, fn *syntax.FuncDecl, args []operand, result *stype) operand {
	e := b.e
	saved := *b
	ctx := b.newContext(fn, result, b.join())
	params := &scope{names: map[string]*binding{}}
	b.locals++
	call := fmt.Sprintf("%s#%d.", fn.Name.Name, b.locals)
	var late []func()
	for i, p := range fn.Params {
		pt := args[i].t
		name := p.Name.Name
		switch a := args[i]; {
		case a.addr != nil && !ctx.assigned[name]:
			params.names[name] = &binding{t: pt, op: &operand{t: pt, addr: a.addr}, at: p.Sp}
			continue
		case a.addr != nil:
			v, _ := b.address(a, x.Args[i])
			if v == nil {
				return badOperand
			}
			args[i].x = v
		case !ctx.assigned[name] && a.x.IsConst() && b.fits(a.x, pt, x.Args[i]):
			params.names[name] = &binding{t: pt, op: &operand{t: pt, x: model.NewConst(int64(a.x.Val), e.irType(pt))}, at: p.Sp}
			continue
		case !ctx.assigned[name] && a.x.Op == model.Load && a.x.Place != nil && a.x.Place.Var >= 0 && b.plain[a.x.Place.Var] && a.x.Type == e.irType(pt):
			params.names[name] = &binding{t: pt, op: &operand{t: pt, x: a.x}, at: p.Sp}
			continue
		}
		l := b.newLocal(call+name, pt, p.Sp.Start, !ctx.assigned["&"+name])
		params.names[name] = &binding{t: pt, l: l, at: p.Sp}
		if ctx.assigned[name] && b.varies != nil {
			b.varies[l.v] = true
		}
		lv := &lvalue{t: pt, l: l, at: x.Args[i].Span().Start}
		v := b.pure(args[i].x)
		args[i].x = v
		late = append(late, func() { b.store(lv, v, model.AccessPlain) })
	}
	// All arguments are evaluated before the first parameter is set.
	for _, f := range late {
		f()
	}
	if result.kind != stVoid && result.kind != stBad {
		ctx.resultVar = &lvalue{t: result, l: b.newLocal(call+"return", result, x.Sp.Start, true), at: x.Sp.Start}
	}
	b.frame = e.newFrame(b.frame, fn.Name.Name, fn.Attrs, fn.Name.Sp.Start, x.Sp.Start)
	if o, ok := orderOf(fn.Attrs); ok {
		b.order = o
	}
	b.stack = append(b.stack[:len(b.stack):len(b.stack)], call_(fn, x.Sp))
	b.fn, b.scope = ctx, params
	b.block(fn.Body)
	b.checkLabels()
	b.place(ctx.exit)
	b.fn, b.scope, b.frame, b.stack, b.text, b.at, b.order = saved.fn, saved.scope, saved.frame, saved.stack, saved.text, saved.at, saved.order
	if ctx.resultVar == nil {
		return operand{t: tVoid}
	}
	return operand{t: result, x: b.load(ctx.resultVar)}
}

func call_(fn *syntax.FuncDecl, at source.Span) call { return call{fn, at} }

var fences = map[string]model.Fence{"smp_mb": model.FenceFull, "smp_rmb": model.FenceRead, "smp_wmb": model.FenceWrite}

// builtin lowers a call of a predeclared function.
func (b *builder) builtin(x *syntax.CallExpr) operand {
	e := b.e
	name := x.Fun.Name
	if strings.HasPrefix(name, "lock_") {
		if len(x.Args) < 1 || len(x.Args) > 2 {
			e.diags.Add(source.Diagnostic{Code: "argument-count", Span: x.Sp, Msg: fmt.Sprintf("%s takes a lock and perhaps a subclass, not %d arguments", name, len(x.Args)), Hint: "write " + builtins[name]})
			return badOperand
		}
		if b.constOnly || b.pred {
			return b.notHere(x)
		}
		return b.lockOp(x)
	}
	want := map[string]int{"alloc": 1, "free": 1, "live": 1, "peek": 1, "container_of": 3, "READ_ONCE": 1, "WRITE_ONCE": 2, "smp_load_acquire": 1, "smp_store_release": 2, "smp_mb_cpu": 1}[name]
	if len(x.Args) != want {
		e.diags.Add(source.Diagnostic{Code: "argument-count", Span: x.Sp, Msg: fmt.Sprintf("%s takes %d arguments, not %d", name, want, len(x.Args)), Hint: "write " + builtins[name]})
		return badOperand
	}
	if b.constOnly || (b.pred && name != "live" && name != "peek" && name != "container_of") {
		return b.notHere(x)
	}
	switch name {
	case "smp_mb", "smp_rmb", "smp_wmb":
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFence, Fence: fences[name]}})
		return operand{t: tVoid}
	case "smp_mb_cpu":
		return b.fenceCPU(x)
	case "alloc":
		return b.allocate(x)
	case "free", "live":
		return b.lifetime(x)
	case "container_of":
		return b.containerOf(x)
	case "peek":
		o := b.expr(x.Args[0])
		if o.bad() {
			return badOperand
		}
		if o.lv == nil {
			e.errorf("not-a-place", x.Args[0].Span(), "peek needs a variable")
			return badOperand
		}
		c := *o.lv
		c.unchecked = true
		return operand{t: o.t, lv: &c}
	case "READ_ONCE", "WRITE_ONCE":
		o := b.expr(x.Args[0])
		return b.marked(x, o, model.AccessOnce)
	}
	o := b.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if o.t.kind != stRef {
		e.diags.Add(source.Diagnostic{Code: "type-mismatch", Span: x.Args[0].Span(), Msg: name + " takes the address of a variable, not " + o.t.String(), Hint: "write " + builtins[name]})
		return badOperand
	}
	access := model.AccessAcquire
	if name == "smp_store_release" {
		access = model.AccessRelease
	}
	return b.marked(x, b.deref(o, x.Args[0]), access)
}

// fenceCPU lowers smp_mb_cpu(cpu). Where memory is sequentially consistent there is no such operation.
func (b *builder) fenceCPU(x *syntax.CallExpr) operand {
	v, t := b.value(x.Args[0])
	if v == nil {
		return badOperand
	}
	if t.kind != stInt && t.kind != stBad {
		b.e.mismatch(x.Args[0].Span(), tInt, t)
		return badOperand
	}
	if b.e.memory == TSO && !b.e.dry {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFence, Fence: model.FenceCPU, X: b.pure(v)}})
	}
	return operand{t: tVoid}
}

// notHere reports a built-in that a constant, or a predicate, cannot call.
func (b *builder) notHere(x *syntax.CallExpr) operand {
	hint := constantsAre
	if b.pred {
		hint = "invariants, covers and liveness properties observe a state; of the built-in functions they may call live(), peek() and container_of()"
	}
	b.e.diags.Add(source.Diagnostic{Code: "not-constant", Span: x.Sp, Msg: x.Fun.Name + " cannot be used here", Hint: hint})
	return badOperand
}

// marked is an access with a mark: a read of o, or with two arguments a write.
func (b *builder) marked(x *syntax.CallExpr, o operand, access model.Access) operand {
	e := b.e
	if o.bad() {
		return badOperand
	}
	if o.lv == nil || !o.t.scalar() {
		e.errorf("not-a-place", x.Args[0].Span(), "%s needs a variable", x.Fun.Name)
		return badOperand
	}
	c := *o.lv
	c.access = access
	if len(x.Args) == 1 {
		return operand{t: o.t, lv: &c}
	}
	v, t := b.value(x.Args[1])
	if v == nil {
		return badOperand
	}
	if !assignable(o.t, t) {
		e.mismatch(x.Args[1].Span(), o.t, t)
		return badOperand
	}
	b.store(&c, v, access)
	return operand{t: tVoid}
}

func (b *builder) allocate(x *syntax.CallExpr) operand {
	e := b.e
	ta, ok := x.Args[0].(*syntax.TypeArg)
	if !ok {
		e.diags.Add(source.Diagnostic{Code: "type-mismatch", Span: x.Args[0].Span(), Msg: "alloc takes a type", Hint: "write alloc(struct S)"})
		return badOperand
	}
	t := e.typeOf(ta.Type)
	if t.kind == stBad {
		return badOperand
	}
	if t.kind != stStruct || !t.strct.lives {
		e.diags.Add(source.Diagnostic{Code: "no-lifetime", Span: ta.Sp, Msg: t.String() + " has no lifetime, so it cannot be allocated", Hint: "give the struct @use(property)"})
		return badOperand
	}
	h := &stype{kind: stHandle, strct: t.strct}
	if len(e.pool(t.strct).Objects) == 0 && !e.dry {
		b.noObjects(x.Sp, t.strct)
		return badOperand
	}
	v := b.newTemp(&model.Expr{Op: model.Const, Type: e.irType(h)})
	if v.Place != nil {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpAlloc, Dst: v.Place, Pool: e.pool(t.strct).ID}})
	}
	return operand{t: h, x: v}
}

func (b *builder) lifetime(x *syntax.CallExpr) operand {
	e := b.e
	v, t := b.value(x.Args[0])
	if v == nil {
		return badOperand
	}
	if t.kind == stRef && x.Fun.Name == "free" {
		return b.freeAround(x, v, t)
	}
	if t.kind != stHandle {
		d := source.Diagnostic{Code: "type-mismatch", Span: x.Args[0].Span(), Msg: x.Fun.Name + " takes a pointer to a struct, not " + t.String()}
		e.diags.Add(d)
		return badOperand
	}
	if !t.strct.lives {
		e.diags.Add(source.Diagnostic{Code: "no-lifetime", Span: x.Args[0].Span(), Msg: "struct " + t.strct.name + " has no lifetime", Hint: "give it @use(property)"})
		return badOperand
	}
	p := e.pool(t.strct).ID
	if x.Fun.Name == "free" {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFree, X: b.pure(v), Pool: p}})
		return operand{t: tVoid}
	}
	return operand{t: tBool, x: &model.Expr{Op: model.IsLive, Type: model.BoolType, X: v, Pool: p, Pos: x.Sp.Start}}
}

// freeAround frees the object that a reference points into, of whichever struct: what kfree_rcu() does, which knows a field only. The references into objects of each
// pool are told apart by their values; one that points into no object with a lifetime is the fault of the last container.
func (b *builder) freeAround(x *syntax.CallExpr, v *model.Expr, t *stype) operand {
	e := b.e
	d := e.domain(t.elem)
	cells := e.sys.Domains[d].Cells
	tables := map[model.PoolID][]int32{}
	var pools []model.PoolID
	for i, c := range cells {
		cv := e.sys.Vars[c.Var]
		if cv.Pool == model.NoPool || e.sys.Pools[cv.Pool].Live == model.NoVar {
			continue
		}
		if tables[cv.Pool] == nil {
			tables[cv.Pool] = make([]int32, len(cells)+1)
			pools = append(pools, cv.Pool)
		}
		tables[cv.Pool][i+1] = c.Idx/int32(cv.Stride) + 1
	}
	if len(pools) == 0 {
		// A library that can free by reference is no mistake of a spec that has nothing to free.
		pools, tables = []model.PoolID{model.NoPool}, map[model.PoolID][]int32{model.NoPool: make([]int32, len(cells)+1)}
	}
	v = b.pure(v)
	if len(pools) > 1 && !v.IsConst() {
		v = b.temp(v)
	}
	done := b.join()
	for i, pool := range pools {
		next := b.join()
		if i < len(pools)-1 {
			free := b.join()
			b.branch(oneOf(v, tables[pool], t), free, next)
			b.place(free)
		}
		h := &model.Expr{Op: model.Container, Type: model.IntType, X: v, Domain: d, Table: tables[pool], Pos: x.Sp.Start}
		if pool == model.NoPool {
			b.branch(h, done, done)
		} else {
			h.Type = e.irType(&stype{kind: stHandle, strct: e.prog.structs[e.sys.Pools[pool].Struct]})
			b.emit(&cfgNode{op: model.Op{Kind: model.OpFree, X: h, Pool: pool}})
			b.goTo(done)
		}
		b.place(next)
	}
	b.place(done)
	return operand{t: tVoid}
}

// oneOf is whether a reference is one of those that the table has an object for.
func oneOf(v *model.Expr, table []int32, t *stype) *model.Expr {
	var is *model.Expr
	for k, obj := range table {
		if obj == 0 {
			continue
		}
		eq := binary(model.Eq, v, model.NewConst(int64(k), v.Type))
		if is == nil {
			is = eq
		} else {
			is = binary(model.OrElse, is, eq)
		}
	}
	return is
}

func (b *builder) containerOf(x *syntax.CallExpr) operand {
	e := b.e
	ta, ok := x.Args[1].(*syntax.TypeArg)
	field, ok2 := x.Args[2].(*syntax.Ident)
	if !ok || !ok2 {
		e.diags.Add(source.Diagnostic{Code: "type-mismatch", Span: x.Sp, Msg: "container_of takes a reference, a struct type and a field", Hint: "write container_of(p, struct S, field)"})
		return badOperand
	}
	st := e.typeOf(ta.Type)
	if st.kind == stBad {
		return badOperand
	}
	if st.kind != stStruct {
		e.errorf("type-mismatch", ta.Sp, "%s is not a struct", st)
		return badOperand
	}
	if _, ok := st.strct.index[field.Name]; !ok {
		e.unknownField(st, field)
		return badOperand
	}
	h := &stype{kind: stHandle, strct: st.strct}
	o := b.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if o.t.kind != stRef {
		e.errorf("type-mismatch", x.Args[0].Span(), "container_of takes a reference to a scalar, not %s", o.t)
		return badOperand
	}
	if o.addr != nil && o.addr.obj != nil && o.addr.l != nil && o.addr.l.v != model.NoVar && e.sys.Vars[o.addr.l.v].Pool == e.pool(st.strct).ID {
		c := *o.addr.obj
		c.Type = e.irType(h)
		return operand{t: h, x: &c}
	}
	v, t := b.valueOf(o, x.Args[0])
	if v == nil {
		return badOperand
	}
	d := e.domain(t.elem)
	dom := e.sys.Domains[d]
	table := make([]int32, len(dom.Cells)+1)
	pool := e.pool(st.strct)
	for i, c := range dom.Cells {
		cv := e.sys.Vars[c.Var]
		if cv.Pool == pool.ID && strings.HasPrefix(cv.Name, pool.Struct+"."+field.Name) {
			table[i+1] = c.Idx/int32(cv.Stride) + 1
		}
	}
	if v.IsConst() && v.Val >= 1 && int(v.Val) < len(table) && table[v.Val] != 0 {
		return operand{t: h, x: model.NewConst(int64(table[v.Val]), e.irType(h))}
	}
	return operand{t: h, x: &model.Expr{Op: model.Container, Type: e.irType(h), X: v, Domain: d, Table: table, Pos: x.Sp.Start}}
}

// noObjects reports the use of a pointer that can only be NULL.
func (b *builder) noObjects(at source.Span, s *structInfo) {
	b.e.diags.Add(source.Diagnostic{
		Code: "no-objects", Span: at, Msg: "there is no object of struct " + s.name + ", so every pointer to it is NULL", Hint: "declare one: struct " + s.name + " name;",
		Related: b.callers(),
	})
}
