package checker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/checkpoint"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// same is what must not depend on interruptions.
func same(r *checker.Result) string {
	s := fmt.Sprintf("%s %q, %d states, %d transitions", evidence(r), r.Reason, r.Stats.States, r.Stats.Transitions)
	for _, v := range r.Violations {
		if v.Witness != nil {
			s += fmt.Sprintf(", %s after %d steps", v.Property, len(v.Witness.Steps))
		}
	}
	return s
}

// rounds is a model without cycles, of some thousand states however it is reduced.
const rounds = `
u4 x;
u3 at[4];
fair process;
process w[4](u2 i) {
	u3 k;
	while (k < 3) {
		await (at[i] <= at[(i + 1) & 3] + 1);
		atomic { x++; at[i]++; }
		k++;
	}
}
`

// TestResume: a search whose disk is full at the nth checkpoint ends in unknown and leaves the one before, from which another search comes to the result of one that was
// never interrupted. Checkpoints are written as fast as they can.
func TestResume(t *testing.T) {
	configs := map[string]func() *model.System{
		"holds":    func() *model.System { return hugepmd(t, "2", "1", "2", "2", "1") },
		"violated": func() *model.System { return hugepmd(t, "2", "1", "2", "0", "0") },
		// What the reduced walk remembers of what is owed is kept with it; an unreduced one looks at liveness afterwards.
		"owes nothing": func() *model.System {
			return build(t, rounds+"liveness done: x > 0 leads_to x == 12;\n", elab.BuildOptions{})
		},
		"owes": func() *model.System {
			return build(t, rounds+"liveness done: x == 4 leads_to x == 3;\n", elab.BuildOptions{})
		},
	}
	interrupted := 0
	for name, build := range configs {
		for _, reduction := range []checker.Reduction{checker.ReductionNone, checker.ReductionStubborn} {
			sys := build()
			ref, err := checker.Check(context.Background(), sys, checker.Options{Reduction: reduction, Symmetry: checker.SymmetryOff, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if (ref.Verdict == checker.Holds) != (name == "holds" || name == "owes nothing") {
				t.Fatalf("%s: %s", name, same(ref))
			}
			if testing.Short() && reduction == checker.ReductionNone {
				continue
			}
			for _, n := range []int{1, 2, 4} {
				t.Run(fmt.Sprintf("%s/%v/%d", name, reduction, n), func(t *testing.T) {
					o := checker.Options{Reduction: reduction, Symmetry: checker.SymmetryOff, Checkpoint: filepath.Join(t.TempDir(), "c"), CheckpointEvery: time.Microsecond, Workers: 1 + n%2}
					for round := 0; ; round++ {
						writes := 0
						o.SetDisk(func(dir, pattern string) (checkpoint.File, error) {
							if writes++; writes > n {
								return nil, &os.PathError{Op: "open", Path: dir, Err: errors.New("no space left on device")}
							}
							return os.CreateTemp(dir, pattern)
						})
						if round == 3 {
							o.SetDisk(nil)
							o.CheckpointEvery = time.Second
						}
						r, err := checker.Check(context.Background(), sys, o)
						if err != nil {
							t.Fatal(err)
						}
						if !strings.HasPrefix(string(r.Reason), "disk") {
							if same(r) != same(ref) {
								t.Errorf("round %d: %s\nwant     %s", round, same(r), same(ref))
							}
							return
						}
						if r.Verdict == checker.Holds || r.Reason != "disk: no space left on device" {
							t.Fatalf("interrupted: %v %q", r.Verdict, r.Reason)
						}
						interrupted++
						o.Resume = true
						o.Workers = 3 - o.Workers
					}
				})
			}
		}
	}
	if interrupted == 0 && !testing.Short() {
		t.Error("no search was interrupted")
	}
}

// TestResumeAfterLimit: what a limit ended goes on with a larger one; what was complete stays so.
func TestResumeAfterLimit(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "0", "0")
	ref, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	o := checker.Options{Reduction: checker.ReductionNone, Checkpoint: filepath.Join(t.TempDir(), "c"), Memory: 400_000}
	for i, memory := range []int64{400_000, 500_000, 700_000, 0, 0} {
		o.Memory, o.Resume = memory, i > 0
		r, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		if memory > 0 && r.Reason != checker.ReasonMemory {
			t.Errorf("%d bytes: %v %q", memory, r.Verdict, r.Reason)
		}
		if memory == 0 && same(r) != same(ref) {
			t.Errorf("resumed: %s\nwant     %s", same(r), same(ref))
		}
	}
}

// TestResumeRandomModels stops searches of random models by cancelling them when the first checkpoint is written.
func TestResumeRandomModels(t *testing.T) {
	n := uint64(1000)
	if testing.Short() {
		n = 10
	}
	resumed := 0
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%2 == 0})
		if !ok {
			continue
		}
		o := checker.Options{Reduction: checker.ReductionNone + checker.Reduction(seed%3%2), Workers: 1 + int(seed%2), MaxStates: 30 * maxRandom, Symmetry: symmetry(seed%5 == 0)}
		ref, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		if ref.Reason != checker.ReasonNone {
			continue
		}
		o.Checkpoint, o.CheckpointEvery = filepath.Join(t.TempDir(), "c"), time.Microsecond
		ctx, cancel := context.WithCancel(context.Background())
		writes := 0
		o.SetDisk(func(dir, pattern string) (checkpoint.File, error) {
			if writes++; writes == 1 {
				cancel()
			}
			return os.CreateTemp(dir, pattern)
		})
		r, err := checker.Check(ctx, sys, o)
		cancel()
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		if r.Reason == checker.ReasonInterrupt {
			resumed++
			o.Resume = true
			if r, err = checker.Check(context.Background(), sys, o); err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
		}
		if o.Workers == 1 { // then the reference has the witnesses of a search that keeps paths
			ref, r = withoutWitnesses(ref), withoutWitnesses(r)
		}
		if same(r) != same(ref) {
			t.Fatalf("resumed: %s\nwant     %s\n%s", same(r), same(ref), src)
		}
	}
	t.Logf("%d searches were resumed", resumed)
}

func withoutWitnesses(r *checker.Result) *checker.Result {
	c := *r
	c.Violations = nil
	for _, v := range r.Violations {
		v.Witness = nil
		c.Violations = append(c.Violations, v)
	}
	return &c
}

func TestResumeRefused(t *testing.T) {
	o := checker.Options{Reduction: checker.ReductionNone, Checkpoint: filepath.Join(t.TempDir(), "c"), NoAssert: true}
	sys := hugepmd(t, "1", "1", "1", "0", "0")
	if _, err := checker.Check(context.Background(), sys, o); err != nil {
		t.Fatal(err)
	}
	o.Resume = true
	var e *checker.CheckpointError
	if _, err := checker.Check(context.Background(), hugepmd(t, "1", "1", "1", "0", "1"), o); !errors.As(err, &e) {
		t.Errorf("another model: %v", err)
	}
	p := o
	p.Reduction = checker.ReductionStubborn
	if _, err := checker.Check(context.Background(), sys, p); !errors.As(err, &e) {
		t.Errorf("other options: %v", err)
	}
	p = o
	p.Checkpoint += "2"
	if _, err := checker.Check(context.Background(), sys, p); !errors.As(err, &e) {
		t.Errorf("no checkpoint: %v", err)
	}
	if _, err := checker.Check(context.Background(), sys, o); err != nil {
		t.Errorf("the right one: %v", err)
	}
}
