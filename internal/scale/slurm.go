package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Slurm does the tasks of a level as a pair of array jobs, the second of which begins when the first has ended. The names of the jobs say what they are, so that a driver that is begun again finds
// those of the one before.
type Slurm struct {
	Program string   // this one, where the nodes see it
	Submit  []string // more arguments of sbatch
	Args    []string // more arguments of tasks
	Poll    time.Duration
}

func (e *Slurm) name(s *Search, level int, round string) string {
	return fmt.Sprintf("pmdcheck-%s-%06d-%s", s.ID, level, round)
}

// Run implements [Engine].
func (e *Slurm) Run(ctx context.Context, s *Search, r Round) error {
	running, err := e.running(ctx, s, r.Level)
	if err != nil {
		return err
	}
	if len(running) == 0 {
		job, err := e.submit(ctx, s, r, "")
		if err != nil {
			return err
		}
		if r.Name == "expand" {
			all := make([]int, s.Parts)
			for i := range all {
				all[i] = i
			}
			// After any end: a merge whose input is not there says so, and is made again.
			if _, err := e.submit(ctx, s, Round{r.Level, "merge", all}, job); err != nil {
				return err
			}
		}
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(e.Poll):
		}
		if x, err := s.Level(r.Level); err != nil {
			return err
		} else if round, parts, err := s.Tasks(x); err != nil || round == "merge" && len(parts) == 0 {
			return err
		}
		if running, err := e.running(ctx, s, r.Level); err != nil || len(running) == 0 {
			return err
		}
	}
}

// running are the jobs of a level that Slurm has not done with.
func (e *Slurm) running(ctx context.Context, s *Search, level int) ([]string, error) {
	names := e.name(s, level, "expand") + "," + e.name(s, level, "merge")
	out, err := command(ctx, "squeue", "--noheader", "--name="+names, "--format=%A")
	return strings.Fields(out), err
}

func (e *Slurm) submit(ctx context.Context, s *Search, r Round, after string) (job string, err error) {
	logs := filepath.Join(s.Dir, "log")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return "", err
	}
	name := e.name(s, r.Level, r.Name)
	args := []string{"--parsable", "--requeue", "--job-name=" + name, "--array=" + numbers(r.Parts), "--output=" + filepath.Join(logs, name+"-%a.log"), "--open-mode=append"}
	if after != "" {
		args = append(args, "--dependency=afterany:"+after)
	}
	args = append(args, e.Submit...)
	words := []string{"exec", quote(e.Program), "levels", r.Name, quote(s.Dir), "--level", fmt.Sprint(r.Level)}
	for _, a := range e.Args {
		words = append(words, quote(a))
	}
	out, err := command(ctx, "sbatch", append(args, "--wrap="+strings.Join(words, " "))...)
	job, _, _ = strings.Cut(strings.TrimSpace(out), ";") // of a cluster
	return job, err
}

// quote quotes a word for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// command runs a program of the scheduler.
func command(ctx context.Context, name string, args ...string) (string, error) {
	return feed(ctx, "", name, args...)
}

func feed(ctx context.Context, in, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %s", name, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
