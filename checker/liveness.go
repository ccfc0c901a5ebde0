package checker

import (
	"context"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/live"
	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/model/pass"
)

// liveProps are the liveness properties that are checked.
func (c *check) liveProps() (out []*model.Prop) {
	for _, q := range c.sys.Props {
		if q.Kind == model.PropLiveness && q.Checked && len(q.Cases) > 0 {
			out = append(out, q)
		}
	}
	return out
}

// watch makes a program that remembers what liveness properties owe, and tests of what it remembers. Where the state space has no cycle, a reduced walk of it decides
// them: something owed for ever is owed where nothing can move any more. It makes none if nothing is to be decided, if a predicate could go wrong,
// or if there are interchangeable processes, for what is owed to one of them is not owed to another.
func (c *check) watch() (*program.Program, []explore.Owed, error) {
	props := c.liveProps()
	if len(props) == 0 || len(c.groups) > 0 {
		return nil, nil, nil
	}
	in := eval.New(c.sys, eval.Options{NoAssert: c.opts.NoAssert})
	first, _ := in.Initial()
	var cases []model.LiveCase
	var owed []bool
	var of []model.PropID
	for _, q := range props {
		for _, k := range q.Cases {
			cases, of = append(cases, k), append(of, q.ID)
			owed = append(owed, in.Owed(first, &k, false, true))
		}
	}
	sys, vars, ok := pass.Watch(c.sys, cases, owed)
	if !ok {
		return nil, nil, nil
	}
	prog, err := program.Compile(sys, program.Options{NoAssert: c.opts.NoAssert})
	if err != nil {
		return nil, nil, err
	}
	var tests []explore.Owed
	for i, v := range vars {
		tests = append(tests, explore.Owed{Prop: of[i], Test: prog.Test(&model.Expr{Op: model.Load, Type: sys.Vars[v].Type, Place: &model.Place{Var: v}}, nil)})
	}
	return prog, tests, nil
}

// liveness decides the liveness properties that the walk has not decided, one case at a time, on the unreduced graph. A property is violated if one of its cases is.
func (c *check) liveness(ctx context.Context) explore.Stop {
	props := c.liveProps()
	if len(props) == 0 || c.owed != nil {
		return explore.Complete
	}
	s := &live.Search{Program: c.prog, Limits: explore.Limits{States: c.opts.MaxStates, Bytes: c.opts.Memory}}
	defer func() { c.live = s.Stats }()
	defer c.progress(&s.Sample)()
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
