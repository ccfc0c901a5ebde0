package story

import (
	"strings"

	"pmdcheck/traces"
)

// What functions, processes and cells are is in the trace: their roles. Nothing here knows a name.
const (
	lock        = "lock"
	section     = "section"
	gracePeriod = "grace_period"
	callback    = "callback"
	ipi         = "ipi"
	gather      = "gather"
	cache       = "cache"
	access      = "access"
	buffer      = "buffer"
)

// is says whether a cell has a role.
func (s *Story) is(cell, role string) bool { return s.marks[cell].Role == role }

// isQueue says whether a cell is a queue of what waits for a grace period.
func (s *Story) isQueue(cell string) bool { return s.is(cell, callback) || s.is(cell, gracePeriod) }

// noise are cells that only make sense together with the function that writes them.
func (s *Story) noise(cell string) bool {
	return s.is(cell, section) || s.is(cell, gracePeriod) || s.is(cell, ipi)
}

// Machinery says whether a process is part of what runs grace periods and their callbacks. All of it has one column.
func Machinery(p traces.Process) bool { return p.Role == gracePeriod || p.Role == callback }

// callOf is the outermost call with a role around an operation.
func (s *Story) callOf(call int, roles ...string) (traces.Call, bool) {
	for _, c := range s.Chain(call) {
		for _, r := range roles {
			if c.Role == r {
				return c, true
			}
		}
	}
	return traces.Call{}, false
}

// lockCall is the outermost call of a function that takes or drops a lock, or enters or leaves a section, around an operation.
func (s *Story) lockCall(call int) (traces.Call, bool) { return s.callOf(call, lock, section) }

// inLock says whether an operation belongs to the body of a function that takes or drops a lock, or enters or leaves a section: what plain functions do that it calls is another matter.
func (s *Story) inLock(call int) bool {
	c := s.Chain(call)
	return len(c) > 0 && (c[len(c)-1].Role == lock || c[len(c)-1].Role == section)
}

// mode is how the lock functions around an operation take their lock, as the innermost one that says so has it.
func (s *Story) mode(call int) string {
	m := ""
	for _, c := range s.Chain(call) {
		if c.Mode != "" {
			m = c.Mode
		}
	}
	return m
}

// lockOf is the lock that a cell, which a lock function reads or writes, is a part of: where nothing is said of it the cell itself, unless it is a pointer to the lock.
func (s *Story) lockOf(cell string, values ...string) (string, bool) {
	m, marked := s.marks[cell]
	if marked {
		return m.Lock, m.Role == lock
	}
	for _, v := range values {
		if v == "NULL" || strings.HasPrefix(v, "&") {
			return "", false
		}
	}
	return cell, true
}
