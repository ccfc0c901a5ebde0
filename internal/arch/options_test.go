package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestTestsSayWhatIsSearched: the zero checker.Options is a reduced search, so a test that means every state has to say so. One that does not would go on to pass, holding a
// reduction against itself.
func TestTestsSayWhatIsSearched(t *testing.T) {
	root, found := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, "_test.go") || strings.HasSuffix(filepath.ToSlash(p), "checker/options_test.go") || strings.HasSuffix(p, "example_test.go") {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, p, nil, 0)
		if err != nil {
			return err
		}
		for _, l := range optionLiterals(f) {
			found++
			if !says(l, "Reduction", "Swarm") {
				t.Errorf("%s: these options say no Reduction", set.Position(l.Pos()))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("only %d options were found", found)
	}
}

// optionLiterals are the composite literals of checker.Options, those in lists and maps included.
func optionLiterals(f *ast.File) (out []*ast.CompositeLit) {
	isOptions := func(e ast.Expr) bool {
		s, ok := e.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "Options" {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == "checker"
	}
	ast.Inspect(f, func(n ast.Node) bool {
		l, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		var elem ast.Expr
		switch t := l.Type.(type) {
		case *ast.ArrayType:
			elem = t.Elt
		case *ast.MapType:
			elem = t.Value
		}
		switch {
		case isOptions(l.Type):
			out = append(out, l)
		case elem != nil && isOptions(elem):
			for _, e := range l.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					e = kv.Value
				}
				if c, ok := e.(*ast.CompositeLit); ok && c.Type == nil {
					out = append(out, c)
				}
			}
		}
		return true
	})
	return out
}

// says reports whether a literal sets one of some fields.
func says(l *ast.CompositeLit, fields ...string) bool {
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				for _, f := range fields {
					if id.Name == f {
						return true
					}
				}
			}
		}
	}
	return false
}
