package specs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
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

// TestLibraryJudges: programs whose mistake the library once did not see, or saw where there is none, in every configuration as they expect.
func TestLibraryJudges(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/library/*.pmd")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d programs, %v", len(files), err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := (&elab.Loader{Library: linux.FS}).Load(filepath.Base(f), src)
		if err != nil {
			t.Fatal(err)
		}
		configs, err := spec.Configurations(nil)
		if err != nil || len(configs) == 0 {
			t.Fatalf("%s: %d configurations, %v", f, len(configs), err)
		}
		for _, c := range configs {
			sys, err := spec.Build(c, elab.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []checker.Reduction{checker.ReductionNone, checker.ReductionStubborn} {
				res, err := checker.Check(t.Context(), sys, checker.Options{Reduction: r})
				if err != nil {
					t.Fatal(err)
				}
				if got := properties(res); res.Reason != checker.ReasonNone || c.Expect == nil || c.Expect.Holds != (len(got) == 0) || !slices.Equal(got, c.Expect.Props) {
					t.Errorf("%s %s: %s %v, expected %+v", f, c, res.Verdict, got, c.Expect)
				}
			}
		}
	}
}
