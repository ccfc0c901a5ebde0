package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
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
		Long:    "lock-order explores every configuration of the specs and lists the edges A -> B of lock classes: some run takes a lock of class B while it holds one of class A.\nThe edges of all configurations are put together, as lockdep does for everything that ever ran; cycles are named with the configuration that has them.",
		Example: "  pmdcheck lock-order locks/abba\n  pmdcheck lock-order seed --dot | dot -Tsvg > order.svg",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := limits(0, timeout); err != nil {
				return err
			}
			names, err := catalog.Resolve(args)
			if err != nil {
				return err
			}
			fixed, err := plan.ParseSet(set)
			if err != nil {
				return err
			}
			ctx, cancel := until(timeout)
			defer cancel()
			found, err := run.Locks(ctx, names, fixed)
			if err != nil {
				return err
			}
			order := properties.NewLockOrder(found.Edges)
			if asDOT {
				err = a.output(out, order.WriteDOT)
			} else {
				err = a.output(out, func(w io.Writer) error { return writeLockOrder(w, order, found.Cycles) })
			}
			if err != nil || found.Cut == "" {
				return err
			}
			return &coded{code: exitUnknown, err: fmt.Errorf("%s was not explored to the end; edges may be missing", found.Cut)}
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "fix a config parameter, `name=value`")
	cmd.Flags().BoolVar(&asDOT, "dot", false, "draw the order for Graphviz")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file`")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up after this time")
	return cmd
}

// writeLockOrder lists the edges, then the cycles: of each the first configuration that has it, or that only several configurations together do, which differ in what the
// kernel was at the time and need not mean anything.
func writeLockOrder(w io.Writer, o properties.LockOrder, cycles []run.LockCycle) error {
	var b strings.Builder
	for _, e := range o.Edges {
		fmt.Fprintln(&b, e)
	}
	if len(o.Edges) == 0 {
		fmt.Fprintln(&b, "no lock is taken while another is held")
	}
	told := map[string]bool{}
	for _, c := range cycles {
		if told[c.Text] {
			continue
		}
		told[c.Text] = true
		fmt.Fprintf(&b, "\ncycle: %s\n  in %s\n", c.Text, c.Configuration)
		for _, r := range c.Runs {
			fmt.Fprintf(&b, "  %s\n", r)
		}
	}
	for _, c := range o.Cycles() {
		if text := properties.CycleString(c); !told[text] {
			fmt.Fprintf(&b, "\ncycle over several configurations: %s\n", text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
