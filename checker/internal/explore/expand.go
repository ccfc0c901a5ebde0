package explore

import (
	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// expander visits states for one goroutine.
type expander struct {
	w        *Walk
	x        *program.Exec
	dst      []uint64 // where the last transition led; within next during expand
	tmp      []uint64
	way      []uint64 // where a way of the last transition led
	cands    []*program.Transition
	trans    int64
	ran      []bool             // by number of the transition, since the last tally
	path     func() []Move      // to the state being expanded; nil if the walk keeps none
	last     []Move             // from there to the successor being looked at
	edge     []Move             // and on, while transitions are run
	sink     func(model.PropID) // where what is found goes instead of Walk.Found, if set
	stop     bool
	hasInv   bool
	looks    bool // whether anything is looked at in states
	hasCover bool
	next     succs
	plain    bool               // each state of next is where one transition led that did not fail
	sel      *por.Selector      // nil: no reduction
	canon    *program.Canonizer // nil: no symmetry
	_        [64]byte           // see store.Apart
}

// moveOf is the step that was run last.
func (e *expander) moveOf(t *program.Transition) Move {
	return Move{Proc: t.Proc, Trans: t.ID, Way: e.x.Way()}
}

// succs are the successors of the state being expanded.
type succs struct {
	*program.Successors
	added []bool // for whatever inserts them
}

// fresh is room to say of each successor whether it is new.
func (s *succs) fresh() []bool {
	if s.N > len(s.added) {
		s.added = store.Apart[bool](len(s.Trans))
	}
	return s.added[:s.N]
}

func (w *Walk) expander() *expander {
	p := w.Program
	e := &expander{w: w, x: p.NewExec(), tmp: store.Apart[uint64](p.Total), ran: store.Apart[bool](p.Transitions), hasInv: p.HasInvariants(), hasCover: p.HasCoverStates()}
	e.next = succs{Successors: p.Successors()}
	e.next.added = store.Apart[bool](len(e.next.Trans))
	e.dst = e.next.Room()
	if len(w.Groups) > 0 {
		e.canon = p.Canonizer(w.Groups)
	}
	e.looks = e.hasInv || e.hasCover || w.Suspects != nil
	if w.Reduce != nil {
		e.sel = w.Reduce.Selector(w.Aim)
		if w.Blame != nil {
			e.sel.Blame = por.NewBlame()
		}
	}
	return e
}

func (e *expander) found(p model.PropID) {
	if e.sink != nil {
		e.sink(p)
		return
	}
	f := Found{Prop: p}
	if e.path != nil {
		f.Path = func() []Move { return e.w.unfold(append(e.path(), e.last...), e.edge) }
	}
	if e.w.Found(f) {
		e.stop = true
	}
}

// enter looks at a state that was just added.
func (e *expander) enter(st []uint64) {
	if e.hasInv {
		e.x.Invariants(st, e.found)
	}
	if e.hasCover {
		e.x.CoverStates(st, e.cover)
	}
	if e.w.Suspects != nil && (e.sink != nil || !e.w.raced.Load()) && e.races(st) {
		e.w.raced.Store(true)
		e.found(e.w.RaceProp)
	}
}

// races reports whether two accesses of a state are a data race.
func (e *expander) races(st []uint64) bool {
	p := e.w.Program
	for proc := range p.Processes() {
		for _, t := range p.Candidates(st, proc) {
			for _, m := range e.w.Suspects[proc][t.ID] {
				for _, u := range p.Candidates(st, int(m.Proc)) {
					if u.ID == m.Trans {
						// The judge looks at the whole state, so it is asked once.
						return e.w.Race(p.Decode(st))
					}
				}
			}
		}
	}
	return false
}

func (e *expander) cover(c model.CoverID) {
	if b := &e.w.Covered[c]; !b.Load() {
		b.Store(true)
		e.stop = e.stop || e.w.aimed()
	}
}

// aimed reports whether everything the walk was made for has been covered.
func (w *Walk) aimed() bool {
	for _, c := range w.Aim {
		if !w.Covered[c].Load() {
			return false
		}
	}
	return len(w.Aim) > 0
}

// expand runs what is to be run in a state: every candidate, or a stubborn set. What that leads to is in e.next. It reports whether anything was enabled, or
// the walk ends before that is known.
func (e *expander) expand(st []uint64) (moved bool) {
	next := &e.next
	next.N = 0
	e.plain = e.sel == nil && e.canon == nil
	switch {
	case e.sel != nil:
		e.verify(st)
		e.cands = append(e.cands[:0], e.sel.Select(st)...)
		for _, t := range e.cands {
			e.step(t, st)
		}
	case e.canon != nil:
		p := e.w.Program
		for proc := range p.Processes() {
			for _, t := range p.Candidates(st, proc) {
				e.step(t, st)
			}
		}
	default:
		e.x.Expand(st, next.Successors, func(t *program.Transition, s program.Status) bool {
			e.edge = append(e.edge[:0], e.moveOf(t))
			e.happened(s)
			return !e.stop
		})
		e.trans += int64(next.N)
		for _, t := range next.Trans[:next.N] {
			e.ran[t.No] = true
		}
	}
	e.dst, e.edge = next.Buf[:e.w.Program.Total], e.edge[:0]
	return next.N > 0 || e.stop
}

// verify checks the stubborn set of a state, if asked to.
func (e *expander) verify(st []uint64) {
	if e.w.Verify != nil {
		pairs, err := e.sel.Verify(st, verifyStates, verifySteps)
		e.w.Verify(pairs, err)
		e.stop = e.stop || err != nil
	}
}

// done ends the work of an expander.
func (e *expander) done() {
	e.tally()
	if e.sel != nil && e.sel.Blame != nil {
		e.w.Blame(e.sel.Blame)
	}
}

// tally tells the walk which transitions were run. It is called by whatever expands, or while that stands still.
func (e *expander) tally() {
	for proc, all := range e.w.Ran {
		for i := range all {
			if no := e.w.Program.Number(proc, i); no >= 0 && e.ran[no] {
				all[i].Store(true)
			}
		}
	}
}

// step runs a transition, each way of it, and, if it is enabled, adds to e.next where it leads: to the successor, or, where the walk follows chains, to the next state that is to
// be stored.
func (e *expander) step(t *program.Transition, st []uint64) {
	if e.stop {
		return
	}
	if e.dst = e.next.Room(); !t.Chooses() {
		e.reach(t, e.x.Run(t, st, e.dst))
		return
	}
	if e.way == nil {
		e.way = store.Apart[uint64](e.w.Program.Total)
	}
	e.x.Each(t, st, e.way, func(s program.Status) {
		e.dst = e.next.Room()
		copy(e.dst, e.way)
		e.reach(t, s)
	})
}

// reach adds to e.next where the step that was just run into e.dst leads.
func (e *expander) reach(t *program.Transition, s program.Status) {
	if s == program.Disabled || e.stop {
		return
	}
	way := e.x.Way()
	e.edge = e.edge[:0]
	e.did(t, s)
	if e.w.Chains && e.sel != nil {
		e.follow()
	}
	if e.canon != nil {
		e.canon.Canonize(e.dst, nil)
	}
	e.next.Add(t, way)
}

// follow runs on as long as there is one transition to explore and no cycle can close: such states lead to one state only, so storing them would
// save nothing but walking the rest of the chain again.
func (e *expander) follow() {
	n := e.w.Program.Words
	for !e.stop {
		t := e.sel.Single(e.dst[:n])
		if t == nil {
			return
		}
		e.verify(e.dst[:n])
		e.enter(e.dst[:n])
		copy(e.tmp, e.dst)
		e.runWay(t, 0, e.tmp[:n])
	}
}

// runWay executes one way of a transition, which is enabled, into e.dst and looks at what it did.
func (e *expander) runWay(t *program.Transition, way int, st []uint64) {
	e.did(t, e.x.RunWay(t, way, st, e.dst))
}

// did looks at what the transition that was just run did.
func (e *expander) did(t *program.Transition, s program.Status) {
	e.edge = append(e.edge, e.moveOf(t))
	e.trans++
	e.ran[t.No] = true
	e.happened(s)
}

// happened looks at what the last transition did.
func (e *expander) happened(s program.Status) {
	for _, c := range e.x.Covers() {
		e.cover(c)
	}
	if s == program.Failed {
		e.plain = false
		e.found(e.x.Failed())
	}
}

// stuck looks at a state without successors.
func (e *expander) stuck(st []uint64) {
	p := e.w.Program
	if p.Parked(st) {
		return
	}
	for _, o := range e.w.Owed {
		if owed, _ := o.Test(e.x, st); owed {
			e.found(o.Prop)
		}
	}
	if !p.AllAtEnd(st) {
		if p.Sys.Props[model.PropNoDeadlock].Checked {
			e.found(model.PropNoDeadlock)
		}
		return
	}
	if e.w.Rest != nil {
		vals, _ := p.Decode(st)
		e.w.Rest(vals)
	}
	if p.ChecksLeaks() {
		vals, _ := p.Decode(st)
		for _, q := range e.w.Leaks(vals) {
			e.found(q)
		}
	}
}

// arrive looks at a successor that was just added.
func (e *expander) arrive(i int) {
	if e.looks {
		if e.path != nil {
			e.last = append(e.last[:0], e.next.Move(i))
		}
		e.enter(e.next.State(i))
		e.last = e.last[:0]
	}
}

// initial visits the initial state.
func (e *expander) initial() []uint64 {
	p := e.w.Program
	st := make([]uint64, p.Total)
	failed, covers := e.x.Initial(st)
	for _, c := range covers {
		e.cover(c)
	}
	if e.canon != nil {
		e.canon.Canonize(st, nil)
	}
	st = st[:p.Words]
	for _, f := range failed {
		e.found(f)
	}
	e.enter(st)
	return st
}

// unfold turns a path of moves between stored states, and the moves after the last of them, into the run of the system they stand for: with the steps inside
// chains, and with the processes that the canonical forms stand for.
func (w *Walk) unfold(path, edge []Move) []Move {
	if (!w.Chains || w.Reduce == nil) && len(w.Groups) == 0 {
		return append(path, edge...)
	}
	p := w.Program
	e := w.expander()
	st, next := make([]uint64, p.Total), make([]uint64, p.Total)
	e.x.Initial(st)
	who := make([]model.ProcID, p.Processes()) // by process of the canonical state: the process of the run
	perm := make([]model.ProcID, len(who))
	for i := range who {
		who[i] = model.ProcID(i)
	}
	canonize := func() {
		if e.canon == nil {
			return
		}
		e.canon.Canonize(st, perm)
		for i := range perm {
			perm[i] = who[perm[i]]
		}
		who, perm = perm, who
	}
	var out []Move
	run := func(t *program.Transition, way int) {
		e.x.RunWay(t, way, st[:p.Words], next)
		st, next = next, st
		out = append(out, Move{Proc: who[t.Proc], Trans: t.ID, Way: way})
	}
	canonize()
	for _, m := range path {
		for _, t := range p.Candidates(st[:p.Words], int(m.Proc)) {
			if t.ID == m.Trans {
				run(t, m.Way)
				break
			}
		}
		if e.sel != nil && w.Chains {
			for t := e.sel.Single(st[:p.Words]); t != nil; t = e.sel.Single(st[:p.Words]) {
				run(t, 0)
			}
		}
		canonize()
	}
	for _, m := range edge {
		out = append(out, Move{Proc: who[m.Proc], Trans: m.Trans, Way: m.Way})
	}
	return out
}
