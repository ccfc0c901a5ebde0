package syntax

import "fmt"

// Walk calls f for n and, while f returns true, for everything below it, in the order of the source. Comments hang below the [File] and
// come after its declarations. A node that is missing is skipped.
func Walk(n Node, f func(Node) bool) {
	if isNil(n) || !f(n) {
		return
	}
	switch n := n.(type) {
	case *File:
		walkList(n.Decls, f)
		walkList(n.Comments, f)
	case *Comment, *Ident, *ImportDecl, *FairDecl, *BadDecl, *BadStmt, *BadExpr, *IntLit, *VersionLit, *BoolLit, *NullLit, *StringLit, *BreakStmt, *ContinueStmt, *SkipStmt:
	case *TypeExpr:
		walkAll(f, n.Name, n.Lo, n.Hi)
	case *Attr:
		Walk(n.Name, f)
		for i := range n.Args {
			Walk(&n.Args[i], f)
		}
	case *AttrArg:
		Walk(n.Ident, f)
	case *Declarator:
		Walk(n.Name, f)
		walkList(n.Dims, f)
		Walk(n.Init, f)
	case *FieldDecl:
		Walk(n.Type, f)
		walkList(n.Names, f)
		walkList(n.Attrs, f)
	case *Param:
		walkAll(f, n.Type, n.Name)
	case *SweepItem:
		Walk(n.Name, f)
		walkList(n.Values, f)
		walkAll(f, n.Lo, n.Hi)
	case *Shape:
		walkAll(f, n.Name, n.Since)
	case *SwitchCase:
		walkList(n.Values, f)
		walkList(n.Body, f)
	case *ChooseCase:
		Walk(n.Cond, f)
		walkList(n.Body, f)
	case *InitItem:
		walkAll(f, n.Field, n.Index, n.Value)
	case Decl:
		walkDecl(n, f)
	case Stmt:
		walkStmt(n, f)
	case Expr:
		walkExpr(n, f)
	default:
		panic(fmt.Sprintf("syntax.Walk: unknown node %T", n))
	}
}

func walkDecl(n Decl, f func(Node) bool) {
	switch n := n.(type) {
	case *ConstDecl:
		walkAll(f, n.Name, n.Value)
	case *ConfigDecl:
		walkList(n.Attrs, f)
		walkAll(f, n.Type, n.Name)
		walkList(n.Values, f)
		Walk(n.Default, f)
	case *EnumDecl:
		Walk(n.Name, f)
		walkList(n.Values, f)
	case *TypedefDecl:
		walkAll(f, n.Type, n.Name)
	case *StructDecl:
		walkList(n.Attrs, f)
		Walk(n.Name, f)
		walkList(n.Fields, f)
	case *VarDecl:
		Walk(n.Type, f)
		walkList(n.Names, f)
		walkList(n.Attrs, f)
	case *FuncDecl:
		walkList(n.Attrs, f)
		walkAll(f, n.Result, n.Name)
		walkList(n.Params, f)
		Walk(n.Body, f)
	case *ProcDecl:
		walkList(n.Attrs, f)
		walkAll(f, n.Name, n.Count, n.Param, n.CPU, n.MM, n.Body)
	case *PropertyDecl:
		Walk(n.Name, f)
	case *CheckDecl:
		walkList(n.Props, f)
	case *InvariantDecl:
		walkAll(f, n.Name, n.X)
	case *StepDecl:
		Walk(n.X, f)
	case *LivenessDecl:
		walkAll(f, n.Name, n.Param, n.P, n.Q, n.When)
	case *CoverDecl:
		walkAll(f, n.Name, n.X, n.When)
	case *ExpectDecl:
		Walk(n.Cond, f)
		walkList(n.Props, f)
		walkList(n.Unreachable, f)
		walkAll(f, n.States, n.Transitions)
	case *SweepDecl:
		walkList(n.Items, f)
		Walk(n.Where, f)
	case *TierDecl:
		walkAll(f, n.Name, n.When)
	case *FeatureDecl:
		Walk(n.Name, f)
		walkList(n.Shapes, f)
		walkAll(f, n.Kind, n.Since, n.Until)
		walkList(n.Commits, f)
		walkAll(f, n.Requires, n.Text)
	case *ClaimDecl:
		Walk(n.When, f)
	case *StaticAssertDecl:
		Walk(n.Cond, f)
	default:
		panic(fmt.Sprintf("syntax.Walk: unknown declaration %T", n))
	}
}

func walkStmt(n Stmt, f func(Node) bool) {
	switch n := n.(type) {
	case *Block:
		walkList(n.Stmts, f)
	case *DeclStmt:
		Walk(n.Decl, f)
	case *AssignStmt:
		walkAll(f, n.X, n.Y)
	case *CallStmt:
		Walk(n.Call, f)
	case *IfStmt:
		walkAll(f, n.Cond, n.Then, n.Else)
	case *WhileStmt:
		walkAll(f, n.Cond, n.Body)
	case *DoStmt:
		walkAll(f, n.Body, n.Cond)
	case *ForStmt:
		walkAll(f, n.Init, n.Cond, n.Post, n.Body)
	case *SwitchStmt:
		Walk(n.Tag, f)
		walkList(n.Cases, f)
	case *GotoStmt:
		Walk(n.Label, f)
	case *LabeledStmt:
		walkAll(f, n.Label, n.Stmt)
	case *ReturnStmt:
		Walk(n.X, f)
	case *AtomicStmt:
		Walk(n.Body, f)
	case *AwaitStmt:
		Walk(n.Cond, f)
	case *ChooseStmt:
		walkList(n.Cases, f)
	case *AssertStmt:
		walkAll(f, n.Cond, n.Prop)
	case *CoverStmt:
		Walk(n.Name, f)
	case *StaticAssertStmt:
		Walk(n.Decl, f)
	default:
		panic(fmt.Sprintf("syntax.Walk: unknown statement %T", n))
	}
}

func walkExpr(n Expr, f func(Node) bool) {
	switch n := n.(type) {
	case *UnaryExpr:
		Walk(n.X, f)
	case *BinaryExpr:
		walkAll(f, n.X, n.Y)
	case *CondExpr:
		walkAll(f, n.Cond, n.X, n.Y)
	case *CallExpr:
		Walk(n.Fun, f)
		walkList(n.Args, f)
	case *TypeArg:
		Walk(n.Type, f)
	case *IndexExpr:
		walkAll(f, n.X, n.I)
	case *MemberExpr:
		walkAll(f, n.X, n.Name)
	case *ParenExpr:
		Walk(n.X, f)
	case *InitList:
		walkList(n.Items, f)
	default:
		panic(fmt.Sprintf("syntax.Walk: unknown expression %T", n))
	}
}

func walkList[N Node](list []N, f func(Node) bool) {
	for _, n := range list {
		Walk(n, f)
	}
}

func walkAll(f func(Node) bool, nodes ...Node) {
	for _, n := range nodes {
		Walk(n, f)
	}
}

// isNil reports whether an optional child is missing: a nil interface, or a nil pointer of one of the types that fields hold directly.
func isNil(n Node) bool {
	switch n := n.(type) {
	case nil:
		return true
	case *VersionLit:
		return n == nil
	case *StringLit:
		return n == nil
	case *Ident:
		return n == nil
	case *TypeExpr:
		return n == nil
	case *Param:
		return n == nil
	case *Block:
		return n == nil
	case *VarDecl:
		return n == nil
	case *StaticAssertDecl:
		return n == nil
	}
	return false
}
