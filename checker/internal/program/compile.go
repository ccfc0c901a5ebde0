package program

import (
	"slices"

	"pmdcheck/model"
)

// eval computes an expression in x.s. A failure is recorded in x.failed (the first one wins) and the value is then meaningless, but harmless: every access stays in bounds.
type eval func(x *Exec) int64

// instr executes one operation and returns the index of the next, or one of the pc constants.
type instr func(x *Exec) int

type compiler struct {
	p    *Program
	sys  *model.System
	proc *model.Process // nil for predicates, which do not look at lifetimes

	gone map[model.LocID][]maskSet // what going to a location does, as far as that was asked for
}

// goTo is the effect of going to a location of the process.
func (c *compiler) goTo(l model.LocID) []maskSet {
	m, ok := c.gone[l]
	if !ok {
		if c.gone == nil {
			c.gone = map[model.LocID][]maskSet{}
		}
		m = c.moveTo(uint64(l), c.proc.Locations[l].Live)
		c.gone[l] = m
	}
	return m
}

// moveTo is the effect of going to a location: the new pc, and every local that is not live there back to its initial value.
func (c *compiler) moveTo(pc uint64, live []model.VarID) []maskSet {
	keep, set := map[int]uint64{}, map[int]uint64{}
	put := func(f field, raw uint64) {
		if f.word < 0 || f.word >= c.p.lay.stored {
			return
		}
		if _, ok := keep[f.word]; !ok {
			keep[f.word] = ^uint64(0)
		}
		keep[f.word] &^= f.mask << f.shift
		set[f.word] |= raw & f.mask << f.shift
	}
	put(c.p.lay.pcs[c.proc.ID], pc)
	alive := map[model.VarID]bool{}
	for _, v := range live {
		alive[v] = true
	}
	for _, id := range c.proc.Locals {
		if alive[id] {
			continue
		}
		v := c.sys.Vars[id]
		for i, f := range c.p.lay.cells[id] {
			raw := uint64(0)
			if !c.p.lay.overlay[id] {
				raw = uint64(int64(v.Init[i]) - f.lo)
			}
			put(f, raw)
		}
	}
	// Bits shared with a local that is live must stay.
	for _, id := range live {
		if c.p.lay.overlay[id] {
			f := c.p.lay.cells[id][0]
			if _, ok := keep[f.word]; ok {
				keep[f.word] |= f.mask << f.shift
				set[f.word] &^= f.mask << f.shift
			}
		}
	}
	var words []int
	for w := range keep {
		words = append(words, w)
	}
	slices.Sort(words)
	var out []maskSet
	for _, w := range words {
		out = append(out, maskSet{w, keep[w], set[w]})
	}
	return out
}

// code compiles operations one by one; with fused set, those that end a step and together store constants only are one.
func (c *compiler) code(ops []model.Op, fused bool) []instr {
	var out []instr
	for i := range ops {
		if fused {
			if m, ok := c.tail(ops, i); ok {
				out = append(out, done(m))
				continue
			}
		}
		out = append(out, c.op(&ops[i], i))
	}
	return out
}

// done ends a step with stores.
func done(m []maskSet) instr {
	if len(m) == 1 {
		w := m[0]
		return func(e *Exec) int {
			e.s[w.word] = e.s[w.word]&w.keep | w.set
			return pcDone
		}
	}
	return func(e *Exec) int {
		apply(e.s, m)
		return pcDone
	}
}

// ignored reports whether failures of a property are not looked at.
func (c *compiler) ignored(p model.PropID) bool {
	return p == model.NoProp || c.p.opt.NoAssert || !c.sys.Props[p].Checked
}

func (c *compiler) op(op *model.Op, i int) instr {
	next := i + 1
	switch op.Kind {
	case model.OpAssign:
		return c.assign(op, next)
	case model.OpBranch:
		x, then, els := c.expr(op.X), op.Then, op.Else
		if !c.canFail(op.X) {
			return func(e *Exec) int {
				if x(e) != 0 {
					return then
				}
				return els
			}
		}
		return func(e *Exec) int {
			v := x(e)
			if e.failed >= 0 {
				return pcFailed
			}
			if v != 0 {
				return then
			}
			return els
		}
	case model.OpJump:
		then := op.Then
		return func(*Exec) int { return then }
	case model.OpAssume:
		return c.assume(op.X, next)
	case model.OpAssert:
		x, prop := c.expr(op.X), op.Prop
		if c.ignored(prop) {
			return func(e *Exec) int {
				x(e)
				if e.failed >= 0 {
					return pcFailed
				}
				return next
			}
		}
		return func(e *Exec) int {
			v := x(e)
			if e.failed >= 0 {
				return pcFailed
			}
			if v == 0 {
				e.failed = prop
				return pcFailed
			}
			return next
		}
	case model.OpCover:
		id := op.Cover
		return func(e *Exec) int {
			e.covers = append(e.covers, id)
			return next
		}
	case model.OpAlloc:
		return c.alloc(op, next)
	case model.OpFree:
		return c.free(op, next)
	case model.OpGoto:
		return done(c.goTo(op.Loc))
	case model.OpNop, model.OpFence: // accesses take place in program order, fence or not
	}
	return func(*Exec) int { return next }
}

func (c *compiler) assume(x *model.Expr, next int) instr {
	if f, v, eq, ok := c.cellTest(x); ok && !c.traced(f) {
		word, shift, mask, raw := f.word, f.shift, f.mask, uint64(v-f.lo)
		if eq {
			return func(e *Exec) int {
				if e.s[word]>>shift&mask == raw {
					return next
				}
				return pcDisabled
			}
		}
		return func(e *Exec) int {
			if e.s[word]>>shift&mask != raw {
				return next
			}
			return pcDisabled
		}
	}
	v := c.expr(x)
	return func(e *Exec) int {
		r := v(e)
		if e.failed >= 0 {
			return pcFailed
		}
		if r == 0 {
			return pcDisabled
		}
		return next
	}
}

// cellTest recognises a comparison of one cell with a constant, which is one masked compare.
func (c *compiler) cellTest(x *model.Expr) (f field, v int64, eq, ok bool) {
	cell := func(x *model.Expr) (field, bool) {
		if x.Op != model.Load {
			return field{}, false
		}
		f, ok := c.static(x.Place)
		return f, ok && f.word >= 0
	}
	switch x.Op {
	case model.Load:
		if f, ok = cell(x); ok {
			return f, 0, false, f.lo <= 0
		}
	case model.Not:
		f, v, eq, ok = c.cellTest(x.X)
		return f, v, !eq, ok
	case model.Eq, model.Ne:
		l, r := x.X, x.Y
		if l.Op == model.Const {
			l, r = r, l
		}
		if r.Op == model.Const {
			if f, ok = cell(l); ok {
				v = int64(r.Val)
				return f, v, x.Op == model.Eq, v >= f.lo && uint64(v-f.lo) <= f.mask
			}
		}
	}
	return field{}, 0, false, false
}

// static is the field of a place that is one known cell whose access cannot fail.
func (c *compiler) static(p *model.Place) (field, bool) {
	if p.Ref != nil || (p.Idx != nil && p.Idx.Op != model.Const) {
		return field{}, false
	}
	v := c.sys.Vars[p.Var]
	i := int64(0)
	if p.Idx != nil {
		i = int64(p.Idx.Val)
	}
	if i < 0 || i >= int64(v.Stride) {
		return field{}, false
	}
	if p.Obj != nil {
		if p.Obj.Op != model.Const || p.Obj.Val < 1 || int(p.Obj.Val-1)*v.Stride >= v.Len {
			return field{}, false
		}
		if c.guarded(p, v) {
			return field{}, false
		}
		i += int64(p.Obj.Val-1) * int64(v.Stride)
	}
	return c.p.lay.cells[p.Var][i], true
}

// guarded reports whether an access looks at the lifetime of the object.
func (c *compiler) guarded(p *model.Place, v *model.Var) bool {
	return c.proc != nil && !p.Unchecked && v.Pool != model.NoPool && c.sys.Pools[v.Pool].Live != model.NoVar && !c.ignored(v.Guard)
}

// canFail reports whether evaluating x may fail.
func (c *compiler) canFail(x *model.Expr) bool {
	return canFail(x, func(p *model.Place) bool {
		_, ok := c.static(p)
		return ok
	})
}

// traced reports whether accesses to a field are noted.
func (c *compiler) traced(f field) bool { return c.p.opt.trace != nil && f.atoms != 0 }

func (c *compiler) assign(op *model.Op, next int) instr {
	if c.p.opt.trace != nil {
		return c.tracedAssign(op, next)
	}
	return c.plainAssign(op, next)
}

// tracedAssign notes the store: as a write where it changes the cell, else as a read, because it goes on changing nothing as long as nobody else writes the
// cell, and no process that reads it notices. Setting or clearing bits of a mask touches only these.
func (c *compiler) tracedAssign(op *model.Op, next int) instr {
	if cell, k, set, ok := maskOp(c.sys, op); ok {
		if f := &c.p.lay.cells[cell.Var][cell.Idx]; f.atoms != 0 {
			r := c.p.opt.trace.cells[cell.Var][cell.Idx]
			return func(e *Exec) int {
				old := f.get(e.s)
				v := old &^ k
				if set {
					v = old | k
				}
				e.Writes[f.atomWord] |= r.some(old ^ v)
				e.Reads[f.atomWord] |= r.some(k &^ (old ^ v))
				f.put(e.s, v)
				return next
			}
		}
	}
	if f, ok := c.static(op.Dst); ok {
		store := c.plainAssign(op, next)
		return func(e *Exec) int {
			old := f.get(e.s)
			pc := store(e)
			e.noteStore(&f, old)
			return pc
		}
	}
	return c.plainAssign(op, next)
}

// noteStore notes a store to a cell whose value was old.
func (e *Exec) noteStore(f *field, old int64) {
	if f.get(e.s) == old {
		e.Reads[f.atomWord] |= f.atoms
	} else {
		e.Writes[f.atomWord] |= f.atoms
	}
}

func (c *compiler) plainAssign(op *model.Op, next int) instr {
	if f, ok := c.static(op.Dst); ok && f.word >= 0 {
		t := c.varType(op.Dst)
		lo, hi := int64(t.Lo), int64(t.Hi)
		word, shift, mask := f.word, f.shift, f.mask
		clear := ^(mask << shift)
		if op.X.Op == model.Const && int64(op.X.Val) >= lo && int64(op.X.Val) <= hi {
			set := uint64(int64(op.X.Val)-f.lo) & mask << shift
			return func(e *Exec) int {
				e.s[word] = e.s[word]&clear | set
				return next
			}
		}
		x, base := c.expr(op.X), f.lo
		if _, d, ok := increment(c.sys, op); ok && c.p.opt.trace == nil {
			return func(e *Exec) int {
				v := int64(e.s[word]>>shift&mask) + base + d
				if v < lo || v > hi {
					e.failed = model.PropNoFault
					return pcFailed
				}
				e.s[word] = e.s[word]&clear | uint64(v-base)&mask<<shift
				return next
			}
		}
		return func(e *Exec) int {
			v := x(e)
			if e.failed >= 0 {
				return pcFailed
			}
			if v < lo || v > hi {
				e.failed = model.PropNoFault
				return pcFailed
			}
			e.s[word] = e.s[word]&clear | uint64(v-base)&mask<<shift
			return next
		}
	}
	x, cell := c.expr(op.X), c.place(op.Dst, true)
	lo, hi := c.bounds(op.Dst)
	return func(e *Exec) int {
		v := x(e)
		if e.failed >= 0 {
			return pcFailed
		}
		f := cell(e)
		if e.failed >= 0 {
			return pcFailed
		}
		if v < lo || v > hi {
			e.failed = model.PropNoFault
			return pcFailed
		}
		if e.Writes != nil {
			old := f.get(e.s)
			f.put(e.s, v)
			e.noteStore(f, old)
			return next
		}
		f.put(e.s, v)
		return next
	}
}

// increment recognises `v = v + d` and `v = v - d` of one known cell.
func increment(sys *model.System, op *model.Op) (c model.Cell, d int64, ok bool) {
	x := op.X
	if op.Kind != model.OpAssign || x.Op != model.Add && x.Op != model.Sub || x.X.Op != model.Load || x.Y.Op != model.Const {
		return c, 0, false
	}
	c, ok = StaticCell(sys, op.Dst)
	if !ok {
		return c, 0, false
	}
	if from, ok := StaticCell(sys, x.X.Place); !ok || from != c {
		return c, 0, false
	}
	if d = int64(x.Y.Val); x.Op == model.Sub {
		d = -d
	}
	return c, d, true
}

func (c *compiler) varType(p *model.Place) *model.Type {
	if p.Ref != nil {
		return c.sys.Domains[p.Domain].Type
	}
	return c.sys.Vars[p.Var].Type
}

func (c *compiler) bounds(p *model.Place) (lo, hi int64) {
	t := c.varType(p)
	return int64(t.Lo), int64(t.Hi)
}

func (e *Exec) fault() {
	if e.failed < 0 {
		e.failed = model.PropNoFault
	}
}

func (e *Exec) fail(p model.PropID) {
	if e.failed < 0 {
		e.failed = p
	}
}

// noteRead notes a read in a traced program.
func (e *Exec) noteRead(f *field) {
	if e.Reads != nil {
		e.Reads[f.atomWord] |= f.atoms
	}
}

func (e *Exec) noteWrite(f *field) {
	if e.Writes != nil {
		e.Writes[f.atomWord] |= f.atoms
	}
}

// place computes the field of a place whose parts are not all constant, or whose access is guarded.
func (c *compiler) place(p *model.Place, live bool) func(e *Exec) *field {
	dead := &field{word: -1}
	if p.Ref != nil {
		d := c.sys.Domains[p.Domain]
		ref := c.expr(p.Ref)
		fields := make([]*field, len(d.Cells))
		lives := make([]*field, len(d.Cells))
		guards := make([]model.PropID, len(d.Cells))
		for i, cell := range d.Cells {
			fields[i] = &c.p.lay.cells[cell.Var][cell.Idx]
			v := c.sys.Vars[cell.Var]
			if live && c.guarded(p, v) {
				lives[i] = &c.p.lay.cells[c.sys.Pools[v.Pool].Live][int(cell.Idx)/v.Stride]
				guards[i] = v.Guard
			}
		}
		return func(e *Exec) *field {
			r := ref(e)
			if e.failed >= 0 {
				return dead
			}
			if r < 1 || int(r) > len(fields) {
				e.fault()
				return dead
			}
			if l := lives[r-1]; l != nil {
				e.noteRead(l)
				if l.get(e.s) == 0 {
					e.fail(guards[r-1])
				}
			}
			return fields[r-1]
		}
	}
	v := c.sys.Vars[p.Var]
	cells, stride := c.p.lay.cells[p.Var], int64(v.Stride)
	idx := func(*Exec) int64 { return 0 }
	if p.Idx != nil {
		idx = c.expr(p.Idx)
	}
	if p.Obj == nil {
		return func(e *Exec) *field {
			i := idx(e)
			if e.failed >= 0 {
				return dead
			}
			if i < 0 || i >= stride {
				e.fault()
				return dead
			}
			return &cells[i]
		}
	}
	obj, n := c.expr(p.Obj), int64(len(c.sys.Pools[v.Pool].Objects))
	var lives []field
	guard := v.Guard
	if live && c.guarded(p, v) {
		lives = c.p.lay.cells[c.sys.Pools[v.Pool].Live]
	}
	return func(e *Exec) *field {
		h := obj(e)
		if e.failed >= 0 {
			return dead
		}
		if h < 1 || h > n {
			e.fault()
			return dead
		}
		i := idx(e)
		if e.failed >= 0 {
			return dead
		}
		if i < 0 || i >= stride {
			e.fault()
			return dead
		}
		if lives != nil {
			e.noteRead(&lives[h-1])
			if lives[h-1].get(e.s) == 0 {
				e.fail(guard)
				return dead
			}
		}
		return &cells[(h-1)*stride+i]
	}
}

func (c *compiler) alloc(op *model.Op, next int) instr {
	p := c.sys.Pools[op.Pool]
	live := c.p.lay.cells[p.Live]
	dst := c.place(op.Dst, true)
	lo, hi := c.bounds(op.Dst)
	type reset struct {
		f field
		v int64
	}
	resets := make([][]reset, len(p.Objects))
	for o := range p.Objects {
		for _, id := range p.Fields {
			v := c.sys.Vars[id]
			for k := o * v.Stride; k < (o+1)*v.Stride; k++ {
				if x, ok := v.Fresh(k); ok {
					resets[o] = append(resets[o], reset{c.p.lay.cells[id][k], int64(x)})
				}
			}
		}
	}
	return func(e *Exec) int {
		h := int64(0)
		for o := range live {
			e.noteRead(&live[o])
			if live[o].get(e.s) == 0 {
				e.noteWrite(&live[o])
				live[o].put(e.s, 1)
				for k := range resets[o] {
					r := &resets[o][k]
					e.noteWrite(&r.f)
					r.f.put(e.s, r.v)
				}
				h = int64(o + 1)
				break
			}
		}
		f := dst(e)
		if e.failed < 0 && (h < lo || h > hi) {
			e.fault()
		}
		if e.failed >= 0 {
			return pcFailed
		}
		e.noteWrite(f)
		f.put(e.s, h)
		return next
	}
}

func (c *compiler) free(op *model.Op, next int) instr {
	p := c.sys.Pools[op.Pool]
	live, x, prop := c.p.lay.cells[p.Live], c.expr(op.X), p.Free
	ignored := c.ignored(prop)
	return func(e *Exec) int {
		h := x(e)
		if e.failed < 0 && (h < 1 || int(h) > len(live)) {
			e.fault()
		}
		if e.failed >= 0 {
			return pcFailed
		}
		e.noteRead(&live[h-1])
		if !ignored && live[h-1].get(e.s) == 0 {
			e.fail(prop)
			return pcFailed
		}
		e.noteWrite(&live[h-1])
		live[h-1].put(e.s, 0)
		return next
	}
}
