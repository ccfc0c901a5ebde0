package axioms

import (
	"fmt"

	"pmdcheck/internal/litmus"
	"pmdcheck/model/source"
)

// Limits of an execution, and of one process in it.
const (
	maxEvents = 256
	maxLocal  = 128
)

// local is a set of events of one process, by their number in it.
type local [maxLocal / 64]uint64

func (b *local) add(i int) { b[i>>6] |= 1 << (i & 63) }

func (b local) or(c local) local {
	for i := range b {
		b[i] |= c[i]
	}
	return b
}

// class is what kind of event something is.
type class uint8

const (
	read class = iota
	write
	fence    // a fence, or an RCU operation: fenceKind says which
	syncSrcu // a grace period of one srcu_struct
)

// role is the part that an event plays in something larger.
type role uint8

const (
	single     role = iota
	initial         // the write that put the initial value there
	atomicPart      // read or write of a read-modify-write, or the read of one that failed
	lockRead        // the parts of a successful spin_lock or spin_trylock
	lockWrite
	unlock
	lockFail   // a spin_trylock that failed, or spin_is_locked that found the lock taken
	lockFree   // spin_is_locked that found the lock free
	srcuLock   // a read in the sense of the kernel's model, of no cell
	srcuUnlock // a write in that sense
)

// Event is one event of an execution.
type Event struct {
	Proc     int // -1: the initial state
	Cell     int // -1: none. Of an SRCU operation the srcu_struct
	Value    litmus.Value
	Pos      source.Pos
	class    class
	role     role
	fence    litmus.FenceKind
	order    litmus.Order
	noReturn bool // the read of a read-modify-write without result
	failed   bool // the read of a read-modify-write that stored nothing
	locked   bool // executed with the bus locked on x86: a fence there

	addr, data, ctrl local // events of its process that it depends on
	passed           local // like ctrl, and of branches that have joined again
	pair             int   // of the write of a read-modify-write: its read, by number in the process
}

func (e *Event) inMemory() bool {
	return e.class <= write && e.role != srcuLock && e.role != srcuUnlock
}

// waits reports whether the event is a grace period.
func (e *Event) waits() bool {
	return e.class == syncSrcu || e.class == fence && e.fence == litmus.SyncRcu
}

// label is the event as text: W[once] x=1.
func (e *Event) label(t *litmus.Test) string {
	switch {
	case e.class == fence:
		return "F[" + e.fence.String() + "]"
	case e.class == syncSrcu:
		return "F[sync-srcu] " + t.CellName(e.Cell)
	case e.role == srcuLock:
		return "F[srcu-lock] " + t.CellName(e.Cell)
	case e.role == srcuUnlock:
		return "F[srcu-unlock] " + t.CellName(e.Cell)
	}
	kind := "R"
	if e.class == write {
		kind = "W"
	}
	order := e.order.String()
	switch e.role {
	case initial:
		order = "init"
	case lockRead, lockWrite:
		order = "lock"
	case unlock:
		order = "unlock"
	case lockFail:
		order = "lock taken"
	case lockFree:
		order = "lock free"
	case atomicPart:
		order += ", rmw"
	}
	return fmt.Sprintf("%s[%s] %s=%s", kind, order, t.CellName(e.Cell), t.Show(e.Value))
}
