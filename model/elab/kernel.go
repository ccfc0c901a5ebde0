package elab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
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
		return fmt.Errorf("%s depends on no release: it has no constant %s", s.Name, releaseConst)
	}
	found, low, high := s.releases(params, want, fixed)
	if found == nil {
		free, _, _ := s.releases(params, want, nil)
		if free == nil {
			return fmt.Errorf("%s knows the releases %s to %s, not %s", s.Name, syntax.VersionText(low), syntax.VersionText(high), syntax.VersionText(want))
		}
		var is, set []string
		e := s.consts(map[string]int64{})
		for _, p := range params {
			if v, isFixed := fixed[p.name]; isFixed && v != free[p.name] {
				t := e.irType(e.configType(p))
				is = append(is, p.name+"="+model.FormatValue(t, int32(free[p.name])))
				set = append(set, p.name+"="+model.FormatValue(t, int32(v)))
			}
		}
		return fmt.Errorf("kernel %s is %s, and %s is set", syntax.VersionText(want), strings.Join(is, " "), strings.Join(set, " "))
	}
	for n, v := range found {
		fixed[n] = v
	}
	return nil
}

// releaseParams are the parameters that the release of a cell is computed from, in declaration order; nil if there is no release.
func (s *Spec) releaseParams() []*symbol {
	k := s.prog.syms[releaseConst]
	if k == nil || k.kind != symConst {
		return nil
	}
	seen := map[string]bool{releaseConst: true}
	var visit func(x syntax.Expr)
	visit = func(x syntax.Expr) {
		syntax.Walk(x, func(n syntax.Node) bool {
			if id, ok := n.(*syntax.Ident); ok && !seen[id.Name] {
				seen[id.Name] = true
				if c := s.prog.syms[id.Name]; c != nil && c.kind == symConst {
					visit(c.constant.Value)
				}
			}
			return true
		})
	}
	visit(k.constant.Value)
	params := []*symbol{}
	for _, c := range s.prog.configs {
		if seen[c.name] {
			params = append(params, c)
		}
	}
	return params
}

// releases looks for values of the parameters with which the release is the one wanted and every static_assert holds that speaks of nothing else. Numbers are tried last, for a
// release that has a name is asked for by its name. low and high are the first and the last release that has one.
func (s *Spec) releases(params []*symbol, want int64, fixed map[string]int64) (found map[string]int64, low, high int64) {
	e := s.consts(map[string]int64{})
	choices := make([][]int64, len(params))
	order := make([]int, 0, len(params))
	for i, p := range params {
		t := e.irType(e.configType(p))
		deflt := int64(t.Lo)
		if p.config.Default != nil {
			deflt, _ = e.constInt(p.config.Default)
		}
		if v, isFixed := fixed[p.name]; isFixed {
			choices[i] = []int64{v}
			continue
		}
		if t.Kind == model.KindInt {
			choices[i] = []int64{deflt}
			if want >= int64(t.Lo) && want <= int64(t.Hi) && want != deflt {
				choices[i] = append(choices[i], want)
			}
			order = append(order, i)
			continue
		}
		for v := int64(t.Lo); v <= int64(t.Hi); v++ {
			choices[i] = append(choices[i], v)
		}
	}
	for i := range params {
		if !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	cell := map[string]int64{}
	for _, c := range s.prog.configs {
		if c.config.Default != nil {
			cell[c.name], _ = e.constInt(c.config.Default)
		}
	}
	var walk func(k int)
	walk = func(k int) {
		if found != nil {
			return
		}
		if k < len(order) {
			i := order[k]
			for _, v := range choices[i] {
				cell[params[i].name] = v
				walk(k + 1)
			}
			return
		}
		c := s.consts(cell)
		n, ok := c.constInt(&syntax.Ident{Name: releaseConst})
		for _, a := range s.prog.statics {
			if v, known := s.consts(cell).constInt(a.Cond); known && v == 0 {
				ok = false
			}
		}
		if !ok {
			return
		}
		if low == 0 || n < low {
			low = n
		}
		high = max(high, n)
		if n == want {
			found = map[string]int64{}
			for _, p := range params {
				found[p.name] = cell[p.name]
			}
		}
	}
	walk(0)
	return found, low, high
}
