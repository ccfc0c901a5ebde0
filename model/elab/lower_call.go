package elab

import (
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// call lowers a call: a built-in, or a function, which is inlined.
func (b *builder) call(x *syntax.CallExpr, asStmt bool) operand {
	e := b.e
	name := x.Fun.Name
	if check.IsBuiltin(name) {
		return b.builtin(x)
	}
	fn := e.prog.Uses[x.Fun].Func
	result := e.typeOf(fn.Result)
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
			if check.HasCall(later) {
				v = b.settle(v)
				break
			}
		}
		args[i] = operand{t: pt, x: v}
	}
	if bad {
		return badOperand
	}
	return b.inline(x, fn, args, result)
}

func (b *builder) inline(x *syntax.CallExpr, fn *syntax.FuncDecl, args []operand, result *check.Type) operand {
	e := b.e
	saved := *b
	ctx := b.newContext(fn, result, b.join())
	b.locals++
	number := b.locals
	local := func(name string) string { return fn.Name.Name + "#" + strconv.Itoa(number) + "." + name }
	type argument struct {
		to *lvalue
		x  *model.Expr
	}
	var late []argument
	for i, p := range fn.Params {
		pt := args[i].t
		name := p.Name.Name
		switch a := args[i]; {
		case a.addr != nil && !ctx.assigned[name]:
			b.bind(p.Name, &binding{t: pt, op: &operand{t: pt, addr: a.addr}})
			continue
		case a.addr != nil:
			v, _ := b.address(a, x.Args[i])
			if v == nil {
				return badOperand
			}
			args[i].x = v
		case !ctx.assigned[name] && a.x.IsConst() && b.fits(a.x, pt, x.Args[i]):
			b.bind(p.Name, &binding{t: pt, op: &operand{t: pt, x: model.NewConst(int64(a.x.Val), e.irType(pt))}})
			continue
		case !ctx.assigned[name] && a.x.Op == model.Load && a.x.Place != nil && a.x.Place.Var >= 0 && b.plain[a.x.Place.Var] && a.x.Type == e.irType(pt):
			b.bind(p.Name, &binding{t: pt, op: &operand{t: pt, x: a.x}})
			continue
		}
		l := b.newLocal(local(name), pt, p.Sp.Start, !ctx.assigned["&"+name])
		b.bind(p.Name, &binding{t: pt, l: l})
		if ctx.assigned[name] && b.varies != nil {
			b.varies[l.v] = true
		}
		lv := &lvalue{t: pt, l: l, at: x.Args[i].Span().Start}
		v := b.pure(args[i].x)
		args[i].x = v
		late = append(late, argument{lv, v})
	}
	// All arguments are evaluated before the first parameter is set.
	for _, a := range late {
		b.store(a.to, a.x, model.AccessPlain)
	}
	if result.Kind != check.KindVoid && result.Kind != check.KindBad {
		ctx.resultVar = &lvalue{t: result, l: b.newLocal(local("return"), result, x.Sp.Start, true), at: x.Sp.Start}
	}
	b.frame = e.newFrame(b.frame, fn.Name.Name, fn.Attrs, fn.Name.Sp.Start, x.Sp.Start)
	if o, ok := check.OrderOf(fn.Attrs); ok {
		b.order = o
	}
	b.stack = append(b.stack[:len(b.stack):len(b.stack)], call_(fn, x.Sp))
	b.fn = ctx
	b.block(fn.Body)
	b.checkLabels()
	b.place(ctx.exit)
	b.fn, b.frame, b.stack, b.text, b.at, b.order = saved.fn, saved.frame, saved.stack, saved.text, saved.at, saved.order
	if ctx.resultVar == nil {
		return operand{t: check.Void}
	}
	return operand{t: result, x: b.load(ctx.resultVar)}
}

func call_(fn *syntax.FuncDecl, at source.Span) call { return call{fn, at} }

var fences = map[string]model.Fence{"smp_mb": model.FenceFull, "smp_rmb": model.FenceRead, "smp_wmb": model.FenceWrite}

// builtin lowers a call of a predeclared function.
func (b *builder) builtin(x *syntax.CallExpr) operand {
	name := x.Fun.Name
	if strings.HasPrefix(name, "lock_") {
		return b.lockOp(x)
	}
	switch name {
	case "smp_mb", "smp_rmb", "smp_wmb":
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFence, Fence: fences[name]}})
		return operand{t: check.Void}
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
		if o.bad() || !b.isPlace(x, o) {
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
	access := model.AccessAcquire
	if name == "smp_store_release" {
		access = model.AccessRelease
	}
	return b.marked(x, b.deref(o, x.Args[0]), access)
}

// fenceCPU lowers smp_mb_cpu(cpu). Where memory is sequentially consistent there is no such operation.
func (b *builder) fenceCPU(x *syntax.CallExpr) operand {
	v, _ := b.value(x.Args[0])
	if v == nil {
		return badOperand
	}
	if b.e.memory == TSO {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFence, Fence: model.FenceCPU, X: b.pure(v)}})
	}
	return operand{t: check.Void}
}

// isPlace reports whether an operand is in memory, and else that it is not: a local that is never assigned is a number.
func (b *builder) isPlace(x *syntax.CallExpr, o operand) bool {
	if o.lv == nil {
		b.e.errorf("not-a-place", x.Args[0].Span(), "%s needs a variable", x.Fun.Name)
	}
	return o.lv != nil
}

// marked is an access with a mark: a read of o, or with two arguments a write.
func (b *builder) marked(x *syntax.CallExpr, o operand, access model.Access) operand {
	if o.bad() || !b.isPlace(x, o) {
		return badOperand
	}
	c := *o.lv
	c.access = access
	if len(x.Args) == 1 {
		return operand{t: o.t, lv: &c}
	}
	v, _ := b.value(x.Args[1])
	if v == nil {
		return badOperand
	}
	b.store(&c, v, access)
	return operand{t: check.Void}
}

func (b *builder) allocate(x *syntax.CallExpr) operand {
	e := b.e
	h := e.prog.Types[x]
	t := e.prog.Written[x.Args[0].(*syntax.TypeArg).Type]
	if len(e.pool(t.Struct).Objects) == 0 {
		b.noObjects(x.Sp, t.Struct)
		return badOperand
	}
	v := b.newTemp(&model.Expr{Op: model.Const, Type: e.irType(h)})
	if v.Place != nil {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpAlloc, Dst: v.Place, Pool: e.pool(t.Struct).ID}})
	}
	return operand{t: h, x: v}
}

func (b *builder) lifetime(x *syntax.CallExpr) operand {
	e := b.e
	v, t := b.value(x.Args[0])
	if v == nil {
		return badOperand
	}
	if t.Kind == check.KindRef { // only what is freed
		return b.freeAround(x, v, t)
	}
	p := e.pool(t.Struct).ID
	if x.Fun.Name == "free" {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpFree, X: b.pure(v), Pool: p}})
		return operand{t: check.Void}
	}
	return operand{t: check.Bool, x: &model.Expr{Op: model.IsLive, Type: model.BoolType, X: v, Pool: p, Pos: x.Sp.Start}}
}

// freeAround frees the object that a reference points into, of whichever struct: what kfree_rcu() does, which knows a field only. The references into objects of each
// pool are told apart by their values; one that points into no object with a lifetime is the fault of the last container.
func (b *builder) freeAround(x *syntax.CallExpr, v *model.Expr, t *check.Type) operand {
	e := b.e
	d := e.domain(t.Elem)
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
			h.Type = e.irType(&check.Type{Kind: check.KindHandle, Struct: e.prog.Structs[e.sys.Pools[pool].Struct]})
			b.emit(&cfgNode{op: model.Op{Kind: model.OpFree, X: h, Pool: pool}})
			b.goTo(done)
		}
		b.place(next)
	}
	b.place(done)
	return operand{t: check.Void}
}

// oneOf is whether a reference is one of those that the table has an object for.
func oneOf(v *model.Expr, table []int32, t *check.Type) *model.Expr {
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
	h, field := e.prog.Types[x], x.Args[2].(*syntax.Ident)
	o := b.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if o.addr != nil && o.addr.obj != nil && o.addr.l != nil && o.addr.l.v != model.NoVar && e.sys.Vars[o.addr.l.v].Pool == e.pool(h.Struct).ID {
		c := *o.addr.obj
		c.Type = e.irType(h)
		return operand{t: h, x: &c}
	}
	v, t := b.valueOf(o, x.Args[0])
	if v == nil {
		return badOperand
	}
	d := e.domain(t.Elem)
	dom := e.sys.Domains[d]
	table := make([]int32, len(dom.Cells)+1)
	pool := e.pool(h.Struct)
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
func (b *builder) noObjects(at source.Span, s *check.Struct) {
	b.e.diags.Add(source.Diagnostic{
		Code: "no-objects", Span: at, Msg: "there is no object of struct " + s.Name + ", so every pointer to it is NULL", Hint: "declare one: struct " + s.Name + " name;",
		Related: b.callers(),
	})
}
