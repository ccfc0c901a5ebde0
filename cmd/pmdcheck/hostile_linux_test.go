package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outcome is how a run of the program ended.
type outcome struct {
	code     int            // -1: by a signal
	signal   syscall.Signal // which
	out, err string
	rss      int64 // bytes
}

// started is a run of the program in a folder. No run takes longer than twenty seconds: then it hangs.
func started(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, end func() outcome) {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(bin, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	return cmd, func() outcome {
		t.Helper()
		_ = cmd.Wait()
		if !late.Stop() {
			t.Errorf("pmdcheck %s hangs", strings.Join(args, " "))
		}
		ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
		o := outcome{code: ws.ExitStatus(), out: out.String(), err: errs.String(), rss: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10}
		if ws.Signaled() {
			o.signal = ws.Signal()
		}
		if strings.Contains(o.err, "goroutine ") {
			t.Errorf("pmdcheck %s panics: %s", strings.Join(args, " "), o.err)
		}
		return o
	}
}

func ran(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	_, end := started(t, dir, args...)
	return end()
}

// device makes a device of our own, as the tests must not endanger that of the machine: 3 is null, 5 zero, 7 full.
func device(t *testing.T, dir, name string, minor int) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := syscall.Mknod(p, syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
		t.Skipf("devices cannot be made here: %v", err)
	}
	f, err := os.OpenFile(p, os.O_RDWR, 0)
	if err != nil {
		t.Skipf("devices cannot be opened here: %v", err)
	}
	f.Close()
	return p
}

// names are those of what is in a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range list {
		have = append(have, e.Name())
	}
	return strings.Join(have, " ")
}

var everyOutput = []string{"--cpuprofile", "--memprofile", "--trace", "--json", "--junit", "--sarif", "--summary"}

// TestOutputsKeepDevices: what an output goes to stays what it is, device or link.
func TestOutputsKeepDevices(t *testing.T) {
	dir := t.TempDir()
	device(t, dir, "null", 3)
	device(t, dir, "full", 7)
	if err := os.Symlink("null", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("new", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for _, flag := range everyOutput {
		for _, to := range []string{"null", "link", "dangling", "full"} {
			o := ran(t, dir, "check", "classic/peterson", flag, to)
			want := 0
			if to == "full" {
				want = 2
				if !strings.Contains(o.err, "cannot write full: no space left on device") {
					t.Errorf("%s full: %s", flag, o.err)
				}
			}
			if o.code != want || o.rss > 500<<20 {
				t.Errorf("%s %s: exit code %d, %d MiB: %s", flag, to, o.code, o.rss>>20, o.err)
			}
		}
		if st, err := os.Stat(filepath.Join(dir, "new")); err != nil || st.Size() == 0 {
			t.Errorf("%s: nothing was written through the link: %v", flag, err)
		}
		_ = os.Remove(filepath.Join(dir, "new"))
	}
	if have := names(t, dir); have != "dangling full link null" {
		t.Errorf("there is %s", have)
	}
	for name, mode := range map[string]fs.FileMode{"null": fs.ModeCharDevice, "full": fs.ModeCharDevice, "link": fs.ModeSymlink, "dangling": fs.ModeSymlink} {
		if st, err := os.Lstat(filepath.Join(dir, name)); err != nil || st.Mode()&mode == 0 {
			t.Errorf("%s was replaced: %v, %v", name, st.Mode(), err)
		}
	}
	for _, args := range [][]string{
		{"show", "classic/peterson", "-o", "full"},
		{"export", "classic/peterson", "--promela", "-o", "full"},
		{"lock-order", "locks/abba", "-o", "full"},
		{"baseline", "write", "classic/peterson", "-o", "full"},
		{"report", "classic/peterson", "-o", "full"},
	} {
		if o := ran(t, dir, args...); o.code != 2 || !strings.Contains(o.err, "cannot write full: no space left") {
			t.Errorf("%s: exit code %d: %s", strings.Join(args, " "), o.code, o.err)
		}
	}
}

// TestSignalsLeaveNothing: whatever signal ends a run, no half-written file stays behind. The first of each kind only ends the search.
func TestSignalsLeaveNothing(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		dir := t.TempDir()
		cmd, end := started(t, dir, append(strings.Fields(big), "--cpuprofile", "cpu", "--trace", "trace", "--json", "json", "--progress")...)
		time.Sleep(1500 * time.Millisecond)
		_ = cmd.Process.Signal(sig)
		if o := end(); o.code != 3 || !strings.Contains(o.out, "interrupt") {
			t.Errorf("%v: exit code %d, signal %v: %s%s", sig, o.code, o.signal, o.out, o.err)
		}
		if have := names(t, dir); have != "cpu json trace" {
			t.Errorf("%v: there is %s", sig, have)
		}
	}
	// Where nothing can be ended early, the signal kills; what was begun is gone with it.
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, end := started(t, dir, "show", "classic/peterson", "-o", "pipe", "--cpuprofile", "cpu", "--trace", "trace")
	time.Sleep(1500 * time.Millisecond)
	_ = cmd.Process.Signal(syscall.SIGINT)
	if o := end(); o.signal != syscall.SIGINT {
		t.Errorf("exit code %d, signal %v: %s", o.code, o.signal, o.err)
	}
	if have := names(t, dir); have != "pipe" {
		t.Errorf("there is %s", have)
	}
}

// TestNohup: a signal that is ignored stays ignored.
func TestNohup(t *testing.T) {
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "trap '' HUP; exec "+bin+big+" --max-states 2000000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	_ = cmd.Process.Signal(syscall.SIGHUP)
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.Signal(0)); errors.Is(err, os.ErrProcessDone) {
		t.Error("the process ended")
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
}
