// Package replay executes runs on the oracle and makes traces of them.
//
// [Run] turns a list of moves into a [traces.Trace], judging it with model/eval only; [Replay] executes a stored trace again and compares it step by step.
package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/properties"
	"pmdcheck/traces"
)

// Move is one way of one transition.
type Move = model.Move

// Options say how a run is judged.
type Options struct {
	NoAssert bool
	Property string          // what the run must violate at its end; "" for a run that need not violate anything
	Edge     *model.LockEdge // what the last step of a run must mark where Property is that of the lock order; nil: any edge
	Cycle    int             // of a liveness property: the number of the move, from 1, with which the part begins that repeats for ever; 0: nothing can move at the end
}

// Run executes moves from the initial state and describes what happened. It is an error if a move is not enabled, or if the run does not violate
// Options.Property in its last step or state.
func Run(sys *model.System, moves []Move, opt Options) (*traces.Trace, error) {
	in := eval.New(sys, eval.Options{NoAssert: opt.NoAssert})
	s, starts := in.Starts()
	r := &recorder{sys: sys, in: in, freed: map[model.Cell]string{}, used: map[model.FrameID]bool{}, seen: map[model.Cell]bool{}, locks: locks{held: map[model.ProcID][]lock{}}, buffers: newBuffers(sys)}
	t := &traces.Trace{Schema: traces.Schema, Spec: sys.Name, Kernel: sys.Kernel, Digest: sys.Digest(), Kind: "run", Processes: []traces.Process{}, Steps: []traces.Step{}}
	for _, c := range sys.Config {
		t.Config = append(t.Config, traces.ConfigValue(c))
	}
	for _, p := range sys.Processes {
		t.Processes = append(t.Processes, traces.Process{Name: p.Name, Of: p.Of, CPU: p.CPU, MM: p.MM, Role: role(p.Role)})
	}
	for _, b := range r.buffers {
		t.Processes[b.Proc].Owner = int(b.Of)
	}
	for _, q := range sys.Props {
		if q.Checked {
			t.Checked = append(t.Checked, traces.Property{Name: q.Name, Title: title(q), Text: q.Text, Own: q.Own})
		}
	}
	for _, p := range sys.Pools {
		for i := 0; i < len(p.Objects) && p.Live != model.NoVar; i++ {
			t.Objects = append(t.Objects, traces.Object{Name: p.Objects[i], Struct: p.Struct})
		}
	}
	written := sys.Written()
	for _, v := range sys.Vars {
		for i := 0; i < v.Len && v.Proc == model.NoProc; i++ {
			if s.Vals[v.ID][i] != 0 && (written[v.ID][i] || lives(sys, v.Type) || sys.IsLife(v.ID)) {
				r.see(model.Cell{Var: v.ID, Idx: int32(i)})
				t.Initial = append(t.Initial, traces.Assign{Cell: sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)}), New: sys.Value(v.Type, s.Vals[v.ID][i])})
			}
		}
	}
	defer func() { t.Calls, t.Marks = r.calls(), r.marks() }()
	states := []*eval.State{s}
	var last *eval.Failure
	for i, out := range starts {
		p := sys.Processes[i]
		if ops := r.operations(p, 0, p.Start, out.Events, nil); len(ops) > 0 {
			t.Starts = append(t.Starts, traces.Step{
				Process: i, Transition: -1, To: int(s.Locs[i]), At: r.at(p, s), Label: ops[0].Text, Stack: r.stack(p.Start[0].Frame), Pos: ops[0].Pos, Ops: ops,
			})
		}
		if f := out.Failure; f != nil && (last == nil || sys.Props[last.Prop].Name != opt.Property) {
			last = f
		}
	}
	for i, m := range moves {
		if int(m.Proc) < 0 || int(m.Proc) >= len(sys.Processes) || m.Trans < 0 || m.Trans >= len(sys.Processes[m.Proc].Trans) {
			return nil, fmt.Errorf("step %d: there is no transition %d of process %d", i+1, m.Trans, m.Proc)
		}
		r.locks.marks = nil
		out := in.Step(s, m)
		if !out.Enabled {
			return nil, fmt.Errorf("step %d: transition %d of %s is not enabled", i+1, m.Trans, sys.Processes[m.Proc].Name)
		}
		step := r.step(i, m, s, out)
		if len(moves) <= maxContext {
			step.Enabled = r.others(s, m)
			step.False = r.untrue(out.Next)
		}
		t.Steps = append(t.Steps, step)
		last = out.Failure
		s = out.Next
		states = append(states, s)
	}
	if opt.Property == "" {
		return t, nil
	}
	for _, p := range sys.Props {
		if p.Name == opt.Property && p.Kind == model.PropLiveness {
			t.Kind, t.Property = "violation", p.Name
			return t, r.judgeLiveness(t, p, states, moves, opt.Cycle)
		}
	}
	return t, r.judge(t, s, last, opt)
}

// maxContext is the longest run whose steps say what else was possible and which invariants hold: nobody steps through a longer one by hand.
const maxContext = 2000

// title is what a violation of a property is called: in the words of the catalogue, or of the spec for a property that the catalogue does not know.
func title(q *model.Prop) string {
	if e, ok := properties.Lookup(q.Name); ok && e.Title != "" {
		return e.Title
	}
	if q.Text != "" {
		return "violates " + q.Name + ": " + q.Text
	}
	return "violates " + q.Name
}

// at is the call in which a process stands in a state.
func (r *recorder) at(p *model.Process, s *eval.State) int {
	l := s.Locs[p.ID]
	if l < 0 {
		return -1
	}
	f := p.Locations[l].Frame
	r.use(f)
	return int(f)
}

// use notes that a call, and those around it, are referred to.
func (r *recorder) use(f model.FrameID) {
	for ; f != model.NoFrame; f = r.sys.Frames[f].Parent {
		r.used[f] = true
	}
}

// lives reports whether values of a type point to objects with a lifetime.
func lives(sys *model.System, t *model.Type) bool {
	return t.Kind == model.KindHandle && t.Pool != model.NoPool && sys.Pools[t.Pool].Live != model.NoVar
}

// others lists the moves that were possible beside the one that was made.
func (r *recorder) others(s *eval.State, m Move) []traces.Choice {
	var out []traces.Choice
	for _, c := range r.in.Enabled(s) {
		if c == m {
			continue
		}
		tr := r.sys.Processes[c.Proc].Trans[c.Trans]
		choice := traces.Choice{Process: int(c.Proc), Transition: c.Trans, Way: c.Way, Label: tr.Label, Pos: r.sys.Files.Position(tr.Pos)}
		if tr.Frame != model.NoFrame {
			choice.Func = r.sys.Frames[tr.Frame].Func
		}
		out = append(out, choice)
	}
	return out
}

// untrue lists the checked invariants that do not hold in a state.
func (r *recorder) untrue(s *eval.State) []string {
	var out []string
	for _, q := range r.sys.Props {
		if q.Kind != model.PropInvariant || !q.Checked {
			continue
		}
		if v, f := r.in.Eval(s, q.X); f != nil || v == 0 {
			out = append(out, q.Name)
		}
	}
	return out
}

// judge decides whether the run ends in a violation of the property, and says so in one sentence.
func (r *recorder) judge(t *traces.Trace, s *eval.State, last *eval.Failure, opt Options) error {
	sys, in, property := r.sys, r.in, opt.Property
	t.Kind, t.Property = "violation", property
	if last != nil && sys.Props[last.Prop].Name == property {
		if n := len(t.Steps); n > 0 {
			t.Message = t.Steps[n-1].Message
		} else {
			t.Message = last.Msg
		}
		return nil
	}
	for _, p := range sys.Props {
		if p.Name != property {
			continue
		}
		switch p.Kind {
		case model.PropInvariant:
			v, f := in.Eval(s, p.X)
			if f != nil || v == 0 {
				t.Message = "invariant " + p.Name + " is false: " + sys.ExprString(p.X)
				_, reads := in.Reads(s, p.X)
				t.About = r.reads(reads)
				return nil
			}
		case model.PropDeadlock:
			if in.Deadlocked(s) {
				t.Message, t.Blocked = r.stuck(s), r.blocked(s, len(t.Steps))
				return nil
			}
		case model.PropOrder:
			if m, ok := r.locks.edge(sys, opt.Edge); ok {
				t.Message = r.tookInOrder(m)
				return nil
			}
		case model.PropRace:
			if race, ok := in.Race(s); ok {
				t.Message = r.raced(race)
				t.About = []traces.Access{{Cell: sys.CellName(race.Cell), Value: sys.Value(sys.Vars[race.Cell.Var].Type, s.Vals[race.Cell.Var][race.Cell.Idx])}}
				return nil
			}
		case model.PropLeak:
			if in.Quiescent(s) {
				var names []string
				for _, l := range properties.Leaks(sys, s.Vals) {
					if l.Prop == p.ID {
						names = append(names, sys.Pools[l.Pool].Objects[l.Object])
						live := model.Cell{Var: sys.Pools[l.Pool].Live, Idx: int32(l.Object)}
						t.About = append(t.About, traces.Access{Cell: sys.CellName(live), Value: "true"})
					}
				}
				if len(names) > 0 {
					t.Message = strings.Join(names, ", ") + " is still allocated at the end and nothing points to it"
					return nil
				}
			}
		}
	}
	if last != nil {
		return fmt.Errorf("the run ends in a violation of %s instead", sys.Props[last.Prop].Name)
	}
	return errors.New("the run does not end in a violation")
}

// stuck says which process waits for what.
func (r *recorder) stuck(s *eval.State) string {
	var parts []string
	for _, p := range r.sys.Processes {
		if r.in.AtEnd(s, p.ID) || s.Locs[p.ID] < 0 {
			continue
		}
		l := p.Locations[s.Locs[p.ID]]
		var whats []string
		for _, id := range l.Trans {
			t := p.Trans[id]
			what := t.Label
			if f := t.Frame; f != model.NoFrame && r.sys.Frames[f].Parent != model.NoFrame {
				fr := r.sys.Frames[f]
				what = fr.Func + "() called at " + r.sys.Files.Position(fr.Call) + ": " + what
			}
			whats = append(whats, what)
		}
		if len(whats) == 0 {
			whats = []string{"nothing"}
		}
		parts = append(parts, p.Name+" waits in "+strings.Join(whats, ", or "))
	}
	return "no process can move: " + strings.Join(parts, "; ")
}

// blocked lists which process waits in a state, at which alternatives, and what the conditions of these read.
func (r *recorder) blocked(s *eval.State, after int) []traces.Blocked {
	var out []traces.Blocked
	for _, p := range r.sys.Processes {
		if r.in.AtEnd(s, p.ID) || s.Locs[p.ID] < 0 {
			continue
		}
		if b, ok := r.waiting(s, p, after); ok {
			out = append(out, b)
		}
	}
	return out
}

// waiting says what a process waits for in a state in which none of its alternatives can be taken.
func (r *recorder) waiting(s *eval.State, p *model.Process, after int) (traces.Blocked, bool) {
	b := traces.Blocked{Process: int(p.ID), After: after}
	if r.in.CanMove(s, p.ID) {
		return b, false
	}
	for _, id := range p.Locations[s.Locs[p.ID]].Trans {
		b.Waits = append(b.Waits, r.waits(s, p, p.Trans[id])...)
	}
	return b, len(b.Waits) > 0
}

// maxWaits bounds the alternatives that are told of one transition: an atomic block may choose in thousands of ways.
const maxWaits = 16

// waits lists what a transition waits for, once for each of its ways that is refused for another reason.
func (r *recorder) waits(s *eval.State, p *model.Process, tr *model.Transition) []traces.Wait {
	var out []traces.Wait
	seen := map[string]bool{}
	for o := range r.in.Ways(s, p.ID, tr.ID) {
		if len(o.Refused) == 0 {
			continue
		}
		ev := o.Refused[len(o.Refused)-1] // the assumption that is false
		op := &tr.Code[ev.Op]
		w := traces.Wait{Call: int(op.Frame), Text: op.Text, Pos: r.sys.Files.Position(op.Pos), Reads: r.reads(ev.Accesses), Locals: r.localReads(ev.Accesses)}
		if op.Text == "" {
			w.Text = tr.Label
		}
		if key := fmt.Sprint(w); !seen[key] {
			seen[key] = true
			r.use(op.Frame)
			out = append(out, w)
		}
		if len(out) == maxWaits {
			break
		}
	}
	return out
}

// reads names the shared cells that were read.
func (r *recorder) reads(as []eval.Access) []traces.Access {
	var out []traces.Access
	for _, a := range as {
		r.see(a.Cell)
		if v := r.sys.Vars[a.Cell.Var]; v.Proc == model.NoProc && !a.Write {
			out = append(out, traces.Access{Cell: r.sys.CellName(a.Cell), Value: r.sys.Value(v.Type, a.New)})
		}
	}
	return out
}

// localReads names the locals that were read, as the source names them; those that the elaborator made have no name.
func (r *recorder) localReads(as []eval.Access) []traces.Access {
	var out []traces.Access
	for _, a := range as {
		v := r.sys.Vars[a.Cell.Var]
		if v.Proc == model.NoProc || a.Write {
			continue
		}
		name := strings.TrimPrefix(r.sys.CellName(a.Cell), r.sys.Processes[v.Proc].Name+".")
		if x := (traces.Access{Cell: name, Value: r.sys.Value(v.Type, a.New)}); !strings.HasPrefix(name, "$") && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// recorder describes steps.
type recorder struct {
	sys   *model.System
	in    *eval.Interp
	freed map[model.Cell]string // lifetime cell -> what cleared it, and when
	used  map[model.FrameID]bool
	seen  map[model.Cell]bool // that have a role
	locks locks

	buffers buffers
}

var opKinds = map[model.OpKind]string{
	model.OpAssign: "assign", model.OpBranch: "branch", model.OpAssume: "assume", model.OpAssert: "assert", model.OpCover: "cover",
	model.OpAlloc: "alloc", model.OpFree: "free", model.OpNop: "nop", model.OpFence: "fence",
}

func (r *recorder) step(i int, m Move, before *eval.State, out eval.Outcome) traces.Step {
	sys := r.sys
	p := sys.Processes[m.Proc]
	tr := p.Trans[m.Trans]
	st := traces.Step{
		Process: int(m.Proc), Transition: m.Trans, Way: m.Way, From: int(tr.From), To: int(out.Next.Locs[m.Proc]), At: r.at(p, out.Next), Label: tr.Label, Pos: sys.Files.Position(tr.Pos),
		Stack: r.stack(tr.Frame), Ops: []traces.Operation{},
	}
	st.Ops = append(st.Ops, r.operations(p, i+1, tr.Code, out.Events, before)...)
	if f := out.Failure; f != nil {
		st.Fatal = true
		st.Property = sys.Props[f.Prop].Name
		st.Title = title(sys.Props[f.Prop])
		st.Message = p.Name + ": " + f.Msg
		if f.Fault != model.NoFault {
			st.Title = f.Fault.String()
		}
		if f.Fault == model.FaultNull {
			st.Null = r.null(out.Events)
		}
		if f.Cell != nil {
			st.Message = p.Name + " " + f.Msg
		}
		if f.Pool != model.NoPool {
			name := sys.Pools[f.Pool].Objects[f.Obj]
			st.Touch = &traces.Touch{Object: name, Write: f.Write}
			if f.Cell != nil {
				st.Touch.Cell = sys.CellName(*f.Cell)
			}
			if who := r.freed[model.Cell{Var: sys.Pools[f.Pool].Live, Idx: int32(f.Obj)}]; who != "" {
				st.Message += "; " + name + " was freed by " + who
			}
		}
	}
	return st
}

// null is the cell that a NULL was read from last, by the operation that followed it.
func (r *recorder) null(events []eval.Event) string {
	if len(events) == 0 {
		return ""
	}
	as := events[len(events)-1].Accesses
	for _, a := range slices.Backward(as) {
		if t := r.sys.Vars[a.Cell.Var].Type; !a.Write && a.New == 0 && (t.Kind == model.KindHandle || t.Kind == model.KindRef) {
			return r.sys.CellName(a.Cell)
		}
	}
	return ""
}

// operations describes what code did. The step number is for what is said later of what was freed in it.
func (r *recorder) operations(p *model.Process, step int, code []model.Op, events []eval.Event, before *eval.State) []traces.Operation {
	sys := r.sys
	var out []traces.Operation
	buf := &buffered{r: r, step: step, memory: map[model.Cell]string{}, before: before, store: -1}
	for _, ev := range events {
		op := &code[ev.Op]
		r.locks.see(sys, p, step, op, ev)
		kind, ok := opKinds[op.Kind]
		if !ok {
			continue
		}
		o := traces.Operation{Text: op.Text, Pos: sys.Files.Position(op.Pos), Visible: op.Visible, Call: int(op.Frame), Kind: kind}
		if op.Frame != model.NoFrame {
			o.Func = sys.Frames[op.Frame].Func
			r.use(op.Frame)
		}
		if op.Kind == model.OpBranch {
			o.Result = fmt.Sprint(ev.Branch)
		}
		touched := false
		var wrote []model.Cell
		for _, a := range ev.Accesses {
			if buf.see(p, op, &o, out, a) {
				touched = true
				continue
			}
			v := sys.Vars[a.Cell.Var]
			name := sys.CellName(a.Cell)
			r.see(a.Cell)
			switch {
			case v.Proc != model.NoProc && a.Write:
				o.Locals = append(o.Locals, traces.Assign{Cell: name, Old: sys.Value(v.Type, a.Old), New: sys.Value(v.Type, a.New)})
			case v.Proc != model.NoProc:
			case a.Write:
				o.Writes = append(o.Writes, traces.Assign{Cell: name, Old: sys.Value(v.Type, a.Old), New: sys.Value(v.Type, a.New)})
				buf.memory[a.Cell] = sys.Value(v.Type, a.New)
				wrote = append(wrote, a.Cell)
				if op.Kind == model.OpFree {
					r.freed[a.Cell] = fmt.Sprintf("%s at step %d", p.Name, step)
				}
			default:
				o.Reads = append(o.Reads, traces.Access{Cell: name, Value: sys.Value(v.Type, a.New)})
			}
		}
		if touched {
			buf.landed(p, op, &o, wrote)
		}
		if buf.bookkeeping(p, &o, touched) {
			continue
		}
		out = append(out, o)
	}
	return out
}

// calls lists the frames that were used, with their callers.
func (r *recorder) calls() []traces.Call {
	var out []traces.Call
	for _, f := range r.sys.Frames {
		if !r.used[f.ID] {
			continue
		}
		var refs []string
		for _, k := range f.Kernel {
			refs = append(refs, k.String())
		}
		out = append(out, traces.Call{ID: int(f.ID), Parent: int(f.Parent), Func: f.Func, Kernel: strings.Join(refs, "; "), Role: role(f.Role), Mode: f.Mode, Called: f.Called})
	}
	return out
}

// role is a role in a trace, which says nothing of what has none.
func role(r model.Role) string {
	if r == model.NoRole {
		return ""
	}
	return r.String()
}

// see notes a cell that has a role.
func (r *recorder) see(c model.Cell) {
	if r.sys.Vars[c.Var].Role != model.NoRole {
		r.seen[c] = true
	}
}

// marks lists the cells that were seen, in the order of the variables.
func (r *recorder) marks() []traces.Mark {
	var out []traces.Mark
	for _, v := range r.sys.Vars {
		for i := 0; i < v.Len && v.Role != model.NoRole; i++ {
			c := model.Cell{Var: v.ID, Idx: int32(i)}
			if !r.seen[c] {
				continue
			}
			m := traces.Mark{Cell: r.sys.CellName(c), Role: role(v.Role), CPU: -1, Process: -1, StopsIPI: v.StopsIPI}
			if v.Role == model.RoleLock {
				m.Lock = m.Cell
				if dot := strings.LastIndexByte(m.Cell, '.'); v.Whole && dot > 0 {
					m.Lock = m.Cell[:dot]
				}
			}
			switch {
			case v.Per == model.PerCPU:
				m.CPU = i
			case v.Per == model.PerProcess && i < len(r.sys.Processes):
				m.Process = i
			}
			out = append(out, m)
		}
	}
	return out
}

func (r *recorder) stack(f model.FrameID) []traces.Frame {
	var out []traces.Frame
	for ; f != model.NoFrame; f = r.sys.Frames[f].Parent {
		fr := r.sys.Frames[f]
		t := traces.Frame{Call: int(f), Func: fr.Func}
		var refs []string
		for _, k := range fr.Kernel {
			refs = append(refs, k.String())
		}
		t.Kernel = strings.Join(refs, "; ")
		out = append([]traces.Frame{t}, out...)
	}
	return out
}

// OfModel says why a stored trace is not known to be of a system; nil if it is.
func OfModel(sys *model.System, t *traces.Trace) error {
	switch d := sys.Digest(); {
	case d == t.Digest:
		return nil
	case !model.SameDigestVersion(d, t.Digest):
		return fmt.Errorf("the trace has a digest of version %q, and this program writes version %q, which says more of a model: check the spec again for a trace that can be compared",
			model.DigestVersionOf(t.Digest), model.DigestVersion)
	default:
		return fmt.Errorf("the trace is of another model: its digest is %s, that of %s is %s", t.Digest, sys.Name, d)
	}
}

// Replay executes a stored trace on a system and compares every step. The error names the first difference.
func Replay(sys *model.System, t *traces.Trace) error {
	if b := sys.Memory; b != nil && b.Base != nil && b.Base.Digest() == t.Digest {
		sys = b.Base // data races are judged without store buffers
	}
	if err := OfModel(sys, t); err != nil {
		return err
	}
	var moves []Move
	for _, s := range t.Steps {
		moves = append(moves, Move{Proc: model.ProcID(s.Process), Trans: s.Transition, Way: s.Way})
	}
	again, err := Run(sys, moves, Options{Property: t.Property, Cycle: t.Cycle, NoAssert: slices.Contains(t.Build, "no-assert")})
	if err != nil {
		return err
	}
	for i, s := range again.Steps {
		o := t.Steps[i]
		if s.From != o.From || s.To != o.To || s.Fatal != o.Fatal || s.Property != o.Property {
			return fmt.Errorf("step %d differs: the trace goes from %d to %d, the model from %d to %d", i+1, o.From, o.To, s.From, s.To)
		}
		if len(s.Ops) != len(o.Ops) {
			return fmt.Errorf("step %d differs: %d operations in the trace, %d in the model", i+1, len(o.Ops), len(s.Ops))
		}
		for k := range s.Ops {
			if a, b := fmt.Sprint(s.Ops[k].Reads, s.Ops[k].Writes, s.Ops[k].Stores), fmt.Sprint(o.Ops[k].Reads, o.Ops[k].Writes, o.Ops[k].Stores); a != b {
				return fmt.Errorf("step %d differs in %s: the trace has %s, the model %s", i+1, s.Ops[k].Text, b, a)
			}
		}
	}
	return nil
}
