package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pmdcheck/model"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// Shrink makes the witnesses of a result simpler to read, as [replay.Shrink] does; sys is the system that was checked, with noAssert as in Options. A witness that
// it changes has been executed by package model/eval again, like the one it replaces. Witnesses of liveness and of the lock order stay as they are.
func (r *Result) Shrink(sys *model.System, noAssert bool) error {
	return r.ShrinkContext(context.Background(), sys, noAssert)
}

// MostShrinking is how long it is attempted to make one witness simpler. The number of attempts is bounded too, and usually that comes first.
const MostShrinking = 10 * time.Second

// ShrinkContext is [Result.Shrink] until the context ends. What was not attempted by then, or within the time [MostShrinking], is not: Violation.Unshrunk says so. The time counts
// as that of the check.
func (r *Result) ShrinkContext(ctx context.Context, sys *model.System, noAssert bool) error {
	start := time.Now()
	defer func() { r.Stats.Elapsed += time.Since(start) }()
	for i := range r.Violations {
		v := &r.Violations[i]
		if v.Witness == nil || v.Prop == model.NoProp {
			continue
		}
		of := sys
		if sys.Memory != nil && sys.Props[v.Prop].Kind == model.PropRace {
			of = sys.Memory.Base // where it was found
		}
		moves := movesOf(v.Witness)
		opt := replay.Options{NoAssert: noAssert, Property: v.Property, Cycle: v.Witness.Cycle}
		until, cancel := context.WithTimeout(ctx, MostShrinking)
		simple, whole := replay.ShrinkContext(until, of, moves, opt)
		cancel()
		v.Unshrunk = !whole
		if slices.Equal(simple, moves) {
			continue
		}
		tr, err := replay.Run(of, simple, opt)
		if err != nil {
			return fmt.Errorf("internal: the shrunk witness of %s is not confirmed: %w", v.Property, err)
		}
		tr.Build = v.Witness.Build
		v.Witness, v.Message = tr, tr.Message
	}
	return nil
}

func movesOf(t *traces.Trace) []replay.Move {
	moves := make([]replay.Move, len(t.Steps))
	for i, s := range t.Steps {
		moves[i] = replay.Move{Proc: model.ProcID(s.Process), Trans: s.Transition, Way: s.Way}
	}
	return moves
}
