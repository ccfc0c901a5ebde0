package pass

import (
	"fmt"
	"slices"

	"pmdcheck/model"
)

// rewrite makes the code of a process use its buffer.
func (b *buffering) rewrite(p *model.Process) *model.Process {
	q := *p
	q.Locals = slices.Clone(p.Locals)
	q.Trans = slices.Clone(p.Trans)
	for i, t := range p.Trans {
		u := *t
		u.Code = b.code(&q, t, i)
		q.Trans[i] = &u
	}
	return &q
}

// coding is the new code of one transition.
type coding struct {
	*buffering
	q   *model.Process
	out []model.Op
	old []bool // by index of out: Then and Else are those of the code before
	of  *model.Op
}

func (b *buffering) code(q *model.Process, t *model.Transition, i int) []model.Op {
	c := &coding{buffering: b, q: q}
	at := make([]int, len(t.Code))
	direct := b.drain[i] || b.depth == 0
	c.of = &t.Code[0]
	if b.drain[i] && b.depth > 0 {
		first := c.of
		x := c.empty(b.len)
		c.emit(model.Op{Kind: model.OpAssume, X: x, Text: first.Text, Visible: true})
	}
	for k := range t.Code {
		c.of = &t.Code[k]
		at[k] = len(c.out)
		c.operation(&t.Code[k], direct, b.direct[i])
	}
	for k := range c.out {
		if c.old[k] {
			if op := &c.out[k]; op.Kind == model.OpBranch || op.Kind == model.OpJump {
				op.Then, op.Else = at[op.Then], at[op.Else]
			}
		}
	}
	return c.out
}

// emit adds an operation that stands for the one at hand.
func (c *coding) emit(op model.Op) int {
	op.Pos, op.Frame, op.Order = c.of.Pos, c.of.Frame, c.of.Order
	if op.Access = c.of.Access; op.Access == model.AccessPlain {
		op.Access = model.AccessOnce // what a buffer holds is nobody else's: it cannot race
	}
	c.out, c.old = append(c.out, op), append(c.old, false)
	return len(c.out) - 1
}

// keep adds an operation of the code as it was.
func (c *coding) keep(op model.Op) {
	c.out, c.old = append(c.out, op), append(c.old, true)
}

// here makes the given jumps lead to what comes next.
func (c *coding) here(then, els []int) {
	for _, i := range then {
		c.out[i].Then = len(c.out)
	}
	for _, i := range els {
		c.out[i].Else = len(c.out)
	}
}

func (c *coding) operation(op *model.Op, drained, mayDirect bool) {
	switch {
	case op.Kind == model.OpFence && op.Fence == model.FenceFull:
		if c.depth > 0 && !drained && wrong != noFence {
			c.emit(model.Op{Kind: model.OpAssume, X: c.empty(c.len), Text: op.Text, Visible: true})
			return
		}
		c.keep(*op)
		return
	case op.Kind == model.OpFence && op.Fence == model.FenceCPU:
		c.otherCPU(op)
		return
	case drained:
		c.keep(*op)
		return
	}
	n := *op
	n.X = c.load(op.X)
	if op.Dst != nil {
		n.Dst = c.address(op.Dst)
	}
	if _, ok := c.buffered(op); ok {
		c.store(op, &n, mayDirect)
		return
	}
	c.keep(n)
	switch op.Kind {
	case model.OpFree:
		c.forget(op.Pool, n.X, true)
	case model.OpAlloc:
		if wrong != keptAlloc {
			c.forget(op.Pool, load(n.Dst, c.w.Vars[n.Dst.Var].Type), false)
		}
	}
}

// otherCPU waits until the buffers of the processes that are bound to a CPU are empty.
func (c *coding) otherCPU(op *model.Op) {
	cpu := c.load(op.X)
	var all *model.Expr
	for _, p := range c.s.Processes {
		v, ok := c.lens[p.ID]
		if !ok || p.CPU < 0 {
			continue
		}
		x := c.empty(v)
		if !cpu.IsConst() {
			x = &model.Expr{Op: model.OrElse, Type: model.BoolType, X: binary(model.Ne, cpu, model.NewConst(int64(p.CPU), model.IntType)), Y: x}
		} else if int(cpu.Val) != p.CPU {
			continue
		}
		if all == nil {
			all = x
		} else {
			all = &model.Expr{Op: model.AndAlso, Type: model.BoolType, X: all, Y: x}
		}
	}
	if all == nil || wrong == noOtherCPU {
		c.emit(model.Op{Kind: model.OpNop, Text: op.Text})
		return
	}
	c.emit(model.Op{Kind: model.OpAssume, X: all, Text: op.Text, Visible: true})
}

func binary(op model.ExprOp, x, y *model.Expr) *model.Expr {
	t := model.IntType
	if op >= model.Eq && op <= model.OrElse {
		t = model.BoolType
	}
	return &model.Expr{Op: op, Type: t, X: x, Y: y}
}

func number(n int32) *model.Expr { return model.NewConst(int64(n), model.IntType) }

func load(p *model.Place, t *model.Type) *model.Expr {
	return &model.Expr{Op: model.Load, Type: t, Place: p}
}

// cell is a place in a variable of the buffer.
func (b *buffering) cell(v model.VarID, idx *model.Expr) *model.Place {
	return &model.Place{Var: v, Idx: idx, Domain: model.NoDomain, Access: model.AccessOnce, Pos: b.p.Pos}
}

func (b *buffering) read(v model.VarID, idx *model.Expr) *model.Expr {
	return load(b.cell(v, idx), b.w.Vars[v].Type)
}

// empty is the condition that a buffer is.
func (b *buffering) empty(v model.VarID) *model.Expr {
	return binary(model.Eq, b.read(v, nil), number(0))
}

// address replaces what is loaded to find a place.
func (b *buffering) address(p *model.Place) *model.Place {
	q := *p
	q.Ref, q.Obj, q.Idx = b.load(p.Ref), b.load(p.Obj), b.load(p.Idx)
	return &q
}

// load replaces what is loaded by what the process sees: the youngest store of its buffer to the cell, or memory.
func (b *buffering) load(x *model.Expr) *model.Expr {
	if x == nil || b.depth == 0 || wrong == noForwarding {
		return x
	}
	y := *x
	y.X, y.Y, y.Z = b.load(x.X), b.load(x.Y), b.load(x.Z)
	if x.Place == nil {
		return &y
	}
	y.Place = b.address(x.Place)
	if x.Op != model.Load {
		return &y
	}
	mine, types := false, map[*model.Type]bool{}
	b.s.PlaceTouches(x.Place, false, func(t model.Touch) {
		for _, c := range cellsOf(t) {
			if _, ok := b.number[c]; ok {
				mine, types[b.s.Vars[c.Var].Type] = true, true
			}
		}
	})
	if !mine {
		return &y
	}
	n := b.numberOf(y.Place, -1)
	var value *model.Type // a place is of one
	for t := range types {
		value = t
	}
	found := func(i int) *model.Expr {
		v := b.read(b.vals[value], number(int32(i)))
		if b.certain(x.Place) {
			return v
		}
		// To find a store in the buffer does not make an access good that is none. The access is made for what may go wrong with it.
		return &model.Expr{Op: model.Cond, Type: x.Type, X: binary(model.Ne, &y, &y), Y: v, Z: v, Pos: x.Pos}
	}
	out := &y
	for i := range b.depth {
		if wrong == oldestForwarded {
			i = b.depth - 1 - i
		}
		out = &model.Expr{Op: model.Cond, Type: x.Type, X: binary(model.Eq, b.read(b.addr, number(int32(i))), n), Y: found(i), Z: out, Pos: x.Pos}
	}
	return out
}

// certain reports whether nothing can go wrong with an access.
func (b *buffering) certain(p *model.Place) bool {
	c, ok := b.s.StaticCell(p)
	if !ok {
		return false
	}
	v := b.s.Vars[c.Var]
	return p.Unchecked || v.Pool == model.NoPool || b.s.Pools[v.Pool].Live == model.NoVar
}

// numberOf is the number of the cell of a place, or other if it has none.
func (b *buffering) numberOf(p *model.Place, other int32) *model.Expr {
	if c, ok := b.s.StaticCell(p); ok {
		if n, ok := b.number[c]; ok {
			return number(n)
		}
		return number(other)
	}
	if p.Ref != nil {
		out := number(other)
		for i, c := range b.s.Domains[p.Domain].Cells {
			if n, ok := b.number[c]; ok {
				out = &model.Expr{Op: model.Cond, Type: model.IntType, X: binary(model.Eq, p.Ref, model.NewConst(int64(i+1), p.Ref.Type)), Y: number(n), Z: out}
			}
		}
		return out
	}
	first, ok := b.whole[p.Var]
	if !ok {
		return number(other)
	}
	idx := p.Idx
	if idx == nil {
		idx = number(0)
	}
	if wrong == wrongNumber {
		first++
	}
	out := binary(model.Add, number(first), idx)
	if p.Obj != nil {
		stride := int32(b.s.Vars[p.Var].Stride)
		out = binary(model.Add, out, binary(model.Mul, binary(model.Sub, p.Obj, number(1)), number(stride)))
	}
	return out
}

// local makes a variable of the process that does not outlive the step.
func (c *coding) local(t *model.Type) *model.Place {
	v := c.add(fmt.Sprintf("%s.$buffer%d", c.p.Name, len(c.q.Locals)), t, 1, c.p.ID)
	c.q.Locals = append(c.q.Locals, v)
	return &model.Place{Var: v, Domain: model.NoDomain, Pos: c.of.Pos}
}

// store puts a store into the buffer. op is what it was, n has loads replaced.
func (c *coding) store(op, n *model.Op, mayDirect bool) {
	var done []int
	if mayDirect {
		test := c.emit(model.Op{Kind: model.OpBranch, X: c.empty(c.len)})
		c.here([]int{test}, nil)
		c.keep(*op)
		done = append(done, c.emit(model.Op{Kind: model.OpJump}))
		c.here(nil, []int{test})
	}
	// As in memory: the value, then the place and what may go wrong with it, then whether the value is in range.
	t := c.placeType(op.Dst)
	value := n.X
	if !value.IsConst() || !c.certain(op.Dst) {
		as := t
		if lo, hi := op.X.Interval(); t.Kind == model.KindInt && (lo < int64(t.Lo) || hi > int64(t.Hi)) {
			as = model.IntType
		}
		p := c.local(as)
		c.emit(model.Op{Kind: model.OpAssign, Dst: p, X: value, Observes: op.Observes})
		value = load(p, as)
	}
	if !c.certain(op.Dst) {
		p := c.local(t)
		c.emit(model.Op{Kind: model.OpAssign, Dst: p, X: load(n.Dst, t)})
	}
	to := c.numberOf(n.Dst, 0)
	if !to.IsConst() {
		p := c.local(c.w.Vars[c.addr].Type)
		c.emit(model.Op{Kind: model.OpAssign, Dst: p, X: to})
		to = load(p, c.w.Vars[c.addr].Type)
	}
	if c.more {
		c.makeRoom()
	}
	last := func() *model.Expr { return c.read(c.len, nil) }
	c.emit(model.Op{Kind: model.OpAssign, Dst: c.cell(c.vals[t], last()), X: value, Visible: true, Text: op.Text})
	c.emit(model.Op{Kind: model.OpAssign, Dst: c.cell(c.addr, last()), X: to})
	c.emit(model.Op{Kind: model.OpAssign, Dst: c.cell(c.len, nil), X: binary(model.Add, last(), number(1))})
	c.here(done, nil)
}

func (c *coding) placeType(p *model.Place) *model.Type {
	if p.Ref != nil {
		return c.s.Domains[p.Domain].Type
	}
	return c.s.Vars[p.Var].Type
}

// makeRoom marks that the bound was met, if it is, and brings the oldest store to memory, as the buffer might have done before.
func (c *coding) makeRoom() {
	test := c.emit(model.Op{Kind: model.OpBranch, X: binary(model.Lt, c.read(c.len, nil), number(int32(c.depth)))})
	c.here(nil, []int{test})
	if wrong != noRoom {
		c.emit(model.Op{Kind: model.OpCover, Cover: c.cover})
	}
	var done []int
	for i := range c.cells {
		next := c.emit(model.Op{Kind: model.OpBranch, X: binary(model.Eq, c.read(c.addr, number(0)), number(int32(i+1)))})
		c.here([]int{next}, nil)
		c.emit(c.toMemory(int32(i+1), number(0)))
		done = append(done, c.emit(model.Op{Kind: model.OpJump}))
		c.here(nil, []int{next})
	}
	c.here(done, nil)
	for _, op := range c.shift() {
		c.emit(op)
	}
	c.here([]int{test}, nil)
}

// toMemory stores what the buffer has at an index, which is for the cell with a number.
func (b *buffering) toMemory(n int32, at *model.Expr) model.Op {
	c := b.cells[n-1]
	v := b.s.Vars[c.Var]
	to := &model.Place{Var: c.Var, Idx: number(c.Idx), Domain: model.NoDomain, Unchecked: true, Access: model.AccessOnce, Pos: b.p.Pos}
	if v.Pool != model.NoPool {
		to.Idx = number(c.Idx % int32(v.Stride))
		to.Obj = model.NewConst(int64(c.Idx/int32(v.Stride)+1), b.handle(v.Pool))
	}
	return model.Op{Kind: model.OpAssign, Dst: to, X: b.read(b.vals[v.Type], at), Visible: true, Access: model.AccessOnce, Frame: model.NoFrame, Pos: b.p.Pos}
}

// handle is a type of pointers to objects of a pool.
func (b *buffering) handle(p model.PoolID) *model.Type {
	for _, v := range b.s.Vars {
		if v.Type.Kind == model.KindHandle && v.Type.Pool == p {
			return v.Type
		}
	}
	pool := b.s.Pools[p]
	return &model.Type{Kind: model.KindHandle, Name: "struct " + pool.Struct + " *", Hi: int32(len(pool.Objects)), Pool: p, Domain: model.NoDomain}
}

// oldest is the index of the store that reaches memory next.
func (b *buffering) oldest() *model.Expr {
	if wrong == unordered {
		return binary(model.Sub, b.read(b.len, nil), &model.Expr{Op: model.Cond, Type: model.IntType, X: b.empty(b.len), Y: number(0), Z: number(1)})
	}
	return number(0)
}

// shift takes the oldest store out of the buffer.
func (b *buffering) shift() (out []model.Op) {
	setAt := func(v model.VarID, i, x *model.Expr) {
		out = append(out, model.Op{Kind: model.OpAssign, Dst: b.cell(v, i), X: x, Access: model.AccessOnce, Frame: model.NoFrame, Pos: b.p.Pos})
	}
	set := func(v model.VarID, i int, x *model.Expr) { setAt(v, number(int32(i)), x) }
	shifted := b.depth
	if wrong == unordered {
		shifted = 0
		for _, t := range b.types {
			setAt(b.vals[t], b.oldest(), model.NewConst(int64(nearest(t)), t))
		}
		setAt(b.addr, b.oldest(), number(0))
	}
	for i := range shifted {
		for _, t := range b.types {
			if i+1 < b.depth {
				set(b.vals[t], i, b.read(b.vals[t], number(int32(i+1))))
			} else {
				set(b.vals[t], i, model.NewConst(int64(nearest(t)), t))
			}
		}
		if i+1 < b.depth {
			set(b.addr, i, b.read(b.addr, number(int32(i+1))))
		} else {
			set(b.addr, i, number(0))
		}
	}
	set(b.len, 0, binary(model.Sub, b.read(b.len, nil), number(1)))
	return out
}

// forget takes the stores to the fields of an object out of the buffer, which is dead now (then they reach memory) or new (then they do not).
func (c *coding) forget(pool model.PoolID, h *model.Expr, land bool) {
	if c.depth == 0 {
		return
	}
	for _, f := range c.s.Pools[pool].Fields {
		first, ok := c.whole[f]
		v := c.s.Vars[f]
		if !ok || !land && v.Alloc == model.AllocKeeps {
			continue
		}
		for i := range c.depth {
			var out []int
			for o := range c.s.Pools[pool].Objects {
				lo := first + int32(o*v.Stride)
				in := binary(model.AndAlso, binary(model.Eq, h, model.NewConst(int64(o+1), h.Type)), binary(model.AndAlso, binary(model.Ge, c.read(c.addr, number(int32(i))), number(lo)),
					binary(model.Lt, c.read(c.addr, number(int32(i))), number(lo+int32(v.Stride)))))
				test := c.emit(model.Op{Kind: model.OpBranch, X: in})
				c.here([]int{test}, nil)
				if land {
					to := &model.Place{Var: f, Obj: model.NewConst(int64(o+1), h.Type), Idx: binary(model.Sub, c.read(c.addr, number(int32(i))), number(lo)), Domain: model.NoDomain, Unchecked: true, Access: model.AccessOnce, Pos: c.of.Pos}
					c.emit(model.Op{Kind: model.OpAssign, Dst: to, X: c.read(c.vals[v.Type], number(int32(i)))})
				}
				c.emit(model.Op{Kind: model.OpAssign, Dst: c.cell(c.addr, number(int32(i))), X: number(c.gone)})
				c.emit(model.Op{Kind: model.OpAssign, Dst: c.cell(c.vals[v.Type], number(int32(i))), X: model.NewConst(int64(nearest(v.Type)), v.Type)})
				out = append(out, c.emit(model.Op{Kind: model.OpJump}))
				c.here(nil, []int{test})
			}
			c.here(out, nil)
		}
	}
}

// drains adds the transitions of the buffer: one for each cell that the process stores to.
func (b *buffering) drains() {
	p := b.w.Processes[b.proc]
	add := func(n int32, label string, store *model.Op) {
		is := binary(model.Eq, b.read(b.addr, b.oldest()), number(n))
		code := []model.Op{{Kind: model.OpAssume, X: is, Text: label, Visible: true, Access: model.AccessOnce, Frame: model.NoFrame, Pos: b.p.Pos}}
		if store != nil {
			store.Text = label
			code = append(code, *store)
		}
		code = append(code, b.shift()...)
		code = append(code, model.Op{Kind: model.OpGoto, Frame: model.NoFrame, Pos: b.p.Pos})
		for i := range code {
			code[i].Order = model.OrderDirect
		}
		p.Locations[0].Trans = append(p.Locations[0].Trans, len(p.Trans))
		p.Trans = append(p.Trans, &model.Transition{ID: len(p.Trans), Proc: b.proc, Code: code, Label: label, Pos: b.p.Pos, Frame: model.NoFrame})
	}
	stored := map[model.Cell]bool{}
	for _, tr := range b.p.Trans {
		for i := range tr.Code {
			if cells, ok := b.buffered(&tr.Code[i]); ok {
				for _, c := range cells {
					stored[c] = true
				}
			}
		}
	}
	for i, c := range b.cells {
		if stored[c] {
			op := b.toMemory(int32(i+1), b.oldest())
			add(int32(i+1), b.s.CellName(c)+" reaches memory", &op)
		}
	}
	if b.frees {
		add(b.gone, "a store to a freed object is over", nil)
	}
}
