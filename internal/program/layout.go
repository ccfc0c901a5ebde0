package program

import (
	"cmp"
	"math/bits"
	"slices"

	"pmdcheck/model"
)

// A field is where a cell lies in the state vector: mask (not shifted) after a shift right of word. The stored number is value-lo.
// word < 0 means that the cell is constant and its value is lo.
type field struct {
	word  int
	shift uint
	mask  uint64
	lo    int64

	atomWord int    // where a traced program notes an access, and the atoms of the cell
	atoms    uint64 // 0: nothing to note
}

func (f field) get(s []uint64) int64 {
	if f.word < 0 {
		return f.lo
	}
	return int64(s[f.word]>>f.shift&f.mask) + f.lo
}

func (f field) put(s []uint64, v int64) {
	if f.word >= 0 {
		s[f.word] = s[f.word]&^(f.mask<<f.shift) | uint64(v-f.lo)&f.mask<<f.shift
	}
}

// layout assigns every cell and every process location a place.
//
// A cell that nothing writes takes no bits, and others as many as the values they can have. A local that is live at no location is only used within a step and lies in scratch words behind
// the stored ones. Locals of one process that are never live at the same time share bits: two locals interfere when one is written while the other is live,
// or when both are live at a location.
type layout struct {
	cells   [][]field // by VarID, then cell
	pcs     []field   // by process
	stored  int       // words that make up a state
	total   int       // with scratch
	overlay map[model.VarID]bool
}

// slot is something that needs bits.
type slot struct {
	width int
	set   func(field)
}

func makeLayout(sys *model.System) *layout {
	l := &layout{cells: make([][]field, len(sys.Vars)), pcs: make([]field, len(sys.Processes)), overlay: map[model.VarID]bool{}}
	written, ran := sys.Written(), newRanges(sys)
	var slots, scratch []slot
	for _, p := range sys.Processes {
		slots = append(slots, slot{bits.Len(uint(len(p.Locations))), func(f field) { l.pcs[p.ID] = f }})
	}
	own := func(v *model.Var, into *[]slot) {
		for i := range v.Len {
			c := &l.cells[v.ID][i]
			*c = field{word: -1, lo: int64(v.Init[i])}
			s := ran.cells[v.ID][i]
			if !written[v.ID][i] || s.lo == s.hi {
				continue
			}
			*into = append(*into, slot{s.width(), func(f field) { c.word, c.shift, c.mask, c.lo = f.word, f.shift, f.mask, s.lo }})
		}
	}
	for _, v := range sys.Vars {
		l.cells[v.ID] = make([]field, v.Len)
		if v.Proc == model.NoProc {
			own(v, &slots)
		}
	}
	for _, p := range sys.Processes {
		an := analyse(sys, p)
		var shared []model.VarID
		for _, id := range p.Locals {
			v := sys.Vars[id]
			switch {
			case an.needsInit[id] || v.Len != 1 || !written[id][0] || ran.cells[id][0].width() == 0:
				own(v, &slots)
			case !an.liveSomewhere[id]:
				own(v, &scratch)
			default:
				shared = append(shared, id)
			}
		}
		// Greedy colouring, widest first, so that a group is as wide as its first member.
		slices.SortStableFunc(shared, func(a, b model.VarID) int {
			return cmp.Compare(ran.cells[b][0].width(), ran.cells[a][0].width())
		})
		var groups [][]model.VarID
		for _, id := range shared {
			placed := false
			for g := range groups {
				if !slices.ContainsFunc(groups[g], func(o model.VarID) bool { return an.interfere(id, o) }) {
					groups[g] = append(groups[g], id)
					placed = true
					break
				}
			}
			if !placed {
				groups = append(groups, []model.VarID{id})
			}
		}
		for _, g := range groups {
			for _, id := range g {
				l.overlay[id] = true
			}
			slots = append(slots, slot{ran.cells[g[0]][0].width(), func(f field) {
				for _, id := range g {
					s := ran.cells[id][0]
					l.cells[id][0] = field{word: f.word, shift: f.shift, mask: 1<<s.width() - 1, lo: s.lo}
				}
			}})
		}
	}
	l.stored = max(1, pack(slots, 0))
	l.total = max(l.stored, pack(scratch, l.stored))
	return l
}

// note tells every field which atoms an access to it touches.
func (l *layout) note(a *Atoms) {
	for v := range l.cells {
		for i := range l.cells[v] {
			if r := a.cells[v][i]; r.n > 0 {
				l.cells[v][i].atomWord, l.cells[v][i].atoms = r.word(), r.all()
			}
		}
	}
}

func (s span) width() int { return bits.Len64(uint64(s.hi - s.lo)) }

// pack places slots first fit, widest first, from word base on, and returns the number of words in use.
func pack(slots []slot, base int) int {
	slices.SortStableFunc(slots, func(a, b slot) int { return cmp.Compare(b.width, a.width) })
	var used []int
	for _, s := range slots {
		w := slices.IndexFunc(used, func(u int) bool { return u+s.width <= 64 })
		if w < 0 {
			w = len(used)
			used = append(used, 0)
		}
		s.set(field{word: base + w, shift: uint(used[w]), mask: 1<<s.width - 1})
		used[w] += s.width
	}
	return base + len(used)
}

// analysis is the liveness of one process's locals at the level of operations.
type analysis struct {
	needsInit     map[model.VarID]bool // read from a location where it is not live: its initial value shows
	liveSomewhere map[model.VarID]bool
	edges         map[[2]model.VarID]bool
}

func (a *analysis) interfere(x, y model.VarID) bool {
	return a.edges[[2]model.VarID{min(x, y), max(x, y)}]
}

func (a *analysis) edge(x, y model.VarID) {
	if x != y {
		a.edges[[2]model.VarID{min(x, y), max(x, y)}] = true
	}
}

type varSet map[model.VarID]bool

func analyse(sys *model.System, p *model.Process) *analysis {
	a := &analysis{map[model.VarID]bool{}, map[model.VarID]bool{}, map[[2]model.VarID]bool{}}
	for _, loc := range p.Locations {
		for i, v := range loc.Live {
			a.liveSomewhere[v] = true
			for _, w := range loc.Live[:i] {
				a.edge(v, w)
			}
		}
	}
	local := func(v model.VarID) bool { return v >= 0 && sys.Vars[v].Proc == p.ID }
	code := func(ops []model.Op, from []model.VarID) {
		in := make([]varSet, len(ops))
		for i := range in {
			in[i] = varSet{}
		}
		for changed := true; changed; {
			changed = false
			for i := len(ops) - 1; i >= 0; i-- {
				op := &ops[i]
				out := varSet{}
				add := func(s varSet) {
					for v := range s {
						out[v] = true
					}
				}
				switch op.Kind {
				case model.OpGoto:
					for _, v := range p.Locations[op.Loc].Live {
						out[v] = true
					}
				case model.OpBranch:
					add(in[op.Then])
					add(in[op.Else])
				case model.OpJump:
					add(in[op.Then])
				default:
					add(in[i+1])
				}
				if d := op.Dst; d != nil && d.Ref == nil && local(d.Var) {
					for v := range out {
						a.edge(d.Var, v)
					}
					if sys.Vars[d.Var].Len == 1 {
						delete(out, d.Var)
					}
				}
				model.WalkOp(op, func(x *model.Expr) {
					if x.Op == model.Load && x.Place.Ref == nil && local(x.Place.Var) {
						out[x.Place.Var] = true
					}
				})
				if len(out) != len(in[i]) {
					in[i], changed = out, true
				}
			}
		}
		for v := range in[0] {
			if !slices.Contains(from, v) {
				a.needsInit[v] = true
			}
		}
	}
	code(p.Start, nil)
	for _, t := range p.Trans {
		code(t.Code, p.Locations[t.From].Live)
	}
	return a
}
