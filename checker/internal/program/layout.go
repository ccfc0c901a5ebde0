package program

import (
	"cmp"
	"math/bits"
	"slices"

	"pmdcheck/internal/bitset"
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
	bits    int       // of them
	total   int       // with scratch
	overlay map[model.VarID]bool
	spans   [][]span // by VarID, then cell: the values it can have
}

// slot is something that needs bits.
type slot struct {
	width int
	set   func(field)
}

func makeLayout(sys *model.System) *layout {
	l := &layout{cells: make([][]field, len(sys.Vars)), pcs: make([]field, len(sys.Processes)), overlay: map[model.VarID]bool{}}
	written, ran := sys.Written(), newRanges(sys)
	l.spans = ran.cells
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
	words, last := pack(slots, 0)
	l.stored = max(1, words)
	l.bits = 64*(l.stored-1) + last
	words, _ = pack(scratch, l.stored)
	l.total = max(l.stored, words)
	return l
}

// noted is the same layout, whose fields know which atoms an access touches.
func (l *layout) noted(a *Atoms) *layout {
	c := *l
	c.cells = make([][]field, len(l.cells))
	for v := range l.cells {
		c.cells[v] = slices.Clone(l.cells[v])
		for i := range c.cells[v] {
			if r := a.cells[v][i]; r.n > 0 {
				c.cells[v][i].atomWord, c.cells[v][i].atoms = r.word(), r.all()
			}
		}
	}
	return &c
}

func (s span) width() int { return bits.Len64(uint64(s.hi - s.lo)) }

// pack places slots first fit, widest first, from word base on, and returns the number of words in use, and of bits in the last.
func pack(slots []slot, base int) (words, last int) {
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
	if len(used) > 0 {
		last = used[len(used)-1]
	}
	return base + len(used), last
}

// analysis is the liveness of one process's locals at the level of operations.
type analysis struct {
	sys           *model.System
	index         map[model.VarID]int
	needsInit     map[model.VarID]bool // read from a location where it is not live: its initial value shows
	liveSomewhere map[model.VarID]bool
	edges         []localSet // by local: those it interferes with
}

// localSet is a set of locals, by their place in Process.Locals.
type localSet = bitset.Set

func (a *analysis) interfere(x, y model.VarID) bool { return a.edges[a.index[x]].Has(a.index[y]) }

// clash notes that a local interferes with every other of a set.
func (a *analysis) clash(i int, others localSet) {
	for j := range a.edges {
		if i != j && others.Has(j) {
			a.edges[i].Add(j)
			a.edges[j].Add(i)
		}
	}
}

// local is the place of a scalar or array local, or -1 for anything else.
func (a *analysis) local(v model.VarID) int {
	if v >= 0 {
		if i, ok := a.index[v]; ok {
			return i
		}
	}
	return -1
}

func analyse(sys *model.System, p *model.Process) *analysis {
	a := &analysis{sys: sys, index: map[model.VarID]int{}, needsInit: map[model.VarID]bool{}, liveSomewhere: map[model.VarID]bool{}}
	for i, v := range p.Locals {
		a.index[v] = i
	}
	words := len(p.Locals)/64 + 1
	for range p.Locals {
		a.edges = append(a.edges, make(localSet, words))
	}
	live := make([]localSet, len(p.Locations))
	for l, loc := range p.Locations {
		live[l] = make(localSet, words)
		for _, v := range loc.Live {
			a.liveSomewhere[v] = true
			live[l].Add(a.index[v])
		}
		for _, v := range loc.Live {
			a.clash(a.index[v], live[l])
		}
	}
	none := make(localSet, words)
	a.code(p.Start, none, live)
	for _, t := range p.Trans {
		a.code(t.Code, live[t.From], live)
	}
	return a
}

// code follows liveness backwards through the code of one step that begins where the locals of from are live.
func (a *analysis) code(ops []model.Op, from localSet, live []localSet) {
	words := len(from)
	back := make([]uint64, (2*len(ops)+1)*words)
	in, uses := make([]localSet, len(ops)), make([]localSet, len(ops))
	for i := range ops {
		in[i], uses[i] = back[2*i*words:][:words:words], back[(2*i+1)*words:][:words:words]
		model.WalkOp(&ops[i], func(x *model.Expr) {
			if x.Op == model.Load && x.Place.Ref == nil {
				if k := a.local(x.Place.Var); k >= 0 {
					uses[i].Add(k)
				}
			}
		})
	}
	out := localSet(back[2*len(ops)*words:])
	for changed := true; changed; {
		changed = false
		for i := len(ops) - 1; i >= 0; i-- {
			op := &ops[i]
			clear(out)
			switch op.Kind {
			case model.OpGoto:
				out.Or(live[op.Loc])
			case model.OpBranch:
				out.Or(in[op.Then])
				out.Or(in[op.Else])
			case model.OpJump:
				out.Or(in[op.Then])
			default:
				out.Or(in[i+1])
			}
			if d := op.Dst; d != nil && d.Ref == nil {
				if k := a.local(d.Var); k >= 0 {
					a.clash(k, out)
					if a.sys.Vars[d.Var].Len == 1 {
						out.Remove(k)
					}
				}
			}
			out.Or(uses[i])
			if !slices.Equal(out, in[i]) {
				copy(in[i], out)
				changed = true
			}
		}
	}
	for v, i := range a.index {
		if len(ops) > 0 && in[0].Has(i) && !from.Has(i) {
			a.needsInit[v] = true
		}
	}
}
