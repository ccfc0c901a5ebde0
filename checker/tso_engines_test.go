package checker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/checkpoint"
	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// TestTSOEngines: under tso a search that is spilled, parallel, breadth first, without chains or with merged steps apart finds what the plain one finds, and its witnesses are confirmed when they are read from
// their JSON and run again.
func TestTSOEngines(t *testing.T) {
	n := 40
	if testing.Short() {
		n = 16
	}
	for _, kind := range weakModels {
		t.Run(kind.name, func(t *testing.T) {
			compared, replayed := 0, 0
			for seed := range uint64(n) {
				src := kind.source(rand.New(rand.NewPCG(seed, 23)))
				sys, err := testkit.First("random.pmd", src, elab.BuildOptions{NoMerge: seed%3 == 0, StoreBuffer: 2}, "memory_model=tso")
				if err != nil || len(sys.Memory.Buffers) == 0 {
					continue
				}
				reduction := checker.ReductionNone + checker.Reduction(seed%2)
				plain := checker.Options{Reduction: reduction, MaxStates: 30 * maxRandom}
				ref, err := checker.Check(context.Background(), sys, plain)
				if err != nil {
					t.Fatalf("%v\n%s", err, src)
				}
				if ref.Reason != checker.ReasonNone {
					continue
				}
				compared++
				for name, change := range map[string]func(*checker.Options){
					"spilled":        func(o *checker.Options) { o.Spill, o.Memory = t.TempDir(), store.LeastMemory },
					"parallel":       func(o *checker.Options) { o.Workers = 2 },
					"breadth first":  func(o *checker.Options) { o.Search = checker.BFS },
					"without chains": func(o *checker.Options) { o.NoChains = true },
				} {
					o := plain
					change(&o)
					r, err := checker.Check(context.Background(), sys, o)
					if err != nil {
						t.Fatalf("seed %d, %s: %v\n%s", seed, name, err, src)
					}
					if r.Reason == checker.ReasonMemory { // of the search for what is owed, which is not spilled
						continue
					}
					if a, b := found(r), found(ref); a != b {
						t.Fatalf("seed %d, %s: %s, and plainly %s\n%s", seed, name, a, b, src)
					}
				}
				for _, v := range ref.Violations {
					if v.Witness == nil {
						continue
					}
					var b bytes.Buffer
					if err := traces.Write(&b, v.Witness); err != nil {
						t.Fatal(err)
					}
					again, err := traces.Read(&b)
					if err != nil {
						t.Fatalf("seed %d, %s: %v\n%s", seed, v.Property, err, src)
					}
					if err := replay.Replay(sys, again); err != nil {
						t.Fatalf("seed %d, %s: %v\n%s", seed, v.Property, err, src)
					}
					replayed++
				}
			}
			t.Logf("%d compared, %d traces run again", compared, replayed)
			if compared == 0 && !testing.Short() {
				t.Error("nothing was compared")
			}
		})
	}
}

// found is what a search found violated and which covers it met, whatever its figures.
func found(r *checker.Result) string {
	var out []string
	for _, v := range r.Violations {
		out = append(out, v.Property)
	}
	slices.Sort(out)
	return fmt.Sprint(out, r.Verdict)
}

// buffered is a model of some thousand states, in all of which something can be in a store buffer.
const buffered = `
u2 x[3];
u2 seen;
property never "all is read as it is";
process w[3](u2 i) {
	u2 k;
	u2 t;
	while (k < 3) {
		x[i] = k + 1;
		t = x[(i + 1) % 3];
		k++;
	}
	seen = t;
}
invariant late: !(x[0] == 3 && x[1] == 3 && x[2] == 3 && seen == 1);
`

// TestTSOResume: a search under tso whose disk is full goes on from its checkpoint to the same result.
func TestTSOResume(t *testing.T) {
	sys, err := testkit.First("t.pmd", buffered, elab.BuildOptions{}, "memory_model=tso")
	if err != nil {
		t.Fatal(err)
	}
	for _, reduction := range []checker.Reduction{checker.ReductionNone, checker.ReductionStubborn} {
		plain := checker.Options{Reduction: reduction, Symmetry: checker.SymmetryOff, Workers: 2}
		ref, err := checker.Check(context.Background(), sys, plain)
		if err != nil {
			t.Fatal(err)
		}
		o := plain
		o.Checkpoint, o.CheckpointEvery = filepath.Join(t.TempDir(), "c"), time.Microsecond
		interrupted := 0
		for round := 0; ; round++ {
			writes := 0
			o.SetDisk(func(dir, pattern string) (checkpoint.File, error) {
				if writes++; writes > 2 {
					return nil, &os.PathError{Op: "open", Path: dir, Err: errors.New("no space left on device")}
				}
				return os.CreateTemp(dir, pattern)
			})
			if round == 2 {
				o.SetDisk(nil)
				o.CheckpointEvery = time.Second
			}
			r, err := checker.Check(context.Background(), sys, o)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(r.Reason), "disk") {
				interrupted++
				o.Resume = true
				continue
			}
			if same(r) != same(ref) {
				t.Errorf("%v, round %d: %s\nwant %s", reduction, round, same(r), same(ref))
			}
			break
		}
		t.Logf("%v: %d states, interrupted %d times", reduction, ref.Stats.States, interrupted)
		if interrupted == 0 {
			t.Errorf("%v: the search was never interrupted", reduction)
		}
	}
}

// TestTSOLockOrder: two locks that are released by plain stores, taken in both orders by processes that never meet. The order is the same under both models, and a lock whose release is still in the buffer is not held.
func TestTSOLockOrder(t *testing.T) {
	const src = `
u1 a;
u1 b;
u2 turn;
@x86(locked)
void lock_a(void) { atomic { await (a == 0); a = 1; lock_acquire(&a, true); } }
@x86(locked)
void lock_b(void) { atomic { await (b == 0); b = 1; lock_acquire(&b, true); } }
@x86(store)
void unlock_a(void) { atomic { lock_release(&a); a = 0; } }
@x86(store)
void unlock_b(void) { atomic { lock_release(&b); b = 0; } }
process p { lock_a(); lock_b(); unlock_b(); unlock_a(); turn = 1; smp_mb(); }
process q { await (turn == 1); FIRST(); SECOND(); UNSECOND(); UNFIRST(); }
check lock_order, no_deadlock;
`
	for _, c := range []struct{ first, second, want string }{{"lock_a", "lock_b", "[] holds"}, {"lock_b", "lock_a", "[lock_order] violated"}} {
		text := strings.NewReplacer("UNFIRST", "un"+c.first, "UNSECOND", "un"+c.second, "FIRST", c.first, "SECOND", c.second).Replace(src)
		for _, memory := range []string{"sc", "tso"} {
			sys, err := testkit.First("t.pmd", text, elab.BuildOptions{}, "memory_model="+memory)
			if err != nil {
				t.Fatal(err)
			}
			if memory == "tso" && len(sys.Memory.Buffers) == 0 {
				t.Error("no store goes through a buffer")
			}
			for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn}} {
				r, err := checker.Check(context.Background(), sys, o)
				if err != nil {
					t.Fatal(err)
				}
				if got := found(r); got != c.want {
					t.Errorf("%s first, %s, %v: %s, want %s", c.first, memory, o.Reduction, got, c.want)
				}
			}
		}
	}
}
