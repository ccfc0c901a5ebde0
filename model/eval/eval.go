// Package eval interprets the IR slowly and obviously.
//
// It is the oracle: checker/internal/program compiles the same IR independently and tests hold the two equal, and no counterexample is reported before this
// package has executed it. It follows the semantics in the documentation of package model to the letter; a [State] holds one value per cell, nothing is packed,
// nothing is shared, everything is copied.
package eval

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
)

// State is one state: the value of every cell and the location of every process.
type State struct {
	Vals [][]int32 // by VarID, then cell
	Locs []model.LocID
}

// Clone copies a state.
func (s *State) Clone() *State {
	c := &State{Vals: make([][]int32, len(s.Vals)), Locs: slices.Clone(s.Locs)}
	for i, v := range s.Vals {
		c.Vals[i] = slices.Clone(v)
	}
	return c
}

// Equal reports whether two states of one system are the same.
func (s *State) Equal(t *State) bool {
	return slices.Equal(s.Locs, t.Locs) && slices.EqualFunc(s.Vals, t.Vals, func(a, b []int32) bool { return slices.Equal(a, b) })
}

// Key is a string that equal states, and only they, share.
func (s *State) Key() string {
	var b strings.Builder
	for _, l := range s.Locs {
		fmt.Fprintf(&b, "%d,", l)
	}
	for _, v := range s.Vals {
		for _, x := range v {
			fmt.Fprintf(&b, "%d ", x)
		}
	}
	return b.String()
}

// Options choose between the semantics of checking and of counting.
type Options struct {
	NoAssert bool // failing asserts and accesses to dead objects are ignored; faults still park
}

// Failure is a violated assert, an access to a dead object, or a fault.
type Failure struct {
	Prop  model.PropID
	Fault model.FaultKind // NoFault for asserts and accesses to dead objects
	Msg   string
	Pos   source.Pos
	Op    int          // index in the code
	Cell  *model.Cell  // the cell of a dead object that was touched
	Write bool         // how
	Pool  model.PoolID // OpFree of a dead object: which one
	Obj   int
}

// Access is one cell read or written by an event.
type Access struct {
	Cell     model.Cell
	Write    bool
	Old, New int32 // a read has New == Old
	Plain    bool  // the source does not mark it
	Peek     bool  // it only observes: of peek(), or of an assertion
}

// Event is one executed operation.
type Event struct {
	Op       int
	Accesses []Access // cells of shared and local variables, in evaluation order; lifetime bits only for alloc, free and live()
	Branch   bool     // OpBranch: the way taken
}

// Outcome is what a transition does in a state.
type Outcome struct {
	Enabled bool
	Next    *State
	Failure *Failure // Next is then the parked successor
	Covers  []model.CoverID
	Events  []Event
	Refused []Event // not enabled although the process is there: what was done up to and including the assumption that is false
}

// Interp interprets one system. It keeps no state of its own and may be used from several goroutines.
type Interp struct {
	sys *model.System
	opt Options
}

// New makes an interpreter.
func New(sys *model.System, opt Options) *Interp { return &Interp{sys, opt} }

// Initial is the state before the first step: initial values, then each process's Start code in process order. Failures of Start code park their process.
func (in *Interp) Initial() (*State, []*Failure) {
	s, outs := in.Starts()
	var fails []*Failure
	for _, out := range outs {
		if out.Failure != nil {
			fails = append(fails, out.Failure)
		}
	}
	return s, fails
}

// Starts is Initial with what each process's Start code did, by process.
func (in *Interp) Starts() (*State, []Outcome) {
	s := &State{}
	for _, v := range in.sys.Vars {
		s.Vals = append(s.Vals, slices.Clone(v.Init))
	}
	s.Locs = make([]model.LocID, len(in.sys.Processes))
	var outs []Outcome
	for _, p := range in.sys.Processes {
		out := in.run(s, p, p.Start, &ways{})
		if out.Enabled {
			s = out.Next
		}
		outs = append(outs, out)
	}
	return s, outs
}

// Reads is Eval with the cells it read, in order.
func (in *Interp) Reads(s *State, x *model.Expr) (int64, []Access) {
	r := &run{in: in, s: s, ev: &Event{}}
	var v int64
	r.try(func() { v = r.expr(x) })
	return v, r.ev.Accesses
}

// Step executes one way of a transition. It is not enabled when its process is elsewhere, an assumption is false, or there is no such way.
func (in *Interp) Step(s *State, m model.Move) Outcome {
	i := 0
	for out := range in.Ways(s, m.Proc, m.Trans) {
		if i == m.Way {
			return out
		}
		i++
	}
	return Outcome{}
}

// Ways executes a transition in every way there is in a state, in order, those that are not enabled included; none where its process is elsewhere.
func (in *Interp) Ways(s *State, p model.ProcID, trans int) iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		proc := in.sys.Processes[p]
		t := proc.Trans[trans]
		if s.Locs[p] != t.From {
			return
		}
		w := &ways{}
		for yield(in.run(s, proc, t.Code, w)) && w.next() {
		}
	}
}

// ways is the decisions of one way of a step, true for Then, and how many ways came before.
type ways struct {
	decisions []bool
	made      int // of the decisions, by the run at hand
	number    int
	spent     int  // decisions of all ways so far
	over      bool // there are too many
}

// decide makes the next decision: the one that is to be tried, or Then where none has been.
func (w *ways) decide() bool {
	if w.made == len(w.decisions) {
		w.decisions = append(w.decisions, true)
	}
	w.made++
	return w.decisions[w.made-1]
}

// next goes on to the next way: the last decision for Then is made for Else, and what came behind it anew.
func (w *ways) next() bool {
	w.spent += w.made
	n := w.made
	for n > 0 && !w.decisions[n-1] {
		n--
	}
	if n == 0 || w.over {
		return false
	}
	w.decisions = w.decisions[:n]
	w.decisions[n-1], w.made = false, 0
	w.number++
	w.over = w.number == model.MaxWays-1 || w.spent > model.MaxDecisions
	return true
}

// Enabled lists what can be done in a state, in process and then program order, each transition way by way.
func (in *Interp) Enabled(s *State) []model.Move {
	var out []model.Move
	for _, p := range in.sys.Processes {
		if s.Locs[p.ID] < 0 {
			continue
		}
		for _, t := range p.Locations[s.Locs[p.ID]].Trans {
			way := 0
			for o := range in.Ways(s, p.ID, t) {
				if o.Enabled {
					out = append(out, model.Move{Proc: p.ID, Trans: t, Way: way})
				}
				way++
			}
		}
	}
	return out
}

// AtEnd reports whether a process is somewhere it may stay for ever: it has ended, or is at an end label.
func (in *Interp) AtEnd(s *State, p model.ProcID) bool {
	l := s.Locs[p]
	if l < 0 {
		return false
	}
	loc := in.sys.Processes[p].Locations[l]
	return loc.End || len(loc.Trans) == 0
}

// Parked reports whether any process has failed.
func (in *Interp) Parked(s *State) bool { return slices.Contains(s.Locs, model.Parked) }

// Deadlocked reports whether nothing can move, nobody has failed, and somebody is not at a proper end.
func (in *Interp) Deadlocked(s *State) bool {
	if in.Parked(s) || len(in.Enabled(s)) > 0 {
		return false
	}
	for _, p := range in.sys.Processes {
		if !in.AtEnd(s, p.ID) {
			return true
		}
	}
	return false
}

// Quiescent reports whether nothing can move, nobody has failed, and everybody is at a proper end.
func (in *Interp) Quiescent(s *State) bool {
	return !in.Parked(s) && len(in.Enabled(s)) == 0 && !in.Deadlocked(s)
}

// Eval computes an expression in a state. Invariants and cover predicates do not look at lifetimes: their places are unchecked.
func (in *Interp) Eval(s *State, x *model.Expr) (int64, *Failure) {
	r := &run{in: in, s: s}
	var v int64
	f := r.try(func() { v = r.expr(x) })
	return v, f
}

// Value renders a value as the source writes it; see [model.System.Value].
func Value(sys *model.System, t *model.Type, v int32) string { return sys.Value(t, v) }

// CellName renders a cell as the source writes it; see [model.System.CellName].
func CellName(sys *model.System, c model.Cell) string { return sys.CellName(c) }

// run executes code of a process from a state, in one way.
func (in *Interp) run(s *State, p *model.Process, code []model.Op, w *ways) Outcome {
	r := &run{in: in, s: s.Clone(), proc: p, ways: w}
	var out Outcome
	f := r.try(func() {
		if w.over {
			r.fault(model.FaultWays, code[0].Pos, "%d, with %d decisions", w.number, w.spent)
		}
		out.Enabled = r.code(code)
	})
	out.Covers, out.Events = r.covers, r.events
	switch {
	case f != nil:
		f.Op = r.pc
		next := r.s
		next.Locs[p.ID] = model.Parked
		r.resetLocals(next, nil)
		out.Enabled, out.Next, out.Failure = true, next, f
	case out.Enabled:
		out.Next = r.s
	default:
		out.Covers, out.Events, out.Refused = nil, nil, out.Events
	}
	return out
}

// run is one execution.
type run struct {
	in     *Interp
	s      *State
	proc   *model.Process // nil for predicates
	pc     int
	op     *model.Op // being executed; nil for predicates
	ev     *Event
	events []Event
	covers []model.CoverID
	ways   *ways
}

// try calls f and catches a failure thrown with fail.
func (r *run) try(f func()) (failure *Failure) {
	defer func() {
		if x := recover(); x != nil {
			var ok bool
			if failure, ok = x.(*Failure); !ok {
				panic(x)
			}
		}
	}()
	f()
	return nil
}

func (r *run) fault(kind model.FaultKind, pos source.Pos, format string, args ...any) {
	msg := kind.String()
	if format != "" {
		msg += ": " + fmt.Sprintf(format, args...)
	}
	panic(&Failure{Prop: model.PropNoFault, Fault: kind, Msg: msg, Pos: pos, Pool: model.NoPool})
}

// fail throws a failed property, unless failures are not looked at.
func (r *run) fail(f *Failure) {
	if r.in.opt.NoAssert || f.Prop == model.NoProp || !r.in.sys.Props[f.Prop].Checked {
		return
	}
	panic(f)
}

// code executes operations until the step ends; false if an assumption is false.
func (r *run) code(code []model.Op) bool {
	for n := 0; ; n++ {
		op := &code[r.pc]
		r.op = op
		if n >= model.MaxAtomicOps {
			r.ways.spent += model.EndlessDecisions
			r.fault(model.FaultLoop, op.Pos, "more than %d operations in one step", model.MaxAtomicOps)
		}
		r.events = append(r.events, Event{Op: r.pc})
		r.ev = &r.events[len(r.events)-1]
		next := r.pc + 1
		switch op.Kind {
		case model.OpAssign:
			v := r.expr(op.X)
			r.store(op.Dst, v, op.Pos)
		case model.OpBranch:
			r.ev.Branch = r.expr(op.X) != 0
			next = op.Else
			if r.ev.Branch {
				next = op.Then
			}
		case model.OpJump:
			next = op.Then
		case model.OpAssume:
			if r.expr(op.X) == 0 {
				return false
			}
		case model.OpAssert:
			if r.in.sys.Props[op.Prop].Checked || op.Prop == model.PropNoFault {
				if r.expr(op.X) == 0 {
					r.fail(&Failure{Prop: op.Prop, Msg: "assertion failed: " + op.Text, Pos: op.Pos, Pool: model.NoPool})
				}
			} else {
				r.expr(op.X) // faults in it still count
			}
		case model.OpCover:
			r.covers = append(r.covers, op.Cover)
		case model.OpAlloc:
			r.alloc(op)
		case model.OpFree:
			r.free(op)
		case model.OpNop, model.OpFence: // accesses take place in program order, fence or not
		case model.OpGoto:
			r.s.Locs[r.proc.ID] = op.Loc
			r.resetLocals(r.s, r.proc.Locations[op.Loc].Live)
			return true
		}
		r.pc = next
	}
}

// resetLocals gives every local that is not live its initial value.
func (r *run) resetLocals(s *State, live []model.VarID) {
	for _, v := range r.proc.Locals {
		if !slices.Contains(live, v) {
			copy(s.Vals[v], r.in.sys.Vars[v].Init)
		}
	}
}

func (r *run) alloc(op *model.Op) {
	p := r.in.sys.Pools[op.Pool]
	handle := int64(0)
	for i := range p.Objects {
		if r.s.Vals[p.Live][i] != 0 {
			continue
		}
		r.set(model.Cell{Var: p.Live, Idx: int32(i)}, 1, false)
		for _, f := range p.Fields {
			v := r.in.sys.Vars[f]
			for k := i * v.Stride; k < (i+1)*v.Stride; k++ {
				if x, ok := v.Fresh(k); ok {
					r.s.Vals[f][k] = x
				}
			}
		}
		handle = int64(i + 1)
		break
	}
	r.store(op.Dst, handle, op.Pos)
}

func (r *run) free(op *model.Op) {
	p := r.in.sys.Pools[op.Pool]
	h := r.expr(op.X)
	if h == 0 {
		r.fault(model.FaultNull, op.Pos, "free of NULL")
	}
	if h < 0 || int(h) > len(p.Objects) {
		r.fault(model.FaultIndex, op.Pos, "free of object %d of %d", h, len(p.Objects))
	}
	c := model.Cell{Var: p.Live, Idx: int32(h - 1)}
	if r.s.Vals[p.Live][h-1] == 0 {
		r.fail(&Failure{Prop: p.Free, Msg: p.Objects[h-1] + " is freed twice", Pos: op.Pos, Pool: p.ID, Obj: int(h - 1)})
	}
	r.set(c, 0, false)
}

func (r *run) set(c model.Cell, v int32, plain bool) {
	r.note(Access{Cell: c, Write: true, Old: r.s.Vals[c.Var][c.Idx], New: v, Plain: plain})
	r.s.Vals[c.Var][c.Idx] = v
}

func (r *run) note(a Access) {
	if r.ev != nil {
		r.ev.Accesses = append(r.ev.Accesses, a)
	}
}

func (r *run) store(p *model.Place, v int64, pos source.Pos) {
	c := r.cell(p, true, true)
	t := r.in.sys.Vars[c.Var].Type
	if v < int64(t.Lo) || v > int64(t.Hi) {
		r.fault(model.FaultOverflow, pos, "%d does not fit into %s of type %s", v, r.in.sys.CellName(c), t.Name)
	}
	r.set(c, int32(v), r.plain(p))
}

// plain reports whether an access to a place by the operation at hand carries no mark.
func (r *run) plain(p *model.Place) bool {
	return r.op != nil && r.op.Access == model.AccessPlain && p.Access == model.AccessPlain
}

// cell finds the cell of a place, in the order: reference or object, then index, then lifetime.
func (r *run) cell(p *model.Place, write, live bool) model.Cell {
	sys := r.in.sys
	if p.Ref != nil {
		v := r.expr(p.Ref)
		d := sys.Domains[p.Domain]
		if v == 0 {
			r.fault(model.FaultNull, p.Pos, "reference to %s", d.Type.Name)
		}
		if v < 0 || int(v) > len(d.Cells) {
			r.fault(model.FaultIndex, p.Pos, "reference %d of %d", v, len(d.Cells))
		}
		c := d.Cells[v-1]
		if live {
			r.alive(p, c, write)
		}
		return c
	}
	v := sys.Vars[p.Var]
	obj := int64(0)
	if p.Obj != nil {
		h := r.expr(p.Obj)
		if h == 0 {
			r.fault(model.FaultNull, p.Pos, "pointer to struct %s", sys.Pools[v.Pool].Struct)
		}
		if h < 0 || int(h) > len(sys.Pools[v.Pool].Objects) {
			r.fault(model.FaultIndex, p.Pos, "object %d of %d", h-1, len(sys.Pools[v.Pool].Objects))
		}
		obj = h - 1
	}
	idx := int64(0)
	if p.Idx != nil {
		idx = r.expr(p.Idx)
	}
	if idx < 0 || idx >= int64(v.Stride) {
		r.fault(model.FaultIndex, p.Pos, "index %d of %s, which has %d elements", idx, v.Name, v.Stride)
	}
	c := model.Cell{Var: p.Var, Idx: int32(obj*int64(v.Stride) + idx)}
	if live {
		r.alive(p, c, write)
	}
	return c
}

// alive checks that the object around a cell lives.
func (r *run) alive(p *model.Place, c model.Cell, write bool) {
	v := r.in.sys.Vars[c.Var]
	if p.Unchecked || v.Pool == model.NoPool || r.proc == nil {
		return
	}
	pool := r.in.sys.Pools[v.Pool]
	if pool.Live == model.NoVar || r.s.Vals[pool.Live][int(c.Idx)/v.Stride] != 0 {
		return
	}
	what := "reads"
	if write {
		what = "writes"
	}
	r.fail(&Failure{
		Prop: v.Guard, Msg: fmt.Sprintf("%s %s of freed %s", what, r.in.sys.CellName(c), pool.Objects[int(c.Idx)/v.Stride]), Pos: p.Pos, Cell: &c, Write: write,
		Pool: pool.ID, Obj: int(c.Idx) / v.Stride,
	})
}

func (r *run) expr(x *model.Expr) int64 {
	switch x.Op {
	case model.Const:
		return int64(x.Val)
	case model.Load:
		c := r.cell(x.Place, false, true)
		v := r.s.Vals[c.Var][c.Idx]
		r.note(Access{Cell: c, Old: v, New: v, Plain: r.plain(x.Place), Peek: x.Place.Unchecked || r.op != nil && r.op.Observes})
		return int64(v)
	case model.AddrOf:
		c := r.cell(x.Place, false, false)
		i := slices.Index(r.in.sys.Domains[x.Domain].Cells, c)
		if i < 0 {
			r.fault(model.FaultContainer, x.Pos, "address of %s is not in its domain", r.in.sys.CellName(c))
		}
		return int64(i + 1)
	case model.Container:
		v := r.expr(x.X)
		if v == 0 {
			r.fault(model.FaultNull, x.Pos, "container_of(NULL)")
		}
		if v < 0 || int(v) >= len(x.Table) || x.Table[v] == 0 {
			r.fault(model.FaultContainer, x.Pos, "")
		}
		return int64(x.Table[v])
	case model.IsLive:
		h := r.expr(x.X)
		p := r.in.sys.Pools[x.Pool]
		if h == 0 {
			return 0
		}
		if h < 0 || int(h) > len(p.Objects) {
			r.fault(model.FaultIndex, x.Pos, "object %d of %d", h-1, len(p.Objects))
		}
		if p.Live == model.NoVar {
			return 1
		}
		v := r.s.Vals[p.Live][h-1]
		r.note(Access{Cell: model.Cell{Var: p.Live, Idx: int32(h - 1)}, Old: v, New: v})
		return int64(v)
	case model.InRange:
		v := r.expr(x.X)
		if v < 0 || v >= int64(x.Val) {
			r.fault(model.FaultIndex, x.Pos, "index %d of %d elements", v, x.Val)
		}
		return v
	case model.Any:
		return truth(r.ways.decide())
	case model.Not:
		return truth(r.expr(x.X) == 0)
	case model.Neg:
		return -r.expr(x.X)
	case model.BitNot:
		return ^r.expr(x.X)
	case model.AndAlso:
		return truth(r.expr(x.X) != 0 && r.expr(x.Y) != 0)
	case model.OrElse:
		return truth(r.expr(x.X) != 0 || r.expr(x.Y) != 0)
	case model.Cond:
		if r.expr(x.X) != 0 {
			return r.expr(x.Y)
		}
		return r.expr(x.Z)
	}
	return r.arith(x, r.expr(x.X), r.expr(x.Y))
}

func (r *run) arith(x *model.Expr, a, b int64) int64 {
	switch x.Op {
	case model.Add:
		return a + b
	case model.Sub:
		return a - b
	case model.Mul:
		return a * b
	case model.Div, model.Mod:
		if b == 0 {
			r.fault(model.FaultDivide, x.Pos, "")
		}
		if x.Op == model.Div {
			return a / b
		}
		return a % b
	case model.Shl, model.Shr:
		if b < 0 || b > 31 {
			r.fault(model.FaultShift, x.Pos, "%d", b)
		}
		if x.Op == model.Shl {
			return a << b
		}
		return a >> b
	case model.And:
		return a & b
	case model.Or:
		return a | b
	case model.Xor:
		return a ^ b
	case model.Eq:
		return truth(a == b)
	case model.Ne:
		return truth(a != b)
	case model.Lt:
		return truth(a < b)
	case model.Le:
		return truth(a <= b)
	case model.Gt:
		return truth(a > b)
	case model.Ge:
		return truth(a >= b)
	}
	return math.MinInt64 // not reached: Sanity knows every operator
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
