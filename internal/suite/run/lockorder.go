package run

import (
	"context"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/properties"
)

// LockCycle is a cycle of lock classes in one configuration, with what its runs say.
type LockCycle struct {
	Text, Configuration string
	Runs                []string
}

// LockOrder is what was seen of the order of locks in all configurations of some specs.
type LockOrder struct {
	Edges  []model.LockEdge
	Cycles []LockCycle
	Cut    string // a spec that was not explored to the end, or ""
}

// Locks explores every configuration of specs, one after the other.
func Locks(ctx context.Context, names []string, fixed []model.ConfigValue) (*LockOrder, error) {
	o := &LockOrder{}
	for _, n := range names {
		if err := o.spec(ctx, n, fixed); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *LockOrder) spec(ctx context.Context, name string, fixed []model.ConfigValue) error {
	spec, configs, err := plan.Load(ctx, name, fixed)
	if err != nil {
		return err
	}
	for i, c := range configs {
		if ctx.Err() != nil {
			o.Cut = name
			return nil
		}
		sys, err := spec.Build(c, elab.BuildOptions{Check: []string{"lock_order"}, Context: ctx})
		if elab.WasStopped(err) != nil {
			o.Cut = name
			return nil
		}
		if err != nil {
			return err
		}
		config := plan.Check{Number: i + 1, Spec: spec, Configuration: c}
		res, err := checker.Check(ctx, sys, checker.Options{Symmetry: checker.SymmetryOff})
		if err != nil {
			return failed(config, err)
		}
		if res.Reason != checker.ReasonNone {
			o.Cut = name
		}
		o.add(res, config)
	}
	return nil
}

// add takes in the edges of a configuration, and its cycles, whose runs follow their edges.
func (o *LockOrder) add(res *checker.Result, c plan.Check) {
	o.Edges = append(o.Edges, res.LockOrder.Edges...)
	for _, v := range res.Violations {
		if v.Witness == nil || v.Property != "lock_order" {
			continue
		}
		runs := []string{v.Witness.Message}
		for _, t := range v.More {
			runs = append(runs, t.Message)
		}
		for _, cy := range res.LockOrder.Cycles() {
			o.Cycles = append(o.Cycles, LockCycle{properties.CycleString(cy), strings.TrimSpace(c.Name()), runs[:len(cy)]})
			runs = runs[len(cy):]
		}
	}
}
