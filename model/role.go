package model

import "fmt"

// Role says what a function, a process or a variable is to the reader of a run, whatever it is called. It changes nothing of the machine.
type Role uint8

// The roles. A variable has that of the functions and processes that write it.
const (
	NoRole          Role = iota
	RoleLock             // takes or drops a lock; the cell says which process holds it, or how many do
	RoleSection          // enters or leaves a section that others wait for; the cell says how deep somebody is in it
	RoleGracePeriod      // waits for all sections of its beginning; the cell is the bookkeeping of one that does
	RoleCallback         // queues what is done after a grace period, or does it; the cell is a queue
	RoleIPI              // makes CPUs take an interrupt and waits for them; the cell is a call under way
	RoleGather           // gathers what is freed later; the cell is where it lies
	RoleCache            // fills or empties a cache, such as a TLB, from what pointers lead to; the cell is a copy that keeps nothing linked
	RoleAccess           // one access: it is its callers that people name
	RoleBuffer           // a process that brings stores to memory: package pass makes it, nobody declares it
)

var roleText = [...]string{
	NoRole: "none", RoleLock: "lock", RoleSection: "section", RoleGracePeriod: "grace_period", RoleCallback: "callback", RoleIPI: "ipi", RoleGather: "gather", RoleCache: "cache", RoleAccess: "access", RoleBuffer: "buffer",
}

func (r Role) String() string {
	if int(r) < len(roleText) {
		return roleText[r]
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// RoleOf is the role of a name that may be declared; false for a name that is none.
func RoleOf(name string) (Role, bool) {
	for i, t := range roleText[:RoleBuffer] {
		if i > 0 && t == name {
			return Role(i), true
		}
	}
	return NoRole, false
}

// Roles lists the names that may be declared.
func Roles() []string { return append([]string{}, roleText[1:RoleBuffer]...) }

// Per says whose cell of an array of sections is.
type Per uint8

// Whose.
const (
	PerNobody  Per = iota
	PerCPU         // the index is the CPU's
	PerProcess     // the index is self
)

func (p Per) String() string {
	if t := [...]string{"nobody", "CPU", "process"}; int(p) < len(t) {
		return t[p]
	}
	return fmt.Sprintf("Per(%d)", uint8(p))
}
