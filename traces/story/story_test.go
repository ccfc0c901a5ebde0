package story_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for _, l := range s.Lanes {
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
		"race_a-no_use_after_free":       "X:\n0 live [m1.pud m2.pud]\n12 live [m2.pud]\n29 unlinked []\n31 freed []",
		"race_a_grace-no_use_after_free": "X:\n0 live [m1.pud m2.pud]\n10 live [m2.pud]\n26 unlinked []\n27 in the gather []\n28 waits for a grace period []\n34 freed []",
		"race_a_sync-no_use_after_free":  "X:\n0 live [m1.pud m2.pud]\n11 live [m2.pud]\n27 unlinked []\n35 freed []",
		"dining-no_deadlock":             "",
	} {
		if d := cmp.Diff(want, life(tell(t, name))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestPeriods: the grace period waits for nobody, because the walker holds nothing; the IPI waits for both other CPUs, and each answers.
func TestPeriods(t *testing.T) {
	s := tell(t, "race_a_grace-no_use_after_free")
	if len(s.Periods) != 1 || !s.Periods[0].Grace || s.Periods[0].Begin != 29 || s.Periods[0].End != 33 || len(s.Periods[0].CPUs) != 0 || s.Periods[0].Objects[0] != "X" {
		t.Errorf("%+v", s.Periods)
	}
	s = tell(t, "race_a_sync-no_use_after_free")
	if len(s.Periods) != 1 || s.Periods[0].Grace {
		t.Fatalf("%+v", s.Periods)
	}
	p := s.Periods[0]
	if d := cmp.Diff([]int{0, 1}, p.CPUs); d != "" || p.Begin != 30 || p.End != 35 {
		t.Errorf("%+v", p)
	}
	for _, c := range p.CPUs {
		if p.Answers[c] <= p.Begin || p.Answers[c] >= p.End {
			t.Errorf("CPU %d answers at step %d", c, p.Answers[c])
		}
	}
}

// TestLocks: who holds what where the walker reads the entry: the walker its RCU section, preemption and the lock in the table; nobody else anything, but
// mmap_lock and the vma_lock that munmap keeps in this model to its end.
func TestLocks(t *testing.T) {
	s := tell(t, "race_a-no_use_after_free")
	held := map[string][]string{}
	for _, l := range s.Locks {
		if l.Held(s.Fatal()) {
			who := s.Trace.Processes[l.Process].Name
			held[who] = append(held[who], l.String())
		}
	}
	want := map[string][]string{"walker": {"rcu_read_lock()", "X.ptl"}}
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
		"race_a-no_use_after_free":       "CPU 2 (m2: exiter) frees X at step 31 in free_page_table() of munmap(). CPU 0 (m1: walker) reads X.entry afterwards, at step 32, through the pointer it read from m1.pud at step 3.\nCPU 0 is inside rcu_read_lock() since step 1, which should have covered it, but X is freed without waiting for a grace period.",
		"race_a-no_ptl_use_after_free":   "CPU 0 (m1: walker) finds X.ptl_destroyed = true at step 30 in ptl_lock() of huge_pte_lock(): use of a destroyed page-table lock.\nCPU 2 (m2: exiter) set X.ptl_destroyed to true at step 29 in pgtable_pmd_page_dtor() of munmap().\nCPU 0 is inside rcu_read_lock() since step 1, which should have covered it, but step 29 waits for no grace period.",
		"race_a_grace-no_use_after_free": "rcu_core frees X at step 34 in free_page_table(); CPU 2 (m2: exiter) had queued it at step 28. CPU 0 (m1: walker) reads X.entry afterwards, at step 35, through the pointer it read from m1.pud at step 2.\nNothing covers it: CPU 0 holds no lock that CPU 2 would have to take, and nothing that a grace period or an IPI waits for.",
		"dining-no_deadlock":             "philosopher[0] waits in take() for fork[1]; fork[1] = 1, set by philosopher[1] at step 2 in take().\nphilosopher[1] waits in take() for fork[2]; fork[2] = 1, set by philosopher[2] at step 3 in take().\nphilosopher[2] waits in take() for fork[0]; fork[0] = 1, set by philosopher[0] at step 1 in take().\nNobody can move.",
		"invariant":                      "Invariant small is false: x < 2.\nx = 2, set by CPU 1 (p) at step 2.",
		"leak":                           "A is still allocated at the end and nothing points to it.",
		"start":                          "Assertion failed: assert (i == 2).",
	} {
		if d := cmp.Diff(want, strings.Join(tell(t, name).Text, "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
