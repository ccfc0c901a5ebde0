// Package properties is the catalogue of what can be asked of a model, and the checks that look at whole states.
//
// Most properties are observed where they can fail, by an assert or a guarded access of the model ([model.PropAssert]); their catalogue
// entries only say what they mean. Leaks are judged on states, by [Leaks].
package properties

import (
	"embed"
	"slices"
	"strings"
)

// Entry documents one property.
type Entry struct {
	Name          string
	Title         string // what went wrong, as a trace's fatal step says it: "use after free"
	Meaning       string // one sentence
	Rule          string // the kernel rule behind it, or ""
	Detail        string // how it is observed
	Configuration string // where the kernel violated it: an embedded spec and the parameters of a configuration that does; "" if none does
}

//go:embed examples
var examples embed.FS

// Example is a smallest spec that violates a property, and what it looks like when it does, as check shows it. Both are "" where there is none.
func Example(name string) (spec, trace string) {
	src, err := examples.ReadFile("examples/" + name + ".pmd")
	if err != nil {
		return "", ""
	}
	drawn, err := examples.ReadFile("examples/" + name + ".txt")
	if err != nil {
		return string(src), ""
	}
	return string(src), string(drawn)
}

// Catalog returns all entries, sorted by name. The slice is the caller's.
func Catalog() []Entry {
	c := slices.Clone(catalog)
	slices.SortFunc(c, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// Lookup finds an entry by name.
func Lookup(name string) (Entry, bool) {
	i := slices.IndexFunc(catalog, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return catalog[i], true
}

// Title is what a failure of the property is called: the catalogue's title, or the name itself.
func Title(name string) string {
	if e, ok := Lookup(name); ok && e.Title != "" {
		return e.Title
	}
	return name
}

var catalog = []Entry{
	{
		Name: "no_use_after_free", Title: "use after free",
		Meaning:       "No access to a page-table page after it was given back to the allocator.",
		Rule:          "A walker that follows a PUD entry must hold something that keeps the table it points to from being freed: a lock the freer takes, or a state that the freer's grace period or IPI waits for. What that is depends on how the table is freed there: right after the TLB flush, by call_rcu(), or after an IPI to all CPUs.",
		Detail:        "Every load and store of a field of a struct ptdesc looks at the object's lifetime in the same step. An access to a freed object fails the property named in the struct's @use attribute.",
		Configuration: "seed/race_a policy=pte_walker_lock target=x86_pv_native remote=false batch_alloc_may_fail=false",
	},
	{
		Name: "no_ptl_use_after_free", Title: "use of a destroyed page-table lock",
		Meaning:       "No access to a split page-table lock after its destructor ran or the page it belongs to was freed.",
		Rule:          "Up to v6.13 the destructor of a PMD table runs when the table is queued for freeing, before the TLB flush and before any grace period, so RCU does not protect the lock; since v6.14 it runs with the free.",
		Detail:        "The lock is a field of the table, so that its use is one of the table; its users also assert that the destructor has not run.",
		Configuration: "seed/race_a policy=rcu target=arm64_4k remote=false batch_alloc_may_fail=false",
	},
	{
		Name: "no_wild_walk", Title: "entry address computed from an empty slot",
		Meaning:       "No walker computes the address of an entry from an upper-level slot that is empty.",
		Rule:          "huge_pte_offset() reads the PUD entry twice: once to test it, once in pmd_offset(). If it is cleared in between, the address is derived from physical address zero.",
		Detail:        "Asserted where pmd_offset() uses the value of its own read of the slot.",
		Configuration: "seed/race_a policy=none target=x86_nopv remote=false batch_alloc_may_fail=false",
	},
	{
		Name: "no_foreign_walk", Title: "entry of another mm's table used",
		Meaning:       "No walker uses an entry of a table that its own mm has dropped and that the remaining owner may fill with something else.",
		Rule:          "Between clearing a PUD entry that points to a shared table and the moment the remaining owner may reuse the table, every process that may still walk it must be waited for: by locks for those that sleep, by an IPI to all CPUs for GUP-fast (v6.16, CVE-2025-38085). RCU readers are not waited for.",
		Detail:        "Readers assert that what they read is no entry of an ordinary mapping; whatever makes an entry asserts that the slot of its mm still points to the table.",
		Configuration: "family/c era=E4 target=arm64_4k",
	},
	{
		Name: "no_stale_tlb", Title: "stale translation used",
		Meaning:       "No CPU uses a cached translation through a dropped table once the flush was due.",
		Rule:          "Unsharing must flush leaf and upper-level entries of every CPU that may use the mm's translations, lazy ones included, before i_mmap_rwsem is released (CVE-2021-4002).",
		Detail:        "linux/arch/tlb keeps for each CPU the table its cached leaf and upper-level entries came from. A use asserts that the table is alive, and is the one in the slot or the section that unshared it has not ended.",
		Configuration: "family/d era=E1 late=false target=x86_nopv walk_cache=false path=zap",
	},
	{
		Name: "no_stale_entry", Title: "stale translation of an entry used",
		Meaning:       "No CPU uses a cached translation of an entry when the page it mapped has been given back, or the call that changed the entry has returned.",
		Rule:          "A gather flushes before it frees pages. One that ends while another of the same mm is under way flushes everything, because it may have found an entry clear that the other has not flushed yet (v4.13, v5.2).",
		Detail:        "linux/mm/stale_entry notes whose gather has the page of the one entry, and that the page goes where the gather frees pages. Every use of a cached leaf asserts that it has not gone.",
		Configuration: "bugs/99baac21e458_two_gathers target=x86_nopv fix=before",
	},
	{
		Name: "share_count", Title: "wrong share count",
		Meaning:       "A table's share count agrees with the number of PUD slots that point to it.",
		Rule:          "Until v6.12 the count is the page's reference count, since v6.13 pt_share_count, which is one less. It changes under i_mmap_rwsem; inside the share step it may be one ahead.",
		Detail:        "linux/mm/share_count counts slots where a count is raised, dropped or tested, and compares.",
		Configuration: "family/e era=E2 late=false target=x86_nopv fault=other_fault",
	},
	{
		Name: "no_partial_share", Title: "table shared by a VMA that is too small",
		Meaning:       "Every VMA that uses a shared table covers the whole range of the table.",
		Rule:          "A split unshares the PUD range it cuts, under the VMA's lock and i_mmap_rwsem, before it changes the bounds (v6.16, CVE-2025-38084).",
		Detail:        "Asserted in the step that changes the bounds and in the step that populates a slot with a shared table.",
		Configuration: "family/e era=E2 late=true target=x86_nopv fault=other_fault",
	},
	{
		Name: "no_slot_overwrite", Title: "populated slot overwritten",
		Meaning: "A populated PUD slot only goes from none to a table or from a table to none.",
		Rule:    "What populates a slot looks at it again under the lock that everything takes that does: mm->page_table_lock.",
		Detail:  "Asserted in pud_populate().",
	},
	{
		Name: "no_dead_vma", Title: "use of a freed VMA",
		Meaning:       "No access to a VMA that was freed.",
		Rule:          "The back pointer of a vma_lock is cleared with the lock held for write, so that whatever holds the lock and reads the pointer finds a VMA or nothing.",
		Detail:        "VMAs have a lifetime; an access to a field of one that was freed fails the property named in the @use attribute of struct vm_area_struct.",
		Configuration: "bugs/ecfbd733878d_vma_back_pointer fix=before",
	},
	{
		Name: "no_double_free", Title: "double free",
		Meaning: "A page-table page is freed once.",
		Rule:    "The mm that finds the table not shared frees it; everybody else only clears its own slot. To drop a share and to see what is left is one step.",
		Detail:  "free() of a dead object fails the property named in the struct's @free attribute.",
	},
	{
		Name: "no_leak", Title: "leaked object",
		Meaning:       "When everything has come to rest, no page-table page is still allocated that nothing points to.",
		Rule:          "Dropping the last reference and freeing belong together: a speculative reference that makes an exclusive table look shared leaks it (CVE-2024-57883).",
		Detail:        "Judged in states where no process can move, all are at a proper end and none has failed: every live object of a struct with @leak must be reachable from shared variables.",
		Configuration: "bugs/59d9094df3d7_share_count era=E4",
	},
	{
		Name: "no_data_race", Title: "data race",
		Meaning: "No two processes can make conflicting accesses to a shared cell next, one of them a write and one of them without a mark.",
		Rule:    "Concurrent accesses of which one writes are marked on both sides (READ_ONCE, WRITE_ONCE, acquire, release, atomic operations) or ordered by a lock; the compiler may tear, fuse or repeat a plain one.",
		Detail:  "Looked at in every reachable state: two enabled transitions of different processes. Accesses in atomic blocks and of await are marked, and an await that blocks makes none. Assertions, peek() and live() only observe; alloc() and free() are judged by the properties of lifetimes. A spec has the property when its check line names it; the search is then not reduced.",
	},
	{
		Name: "no_deadlock", Title: "deadlock",
		Meaning:       "The system never gets stuck with a process waiting somewhere that is not a proper end.",
		Rule:          "Locks are taken in the order documented at the head of mm/rmap.c; a writer that waits for a rwsem blocks new readers, so a recursive read lock can deadlock too.",
		Detail:        "A state without an enabled transition in which some process is neither finished, nor at an end label, nor parked by a failure. Runs in which a process has failed are not judged.",
		Configuration: "hazards/mremap_share era=E3",
	},
	{
		Name: "no_lock_misuse", Title: "lock misuse",
		Meaning:       "A lock is released only by its holder, held where the kernel asserts it, and never used when it is gone.",
		Rule:          "huge_pmd_unshare() and hugetlb_walk() assert what has to be held; the vma_lock of a VMA lives as long as the VMA, and a copied VMA has one of its own.",
		Detail:        "Asserted in the release functions of kernel/locking, and where the kernel has an assertion.",
		Configuration: "bugs/131a79b474e9_split_vma_lock fix=before",
	},
	{
		Name: "no_refcount_misuse", Title: "reference count misuse",
		Meaning:       "A reference is taken only where there is one, given up once, and the count does not saturate.",
		Rule:          "refcount_t warns of an increment from zero, of a decrement below it and of saturation, and then leaks the object; what has no reference yet uses refcount_inc_not_zero().",
		Detail:        "Asserted in the functions of lib/refcount and lib/percpu_ref. An atomic_t asserts nothing.",
		Configuration: "kernel/counts count=kref_ fault=get_without_test",
	},
	{
		Name: "no_sleep_in_atomic", Title: "sleeping in atomic context",
		Meaning:       "No process that holds a spinlock, has preemption or interrupts off, or is inside rcu_read_lock() calls what may sleep.",
		Rule:          "might_sleep() says which functions may; CONFIG_DEBUG_ATOMIC_SLEEP warns of them, whether or not they would have slept in that run.",
		Detail:        "Asserted where the library calls might_sleep(), if a spec imports kernel/sched/might_sleep.",
		Configuration: "kernel/sleeping inside=spinlock sleeper=mutex",
	},
	{
		Name: "lock_order", Title: "circular locking dependency",
		Meaning:       "The classes of locks can be put in one order in which every run takes them, even if no run deadlocks.",
		Rule:          "Lock ordering is documented at the head of mm/rmap.c; lockdep reports a cycle when its edges have been seen, in whatever runs. A trylock does not wait and adds no edge towards the lock it takes; nested locks of one class need a subclass.",
		Detail:        "lock_acquire() and lock_release() in the lock functions count, per process, the locks of each class it holds; taking B while holding A marks the edge A -> B. After the search the edges of all runs are put together; a cycle among them is reported with, for each edge, a run that ends where the lock is taken, and both call stacks. Exact for the runs explored; a class is a lock field of a struct type, or a variable.",
		Configuration: "locks/abba second=other_order apart=true",
	},
	{
		Name: "reclaimed", Title: "never reclaimed",
		Meaning:       "Under weak fairness every table that is queued for freeing is freed sooner or later.",
		Rule:          "A grace period ends when every reader that was there at its beginning has left; a batch that waits for the next one must not be forgotten.",
		Detail:        "A liveness property of linux/kernel/rcu: from call_rcu() on, the table is owed to be dead. It is judged on runs in which every fair process that can move does move again, and all processes are fair; a counterexample is a run that repeats for ever, or one that comes to rest. Runs in which a task has crashed are not judged, for it keeps what it holds. A table that waits in a gather is the business of its task: if that never frees it, no_deadlock or no_leak says so.",
		Configuration: "reclaim/polling era=E7 target=arm64_4k section=around_all",
	},
	{
		Name: "no_fault", Title: "model fault",
		Meaning: "The model itself does not go wrong: NULL is not followed, indices are in range, values fit, nothing is divided by zero.",
		Detail:  "Always checked. A value that does not fit its bounded type, an index outside its array, NULL followed, a shift or division that is not defined: the process is parked and the run is a witness.",
	},
	{
		Name: "assertion", Title: "assertion failed",
		Meaning: "Every assert without a property of its own holds.",
		Detail:  "Always checked.",
	},
	{
		Name: "mutual_exclusion", Title: "mutual exclusion broken",
		Meaning:       "At most one process is in its critical section.",
		Detail:        "Asserted by the classic specs where the section is entered.",
		Configuration: "classic/peterson turn_first=true",
	},
}
