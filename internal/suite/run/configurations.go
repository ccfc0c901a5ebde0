// Package run explores configurations, several at the same time, and hands out what it finds in the order of the plan.
package run

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/bounded"
	"pmdcheck/internal/pool"
	"pmdcheck/internal/suite/judge"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

// Bug is a mistake of pmdcheck itself: a panic, or a trace that the oracle does not confirm.
type Bug struct{ Err error }

func (b *Bug) Error() string { return b.Err.Error() }
func (b *Bug) Unwrap() error { return b.Err }

// Crashed is a panic as an error.
func Crashed(v any) error { return &Bug{fmt.Errorf("internal error: %v\n%s", v, debug.Stack())} }

// failed is an error of the checker about a configuration.
func failed(c plan.Check, err error) error { return &Bug{fmt.Errorf("%s: %w", c.Name(), err)} }

// Shortening is how the run that a reader sees is made of the one that was found.
type Shortening uint8

// Shrunk runs have the fewest context switches; the shortest ones take a second search.
const (
	Shrunk Shortening = iota
	Shortest
	AsFound
)

// Options of a run.
type Options struct {
	Checker        checker.Options
	Build          elab.BuildOptions
	Jobs           int
	FixedReduction bool // the reduction is that of Checker everywhere: else configurations whose expect line counts states are searched without one
	Checkpoints    Checkpoints
	Traces         bool // of every violation, not only of what was not expected
	Shortening     Shortening
	Tool           string // what traces say of the program that found them

	// Watch is told of every configuration that begins, can add to its options, and returns what is told when it ends. It may be nil.
	Watch func(name string, states int64, o *checker.Options) (end func())
	// Inspect is told of every system whose search was not interrupted, in several goroutines at the same time. It may be nil.
	Inspect func(plan.Check, *model.System, *checker.Result)
}

// watch is Watch, or nothing.
func (o *Options) watch(name string, states int64, c *checker.Options) func() {
	if o.Watch == nil {
		return func() {}
	}
	return o.Watch(name, states, c)
}

// Outcome is what was found about a configuration, or what kept it from being found.
type Outcome struct {
	judge.Checked
	Err error
}

// Configurations explores configurations. Once ctx is done, what has not begun is unknown. If the caller takes no more of them, the others are given up. The list is used up: what was handed out is
// cleared in it, so that specs of which no configuration is left take no memory.
func Configurations(ctx context.Context, configs []plan.Check, o Options) iter.Seq[*Outcome] {
	return func(yield func(*Outcome) bool) {
		ctx, cancel := context.WithCancel(ctx)
		out := make([]*Outcome, len(configs))
		p := pool.Start(o.Jobs, len(configs), func(i int) {
			opts := o.Checker
			end := o.watch(configs[i].Name(), configs[i].States(), &opts)
			out[i] = explore(ctx, configs[i], opts, &o)
			end()
		})
		defer p.Join()
		defer cancel()
		for i := range configs {
			p.Wait(i)
			x := out[i]
			configs[i], out[i] = plan.Check{}, nil
			if !yield(x) {
				return
			}
		}
	}
}

// explore explores one configuration.
func explore(ctx context.Context, c plan.Check, opts checker.Options, o *Options) (out *Outcome) {
	out = &Outcome{Checked: judge.Checked{Number: c.Number, Spec: c.Spec, Configuration: c.Configuration}}
	defer func() {
		if v := recover(); v != nil {
			out.Err = Crashed(v)
		}
	}()
	if len(c.Undecided) > 0 && ctx.Err() == nil {
		out.Result = unknown(c.Spec, checker.ReasonFeatures+checker.Reason(": "+strings.Join(c.Undecided, ", ")))
		out.judge(o)
		return out
	}
	start := time.Now()
	all := ctx
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
	}
	sys, digest, cause, err := system(ctx, c, opts.ProcessMemory, o.Build)
	switch {
	case err != nil:
		out.Err = err
		return out
	case cause != nil:
		out.Result = checker.Unbegun(cause, c.Spec.CheckedProperties())
		out.Result.Stats.Elapsed = time.Since(start)
		out.judge(o)
		return out
	}
	out.Digest = digest
	building := time.Since(start)
	if opts.Timeout > 0 {
		opts.Timeout = max(opts.Timeout-building, time.Nanosecond)
	}
	out.Barriers, out.Unmarked, out.MayRace = sys.Barriers(), sys.Unmarked(), sys.MayRace()
	if e := c.Expect; e != nil && (e.States >= 0 || e.Transitions >= 0) && !o.FixedReduction {
		opts.Reduction = checker.ReductionNone
	}
	o.Checkpoints.add(&opts, c)
	if out.Result, err = checker.Check(all, sys, opts); err != nil {
		var unusable *checker.CheckpointError
		if out.Err = err; !errors.As(err, &unusable) {
			out.Err = failed(c, err)
		}
		return out
	}
	out.Result.Stats.Elapsed += building
	out.judge(o)
	if o.Inspect != nil && all.Err() == nil {
		o.Inspect(c, sys, out.Result)
	}
	if len(out.Result.Violations) > 0 && (o.Traces || !out.Judged.OK) {
		if err := out.readable(all, sys, opts, o); err != nil {
			out.Err = failed(c, err)
		}
	}
	return out
}

// Concluded is a configuration that was searched in another way.
func Concluded(ctx context.Context, c plan.Check, sys *model.System, r *checker.Result, o Options) (*Outcome, error) {
	out := &Outcome{Checked: judge.Checked{Number: c.Number, Spec: c.Spec, Configuration: c.Configuration, Digest: sys.Digest(), Result: r, Barriers: sys.Barriers()}}
	out.judge(&o)
	if len(r.Violations) > 0 && (o.Traces || !out.Judged.OK) {
		if err := out.readable(ctx, sys, o.Checker, &o); err != nil {
			return nil, failed(c, err)
		}
	}
	return out, nil
}

// Unexplored is a configuration of which nothing is known, and why.
func Unexplored(c plan.Check, why checker.Reason) *Outcome {
	out := &Outcome{Checked: judge.Checked{Number: c.Number, Spec: c.Spec, Configuration: c.Configuration}}
	out.Result = unknown(c.Spec, why)
	out.judge(&Options{})
	return out
}

// unknown is the result of a configuration that was not begun.
func unknown(s *elab.Spec, why checker.Reason) *checker.Result {
	r := &checker.Result{Reason: why, Reduction: checker.ReductionNone}
	for _, p := range s.CheckedProperties() {
		r.Properties = append(r.Properties, checker.PropertyResult{Property: p, Reason: why})
	}
	return r
}

// system makes the system of a configuration, unless the context ends first or it takes too much memory: then there is a cause instead of it.
func system(ctx context.Context, c plan.Check, bytes int64, b elab.BuildOptions) (sys *model.System, digest string, cause, err error) {
	type made struct {
		sys    *model.System
		digest string
		err    error
	}
	m := &made{} // of its own, as it may be left alone
	cause = bounded.Do(ctx, bytes, func(ctx context.Context) {
		b := b
		b.Context = ctx
		if m.sys, m.err = c.Spec.Build(c.Configuration, b); m.err == nil {
			m.digest = m.sys.Digest()
		}
	})
	if cause != nil {
		return nil, "", cause, nil
	}
	if cause = elab.WasStopped(m.err); cause != nil {
		return nil, "", cause, nil
	}
	return m.sys, m.digest, nil, m.err
}

// judge holds the result against the expectation. Counts are those of the model only without any reduction, of states or of steps.
func (out *Outcome) judge(o *Options) {
	r := out.Result
	full := !o.Build.NoMerge && !o.Build.NoReset && r.Reduction == checker.ReductionNone && !slices.ContainsFunc(r.Symmetry, func(s checker.Symmetry) bool { return s.Members > 0 })
	out.Judged = judge.Judge(r, out.Configuration.Expect, judge.Counting{NoAssert: o.Checker.NoAssert, Full: full})
}

// readable gathers simple runs: those that were found, shrunk; or shortest ones, for which it takes a second search where the first was not breadth first.
func (out *Outcome) readable(ctx context.Context, sys *model.System, opts checker.Options, o *Options) error {
	res := out.Result
	switch o.Shortening {
	case AsFound:
	case Shrunk:
		if err := res.ShrinkContext(ctx, sys, opts.NoAssert); err != nil {
			return err
		}
	case Shortest:
		if opts.Search == checker.BFS && opts.Reduction == checker.ReductionNone {
			break
		}
		opts.Checkpoint, opts.Resume, opts.Spill = "", false, ""
		opts.Swarm, opts.Search, opts.Workers, opts.Reduction, opts.Symmetry = 0, checker.BFS, 1, checker.ReductionNone, checker.SymmetryOff
		if short, err := checker.Check(ctx, sys, opts); err == nil && len(short.Violations) >= len(res.Violations) {
			res = short
		}
	}
	for _, v := range res.Violations {
		if v.Witness != nil {
			for _, t := range append([]*traces.Trace{v.Witness}, v.More...) {
				t.Build, t.Tool = o.Build.Names(opts.NoAssert, sys.Memory != nil), o.Tool
				out.Traces = append(out.Traces, t)
			}
		}
	}
	return nil
}
