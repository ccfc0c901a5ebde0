// Package explore walks the state space of a compiled program.
//
// A walk knows nothing about verdicts: it calls an [Observer] for what it meets and counts states and transitions. Depth-first search is the default and
// keeps the path to the current state on its stack; breadth-first search keeps a parent for each state, so that the first path to anything is a
// shortest one; with several workers neither keeps paths, and whatever wants one walks again with one worker. Random walks keep nothing but the path
// of the walk at hand.
package explore

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// Move is one way of one transition.
type Move = model.Move

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
	StopOther              // a kind of search that was not made; whatever left it out says why
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
	Rest    func(vals [][]int32)                // if set, told of every state where everything has come to rest
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

	tidied atomic.Bool
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

// newSets makes a visited set for each worker.
func (w *Walk) newSets(workers int) []store.Set {
	b := store.NewBudget(w.Limits.Bytes)
	sets := make([]store.Set, workers)
	for i := range sets {
		switch w.Store {
		case Compact:
			sets[i] = store.NewCompact(w.Program.Words, b)
		case Bitstate:
			sets[i] = store.NewBitstate(w.Limits.Bytes / 4 * 3 / int64(workers))
		default:
			sets[i] = store.NewExact(w.Program.Bits, b)
		}
	}
	return sets
}

// finish is how a walk ends that has nothing left to visit.
func (w *Walk) finish(sets ...store.Set) (s Stop) {
	for _, set := range sets {
		if !set.Exact() {
			w.Omitted += set.Omitted()
			s = Inexact
		}
	}
	return s
}

// tidyBytes is how large a walk gets before what was garbage when it began is collected: what it needs from then on lies where that was.
const tidyBytes = 2 << 20

// note keeps the largest number of bytes in use.
func (w *Walk) note(bytes int64) int64 {
	if bytes >= tidyBytes && !w.tidied.Swap(true) {
		runtime.GC()
	}
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
