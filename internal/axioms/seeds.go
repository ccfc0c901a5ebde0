package axioms

import (
	"slices"

	"pmdcheck/internal/litmus"
)

// The kernel's model allows some values out of thin air: a process may store a constant only because it read what another process stores only because of that store, if
// nothing but a branch that has joined again connects the two in the code. Such a value is a constant that the code stores, or puts into a register, and only code with
// conditions can store it in some executions and not in others. So every read is tried with all of these.
//
// Where a plain store copies a register, any value at all may come out of thin air, because plain accesses need not be executed in an order that dependencies respect. The values
// of the condition, and one that occurs nowhere, stand for all.

// seeds are the constants that may come out of thin air, sorted.
func seeds(t *litmus.Test) []litmus.Value {
	var out []litmus.Value
	constant := func(list ...litmus.Expr) {
		for _, x := range list {
			if c, ok := x.(*litmus.Const); ok {
				out = append(out, c.V)
			}
		}
	}
	conditions, copies := false, false
	w := walker{
		stmt: func(s litmus.Stmt) {
			switch s := s.(type) {
			case *litmus.Assign:
				constant(s.X)
			case *litmus.Store:
				constant(s.Val)
				_, is := s.Val.(*litmus.Const)
				copies = copies || !is && s.Order == litmus.Plain
			case *litmus.If:
				conditions = true
			}
		},
		expr: func(x litmus.Expr) {
			switch x := x.(type) {
			case *litmus.Binary:
				conditions = conditions || x.Op == "&&" || x.Op == "||"
			case *litmus.Choice:
				conditions = true
				constant(x.X, x.Y)
			case *litmus.RMW:
				conditions = conditions || x.Old != nil
				constant(x.Arg)
			}
		},
	}
	for _, p := range t.Procs {
		w.stmts(p.Body)
		for _, r := range p.Regs {
			out = append(out, r.Init)
		}
	}
	if copies {
		out = append(out, litmus.Values(t.Cond)...)
		fresh := litmus.Value(1)
		for slices.Contains(out, fresh) {
			fresh++
		}
		out = append(out, fresh)
	} else if !conditions {
		return nil
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// targets are the cells that each process may store to; a nil set: any.
func targets(t *litmus.Test) []map[int]bool {
	out := make([]map[int]bool, len(t.Procs))
	for p := range out {
		set, any := map[int]bool{}, false
		to := func(x litmus.Expr) {
			c, ok := x.(*litmus.Const)
			if !ok {
				any = true
			} else if cell, ok := t.Cell(c.V); ok {
				set[cell] = true
			}
		}
		w := walker{
			stmt: func(s litmus.Stmt) {
				switch s := s.(type) {
				case *litmus.Store:
					to(s.Addr)
				case *litmus.Lock:
					to(s.Addr)
				case *litmus.Unlock:
					to(s.Addr)
				}
			},
			expr: func(x litmus.Expr) {
				switch x := x.(type) {
				case *litmus.RMW:
					to(x.Addr)
				case *litmus.TryLock:
					to(x.Addr)
				}
			},
		}
		w.stmts(t.Procs[p].Body)
		if !any {
			out[p] = set
		}
	}
	return out
}

// walker visits all statements and expressions.
type walker struct {
	stmt func(litmus.Stmt)
	expr func(litmus.Expr)
}

func (w *walker) stmts(list []litmus.Stmt) {
	for _, s := range list {
		if w.stmt != nil {
			w.stmt(s)
		}
		switch s := s.(type) {
		case *litmus.Assign:
			w.exprs(s.X)
		case *litmus.Store:
			w.exprs(s.Addr, s.Val)
		case *litmus.If:
			w.exprs(s.Cond)
			w.stmts(s.Then)
			w.stmts(s.Else)
		case *litmus.Lock:
			w.exprs(s.Addr)
		case *litmus.Unlock:
			w.exprs(s.Addr)
		case *litmus.SrcuUnlock:
			w.exprs(s.Addr, s.Index)
		case *litmus.SyncSrcu:
			w.exprs(s.Addr)
		}
	}
}

func (w *walker) exprs(list ...litmus.Expr) {
	for _, x := range list {
		if x == nil {
			continue
		}
		if w.expr != nil {
			w.expr(x)
		}
		switch x := x.(type) {
		case *litmus.Unary:
			w.exprs(x.X)
		case *litmus.Binary:
			w.exprs(x.X, x.Y)
		case *litmus.Choice:
			w.exprs(x.Cond, x.X, x.Y)
		case *litmus.Load:
			w.exprs(x.Addr)
		case *litmus.RMW:
			w.exprs(x.Addr, x.Arg, x.Old)
		case *litmus.TryLock:
			w.exprs(x.Addr)
		case *litmus.IsLocked:
			w.exprs(x.Addr)
		case *litmus.SrcuLock:
			w.exprs(x.Addr)
		}
	}
}
