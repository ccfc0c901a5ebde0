package specs_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

// TestLibraryFilesStandAlone loads every file of the library by itself: a file imports what it uses, whatever else a spec imports.
func TestLibraryFilesStandAlone(t *testing.T) {
	n := 0
	err := fs.WalkDir(linux.FS, ".", func(p string, d fs.DirEntry, err error) error {
		name, is := strings.CutSuffix(p, ".pmd")
		if err != nil || d.IsDir() || !is {
			return err
		}
		n++
		cpus := "const NR_CPUS = 3;\n"
		if strings.HasPrefix(name, "instance/") {
			cpus = ""
		}
		src := fmt.Sprintf("import %q;\n%sconst PTRS_PER_PMD = 1;\nconst NR_PAGES = 1;\n", "linux/"+name, cpus)
		l := &elab.Loader{Library: linux.FS}
		if _, err := l.Load("alone.pmd", []byte(src)); err != nil {
			t.Errorf("linux/%s by itself: %v", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 25 {
		t.Errorf("only %d files of the library were found", n)
	}
}
