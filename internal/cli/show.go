package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker/report"
	"pmdcheck/internal/files"
	"pmdcheck/internal/sim"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
	"pmdcheck/traces/dot"
	"pmdcheck/traces/replay"
	"pmdcheck/traces/svg"
)

func (a *app) showCmd() *cobra.Command {
	var set []string
	var asDOT, noMerge, states bool
	var nodes int
	var process, out string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "show spec", Short: "show the state machines of a spec", Example: "  pmdcheck show seed/race_a --set policy=rcu\n  pmdcheck show seed/race_a --dot --process huge_pmd_unshare | dot -Tsvg > unshare.svg\n  pmdcheck show classic/peterson --states --max-nodes 100 | dot -Tsvg > states.svg", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, cancel := within(timeout)
			defer cancel()
			sys, _, err := plan.First(ctx, args[0], set, elab.BuildOptions{NoMerge: noMerge})
			if err != nil {
				return err
			}
			if states {
				return a.output(out, func(w io.Writer) error { return dot.States(w, sim.StateSpace(sys, max(1, nodes))) })
			}
			if !asDOT {
				return a.output(out, sys.Dump)
			}
			if process == "" {
				if len(sys.Processes) == 0 {
					return errors.New("this configuration has no processes")
				}
				process = sys.Processes[0].Name
			}
			return a.output(out, func(w io.Writer) error { return sys.WriteDOT(w, process) })
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "fix a config parameter, `name=value`")
	loading(cmd.Flags(), &timeout)
	cmd.Flags().BoolVar(&asDOT, "dot", false, "draw one process or function for Graphviz")
	cmd.Flags().BoolVar(&states, "states", false, "draw the state space for Graphviz")
	cmd.Flags().IntVar(&nodes, "max-nodes", 250, "with --states: stop after this many states; the drawing says what was cut")
	cmd.Flags().StringVar(&process, "process", "", "process or function to draw (default: the first process)")
	cmd.Flags().BoolVar(&noMerge, "no-merge", false, "every statement is a step of its own")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file`")
	return cmd
}

func readTrace(name string) (*traces.Trace, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := traces.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func (a *app) renderCmd() *cobra.Command {
	var asDOT, asText, asSVG, full bool
	var out string
	var width int
	cmd := &cobra.Command{
		Use: "render trace.json", Short: "draw a stored trace as text, SVG or DOT", Example: "  pmdcheck render trace.json --width 72\n  pmdcheck render trace.json --full\n  pmdcheck render trace.json --svg -o trace.svg\n  pmdcheck render trace.json --dot | dot -Tsvg > trace.svg", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if asDOT && asText || asDOT && asSVG || asText && asSVG {
				return errors.New("--text, --dot and --svg exclude each other")
			}
			t, err := readTrace(args[0])
			if err != nil {
				return err
			}
			return a.output(out, func(w io.Writer) error {
				if asDOT {
					return dot.Render(w, t, dot.Options{Full: full})
				}
				if asSVG {
					return svg.Render(w, t, svg.Options{Full: full})
				}
				opt := a.table(width, full)
				opt.Head = true
				opt.Color = opt.Color && (out == "" || out == "-")
				return columns.Render(w, t, opt)
			})
		},
	}
	cmd.Flags().BoolVar(&asText, "text", false, "a table with a column per CPU (default)")
	cmd.Flags().BoolVar(&asDOT, "dot", false, "lanes for Graphviz: a row per step, and why it comes behind others")
	cmd.Flags().BoolVar(&asSVG, "svg", false, "a sequence diagram as SVG: lanes, what is held, the lives of the objects")
	cmd.Flags().IntVar(&width, "width", -1, "widest text line (0: as wide as needed; default: the terminal, or 120)")
	cmd.Flags().BoolVar(&full, "full", false, "every operation on shared state, not only what matters to the violation")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file`")
	return cmd
}

func (a *app) replayCmd() *cobra.Command {
	var spec string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "replay trace.json", Short: "run a stored trace again on the interpreter and compare every step", Example: "  pmdcheck replay traces/seed-race_a.json\n  pmdcheck replay --spec ./mine.pmd trace.json", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := readTrace(args[0])
			if err != nil {
				return err
			}
			if spec == "" {
				spec = catalog.Current(t.Spec)
				if !catalog.Embedded(spec) {
					spec += ".pmd"
				}
			}
			var set []string
			for _, c := range t.Config {
				set = append(set, c.Name+"="+c.Value)
			}
			ctx, cancel := within(timeout)
			defer cancel()
			sys, _, err := plan.First(ctx, spec, set, elab.BuildOptionsOf(t.Build))
			if err != nil {
				return err
			}
			if err := replay.Replay(sys, t); err != nil {
				return &coded{code: exitViolated, err: err}
			}
			_, err = fmt.Fprintf(a.out, "%s replayed: %s\n", report.Count(len(t.Steps), "step"), t.Message)
			return err
		},
	}
	loading(cmd.Flags(), &timeout)
	cmd.Flags().StringVar(&spec, "spec", "", "spec to replay on (default: the one named in the trace)")
	return cmd
}
