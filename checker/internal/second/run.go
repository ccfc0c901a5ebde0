package second

import (
	varint "encoding/binary"
	"slices"
	"strings"
)

// world is a state.
type world struct {
	v  []int64
	at []int // the location of each process, -1: failed

	buf [][]held // the store buffer of each process, oldest first; nil: memory is sequentially consistent
}

func (w *world) clone() *world {
	return &world{slices.Clone(w.v), slices.Clone(w.at), slices.Clone(w.buf)}
}

func (w *world) key() string {
	var b []byte
	for _, n := range w.at {
		b = varint.AppendVarint(b, int64(n))
	}
	for _, n := range w.v {
		b = varint.AppendVarint(b, n)
	}
	for _, q := range w.buf {
		b = varint.AppendVarint(b, int64(len(q)))
		for _, h := range q {
			b = varint.AppendVarint(varint.AppendVarint(b, int64(h.c)), h.v)
		}
	}
	return string(b)
}

type broken string // the property that an operation fails

// access is one of a step that the source makes.
type access struct {
	c            int
	write, plain bool
}

// outcome is one way of a step.
type outcome struct {
	next   *world
	failed bool
	acc    []access
}

// runner executes steps of a process.
type runner struct {
	m   *machine
	w   *world
	p   *proc // nil: a predicate
	op  *op
	acc []access
	met []func() // marks and edges, which count if the step is one
	all []outcome

	drained, fenced bool // the step waited for an empty buffer; there is a fence in it
}

const endless, manyWays = 100_000, 1 << 14

func (r *runner) attempt(f func()) (why broken) {
	defer func() {
		if x := recover(); x != nil {
			var ok bool
			if why, ok = x.(broken); !ok {
				panic(x)
			}
		}
	}()
	f()
	return ""
}

// run goes on from an operation, in an atomic block or outside (0), to the next location.
func (r *runner) run(o *op, block int, first bool) {
	m, p := r.m, r.p
	for n := 0; ; n++ {
		if o.loc && block == 0 && !first {
			r.w.at[p.id] = o.id
			if !m.opt.NoReset {
				m.reset(r.w, p, o.live)
			}
			r.out(false)
			return
		}
		if first {
			block = o.block
		}
		first = false
		if n >= endless {
			r.fail("no_fault")
			return
		}
		inside := func(to *op) int {
			if o.block == block && to.block == block {
				return block
			}
			return 0
		}
		if o.kind == "choose" {
			if len(r.all) > manyWays {
				panic(Unsupported("so many ways"))
			}
			for i, a := range o.alts {
				if i == len(o.alts)-1 {
					break
				}
				q := *r
				q.w, q.acc, q.met = r.w.clone(), slices.Clone(r.acc), slices.Clone(r.met)
				q.run(a, inside(a), false)
				r.all = q.all
			}
			a := o.alts[len(o.alts)-1]
			block, o = inside(a), a
			continue
		}
		to, blocked := o.next, false
		r.op = o
		if why := r.attempt(func() {
			switch o.kind {
			case "set":
				r.store(o.dst, r.eval(o.x))
			case "test":
				if r.eval(o.x) == 0 {
					to = o.other
				}
			case "await":
				blocked = r.eval(o.x) == 0
			case "assert":
				if r.eval(o.x) == 0 && m.props[o.name] {
					panic(broken(o.name))
				}
			case "cover":
				name := o.name
				r.met = append(r.met, func() { m.cover[name] = true })
			case "alloc":
				r.alloc(o)
			case "free":
				r.free(o)
			case "lock":
				r.lock(o)
			case "fence", "fencecpu":
				blocked = r.fence(o)
			}
		}); why != "" {
			r.fail(why)
			return
		}
		if blocked {
			return
		}
		block, o = inside(to), to
	}
}

func (r *runner) fail(why broken) {
	r.m.found[string(why)] = true
	r.w.at[r.p.id] = -1
	r.m.reset(r.w, r.p, nil)
	r.out(true)
}

func (r *runner) out(failed bool) {
	for _, f := range r.met {
		f()
	}
	r.all = append(r.all, outcome{r.w, failed, r.acc})
}

func (m *machine) reset(w *world, p *proc, live map[int]bool) {
	for c := p.base; c < p.last; c++ {
		if !live[m.owner[c].base] {
			w.v[c] = m.init[c]
		}
	}
}

func (r *runner) guard(property string) {
	if property != "" && r.m.props[property] {
		panic(broken(property))
	}
}

// cell finds a place: first the pointer, then the indices, then the life of the object.
func (r *runner) cell(p *place, look bool) int {
	m := r.m
	c := 0
	if p.ref != nil {
		if c = int(r.eval(p.ref)) - 1; c < 0 {
			panic(broken("no_fault"))
		}
	} else {
		l := p.nd.leaf
		if l.s != nil {
			h := r.eval(p.obj)
			if h < 1 || int(h) > len(l.s.objects) {
				panic(broken("no_fault"))
			}
			c = int(h-1) * l.n
		}
		at := 0
		for _, i := range p.idx {
			v := r.eval(i.x)
			if v < 0 || v >= int64(i.n) {
				panic(broken("no_fault"))
			}
			at = at*i.n + int(v)
		}
		c += l.base + at
	}
	if life := m.lifeOf(c); look && life >= 0 && !p.peek && r.p != nil && r.w.v[life] == 0 {
		r.guard(m.owner[c].guard)
	}
	return c
}

func (r *runner) note(c int, write bool, p *place) {
	if r.p == nil || c >= r.m.first || p.peek || r.op.watch && !write {
		return
	}
	r.acc = append(r.acc, access{c, write, r.op.block == 0 && r.op.kind != "await" && !p.marked})
}

func (r *runner) store(p *place, v int64) {
	c := r.cell(p, true)
	if t := r.m.owner[c].t; v < t.lo || v > t.hi {
		panic(broken("no_fault"))
	}
	if !r.push(c, v) {
		r.w.v[c] = v
	}
	r.note(c, true, p)
}

func (r *runner) alloc(o *op) {
	h := int64(0)
	for i := range o.s.objects {
		if r.w.v[o.s.life.base+i] != 0 {
			continue
		}
		r.w.v[o.s.life.base+i] = 1
		r.m.fields(o.s, func(l *leaf) {
			if !l.keep {
				copy(r.w.v[l.base+i*l.n:l.base+(i+1)*l.n], r.m.init[l.base+i*l.n:])
			}
		})
		if o.s.given != nil {
			r.w.v[o.s.given.base+i] = 1
		}
		r.forget(o.s, i, false)
		h = int64(i + 1)
		break
	}
	r.store(o.dst, h)
}

func (r *runner) free(o *op) {
	h := r.eval(o.x)
	if h < 1 || int(h) > len(o.s.objects) {
		panic(broken("no_fault"))
	}
	life := o.s.life.base + int(h) - 1
	if r.w.v[life] == 0 {
		r.guard(o.s.free)
	}
	r.w.v[life] = 0
	r.forget(o.s, int(h)-1, true)
}

func (r *runner) lock(o *op) {
	p, v := r.p, r.w.v
	if o.lock.op == "acquire" {
		for _, l := range p.locks {
			if v[l.cell] > 0 {
				r.met = append(r.met, func() { r.m.edges[l.class+l.sub+" "+o.name] = true })
			}
		}
	}
	var mine *lock
	for _, l := range p.locks {
		if l.class+l.sub == o.name {
			mine = l
		}
		if o.lock.op == "release" && !o.lock.exact && l.class == o.name && v[l.cell] > 0 && (mine == nil || l.sub > mine.sub || v[mine.cell] == 0) {
			mine = l
		}
	}
	if o.lock.op == "release" {
		v[mine.cell] = max(0, v[mine.cell]-1)
		return
	}
	if v[mine.cell] == 7 {
		panic(broken("no_fault"))
	}
	v[mine.cell]++
}

func (r *runner) eval(x *expr) int64 {
	switch x.op {
	case "num":
		return x.v
	case "load":
		c := r.cell(x.pl, true)
		r.note(c, false, x.pl)
		return r.sees(c)
	case "addr":
		return int64(r.cell(x.pl, false) + 1)
	case "container":
		c := int(r.eval(x.x)) - 1
		if c < 0 {
			panic(broken("no_fault"))
		}
		if l := r.m.owner[c]; l.s == x.s && (l.name == x.field || strings.HasPrefix(l.name, x.field+".")) {
			return int64((c-l.base)/l.n + 1)
		}
		panic(broken("no_fault"))
	case "live":
		h := r.eval(x.x)
		if h == 0 {
			return 0
		}
		if h < 0 || int(h) > len(x.s.objects) {
			panic(broken("no_fault"))
		}
		return r.w.v[x.s.life.base+int(h)-1]
	case "in":
		v := r.eval(x.x)
		if v < 0 || v >= x.v {
			panic(broken("no_fault"))
		}
		return v
	case "!":
		return flag(r.eval(x.x) == 0)
	case "neg":
		return -r.eval(x.x)
	case "~":
		return ^r.eval(x.x)
	case "&&":
		return flag(r.eval(x.x) != 0 && r.eval(x.y) != 0)
	case "||":
		return flag(r.eval(x.x) != 0 || r.eval(x.y) != 0)
	case "?:":
		if r.eval(x.x) != 0 {
			return r.eval(x.y)
		}
		return r.eval(x.z)
	}
	v, fault := compute(x.op, r.eval(x.x), r.eval(x.y))
	if fault {
		panic(broken("no_fault"))
	}
	return v
}
