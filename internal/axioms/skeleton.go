package axioms

import "pmdcheck/internal/litmus"

// skeleton is what does not depend on which load reads from which store: program order, dependencies as the code has them, and sets of events.
type skeleton struct {
	*combination
	a *arena
	n int

	reads, writes, mem, init, marked, plain, acquire, release set
	fences                                                    map[litmus.FenceKind]set
	sync, syncSrcu, srcuLock, srcuUnlock                      set
	lockRead, lockWrite, unlock, noReturn, rmwPart            set

	po, poLoc, sameProc, loc rel
	addr, data, ctrl, rmw    rel
	passed                   rel // control as hardware has it: it does not end where branches join
	rcu                      rel // rcu_read_lock to the rcu_read_unlock that ends the section
}

func newSkeleton(c *combination) *skeleton {
	n := len(c.events)
	a := newArena(n)
	s := &skeleton{combination: c, a: a, n: n, fences: map[litmus.FenceKind]set{}}
	for _, p := range []*set{
		&s.reads, &s.writes, &s.mem, &s.init, &s.marked, &s.plain, &s.acquire, &s.release, &s.sync, &s.syncSrcu, &s.srcuLock, &s.srcuUnlock,
		&s.lockRead, &s.lockWrite, &s.unlock, &s.noReturn, &s.rmwPart,
	} {
		*p = a.set()
	}
	for k := litmus.Mb; k <= litmus.SyncRcu; k++ {
		s.fences[k] = a.set()
	}
	s.po, s.poLoc, s.sameProc, s.loc, s.addr, s.data, s.ctrl, s.rmw, s.rcu, s.passed = a.rel(), a.rel(), a.rel(), a.rel(), a.rel(), a.rel(), a.rel(), a.rel(), a.rel(), a.rel()
	for i := range c.events {
		s.classify(i)
	}
	for i := range c.events {
		e := &c.events[i]
		for j := range c.events {
			f := &c.events[j]
			if e.Cell >= 0 && e.Cell == f.Cell {
				s.loc.add(i, j)
			}
			if e.Proc < 0 || e.Proc != f.Proc {
				continue
			}
			s.sameProc.add(i, j)
			if i < j {
				s.po.add(i, j)
				if e.inMemory() && f.inMemory() && e.Cell == f.Cell {
					s.poLoc.add(i, j)
				}
			}
		}
		if e.Proc < 0 {
			continue
		}
		first := c.first[e.Proc]
		depend := func(b local, r rel) { set(b[:]).Each(func(k int) { r.add(first+k, i) }) }
		depend(e.addr, s.addr)
		depend(e.data, s.data)
		depend(e.ctrl, s.ctrl)
		depend(e.passed, s.passed)
		if w := c.partOf[i]; w >= 0 && e.class == read {
			s.rmw.add(i, w)
		}
	}
	for p, tr := range c.traces {
		for _, l := range tr.sections {
			s.rcu.add(c.first[p]+l[0], c.first[p]+l[1])
		}
	}
	return s
}

func (s *skeleton) classify(i int) {
	e := &s.events[i]
	switch e.class {
	case read, write:
		s.mem.Add(i)
		if e.class == read {
			s.reads.Add(i)
		} else {
			s.writes.Add(i)
		}
	case fence:
		s.fences[e.fence].Add(i)
		if e.fence == litmus.SyncRcu {
			s.sync.Add(i)
		}
	case syncSrcu:
		s.syncSrcu.Add(i)
	}
	if e.class <= write && e.order == litmus.Plain {
		s.plain.Add(i)
	} else {
		s.marked.Add(i)
	}
	switch {
	case e.class == read && e.order == litmus.Acquire:
		s.acquire.Add(i)
	case e.class == write && e.order == litmus.Release:
		s.release.Add(i)
	}
	if e.noReturn {
		s.noReturn.Add(i)
	}
	switch e.role {
	case initial:
		s.init.Add(i)
	case atomicPart:
		s.rmwPart.Add(i)
	case lockRead:
		s.lockRead.Add(i)
	case lockWrite:
		s.lockWrite.Add(i)
	case unlock:
		s.unlock.Add(i)
	case srcuLock:
		s.srcuLock.Add(i)
	case srcuUnlock:
		s.srcuUnlock.Add(i)
	}
}

// hasGracePeriods reports whether any process waits for readers.
func (s *skeleton) hasGracePeriods() bool { return !s.sync.Empty() || !s.syncSrcu.Empty() }

// through is program order with a member of f between.
func (s *skeleton) through(a *arena, f set) rel {
	if f.Empty() {
		return a.rel()
	}
	return a.seq(s.po, a.from(f, s.po))
}

// reading is what an assignment of reads adds.
type reading struct {
	rf, rfe, rfi rel
	srcu         rel // srcu_read_lock to the srcu_read_unlock that was given its number
}

func (s *skeleton) read(a *arena, rf []int) reading {
	r := reading{rf: a.rel()}
	for _, i := range s.combination.reads {
		r.rf.add(rf[i], i)
	}
	r.rfi = a.both(r.rf, s.sameProc)
	r.rfe = a.minus(r.rf, s.sameProc)
	r.srcu = a.rel()
	if !s.srcuLock.Empty() {
		step := a.seq(a.to(s.data, a.others(s.srcuUnlock)), r.rf)
		r.srcu = a.both(a.among(s.srcuLock, a.seq(a.star(step), s.data), s.srcuUnlock), s.loc)
	}
	return r
}

// others is the complement of a set.
func (a *arena) others(s set) set {
	out := a.set()
	for i := range a.n {
		if !s.Has(i) {
			out.Add(i)
		}
	}
	return out
}

func (a *arena) unite(ss ...set) set {
	out := a.set()
	for _, s := range ss {
		for k, x := range s {
			out[k] |= x
		}
	}
	return out
}

func (a *arena) common(s, t set) set {
	out := a.set()
	for k, x := range s {
		out[k] = x & t[k]
	}
	return out
}

// relations are coherence order and from-read of a candidate.
func (x *execution) relations(a *arena) (co, fr rel) {
	co, fr = a.rel(), a.rel()
	at := make([]int, len(x.events))
	for _, o := range x.co {
		for i, w := range o {
			at[w] = i
			for _, v := range o[i+1:] {
				co.add(w, v)
			}
		}
	}
	for _, r := range x.combination.reads {
		for _, v := range x.co[x.events[r].Cell][at[x.rf[r]]+1:] {
			fr.add(r, v)
		}
	}
	return co, fr
}
