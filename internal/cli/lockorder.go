package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/model"
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
		Long:    "lock-order explores every cell of the specs and lists the edges A -> B of lock classes: some run takes a lock of class B while it holds one of class A.\nThe edges of all cells are put together, as lockdep does for everything that ever ran. Circles are named; whether they matter is judged by `check lock_order;`.",
		Example: "  pmdcheck lock-order locks/abba\n  pmdcheck lock-order seed --dot | dot -Tsvg > order.svg",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			names, err := resolve(args)
			if err != nil {
				return err
			}
			fixed, err := parseSet(set)
			if err != nil {
				return err
			}
			ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer cancel()
			if timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			var edges []model.LockEdge
			var cut error
			for _, n := range names {
				es, whole, err := lockEdges(ctx, n, fixed)
				if err != nil {
					return err
				}
				if edges = append(edges, es...); !whole {
					cut = &coded{code: exitUnknown, err: fmt.Errorf("%s was not explored to the end; edges may be missing", n)}
				}
			}
			order := properties.NewLockOrder(edges)
			if asDOT {
				err = a.output(out, order.WriteDOT)
			} else {
				err = a.output(out, func(w io.Writer) error { return writeLockOrder(w, order) })
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

// lockEdges explores every cell of a spec. whole is false if that came to no end.
func lockEdges(ctx context.Context, name string, fixed []model.ConfigValue) (edges []model.LockEdge, whole bool, err error) {
	spec, err := load(name)
	if err != nil {
		return nil, false, err
	}
	cells, err := spec.Cells(fixed)
	if err != nil {
		return nil, false, err
	}
	whole = true
	for _, c := range cells {
		sys, err := spec.Build(c, model.BuildOptions{Check: []string{"lock_order"}})
		if err != nil {
			return nil, false, err
		}
		res, err := checker.Check(ctx, sys, checker.Options{Reduction: checker.ReductionStubborn})
		if err != nil {
			return nil, false, &coded{code: exitInternal, err: fmt.Errorf("%s %s: %w", name, c, err)}
		}
		edges = append(edges, res.LockOrder.Edges...)
		whole = whole && res.Reason == checker.ReasonNone
	}
	return edges, whole, nil
}

func writeLockOrder(w io.Writer, o properties.LockOrder) error {
	for _, e := range o.Edges {
		if _, err := fmt.Fprintln(w, e); err != nil {
			return err
		}
	}
	if len(o.Edges) == 0 {
		if _, err := fmt.Fprintln(w, "no lock is taken while another is held"); err != nil {
			return err
		}
	}
	for _, c := range o.Cycles() {
		if _, err := fmt.Fprintln(w, "circle: "+properties.CycleString(c)); err != nil {
			return err
		}
	}
	return nil
}
