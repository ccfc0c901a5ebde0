package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// violatedBy are the properties that a system violates, without covers.
func violatedBy(t *testing.T, sys *model.System, o checker.Options) (names []string, res *checker.Result) {
	t.Helper()
	res, err := checker.Check(context.Background(), sys, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range res.Violations {
		if v.Prop != model.NoProp {
			names = append(names, v.Property)
		}
	}
	return names, res
}

// TestLockWaits: whatever waits for a lock has told the lock order so, although the wait never ends; whatever only tries tells it when the lock was got. One process takes every lock
// of the library while it holds one that excludes it, of the same class.
func TestLockWaits(t *testing.T) {
	const decl = `import "linux/mm/hugetlb";
const NR_CPUS = 1;
const PTRS_PER_PMD = 1;
struct mm_struct M;
struct address_space F;
struct hugetlb_vma_lock L = { .vma = &V };
struct vm_area_struct V = { .vm_mm = &M, .mapping = &F, .vma_lock = &L, .vm_end = 1, .vm_mayshare = true };
struct ptdesc T = { .page_count = 1 };
struct rw_semaphore S;
spinlock_t spin;
mutex_t mutex;
bool got;
`
	for _, c := range []struct{ held, body, class string }{
		{"down_write(&S)", "down_read(&S)", "S"},
		{"down_write(&S)", "down_write(&S)", "S"},
		{"down_read(&S)", "down_write(&S)", "S"},
		{"mutex_lock(&mutex)", "mutex_lock(&mutex)", "mutex"},
		{"spin_lock(&spin)", "spin_lock(&spin)", "spin"},
		{"ptl_lock(&T)", "ptl_lock(&T)", "ptdesc.ptl"},
		{"ptl_lock(&T)", "ptl_lock_nested(&T)", "ptdesc.ptl/1"},
		{"down_write(&M.mmap_lock)", "down_read(&M.mmap_lock)", "mm_struct.mmap_lock"},
		{"i_mmap_lock_write(&F)", "i_mmap_lock_read(&F)", "address_space.i_mmap_rwsem"},
		{"hugetlb_vma_lock_write(&V)", "hugetlb_vma_lock_read(&V)", "hugetlb_vma_lock.rw_sema"},
		{"hugetlb_vma_lock_read(&V)", "hugetlb_vma_lock_write(&V)", "hugetlb_vma_lock.rw_sema"},
		{"mutex_lock(&F.fault_mutex[0])", "mutex_lock(&F.fault_mutex[0])", "address_space.fault_mutex"},
		{"down_write(&V.vm_lock)", "down_read(&V.vm_lock)", "vm_area_struct.vm_lock"},
		{"down_write(&S)", "got = down_write_trylock(&S)", ""},
		{"hugetlb_vma_lock_read(&V)", "got = hugetlb_vma_trylock_write(&V)", ""},
	} {
		src := decl + "process p on cpu 0 in mm M {\n\t" + c.held + ";\n\t" + c.body + ";\n\tgot = false;\n}\ncheck no_deadlock, lock_order;\n"
		want, edges := "[no_deadlock lock_order]", fmt.Sprintf("[%s -> %s]", strings.TrimSuffix(c.class, "/1"), c.class)
		switch {
		case c.class == "":
			want, edges = "[]", "[]"
		case strings.HasSuffix(c.class, "/1"):
			want = "[no_deadlock]" // one class and another are no cycle
		}
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			sys := testkit.System(t, src, o, "era=E7", "late=true", "target=x86_nopv")
			for _, s := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Workers: 2}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn}} {
				names, res := violatedBy(t, sys, s)
				if got := fmt.Sprint(names); got != want || fmt.Sprint(res.LockOrder.Edges) != edges {
					t.Errorf("%s; %s: violated %s with the edges %v, want %s and %s", c.held, c.body, got, res.LockOrder.Edges, want, edges)
				}
			}
		}
	}
}

// TestLockOrderObserves: that the lock order is checked changes nothing else. An alternative that begins with the wait for a lock can be chosen when nobody lets go of it, as a task may
// call a lock function at any time; and a label before a lock function is that of the wait.
func TestLockOrderObserves(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"l = 1; choose { case: lock_acquire(&l); await (l == 0); case: skip; }", "[no_deadlock]"},
		{"l = 1; choose { case: end: lock_acquire(&l); await (l == 0); case: skip; }", "[]"},
		{"lock_acquire(&m); l = 1; end: lock_acquire(&l); await (l == 0);", "[]"},
		{"l = 1; choose { case l == 1: lock_acquire(&l); await (l == 0); case: skip; }", "[no_deadlock]"},
		{"l = 1; choose { case: atomic { lock_acquire(&l); await (l == 0); } case: skip; }", "[]"},
		{"l = 1; choose { case: x = 1; lock_acquire(&m); case: await (l == 0); case: await (l == 0); }", "[]"},
	} {
		src := "u1 l; u1 m; u1 x; process p { " + c.body + " } process q { end: await (x + m == 2); l = 1; x = 1; m = 1; } check no_deadlock"
		var states []int64
		for _, more := range []string{"", ", lock_order"} {
			names, res := violatedBy(t, build(t, src+more+";", elab.BuildOptions{}), checker.Options{Reduction: checker.ReductionNone})
			if got := fmt.Sprint(names); got != c.want {
				t.Errorf("%s: with%s violated %s, want %s", c.body, more, got, c.want)
			}
			states = append(states, res.Stats.States, res.Stats.Transitions)
		}
		if !slices.Equal(states[:2], states[2:]) {
			t.Errorf("%s: %d states and transitions, with the lock order %d", c.body, states[:2], states[2:])
		}
	}
	seeds, compared, edges := uint64(1500), 0, 0
	if testing.Short() {
		seeds = 300
	}
	for seed := range seeds {
		src := testkit.Source(rand.New(rand.NewPCG(seed, 11)))
		if !strings.Contains(src, "lock_acquire") {
			continue
		}
		others := "check no_use, no_free, no_lost, no_deadlock, assertion"
		if strings.Contains(src, ", late)") { // else nothing observes it, and it cannot be checked
			others += ", late"
		}
		var found [2][]string
		done, ordered := true, false
		for i, more := range []string{"", ", lock_order"} {
			sys, ok := tryBuild(t, src+others+more+";\n", elab.BuildOptions{NoMerge: seed%3 == 0})
			if !ok {
				done = false
				break
			}
			names, res := violatedBy(t, sys, checker.Options{Reduction: checker.ReductionNone, MaxStates: 5 * maxRandom})
			// More locks of a class than are counted are a fault.
			many := slices.ContainsFunc(res.Violations, func(v checker.Violation) bool { return strings.Contains(v.Message, ".held(") })
			done = done && res.Reason == checker.ReasonNone && !many
			found[i], ordered = names, len(res.LockOrder.Edges) > 0
		}
		if !done {
			continue
		}
		compared++
		found[1] = slices.DeleteFunc(found[1], func(p string) bool { return p == "lock_order" })
		if ordered {
			edges++
		}
		if !slices.Equal(found[0], found[1]) {
			t.Fatalf("seed %d: violated %v, and with the lock order %v\n%s", seed, found[0], found[1], src)
		}
	}
	if compared < int(seeds)/20 || edges < compared/20 {
		t.Errorf("%d models compared, %d of them take one lock inside another: they say little", compared, edges)
	}
}

// TestLockByMovingPointer: a lock is of one class, although the pointer to it is moved between lock_acquire() and what tells the classes apart.
func TestLockByMovingPointer(t *testing.T) {
	const src = "u1 a; u1 b; u1 m; u1 *r = &a; bool on; process p { lock_acquire(&m); lock_acquire(r); lock_release(&m); } process q { while (true) { r = &b; r = &a; } } check lock_order, no_deadlock; cover c: r == &b;"
	for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
		for _, opts := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}} {
			res, err := checker.Check(context.Background(), build(t, src, o), opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range res.LockOrder.Edges {
				got = append(got, e.String())
			}
			slices.Sort(got)
			if want := []string{"m -> a", "m -> b"}; !slices.Equal(got, want) {
				t.Errorf("%+v %+v: edges %v", o, opts, got)
			}
		}
	}
}
