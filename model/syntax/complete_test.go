package syntax_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/syntax"
)

// nodeTypes are the names of all types of nodes.go that are nodes.
func nodeTypes(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "nodes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{"File"}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		st, ok := spec.Type.(*ast.StructType)
		if !ok || !spec.Name.IsExported() {
			return true
		}
		for _, field := range st.Fields.List {
			if id, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 && slices.Contains([]string{"node", "declNode", "stmtNode", "exprNode"}, id.Name) {
				out = append(out, spec.Name.Name)
			}
		}
		return true
	})
	slices.Sort(out)
	return out
}

func typeName(n any) string { return reflect.TypeOf(n).Elem().Name() }

// TestCorpusHasEveryNode: whatever holds for the corpus (Walk visits it, Print writes it, parsing again gives it back) holds for every kind of
// node, for our own texts use them all.
func TestCorpusHasEveryNode(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for name, src := range corpus(t) {
		if !strings.HasPrefix(name, "testdata/") {
			continue
		}
		f, _ := parse(src)
		syntax.Walk(f, func(n syntax.Node) bool {
			seen[typeName(n)] = true
			return true
		})
	}
	for _, name := range nodeTypes(t) {
		if !seen[name] && !strings.HasPrefix(name, "Bad") {
			t.Errorf("no text in testdata has a %s", name)
		}
	}
}

// TestCorpusHasEveryToken: and every token.
func TestCorpusHasEveryToken(t *testing.T) {
	t.Parallel()
	seen := map[syntax.Token]bool{syntax.ILLEGAL: true, syntax.COMMENT: true}
	for name, src := range corpus(t) {
		if strings.HasPrefix(name, "testdata/") {
			toks, _, _ := scan(string(src))
			for _, l := range toks {
				seen[l.Tok] = true
			}
		}
	}
	for i := range 256 {
		if tok := syntax.Token(i); !seen[tok] && tok.String() != "token" {
			t.Errorf("no text in testdata has a %q", tok)
		}
	}
}

// TestWalkMissesNothing compares Walk with a walk by reflection.
func TestWalkMissesNothing(t *testing.T) {
	t.Parallel()
	for name, src := range corpus(t) {
		f, _ := parse(src)
		want, got := map[string]int{}, map[string]int{}
		count(reflect.ValueOf(f), want)
		syntax.Walk(f, func(n syntax.Node) bool {
			got[typeName(n)]++
			return true
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: nodes in the tree and visited (-tree +visited):\n%s", name, diff)
		}
	}
}

var nodeType = reflect.TypeFor[syntax.Node]()

func count(v reflect.Value, out map[string]int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			count(v.Elem(), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			count(v.Index(i), out)
		}
	case reflect.Struct:
		if reflect.PointerTo(v.Type()).Implements(nodeType) && v.Type().Name() != "" && v.Type().Name()[0] < 'a' {
			out[v.Type().Name()]++
		}
		if v.Type().PkgPath() == nodeType.PkgPath() {
			for i := range v.NumField() {
				count(v.Field(i), out)
			}
		}
	}
}

func TestWalkStops(t *testing.T) {
	t.Parallel()
	f, _ := parse([]byte("void f(void)\n{\n\tx = y;\n}\nu2 z;\n"))
	var got []string
	syntax.Walk(f, func(n syntax.Node) bool {
		got = append(got, typeName(n))
		_, isFunc := n.(*syntax.FuncDecl)
		return !isFunc
	})
	want := []string{"File", "FuncDecl", "VarDecl", "TypeExpr", "Ident", "Declarator", "Ident"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("visited (-want +got):\n%s", diff)
	}
	syntax.Walk(nil, func(syntax.Node) bool {
		t.Error("called for nil")
		return true
	})
}

// TestSpansNest: the extent of every node is inside that of the node above it, and is that of its text.
func TestSpansNest(t *testing.T) {
	t.Parallel()
	for name, src := range corpus(t) {
		f, _ := parse(src)
		var above []syntax.Node
		var visit func(n syntax.Node) bool
		visit = func(n syntax.Node) bool {
			sp, outer := n.Span(), above[len(above)-1].Span()
			if sp.Start < outer.Start || sp.End > outer.End || sp.Start >= sp.End {
				t.Errorf("%s: %T %d:%d-%d:%d inside %T %d:%d-%d:%d", name, n, sp.Start.Line(), sp.Start.Col(), sp.End.Line(), sp.End.Col(),
					above[len(above)-1], outer.Start.Line(), outer.Start.Col(), outer.End.Line(), outer.End.Col())
			}
			if id, ok := n.(*syntax.Ident); ok && string(f.Source.Text(sp)) != id.Name {
				t.Errorf("%s: the text of %s is %q", name, id.Name, f.Source.Text(sp))
			}
			above = append(above, n)
			first := true
			syntax.Walk(n, func(m syntax.Node) bool {
				if first {
					first = false
					return true
				}
				visit(m)
				return false
			})
			above = above[:len(above)-1]
			return false
		}
		above = []syntax.Node{f}
		for _, d := range f.Decls {
			visit(d)
		}
	}
}
