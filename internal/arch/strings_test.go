package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/audit"
	"pmdcheck/internal/axioms"
	"pmdcheck/internal/kconfig"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmusrun"
	"pmdcheck/internal/sim"
	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/elab"
	"pmdcheck/model/syntax"
	"pmdcheck/traces/story"
)

// all is every value of an enum, those without a name too.
func all[T ~uint8]() []fmt.Stringer {
	var out []fmt.Stringer
	for i := range 256 {
		out = append(out, any(T(i)).(fmt.Stringer))
	}
	return out
}

// stringers are the exported types with a String method: of an enum every value, of others those nearest to a panic.
var stringers = map[string][]fmt.Stringer{
	"audit.Place":          {audit.Place{}},
	"audit.Release":        {audit.Release{}},
	"axioms.Edge":          {axioms.Edge{}, axioms.Edge{From: -1, To: 99}},
	"axioms.Model":         all[axioms.Model](),
	"axioms.Verdict":       all[axioms.Verdict](),
	"kconfig.At":           {kconfig.At{}},
	"kconfig.Value":        all[kconfig.Value](),
	"litmus.FenceKind":     all[litmus.FenceKind](),
	"litmus.Order":         all[litmus.Order](),
	"litmus.Quantifier":    all[litmus.Quantifier](),
	"check.ObjectKind":     all[check.ObjectKind](),
	"check.Type":           {(*check.Type)(nil), &check.Type{Kind: check.KindEnum}, &check.Type{Kind: check.KindHandle}, &check.Type{Kind: check.KindArray}, &check.Type{Kind: 99}},
	"checker.Reach":        all[checker.Reach](),
	"checker.Reduction":    all[checker.Reduction](),
	"checker.Search":       all[checker.Search](),
	"checker.Store":        all[checker.Store](),
	"checker.Swarm":        {(*checker.Swarm)(nil), &checker.Swarm{}},
	"checker.SymmetryMode": all[checker.SymmetryMode](),
	"checker.Verdict":      all[checker.Verdict](),
	"elab.Configuration":   {elab.Configuration{}, elab.Configuration{Config: make([]model.ConfigValue, 2)}},
	"elab.Limits":          {elab.Limits{}, elab.DefaultLimits},
	"model.Access":         all[model.Access](),
	"model.FaultKind":      all[model.FaultKind](),
	"litmusrun.Engine":     all[litmusrun.Engine](),
	"model.Order":          all[model.Order](),
	"model.Fence":          all[model.Fence](),
	"model.Per":            all[model.Per](),
	"model.Role":           all[model.Role](),
	"model.KernelRef":      {model.KernelRef{}, model.KernelRef{Open: true}},
	"model.LockEdge":       {model.LockEdge{}},
	"report.Shard":         {report.Shard{}, report.Shard{Index: -1, Of: -1}},
	"report.Warning":       {report.Warning{}},
	"report.Totals":        {report.Totals{}},
	"sim.Choice":           {sim.Choice{}},
	"story.Lock":           {(*story.Lock)(nil), &story.Lock{}},
	"story.State":          all[story.State](),
	"syntax.Token":         all[syntax.Token](),
}

// TestStrings: no String method panics, whatever the value, and every value has a text. A number printed in a report of a bug is worth more than a second bug.
func TestStrings(t *testing.T) {
	for name, values := range stringers {
		for i, v := range values {
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s, value %d: %v", name, i, r)
					}
				}()
				if s := v.String(); s == "" && len(values) == 256 {
					t.Errorf("%s(%d) has no text", name, i)
				}
			}()
		}
	}
	for _, name := range exportedStringers(t) {
		if _, ok := stringers[name]; !ok {
			t.Errorf("%s has a String method and is not in the table", name)
		}
	}
}

// exportedStringers reads which exported types have a String method. Packages that only the checker may import are not among them.
func exportedStringers(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "String" {
				continue
			}
			of := fn.Recv.List[0].Type
			if star, ok := of.(*ast.StarExpr); ok {
				of = star.X
			}
			if id, ok := of.(*ast.Ident); ok && id.IsExported() {
				out = append(out, path.Base(path.Dir(filepath.ToSlash(p)))+"."+id.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
