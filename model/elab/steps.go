package elab

import (
	"slices"

	"pmdcheck/internal/bitset"
	"pmdcheck/model"
	"pmdcheck/model/source"
)

// Steps are formed from the control-flow graph of a process. A node is a location, a place where others can run, when it is
//
//   - the first node of something other processes can see: a shared access, an await, a choose, an atomic block;
//   - the end of the process;
//   - a node on a cycle of local operations (one per cycle), so that every step ends;
//   - a local operation that can fail, where a liveness property is checked and the process is not fair: it may stop for ever before it fails;
//   - with NoMerge, any operation outside an atomic block except those the source does not show.
//
// A step begins at a location, does that node (or whole atomic block), and then runs on through nodes that are not locations. Local operations thus
// belong to the step before them; those at the start of a process run once, before the first step. They read and write nothing that
// another process can see, so moving them next to the preceding step changes no other process's behaviour (Lipton 1975).

// maxNested bounds how deep choices may be nested that begin with choices.
const maxNested = 32

// maxForks bounds the transitions that the choices at the beginning of one atomic block make. Those behind are made while the block runs.
const maxForks = 256

type stepper struct {
	b     *builder
	nodes []*cfgNode
	locs  []*cfgNode
	locOf map[*cfgNode]model.LocID

	scratch []model.Op // what code is written into first
}

func (b *builder) steps(entry *cfgNode) {
	s := &stepper{b: b, locOf: map[*cfgNode]model.LocID{}}
	entry = resolve(entry, 0)
	s.collect(entry)
	s.classify()
	s.liveLocals()
	p := b.proc
	// Locations are numbered in the order their steps are found, so that numbers follow the program.
	code := &coder{s: s}
	code.run(entry, false)
	p.Start = s.written(code)
	for i := 0; i < len(s.locs); i++ {
		s.location(s.locs[i])
	}
}

// resolve skips joins on an edge that leaves atomic block atom (0: none). A cycle of nothing but joins, such as while (true);, becomes an
// operation that does nothing, for ever. An edge that leaves an atomic block and enters it anew gets a node in between, so that the two runs are two steps.
func resolve(n *cfgNode, atom int) *cfgNode {
	end, label, left := false, "", false
	var few [8]*cfgNode
	seen := few[:0]
	for n != nil && n.kind == nodeJoin {
		left = left || n.atom != atom
		end = end || n.end
		if label == "" {
			label = n.label
		}
		if slices.Contains(seen, n) {
			n.kind = nodeOp
			n.op = model.Op{Kind: model.OpNop, Text: "skip", Frame: n.op.Frame, Pos: n.op.Pos}
			n.forced = true
			break
		}
		seen = append(seen, n)
		n = n.next
	}
	if n != nil {
		n.end = n.end || end
		if n.label == "" {
			n.label = label
		}
		if left && atom != 0 && n.atom == atom {
			return &cfgNode{kind: nodeOp, quiet: true, op: model.Op{Kind: model.OpNop, Frame: n.op.Frame, Pos: n.op.Pos}, next: n}
		}
	}
	return n
}

// collect resolves all edges and lists the nodes reachable from entry in program order.
func (s *stepper) collect(n *cfgNode) {
	stack := []*cfgNode{n}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == nil || n.seen {
			continue
		}
		n.seen = true
		n.id = len(s.nodes)
		n.loc = -1
		s.nodes = append(s.nodes, n)
		if n.kind == nodeChoose {
			for i := range n.alts {
				n.alts[i] = resolve(n.alts[i], n.atom)
			}
			for i := len(n.alts) - 1; i >= 0; i-- {
				stack = append(stack, n.alts[i])
			}
			continue
		}
		if n.kind == nodeBranch {
			n.els = resolve(n.els, n.atom)
			stack = append(stack, n.els)
		}
		if n.next != nil {
			n.next = resolve(n.next, n.atom)
			stack = append(stack, n.next)
		}
	}
}

// classify decides which nodes others can see, and cuts cycles of local nodes.
func (s *stepper) classify() {
	for _, n := range s.nodes {
		n.op.Visible = s.opVisible(n)
		switch {
		case n.kind == nodeEnd, n.kind == nodeChoose:
			n.visible = true
		case n.forced:
			n.visible = true
		case s.b.e.opt.NoMerge:
			n.visible = !n.quiet || n.atom != 0 || n.op.Visible
		default:
			n.visible = n.atom != 0 || n.op.Visible
		}
	}
	// A label in front of something the source does not show belongs to what follows.
	for _, n := range s.nodes {
		if n.end && n.quiet && !n.visible && n.next != nil {
			n.next.end = true
			if n.kind == nodeBranch && n.els != nil {
				n.els.end = true
			}
		}
	}
	// An atomic block that touches nothing shared is local like any other code, unless it may go on for ever, which is a fault and not a run.
	if !s.b.e.opt.NoMerge {
		shared := map[int]bool{}
		for _, n := range s.nodes {
			if n.atom != 0 && (n.op.Visible || n.kind == nodeChoose || n.forced) {
				shared[n.atom] = true
			}
		}
		s.backEdges(func(n *cfgNode) bool { return n.atom == 0 }, func(a, m *cfgNode) bool { return a.atom == m.atom }, func(m *cfgNode) { shared[m.atom] = true })
		for _, n := range s.nodes {
			if n.atom != 0 && !shared[n.atom] {
				n.visible = false
				n.atom = 0
			}
		}
	}
	if s.b.e.stops(s.b.proc) {
		for _, n := range s.nodes {
			if n.kind != nodeEnd && n.atom == 0 && !n.quiet && !s.b.e.harmless(&n.op) {
				n.visible = true
			}
		}
	}
	s.backEdges(func(n *cfgNode) bool { return n.visible }, func(_, m *cfgNode) bool { return !m.visible && m.atom == 0 }, func(m *cfgNode) { m.forced = true })
	for _, n := range s.nodes {
		n.visible = n.visible || n.forced
	}
}

// backEdges searches depth first, from nodes that skip leaves in along edges that follow, and calls found for the target of each edge that leads back.
func (s *stepper) backEdges(skip func(*cfgNode) bool, follow func(from, to *cfgNode) bool, found func(*cfgNode)) {
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, len(s.nodes))
	type frame struct {
		n    *cfgNode
		next int
	}
	for _, root := range s.nodes {
		if state[root.id] != unseen || skip(root) {
			continue
		}
		stack := []frame{{root, 0}}
		state[root.id] = open
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			succ := f.n.successors(nil)
			if f.next == len(succ) {
				state[f.n.id] = done
				stack = stack[:len(stack)-1]
				continue
			}
			m := succ[f.next]
			f.next++
			if m == nil || !follow(f.n, m) {
				continue
			}
			switch state[m.id] {
			case unseen:
				state[m.id] = open
				stack = append(stack, frame{m, 0})
			case open:
				found(m)
			}
		}
	}
}

// successors are the nodes that may come next, appended to few but for those of a choice.
func (n *cfgNode) successors(few []*cfgNode) []*cfgNode {
	switch n.kind {
	case nodeChoose:
		return n.alts
	case nodeBranch:
		return append(few, n.next, n.els)
	case nodeEnd:
		return nil
	}
	return append(few, n.next)
}

// opVisible reports whether an operation touches something another process can see, or can block.
func (s *stepper) opVisible(n *cfgNode) bool {
	if n.op.Kind == model.OpAssume && n.kind == nodeOp {
		return true
	}
	if n.kind == nodeChoose || n.kind == nodeEnd {
		return false
	}
	e := s.b.e
	vis := e.waits(&n.op)
	e.sys.Touches(&n.op, func(t model.Touch) {
		if e.sys.Vars[t.Var].Proc == model.NoProc && !s.b.private(t) {
			vis = true
		}
	})
	return vis
}

// liveLocals computes the locals each node's future can read.
func (s *stepper) liveLocals() {
	locals := map[model.VarID]int{}
	for i, v := range s.b.proc.Locals {
		locals[v] = i
	}
	n := len(locals)
	use, def, live := bitset.Several(len(s.nodes), n), bitset.Several(len(s.nodes), n), bitset.Several(len(s.nodes), n)
	for i, m := range s.nodes {
		m.live = live[i]
		if m.kind == nodeChoose || m.kind == nodeEnd {
			continue
		}
		read := func(x *model.Expr) {
			if x.Op == model.Load && x.Place.Var >= 0 {
				if j, ok := locals[x.Place.Var]; ok {
					use[i].Add(j)
				}
			}
		}
		m.op.X.Walk(read)
		if d := m.op.Dst; d != nil {
			d.Walk(read)
			if j, ok := locals[d.Var]; ok && d.Ref == nil && s.b.e.sys.Vars[d.Var].Len == 1 {
				def[i].Add(j)
			}
		}
	}
	out := bitset.New(n)
	for changed := true; changed; {
		changed = false
		for i := len(s.nodes) - 1; i >= 0; i-- {
			m := s.nodes[i]
			clear(out)
			var few [2]*cfgNode
			for _, t := range m.successors(few[:0]) {
				if t != nil {
					out.Or(t.live)
				}
			}
			out.AndNot(def[i])
			out.Or(use[i])
			if !out.Equal(m.live) {
				copy(m.live, out)
				changed = true
			}
		}
	}
}

// loc gives a node its location number.
func (s *stepper) loc(n *cfgNode) model.LocID {
	if id, ok := s.locOf[n]; ok {
		return id
	}
	id := model.LocID(len(s.locs))
	s.locOf[n] = id
	s.locs = append(s.locs, n)
	p := s.b.proc
	l := &model.Location{ID: id, Label: n.label, End: n.end, Pos: n.op.Pos, Frame: n.op.Frame}
	for i, v := range p.Locals {
		if s.b.e.opt.NoReset || n.live.Has(i) {
			l.Live = append(l.Live, v)
		}
	}
	p.Locations = append(p.Locations, l)
	return id
}

// location makes the transitions that begin at a location.
func (s *stepper) location(n *cfgNode) {
	if n.kind == nodeEnd {
		return
	}
	s.from(s.loc(n), n, 0)
}

// from adds the transitions whose first node is n: for a choose, those of every alternative.
func (s *stepper) from(loc model.LocID, n *cfgNode, depth int) {
	if n.kind == nodeChoose && n.atom == 0 {
		if depth > maxNested {
			s.b.e.errorf("bad-choose", source.At(n.op.Pos), "choices that begin with choices are nested more than %d deep", maxNested)
			return
		}
		for _, a := range n.alts {
			if a.kind == nodeEnd {
				// An alternative that is already over: a step to the end.
				s.add(loc, n, []model.Op{{Kind: model.OpNop, Text: "skip", Pos: n.op.Pos, Frame: n.op.Frame}, {Kind: model.OpGoto, Loc: s.loc(a), Frame: n.op.Frame, Pos: n.op.Pos}})
				continue
			}
			s.from(loc, a, depth+1)
		}
		return
	}
	if n.kind == nodeEnd {
		return
	}
	s.fork(loc, n, nil, 1)
}

// fork adds the transitions of an atomic block, or of any other node. Choices that every run of the block makes first are made up front: one transition for each way through them. The
// others are made while it runs. Both mean the same; what is made up front, static analysis sees.
func (s *stepper) fork(loc model.LocID, n *cfgNode, chosen []int, ways int) {
	c := &coder{s: s, ops: s.scratch[:0], chosen: chosen, plain: !s.b.e.opt.NoFork, room: maxForks / ways}
	c.run(n, true)
	if c.open == nil {
		s.add(loc, n, s.written(c))
		return
	}
	s.scratch = c.ops
	for k := range c.open.alts {
		s.fork(loc, n, append(chosen[:len(chosen):len(chosen)], k), ways*len(c.open.alts))
	}
}

// written takes the code from a coder, and what it was written into for the next.
func (s *stepper) written(c *coder) []model.Op {
	s.scratch = c.ops
	return append([]model.Op(nil), c.ops...)
}

func (s *stepper) add(from model.LocID, n *cfgNode, code []model.Op) {
	p := s.b.proc
	if x := s.b.stepWhen; x != nil {
		for i := range code {
			if op := &code[i]; op.Kind == model.OpBranch || op.Kind == model.OpJump {
				op.Then, op.Else = op.Then+1, op.Else+1
			}
		}
		code = slices.Insert(code, 0, model.Op{Kind: model.OpAssume, X: x, Access: model.AccessAtomic, Observes: true, Text: "it may take a step", Pos: n.op.Pos, Frame: n.op.Frame})
	}
	t := &model.Transition{ID: len(p.Trans), Proc: p.ID, From: from, Code: code, Label: n.op.Text, Pos: n.op.Pos, Frame: n.op.Frame}
	if n.quiet {
		// What the source does not do itself, such as a mark, does not name the step.
		if i := slices.IndexFunc(code, func(o model.Op) bool { return o.Visible }); i >= 0 {
			t.Label, t.Pos, t.Frame = code[i].Text, code[i].Pos, code[i].Frame
		}
	}
	p.Trans = append(p.Trans, t)
	p.Locations[from].Trans = append(p.Locations[from].Trans, t.ID)
}

// coder writes the code of one step.
type coder struct {
	s      *stepper
	ops    []model.Op
	chosen []int    // decisions of the choices that come first, in order
	plain  bool     // what was written so far is executed whatever the state is, once, and cannot fail
	room   int      // alternatives that one more decision may have
	open   *cfgNode // the first choice that is to be decided up front and is not
}

type patch struct {
	op    int
	which int // 0: Then, 1: Else
	to    target
}

// target is a node together with the atomic block the step is in when it gets there: outside, locations end the step.
type target struct {
	n     *cfgNode
	atom  int
	first bool // executed even though it is a location
}

// run emits code from n on. With first set, n itself is executed even if it is a location.
func (c *coder) run(n *cfgNode, first bool) {
	atom := 0
	if first {
		atom = n.atom
	}
	seen := map[target]int{}
	work := []patch{{op: -1, to: target{n, atom, first}}}
	for len(work) > 0 {
		w := work[0]
		work = work[1:]
		at, ok := seen[w.to]
		if !ok {
			at = len(c.ops)
			more := c.straight(w.to, seen)
			work = append(more, work...)
			if c.open != nil {
				return
			}
		}
		if w.op >= 0 {
			if w.which == 0 {
				c.ops[w.op].Then = at
			} else {
				c.ops[w.op].Else = at
			}
		}
	}
}

// straight emits nodes in sequence until a location, a branch, or code already emitted; it returns the jumps still to be placed.
func (c *coder) straight(t target, seen map[target]int) []patch {
	for {
		n := t.n
		stop := n.visible && t.atom == 0 && !t.first
		if at, ok := seen[t]; ok {
			c.ops = append(c.ops, model.Op{Kind: model.OpJump, Then: at, Frame: n.op.Frame, Pos: n.op.Pos})
			return nil
		}
		// Behind a node outside atomic blocks, and on leaving a block, every location ends the step.
		after := func(m *cfgNode) target {
			if m.atom != 0 && m.atom == n.atom && t.atom == n.atom {
				return target{n: m, atom: n.atom}
			}
			return target{n: m}
		}
		if n.kind == nodeChoose && !stop && c.plain {
			if len(c.chosen) > 0 {
				k := c.chosen[0]
				c.chosen = c.chosen[1:]
				clear(seen) // what comes back, to here or to what comes before, decides anew
				t = after(n.alts[k])
				continue
			}
			if len(n.alts) <= c.room {
				c.open = n
				return nil
			}
		}
		seen[t] = len(c.ops)
		if stop {
			c.ops = append(c.ops, model.Op{Kind: model.OpGoto, Loc: c.s.loc(n), Frame: n.op.Frame, Pos: n.op.Pos})
			return nil
		}
		switch n.kind {
		case nodeChoose:
			c.plain = false
			last := len(n.alts) - 1
			if last == 0 {
				t = after(n.alts[0])
				continue
			}
			var jumps []patch
			for k := range last {
				op := n.op
				op.Kind, op.X = model.OpBranch, &model.Expr{Op: model.Any, Type: model.BoolType, Pos: op.Pos}
				op.Else = len(c.ops) + 1
				jumps = append(jumps, patch{len(c.ops), 0, after(n.alts[k])})
				c.ops = append(c.ops, op)
			}
			return append(jumps, patch{len(c.ops) - 1, 1, after(n.alts[last])})
		case nodeBranch:
			c.plain = false
			c.ops = append(c.ops, n.op)
			i := len(c.ops) - 1
			return []patch{{i, 0, after(n.next)}, {i, 1, after(n.els)}}
		default:
			c.plain = c.plain && c.s.b.e.harmless(&n.op)
			c.ops = append(c.ops, n.op)
			t = after(n.next)
		}
	}
}
