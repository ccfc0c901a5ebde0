package axioms

import "pmdcheck/internal/litmus"

// touches reports whether statements access memory or order accesses: a compiler cannot do without a branch around them.
func touches(list []litmus.Stmt) bool {
	for _, s := range list {
		switch s := s.(type) {
		case *litmus.Assign:
			if loads(s.X) {
				return true
			}
		case *litmus.If:
			if loads(s.Cond) || touches(s.Then) || touches(s.Else) {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// loads reports whether an expression accesses memory.
func loads(x litmus.Expr) bool {
	found := false
	w := walker{expr: func(x litmus.Expr) {
		switch x.(type) {
		case *litmus.Load, *litmus.RMW, *litmus.TryLock, *litmus.IsLocked, *litmus.SrcuLock:
			found = true
		}
	}}
	w.exprs(x)
	return found
}
