package litmus

// WalkStmts calls stmt on every statement of a list, before those within it, and expr on every expression, before its operands: in the order of the text.
func WalkStmts(list []Stmt, stmt func(Stmt), expr func(Expr)) {
	for _, s := range list {
		stmt(s)
		switch s := s.(type) {
		case *Assign:
			WalkExpr(s.X, expr)
		case *Store:
			WalkExpr(s.Addr, expr)
			WalkExpr(s.Val, expr)
		case *If:
			WalkExpr(s.Cond, expr)
			WalkStmts(s.Then, stmt, expr)
			WalkStmts(s.Else, stmt, expr)
		case *Lock:
			WalkExpr(s.Addr, expr)
		case *Unlock:
			WalkExpr(s.Addr, expr)
		case *SrcuUnlock:
			WalkExpr(s.Addr, expr)
			WalkExpr(s.Index, expr)
		case *SyncSrcu:
			WalkExpr(s.Addr, expr)
		}
	}
}

// WalkExpr calls f on an expression and everything below it. A nil expression is none.
func WalkExpr(x Expr, f func(Expr)) {
	if x == nil {
		return
	}
	f(x)
	switch x := x.(type) {
	case *Unary:
		WalkExpr(x.X, f)
	case *Binary:
		WalkExpr(x.X, f)
		WalkExpr(x.Y, f)
	case *Choice:
		WalkExpr(x.Cond, f)
		WalkExpr(x.X, f)
		WalkExpr(x.Y, f)
	case *Load:
		WalkExpr(x.Addr, f)
	case *RMW:
		WalkExpr(x.Addr, f)
		WalkExpr(x.Arg, f)
		WalkExpr(x.Old, f)
	case *TryLock:
		WalkExpr(x.Addr, f)
	case *IsLocked:
		WalkExpr(x.Addr, f)
	case *SrcuLock:
		WalkExpr(x.Addr, f)
	}
}
