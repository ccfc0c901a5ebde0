package axioms

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
	"pmdcheck/model/source"
)

// trace is one way through the code of a process, with guessed values for what it reads.
type trace struct {
	events   []Event
	regs     []litmus.Value
	sections [][2]int // matched rcu_read_lock, rcu_read_unlock
	needs    []access // what it reads of others
	gives    []access // what it writes
	stray    bool     // unlocks what it has not locked
	shape    int      // traces of a process with the same number differ in values only
}

// access is a value of a cell.
type access struct {
	cell int
	v    litmus.Value
}

// tooMuch ends an enumeration that would take too long: the answer is then unknown.
type tooMuch struct{ why string }

func (t tooMuch) Error() string { return t.why }

// dead ends a trace that no execution has: an address of nothing, a lock taken twice.
type dead struct{}

// written are the values that some trace of a process writes to a cell, sorted.
type written map[int][]litmus.Value

func (w written) add(c int, v litmus.Value) bool {
	i, ok := slices.BinarySearch(w[c], v)
	if ok {
		return false
	}
	w[c] = slices.Insert(w[c], i, v)
	return true
}

// tracer finds the traces of every process. Which values a process can read is a fixpoint: what others can write given what they can read. A value
// that is not made out of thin air is there after as many rounds as there are stores, so more are never made. For values out of thin air see seeds.
type tracer struct {
	t       *litmus.Test
	raw     bool // also values that coherence rules out: for explanations
	budget  *budget
	written []written
	stores  []int // the most that a trace of each process writes
	shapes  map[string]int
	thinAir bool // guess constants of the code as well
	seeds   []litmus.Value
	targets []map[int]bool
}

func (tr *tracer) all() [][]trace {
	n := len(tr.t.Procs)
	tr.written, tr.stores, tr.shapes = make([]written, n), make([]int, n), map[string]int{}
	for p := range tr.written {
		tr.written[p] = written{}
	}
	var out [][]trace
	for round := 0; ; round++ {
		changed := false
		next := make([][]access, n)
		out = make([][]trace, n)
		for p := range n {
			out[p], next[p] = tr.process(p)
		}
		stores := 0
		for p := range n {
			for _, a := range next[p] {
				changed = tr.written[p].add(a.cell, a.v) || changed
			}
			stores += tr.stores[p]
		}
		if !changed || round > stores {
			break
		}
	}
	if tr.thinAir {
		tr.seeds, tr.targets = seeds(tr.t), targets(tr.t)
		for p := range n {
			out[p], _ = tr.process(p)
		}
	}
	return out
}

// others reports whether another process than p may store to a cell, in some execution that need not be sensible.
func (tr *tracer) others(p, cell int) bool {
	for q, cells := range tr.targets {
		if q != p && (cells == nil || cells[cell]) {
			return true
		}
	}
	return false
}

// process finds the traces of one process and all that they write, those included that end in nothing.
func (tr *tracer) process(p int) ([]trace, []access) {
	var out []trace
	var writes []access
	var script []int
	events := 0
	for {
		tr.budget.spend(1)
		r := &run{tracer: tr, p: p, script: script, last: map[int]litmus.Value{}, held: map[int]bool{}}
		ok := r.whole()
		writes = append(writes, r.gives...)
		stores := 0
		for i := range r.events {
			if r.events[i].class == write {
				stores++
			}
		}
		tr.stores[p] = max(tr.stores[p], stores)
		if ok {
			r.trace.shape = tr.number(r.events)
			out = append(out, r.trace)
			if events += len(r.events) + 1; events > maxTraceEvents {
				panic(tooMuch{fmt.Sprintf("there are too many ways through P%d", p)})
			}
		}
		script = r.script
		for len(script) > 0 && script[len(script)-1]+1 >= r.sizes[len(script)-1] {
			script = script[:len(script)-1]
		}
		if len(script) == 0 {
			return out, writes
		}
		script[len(script)-1]++
	}
}

// maxTraceEvents bounds the memory that the traces of one process take, to some 50 MB.
const maxTraceEvents = 300_000

// number numbers what the events of a trace are, without their values.
func (tr *tracer) number(events []Event) int {
	var b strings.Builder
	for _, e := range events {
		e.Value = 0
		fmt.Fprintf(&b, "%v;", e)
	}
	n, ok := tr.shapes[b.String()]
	if !ok {
		n = len(tr.shapes)
		tr.shapes[b.String()] = n
	}
	return n
}

// run is the execution of one process. script says which alternative to take at each choice; behind its end the first one is taken.
type run struct {
	*tracer
	trace
	p      int
	script []int
	sizes  []int
	at     int
	last   map[int]litmus.Value // what the process wrote last
	held   map[int]bool
	open   []int // open RCU sections
	ctrl   local
	passed local   // what the branches behind which the process is depend on
	deps   []local // of registers
}

func (r *run) whole() (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			if _, is := v.(dead); !is {
				panic(v)
			}
			r.script = r.script[:r.at]
		}
	}()
	pr := r.t.Procs[r.p]
	r.regs, r.deps = make([]litmus.Value, len(pr.Regs)), make([]local, len(pr.Regs))
	for i := range pr.Regs {
		r.regs[i] = pr.Regs[i].Init
	}
	r.stmts(pr.Body)
	return true
}

func (r *run) choose(n int) int {
	if r.at == len(r.script) {
		r.script = append(r.script, 0)
	}
	if r.at == len(r.sizes) {
		r.sizes = append(r.sizes, n)
	}
	r.at++
	return r.script[r.at-1]
}

func (r *run) event(e Event) int {
	e.Proc = r.p
	e.ctrl = e.ctrl.or(r.ctrl)
	e.passed = r.passed.or(e.ctrl)
	if len(r.events) == maxLocal {
		panic(tooMuch{fmt.Sprintf("P%d has more than %d events", r.p, maxLocal)})
	}
	r.events = append(r.events, e)
	return len(r.events) - 1
}

func (r *run) fence(k litmus.FenceKind, pos source.Pos) {
	i := r.event(Event{class: fence, fence: k, Cell: -1, Pos: pos})
	switch k {
	case litmus.RcuLock:
		r.open = append(r.open, i)
	case litmus.RcuUnlock:
		if n := len(r.open); n > 0 {
			r.sections = append(r.sections, [2]int{r.open[n-1], i})
			r.open = r.open[:n-1]
		}
	}
}

func (r *run) stmts(list []litmus.Stmt) {
	for _, s := range list {
		r.stmt(s)
	}
}

func (r *run) stmt(s litmus.Stmt) {
	switch s := s.(type) {
	case *litmus.Assign:
		v, d := r.eval(s.X)
		if s.Reg >= 0 {
			r.regs[s.Reg], r.deps[s.Reg] = v, d
		}
	case *litmus.Store:
		c, ad := r.cell(s.Addr)
		v, d := r.eval(s.Val)
		r.store(Event{Cell: c, Value: v, order: s.Order, addr: ad, data: d, Pos: s.Pos})
	case *litmus.Fence:
		r.fence(s.Kind, s.Pos)
	case *litmus.If:
		v, d := r.eval(s.Cond)
		before := r.ctrl
		r.ctrl = r.ctrl.or(d)
		if touches(s.Then) || touches(s.Else) {
			r.passed = r.passed.or(d)
		}
		if v != 0 {
			r.stmts(s.Then)
		} else {
			r.stmts(s.Else)
		}
		r.ctrl = before
	case *litmus.Lock:
		c, ad := r.cell(s.Addr)
		r.lock(c, ad, s.Pos)
	case *litmus.Unlock:
		c, ad := r.cell(s.Addr)
		r.stray = r.stray || !r.held[c]
		delete(r.held, c)
		r.store(Event{Cell: c, order: litmus.Release, role: unlock, addr: ad, Pos: s.Pos})
	case *litmus.SrcuUnlock:
		c, ad := r.cell(s.Addr)
		_, d := r.eval(s.Index)
		r.event(Event{class: write, role: srcuUnlock, Cell: c, order: litmus.Relaxed, addr: ad, data: d, Pos: s.Pos})
	case *litmus.SyncSrcu:
		c, _ := r.cell(s.Addr)
		r.event(Event{class: syncSrcu, Cell: c, Pos: s.Pos})
	default:
		panic(fmt.Sprintf("axioms: statement %T", s))
	}
}

// cell is where an address leads. A trace that follows anything else is no part of an execution.
func (r *run) cell(x litmus.Expr) (int, local) {
	v, d := r.eval(x)
	c, ok := r.t.Cell(v)
	if !ok {
		panic(dead{})
	}
	return c, d
}

func (r *run) store(e Event) int {
	e.class = write
	r.last[e.Cell] = e.Value
	r.gives = append(r.gives, access{e.Cell, e.Value})
	return r.event(e)
}

// load guesses a value. What this process wrote, or the initial value if it wrote nothing, needs nobody else.
func (r *run) load(e Event, may func(litmus.Value) bool) (litmus.Value, int) {
	own, wrote := r.last[e.Cell]
	if !wrote {
		own = r.t.InitialValue(e.Cell)
	}
	all := []litmus.Value{own}
	put := func(v litmus.Value) {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	for p, w := range r.written {
		if p != r.p || r.raw {
			for _, v := range w[e.Cell] {
				put(v)
			}
		}
	}
	if r.raw {
		put(r.t.InitialValue(e.Cell))
	}
	if len(r.seeds) > 0 && r.others(r.p, e.Cell) {
		for _, v := range r.seeds {
			put(v)
		}
	}
	if may != nil {
		all = slices.DeleteFunc(all, func(v litmus.Value) bool { return !may(v) })
	}
	if len(all) == 0 {
		panic(dead{})
	}
	v := all[0]
	if len(all) > 1 {
		v = all[r.choose(len(all))]
	}
	if v != own {
		r.needs = append(r.needs, access{e.Cell, v})
	}
	e.class, e.Value = read, v
	return v, r.event(e)
}

func one(i int) (b local) {
	b.add(i)
	return b
}

func (r *run) lock(c int, ad local, pos source.Pos) local {
	if r.held[c] {
		panic(dead{}) // waits for itself
	}
	r.held[c] = true
	_, i := r.load(Event{Cell: c, order: litmus.Acquire, role: lockRead, locked: true, addr: ad, Pos: pos}, func(v litmus.Value) bool { return v == 0 })
	r.store(Event{Cell: c, Value: 1, order: litmus.Relaxed, role: lockWrite, locked: true, addr: ad, pair: i, Pos: pos})
	return one(i)
}
