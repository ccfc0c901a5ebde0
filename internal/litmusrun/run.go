// Package litmusrun runs many litmus tests in parallel and writes the answers: text as herd7 prints it, a table, JSON and JUnit XML.
package litmusrun

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/files"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmuspmd"
	"pmdcheck/internal/pool"
	"pmdcheck/traces"
)

// Options of a run.
type Options struct {
	Model   axioms.Model
	Engine  Engine
	Limit   int64         // steps per test; 0: the default
	Timeout time.Duration // per test; 0: none
	Workers int
	Keep    bool // executions, to draw them
	// Done is called after each test with the number of those done so far. It may be called from several goroutines, but not at once.
	Done func(done int)
}

// Answer is what a run found out about one file.
type Answer struct {
	File   string
	Test   *litmus.Test // nil if it cannot be read
	Result *axioms.Result
	Err    error // why it cannot be read, or an internal error
	Crash  bool
	Why    string // what is not as it should be, or ""
	Took   time.Duration
}

// Unknown reports whether a limit came before the answer.
func (a *Answer) Unknown() bool { return a.Err == nil && a.Result.Verdict() == axioms.Unknown }

// Files lists the tests that arguments name: files as they are, and every .litmus file below a folder, sorted.
func Files(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !st.IsDir() {
			out = append(out, arg)
			continue
		}
		before := len(out)
		err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(p, ".litmus") {
				out = append(out, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, fmt.Errorf("no .litmus file below %s", arg)
		}
		slices.Sort(out[before:])
	}
	return out, nil
}

// Run answers every file. The answers are in the order of the files, whatever order they were found in.
func Run(ctx context.Context, files []string, o Options) []Answer {
	out := make([]Answer, len(files))
	var mu sync.Mutex
	done := 0
	pool.Start(o.Workers, len(files), func(i int) {
		out[i] = one(ctx, files[i], o)
		if o.Done != nil {
			mu.Lock()
			defer mu.Unlock()
			done++
			o.Done(done)
		}
	}).Join()
	return out
}

// one answers one file. A bug in it is an error of that file; the others are answered all the same.
func one(ctx context.Context, file string, o Options) (a Answer) {
	start := time.Now()
	a.File = file
	defer func() {
		if v := recover(); v != nil {
			a.Err, a.Crash = fmt.Errorf("%s: internal error: %v", file, v), true
		}
		a.Took = time.Since(start)
	}()
	src, err := read(file)
	if err != nil {
		a.Err = err
		return a
	}
	if a.Test, a.Err = litmus.Parse(file, src); a.Err != nil {
		return a
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	if a.Result, a.Err = answer(ctx, a.Test, o); a.Err != nil {
		a.Crash = true
		return a
	}
	a.Why = wrong(a.Result)
	return a
}

// Engine is what decides.
type Engine uint8

// The engines.
const (
	Axioms   Engine = iota // executions that the axioms allow
	Explorer               // a machine, step by step; of sc and tso
	Both                   // and it is a mistake if they differ
)

func (e Engine) String() string {
	if names := [...]string{"axioms", "explorer", "both"}; int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("Engine(%d)", uint8(e))
}

// ParseEngine reads the name of an engine.
func ParseEngine(s string) (Engine, error) {
	for e := Axioms; e <= Both; e++ {
		if e.String() == s {
			return e, nil
		}
	}
	return Axioms, fmt.Errorf("%s: it is axioms, explorer or both", s)
}

// maxStates bounds an exploration that has no other limit.
const maxStates = 50_000_000

// answer decides a test. An error is one of pmdcheck: the engines differ.
func answer(ctx context.Context, t *litmus.Test, o Options) (*axioms.Result, error) {
	var a, x *axioms.Result
	if o.Engine != Explorer {
		a = axioms.Check(ctx, t, o.Model, axioms.Options{Limit: o.Limit, Keep: o.Keep})
	}
	if o.Engine != Axioms {
		var err error
		if x, err = explore(ctx, t, o); err != nil {
			return nil, fmt.Errorf("internal error: %s: %w", t.Name, err)
		}
	}
	switch {
	case a == nil:
		return x, nil
	case x == nil || a.Why != "":
		return a, nil
	case x.Why != "":
		a.Why = x.Why
		return a, nil
	case a.Hash() != x.Hash():
		return nil, fmt.Errorf("internal error: %s: the explorer finds %d final states, and by the axioms there are %d; they are not the same", t.Name, len(x.States), len(a.States))
	}
	return a, nil
}

func explore(ctx context.Context, t *litmus.Test, o Options) (*axioms.Result, error) {
	s, err := litmuspmd.New(t)
	var no *litmuspmd.Unsupported
	if errors.As(err, &no) {
		return axioms.Explored(t, o.Model, nil, no.Error()), nil
	}
	if err != nil {
		return nil, err
	}
	f, err := s.Explore(ctx, litmuspmd.Options{Model: o.Model.String(), MaxStates: maxStates, Timeout: o.Timeout})
	if err != nil {
		return nil, err
	}
	return axioms.Explored(t, o.Model, f.Finals, f.Why), nil
}

// Trace is a run of the explorer that ends as the condition of a test says, or with positive false does not; nil if there is none.
func Trace(ctx context.Context, t *litmus.Test, m axioms.Model, positive bool, timeout time.Duration) (*traces.Trace, error) {
	return litmuspmd.Run(ctx, t, m.String(), positive, maxStates, timeout)
}

// maxFile is more than a test may have, so that the parser can say so without a file of any size being read.
const maxFile = 2 << 20

func read(file string) ([]byte, error) {
	st, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case st.IsDir():
		return nil, fmt.Errorf("%s is a folder", file)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", file)
	case st.Size() > maxFile:
		return nil, fmt.Errorf("%s is too large for a litmus test", file)
	}
	return files.Read(file, maxFile, 0) // it may have become another since
}

// wrong says what differs from what the test demands (forall, ~exists), or, under the kernel's model, from what its comment says.
func wrong(r *axioms.Result) string {
	v := r.Verdict()
	if v == axioms.Unknown {
		return ""
	}
	if r.Test.Quant != litmus.Exists && !r.Fulfilled() {
		return r.Test.Quant.String() + " is not fulfilled"
	}
	if r.Model != axioms.LKMM || r.Test.Says == "" {
		return ""
	}
	race := slices.Contains(r.Flags, "data-race")
	says, mayRace := strings.CutSuffix(strings.ToUpper(r.Test.Says), " DATARACE")
	found := strings.ToUpper(v.String())
	switch {
	case race && !mayRace:
		return "there is a data race, of which its comment does not say anything"
	case !race && mayRace:
		return "its comment promises a data race, and there is none"
	case says == "DEADLOCK" && v != axioms.NoFinal:
		return "its comment says DEADLOCK, and there are executions that end"
	case v == axioms.NoFinal && says != "DEADLOCK" && says != "NEVER":
		return "its comment says " + r.Test.Says + ", and no execution ends"
	case v != axioms.NoFinal && (says == "NEVER" || says == "SOMETIMES" || says == "ALWAYS") && says != found:
		return "its comment says " + r.Test.Says
	}
	return ""
}

// Spec is a test as a spec. What the axioms say about sequentially consistent memory and about x86 are its expectations.
func Spec(ctx context.Context, file string, limit int64) (string, error) {
	src, err := read(file)
	if err != nil {
		return "", err
	}
	t, err := litmus.Parse(file, src)
	if err != nil {
		return "", err
	}
	return litmuspmd.WithCondition(t, []string{axioms.SC.String(), axioms.TSO.String()}, func(model string) (never, always, known bool) {
		m, err := axioms.ParseModel(model)
		if err != nil {
			return false, false, false
		}
		switch axioms.Check(ctx, t, m, axioms.Options{Limit: limit}).Verdict() {
		case axioms.Never:
			return true, false, true
		case axioms.NoFinal:
			return true, true, true
		case axioms.Always:
			return false, true, true
		case axioms.Sometimes:
			return false, false, true
		}
		return false, false, false
	})
}
