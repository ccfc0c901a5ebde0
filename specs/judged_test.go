package specs_test

import (
	"io/fs"
	"strings"
	"testing"

	"pmdcheck/model/linux"
	"pmdcheck/specs"
)

// TestNothingIsVacuous: every spec names only properties that some configuration of it observes, and has a cover.
func TestNothingIsVacuous(t *testing.T) {
	err := fs.WalkDir(specs.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".pmd") {
			return err
		}
		spec := load(t, strings.TrimSuffix(p, ".pmd"), linux.FS)
		if err := spec.CheckNames(nil); err != nil {
			t.Error(err)
		}
		if !spec.HasCovers() {
			t.Errorf("%s has no cover", p)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
