// Package story finds out what a run is about: which objects it is about and what became of them, which process held what, which grace periods and cross calls ran,
// and which operations matter. Every drawing of a trace is made of the same [Story], so they tell it alike.
//
// It works on the trace alone, and knows no names: what takes a lock, waits for a grace period or caches a pointer is said by the roles in the trace.
package story

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/traces"
)

// State is what has become of an object.
type State uint8

// The states, in the order in which a page table goes through them.
const (
	Live     State = iota // allocated and, if it ever was, reachable from shared variables
	Unlinked              // no shared variable points to it any more, but for the queues below
	Gathered              // queued in an mmu_gather
	Waiting               // queued for a grace period
	Freed
	Absent // not allocated yet
)

func (s State) String() string {
	if names := [...]string{"live", "unlinked", "in the gather", "waits for a grace period", "freed", "not allocated"}; int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Change is a change of an object, after a step; step 0 is the start.
type Change struct {
	Step  int
	State State
	Links []string // shared variables that point to it
	Born  bool     // it is allocated by this change
	Won   []string // shared variables that point to it since this change
	Lost  []string // and those that do not any more
	Note  string   // the same in words: "unlinked from m1.pud"
}

// Lane is the life of one object.
type Lane struct {
	Object  string
	Changes []Change // the first is that of step 0
}

// At is the state after a step.
func (l *Lane) At(step int) Change {
	c := l.Changes[0]
	for _, d := range l.Changes {
		if d.Step <= step {
			c = d
		}
	}
	return c
}

// Lock is something held: a lock, or a section that others wait for.
type Lock struct {
	Name     string // "file.i_mmap_rwsem", "rcu_read_lock()"
	Mode     string // R, W or ""
	Section  bool   // something that others wait for
	StopsIPI bool   // of a section: an IPI waits for its end
	Process  int
	From     int // step that took it; 0: before the first
	To       int // step that dropped it; 0: never
	Call     int // of the lock function
}

func (l *Lock) String() string {
	if l == nil {
		return "no lock"
	}
	if l.Mode == "" {
		return l.Name
	}
	return l.Name + " " + l.Mode
}

// For says how it is held, as a phrase: " for read".
func (l *Lock) For() string { return map[string]string{"R": " for read", "W": " for write"}[l.Mode] }

// Held says whether it is held in the state before a step.
func (l *Lock) Held(step int) bool { return l.From < step && (l.To == 0 || l.To >= step) }

// Period is a time during which somebody waits for others: a grace period or a cross call.
type Period struct {
	Grace   bool // else a cross call
	Process int  // what waits
	Begin   int
	End     int      // 0: never
	Waits   []Waited // which it waits for: CPUs rising, then processes
	Objects []string // whose callbacks the grace period is for; none where somebody waits on the spot

	call   int             // in which it waits, -1: it is a round of a process
	awaits map[string]bool // cells
}

// Waited is a process that a grace period or cross call waits for.
type Waited struct {
	CPU     int // -1: a process that is bound to none
	Process int // -1: whatever runs on the CPU
	Answer  int // the step in which it answered, or let go; 0: never. Of a cross call that of its beginning, if interrupts were on
}

// Waited is how it waits for a process of the trace, nil if it does not.
func (p *Period) Waited(t *traces.Trace, process int) *Waited {
	for i := range p.Waits {
		w := &p.Waits[i]
		if w.Process == process || w.CPU >= 0 && w.CPU == t.Processes[process].CPU {
			return w
		}
	}
	return nil
}

// Whom names those that a period waits for: all, or those that did not answer at once.
func (p *Period) Whom(t *traces.Trace, all bool) string {
	var cpus, names []string
	for _, w := range p.Waits {
		switch {
		case !all && w.Answer == p.Begin:
		case w.CPU >= 0:
			cpus = append(cpus, itoa(w.CPU))
		default:
			names = append(names, t.Processes[w.Process].Name)
		}
	}
	switch len(cpus) {
	case 0:
	case 1:
		names = append([]string{"CPU " + cpus[0]}, names...)
	default:
		names = append([]string{"CPUs " + strings.Join(cpus, ", ")}, names...)
	}
	return strings.Join(names, ", ")
}

// Story is what a run is about. Steps are numbered from 1.
type Story struct {
	Trace   *traces.Trace // the steps of store buffers are those of their owners
	About   []string      // the objects it is about
	Lanes   []*Lane       // of every object that something happens to, those of About first
	Locks   []*Lock       // in order of From
	Periods []*Period
	Text    []string // sentences: what happened, and which protection should have covered it

	marks  map[string]traces.Mark
	said   map[link]bool   // what a sentence has told already
	late   []Reordering    // what was told of store buffers
	cells  map[string]bool // the shared cells it is about, beside the fields of About
	slots  map[string]bool // cells that pointed to what it is about, at some time
	keep   map[[2]int]bool // by step and operation, as takes and drops
	lines  map[[2]int]string
	chains map[int][]traces.Call
	drops  map[[2]int]*Lock
	takes  map[[2]int]*Lock
}

// link is that a step made something point to an object.
type link struct {
	object string
	step   int
}

// Tell analyses a trace.
func Tell(t *traces.Trace) *Story {
	s := &Story{
		Trace: owned(t), marks: map[string]traces.Mark{}, cells: map[string]bool{}, lines: map[[2]int]string{}, chains: map[int][]traces.Call{},
		drops: map[[2]int]*Lock{}, takes: map[[2]int]*Lock{}, keep: map[[2]int]bool{}, said: map[link]bool{},
	}
	for _, m := range t.Marks {
		s.marks[m.Cell] = m
	}
	s.lanes()
	s.locks()
	s.periods()
	s.about()
	s.relevant()
	s.tell()
	s.tellReorderings()
	return s
}

// Start is the number by which [Story.Keep] and its kin know the operations of Trace.Starts[i]. Everything else counts them as step 0.
func Start(i int) int { return -1 - i }

// steps calls f for the start (step 0, once per process that did something) and for every step. By key, operations of the start are told apart.
func (s *Story) steps(f func(n, key int, st *traces.Step)) {
	for i := range s.Trace.Starts {
		f(0, Start(i), &s.Trace.Starts[i])
	}
	for i := range s.Trace.Steps {
		f(i+1, i+1, &s.Trace.Steps[i])
	}
}

// Chain is the calls around an operation, outermost first, without the body of the process.
func (s *Story) Chain(call int) []traces.Call {
	if c, ok := s.chains[call]; ok {
		return c
	}
	var out []traces.Call
	for id := call; id >= 0; {
		i, ok := slices.BinarySearchFunc(s.Trace.Calls, id, func(c traces.Call, id int) int { return c.ID - id })
		if !ok {
			break
		}
		c := s.Trace.Calls[i]
		if c.Parent < 0 || c.Parent >= id {
			break
		}
		out = append([]traces.Call{c}, out...)
		id = c.Parent
	}
	s.chains[call] = out
	return out
}

// Kernel is a chain up to its innermost function of the kernel that is more than one access: helpers of the model behind it say nothing to a reader who knows the
// kernel. A chain without one stays as it is.
func Kernel(chain []traces.Call) []traces.Call {
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i].Kernel != "" && chain[i].Role != access {
			return chain[:i+1]
		}
	}
	return chain
}

// Keep says whether an operation of a step matters to what the run is about.
func (s *Story) Keep(step, op int) bool { return s.keep[[2]int{step, op}] }

// Lane is the life of an object, nil if nothing happens to it.
func (s *Story) Lane(object string) *Lane {
	for _, l := range s.Lanes {
		if l.Object == object {
			return l
		}
	}
	return nil
}

// Line is what the operation stands for in words, where that is more than its text: "grace period begins, waits for CPU 0". Else "".
func (s *Story) Line(step, op int) string { return s.lines[[2]int{step, op}] }

// Takes is the lock that an operation takes, Drops the one it drops, or nil.
func (s *Story) Takes(step, op int) *Lock { return s.takes[[2]int{step, op}] }

// Drops is the lock that an operation drops, or nil.
func (s *Story) Drops(step, op int) *Lock { return s.drops[[2]int{step, op}] }

// Concerns says whether a cell, or a value, is what the run is about, or the cell a slot that what it is about was in.
func (s *Story) Concerns(cell string, values ...string) bool {
	return s.slots[cell] || s.concerns(cell, values...)
}

// LockFunc is the name of the lock function around an operation: that of the kernel, where it is known.
func (s *Story) LockFunc(call int) string {
	c, ok := s.lockCall(call)
	if !ok {
		return ""
	}
	if f := strings.Fields(c.Kernel); len(f) > 1 {
		return f[1]
	}
	return c.Func
}

// Caller is the chain of an operation of a cross call, without the functions that only wait for it, or of one of a grace period, down to what waits for it.
func (s *Story) Caller(call int) []traces.Call {
	c := s.Chain(call)
	for i, f := range c {
		switch {
		case f.Role == ipi && i > 0:
			return c[:i]
		case f.Role == gracePeriod:
			return c[:i+1]
		}
	}
	return c
}

// Outside is the chain of an operation without the lock function and what is inside it.
func (s *Story) Outside(call int) []traces.Call {
	c := s.Chain(call)
	for i, f := range c {
		if f.Role == lock || f.Role == section {
			return c[:i]
		}
	}
	return c
}

// Fatal is the number of the last step, if the run ends in a step that failed; else 0.
func (s *Story) Fatal() int {
	if n := len(s.Trace.Steps); n > 0 && s.Trace.Steps[n-1].Fatal {
		return n
	}
	return 0
}

// object is the object a cell is a field of, or whose life it is; "" if none.
func (s *Story) object(cell string) string {
	if o, ok := strings.CutPrefix(cell, "live("); ok {
		return strings.TrimSuffix(o, ")")
	}
	for _, o := range s.Trace.Objects {
		if strings.HasPrefix(cell, o.Name) && len(cell) > len(o.Name) && cell[len(o.Name)] == '.' {
			return o.Name
		}
	}
	return ""
}

// target is the object that a value points to or into, or "".
func (s *Story) target(value string) string {
	v, ok := strings.CutPrefix(value, "&")
	if !ok {
		return ""
	}
	for _, o := range s.Trace.Objects {
		if v == o.Name {
			return v
		}
	}
	return s.object(v)
}

// Who names a process as the columns do: "CPU 0 (m1: walker)".
func Who(p traces.Process) string {
	who := p.Name
	if p.MM != "" {
		who = p.MM + ": " + p.Name
	}
	if p.CPU < 0 {
		return who
	}
	return "CPU " + itoa(p.CPU) + " (" + who + ")"
}

// Short is "CPU 0", or the name of a process that is bound to no CPU.
func Short(p traces.Process) string {
	if p.CPU < 0 {
		return p.Name
	}
	return "CPU " + itoa(p.CPU)
}
