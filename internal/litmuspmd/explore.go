package litmuspmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/litmus"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

// Options of an exploration.
type Options struct {
	Model       string // "sc" or "tso"
	MaxStates   int64
	Timeout     time.Duration
	StoreBuffer int
	NoDirect    bool
	Unreduced   bool
}

// Found is what an exploration found.
type Found struct {
	States []string         // final states that pass the filter, as conditions write them, sorted
	Finals [][]litmus.Value // the same as values of the projection, in no order
	Why    string           // why it is not complete, or ""
	Stats  checker.Stats
}

// defaultBuffer is how many stores a process of a litmus test may have under way.
const defaultBuffer = 16

// Explore finds the final states of the test.
func (s *Spec) Explore(ctx context.Context, o Options) (*Found, error) {
	spec, err := (&elab.Loader{}).Load(s.Test.Name, []byte(s.Text+"check assertion;\n"))
	if err != nil {
		return nil, fmt.Errorf("internal: the spec of a litmus test is wrong: %w", err)
	}
	configs, err := spec.Configurations([]model.ConfigValue{{Name: elab.MemoryModel, Value: o.Model}})
	if err != nil {
		return nil, err
	}
	buffer := o.StoreBuffer
	if buffer == 0 {
		buffer = defaultBuffer
	}
	sys, err := spec.Build(configs[0], elab.BuildOptions{StoreBuffer: buffer, NoDirect: o.NoDirect})
	if err != nil {
		return nil, err
	}
	at := make([]model.Cell, len(s.terms))
	for i, name := range s.regs {
		if at[i], err = cellOf(sys, name); err != nil {
			return nil, err
		}
	}
	f := &Found{}
	seen := map[string]bool{}
	projected := s.Test.Projection()
	opts := checker.Options{MaxStates: o.MaxStates, Timeout: o.Timeout, Symmetry: checker.SymmetryOff, Rest: func(vals [][]int32) {
		value := func(m litmus.Term) litmus.Value {
			i := slices.Index(s.terms, m)
			return s.value(vals[at[i].Var][at[i].Idx])
		}
		if s.Test.Filter != nil && !s.Test.Filter.Holds(value) {
			return
		}
		var b strings.Builder
		for _, m := range projected {
			b.WriteString(s.Test.TermName(m) + "=" + s.Test.Show(value(m)) + ";")
		}
		if seen[b.String()] {
			return
		}
		seen[b.String()] = true
		f.States = append(f.States, b.String())
		var values []litmus.Value
		for _, m := range projected {
			values = append(values, value(m))
		}
		f.Finals = append(f.Finals, values)
	}}
	if o.Unreduced {
		opts.Reduction = checker.ReductionNone
	}
	r, err := checker.Check(ctx, sys, opts)
	if err != nil {
		return nil, err
	}
	f.Stats = r.Stats
	slices.Sort(f.States)
	for _, p := range r.Properties {
		if p.Property == "no_fault" && p.Verdict == checker.Violated {
			f.Why = fmt.Sprintf("a value is outside -%d..%d", maxAddress, maxAddress)
		}
	}
	if r.Reason != checker.ReasonNone {
		f.Why = string(r.Reason)
	}
	return f, nil
}

// Run is a run whose final state fulfils the condition of the test, or with positive false does not; nil if the explorer finds none. It is of the spec that [WithCondition] writes.
func Run(ctx context.Context, t *litmus.Test, memory string, positive bool, maxStates int64, timeout time.Duration) (*traces.Trace, error) {
	s, err := newSpec(t, true)
	if err != nil {
		return nil, err
	}
	cond := s.prop(t.Cond)
	if !positive {
		cond = "!" + cond
	}
	text := fmt.Sprintf("%sinvariant %s: !(%s && %s);\ncheck %s;\n", s.Text, condition, s.all(), cond, condition)
	spec, err := (&elab.Loader{}).Load(t.Name, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("internal: the spec of a litmus test is wrong: %w", err)
	}
	configs, err := spec.Configurations([]model.ConfigValue{{Name: elab.MemoryModel, Value: memory}})
	if err != nil {
		return nil, err
	}
	sys, err := spec.Build(configs[0], elab.BuildOptions{StoreBuffer: defaultBuffer})
	if err != nil {
		return nil, err
	}
	r, err := checker.Check(ctx, sys, checker.Options{MaxStates: maxStates, Timeout: timeout, Symmetry: checker.SymmetryOff, First: true})
	if err != nil {
		return nil, err
	}
	if err := r.ShrinkContext(ctx, sys, false); err != nil {
		return nil, err
	}
	for _, v := range r.Violations {
		if v.Property == condition && v.Witness != nil {
			v.Witness.Message = "the run ends with " + t.PropString(t.Cond)
			if !positive {
				v.Witness.Message = "the run does not end with " + t.PropString(t.Cond)
			}
			return v.Witness, nil
		}
	}
	if r.Reason != checker.ReasonNone {
		return nil, fmt.Errorf("none was found, and the search is not complete: %s", r.Reason)
	}
	return nil, nil
}

// cellOf is the cell of a variable, or of an element of one.
func cellOf(sys *model.System, name string) (model.Cell, error) {
	for _, v := range sys.Vars {
		for i := range v.Len {
			if c := (model.Cell{Var: v.ID, Idx: int32(i)}); v.Proc == model.NoProc && sys.CellName(c) == name {
				return c, nil
			}
		}
	}
	return model.Cell{}, fmt.Errorf("internal: the spec of a litmus test has no cell %s", name)
}
