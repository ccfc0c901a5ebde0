package elab

import (
	"errors"
	"fmt"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Bounds of a sweep, which is spanned before anything is checked.
const (
	maxSwept = 1 << 16 // values of one parameter
	maxSpan  = 1 << 20 // cells, also those that `where` excludes
)

// ErrNoCell is returned by Cells when the sweep and the fixed parameters leave nothing.
var ErrNoCell = errors.New("no cell of the sweep has these values")

// Cells lists the cells of the sweep in order, the first swept parameter varying slowest. Parameters in set are fixed to the given value instead.
func (s *Spec) Cells(set []model.ConfigValue) ([]ConfigCell, error) {
	e := s.consts(map[string]int64{})
	fixed := map[string]int64{}
	for _, v := range set {
		sym := s.prog.syms[v.Name]
		if sym == nil || sym.kind != symConfig {
			return nil, source.WithHint(fmt.Sprintf("%s has no config parameter %s", s.Name, source.Quote(v.Name)), s.prog.suggest(v.Name, symConfig))
		}
		t := e.irType(e.configType(sym))
		n, err := parseValue(t, v.Value)
		if err != nil {
			return nil, fmt.Errorf("config parameter %s: %w", v.Name, err)
		}
		fixed[v.Name] = n
	}
	type axis struct {
		name   string
		values []int64
	}
	var axes []axis
	swept := map[string]bool{}
	var where syntax.Expr
	for _, sw := range s.prog.sweeps {
		where = sw.Where
		for _, it := range sw.Items {
			a := axis{name: it.Name.Name}
			swept[a.name] = true
			t := e.irType(e.configType(s.prog.syms[a.name]))
			lo, hi := int64(t.Lo), int64(t.Hi)
			switch v, isFixed := fixed[a.name]; {
			case isFixed:
				lo, hi = v, v
			case len(it.Values) > 0:
				for _, x := range it.Values {
					c, ok := e.constInt(x)
					if !ok {
						return nil, e.diags.Err()
					}
					a.values = append(a.values, c)
				}
				lo, hi = 1, 0
			case it.Lo != nil:
				var ok1, ok2 bool
				lo, ok1 = e.constInt(it.Lo)
				hi, ok2 = e.constInt(it.Hi)
				if !ok1 || !ok2 {
					return nil, e.diags.Err()
				}
			case t.Kind == model.KindInt && hi-lo >= maxEnumerated:
				return nil, fmt.Errorf("config parameter %s has too many values to sweep: give a range", a.name)
			}
			for v := lo; v <= hi; v++ {
				a.values = append(a.values, v)
			}
			axes = append(axes, a)
		}
	}
	base := map[string]int64{}
	implied := make([]bool, len(s.prog.configs))
	for i, c := range s.prog.configs {
		deflt, hasDefault := int64(0), c.config.Default != nil
		if hasDefault {
			if deflt, hasDefault = e.constInt(c.config.Default); !hasDefault {
				return nil, e.diags.Err()
			}
		}
		v, isFixed := fixed[c.name]
		implied[i] = hasDefault && !swept[c.name] && (!isFixed || v == deflt) && s.Files.File(c.at.Start) != s.own
		switch {
		case isFixed:
			base[c.name] = v
		case swept[c.name]:
		case hasDefault:
			base[c.name] = deflt
		default:
			return nil, fmt.Errorf("config parameter %s of %s has no default and is not swept: set it with --set %s=…", source.Quote(c.name), s.Name, c.name)
		}
	}
	span := 1
	for _, a := range axes {
		if span *= max(1, len(a.values)); span > maxSpan {
			return nil, fmt.Errorf("the sweep of %s spans more than %d cells", s.Name, maxSpan)
		}
	}
	var cells []ConfigCell
	var walk func(i int) error
	walk = func(i int) error {
		if i < len(axes) {
			for _, v := range axes[i].values {
				base[axes[i].name] = v
				if err := walk(i + 1); err != nil {
					return err
				}
			}
			return nil
		}
		c, ok, err := s.cell(base, where)
		c.implied = implied
		if err == nil && ok {
			cells = append(cells, c)
		}
		return err
	}
	if err := walk(0); err != nil {
		return nil, err
	}
	if len(cells) == 0 {
		return nil, ErrNoCell
	}
	return cells, nil
}

// cell makes one cell, unless the sweep's where excludes it.
func (s *Spec) cell(values map[string]int64, where syntax.Expr) (ConfigCell, bool, error) {
	e := s.consts(values)
	if where != nil {
		if v, ok := e.constInt(where); !ok || v == 0 {
			return ConfigCell{}, false, e.diags.Err()
		}
	}
	c := ConfigCell{}
	for _, p := range s.prog.configs {
		c.Config = append(c.Config, model.ConfigValue{Name: p.name, Value: model.FormatValue(e.irType(e.configType(p)), int32(values[p.name]))})
	}
	for _, t := range s.prog.tiers {
		v := int64(1)
		if t.When != nil {
			v, _ = e.constInt(t.When)
		}
		if v != 0 {
			c.Tier = t.Name.Name
			break
		}
	}
	for _, x := range s.prog.expects {
		if x.Cond != nil {
			if v, ok := e.constInt(x.Cond); !ok || v == 0 {
				continue
			}
		}
		ex := &Expectation{Holds: x.Holds, States: -1, Transitions: -1, Pos: x.Sp.Start}
		for _, id := range x.Props {
			ex.Props = append(ex.Props, id.Name)
		}
		slices.Sort(ex.Props)
		for _, id := range x.Unreachable {
			ex.Unreachable = append(ex.Unreachable, id.Name)
		}
		slices.Sort(ex.Unreachable)
		ex.States, ex.Transitions = e.expected(x.States), e.expected(x.Transitions)
		c.Expect = ex
		break
	}
	return c, true, e.diags.Err()
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

// checkSweep looks at the sweep once, whatever the cell. Its values are the same in all cells.
func (s *Spec) checkSweep(e *elab) {
	for _, sw := range s.prog.sweeps {
		seen := map[string]*syntax.Ident{}
		for _, it := range sw.Items {
			if old := seen[it.Name.Name]; old != nil {
				e.diags.Add(source.Diagnostic{Code: "duplicate-name", Span: it.Name.Sp, Msg: source.Quote(it.Name.Name) + " is swept twice", Related: []source.Related{{Span: old.Sp, Msg: "the other one"}}})
			}
			seen[it.Name.Name] = it.Name
			sym := s.prog.syms[it.Name.Name]
			if sym == nil || sym.kind != symConfig {
				e.diags.Add(source.Diagnostic{Code: "unknown-name", Span: it.Name.Sp, Msg: source.Quote(it.Name.Name) + " is not a config parameter", Hint: s.prog.suggest(it.Name.Name, symConfig)})
				continue
			}
			e.with(inSpec, func() { s.checkSwept(e, it, e.configType(sym)) })
		}
		e.with(inCell, func() { e.constInts(sw.Where) })
	}
}

// checkSwept looks at the values of one parameter of the sweep, which is of type t.
func (s *Spec) checkSwept(e *elab, it *syntax.SweepItem, t *stype) {
	value := func(v syntax.Expr) (int64, bool) {
		x, vt, ok := e.constant(v)
		switch {
		case !ok || t.kind == stBad:
			return 0, false
		case !assignable(t, vt):
			e.mismatch(v.Span(), t, vt)
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
