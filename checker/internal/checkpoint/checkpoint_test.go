package checkpoint_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pmdcheck/checker/internal/checkpoint"
)

var header = checkpoint.Header{Version: "v1", Digest: "d", Options: "none"}

func write(t *testing.T, name string, body string) {
	t.Helper()
	if err := checkpoint.Write(nil, name, header, func(w io.Writer) error {
		_, err := io.WriteString(w, body)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	r, err := checkpoint.Open(name, header)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDamage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c")
	body := strings.Repeat("what is kept\n", 1000)
	write(t, name, body)
	if got := read(t, name); got != body {
		t.Fatal("what was read is not what was written")
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := checkpoint.Open(name, header)
		var e *checkpoint.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/300 {
		try("cut off", whole[:n])
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/300 {
		b := bytes.Clone(whole)
		b[n] ^= 4
		try("a bit changed", b)
	}
	try("longer", append(bytes.Clone(whole), 0))
	try("something else", []byte("a text that has nothing to do with it, but is long enough to have a checksum at its end, or so one might think"))
}

func TestRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c")
	write(t, name, "x")
	for want, h := range map[string]checkpoint.Header{
		"another version": {Version: "v2", Digest: "d", Options: "none"},
		"another model":   {Version: "v1", Digest: "e", Options: "none"},
		"other options":   {Version: "v1", Digest: "d", Options: "all"},
	} {
		_, err := checkpoint.Open(name, h)
		var e *checkpoint.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	old := bytes.Replace(whole, []byte("format 2\n"), []byte("format 1\n"), 1)
	if bytes.Equal(old, whole) {
		t.Fatal("there is no format")
	}
	if err := os.WriteFile(name+"1", old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Open(name+"1", header); err == nil || !strings.Contains(err.Error(), "another format") {
		t.Errorf("another format: %v", err)
	}
	if _, err := checkpoint.Open(name+"2", header); err == nil || !strings.Contains(err.Error(), "there is no checkpoint") {
		t.Errorf("no file: %v", err)
	}
}

// full is a disk with room for so many bytes.
type full struct {
	checkpoint.File
	room int
}

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errors.New("no space left")
	}
	return f.File.Write(b)
}

// TestDiskFull: a checkpoint that cannot be written leaves the last one as it was, and nothing beside it.
func TestDiskFull(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c")
	write(t, name, "the last good one")
	for room := range 200 {
		err := checkpoint.Write(func(dir, pattern string) (checkpoint.File, error) {
			f, err := os.CreateTemp(dir, pattern)
			return &full{f, room}, err
		}, name, header, func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("new", 70))
			return err
		})
		if err == nil {
			t.Fatalf("%d bytes of room were enough", room)
		}
	}
	if got := read(t, name); got != "the last good one" {
		t.Errorf("the checkpoint is now %q", got)
	}
	if files, _ := os.ReadDir(filepath.Dir(name)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(name), ".c-123"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	checkpoint.Tidy(name)
	if files, _ := os.ReadDir(filepath.Dir(name)); len(files) != 1 {
		t.Errorf("left behind after Tidy: %v", files)
	}
}
