//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"pmdcheck/traces"
)

// screen is what a program has written to a pseudo-terminal.
type screen struct {
	t   *testing.T
	f   *os.File
	mu  sync.Mutex
	all strings.Builder
	end chan struct{}
}

func (s *screen) read() {
	defer close(s.end)
	buf := make([]byte, 4096)
	for {
		n, err := s.f.Read(buf)
		s.mu.Lock()
		s.all.Write(buf[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits until a text has been written since the last one that was waited for; the time is only for a program that never writes it.
func (s *screen) await(text string) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		all := s.all.String()
		if i := strings.Index(all, text); i >= 0 {
			s.all.Reset()
			s.all.WriteString(all[i+len(text):])
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if time.Now().After(deadline) {
			s.t.Fatalf("%q does not appear in %q", text, all)
		}
	}
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := s.f.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// TestStepper: on a pseudo-terminal, take steps, store the run, take one back, run to a cover and to a violation, leave.
func TestStepper(t *testing.T) {
	cmd := pmdcheck(t, "simulate", "seed/race_a", "--set", "policy=rcu", "--set", "target=riscv64")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 140})
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	defer f.Close()
	s := &screen{t: t, f: f, end: make(chan struct{})}
	go s.read()
	s.await("seed/race_a")
	s.await("possible steps")
	s.press("1")
	s.await("rcu_read_lock_nesting[0] = 1") // only what differs is drawn anew
	s.press("s")
	s.await("1 step stored in run.json")
	s.press("?")
	s.await("run to a violation")
	s.press("?")
	s.await("possible steps")
	s.press("c")
	s.await("cover ")
	s.press("rv")
	s.await("violated no_")
	s.press("s")
	s.press("q")
	<-s.end
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	file, err := os.Open(filepath.Join(cmd.Dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tr, err := traces.Read(file)
	if err != nil || tr.Kind != "violation" || len(tr.Steps) < 5 {
		t.Errorf("%v %+v", err, tr)
	}
}
