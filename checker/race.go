package checker

import (
	"cmp"
	"context"
	"slices"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces"
)

// checksRaces is the property of data races, if it is checked.
func checksRaces(sys *model.System) *model.Prop {
	i := slices.IndexFunc(sys.Props, func(p *model.Prop) bool { return p.Kind == model.PropRace && p.Checked })
	if i < 0 {
		return nil
	}
	return sys.Props[i]
}

// lookForRaces makes a walk look for data races in every state it adds. The pairs of transitions that can race at all are found beforehand, from what the code may
// touch; where both are candidates, the oracle is asked about the state. Most systems have few such pairs, and none of states with them is looked at
// again once a race was found.
//
// A reduction would leave out states in which two transitions are enabled together, which is what this property is about; so with it the search is full.
func (c *check) lookForRaces(w *explore.Walk, q *model.Prop) {
	in := eval.New(c.sys, eval.Options{NoAssert: c.opts.NoAssert})
	w.RaceProp = q.ID
	w.Suspects = suspects(c.sys)
	w.Race = func(vals [][]int32, locs []model.LocID) bool {
		_, ok := in.Race(&eval.State{Vals: vals, Locs: locs})
		return ok
	}
}

// racesApart checks a system with weak memory that is to have no data race. Whether a program has one is a question about its sequentially consistent runs (Adve, Hill 1990), so it is
// answered by a search of its own, in the system without store buffers.
func racesApart(ctx context.Context, sys *model.System, q *model.Prop, opts Options) (*Result, error) {
	o := opts
	o.Checkpoint, o.Resume, o.Spill, o.Progress, o.Rest, o.Explain = "", false, "", nil, nil, false
	base, err := Check(ctx, sys.Memory.Base, o)
	if err != nil {
		return nil, err
	}
	weak := *sys
	weak.Props = slices.Clone(sys.Props)
	p := *q
	p.Checked = false
	weak.Props[q.ID] = &p
	r, err := Check(ctx, &weak, opts)
	if err != nil {
		return nil, err
	}
	for _, v := range r.Violations {
		for _, t := range append([]*traces.Trace{v.Witness}, v.More...) {
			if t != nil {
				t.Digest = sys.Digest() // what is checked is the same system
			}
		}
	}
	for _, p := range base.Properties {
		if p.Prop == q.ID {
			r.Properties = append(r.Properties, p)
			if p.Verdict == Unknown {
				r.Reason = cmp.Or(r.Reason, p.Reason)
			}
			if p.Verdict == Unknown && r.Verdict == Holds {
				r.Verdict = Unknown
			}
		}
	}
	slices.SortStableFunc(r.Properties, func(a, b PropertyResult) int { return int(a.Prop - b.Prop) })
	for _, v := range base.Violations {
		if v.Prop == q.ID {
			r.Verdict, r.Violations = Violated, append(r.Violations, v)
		}
	}
	slices.SortStableFunc(r.Violations, func(a, b Violation) int {
		if (a.Prop == model.NoProp) != (b.Prop == model.NoProp) {
			return int(b.Prop - a.Prop) // covers come last
		}
		return int(a.Prop - b.Prop)
	})
	return r, nil
}

// suspects lists for each transition those of later processes that it may race with.
func suspects(sys *model.System) [][][]explore.Move {
	type touch struct {
		model.Touch
		plain bool
	}
	living := map[model.VarID]bool{}
	for _, p := range sys.Pools {
		living[p.Live] = true
	}
	touches := func(t *model.Transition) (out []touch) {
		for i := range t.Code {
			op := &t.Code[i]
			plain := op.Dst != nil && op.Dst.Access == model.AccessPlain
			model.WalkOp(op, func(x *model.Expr) { plain = plain || x.Place != nil && x.Place.Access == model.AccessPlain })
			plain = plain && op.Access == model.AccessPlain
			sys.Touches(op, func(x model.Touch) {
				if sys.Vars[x.Var].Proc == model.NoProc && !living[x.Var] && (x.Write || !op.Observes) {
					out = append(out, touch{x, plain})
				}
			})
		}
		return out
	}
	meet := func(a, b touch) bool {
		return a.Var == b.Var && (a.Write || b.Write) && (a.plain || b.plain) && a.Base < b.End && b.Base < a.End
	}
	all := make([][][]touch, len(sys.Processes))
	for i, p := range sys.Processes {
		for _, t := range p.Trans {
			all[i] = append(all[i], touches(t))
		}
	}
	out := make([][][]explore.Move, len(sys.Processes))
	for i := range all {
		out[i] = make([][]explore.Move, len(all[i]))
		for t, mine := range all[i] {
			for j := i + 1; j < len(all); j++ {
				for u, theirs := range all[j] {
					if slices.ContainsFunc(mine, func(a touch) bool { return slices.ContainsFunc(theirs, func(b touch) bool { return meet(a, b) }) }) {
						out[i][t] = append(out[i][t], explore.Move{Proc: model.ProcID(j), Trans: u})
					}
				}
			}
		}
	}
	return out
}
