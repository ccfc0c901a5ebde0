package checker

import (
	"context"

	"pmdcheck/checker/internal/explore"
)

// swarm makes random walks in place of a search. Its verdict is [Violated], with witnesses like those of a search, or [Unknown]: that nothing was met says nothing.
// The order of locks and liveness are not judged.
func (c *check) swarm(ctx context.Context, w *explore.Walk) (*Result, error) {
	s, stop := w.Random(ctx, c.opts.Swarm, c.opts.MaxSteps, c.opts.Seed, c.opts.Workers, c.opts.First)
	saw := &Swarm{Walks: s.Walks, Cut: s.Cut, Violating: s.Violating, Shortest: s.Shortest, Longest: s.Longest, Steps: s.Steps, States: s.States}
	for i, p := range c.sys.Processes {
		saw.Transitions += len(p.Trans)
		for k := range p.Trans {
			if w.Ran[i][k].Load() {
				saw.Ran++
			}
		}
	}
	if stop == explore.Complete {
		stop = explore.StopWalks
	}
	c.ended.walk, c.saw = stop, saw
	r, err := c.result(ctx, w)
	if err != nil {
		return nil, err
	}
	r.Swarm = saw
	if c.opts.Shrink {
		err = r.Shrink(c.sys, c.opts.NoAssert)
	}
	return r, err
}
