package second

import (
	"slices"

	"pmdcheck/model/syntax"
)

// What the page says of the memory of x86. Every store goes through its buffer here: stores that go to memory at once are said to change no verdict.

// held is a store in a buffer; c is -1 where it is one for nothing.
type held struct {
	c int
	v int64
}

// room is how many stores a buffer holds.
const room = 4

// x86 is the mark of a declaration, or "".
func x86(attrs []*syntax.Attr) string {
	for _, a := range attrs {
		if a.Name.Name == "x86" && len(a.Args) == 1 && a.Args[0].Ident != nil {
			return a.Args[0].Ident.Name
		}
	}
	return ""
}

// order is that of an operation that comes now.
func (b *low) order() string {
	switch {
	case b.mark == "direct":
		return "direct"
	case b.block == 0:
		return "program"
	case b.mark != "" && b.m.opt.Wrong != NoMark:
		return b.mark
	}
	return "block"
}

// isLife reports whether a cell says whether an object lives.
func (m *machine) isLife(c int) bool {
	return slices.ContainsFunc(m.order, func(s *strct) bool { return s.life != nil && c >= s.life.base && c < s.life.base+len(s.objects) })
}

// accesses calls f for the cells that an operation accesses, other than to observe them.
func (m *machine) accesses(o *op, f func(c int)) {
	each := func(p *place) {
		m.placeTouches(p, func(c int, life bool) {
			if !life && c < m.first && !m.isLife(c) {
				f(c)
			}
		})
	}
	read := func(x *expr) {
		if x.op == "load" && (!x.pl.peek && !o.watch || m.opt.Wrong == ObserversCount) {
			each(x.pl)
		}
	}
	o.x.walk(read)
	if o.dst != nil {
		o.dst.walk(read)
		each(o.dst)
	}
	if o.kind == "alloc" && m.opt.Wrong != AllocIsNone {
		m.fields(o.s, func(l *leaf) {
			for c := range l.n * len(o.s.objects) {
				if !l.keep {
					f(l.base + c)
				}
			}
		})
	}
}

// plain lists the cells that a plain store may touch; none if the operation is no such store.
func (m *machine) plain(o *op) (cells []int) {
	if o.kind != "set" || o.order != "program" && o.order != "store" {
		return nil
	}
	m.placeTouches(o.dst, func(c int, life bool) {
		if !life && c < m.first {
			cells = append(cells, c)
		}
	})
	return cells
}

// weaken finds the weak cells, and gives every process a buffer, which is a process.
func (m *machine) weaken() {
	users := map[int]map[int]bool{}
	for _, p := range m.programs {
		for _, o := range p.ops {
			m.accesses(o, func(c int) {
				if users[c] == nil {
					users[c] = map[int]bool{}
				}
				users[c][p.id] = true
			})
		}
	}
	m.weak = map[int]bool{}
	var sets [][]int
	for _, p := range m.programs {
		for _, o := range p.ops {
			cells := m.plain(o)
			sets = append(sets, cells)
			for _, c := range cells {
				m.weak[c] = m.weak[c] || len(users[c]) > 1 || len(users[c]) == 1 && !users[c][p.id] || m.opt.Wrong == OneUser
			}
		}
	}
	for changed := m.opt.Wrong != NoClosure; changed; {
		changed = false
		for _, set := range sets {
			if !slices.ContainsFunc(set, func(c int) bool { return m.weak[c] }) {
				continue
			}
			for _, c := range set {
				changed = changed || !m.weak[c]
				m.weak[c] = true
			}
		}
	}
	for _, p := range m.programs {
		p.stored = map[int]bool{}
		for _, o := range p.ops {
			for _, c := range m.plain(o) {
				if m.weak[c] {
					p.stored[c] = true
				}
			}
		}
	}
	for _, p := range m.programs[:len(m.programs):len(m.programs)] {
		at := &op{kind: "end", end: m.opt.Wrong != NoEnd, loc: true}
		m.programs = append(m.programs, &proc{id: len(m.programs), name: p.name + ".buffer", fair: m.opt.Wrong != Unfair, cpu: p.cpu, ops: []*op{at}, entry: at, buffer: p})
	}
}

// code lists the operations of the step that begins with an operation, whichever way it goes.
func (m *machine) code(o *op) (all []*op) {
	type at struct {
		o     *op
		block int
	}
	seen := map[at]bool{}
	var visit func(o *op, block int, first bool)
	visit = func(o *op, block int, first bool) {
		if first {
			block = o.block
		} else if o.loc && block == 0 || seen[at{o, block}] {
			return
		}
		seen[at{o, block}] = true
		all = append(all, o)
		for _, to := range o.successors() {
			inside := 0
			if o.block == block && to.block == block {
				inside = block
			}
			visit(to, inside, false)
		}
	}
	visit(o, 0, true)
	return all
}

// waits reports whether a step waits for an empty buffer, and whether a fence is in it.
func (m *machine) waits(p *proc, first *op) (waits, fenced bool) {
	touched, writes := false, false
	for _, o := range m.code(first) {
		fenced = fenced || o.kind == "fence"
		switch o.order {
		case "locked":
			waits = waits || m.opt.Wrong != NoLocked
		case "block":
			m.accesses(o, func(c int) { touched = touched || m.weak[c] })
			m.touches(o, func(c int, write bool) { writes = writes || write && c < m.first && m.known.others(c, p.id) })
		case "direct":
			if o.kind == "set" {
				m.placeTouches(o.dst, func(c int, life bool) { waits = waits || !life && p.stored[c] && m.opt.Wrong != NoDirect })
			}
		}
	}
	switch m.opt.Wrong {
	case NoBlock:
		touched = false
	case ReadingBlocks:
		writes = true
	}
	return waits || touched && writes || first.kind == "fence" && first.block == 0 && m.opt.Wrong != NoFence, fenced
}

// drain is the step of a buffer.
func (m *machine) drain(w *world, p *proc) []outcome {
	q := w.buf[p.buffer.id]
	if len(q) == 0 {
		return nil
	}
	n := w.clone()
	if m.opt.Wrong == Unordered {
		q := slices.Clone(q)
		slices.Reverse(q)
		n.buf[p.buffer.id] = q
		n.pop(p.buffer.id)
		slices.Reverse(n.buf[p.buffer.id])
	} else {
		n.pop(p.buffer.id)
	}
	return []outcome{{next: n}}
}

// pop brings the oldest store to memory.
func (w *world) pop(p int) {
	if h := w.buf[p][0]; h.c >= 0 {
		w.v[h.c] = h.v
	}
	w.buf[p] = slices.Clone(w.buf[p][1:])
}

// push stores through the buffer; false if the store goes to memory.
func (r *runner) push(c int, v int64) bool {
	m, o := r.m, r.op
	if !m.opt.TSO || r.p == nil || r.drained && m.opt.Wrong != WaitAndBuffer || o.kind != "set" || o.order != "program" && o.order != "store" || c >= m.first || !m.weak[c] {
		return false
	}
	q := r.w.buf[r.p.id]
	if len(q) == 0 && r.fenced && m.opt.Wrong != FenceAndBuffer {
		return false
	}
	if len(q) == room {
		m.full = m.opt.Wrong != NoRoom
		r.w.pop(r.p.id)
	}
	r.w.buf[r.p.id] = append(slices.Clone(r.w.buf[r.p.id]), held{c, v})
	return true
}

// sees is the value of a cell as a process sees it.
func (r *runner) sees(c int) int64 {
	if r.p != nil && r.w.buf != nil && r.p.buffer == nil {
		q := r.w.buf[r.p.id]
		switch wrong := r.m.opt.Wrong; {
		case wrong == NoForwarding, wrong == MemoryOfChecks && r.op.watch:
			q = nil
		case wrong == OldestForwarded:
			q = slices.Clone(q)
			slices.Reverse(q)
		}
		for _, h := range slices.Backward(q) {
			if h.c == c {
				return h.v
			}
		}
	}
	return r.w.v[c]
}

// forget voids the stores of the process to the fields of an object, which reach memory before if they land.
func (r *runner) forget(s *strct, object int, land bool) {
	if r.w.buf == nil {
		return
	}
	wrong := r.m.opt.Wrong
	if wrong == FreeKeeps && land || wrong == AllocKeeps && !land {
		return
	}
	q := slices.Clone(r.w.buf[r.p.id])
	for i, h := range q {
		if h.c < 0 || !land && r.m.owner[h.c].keep || r.m.owner[h.c].s != s || (h.c-r.m.owner[h.c].base)/r.m.owner[h.c].n != object {
			continue
		}
		if land && wrong != FreeDrops {
			r.w.v[h.c] = h.v
		}
		q[i] = held{-1, 0}
	}
	if wrong == NoVoid {
		q = slices.DeleteFunc(q, func(h held) bool { return h.c < 0 })
	}
	r.w.buf[r.p.id] = q
}

// fence reports whether a fence has to wait.
func (r *runner) fence(o *op) bool {
	if o.kind == "fence" {
		return r.m.opt.Wrong != NoFence && len(r.w.buf[r.p.id]) > 0
	}
	cpu := r.eval(o.x)
	if r.m.opt.Wrong == NoOtherCPU {
		return false
	}
	for _, p := range r.m.programs {
		if p.buffer == nil && p.cpu >= 0 && int64(p.cpu) == cpu && len(r.w.buf[p.id]) > 0 {
			return true
		}
	}
	return false
}
