//go:build unix

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKill kills checks with SIGKILL at random moments and resumes them until one comes to its end. That one has to print what a check prints that nobody disturbed, and
// to write the same traces.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	for name, args := range map[string]string{
		"holds":    "bench/hugepmd --set nmm=2 --set wpm=1 --set k=3 --set pol=2 --set free_by=1 --no-merge --reduction none --symmetry off",
		"violated": "bench/hugepmd --set nmm=2 --set wpm=1 --set k=2 --set pol=0 --set free_by=0 --no-merge --reduction none --symmetry off",
		"reduced":  "bench/hugepmd --set nmm=2 --set wpm=1 --set k=7 --set pol=2 --set free_by=1 --no-merge --reduction stubborn --symmetry off --no-chains",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			check := func(traces string, more ...string) []string {
				return append(append([]string{"check"}, strings.Fields(args)...), append(more, "--workers", "2", "--trace-dir", filepath.Join(dir, traces))...)
			}
			cmd := pmdcheck(t, check("want")...)
			want, err := cmd.Output()
			if code := exitCode(err); code != 0 && code != 1 {
				t.Fatalf("exit code %d", code)
			}
			r := rand.New(rand.NewPCG(1, 2))
			kept := filepath.Join(dir, "kept")
			kills := 0
			for {
				flag := "--checkpoint"
				if found, _ := filepath.Glob(filepath.Join(kept, "*.checkpoint")); len(found) > 0 {
					flag = "--resume"
				}
				cmd := pmdcheck(t, check("have", flag, kept, "--checkpoint-every", "20ms")...)
				var out, errs strings.Builder
				cmd.Stdout, cmd.Stderr = &out, &errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- cmd.Wait() }()
				var kill <-chan time.Time
				if kills < 6 {
					kill = time.After(time.Duration(20+r.IntN(200)) * time.Millisecond)
				}
				select {
				case <-kill:
					_ = cmd.Process.Kill()
					if err := <-done; exitCode(err) == -1 {
						kills++
						continue
					}
				case <-done:
				}
				if out.String() != string(want) {
					t.Errorf("after %d kills:\n%s%s\nwant:\n%s", kills, out.String(), errs.String(), want)
				}
				break
			}
			t.Logf("%d kills", kills)
			files, err := filepath.Glob(filepath.Join(dir, "want", "*"))
			if err != nil || (len(files) > 0) != (name == "violated") {
				t.Errorf("traces %v, %v", files, err)
			}
			for _, f := range files {
				a, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := os.ReadFile(filepath.Join(dir, "have", filepath.Base(f))); err != nil || string(a) != string(b) {
					t.Errorf("%s is another trace (%v)", filepath.Base(f), err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(kept, ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
