package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxLines = 800 // of a file
	maxFunc  = 80  // lines of a function
	maxSame  = 12  // equal lines in a row in two places
)

// Reasons for long functions.
const (
	kinds = "one switch over all kinds of a thing, a few lines for each; to split it would only hide which kinds there are"
	table = "mostly the table of cases"
	loop  = "the inner loop of a search: its state is in local variables"
)

// long are the functions that may be longer than maxFunc, each with the reason. One that is not longer any more must leave the list.
var long = map[string]string{
	"checker/check_test.go TestVerdicts":                table,
	"checker/engines_test.go compareEngines":            "every engine is compared with the oracle in the same state",
	"checker/fused_test.go compareFused":                "two programs go through the same states side by side",
	"checker/internal/explore/dfs.go DFS":               loop,
	"checker/internal/explore/spill.go Spill":           loop,
	"checker/internal/por/cycles.go eval":               kinds,
	"checker/internal/por/parts_test.go check":          "each property of a stubborn set is tested in the same state",
	"checker/internal/program/compile.go place":         kinds,
	"checker/internal/program/expr.go expr":             kinds,
	"checker/internal/program/named.go named":           "numbers what can be named, kind by kind, then walks the variables with these numbers",
	"checker/internal/second/data.go declaration":       kinds,
	"checker/internal/symmetry/exchange_test.go orbits": "the definition, tried on every state",
	"checker/internal/symmetry/objects.go pointers":     kinds,
	"checker/internal/symmetry/symmetry.go group":       "conditions in the order in which their refusals are told; each uses what those before it found",
	"checker/language_test.go TestLanguage":             table,
	"checker/lockorder_test.go TestLockOrder":           table,
	"internal/audit/audit_test.go TestMutations":        table,
	"internal/csource/stmt.go stmt":                     kinds,
	"internal/sim/script.go command":                    kinds,
	"internal/testkit/gen.go stmt":                      kinds,
	"internal/testkit/whole.go stmt":                    kinds,
	"model/digest_test.go TestDigestSaysEverything":     table,
	"model/elab/constants_test.go constants":            table,
	"model/elab/lower_stmt.go stmt":                     kinds,
	"model/check/decl.go declare":                       kinds,
	"model/syntax/parse_decl.go declBehind":             kinds,
	"model/syntax/parse_stmt.go stmtInner":              kinds,
	"model/syntax/print_decl.go decl":                   kinds,
	"specs/mutation_test.go TestEveryProtectionMatters": table,
	"traces/replay/shrink.go reorder":                   "a search whose nodes, queue and bound belong together",
	"traces/story/lanes.go lanes":                       "one walk over the run with what is known so far in local variables",
	"traces/json.go validate":                           "one condition after the other on what a file may say, each with its error",
	"traces/story/about.go about":                       "the sentences of one paragraph in their order",
}

// twice are the runs of equal lines that may be in two places, by the two files.
var twice = map[string]string{
	"checker/internal/second/text.go model/check/shape.go": "the second implementation shares only the parser",
}

// sources calls f with every Go file of the module, with its lines.
func sources(t *testing.T, f func(name string, lines []string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		f(filepath.ToSlash(rel), strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSize: no file and no function is too long to be read at once, without a reason.
func TestSize(t *testing.T) {
	left := map[string]bool{}
	for name := range long {
		left[name] = true
	}
	sources(t, func(name string, lines []string) {
		if len(lines) > maxLines {
			t.Errorf("%s has %d lines", name, len(lines))
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, strings.Join(lines, "\n"), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
			if n <= maxFunc {
				continue
			}
			id := name + " " + fn.Name.Name
			if long[id] == "" {
				t.Errorf("%s has %d lines: split it, or give the reason here", id, n)
			}
			delete(left, id)
		}
	})
	for id := range left {
		t.Errorf("%s is no longer too long: take it off the list", id)
	}
}

// TestTwice: what is in two places word for word is in one of them too many. Imports do not count.
func TestTwice(t *testing.T) {
	type at struct {
		file string
		line int
	}
	first := map[string]at{}
	met := map[string]bool{}
	sources(t, func(name string, lines []string) {
		var code []string
		from := 0
		if i := slices.Index(lines, ")"); i >= 0 && slices.Contains(lines[:i], "import (") {
			from = i + 1
		}
		for _, l := range lines[from:] {
			code = append(code, strings.TrimSpace(l))
		}
		said := -1
		for i := 0; i+maxSame < len(code); i++ {
			key := strings.Join(code[i:i+maxSame+1], "\n")
			other, ok := first[key]
			if !ok {
				first[key] = at{name, from + i + 1}
				continue
			}
			if other.file == name && other.line+maxSame >= from+i+1 {
				continue // a run that repeats itself
			}
			pair := other.file + " " + name
			met[pair] = true
			if twice[pair] == "" && (said < 0 || i > said+maxSame) {
				t.Error(fmt.Sprintf("%s:%d and %s:%d", other.file, other.line, name, from+i+1) + " begin with the same lines")
				said = i
			}
		}
	})
	for pair := range twice {
		if !met[pair] {
			t.Errorf("%s have nothing in common any more: take them off the list", pair)
		}
	}
}
