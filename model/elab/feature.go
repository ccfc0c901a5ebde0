package elab

import (
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// featureValue is the value of a feature in the configuration: the one that is given, or the one of the release.
func (e *elab) featureValue(s *check.Object) operand {
	t := e.configType(s)
	e.paramReads++
	v, given := e.config[s.Name]
	if e.opt.Asked != nil {
		e.opt.Asked[s.Name] = !given
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

// featureDefault is the value of a feature in the release of the configuration.
func (e *elab) featureDefault(s *check.Object) (int64, bool) {
	k := e.prog.Names[check.Release]
	if k == nil || k.Kind != check.ConstObject {
		return 0, false // reported by checkFeatures
	}
	release, ok := e.constInt(e.prog.Names[check.Release].Const.Name)
	if !ok {
		return 0, false
	}
	return s.Feature.Default(release), true
}

// unmet is a feature of the configuration without something that it requires, or nil. Of what is unknown nothing is demanded, and nothing that depends on it.
func (s *Spec) unmet(e *elab, unknown []string) (*check.Object, error) {
	for _, f := range s.prog.Features {
		if f.Feature.Requires == nil || slices.Contains(unknown, f.Name) || asks(f.Feature.Requires, unknown) {
			continue
		}
		v := e.featureValue(f)
		if v.bad() {
			return nil, e.diags.Err()
		}
		if v.x.Val == 0 {
			continue
		}
		met, ok := e.constInt(f.Feature.Requires)
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

// givesFeatures reports whether a configuration gives some feature a value of its own, be it that of the release.
func (s *Spec) givesFeatures(values map[string]int64) bool {
	for _, f := range s.prog.Features {
		if _, given := values[f.Name]; given {
			return true
		}
	}
	return false
}

// contradiction is the error of a release that has a feature without what it requires. To leave its configurations out, as those are that a sweep of features makes, would lose them silently.
func (s *Spec) contradiction(e *elab, f *check.Object) error {
	release, _ := e.constInt(e.prog.Names[check.Release].Const.Name)
	e.errorf("bad-feature", f.Feature.Requires.Span(), "%s has feature %s, and not what it requires", syntax.VersionText(release), source.Quote(f.Name))
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
	for _, sw := range s.prog.Sweeps {
		for _, it := range sw.Items {
			swept[it.Name.Name] = true
		}
	}
	for _, sym := range s.prog.Features {
		list = append(list, feature(s.Files, sym.Feature))
		list[len(list)-1].Swept = swept[sym.Name]
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

// Group is a name for values of a parameter.
type Group struct {
	Name    string // arch
	Param   string // target
	Values  []string
	Members [][]string // by value
}

// Groups lists the names under which several values of a parameter can be asked for.
func (s *Spec) Groups() (list []Group) {
	for _, g := range s.prog.Groups {
		i := slices.IndexFunc(list, func(x Group) bool { return x.Name == g.Name })
		if i < 0 {
			i = len(list)
			list = append(list, Group{Name: g.Name, Param: g.Param.Name.Name})
		}
		var members []string
		for _, m := range g.Members {
			members = append(members, m.Name)
		}
		list[i].Values = append(list[i].Values, g.Value)
		list[i].Members = append(list[i].Members, members)
	}
	return list
}
