package axioms

import "slices"

// total decides the models in which there is one order of everything: SC, x86-TSO and ARMv8. Each gives the edges that the order has to respect, without
// coherence and reads, and must be acyclic with them.
//
// Grace periods: synchronize_rcu is two events, its start and its end, both full fences. A reader that had begun before the start has ended before the end. So
// for every grace period and every reader, either the reader ends before the end or the start comes before the reader begins. There is an execution if for
// some choice the order exists.
type total struct {
	s      *skeleton
	base   rel // over n events and the ends of grace periods
	gps    []gracePeriod
	big    *arena // for n events and ends
	small  *arena
	mutant mutant
	kind   Model
	reading
}

type gracePeriod struct{ start, end int }

func newTotal(kind Model, c *combination, m mutant) *total {
	s := newSkeleton(c)
	t := &total{s: s, mutant: m, kind: kind}
	for i := range c.events {
		if e := &c.events[i]; e.waits() {
			t.gps = append(t.gps, gracePeriod{i, s.n + len(t.gps)})
		}
	}
	t.big, t.small = newArena(s.n+len(t.gps)), newArena(s.n)
	return t
}

// wide copies a relation over the events into one that has the ends of grace periods as well, which take over what follows their start.
func (t *total) wide(r rel) rel {
	out := t.big.rel()
	r.each(func(i, j int) { out.add(i, j) })
	for _, g := range t.gps {
		out.add(g.start, g.end)
		r.row(g.start).Each(func(j int) { out.add(g.end, j) })
	}
	return out
}

func (t *total) reads(rf []int) bool {
	t.small.reset()
	t.big.reset()
	a, s := t.small, t.s
	r := s.read(a, rf)
	t.reading = r
	var order rel
	switch t.kind {
	case SC:
		order = a.union(s.po, r.rf)
	case TSO:
		order = a.union(join(a, s.tso(a, t.mutant)), r.rfe)
	default:
		order = a.union(join(a, s.arm(a, r, t.mutant)), r.rfe)
	}
	t.base = t.wide(order)
	return t.base.acyclic()
}

func (t *total) allows(x *execution) bool {
	g := t.order(x)
	return g.acyclic() && t.readers(g)
}

// order is the base with coherence and from-read. An internal read before a write is program order for SC and TSO; ARM keeps only what other processes see.
func (t *total) order(x *execution) rel {
	s := t.s
	co, fr := x.relations(t.small)
	if t.kind == ARM {
		co, fr = t.small.minus(co, s.sameProc), t.small.minus(fr, s.sameProc)
	}
	if t.mutant == noFr {
		fr = t.small.rel()
	}
	return t.big.union(t.base, t.wide(t.small.union(co, fr)))
}

// readers looks for a choice for every pair of grace period and reader.
func (t *total) readers(g rel) bool {
	if len(t.gps) == 0 || t.mutant == noGracePeriods {
		return true
	}
	var pairs [][2]int // grace period, reader
	var sections [][2]int
	add := func(r rel, srcu bool) {
		r.each(func(l, u int) {
			for k, gp := range t.gps {
				e := &t.s.events[gp.start]
				if srcu == (e.class == syncSrcu) && (!srcu || e.Cell == t.s.events[l].Cell) {
					pairs = append(pairs, [2]int{k, len(sections)})
				}
			}
			sections = append(sections, [2]int{l, u})
		})
	}
	add(t.s.rcu, false)
	add(t.srcu, true)
	reach := t.big.plus(g)
	return t.choose(reach, pairs, sections)
}

func (t *total) choose(reach rel, pairs, sections [][2]int) bool {
	for len(pairs) > 0 {
		gp, sec := t.gps[pairs[0][0]], sections[pairs[0][1]]
		pairs = pairs[1:]
		if reach.has(sec[1], gp.end) || reach.has(gp.start, sec[0]) {
			continue
		}
		// Adding an edge may not close a cycle.
		first, second := !reach.has(gp.end, sec[1]), !reach.has(sec[0], gp.start)
		if first && (!second || t.choose(connected(reach, sec[1], gp.end), pairs, sections)) {
			if second {
				return true
			}
			reach = connected(reach, sec[1], gp.end)
			continue
		}
		if !second {
			return false
		}
		reach = connected(reach, gp.start, sec[0])
	}
	return true
}

// connected is a transitive relation with one edge more, closed again.
func connected(r rel, i, j int) rel {
	out := rel{r.n, r.w, slices.Clone(r.b)}
	for k := range r.n {
		if k == i || r.has(k, i) {
			row := out.row(k)
			row.Add(j)
			for q, x := range r.row(j) {
				row[q] |= x
			}
		}
	}
	return out
}
