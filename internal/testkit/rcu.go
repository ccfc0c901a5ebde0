package testkit

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// RCU is a random litmus test of grace periods: threads write and read shared variables inside and outside read-side sections, wait for grace periods, give tables to RCU and look whether
// these still live. It can be written for the kernel library, and run by itself, from the meaning of a grace period alone.
type RCU struct {
	Threads [][]RCUOp
	CPU     []int // of each thread; those that only wait may share one
	Regs    int   // of all threads
	Tables  bool  // what is freed are page-table pages, by callbacks of their own
	tables  int
}

// RCUOp is one operation of a thread.
type RCUOp struct {
	Kind string // write, read, lock, unlock, sync, call, live
	Var  int    // of write and read; the table of call and live
	Reg  int    // of read and live
}

const rcuVars = 5

// NewRCU makes a test of two to five threads, at least one of which waits for readers. The same r gives the same test.
func NewRCU(r *rand.Rand) *RCU {
	m := &RCU{}
	if r.IntN(2) == 0 {
		m.ring(r)
		return m
	}
	waiters, readers := 1+r.IntN(2), 1+r.IntN(2)
	calls := r.IntN(3) == 0
	for i := range waiters + readers {
		var ops []RCUOp
		access := func() {
			switch {
			case m.Regs < 4 && r.IntN(2) == 0:
				op := RCUOp{Kind: "read", Var: r.IntN(3), Reg: m.Regs}
				if calls && r.IntN(2) == 0 {
					op = RCUOp{Kind: "live", Var: r.IntN(2), Reg: m.Regs}
				}
				m.Regs++
				ops = append(ops, op)
			default:
				ops = append(ops, RCUOp{Kind: "write", Var: r.IntN(3)})
			}
		}
		wait := func() {
			if calls && m.tables < 2 && r.IntN(2) == 0 {
				ops = append(ops, RCUOp{Kind: "call", Var: m.tables})
				m.tables++
			} else {
				ops = append(ops, RCUOp{Kind: "sync"})
			}
		}
		if i < waiters {
			access()
			wait()
			access()
			if r.IntN(8) == 0 {
				wait()
			}
		} else {
			nested := r.IntN(4) == 0
			ops = append(ops, RCUOp{Kind: "lock"})
			access()
			if nested {
				ops = append(ops, RCUOp{Kind: "lock"})
			}
			if r.IntN(2) == 0 {
				access()
			}
			if nested {
				ops = append(ops, RCUOp{Kind: "unlock"})
			}
			access()
			ops = append(ops, RCUOp{Kind: "unlock"})
			switch r.IntN(5) {
			case 0:
				wait()
			case 1:
				access()
			}
		}
		m.Threads = append(m.Threads, ops)
		cpu := i
		if i < waiters && r.IntN(2) == 0 {
			cpu = 0
		}
		m.CPU = append(m.CPU, cpu)
	}
	return m
}

// ring makes a ring of threads, each of which accesses a variable of the one before and one of the next, with a grace period in between or both in a section: in any order, and then the outcome
// in which each thread sees what goes round depends on whether there are as many grace periods as sections.
func (m *RCU) ring(r *rand.Rand) {
	waiters := 1 + min(1, r.IntN(4))
	n := min(5, waiters+1+r.IntN(4))
	kinds := make([]bool, n)
	for i := range waiters {
		kinds[i] = true
	}
	r.Shuffle(n, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	ops := make([][2]RCUOp, n) // first the access to what is shared with the thread before
	for i := range n {
		next := (i + 1) % n
		read, write := RCUOp{Kind: "read", Var: i, Reg: m.Regs}, RCUOp{Kind: "write", Var: i}
		m.Regs++
		if ops[i][1], ops[next][0] = write, read; r.IntN(6) == 0 {
			ops[i][1], ops[next][0] = read, write
		}
	}
	shared := slices.Index(kinds, true) // a CPU for those that wait
	for i, pair := range ops {
		cpu := i
		switch {
		case kinds[i]:
			if m.Threads = append(m.Threads, []RCUOp{pair[0], {Kind: "sync"}, pair[1]}); r.IntN(2) == 0 {
				cpu = shared
			}
		case r.IntN(5) == 0:
			m.Threads = append(m.Threads, []RCUOp{{Kind: "lock"}, pair[0], pair[1], {Kind: "unlock"}})
		default:
			m.Threads = append(m.Threads, []RCUOp{{Kind: "lock"}, pair[1], pair[0], {Kind: "unlock"}})
		}
		m.CPU = append(m.CPU, cpu)
	}
}

// Source is the test for the kernel library: each outcome is a cover.
func (m *RCU) Source() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	free := "kfree_rcu(&T[%d].rcu)"
	switch {
	case m.Tables:
		free = "call_rcu_free_table(&T[%d])"
		p("import \"linux/mm/table_rcu\";\nimport \"linux/kernel/version\";\nconst PTRS_PER_PMD = 1;\nstruct ptdesc T[2] = { { .page_count = 1 }, { .page_count = 1 } };\n")
	default:
		p("import \"linux/kernel/rcu\";\n@free(no_double_free) struct item { rcu_head rcu; };\nstruct item T[2];\n")
	}
	p("const NR_CPUS = %d;\nu1 v[%d];\nbool reg[%d];\nu3 done;\n", len(m.Threads), rcuVars, max(1, m.Regs))
	for i, ops := range m.Threads {
		p("process t%d on cpu %d {\n\tbool r[%d];\n", i, m.CPU[i], max(1, m.Regs))
		for _, op := range ops {
			switch op.Kind {
			case "write":
				p("\tWRITE_ONCE(v[%d], 1);\n", op.Var)
			case "read":
				p("\tr[%d] = READ_ONCE(v[%d]);\n", op.Reg, op.Var)
			case "live":
				p("\tr[%d] = live(&T[%d]);\n", op.Reg, op.Var)
			case "call":
				p("\t"+free+";\n", op.Var)
			default:
				p("\t%s();\n", map[string]string{"lock": "rcu_read_lock", "unlock": "rcu_read_unlock", "sync": "synchronize_rcu"}[op.Kind])
			}
		}
		p("\tatomic {\n")
		for _, op := range ops {
			if op.Kind == "read" || op.Kind == "live" {
				p("\t\treg[%d] = r[%d];\n", op.Reg, op.Reg)
			}
		}
		p("\t\tdone++;\n\t}\n}\n")
	}
	for k := range 1 << m.Regs {
		p("cover o%d: done == %d", k, len(m.Threads))
		for i := range m.Regs {
			p(" && reg[%d] == %d", i, k>>i&1)
		}
		p(";\n")
	}
	if m.Tables {
		p("for era in { E7 }, late in { false }, target in { arm64_4k };\n")
	}
	p("check no_deadlock, no_lock_misuse;\n")
	return b.String()
}

// rcuState is a state of the test that runs by itself. A section is known by its thread and its number among those of the thread; a grace period waits for those that were open when it began.
type rcuState struct {
	at      []int
	depth   []int
	section []int
	waits   [][]rcuSection // of the grace period of a thread that is in synchronize_rcu()
	in      []bool         // whether it is
	vars    [rcuVars]int
	regs    int
	queued  []int // tables that wait for a grace period to begin
	current []int // those of the grace period that runs
	batch   []rcuSection
	ready   []int // those whose grace period is over
	freed   [2]bool
}

type rcuSection struct{ thread, number int }

func (s *rcuState) clone() *rcuState {
	c := *s
	c.at, c.depth, c.section, c.in = slices.Clone(s.at), slices.Clone(s.depth), slices.Clone(s.section), slices.Clone(s.in)
	c.waits = slices.Clone(s.waits)
	c.queued, c.current, c.ready = slices.Clone(s.queued), slices.Clone(s.current), slices.Clone(s.ready)
	return &c
}

func (s *rcuState) key() string {
	var b []byte
	num := func(list ...int) {
		b = append(b, byte(len(list)))
		for _, x := range list {
			b = append(b, byte(x))
		}
	}
	sections := func(list []rcuSection) {
		for _, x := range list {
			b = append(b, byte(x.thread), byte(x.number))
		}
		b = append(b, 255)
	}
	num(s.at...)
	num(s.depth...)
	num(s.section...)
	num(s.vars[:]...)
	num(s.queued...)
	num(s.current...)
	num(s.ready...)
	num(s.regs)
	sections(s.batch)
	for t, w := range s.waits {
		b = fmt.Append(b, s.in[t])
		sections(w)
	}
	return string(fmt.Append(b, s.freed))
}

func (s *rcuState) open() (out []rcuSection) {
	for t, d := range s.depth {
		if d > 0 {
			out = append(out, rcuSection{t, s.section[t]})
		}
	}
	return out
}

func (s *rcuState) over(list []rcuSection) bool {
	return !slices.ContainsFunc(list, func(x rcuSection) bool { return s.depth[x.thread] > 0 && s.section[x.thread] == x.number })
}

// Outcomes are the values of all registers at the end, as bits, that some run has. shared tells what would be if those that wait at the same time had one grace period, and
// waited for all that one of them has to wait for.
func (m *RCU) Outcomes(shared bool) []int {
	n := len(m.Threads)
	first := &rcuState{at: make([]int, n), depth: make([]int, n), section: make([]int, n), waits: make([][]rcuSection, n), in: make([]bool, n)}
	seen := map[string]bool{}
	out := map[int]bool{}
	work := []*rcuState{first}
	push := func(s *rcuState) {
		if k := s.key(); !seen[k] {
			seen[k] = true
			work = append(work, s)
		}
	}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		ended := true
		for t := range m.Threads {
			if s.at[t] < len(m.Threads[t]) {
				ended = false
				if next := m.step(s, t, shared); next != nil {
					push(next)
				}
			}
		}
		for _, next := range s.machine() {
			push(next)
		}
		if ended {
			out[s.regs] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// step is the next operation of a thread; nil if it waits.
func (m *RCU) step(s *rcuState, t int, shared bool) *rcuState {
	next := s.clone()
	op := m.Threads[t][s.at[t]]
	next.at[t]++
	switch op.Kind {
	case "write":
		next.vars[op.Var] = 1
	case "read":
		next.regs |= s.vars[op.Var] << op.Reg
	case "live":
		if !s.freed[op.Var] {
			next.regs |= 1 << op.Reg
		}
	case "lock":
		if next.depth[t]++; s.depth[t] == 0 {
			next.section[t]++
		}
	case "unlock":
		next.depth[t]--
	case "call":
		next.queued = append(next.queued, op.Var)
	case "sync":
		if !s.in[t] {
			next.in[t], next.waits[t] = true, s.open()
			next.at[t]--
			return next
		}
		for u := range s.waits {
			if (u == t || shared && s.in[u]) && !s.over(s.waits[u]) {
				return nil
			}
		}
		next.in[t], next.waits[t] = false, nil
	}
	return next
}

// machine is what RCU may do by itself: begin a grace period for all that is queued, if none runs; end the one that runs; free a table.
func (s *rcuState) machine() (out []*rcuState) {
	switch {
	case len(s.current) == 0 && len(s.queued) > 0:
		next := s.clone()
		next.current, next.queued, next.batch = next.queued, nil, s.open()
		out = append(out, next)
	case len(s.current) > 0 && s.over(s.batch):
		next := s.clone()
		next.ready, next.current, next.batch = append(next.ready, next.current...), nil, nil
		out = append(out, next)
	}
	for i, t := range s.ready {
		next := s.clone()
		next.ready = slices.Delete(next.ready, i, i+1)
		next.freed[t] = true
		out = append(out, next)
	}
	return out
}
