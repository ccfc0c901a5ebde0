package audit

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repositoryLibrary is the library as it stands in the repository.
func repositoryLibrary(t testing.TB) *Library {
	t.Helper()
	root := filepath.Join("..", "..", "model", "linux")
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".pmd") {
			return err
		}
		b, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		texts["linux/"+filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLibrary(texts)
	if err != nil {
		t.Fatal(err)
	}
	detect, err := os.ReadFile(filepath.Join(root, "kernel", "features.detect"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ReadDetection("features.detect", string(detect)); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestConformData: every waiver is of a function that there is, and asks for what there is.
func TestConformData(t *testing.T) {
	d, err := readData()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.checkExcuses(repositoryLibrary(t)); err != nil {
		t.Error(err)
	}
}

// TestTrees: in the kernel trees that AUDIT_TREES names, separated as in PATH, nothing differs from the library but what is waived, no waiver is stale, and each waiver that is taken away brings its
// difference back, and no other. scripts/audit-trees runs it.
func TestTrees(t *testing.T) {
	if os.Getenv("AUDIT_TREES") == "" {
		t.Skip("AUDIT_TREES names no tree")
	}
	l := repositoryLibrary(t)
	d, err := readData()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range filepath.SplitList(os.Getenv("AUDIT_TREES")) {
		for _, target := range []string{"x86_nopv", "arm64_4k", "riscv64"} {
			t.Run(filepath.Base(dir)+"/"+target, func(t *testing.T) {
				doc, err := Run(dir, l, Options{Conform: []string{target}})
				if err != nil {
					t.Fatal(err)
				}
				if got := append(differences(doc), doc.Stale...); got != nil {
					t.Errorf("not waived, or stale: %q", got)
				}
				eval := evaluator{l: l, tree: map[string]Feature{}, env: map[string]int{"release": doc.release().Number(), "target": l.enums["target"][target], "era": -1}}
				for _, f := range doc.Features {
					eval.tree[f.Name] = f
				}
				if len(doc.Conform) < 50 {
					t.Fatalf("%d functions", len(doc.Conform))
				}
				n := 0
				for i, e := range d.excuses {
					if so, told := e.so(eval, doc.release()); !so || !told || !compared(doc, e) {
						continue
					}
					n++
					rest := append(d.excuses[:i:i], d.excuses[i+1:]...)
					stale := waive(doc.Conform, rest, eval, doc.release())
					want := []string{e.model + " " + e.fn + ": " + e.diff.Text()}
					if d := cmp.Diff(want, append(differences(doc), stale...)); d != "" {
						t.Errorf("without line %d, -want +got\n%s", e.line, d)
					}
				}
				t.Logf("%d functions, %d waivers", len(doc.Conform), n)
			})
		}
	}
}

func compared(doc *Document, e excuse) bool {
	for _, c := range doc.Conform {
		if c.Model == e.model && c.Func == e.fn && c.PartOf == "" {
			return true
		}
	}
	return false
}
