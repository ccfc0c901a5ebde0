// Package properties is the catalogue of what can be asked of a model, and the checks that look at whole states.
//
// Most properties are observed where they can fail, by an assert or a guarded access of the model ([model.PropAssert]); their catalogue
// entries only say what they mean. Leaks are judged on states, by [Leaks].
package properties

import (
	"slices"
	"strings"
)

// Entry documents one property.
type Entry struct {
	Name    string
	Title   string // what went wrong, as a trace's fatal step says it: "use after free"
	Meaning string // one sentence
	Rule    string // the kernel rule behind it, or ""
	Detail  string // how it is observed
	Example string // name of an embedded spec that violates it, or ""
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
		Meaning: "No access to a page-table page after it was given back to the allocator.",
		Rule:    "A walker that follows a PUD entry must hold something that keeps the table it points to from being freed: a lock the freer takes, or a state that the freer's grace period or IPI waits for.",
		Detail:  "Every load and store of a field of a struct ptdesc looks at the object's lifetime in the same step. An access to a freed object fails the property named in the struct's @use attribute.",
		Example: "seed/race_a",
	},
	{
		Name: "no_ptl_use_after_free", Title: "use of a destroyed page-table lock",
		Meaning: "No access to a split page-table lock after its destructor ran or the page it belongs to was freed.",
		Rule:    "Up to v6.13 the destructor of a PMD table runs when the table is queued for freeing, before the TLB flush and before any grace period, so RCU does not protect the lock; since v6.14 it runs with the free.",
		Detail:  "The lock is a field with @guard(no_ptl_use_after_free); its users also assert that the destructor has not run.",
		Example: "seed/race_a",
	},
	{
		Name: "no_wild_walk", Title: "entry address computed from an empty slot",
		Meaning: "No walker computes the address of an entry from an upper-level slot that is empty.",
		Rule:    "huge_pte_offset() reads the PUD entry twice: once to test it, once in pmd_offset(). If it is cleared in between, the address is derived from physical address zero.",
		Detail:  "Asserted where pmd_offset() uses the value of its own read of the slot.",
		Example: "seed/race_a",
	},
	{
		Name: "no_double_free", Title: "double free",
		Meaning: "A page-table page is freed once.",
		Rule:    "The mm that finds the table not shared frees it; everybody else only clears its own slot.",
		Detail:  "free() of a dead object fails the property named in the struct's @free attribute.",
	},
	{
		Name: "no_leak", Title: "leaked object",
		Meaning: "When everything has come to rest, no page-table page is still allocated that nothing points to.",
		Rule:    "Dropping the last reference and freeing belong together: a speculative reference that makes an exclusive table look shared leaks it (CVE-2024-57883).",
		Detail:  "Judged in states where no process can move, all are at a proper end and none has failed: every live object of a struct with @leak must be reachable from shared variables.",
	},
	{
		Name: "no_deadlock", Title: "deadlock",
		Meaning: "The system never gets stuck with a process waiting somewhere that is not a proper end.",
		Rule:    "Locks are taken in the order documented at the head of mm/rmap.c; a writer that waits for a rwsem blocks new readers, so a recursive read lock can deadlock too.",
		Detail:  "A state without an enabled transition in which some process is neither finished, nor at an end label, nor parked by a failure. Runs in which a process has failed are not judged.",
		Example: "classic/dining",
	},
	{
		Name: "no_lock_misuse", Title: "lock misuse",
		Meaning: "A lock is released only by who holds it, and never used when it is gone.",
		Detail:  "Asserted in the release functions of kernel/locking.",
	},
	{
		Name: "lock_order", Title: "locks taken in a circle",
		Meaning: "The classes of locks can be put in one order in which every run takes them, even if no run deadlocks.",
		Rule:    "Lock ordering is documented at the head of mm/rmap.c; lockdep reports a circle when its edges have been seen, in whatever runs. A trylock does not wait and adds no edge towards the lock it takes; nested locks of one class need a subclass.",
		Detail:  "lock_acquire() and lock_release() in the lock functions count, per process, the locks of each class it holds; taking B while holding A marks the edge A -> B. After the search the edges of all runs are put together; a circle among them is reported with, for each edge, a run that ends where the lock is taken, and both call stacks. Exact for the runs explored; a class is a lock field of a struct type, or a variable.",
		Example: "locks/abba",
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
		Meaning: "At most one process is in its critical section.",
		Example: "classic/peterson",
	},
}
