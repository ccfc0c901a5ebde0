package elab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestRoles: variables have the roles of the functions that write them, whether these are called or not; a struct of which only lock functions write is a lock as a whole; where several write one, the role
// that says more wins. What only reads, or is written through a reference, has none.
func TestRoles(t *testing.T) {
	sys := testkit.System(t, `
struct rwsem { u2 readers; u2 writer; };
struct page { u2 lock; u2 data; };
typedef u2 spin_t;
struct rwsem a;
struct page x;
spin_t s;
u2 off[2];
u2 depth[3];
u2 pending;
bool need;
struct page *queue;
struct page *tlb;
u2 plain;

@role(lock, read)
void down_read(struct rwsem *l) { atomic { await (l->writer == 0); l->readers++; } }
@role(lock, write)
void down_write(struct rwsem *l) { atomic { await (l->writer == 0); l->writer = self + 1; } }
@role(lock)
void page_lock(struct page *p) { atomic { await (p->lock == 0); p->lock = 1; off[this_cpu]++; } }
@role(lock)
void spin_lock(spin_t *l) { atomic { await (*l == 0); *l = 1; } }
@role(section, "preemption off")
void preempt_disable(void) { off[this_cpu]++; }
@role(section)
void enter(void) { depth[self] = 1; }
@role(ipi)
void kick(void) { pending = off[0] + plain; }
@role(callback)
void defer(void) { queue = &x; }
@role(cache)
void fill(void) { WRITE_ONCE(tlb, &x); }
@role(grace_period)
process gp { need = true; await (depth[0] == 0); need = false; }
process p[2] on cpu 0 { down_read(&a); page_lock(&x); spin_lock(&s); enter(); plain = x.data; }
`, elab.BuildOptions{})
	var got []string
	for _, v := range sys.Vars {
		if v.Proc == model.NoProc {
			got = append(got, fmt.Sprintf("%s %s whole=%v per %s ipi=%v", v.Name, v.Role, v.Whole, v.Per, v.StopsIPI))
		}
	}
	want := []string{
		"rwsem.readers lock whole=true per nobody ipi=false", "rwsem.writer lock whole=true per nobody ipi=false",
		"page.lock lock whole=false per nobody ipi=false", "page.data none whole=false per nobody ipi=false",
		"s none whole=false per nobody ipi=false", "off section whole=false per CPU ipi=true", "depth section whole=false per process ipi=false",
		"pending ipi whole=false per nobody ipi=false", "need grace_period whole=false per nobody ipi=false", "queue callback whole=false per nobody ipi=false",
		"tlb cache whole=false per nobody ipi=false", "plain none whole=false per nobody ipi=false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var frames []string
	for _, f := range sys.Frames {
		if f.Role != model.NoRole {
			frames = append(frames, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Func, f.Role, f.Mode)))
		}
	}
	if d := cmp.Diff([]string{"gp grace_period", "down_read lock R", "page_lock lock", "spin_lock lock", "enter section"}, frames[:5]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if sys.Processes[0].Role != model.RoleGracePeriod || sys.Processes[0].Of != "" || sys.Processes[1].Of != "p" {
		t.Errorf("%+v, %+v", sys.Processes[0], sys.Processes[1])
	}
}

// TestRoleOfOverride: what replaces a function of the library has its role.
func TestRoleOfOverride(t *testing.T) {
	sys := testkit.System(t, `import "linux/kernel/locking";
const NR_CPUS = 1;
mutex_t m;
override void mutex_lock(mutex_t *lock) { *lock = self + 1; }
process p on cpu 0 { mutex_lock(&m); }
`, elab.BuildOptions{})
	for _, f := range sys.Frames {
		if f.Func == "mutex_lock" && f.Role != model.RoleLock {
			t.Errorf("%+v", f)
		}
	}
}
