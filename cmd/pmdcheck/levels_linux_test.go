package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLevelsKill kills drivers of a search by levels, and tasks, with SIGKILL at random moments, while copies of tasks run beside them; and stops tasks that go on when nobody waits for
// them any more. What comes out is what check finds.
func TestLevelsKill(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	for name, args := range map[string]string{
		"full":    "bench/hugepmd --set nmm=2 --set wpm=1 --set k=1 --set pol=0 --set free_by=0 --no-merge --no-assert --reduction none",
		"reduced": "bench/hugepmd --set nmm=2 --set wpm=1 --set k=4 --set pol=0 --set free_by=0 --no-merge --reduction stubborn --symmetry off --no-chains",
	} {
		t.Run(name, func(t *testing.T) {
			want, err := pmdcheck(t, append([]string{"check", "-v", "--search", "bfs"}, strings.Fields(args)...)...).Output()
			if code := exitCode(err); code != 0 && code != 1 {
				t.Fatalf("exit code %d", code)
			}
			dir := filepath.Join(t.TempDir(), "search")
			if out, err := pmdcheck(t, append([]string{"levels", "init", dir, "--parts", "5", "--no-sync"}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			driver := []string{"levels", "run", dir, "--jobs", "2", "--max-memory", "8M", "-v"}
			k := &killer{t: t, dir: dir, driver: driver, r: rand.New(rand.NewPCG(7, 2))}
			for k.kills < 20 && k.round() {
			}
			out, err := pmdcheck(t, driver...).Output()
			for len(k.stopped) > 0 {
				k.goOn()
			}
			t.Logf("%d kills, %d late tasks", k.kills, k.late) // fewer where the search is over sooner
			if have := figures(string(out)); have != figures(string(want)) {
				t.Errorf("after %d kills (%v):\n%s\nwant:\n%s", k.kills, err, have, figures(string(want)))
			}
			if again, _ := pmdcheck(t, "levels", "result", dir, "-v").Output(); figures(string(again)) != figures(string(want)) {
				t.Errorf("with late tasks:\n%s\nwant:\n%s", again, want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "data", "*")); len(left) > 5*14+10 {
				t.Errorf("%d files are left", len(left))
			}
			_ = os.RemoveAll(dir)
		})
	}
}

// killer disturbs a search.
type killer struct {
	t           *testing.T
	dir         string
	driver      []string
	r           *rand.Rand
	stopped     []*exec.Cmd // tasks
	kills, late int
}

// round begins a driver and two tasks, kills the driver and one task after a while and stops the other. It reports whether the driver had not come to its end.
func (k *killer) round() bool {
	start := func(args ...string) *exec.Cmd {
		cmd := pmdcheck(k.t, args...)
		if err := cmd.Start(); err != nil {
			k.t.Fatal(err)
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) bool {
		_ = cmd.Process.Kill()
		killed := exitCode(cmd.Wait()) == -1
		if killed {
			k.kills++
		}
		return killed
	}
	d := start(k.driver...)
	var tasks [2]*exec.Cmd
	for i := range tasks {
		found, _ := filepath.Glob(filepath.Join(k.dir, "levels", "*.json"))
		tasks[i] = start("levels", []string{"expand", "merge"}[k.r.IntN(2)], k.dir, "--level", fmt.Sprint(len(found)-1+k.r.IntN(2)), "--part", fmt.Sprint(k.r.IntN(5)), "--max-memory", "8M")
	}
	time.Sleep(time.Duration(30+k.r.IntN(150)) * time.Millisecond)
	more := kill(d)
	kill(tasks[1])
	_ = tasks[0].Process.Signal(syscall.SIGSTOP)
	if k.stopped = append(k.stopped, tasks[0]); len(k.stopped) > 3 {
		k.goOn()
	}
	return more
}

// goOn lets the task that was stopped first go on, with a level that is over by now.
func (k *killer) goOn() {
	_ = k.stopped[0].Process.Signal(syscall.SIGCONT)
	if code := exitCode(k.stopped[0].Wait()); code != 0 && code != 3 {
		k.t.Errorf("a late task ends with %d", code)
	}
	k.stopped = k.stopped[1:]
	k.late++
}

var figure = regexp.MustCompile(`(?m)^(?:(?:ok|FAIL|\?\?) .* transitions|     (?:holds|violated|unknown|not judged|covers).*)`)

// figures are the lines about verdicts and counts, without times and traces.
func figures(out string) string { return strings.Join(figure.FindAllString(out, -1), "\n") }
