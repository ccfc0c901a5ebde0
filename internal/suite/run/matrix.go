package run

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/internal/pool"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// Answer is what was found about a configuration of a table.
type Answer struct {
	Result   matrix.Result
	Excluded string // by which static assertion of the spec, or ""
	Err      error
}

// Matrix explores the configurations of a table. Those of other tiers than tier are unknown.
func Matrix(ctx context.Context, configs []plan.Placed, tier string, o Options) []Answer {
	out := make([]Answer, len(configs))
	pool.Start(o.Jobs, len(configs), func(i int) {
		opts := o.Checker
		end := o.watch(configs[i].Name(), 0, &opts)
		out[i] = answer(ctx, configs[i], tier, opts)
		end()
	}).Join()
	return out
}

// answer explores one configuration.
func answer(ctx context.Context, c plan.Placed, tier string, opts checker.Options) (a Answer) {
	defer func() {
		if v := recover(); v != nil {
			a.Err = Crashed(v)
		}
	}()
	a.Result = matrix.Result{Spec: c.Spec.Name, Axes: c.Axes, Answers: map[string]matrix.Answer{}}
	for _, v := range c.Config {
		a.Result.Config = append(a.Result.Config, matrix.Value(v))
	}
	skip := ""
	switch {
	case ctx.Err() != nil:
		skip = string(checker.ReasonInterrupt)
	case len(c.Undecided) > 0:
		skip = string(checker.ReasonFeatures) + ": " + strings.Join(c.Undecided, ", ")
	case !plan.InTier(c.Configuration, tier):
		skip = "tier " + c.Tier
	}
	if skip != "" {
		for _, p := range slices.Concat(c.Asked, c.Extra) {
			a.Result.Answers[p] = matrix.Answer{Verdict: matrix.Unknown, Reason: skip}
		}
		return a
	}
	if len(c.Asked) > 0 {
		a.search(ctx, c, opts, elab.BuildOptions{}, c.Asked)
	}
	for _, p := range c.Extra {
		a.search(ctx, c, opts, elab.BuildOptions{Check: []string{p}}, []string{p})
	}
	return a
}

// system makes the system of a configuration in its time.
func (a *Answer) system(ctx context.Context, c plan.Placed, opts *checker.Options, b elab.BuildOptions) (*model.System, error, error) {
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
	}
	sys, _, cause, err := system(ctx, c.Check, opts.ProcessMemory, b)
	return sys, cause, err
}

func (a *Answer) search(ctx context.Context, c plan.Placed, opts checker.Options, b elab.BuildOptions, props []string) {
	sys, cause, err := a.system(ctx, c, &opts, b)
	if err != nil {
		var list *source.List
		if errors.As(err, &list) && !slices.ContainsFunc(list.Diags, func(d source.Diagnostic) bool { return d.Code != "static-assert" }) {
			a.Excluded = list.Diags[0].Msg
			return
		}
		a.Err = err
		return
	}
	var res *checker.Result
	if cause != nil {
		res = checker.Unbegun(cause, props)
	} else if res, err = checker.Check(ctx, sys, opts); err != nil {
		a.Err = failed(c.Check, err)
		return
	}
	vacuous := unreached(res, c.Expect)
	say := func(v checker.Verdict, why checker.Reason) matrix.Answer {
		switch {
		case v == checker.Holds && vacuous != "":
			return matrix.Answer{Verdict: matrix.Unknown, Reason: vacuous}
		case v == checker.Unknown:
			return matrix.Answer{Verdict: matrix.Unknown, Reason: string(why)}
		}
		return matrix.Answer{Verdict: matrix.Verdict(v.String())}
	}
	for _, p := range res.Properties {
		if slices.Contains(props, p.Property) {
			a.Result.Answers[p.Property] = say(p.Verdict, p.Reason)
		}
	}
	if slices.Contains(props, plan.AnyProperty) {
		all := checker.Holds
		switch {
		case slices.ContainsFunc(res.Violations, func(v checker.Violation) bool { return v.Prop != model.NoProp }):
			all = checker.Violated
		case res.Reason != checker.ReasonNone:
			all = checker.Unknown
		}
		a.Result.Answers[plan.AnyProperty] = say(all, res.Reason)
	}
}

// unreached names a window that was never reached against the expectation: what holds then does so for no reason.
func unreached(res *checker.Result, e *elab.Expectation) (vacuous string) {
	for _, v := range res.Violations {
		name := strings.TrimPrefix(v.Property, checker.CoverPrefix)
		if v.Prop == model.NoProp && (e == nil || !slices.Contains(e.Unreachable, name)) {
			vacuous = v.Property + " is never reached"
		}
	}
	return vacuous
}
