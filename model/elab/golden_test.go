package elab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestDump: testdata/ir has for each rule of lowering a few lines of a spec, and the machine that is made of them, with -update as it is now. The comment of a file says what is to
// be seen in it. Lines that say which properties there are are left out.
func TestDump(t *testing.T) {
	files, err := filepath.Glob("testdata/ir/*.txtar")
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	modes := map[string]elab.BuildOptions{"dump": {}, "no-merge": {NoMerge: true}, "no-reset": {NoReset: true}, "no-fork": {NoFork: true}}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(text)
			if len(ar.Files) < 2 || ar.Files[0].Name != "spec.pmd" || len(ar.Comment) == 0 {
				t.Fatal("a file has a comment, spec.pmd, and one dump or several")
			}
			for i := range ar.Files[1:] {
				f := &ar.Files[1+i]
				opt, ok := modes[f.Name]
				if !ok {
					t.Fatalf("no mode %q", f.Name)
				}
				sys, err := testkit.First("spec.pmd", string(ar.Files[0].Data), opt)
				if err != nil {
					t.Fatal(err)
				}
				if errs := sys.Sanity(); errs != nil {
					t.Fatal(errs)
				}
				var b strings.Builder
				if err := sys.Dump(&b); err != nil {
					t.Fatal(err)
				}
				f.Data = nil
				for line := range strings.Lines(b.String()) {
					if !strings.HasPrefix(line, "property ") {
						f.Data = append(f.Data, line...)
					}
				}
			}
			testkit.Golden(t, name, txtar.Format(ar))
		})
	}
}
