package cli

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"pmdcheck/internal/files"
	"pmdcheck/internal/sim"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

func (a *app) simulateCmd() *cobra.Command {
	var set []string
	var script, trace, save string
	var noMerge bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "simulate spec", Short: "step through a configuration by hand", Args: cobra.ExactArgs(1),
		Long: "simulate shows where every process is and which steps are possible, and takes the ones you choose; it runs to a cover or a violation, follows a stored\n" +
			"trace, takes steps back, and stores what it did as a trace. Parameters that --set does not fix have the values of the first configuration that is left.\n\n" +
			"With --script it reads commands from a file (- for stdin) and prints what they say:\n\n" + sim.Help,
		Example: "  pmdcheck simulate seed/race_a --set policy=rcu --set target=riscv64\n  pmdcheck simulate seed/race_a --set policy=rcu --set target=riscv64 --trace trace.json\n" +
			"  printf 'run violation\\nsave trace.json\\n' | pmdcheck simulate classic/peterson --set turn_first=true --script -",
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, cancel := within(timeout)
			defer cancel()
			sys, configs, err := plan.First(ctx, args[0], set, elab.BuildOptions{NoMerge: noMerge})
			if err != nil {
				return err
			}
			s := sim.New(sys)
			var t *traces.Trace
			if trace != "" {
				if t, err = readTrace(trace); err != nil {
					return err
				}
				if err := s.Follow(t, 0); err != nil {
					return err
				}
			}
			if script != "" {
				return a.simulateScript(s, script)
			}
			if _, tty := terminal(a.out); !tty {
				return errors.New("stdout is not a terminal; use --script")
			}
			m := &stepper{s: s, title: strings.TrimSpace(sys.Name + "  " + configs[0].String()), trace: t, save: save, write: a.writeTrace}
			_, err = tea.NewProgram(m, tea.WithInput(a.in), tea.WithOutput(os.Stdout)).Run()
			return err
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "fix a config parameter, `name=value`")
	loading(cmd.Flags(), &timeout)
	cmd.Flags().StringVar(&script, "script", "", "take commands from this `file` (- for stdin) instead of the keyboard")
	cmd.Flags().StringVar(&trace, "trace", "", "have a stored trace at hand: n and p follow it")
	cmd.Flags().StringVar(&save, "save", "run.json", "`file` that s stores the run in")
	cmd.Flags().BoolVar(&noMerge, "no-merge", false, "every statement is a step of its own")
	return cmd
}

func (a *app) simulateScript(s *sim.Session, name string) error {
	in := a.in
	if name != "-" {
		f, err := files.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return s.Script(in, a.out, sim.Files{Read: readTrace, Write: a.writeTrace})
}

func (a *app) writeTrace(name string, t *traces.Trace) error {
	return a.output(name, func(w io.Writer) error { return traces.Write(w, t) })
}
