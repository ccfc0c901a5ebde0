package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
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
	return cmd, start(t, cmd, dir)
}

// shell runs a line of a shell, as limits are set by one.
func shell(t *testing.T, dir, line string) outcome {
	t.Helper()
	return start(t, exec.Command("bash", "-c", line), dir)()
}

// forgetPeak makes the peak of resident memory of this process what it has now: a process that it starts begins with that peak.
func forgetPeak(t *testing.T) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Logf("the peak of memory is that of all tests so far: %v", err)
	}
}

func start(t *testing.T, cmd *exec.Cmd, dir string) (end func() outcome) {
	t.Helper()
	forgetPeak(t)
	cmd.Dir = dir
	args := cmd.Args[1:]
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	return func() outcome {
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
		if signal.Ignored(sig) {
			t.Logf("%v is ignored where this test runs, so it is not tried", sig)
			continue
		}
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
	if o := end(); o.signal != syscall.SIGINT && !signal.Ignored(syscall.SIGINT) {
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

// readers are all the ways to have the program read a file; what they want of it differs.
var readers = [][]string{
	{"render", "IN"},
	{"replay", "IN"},
	{"merge", "IN"},
	{"baseline", "compare", "IN", "classic/peterson"},
	{"baseline", "write", "--from", "IN"},
	{"check", "classic/peterson", "--shard", "1/2", "--costs", "IN"},
	{"simulate", "classic/peterson", "--trace", "IN", "--script", "/dev/null"},
	{"simulate", "classic/peterson", "--script", "IN"},
	{"fmt", "IN"},
	{"check", "IN"},
	{"show", "IN"},
	{"matrix", "IN"},
	{"lock-order", "IN"},
	{"check", "importing.pmd"},
}

// reading puts the file into each.
func reading(t *testing.T, dir, file string, f func(args []string)) {
	t.Helper()
	importing := filepath.Join(dir, "importing.pmd")
	if err := os.WriteFile(importing, []byte("import \"./"+strings.TrimSuffix(file, ".pmd")+"\";\nprocess p { }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, r := range readers {
		var args []string
		for _, a := range r {
			args = append(args, strings.ReplaceAll(a, "IN", file))
		}
		f(args)
	}
}

// TestReadsAreBounded: what has no end is an error soon, and takes little memory.
func TestReadsAreBounded(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	dir := t.TempDir()
	device(t, dir, "zero.pmd", 5)
	if err := syscall.Mkfifo(filepath.Join(dir, "endless.pmd"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(filepath.Join(dir, "endless.pmd"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	go func() {
		for text := bytes.Repeat([]byte(`{"a":[`), 1000); ; {
			if _, err := w.Write(text); err != nil {
				return
			}
		}
	}()
	for _, in := range []string{"zero.pmd", "endless.pmd"} {
		reading(t, dir, in, func(args []string) {
			if args[1] == "write" || in == "endless.pmd" && !slices.Contains([]string{"render", "merge", "fmt", "check"}, args[0]) {
				return // the same readers
			}
			if o := ran(t, dir, args...); o.code != 2 || !strings.Contains(o.err, in) && args[0] != "simulate" || o.rss > 1<<30 {
				t.Errorf("%s: exit code %d, %d MiB: %.300s", strings.Join(args, " "), o.code, o.rss>>20, o.err)
			}
		})
	}
	for _, args := range [][]string{{"render", "zero.pmd"}} {
		if o := ran(t, dir, args...); !strings.Contains(o.err, "larger than ") || !strings.Contains(o.err, " MiB") {
			t.Errorf("%s does not say how much is read: %s", strings.Join(args, " "), o.err)
		}
	}
}

// TestPipes: a pipe without a writer does not keep a signal away; with one it is as good as a file.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.pmd"), 0o600); err != nil {
		t.Fatal(err)
	}
	reading(t, dir, "pipe.pmd", func(args []string) {
		cmd, end := started(t, dir, args...)
		time.Sleep(300 * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGINT)
		if o := end(); o.signal != syscall.SIGINT && (args[0] != "lock-order" || o.code != 2) {
			t.Errorf("%s: exit code %d: %s", strings.Join(args, " "), o.code, o.err)
		}
	})
	if o := ran(t, dir, "check", "pipe.pmd"); o.code != 2 || !strings.Contains(o.err, "cannot read pipe.pmd: nothing came through the pipe") {
		t.Errorf("exit code %d: %s", o.code, o.err)
	}
	_, end := started(t, dir, "check", "pipe.pmd")
	if err := os.WriteFile(filepath.Join(dir, "pipe.pmd"), []byte("bool x;\nprocess p { x = true; }\n"), 0); err != nil {
		t.Fatal(err)
	}
	if o := end(); o.code != 0 || !strings.Contains(o.out, "1 check: 1 as expected") {
		t.Errorf("exit code %d: %s%s", o.code, o.out, o.err)
	}
}

// TestNegativeLimits: a limit below nothing is a usage error of every command that has limits.
func TestNegativeLimits(t *testing.T) {
	for _, args := range [][]string{
		{"check", "classic/peterson", "--max-states", "-1"},
		{"check", "classic/peterson", "--timeout", "-1s"},
		{"check", "classic/peterson", "--workers", "-1"},
		{"check", "classic/peterson", "--max-memory", "-1"},
		{"matrix", "classic/peterson", "--max-states", "-1"},
		{"lock-order", "classic/peterson", "--timeout", "-1s"},
	} {
		if o := ran(t, t.TempDir(), args...); o.code != 2 || !strings.Contains(o.err, args[2]) {
			t.Errorf("%s: exit code %d: %s", strings.Join(args, " "), o.code, o.err)
		}
	}
	if o := ran(t, t.TempDir(), "check", "classic/peterson", "--workers", fmt.Sprint(4*runtime.NumCPU()+1)); o.code != 0 || !strings.Contains(o.err, "warning: --workers") {
		t.Errorf("too many workers: exit code %d: %s", o.code, o.err)
	}
}

// TestControlCharacters: what a terminal would obey does not come out as it came in, whoever wrote it: the name of a file, a trace, a litmus test, a flag.
func TestControlCharacters(t *testing.T) {
	dir := t.TempDir()
	const evil = "e\x1b]0;owned\x07\x1b[2J\u009b8m\u202e"
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	spec := write(evil+".pmd", "bool x;\nprocess p { x = true; }\ninvariant never: !x;\n")
	bad := write("bad.pmd", "// "+evil+"\nprocess p { "+evil+" }\ninvariant i \""+evil+"\": true;\n")
	litmus := write(evil+".litmus", "C "+evil+"\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\nexists (x=1)\n")
	trace := write("trace.json", strings.ReplaceAll(strings.ReplaceAll(string(witness(t)), `"Peterson`, `"\u001b[2JPeterson`), `"p`, `"\u001b[31mp`))
	for _, args := range [][]string{
		{"check", spec, "-v"},
		{"check", bad},
		{"show", spec},
		{"fmt", "-l", spec},
		{"litmus", litmus, "--explain"},
		{"litmus", litmus, "--json", "-"},
		{"render", trace},
		{"replay", trace},
		{"check", "no" + evil},
		{"check", "classic/peterson", "--set", evil + "=1"},
		{evil},
		{"audit", "--linux", evil},
		{"matrix", "classic/peterson", "--rows", evil},
	} {
		o := ran(t, dir, args...)
		for _, c := range []string{"\x1b", "\x07", "\u009b", "\u202e", "\r"} {
			if strings.Contains(o.out+o.err, c) {
				t.Errorf("%q prints %q: %q", args, c, o.out+o.err)
			}
		}
		if o.code < 0 || o.code == 4 || args[0] != "show" && o.out+o.err == "" {
			t.Errorf("%q: exit code %d: %s%s", args, o.code, o.out, o.err)
		}
	}
}

// witness is a stored trace.
func witness(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	if o := ran(t, dir, "check", "classic/peterson", "--trace-dir", "t"); o.code != 0 {
		t.Fatal(o.err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "t", "*.json"))
	if len(found) == 0 {
		t.Fatal("there is no trace")
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}
