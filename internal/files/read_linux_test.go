package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadEndless(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	var large *TooLarge
	if b, err := Read(file, 5, 0); err != nil || string(b) != "12345" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := Read(file, 4, 0); !errors.As(err, &large) || string(b) != "1234" || !strings.Contains(err.Error(), file+": it is larger than 4 bytes") {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := Read(dir, 5, 0); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("error %v", err)
	}
	if b, err := Read(device(t, 5), 1<<20, 0); !errors.As(err, &large) || len(b) != 1<<20 || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if b, err := Read(device(t, 3), 1<<20, 0); err != nil || len(b) != 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// TestReadPipes: a pipe is waited for, one without a writer or with a silent one not for ever.
func TestReadPipes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(name, 10, 0, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "nothing came through the pipe") {
		t.Errorf("without a writer: %v", err)
	}
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = os.WriteFile(name, []byte("late"), 0)
	}()
	if b, err := read(name, 10, 0, 10*time.Second); err != nil || string(b) != "late" {
		t.Errorf("a late writer: %q, %v", b, err)
	}
	w, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := read(name, 10, 50*time.Millisecond, 10*time.Second); err == nil || !strings.Contains(err.Error(), "nothing came for 50ms") {
		t.Errorf("a silent writer: %v", err)
	}
	go func() {
		for {
			if _, err := w.WriteString("endless"); err != nil {
				return
			}
		}
	}()
	var large *TooLarge
	if b, err := read(name, 1<<16, time.Second, time.Second); !errors.As(err, &large) || len(b) != 1<<16 {
		t.Errorf("an endless writer: %d bytes, %v", len(b), err)
	}
}
