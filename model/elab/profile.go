package elab

import (
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

// Profile is what is known of a kernel tree: its release, and which features it has. A feature that is missing is unknown.
type Profile struct {
	Name     string            // for readers
	Kernel   string            // as 6.1.192
	Features map[string]string // values by name
}

// Selection says which configurations are asked for. What is set comes before the profile, and the profile before what a release has by default.
type Selection struct {
	Set     []model.ConfigValue
	Profile *Profile
}

// Select lists configurations as [Spec.Configurations] does. Under a profile the release and the features are those of the tree, whatever the spec sweeps; no expectation applies, as those are about
// releases; and a configuration may still depend on features that are unknown, which [Spec.Ways] resolves.
func (s *Spec) Select(sel Selection) ([]Configuration, error) {
	return s.SelectContext(context.Background(), sel)
}

// SelectContext is [Spec.Select] until the context ends: then the error is a [Stopped].
func (s *Spec) SelectContext(ctx context.Context, sel Selection) (_ []Configuration, err error) {
	defer recoverStopped(&err)
	if sel.Profile == nil {
		return s.ConfigurationsContext(ctx, sel.Set)
	}
	p := sel.Profile
	if s.releaseParams() == nil {
		return nil, &NoParameter{Spec: s.Name, Name: kernelParam}
	}
	want, _, ok := ParseKernel(p.Kernel)
	if !ok {
		return nil, fmt.Errorf("profile %s: kernel %s is not a release", p.Name, source.Quote(p.Kernel))
	}
	set := []model.ConfigValue{{Name: kernelParam, Value: p.Kernel}}
	given := map[string]bool{}
	for _, v := range sel.Set {
		if v.Name == kernelParam && s.prog.Names[kernelParam] == nil {
			if n, _, ok := ParseKernel(v.Value); !ok || n != want {
				return nil, fmt.Errorf("--set kernel=%s contradicts the profile %s, which is of %s", v.Value, p.Name, p.Kernel)
			}
			continue
		}
		given[v.Name] = true
		set = append(set, v)
	}
	for _, f := range s.prog.Features {
		if v, known := p.Features[f.Name]; known && !given[f.Name] {
			set = append(set, model.ConfigValue{Name: f.Name, Value: v})
		}
	}
	configs, err := s.configurations(ctx, set, true)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", p.Name, err)
	}
	for i := range configs {
		configs[i].Expect = nil
		implied := make([]bool, len(configs[i].Config)) // what the profile says is not said by the name of each configuration
		copy(implied, configs[i].implied)
		for k, v := range configs[i].Config {
			_, known := p.Features[v.Name]
			implied[k] = implied[k] || known && !given[v.Name]
		}
		configs[i].implied = implied
		for _, f := range s.prog.Features {
			if _, known := p.Features[f.Name]; !known && !given[f.Name] {
				configs[i].unknown = append(configs[i].unknown, f.Name)
			}
		}
	}
	return configs, nil
}

// Bounds of what is tried to find the systems that a configuration with unknown features may be.
const (
	MaxWays   = 64
	maxBuilds = 4 * MaxWays
)

// Ways are the configurations that a configuration may be, one for each system: of unknown features only those count that the elaboration asks for. If there are more than [MaxWays], it is the configuration itself,
// which then says which features it depends on. A configuration that no static assertion of the spec lets be is left out. If no combination has what its features require, that is an error.
func (s *Spec) Ways(c Configuration, o BuildOptions) ([]Configuration, error) {
	if len(c.unknown) == 0 {
		return []Configuration{c}, nil
	}
	w := &ways{s: s, o: o, seen: map[string]bool{}, met: map[string]bool{}}
	if err := w.walk(c); err != nil {
		return nil, err
	}
	if w.many {
		c.Undecided = nil
		for _, n := range c.unknown {
			if w.met[n] {
				c.Undecided = append(c.Undecided, n)
			}
		}
		return []Configuration{c}, nil
	}
	if len(w.configs) == 0 && w.unmet != nil {
		return nil, fmt.Errorf("feature %s requires %s, which no value of an unknown feature brings", w.unmet.Name, feature(s.Files, w.unmet.Feature).Requires)
	}
	if len(w.configs) == 1 { // nothing depends on them: the name of the configuration need not say which values were tried
		n := &w.configs[0]
		implied := make([]bool, len(n.Config))
		for i := range implied {
			implied[i] = i >= len(c.Config) || i < len(c.implied) && c.implied[i]
		}
		n.implied = implied
	}
	return w.configs, nil
}

// ways walks through the values of unknown features.
type ways struct {
	s       *Spec
	o       BuildOptions
	builds  int
	many    bool
	seen    map[string]bool // digests
	met     map[string]bool // features that were asked for
	configs []Configuration
	unmet   *check.Object
}

func (w *ways) walk(c Configuration) error {
	if w.many {
		return nil
	}
	if w.builds++; w.builds > maxBuilds {
		w.many = true
		return nil
	}
	o := w.o
	o.Asked = map[string]bool{}
	sys, err := w.s.Build(c, o)
	excluded := false
	if err != nil {
		var list *source.List
		if !errors.As(err, &list) || slices.ContainsFunc(list.Diags, func(d source.Diagnostic) bool { return d.Code != "static-assert" }) {
			return err
		}
		excluded = true
	}
	for i, n := range c.unknown {
		if o.Asked[n] {
			w.met[n] = true
			return w.branch(c, i)
		}
	}
	if excluded {
		return nil
	}
	if f, err := w.s.lacks(c); f != nil || err != nil {
		if f != nil {
			w.unmet = f
		}
		return err
	}
	if d := sys.Digest(); !w.seen[d] {
		w.seen[d] = true
		w.configs = append(w.configs, c)
		w.many = len(w.configs) > MaxWays
	}
	return nil
}

// branch gives an unknown feature each of its values.
func (w *ways) branch(c Configuration, i int) error {
	f := feature(w.s.Files, w.s.prog.Names[c.unknown[i]].Feature)
	for _, v := range f.Values {
		n := c
		n.unknown = slices.Delete(slices.Clone(c.unknown), i, i+1)
		n.Config = append(slices.Clone(c.Config), model.ConfigValue{Name: f.Name, Value: v})
		if err := w.walk(n); err != nil {
			return err
		}
	}
	return nil
}

// lacks is a feature of a configuration without what it requires, or nil. What depends on a feature that is unknown lacks nothing.
func (s *Spec) lacks(c Configuration) (*check.Object, error) {
	values, err := s.values(c)
	if err != nil {
		return nil, err
	}
	return s.unmet(s.consts(values), c.unknown)
}

// Unmet says what a profile has without what it requires, "" if nothing.
func (s *Spec) Unmet(p *Profile) (string, error) {
	configs, err := s.Select(Selection{Profile: p})
	if err != nil {
		return "", err
	}
	f, err := s.lacks(configs[0])
	if f == nil || err != nil {
		return "", err
	}
	return fmt.Sprintf("feature %s requires %s", f.Name, feature(s.Files, f.Feature).Requires), nil
}

// CheckProfile reports names that are no features and values that are none of theirs.
func (s *Spec) CheckProfile(p *Profile) error {
	known := map[string]Feature{}
	var names []string
	for _, f := range s.Features() {
		known[f.Name] = f
		names = append(names, f.Name)
	}
	var errs []error
	for _, n := range sortedKeys(p.Features) {
		f, ok := known[n]
		switch v := p.Features[n]; {
		case !ok:
			errs = append(errs, source.WithHint(fmt.Sprintf("profile %s: there is no feature %s", p.Name, source.Quote(n)), source.DidYouMean(n, slices.Clone(names))))
		case !slices.Contains(f.Values, v):
			errs = append(errs, fmt.Errorf("profile %s: %s is not one of the values of %s: %s", p.Name, source.Quote(v), n, strings.Join(f.Values, ", ")))
		}
	}
	return errors.Join(errs...)
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// ofTree are the conditions of a sweep that are more than a choice of releases, which a tree makes.
func (s *Spec) ofTree(where syntax.Expr) (out []syntax.Expr) {
	switch x := where.(type) {
	case nil:
		return nil
	case *syntax.ParenExpr:
		return s.ofTree(x.X)
	case *syntax.BinaryExpr:
		if x.Op == syntax.LAND {
			return append(s.ofTree(x.X), s.ofTree(x.Y)...)
		}
	}
	release := map[string]bool{}
	for _, p := range s.releaseParams() {
		release[p.Name] = true
	}
	pure, any := true, false
	seen := map[string]bool{}
	var visit func(x syntax.Expr)
	visit = func(x syntax.Expr) {
		syntax.Walk(x, func(n syntax.Node) bool {
			id, ok := n.(*syntax.Ident)
			if !ok || seen[id.Name] {
				return true
			}
			seen[id.Name] = true
			switch sym := s.prog.Names[id.Name]; {
			case sym == nil:
			case sym.Kind == check.ConstObject:
				visit(sym.Const.Value)
			case sym.IsParam():
				any, pure = true, pure && release[id.Name]
			}
			return true
		})
	}
	visit(where)
	if any && pure {
		return nil
	}
	return []syntax.Expr{where}
}
