package axioms

import "pmdcheck/internal/litmus"

// kernel is the Linux kernel's memory model of v6.13: tools/memory-model/linux-kernel.cat, linux-kernel.bell and lock.cat are the specification, by whose names the
// relations here are called; tools/memory-model/Documentation/explanation.txt says why they are so.
//
// Locks: a spin_lock is a read-modify-write that reads 0 and writes 1, an unlock writes 0. With atomicity this gives the same orders as lock.cat.
// A full read-modify-write has a fence before it and one behind it if it stores something, as herd7 does it for v6.13.
// SRCU: srcu_read_lock is a read and srcu_read_unlock a write, but no value goes through them. Nobody reads or overwrites them in other processes: the order of execution is a
// coherence order of theirs that adds nothing. Within a process an unlock comes after what the process did with the same srcu_struct before.
type kernel struct {
	s      *skeleton
	mutant mutant
	mid    *arena // for one assignment of reads
	low    *arena // for one candidate

	readsR4, marked        set
	wmb, rmb, acqPo, poRel rel
	gp, mbStatic           rel
	inside                 rel // order of SRCU operations on one srcu_struct within a process
	hasPlain, hasSections  bool

	reading
	perRead
}

// perRead is what depends on the reads alone.
type perRead struct {
	addr, data, ctrl, dep rel
	strong, fence, nonrw  rel
	unlockLock            rel // po-unlock-lock-po
	cumul, cumulStar      rel
	tail                  rel // of prop: everything behind the overwrite
	ppo                   []part
	hb                    rel // without what coherence adds
	rmwSeq                rel
}

func newKernel(c *combination, m mutant) *kernel {
	s := newSkeleton(c)
	k := &kernel{s: s, mutant: m, mid: newArena(s.n), low: newArena(s.n)}
	a := s.a
	k.marked = s.marked
	k.hasPlain = !s.plain.Empty()
	k.hasSections = s.hasGracePeriods()
	k.readsR4 = a.common(s.reads, a.others(s.noReturn))
	if m == noReturnReads {
		k.readsR4 = s.reads
	}
	keep := func(r rel, without mutant) rel {
		if m == without {
			return a.rel()
		}
		return r
	}
	k.wmb = keep(a.among(s.writes, s.through(a, s.fences[litmus.Wmb]), s.writes), noWmb)
	k.rmb = keep(a.among(k.readsR4, s.through(a, s.fences[litmus.Rmb]), k.readsR4), noRmb)
	k.acqPo = keep(a.to(a.from(s.acquire, s.po), s.mem), noAcquire)
	k.poRel = keep(a.from(s.mem, a.to(s.po, s.release)), noRelease)
	k.gp = keep(a.seq(a.to(s.po, a.unite(s.sync, s.syncSrcu)), a.opt(s.po)), noStrongFenceOfGp)
	poOpt := a.opt(s.po)
	fencing := func(f litmus.FenceKind) rel { return s.through(a, s.fences[f]) }
	k.mbStatic = a.union(
		keep(a.among(s.mem, fencing(litmus.Mb), s.mem), noFullFence),
		keep(a.among(s.mem, a.seq(a.to(fencing(litmus.BeforeAtomic), s.rmwPart), poOpt), s.mem), noBeforeAtomic),
		keep(a.among(s.mem, a.seq(a.to(poOpt, s.rmwPart), fencing(litmus.AfterAtomic)), s.mem), noAfterAtomic),
		keep(a.among(s.mem, a.seq(a.to(poOpt, s.lockWrite), fencing(litmus.AfterSpinlock)), s.mem), noAfterSpinlock),
		keep(a.among(s.mem, a.seq(a.to(poOpt, s.srcuUnlock), fencing(litmus.AfterSrcuUnlock)), s.mem), noAfterSrcuUnlock))
	srcu := a.unite(s.srcuLock, s.srcuUnlock)
	k.inside = a.both(a.among(srcu, s.po, s.srcuUnlock), s.loc)
	return k
}

// reads prepares an assignment of reads, and refuses it if no coherence order can make it right.
func (k *kernel) reads(rf []int) bool {
	k.mid.reset()
	a, s := k.mid, k.s
	k.reading = s.read(a, rf)
	p := &k.perRead
	*p = perRead{}
	k.dependencies(a)

	p.unlockLock = a.rel()
	if !s.lockRead.Empty() && k.mutant != noUnlockLockPo {
		p.unlockLock = a.seq(a.to(s.po, s.unlock), a.to(a.union(s.po, k.rf), s.lockRead), s.po)
	}
	mb := k.mbStatic
	if f := s.fences[litmus.AfterUnlockLock]; !f.Empty() && k.mutant != noAfterUnlockLock {
		mb = a.union(mb, a.among(s.mem, a.seq(a.to(p.unlockLock, f), s.po), s.mem))
	}
	p.strong = a.union(mb, k.gp)
	p.nonrw = a.union(p.strong, k.poRel, k.acqPo)
	p.fence = a.union(p.nonrw, k.wmb, k.rmb)

	k.preserved(a, mb)

	p.rmwSeq = a.rel()
	if k.mutant != noRmwSequence {
		p.rmwSeq = a.seq(k.rf, s.rmw)
	}
	p.rmwSeq = a.star(p.rmwSeq)
	rfeMarked := a.to(k.rfe, k.marked)
	cumulative := a.union(p.strong, k.poRel)
	aCumul := a.union(cumulative, a.seq(rfeMarked, cumulative))
	if k.mutant == noCumulativity {
		aCumul = cumulative
	}
	wmb := k.wmb
	if k.mutant == noWmbPropagation {
		wmb = a.rel()
	}
	p.cumul = a.seq(a.among(k.marked, a.union(aCumul, wmb, p.unlockLock), k.marked), p.rmwSeq)
	p.cumulStar = a.star(p.cumul)
	p.tail = a.to(a.seq(a.to(p.cumulStar, k.marked), a.opt(k.rfe)), k.marked)
	rfe := k.rfe
	if k.mutant == noRfe {
		rfe = a.rel()
	}
	p.hb = a.among(k.marked, a.union(join(a, p.ppo), rfe), k.marked)
	return k.mutant == noHappensBefore || p.hb.acyclic()
}

// preserved collects the preserved program order, without what coherence adds.
func (k *kernel) preserved(a *arena, mb rel) {
	s, p := k.s, &k.perRead
	depRfi, addrWmb := a.rel(), a.rel()
	if k.mutant != noDepRfi {
		depRfi = a.seq(a.to(p.dep, k.marked), k.rfi)
	}
	if k.mutant != noAddrWmb {
		addrWmb = a.seq(a.to(p.addr, s.plain), k.wmb)
	}
	p.ppo = []part{
		{"addr", a.to(p.addr, a.unite(s.reads, s.writes))},
		{"data", a.to(p.data, s.writes)},
		{"ctrl", a.to(p.ctrl, s.writes)},
		{"dep;rfi", depRfi},
		{"addr;wmb", addrWmb},
		{"srcu", k.inside},
		{"mb", a.both(mb, s.sameProc)},
		{"gp", k.gp},
		{"po-rel", k.poRel},
		{"acq-po", k.acqPo},
		{"wmb", k.wmb},
		{"rmb", k.rmb},
		{"po-unlock-lock-po", a.both(p.unlockLock, s.sameProc)},
	}
}

// dependencies lets them pass through plain accesses: what a plain store keeps and a load of the same process takes out again.
func (k *kernel) dependencies(a *arena) {
	s, p := k.s, &k.perRead
	p.addr, p.data, p.ctrl = s.addr, s.data, s.ctrl
	step := a.seq(a.to(s.data, a.others(s.srcuUnlock)), k.rfi)
	if !step.empty() && k.mutant != noCarriedDep {
		carry := a.star(step)
		p.addr, p.data, p.ctrl = a.seq(carry, s.addr), a.seq(carry, s.data), a.seq(carry, s.ctrl)
	}
	if k.mutant == noDependencies {
		p.addr, p.data = a.rel(), a.rel()
	}
	if k.mutant == noControl {
		p.ctrl = a.rel()
	}
	p.dep = a.union(p.addr, p.data)
}

// verdict is what the axioms say of one candidate, with the relations that they are about.
type verdict struct {
	co, fr             rel
	prop, hb, pb, rb   rel
	rcuOrder, rcuFence rel
	failed             string // the axiom, or ""
	cycle              rel    // what is cyclic
	incoherent         rel    // for plain-coherence: the pairs
}

// judge evaluates the axioms behind coherence and atomicity, one after the other.
func (k *kernel) judge(x *execution) *verdict {
	k.low.reset()
	a, s, p := k.low, k.s, &k.perRead
	v := &verdict{}
	v.co, v.fr = x.relations(a)
	fr := v.fr
	if k.mutant == noFr {
		fr = a.rel()
	}
	overwrite := a.union(v.co, fr)
	v.prop = a.union(p.tail, a.seq(a.minus(overwrite, s.sameProc), p.tail))
	v.prop = a.from(k.marked, v.prop)
	propInt := a.both(v.prop, s.sameProc)
	for i := range s.n {
		propInt.row(i)[i>>6] &^= 1 << (i & 63)
	}
	if k.mutant == noPropInHb {
		propInt = a.rel()
	}
	inside := a.both(overwrite, s.sameProc)
	if k.mutant == noOverwriteInside {
		inside = a.rel()
	}
	v.hb = a.union(p.hb, a.among(k.marked, a.union(inside, propInt), k.marked))
	if k.mutant != noHappensBefore && !v.hb.acyclic() {
		v.failed, v.cycle = "happens-before", v.hb
		return v
	}
	var hbStar rel
	v.pb, v.rb = a.rel(), a.rel()
	if p.strong.empty() && !k.hasSections && !k.hasPlain {
		return v
	}
	hbStar = a.star(v.hb)
	v.pb = a.to(a.seq(v.prop, p.strong, hbStar), k.marked)
	if k.mutant != noPropagation && !v.pb.acyclic() {
		v.failed, v.cycle = "propagation", v.pb
		return v
	}
	pbStar := a.star(v.pb)
	v.rcuFence = a.rel()
	if k.hasSections && k.mutant != noGracePeriods {
		v.rcuOrder = k.rcuOrder(a, v, hbStar, pbStar)
		v.rcuFence = a.seq(s.po, v.rcuOrder, a.opt(s.po))
		v.rb = a.to(a.seq(v.prop, v.rcuFence, hbStar, pbStar), k.marked)
		if k.mutant != noRcu && !v.rb.irreflexive() {
			v.failed, v.cycle = "rcu", v.rb
			return v
		}
	}
	if k.hasPlain && k.mutant != noPlainCoherence {
		if bad := k.plain(a, v).incoherent; !bad.empty() {
			v.failed, v.incoherent = "plain-coherence", bad
		}
	}
	return v
}

func (k *kernel) allows(x *execution) bool { return k.judge(x).failed == "" }

// rcuOrder is the least relation in which any sequence with at least as many grace periods as readers, joined by rcu-link, orders.
func (k *kernel) rcuOrder(a *arena, v *verdict, hbStar, pbStar rel) rel {
	s := k.s
	readers := a.unite(s.fences[litmus.RcuLock], s.fences[litmus.RcuUnlock], s.srcuLock, s.srcuUnlock)
	rcu := a.unite(readers, s.sync, s.syncSrcu)
	link := a.to(a.seq(a.from(rcu, a.opt(s.po)), hbStar, pbStar, v.prop, s.po), rcu)
	gp, srcuGp := a.id(s.sync), a.id(s.syncSrcu)
	section, srcuSection := a.inverse(s.rcu), a.inverse(k.srcu)
	if k.mutant == noReaders {
		section, srcuSection = a.rel(), a.rel()
	}
	order := a.union(gp, srcuGp)
	for {
		middle := a.union(link, a.seq(link, order, link))
		local := a.union(a.seq(srcuGp, middle, srcuSection), a.seq(srcuSection, middle, srcuGp))
		if k.mutant != noSrcuLoc {
			local = a.both(local, s.loc)
		}
		next := a.union(order, a.seq(gp, middle, section), a.seq(section, middle, gp), local, a.seq(order, link, order))
		if a.minus(next, order).empty() {
			return order
		}
		order = next
	}
}

// plainRules is what the model says of plain accesses.
type plainRules struct{ incoherent, races rel }

// plain finds out which conflicting accesses are ordered: visible, or executed before.
func (k *kernel) plain(a *arena, v *verdict) plainRules {
	s, p := k.s, &k.perRead
	fence := a.union(p.fence, v.rcuFence)
	strong := a.union(p.strong, v.rcuFence)
	xbStar := a.star(a.union(v.hb, v.pb, v.rb))
	vis := a.seq(a.to(a.seq(p.cumulStar, a.opt(k.rfe)), k.marked), a.union(a.seq(a.to(strong, k.marked), xbStar), a.both(xbStar, s.sameProc)))
	notVoid := a.others(s.noReturn)
	rmbs := s.through(a, s.fences[litmus.Rmb])
	wPre := a.from(k.marked, a.opt(a.union(p.addr, fence)))
	rPre := a.from(k.marked, a.opt(a.union(p.addr, p.nonrw, a.among(k.readsR4, rmbs, notVoid))))
	wPost := a.seq(a.to(a.opt(fence), k.marked), p.rmwSeq)
	rPost := a.to(a.opt(a.union(p.nonrw, a.among(notVoid, rmbs, k.readsR4))), k.marked)
	ww := a.union(fence, a.seq(strong, xbStar, wPre), a.seq(wPost, vis, wPre))
	wr := a.union(fence, a.seq(strong, xbStar, rPre), a.seq(wPost, vis, rPre))
	rw := a.union(fence, a.seq(rPost, xbStar, wPre))

	conflict := a.rel() // pre-race
	for i := range s.n {
		for j := range s.n {
			if !s.sameProc.has(i, j) && s.mem.Has(i) && s.mem.Has(j) && (s.plain.Has(i) || !s.init.Has(i) && s.plain.Has(j)) {
				conflict.add(i, j)
			}
		}
	}
	out := plainRules{}
	out.incoherent = a.both(conflict, a.union(
		a.both(k.rf, a.inverse(rw)), a.both(v.fr, a.inverse(wr)), a.both(v.co, a.inverse(ww))))

	// (Marked * W) | rw-xbstar and (W * Marked) | wr-vis.
	first, second := a.union(rw), a.union(wr)
	for i := range s.n {
		for j := range s.n {
			if s.marked.Has(i) && s.writes.Has(j) {
				first.add(i, j)
			}
			if s.writes.Has(i) && s.marked.Has(j) {
				second.add(i, j)
			}
		}
	}
	wwOrdered := a.both(ww, a.both(first, second))
	wwRace := a.minus(a.both(conflict, v.co), wwOrdered)
	wrRace := a.minus(a.minus(a.both(conflict, a.seq(a.opt(v.co), k.rf)), wr), a.inverse(rw))
	rwRace := a.minus(a.both(conflict, v.fr), rw)
	out.races = a.union(wwRace, wrRace, rwRace)
	return out
}
