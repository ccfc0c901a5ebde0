package elab_test

import (
	"errors"
	"math/rand"
	"regexp"
	"testing"

	"pmdcheck/model/check"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// unresolved are the names and expressions of a text that its Info does not know, by the text.
func unresolved(in *check.Info, f *syntax.File) (names, untyped []string) {
	text := func(n syntax.Node) string { return string(f.Source.Text(n.Span())) }
	var visit func(n syntax.Node) bool
	visit = func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			if o := in.Names[n.Name.Name]; o == nil || o.Func != n {
				return false // another function replaces it
			}
		case *syntax.Attr, *syntax.Comment:
			return false
		case *syntax.CallExpr:
			if in.Uses[n.Fun] == nil && !check.IsBuiltin(n.Fun.Name) {
				names = append(names, text(n.Fun))
			}
			if in.Types[n] == nil {
				untyped = append(untyped, text(n))
			}
			for _, a := range n.Args {
				syntax.Walk(a, visit)
			}
			return false
		case *syntax.AssertStmt:
			syntax.Walk(n.Cond, visit)
			return false
		case *syntax.CoverStmt:
			return false
		case *syntax.TypeArg:
			syntax.Walk(n.Type, visit)
			return false
		case *syntax.TypeExpr:
			if in.Written[n] == nil {
				untyped = append(untyped, text(n))
			}
		case *syntax.Ident:
			if o := in.ObjectOf(n); o != nil {
				if o.Name != n.Name {
					names = append(names, n.Name+" means "+o.Name)
				}
				switch o.Kind {
				case check.TypedefObject, check.StructObject, check.EnumObject, check.FieldObject, check.LabelObject:
				default:
					if in.Uses[n] != nil && in.Types[n] == nil {
						untyped = append(untyped, n.Name)
					}
				}
				return true
			}
			if !regexp.MustCompile(`^(this_cpu|self|this_mm|bool|int|u[1-9][0-6]?)$`).MatchString(n.Name) {
				names = append(names, n.Name)
			}
			return true
		case *syntax.MemberExpr:
			if o := in.Uses[n.Name]; o == nil || o.Kind != check.FieldObject {
				names = append(names, text(n))
			}
		}
		if x, ok := n.(syntax.Expr); ok && in.Types[x] == nil {
			switch n.(type) {
			case *syntax.InitList, *syntax.StringLit:
			default:
				untyped = append(untyped, text(n))
			}
		}
		return true
	}
	for _, d := range f.Decls {
		switch d.(type) {
		case *syntax.ConstDecl, *syntax.VarDecl, *syntax.FuncDecl, *syntax.TypedefDecl, *syntax.StructDecl:
			syntax.Walk(d, visit)
		}
	}
	return names, untyped
}

// TestInfo: in a text without errors every name means something, and every expression has a type.
func TestInfo(t *testing.T) {
	met := 0
	for _, src := range seeds(t) {
		in, err := loader("testdata").Info("t.pmd", src)
		if err != nil {
			continue // the texts that are to be refused
		}
		for _, f := range in.Files {
			met++
			if names, untyped := unresolved(in, f); len(names) > 0 || len(untyped) > 0 {
				t.Fatalf("%s: names %q, expressions %q\n%s", f.Source.Name, names, untyped, src)
			}
		}
	}
	if met < 300 {
		t.Errorf("only %d files", met)
	}
}

// TestPartialInfo: of a text with errors as much is known as can be.
func TestPartialInfo(t *testing.T) {
	const src = "u2 good;\nu2 y[missing];\nconst K = good + ;\nvoid f(u4 *p) { *p = good; good = bad + 1; }\nprocess p { f(&y[0]); good = 1 }\n"
	in, err := (&elab.Loader{}).Info("t.pmd", []byte(src))
	var list *source.List
	if !errors.As(err, &list) || len(list.Diags) != 4 {
		t.Fatal(err)
	}
	uses := map[string]int{}
	for id, o := range in.Uses {
		if id.Name != o.Name {
			t.Errorf("%s means %s", id.Name, o.Name)
		}
		uses[id.Name]++
	}
	if uses["good"] != 3 || uses["p"] != 1 || uses["f"] != 1 || uses["missing"]+uses["bad"] > 0 {
		t.Error(uses)
	}
	if got := in.Names["y"].Type(); got.Kind != check.KindBad {
		t.Errorf("y is %s", got)
	}
	for x, typ := range in.Types {
		if u, ok := x.(*syntax.UnaryExpr); ok && u.Op == syntax.MUL && typ.String() != "u4" {
			t.Errorf("*p is %s", typ)
		}
	}
}

// TestPartialInfoHolds: what is known of a text that was cut or garbled is found without a panic.
func TestPartialInfoHolds(t *testing.T) {
	token := regexp.MustCompile(`//[^\n]*|"[^"]*"|\w+|\S`)
	r := rand.New(rand.NewSource(1))
	texts := seeds(t)
	for range 400 {
		src := texts[r.Intn(len(texts))]
		if len(src) > 6000 {
			continue
		}
		for range 1 + r.Intn(3) {
			at := token.FindAllIndex(src, -1)
			if len(at) == 0 {
				break
			}
			a, b := at[r.Intn(len(at))], at[r.Intn(len(at))]
			src = append(append(append([]byte{}, src[:a[0]]...), src[b[0]:b[1]]...), src[a[1]:]...)
		}
		if in, err := (&elab.Loader{Library: linux.FS}).Info("t.pmd", src); in == nil && !errors.As(err, new(*source.List)) {
			t.Fatal(err)
		}
	}
}
