package axioms

import (
	"fmt"

	"pmdcheck/internal/litmus"
)

func truth(b bool) litmus.Value {
	if b {
		return 1
	}
	return 0
}

// eval is the value of an expression and what it depends on.
func (r *run) eval(x litmus.Expr) (litmus.Value, local) {
	switch x := x.(type) {
	case *litmus.Const:
		return x.V, local{}
	case *litmus.RegUse:
		return r.regs[x.Reg], r.deps[x.Reg]
	case *litmus.Unary:
		v, d := r.eval(x.X)
		switch x.Op {
		case "-":
			v = -v
		case "!":
			v = truth(v == 0)
		default:
			v = ^v
		}
		return v, d
	case *litmus.Binary:
		return r.binary(x)
	case *litmus.Choice:
		c, d := r.eval(x.Cond)
		branch := x.Y
		if c != 0 {
			branch = x.X
		}
		v, e := r.under(d, branch)
		return v, d.or(e)
	case *litmus.Load:
		c, ad := r.cell(x.Addr)
		v, i := r.load(Event{Cell: c, order: x.Order, addr: ad, Pos: x.Pos}, nil)
		return v, one(i)
	case *litmus.RMW:
		return r.rmw(x)
	case *litmus.TryLock:
		c, ad := r.cell(x.Addr)
		if !r.held[c] && r.choose(2) == 0 {
			return 1, r.lock(c, ad, x.Pos)
		}
		_, i := r.load(Event{Cell: c, order: litmus.Relaxed, role: lockFail, addr: ad, Pos: x.Pos}, func(v litmus.Value) bool { return v != 0 })
		return 0, one(i)
	case *litmus.IsLocked:
		c, ad := r.cell(x.Addr)
		v, i := r.load(Event{Cell: c, order: litmus.Relaxed, role: lockFail, addr: ad, Pos: x.Pos}, func(v litmus.Value) bool { return v != 0 || !r.held[c] })
		if v == 0 {
			r.events[i].role = lockFree
		}
		return truth(v != 0), one(i)
	case *litmus.SrcuLock:
		c, ad := r.cell(x.Addr)
		return 0, one(r.event(Event{class: read, role: srcuLock, Cell: c, order: litmus.Relaxed, addr: ad, Pos: x.Pos}))
	}
	panic(fmt.Sprintf("axioms: expression %T", x))
}

// under evaluates what is only reached if a condition allows it.
func (r *run) under(cond local, x litmus.Expr) (litmus.Value, local) {
	before := r.ctrl
	r.ctrl = r.ctrl.or(cond)
	v, d := r.eval(x)
	r.ctrl = before
	return v, d
}

func (r *run) binary(x *litmus.Binary) (litmus.Value, local) {
	v, d := r.eval(x.X)
	switch x.Op {
	case "&&", "||":
		if (v != 0) == (x.Op == "||") {
			return truth(v != 0), d
		}
		w, e := r.under(d, x.Y)
		return truth(w != 0), d.or(e)
	}
	w, e := r.eval(x.Y)
	res, ok := litmus.Apply(x.Op, v, w)
	if !ok {
		panic(tooMuch{fmt.Sprintf("P%d may compute %d %s %d, which is undefined", r.p, v, x.Op, w)})
	}
	return res, d.or(e)
}

// rmw executes a read-modify-write. Which of its operands the write depends on, and how, is as herd7 has it.
func (r *run) rmw(x *litmus.RMW) (litmus.Value, local) {
	c, ad := r.cell(x.Addr)
	arg, argDep := r.eval(x.Arg)
	var old litmus.Value
	var oldDep local
	if x.Old != nil {
		old, oldDep = r.eval(x.Old)
	}
	get := Event{Cell: c, order: litmus.Relaxed, role: atomicPart, locked: true, addr: ad, Pos: x.Pos, noReturn: x.Result == litmus.Nothing}
	if x.Order == litmus.Acquire {
		get.order = litmus.Acquire
	}
	full := x.Order == litmus.Full
	var stores bool
	if x.Kind == litmus.CmpXchg || x.Kind == litmus.AddUnless {
		stores = r.choose(2) == 0
	} else {
		stores = true
	}
	may := func(v litmus.Value) bool {
		return x.Kind == litmus.Xchg || x.Kind == litmus.Arith || (v == old) == (stores == (x.Kind == litmus.CmpXchg))
	}
	if !stores {
		get.order, get.failed = litmus.Relaxed, true
		get.locked = x.Kind == litmus.CmpXchg // add_unless looks first
		v, i := r.load(get, may)
		if x.Result == litmus.Succeeded {
			return 0, one(i).or(oldDep)
		}
		return v, one(i)
	}
	if full {
		r.fence(litmus.Mb, x.Pos)
	}
	v, i := r.load(get, may)
	put := Event{Cell: c, order: litmus.Relaxed, role: atomicPart, locked: true, addr: ad, data: argDep, ctrl: oldDep, pair: i, Pos: x.Pos}
	if x.Order == litmus.Release {
		put.order = litmus.Release
	}
	switch x.Kind {
	case litmus.Arith, litmus.AddUnless:
		put.data.add(i)
		put.Value, _ = litmus.Apply(x.Op, v, arg)
	default:
		put.ctrl.add(i)
		put.Value = arg
	}
	r.store(put)
	if full {
		r.fence(litmus.Mb, x.Pos)
	}
	switch x.Result {
	case litmus.NewValue:
		return put.Value, one(i).or(argDep)
	case litmus.Succeeded:
		return 1, one(i).or(oldDep)
	}
	return v, one(i)
}
