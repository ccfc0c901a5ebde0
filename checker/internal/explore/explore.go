// Package explore walks the state space of a compiled program.
//
// A walk knows nothing about verdicts: it calls an [Observer] for what it meets and counts states and transitions. Depth-first search is the default and
// keeps the path to the current state on its stack; breadth-first search keeps a parent for each state, so that the first path to anything is a
// shortest one; with several workers neither keeps paths, and whoever wants one walks again with one worker. Random walks keep nothing but the path
// of the walk at hand.
package explore

import (
	"context"
	"sync/atomic"
	"time"

	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// Move is one transition of one process.
type Move struct {
	Proc  model.ProcID
	Trans int
}

// Store is the kind of visited set.
type Store uint8

// The kinds.
const (
	Exact    Store = iota
	Compact        // a hash of each state
	Bitstate       // a few bits for each state, in three quarters of Limits.Bytes
)

// Limits bound a walk; zero means none.
type Limits struct {
	States int64
	Bytes  int64
}

// Stop is why a walk ended.
type Stop uint8

// The reasons.
const (
	Complete   Stop = iota // everything reachable was visited
	StopStates             // one more state than Limits.States was found
	StopBytes              // Limits.Bytes, or the store's own
	StopTime               // the deadline of the context
	StopCancel             // the context was cancelled
	StopAsked              // an Observer said so
	StopWalks              // all random walks were made
	StopDisk               // what was to be kept on disk could not be; see Walk.DiskError
	Inexact                // everything met was visited, but what the visited set took for visited may not have been
)

// Found is what a walk met: a property violated by a step or in a state.
type Found struct {
	Prop model.PropID
	Path func() []Move // the way there; nil from a walk with several workers
}

// Owed says whether a liveness property owes something in a state.
type Owed struct {
	Prop model.PropID
	Test program.Test
}

// Walk is one walk. Fill it in, then call DFS, BFS or Parallel once.
type Walk struct {
	Program *program.Program
	Store   Store
	Limits  Limits
	Found   func(Found) (stop bool)             // called for each violation; must be safe for concurrent use in Parallel
	Leaks   func(vals [][]int32) []model.PropID // judges a decoded state where everything has come to rest
	Owed    []Owed                              // what must not be owed where nothing can move and no process has failed
	Covered []atomic.Bool                       // by cover
	Ran     [][]atomic.Bool                     // by process and transition
	Reduce  *por.Static                         // nil: every enabled transition is explored
	Chains  bool                                // with Reduce: states from which one transition is explored are passed through and not stored
	Groups  []program.Group                     // interchangeable processes: states that differ by a permutation of them are one
	Verify  func(pairs int, err error)          // if set, every stubborn set is checked by running transitions, and this is told; must be safe for concurrent use
	Blame   func(*por.Blame)                    // if set, each goroutine hands over its tally of what stops the reduction; must be safe for concurrent use
	Aim     []int                               // covers by state that a reduced walk is to look for; it ends when all are found. Invariants it never misses
	Stats   Counters
	Saving  *Saving // for Parallel; nil: the walk is not kept

	DiskError error   // set by the walk
	Omitted   float64 // set by the walk: a bound on the expected number of states wrongly taken for visited

	// Data races, where they are looked for: transitions of later processes that each transition may race with, by process and transition; the judge of a decoded
	// state, which must be safe for concurrent use; and the property. Suspects is nil otherwise.
	Suspects [][][]Move
	Race     func(vals [][]int32, locs []model.LocID) bool
	RaceProp model.PropID
	raced    atomic.Bool // one was found
}

// Counters are sampled while a walk runs.
type Counters struct {
	States, Transitions, Depth, Frontier, Bytes, Written atomic.Int64
}

// pollEvery is how many states are expanded between looks at the limits and the context.
const pollEvery = 1024

// verifyStates and verifySteps bound what is run to check one stubborn set.
const (
	verifyStates = 300
	verifySteps  = 12
)

func stopOf(ctx context.Context) (Stop, bool) {
	select {
	case <-ctx.Done():
		if ctx.Err() == context.DeadlineExceeded {
			return StopTime, true
		}
		return StopCancel, true
	default:
	}
	// The timer of a context may be late on a busy machine.
	if d, ok := ctx.Deadline(); ok && time.Now().After(d) {
		return StopTime, true
	}
	return Complete, false
}

// expander visits states for one goroutine.
type expander struct {
	w        *Walk
	x        *program.Exec
	dst      []uint64
	tmp      []uint64
	trans    int64
	path     func() []Move      // to the state being expanded; nil if the walk keeps none
	edge     []Move             // from there, while its successors are looked at
	sink     func(model.PropID) // where what is found goes instead of Walk.Found, if set
	stop     bool
	hasInv   bool
	hasCover bool
	sel      *por.Selector      // nil: no reduction
	canon    *program.Canonizer // nil: no symmetry
}

func (w *Walk) expander() *expander {
	p := w.Program
	e := &expander{w: w, x: p.NewExec(), dst: make([]uint64, p.Total), tmp: make([]uint64, p.Total), hasInv: p.HasInvariants(), hasCover: p.HasCoverStates()}
	if len(w.Groups) > 0 {
		e.canon = p.Canonizer(w.Groups)
	}
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
		f.Path = func() []Move { return e.w.unfold(e.path(), e.edge) }
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

// candidates appends the transitions to try in a state: those of every process, or those of a stubborn set.
func (e *expander) candidates(st []uint64, to []*program.Transition) []*program.Transition {
	if e.sel != nil {
		e.verify(st)
		return append(to, e.sel.Select(st)...)
	}
	for proc := range e.w.Program.Processes() {
		to = append(to, e.w.Program.Candidates(st, proc)...)
	}
	return to
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
	if e.sel != nil && e.sel.Blame != nil {
		e.w.Blame(e.sel.Blame)
	}
}

// transition is a candidate by its numbers.
func (e *expander) transition(st []uint64, proc, trans int) *program.Transition {
	for _, t := range e.w.Program.Candidates(st, proc) {
		if t.ID == trans {
			return t
		}
	}
	panic("not a candidate")
}

// step runs a transition. If it is enabled, the successor is in e.dst, or, where the walk follows chains, the next state that is to be stored.
func (e *expander) step(t *program.Transition, st []uint64) (enabled bool) {
	e.edge = e.edge[:0]
	if !e.run(t, st) {
		return false
	}
	if e.w.Chains && e.sel != nil {
		e.follow()
	}
	if e.canon != nil {
		e.canon.Canonize(e.dst, nil)
	}
	return true
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
		e.run(t, e.tmp[:n])
	}
}

// run executes a transition into e.dst and looks at what it did.
func (e *expander) run(t *program.Transition, st []uint64) (enabled bool) {
	s := e.x.Run(t, st, e.dst)
	if s == program.Disabled {
		return false
	}
	e.edge = append(e.edge, Move{t.Proc, t.ID})
	e.trans++
	if r := &e.w.Ran[t.Proc][t.ID]; !r.Load() {
		r.Store(true)
	}
	for _, c := range e.x.Covers() {
		e.cover(c)
	}
	if s == program.Failed {
		e.found(e.x.Failed())
	}
	return true
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
	run := func(t *program.Transition) {
		e.x.Run(t, st[:p.Words], next)
		st, next = next, st
		out = append(out, Move{who[t.Proc], t.ID})
	}
	canonize()
	for _, m := range path {
		for _, t := range p.Candidates(st[:p.Words], int(m.Proc)) {
			if t.ID == m.Trans {
				run(t)
				break
			}
		}
		if e.sel != nil && w.Chains {
			for t := e.sel.Single(st[:p.Words]); t != nil; t = e.sel.Single(st[:p.Words]) {
				run(t)
			}
		}
		canonize()
	}
	for _, m := range edge {
		out = append(out, Move{who[m.Proc], m.Trans})
	}
	return out
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
	if p.ChecksLeaks() {
		vals, _ := p.Decode(st)
		for _, q := range e.w.Leaks(vals) {
			e.found(q)
		}
	}
}

// initial visits the initial state.
func (e *expander) initial(in store.Inserter) []uint64 {
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
	in.Insert(st)
	for _, f := range failed {
		e.found(f)
	}
	e.enter(st)
	return st
}

// newSet makes the visited set.
func (w *Walk) newSet(workers int) store.Set {
	switch w.Store {
	case Compact:
		return store.NewCompact(w.Program.Words, workers, w.Limits.Bytes)
	case Bitstate:
		return store.NewBitstate(workers, w.Limits.Bytes/4*3)
	}
	if w.Program.Words == 2 && workers == 1 {
		return store.NewPairs(w.Limits.Bytes)
	}
	return store.NewExact(w.Program.Words, workers, w.Limits.Bytes)
}

// finish is how a walk ends that has nothing left to visit.
func (w *Walk) finish(set store.Set) Stop {
	if set.Exact() {
		return Complete
	}
	w.Omitted = set.Omitted()
	return Inexact
}

// note keeps the largest number of bytes in use.
func (w *Walk) note(bytes int64) int64 {
	for {
		old := w.Stats.Bytes.Load()
		if bytes <= old || w.Stats.Bytes.CompareAndSwap(old, bytes) {
			return bytes
		}
	}
}

// over reports a limit that was passed, other than that of states, which is looked at for every new state.
func (w *Walk) over(ctx context.Context, bytes int64) (Stop, bool) {
	if w.Limits.Bytes > 0 && bytes > w.Limits.Bytes {
		return StopBytes, true
	}
	return stopOf(ctx)
}
