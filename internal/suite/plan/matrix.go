package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pmdcheck/checker/matrix"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/syntax"
)

// What a table asks and how it is laid out where no flag says.
var (
	matrixRows  = []string{"era", "target"}
	matrixCols  = []string{"policy"}
	matrixProps = []string{"no_use_after_free", "no_ptl_use_after_free", "no_foreign_walk"}
)

// kernelAxis is the release of a configuration as the kernel writes it.
const kernelAxis = "kernel"

// TreeAxis is the profile of a configuration.
const TreeAxis = "tree"

// AnyProperty asks whether a configuration violates anything it checks.
const AnyProperty = "any"

// MatrixRequest says what a table asks.
type MatrixRequest struct {
	Specs      []string        // none: those in seed
	Set        []string        // name=value, or name=a,b: several
	Rows, Cols []string        // none: the usual ones that some spec sweeps
	Property   []string        // none: the usual ones
	Profiles   []*elab.Profile // trees, side by side; none: releases
	Timeout    time.Duration   // to load one spec, and to span its configurations; 0: no limit
}

// Matrix is a table to be filled.
type Matrix struct {
	Configurations []Placed
	Rows, Cols     []string
	Properties     []string
}

// Placed is a configuration to explore: once with the properties its spec checks, and once for each other property that is asked about.
type Placed struct {
	Check
	Axes  map[string]string
	Asked []string // checked by the spec
	Extra []string // not
}

// Plan lists the configurations of all specs that the axes span.
func (r MatrixRequest) Plan() (*Matrix, error) {
	if len(r.Specs) == 0 {
		r.Specs = []string{"seed"}
	}
	m := &Matrix{Properties: r.Property}
	if len(r.Property) == 0 {
		m.Properties = matrixProps
	}
	specs, err := r.load()
	if err != nil {
		return nil, err
	}
	rows, cols := matrixRows, matrixCols
	if len(r.Profiles) > 0 {
		rows, cols = []string{"target", "policy"}, nil
	}
	m.Rows, m.Cols = usual(r.Rows, rows, specs), usual(r.Cols, cols, specs)
	if len(r.Profiles) > 0 && !slices.Contains(m.Rows, TreeAxis) && !slices.Contains(m.Cols, TreeAxis) {
		m.Cols = append(slices.Clone(m.Cols), TreeAxis)
	}
	if i := slices.Index(m.Rows, "era"); i >= 0 && len(r.Rows) == 0 && slices.ContainsFunc(r.Set, func(s string) bool { return strings.HasPrefix(s, kernelAxis+"=") }) {
		m.Rows = slices.Clone(m.Rows)
		m.Rows[i] = kernelAxis // asked for by its release
	}
	for _, x := range m.Rows {
		if slices.Contains(m.Cols, x) {
			return nil, fmt.Errorf("%s is both down and across", x)
		}
	}
	if len(m.Rows) == 0 && len(m.Cols) == 0 {
		return nil, errors.New("none of era, target and policy is swept here: choose axes with --rows and --cols")
	}
	var run asked
	var errs, without []error
	for _, spec := range specs {
		configs, err := r.configurations(spec, append(slices.Clone(m.Rows), m.Cols...), m.Properties)
		var lacks *elab.NoParameter
		if len(specs) > 1 && (errors.As(err, &lacks) || len(r.Profiles) > 0 && passedOver(err)) {
			without = append(without, err)
			continue
		}
		if err != nil {
			errs = append(errs, err)
		}
		mine := configsOf{spec: spec}
		for _, c := range configs {
			c.Number = len(m.Configurations) + 1
			m.Configurations = append(m.Configurations, c)
			mine.configs = append(mine.configs, c.Configuration)
		}
		if len(configs) > 0 {
			run = append(run, mine)
		}
	}
	if len(without) == len(specs) {
		errs = append(errs, without[0])
	}
	if err := errors.Join(errs...); err != nil || len(run) == 0 {
		return m, err
	}
	return m, run.observe(slices.DeleteFunc(slices.Clone(r.Property), func(p string) bool { return p == AnyProperty }))
}

// within is the time for one spec.
func (r MatrixRequest) within() (context.Context, context.CancelFunc) {
	if r.Timeout <= 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), r.Timeout)
}

func (r MatrixRequest) load() ([]*elab.Spec, error) {
	names, err := catalog.Resolve(r.Specs)
	if err != nil {
		return nil, err
	}
	var specs []*elab.Spec
	var errs []error
	for _, n := range names {
		ctx, cancel := r.within()
		spec, err := catalog.LoadContext(ctx, n)
		cancel()
		if err != nil {
			errs = append(errs, Early(n, err))
			continue
		}
		specs = append(specs, spec)
	}
	return specs, errors.Join(errs...)
}

// usual are the axes that are named, or else the usual ones that some spec sweeps.
func usual(named, usual []string, specs []*elab.Spec) []string {
	if len(named) > 0 {
		return named
	}
	var out []string
	for _, u := range usual {
		if slices.ContainsFunc(specs, func(s *elab.Spec) bool { return sweeps(s, u) }) {
			out = append(out, u)
		}
	}
	return out
}

func sweeps(s *elab.Spec, name string) bool {
	return slices.ContainsFunc(s.Configs(), func(c elab.ConfigParam) bool { return c.Name == name && c.Swept })
}

// configurations are the configurations of a spec: its sweep, and besides every value of an axis that it does not sweep, and of a parameter set to several values.
func (r MatrixRequest) configurations(spec *elab.Spec, axes, props []string) ([]Placed, error) {
	sets, err := r.sets(spec, axes)
	if err != nil {
		return nil, err
	}
	var asked, extra []string
	for _, p := range props {
		switch known, checked := spec.Checks(p); {
		case checked || p == AnyProperty:
			asked = append(asked, p)
		case known:
			extra = append(extra, p)
		}
	}
	profiles := r.Profiles
	if len(profiles) == 0 {
		profiles = []*elab.Profile{nil}
	}
	ctx, cancel := r.within()
	defer cancel()
	var out []Placed
	for _, profile := range profiles {
		for _, set := range sets {
			configs, err := spec.SelectContext(ctx, elab.Selection{Set: set, Profile: profile})
			if errors.Is(err, elab.ErrNoConfiguration) {
				continue
			}
			if err != nil {
				return nil, Early(spec.Name, err)
			}
			for _, c := range configs {
				ways, err := spec.Ways(c, elab.BuildOptions{})
				if err != nil {
					return nil, err
				}
				for _, c := range ways {
					at, err := place(spec, c, axes, profile)
					if err != nil {
						return nil, err
					}
					out = append(out, Placed{Check{Spec: spec, Configuration: c}, at, asked, extra})
				}
			}
		}
	}
	return out, nil
}

// sets are the combinations of values that are fixed one after the other.
func (r MatrixRequest) sets(spec *elab.Spec, axes []string) ([][]model.ConfigValue, error) {
	several := map[string][]string{}
	var params []string
	for _, c := range spec.Configs() {
		params = append(params, c.Name)
		if slices.Contains(axes, c.Name) && !c.Swept {
			if len(c.Values) == 0 {
				return nil, fmt.Errorf("%s has too many values for an axis: choose some with --set %s=a,b", c.Name, c.Name)
			}
			several[c.Name] = c.Values
		}
	}
	for _, f := range spec.Features() {
		params = append(params, f.Name)
		if slices.Contains(axes, f.Name) && !f.Swept {
			several[f.Name] = f.Values
		}
	}
	given, err := ParseSet(r.Set)
	if err != nil {
		return nil, err
	}
	for _, v := range given {
		several[v.Name] = strings.Split(v.Value, ",")
	}
	sets := [][]model.ConfigValue{nil}
	span := func(name string) {
		var next [][]model.ConfigValue
		for _, s := range sets {
			for _, v := range several[name] {
				next = append(next, append(slices.Clone(s), model.ConfigValue{Name: name, Value: v}))
			}
		}
		sets = next
		delete(several, name)
	}
	for _, name := range slices.Concat(params, names(given)) { // in declaration order; then features, groups, the kernel, and what is no name, of which Configurations says so
		if several[name] != nil {
			span(name)
		}
	}
	return sets, nil
}

func names(values []model.ConfigValue) (out []string) {
	for _, v := range values {
		out = append(out, v.Name)
	}
	return out
}

// place is the value of every axis in a configuration.
func place(spec *elab.Spec, c elab.Configuration, axes []string, profile *elab.Profile) (map[string]string, error) {
	at := map[string]string{}
	for _, x := range axes {
		v, ok := spec.Value(c, x)
		if x == matrix.SpecAxis {
			v, ok = spec.Name, true
		}
		if x == TreeAxis && profile != nil {
			v, ok = profile.Name, true
		}
		if x == kernelAxis && !ok {
			if n, err := catalog.Release(spec, c); err == nil {
				v, ok = syntax.VersionText(n), true
			}
		}
		if !ok {
			msg := fmt.Sprintf("%s has no config parameter and no constant %s", spec.Name, x)
			if h := spec.SuggestConstant(x); h != "" {
				msg += ": " + h
			}
			return nil, errors.New(msg)
		}
		at[x] = v
	}
	return at, nil
}
