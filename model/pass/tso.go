package pass

import (
	"cmp"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/source"
)

// DefaultBound is how many stores a buffer holds where nothing else is said.
const DefaultBound = 4

// TSOOptions are choices of [TSO].
type TSOOptions struct {
	Bound    int  // stores that a buffer has room for, at least 1; 0 is DefaultBound
	NoDirect bool // every store goes through the buffer, also where that cannot be told from a store to memory
}

// TSO gives a system the memory of x86: a process stores into a first-in-first-out buffer of its own, looks there first when it loads, and a process that is
// added for each buffer brings the oldest store to memory, whenever it likes. What waits until the buffer is empty: fences, and the steps of locked instructions.
//
// The system has to be one whose fences and locked instructions begin steps (model/elab sees to that, given the memory model).
//
// Which stores go through the buffer: those outside atomic blocks, and those marked [model.OrderStore], to cells that another process accesses too, other than to observe
// them. A place that may be one of several cells makes all of them weak if one is.
func TSO(s *model.System, o TSOOptions) *model.System {
	bound := cmp.Or(o.Bound, DefaultBound)
	c := *s
	w := &c
	w.Vars, w.Processes, w.Covers = slices.Clone(s.Vars), slices.Clone(s.Processes), slices.Clone(s.Covers)
	t := &tso{s: s, w: w, bound: bound, opt: o, usage: s.Usage(), full: model.NoCover}
	t.classify()
	w.Memory = &model.Memory{Model: "tso", Bound: bound, Weak: t.weakCells(), Plain: t.plainCells(), Strong: t.strong(), Base: s}
	lens := map[model.ProcID]model.VarID{} // by process that has a buffer
	var bs []*buffering
	for _, p := range s.Processes {
		b := t.plan(p)
		bs = append(bs, b)
		if b.depth > 0 {
			b.declare()
			lens[p.ID] = b.len
		}
	}
	t.assumed(bs)
	for i, p := range s.Processes {
		bs[i].lens = lens
		w.Processes[i] = bs[i].rewrite(p)
	}
	for _, b := range bs {
		if b.depth > 0 {
			b.drains()
		}
	}
	return w
}

// assumed lists the unmarked atomic blocks that change what other processes access.
func (t *tso) assumed(bs []*buffering) {
	seen := map[source.Pos]bool{}
	for _, b := range bs {
		for i, tr := range b.p.Trans {
			at, changes := model.Assumed{}, false
			for k := range tr.Code {
				op := &tr.Code[k]
				if op.Order != model.OrderBlock {
					continue
				}
				if at.Pos == source.NoPos {
					at = model.Assumed{Pos: op.Pos, Frame: op.Frame}
				}
				t.accessed(op, func(c model.Cell, write bool) {
					users := t.usage.Users[c.Var][c.Idx]
					changes = changes || write && users&(users-1) != 0
				})
			}
			if !changes || seen[at.Pos] {
				continue
			}
			seen[at.Pos] = true
			if b.drain[i] {
				t.w.Memory.Locked = append(t.w.Memory.Locked, at)
			} else {
				t.w.Memory.AtOnce = append(t.w.Memory.AtOnce, at)
			}
		}
	}
}

// tso is the pass at work.
type tso struct {
	s, w  *model.System
	bound int
	opt   TSOOptions
	usage *model.Usage
	weak  map[model.Cell]bool
	full  model.CoverID // that the bound was met, NoCover as long as none can be
}

// cellsOf lists the cells of touches.
func cellsOf(t model.Touch) (out []model.Cell) {
	for i := t.Base; i < t.End; i += t.Step {
		out = append(out, model.Cell{Var: t.Var, Idx: i})
	}
	return out
}

// accessed calls f with the cells that an operation accesses as a program does: not to observe them, and not whether an object lives.
func (t *tso) accessed(op *model.Op, f func(c model.Cell, write bool)) {
	lives := map[model.VarID]bool{}
	for _, p := range t.s.Pools {
		lives[p.Live] = true
	}
	touch := func(x model.Touch) {
		if lives[x.Var] || t.s.Vars[x.Var].Proc != model.NoProc {
			return
		}
		for _, c := range cellsOf(x) {
			f(c, x.Write)
		}
	}
	if !op.Observes {
		model.WalkOp(op, func(x *model.Expr) {
			if x.Op == model.Load && !x.Place.Unchecked {
				t.s.PlaceTouches(x.Place, false, touch)
			}
		})
	}
	t.s.Touches(op, func(x model.Touch) {
		if x.Write {
			touch(x)
		}
	})
}

// stores reports whether an operation is a store that a buffer could hold, and where to.
func (t *tso) stores(op *model.Op) (cells []model.Cell, ok bool) {
	if op.Kind != model.OpAssign || op.Order != model.OrderProgram && op.Order != model.OrderStore {
		return nil, false
	}
	t.s.PlaceTouches(op.Dst, true, func(x model.Touch) {
		if x.Write && t.s.Vars[x.Var].Proc == model.NoProc {
			cells = append(cells, cellsOf(x)...)
		}
	})
	return cells, len(cells) > 0
}

// classify finds the weak cells.
func (t *tso) classify() {
	users := map[model.Cell]map[model.ProcID]bool{}
	each := func(f func(p *model.Process, op *model.Op)) {
		for _, p := range t.s.Processes {
			for i := range p.Start {
				f(p, &p.Start[i])
			}
			for _, tr := range p.Trans {
				for i := range tr.Code {
					f(p, &tr.Code[i])
				}
			}
		}
	}
	each(func(p *model.Process, op *model.Op) {
		t.accessed(op, func(c model.Cell, _ bool) {
			if users[c] == nil {
				users[c] = map[model.ProcID]bool{}
			}
			users[c][p.ID] = true
		})
	})
	t.weak = map[model.Cell]bool{}
	var sets [][]model.Cell
	each(func(p *model.Process, op *model.Op) {
		cells, ok := t.stores(op)
		if !ok {
			return
		}
		sets = append(sets, cells)
		for _, c := range cells {
			for q := range users[c] {
				if q != p.ID {
					t.weak[c] = true
				}
			}
		}
	})
	for changed := true; changed; {
		changed = false
		for _, set := range sets {
			if !slices.ContainsFunc(set, func(c model.Cell) bool { return t.weak[c] }) {
				continue
			}
			for _, c := range set {
				changed = changed || !t.weak[c]
				t.weak[c] = true
			}
		}
	}
}

// buffered reports whether an operation is a store that goes through the buffer.
func (t *tso) buffered(op *model.Op) ([]model.Cell, bool) {
	cells, ok := t.stores(op)
	return cells, ok && t.weak[cells[0]] // all are, or none is
}

func (t *tso) weakCells() (out []model.Cell) {
	for _, v := range t.s.Vars {
		for i := range v.Len {
			if c := (model.Cell{Var: v.ID, Idx: int32(i)}); t.weak[c] {
				out = append(out, c)
			}
		}
	}
	return out
}

// plainCells lists the weak cells that may be accessed by two processes at the same time, one of which writes and one of which has no mark. Locks may keep them apart: no_data_race tells.
func (t *tso) plainCells() (out []model.Cell) {
	type use struct{ write, plain bool }
	uses := map[model.Cell]map[model.ProcID]use{}
	for _, p := range t.s.Processes {
		for _, tr := range p.Trans {
			for i := range tr.Code {
				op := &tr.Code[i]
				plain := op.Dst != nil && op.Dst.Access == model.AccessPlain
				model.WalkOp(op, func(x *model.Expr) { plain = plain || x.Place != nil && x.Place.Access == model.AccessPlain })
				plain = plain && op.Access == model.AccessPlain
				t.accessed(op, func(c model.Cell, write bool) {
					if uses[c] == nil {
						uses[c] = map[model.ProcID]use{}
					}
					u := uses[c][p.ID]
					uses[c][p.ID] = use{u.write || write, u.plain || plain}
				})
			}
		}
	}
	for _, c := range t.weakCells() {
		found := false
		for p, a := range uses[c] {
			for q, b := range uses[c] {
				found = found || p != q && (a.write || b.write) && (a.plain || b.plain)
			}
		}
		if found {
			out = append(out, c)
		}
	}
	return out
}

// strong says of every other cell that several processes touch why it is not weak.
func (t *tso) strong() (out []model.Strong) {
	plain := map[model.Cell]bool{} // stored outside blocks
	for _, p := range t.s.Processes {
		for _, tr := range p.Trans {
			for i := range tr.Code {
				if cells, ok := t.stores(&tr.Code[i]); ok {
					for _, c := range cells {
						plain[c] = true
					}
				}
			}
		}
	}
	lives := map[model.VarID]bool{}
	for _, p := range t.s.Pools {
		lives[p.Live] = true
	}
	for _, v := range t.s.Vars {
		if v.Proc != model.NoProc || lives[v.ID] {
			continue
		}
		for i := range v.Len {
			c := model.Cell{Var: v.ID, Idx: int32(i)}
			users := t.usage.Users[c.Var][c.Idx]
			if t.weak[c] || !t.usage.Written[c.Var][c.Idx] || users&(users-1) == 0 {
				continue
			}
			why := "no store to it goes through a buffer: all are in atomic blocks, of locked instructions, or marked direct"
			if plain[c] {
				why = "only one process accesses it; others observe it"
			}
			out = append(out, model.Strong{Cell: c, Why: why})
		}
	}
	return out
}
