package promela

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
)

// A stmt is a statement: text, or a selection if it has arms, either of them behind a label.
type stmt struct {
	label string
	text  string
	arms  []arm
}

type arm struct {
	cond string
	body []stmt
}

// process writes one process: a loop whose alternatives are its transitions.
func (x *exporter) process(p *model.Process) {
	var b strings.Builder
	fmt.Fprintf(&b, "active proctype %s()\n{\nend:\tdo\n", x.procs[p.ID])
	n := 0
	for _, l := range p.Locations {
		if len(l.Trans) == 0 {
			fmt.Fprintf(&b, "\t/* %d: the end */\n", l.ID)
		}
		for _, id := range l.Trans {
			if x.transition(&b, p, p.Trans[id]) {
				n++
			}
		}
	}
	if n == 0 {
		b.WriteString("\t:: false\n")
	}
	b.WriteString("\tod\n}\n")
	x.bodies = append(x.bodies, b.String())
}

// transition writes one alternative, and reports whether it did: a step that is never enabled is only mentioned.
func (x *exporter) transition(b *strings.Builder, p *model.Process, t *model.Transition) bool {
	refuse := func(code, msg, hint string) {
		x.diags.Add(source.Diagnostic{Code: code, Span: source.At(t.Pos), Msg: msg, Hint: hint})
	}
	if cyclic(t.Code) {
		refuse("promela-loop", "a loop inside one step cannot be translated: SPIN sets no bound on the operations of a step", "give the loop constant bounds, or take it out of the atomic block")
		return false
	}
	if slices.ContainsFunc(t.Code, func(op model.Op) bool { return op.Kind == model.OpBranch && op.X.Op == model.Any }) {
		refuse("promela-choice", "a choice that an atomic block makes on its way cannot be translated: SPIN decides once where we try every way and keep those that come to their end", "let the block begin with the choice, or take it out of the block")
		return false
	}
	enabled := x.enabled(t.Code)
	if enabled == nil {
		refuse("promela-guard", "the condition for this step cannot be translated: too much happens in it before its last await", "await first, then act")
		return false
	}
	fmt.Fprintf(b, "\t/* %s  %s */\n", comment(x.sys.Files.Position(t.Pos)), comment(t.Label))
	if enabled.is(0) {
		b.WriteString("\t/* never enabled */\n")
		return false
	}
	s := &stepWriter{x: x, p: p, t: t, preds: make([]int, len(t.Code)), ends: map[model.LocID][]int{}, dirty: map[model.VarID]bool{}}
	for _, v := range p.Locations[t.From].Live {
		s.dirty[v] = true
	}
	for i := range t.Code {
		if d := t.Code[i].Dst; d != nil && d.Ref == nil && x.sys.Vars[d.Var].Proc == p.ID {
			s.dirty[d.Var] = true
		}
	}
	s.count(0)
	cond := inPromela.bare(and(eq(cell(x.pcs[p.ID], nil), int(t.From)), enabled))
	body := s.body()
	if n := statements(body); n > maxStep {
		refuse("promela-long", fmt.Sprintf("this step cannot be translated: it takes %d statements, and SPIN does not take so many in one step", n), "export with --no-merge, where every statement is a step of its own")
		return false
	}
	if flat(body) {
		var texts []string
		for _, st := range body {
			texts = append(texts, st.text)
		}
		fmt.Fprintf(b, "\t:: d_step { %s -> %s }\n", cond, strings.Join(texts, "; "))
		return true
	}
	fmt.Fprintf(b, "\t:: d_step { %s ->\n", cond)
	writeStmts(b, body, 2)
	b.WriteString("\n\t}\n")
	return true
}

// maxStep is below the number of statements at which SPIN (6.5.2) gives up on a d_step, 2048 as it counts.
const maxStep = 1900

// statements counts the statements of a step as SPIN does: guards and the ends of selections among them.
func statements(body []stmt) (n int) {
	for _, s := range body {
		n++
		for _, a := range s.arms {
			n += 1 + statements(a.body)
		}
	}
	return n
}

func flat(body []stmt) bool {
	return !slices.ContainsFunc(body, func(s stmt) bool { return len(s.arms) > 0 || s.label != "" })
}

func writeStmts(b *strings.Builder, body []stmt, tabs int) {
	in := strings.Repeat("\t", tabs)
	for i, s := range body {
		if i > 0 {
			b.WriteString(";\n")
		}
		if s.label != "" {
			b.WriteString(s.label + ":")
		}
		if len(s.arms) == 0 {
			b.WriteString(in + s.text)
			continue
		}
		b.WriteString(in + "if\n")
		for _, a := range s.arms {
			b.WriteString(in + ":: " + a.cond)
			if len(a.body) > 0 {
				b.WriteString(" ->\n")
				writeStmts(b, a.body, tabs+1)
			}
			b.WriteByte('\n')
		}
		b.WriteString(in + "fi")
	}
}

// cyclic reports whether code can come back to an operation.
func cyclic(code []model.Op) bool {
	const fresh, open, done = 0, 1, 2
	mark := make([]byte, len(code))
	var visit func(i int) bool
	visit = func(i int) bool {
		if mark[i] != fresh {
			return mark[i] == open
		}
		mark[i] = open
		for _, n := range successors(code, i) {
			if visit(n) {
				return true
			}
		}
		mark[i] = done
		return false
	}
	return visit(0)
}

// stepWriter writes the code of one transition as nested selections. An operation that several others lead to becomes a labelled block behind them, and so does
// what happens to a process that fails.
type stepWriter struct {
	x     *exporter
	p     *model.Process
	t     *model.Transition
	preds []int
	ends  map[model.LocID][]int // the operations that end the step at a location
	dirty map[model.VarID]bool  // locals that can differ from their initial values
	queue []int                 // blocks that have been jumped to
	fails bool                  // the step can fail
}

func (s *stepWriter) count(i int) {
	if s.preds[i]++; s.preds[i] > 1 {
		return
	}
	for _, n := range successors(s.t.Code, i) {
		s.count(n)
	}
	if op := &s.t.Code[i]; op.Kind == model.OpGoto {
		s.ends[op.Loc] = append(s.ends[op.Loc], i)
	}
	if s.t.Code[i].Kind == model.OpAlloc {
		s.preds[i+1]++ // it has an arm for each object
	}
}

func (s *stepWriter) label(i int) string { return fmt.Sprintf("t%d_%d", s.t.ID, i) }

func (s *stepWriter) body() []stmt {
	body := s.from(0)
	add := func(label string, block []stmt) {
		block[0].label = label
		body = append(body, stmt{text: fmt.Sprintf("goto t%d_end", s.t.ID)})
		body = append(body, block...)
	}
	for n := 0; n < len(s.queue); n++ {
		add(s.label(s.queue[n]), s.from(s.queue[n]))
	}
	if s.fails {
		add(fmt.Sprintf("t%d_park", s.t.ID), s.move(int32(len(s.p.Locations)), nil))
	}
	if len(s.queue) > 0 || s.fails {
		body = append(body, stmt{label: fmt.Sprintf("t%d_end", s.t.ID), text: "skip"})
	}
	return body
}

// next continues at an operation: in place, or by a jump where others lead to it too.
func (s *stepWriter) next(i int) []stmt {
	if op := &s.t.Code[i]; op.Kind == model.OpGoto {
		move := s.from(i)
		same := s.ends[op.Loc]
		if len(move) < 3 || len(same) == 1 && s.preds[i] == 1 {
			return move
		}
		i = same[0]
	} else if s.preds[i] == 1 {
		return s.from(i)
	}
	if !slices.Contains(s.queue, i) {
		s.queue = append(s.queue, i)
	}
	return []stmt{{text: "goto " + s.label(i)}}
}

// from writes the operations from i to the end of the step. It never returns nothing.
func (s *stepWriter) from(i int) []stmt {
	x := s.x
	op := &s.t.Code[i]
	l := &lowering{x: x, path: one}
	switch op.Kind {
	case model.OpGoto:
		return s.move(int32(op.Loc), x.sys.Processes[s.p.ID].Locations[op.Loc].Live)
	case model.OpJump:
		return s.next(op.Then)
	case model.OpBranch:
		c := l.expr(op.X)
		if c.isConst() {
			to := op.Else
			if c.val != 0 {
				to = op.Then
			}
			return s.guarded(l.fails, s.next(to))
		}
		then, other := s.next(op.Then), s.next(op.Else)
		if len(then) == 1 && len(other) == 1 && then[0].text != "" && then[0].text == other[0].text {
			return s.guarded(l.fails, then)
		}
		return s.guarded(l.fails, []stmt{{arms: []arm{{inPromela.bare(c), then}, {"else", other}}}})
	case model.OpAssume:
		return s.next(i + 1) // part of the guard
	case model.OpAssign:
		v := l.expr(op.X)
		store := s.store(l, op.Dst, v)
		return s.guarded(l.fails, append(store, s.next(i+1)...))
	case model.OpAssert:
		l.assert(op)
		return s.guarded(l.fails, s.next(i+1))
	case model.OpAlloc:
		return s.alloc(op, 0, i+1)
	case model.OpFree:
		t := l.free(op)
		set := s.assign(t.v, t.idx, zero)
		return s.guarded(l.fails, append(set, s.next(i+1)...))
	case model.OpNop, model.OpFence: // SPIN's memory is sequentially consistent as well
	case model.OpCover:
		return append([]stmt{{text: fmt.Sprintf("REACHED(%d)", op.Cover)}}, s.next(i+1)...)
	}
	return s.next(i + 1)
}

// guarded puts statements behind tests for what may go wrong before them. Failures of one property in a row are one test, and none is tested twice.
func (s *stepWriter) guarded(fails []failure, rest []stmt) []stmt {
	var out []stmt
	tested := map[string]bool{}
	for i := 0; i < len(fails); {
		prop := fails[i].prop
		var when *term
		for ; i < len(fails) && fails[i].prop == prop; i++ {
			switch text := inPromela.text(fails[i].when); {
			case tested[text]:
			case when == nil:
				when = fails[i].when
				tested[text] = true
			default:
				when = or(when, fails[i].when)
				tested[text] = true
			}
		}
		if when == nil {
			continue
		}
		s.fails = true
		fail := []stmt{{text: fmt.Sprintf("VIOLATED(%d)", prop)}, {text: fmt.Sprintf("goto t%d_park", s.t.ID)}}
		if when.isConst() && when.val != 0 {
			return append(out, fail...)
		}
		out = append(out, stmt{arms: []arm{{inPromela.bare(when), fail}, {"else", nil}}})
	}
	return append(out, rest...)
}

// move ends the step: a new location, and initial values for locals that are not live there.
func (s *stepWriter) move(pc int32, live []model.VarID) []stmt {
	out := []stmt{{text: fmt.Sprintf("%s = %d", s.x.pcs[s.p.ID].name, pc)}}
	for _, id := range s.p.Locals {
		if !s.dirty[id] || slices.Contains(live, id) {
			continue
		}
		v := s.x.sys.Vars[id]
		for k := range v.Len {
			if s.x.written[id][k] {
				out = append(out, s.assign(id, num(int64(k)), num(int64(v.Init[k])))...)
			}
		}
	}
	return out
}

// assign stores into a cell.
func (s *stepWriter) assign(id model.VarID, idx, val *term) []stmt {
	v := s.x.vars[id]
	v.used = true
	if v.cells == 1 {
		idx = nil
	}
	return []stmt{{text: inPromela.text(cell(v, idx)) + " = " + inPromela.bare(binary(model.Sub, val, num(int64(v.bias))))}}
}

// store stores into a place and adds to l what can go wrong.
func (s *stepWriter) store(l *lowering, p *model.Place, val *term) []stmt {
	t := l.target(p, true)
	l.overflow(p, val)
	if t.ref == nil {
		return s.assign(t.v, t.idx, val)
	}
	var arms []arm
	for i, c := range t.cells {
		set := s.assign(c.Var, num(int64(c.Idx)), val)
		if t.ref.is(int32(i + 1)) {
			return set
		}
		arms = append(arms, arm{inPromela.bare(eq(t.ref, i+1)), set})
	}
	if len(arms) == 0 {
		return []stmt{{text: "skip"}} // nothing to point to: the reference is NULL, a fault
	}
	return []stmt{{arms: arms}}
}

// alloc tries the objects from o on, in order, and goes on behind the first that is dead.
func (s *stepWriter) alloc(op *model.Op, o, next int) []stmt {
	x := s.x
	p := x.sys.Pools[op.Pool]
	l := &lowering{x: x, path: one}
	if o == len(p.Objects) {
		store := s.store(l, op.Dst, zero)
		return s.guarded(l.fails, append(store, s.next(next)...))
	}
	at := num(int64(o))
	dead := not(l.cell(p.Live, at))
	if dead.is(0) {
		return s.alloc(op, o+1, next)
	}
	take := s.assign(p.Live, at, one)
	for _, f := range p.Fields {
		v := x.sys.Vars[f]
		for k := o * v.Stride; k < (o+1)*v.Stride; k++ {
			if x.written[f][k] {
				if is, ok := v.Fresh(k); ok {
					take = append(take, s.assign(f, num(int64(k)), num(int64(is)))...)
				}
			}
		}
	}
	store := s.store(l, op.Dst, num(int64(o+1)))
	take = append(take, s.guarded(l.fails, append(store, s.next(next)...))...)
	return []stmt{{arms: []arm{{inPromela.bare(dead), take}, {"else", s.alloc(op, o+1, next)}}}}
}
