package axioms

import "pmdcheck/internal/litmus"

// part is one reason why a pair of events of a process is ordered.
type part struct {
	name string
	rel  rel
}

func join(a *arena, parts []part) rel {
	out := a.rel()
	for _, p := range parts {
		for k, x := range p.rel.b {
			out.b[k] |= x
		}
	}
	return out
}

// tso is the part of program order that x86 keeps: all but a store before a later load. Locked instructions, mfence and the two ends of grace periods drain the
// store buffer. A store buffer is first in, first out, and rcu_read_unlock goes through it, so that a grace period sees it after the stores before it.
//
// Sewell, Sarkar, Owens, Zappa Nardelli and Myreen, "x86-TSO" (CACM 2010), in the axiomatic form of Alglave, Maranget and Tautschnig, "Herding Cats" (TOPLAS 2014).
func (s *skeleton) tso(a *arena, m mutant) []part {
	drains, stores, loads := a.set(), a.set(), a.set()
	for i := range s.events {
		e := &s.events[i]
		switch {
		case e.class == fence && e.fence == litmus.RcuUnlock || e.class == write:
			stores.Add(i)
		case e.class == fence && e.fence == litmus.RcuLock || e.class == read:
			loads.Add(i)
		case e.waits() || e.class == fence && (e.fence == litmus.Mb && m != noFullFence || e.fence == litmus.AfterSrcuUnlock):
			drains.Add(i)
		}
		if e.locked && m != noLocked {
			drains.Add(i)
		}
	}
	all := a.unite(stores, loads, drains)
	relaxed := a.minus(a.among(stores, s.po, loads), a.union(a.to(s.po, drains), a.from(drains, s.po)))
	drained := a.both(relaxed, a.seq(a.to(s.po, drains), a.from(drains, s.po)))
	kept := a.minus(a.among(all, s.po, all), relaxed)
	if m == noStoreOrder {
		kept = a.minus(kept, a.among(stores, s.po, stores))
	}
	return []part{{"po", kept}, {"mfence", drained}}
}

// arm is the part of program order that ARMv8 keeps, as Pulte, Flur, Deacon, French, Sarkar and Sewell, "Simplifying ARM Concurrency" (POPL 2018), have it, for the
// code that Linux uses: smp_rmb is dmb ishld, smp_wmb dmb ishst, full fences dmb ish, and read-modify-writes that are full have one on both sides. Acquire and release
// are taken as RCpc: a release is not ordered before a later acquire, except for spinlocks.
func (s *skeleton) arm(a *arena, r reading, m mutant) []part {
	full := a.unite(s.sync, s.syncSrcu)
	if m != noFullFence {
		full = a.unite(full, s.fences[litmus.Mb], s.fences[litmus.BeforeAtomic], s.fences[litmus.AfterAtomic], s.fences[litmus.AfterSpinlock], s.fences[litmus.AfterSrcuUnlock])
	}
	dep := a.union(s.addr, s.data)
	rmwWrites := a.common(s.writes, a.unite(s.rmwPart, s.lockWrite))
	keep := func(without mutant, r rel) rel {
		if m == without {
			return a.rel()
		}
		return r
	}
	return []part{
		{"addr", keep(noDependencies, s.addr)},
		{"data", keep(noDependencies, s.data)},
		// A branch orders all stores behind it, whether they are in it or not, if it is one: of an if that only computes a compiler makes a conditional move.
		{"ctrl", keep(noControl, a.to(s.passed, s.writes))},
		{"addr;po", keep(noAddrPo, a.to(a.seq(s.addr, s.po), s.writes))},
		{"dep;rfi", keep(noDepRfi, a.seq(dep, r.rfi))},
		{"po-loc", keep(noLocalStores, a.to(s.poLoc, s.writes))}, // a store comes after what the process did with the cell before
		{"rmw", s.rmw},
		{"rmw;rfi", a.among(rmwWrites, r.rfi, s.acquire)},
		// What a full fence orders goes through it, so that grace periods, which are fences, are ordered as well.
		{"po", a.union(a.to(s.po, full), a.from(full, s.po))},
		{"dmb ishld", keep(noRmb, a.among(a.common(s.reads, a.others(s.noReturn)), s.through(a, s.fences[litmus.Rmb]), s.mem))},
		{"dmb ishst", keep(noWmb, a.among(s.writes, s.through(a, s.fences[litmus.Wmb]), s.writes))},
		{"acquire", keep(noAcquire, a.from(s.acquire, s.po))},
		{"release", keep(noRelease, a.to(s.po, s.release))},
		{"unlock;lock", keep(noLockOrder, a.among(s.unlock, s.po, s.lockRead))},
		// Readers of RCU: what comes before the end, what comes after the beginning.
		{"reader", a.union(
			a.to(s.po, a.unite(s.fences[litmus.RcuUnlock], s.srcuUnlock)),
			a.from(a.unite(s.fences[litmus.RcuLock], s.srcuLock), s.po))},
	}
}
