package specs_test

import (
	"io/fs"
	"slices"
	"testing"

	"pmdcheck/specs"
)

// TestFolders: every folder of specs is described once.
func TestFolders(t *testing.T) {
	entries, err := fs.ReadDir(specs.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var have, told []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	for _, f := range specs.Folders() {
		told = append(told, f.Name)
		if len(f.About) > 60 || f.About == "" {
			t.Errorf("%s: %q does not fit into a line of a terminal", f.Name, f.About)
		}
	}
	slices.Sort(told)
	if !slices.Equal(have, told) {
		t.Errorf("%v are described, there are %v", told, have)
	}
}
