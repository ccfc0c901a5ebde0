package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExamples: every public package has a function that shows how it is used, which go test runs. The library of the kernel is text, and is used by the example of the specs.
func TestExamples(t *testing.T) {
	for pkg := range imports(t) {
		if strings.Contains(pkg, "internal") || slices.Contains([]string{"cmd/pmdcheck", "scripts", "model/linux"}, pkg) {
			continue
		}
		tests, err := filepath.Glob(filepath.Join("..", "..", pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(tests, func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && strings.Contains(string(text), "\nfunc Example") && strings.Contains(string(text), "// Output:\n")
		}) {
			t.Errorf("package %s has no example", pkg)
		}
	}
}
