package story_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/story"
)

func tell(t testing.TB, name string) *story.Story {
	t.Helper()
	f, err := os.Open("../testdata/golden/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := traces.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return story.Tell(tr)
}

func life(s *story.Story) string {
	var parts []string
	for _, l := range s.Lanes[:len(s.About)] {
		parts = append(parts, l.Object+":")
		for _, c := range l.Changes {
			parts = append(parts, fmt.Sprintf("%d %s %v", c.Step, c.State, c.Links))
		}
	}
	return strings.Join(parts, "\n")
}

// TestLives: what becomes of the table, by hand from the order of the kernel's steps. On riscv64 it is freed at once; on arm64 it goes through the gather's batch
// and a grace period; where the batch allocation fails it is freed after an IPI, without either.
func TestLives(t *testing.T) {
	for name, want := range map[string]string{
		"race_a-no_use_after_free":       "X:\n0 live [m1.pud[0] m2.pud[0]]\n11 live [m2.pud[0]]\n29 unlinked []\n31 freed []",
		"race_a_grace-no_use_after_free": "X:\n0 live [m1.pud[0] m2.pud[0]]\n10 live [m2.pud[0]]\n27 unlinked []\n28 in the gather []\n29 waits for a grace period []\n37 freed []",
		"race_a_sync-no_use_after_free":  "X:\n0 live [m1.pud[0] m2.pud[0]]\n11 live [m2.pud[0]]\n28 unlinked []\n31 freed []",
		"dining-no_deadlock":             "",
	} {
		if d := cmp.Diff(want, life(tell(t, name))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestPeriods: the grace period waits for nobody, because the walker holds nothing. The IPI goes to both other CPUs: one answers at once, the other when it
// switches interrupts on.
func TestPeriods(t *testing.T) {
	s := tell(t, "race_a_grace-no_use_after_free")
	if len(s.Periods) != 1 || !s.Periods[0].Grace || s.Periods[0].Begin != 30 || s.Periods[0].End != 34 || len(s.Periods[0].Waits) != 0 || s.Periods[0].Objects[0] != "X" {
		t.Errorf("%+v", s.Periods[0])
	}
	s = check(t, `import "linux/kernel/smp";
const NR_CPUS = 3;
bool off, go;
process a on cpu 0 { local_irq_disable(); off = true; await (go); local_irq_enable(); }
process b on cpu 1 { await (off); smp_call_function_wait(7, ipi_sync); assert (!off); }
process c on cpu 2 { await (ipi_pending[1 * NR_CPUS + 0] != ipi_none); go = true; }
process d on cpu 2 { local_irq_disable(); local_irq_enable(); }
`)
	if len(s.Periods) != 1 || s.Periods[0].Grace {
		t.Fatalf("%+v", s.Periods)
	}
	p := s.Periods[0]
	enable := 0
	for i, st := range s.Trace.Steps {
		if st.Process == 0 && st.Ops[0].Func == "local_irq_enable" {
			enable = i + 1
		}
	}
	if d := cmp.Diff([]story.Waited{{CPU: 0, Process: -1, Answer: enable}, {CPU: 2, Process: -1, Answer: p.Begin}}, p.Waits); d != "" || p.End <= enable || enable <= p.Begin {
		t.Errorf("%+v, interrupts on at step %d", p, enable)
	}
	var lines []string
	for i, st := range s.Trace.Steps {
		for k := range st.Ops {
			if l := s.Line(i+1, k); l != "" {
				lines = append(lines, l)
			}
		}
	}
	if d := cmp.Diff([]string{"IPI to CPUs 0, 2, waits for CPU 0", "answers the IPI of CPU 1"}, lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	s = check(t, `import "linux/kernel/preempt";
const NR_CPUS = 2;
@role(grace_period)
void synchronize_rcu(void)
{
	atomic {
		for (int cpu = 0; cpu < NR_CPUS; cpu++)
			rcu_sync_need[cpu] |= rcu_reader(cpu) << self;
	}
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		await ((rcu_sync_need[cpu] & (1 << self)) == 0);
}
bool in, done;
process a on cpu 0 { rcu_read_lock(); in = true; await (rcu_sync_need[0] != 0); rcu_read_unlock(); done = true; }
process b on cpu 1 { await (in); synchronize_rcu(); assert (!done); }
`)
	if len(s.Periods) != 1 || !s.Periods[0].Grace || s.Periods[0].Process == 0 || s.Periods[0].End <= s.Periods[0].Begin || len(s.Periods[0].Waits) != 1 || s.Periods[0].Waits[0].CPU != 0 {
		t.Errorf("synchronize_rcu: %+v", s.Periods)
	}
}

// check finds the shortest witness of the first violated property of a spec.
func check(t testing.TB, src string) *story.Story {
	t.Helper()
	sys := testkit.System(t, src, elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Search: checker.BFS})
	if err != nil || len(res.Violations) == 0 {
		t.Fatal(res, err)
	}
	return story.Tell(res.Violations[0].Witness)
}

// TestLocks: which process holds what where the walker reads the entry: the walker its RCU section, preemption and the lock in the table; the zapper, which has
// let go of i_mmap_rwsem, still its own mm's locks; the exiter, which has freed the table, nothing that it does not drop in that very step.
func TestLocks(t *testing.T) {
	s := tell(t, "race_a-no_use_after_free")
	held := map[string][]string{}
	for _, l := range s.Locks {
		if l.Held(s.Fatal()) {
			who := s.Trace.Processes[l.Process].Name
			held[who] = append(held[who], l.String())
		}
	}
	want := map[string][]string{"walker": {"rcu_read_lock()", "X.ptl"}, "zapper": {"m1.mmap_lock R", "lock1.rw_sema W"}}
	if d := cmp.Diff(want, held); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, l := range s.Locks {
		if l.Name == "file.i_mmap_rwsem" && (l.Mode != "W" || l.To == 0) {
			t.Errorf("%+v", l)
		}
	}
}

// TestSentences: one for each kind of end.
func TestSentences(t *testing.T) {
	for name, want := range map[string]string{
		"race_a-no_use_after_free":       "CPU 2 (m2: exiter) frees X at step 31 in free_page_table() of pmd_free_tlb() of munmap(). CPU 0 (m1: walker) reads X.entry afterwards, at step 32, through the pointer it read from m1.pud[0] at step 3.\nIn step 31 CPU 2 holds m2.mmap_lock for write, which CPU 0 does not hold.\nIn step 21, where it changed X.entry, CPU 2 held lock2.rw_sema for write and file.i_mmap_rwsem for write, which CPU 0 does not hold.\nCPU 0 is inside rcu_read_lock() since step 1, which should have covered it, but X is freed without waiting for a grace period.",
		"race_a-no_ptl_use_after_free":   "CPU 0 (m1: walker) finds X.ptl_destroyed == true at step 30 in ptl_lock() of huge_pte_lock(): use of a destroyed page-table lock.\nCPU 2 (m2: exiter) set X.ptl_destroyed to true at step 29 in pgtable_pmd_page_dtor() of pmd_free_tlb() of munmap().\nIn step 29 CPU 2 holds m2.mmap_lock for write, which CPU 0 does not hold.\nIn step 21, where it changed X.entry, CPU 2 held lock2.rw_sema for write and file.i_mmap_rwsem for write, which CPU 0 does not hold.\nCPU 0 is inside rcu_read_lock() since step 1, which should have covered it, but step 29 waits for no grace period.",
		"race_a_grace-no_use_after_free": "rcu_core frees X at step 37 in free_page_table(); CPU 2 (m2: exiter) had queued it at step 29. CPU 0 (m1: walker) reads X.entry afterwards, at step 38, through the pointer it read from m1.pud[0] at step 2.\nIn step 28, where it changed X.ptl_destroyed, CPU 2 held m2.mmap_lock for write, which CPU 0 does not hold.\nNothing covers it: CPU 0 holds no lock that CPU 2 would have to take, and nothing that a grace period or an IPI waits for.",
		"race_c-no_foreign_walk":         "CPU 0 (m1: gup) finds X.entry[1] == pte_ordinary at step 55 in gup_fast(): entry of another mm's table used.\nCPU 2 (m2: owner) set X.entry[1] to pte_ordinary at step 53 in ordinary_fault().\nCPU 0 had read the pointer to X from m1.pud[0] at step 2; CPU 1 (m1: zapper) took it out at step 12 in huge_pmd_unshare() of __unmap_hugepage_range() of madvise_dontneed().\nIn step 12 CPU 1 holds m1.mmap_lock for read and lock1.rw_sema for write and file.i_mmap_rwsem for write, which CPU 0 does not hold.\nCPU 0 has interrupts off since step 1, which should have covered it, but step 12 waits for no IPI to CPU 0 and no grace period.",
		"dining-no_deadlock":             "philosopher[0] waits in take() until fork[i] == 0, but fork[1] == 1, set by philosopher[1] at step 2 in take().\nphilosopher[1] waits in take() until fork[i] == 0, but fork[2] == 1, set by philosopher[2] at step 3 in take().\nphilosopher[2] waits in take() until fork[i] == 0, but fork[0] == 1, set by philosopher[0] at step 1 in take().\nNobody can move.",
		"invariant":                      "Invariant small is false: x < 2.\nx == 2, set by CPU 1 (p) at step 2.",
		"leak":                           "A is still allocated at the end and nothing points to it.",
		"start":                          "Assertion failed: assert (i == 2).",
	} {
		if d := cmp.Diff(want, strings.Join(tell(t, name).Text, "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
