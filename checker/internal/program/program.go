// Package program is the compiled form of a model: a bit-packed state vector and, for every transition, a short array of closures that work on it.
//
//	layout.go     which bits of which word hold which cell; locals that never live together share bits
//	compile.go    operations and places to closures
//	fuse.go       steps of the common shapes without closures: tests and masks
//	counters.go   how far counters of guarded loops get
//	division.go   the owner of a state, where workers share them
//	expr.go       expressions to closures
//	program.go    the machine: candidates by location, running a transition, whole-state predicates
//	atoms.go      what transitions can conflict over, for partial-order reduction
//
// A state is [Program.Words] 64-bit words. Running a transition copies it into the destination vector, which has [Program.Total] words (the rest is
// scratch for locals that do not outlive a step), and works there in place. Nothing is allocated per step. The semantics is the one documented in package
// model; package model/eval is the judge of it.
package program

import (
	"fmt"
	"slices"

	"pmdcheck/model"
)

// Options choose between the semantics of checking and of counting.
type Options struct {
	NoAssert bool // failing asserts and accesses to dead objects are ignored; faults still park
	NoFuse   bool // every operation is a closure

	trace *Atoms // see [Program.Traced]
}

// Program is a compiled system. It is immutable; each goroutine runs it with an [Exec] of its own.
type Program struct {
	Sys         *model.System
	Words       int // words of a stored state
	Bits        int // of which so many, from the lowest of the first word on, can differ from 0
	Total       int // words a destination vector needs
	Transitions int

	opt    Options
	lay    *layout
	procs  []process
	invs   []predicate
	covers []predicate
	leaks  bool
}

type process struct {
	pc      field
	start   []instr
	at      [][]*Transition // candidates by location
	numbers []int           // by transition
	end     []bool          // by location: a proper place to stay
	parked  uint64          // value of pc
	park    []maskSet       // moves to parked and resets the locals
}

// Transition is a compiled transition.
type Transition struct {
	ID   int
	Proc model.ProcID
	No   int // of all, from 0 to [Program.Transitions]

	checks  []check   // come first
	sets    []maskSet // then this, if there is no code
	code    []instr
	from    int  // where the code goes on after the checks
	counted bool // the number of operations must be bounded
	chooses bool // it can be executed in several ways
	flat    bool // there is nothing but checks that enable and one word set, and states have one word
}

type predicate struct {
	id int
	x  eval
}

// maskSet is w = w&keep | set.
type maskSet struct {
	word      int
	keep, set uint64
}

// Status is the outcome of running a transition.
type Status uint8

// The outcomes.
const (
	Disabled Status = iota // an assumption is false; the destination is undefined
	Moved                  // the destination is the successor
	Failed                 // a checked property failed ([Exec.Failed]); the destination is the successor with the process parked
)

// Exec runs a program for one goroutine.
type Exec struct {
	p      *Program
	s      []uint64
	failed model.PropID
	covers []model.CoverID

	decisions []bool // of the way at hand, true for Then
	made      int    // how many of them the last run made
	way       int    // number of the way
	spent     int    // decisions of all ways so far
	over      bool   // there are too many ways

	Reads, Writes AtomSet // of the last run, if the program is traced

	_ [64]byte // what another worker writes lies in another line of the cache
}

// Compile compiles a system.
func Compile(sys *model.System, opt Options) (*Program, error) {
	if errs := sys.Sanity(); len(errs) > 0 {
		return nil, fmt.Errorf("unsound system: %w", errs[0])
	}
	return compile(sys, opt, makeLayout(sys)), nil
}

// Traced compiles the same system once more, over the same states: running a transition then notes which atoms it read and wrote, which is slower.
func (p *Program) Traced(a *Atoms) *Program {
	opt := p.opt
	opt.trace = a
	return compile(p.Sys, opt, p.lay.noted(a))
}

func compile(sys *model.System, opt Options, lay *layout) *Program {
	p := &Program{Sys: sys, opt: opt, lay: lay, Words: lay.stored, Bits: lay.bits, Total: lay.total}
	for _, mp := range sys.Processes {
		c := &compiler{p: p, sys: sys, proc: mp}
		q := process{pc: p.lay.pcs[mp.ID], parked: uint64(len(mp.Locations))}
		q.park = c.moveTo(q.parked, nil)
		q.start = c.code(mp.Start, false)
		q.numbers = slices.Repeat([]int{-1}, len(mp.Trans))
		for _, l := range mp.Locations {
			var ts []*Transition
			for _, t := range l.Trans {
				ct := c.fuse(mp.Trans[t].Code)
				ct.ID, ct.Proc, ct.No = t, mp.ID, p.Transitions
				ct.chooses = chooses(mp.Trans[t].Code)
				ct.flat = p.Words == 1 && ct.code == nil && len(ct.sets) == 1 && ct.sets[0].word == 0 &&
					!slices.ContainsFunc(ct.checks, func(c check) bool { return c.word != 0 || c.prop != model.NoProp })
				q.numbers[t] = ct.No
				p.Transitions++
				ts = append(ts, ct)
			}
			q.at = append(q.at, ts)
			q.end = append(q.end, l.End || len(l.Trans) == 0)
		}
		q.at = append(q.at, nil) // parked
		q.end = append(q.end, false)
		p.procs = append(p.procs, q)
	}
	c := &compiler{p: p, sys: sys}
	for _, q := range sys.Props {
		if q.X != nil && q.Checked {
			p.invs = append(p.invs, predicate{int(q.ID), c.expr(q.X)})
		}
	}
	for _, q := range sys.Covers {
		if q.X != nil {
			p.covers = append(p.covers, predicate{int(q.ID), c.expr(q.X)})
		}
	}
	for _, pool := range sys.Pools {
		p.leaks = p.leaks || (pool.Live != model.NoVar && pool.Leak != model.NoProp && sys.Props[pool.Leak].Checked)
	}
	return p
}

// chooses reports whether code has a branch that goes both ways.
func chooses(code []model.Op) bool {
	return slices.ContainsFunc(code, func(op model.Op) bool { return op.Kind == model.OpBranch && op.X.Op == model.Any })
}

// Chooses reports whether the transition can be executed in several ways.
func (t *Transition) Chooses() bool { return t.chooses }

// NewExec makes an execution context.
func (p *Program) NewExec() *Exec {
	x := &Exec{p: p}
	if p.opt.trace != nil {
		x.Reads, x.Writes = p.opt.trace.NewSet(), p.opt.trace.NewSet()
	}
	return x
}

// Initial writes the initial state into dst (Total words) and returns the properties that Start code violates and the covers it passes.
func (x *Exec) Initial(dst []uint64) (failed []model.PropID, covers []model.CoverID) {
	p := x.p
	clear(dst)
	for _, v := range p.Sys.Vars {
		if p.lay.overlay[v.ID] {
			continue
		}
		for i := range v.Len {
			p.lay.cells[v.ID][i].put(dst, int64(v.Init[i]))
		}
	}
	old := make([]uint64, p.Total)
	for i := range p.procs {
		copy(old, dst)
		switch x.run(&Transition{code: p.procs[i].start, counted: true}, dst) {
		case Failed:
			failed = append(failed, x.failed)
			apply(dst, p.procs[i].park)
		case Disabled:
			copy(dst, old)
		}
		covers = append(covers, x.covers...)
	}
	return failed, covers
}

func apply(s []uint64, m []maskSet) {
	for _, w := range m {
		s[w.word] = s[w.word]&w.keep | w.set
	}
}

// Candidates are the transitions of process p that begin where it is in state s, in program order. The slice must not be changed.
func (p *Program) Candidates(s []uint64, proc int) []*Transition {
	q := &p.procs[proc]
	return q.at[s[q.pc.word]>>q.pc.shift&q.pc.mask]
}

// Processes is the number of processes.
func (p *Program) Processes() int { return len(p.procs) }

// Run executes t from s (Words words) into dst (Total words): its first way. As long as [Exec.More] says so, there is another one for [Exec.Again].
func (x *Exec) Run(t *Transition, s, dst []uint64) Status {
	x.decisions, x.way, x.spent, x.over = x.decisions[:0], 0, 0, false
	return x.Again(t, s, dst)
}

// More goes on to the next way of the transition that was run last, if there is one.
func (x *Exec) More(t *Transition) bool {
	if !t.chooses {
		return false
	}
	n := x.made
	for n > 0 && !x.decisions[n-1] {
		n--
	}
	if n == 0 || x.over {
		return false
	}
	x.decisions = x.decisions[:n]
	x.decisions[n-1] = false
	x.way++
	x.spent += x.made
	x.over = x.way == model.MaxWays-1 || x.spent > model.MaxDecisions
	return true
}

// Way is the number of the way that was run last.
func (x *Exec) Way() int { return x.way }

// Each runs t from s into dst in every way there is and calls f for each, those that are not enabled included. f may run other transitions with the same Exec.
func (x *Exec) Each(t *Transition, s, dst []uint64, f func(Status)) {
	st := x.Run(t, s, dst)
	if !t.chooses {
		f(st)
		return
	}
	for {
		way := x.way
		more := x.More(t)
		next, spent, over := slices.Clone(x.decisions), x.spent, x.over
		x.way = way
		f(st)
		if !more {
			return
		}
		x.decisions, x.way, x.spent, x.over = append(x.decisions[:0], next...), way+1, spent, over
		st = x.Again(t, s, dst)
	}
}

// RunWay executes one way of t, which must exist.
func (x *Exec) RunWay(t *Transition, way int, s, dst []uint64) Status {
	st := x.Run(t, s, dst)
	for x.way < way && x.More(t) {
		st = x.Again(t, s, dst)
	}
	return st
}

// decide makes the next decision of the way at hand: the one that is to be tried, or Then where none has been.
func (x *Exec) decide() bool {
	if x.made == len(x.decisions) {
		x.decisions = append(x.decisions, true)
	}
	x.made++
	return x.decisions[x.made-1]
}

// Again executes the way of t that [Exec.More] has gone on to, from the same state.
func (x *Exec) Again(t *Transition, s, dst []uint64) Status {
	x.made = 0
	if x.over {
		clear(x.Reads)
		clear(x.Writes)
		x.failed, x.covers = model.PropNoFault, x.covers[:0]
		copy(dst, s)
		apply(dst, x.p.procs[t.Proc].park)
		return Failed
	}
	for i := range t.checks {
		c := &t.checks[i]
		if c.holds(s) {
			continue
		}
		if c.prop == model.NoProp {
			return Disabled
		}
		x.failed, x.covers = c.prop, x.covers[:0]
		copy(dst, s)
		apply(dst, x.p.procs[t.Proc].park)
		return Failed
	}
	if len(s) == 1 {
		dst[0] = s[0]
	} else {
		copy(dst, s)
	}
	if t.code == nil {
		x.covers = x.covers[:0]
		apply(dst, t.sets)
		return Moved
	}
	st := x.run(t, dst)
	if st == Failed {
		apply(dst, x.p.procs[t.Proc].park)
	}
	return st
}

// Successors are where the steps of one state lead: those that are enabled, in order.
type Successors struct {
	N     int
	Trans []*Transition // of each
	Ways  []uint16      // of each
	Buf   []uint64      // states one after the other, and room for Total words behind the last
	words int
	total int
}

// Successors makes room for the successors of a state.
func (p *Program) Successors() *Successors {
	u := &Successors{words: p.Words, total: p.Total}
	u.Grow(p.mostCandidates())
	return u
}

// Grow makes room for n successors.
func (u *Successors) Grow(n int) {
	if n <= len(u.Trans) {
		return
	}
	n = max(n, 2*len(u.Trans))
	// Whole lines of the cache: what another worker writes lies in another one.
	buf, trans, ways := make([]uint64, n*u.words+u.total, (n*u.words+u.total+15)&^7), make([]*Transition, n, (n+15)&^7), make([]uint16, n, (n+63)&^31)
	copy(buf, u.Buf)
	copy(trans, u.Trans)
	copy(ways, u.Ways)
	u.Buf, u.Trans, u.Ways = buf, trans, ways
}

// Room is where the next successor is to be written, with scratch.
func (u *Successors) Room() []uint64 {
	u.Grow(u.N + 1)
	at := u.N * u.words
	return u.Buf[at : at+u.total]
}

// Add takes what was written to [Successors.Room] for a successor.
func (u *Successors) Add(t *Transition, way int) {
	u.Trans[u.N], u.Ways[u.N] = t, uint16(way)
	u.N++
}

// States are the successors one after the other.
func (u *Successors) States() []uint64 { return u.Buf[:u.N*u.words] }

// State is one of them.
func (u *Successors) State(i int) []uint64 {
	return u.Buf[i*u.words : (i+1)*u.words : (i+1)*u.words]
}

// Move is the step to one of them.
func (u *Successors) Move(i int) model.Move {
	return model.Move{Proc: u.Trans[i].Proc, Trans: u.Trans[i].ID, Way: int(u.Ways[i])}
}

// Expand runs all candidates of a state, processes in order, into u. special is called for a step that fails or passes a cover, while [Exec.Failed] and
// [Exec.Covers] tell about it; if it returns false, the rest is left out.
func (x *Exec) Expand(s []uint64, u *Successors, special func(*Transition, Status) (goOn bool)) {
	p := x.p
	n, at, goOn := 0, 0, true
	buf, done := u.Buf, u.Trans
	for i := 0; i < len(p.procs) && goOn; i++ {
		q := &p.procs[i]
	candidates:
		for _, t := range q.at[s[q.pc.word]>>(q.pc.shift&63)&q.pc.mask] {
			if t.flat {
				w := s[0]
				for k := range t.checks {
					if c := &t.checks[k]; (w>>(c.shift&63)&c.mask-c.lo <= c.span) == c.not {
						continue candidates
					}
				}
				m := &t.sets[0]
				buf[at] = w&m.keep | m.set
			} else {
				st := x.Run(t, s, buf[at:at+p.Total])
				if t.chooses {
					u.N = n
					goOn = x.expandWays(t, st, s, u, special)
					n, buf, done = u.N, u.Buf, u.Trans
					if at = n * p.Words; !goOn {
						break
					}
					continue
				}
				if st == Disabled {
					continue
				}
				if st == Failed || len(x.covers) > 0 {
					goOn = special(t, st)
				}
			}
			done[n], u.Ways[n] = t, 0
			n++
			if at += p.Words; !goOn {
				break
			}
		}
	}
	u.N = n
}

// expandWays adds the ways of a transition, the first of which was run, and makes sure that there is room for what comes behind them.
func (x *Exec) expandWays(t *Transition, st Status, s []uint64, u *Successors, special func(*Transition, Status) (goOn bool)) (goOn bool) {
	rest := x.p.mostCandidates()
	for goOn = true; ; st = x.Again(t, s, u.Room()) {
		if st != Disabled {
			if st == Failed || len(x.covers) > 0 {
				goOn = special(t, st)
			}
			u.Add(t, x.way)
			u.Grow(u.N + rest)
		}
		if !goOn || !x.More(t) {
			return goOn
		}
	}
}

// Failed is the property that the last run violated, if its status was [Failed].
func (x *Exec) Failed() model.PropID { return x.failed }

// Covers are the cover marks that the last run passed. The slice is valid until the next run.
func (x *Exec) Covers() []model.CoverID { return x.covers }

const (
	pcDone     = -1
	pcDisabled = -2
	pcFailed   = -3
)

func (x *Exec) run(t *Transition, s []uint64) Status {
	x.s, x.failed, x.covers = s, model.NoProp, x.covers[:0]
	pc := t.from
	if t.counted {
		clear(x.Reads)
		clear(x.Writes)
		for n := 0; pc >= 0; n++ {
			if n >= model.MaxAtomicOps {
				x.spent += model.EndlessDecisions
				x.failed = model.PropNoFault
				return Failed
			}
			pc = t.code[pc](x)
		}
	}
	for pc >= 0 {
		pc = t.code[pc](x)
	}
	switch pc {
	case pcDone:
		return Moved
	case pcFailed:
		return Failed
	}
	return Disabled
}

// Invariants calls f for each checked invariant that is false in s, or whose evaluation faults.
func (x *Exec) Invariants(s []uint64, f func(model.PropID)) {
	for _, i := range x.p.invs {
		x.s, x.failed = s, model.NoProp
		if v := i.x(x); x.failed != model.NoProp || v == 0 {
			f(model.PropID(i.id))
		}
	}
}

// HasInvariants reports whether Invariants has anything to look at.
func (p *Program) HasInvariants() bool { return len(p.invs) > 0 }

// CoverStates calls f for each cover predicate that holds in s.
func (x *Exec) CoverStates(s []uint64, f func(model.CoverID)) {
	for _, i := range x.p.covers {
		x.s, x.failed = s, model.NoProp
		if v := i.x(x); x.failed == model.NoProp && v != 0 {
			f(model.CoverID(i.id))
		}
	}
}

// HasCoverStates reports whether CoverStates has anything to look at.
func (p *Program) HasCoverStates() bool { return len(p.covers) > 0 }

// Parked reports whether any process has failed in s.
func (p *Program) Parked(s []uint64) bool {
	for i := range p.procs {
		q := &p.procs[i]
		if s[q.pc.word]>>q.pc.shift&q.pc.mask == q.parked {
			return true
		}
	}
	return false
}

// AllAtEnd reports whether every process is at a proper end in s.
func (p *Program) AllAtEnd(s []uint64) bool {
	for i := range p.procs {
		q := &p.procs[i]
		if !q.end[s[q.pc.word]>>q.pc.shift&q.pc.mask] {
			return false
		}
	}
	return true
}

// ChecksLeaks reports whether any pool's leak property is checked.
func (p *Program) ChecksLeaks() bool { return p.leaks }

// Decode unpacks a state: the value of every cell (locals that are not live have their initial value) and the location of every process.
func (p *Program) Decode(s []uint64) (vals [][]int32, locs []model.LocID) {
	vals = make([][]int32, len(p.Sys.Vars))
	for i := range p.procs {
		q := &p.procs[i]
		l := model.LocID(s[q.pc.word] >> q.pc.shift & q.pc.mask)
		if uint64(l) == q.parked {
			l = model.Parked
		}
		locs = append(locs, l)
	}
	for _, v := range p.Sys.Vars {
		vals[v.ID] = slices.Clone(v.Init)
		if v.Proc != model.NoProc {
			l := locs[v.Proc]
			if l < 0 || !slices.Contains(p.Sys.Processes[v.Proc].Locations[l].Live, v.ID) {
				continue
			}
		}
		for i := range v.Len {
			vals[v.ID][i] = int32(p.lay.cells[v.ID][i].get(s))
		}
	}
	return vals, locs
}

// A Test is the truth of an expression in a state of Total words; ok is false where its evaluation fails.
type Test func(x *Exec, s []uint64) (truth, ok bool)

// Test compiles an expression over shared variables and, if proc is not nil, over the locals of proc.
func (p *Program) Test(x *model.Expr, proc *model.Process) Test {
	c := &compiler{p: p, sys: p.Sys, proc: proc}
	v := c.expr(x)
	return func(e *Exec, s []uint64) (truth, ok bool) {
		e.s, e.failed = s, model.NoProp
		r := v(e)
		return r != 0, e.failed == model.NoProp
	}
}

// Location is where process p is in state s.
func (p *Program) Location(s []uint64, proc int) model.LocID {
	q := &p.procs[proc]
	l := s[q.pc.word] >> q.pc.shift & q.pc.mask
	if l == q.parked {
		return model.Parked
	}
	return model.LocID(l)
}

// mostCandidates is the largest number of candidates that any state can have.
func (p *Program) mostCandidates() (n int) {
	for _, q := range p.procs {
		most := 0
		for _, ts := range q.at {
			most = max(most, len(ts))
		}
		n += most
	}
	return n
}

// Number is the number of a transition of a process, or -1 if it begins nowhere.
func (p *Program) Number(proc, trans int) int { return p.procs[proc].numbers[trans] }
