package scale_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/scale"
)

// TestMain lets the test binary be the program that the tasks run.
func TestMain(m *testing.M) {
	if dir := os.Getenv("PMDCHECK_TASK"); dir != "" {
		os.Exit(task(dir))
	}
	os.Exit(m.Run())
}

// task does "levels ROUND DIR --level N" with the part of the environment.
func task(string) int {
	a := os.Args
	var level, part int
	_, _ = fmt.Sscan(a[5], &level)
	v := os.Getenv("SLURM_ARRAY_TASK_ID") + os.Getenv("JOB_COMPLETION_INDEX")
	_, _ = fmt.Sscan(v, &part)
	s, err := scale.Open(context.Background(), a[3], 1<<22)
	if err == nil {
		err = s.Do(context.Background(), level, a[2], part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

func tool(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nset -u\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// start begins a search of some thousand states.
func start(t *testing.T) (*scale.Search, *checker.Result) {
	t.Helper()
	ctx := context.Background()
	c := scale.Config{Spec: "bench/latch", Set: []string{"N=3", "policy=none", "ordered=true"}, NoMerge: true, Reduction: "none", Parts: 3}
	s, err := scale.Init(ctx, filepath.Join(t.TempDir(), "search"), c)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := checker.Check(ctx, s.Sys, s.Checker)
	if err != nil {
		t.Fatal(err)
	}
	return s, ref
}

func finish(t *testing.T, s *scale.Search, e scale.Engine, ref *checker.Result) {
	t.Helper()
	local := &scale.Local{Jobs: 2}
	d := scale.Driver{Engine: e, Local: local, Small: ref.Stats.States / 15, Tries: 3}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // of a search of a second: the machine may be busy
	defer cancel()
	x, err := d.Run(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if x.Stop != "complete" || x.States != ref.Stats.States || x.Transitions != ref.Stats.Transitions {
		t.Errorf("%+v, and check has %d states and %d transitions", x, ref.Stats.States, ref.Stats.Transitions)
	}
	out, err := s.Outcome(ctx, true, "test")
	if err != nil || out.Result.Verdict != ref.Verdict || !out.Judged.OK {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestLocal(t *testing.T) {
	s, ref := start(t)
	finish(t, s, &scale.Local{Jobs: 2}, ref)
}

// engine does a round as a function says.
type engine func(context.Context, *scale.Search, scale.Round) error

func (f engine) Run(ctx context.Context, s *scale.Search, r scale.Round) error { return f(ctx, s, r) }

// TestTwoDrivers: a driver whose level another one ends goes on with what that one has found, although the files of the level are gone; whatever round it is in.
func TestTwoDrivers(t *testing.T) {
	for _, round := range []string{"expand", "merge", "advance"} {
		s, ref := start(t)
		local := &scale.Local{Jobs: 2}
		levels := 0
		other := func(ctx context.Context) {
			o, err := scale.Open(ctx, s.Dir, 1<<22)
			if err != nil {
				t.Fatal(err)
			}
			end, cancel := context.WithCancel(ctx)
			defer cancel()
			last, err := o.Last()
			if err != nil {
				t.Fatal(err)
			}
			// Three levels at a time.
			d := scale.Driver{Engine: local, Local: local, Tries: 3, Tell: func(x *checker.Level) {
				if x.Number >= last.Number+3 {
					cancel()
				}
			}}
			if _, err := d.Run(end, o); err != nil && end.Err() == nil {
				t.Fatal(err)
			}
			levels++
		}
		finish(t, s, engine(func(ctx context.Context, s *scale.Search, r scale.Round) error {
			if r.Name == round {
				other(ctx)
				return nil
			}
			err := local.Run(ctx, s, r)
			if r.Name == "merge" && round == "advance" {
				other(ctx)
			}
			return err
		}), ref)
		if levels < 2 {
			t.Errorf("%s: the other driver ended a level %d times", round, levels)
		}
	}
}

// TestSlurm: commands of the names of Slurm's, which run an array at once, but for every fifth task, which is lost; a dependent job that is not told of that; and a queue that is empty.
func TestSlurm(t *testing.T) {
	s, ref := start(t)
	bin := t.TempDir()
	tool(t, bin, "squeue", "exit 0\n")
	tool(t, bin, "sbatch", `
echo "$@" >> "$LOG"
for a; do
	case $a in
	--array=*) tasks=${a#--array=} ;;
	--wrap=*) wrap=${a#--wrap=} ;;
	esac
done
for range in $(echo "$tasks" | tr , ' '); do
	for i in $(seq "${range%-*}" "${range#*-}"); do
		echo x >> "$LOG.count"
		[ $(($(wc -l < "$LOG.count") % 5)) = 0 ] && continue
		SLURM_ARRAY_TASK_ID=$i sh -c "$wrap" 2>> "$LOG.err"
	done
done
echo "$(wc -l < "$LOG");cluster"
`)
	log := filepath.Join(bin, "log")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LOG", log)
	t.Setenv("PMDCHECK_TASK", "1")
	self, _ := os.Executable()
	finish(t, s, &scale.Slurm{Program: self, Submit: []string{"--partition=long"}, Poll: time.Millisecond}, ref)
	b, _ := os.ReadFile(log)
	for _, want := range []string{"--requeue", "--dependency=afterany:1 --partition=long", "--array=0-2 "} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
}

// TestKubernetes: a kubectl that makes the pods of a job at once, each second job but for one pod.
func TestKubernetes(t *testing.T) {
	s, ref := start(t)
	bin := t.TempDir()
	tool(t, bin, "kubectl", `
case $1 in
get) [ -e "$LOG.$3" ] && echo "$3 Failed" ; exit 0 ;;
esac
manifest=$(cat)
set -- $manifest
touch "$LOG.$1"
n=$4
echo x >> "$LOG.count"
[ $(($(wc -l < "$LOG.count") % 2)) = 0 ] && n=$((n - 1))
for i in $(seq 0 $((n - 1))); do
	JOB_COMPLETION_INDEX=$i "$SELF" levels "$3" "$DIR" --level "$2" 2>> "$LOG.err"
done
exit 0
`)
	template := filepath.Join(bin, "job")
	if err := os.WriteFile(template, []byte("@NAME@ @LEVEL@ @ROUND@ @PARTS@\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	for k, v := range map[string]string{"PATH": bin + ":" + os.Getenv("PATH"), "LOG": filepath.Join(bin, "log"), "PMDCHECK_TASK": "1", "SELF": self, "DIR": s.Dir} {
		t.Setenv(k, v)
	}
	finish(t, s, &scale.Kubernetes{Template: template, Poll: time.Millisecond}, ref)
}

// TestFailing: a scheduler that does nothing is given up, with what it says.
func TestFailing(t *testing.T) {
	s, _ := start(t)
	bin := t.TempDir()
	tool(t, bin, "squeue", "exit 0\n")
	tool(t, bin, "sbatch", "echo no such partition >&2; exit 1\n")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	d := scale.Driver{Engine: &scale.Slurm{Program: "x", Poll: time.Millisecond}, Local: &scale.Local{Jobs: 1}, Tries: 2}
	if _, err := d.Run(context.Background(), s); err == nil || !strings.Contains(err.Error(), "no such partition") {
		t.Errorf("error %v", err)
	}
	tool(t, bin, "sbatch", "echo 7\n")
	if _, err := d.Run(context.Background(), s); err == nil || !strings.Contains(err.Error(), "were not done in 2 attempts") {
		t.Errorf("error %v", err)
	}
	if _, err := exec.LookPath("sbatch"); err != nil {
		t.Error(err)
	}
}

// TestEstimate: levels that grow as those of a lattice do, whose sum is known: of n processes of k steps each the level l has as many states as there are ways to write l as a sum.
func TestEstimate(t *testing.T) {
	const n, k = 6, 20
	ways := []float64{1}
	for range n {
		next := make([]float64, len(ways)+k)
		for i, w := range ways {
			for j := range k + 1 {
				next[i+j] += w
			}
		}
		ways = next
	}
	var news []int64
	states, total := int64(0), math.Pow(k+1, n)
	for l, w := range ways[:len(ways)-1] {
		news = append(news, int64(w))
		states += int64(w)
		guess, _, ok := scale.Estimate(news, states)
		if l < 10 && l > 8 && !ok {
			t.Errorf("level %d: no guess", l)
		}
		if l >= n*k/2 && (!ok || float64(guess) < 0.7*total || float64(guess) > 1.3*total) {
			t.Errorf("level %d: guess %d, %v; there are %.0f", l, guess, ok, total)
		}
	}
	if _, _, ok := scale.Estimate([]int64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}, 2047); ok {
		t.Error("what doubles for ever has an end")
	}
}
