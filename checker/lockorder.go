package checker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
	"pmdcheck/model/pass"
	"pmdcheck/properties"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// lockOrder judges the edges of lock classes that a walk has met. Each edge of a cycle gets a run of its own that ends where the lock is taken; no run goes
// through the whole cycle, and none needs to end in a deadlock. stop is not Complete if a limit came before all these runs were found.
func (c *check) lockOrder(ctx context.Context, w *explore.Walk) (order properties.LockOrder, v *Violation, stop explore.Stop, err error) {
	i := slices.IndexFunc(c.sys.Props, func(p *model.Prop) bool { return p.Kind == model.PropOrder })
	if i < 0 || !c.sys.Props[i].Checked {
		return order, nil, explore.Complete, nil
	}
	prop := c.sys.Props[i]
	marks := map[model.LockEdge]model.CoverID{}
	var edges []model.LockEdge
	for k, cv := range c.sys.Covers {
		if cv.Edge != nil && w.Covered[k].Load() {
			edges = append(edges, *cv.Edge)
			marks[*cv.Edge] = cv.ID
		}
	}
	order = properties.NewLockOrder(edges)
	cycles := order.Cycles()
	if len(cycles) == 0 || c.opts.NoAssert {
		return order, nil, explore.Complete, nil
	}
	v = &Violation{Property: prop.Name, Prop: prop.ID}
	var says []string
	for _, cycle := range cycles {
		says = append(says, "lock classes are taken in a cycle: "+properties.CycleString(cycle))
		for _, e := range cycle {
			t, stop, err := c.edgeRun(ctx, prop, marks[e])
			if err != nil || t == nil {
				return order, nil, stop, err
			}
			if v.Witness == nil {
				v.Witness = t
			} else {
				v.More = append(v.More, t)
			}
		}
	}
	v.Message = strings.Join(says, "; ")
	return order, v, explore.Complete, nil
}

// edgeRun finds a shortest run to a mark: a copy of the system has the invariant that no process comes by the mark, and the moves are then made on the system itself.
func (c *check) edgeRun(ctx context.Context, prop *model.Prop, mark model.CoverID) (*traces.Trace, explore.Stop, error) {
	sys := pass.Passed(c.sys, mark, prop.ID)
	d := &check{sys: sys, opts: c.opts}
	var err error
	if d.prog, err = program.Compile(sys, program.Options{}); err != nil {
		return nil, explore.Complete, err
	}
	if c.reduce != nil {
		d.reduce = por.New(d.prog, nil)
	}
	found := false
	var path []explore.Move
	w := d.walk(func(f explore.Found) bool {
		if f.Prop == prop.ID && !found {
			path, found = f.Path(), true
		}
		return found
	})
	stop := w.BFS(ctx)
	switch {
	case found:
	case stop == explore.Complete:
		return nil, stop, fmt.Errorf("internal: no run takes locks in the order %s", c.sys.Covers[mark].Edge)
	default:
		return nil, stop, nil
	}
	moves := make([]replay.Move, len(path))
	for i, m := range path {
		moves[i] = replay.Move(m)
	}
	t, err := replay.Run(c.sys, moves, replay.Options{Property: prop.Name, Edge: c.sys.Covers[mark].Edge})
	if err != nil {
		return nil, stop, fmt.Errorf("internal: the run that takes locks in the order %s is not confirmed: %w", c.sys.Covers[mark].Edge, err)
	}
	return t, explore.Complete, nil
}
