package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/internal/interrupt"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/properties"
)

func (a *app) lockOrderCmd() *cobra.Command {
	var set []string
	var asDOT bool
	var out string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "lock-order spec...",
		Short:   "show the order in which a spec takes its locks",
		Long:    "lock-order explores every cell of the specs and lists the edges A -> B of lock classes: some run takes a lock of class B while it holds one of class A.\nThe edges of all cells are put together, as lockdep does for everything that ever ran; cycles are named with the cell that has them.",
		Example: "  pmdcheck lock-order locks/abba\n  pmdcheck lock-order seed --dot | dot -Tsvg > order.svg",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := limits(0, timeout); err != nil {
				return err
			}
			names, err := resolve(args)
			if err != nil {
				return err
			}
			fixed, err := parseSet(set)
			if err != nil {
				return err
			}
			ctx, cancel := interrupt.Context()
			defer cancel()
			if timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			var edges []model.LockEdge
			var cycles []cycle
			var cut error
			for _, n := range names {
				es, cs, whole, err := lockEdges(ctx, n, fixed)
				if err != nil {
					return err
				}
				cycles = append(cycles, cs...)
				if edges = append(edges, es...); !whole {
					cut = &coded{code: exitUnknown, err: fmt.Errorf("%s was not explored to the end; edges may be missing", n)}
				}
			}
			order := properties.NewLockOrder(edges)
			if asDOT {
				err = a.output(out, order.WriteDOT)
			} else {
				err = a.output(out, func(w io.Writer) error { return writeLockOrder(w, order, cycles) })
			}
			if err != nil {
				return err
			}
			return cut
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "fix a config parameter, `name=value`")
	cmd.Flags().BoolVar(&asDOT, "dot", false, "draw the order for Graphviz")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file`")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up after this time")
	return cmd
}

// cycle is a cycle of lock classes in one cell, with what its runs say.
type cycle struct {
	text, cell string
	runs       []string
}

// lockEdges explores every cell of a spec. whole is false if that came to no end.
func lockEdges(ctx context.Context, name string, fixed []model.ConfigValue) (edges []model.LockEdge, cycles []cycle, whole bool, err error) {
	spec, err := load(name)
	if err != nil {
		return nil, nil, false, err
	}
	cells, err := spec.Cells(fixed)
	if err != nil {
		return nil, nil, false, err
	}
	whole = true
	for _, c := range cells {
		if ctx.Err() != nil {
			return edges, cycles, false, nil
		}
		sys, err := spec.Build(c, elab.BuildOptions{Check: []string{"lock_order"}})
		if err != nil {
			return nil, nil, false, err
		}
		res, err := checker.Check(ctx, sys, checker.Options{Symmetry: checker.SymmetryOff})
		if err != nil {
			return nil, nil, false, &coded{code: exitInternal, err: fmt.Errorf("%s %s: %w", name, c, err)}
		}
		edges = append(edges, res.LockOrder.Edges...)
		whole = whole && res.Reason == checker.ReasonNone
		for _, v := range res.Violations {
			if v.Witness == nil || v.Property != "lock_order" {
				continue
			}
			runs := []string{v.Witness.Message}
			for _, t := range v.More {
				runs = append(runs, t.Message)
			}
			for _, cy := range res.LockOrder.Cycles() { // the runs follow the edges of the cycles
				cycles = append(cycles, cycle{properties.CycleString(cy), strings.TrimSpace(name + " " + c.String()), runs[:len(cy)]})
				runs = runs[len(cy):]
			}
		}
	}
	return edges, cycles, whole, nil
}

// writeLockOrder lists the edges, then the cycles: of each the first cell that has it, or that only several cells together do, which differ in what the
// kernel was at the time and need not mean anything.
func writeLockOrder(w io.Writer, o properties.LockOrder, cycles []cycle) error {
	var b strings.Builder
	for _, e := range o.Edges {
		fmt.Fprintln(&b, e)
	}
	if len(o.Edges) == 0 {
		fmt.Fprintln(&b, "no lock is taken while another is held")
	}
	told := map[string]bool{}
	for _, c := range cycles {
		if told[c.text] {
			continue
		}
		told[c.text] = true
		fmt.Fprintf(&b, "\ncycle: %s\n  in %s\n", c.text, c.cell)
		for _, r := range c.runs {
			fmt.Fprintf(&b, "  %s\n", r)
		}
	}
	for _, c := range o.Cycles() {
		if text := properties.CycleString(c); !told[text] {
			fmt.Fprintf(&b, "\ncycle over several cells: %s\n", text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
