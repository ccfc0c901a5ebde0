package elab

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// kernelParam is the name under which a release is asked for as the kernel writes it. No parameter of the language has it unless a spec declares one: it fixes those that the
// release is computed from.
const kernelParam = "kernel"

// ParseKernel is the number of the release that a version begins with: 601 for 6.1, v6.1 and 6.1.192. stable is whether it is one of the versions that follow a release.
func ParseKernel(text string) (release int64, stable, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(text, "v"), ".", 3)
	if len(parts) == 3 {
		n, err := strconv.ParseUint(parts[2], 10, 32)
		if err != nil {
			return 0, false, false
		}
		stable = n > 0
		text = parts[0] + "." + parts[1]
	}
	release, ok = syntax.Version(text)
	return release, stable, ok
}

// kernel gives the parameters that the release depends on the first values with which it is the one asked for. What is fixed already stays.
func (s *Spec) kernel(text string, fixed map[string]int64) error {
	want, _, ok := ParseKernel(text)
	if !ok {
		return source.WithHint(fmt.Sprintf("kernel %s is not a release", source.Quote(text)), "write --set kernel=6.6, or v6.6")
	}
	params := s.releaseParams()
	if params == nil {
		return fmt.Errorf("%s depends on no release: it has no constant %s", s.Name, check.Release)
	}
	found, low, high := s.releases(params, want, fixed)
	if found == nil {
		free, _, _ := s.releases(params, want, nil)
		if free == nil {
			return fmt.Errorf("%s knows the releases %s to %s, not %s", s.Name, syntax.VersionText(low), syntax.VersionText(high), syntax.VersionText(want))
		}
		_, first, last := s.releases(params, 0, fixed)
		var is, set []string
		e := s.consts(map[string]int64{})
		for _, p := range params {
			if v, isFixed := fixed[p.Name]; isFixed && v != free[p.Name] {
				t := e.irType(e.configType(p))
				is = append(is, p.Name+"="+model.FormatValue(t, int32(free[p.Name])))
				set = append(set, p.Name+"="+model.FormatValue(t, int32(v)))
			}
		}
		msg := fmt.Sprintf("kernel %s is %s, and %s is set", syntax.VersionText(want), strings.Join(is, " "), strings.Join(set, " "))
		if first > 0 {
			msg += fmt.Sprintf(", which is %s to %s", syntax.VersionText(first), syntax.VersionText(last))
		}
		return errors.New(msg)
	}
	for n, v := range found {
		fixed[n] = v
	}
	return nil
}

// releaseParams are the parameters that the release of a configuration is computed from, in declaration order; nil if there is no release.
func (s *Spec) releaseParams() []*check.Object {
	k := s.prog.Names[check.Release]
	if k == nil || k.Kind != check.ConstObject {
		return nil
	}
	seen := map[string]bool{check.Release: true}
	var visit func(x syntax.Expr)
	visit = func(x syntax.Expr) {
		syntax.Walk(x, func(n syntax.Node) bool {
			if id, ok := n.(*syntax.Ident); ok && !seen[id.Name] {
				seen[id.Name] = true
				if c := s.prog.Names[id.Name]; c != nil && c.Kind == check.ConstObject {
					visit(c.Const.Value)
				}
			}
			return true
		})
	}
	visit(k.Const.Value)
	params := []*check.Object{}
	for _, c := range s.prog.Configs {
		if seen[c.Name] {
			params = append(params, c)
		}
	}
	return params
}

// releases looks for values of the parameters with which the release is the one wanted and every static_assert holds that speaks of nothing else. Numbers are tried last, for a
// release that has a name is asked for by its name. low and high are the first and the last release that has one.
func (s *Spec) releases(params []*check.Object, want int64, fixed map[string]int64) (found map[string]int64, low, high int64) {
	s.eachRelease(params, want, fixed, func(n int64, values map[string]int64) bool {
		if low == 0 || n < low {
			low = n
		}
		high = max(high, n)
		if n == want {
			found = values
		}
		return n != want
	})
	return found, low, high
}

// eachRelease calls f for every combination of values that is a release, until f returns false: those of enums and truth values, with numbers at their defaults first, and then with
// numbers that are try.
func (s *Spec) eachRelease(params []*check.Object, try int64, fixed map[string]int64, f func(release int64, values map[string]int64) bool) {
	e := s.consts(map[string]int64{})
	choices := make([][]int64, len(params))
	var order, rest []int
	for i, p := range params {
		t := e.irType(e.configType(p))
		switch v, isFixed := fixed[p.Name]; {
		case isFixed:
			choices[i] = []int64{v}
			rest = append(rest, i)
		case t.Kind == model.KindInt:
			deflt := int64(t.Lo)
			if p.Config.Default != nil {
				deflt, _ = e.constInt(p.Config.Default)
			}
			choices[i] = []int64{deflt}
			if try >= int64(t.Lo) && try <= int64(t.Hi) && try != 0 && try != deflt {
				choices[i] = append(choices[i], try)
			}
			order = append(order, i)
		default:
			for v := int64(t.Lo); v <= int64(t.Hi); v++ {
				choices[i] = append(choices[i], v)
			}
			rest = append(rest, i)
		}
	}
	order = append(order, rest...)
	config := map[string]int64{}
	for _, c := range s.prog.Configs {
		if c.Config.Default != nil {
			config[c.Name], _ = e.constInt(c.Config.Default)
		}
	}
	var walk func(k int) bool
	walk = func(k int) bool {
		if k < len(order) {
			i := order[k]
			for _, v := range choices[i] {
				config[params[i].Name] = v
				if !walk(k + 1) {
					return false
				}
			}
			return true
		}
		n, ok := s.consts(config).constInt(e.prog.Names[check.Release].Const.Name)
		for _, a := range s.prog.Statics {
			if v, known := s.consts(config).constInt(a.Cond); known && v == 0 {
				ok = false
			}
		}
		if !ok {
			return true
		}
		values := map[string]int64{}
		for _, p := range params {
			values[p.Name] = config[p.Name]
		}
		return f(n, values)
	}
	walk(0)
}

// Releases are the releases that the spec knows by the values of parameters that are no numbers, in order: the first and the last of every era.
func (s *Spec) Releases() (list []int64) {
	params := s.releaseParams()
	if params == nil {
		return nil
	}
	s.eachRelease(params, 0, nil, func(n int64, _ map[string]int64) bool {
		list = append(list, n)
		return true
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// Off are the values that take a feature away from a release: of a bool, false; of one that has shapes, the shape before. What requires it is taken away, too. ok is false if the
// release has it not.
func (s *Spec) Off(name string, release int64) (set []model.ConfigValue, ok bool, err error) {
	sym := s.prog.Names[name]
	if sym == nil || sym.Kind != check.FeatureObject {
		return nil, false, fmt.Errorf("%s has no feature %s", s.Name, source.Quote(name))
	}
	has := sym.Feature.Default(release)
	if has == 0 {
		return nil, false, nil
	}
	config, _, _ := s.releases(s.releaseParams(), release, nil)
	if config == nil {
		return nil, false, fmt.Errorf("%s does not know %s", s.Name, syntax.VersionText(release))
	}
	e := s.consts(map[string]int64{})
	for _, c := range s.prog.Configs {
		if _, known := config[c.Name]; !known && c.Config.Default != nil {
			config[c.Name], _ = e.constInt(c.Config.Default)
		}
	}
	off := []*check.Object{sym}
	config[name] = has - 1
	for {
		f, err := s.unmet(s.consts(config), nil)
		if err != nil {
			return nil, false, err
		}
		if f == nil {
			break
		}
		if f == sym || config[f.Name] != 0 && slices.Contains(off, f) {
			return nil, false, fmt.Errorf("feature %s cannot be taken away from %s alone: %s requires it", name, syntax.VersionText(release), f.Name)
		}
		config[f.Name] = 0
		off = append(off, f)
	}
	set = append(set, model.ConfigValue{Name: kernelParam, Value: syntax.VersionText(release)})
	for _, f := range off {
		set = append(set, model.ConfigValue{Name: f.Name, Value: model.FormatValue(e.irType(e.configType(f)), int32(config[f.Name]))})
	}
	return set, true, nil
}
