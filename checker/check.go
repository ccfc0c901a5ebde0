// Package checker answers whether a system has a property: [Check] explores every state and reports a verdict with its evidence.
package checker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/live"
	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/symmetry"
	"pmdcheck/model"
	"pmdcheck/properties"
	"pmdcheck/traces/replay"
)

// Check explores the state space of a system and judges every checked property.
//
// A violation does not end the search unless Options.First is set: the failed process is parked, as an oops kills a task, and everything else goes on, so
// that the set of violated properties is one of the model and not of the order of search. Each violation carries a witness that package
// model/eval has executed; a witness it does not confirm is an error, because then checker and oracle disagree.
//
// With several workers the search is done in parallel, and the witnesses are found by a second search with one worker; verdict, violated properties,
// counts of a complete search, and witnesses are therefore the same for any number of workers.
//
// The error is for what could not be checked. Limits that were reached make the verdict [Unknown], unless a violation was found before.
func Check(ctx context.Context, sys *model.System, opts Options) (*Result, error) {
	if err := opts.normalize(); err != nil {
		return nil, err
	}
	if q := checksRaces(sys); q != nil && sys.Memory != nil {
		return racesApart(ctx, sys, q, opts)
	}
	if checksRaces(sys) != nil {
		opts.Reduction, opts.Symmetry = ReductionNone, SymmetryOff
	}
	c := newCheck(sys, opts)
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
	}
	if stop, err := c.prepare(ctx); err != nil {
		return nil, err
	} else if stop != explore.Complete {
		return c.unprepared(stop), nil
	}
	if opts.Store == StoreCompact && c.prog.Words == 1 {
		c.opts.Store = StoreExact // a state is not longer than its hash
	}
	w := c.walk(func(f explore.Found) bool {
		if !c.found[f.Prop].Swap(true) && f.Path != nil {
			c.paths[f.Prop] = f.Path()
		}
		return opts.First
	})
	stopProgress := c.progress(&w.Stats)
	if opts.Swarm > 0 {
		defer stopProgress()
		return c.swarm(ctx, w)
	}
	if opts.Checkpoint != "" {
		done, err := c.saving(w)
		if err != nil {
			stopProgress()
			return nil, err
		}
		defer done()
	}
	var err error
	c.ended.walk, err = c.walked(ctx, w)
	stopProgress()
	if err != nil {
		return nil, err
	}
	if c.unsound != nil {
		return nil, fmt.Errorf("internal: the reduction is wrong: %w", c.unsound)
	}
	if c.ended.walk == explore.Complete {
		c.ended.covers = c.lookForCovers(ctx, w)
	}
	if c.parallel() {
		if c.ended.walk, err = c.locate(ctx, c.ended.walk); err != nil {
			return nil, err
		}
	}
	if c.ended.first() == explore.Complete {
		c.ended.live = c.liveness(ctx)
	} else if c.owed == nil && c.ended.walk == explore.Complete {
		c.ended.live = c.ended.covers // it was not begun
	}
	r, err := c.result(ctx, w)
	if err == nil && opts.Shrink {
		err = r.ShrinkContext(ctx, sys, opts.NoAssert)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

type check struct {
	sys    *model.System
	prog   *program.Program
	reduce *por.Static // nil: no reduction
	groups []program.Group
	owed   []explore.Owed // liveness that the reduced walk itself decides
	symm   []Symmetry
	opts   Options
	start  time.Time
	found  []atomic.Bool    // by property
	paths  [][]explore.Move // by property; set by walks with one worker
	cycles []int            // by property: the number of the move with which the part of its path begins that repeats for ever, or 0
	live   live.Stats
	ended  ends
	saw    *Swarm // with Options.Swarm
	left   Reason // of explore.StopOther

	mu       sync.Mutex // the rest
	verified int64
	unsound  error
	blame    *por.Blame
}

func newCheck(sys *model.System, opts Options) *check {
	return &check{sys: sys, opts: opts, start: time.Now(), found: make([]atomic.Bool, len(sys.Props)), paths: make([][]explore.Move, len(sys.Props)), cycles: make([]int, len(sys.Props))}
}

// parallel reports whether the walk keeps no paths. One that is kept in a checkpoint does not either.
func (c *check) parallel() bool {
	return c.opts.Spill == "" && (c.opts.Workers > 1 || c.opts.Checkpoint != "")
}

func (c *check) run(ctx context.Context, w *explore.Walk) explore.Stop {
	switch {
	case c.opts.Spill != "":
		return w.Spill(ctx, c.opts.Spill, c.opts.spillDisk)
	case c.parallel():
		return w.Parallel(ctx, c.opts.Workers)
	case c.opts.Search == BFS:
		return w.BFS(ctx)
	}
	return w.DFS(ctx)
}

func (c *check) findSymmetry() {
	noObjects := ""
	if c.opts.Reduction == ReductionStubborn && len(c.liveProps()) > 0 {
		// A reduced search that decides liveness as well saves more than objects do.
		noObjects = "it may be owed to one of them that a liveness property holds"
	}
	found := symmetry.Find(c.sys, noObjects)
	c.groups = found.Groups
	for i, g := range found.Groups {
		c.symm = append(c.symm, Symmetry{Name: found.Names[i], Objects: len(g.Members[0].Procs) == 0, Members: len(g.Members), Barred: g.Barred != nil})
	}
	for _, r := range found.Refused {
		c.symm = append(c.symm, Symmetry{Name: r.Name, Objects: r.Objects, Refused: r.Reason})
	}
}

// compile makes the program that is searched, and its reduction if there is to be one.
func (c *check) compile() (err error) {
	reduced := c.opts.Reduction == ReductionStubborn
	var loops *por.Loops
	if reduced {
		loops = por.FindLoops(c.sys)
		if loops.Acyclic() {
			// What it remembers makes no cycle where there was none.
			if c.prog, c.owed, err = c.watch(); err != nil {
				return err
			}
		}
	}
	watched := c.prog != nil
	if !watched {
		if c.prog, err = program.Compile(c.sys, program.Options{NoAssert: c.opts.NoAssert}); err != nil {
			return err
		}
	}
	if !reduced {
		return nil
	}
	c.reduce = por.New(c.prog, loops)
	if watched {
		return nil // without symmetry
	}
	c.reduce.Interchange(c.groups)
	return nil
}

// ran reports whether a transition, or one that an interchangeable process has in its place, was executed.
func (c *check) ran(w *explore.Walk, t *model.Transition) bool {
	seen := map[model.ProcID]bool{t.Proc: true}
	for work := []model.ProcID{t.Proc}; len(work) > 0; work = work[1:] {
		if w.Ran[work[0]][t.ID].Load() {
			return true
		}
		for _, g := range c.groups {
			for k := range g.Members[0].Procs {
				if !slices.ContainsFunc(g.Members, func(m program.Member) bool { return m.Procs[k] == work[0] }) {
					continue
				}
				for _, m := range g.Members {
					if p := m.Procs[k]; !seen[p] {
						seen[p] = true
						work = append(work, p)
					}
				}
			}
		}
	}
	return false
}

// lookForCovers decides the required covers by state that a complete reduced walk has not met. To keep every such state from the start would cost much of
// the reduction, and nearly always one is met anyway; only what is missing is worth a walk of its own, whose stubborn sets are aimed at it.
func (c *check) lookForCovers(ctx context.Context, w *explore.Walk) explore.Stop {
	if c.reduce == nil {
		return explore.Complete
	}
	var missing []int
	for i, cv := range c.sys.Covers {
		if cv.X != nil && cv.Required && !w.Covered[i].Load() {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return explore.Complete
	}
	aimed := c.walk(func(explore.Found) bool { return false })
	aimed.Aim = missing
	stop := c.run(ctx, aimed)
	for _, i := range missing {
		w.Covered[i].Store(aimed.Covered[i].Load())
	}
	if stop == explore.StopAsked {
		return explore.Complete
	}
	return stop
}

func (c *check) walk(found func(explore.Found) bool) *explore.Walk {
	w := &explore.Walk{Program: c.prog, Store: explore.Store(c.opts.Store), Reduce: c.reduce, Groups: c.groups, Chains: !c.opts.NoChains, Limits: explore.Limits{States: c.opts.MaxStates, Bytes: c.opts.Memory}, Found: found}
	if c.opts.Verify && c.reduce != nil {
		w.Verify = func(pairs int, err error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.verified += int64(pairs)
			c.unsound = cmp.Or(c.unsound, err)
		}
	}
	if c.opts.Explain && c.reduce != nil {
		w.Blame = func(b *por.Blame) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.blame == nil {
				c.blame = por.NewBlame()
			}
			c.blame.Merge(b)
		}
	}
	w.Owed, w.Rest = c.owed, c.opts.Rest
	if q := checksRaces(c.sys); q != nil {
		c.lookForRaces(w, q)
	}
	w.Covered = make([]atomic.Bool, len(c.sys.Covers))
	for _, p := range c.sys.Processes {
		w.Ran = append(w.Ran, make([]atomic.Bool, len(p.Trans)))
	}
	w.Leaks = func(vals [][]int32) []model.PropID {
		var out []model.PropID
		for _, l := range properties.Leaks(c.sys, vals) {
			if !slices.Contains(out, l.Prop) {
				out = append(out, l.Prop)
			}
		}
		return out
	}
	return w
}

// locate finds, with one worker, the paths to what a parallel walk found. With Options.First a parallel walk may have met any of several violations;
// the one that counts is the first in sequential order.
//
// What it does not find for want of memory or time, or because the visited set is not exact, is not reported.
func (c *check) locate(ctx context.Context, stop explore.Stop) (explore.Stop, error) {
	missing := 0
	for i := range c.found {
		if c.found[i].Load() {
			missing++
		}
	}
	if missing == 0 {
		return stop, nil
	}
	if c.opts.First {
		for i := range c.found {
			c.found[i].Store(false)
		}
		missing = 1
	}
	w := c.walk(func(f explore.Found) bool {
		if c.paths[f.Prop] == nil && (c.opts.First || c.found[f.Prop].Load()) {
			c.found[f.Prop].Store(true)
			c.paths[f.Prop] = append([]explore.Move{}, f.Path()...)
			missing--
		}
		return missing <= 0 // one step or state can violate several properties
	})
	w.Limits.States = 0
	ctx, cancel := c.overtime(ctx)
	defer cancel()
	var ended explore.Stop
	if c.opts.Search == BFS {
		ended = w.BFS(ctx)
	} else {
		ended = w.DFS(ctx)
	}
	if missing <= 0 {
		return stop, nil
	}
	if ended == explore.Complete && c.opts.Resume {
		return stop, c.wrong("it has violations that no run leads to")
	}
	if ended != explore.StopBytes && ended != explore.Inexact && ended != explore.StopTime && ended != explore.StopCancel {
		return stop, fmt.Errorf("internal: %d violations of the parallel search were not found again (ended with %d)", missing, ended)
	}
	for i := range c.found {
		if c.paths[i] == nil {
			c.found[i].Store(false)
		}
	}
	return ended, nil
}

var reasons = map[explore.Stop]Reason{
	explore.Complete: ReasonNone, explore.StopStates: ReasonStates, explore.StopBytes: ReasonMemory, explore.StopTime: ReasonTimeout,
	explore.StopCancel: ReasonInterrupt, explore.StopAsked: ReasonFirst,
	explore.StopWalks: ReasonWalks, explore.Inexact: ReasonInexact, explore.StopDisk: ReasonDisk,
}

func (c *check) result(ctx context.Context, w *explore.Walk) (*Result, error) {
	stop := c.ended.first()
	r := &Result{Store: c.opts.Store, Omitted: w.Omitted, Reduction: c.opts.Reduction, Symmetry: c.symm, Reducing: c.reducing()}
	for i := range c.found {
		if !c.found[i].Load() {
			continue
		}
		q := c.sys.Props[i]
		moves := make([]replay.Move, len(c.paths[i]))
		for k, m := range c.paths[i] {
			moves[k] = replay.Move(m)
		}
		tr, err := replay.Run(c.sys, moves, replay.Options{NoAssert: c.opts.NoAssert, Property: q.Name, Cycle: c.cycles[i]})
		if err != nil && stop == explore.StopDisk {
			continue // the path was on that disk
		}
		if err != nil {
			return nil, fmt.Errorf("internal: witness of %s is not confirmed: %w", q.Name, err)
		}
		r.Violations = append(r.Violations, Violation{Property: q.Name, Prop: q.ID, Message: tr.Message, Witness: tr})
	}
	if c.opts.First && len(r.Violations) > 0 {
		c.ended.order = explore.StopAsked
	} else if c.opts.Swarm == 0 {
		order, cycle, e, err := c.lockOrder(ctx, w)
		if err != nil {
			return nil, err
		}
		if r.LockOrder = order; cycle != nil {
			r.Violations = append(r.Violations, *cycle)
			slices.SortStableFunc(r.Violations, func(a, b Violation) int { return int(a.Prop - b.Prop) })
		}
		c.ended.order = e
	}
	c.judge(r, w)
	stop = c.ended.first()
	if stop == explore.Complete {
		for _, p := range c.sys.Processes {
			for _, t := range p.Trans {
				if !c.sys.IsBuffer(p.ID) && !c.ran(w, t) {
					r.Dead = append(r.Dead, Dead{p.Name, t.Label, c.sys.Files.Position(t.Pos)})
				}
			}
		}
	}
	r.Stats = Stats{
		States: w.Stats.States.Load(), Transitions: w.Stats.Transitions.Load(), Depth: int(w.Stats.Depth.Load()), Bytes: max(w.Stats.Bytes.Load(), c.live.Bytes),
		Written: w.Stats.Written.Load(), StateBytes: 8 * c.prog.Words, Verified: c.verified, LiveStates: c.live.States, LiveTransitions: c.live.Transitions, Elapsed: time.Since(c.start),
	}
	return r, nil
}

// mostBlamed is how many entries of each kind a report on the reduction has.
const mostBlamed = 12

func (c *check) reducing() *Reducing {
	if c.blame == nil {
		return nil
	}
	b := c.reduce.Report(c.blame, mostBlamed)
	r := &Reducing{Choices: b.Choices, Branches: b.Branches, Full: b.Full, Sticky: b.Sticky, StickyTransitions: b.StickyTransitions}
	for _, k := range b.Variables {
		r.Variables = append(r.Variables, Count(k))
	}
	for _, k := range b.Pairs {
		r.Pairs = append(r.Pairs, Count(k))
	}
	return r
}

// progress samples the counters until the returned function is called, which waits for the sampling to end.
func (c *check) progress(n *explore.Counters) (stop func()) {
	if c.opts.Progress == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(c.opts.ProgressEvery)
		defer tick.Stop()
		for {
			asked := false
			select {
			case <-quit:
				return
			case <-tick.C:
			case _, ok := <-c.opts.Status:
				if !ok {
					c.opts.Status = nil
					continue
				}
				asked = true
			}
			c.opts.Progress(Progress{
				States: n.States.Load(), Transitions: n.Transitions.Load(), Depth: int(n.Depth.Load()),
				Frontier: n.Frontier.Load(), Bytes: n.Bytes.Load(), Elapsed: time.Since(c.start), Status: asked,
			})
		}
	})
	return func() {
		close(quit)
		wg.Wait()
	}
}
