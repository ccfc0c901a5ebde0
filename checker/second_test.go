package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// A second implementation of a part of the language, written from docs/semantics.md alone: shared scalars and an array, locals, every statement but jumps, no
// functions or pointers. It shares nothing with the first one, not even the parser: programs are made as trees, printed for the one and executed by the other.

type expr struct {
	op   string // num, var, idx, + == < && || ! ?:
	n    int
	name string
	sub  []*expr
	once bool // a variable or element that is read with a mark
}

func (e *expr) String() string {
	if e.once {
		c := *e
		c.once = false
		return "READ_ONCE(" + c.String() + ")"
	}
	switch e.op {
	case "num":
		return fmt.Sprint(e.n)
	case "var", "tmp":
		return e.name
	case "idx":
		return "a[" + e.sub[0].String() + "]"
	case "!":
		return "!(" + e.sub[0].String() + ")"
	case "?:":
		return "(" + e.sub[0].String() + " ? " + e.sub[1].String() + " : " + e.sub[2].String() + ")"
	}
	return "(" + e.sub[0].String() + " " + e.op + " " + e.sub[1].String() + ")"
}

func (e *expr) reads() int {
	n := 0
	if e.op == "var" || e.op == "idx" {
		n = 1
	}
	for _, s := range e.sub {
		n += s.reads()
	}
	return n
}

// An instr is one operation. Its expressions read temporaries, and at most one shared cell unless it is in an atomic block.
type instr struct {
	kind   string // set, store, test, await, assert, skip, choose, end
	tmp    string
	place  *expr
	x      *expr
	to     [2]int // next, or where a test goes that is true, false
	alts   []int  // choose
	block  int    // atomic block, 0: none
	endLab bool
	local  bool            // set: a variable of the source, which has a range
	once   bool            // store: with a mark
	sees   bool            // of an assertion, which only observes
	live   map[string]bool // temporaries and locals that may be read from here on before they are assigned
}

func (i *instr) visible() bool {
	switch i.kind {
	case "store", "await", "choose", "end":
		return true
	}
	return i.block != 0 || i.x != nil && i.x.reads() > 0
}

// proc is the program of a process.
type proc struct {
	ins   []*instr
	block int
	tmps  int
	holes []*int // what continues at the next instruction
	sees  bool
}

func (p *proc) emit(i *instr) int {
	i.block, i.sees = p.block, p.sees
	at := len(p.ins)
	p.ins = append(p.ins, i)
	p.here(at)
	if i.kind != "test" && i.kind != "choose" && i.kind != "end" {
		p.holes = append(p.holes, &i.to[0])
	}
	return at
}

// here makes everything that waits for the next instruction go to one.
func (p *proc) here(at int) {
	for _, h := range p.holes {
		*h = at
	}
	p.holes = nil
}

func (p *proc) temp() string { p.tmps++; return fmt.Sprintf("t%d", p.tmps) }

func (p *proc) set(x *expr) *expr {
	t := p.temp()
	p.emit(&instr{kind: "set", tmp: t, x: x})
	return &expr{op: "tmp", name: t}
}

// pure makes every read a step of its own, from left to right.
func (p *proc) pure(x *expr) *expr { return p.split(x, true) }

// last leaves the last read to the operation that uses the value.
func (p *proc) last(x *expr) *expr { return p.split(x, false) }

func (p *proc) split(x *expr, all bool) *expr {
	if p.block != 0 || x.reads() == 0 || !all && x.reads() == 1 {
		return x
	}
	c := *x
	c.sub = slices.Clone(x.sub)
	switch x.op {
	case "var":
		return p.set(x)
	case "idx":
		c.sub[0] = p.pure(x.sub[0])
		if all {
			return p.set(&c)
		}
		return &c
	case "&&", "||", "?:":
		later := 0
		for _, s := range x.sub[1:] {
			later += s.reads()
		}
		if later > 0 {
			return p.needed(x)
		}
		c.sub[0] = p.split(x.sub[0], all)
		return &c
	case "!":
		c.sub[0] = p.split(x.sub[0], all)
		return &c
	}
	if x.sub[1].reads() > 0 {
		c.sub[0] = p.pure(x.sub[0])
		c.sub[1] = p.split(x.sub[1], all)
	} else {
		c.sub[0] = p.split(x.sub[0], all)
	}
	return &c
}

// needed evaluates later operands only if they are needed.
func (p *proc) needed(x *expr) *expr {
	t := p.temp()
	yes, no := p.branch(x.sub[0])
	one, zero := &expr{op: "num", n: 1}, &expr{op: "num"}
	sides := [2]*expr{truthy(x.sub[1]), zero}
	switch x.op {
	case "||":
		sides = [2]*expr{one, truthy(x.sub[1])}
	case "?:":
		sides = [2]*expr{x.sub[1], x.sub[2]}
	}
	p.holes = yes
	p.emit(&instr{kind: "set", tmp: t, x: p.last(sides[0])})
	done := p.holes
	p.holes = no
	p.emit(&instr{kind: "set", tmp: t, x: p.last(sides[1])})
	p.holes = append(p.holes, done...)
	return &expr{op: "tmp", name: t}
}

func truthy(x *expr) *expr { return &expr{op: "!", sub: []*expr{{op: "!", sub: []*expr{x}}}} }

// branch tests a condition part by part and gives what waits for true and for false.
func (p *proc) branch(x *expr) (yes, no []*int) {
	if p.block == 0 && x.reads() > 1 {
		switch x.op {
		case "!":
			no, yes = p.branch(x.sub[0])
			return yes, no
		case "&&":
			y, n := p.branch(x.sub[0])
			p.holes = y
			y2, n2 := p.branch(x.sub[1])
			return y2, append(n, n2...)
		case "||":
			y, n := p.branch(x.sub[0])
			p.holes = n
			y2, n2 := p.branch(x.sub[1])
			return append(y, y2...), n2
		}
	}
	i := &instr{kind: "test", x: p.last(x)}
	p.emit(i)
	return []*int{&i.to[0]}, []*int{&i.to[1]}
}

type stmt struct {
	kind  string
	place *expr
	x     *expr
	body  [][]*stmt
	conds []*expr // of a choose: nil for `case:`
	deflt bool    // the last alternative of a choose is default
	once  bool    // a store with a mark
}

func (s *stmt) print(b *strings.Builder, tab string) {
	block := func(list []*stmt, tab string) {
		for _, t := range list {
			t.print(b, tab)
		}
	}
	switch s.kind {
	case "=", "+=":
		if s.once {
			fmt.Fprintf(b, "%sWRITE_ONCE(%s, %s);\n", tab, s.place, s.x)
			return
		}
		fmt.Fprintf(b, "%s%s %s %s;\n", tab, s.place, s.kind, s.x)
	case "if", "while", "atomic":
		head := s.kind
		if s.x != nil {
			head += " (" + s.x.String() + ")"
		}
		fmt.Fprintf(b, "%s%s {\n", tab, head)
		block(s.body[0], tab+"\t")
		if len(s.body) > 1 {
			fmt.Fprintf(b, "%s} else {\n", tab)
			block(s.body[1], tab+"\t")
		}
		fmt.Fprintf(b, "%s}\n", tab)
	case "choose":
		fmt.Fprintf(b, "%schoose {\n", tab)
		for i, list := range s.body {
			switch {
			case s.deflt && i == len(s.body)-1:
				fmt.Fprintf(b, "%sdefault:\n", tab)
			case s.conds[i] != nil:
				fmt.Fprintf(b, "%scase %s:\n", tab, s.conds[i])
			default:
				fmt.Fprintf(b, "%scase:\n", tab)
			}
			block(list, tab+"\t")
		}
		fmt.Fprintf(b, "%s}\n", tab)
	case "skip":
		fmt.Fprintf(b, "%sskip;\n", tab)
	default:
		fmt.Fprintf(b, "%s%s(%s);\n", tab, s.kind, s.x)
	}
}

// liveness fills in what is live before each instruction.
func (p *proc) liveness() {
	var names func(x *expr, to map[string]bool)
	names = func(x *expr, to map[string]bool) {
		if x == nil {
			return
		}
		if x.op == "tmp" {
			to[x.name] = true
		}
		for _, s := range x.sub {
			names(s, to)
		}
	}
	for changed := true; changed; {
		changed = false
		for k := len(p.ins) - 1; k >= 0; k-- {
			i := p.ins[k]
			next := i.alts
			switch i.kind {
			case "choose", "end":
			case "test":
				next = []int{i.to[0], i.to[1]}
			default:
				next = []int{i.to[0]}
			}
			live := map[string]bool{}
			for _, n := range next {
				for v := range p.ins[n].live {
					live[v] = true
				}
			}
			if i.kind == "set" {
				delete(live, i.tmp)
			}
			names(i.x, live)
			names(i.place, live)
			if len(live) != len(i.live) {
				i.live, changed = live, true
			}
		}
	}
}

func (p *proc) stmts(list []*stmt) {
	for _, s := range list {
		p.stmt(s)
	}
}

func (p *proc) stmt(s *stmt) {
	switch s.kind {
	case "=", "+=":
		pl := s.place
		x := s.x
		if pl.op == "tmp" { // a local variable: the last read and the assignment are one step
			if s.kind == "+=" {
				x = &expr{op: "+", sub: []*expr{pl, x}}
			}
			p.emit(&instr{kind: "set", tmp: pl.name, x: p.last(x), local: true})
			return
		}
		if pl.op == "idx" && p.block == 0 {
			pl = &expr{op: "idx", sub: []*expr{p.pure(pl.sub[0])}}
		}
		if s.kind == "+=" {
			x = &expr{op: "+", sub: []*expr{pl, x}}
		}
		p.emit(&instr{kind: "store", place: pl, x: p.pure(x), once: s.once})
	case "if":
		yes, no := p.branch(s.x)
		p.holes = yes
		p.stmts(s.body[0])
		done := p.holes
		p.holes = no
		if len(s.body) > 1 {
			p.stmts(s.body[1])
		}
		p.holes = append(p.holes, done...)
	case "while":
		head := len(p.ins)
		yes, no := p.branch(s.x)
		p.holes = yes
		p.stmts(s.body[0])
		p.here(head)
		p.holes = no
	case "atomic":
		outer := p.block
		if outer == 0 {
			p.block = len(p.ins) + 1
		}
		p.stmts(s.body[0])
		p.block = outer
	case "await":
		p.emit(&instr{kind: "await", x: s.x})
	case "assert":
		p.sees = true
		p.emit(&instr{kind: "assert", x: p.last(s.x)})
		p.sees = false
	case "skip":
		p.emit(&instr{kind: "skip"})
	case "choose":
		c := &instr{kind: "choose"}
		p.emit(c)
		var done []*int
		for i, list := range s.body {
			c.alts = append(c.alts, len(p.ins))
			switch {
			case s.deflt && i == len(s.body)-1:
				var none *expr
				for _, k := range s.conds {
					if not := (&expr{op: "!", sub: []*expr{k}}); none == nil {
						none = not
					} else {
						none = &expr{op: "&&", sub: []*expr{none, not}}
					}
				}
				p.emit(&instr{kind: "await", x: none})
			case s.conds[i] != nil:
				p.emit(&instr{kind: "await", x: s.conds[i]})
			case len(list) == 0:
				p.emit(&instr{kind: "skip"})
			}
			p.stmts(list)
			done = append(done, p.holes...)
			p.holes = nil
		}
		p.holes = done
	}
}

// world is a state: x, y, b, a[0], a[1]; positions; temporaries.
type world struct {
	v    [5]int
	at   []int // -1: parked
	tmps []map[string]int
	read func(cell int, x *expr) // told of every access while a step is executed, if not nil
}

func (w *world) clone() *world {
	c := &world{v: w.v, at: slices.Clone(w.at)}
	for _, m := range w.tmps {
		n := map[string]int{}
		for k, v := range m {
			n[k] = v
		}
		c.tmps = append(c.tmps, n)
	}
	return c
}

func (w *world) key() string {
	s := fmt.Sprint(w.v, w.at)
	for _, m := range w.tmps {
		s += fmt.Sprint(m) // fmt sorts the keys
	}
	return s
}

type broken string // the property that a step violates

func (w *world) cell(p int, x *expr) int {
	if x.op == "var" {
		return strings.Index("xyb", x.name)
	}
	i := w.eval(p, x.sub[0])
	if i < 0 || i > 1 {
		panic(broken("no_fault"))
	}
	return 3 + i
}

func (w *world) eval(p int, x *expr) int {
	b := func(v bool) int {
		if v {
			return 1
		}
		return 0
	}
	switch x.op {
	case "num":
		return x.n
	case "tmp":
		return w.tmps[p][x.name]
	case "var", "idx":
		c := w.cell(p, x)
		if w.read != nil {
			w.read(c, x)
		}
		return w.v[c]
	case "!":
		return b(w.eval(p, x.sub[0]) == 0)
	case "&&":
		return b(w.eval(p, x.sub[0]) != 0 && w.eval(p, x.sub[1]) != 0)
	case "||":
		return b(w.eval(p, x.sub[0]) != 0 || w.eval(p, x.sub[1]) != 0)
	case "?:":
		if w.eval(p, x.sub[0]) != 0 {
			return w.eval(p, x.sub[1])
		}
		return w.eval(p, x.sub[2])
	}
	l, r := w.eval(p, x.sub[0]), w.eval(p, x.sub[1])
	switch x.op {
	case "+":
		return l + r
	case "==":
		return b(l == r)
	}
	return b(l < r)
}

// second explores a program by the rules of the page.
type second struct {
	procs  []*proc
	found  map[string]bool
	access func(p int, i *instr, cell int, write, plain bool) // told of every access, if not nil
	visit  func(w *world)                                     // told of every state, if not nil
}

// run executes the step of process p that begins at instruction at; nil if it is not enabled.
func (m *second) run(w *world, p, at int, first bool) (next *world) {
	next = w.clone()
	defer func() {
		if r := recover(); r != nil {
			why, ok := r.(broken)
			if !ok {
				panic(r)
			}
			m.found[string(why)] = true
			next.at[p], next.tmps[p] = -1, map[string]int{}
		}
	}()
	block := 0
	for n := 0; ; n++ {
		i := m.procs[p].ins[at]
		if (n > 0 || !first) && i.visible() && (i.block == 0 || i.block != block) || i.kind == "end" {
			next.at[p] = at
			for v, n := range next.tmps[p] {
				if !i.live[v] || n == 0 { // what is missing has its initial value
					delete(next.tmps[p], v)
				}
			}
			return next
		}
		block = i.block
		if m.access != nil {
			next.read = func(c int, x *expr) { m.access(p, i, c, false, !x.once && i.block == 0 && i.kind != "await") }
		}
		to := i.to[0]
		switch i.kind {
		case "set":
			v := next.eval(p, i.x)
			if i.local && (v < 0 || v > 3) {
				panic(broken("no_fault"))
			}
			next.tmps[p][i.tmp] = v
		case "store":
			c := next.cell(p, i.place)
			v := next.eval(p, i.x)
			if c == 2 && v != 0 {
				v = 1
			}
			if v < 0 || v > 3 {
				panic(broken("no_fault"))
			}
			next.v[c] = v
			if m.access != nil {
				m.access(p, i, c, true, !i.once && i.block == 0)
			}
		case "test":
			if next.eval(p, i.x) == 0 {
				to = i.to[1]
			}
		case "await":
			if next.eval(p, i.x) == 0 {
				return nil
			}
		case "assert":
			if next.eval(p, i.x) == 0 {
				panic(broken("assertion"))
			}
		}
		at = to
	}
}

// firsts are the instructions that steps at a location begin with: those of every alternative of a choose.
func (m *second) firsts(p, at int) []int {
	i := m.procs[p].ins[at]
	switch i.kind {
	case "end":
		return nil
	case "choose":
		var out []int
		for _, a := range i.alts {
			out = append(out, m.firsts(p, a)...)
		}
		return out
	}
	return []int{at}
}

func (m *second) explore(limit int) (states, transitions int) {
	w := &world{v: [5]int{}}
	for range m.procs {
		w.at = append(w.at, 0)
		w.tmps = append(w.tmps, map[string]int{})
	}
	for p := range m.procs {
		w = m.run(w, p, 0, false)
	}
	seen := map[string]bool{w.key(): true}
	work := []*world{w}
	for len(work) > 0 && len(seen) <= limit {
		w := work[len(work)-1]
		work = work[:len(work)-1]
		if m.visit != nil {
			m.visit(w)
		}
		moved, parked, waits := false, false, false
		for p := range m.procs {
			if w.at[p] < 0 {
				parked = true
				continue
			}
			i := m.procs[p].ins[w.at[p]]
			waits = waits || i.kind != "end" && !i.endLab
			for _, at := range m.firsts(p, w.at[p]) {
				n := m.run(w, p, at, true)
				if n == nil {
					continue
				}
				moved = true
				transitions++
				if k := n.key(); !seen[k] {
					seen[k] = true
					work = append(work, n)
				}
			}
		}
		if !moved && !parked && waits {
			m.found["no_deadlock"] = true
		}
	}
	return len(seen), transitions
}

// maker makes random programs.
type maker struct {
	r     *rand.Rand
	atom  bool
	marks bool // most accesses have one
}

// marked says whether the access at hand gets a mark.
func (g *maker) marked() bool { return g.marks && g.r.IntN(12) != 0 }

func (g *maker) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func num(n int) *expr { return &expr{op: "num", n: n} }

func (g *maker) value(depth int) *expr {
	switch k := g.r.IntN(8); {
	case k == 0:
		return &expr{op: "tmp", name: g.pick("i", "j")}
	case depth == 0 || k < 3:
		return &expr{op: "var", name: g.pick("x", "y", "b"), once: g.marked()}
	case k == 3:
		return num(g.r.IntN(3))
	case k == 4:
		return &expr{op: "idx", sub: []*expr{g.value(depth - 1)}, once: g.marked()}
	case k == 5:
		return &expr{op: "?:", sub: []*expr{g.cond(depth - 1), g.value(depth - 1), g.value(depth - 1)}}
	}
	return &expr{op: "+", sub: []*expr{g.value(depth - 1), g.value(depth - 1)}}
}

// cond always reads something.
func (g *maker) cond(depth int) *expr {
	v := &expr{op: "var", name: g.pick("x", "y", "b"), once: g.marked()}
	switch k := g.r.IntN(7); {
	case depth == 0 || k < 3:
		return &expr{op: g.pick("==", "<"), sub: []*expr{v, num(g.r.IntN(3))}}
	case k == 3:
		return &expr{op: "==", sub: []*expr{v, g.value(depth - 1)}}
	case k == 4:
		return &expr{op: "!", sub: []*expr{g.cond(depth - 1)}}
	}
	return &expr{op: g.pick("&&", "||"), sub: []*expr{g.cond(depth - 1), g.cond(depth - 1)}}
}

func (g *maker) place() *expr {
	if g.r.IntN(4) == 0 {
		return &expr{op: "tmp", name: g.pick("i", "j")}
	}
	if g.r.IntN(3) == 0 {
		return &expr{op: "idx", sub: []*expr{g.value(1)}}
	}
	return &expr{op: "var", name: g.pick("x", "y", "b")}
}

func (g *maker) list(n, depth int) (out []*stmt) {
	for range n {
		out = append(out, g.stmt(depth))
	}
	return out
}

func (g *maker) stmt(depth int) *stmt {
	k := g.r.IntN(12)
	if depth == 0 {
		k = g.r.IntN(7)
	}
	switch k {
	case 0, 1, 2:
		s := &stmt{kind: "=", place: g.place(), x: g.value(2)}
		s.once = s.place.op != "tmp" && g.marked()
		return s
	case 3:
		return &stmt{kind: "+=", place: g.place(), x: g.value(1)}
	case 4:
		return &stmt{kind: "await", x: g.cond(2)}
	case 5:
		return &stmt{kind: "assert", x: g.cond(2)}
	case 6:
		return &stmt{kind: "skip"}
	case 7, 8:
		s := &stmt{kind: "if", x: g.cond(2), body: [][]*stmt{g.list(1+g.r.IntN(2), depth-1)}}
		if g.r.IntN(2) == 0 {
			s.body = append(s.body, g.list(1, depth-1))
		}
		return s
	case 9:
		if g.atom {
			return &stmt{kind: "skip"}
		}
		return &stmt{kind: "while", x: g.cond(1), body: [][]*stmt{append(g.list(1, depth-1), &stmt{kind: "=", place: &expr{op: "var", name: "x"}, x: num(1)})}}
	case 10:
		if g.atom {
			return &stmt{kind: "skip"}
		}
		s := &stmt{kind: "choose", deflt: g.r.IntN(3) == 0}
		for i := range 2 + g.r.IntN(2) {
			if i > 0 && s.deflt {
				s.body = append(s.body, g.list(g.r.IntN(2), depth-1))
				break
			}
			c := g.cond(1)
			if !s.deflt && g.r.IntN(2) == 0 {
				c = nil
			}
			s.conds = append(s.conds, c)
			s.body = append(s.body, g.list(g.r.IntN(3), depth-1))
		}
		return s
	}
	if g.atom {
		return &stmt{kind: "skip"}
	}
	g.atom = true
	list := append(g.list(1+g.r.IntN(2), depth-1), &stmt{kind: "=", place: &expr{op: "var", name: "y"}, x: g.value(1)})
	g.atom = false
	return &stmt{kind: "atomic", body: [][]*stmt{list}}
}

// TestSecondImplementation: figures and violations of random programs are those of the page.
func TestSecondImplementation(t *testing.T) {
	programs := 2000
	if testing.Short() {
		programs = 100
	}
	compared, total := 0, 0
	found := map[string]int{}
	for seed := range uint64(programs) {
		g := &maker{r: rand.New(rand.NewPCG(seed, 6))}
		m := &second{found: map[string]bool{}}
		var b strings.Builder
		b.WriteString("u2 x;\nu2 y;\nbool b;\nu2 a[2];\n")
		for i := range 2 {
			p := &proc{}
			list := g.list(2+g.r.IntN(3), 2)
			fmt.Fprintf(&b, "process p%d {\n\tu2 i;\n\tu2 j;\n\n", i)
			for _, s := range list {
				s.print(&b, "\t")
			}
			b.WriteString("}\n")
			p.stmts(list)
			p.emit(&instr{kind: "end"})
			p.liveness()
			m.procs = append(m.procs, p)
		}
		// One writes every cell and one reads every cell, so that all are shared.
		w := &proc{}
		b.WriteString("process writer {\n")
		for _, c := range []*expr{{op: "var", name: "b"}, {op: "idx", sub: []*expr{num(0)}}, {op: "idx", sub: []*expr{num(1)}}, {op: "var", name: "x"}, {op: "var", name: "y"}} {
			s := &stmt{kind: "=", place: c, x: num(1)}
			s.print(&b, "\t")
			w.stmt(s)
		}
		b.WriteString("}\n")
		w.emit(&instr{kind: "end"})
		reader := &proc{}
		never := &expr{op: "<", sub: []*expr{num(12), {op: "+", sub: []*expr{{op: "+", sub: []*expr{{op: "+", sub: []*expr{{op: "var", name: "x"}, {op: "var", name: "y"}}}, {op: "var", name: "b"}}}, {op: "+", sub: []*expr{{op: "idx", sub: []*expr{num(0)}}, {op: "idx", sub: []*expr{num(1)}}}}}}}}
		fmt.Fprintf(&b, "process reader {\n\tend: await(%s);\n}\n", never)
		reader.emit(&instr{kind: "await", x: never, endLab: true})
		reader.emit(&instr{kind: "end"})
		m.procs = append(m.procs, w, reader)

		src := b.String()
		sys, ok := tryBuild(t, src, elab.BuildOptions{})
		if !ok {
			continue // a constant that does not fit
		}
		states, transitions := m.explore(4000)
		if states > 4000 {
			continue
		}
		res, err := checker.Check(context.Background(), sys, checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var violated, said []string
		for _, v := range res.Violations {
			violated = append(violated, v.Property)
			found[v.Property]++
		}
		for p := range m.found {
			said = append(said, p)
		}
		slices.Sort(violated)
		slices.Sort(said)
		if res.Stats.States != int64(states) || res.Stats.Transitions != int64(transitions) || !slices.Equal(violated, said) {
			t.Fatalf("seed %d: %d states, %d transitions, violated %v; by the page %d, %d, %v\n%s", seed, res.Stats.States, res.Stats.Transitions, violated, states, transitions, said, src)
		}
		compared++
		total += states
	}
	t.Logf("%d programs, %d states, violated %v", compared, total, found)
	if compared < programs/4 || found["no_fault"] == 0 || found["assertion"] == 0 || found["no_deadlock"] == 0 {
		t.Errorf("only %d programs compared, violated %v", compared, found)
	}
}
