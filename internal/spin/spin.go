// Package spin runs SPIN: it generates a verifier from a Promela model, compiles it, runs it, and reads its report.
//
// Everything happens in a temporary folder that is gone afterwards. CPU times and memory are those the operating system accounts to the child processes.
package spin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Tool is an installed SPIN and a C compiler.
type Tool struct {
	Spin string
	CC   string
}

// ErrMissing is why [Find] finds nothing.
var ErrMissing = errors.New("SPIN or a C compiler is missing: install the Debian packages spin and gcc")

// Find looks for SPIN and the first of the compilers, gcc if none is named.
func Find(compilers ...string) (*Tool, error) {
	spin, err := exec.LookPath("spin")
	if err != nil {
		return nil, ErrMissing
	}
	for _, c := range append(compilers, "gcc") {
		if cc, err := exec.LookPath(c); err == nil {
			return &Tool{spin, cc}, nil
		}
	}
	return nil, ErrMissing
}

// Version is the first line of what SPIN says about itself.
func (t *Tool) Version() string {
	out, _ := exec.Command(t.Spin, "-V").CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// Job is one verification.
type Job struct {
	Model []byte
	Spin  []string // options of spin, such as -o1 or -DN=2
	CC    []string // options of the compiler, such as -DSAFETY
	Pan   []string // options of the verifier, such as -m100000

	_ struct{}
}

// Verifier is a compiled verifier. Close removes it.
type Verifier struct {
	Build Usage // what spin and the compiler used

	dir string
}

// Report is what a verifier said.
type Report struct {
	Stored, Matched int64
	Depth           int
	Errors          int
	Truncated       bool     // the search depth was too small: counts are of a part
	Violated        []string // "pmdcheck: violated NAME" lines of exported models, in the order printed
	Reached         []string // "pmdcheck: reached NAME"
	Build           Usage    // spin and the compiler
	Run             Usage    // the verifier
	Output          string
}

// Transitions is the number of transitions, which counts one into the initial state.
func (r *Report) Transitions() int64 { return r.Stored + r.Matched }

// Usage is what processes used.
type Usage struct {
	CPU    time.Duration // user and system
	Wall   time.Duration
	Memory int64 // bytes: the largest resident set
}

// Measure runs a command and adds what it used. The memory is never less than what this process had resident at most when it made the other one, since that is what the
// system accounts to it: whatever measures should be small.
func (u *Usage) Measure(cmd *exec.Cmd) error {
	start := time.Now()
	err := cmd.Run()
	u.Wall += time.Since(start)
	if s := cmd.ProcessState; s != nil {
		u.CPU += s.UserTime() + s.SystemTime()
		u.Memory = max(u.Memory, peak(s))
	}
	return err
}

// Run verifies a model. An error is a failure of a tool, not of the model.
func (t *Tool) Run(ctx context.Context, j Job) (*Report, error) {
	v, err := t.Compile(ctx, j)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return v.Run(ctx, j.Pan...)
}

// Compile makes the verifier of a job.
func (t *Tool) Compile(ctx context.Context, j Job) (_ *Verifier, err error) {
	dir, err := os.MkdirTemp("", "pmdcheck-spin-")
	if err != nil {
		return nil, err
	}
	v := &Verifier{dir: dir}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, "model.pml"), j.Model, 0o600); err != nil {
		return nil, err
	}
	if out, err := v.step(ctx, &v.Build, t.Spin, append(append([]string{}, j.Spin...), "-a", "model.pml")...); err != nil || strings.Contains(out, "Error") {
		return nil, fmt.Errorf("spin cannot read the model: %s", firstLines(out))
	}
	if out, err := v.step(ctx, &v.Build, t.CC, append(append([]string{"-w"}, j.CC...), "-o", "pan", "pan.c")...); err != nil {
		return nil, fmt.Errorf("%s cannot compile the verifier: %w: %s", filepath.Base(t.CC), err, firstLines(out))
	}
	return v, nil
}

// Close removes the verifier.
func (v *Verifier) Close() { os.RemoveAll(v.dir) }

// Run runs the verifier with the given options.
func (v *Verifier) Run(ctx context.Context, args ...string) (*Report, error) {
	r := &Report{Build: v.Build}
	out, err := v.step(ctx, &r.Run, filepath.Join(v.dir, "pan"), args...)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := r.read(out); err != nil {
		return nil, fmt.Errorf("the verifier went wrong: %w: %s", err, firstLines(out))
	}
	return r, nil
}

func (v *Verifier) step(ctx context.Context, u *Usage, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = v.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := u.Measure(cmd)
	return out.String(), err
}

func firstLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[:min(len(lines), 5)], "; ")
}

var (
	reStored  = regexp.MustCompile(`(?m)^\s*(\d+) states, stored`)
	reMatched = regexp.MustCompile(`(?m)^\s*(\d+) states, matched`)
	reDepth   = regexp.MustCompile(`depth reached (\d+), errors: (\d+)`)
	reSaid    = regexp.MustCompile(`(?m)^pmdcheck: (violated|reached) (.*)$`)
)

func (r *Report) read(out string) error {
	r.Output = out
	field := func(re *regexp.Regexp, i int) (int64, error) {
		m := re.FindStringSubmatch(out)
		if m == nil {
			return 0, errors.New("its report is not complete")
		}
		return strconv.ParseInt(m[i], 10, 64)
	}
	stored, err1 := field(reStored, 1)
	matched, err2 := field(reMatched, 1)
	depth, err3 := field(reDepth, 1)
	bad, err4 := field(reDepth, 2)
	if err := cmp(err1, err2, err3, err4); err != nil {
		return err
	}
	r.Stored, r.Matched, r.Depth, r.Errors = stored, matched, int(depth), int(bad)
	r.Truncated = strings.Contains(out, "max search depth too small") || strings.Contains(out, "Search not completed")
	for _, m := range reSaid.FindAllStringSubmatch(out, -1) {
		if m[1] == "violated" {
			r.Violated = append(r.Violated, m[2])
		} else {
			r.Reached = append(r.Reached, m[2])
		}
	}
	return nil
}

func cmp(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}
