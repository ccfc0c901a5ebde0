package elab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// maxSwept bounds the values of one parameter in a sweep, which is spanned before anything is checked. Limits.Configurations bounds all of it.
const maxSwept = 1 << 16

// ErrNoConfiguration is returned by Configurations when the sweep and the fixed parameters leave nothing.
var ErrNoConfiguration = errors.New("no configuration of the sweep has these values")

// Configurations lists the configurations of the sweep in order, the first swept parameter varying slowest. Parameters in set are fixed to the given value instead. Besides parameters and
// features, set may name a group of values (arch), which restricts the sweep of its parameter, and the release (kernel), which fixes what the release is computed from.
func (s *Spec) Configurations(set []model.ConfigValue) ([]Configuration, error) {
	return s.ConfigurationsContext(context.Background(), set)
}

// ConfigurationsContext is [Spec.Configurations] until the context ends: then the error is a [Stopped].
func (s *Spec) ConfigurationsContext(ctx context.Context, set []model.ConfigValue) (_ []Configuration, err error) {
	defer recoverStopped(&err)
	return s.configurations(ctx, set, false)
}

// configurations is Configurations; of a tree features may lack what they require, as some of that may be unknown.
func (s *Spec) configurations(ctx context.Context, set []model.ConfigValue, ofTree bool) ([]Configuration, error) {
	e := s.consts(map[string]int64{})
	set, memory, err := s.undeclaredMemory(set)
	if err != nil {
		return nil, err
	}
	fixed, narrow, err := s.fix(e, set)
	if err != nil {
		return nil, err
	}
	axes, where, err := s.axes(e, fixed, narrow)
	if err != nil {
		return nil, err
	}
	swept := map[string]bool{}
	span := 1
	for _, a := range axes {
		swept[a.name] = true
		if most := s.prog.limits.Configurations; max(1, len(a.values)) > most/span {
			e.tooLarge(a.at, "configurations", most, "with %s the sweep spans more than %d configurations", a.name, most)
		}
		span *= max(1, len(a.values))
	}
	base, implied, err := s.base(e, fixed, narrow, swept)
	if err != nil {
		return nil, err
	}
	var conds []syntax.Expr
	switch {
	case ofTree:
		conds = s.ofTree(where)
	case where != nil:
		conds = []syntax.Expr{where}
	}
	w := &walkOfSweep{ctx: ctx, s: s, axes: axes, where: conds, base: base, swept: swept, implied: implied, ofTree: ofTree}
	if err := w.walk(0); err != nil {
		return nil, err
	}
	if len(w.configs) == 0 {
		if f := w.unmet; f != nil {
			return nil, fmt.Errorf("feature %s requires %s, which no configuration has", f.Name, feature(s.Files, f.Feature).Requires)
		}
		return nil, ErrNoConfiguration
	}
	return withMemory(w.configs, memory), nil
}

// NoParameter is the error of a parameter, feature or group that the spec does not have.
type NoParameter struct {
	Spec, Name string
	hint       string
}

func (e *NoParameter) Error() string {
	return source.WithHint(fmt.Sprintf("%s has no config parameter %s", e.Spec, source.Quote(e.Name)), e.hint).Error()
}

// axis is a swept parameter.
type axis struct {
	name   string
	values []int64
	at     source.Span
}

// fix reads what is set: values of parameters and features, and, for parameters of which a group of values is named, these.
func (s *Spec) fix(e *elab, set []model.ConfigValue) (fixed map[string]int64, narrow map[string][]int64, err error) {
	fixed, narrow = map[string]int64{}, map[string][]int64{}
	release := ""
	for _, v := range set {
		sym := s.prog.Names[v.Name]
		if sym == nil || !sym.IsParam() {
			if v.Name == kernelParam && s.releaseParams() != nil {
				release = v.Value
				continue
			}
			values, isGroup, err := s.group(v)
			if err != nil {
				return nil, nil, err
			}
			if isGroup {
				narrow[values.name] = values.values
				continue
			}
			return nil, nil, &NoParameter{Spec: s.Name, Name: v.Name, hint: cmp.Or(s.elsewhere(v.Name), s.nearest(v.Name))}
		}
		n, err := parseValue(e.irType(e.configType(sym)), v.Value)
		if err != nil {
			return nil, nil, source.WithHint(fmt.Sprintf("%s %s: %v", sym.Kind, v.Name, err), s.elsewhere(v.Value))
		}
		fixed[v.Name] = n
	}
	if release != "" {
		if err := s.kernel(release, fixed); err != nil {
			return nil, nil, err
		}
	}
	return fixed, narrow, nil
}

// group finds the values that a group stands for.
func (s *Spec) group(v model.ConfigValue) (a axis, ok bool, err error) {
	var names []string
	for _, g := range s.prog.Groups {
		if g.Name != v.Name {
			continue
		}
		ok = true
		names = append(names, g.Value)
		if g.Value == v.Value {
			a.name = g.Param.Name.Name
			for _, m := range g.Members {
				a.values = append(a.values, int64(s.prog.Names[m.Name].Value))
			}
		}
	}
	if ok && a.values == nil {
		err = source.WithHint(fmt.Sprintf("%s %s is not one of %s", v.Name, source.Quote(v.Value), strings.Join(names, ", ")), source.DidYouMean(v.Value, names))
	}
	return a, ok, err
}

// axes are the swept parameters with their values.
func (s *Spec) axes(e *elab, fixed map[string]int64, narrow map[string][]int64) (axes []axis, where syntax.Expr, err error) {
	for _, sw := range s.prog.Sweeps {
		where = sw.Where
		for _, it := range sw.Items {
			a := axis{name: it.Name.Name, at: it.Name.Sp}
			if v, isFixed := fixed[a.name]; isFixed {
				a.values = []int64{v}
			} else if a.values, err = s.sweptValues(e, it); err != nil {
				return nil, nil, err
			}
			a.values = narrowed(a.values, narrow[a.name])
			axes = append(axes, a)
		}
	}
	return axes, where, nil
}

// narrowed are those of the values that are in a group; if none is, the group is asked for in place of them.
func narrowed(values, group []int64) []int64 {
	if group == nil {
		return values
	}
	var both []int64
	for _, v := range values {
		if slices.Contains(group, v) {
			both = append(both, v)
		}
	}
	if both == nil {
		return group
	}
	return both
}

// sweptValues are the values of one parameter of the sweep.
func (s *Spec) sweptValues(e *elab, it *syntax.SweepItem) (values []int64, err error) {
	t := e.irType(e.configType(s.prog.Names[it.Name.Name]))
	lo, hi := int64(t.Lo), int64(t.Hi)
	switch {
	case len(it.Values) > 0:
		for _, x := range it.Values {
			c, ok := e.constInt(x)
			if !ok {
				return nil, e.diags.Err()
			}
			values = append(values, c)
		}
		return values, nil
	case it.Lo != nil:
		var ok1, ok2 bool
		lo, ok1 = e.constInt(it.Lo)
		hi, ok2 = e.constInt(it.Hi)
		if !ok1 || !ok2 {
			return nil, e.diags.Err()
		}
	case t.Kind == model.KindInt && hi-lo >= maxEnumerated:
		return nil, fmt.Errorf("config parameter %s has too many values to sweep: give a range", it.Name.Name)
	}
	for v := lo; v <= hi; v++ {
		values = append(values, v)
	}
	return values, nil
}

// base are the values that all configurations have, and which parameters need not be named.
func (s *Spec) base(e *elab, fixed map[string]int64, narrow map[string][]int64, swept map[string]bool) (base map[string]int64, implied []bool, err error) {
	base, implied = map[string]int64{}, make([]bool, len(s.prog.Configs))
	for i, c := range s.prog.Configs {
		deflt, hasDefault := int64(0), c.Config.Default != nil
		if hasDefault {
			if deflt, hasDefault = e.constInt(c.Config.Default); !hasDefault {
				return nil, nil, e.diags.Err()
			}
		}
		if g := narrow[c.Name]; g != nil && !swept[c.Name] && !slices.Contains(g, deflt) {
			if _, isFixed := fixed[c.Name]; !isFixed {
				fixed[c.Name] = g[0] // not swept: the first of the group stands for it
			}
		}
		v, isFixed := fixed[c.Name]
		implied[i] = hasDefault && !swept[c.Name] && (!isFixed || v == deflt) && s.Files.File(c.At.Start) != s.own
		switch {
		case isFixed:
			base[c.Name] = v
		case swept[c.Name]:
		case hasDefault:
			base[c.Name] = deflt
		default:
			return nil, nil, fmt.Errorf("config parameter %s of %s has no default and is not swept: set it with --set %s=…", source.Quote(c.Name), s.Name, c.Name)
		}
	}
	for _, f := range s.prog.Features {
		if v, isFixed := fixed[f.Name]; isFixed {
			base[f.Name] = v
		}
	}
	return base, implied, nil
}

// walkOfSweep spans the sweep.
type walkOfSweep struct {
	ctx     context.Context
	s       *Spec
	axes    []axis
	where   []syntax.Expr // all of which have to be so
	base    map[string]int64
	swept   map[string]bool
	implied []bool
	configs []Configuration
	unmet   *check.Object // a feature that a configuration could not have
	ofTree  bool
}

func (w *walkOfSweep) walk(i int) error {
	if i < len(w.axes) {
		for _, v := range w.axes[i].values {
			w.base[w.axes[i].name] = v
			if err := w.walk(i + 1); err != nil {
				return err
			}
		}
		return nil
	}
	if w.ctx.Err() != nil {
		return &Stopped{context.Cause(w.ctx)}
	}
	c, ok, err := w.s.configuration(w.base, w)
	c.implied = w.implied
	if err == nil && ok {
		w.configs = append(w.configs, c)
	}
	return err
}

// configuration makes one configuration, unless the sweep's where excludes it, or a feature lacks what it requires.
func (s *Spec) configuration(values map[string]int64, w *walkOfSweep) (Configuration, bool, error) {
	e := s.consts(values)
	for _, x := range w.where {
		if v, ok := e.constInt(x); !ok || v == 0 {
			return Configuration{}, false, e.diags.Err()
		}
	}
	switch f, err := s.unmet(e, nil); {
	case err != nil:
		return Configuration{}, false, err
	case f != nil && !w.ofTree && !s.givesFeatures(values):
		// No choice of a configuration: the declarations say that a release has it without what it requires.
		return Configuration{}, false, s.contradiction(e, f)
	case f != nil && !w.ofTree:
		w.unmet = f
		return Configuration{}, false, nil
	}
	c := Configuration{}
	for _, p := range s.prog.Configs {
		c.Config = append(c.Config, model.ConfigValue{Name: p.Name, Value: model.FormatValue(e.irType(e.configType(p)), int32(values[p.Name]))})
	}
	for _, f := range s.prog.Features {
		v, given := values[f.Name]
		if !given {
			continue
		}
		if deflt, ok := e.featureDefault(f); ok && v == deflt && !w.swept[f.Name] {
			continue // nothing is said that the release does not say
		}
		c.Config = append(c.Config, model.ConfigValue{Name: f.Name, Value: model.FormatValue(e.irType(e.configType(f)), int32(v))})
	}
	for _, t := range s.prog.Claims {
		v := int64(1)
		if t.When != nil {
			v, _ = e.constInt(t.When)
		}
		c.Claim = c.Claim || v != 0
	}
	for _, t := range s.prog.Tiers {
		v := int64(1)
		if t.When != nil {
			v, _ = e.constInt(t.When)
		}
		if v != 0 {
			c.Tier = t.Name.Name
			break
		}
	}
	foreign := c.Memory() != SC
	x := s.expectation(e, func(x *syntax.ExpectDecl) bool { return !foreign || x.Cond != nil && names(x.Cond, MemoryModel) })
	if x != nil {
		foreign = false
	} else if foreign {
		x = s.expectation(e, func(*syntax.ExpectDecl) bool { return true })
	}
	if x != nil {
		c.Expect = e.expectationOf(x)
		c.Expect.Foreign = foreign
	}
	return c, true, e.diags.Err()
}

// expectation is the first line that applies, of those that are eligible.
func (s *Spec) expectation(e *elab, eligible func(*syntax.ExpectDecl) bool) *syntax.ExpectDecl {
	for _, x := range s.prog.Expects {
		if !eligible(x) {
			continue
		}
		if x.Cond != nil {
			if v, ok := e.constInt(x.Cond); !ok || v == 0 {
				continue
			}
		}
		return x
	}
	return nil
}

func (e *elab) expectationOf(x *syntax.ExpectDecl) *Expectation {
	ex := &Expectation{Holds: x.Holds, Pos: x.Sp.Start}
	for _, id := range x.Props {
		ex.Props = append(ex.Props, id.Name)
	}
	slices.Sort(ex.Props)
	for _, id := range x.Unreachable {
		ex.Unreachable = append(ex.Unreachable, id.Name)
	}
	slices.Sort(ex.Unreachable)
	ex.States, ex.Transitions = e.expected(x.States), e.expected(x.Transitions)
	return ex
}

// expected is a number of states or transitions, -1 if there is none. An error is in the diagnostics.
func (e *elab) expected(x syntax.Expr) int64 {
	if x == nil {
		return -1
	}
	n, ok := e.constInt(x)
	if ok && n < 0 {
		e.errorf("out-of-range", x.Span(), "there cannot be %d of them", n)
	}
	return n
}

// checkSweep evaluates the sweep once, whatever the configuration. Its values are the same in all configurations.
func (s *Spec) checkSweep(e *elab) {
	for _, sw := range s.prog.Sweeps {
		for _, it := range sw.Items {
			if o := s.prog.Uses[it.Name]; o != nil {
				e.with(inSpec, func() { s.checkSwept(e, it, e.configType(o)) })
			}
		}
		e.with(inConfiguration, func() { e.constInts(sw.Where) })
	}
}

// checkSwept looks at the values of one parameter of the sweep, which is of type t.
func (s *Spec) checkSwept(e *elab, it *syntax.SweepItem, t *check.Type) {
	value := func(v syntax.Expr) (int64, bool) {
		x, _, ok := e.constant(v)
		if !ok || t.Kind == check.KindBad {
			return 0, false
		}
		if it := e.irType(t); x.Val < it.Lo || x.Val > it.Hi {
			e.errorf("out-of-range", v.Span(), "%d does not fit into %s", x.Val, t)
			return 0, false
		}
		return int64(x.Val), true
	}
	seen := map[int64]bool{}
	for _, x := range it.Values {
		v, ok := value(x)
		if ok && seen[v] {
			e.errorf("duplicate-name", x.Span(), "%s is swept twice for %s", model.FormatValue(e.irType(t), int32(v)), it.Name.Name)
		}
		seen[v] = ok
	}
	if it.Lo == nil {
		return
	}
	lo, ok1 := value(it.Lo)
	hi, ok2 := value(it.Hi)
	at := source.Span{Start: it.Lo.Span().Start, End: it.Hi.Span().End}
	switch {
	case !ok1 || !ok2:
	case lo > hi:
		e.errorf("bad-range", at, "%d..%d is empty: no value of %s would be checked", lo, hi, it.Name.Name)
	case hi-lo >= maxSwept:
		e.errorf("bad-range", at, "a sweep has at most %d values of a parameter, not %d", maxSwept, hi-lo+1)
	}
}
