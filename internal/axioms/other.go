package axioms

import (
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
)

// Explored is the result of another engine, which finds final states and no executions: each state counts once. why says why it is not complete, or "". Each of finals has the values of the
// terms of [litmus.Test.Projection].
func Explored(t *litmus.Test, m Model, finals [][]litmus.Value, why string) *Result {
	r := &Result{Test: t, Model: m, Why: why}
	projection := t.Projection()
	for _, x := range projection {
		r.names = append(r.names, t.TermName(x))
	}
	for _, values := range finals {
		s := State{Values: values}
		if t.Cond.Holds(func(x litmus.Term) litmus.Value { return values[slices.Index(projection, x)] }) {
			s.Positive, s.Witnesses = true, 1
			r.Positive++
		} else {
			s.Witnesses = 1
			r.Negative++
		}
		r.States = append(r.States, s)
	}
	slices.SortFunc(r.States, func(a, b State) int {
		return strings.Compare(r.StateString(&a, ""), r.StateString(&b, ""))
	})
	return r
}
