package checker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bounded"
)

// leastOvertime is how long what a search found may be looked at, however short the search was.
const leastOvertime = time.Second

// overtime is a context for what comes after a search: to find the way to a violation that is known to be there. It has as much time as everything before took, counted from when
// the limit of time or an interrupt came.
func (c *check) overtime(ctx context.Context) (context.Context, context.CancelFunc) {
	more := max(leastOvertime, time.Since(c.start))
	out, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var timer atomic.Pointer[time.Timer]
	stop := context.AfterFunc(ctx, func() {
		timer.Store(time.AfterFunc(more, func() { cancel(context.Cause(ctx)) }))
		if out.Err() != nil { // the other function has been, and may have seen no timer
			timer.Load().Stop()
		}
	})
	return out, func() {
		stop()
		cancel(nil)
		if t := timer.Load(); t != nil {
			t.Stop()
		}
	}
}

// prepare finds the symmetry of the system, compiles it and analyses what can be left out. All of this is bounded by the size of the system, and is left alone when the context ends.
func (c *check) prepare(ctx context.Context) (explore.Stop, error) {
	var err error
	made := &check{sys: c.sys, opts: c.opts}
	cause := bounded.Do(ctx, c.opts.ProcessMemory, func(context.Context) {
		if made.opts.Symmetry == SymmetryOn {
			made.findSymmetry()
		}
		err = made.compile()
	})
	if cause != nil {
		return stopFor(cause), nil
	}
	c.prog, c.reduce, c.groups, c.owed, c.symm = made.prog, made.reduce, made.groups, made.owed, made.symm
	return explore.Complete, err
}

// stopFor is how a search ends for which the context ended.
func stopFor(cause error) explore.Stop {
	switch {
	case errors.Is(cause, bounded.ErrMemory):
		return explore.StopBytes
	case errors.Is(cause, context.DeadlineExceeded):
		return explore.StopTime
	}
	return explore.StopCancel
}

// unprepared is the result of a search that was not begun.
func (c *check) unprepared(stop explore.Stop) *Result {
	c.prog = &program.Program{Sys: c.sys}
	c.ended.walk = stop
	r := &Result{Store: c.opts.Store, Reduction: c.opts.Reduction}
	c.judge(r, c.walk(func(explore.Found) bool { return false }))
	r.Stats.Elapsed = time.Since(c.start)
	return r
}

// Unbegun is the result of a system that could not be made for the given cause, which is that of a context; names are the properties it would have been asked about.
func Unbegun(cause error, names []string) *Result {
	r := &Result{Reason: reasons[stopFor(cause)], Reduction: ReductionNone}
	for _, p := range names {
		r.Properties = append(r.Properties, PropertyResult{Property: p, Reason: r.Reason})
	}
	return r
}
