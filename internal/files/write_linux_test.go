package files

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// device makes a device of our own: a test that replaces it does no harm. Its kind is 1: 3 is null, 5 zero, 7 full.
func device(t *testing.T, minor int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "device")
	if err := syscall.Mknod(name, syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
		t.Skipf("devices cannot be made here: %v", err)
	}
	if f, err := os.OpenFile(name, os.O_RDWR, 0); err != nil {
		t.Skipf("devices cannot be opened here: %v", err)
	} else {
		f.Close()
	}
	return name
}

// alone checks that nothing but the given files is in a folder.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range list {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("in the folder there is %q, want %q", have, names)
	}
}

func content(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s: %q, %v; want %q", filepath.Base(name), got, err, want)
	}
}

func TestWriteDevice(t *testing.T) {
	name := device(t, 3)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{name, link} {
		if err := errors.Join(CanWrite(n), Write(n, text("x"))); err != nil {
			t.Error(err)
		}
	}
	if st, err := os.Lstat(name); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("the device is gone: %v, %v", st.Mode(), err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", st.Mode(), err)
	}
	alone(t, filepath.Dir(name), "device")
}

func TestWriteFull(t *testing.T) {
	name := device(t, 7)
	if err := Write(name, text("x")); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "cannot write "+name) {
		t.Errorf("error %v", err)
	}
}

// TestWriteLinks: a link stays a link, also one that leads nowhere yet, and one to a file in another folder.
func TestWriteLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	real := filepath.Join(other, "real")
	for from, to := range map[string]string{"one": "two", "two": real, "new": "made", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(real, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"one", "new"} {
		if err := Write(filepath.Join(dir, n), text("whole")); err != nil {
			t.Error(err)
		}
	}
	if err := Write(filepath.Join(dir, "loop"), text("x")); err == nil {
		t.Error("a link to itself was written to")
	}
	content(t, real, "whole")
	content(t, filepath.Join(dir, "made"), "whole")
	if st, _ := os.Stat(real); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	alone(t, dir, "loop", "made", "new", "one", "two")
	alone(t, other, "real")
}

func TestWritePipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		b, err := os.ReadFile(name)
		if err != nil {
			b = []byte(err.Error())
		}
		got <- string(b)
	}()
	if err := Write(name, text("through")); err != nil {
		t.Error(err)
	}
	if s := <-got; s != "through" {
		t.Errorf("read %q", s)
	}
}

// TestWriteFails: an error or a panic in the middle leaves the old file, and nothing else.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(name, func(w io.Writer) error { return errors.Join(text("ne")(w), errors.New("no more")) }); err == nil {
		t.Error("no error")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = Write(name, func(io.Writer) error { panic("a bug") })
	}()
	content(t, name, "old")
	alone(t, dir, "file")
	if err := Write(dir, text("x")); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("error %v", err)
	}
}

// TestWriteSignals: a signal in the middle of a write ends the process as that signal does, and leaves nothing behind.
func TestWriteSignals(t *testing.T) {
	if dir := os.Getenv("PMDCHECK_TEST_WRITE"); dir != "" {
		s, err := NewSpool(filepath.Join(dir, "spool"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.WriteString("something")
		_ = Write(filepath.Join(dir, "file"), func(w io.Writer) error {
			_ = text("half")(w)
			os.Stdout.WriteString("writing\n")
			time.Sleep(time.Minute)
			return nil
		})
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			t.Logf("%v is ignored where this test runs, so it is not tried", sig)
			continue
		}
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteSignals$")
		cmd.Env = append(os.Environ(), "PMDCHECK_TEST_WRITE="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, len("writing\n"))); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(sig)
		_ = cmd.Wait()
		if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != sig {
			t.Errorf("%v: the process ended with %v", sig, cmd.ProcessState)
		}
		alone(t, dir)
	}
}
