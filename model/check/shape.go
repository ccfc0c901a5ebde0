package check

import (
	"slices"

	"pmdcheck/model/syntax"
)

// HasCall reports whether an expression calls anything but the built-ins that are pure.
func HasCall(x syntax.Expr) bool {
	found := false
	syntax.Walk(x, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			switch c.Fun.Name {
			case "live", "peek", "container_of", "READ_ONCE", "smp_load_acquire":
			default:
				found = true
			}
		}
		return !found
	})
	return found
}

// Assigned collects the names that a body assigns or takes the address of. An address that is taken is under "&" and the name too. Shadowing makes it too
// large, never too small.
func Assigned(n syntax.Node) map[string]bool {
	m := map[string]bool{}
	root := func(x syntax.Expr) {
		for {
			switch y := x.(type) {
			case *syntax.ParenExpr:
				x = y.X
				continue
			case *syntax.IndexExpr:
				x = y.X
				continue
			case *syntax.MemberExpr:
				if !y.Arrow {
					x = y.X
					continue
				}
			case *syntax.Ident:
				m[y.Name] = true
			}
			return
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			root(n.X)
		case *syntax.CallExpr:
			if n.Fun.Name == "WRITE_ONCE" && len(n.Args) > 0 {
				root(n.Args[0])
			}
		case *syntax.UnaryExpr:
			if n.Op == syntax.AND {
				root(n.X)
				for x := n.X; ; {
					switch y := x.(type) {
					case *syntax.IndexExpr:
						x = y.X
						continue
					case *syntax.Ident:
						m["&"+y.Name] = true
					}
					break
				}
			}
		}
		return true
	})
	return m
}

// alwaysReturns is a conservative answer: it may say no to code that in fact always returns only where that is not visible from its shape.
func alwaysReturns(s syntax.Stmt) bool {
	switch s := s.(type) {
	case *syntax.Block:
		for _, t := range s.Stmts {
			if alwaysReturns(t) {
				return true
			}
		}
	case *syntax.ReturnStmt, *syntax.GotoStmt:
		return true
	case *syntax.IfStmt:
		return s.Else != nil && alwaysReturns(s.Then) && alwaysReturns(s.Else)
	case *syntax.AtomicStmt:
		return alwaysReturns(s.Body)
	case *syntax.LabeledStmt:
		return alwaysReturns(s.Stmt)
	case *syntax.WhileStmt:
		b, ok := s.Cond.(*syntax.BoolLit)
		return ok && b.Value
	case *syntax.ChooseStmt:
		for _, c := range s.Cases {
			if !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
		}
		return true
	case *syntax.SwitchStmt:
		deflt := false
		for i, c := range s.Cases {
			deflt = deflt || c.Default
			if i == len(s.Cases)-1 && !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
			if len(c.Body) > 0 && !slices.ContainsFunc(c.Body, alwaysReturns) {
				return false
			}
		}
		return deflt
	}
	return false
}
