package second

import (
	"slices"

	"pmdcheck/model/syntax"
)

// op is an operation. A join is none: edges lead through it.
type op struct {
	kind   string // set, test, await, assert, cover, alloc, free, skip, lock, choose, end, join
	dst    *place
	x      *expr
	name   string // assert: the property; cover; lock: the class
	s      *strct // alloc, free
	lock   lockOp
	next   *op
	other  *op // test: where false goes
	alts   []*op
	block  int // atomic block, 0: none
	end    bool
	quiet  bool // the source does not show it
	watch  bool // it only observes
	seq    int
	id     int
	seen   bool
	sees   bool // touches something shared, or waits
	loc    bool
	forced bool
	live   map[int]bool // local cells
	order  string       // under tso: direct, locked, store, block, program
}

// proc is the program of a process.
type proc struct {
	id    int
	name  string
	fair  bool
	cpu   int
	base  int // the first cell of its locals
	last  int // behind the last one
	ops   []*op
	entry *op
	locks []*lock
	when  []*expr // what is true where it takes a step

	buffer *proc        // whose store buffer it is
	stored map[int]bool // weak cells that plain stores may touch
}

// operand is what an expression means: a value, a place, or an address.
type operand struct {
	t    *typ
	x    *expr
	pl   *place
	addr *place
}

type scope struct {
	up    *scope
	names map[string]operand
}

func (s *scope) find(name string) (operand, bool) {
	for ; s != nil; s = s.up {
		if o, ok := s.names[name]; ok {
			return o, true
		}
	}
	return operand{}, false
}

// low makes the operations of a process.
type low struct {
	r        *round
	m        *machine
	proc     *proc
	mm       *expr
	tail     **op
	scope    *scope
	fn       *fn
	block    int
	atoms    int
	seq      int
	plain    map[*leaf]bool // only an assignment by name changes it
	varies   map[*leaf]bool // and such assignments there are
	constant bool
	pred     bool
	depth    int
	told     map[int]bool // a lock call outside atomic blocks came when there were so many operations
	watch    bool
	mark     string // @x86
}

// fn is the function, or the process, whose text is at hand.
type fn struct {
	assigned map[string]bool
	result   *place
	exit     *op
	labels   map[string]*op
	breaks   []*op
	conts    []*op
	rounds   []turn
	turns    int
}

type turn struct {
	labels map[string]bool
	id     int
}

func (b *low) quietly() *low {
	c := *b
	c.constant = true
	return &c
}

func (b *low) emit(o *op) *op {
	b.seq++
	o.block, o.seq, o.watch, o.order = b.block, b.seq, b.watch, b.order()
	if b.tail != nil {
		*b.tail = o
		b.tail = &o.next
	}
	return o
}

func join() *op { return &op{kind: "join"} }

func (b *low) jump(j *op) {
	if b.tail != nil {
		*b.tail = j
	}
	b.tail = nil
}

func (b *low) at(j *op) {
	if b.tail != nil {
		*b.tail = j
	}
	j.block = b.block
	b.tail = &j.next
}

// local makes a local variable.
func (b *low) local(t *typ, plain bool) *node {
	nd := b.m.lay(t, "", 1, "", nil, b.proc.id)
	if plain && nd.leaf != nil {
		b.plain[nd.leaf] = true
	}
	return nd
}

// fresh is a new temporary for the values of x.
func (b *low) fresh(x *expr) *expr {
	t := x.t
	if t == nil {
		t = &typ{}
		t.lo, t.hi = x.bounds()
	}
	return &expr{op: "load", t: t, pl: &place{t: t, nd: b.local(t, true)}}
}

func (b *low) temp(x *expr) *expr {
	v := b.fresh(x)
	b.emit(&op{kind: "set", dst: v.pl, x: x})
	return v
}

// isPlain: reading it now or later is the same, until somebody assigns to the name.
func (b *low) isPlain(x *expr) bool {
	return x.op == "load" && x.pl.ref == nil && x.pl.nd.leaf.proc >= 0 && b.plain[x.pl.nd.leaf]
}

// shared reports whether an operator itself reads what others see.
func (b *low) shared(x *expr) bool {
	s := false
	b.m.readTouches(x, func(c int) { s = s || b.seen(c) })
	return s
}

// seen reports whether a cell is not local data of the process.
func (b *low) seen(c int) bool {
	m := b.m
	if c >= m.first {
		return false
	}
	if m.known == nil {
		return true
	}
	if m.opt.NoMerge {
		return m.known.written[c]
	}
	return m.known.written[c] && m.known.others(c, b.proc.id)
}

func (u *usage) others(c, p int) bool {
	for q := range u.users[c] {
		if q != p {
			return true
		}
	}
	return false
}

func (b *low) reads(x *expr) (n int) {
	x.walk(func(y *expr) {
		if b.shared(y) {
			n++
		}
	})
	return n
}

func (b *low) whole() bool { return b.block != 0 || b.constant || b.pred }

// every makes each shared read an operation of its own, from left to right.
func (b *low) every(x *expr) *expr {
	if x == nil || b.whole() || b.reads(x) == 0 {
		return x
	}
	return b.split(x, b.temp)
}

// last leaves the last shared read to the operation that uses the value.
func (b *low) last(x *expr) *expr {
	if b.whole() || b.reads(x) <= 1 {
		return x
	}
	return b.split(x, func(y *expr) *expr { return y })
}

func (b *low) split(x *expr, final func(*expr) *expr) *expr {
	if b.reads(x) == 0 {
		return x
	}
	c := *x
	switch x.op {
	case "load", "addr":
		c.pl = b.everyPlace(x.pl)
		if b.shared(&c) {
			return final(&c)
		}
		return &c
	case "live":
		c.x = b.every(x.x)
		if b.shared(&c) {
			return final(&c)
		}
		return &c
	case "&&", "||", "?:":
		later := b.reads(x.y)
		if x.z != nil {
			later += b.reads(x.z)
		}
		if later > 0 {
			return b.needed(x)
		}
		c.x = b.split(x.x, final)
		return &c
	}
	if x.y != nil && b.reads(x.y) > 0 {
		c.x = b.every(x.x)
		c.y = b.split(x.y, final)
	} else {
		c.x = b.split(x.x, final)
	}
	return &c
}

func (b *low) everyPlace(p *place) *place {
	c := *p
	c.ref, c.obj = b.every(p.ref), b.every(p.obj)
	c.idx = slices.Clone(p.idx)
	for i := range c.idx {
		c.idx[i].x = b.every(c.idx[i].x)
	}
	return &c
}

// needed evaluates later operands only if they are.
func (b *low) needed(x *expr) *expr {
	yes, no, done := join(), join(), join()
	v := b.fresh(x)
	y, n := x.y, x.z
	switch x.op {
	case "&&":
		y, n = truth(x.y), num(0)
	case "||":
		y, n = num(1), truth(x.y)
	}
	b.test(x.x, yes, no)
	b.at(yes)
	b.emitSet(v, b.last(y))
	b.jump(done)
	b.at(no)
	b.emitSet(v, b.last(n))
	b.at(done)
	return v
}

func (b *low) emitSet(v, x *expr) { b.emit(&op{kind: "set", dst: v.pl, x: x}) }

// test goes to yes or no, part by part.
func (b *low) test(x *expr, yes, no *op) {
	if x.isNum() {
		if x.v != 0 {
			b.jump(yes)
		} else {
			b.jump(no)
		}
		return
	}
	if b.block == 0 && b.reads(x) > 1 {
		switch x.op {
		case "&&", "||":
			mid := join()
			if x.op == "&&" {
				b.test(x.x, mid, no)
			} else {
				b.test(x.x, yes, mid)
			}
			b.at(mid)
			b.test(x.y, yes, no)
			return
		case "!":
			b.test(x.x, no, yes)
			return
		}
	}
	o := b.emit(&op{kind: "test", x: b.last(x)})
	o.next, o.other = yes, no
	b.tail = nil
}

// fix makes a value independent of what comes: unless it is made of numbers and plain locals, it is computed now.
func (b *low) fix(x *expr) *expr {
	if b.constant || b.pred || b.stable(x) {
		return x
	}
	return b.temp(b.last(x))
}

func (b *low) stable(x *expr) bool {
	ok := true
	x.walk(func(y *expr) {
		if y.op == "live" || y.op == "load" && !b.isPlain(y) {
			ok = false
		}
	})
	return ok
}

// fixAddress computes the pointers and indices of an address now. lasting: it is used for longer than a call.
func (b *low) fixAddress(p *place, lasting bool) *place {
	c := *p
	c.obj, c.ref = b.compute(p.obj, lasting), b.compute(p.ref, lasting)
	c.idx = slices.Clone(p.idx)
	for i := range c.idx {
		c.idx[i].x = b.compute(c.idx[i].x, lasting)
	}
	return &c
}

func (b *low) compute(x *expr, lasting bool) *expr {
	x = b.every(x)
	if x == nil || x.isNum() || b.constant || b.pred || b.isPlain(x) && !(lasting && b.varies[x.pl.nd.leaf]) {
		return x
	}
	return b.temp(b.last(x))
}

// set stores a value: all reads first, and if the place is local data, the last of them together with the store.
func (b *low) set(p *place, v *expr) {
	if b.typeAt(p).kind == kBool {
		v = truth(v)
	}
	p = b.everyPlace(p)
	shared := false
	b.m.placeTouches(p, func(c int, _ bool) {
		shared = shared || b.seen(c) || c < b.m.first && b.m.opt.NoMerge
	})
	if shared {
		v = b.every(v)
	} else {
		v = b.last(v)
	}
	b.emit(&op{kind: "set", dst: p, x: v})
}

func (b *low) typeAt(p *place) *typ { return p.t }

// body lowers a process.
func (b *low) body(d *syntax.ProcDecl) {
	entry := join()
	b.tail = &entry.next
	b.fn = &fn{assigned: assigned(d), exit: join(), labels: map[string]*op{}}
	b.stmtBlock(d.Body)
	b.at(b.fn.exit)
	b.emit(&op{kind: "end", end: true})
	b.proc.last = len(b.m.owner)
	b.steps(entry)
}

// assigned are the names that a text assigns to or takes the address of; of the latter also with & in front.
func assigned(n syntax.Node) map[string]bool {
	out := map[string]bool{}
	root := func(x syntax.Expr, through bool) string {
		for {
			switch y := x.(type) {
			case *syntax.ParenExpr:
				x = y.X
			case *syntax.IndexExpr:
				x = y.X
			case *syntax.MemberExpr:
				if y.Arrow || !through {
					return ""
				}
				x = y.X
			case *syntax.Ident:
				return y.Name
			default:
				return ""
			}
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			out[root(n.X, true)] = true
		case *syntax.CallExpr:
			if n.Fun.Name == "WRITE_ONCE" {
				out[root(n.Args[0], true)] = true
			}
		case *syntax.UnaryExpr:
			if n.Op == syntax.AND {
				out[root(n.X, true)] = true
				out["&"+root(n.X, false)] = true
			}
		}
		return true
	})
	delete(out, "")
	delete(out, "&")
	return out
}
