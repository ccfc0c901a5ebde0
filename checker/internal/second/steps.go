package second

import "maps"

// next lists where control can go from an operation.
func (o *op) successors() []*op {
	switch o.kind {
	case "choose":
		return o.alts
	case "test":
		return []*op{o.next, o.other}
	case "end":
		return nil
	}
	return []*op{o.next}
}

// follow goes along an edge, from an operation in a block, to the operation it leads to. A way without any operation that goes round becomes one that does nothing. What leaves a block and
// enters it again comes by a mark on the way.
func follow(o *op, block int) *op {
	end, left := false, false
	seen := map[*op]bool{}
	for o.kind == "join" {
		end = end || o.end
		left = left || o.block != block
		if seen[o] {
			o.kind, o.forced = "skip", true
			break
		}
		seen[o] = true
		o = o.next
	}
	o.end = o.end || end
	if left && block != 0 && o.block == block {
		return &op{kind: "skip", quiet: true, next: o}
	}
	return o
}

// steps finds the locations of a process.
func (b *low) steps(entry *op) {
	p := b.proc
	p.entry = follow(entry, 0)
	var list func(o *op)
	list = func(o *op) { // in the order of the program: true sides first
		if o.seen {
			return
		}
		o.seen = true
		o.id = len(p.ops)
		p.ops = append(p.ops, o)
		switch o.kind {
		case "choose":
			for i := range o.alts {
				o.alts[i] = follow(o.alts[i], o.block)
			}
		case "end":
		case "test":
			o.next, o.other = follow(o.next, o.block), follow(o.other, o.block)
		default:
			o.next = follow(o.next, o.block)
		}
		for _, n := range o.successors() {
			list(n)
		}
	}
	list(p.entry)
	b.locations()
	b.liveness()
}

func (b *low) locations() {
	p, m := b.proc, b.m
	for _, o := range p.ops {
		o.sees = o.kind == "await"
		m.touches(o, func(c int, _ bool) {
			o.sees = o.sees || c < m.first && (m.known == nil || m.known.written[c] && m.known.others(c, p.id))
		})
	}
	for _, o := range p.ops { // a label before what the source does not show is one of what follows
		if o.end && o.quiet && o.block == 0 && !(o.sees && !m.opt.NoMerge) {
			o.next.end = true
		}
	}
	if !m.opt.NoMerge {
		// A block that others cannot see, and that surely ends, is none.
		real := map[int]bool{}
		for _, o := range p.ops {
			if o.sees || o.kind == "choose" || o.forced || m.opt.TSO && (o.order == "locked" && m.opt.Wrong != LockedIsNoBlock || o.kind == "fence" || o.kind == "fencecpu") {
				real[o.block] = true
			}
		}
		p.cycles(func(o *op) bool { return o.block != 0 }, func(o, n *op) bool { return o.block == n.block }, func(n *op) { real[n.block] = true })
		for _, o := range p.ops {
			if !real[o.block] {
				o.block = 0
			}
		}
	}
	stops := false
	for _, d := range m.lives {
		stops = stops || !p.fair && m.props[d.Name.Name]
	}
	for _, o := range p.ops {
		switch {
		case o.kind == "end" || o.kind == "choose" || o.block != 0 || o.forced:
			o.loc = true
		case m.opt.NoMerge:
			o.loc = !o.quiet
		default:
			o.loc = o.sees
		}
		if (o.kind == "fence" || o.kind == "fencecpu") && m.opt.Wrong != FenceIsNoPlace {
			o.loc = true
		}
		if stops && !o.quiet && !m.harmless(o) {
			o.loc = true
		}
	}
	p.cycles(func(o *op) bool { return !o.loc }, func(_, n *op) bool { return !n.loc }, func(n *op) { n.forced = true })
	for _, o := range p.ops {
		o.loc = o.loc || o.forced
	}
}

// cycles searches depth first and calls found for what an edge leads back to.
func (p *proc) cycles(in func(*op) bool, edge func(o, n *op) bool, found func(*op)) {
	state := map[*op]int{} // 1: on the path, 2: done
	var visit func(o *op)
	visit = func(o *op) {
		state[o] = 1
		for _, n := range o.successors() {
			if edge(o, n) {
				switch state[n] {
				case 0:
					visit(n)
				case 1:
					found(n)
				}
			}
		}
		state[o] = 2
	}
	for _, o := range p.ops {
		if state[o] == 0 && in(o) {
			visit(o)
		}
	}
}

// touches calls f for the cells that an operation may touch.
func (m *machine) touches(o *op, f func(c int, write bool)) {
	read := func(x *expr) { m.readTouches(x, func(c int) { f(c, false) }) }
	o.x.walk(read)
	if o.dst != nil {
		o.dst.walk(read)
		m.placeTouches(o.dst, func(c int, life bool) { f(c, !life) })
	}
	switch o.kind {
	case "alloc":
		for i := range o.s.objects {
			f(o.s.life.base+i, true)
		}
		m.fields(o.s, func(l *leaf) {
			if l.keep {
				return
			}
			for c := range l.n * len(o.s.objects) {
				f(l.base+c, true)
			}
		})
	case "free":
		m.lifeTouches(o.s, o.x, func(c int) { f(c, true) })
	}
}

// fields lists the fields of the objects of a struct.
func (m *machine) fields(s *strct, f func(*leaf)) {
	for c := 0; c < m.first; c++ {
		if l := m.owner[c]; l.s == s && l.base == c {
			f(l)
		}
	}
}

// harmless reports whether an operation cannot fail, as far as its text tells.
func (m *machine) harmless(o *op) bool {
	if o.kind == "assert" && m.props[o.name] || o.kind == "free" {
		return false
	}
	ok := true
	place := func(p *place, peek bool) {
		c, static := m.static(p)
		if !static {
			ok = false
			return
		}
		if life := m.lifeOf(c); life >= 0 && !peek && !p.peek && (m.known == nil || m.known.written[life] || m.init[life] == 0) {
			ok = false
		}
	}
	o.x.walk(func(x *expr) {
		switch x.op {
		case "load":
			place(x.pl, false)
		case "addr":
			place(x.pl, true)
		case "container", "in":
			ok = ok && x.x.isNum()
		case "/", "%":
			ok = ok && x.y.isNum() && x.y.v != 0
		case "<<", ">>":
			lo, hi := x.y.bounds()
			ok = ok && lo >= 0 && hi <= 31
		}
	})
	if o.dst == nil || !ok {
		return ok
	}
	place(o.dst, false)
	if !ok || o.kind == "alloc" {
		return ok
	}
	lo, hi := o.x.bounds()
	return lo >= o.dst.t.lo && hi <= o.dst.t.hi
}

// liveness finds the locals that are read before they are assigned, from each operation on.
func (b *low) liveness() {
	p, m := b.proc, b.m
	reads, writes := make([]map[int]bool, len(p.ops)), make([]int, len(p.ops))
	for i, o := range p.ops {
		reads[i], writes[i] = map[int]bool{}, -1
		read := func(x *expr) {
			if x.op == "load" && x.pl.ref == nil && x.pl.nd.leaf.proc >= 0 {
				reads[i][x.pl.nd.leaf.base] = true
			}
		}
		o.x.walk(read)
		if o.dst != nil {
			o.dst.walk(read)
			if l := o.dst.nd; o.dst.ref == nil && l.leaf.proc >= 0 && l.leaf.n == 1 {
				writes[i] = l.leaf.base
			}
		}
		if o.kind == "lock" {
			for _, l := range p.locks {
				if l.class+l.sub == o.name {
					reads[i][l.cell] = true
				}
				if o.lock.op == "acquire" || o.lock.op == "release" && !o.lock.exact && l.class == o.name {
					reads[i][l.cell] = true
				}
			}
		}
		o.live = maps.Clone(reads[i])
	}
	for changed := true; changed; {
		changed = false
		for i := len(p.ops) - 1; i >= 0; i-- {
			o := p.ops[i]
			n := len(o.live)
			for _, s := range o.successors() {
				for c := range s.live {
					if c != writes[i] {
						o.live[c] = true
					}
				}
			}
			changed = changed || len(o.live) != n
		}
	}
	_ = m
}
