package cli

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/internal/promela"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
)

func (a *app) exportCmd() *cobra.Command {
	var set []string
	var asPromela, noMerge, noReset, noAssert bool
	var out string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "export spec", Short: "translate a configuration of a spec for another tool",
		Long:    "export writes one configuration of a spec, the first that --set leaves, as a Promela model for SPIN. States and transitions of the two tools' full\nsearches coincide; see docs/promela.md.",
		Example: "  pmdcheck export --promela seed/race_a --set policy=rcu --set target=arm64_4k -o race.pml\n  spin -o1 -o2 -o3 -a race.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m1000000",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if !asPromela {
				return errors.New("say what to write: --promela")
			}
			ctx, cancel := within(timeout)
			defer cancel()
			sys, _, err := plan.First(ctx, args[0], set, elab.BuildOptions{NoMerge: noMerge, NoReset: noReset})
			if err != nil {
				return err
			}
			return a.output(out, func(w io.Writer) error { return promela.Export(w, sys, promela.Options{NoAssert: noAssert}) })
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&asPromela, "promela", false, "write Promela, the language of SPIN")
	fl.StringArrayVar(&set, "set", nil, "fix a config parameter, `name=value` (repeatable)")
	loading(fl, &timeout)
	fl.BoolVar(&noMerge, "no-merge", false, "every statement is a step of its own")
	fl.BoolVar(&noReset, "no-reset", false, "dead locals keep their values")
	fl.BoolVar(&noAssert, "no-assert", false, "leave out asserts: for counting")
	fl.StringVarP(&out, "output", "o", "", "write to this `file`")
	return cmd
}
