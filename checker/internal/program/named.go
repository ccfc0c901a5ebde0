package program

import (
	"slices"

	"pmdcheck/model"
)

// named permutes the members of groups, some of which cells name: by handle, by reference, or as owner cells do.
//
// Members are sorted by what they have, where a name counts as the rank of the member it names, and by which other cells name them; ranks are refined until
// nothing changes. Where that leaves members equal and something names one of them, each is put before the others, which refines the ranks further, and of all
// orders that come of it the one with the least content is taken (McKay 1981). So the canonical form depends on the class of the state alone, unless there are
// more than maxOrders orders to try: then members stay as they are sorted, and two states of a class may have different forms.
type named struct {
	groups  []namedGroup
	kinds   []kind
	where   []whereabouts // by process
	naming  []spot        // shared cells that name and belong to no member
	outside []int         // processes that belong to no member and have locals that name
	barred  []field       // by process: its location

	read    []token // of naming and of outside, of the state at hand
	orders  int     // tried so far
	saved   []int
	content []int64
	best    []int64
	found   bool
}

// maxOrders bounds the orders of equal members that are tried in one state.
const maxOrders = 120

type namedGroup struct {
	barred  [][]bool
	members []namedMember
	active  bool

	order        []int // position to member
	sorted, best []int // the same, as sorting leaves it, and the best so far
	at           []int // member to position
	rank         []int // by member
	keys         [][]int64
}

type namedMember struct {
	procs []model.ProcID
	parts []spot
	read  []token // of the state at hand: for each process its location and what lives there, and the parts
}

// whereabouts is what belongs to a process by its location. The last location is that of a process that failed.
type whereabouts struct {
	pc    field
	live  [][]spot
	reset [][]maskSet
}

// A spot is a cell, or a bit of one, and how names in it are read.
type spot struct {
	f    field
	kind int // -1: nothing in it is a name
}

// A token is a value read from a spot.
type token struct {
	v    int64
	spot spot
	to   target
}

// A target is what a value names: an item of a member of a group. group < 0: nothing.
type target struct{ group, member, item int }

var nothing = target{group: -1}

// A kind is a way to read values as names.
type kind struct {
	least   int64    // the value of the first target
	targets []target // by value
	values  map[target]int64
}

func newKind(least, most int64) kind {
	k := kind{least, nil, map[target]int64{}}
	for range most - least + 1 {
		k.targets = append(k.targets, nothing)
	}
	return k
}

func (k *kind) add(v int64, t target) {
	k.targets[v-k.least], k.values[t] = t, v
}

func (k *kind) get(v int64) target {
	if v < k.least || v-k.least >= int64(len(k.targets)) {
		return nothing
	}
	return k.targets[v-k.least]
}

// referredTo reports whether some cell that changes has a type that can name what is exchanged with members of g.
func (p *Program) referredTo(g Group) bool {
	for _, v := range p.Sys.Vars {
		if !names(p.Sys, v.Type, &g) {
			continue
		}
		if slices.ContainsFunc(p.lay.cells[v.ID], func(f field) bool { return f.word >= 0 && f.word < p.lay.stored }) {
			return true
		}
	}
	return false
}

// names reports whether values of a type can name what is exchanged with members of g.
func names(sys *model.System, t *model.Type, g *Group) bool {
	switch t.Kind {
	case model.KindHandle:
		return slices.ContainsFunc(g.Members[0].Objects, func(o Object) bool { return o.Pool == t.Pool })
	case model.KindRef:
		return t.Domain != model.NoDomain && slices.ContainsFunc(g.Members[0].Parts, func(k Part) bool {
			return k.Bit == WholeCell && slices.Contains(sys.Domains[t.Domain].Cells, k.Cell)
		})
	}
	return false
}

// clash reports whether to permute members of g and members of h at the same time could be something else than one after the other.
func clash(g, h *Group) bool {
	cells := map[model.Cell]int{} // parts of g, and which of a member's they are
	for _, m := range g.Members {
		for i, k := range m.Parts {
			cells[k.Cell] = i
		}
	}
	for _, m := range h.Members {
		if slices.ContainsFunc(m.Procs, g.Has) {
			return true
		}
		for _, k := range m.Parts {
			if _, ok := cells[k.Cell]; ok {
				return true
			}
		}
		for _, o := range m.Objects {
			for _, n := range g.Members {
				if slices.Contains(n.Objects, o) {
					return true
				}
			}
		}
	}
	// What names members of h in a cell of g has to do so in the cells it is exchanged with.
	for i, o := range h.Owners {
		if at, ok := cells[o]; ok {
			for _, m := range g.Members {
				j := slices.Index(h.Owners, m.Parts[at].Cell)
				if j < 0 || slices.ContainsFunc(h.Members, func(n Member) bool { return n.Names[i] != n.Names[j] }) {
					return true
				}
			}
		}
		for at, p := range g.Owners {
			for _, m := range g.Members {
				if o == p && slices.ContainsFunc(h.Members, func(n Member) bool { return n.Names[i] == m.Names[at] }) {
					return true
				}
			}
		}
	}
	return false
}

// named makes the stage for groups that do not clash, or nil if there is none.
func (p *Program) named(groups []Group) *named {
	n := &named{barred: p.lay.pcs}
	byPool, byDomain, byCell := map[model.PoolID]int{}, map[model.DomainID]int{}, map[model.Cell]int{}
	add := func(least, most int64) int {
		n.kinds = append(n.kinds, newKind(least, most))
		return len(n.kinds) - 1
	}
	for gi, g := range groups {
		for mi, m := range g.Members {
			for i, o := range m.Objects {
				if _, ok := byPool[o.Pool]; !ok {
					byPool[o.Pool] = add(0, int64(len(p.Sys.Pools[o.Pool].Objects)))
				}
				n.kinds[byPool[o.Pool]].add(int64(o.Handle), target{gi, mi, i})
			}
			for i, k := range m.Parts {
				if _, ok := p.lay.part(k); !ok {
					return nil
				}
				for _, d := range p.Sys.Domains {
					at := slices.Index(d.Cells, k.Cell)
					if at < 0 || k.Bit != WholeCell {
						continue
					}
					if _, ok := byDomain[d.ID]; !ok {
						byDomain[d.ID] = add(0, int64(len(d.Cells)))
					}
					n.kinds[byDomain[d.ID]].add(int64(at+1), target{gi, mi, i})
				}
			}
			for i, o := range g.Owners {
				if _, ok := byCell[o]; !ok {
					t := p.Sys.Vars[o.Var].Type
					byCell[o] = add(int64(t.Lo), int64(t.Hi))
				}
				n.kinds[byCell[o]].add(m.Names[i], target{gi, mi, i})
			}
		}
	}
	at := func(v *model.Var, i int) spot {
		s := spot{p.lay.cells[v.ID][i], -1}
		if k, ok := byCell[model.Cell{Var: v.ID, Idx: int32(i)}]; ok {
			s.kind = k
		} else if k, ok := byPool[v.Type.Pool]; ok && v.Type.Kind == model.KindHandle {
			s.kind = k
		} else if k, ok := byDomain[v.Type.Domain]; ok && v.Type.Kind == model.KindRef {
			s.kind = k
		}
		return s
	}
	belongs := map[model.Cell]bool{}
	inside := map[model.ProcID]bool{}
	for _, g := range groups {
		ng := namedGroup{barred: g.Barred}
		for i, m := range g.Members {
			nm := namedMember{procs: m.Procs}
			for _, q := range m.Procs {
				inside[q] = true
			}
			for _, k := range m.Parts {
				belongs[k.Cell] = belongs[k.Cell] || k.Bit == WholeCell
				s := at(p.Sys.Vars[k.Cell.Var], int(k.Cell.Idx))
				if k.Bit != WholeCell {
					s.kind = -1
				}
				s.f, _ = p.lay.part(k)
				nm.parts = append(nm.parts, s)
			}
			ng.members = append(ng.members, nm)
			ng.order, ng.sorted, ng.best, ng.at, ng.rank = append(ng.order, i), append(ng.sorted, i), append(ng.best, i), append(ng.at, i), append(ng.rank, 0)
			ng.keys = append(ng.keys, nil)
		}
		n.groups = append(n.groups, ng)
	}
	for _, q := range p.Sys.Processes {
		w := whereabouts{pc: p.lay.pcs[q.ID]}
		names := false
		c := &compiler{p: p, sys: p.Sys, proc: q}
		for _, l := range q.Locations {
			var live []spot
			for _, id := range l.Live {
				v := p.Sys.Vars[id]
				for i := range v.Len {
					if s := at(v, i); s.f.word >= 0 && s.f.word < p.lay.stored && (inside[q.ID] || s.kind >= 0) {
						live = append(live, s)
						names = names || s.kind >= 0
					}
				}
			}
			w.live = append(w.live, live)
			w.reset = append(w.reset, c.moveTo(uint64(l.ID), l.Live))
		}
		w.live = append(w.live, nil)
		w.reset = append(w.reset, p.procs[q.ID].park)
		n.where = append(n.where, w)
		if names && !inside[q.ID] {
			n.outside = append(n.outside, int(q.ID))
		}
	}
	for _, v := range p.Sys.Vars {
		if v.Proc != model.NoProc {
			continue
		}
		for i := range v.Len {
			if s := at(v, i); s.kind >= 0 && s.f.word >= 0 && !belongs[model.Cell{Var: v.ID, Idx: int32(i)}] {
				n.naming = append(n.naming, s)
			}
		}
	}
	return n
}

// take reads a spot.
func (n *named) take(st []uint64, s spot, to []token) []token {
	t := token{v: s.f.get(st), spot: s, to: nothing}
	if s.kind >= 0 {
		if x := n.kinds[s.kind].get(t.v); x.group >= 0 && n.groups[x.group].active {
			t.to = x
		}
	}
	return append(to, t)
}

func (n *named) takeProcess(st []uint64, q int, to []token) []token {
	w := &n.where[q]
	to = append(to, token{v: w.pc.get(st), spot: spot{kind: -1}, to: nothing})
	for _, s := range w.live[to[len(to)-1].v] {
		to = n.take(st, s, to)
	}
	return to
}

func (n *named) canonize(st []uint64, perm []model.ProcID) {
	any := false
	for gi := range n.groups {
		g := &n.groups[gi]
		g.active = true
		for q, at := range g.barred {
			if len(at) > 0 && at[n.barred[q].get(st)] {
				g.active = false
				break
			}
		}
		any = any || g.active
	}
	if !any {
		return
	}
	n.read = n.read[:0]
	for _, s := range n.naming {
		n.read = n.take(st, s, n.read)
	}
	for _, q := range n.outside {
		n.read = n.takeProcess(st, q, n.read)
	}
	for gi := range n.groups {
		g := &n.groups[gi]
		for mi := range g.members {
			m := &g.members[mi]
			m.read = m.read[:0]
			for _, q := range m.procs {
				m.read = n.takeProcess(st, int(q), m.read)
			}
			for _, s := range m.parts {
				m.read = n.take(st, s, m.read)
			}
		}
	}
	n.sort()
	n.settle()
	if n.changed() {
		n.write(st, perm)
	}
}

// sort ranks the members and puts them in the order of their ranks.
func (n *named) sort() {
	for gi := range n.groups {
		g := &n.groups[gi]
		for i := range g.order {
			g.order[i], g.rank[i] = i, 0
		}
	}
	n.refine()
}

// refine ranks the members by what they have, as long as that tells more of them apart. What ranks before another stays there.
func (n *named) refine() {
	for before := 0; ; {
		for gi := range n.groups {
			if g := &n.groups[gi]; g.active {
				for mi := range g.members {
					g.keys[mi] = n.keyOf(gi, mi, g.keys[mi][:0])
				}
			}
		}
		classes := 0
		for gi := range n.groups {
			g := &n.groups[gi]
			if !g.active {
				continue
			}
			// Insertion sort: groups are small.
			for i := 1; i < len(g.order); i++ {
				for j := i; j > 0 && slices.Compare(g.keys[g.order[j-1]], g.keys[g.order[j]]) > 0; j-- {
					g.order[j-1], g.order[j] = g.order[j], g.order[j-1]
				}
			}
			r := 0
			for i, m := range g.order {
				if i > 0 && !slices.Equal(g.keys[g.order[i-1]], g.keys[m]) {
					r++
				}
				g.rank[m] = r
			}
			classes += r + 1
		}
		if classes == before {
			return
		}
		before = classes
	}
}

// keyOf is what a member is sorted by: its rank so far, what it has, and what names it from outside.
func (n *named) keyOf(gi, mi int, key []int64) []int64 {
	g := &n.groups[gi]
	key = append(key, int64(g.rank[mi]))
	for i := range g.members[mi].read {
		t := &g.members[mi].read[i]
		r := 0
		if t.to.group >= 0 {
			r = 1 + n.groups[t.to.group].rank[t.to.member]
			if t.to.group == gi && t.to.member == mi {
				r = 1 << 15
			}
		}
		key = append(key, t.code(r))
	}
	for i := range n.read {
		t := &n.read[i]
		if t.to.group == gi && t.to.member == mi {
			key = append(key, int64(i)<<16|int64(t.to.item))
		}
	}
	return key
}

// code is a number for a token that tells apart values, and names by item and by what is given for the member.
func (t *token) code(member int) int64 {
	if t.to.group < 0 {
		return t.v
	}
	return 1<<56 | int64(t.to.group)<<40 | int64(t.to.item)<<16 | int64(member)
}

// settle decides between members that sorting has left equal.
func (n *named) settle() {
	if _, _, tie := n.tie(); !tie {
		return // members that are equal have the same, whatever their order
	}
	n.orders, n.found = 0, false
	for gi := range n.groups {
		copy(n.groups[gi].sorted, n.groups[gi].order)
	}
	n.try()
	for gi := range n.groups {
		g := &n.groups[gi]
		if n.orders > maxOrders {
			copy(g.order, g.sorted)
		} else {
			copy(g.order, g.best)
		}
	}
}

// tie is the first rank that several members share of which another member names one.
func (n *named) tie() (group, rank int, found bool) {
	for gi := range n.groups {
		g := &n.groups[gi]
		if !g.active {
			continue
		}
		for mi := range g.members {
			for i := range g.members[mi].read {
				t := g.members[mi].read[i].to
				if t.group < 0 || t.group == gi && t.member == mi {
					continue
				}
				ranks := n.groups[t.group].rank
				r := ranks[t.member]
				if found && (t.group > group || t.group == group && r >= rank) {
					continue
				}
				for other, s := range ranks {
					if other != t.member && s == r {
						group, rank, found = t.group, r, true
						break
					}
				}
			}
		}
	}
	return group, rank, found
}

// try looks at the orders that differ in members of equal rank.
func (n *named) try() {
	group, rank, tie := n.tie()
	if !tie {
		n.orders++
		n.content = n.contents(n.content[:0])
		if !n.found || slices.Compare(n.content, n.best) < 0 {
			n.found = true
			n.best = append(n.best[:0], n.content...)
			for k := range n.groups {
				copy(n.groups[k].best, n.groups[k].order)
			}
		}
		return
	}
	from := len(n.saved)
	for gi := range n.groups {
		n.saved = append(append(n.saved, n.groups[gi].rank...), n.groups[gi].order...)
	}
	g := &n.groups[group]
	for first := range g.members {
		saved := n.saved[from:]
		for gi := range n.groups {
			saved = saved[copy(n.groups[gi].rank, saved):]
			saved = saved[copy(n.groups[gi].order, saved):]
		}
		if g.rank[first] != rank || n.orders > maxOrders {
			continue
		}
		for m := range g.rank {
			g.rank[m] *= 2
			if m != first && g.rank[m] == 2*rank {
				g.rank[m]++
			}
		}
		n.refine()
		n.try()
	}
	n.saved = n.saved[:from]
}

// places notes where each member would be.
func (n *named) places() {
	for gi := range n.groups {
		g := &n.groups[gi]
		for to, from := range g.order {
			g.at[from] = to
		}
	}
}

// contents is what the members would have. What names them from elsewhere is the same in all orders of equal members.
func (n *named) contents(to []int64) []int64 {
	n.places()
	for gi := range n.groups {
		g := &n.groups[gi]
		for _, m := range g.order {
			for i := range g.members[m].read {
				t := &g.members[m].read[i]
				at := 0
				if t.to.group >= 0 {
					at = n.groups[t.to.group].at[t.to.member]
				}
				to = append(to, t.code(at))
			}
		}
	}
	return to
}

func (n *named) changed() bool {
	for gi := range n.groups {
		if !slices.IsSorted(n.groups[gi].order) {
			return true
		}
	}
	return false
}

// write makes the permuted state.
func (n *named) write(st []uint64, perm []model.ProcID) {
	n.places()
	old := slices.Clone(perm)
	for gi := range n.groups {
		g := &n.groups[gi]
		for to, from := range g.order {
			read := g.members[from].read
			for _, q := range g.members[to].procs {
				w := &n.where[q]
				at := read[0].v
				apply(st, w.reset[at])
				read = n.put(st, w.live[at], read[1:])
			}
			n.put(st, g.members[to].parts, read)
			if perm != nil {
				exchange(perm, old, g.members[to].procs, g.members[from].procs)
			}
		}
	}
	read := n.read
	read = n.put(st, n.naming, read)
	for _, q := range n.outside {
		read = n.put(st, n.where[q].live[read[0].v], read[1:])
	}
}

// put stores what was read from spots like these, with names as they are after the exchange.
func (n *named) put(st []uint64, spots []spot, read []token) []token {
	for i := range spots {
		t := &read[i]
		v := t.v
		if t.to.group >= 0 {
			v = n.kinds[t.spot.kind].values[target{t.to.group, n.groups[t.to.group].at[t.to.member], t.to.item}]
		}
		spots[i].f.put(st, v)
	}
	return read[len(spots):]
}
