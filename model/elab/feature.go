package elab

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// releaseConst is the constant that features compare with: the release of a cell, as 100 * major + minor.
const releaseConst = "KERNEL"

// param reports whether the symbol has a value of its own in every cell.
func (s *symbol) param() bool { return s.kind == symConfig || s.kind == symFeature }

// enterFeature enters a feature, and its shapes as an enum.
func (p *program) enterFeature(d *syntax.FeatureDecl, diags *source.List) {
	s := &symbol{kind: symFeature, name: d.Name.Name, at: d.Name.Sp, feature: d}
	if d.Shapes != nil {
		var names []*syntax.Ident
		for _, sh := range d.Shapes {
			names = append(names, sh.Name)
		}
		s.enum = p.enterEnum(d.Name, names, diags)
	}
	if p.enter(s, diags) {
		p.features = append(p.features, s)
	}
	bad := func(at source.Span, hint, format string, args ...any) {
		diags.Add(source.Diagnostic{Code: "bad-feature", Span: at, Msg: fmt.Sprintf(format, args...), Hint: hint})
	}
	if d.Since != nil && d.Until != nil && d.Since.Value >= d.Until.Value {
		bad(d.Until.Sp, "", "no release has the feature: %s is not behind %s", d.Until.Text, d.Since.Text)
	}
	if d.Shapes != nil && (d.Since != nil || d.Until != nil) {
		bad(d.Kind.Sp, "write: feature name = { old, new since v6.5 } fix \"…\";", "each shape says since when it is")
	}
	for i, sh := range d.Shapes {
		if i > 0 && sh.Since != nil && d.Shapes[i-1].Since != nil && sh.Since.Value <= d.Shapes[i-1].Since.Value {
			bad(sh.Since.Sp, "shapes stand in the order of their releases", "%s is not behind %s", sh.Since.Text, d.Shapes[i-1].Since.Text)
		}
	}
	for _, c := range d.Commits {
		if n := len(c.Value); n < 7 || n > 40 || strings.Trim(c.Value, "0123456789abcdef") != "" {
			bad(c.Sp, "7 to 40 hexadecimal digits", "%q is not a commit", c.Value)
		}
	}
}

// checkFeatures looks at what all features have in common, once.
func (s *Spec) checkFeatures(e *elab) {
	if len(s.prog.features) == 0 {
		return
	}
	if k := s.prog.syms[releaseConst]; k == nil || k.kind != symConst {
		f := s.prog.features[0]
		e.diags.Add(source.Diagnostic{
			Code: "bad-feature", Span: f.at, Msg: "a feature depends on the release, and there is no constant " + releaseConst,
			Hint: "import \"linux/kernel/version\", or write: const KERNEL = v6.5;",
		})
		return
	}
	for _, f := range s.prog.features {
		e.with(inCell, func() { e.constInts(f.feature.Requires) })
	}
}

// featureValue is the value of a feature in the cell: the one that is given, or the one of the release.
func (e *elab) featureValue(s *symbol) operand {
	t := e.configType(s)
	e.paramReads++
	v, given := e.cell[s.name]
	if e.opt.Asked != nil {
		e.opt.Asked[s.name] = !given
	}
	switch {
	case e.setting == inSpec:
		if e.unknown == nil {
			e.unknown = s
		}
	case !given:
		if v, given = e.featureDefault(s); !given {
			return badOperand
		}
	}
	return operand{t: t, x: model.NewConst(v, e.irType(t))}
}

// featureDefault is the value of a feature in the release of the cell.
func (e *elab) featureDefault(s *symbol) (int64, bool) {
	k := e.prog.syms[releaseConst]
	if k == nil || k.kind != symConst {
		return 0, false // reported by checkFeatures
	}
	release, ok := e.constInt(&syntax.Ident{Name: releaseConst})
	if !ok {
		return 0, false
	}
	return s.feature.Default(release), true
}

// unmet is a feature of the cell without something that it requires, or nil. Of what is unknown nothing is demanded, and nothing that depends on it.
func (s *Spec) unmet(e *elab, unknown []string) (*symbol, error) {
	for _, f := range s.prog.features {
		if f.feature.Requires == nil || slices.Contains(unknown, f.name) || asks(f.feature.Requires, unknown) {
			continue
		}
		v := e.featureValue(f)
		if v.bad() {
			return nil, e.diags.Err()
		}
		if v.x.Val == 0 {
			continue
		}
		met, ok := e.constInt(f.feature.Requires)
		if !ok {
			return nil, e.diags.Err()
		}
		if met == 0 {
			return f, nil
		}
	}
	return nil, nil
}

// asks reports whether an expression has one of some names in it.
func asks(x syntax.Expr, names []string) (found bool) {
	syntax.Walk(x, func(n syntax.Node) bool {
		id, ok := n.(*syntax.Ident)
		found = found || ok && slices.Contains(names, id.Name)
		return !found
	})
	return found
}

// givesFeatures reports whether a cell gives some feature a value of its own, be it that of the release.
func (s *Spec) givesFeatures(values map[string]int64) bool {
	for _, f := range s.prog.features {
		if _, given := values[f.name]; given {
			return true
		}
	}
	return false
}

// contradiction is the error of a release that has a feature without what it requires. To leave its cells out, as those are that a sweep of features makes, would lose them silently.
func (s *Spec) contradiction(e *elab, f *symbol) error {
	release, _ := e.constInt(&syntax.Ident{Name: releaseConst})
	e.errorf("bad-feature", f.feature.Requires.Span(), "%s has feature %s, and not what it requires", syntax.VersionText(release), source.Quote(f.name))
	return e.diags.Err()
}

// Feature is what one change of the kernel did.
type Feature struct {
	Name     string
	Kind     string   // fix, design or interface
	Values   []string // false and true, or the shapes, in order
	Releases string   // that have it by default: "since v6.5", "v5.7 until v6.1", or by shape
	Commits  []string
	Requires string // a condition, as written, or ""
	Text     string
	File     string // that declares it
	Pos      source.Pos
	Swept    bool

	decl *syntax.FeatureDecl
}

// Default is the value of the feature in a release.
func (f *Feature) Default(release int64) string { return f.Values[f.decl.Default(release)] }

// Changes are the releases in which the default of the feature changes, in order.
func (f *Feature) Changes() []int64 { return f.decl.Changes() }

// Features lists the features that the spec knows, in declaration order.
func (s *Spec) Features() (list []Feature) {
	swept := map[string]bool{}
	for _, sw := range s.prog.sweeps {
		for _, it := range sw.Items {
			swept[it.Name.Name] = true
		}
	}
	for _, sym := range s.prog.features {
		list = append(list, feature(s.Files, sym.feature))
		list[len(list)-1].Swept = swept[sym.name]
	}
	return list
}

// feature describes a declaration.
func feature(files *source.Set, d *syntax.FeatureDecl) Feature {
	file := files.File(d.Sp.Start)
	f := Feature{Name: d.Name.Name, Kind: d.Kind.Name, Values: []string{"false", "true"}, Text: d.Text.Value, File: file.Name, Pos: d.Name.Sp.Start, decl: d}
	for _, c := range d.Commits {
		f.Commits = append(f.Commits, c.Value)
	}
	if d.Requires != nil {
		f.Requires = strings.Join(strings.Fields(string(file.Text(d.Requires.Span()))), " ")
	}
	switch {
	case d.Shapes != nil:
		f.Values = nil
		var parts []string
		for _, sh := range d.Shapes {
			f.Values = append(f.Values, sh.Name.Name)
			if sh.Since != nil {
				parts = append(parts, sh.Name.Name+" since "+sh.Since.Text)
			} else {
				parts = append(parts, sh.Name.Name)
			}
		}
		f.Releases = strings.Join(parts, ", ")
	case d.Since != nil && d.Until != nil:
		f.Releases = "since " + d.Since.Text + " until " + d.Until.Text
	case d.Since != nil:
		f.Releases = "since " + d.Since.Text
	case d.Until != nil:
		f.Releases = "until " + d.Until.Text
	default:
		f.Releases = "always"
	}
	return f
}

// group is a name for some values of a parameter: @group(arch, arm64, arm64_4k, arm64_64k).
type group struct {
	name, value string
	param       *syntax.ConfigDecl
	members     []*syntax.Ident
}

// enterGroups enters the groups of a parameter's values.
func (p *program) enterGroups(d *syntax.ConfigDecl, diags *source.List) {
	for _, a := range d.Attrs {
		ok := a.Name.Name == "group" && len(a.Args) >= 3
		for _, g := range a.Args {
			ok = ok && g.Ident != nil && !g.Not
		}
		if !ok {
			diags.Add(source.Diagnostic{
				Code: "bad-attribute", Span: a.Sp, Msg: "a parameter takes @group with a name, a value and what it stands for",
				Hint: "as in @group(arch, arm64, arm64_4k, arm64_64k)",
			})
			continue
		}
		g := &group{name: a.Args[0].Ident.Name, value: a.Args[1].Ident.Name, param: d}
		for _, m := range a.Args[2:] {
			g.members = append(g.members, m.Ident)
		}
		p.groups = append(p.groups, g)
	}
}

// checkGroups demands that the members of groups are values of the parameter, once they are known.
func (s *Spec) checkGroups(e *elab) {
	for _, g := range s.prog.groups {
		if old := s.prog.syms[g.name]; old != nil && old.param() {
			e.errorf("bad-attribute", g.param.Name.Sp, "group %s has the name of a %s", source.Quote(g.name), old.kind)
		}
		t := e.configType(s.prog.syms[g.param.Name.Name])
		for _, m := range g.members {
			if v := s.prog.syms[m.Name]; t.kind != stEnum || v == nil || v.kind != symEnumValue || v.enum != t.enum {
				e.errorf("bad-attribute", m.Sp, "%s is not a value of %s", source.Quote(m.Name), g.param.Name.Name)
			}
		}
	}
}

// Group is a name for values of a parameter.
type Group struct {
	Name    string // arch
	Param   string // target
	Values  []string
	Members [][]string // by value
}

// Groups lists the names under which several values of a parameter can be asked for.
func (s *Spec) Groups() (list []Group) {
	for _, g := range s.prog.groups {
		i := slices.IndexFunc(list, func(x Group) bool { return x.Name == g.name })
		if i < 0 {
			i = len(list)
			list = append(list, Group{Name: g.name, Param: g.param.Name.Name})
		}
		var members []string
		for _, m := range g.members {
			members = append(members, m.Name)
		}
		list[i].Values = append(list[i].Values, g.value)
		list[i].Members = append(list[i].Members, members)
	}
	return list
}
