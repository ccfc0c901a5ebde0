// Package arch holds the import table as a test.
package arch

import (
	"flag"
	"fmt"
	"go/ast"
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

	"pmdcheck/model/pass"
)

var update = flag.Bool("update", false, "draw the import table in ARCHITECTURE.md anew")

// layers lists the packages bottom up, each with the packages of this module that it imports: those, no others, and no fewer. A package imports what stands above it in the list
// only, so there is no cycle and no way back. Tests are free.
var layers = []struct {
	pkg     string
	imports string
}{
	{"checker/internal/checkpoint", ""},
	{"checker/internal/store", ""},
	{"checker/internal/sorted", ""},
	{"internal/arch", ""},
	{"internal/csource", ""},
	{"internal/bounded", ""},
	{"internal/guard", ""},
	{"scripts", ""},
	{"internal/watch", ""},
	{"internal/bitset", ""},
	{"internal/graph", ""},
	{"internal/graphviz", ""},
	{"internal/kconfig", ""},
	{"internal/interrupt", ""},
	{"internal/files", "internal/interrupt"},
	{"internal/memory", ""},
	{"internal/pool", ""},
	{"checker/matrix", ""},
	{"internal/spin", ""},
	{"model/linux", ""},
	{"model/source", ""},
	{"specs", ""},
	{"internal/skeleton", "internal/csource"},
	{"internal/litmusgen", ""},
	{"internal/litmus", "model/source"},
	{"internal/axioms", "internal/bitset internal/graphviz internal/litmus model/source"},
	{"model", "internal/graphviz model/source"},
	{"model/pass", "model model/source"},
	{"model/syntax", "model/source"},
	{"checker/internal/second", "model/syntax"},
	{"model/check", "model model/source model/syntax"},
	{"model/elab", "internal/bitset model model/check model/pass model/source model/syntax"},
	{"model/eval", "model model/source"},
	{"properties", "internal/graph internal/graphviz model"},
	{"internal/audit", "internal/csource internal/kconfig internal/pool internal/skeleton model model/source model/syntax"},
	{"checker/internal/program", "internal/bitset model"},
	{"checker/internal/por", "checker/internal/program internal/bitset internal/graph model"},
	{"checker/internal/symmetry", "checker/internal/program model"},
	{"checker/internal/explore", "checker/internal/por checker/internal/program checker/internal/store model"},
	{"checker/internal/levels", "checker/internal/explore checker/internal/sorted checker/internal/store model"},
	{"checker/internal/live", "checker/internal/explore checker/internal/program checker/internal/store model"},
	{"internal/promela", "model model/eval model/source"},
	{"internal/testkit", "model model/elab model/linux model/source specs"},
	{"traces", ""},
	{"traces/story", "traces"},
	{"traces/columns", "traces traces/story"},
	{"traces/dot", "internal/graphviz traces traces/columns traces/story"},
	{"traces/svg", "traces traces/columns traces/story"},
	{"traces/replay", "model model/eval properties traces"},
	{"internal/sim", "model model/eval model/source properties traces traces/dot traces/replay traces/story"},
	{"checker", "checker/internal/checkpoint checker/internal/explore checker/internal/levels checker/internal/live checker/internal/por checker/internal/program checker/internal/sorted checker/internal/store checker/internal/symmetry internal/bounded model model/eval model/pass properties traces traces/replay"},
	{"internal/litmuspmd", "checker internal/litmus model model/elab traces"},
	{"internal/litmusrun", "internal/axioms internal/files internal/litmus internal/litmuspmd internal/pool traces"},
	{"checker/report", "checker model properties traces traces/columns traces/story"},
	{"internal/suite/catalog", "internal/files model model/elab model/linux model/source model/syntax properties specs"},
	{"internal/suite/plan", "checker/matrix checker/report internal/files internal/suite/catalog model model/elab model/linux model/source model/syntax properties"},
	{"internal/suite/judge", "checker checker/report model model/elab traces"},
	{"internal/suite/run", "checker checker/matrix internal/bounded internal/pool internal/suite/catalog internal/suite/judge internal/suite/plan model model/elab model/source model/syntax properties traces"},
	{"internal/scale", "checker internal/files internal/pool internal/suite/catalog internal/suite/plan internal/suite/run model model/elab"},
	{"internal/bench", "checker checker/report internal/promela internal/spin internal/suite/plan model/elab specs"},
	{"internal/page", "checker checker/report internal/graphviz internal/sim internal/suite/catalog internal/suite/plan model model/elab properties traces traces/columns traces/story"},
	{"internal/cli", "checker checker/matrix checker/report internal/audit internal/axioms internal/bench internal/files internal/interrupt internal/litmus internal/litmusrun internal/memory internal/page internal/promela internal/scale internal/sim internal/spin internal/suite/catalog internal/suite/judge internal/suite/plan internal/suite/run internal/watch model model/elab model/linux model/source model/syntax properties specs traces traces/columns traces/dot traces/replay traces/svg"},
	{"cmd/pmdcheck", "internal/cli internal/guard"},
}

// imports reads what every package of the module imports of it, tests apart.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	out := map[string][]string{"internal/arch": nil} // it has nothing but tests
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "testdata") {
				return fs.SkipDir
			}
			if _, other := os.Stat(filepath.Join(p, "go.mod")); err == nil && other == nil && p != root {
				return fs.SkipDir // a module of its own
			}
			return err
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		rel, _ := filepath.Rel(root, p)
		pkg := path.Dir(filepath.ToSlash(rel))
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		list := out[pkg]
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if own, ok := strings.CutPrefix(name, "pmdcheck/"); ok && !slices.Contains(list, own) {
				list = append(list, own)
			}
		}
		slices.Sort(list)
		out[pkg] = list
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImports(t *testing.T) {
	got := imports(t)
	above := map[string]bool{}
	for _, l := range layers {
		for _, i := range strings.Fields(l.imports) {
			if !above[i] {
				t.Errorf("%s may not import %s, which does not stand above it", l.pkg, i)
			}
		}
		above[l.pkg] = true
		if list, ok := got[l.pkg]; !ok {
			t.Errorf("there is no package %s", l.pkg)
		} else if s := strings.Join(list, " "); s != l.imports {
			t.Errorf("%s imports %q, and the table says %q", l.pkg, s, l.imports)
		}
	}
	for pkg := range got {
		if !above[pkg] {
			t.Errorf("package %s is not in the table: it imports %q", pkg, strings.Join(got[pkg], " "))
		}
	}
}

// TestEveryPackageIsTold: ARCHITECTURE.md says of every package what its idea is.
func TestEveryPackageIsTold(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	ideas, _, ok := strings.Cut(string(text), "### What imports what")
	if !ok {
		t.Fatal("no table of ideas")
	}
	for _, l := range layers {
		if !strings.Contains(ideas, "`"+l.pkg+"`") {
			t.Errorf("package %s is not told of", l.pkg)
		}
	}
}

// TestDrawnTable: the table in ARCHITECTURE.md is drawn from the code.
func TestDrawnTable(t *testing.T) {
	got := imports(t)
	var b strings.Builder
	b.WriteString("| package | imports |\n| --- | --- |\n")
	for _, l := range layers {
		list := "nothing of ours"
		if len(got[l.pkg]) > 0 {
			list = "`" + strings.Join(got[l.pkg], "`, `") + "`"
		}
		b.WriteString("| `" + l.pkg + "` | " + list + " |\n")
	}
	drawn(t, "imports", b.String())
}

// TestPasses: the order of the passes in ARCHITECTURE.md is that of the code, and every pass is in it.
func TestPasses(t *testing.T) {
	var b strings.Builder
	b.WriteString("| stage | when | after what, and why | what stays |\n| --- | --- | --- | --- |\n")
	named := map[string]bool{}
	for _, s := range pass.Order {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.When, s.Needs, s.Keeps)
		named[s.Name] = true
	}
	drawn(t, "passes", b.String())
	files, err := filepath.Glob(filepath.Join("..", "..", "model", "pass", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && fn.Recv == nil && !named["pass."+fn.Name.Name] {
				t.Errorf("pass.%s is not in the order of the passes", fn.Name.Name)
			}
		}
	}
}

// drawn holds a part of ARCHITECTURE.md against what the code says, or replaces it.
func drawn(t *testing.T, name, text string) {
	t.Helper()
	const file = "../../ARCHITECTURE.md"
	from, to := "<!-- "+name+" -->\n", "<!-- end -->\n"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(old), from)
	_, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("there is no place for the table %s", name)
	}
	want := head + from + text + to + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(old) {
		t.Errorf("the table %s of ARCHITECTURE.md is not that of the code: go test ./internal/arch -update", name)
	}
}
