package second

import (
	"slices"
	"strings"
)

// edge is a step of the graph.
type edge struct {
	p, to  int
	failed bool
}

// graph is what is reachable.
type graph struct {
	worlds []*world
	out    [][]edge
	can    [][]bool // per state and process: it can move
}

// judged is what was found so far.
type judged struct {
	found map[string]bool
	cover map[string]bool
	edges map[string]bool // of lock classes
}

// moves are the steps of a process in a state.
func (m *machine) moves(w *world, p *proc) []outcome {
	if w.at[p.id] < 0 {
		return nil
	}
	if p.buffer != nil {
		return m.drain(w, p)
	}
	var all []outcome
	var from func(o *op)
	from = func(o *op) {
		if o.kind == "choose" && o.block == 0 {
			for _, a := range o.alts {
				if a.kind == "end" {
					n := w.clone()
					n.at[p.id] = a.id
					if !m.opt.NoReset {
						m.reset(n, p, a.live)
					}
					all = append(all, outcome{next: n})
					continue
				}
				from(a)
			}
			return
		}
		if o.kind == "end" {
			return
		}
		r := &runner{m: m, w: w.clone(), p: p}
		if m.opt.TSO {
			if r.drained, r.fenced = m.waits(p, o); r.drained && len(w.buf[p.id]) > 0 {
				return
			}
		}
		r.run(o, 0, true)
		all = append(all, r.all...)
	}
	if m.mayStep(w, p) {
		from(p.ops[w.at[p.id]])
	}
	return all
}

// mayStep reports whether the conditions of a process for taking a step are true.
func (m *machine) mayStep(w *world, p *proc) bool {
	for _, x := range p.when {
		r := &runner{m: m, w: w, p: p, op: &op{kind: "await", watch: true}}
		may := false
		if r.attempt(func() { may = r.eval(x) != 0 }) != "" {
			panic(Unsupported("a condition of a step that goes wrong"))
		}
		if !may {
			return false
		}
	}
	return true
}

func (m *machine) predicate(w *world, x *expr, fault bool) bool {
	r := &runner{m: m, w: w}
	var v int64
	if r.attempt(func() { v = r.eval(x) }) != "" {
		return fault
	}
	return v != 0
}

func (m *machine) explore() Result {
	m.judged = judged{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	w := &world{v: slices.Clone(m.init), at: make([]int, len(m.programs))}
	if m.opt.TSO {
		w.buf = make([][]held, len(m.programs))
	}
	for _, p := range m.programs {
		r := &runner{m: m, w: w, p: p}
		r.run(p.entry, 0, false)
		w = r.all[0].next
	}
	g := &graph{worlds: []*world{w}}
	number := map[string]int{w.key(): 0}
	res := Result{}
	for i := 0; i < len(g.worlds); i++ {
		w := g.worlds[i]
		g.out, g.can = append(g.out, nil), append(g.can, make([]bool, len(m.programs)))
		var all [][]outcome
		for k, p := range m.programs {
			outs := m.moves(w, p)
			all = append(all, outs)
			for _, o := range outs {
				key := o.next.key()
				to, ok := number[key]
				if !ok {
					to = len(g.worlds)
					number[key] = to
					g.worlds = append(g.worlds, o.next)
				}
				g.out[i] = append(g.out[i], edge{k, to, o.failed})
				g.can[i][k] = true
				res.Transitions++
			}
		}
		m.state(w, len(g.out[i]) > 0)
		m.races(all)
		if m.full {
			res.Full = true
			return res
		}
		if len(g.worlds) > m.opt.Limit {
			res.Over = true
			return res
		}
	}
	res.States = len(g.worlds)
	m.lockOrder()
	m.liveness(g)
	for _, d := range m.covers {
		if !m.cover[d.Name.Name] && (d.When == nil || (&round{m: m}).constant(d.When) != 0) {
			m.found["cover "+d.Name.Name] = true
		}
	}
	for p := range m.found {
		if q := m.props[p]; q || strings.HasPrefix(p, "cover ") {
			res.Violated = append(res.Violated, p)
		}
	}
	for c := range m.cover {
		res.Reached = append(res.Reached, c)
	}
	slices.Sort(res.Violated)
	slices.Sort(res.Reached)
	return res
}

// state judges one state.
func (m *machine) state(w *world, moves bool) {
	for i, d := range m.invs {
		if !m.predicate(w, m.invX[i], false) {
			m.found[d.Name.Name] = true
		}
	}
	for i, d := range m.covers {
		if m.coverX[i] != nil && m.predicate(w, m.coverX[i], false) {
			m.cover[d.Name.Name] = true
		}
	}
	if moves || slices.Contains(w.at, -1) {
		return
	}
	for _, p := range m.programs {
		if !p.ops[w.at[p.id]].end {
			m.found["no_deadlock"] = true
			return
		}
	}
	m.leaks(w)
}

// leaks looks for live objects that nothing reaches.
func (m *machine) leaks(w *world) {
	type object struct {
		s *strct
		k int
	}
	reached := map[object]bool{}
	var reach func(c int)
	object1 := func(o object) {
		if o.s.life == nil || reached[o] || w.v[o.s.life.base+o.k] == 0 {
			return
		}
		reached[o] = true
		m.fields(o.s, func(l *leaf) {
			for i := range l.n {
				reach(l.base + o.k*l.n + i)
			}
		})
	}
	reach = func(c int) {
		v := int(w.v[c])
		if v == 0 {
			return
		}
		switch l := m.owner[c]; {
		case l.weak:
		case l.t.kind == kHandle:
			object1(object{l.t.s, v - 1})
		case l.t.kind == kRef:
			if t := m.owner[v-1]; t.s != nil {
				object1(object{t.s, (v - 1 - t.base) / t.n})
			}
		}
	}
	for c := range m.first {
		if l := m.owner[c]; l.s == nil || l.s.life == nil {
			reach(c)
		}
	}
	for _, s := range m.order {
		for k := range s.objects {
			if s.leak == "" && s.life != nil && !s.pool[k] && (s.given == nil || w.v[s.given.base+k] == 0) {
				object1(object{s, k})
			}
		}
	}
	for _, s := range m.order {
		if s.leak == "" || s.life == nil {
			continue
		}
		for k := range s.objects {
			if w.v[s.life.base+k] != 0 && !reached[object{s, k}] {
				m.found[s.leak] = true
			}
		}
	}
}

// races looks for two processes that can make conflicting accesses next.
func (m *machine) races(all [][]outcome) {
	if !m.raced {
		return
	}
	for i := range all {
		for j := range i {
			for _, a := range all[i] {
				for _, b := range all[j] {
					for _, x := range a.acc {
						for _, y := range b.acc {
							if x.c == y.c && (x.write || y.write) && (x.plain || y.plain) {
								m.found["no_data_race"] = true
							}
						}
					}
				}
			}
		}
	}
}

// lockOrder looks for a cycle of lock classes.
func (m *machine) lockOrder() {
	reach := map[string]map[string]bool{}
	for e := range m.edges {
		a, b, _ := strings.Cut(e, " ")
		if reach[a] == nil {
			reach[a] = map[string]bool{}
		}
		reach[a][b] = true
	}
	for range reach {
		for _, to := range reach {
			for b := range to {
				for c := range reach[b] {
					to[c] = true
				}
			}
		}
	}
	for a, to := range reach {
		if to[a] {
			m.found["lock_order"] = true
		}
	}
}

// liveness looks for a fair run in which something is owed for ever: in the product of the graph with what is owed, a strongly connected part in which every fair process moves or
// cannot somewhere, or an end.
func (m *machine) liveness(g *graph) {
	if slices.Contains(g.worlds[0].at, -1) {
		return // in every run a process has failed
	}
	for i, d := range m.lives {
		for _, c := range m.liveX[i] {
			if m.props[d.Name.Name] && m.owedForEver(g, c) {
				m.found[d.Name.Name] = true
			}
		}
	}
}

func (m *machine) owedForEver(g *graph, c liveCase) bool {
	n := len(g.worlds)
	q, p := make([]bool, n), make([]bool, n)
	for i, w := range g.worlds {
		q[i] = m.predicate(w, c.q, false)
		p[i] = c.p != nil && m.predicate(w, c.p, true)
	}
	// A node is a state, with n added where something is owed.
	node := func(i int, owed bool) int {
		if owed && !q[i] {
			return i + n
		}
		return i
	}
	start := node(0, c.p == nil || p[0])
	next := func(v int) (out []edge) {
		i := v % n
		for _, e := range g.out[i] {
			if !e.failed {
				out = append(out, edge{e.p, node(e.to, v >= n || p[e.to]), false})
			}
		}
		return out
	}
	seen := map[int]bool{start: true}
	work := []int{start}
	var owing []int
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		if v >= n {
			owing = append(owing, v)
			if len(g.out[v-n]) == 0 {
				return true
			}
		}
		for _, e := range next(v) {
			if !seen[e.to] {
				seen[e.to] = true
				work = append(work, e.to)
			}
		}
	}
	part := parts(owing, func(v int) (out []int) {
		for _, e := range next(v) {
			if e.to >= n {
				out = append(out, e.to)
			}
		}
		return out
	})
	return m.fairPart(g, owing, part, next, n)
}

// fairPart reports whether a part has a cycle on which every fair process moves, or cannot.
func (m *machine) fairPart(g *graph, owing []int, part map[int]int, next func(int) []edge, n int) bool {
	type facts struct {
		cycle bool
		good  map[int]bool
	}
	all := map[int]*facts{}
	for _, v := range owing {
		f := all[part[v]]
		if f == nil {
			f = &facts{good: map[int]bool{}}
			all[part[v]] = f
		}
		for _, p := range m.programs {
			if !g.can[v-n][p.id] {
				f.good[p.id] = true
			}
		}
		for _, e := range next(v) {
			if e.to >= n && part[e.to] == part[v] {
				f.cycle = true
				f.good[e.p] = true
			}
		}
	}
	for _, f := range all {
		ok := f.cycle
		for _, p := range m.programs {
			ok = ok && (!p.fair || f.good[p.id])
		}
		if ok {
			return true
		}
	}
	return false
}

// parts numbers the strongly connected parts of a graph, by two searches: along the edges, and back.
func parts(nodes []int, next func(int) []int) map[int]int {
	back := map[int][]int{}
	var order []int
	done := map[int]bool{}
	type frame struct {
		v   int
		out []int
	}
	for _, root := range nodes {
		if done[root] {
			continue
		}
		done[root] = true
		stack := []frame{{root, next(root)}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if len(f.out) == 0 {
				order = append(order, f.v)
				stack = stack[:len(stack)-1]
				continue
			}
			w := f.out[0]
			f.out = f.out[1:]
			back[w] = append(back[w], f.v)
			if !done[w] {
				done[w] = true
				stack = append(stack, frame{w, next(w)})
			}
		}
	}
	part := map[int]int{}
	for i := len(order) - 1; i >= 0; i-- {
		if _, ok := part[order[i]]; ok {
			continue
		}
		work := []int{order[i]}
		part[order[i]] = i
		for len(work) > 0 {
			v := work[len(work)-1]
			work = work[:len(work)-1]
			for _, u := range back[v] {
				if _, ok := part[u]; !ok {
					part[u] = i
					work = append(work, u)
				}
			}
		}
	}
	return part
}
