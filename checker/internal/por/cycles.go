package por

import (
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
	"pmdcheck/internal/graph"
	"pmdcheck/model"
)

// A cycle of the state space brings every cell back to its value. Most loops of a process graph cannot be part of one: a loop that takes a request from a cell
// which only finite code sets, or that counts, comes to an end. findSticky removes such loops as long as it finds any, and picks from what is left
// transitions that lie on every cycle.
//
// Suppose that only the edges still in play can occur on a cycle. Then on a cycle
//
//   - a cell to which they store nothing but the constant k has the value k throughout, if any of the cycle's edges stores to it;
//   - a cell to which they only add positive numbers (or only negative ones) is never stored to;
//   - bits that they only clear are zero throughout where an edge of the cycle clears them.
//
// An edge that cannot be executed under the assumptions implied by its own stores, and by those of edges that every cycle through it takes, is on no cycle, and
// neither is one that leaves its strongly connected component. Each removal is thus justified by the ones before it.

// An edge is one way out of a transition: the OpGoto at index op.
type edge struct {
	p        *model.Process
	t        *model.Transition
	op       int
	from, to model.LocID
	stores   *stores
	leads    []bool // by operation: whether the goto can come after it
}

// stores is what is looked up once about the code of a transition.
type stores struct {
	at    []store             // by operation
	moves []move              // every cell that an operation may store to
	sure  map[model.Cell]bool // those that every way through the transition stores to
}

// A store is an assignment to a cell that is known from the code alone.
type store struct {
	cell    model.Cell
	known   bool
	effects []effect
}

// A move is one thing that can happen to a cell.
type move struct {
	cell model.Cell
	effect
}

// maxPaths bounds the paths to the end of one edge that are looked at.
const maxPaths = 2000

func (s *Static) findSticky() bitset.Set {
	var live []edge
	for _, p := range s.sys.Processes {
		for _, t := range p.Trans {
			known := s.stores(t)
			for i := range t.Code {
				if t.Code[i].Kind == model.OpGoto {
					live = append(live, edge{p, t, i, t.From, t.Code[i].Loc, known, leadsTo(t.Code, i)})
				}
			}
		}
	}
	for {
		n := len(live)
		live = onCycles(live)
		m := s.motions(live)
		given := m.implied(live)
		var keep []edge
		for i, e := range live {
			if m.feasible(e, given[i]) {
				keep = append(keep, e)
			}
		}
		live = keep
		if len(live) == n {
			break
		}
	}
	sticky := bitset.New(s.n)
	for _, e := range backEdges(live) {
		sticky.Add(s.id(e.t))
	}
	return sticky
}

// stores looks up what the code of a transition stores to.
func (s *Static) stores(t *model.Transition) *stores {
	out := &stores{at: make([]store, len(t.Code)), sure: map[model.Cell]bool{}}
	for i := range t.Code {
		op := &t.Code[i]
		if op.Kind == model.OpAssign {
			if c, ok := cellOf(s.sys, op.Dst); ok {
				out.at[i] = store{c, true, s.storeEffect(op, c)}
			}
		}
		s.sys.Touches(op, func(t model.Touch) {
			if !t.Write {
				return
			}
			for i := t.Base; i < t.End; i += t.Step {
				c := model.Cell{Var: t.Var, Idx: i}
				if op.Kind != model.OpAssign {
					out.moves = append(out.moves, move{cell: c})
					continue
				}
				for _, e := range s.storeEffect(op, c) {
					out.moves = append(out.moves, move{c, e})
				}
			}
		})
	}
	// No branch can avoid what comes before the first.
	for i := 0; i < len(t.Code); {
		op := &t.Code[i]
		if op.Kind == model.OpBranch || op.Kind == model.OpGoto || op.Kind == model.OpJump && op.Then <= i {
			break
		}
		if out.at[i].known {
			out.sure[out.at[i].cell] = true
		}
		i++
		if op.Kind == model.OpJump {
			i = op.Then
		}
	}
	return out
}

// leadsTo says after which operations the one at end can come.
func leadsTo(code []model.Op, end int) []bool {
	leads := make([]bool, len(code)+1)
	leads[end] = true
	for again := true; again; {
		again = false
		for i := len(code) - 1; i >= 0; i-- {
			if leads[i] {
				continue
			}
			switch op := &code[i]; op.Kind {
			case model.OpGoto:
			case model.OpJump:
				leads[i] = leads[op.Then]
			case model.OpBranch:
				leads[i] = leads[op.Then] || leads[op.Else]
			default:
				leads[i] = leads[i+1]
			}
			again = again || leads[i]
		}
	}
	return leads
}

// onCycles keeps the edges inside a strongly connected component of their process's graph.
func onCycles(edges []edge) (out []edge) {
	comp := graph.ComponentsOf(func(yield func(from, to node) bool) {
		for _, e := range edges {
			if !yield(node{e.p.ID, e.from}, node{e.p.ID, e.to}) {
				return
			}
		}
	})
	for _, e := range edges {
		if comp[node{e.p.ID, e.from}] == comp[node{e.p.ID, e.to}] {
			out = append(out, e)
		}
	}
	return out
}

type node struct {
	p model.ProcID
	l model.LocID
}

// backEdges are the edges that a depth-first search finds to lead to a location on its stack: every cycle has one.
func backEdges(edges []edge) (out []edge) {
	succ := map[node][]edge{}
	for _, e := range edges {
		n := node{e.p.ID, e.from}
		succ[n] = append(succ[n], e)
	}
	state := map[node]int{}
	var visit func(n node)
	visit = func(n node) {
		state[n] = 1
		for _, e := range succ[n] {
			m := node{e.p.ID, e.to}
			switch state[m] {
			case 0:
				visit(m)
			case 1:
				out = append(out, e)
			}
		}
		state[n] = 2
	}
	for _, e := range edges {
		if n := (node{e.p.ID, e.from}); state[n] == 0 {
			visit(n)
		}
	}
	return out
}

// motions says how the edges in play move each cell.
type motions struct {
	s     *Static
	cells [][]motion // by variable and index
	facts slab
}

type motion struct {
	other  bool
	set    bool  // to a constant
	k      int64 // the first one
	more   bool  // there are others
	up, dn bool  // something is added, something subtracted
	clears bool
}

func (m *motions) of(c model.Cell) *motion { return &m.cells[c.Var][c.Idx] }

func (s *Static) motions(edges []edge) *motions {
	m := &motions{s: s, cells: make([][]motion, len(s.sys.Vars))}
	for v := range s.sys.Vars {
		m.cells[v] = make([]motion, len(s.sys.Vars[v].Init))
	}
	seen := map[*model.Transition]bool{}
	ends := map[node]bool{}
	for _, e := range edges {
		if !seen[e.t] {
			seen[e.t] = true
			for _, v := range e.stores.moves {
				m.note(v.cell, v.effect)
			}
		}
		// Locals that are dead at the target are reset.
		if to := (node{e.p.ID, e.to}); !ends[to] {
			ends[to] = true
			for _, v := range e.p.Locals {
				if slices.Contains(e.p.Locations[e.to].Live, v) {
					continue
				}
				for i, k := range s.sys.Vars[v].Init {
					m.note(model.Cell{Var: v, Idx: int32(i)}, effect{effectConst, int64(k)})
				}
			}
		}
	}
	return m
}

func (m *motions) note(c model.Cell, e effect) {
	q := m.of(c)
	switch e.kind {
	case effectConst:
		if !q.set {
			q.set, q.k = true, e.k
		}
		q.more = q.more || q.k != e.k
	case effectAdd:
		q.up, q.dn = q.up || e.k > 0, q.dn || e.k < 0
	case effectClear:
		q.clears = true
	default:
		q.other = true
	}
}

// only reports the constant that is all a cell is ever set to.
func (q *motion) only() (int64, bool) {
	return q.k, q.set && !q.more && !q.other && !q.up && !q.dn && !q.clears
}

// counts reports whether every store moves the cell in one direction.
func (q *motion) counts() bool { return !q.other && !q.clears && !q.set && q.up != q.dn }

// falls reports whether the cell only ever loses bits.
func (q *motion) falls() bool { return !q.other && !q.up && !q.dn && !q.set && q.clears }

// feasible reports whether some way through the edge's transition to its goto can be executed on a cycle on which the given facts hold.
func (m *motions) feasible(e edge, given *fact) bool {
	m.facts.reset()
	w := &way{m: m, e: e, paths: maxPaths}
	return w.walk(0, nil, given, 0)
}

// implied finds, for each edge, constants that cells have on every cycle through it: the cell is only ever set to that constant, and without the edges that
// surely do so the edge is on no cycle.
func (m *motions) implied(edges []edge) []*fact {
	out := make([]*fact, len(edges))
	cells := map[model.ProcID][]model.Cell{}
	listed := map[model.Cell]bool{}
	for _, e := range edges {
		for _, st := range e.stores.at {
			c := st.cell
			if !st.known || !e.stores.sure[c] || listed[c] {
				continue
			}
			listed[c] = true
			if _, ok := m.of(c).only(); ok {
				cells[e.p.ID] = append(cells[e.p.ID], c)
			}
		}
	}
	for p, cs := range cells {
		for _, c := range cs {
			var without []edge
			for _, e := range edges {
				if e.p.ID == p && !e.stores.sure[c] {
					without = append(without, e)
				}
			}
			round := map[*model.Op]bool{}
			for _, e := range onCycles(without) {
				round[&e.t.Code[e.op]] = true
			}
			k, _ := m.of(c).only()
			for i, e := range edges {
				if e.p.ID == p && !round[&e.t.Code[e.op]] {
					out[i] = &fact{c, exactly(k), out[i]}
				}
			}
		}
	}
	return out
}

// A fact is what is known of a cell, followed by what else is known; the latest comes first, and nil knows nothing.
type fact struct {
	cell model.Cell
	is   value
	rest *fact
}

// A slab is where the facts of one walk are kept.
type slab struct {
	chunks [][]fact
	used   int
}

const slabChunk = 256

func (s *slab) reset() { s.used = 0 }

func (s *slab) with(f *fact, c model.Cell, v value) *fact {
	if s.used == len(s.chunks)*slabChunk {
		s.chunks = append(s.chunks, make([]fact, slabChunk))
	}
	n := &s.chunks[s.used/slabChunk][s.used%slabChunk]
	s.used++
	*n = fact{c, v, f}
	return n
}

func known(f *fact, c model.Cell) (value, bool) {
	for ; f != nil; f = f.rest {
		if f.cell == c {
			return f.is, true
		}
	}
	return value{}, false
}

// value is a number from lo to hi whose bits in zero are zero (as far as it is not negative).
type value struct {
	lo, hi int64
	zero   uint64
}

func exactly(k int64) value { return value{lo: k, hi: k} }

func (v value) known() (int64, bool) { return v.lo, v.lo == v.hi }

// way walks the code of one transition, each branch both ways unless what is assumed so far rules one out. Stores along the way imply assumptions about the whole
// cycle, so a path that comes to its end is walked once more under all of them.
type way struct {
	m     *motions
	e     edge
	paths int
	taken []bool // the branches taken so far
}

// walk goes on from op i to the end of the edge, with what the stores so far let one assume.
func (w *way) walk(i int, now, assumed *fact, steps int) bool {
	code := w.e.t.Code
	for {
		if steps++; steps > 10_000 {
			return true
		}
		op := &code[i]
		switch op.Kind {
		case model.OpGoto:
			if w.paths--; w.paths < 0 {
				return true
			}
			return i == w.e.op && w.replay(assumed)
		case model.OpBranch:
			depth := len(w.taken)
			if depth > 24 {
				return true
			}
			// What is assumed so far may rule out a branch already.
			truth, sure := w.truth(op.X, now, assumed)
			for _, t := range []bool{true, false} {
				to := op.Else
				if t {
					to = op.Then
				}
				if !w.e.leads[to] || sure && truth != t {
					continue
				}
				w.taken = append(w.taken[:depth], t)
				if w.walk(to, w.learn(op.X, t, now, assumed), assumed, steps) {
					return true
				}
			}
			w.taken = w.taken[:depth]
			return false
		case model.OpJump:
			i = op.Then
			continue
		case model.OpAssume:
			if truth, sure := w.truth(op.X, now, assumed); sure && !truth {
				return false
			}
			now = w.learn(op.X, true, now, assumed)
		case model.OpAssign:
			st := &w.e.stores.at[i]
			if !st.known {
				now = nil
				break
			}
			c := st.cell
			now = w.with(now, c, w.eval(op.X, now, assumed))
			q := w.m.of(c)
			for _, f := range st.effects {
				switch {
				case q.counts() && f.kind == effectAdd && f.k != 0:
					return false // no cycle executes this store
				case f.kind == effectConst:
					if k, ok := q.only(); ok {
						assumed = w.with(assumed, c, exactly(k))
					}
				case f.kind == effectClear && q.falls():
					v, ok := known(assumed, c)
					if !ok {
						t := w.m.s.sys.Vars[c.Var].Type
						v = value{lo: int64(t.Lo), hi: int64(t.Hi)}
					}
					v.zero |= uint64(f.k)
					assumed = w.with(assumed, c, v)
				}
			}
		case model.OpAlloc, model.OpFree:
			now = nil
		}
		i++
	}
}

func (w *way) with(f *fact, c model.Cell, v value) *fact { return w.m.facts.with(f, c, v) }

func (w *way) cell(p *model.Place) (model.Cell, bool) { return cellOf(w.m.s.sys, p) }

// cellOf is the cell of a place that is known from the code alone.
func cellOf(sys *model.System, p *model.Place) (model.Cell, bool) {
	if p == nil {
		return model.Cell{}, false
	}
	if c, ok := program.StaticCell(sys, p); ok {
		return c, true
	}
	return objectCell(sys, p)
}

// replay walks the path taken once more under the assumptions and reports whether it can be executed.
func (w *way) replay(assumed *fact) bool {
	code, taken := w.e.t.Code, w.taken
	var now *fact
	for i := 0; ; i++ {
		op := &code[i]
		switch op.Kind {
		case model.OpGoto:
			return true
		case model.OpJump:
			i = op.Then - 1
		case model.OpBranch:
			if k, ok := w.truth(op.X, now, assumed); ok && k != taken[0] {
				return false
			}
			now = w.learn(op.X, taken[0], now, assumed)
			if taken[0] {
				i = op.Then - 1
			} else {
				i = op.Else - 1
			}
			taken = taken[1:]
		case model.OpAssume:
			if k, ok := w.truth(op.X, now, assumed); ok && !k {
				return false
			}
			now = w.learn(op.X, true, now, assumed)
		case model.OpAssign:
			if st := &w.e.stores.at[i]; st.known {
				now = w.with(now, st.cell, w.eval(op.X, now, assumed))
			} else {
				now = nil
			}
		case model.OpAlloc, model.OpFree:
			now = nil
		}
	}
}

// learn adds what a condition that came out as want says of single cells.
func (w *way) learn(x *model.Expr, want bool, now, assumed *fact) *fact {
	switch {
	case x.Op == model.Not:
		return w.learn(x.X, !want, now, assumed)
	case x.Op == model.AndAlso && want, x.Op == model.OrElse && !want:
		return w.learn(x.Y, want, w.learn(x.X, want, now, assumed), assumed)
	case x.Op == model.Eq && want, x.Op == model.Ne && !want:
		l, r := x.X, x.Y
		if l.Op == model.Const {
			l, r = r, l
		}
		if l.Op == model.Load && r.Op == model.Const {
			if c, ok := w.cell(l.Place); ok {
				return w.with(now, c, exactly(int64(r.Val)))
			}
		}
	}
	return now
}

func (w *way) truth(x *model.Expr, now, assumed *fact) (truth, known bool) {
	v := w.eval(x, now, assumed)
	if v.lo > 0 || v.hi < 0 {
		return true, true
	}
	k, ok := v.known()
	return k != 0, ok
}

const far = int64(1) << 40

func (w *way) eval(x *model.Expr, now, assumed *fact) value {
	anything := value{lo: -far, hi: far}
	boolean := func(truth, known bool) value {
		switch {
		case !known:
			return value{lo: 0, hi: 1}
		case truth:
			return exactly(1)
		}
		return exactly(0)
	}
	switch x.Op {
	case model.Const:
		return exactly(int64(x.Val))
	case model.Load:
		c, ok := w.cell(x.Place)
		if !ok {
			return anything
		}
		if v, ok := known(assumed, c); ok {
			return v
		}
		if v, ok := known(now, c); ok {
			return v
		}
		t := w.m.s.sys.Vars[c.Var].Type
		return value{lo: int64(t.Lo), hi: int64(t.Hi)}
	case model.Not:
		t, ok := w.truth(x.X, now, assumed)
		return boolean(!t, ok)
	case model.AndAlso:
		a, aok := w.truth(x.X, now, assumed)
		b, bok := w.truth(x.Y, now, assumed)
		if aok && !a || bok && !b {
			return exactly(0)
		}
		return boolean(true, aok && bok)
	case model.OrElse:
		a, aok := w.truth(x.X, now, assumed)
		b, bok := w.truth(x.Y, now, assumed)
		if aok && a || bok && b {
			return exactly(1)
		}
		return boolean(false, aok && bok)
	case model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge:
		return w.compare(x, now, assumed, boolean)
	case model.And:
		a, b := w.eval(x.X, now, assumed), w.eval(x.Y, now, assumed)
		if a.lo < 0 || b.lo < 0 {
			return anything
		}
		zero := a.zeros() | b.zeros()
		possible := uint64(far-1) &^ zero
		hi := min(a.hi, b.hi)
		if int64(possible) < hi {
			hi = int64(possible)
		}
		if ka, ok := a.known(); ok {
			if kb, ok := b.known(); ok {
				return exactly(ka & kb)
			}
		}
		return value{lo: 0, hi: hi, zero: zero}
	case model.Or:
		a, b := w.eval(x.X, now, assumed), w.eval(x.Y, now, assumed)
		ka, oka := a.known()
		kb, okb := b.known()
		if oka && okb {
			return exactly(ka | kb)
		}
		if a.lo < 0 || b.lo < 0 {
			return anything
		}
		return value{lo: max(a.lo, b.lo), hi: far, zero: a.zeros() & b.zeros()}
	case model.Add, model.Sub:
		a, b := w.eval(x.X, now, assumed), w.eval(x.Y, now, assumed)
		if x.Op == model.Add {
			return value{lo: a.lo + b.lo, hi: a.hi + b.hi}
		}
		return value{lo: a.lo - b.hi, hi: a.hi - b.lo}
	case model.Cond:
		if t, ok := w.truth(x.X, now, assumed); ok {
			if t {
				return w.eval(x.Y, now, assumed)
			}
			return w.eval(x.Z, now, assumed)
		}
		a, b := w.eval(x.Y, now, assumed), w.eval(x.Z, now, assumed)
		return value{lo: min(a.lo, b.lo), hi: max(a.hi, b.hi), zero: a.zeros() & b.zeros()}
	}
	return anything
}

// zeros are the bits that are surely zero; of a number that may be negative, none.
func (v value) zeros() uint64 {
	if v.lo < 0 {
		return 0
	}
	if k, ok := v.known(); ok {
		return ^uint64(k)
	}
	return v.zero
}

func (w *way) compare(x *model.Expr, now, assumed *fact, boolean func(truth, known bool) value) value {
	a, b := w.eval(x.X, now, assumed), w.eval(x.Y, now, assumed)
	ka, oka := a.known()
	kb, okb := b.known()
	same := oka && okb && ka == kb
	apart := a.hi < b.lo || b.hi < a.lo
	switch x.Op {
	case model.Eq:
		return boolean(same, same || apart)
	case model.Ne:
		return boolean(apart, same || apart)
	case model.Lt:
		return boolean(a.hi < b.lo, a.hi < b.lo || a.lo >= b.hi)
	case model.Le:
		return boolean(a.hi <= b.lo, a.hi <= b.lo || a.lo > b.hi)
	case model.Gt:
		return boolean(a.lo > b.hi, a.lo > b.hi || a.hi <= b.lo)
	}
	return boolean(a.lo >= b.hi, a.lo >= b.hi || a.hi < b.lo)
}
