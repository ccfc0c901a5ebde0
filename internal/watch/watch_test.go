package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := New()
	if err != nil {
		t.Skip(err)
	}
	defer w.Close()
	if err := w.Folder(dir, true); err != nil {
		t.Fatal(err)
	}
	told := func(what string) {
		t.Helper()
		select {
		case <-w.Changed():
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing is told of %s", what)
		}
	}
	file := filepath.Join(sub, "a.pmd")
	for range 10 {
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told("a new file")
	if err := os.Rename(file, filepath.Join(dir, "b.pmd")); err != nil {
		t.Fatal(err)
	}
	told("a file that has another name")
	if err := os.RemoveAll(sub); err != nil {
		t.Fatal(err)
	}
	told("a folder that is gone")
	later := filepath.Join(dir, "later")
	if err := os.Mkdir(later, 0o755); err != nil {
		t.Fatal(err)
	}
	told("a new folder")
	if err := w.Folder(dir, true); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(later, "c.pmd"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	told("a file in a new folder")
	select {
	case <-w.Changed():
		t.Error("nothing changed, and it is told")
	case <-time.After(3 * settle):
	}
}
