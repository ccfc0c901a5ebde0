package testkit

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// Golden compares got with a file below testdata, or writes the file if the test runs with -update. The change is then reviewed as a diff.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == string(got) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			t.Fatalf("%s: line %d is new: %q (-update writes the file)", file, i+1, b[i])
		case i >= len(b):
			t.Fatalf("%s: line %d is missing: %q", file, i+1, a[i])
		case a[i] != b[i]:
			t.Fatalf("%s: line %d:\n want %q\n  got %q\n(-update writes the file)", file, i+1, a[i], b[i])
		}
	}
}
