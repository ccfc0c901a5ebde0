package check

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// checkAttrs reports malformed @kernel annotations.
func (p *Info) checkAttrs(attrs []*syntax.Attr, diags *source.List) {
	for _, a := range attrs {
		switch a.Name.Name {
		case "kernel":
		case "role":
			checkRole(a, diags)
			continue
		case "x86":
			if _, ok := OrderOf([]*syntax.Attr{a}); !ok {
				diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "@x86 says how memory is ordered", Hint: "as in @x86(locked), @x86(store) or @x86(direct)"})
			}
			continue
		default:
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a function or process", Hint: "it takes @kernel(\"file\", \"function\", v5.9..v6.12) and @role(lock)"})
			continue
		}
		if len(a.Args) < 3 || !a.Args[0].IsStr || !a.Args[1].IsStr || a.Args[2].IsStr {
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "@kernel needs a file, a function and a version or a feature", Hint: "as in @kernel(\"mm/hugetlb.c\", \"huge_pmd_unshare\", v5.9..v6.12, \"59d9094df3d7\")"})
		}
	}
}

// KernelRefs converts the @kernel annotations of a declaration.
func KernelRefs(attrs []*syntax.Attr) []model.KernelRef {
	var refs []model.KernelRef
	for _, a := range attrs {
		if a.Name.Name != "kernel" || len(a.Args) < 3 {
			continue
		}
		r := model.KernelRef{File: a.Args[0].Str, Func: a.Args[1].Str, Since: a.Args[2].VersionLo, Until: a.Args[2].VersionHi, Open: a.Args[2].Open}
		if f := a.Args[2].Ident; f != nil {
			r.Feature, r.Absent = f.Name, a.Args[2].Not
		}
		for _, c := range a.Args[3:] {
			r.Commits = append(r.Commits, c.Str)
		}
		refs = append(refs, r)
	}
	return refs
}

// orders are the arguments of the attribute @x86.
var orders = map[string]model.Order{"locked": model.OrderLocked, "store": model.OrderStore, "direct": model.OrderDirect}

// OrderOf is what the attribute @x86 of a function or process says; ok is false if there is none.
func OrderOf(attrs []*syntax.Attr) (o model.Order, ok bool) {
	for _, a := range attrs {
		if a.Name.Name == "x86" && len(a.Args) == 1 && a.Args[0].Ident != nil {
			o, ok = orders[a.Args[0].Ident.Name]
		}
	}
	return o, ok
}

// Role is what @role says.
type Role struct {
	Role model.Role
	Mode string // of a lock: "R", "W" or ""
	Name string // of a section
}

// checkRole reports a malformed @role.
func checkRole(a *syntax.Attr, diags *source.List) {
	hint := "as in @role(lock), @role(lock, read), @role(section, \"interrupts off\"); the roles are " + strings.Join(model.Roles(), ", ")
	bad := func(at source.Span, msg string) {
		diags.Add(source.Diagnostic{Code: "bad-attribute", Span: at, Msg: msg, Hint: hint})
	}
	if len(a.Args) == 0 || a.Args[0].Ident == nil {
		bad(a.Sp, "@role needs a role")
		return
	}
	r, ok := model.RoleOf(a.Args[0].Ident.Name)
	if !ok {
		bad(a.Args[0].Ident.Sp, source.Quote(a.Args[0].Ident.Name)+" is no role")
		return
	}
	switch {
	case len(a.Args) == 1:
	case len(a.Args) > 2:
		bad(a.Sp, "@role takes a role and at most one word about it")
	case r == model.RoleLock && (a.Args[1].Ident == nil || a.Args[1].Ident.Name != "read" && a.Args[1].Ident.Name != "write"):
		bad(a.Sp, "a lock is taken for read or for write")
	case r == model.RoleSection && (!a.Args[1].IsStr || a.Args[1].Str == ""):
		bad(a.Sp, "what a section is called is a text")
	case r != model.RoleLock && r != model.RoleSection:
		bad(a.Sp, "nothing can be said about the role "+r.String())
	}
}

// RoleOf is the role that attributes give.
func RoleOf(attrs []*syntax.Attr) (out Role) {
	for _, a := range attrs {
		if a.Name.Name != "role" || len(a.Args) == 0 || a.Args[0].Ident == nil {
			continue
		}
		out.Role, _ = model.RoleOf(a.Args[0].Ident.Name)
		if len(a.Args) > 1 {
			out.Name = a.Args[1].Str
			if id := a.Args[1].Ident; id != nil {
				out.Mode = map[string]string{"read": "R", "write": "W"}[id.Name]
			}
		}
	}
	return out
}

// inheritRole gives a function that replaces another one its role, if it says nothing of its own.
func inheritRole(old, d *syntax.FuncDecl) {
	is := func(a *syntax.Attr) bool { return a.Name.Name == "role" }
	if slices.ContainsFunc(d.Attrs, is) {
		return
	}
	for _, a := range old.Attrs {
		if is(a) {
			d.Attrs = append(d.Attrs[:len(d.Attrs):len(d.Attrs)], a)
		}
	}
}

// enterGroups enters the groups of a parameter's values.
func (p *Info) enterGroups(d *syntax.ConfigDecl, diags *source.List) {
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
		g := &Group{Name: a.Args[0].Ident.Name, Value: a.Args[1].Ident.Name, Param: d}
		for _, m := range a.Args[2:] {
			g.Members = append(g.Members, m.Ident)
		}
		p.Groups = append(p.Groups, g)
	}
}

// enterFeature enters a feature, and its shapes as an enum.
func (p *Info) enterFeature(d *syntax.FeatureDecl, diags *source.List) {
	s := &Object{Kind: FeatureObject, Feature: d}
	if d.Shapes != nil {
		var names []*syntax.Ident
		for _, sh := range d.Shapes {
			names = append(names, sh.Name)
		}
		s.Enum = p.enterEnum(d.Name, names, diags)
	}
	if p.enter(d.Name, s, diags) {
		p.Features = append(p.Features, s)
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

// observed reports predicates of one name that would hide each other: two invariants, or a liveness property that something else observes too. Liveness properties
// of one name are cases of one property.
func (p *Info) observed(diags *source.List) {
	first := map[string]*syntax.Ident{}
	dup := func(id, old *syntax.Ident, what string) {
		d := source.Diagnostic{Code: "duplicate-name", Span: id.Sp, Msg: what + " " + source.Quote(id.Name) + " is declared twice"}
		d.Related = append(d.Related, source.Related{Span: old.Sp, Msg: "the other one"})
		diags.Add(d)
	}
	for _, d := range p.Invariants {
		if old := first[d.Name.Name]; old != nil {
			dup(d.Name, old, "invariant")
			continue
		}
		first[d.Name.Name] = d.Name
	}
	for _, d := range p.Liveness {
		if old := first[d.Name.Name]; old != nil {
			dup(d.Name, old, "property")
		} else if q := p.PropByName[d.Name.Name]; q.Used || isBuiltinProp(q.Name) {
			diags.Add(source.Diagnostic{
				Code: "duplicate-name", Span: d.Name.Sp, Msg: "property " + source.Quote(q.Name) + " is observed elsewhere already, by an assertion or at accesses",
				Hint: "what happens sooner or later is a property of its own: choose another name",
			})
		}
	}
}

func isBuiltinProp(name string) bool {
	for _, b := range builtinProps {
		if b.Name == name {
			return true
		}
	}
	return false
}
