package litmuspmd

import (
	"fmt"
	"strings"

	"pmdcheck/internal/litmus"
)

// dynamicAddress reports whether an address in the code is not a constant.
func dynamicAddress(t *litmus.Test) (found bool) {
	addr := func(x litmus.Expr) {
		if _, ok := x.(*litmus.Const); !ok {
			found = true
		}
	}
	for _, p := range t.Procs {
		litmus.WalkStmts(p.Body, func(s litmus.Stmt) {
			switch s := s.(type) {
			case *litmus.Store:
				addr(s.Addr)
			case *litmus.Lock:
				addr(s.Addr)
			case *litmus.Unlock:
				addr(s.Addr)
			}
		}, func(x litmus.Expr) {
			switch x := x.(type) {
			case *litmus.Load:
				addr(x.Addr)
			case *litmus.RMW:
				addr(x.Addr)
			case *litmus.TryLock:
				addr(x.Addr)
			case *litmus.IsLocked:
				addr(x.Addr)
			}
		})
	}
	return found
}

// procWriter writes the code of one process.
type procWriter struct {
	*writer
	p     int
	out   strings.Builder
	tabs  int
	temps int
	locks map[int]int // by register: the section of srcu_read_lock that it names, plus 1
	open  int         // how deep in branches
}

func (w *writer) process(i int) string {
	p := w.t.Procs[i]
	c := &procWriter{writer: w, p: i, tabs: 1, locks: map[int]int{}}
	uses := false
	litmus.WalkStmts(p.Body, func(s litmus.Stmt) {
		if f, ok := s.(*litmus.Fence); ok && (f.Kind == litmus.RcuLock || f.Kind == litmus.RcuUnlock) {
			uses = true
		}
	}, func(litmus.Expr) {})
	w.rcu = w.rcu || uses
	c.stmts(p.Body)
	for _, r := range w.observed(i) {
		c.line("P%d_%d = %s;", p.ID, r, c.reg(r))
	}
	if w.over {
		c.line("smp_mb();")
		c.line("over[%d] = true;", i)
	}
	var head strings.Builder
	fmt.Fprintf(&head, "process P%d {\n", p.ID)
	for r := range p.Regs {
		fmt.Fprintf(&head, "\tword %s = %d; // %s\n", c.reg(r), w.number(p.Regs[r].Init), oneLine(p.Regs[r].Name))
	}
	for k := range c.temps {
		fmt.Fprintf(&head, "\tword t%d;\n", k+1)
	}
	if uses {
		head.WriteString("\tu8 nested = 0;\n\tu8 readers = 0;\n")
	}
	if head.Len() > 0 && (len(p.Regs) > 0 || c.temps > 0 || uses) {
		head.WriteString("\n")
	}
	body := c.out.String()
	if body == "" {
		body = "\tskip;\n"
	}
	return head.String() + body + "}\n"
}

func (c *procWriter) line(format string, args ...any) {
	c.out.WriteString(strings.Repeat("\t", c.tabs))
	fmt.Fprintf(&c.out, format, args...)
	c.out.WriteString("\n")
}

func (c *procWriter) reg(r int) string { return fmt.Sprintf("r%d", r) }

func (c *procWriter) temp() string {
	c.temps++
	return fmt.Sprintf("t%d", c.temps)
}

func (c *procWriter) stmts(list []litmus.Stmt) {
	for _, s := range list {
		c.stmt(s)
	}
}

func (c *procWriter) stmt(s litmus.Stmt) {
	switch s := s.(type) {
	case *litmus.Assign:
		if l, ok := s.X.(*litmus.SrcuLock); ok {
			c.srcuLock(s.Reg, l)
			return
		}
		x := c.expr(s.X)
		if s.Reg >= 0 {
			delete(c.locks, s.Reg)
			c.line("%s = %s;", c.reg(s.Reg), x)
		}
	case *litmus.Store:
		at := c.place(s.Addr)
		x := c.expr(s.Val)
		switch s.Order {
		case litmus.Plain:
			c.line("%s = %s;", at, x)
		case litmus.Release:
			c.line("smp_store_release(&%s, %s);", at, x)
		default:
			c.line("WRITE_ONCE(%s, %s);", at, x)
		}
	case *litmus.Fence:
		c.fence(s)
	case *litmus.If:
		x := c.expr(s.Cond)
		c.line("if (%s) {", truth(x))
		c.tabs++
		c.open++
		c.stmts(s.Then)
		c.line("skip;")
		c.tabs--
		c.line("} else {")
		c.tabs++
		c.stmts(s.Else)
		c.line("skip;")
		c.tabs--
		c.open--
		c.line("}")
	case *litmus.Lock:
		c.used["spin_lock"] = true
		c.line("spin_lock(&%s);", c.place(s.Addr))
	case *litmus.Unlock:
		c.line("smp_store_release(&%s, 0);", c.place(s.Addr))
	case *litmus.SrcuUnlock:
		use, ok := s.Index.(*litmus.RegUse)
		if !ok || c.locks[use.Reg] == 0 {
			refuse("the reader that a srcu_read_unlock ends is not found in the text before it")
		}
		c.line("srcu_over[%d] = true;", c.locks[use.Reg]-1)
	case *litmus.SyncSrcu:
		c.line("smp_mb();")
		c.wait(c.cell(s.Addr))
	}
}

func truth(x string) string { return x + " != 0" }

// cell is the cell of an address that is a constant.
func (c *procWriter) cell(x litmus.Expr) int {
	if k, ok := x.(*litmus.Const); ok {
		if cell, ok := c.t.Cell(k.V); ok {
			return cell
		}
	}
	refuse("which srcu_struct is meant is not found in the text")
	return 0
}

func (c *procWriter) srcuLock(reg int, l *litmus.SrcuLock) {
	if reg < 0 || c.open > 0 {
		refuse("a srcu_read_lock is in a branch, or its result is thrown away")
	}
	c.srcu = append(c.srcu, section{c.p, c.cell(l.Addr)})
	c.used["srcu_begin"] = true
	c.line("srcu_begin(&srcu_begun[%d]);", len(c.srcu)-1)
	c.line("%s = 0;", c.reg(reg))
	c.locks[reg] = len(c.srcu)
}

// The text of a grace period of SRCU depends on the sections of all processes, which are known at the end.
func (c *procWriter) wait(cell int) {
	n := 0
	for q, p := range c.t.Procs {
		litmus.WalkStmts(p.Body, func(litmus.Stmt) {}, func(x litmus.Expr) {
			l, ok := x.(*litmus.SrcuLock)
			if !ok {
				return
			}
			k, isConst := l.Addr.(*litmus.Const)
			if !isConst {
				refuse("which srcu_struct is meant is not found in the text")
			}
			if at, _ := c.t.Cell(k.V); at == cell {
				c.line("\t// reader %d, of P%d", n, q)
			}
			n++
		})
	}
	var mine []int
	n = 0
	for _, p := range c.t.Procs {
		litmus.WalkStmts(p.Body, func(litmus.Stmt) {}, func(x litmus.Expr) {
			if l, ok := x.(*litmus.SrcuLock); ok {
				if at, _ := c.t.Cell(l.Addr.(*litmus.Const).V); at == cell {
					mine = append(mine, n)
				}
				n++
			}
		})
	}
	var temps []string
	for range mine {
		temps = append(temps, c.temp())
	}
	c.line("atomic {")
	for i, k := range mine {
		c.line("\t%s = srcu_begun[%d];", temps[i], k)
	}
	if len(mine) == 0 {
		c.line("\tskip;")
	}
	c.line("}")
	for i, k := range mine {
		c.line("await (%s == 0 || srcu_over[%d]);", temps[i], k)
	}
}

func (c *procWriter) fence(f *litmus.Fence) {
	switch f.Kind {
	case litmus.Mb, litmus.AfterSrcuUnlock:
		c.line("smp_mb();")
	case litmus.Rmb:
		c.line("smp_rmb();")
	case litmus.Wmb:
		c.line("smp_wmb();")
	case litmus.RcuLock:
		c.used["rcu_begin"] = true
		c.line("if (nested == 0) {")
		c.line("\treaders++;")
		c.line("\trcu_begin(&rcu_begun[%d], readers);", c.p)
		c.line("}")
		c.line("nested++;")
	case litmus.RcuUnlock:
		c.line("if (nested != 0) {")
		c.line("\tnested--;")
		c.line("\tif (nested == 0)")
		c.line("\t\trcu_over[%d] = readers;", c.p)
		c.line("}")
	case litmus.SyncRcu:
		c.line("smp_mb();")
		var who []int
		for q, p := range c.t.Procs {
			uses := false
			litmus.WalkStmts(p.Body, func(s litmus.Stmt) {
				if f, ok := s.(*litmus.Fence); ok && f.Kind == litmus.RcuLock {
					uses = true
				}
			}, func(litmus.Expr) {})
			if uses {
				who = append(who, q)
			}
		}
		if len(who) == 0 {
			return
		}
		var temps []string
		for range who {
			temps = append(temps, c.temp())
		}
		c.line("atomic {")
		for i, q := range who {
			c.line("\t%s = rcu_begun[%d];", temps[i], q)
		}
		c.line("}")
		for i, q := range who {
			c.line("await (rcu_over[%d] >= %s);", q, temps[i])
		}
	default:
		c.line("// %v: only the compiler is held back on x86", f.Kind)
	}
}

// place is where an address leads, as the spec writes it. One that leads nowhere ends the process: nothing of such a run counts.
func (c *procWriter) place(x litmus.Expr) string {
	if k, ok := x.(*litmus.Const); ok {
		cell, ok := c.t.Cell(k.V)
		if !ok {
			c.line("await (false);")
			if c.dynamic {
				return "m[0]"
			}
			return c.s.cells[0]
		}
		return c.s.cells[cell]
	}
	a := c.temp()
	c.line("%s = %s;", a, c.expr(x))
	var good []string
	for i := range c.t.Locs {
		lo := addressBase + c.first[i]
		if n := len(c.t.Locs[i].Init); n == 1 {
			good = append(good, fmt.Sprintf("%s == %d", a, lo))
		} else {
			good = append(good, fmt.Sprintf("(%s >= %d && %s < %d)", a, lo, a, lo+n))
		}
	}
	c.line("if (!(%s))", strings.Join(good, " || "))
	c.line("\tawait (false);")
	return fmt.Sprintf("m[%s - %d]", a, addressBase)
}

// expr writes the accesses of an expression, from left to right, and gives what is left, which has none.
func (c *procWriter) expr(x litmus.Expr) string {
	switch x := x.(type) {
	case *litmus.Const:
		if n := c.number(x.V); n < 0 {
			return fmt.Sprintf("(%d)", n)
		}
		return fmt.Sprint(c.number(x.V))
	case *litmus.RegUse:
		return c.reg(x.Reg)
	case *litmus.Unary:
		v := c.expr(x.X)
		if x.Op == "!" {
			return c.set("%s == 0", v)
		}
		return fmt.Sprintf("(%s%s)", x.Op, v)
	case *litmus.Binary:
		return c.binary(x)
	case *litmus.Choice:
		t := c.temp()
		c.line("if (%s) {", truth(c.expr(x.Cond)))
		c.nested(func() { c.line("%s = %s;", t, c.expr(x.X)) })
		c.line("} else {")
		c.nested(func() { c.line("%s = %s;", t, c.expr(x.Y)) })
		c.line("}")
		return t
	case *litmus.Load:
		return c.load(x.Addr, x.Order)
	case *litmus.IsLocked:
		return c.load(x.Addr, litmus.Relaxed)
	case *litmus.TryLock:
		c.used["trylock"] = true
		return c.set("trylock(&%s)", c.place(x.Addr))
	case *litmus.RMW:
		return c.rmw(x)
	}
	refuse("a srcu_read_lock is part of an expression")
	return ""
}

// set keeps a value in a temporary.
func (c *procWriter) set(format string, args ...any) string {
	t := c.temp()
	c.line("%s = %s;", t, fmt.Sprintf(format, args...))
	return t
}

func (c *procWriter) nested(f func()) {
	c.tabs++
	c.open++
	f()
	c.open--
	c.tabs--
}

func (c *procWriter) load(addr litmus.Expr, o litmus.Order) string {
	at := c.place(addr)
	switch o {
	case litmus.Plain:
		return c.set("%s", at)
	case litmus.Acquire:
		return c.set("smp_load_acquire(&%s)", at)
	}
	return c.set("READ_ONCE(%s)", at)
}

func (c *procWriter) binary(x *litmus.Binary) string {
	switch x.Op {
	case "&&", "||":
		t := c.temp()
		c.line("%s = %s;", t, truth(c.expr(x.X)))
		if x.Op == "&&" {
			c.line("if (%s) {", truth(t))
		} else {
			c.line("if (%s == 0) {", t)
		}
		c.nested(func() { c.line("%s = %s;", t, truth(c.expr(x.Y))) })
		c.line("}")
		return t
	case "<<", ">>":
		refuse("it shifts")
	}
	l := c.set("%s", c.expr(x.X)) // what comes later may change registers of it
	r := c.set("%s", c.expr(x.Y))
	switch x.Op {
	case "/", "%":
		c.line("if (%s == 0)", r)
		c.line("\tawait (false);")
	case "&~":
		return c.set("%s & ~%s", l, r)
	}
	return c.set("%s %s %s", l, x.Op, r)
}

func (c *procWriter) rmw(x *litmus.RMW) string {
	at := c.place(x.Addr)
	arg, old := c.set("%s", c.expr(x.Arg)), ""
	if x.Old != nil {
		old = c.set("%s", c.expr(x.Old))
	}
	use := func(name string) string {
		c.used[name] = true
		return name
	}
	var was, now, did string
	switch x.Kind {
	case litmus.Xchg:
		was = c.set("%s(&%s, %s)", use("xchg"), at, arg)
		now, did = arg, "1"
	case litmus.CmpXchg:
		was = c.set("%s(&%s, %s, %s)", use("cmpxchg"), at, old, arg)
		now, did = arg, was+" == "+old
	case litmus.AddUnless:
		was = c.set("%s(&%s, %s, %s)", use("add_unless"), at, arg, old)
		now, did = was+" + "+arg, was+" != "+old
	default:
		name := arithmetic[x.Op]
		if name == "" {
			refuse("it has a read-modify-write with %s", x.Op)
		}
		was = c.set("%s(&%s, %s)", use("fetch_"+name), at, arg)
		now, did = was+" "+x.Op+" "+arg, "1"
		if x.Op == "&~" {
			now = was + " & ~" + arg
		}
	}
	switch x.Result {
	case litmus.NewValue:
		return c.set("%s", now)
	case litmus.Succeeded:
		return c.set("%s", did)
	}
	return was
}
