package run

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/internal/pool"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Features takes every feature away from the newest release that has it, and says which specs notice: those of which some configuration violates something else then, or nothing any more.
// Only configurations of the specs' own sweeps are asked, in that release; of other tiers than tier none. Of these only those are built anew that ask for the feature, and only those searched whose system it changes.
func Features(ctx context.Context, specs []string, tier string, o Options) ([]matrix.Feature, error) {
	var list []elab.Feature
	var loaded []*elab.Spec
	names, err := catalog.Resolve(specs)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		s, err := catalog.Load(n)
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, s)
		for _, f := range s.Features() {
			if !slices.ContainsFunc(list, func(g elab.Feature) bool { return g.Name == f.Name }) {
				list = append(list, f)
			}
		}
	}
	out := make([]matrix.Feature, len(list))
	for i, f := range list {
		out[i] = matrix.Feature{Name: f.Name, Kind: f.Kind}
	}
	answers := make([][]*matrix.Noticed, len(loaded))
	failures := make([]error, len(loaded))
	pool.Start(o.Jobs, len(loaded), func(i int) {
		defer func() {
			if v := recover(); v != nil {
				failures[i] = Crashed(v)
			}
		}()
		opts := o.Checker
		end := o.watch(loaded[i].Name, 0, &opts)
		defer end()
		answers[i], failures[i] = (&taker{s: loaded[i], tier: tier, opts: opts, with: map[int64][]*asked{}}).all(ctx, list)
	}).Join()
	for i := range loaded {
		for k, n := range answers[i] {
			if n == nil {
				continue
			}
			if out[k].Know++; n.Changed > 0 {
				out[k].Specs = append(out[k].Specs, *n)
			}
			out[k].Release = n.Release
		}
	}
	if err := errors.Join(failures...); err != nil {
		return out, err
	}
	return out, earlier(ctx, loaded, tier, o, list, out)
}

// earlier looks, for features that nothing notices in the newest release, at specs that are about them: that say the name, or are named after the commit. In each the newest release counts in which it notices.
func earlier(ctx context.Context, loaded []*elab.Spec, tier string, o Options, list []elab.Feature, out []matrix.Feature) error {
	texts, err := catalog.Texts()
	if err != nil {
		return err
	}
	for _, s := range loaded {
		t := &taker{s: s, tier: tier, opts: o.Checker, with: map[int64][]*asked{}}
		for i, f := range list {
			if by, _ := out[i].By(); len(by) > 0 || !about(s.Name, texts["specs/"+s.Name+".pmd"], f) {
				continue
			}
			for _, release := range slices.Backward(s.Releases()) {
				if f.Default(release) == f.Values[0] || ctx.Err() != nil {
					continue
				}
				n, err := t.without(ctx, f, release)
				if err != nil {
					return err
				}
				if n.Noticed > 0 {
					n.Release = syntax.VersionText(release)
					out[i].Before = append(out[i].Before, *n)
					break
				}
			}
		}
	}
	return nil
}

// about reports whether a spec is about a feature.
func about(name, text string, f elab.Feature) bool {
	return regexp.MustCompile(`\b`+f.Name+`\b`).MatchString(text) || slices.ContainsFunc(f.Commits, func(c string) bool { return strings.Contains(name, c) })
}

// taker takes features away from the configurations of one spec.
type taker struct {
	s    *elab.Spec
	tier string
	opts checker.Options
	with map[int64][]*asked // configurations with everything that a release has
}

// asked is a configuration with what is known of it so far.
type asked struct {
	config  elab.Configuration
	digest  string          // "" if a static assertion excludes the configuration
	verdict string          // "" until it is needed
	asked   map[string]bool // features that its system depends on
}

func (a *asked) uses(feature string) bool {
	_, used := a.asked[feature]
	return used
}

// all are the answers by the index of the feature, nil where no release that the spec knows has it.
func (t *taker) all(ctx context.Context, list []elab.Feature) ([]*matrix.Noticed, error) {
	out := make([]*matrix.Noticed, len(list))
	for i, f := range list {
		release, ok := newest(t.s, f)
		if !ok || ctx.Err() != nil {
			continue
		}
		n, err := t.without(ctx, f, release)
		if err != nil {
			return nil, err
		}
		n.Release = syntax.VersionText(release)
		out[i] = n
	}
	return out, nil
}

// configurations are the configurations of a release.
func (t *taker) configurations(release int64) ([]*asked, error) {
	if list, known := t.with[release]; known {
		return list, nil
	}
	configs, err := t.s.Configurations([]model.ConfigValue{{Name: "kernel", Value: syntax.VersionText(release)}})
	if err != nil && !errors.Is(err, elab.ErrNoConfiguration) {
		return nil, err
	}
	list := []*asked{}
	for _, c := range configs {
		if !plan.InTier(c, t.tier) {
			continue
		}
		a := &asked{config: c, asked: map[string]bool{}}
		sys, err := built(t.s, c, a.asked)
		if err != nil {
			return nil, err
		}
		if sys != nil {
			a.digest = sys.Digest()
		}
		list = append(list, a)
	}
	t.with[release] = list
	return list, nil
}

// without compares the configurations of a release with and without a feature.
func (t *taker) without(ctx context.Context, f elab.Feature, release int64) (*matrix.Noticed, error) {
	n := &matrix.Noticed{Spec: t.s.Name}
	off, ok, err := t.s.Off(f.Name, release)
	if err != nil || !ok {
		return n, err
	}
	configs, err := t.configurations(release)
	if err != nil {
		return n, err
	}
	for _, a := range configs {
		n.Configurations++
		if a.digest == "" || ctx.Err() != nil || !slices.ContainsFunc(off[1:], func(v model.ConfigValue) bool { return a.uses(v.Name) }) {
			continue
		}
		other := a.config
		other.Config = append(slices.DeleteFunc(slices.Clone(other.Config), func(v model.ConfigValue) bool {
			return slices.ContainsFunc(off[1:], func(w model.ConfigValue) bool { return w.Name == v.Name })
		}), off[1:]...)
		sys, err := built(t.s, other, nil)
		if err != nil {
			return n, err
		}
		if sys == nil || sys.Digest() == a.digest {
			continue
		}
		n.Changed++
		if a.verdict == "" {
			with, err := built(t.s, a.config, nil)
			if err != nil {
				return n, err
			}
			if a.verdict, err = verdict(ctx, with, t.opts); err != nil {
				return n, err
			}
		}
		v, err := verdict(ctx, sys, t.opts)
		if err != nil {
			return n, err
		}
		if v != a.verdict {
			n.Noticed++
			if n.Example == "" {
				n.Example = fmt.Sprintf("%s: %s, and without it %s", strings.TrimSpace(a.config.String()), a.verdict, v)
			}
		}
	}
	return n, nil
}

// newest is the newest release that has the feature and that the spec knows.
func newest(s *elab.Spec, f elab.Feature) (int64, bool) {
	if !slices.ContainsFunc(s.Features(), func(g elab.Feature) bool { return g.Name == f.Name }) {
		return 0, false
	}
	for _, n := range slices.Backward(s.Releases()) {
		if f.Default(n) != f.Values[0] {
			return n, true
		}
	}
	return 0, false
}

// built is the system of a configuration, or nil if a static assertion excludes it. asked gets the features that it depends on.
func built(s *elab.Spec, c elab.Configuration, asked map[string]bool) (*model.System, error) {
	sys, err := s.Build(c, elab.BuildOptions{Asked: asked})
	if Excluded(err) {
		return nil, nil
	}
	return sys, err
}

// Excluded reports whether the error of a configuration is that a static assertion of the spec does not let it be.
func Excluded(err error) bool {
	var list *source.List
	return errors.As(err, &list) && !slices.ContainsFunc(list.Diags, func(d source.Diagnostic) bool { return d.Code != "static-assert" })
}

// verdict is what is violated, in one line. Windows that are not reached are no violation here: without a feature some are not there.
func verdict(ctx context.Context, sys *model.System, opts checker.Options) (string, error) {
	res, err := checker.Check(ctx, sys, opts)
	if err != nil {
		return "", err
	}
	var props []string
	for _, v := range res.Violations {
		if v.Prop != model.NoProp {
			props = append(props, v.Property)
		}
	}
	slices.Sort(props)
	switch {
	case res.Reason != checker.ReasonNone:
		return "unknown (" + string(res.Reason) + ")", nil
	case len(props) == 0:
		return "holds", nil
	}
	return "violated " + strings.Join(props, ", "), nil
}
