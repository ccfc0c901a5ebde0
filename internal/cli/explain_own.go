package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
	"pmdcheck/properties"
)

// explainIn explains a property as a spec has it: in its own words, and where the spec observes it.
func explainIn(ctx context.Context, property, spec string) (string, error) {
	names, err := catalog.Resolve([]string{spec})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, n := range names {
		s, configs, err := plan.Load(ctx, n, nil)
		if err != nil {
			return "", err
		}
		if known := s.Properties(); !slices.Contains(known, property) {
			msg := fmt.Sprintf("%s has no property %s", n, property)
			if h := source.Suggest(property, known); h != "" {
				msg += ": " + h
			}
			return "", fmt.Errorf("%s", msg)
		}
		sys, err := s.Build(configs[0], elab.BuildOptions{Check: []string{property}, Context: ctx})
		if err != nil {
			return "", plan.Early(n, err)
		}
		if i > 0 {
			b.WriteString("\n")
		}
		at := slices.IndexFunc(sys.Props, func(p *model.Prop) bool { return p.Name == property })
		b.WriteString(explainProp(sys, sys.Props[at], len(configs)))
		fmt.Fprintf(&b, "\nSee also: pmdcheck check %s --property %s\n", n, property)
	}
	return b.String(), nil
}

// explainProp is what a property of a system means, how it is declared and where it is observed.
func explainProp(sys *model.System, p *model.Prop, configs int) string {
	var b strings.Builder
	e, catalogued := properties.Lookup(p.Name)
	if catalogued && !p.Own {
		b.WriteString(explainProperty(e))
	} else {
		fmt.Fprintf(&b, "%s\n", p.Name)
		if p.Text != "" {
			fmt.Fprintf(&b, "\n%s\n", p.Text)
		}
	}
	if f := sys.Files.File(p.Pos); f != nil {
		fmt.Fprintf(&b, "\nDeclared at %s:\n\n%s", sys.Files.Position(p.Pos), indent(statement(f, p.Pos)))
	}
	if at := observed(sys, p.ID); len(at) > 0 {
		b.WriteString("\nObserved at:\n\n" + indent(strings.Join(at, "\n")))
		if configs > 1 {
			fmt.Fprintf(&b, "\nThat is in the first configuration of %d; others may observe it elsewhere.\n", configs)
		}
	}
	return b.String()
}

// statement is the lines of a declaration, from the one with a position to the one that ends it.
func statement(f *source.File, p source.Pos) string {
	const most = 8
	var lines []string
	for n := p.Line(); len(lines) < most; n++ {
		l := f.Line(n)
		lines = append(lines, l)
		if l == "" || strings.Contains(l, ";") {
			break
		}
	}
	return strings.Join(lines, "\n")
}

// observed lists what observes a property: assertions, and structs whose fields may only be touched while the object lives.
func observed(sys *model.System, id model.PropID) (out []string) {
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, v := range sys.Vars {
		if v.Guard == id && v.Pool != model.NoPool {
			add(fmt.Sprintf("every access to a field of struct %s", sys.Pools[v.Pool].Struct))
		}
	}
	for _, p := range sys.Processes {
		for _, code := range append([][]model.Op{p.Start}, codesOf(p)...) {
			for i := range code {
				if op := &code[i]; op.Kind == model.OpAssert && op.Prop == id {
					add(sys.Files.Position(op.Pos) + "  " + op.Text)
				}
			}
		}
	}
	return out
}

func codesOf(p *model.Process) (out [][]model.Op) {
	for _, t := range p.Trans {
		out = append(out, t.Code)
	}
	return out
}

// explainDeclared explains a property that embedded specs declare themselves; false if none does.
func explainDeclared(name string) (string, bool) {
	var by []string
	texts := map[string][]string{} // specs, by text
	all, err := catalog.Texts()
	if err != nil {
		return "", false
	}
	for _, n := range catalog.Names() {
		src := all["specs/"+n+".pmd"]
		if !strings.Contains(src, name) {
			continue
		}
		var set source.Set
		var diags source.List
		for _, d := range syntax.Parse(set.Add(n+".pmd", []byte(src)), &diags).Decls {
			text, ok := declared(d, name)
			if !ok {
				continue
			}
			if texts[text] == nil {
				by = append(by, text)
			}
			texts[text] = append(texts[text], n)
		}
	}
	if len(by) == 0 {
		return "", false
	}
	var b strings.Builder
	b.WriteString(name + "\n")
	for _, text := range by {
		if text != "" {
			fmt.Fprintf(&b, "\n%s\n", text)
		}
		fmt.Fprintf(&b, "\nA property of %s.\n", strings.Join(texts[text], ", "))
	}
	fmt.Fprintf(&b, "\nSee also: pmdcheck explain %s %s\n", name, texts[by[0]][0])
	return b.String(), true
}

// declared is the text of a declaration of the property with a name.
func declared(d syntax.Decl, name string) (text string, ok bool) {
	switch d := d.(type) {
	case *syntax.PropertyDecl:
		return d.Text, d.Name.Name == name
	case *syntax.InvariantDecl:
		return "invariant: true in every reachable state", d.Name.Name == name
	case *syntax.LivenessDecl:
		return "liveness: comes about on every fair run", d.Name.Name == name
	}
	return "", false
}
