package pass

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
)

// buffering is what the pass knows of one process and of its buffer.
type buffering struct {
	*tso
	p      *model.Process
	drain  []bool // by transition: it waits until the buffer is empty, and then acts on memory
	direct []bool // by transition: a store may go to memory if the buffer is empty
	depth  int    // most stores that the buffer has to hold; 0: there is none
	more   bool   // it could need more
	cells  []model.Cell
	number map[model.Cell]int32
	whole  map[model.VarID]int32 // variables whose cells have the numbers from here on, in their order
	lens   map[model.ProcID]model.VarID

	proc      model.ProcID
	len, addr model.VarID
	vals      map[*model.Type]model.VarID
	types     []*model.Type
	cover     model.CoverID
	frees     bool // it frees or allocates objects whose cells have numbers
	gone      int32
}

// plan decides what becomes of the stores of a process.
func (t *tso) plan(p *model.Process) *buffering {
	b := &buffering{tso: t, p: p, drain: make([]bool, len(p.Trans)), direct: make([]bool, len(p.Trans)), cover: model.NoCover, vals: map[*model.Type]model.VarID{}}
	stored := map[model.Cell]bool{}
	for _, tr := range p.Trans {
		for i := range tr.Code {
			if cells, ok := t.buffered(&tr.Code[i]); ok {
				for _, c := range cells {
					if !stored[c] {
						b.cells = append(b.cells, c)
					}
					stored[c] = true
				}
			}
		}
	}
	for i, tr := range p.Trans {
		b.drain[i] = b.drains1(tr, stored)
	}
	if len(b.cells) == 0 {
		return b
	}
	b.findDirect()
	b.measure()
	if b.depth > 0 {
		b.numbers()
	}
	return b
}

// drains1 reports whether a transition waits for an empty buffer before it does anything.
func (b *buffering) drains1(tr *model.Transition, stored map[model.Cell]bool) bool {
	weak, writes := false, false // of what an unmarked block does
	for i := range tr.Code {
		op := &tr.Code[i]
		switch op.Order {
		case model.OrderLocked:
			return wrong != noLocked
		case model.OrderBlock:
			b.accessed(op, func(c model.Cell, w bool) { weak = weak || b.weak[c] })
			b.s.Touches(op, func(x model.Touch) { writes = writes || x.Write && b.shared(x) })
			if weak && writes && wrong != noBlock {
				return true
			}
		case model.OrderDirect:
			// A store to memory under a store to the same cell in the buffer would be lost.
			found := false
			b.s.Touches(op, func(x model.Touch) {
				for _, c := range cellsOf(x) {
					found = found || x.Write && stored[c] && op.Kind == model.OpAssign
				}
			})
			if found {
				return true
			}
		}
	}
	first := &tr.Code[0]
	if first.StepCondition() {
		first = &tr.Code[1]
	}
	return first.Kind == model.OpFence && first.Fence == model.FenceFull && wrong != noFence
}

// others reports whether an operation touches something that another process or an observer can see.
func (b *buffering) others(op *model.Op) (found bool) {
	b.s.Touches(op, func(x model.Touch) { found = found || b.shared(x) })
	return found
}

func (b *buffering) shared(x model.Touch) bool {
	return b.s.Vars[x.Var].Proc == model.NoProc && !b.usage.Private(x, b.p.ID)
}

// onlyStores reports whether an operation does nothing that others can see, nor looks at anything that others change, but to store through the buffer. That a store looks whether
// its object lives does not count: where that could change before the store is seen, no_use is violated anyhow.
func (b *buffering) onlyStores(op *model.Op) bool {
	if _, ok := b.buffered(op); !ok {
		return !b.others(op)
	}
	reads := false
	model.WalkOp(op, func(x *model.Expr) {
		b.s.NodeTouches(x, func(t model.Touch) { reads = reads || b.shared(t) })
	})
	return !reads
}

// findDirect finds the stores that can go to memory at once if the buffer is empty: behind them the process does nothing that others can see, nor
// sees anything of others, but to store, until the next time it waits for its buffer. To let such a store wait in the buffer is then to let the process wait before it.
func (b *buffering) findDirect() {
	quiet := make([]bool, len(b.p.Locations))
	for i := range quiet {
		quiet[i] = true
	}
	calm := make([]bool, len(b.p.Trans)) // nothing but stores in it
	for i, tr := range b.p.Trans {
		calm[i] = !slices.ContainsFunc(tr.Code, func(op model.Op) bool { return !b.onlyStores(&op) })
	}
	ends := func(tr *model.Transition) bool {
		return !slices.ContainsFunc(tr.Code, func(op model.Op) bool { return op.Kind == model.OpGoto && !quiet[op.Loc] })
	}
	for changed := true; changed; {
		changed = false
		for l, loc := range b.p.Locations {
			for _, i := range loc.Trans {
				if quiet[l] && !b.drain[i] && !(calm[i] && ends(b.p.Trans[i])) && wrong != noLoadBehind {
					quiet[l], changed = false, true
				}
			}
		}
	}
	for i, tr := range b.p.Trans {
		fence := slices.ContainsFunc(tr.Code, func(op model.Op) bool { return op.Kind == model.OpFence && op.Fence == model.FenceFull })
		b.direct[i] = fence || wrong == noBuffer || !b.opt.NoDirect && ends(tr) && b.restIsCalm(tr)
	}
}

// restIsCalm reports whether a transition does nothing but to store, to observe before it stores, and what is marked as no memory, which takes effect with the step. (A value that is read in the
// step in which another one is stored would be of another time if the step waited.)
func (b *buffering) restIsCalm(tr *model.Transition) bool {
	stored := false
	if wrong == noStepBehind {
		return true
	}
	for i := range tr.Code {
		op := &tr.Code[i]
		if backwards(op, i) {
			return false
		}
		_, is := b.buffered(op)
		stored = stored || is
		if !b.onlyStores(op) && op.Order != model.OrderDirect && (stored || !observesOnly(op)) {
			return false
		}
	}
	return true
}

// backwards reports whether the operation at i can lead to one before it, or to itself.
func backwards(op *model.Op, i int) bool {
	return op.Kind == model.OpJump && op.Then <= i || op.Kind == model.OpBranch && (op.Then <= i || op.Else <= i)
}

func observesOnly(op *model.Op) bool {
	return op.Observes && op.Kind != model.OpAlloc && op.Kind != model.OpFree && (op.Dst == nil || op.Kind != model.OpAssign)
}

// measure computes how many stores the buffer can have to hold at most.
func (b *buffering) measure() {
	const none = -1
	most := make([]int, len(b.p.Locations)) // at a location; none: it was not reached
	for i := range most {
		most[i] = none
	}
	pushes := make([]int, len(b.p.Trans))
	for i, tr := range b.p.Trans {
		if b.drain[i] {
			continue
		}
		loops := false
		for k := range tr.Code {
			op := &tr.Code[k]
			if _, ok := b.buffered(op); ok {
				pushes[i]++
			}
			loops = loops || backwards(op, k)
		}
		if loops && pushes[i] > 0 {
			pushes[i] = b.bound + 1
		}
	}
	var work []model.LocID
	reach := func(l model.LocID, n int) {
		if n > most[l] {
			most[l] = n
			work = append(work, l)
		}
	}
	for _, op := range b.p.Start {
		if op.Kind == model.OpGoto {
			reach(op.Loc, 0)
		}
	}
	for len(work) > 0 {
		l := work[len(work)-1]
		work = work[:len(work)-1]
		for _, i := range b.p.Locations[l].Trans {
			n := most[l] + pushes[i]
			if b.drain[i] || b.direct[i] && most[l] == 0 {
				n = 0
			}
			if n > b.bound {
				b.more, n = true, b.bound
			}
			b.depth = max(b.depth, n)
			for _, op := range b.p.Trans[i].Code {
				if op.Kind == model.OpGoto {
					reach(op.Loc, n)
				}
			}
		}
	}
}

// numbers numbers the cells that the process stores to. A variable of which the code does not always say which cell it means has all its cells numbered, in their order.
func (b *buffering) numbers() {
	dynamic := map[model.VarID]bool{}
	look := func(pl *model.Place) {
		if pl == nil || pl.Ref != nil {
			return
		}
		if _, ok := b.s.StaticCell(pl); !ok {
			dynamic[pl.Var] = true
		}
	}
	for _, tr := range b.p.Trans {
		for i := range tr.Code {
			op := &tr.Code[i]
			look(op.Dst)
			model.WalkOp(op, func(x *model.Expr) {
				if x.Op == model.Load {
					look(x.Place)
				}
			})
			b.frees = b.frees || op.Kind == model.OpFree || op.Kind == model.OpAlloc
		}
	}
	b.number, b.whole = map[model.Cell]int32{}, map[model.VarID]int32{}
	cells := b.cells
	b.cells = nil
	add := func(c model.Cell) {
		b.number[c] = int32(len(b.cells) + 1)
		b.cells = append(b.cells, c)
	}
	for _, c := range cells {
		v := b.s.Vars[c.Var]
		if !dynamic[v.ID] && v.Pool == model.NoPool {
			add(c)
			continue
		}
		if _, done := b.whole[v.ID]; done {
			continue
		}
		b.whole[v.ID] = int32(len(b.cells) + 1)
		for i := range v.Len {
			add(model.Cell{Var: v.ID, Idx: int32(i)})
		}
	}
	b.gone = int32(len(b.cells) + 1)
}

// declare adds the variables of the buffer.
func (b *buffering) declare() {
	name, index, _ := strings.Cut(b.p.Name, "[")
	name += ".buffer"
	if index != "" {
		index = "[" + index
	}
	top := b.gone
	if !b.frees {
		top--
	}
	b.len = b.variable(name+index+".stores", integer(int32(b.depth)), 1)
	b.addr = b.variable(name+index+".where", integer(top), b.depth)
	for _, c := range b.cells {
		t := b.s.Vars[c.Var].Type
		if _, done := b.vals[t]; done {
			continue
		}
		b.vals[t] = b.variable(fmt.Sprintf("%s%s.what%d", name, index, len(b.types)), t, b.depth)
		b.types = append(b.types, t)
	}
	if b.more {
		b.cover = b.fullMark()
	}
	b.proc = model.ProcID(len(b.w.Processes))
	b.w.Processes = append(b.w.Processes, &model.Process{
		ID: b.proc, Name: name + index, CPU: b.p.CPU, MM: b.p.MM, Role: model.RoleBuffer, Fair: true, Pos: b.p.Pos,
		Start:     []model.Op{{Kind: model.OpGoto, Frame: model.NoFrame, Pos: b.p.Pos}},
		Locations: []*model.Location{{End: true, Pos: b.p.Pos, Frame: model.NoFrame}},
	})
	values := make([]model.VarID, len(b.types))
	for i, t := range b.types {
		values[i] = b.vals[t]
	}
	b.w.Memory.Buffers = append(b.w.Memory.Buffers, model.Buffer{Of: b.p.ID, Proc: b.proc, Depth: b.depth, Full: b.cover, Len: b.len, Addr: b.addr, Cells: b.cells, Values: values})
}

// fullMark is the mark of a full buffer. All processes have the same, so that it tells no two processes apart that can be interchanged.
func (t *tso) fullMark() model.CoverID {
	if t.full == model.NoCover {
		t.full = model.CoverID(len(t.w.Covers))
		t.w.Covers = append(t.w.Covers, &model.Cover{ID: t.full, Name: "a store buffer is full", Bound: true})
	}
	return t.full
}

func integer(hi int32) *model.Type {
	return &model.Type{Kind: model.KindInt, Name: fmt.Sprintf("int<0..%d>", hi), Hi: hi, Pool: model.NoPool, Domain: model.NoDomain}
}

// variable adds a shared variable, all cells of which have the value nearest to 0.
func (b *buffering) variable(name string, t *model.Type, n int) model.VarID {
	return b.add(name, t, n, model.NoProc)
}

func (b *buffering) add(name string, t *model.Type, n int, proc model.ProcID) model.VarID {
	v := &model.Var{ID: model.VarID(len(b.w.Vars)), Name: name, Type: t, Len: n, Proc: proc, Pool: model.NoPool, Stride: n, Guard: model.NoProp, Init: make([]int32, n), Pos: b.p.Pos}
	for i := range v.Init {
		v.Init[i] = nearest(t)
	}
	b.w.Vars = append(b.w.Vars, v)
	return v.ID
}

// nearest is the value of a type that is nearest to 0.
func nearest(t *model.Type) int32 { return min(max(0, t.Lo), t.Hi) }
