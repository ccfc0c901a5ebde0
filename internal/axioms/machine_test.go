package axioms

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
)

// This file is a second opinion on SC and x86-TSO: machines that execute a test step by step, in every order. They share the syntax tree with the axioms and nothing
// else. A process is run from its beginning with the results that its steps have had so far, up to the next step.

type action struct {
	kind  string // load, store, rmw, drain, fence, lock, unlock, begin, end, gpstart, gpend, srcubegin, srcuend
	cell  int
	val   litmus.Value
	apply func(litmus.Value) (litmus.Value, bool) // of rmw: what is stored, if anything
	lock  bool                                    // waits for an empty buffer
}

type suspended struct{ a action }

type stuck struct{} // follows an address of nothing

// player runs the code of a process on a log of results.
type player struct {
	t    *litmus.Test
	log  []litmus.Value
	at   int
	regs []litmus.Value
}

func (p *player) do(a action) litmus.Value {
	if p.at < len(p.log) {
		p.at++
		return p.log[p.at-1]
	}
	panic(suspended{a})
}

// next is the next step of a process, or the registers at its end.
func next(t *litmus.Test, proc int, log []litmus.Value) (a *action, regs []litmus.Value, ok bool) {
	p := &player{t: t, log: log}
	for _, r := range t.Procs[proc].Regs {
		p.regs = append(p.regs, r.Init)
	}
	defer func() {
		switch v := recover().(type) {
		case nil:
		case suspended:
			a, ok = &v.a, true
		case stuck:
			a, regs, ok = nil, nil, false
		default:
			panic(v)
		}
	}()
	p.run(t.Procs[proc].Body)
	return nil, p.regs, true
}

func (p *player) run(list []litmus.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *litmus.Assign:
			if v := p.value(s.X); s.Reg >= 0 {
				p.regs[s.Reg] = v
			}
		case *litmus.Store:
			c, v := p.addr(s.Addr), p.value(s.Val)
			p.do(action{kind: "store", cell: c, val: v})
		case *litmus.If:
			if p.value(s.Cond) != 0 {
				p.run(s.Then)
			} else {
				p.run(s.Else)
			}
		case *litmus.Lock:
			p.do(action{kind: "lock", cell: p.addr(s.Addr), lock: true})
		case *litmus.Unlock:
			p.do(action{kind: "store", cell: p.addr(s.Addr)})
		case *litmus.Fence:
			switch s.Kind {
			case litmus.Mb, litmus.AfterSrcuUnlock:
				p.do(action{kind: "fence", lock: true})
			case litmus.RcuLock:
				p.do(action{kind: "begin", cell: -1})
			case litmus.RcuUnlock:
				p.do(action{kind: "end", cell: -1})
			case litmus.SyncRcu:
				n := p.do(action{kind: "gpstart", cell: -1, lock: true})
				p.do(action{kind: "gpend", val: n, lock: true})
			}
		case *litmus.SrcuUnlock:
			c := p.addr(s.Addr)
			p.do(action{kind: "srcuend", cell: c, val: p.value(s.Index)})
		case *litmus.SyncSrcu:
			n := p.do(action{kind: "gpstart", cell: p.addr(s.Addr), lock: true})
			p.do(action{kind: "gpend", val: n, lock: true})
		}
	}
}

func (p *player) addr(x litmus.Expr) int {
	c, ok := p.t.Cell(p.value(x))
	if !ok {
		panic(stuck{})
	}
	return c
}

func (p *player) value(x litmus.Expr) litmus.Value {
	b2v := func(b bool) litmus.Value {
		if b {
			return 1
		}
		return 0
	}
	switch x := x.(type) {
	case *litmus.Const:
		return x.V
	case *litmus.RegUse:
		return p.regs[x.Reg]
	case *litmus.Unary:
		v := p.value(x.X)
		return map[string]litmus.Value{"-": -v, "~": ^v, "!": b2v(v == 0)}[x.Op]
	case *litmus.Binary:
		v := p.value(x.X)
		if x.Op == "&&" && v == 0 || x.Op == "||" && v != 0 {
			return b2v(v != 0)
		}
		w := p.value(x.Y)
		if x.Op == "&&" || x.Op == "||" {
			return b2v(w != 0)
		}
		r, _ := litmus.Apply(x.Op, v, w)
		return r
	case *litmus.Choice:
		if p.value(x.Cond) != 0 {
			return p.value(x.X)
		}
		return p.value(x.Y)
	case *litmus.Load:
		return p.do(action{kind: "load", cell: p.addr(x.Addr)})
	case *litmus.TryLock:
		// One step looks, and takes the lock if it is free. Only then is the bus locked.
		return 1 - p.do(action{kind: "rmw", cell: p.addr(x.Addr), apply: func(v litmus.Value) (litmus.Value, bool) { return 1, v == 0 }})
	case *litmus.IsLocked:
		return p.do(action{kind: "load", cell: p.addr(x.Addr)})
	case *litmus.SrcuLock:
		return p.do(action{kind: "srcubegin", cell: p.addr(x.Addr)})
	case *litmus.RMW:
		return p.rmw(x)
	}
	panic(fmt.Sprintf("%T", x))
}

func (p *player) rmw(x *litmus.RMW) litmus.Value {
	c, arg := p.addr(x.Addr), p.value(x.Arg)
	var cmp litmus.Value
	if x.Old != nil {
		cmp = p.value(x.Old)
	}
	f := func(v litmus.Value) (litmus.Value, bool) {
		switch x.Kind {
		case litmus.Xchg:
			return arg, true
		case litmus.CmpXchg:
			return arg, v == cmp
		case litmus.AddUnless:
			return v + arg, v != cmp
		}
		r, _ := litmus.Apply(x.Op, v, arg)
		return r, true
	}
	old := p.do(action{kind: "rmw", cell: c, apply: f, lock: x.Kind != litmus.AddUnless})
	put, stored := f(old)
	switch {
	case x.Result == litmus.NewValue:
		return put
	case x.Result == litmus.Succeeded:
		if stored {
			return 1
		}
		return 0
	}
	return old
}

// entry is in a store buffer: a store, or the end of a reader.
type entry struct {
	cell    int
	val     litmus.Value
	section int // 0: a store
}

// global is a state of the machine.
type global struct {
	mem  []litmus.Value
	logs [][]litmus.Value
	buf  [][]entry
	open map[int]int   // sections that are open, by number, and of which srcu_struct (-1: RCU)
	deep [][]int       // open RCU sections of each process
	wait map[int][]int // what a grace period waits for
	nums int           // of sections and grace periods
}

// key is the state as text. What is open and what is waited for follows from the rest but for the order of numbers, which the logs have.
func (g *global) key() string {
	var b []byte
	put := func(v int64) { b = binary.AppendVarint(b, v) }
	for _, v := range g.mem {
		put(int64(v))
	}
	for p := range g.logs {
		put(int64(len(g.logs[p])))
		for _, v := range g.logs[p] {
			put(int64(v))
		}
		put(int64(len(g.buf[p])))
		for _, e := range g.buf[p] {
			put(int64(e.cell))
			put(int64(e.val))
			put(int64(e.section))
		}
	}
	for n := 1; n <= g.nums; n++ {
		if _, ok := g.open[n]; ok {
			put(int64(n))
		}
		for _, s := range g.wait[n] {
			put(int64(-s))
		}
	}
	return string(b)
}

func (g *global) clone() *global {
	h := &global{mem: slices.Clone(g.mem), open: maps.Clone(g.open), wait: maps.Clone(g.wait), nums: g.nums}
	for i := range g.logs {
		h.logs = append(h.logs, slices.Clone(g.logs[i]))
		h.buf = append(h.buf, slices.Clone(g.buf[i]))
		h.deep = append(h.deep, slices.Clone(g.deep[i]))
	}
	return h
}

// machineStates is the set of final states of SC, or of x86-TSO, as StateString writes them.
func machineStates(t *litmus.Test, tso bool) map[string]bool {
	out := map[string]bool{}
	seen := map[string]bool{}
	first := &global{open: map[int]int{}, wait: map[int][]int{}, logs: make([][]litmus.Value, len(t.Procs)), buf: make([][]entry, len(t.Procs)), deep: make([][]int, len(t.Procs))}
	for c := range t.Cells() {
		first.mem = append(first.mem, t.InitialValue(c))
	}
	var visit func(g *global)
	visit = func(g *global) {
		key := g.key()
		if seen[key] {
			return
		}
		seen[key] = true
		done := 0
		regs := make([][]litmus.Value, len(t.Procs))
		for p := range t.Procs {
			if len(g.buf[p]) > 0 {
				h := g.clone()
				h.drain(p)
				visit(h)
			}
			a, r, ok := next(t, p, g.logs[p])
			if !ok {
				continue
			}
			if a == nil {
				regs[p] = r
				if len(g.buf[p]) == 0 {
					done++
				}
				continue
			}
			if h := g.clone(); h.step(p, a, tso) {
				visit(h)
			}
		}
		if done == len(t.Procs) {
			value := func(m litmus.Term) litmus.Value {
				if m.Proc >= 0 {
					return regs[m.Proc][m.Reg]
				}
				return g.mem[m.Cell]
			}
			if t.Filter != nil && !t.Filter.Holds(value) {
				return
			}
			var b strings.Builder
			for _, m := range t.Projection() {
				b.WriteString(t.TermName(m) + "=" + t.Show(value(m)) + ";")
			}
			out[b.String()] = true
		}
	}
	visit(first)
	return out
}

func (g *global) drain(p int) {
	e := g.buf[p][0]
	g.buf[p] = g.buf[p][1:]
	if e.section > 0 {
		delete(g.open, e.section)
	} else {
		g.mem[e.cell] = e.val
	}
}

func (g *global) put(p int, e entry, tso bool) {
	g.buf[p] = append(g.buf[p], e)
	if !tso {
		g.drain(p)
	}
}

func (g *global) get(p, cell int) litmus.Value {
	for i := len(g.buf[p]) - 1; i >= 0; i-- {
		if e := g.buf[p][i]; e.section == 0 && e.cell == cell {
			return e.val
		}
	}
	return g.mem[cell]
}

// step executes an action, unless it has to wait.
func (g *global) step(p int, a *action, tso bool) bool {
	if a.lock && len(g.buf[p]) > 0 {
		return false
	}
	var res litmus.Value
	switch a.kind {
	case "load":
		res = g.get(p, a.cell)
	case "store":
		g.put(p, entry{cell: a.cell, val: a.val}, tso)
	case "lock":
		if g.mem[a.cell] != 0 {
			return false
		}
		g.mem[a.cell] = 1
	case "rmw":
		res = g.get(p, a.cell)
		if v, stores := a.apply(res); stores {
			if len(g.buf[p]) > 0 {
				return false
			}
			g.mem[a.cell] = v
		}
	case "begin", "srcubegin":
		g.nums++
		g.open[g.nums] = a.cell
		if a.kind == "begin" {
			g.deep[p] = append(g.deep[p], g.nums)
		}
		res = litmus.Value(g.nums)
	case "end":
		n := len(g.deep[p]) - 1
		g.put(p, entry{section: g.deep[p][n]}, tso)
		g.deep[p] = g.deep[p][:n]
	case "srcuend":
		g.put(p, entry{section: int(a.val)}, tso)
	case "gpstart":
		g.nums++
		var wait []int
		for s, c := range g.open {
			if c == a.cell {
				wait = append(wait, s)
			}
		}
		slices.Sort(wait)
		g.wait[g.nums] = wait
		res = litmus.Value(g.nums)
	case "gpend":
		for _, s := range g.wait[int(a.val)] {
			if _, open := g.open[s]; open {
				return false
			}
		}
	}
	g.logs[p] = append(g.logs[p], res)
	return true
}
