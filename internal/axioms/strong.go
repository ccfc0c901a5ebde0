package axioms

import (
	"slices"

	"pmdcheck/internal/litmus"
)

// total decides the models in which there is one order of everything: SC, x86-TSO and ARMv8. Each gives the edges that the order has to respect, without
// coherence and reads, and must be acyclic with them.
//
// Grace periods: synchronize_rcu is two events, its start and its end, both full fences. A reader that had begun before the start has ended before the end. So
// for every grace period and every reader, either the reader ends before the end or the start comes before the reader begins. There is an execution if for
// some choice the order exists.
type total struct {
	s      *skeleton
	base   rel // over n events and the ends of grace periods
	rf     rel // what of reads-from is in the order
	gps    []gracePeriod
	big    *arena // for n events and ends
	small  *arena
	mutant mutant
	kind   Model
	srcu   rel
}

type gracePeriod struct{ start, end int }

func newTotal(kind Model, c *combination, m mutant) *total {
	s := newSkeleton(c)
	t := &total{s: s, mutant: m, kind: kind}
	for i := range c.events {
		if e := &c.events[i]; e.class == syncSrcu || e.class == fence && e.fence == litmus.SyncRcu {
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
		r.row(g.start).each(func(j int) { out.add(g.end, j) })
	}
	return out
}

func (t *total) reads(rf []int) bool {
	t.small.reset()
	t.big.reset()
	a, s := t.small, t.s
	r := s.read(a, rf)
	t.srcu = r.srcu
	var order rel
	switch t.kind {
	case SC:
		order = a.union(s.po, r.rf)
	case TSO:
		order = a.union(s.tso(a, t.mutant), r.rfe)
	default:
		order = a.union(s.arm(a, r, t.mutant), r.rfe)
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
	var pairs [][3]int // start, end, reader
	var sections [][2]int
	add := func(r rel, srcu bool) {
		r.each(func(l, u int) {
			for k, gp := range t.gps {
				e := &t.s.events[gp.start]
				if srcu == (e.class == syncSrcu) && (!srcu || e.Cell == t.s.events[l].Cell) {
					pairs = append(pairs, [3]int{k, len(sections)})
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

func (t *total) choose(reach rel, pairs [][3]int, sections [][2]int) bool {
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
			row.add(j)
			for q, x := range r.row(j) {
				row[q] |= x
			}
		}
	}
	return out
}

// tso is the part of program order that x86 keeps: all but a store before a later load of another cell. Locked instructions, mfence and the two ends of grace
// periods drain the store buffer. A store buffer is first in, first out, and rcu_read_unlock goes through it, so that a grace period sees it after the stores before it.
//
// Sewell, Sarkar, Owens, Zappa Nardelli, Myreen: "x86-TSO" (CACM 2010), in the axiomatic form of Alglave, Maranget, Tautschnig (TOPLAS 2014).
func (s *skeleton) tso(a *arena, m mutant) rel {
	drains, stores, loads := a.set(), a.set(), a.set()
	for i := range s.events {
		e := &s.events[i]
		switch {
		case e.class == fence && e.fence == litmus.RcuUnlock || e.role == srcuUnlock:
			stores.add(i)
		case e.class == fence && e.fence == litmus.RcuLock || e.role == srcuLock:
			loads.add(i)
		case e.class == syncSrcu || e.class == fence && (e.fence == litmus.Mb || e.fence == litmus.SyncRcu || e.fence == litmus.AfterSrcuUnlock):
			if m != noFullFence || e.fence != litmus.Mb {
				drains.add(i)
			}
		case e.class == write:
			stores.add(i)
		case e.class == read:
			loads.add(i)
		}
		if e.locked && m != noLocked {
			drains.add(i)
		}
	}
	both := a.unite(stores, loads, drains)
	kept := a.among(both, s.po, both)
	if m == noStoreOrder {
		kept = a.minus(kept, a.among(stores, s.po, stores))
	}
	relaxed := a.among(stores, s.po, loads)
	drained := a.seq(a.to(s.po, drains), a.opt(a.from(drains, s.po)))
	fromDrain := a.from(drains, s.po)
	return a.union(a.minus(kept, relaxed), a.both(relaxed, a.union(drained, fromDrain)))
}

// arm is the part of program order that ARMv8 keeps, as Pulte, Flur, Deacon, French, Sarkar and Sewell, "Simplifying ARM Concurrency" (POPL 2018), have it, for the code
// that Linux uses: smp_rmb is dmb ishld, smp_wmb dmb ishst, full fences dmb ish, and read-modify-writes that are full have one on both sides. Acquire and release are
// taken as RCpc: a release is not ordered before a later acquire, except for spinlocks.
func (s *skeleton) arm(a *arena, r reading, m mutant) rel {
	full := a.unite(s.fences[litmus.Mb], s.fences[litmus.BeforeAtomic], s.fences[litmus.AfterAtomic], s.fences[litmus.AfterSpinlock],
		s.fences[litmus.AfterSrcuUnlock], s.sync, s.syncSrcu)
	if m == noFullFence {
		full = a.unite(s.sync, s.syncSrcu)
	}
	strongReads := a.common(s.reads, a.others(s.noReturn))
	dep := a.union(s.addr, s.data)
	rmwWrites := a.common(s.writes, a.unite(s.rmwPart, s.lockWrite))
	parts := []rel{
		// Dependencies.
		dep,
		a.to(s.behind(a), s.writes),
		a.to(a.seq(s.addr, s.po), s.writes),
		a.seq(dep, r.rfi),
		// Read-modify-writes.
		s.rmw,
		a.among(rmwWrites, r.rfi, s.acquire),
		// Fences. What is ordered by one goes through it, so that grace periods, which are fences, are ordered as well.
		a.to(s.po, full), a.from(full, s.po),
	}
	if m != noRmb {
		parts = append(parts, a.among(strongReads, s.through(a, s.fences[litmus.Rmb]), s.mem))
	}
	if m != noWmb {
		parts = append(parts, a.among(s.writes, s.through(a, s.fences[litmus.Wmb]), s.writes))
	}
	// Acquire, release, and the order between an unlock and a later lock.
	if m != noAcquire {
		parts = append(parts, a.from(s.acquire, s.po))
	}
	if m != noRelease {
		parts = append(parts, a.to(s.po, s.release))
	}
	parts = append(parts, a.among(s.unlock, s.po, s.lockRead))
	// Readers of RCU: what comes before the end, what comes after the beginning.
	parts = append(parts,
		a.to(s.po, a.unite(s.fences[litmus.RcuUnlock], s.srcuUnlock)),
		a.from(a.unite(s.fences[litmus.RcuLock], s.srcuLock), s.po))
	return a.union(parts...)
}

// behind is control order as hardware keeps it: a branch orders everything behind it, whether it is in the branch or not.
func (s *skeleton) behind(a *arena) rel { return a.union(s.ctrl, a.seq(s.ctrl, s.po)) }
