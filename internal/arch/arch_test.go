// Package arch holds the import table as a test.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed lists, for each package, the packages of this module it may import. What is not listed is forbidden; tests are free.
var allowed = map[string][]string{
	"cmd/pmdcheck":                {"internal/cli"},
	"model/source":                {},
	"model/linux":                 {},
	"specs":                       {},
	"checker/internal/store":      {},
	"checker/internal/checkpoint": {},
	"model/syntax":                {"model/source"},
	"model":                       {"model/syntax", "model/source"},
	"model/eval":                  {"model", "model/source"},
	"properties":                  {"model", "model/source"},
	"internal/program":            {"model", "model/source", "properties"},
	"traces":                      {"model/source"},
	"traces/dot":                  {"traces", "traces/story"},
	"traces/story":                {"traces"},
	"traces/columns":              {"traces", "traces/story"},
	"traces/svg":                  {"traces", "traces/story", "traces/columns"},
	"traces/replay":               {"traces", "model", "model/eval", "properties"},
	"checker/internal/por":        {"internal/program", "model"},
	"checker/internal/symmetry":   {"internal/program", "model"},
	"checker/internal/explore":    {"internal/program", "checker/internal/store", "checker/internal/por", "model"},
	"checker/internal/live":       {"internal/program", "checker/internal/store", "checker/internal/explore", "model"},
	"checker": {
		"model", "model/eval", "model/source", "properties", "internal/program", "checker/internal/checkpoint", "checker/internal/explore", "checker/internal/live", "checker/internal/por", "checker/internal/store", "checker/internal/symmetry", "traces", "traces/replay",
	},
	"internal/page":   {"internal/report", "model", "model/source", "properties", "traces", "traces/columns", "traces/story"},
	"internal/sim":    {"model", "model/eval", "properties", "traces", "traces/replay"},
	"internal/report": {"checker", "properties", "traces", "traces/columns", "traces/story", "model", "model/source"},
	"internal/cli": {
		"checker", "internal/matrix", "internal/page", "internal/promela", "internal/report", "internal/sim", "internal/spin", "model", "model/linux", "model/source", "model/syntax", "properties", "specs", "traces", "traces/columns", "traces/svg", "model/eval", "traces/dot", "traces/replay",
	},
	"internal/matrix":  {},
	"internal/spin":    {},
	"internal/promela": {"model", "model/eval", "model/source"},
	"internal/testkit": {"model", "model/linux", "model/source", "model/syntax", "specs"},
	"internal/arch":    {},
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 {
				return fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		rel, _ := filepath.Rel(root, p)
		pkg := path.Dir(filepath.ToSlash(rel))
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s is not in the import table", pkg)
		}
		seen[pkg] = true
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if own, ok := strings.CutPrefix(name, "pmdcheck/"); ok && !slices.Contains(may, own) {
				t.Errorf("%s: package %s may not import %s", rel, pkg, own)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 10 {
		t.Errorf("only %d packages were looked at", len(seen))
	}
}
