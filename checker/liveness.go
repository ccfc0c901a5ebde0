package checker

import (
	"context"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/live"
	"pmdcheck/model"
)

// liveness decides the liveness properties that are checked, one case at a time, on the unreduced graph. A property is violated if one of its cases is.
func (c *check) liveness(ctx context.Context) explore.Stop {
	var props []*model.Prop
	for _, q := range c.sys.Props {
		if q.Kind == model.PropLiveness && q.Checked && len(q.Cases) > 0 {
			props = append(props, q)
		}
	}
	if len(props) == 0 {
		return explore.Complete
	}
	s := &live.Search{Program: c.prog, Limits: explore.Limits{States: c.opts.MaxStates, Bytes: c.opts.Memory}}
	defer func() { c.live = s.Stats }()
	if stop := s.Explore(ctx); stop != explore.Complete {
		return stop
	}
	for _, q := range props {
		for _, k := range q.Cases {
			l, stop := s.Violation(ctx, s.Case(k))
			if stop != explore.Complete {
				return stop
			}
			if l == nil {
				continue
			}
			c.found[q.ID].Store(true)
			c.paths[q.ID] = l.Moves
			if l.Cycle < len(l.Moves) {
				c.cycles[q.ID] = l.Cycle + 1
			}
			if c.opts.First {
				return explore.StopAsked
			}
			break
		}
	}
	return explore.Complete
}
