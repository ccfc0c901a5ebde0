package checker

import (
	"fmt"
	"slices"

	"pmdcheck/model"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// Shrink makes the witnesses of a result simpler to read, as [replay.Shrink] does; sys is the system that was checked, with noAssert as in Options. A witness that
// it changes has been executed by package model/eval again, like the one it replaces. Witnesses of liveness and of the lock order stay as they are.
func (r *Result) Shrink(sys *model.System, noAssert bool) error {
	for i := range r.Violations {
		v := &r.Violations[i]
		if v.Witness == nil || v.Prop == model.NoProp {
			continue
		}
		moves := movesOf(v.Witness)
		opt := replay.Options{NoAssert: noAssert, Property: v.Property, Cycle: v.Witness.Cycle}
		simple := replay.Shrink(sys, moves, opt)
		if slices.Equal(simple, moves) {
			continue
		}
		tr, err := replay.Run(sys, simple, opt)
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
