package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/internal/memory"
	"pmdcheck/internal/scale"
	"pmdcheck/internal/suite/run"
)

func (a *app) levelsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "levels", Short: "search one space by tasks from files to files, on one machine or on a cluster",
		Long: "levels searches one configuration breadth first, by tasks that read files and write files in a folder, for spaces that fit into no memory. Each level is two rounds of tasks, one for each part of\n" +
			"the states: expand, then merge. Any task may run twice, late or never finish; everything that is known is in the folder. `levels run` does all tasks, and goes on with a search that was\n" +
			"interrupted. States, transitions and verdicts are those of check; liveness is decided only where check needs no second search for it.",
		Example: "  pmdcheck levels init big specs/bench/hugepmd --set nmm=2 --parts 16\n  pmdcheck levels run big\n  pmdcheck levels run big --engine slurm --submit=--partition=long",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.levelsInitCmd(), a.levelsTaskCmd("expand", "make the successors of the states of a part"), a.levelsTaskCmd("merge", "find out which successors of a part are new"),
		a.levelsStatusCmd(), a.levelsResultCmd(), a.levelsRunCmd())
	return cmd
}

func (a *app) levelsInitCmd() *cobra.Command {
	var c scale.Config
	var disk string
	var unsafe bool
	cmd := &cobra.Command{
		Use: "init folder spec", Short: "begin a search", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			var err error
			if disk != "" {
				if c.MaxDisk, err = memory.Size("--max-disk", disk); err != nil {
					return err
				}
			}
			if c.StoreBuffer < 0 || c.StoreBuffer > maxStoreBuffer {
				return fmt.Errorf("--store-buffer counts from 1 to %d", maxStoreBuffer)
			}
			if err := limits(c.MaxStates, 0); err != nil {
				return err
			}
			c.Spec, c.Safe = args[1], !unsafe
			ctx, cancel := until(0)
			defer cancel()
			s, err := scale.Init(ctx, args[0], c)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: %s, %d parts\n", args[0], s.Check.Name(), s.Parts)
			return nil
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&c.Set, "set", nil, "fix a config parameter, `name=value` (repeatable): one configuration has to be left")
	fl.IntVar(&c.Parts, "parts", 16, "in how many parts states are dealt, each of which is a task")
	fl.StringVar(&c.Memory, "memory-model", "", "how memory behaves: sc or tso")
	fl.IntVar(&c.StoreBuffer, "store-buffer", 0, "under tso: how many stores a buffer has room for (default 4)")
	fl.BoolVar(&c.NoDirect, "no-direct-stores", false, "under tso: every store goes through its buffer")
	fl.StringVar(&c.Reduction, "reduction", "", "partial-order reduction: none or stubborn (default as for check)")
	fl.StringVar(&c.Symmetry, "symmetry", "", "take interchangeable processes and objects for one another: on or off (default on with a reduction)")
	fl.BoolVar(&c.NoChains, "no-chains", false, "with a reduction: store also the states from which only one transition is explored")
	fl.BoolVar(&c.NoMerge, "no-merge", false, "every statement is a step of its own")
	fl.BoolVar(&c.NoReset, "no-reset", false, "dead locals keep their values")
	fl.BoolVar(&c.NoAssert, "no-assert", false, "do not look at asserts: count the full state space")
	fl.BoolVar(&c.First, "first", false, "end with the level of the first violation")
	fl.Int64Var(&c.MaxStates, "max-states", 0, "end with the level that has the state after this many")
	fl.StringVar(&disk, "max-disk", "", "end when files would take more than this `size`, as 500G; those of tasks that did not end are taken away later, and not counted")
	fl.BoolVar(&unsafe, "no-sync", false, "do not wait for the disk: a power failure may cost the search")
	return cmd
}

// openLevels opens a search for a number of tasks at the same time.
func openLevels(ctx context.Context, dir, bound string, tasks int) (*scale.Search, error) {
	memory.CollectByNeed()
	bytes, err := memory.Bound(bound, tasks)
	if err != nil {
		return nil, err
	}
	if bytes == 0 {
		bytes = 1 << 30
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s, err := scale.Open(ctx, dir, bytes)
	if checker.Damaged(err) || errors.Is(err, scale.ErrDamaged) {
		err = &coded{code: exitInternal, err: err}
	}
	return s, err
}

func (a *app) levelsTaskCmd(round, short string) *cobra.Command {
	level, part := -1, -1
	var bound string
	cmd := &cobra.Command{
		Use: round + " folder", Short: short, Args: cobra.ExactArgs(1),
		Long: short + ". The part is that of --part, or of the task of a Slurm array or the pod of an Indexed Job (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX). A task that was done is not done again.",
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, cancel := until(0)
			defer cancel()
			s, err := openLevels(ctx, args[0], bound, 1)
			if err != nil {
				return err
			}
			for _, name := range []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"} {
				if v := os.Getenv(name); v != "" && part < 0 {
					if part, err = strconv.Atoi(v); err != nil {
						return fmt.Errorf("%s=%q is no number of a part: give --part", name, v)
					}
				}
			}
			if part < 0 {
				return errors.New("which part? give --part, counted from 0")
			}
			if level < 0 {
				x, err := s.Last()
				if err != nil {
					return a.unfinished(ctx, err)
				}
				level = x.Number
			}
			return a.unfinished(ctx, s.Do(ctx, level, round, part))
		},
	}
	cmd.Flags().IntVar(&level, "level", -1, "of the states that are expanded (default the last one)")
	cmd.Flags().IntVar(&part, "part", -1, "which part, counted from 0")
	cmd.Flags().StringVar(&bound, "max-memory", "", "of this task, a `size` as 512M or 2G (default: three quarters of what is available)")
	return cmd
}

// unfinished gives what kept a task from being done its exit code: what is damaged, or a mistake, is one; everything else may go better next time.
func (a *app) unfinished(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case checker.Damaged(err):
		return &coded{code: exitInternal, err: err}
	case ctx.Err() != nil:
		return &coded{code: exitUnknown, err: errors.New("interrupted; it can be done again")}
	}
	return &coded{code: exitUnknown, err: err}
}

func (a *app) levelsStatusCmd() *cobra.Command {
	return &cobra.Command{
		Use: "status folder", Short: "say how far a search has come, level by level", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := openLevels(context.Background(), args[0], "", 1)
			if err != nil {
				return err
			}
			return a.unfinished(context.Background(), s.Status(a.out))
		},
	}
}

func (a *app) levelsResultCmd() *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use: "result folder", Short: "judge what a search has found so far, with its witnesses", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.outputs.check(); err != nil {
				return err
			}
			ctx, cancel := until(0)
			defer cancel()
			s, err := openLevels(ctx, args[0], f.memory, 1)
			if err != nil {
				return err
			}
			return a.levelsResult(ctx, s, f)
		},
	}
	f.levelsFlags(cmd)
	cmd.Flags().StringVar(&f.memory, "max-memory", "", "of what is looked for afterwards, a `size` as 512M or 2G")
	return cmd
}

func (f *checkFlags) levelsFlags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show the trace of every violation, expected or not")
	f.showFlags.flags(fl)
	f.outputs.flags(fl)
}

func (a *app) levelsResult(ctx context.Context, s *scale.Search, f *checkFlags) error {
	x, err := s.Outcome(ctx, f.verbose || len(f.property) > 0, tool(debug.ReadBuildInfo()))
	if err != nil {
		return a.unfinished(ctx, err)
	}
	var one iter.Seq[*run.Outcome] = func(yield func(*run.Outcome) bool) { yield(x) }
	doc, err := a.collect(one, 1, f, a.newProgress(1, false), &weakCells{})
	if err != nil {
		return err
	}
	if err := f.outputs.write(a, doc); err != nil {
		return err
	}
	return outcome(doc)
}

type levelsRunFlags struct {
	engine, job string
	submit      []string
	jobs        int
	small       int64
	poll        time.Duration
	program     string
}

func (a *app) levelsRunCmd() *cobra.Command {
	f := &checkFlags{}
	var r levelsRunFlags
	cmd := &cobra.Command{
		Use: "run folder", Short: "do all tasks of a search, and judge it", Args: cobra.ExactArgs(1),
		Long: "run does what is left of a search, level by level, with tasks in this process, in Slurm or in Kubernetes, and then judges it as `levels result` does. It may be interrupted and run again: it holds\nno state that is not in the folder.",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.outputs.check(); err != nil {
				return err
			}
			if r.jobs < 1 || r.small < 0 || r.poll <= 0 {
				return errors.New("--jobs counts from 1, and --local-below and --poll are not negative")
			}
			ctx, cancel := until(0)
			defer cancel()
			s, err := openLevels(ctx, args[0], f.memory, r.jobs)
			if err != nil {
				return err
			}
			d, err := r.driver(f)
			if err != nil {
				return err
			}
			d.Tell = func(x *checker.Level) {
				if !f.quiet {
					fmt.Fprintf(a.err, "pmdcheck: %s\n", scale.Line(x))
				}
			}
			if _, err := d.Run(ctx, s); err != nil {
				return a.unfinished(ctx, err)
			}
			return a.levelsResult(ctx, s, f)
		},
	}
	f.levelsFlags(cmd)
	fl := cmd.Flags()
	fl.StringVar(&r.engine, "engine", "local", "what does the tasks: local, slurm or kubernetes")
	fl.IntVar(&r.jobs, "jobs", runtime.GOMAXPROCS(0), "local tasks at the same time")
	fl.StringVar(&f.memory, "max-memory", "", "of each task, a `size` as 512M or 2G (default: three quarters of what is available, here shared by the jobs)")
	fl.Int64Var(&r.small, "local-below", 100_000, "do the tasks of levels of up to this many states here, whatever the engine")
	fl.StringArrayVar(&r.submit, "submit", nil, "one more `argument` of sbatch or kubectl (repeatable)")
	fl.StringVar(&r.job, "job", "", "of kubernetes: `file` with the manifest of a round, as deploy/kubernetes/levels-job.yaml")
	fl.StringVar(&r.program, "program", "", "of slurm: where the nodes find pmdcheck (default: where it is here)")
	fl.DurationVar(&r.poll, "poll", 5*time.Second, "time between looks at the scheduler")
	return cmd
}

func (r *levelsRunFlags) driver(f *checkFlags) (*scale.Driver, error) {
	local := &scale.Local{Jobs: r.jobs}
	d := &scale.Driver{Local: local, Engine: local, Small: r.small, Tries: 3}
	var args []string
	if f.memory != "" {
		args = []string{"--max-memory", f.memory}
	}
	switch r.engine {
	case "local":
	case "slurm":
		if r.program == "" {
			var err error
			if r.program, err = os.Executable(); err != nil {
				return nil, err
			}
		}
		d.Engine = &scale.Slurm{Program: r.program, Submit: r.submit, Args: args, Poll: r.poll}
	case "kubernetes":
		if r.job == "" {
			return nil, errors.New("--engine kubernetes needs --job, the manifest of a round")
		}
		d.Engine = &scale.Kubernetes{Template: r.job, Submit: r.submit, Poll: r.poll}
	default:
		return nil, fmt.Errorf("--engine %s: it is local, slurm or kubernetes", r.engine)
	}
	return d, nil
}
