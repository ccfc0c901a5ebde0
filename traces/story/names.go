package story

import (
	"regexp"
	"strconv"
	"strings"
)

// Everything this package knows by name about the kernel library stands in this file. A model with other names is still drawn, only plainer.

// tableStruct is the struct of page tables.
const tableStruct = "ptdesc"

// lockFuncs are the functions whose calls are told as one event: taking or dropping what the cell they write stands for.
var lockFuncs = regexp.MustCompile(`^(down_(read|write)(_trylock|_killable)?|up_(read|write)|downgrade_write|mutex_(lock|trylock|unlock)|(raw_)?spin_(lock|trylock|unlock)|` +
	`ptl_(lock|trylock|unlock)|rcu_read_(lock|unlock)|local_irq_(disable|enable|save|restore)|preempt_(disable|enable)|i_mmap_(lock|unlock)_(read|write))$`)

// primitive are functions of one access: it is their callers that people name.
var primitive = regexp.MustCompile(`^(pud_clear|pud_populate|pmd_shared|pmd_share_(inc|dec)|put_page_table|rcu_make_ready)$`)

// lockWrapper are functions that do no more than call lock functions, by how the kernel names them.
var lockWrapper = regexp.MustCompile(`_(un)?lock(_(read|write))?$|_trylock(_(read|write))?$`)

// lockParts are fields of a lock; the lock is what is left of the cell's name without them. Waiting is not holding.
var lockParts = []struct{ suffix, mode string }{{".readers", "R"}, {".writer", "W"}, {".owner", ""}, {".waiting", waiting}}

const waiting = "waiting"

// sections are cells per CPU that are not locks but keep something away.
var sections = []struct{ prefix, name string }{
	{"rcu_read_lock_nesting[", "rcu_read_lock()"}, {"irqs_off[", "interrupts off"}, {"preempt_count[", "preemption off"},
}

// What may be waited for, by the name of the section.
const (
	irqsOff = "interrupts off"
	inRCU   = "rcu_read_lock()"
)

// answers begins the line of an answer to a cross call.
const answers = "answers the IPI of "

// isGather says whether a cell is a queue of an mmu_gather.
func isGather(cell string) bool {
	return strings.HasPrefix(cell, "tlb.") || strings.Contains(cell, ".tlb.") || strings.Contains(cell, "gather")
}

// isCached says whether a cell is what a TLB holds: it points to a table, but does not keep it linked.
func isCached(cell string) bool {
	return strings.HasPrefix(cell, "tlb_walk[") || strings.HasPrefix(cell, "tlb_leaf[")
}

// isCallback says whether a cell is a queue of callbacks that a grace period has to end for.
func isCallback(cell string) bool { return strings.HasPrefix(cell, "rcu_") }

// Grace periods: the machine that runs them, the cells it writes when one begins and ends, and those that say for which CPUs it waits.
const (
	gpProcess = "rcu_gp"
	gpBegins  = "rcu_current"
	gpEnds    = "rcu_ready"
	gpNeeds   = "rcu_need["
)

// IsRCU says whether a process is part of the RCU machine, which has one column.
func IsRCU(process string) bool { return strings.HasPrefix(process, "rcu_") }

// synchronize_rcu() waits for the readers of its beginning. The cell of a CPU has a bit for each process that waits for it.
const (
	syncFunc  = "synchronize_rcu"
	syncNeeds = "rcu_sync_need["
)

// Cross calls: the sender looks whether a CPU has interrupts off; then the call is pending until the CPU switches them on, else it is answered at once.
const (
	ipiPending = "ipi_pending["
	ipiNone    = "ipi_none"
	ipiOff     = "irqs_off["
	ipiWaits   = "smp_call_function"
)

// noise are cells that only make sense together with the function that writes them.
func noise(cell string) bool {
	for _, p := range []string{"preempt_count[", gpNeeds, syncNeeds, ipiPending} {
		if strings.HasPrefix(cell, p) {
			return true
		}
	}
	return false
}

// index is the number in brackets behind a prefix, or -1.
func index(cell, prefix string) int {
	rest, ok := strings.CutPrefix(cell, prefix)
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil {
		return -1
	}
	return n
}
