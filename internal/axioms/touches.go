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

func loads(x litmus.Expr) bool {
	switch x := x.(type) {
	case *litmus.Const, *litmus.RegUse:
		return false
	case *litmus.Unary:
		return loads(x.X)
	case *litmus.Binary:
		return loads(x.X) || loads(x.Y)
	case *litmus.Choice:
		return loads(x.Cond) || loads(x.X) || loads(x.Y)
	}
	return true
}
