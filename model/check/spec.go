package check

import (
	"maps"
	"slices"
	"strings"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Release is the constant that features compare with: the release of a configuration, as 100 * major + minor.
const Release = "KERNEL"

// sorted are the global names in the order of the alphabet.
func (in *Info) sorted() []*Object {
	return slices.SortedFunc(maps.Values(in.Names), func(a, b *Object) int { return strings.Compare(a.Name, b.Name) })
}

// config checks the type and the default of a parameter.
func (c *checker) config(o *Object) {
	t := c.typeOfObject(o)
	if t.Kind != KindBad && !t.number() {
		c.errorf("bad-type", o.At, "a config parameter is a bool, an enum or an integer, not %s", t)
	}
	if d := o.Config.Default; d != nil {
		if dt := c.constant(d); dt.Kind != KindBad && !c.fits(t, dt, d) {
			c.Types[d] = Bad
		}
	}
}

// structs checks the fields of all structs, and that none is part of itself.
func (c *checker) structs() {
	const entered, done = 1, 2
	state := map[*Struct]int{}
	var visit func(s *Struct)
	visit = func(s *Struct) {
		state[s] = entered
		for _, f := range s.Fields {
			t := c.typeOfObject(f.obj).Base()
			if t.Kind != KindStruct {
				continue
			}
			switch state[t.Struct] {
			case 0:
				visit(t.Struct)
			case entered:
				c.errorf("struct-cycle", f.At, "struct %s contains itself", t.Struct.Name)
				f.obj.typ, c.Written[f.Type] = Bad, Bad // so that it ends
			}
		}
		state[s] = done
	}
	for _, name := range slices.Sorted(maps.Keys(c.Structs)) {
		if s := c.Structs[name]; state[s] == 0 {
			visit(s)
		}
	}
}

// variables checks the shared variables and their initialisers.
func (c *checker) variables() {
	for _, d := range c.Vars {
		base := c.typeOf(d.Type)
		for _, n := range d.Names {
			o := c.Defs[n.Name]
			t := c.typeOfObject(o)
			switch {
			case base.Kind == KindVoid:
				c.errorf("bad-type", n.Sp, "a variable cannot be void")
				o.typ = Bad
			case d.Pool && base.Kind != KindStruct:
				c.errorf("bad-type", n.Sp, "only objects of a struct can be in a pool")
			case t.Kind != KindBad && d.Pool && !base.Struct.Lives:
				c.report("no-lifetime", n.Sp, "struct "+base.Struct.Name+" has no lifetime, so its objects cannot wait in a pool", "give the struct @use(property)")
			case base.Kind == KindStruct && len(d.Attrs) > 0:
				c.report("bad-attribute", d.Attrs[0].Sp, "@weak stands behind a variable that is no object", "put it behind the fields of struct "+base.Struct.Name)
			}
		}
	}
	for _, d := range c.Vars {
		for _, n := range d.Names {
			if n.Init != nil {
				c.initialiser(n.Init, c.Defs[n.Name].typ)
			}
		}
	}
}

func (c *checker) cover(d *syntax.CoverDecl) {
	if d.X == nil && !c.Marks[d.Name.Name] {
		c.report("unknown-cover", d.Name.Sp, "no statement marks cover "+source.Quote(d.Name.Name), source.DidYouMean(d.Name.Name, slices.Collect(maps.Keys(c.Marks))))
		return
	}
	c.integer(d.When)
}

// predicates checks invariants, the conditions of covers, and liveness properties.
func (c *checker) predicates() {
	for _, d := range c.Invariants {
		c.predicate(nil, d.X)
	}
	for _, d := range c.Covers {
		c.predicate(nil, d.X)
	}
	for _, d := range c.Steps {
		c.elsewhere(inStep, nil, func() { c.condition(d.X) })
	}
	for _, d := range c.Liveness {
		c.integer(d.When)
		s := &scope{names: map[string]*Object{}}
		if d.Param != nil {
			t := c.typeOf(d.Param.Type)
			if t.Kind == KindBad {
				continue
			}
			if !t.number() && t.Kind != KindHandle {
				c.report("bad-type", d.Param.Sp, "the parameter of a liveness property cannot be "+t.String(), "it is a pointer to a struct, and stands for its objects, or a number, an enum or a bool")
				continue
			}
			c.elsewhere(inPredicate, s, func() { c.param(d.Param, t, true) })
		}
		c.predicate(s, d.Q)
		c.predicate(s, d.P)
	}
}

func (c *checker) predicate(s *scope, x syntax.Expr) {
	if x != nil {
		c.elsewhere(inPredicate, s, func() { c.condition(x) })
	}
}

// overrides demands that an override is of another file's function, and can stand wherever that one is called.
func (c *checker) overrides() {
	for _, pair := range c.Overrides {
		old, d := pair[0], pair[1]
		what := ""
		same := func(a, b *syntax.TypeExpr) bool {
			x, y := c.typeOf(a), c.typeOf(b)
			return x.Kind == KindBad || y.Kind == KindBad || x.Kind == y.Kind && x.Lo == y.Lo && x.Hi == y.Hi && (x.Kind == KindVoid || Assignable(x, y))
		}
		switch {
		case c.files.File(old.Name.Sp.Start) == c.files.File(d.Name.Sp.Start):
			what = "is in the file of the function it replaces"
		case len(old.Params) != len(d.Params):
			what = "has other parameters"
		case !same(old.Result, d.Result):
			what = "has another result"
		}
		for i := 0; i < len(d.Params) && what == ""; i++ {
			if !same(old.Params[i].Type, d.Params[i].Type) {
				what = "has another type of parameter " + source.Quote(d.Params[i].Name.Name)
			}
		}
		if what != "" {
			c.report("bad-override", d.Name.Sp, "override of "+source.Quote(d.Name.Name)+" "+what, "write override "+old.Signature(), source.Related{Span: old.Name.Sp, Msg: "the function it replaces"})
		}
	}
}

// questions checks what the spec sweeps, checks and expects, and what is said of its parameters.
func (c *checker) questions() {
	c.features()
	c.groups()
	for _, d := range c.Sweeps {
		c.sweep(d)
	}
	c.properties()
	for _, d := range c.Claims {
		c.integer(d.When)
	}
	for _, d := range c.Tiers {
		c.integer(d.When)
	}
}

func (c *checker) features() {
	if len(c.Features) == 0 {
		return
	}
	if k := c.Names[Release]; k == nil || k.Kind != ConstObject {
		c.report("bad-feature", c.Features[0].At, "a feature depends on the release, and there is no constant "+Release, "import \"linux/kernel/version\", or write: const KERNEL = v6.5;")
		return
	}
	for _, o := range c.Features {
		c.typeOfObject(o)
		c.integer(o.Feature.Requires)
	}
}

// groups demands that the members of groups are values of the parameter.
func (c *checker) groups() {
	for _, g := range c.Groups {
		if old := c.Names[g.Name]; old != nil && old.IsParam() {
			c.errorf("bad-attribute", g.Param.Name.Sp, "group %s has the name of a %s", source.Quote(g.Name), old.Kind)
		}
		t := c.typeOfObject(c.Names[g.Param.Name.Name])
		for _, m := range g.Members {
			v := c.Names[m.Name]
			if t.Kind != KindEnum || v == nil || v.Kind != EnumValueObject || v.Enum != t.Enum {
				c.errorf("bad-attribute", m.Sp, "%s is not a value of %s", source.Quote(m.Name), g.Param.Name.Name)
				continue
			}
			c.Uses[m] = v
		}
	}
}

// sweep checks what is swept. The values are the same in all configurations.
func (c *checker) sweep(d *syntax.SweepDecl) {
	seen := map[string]*syntax.Ident{}
	for _, it := range d.Items {
		name := it.Name.Name
		if old := seen[name]; old != nil {
			c.report("duplicate-name", it.Name.Sp, source.Quote(name)+" is swept twice", "", source.Related{Span: old.Sp, Msg: "the other one"})
		}
		seen[name] = it.Name
		o := c.Names[name]
		if o == nil || !o.IsParam() {
			c.report("unknown-name", it.Name.Sp, source.Quote(name)+" is not a config parameter or feature", c.Suggest(name, ConfigObject, FeatureObject))
			continue
		}
		c.Uses[it.Name] = o
		t := c.typeOfObject(o)
		for _, x := range append(it.Values[:len(it.Values):len(it.Values)], it.Lo, it.Hi) {
			if x == nil {
				continue
			}
			if vt := c.constant(x); vt.Kind != KindBad && !c.fits(t, vt, x) {
				c.Types[x] = Bad
			}
		}
	}
	c.integer(d.Where)
}

// properties checks what check and expect lines name: the properties have to be observed, and covers to be declared.
func (c *checker) properties() {
	used := map[string]bool{"no_deadlock": true, "no_fault": true, "assertion": true}
	for _, q := range c.Props {
		if q.Used {
			used[q.Name] = true
		}
	}
	for _, d := range c.Invariants {
		used[d.Name.Name] = true
	}
	for _, d := range c.Liveness {
		used[d.Name.Name] = true
	}
	observed := func(ids []*syntax.Ident) {
		for _, id := range ids {
			if !used[id.Name] {
				c.report("unknown-property", id.Sp, "nothing in this spec observes property "+source.Quote(id.Name), source.DidYouMean(id.Name, slices.Collect(maps.Keys(used))))
			}
		}
	}
	for _, d := range c.Checks {
		observed(d.Props)
	}
	var covers []string
	for _, d := range c.Covers {
		covers = append(covers, d.Name.Name)
	}
	for _, d := range c.Expects {
		c.integer(d.Cond)
		c.integer(d.States)
		c.integer(d.Transitions)
		observed(d.Props)
		for _, id := range d.Unreachable {
			if !slices.Contains(covers, id.Name) {
				hint := source.DidYouMean(id.Name, covers)
				if hint == "" {
					hint = "declare it: cover " + id.Name + ": condition;"
				}
				c.report("unknown-cover", id.Sp, "there is no cover "+source.Quote(id.Name), hint)
			}
		}
	}
}
