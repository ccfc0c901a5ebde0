//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pmdcheck-test-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "pmdcheck")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return bin, nil
})

// pmdcheck is the program with arguments, in an empty folder.
func pmdcheck(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "NO_COLOR=", "TERM=xterm")
	return cmd
}

func exitCode(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// onTerminal runs the program on a pseudo-terminal of a width and returns all it wrote.
func onTerminal(t *testing.T, width uint16, env string, args ...string) string {
	t.Helper()
	cmd := pmdcheck(t, args...)
	cmd.Env = append(cmd.Env, env)
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: width})
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	defer f.Close()
	out, _ := io.ReadAll(f) // ends in an error when the program does
	if code := exitCode(cmd.Wait()); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

var raceA = []string{"check", "seed/race_a", "--set", "policy=rcu", "--set", "target=riscv64", "--set", "remote=false", "--set", "batch_alloc_may_fail=false", "-v"}

// TestTerminal: colour and a progress line on a terminal, and its width respected; no colour with NO_COLOR; no control codes at all in a pipe.
func TestTerminal(t *testing.T) {
	out := onTerminal(t, 80, "X=", raceA...)
	if !strings.Contains(out, "\x1b[32mok") || !strings.Contains(out, "\x1b[1;31m^^^ use after free") {
		t.Errorf("no colour:\n%s", out)
	}
	if !strings.Contains(out, "\r\x1b[K") {
		t.Error("no progress line")
	}
	table := false
	for _, l := range strings.Split(out, "\n") {
		l = l[strings.LastIndex(l, "\r")+1:]
		for _, c := range []string{"\x1b[K", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[36m", "\x1b[1;31m", "\x1b[32m"} {
			l = strings.ReplaceAll(l, c, "")
		}
		if table = table || strings.HasPrefix(l, "step "); table && len([]rune(l)) > 80 && !strings.Contains(l, "checks:") {
			t.Errorf("wider than the terminal: %q", l)
		}
	}
	if !table {
		t.Error("no table")
	}
	if out := onTerminal(t, 120, "NO_COLOR=1", raceA...); strings.Contains(out, "m^^^ use after free") || strings.Contains(out, "\x1b[32m") {
		t.Errorf("colour in spite of NO_COLOR:\n%s", out)
	}
	both, err := pmdcheck(t, raceA...).CombinedOutput()
	if err != nil || bytes.ContainsAny(both, "\x1b\r") {
		t.Errorf("control codes in a pipe, or %v:\n%q", err, both)
	}
}

// TestDiskFull: a clear message and exit code 2, on stdout and in a file.
func TestDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full")
	}
	defer full.Close()
	for _, args := range [][]string{{"check", "classic/peterson"}, {"list"}, {"explain"}, {"show", "classic/peterson"}} {
		var stderr bytes.Buffer
		cmd := pmdcheck(t, args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		if code := exitCode(cmd.Run()); code != 2 || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
	}
	var stderr bytes.Buffer
	cmd := pmdcheck(t, "check", "classic/peterson", "--json", "/dev/full")
	cmd.Stderr = &stderr
	if code := exitCode(cmd.Run()); code != 2 || !strings.Contains(stderr.String(), "cannot write /dev/full: no space left on device") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
	if st, err := os.Stat("/dev/full"); err != nil || st.Mode().IsRegular() {
		t.Error("the device was replaced by a file")
	}
}

// TestClosedPipe: who stops reading ends the program, without a message.
func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := pmdcheck(t, "check", "classic")
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close()
	_ = cmd.Wait()
	if stderr.Len() > 0 {
		t.Errorf("%s", stderr.String())
	}
}

// TestInterrupt: an interrupted run ends as unknown, with exit code 3 and whole outputs; configurations that it had not begun are unknown too, and take no time.
func TestInterrupt(t *testing.T) {
	cmd := pmdcheck(t, "check", "big.pmd", "--json", "out.json", "--progress", "--jobs", "1")
	spec := "config u2 n;\nfor n;\nu8 a[8];\nprocess p[8](u3 i)\n{\n\twhile (true) {\n\t\tend: a[i] = a[i] == 255 ? 0 : a[i] + 1;\n\t}\n}\n"
	if err := os.WriteFile(filepath.Join(cmd.Dir, "big.pmd"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	if !lines.Scan() || !strings.Contains(lines.Text(), "states/s") {
		t.Errorf("the first progress line is %q", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	if code := exitCode(cmd.Wait()); code != 3 || strings.Count(stdout.String(), "unknown: interrupt") != 4 || !strings.Contains(stdout.String(), "0 not, 4 unknown") {
		t.Errorf("exit code %d, %s", code, stdout.String())
	}
	src, err := os.ReadFile(filepath.Join(cmd.Dir, "out.json"))
	if err != nil || !json.Valid(src) || !bytes.Contains(src, []byte(`"reason": "interrupt"`)) {
		t.Errorf("%v %s", err, src)
	}
	files, err := os.ReadDir(cmd.Dir)
	if err != nil || len(files) != 2 {
		t.Errorf("left behind: %v", files)
	}
}
