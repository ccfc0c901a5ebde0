package checker_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestSpill compares searches that have far too little memory with searches in memory.
func TestSpill(t *testing.T) {
	for name, sys := range map[string]*model.System{
		"holds":    hugepmd(t, "2", "1", "2", "2", "1"),
		"violated": hugepmd(t, "2", "1", "2", "0", "0"),
	} {
		if testing.Short() && name == "holds" {
			continue
		}
		options := []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true}, {Reduction: checker.ReductionNone, NoAssert: true}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}}
		if testing.Short() {
			options = options[:2]
		}
		for _, o := range options {
			ref, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatal(err)
			}
			o.Spill, o.Memory = t.TempDir(), store.LeastMemory
			r, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := same(withoutWitnesses(r)), same(withoutWitnesses(ref)); a != b {
				t.Errorf("%s, %+v\nspilled   %s\nin memory %s", name, o, a, b)
			}
			for _, v := range r.Violations {
				if v.Witness == nil {
					t.Errorf("%s has no witness", v.Property)
				}
			}
			if least := ref.Stats.States * 8; r.Stats.Written < least {
				t.Errorf("%s: %d bytes were written for %d states", name, r.Stats.Written, ref.Stats.States)
			}
			if o.Reduction == checker.ReductionNone && o.Symmetry != checker.SymmetryOn && r.Stats.Bytes > 3*store.LeastMemory {
				t.Errorf("%s: %d bytes of memory", name, r.Stats.Bytes)
			}
			if files, _ := os.ReadDir(o.Spill); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		}
	}
}

func TestSpillRandomModels(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 20
	}
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%2 == 0})
		if !ok {
			continue
		}
		o := checker.Options{Reduction: checker.ReductionNone + checker.Reduction(seed%3%2), MaxStates: 30 * maxRandom, Symmetry: symmetry(seed%5 == 0)}
		ref, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Spill, o.Memory = t.TempDir(), store.LeastMemory
		r, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		if r.Reason == checker.ReasonMemory { // of the search for what is owed, which is not spilled
			continue
		}
		if ref.Reason != r.Reason || ref.Reason == checker.ReasonNone && same(withoutWitnesses(r)) != same(withoutWitnesses(ref)) {
			t.Fatalf("spilled   %s\nin memory %s\n%s", same(r), same(ref), src)
		}
	}
}

// cramped is a file on a disk that has room for so many bytes.
type cramped struct {
	store.File
	room *int
}

func (f *cramped) Write(b []byte) (int, error) {
	if *f.room -= len(b); *f.room < 0 {
		return 0, &os.PathError{Op: "write", Path: "somewhere", Err: errors.New("no space left on device")}
	}
	return f.File.Write(b)
}

// TestSpillDiskFull: wherever the disk is full, the verdict is unknown.
func TestSpillDiskFull(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "2", "1")
	for i, room := range []int{0, 100_000, 1_000_000, 2_500_000, 0, 10_000, 100_000, 500_000, 1_500_000} {
		if i == 4 {
			sys = hugepmd(t, "2", "1", "2", "0", "0") // whose witnesses are on that disk
		}
		o := checker.Options{Reduction: checker.ReductionNone, Spill: t.TempDir(), Memory: store.LeastMemory}
		o.SetSpillDisk(func(dir string) (store.File, error) {
			f, err := store.Disk(nil).TempFile(dir)
			return &cramped{f, &room}, err
		})
		r, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == checker.Holds || r.Verdict == checker.Violated && (i < 4 || len(r.Violations) == 0) || !strings.HasPrefix(string(r.Reason), "disk: no space") {
			t.Errorf("%v %q", r.Verdict, r.Reason)
		}
	}
	r, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Spill: t.TempDir() + "/nowhere", Memory: store.LeastMemory})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != checker.Unknown || !strings.HasPrefix(string(r.Reason), "disk: ") {
		t.Errorf("no such folder: %v %q", r.Verdict, r.Reason)
	}
}
