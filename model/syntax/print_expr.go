package syntax

import "fmt"

// precedences of what is no binary operator
const (
	precCond    = 0
	precUnary   = precProduct + 1
	precPostfix = precUnary + 1
)

func precedenceOf(x Expr) int {
	switch x := x.(type) {
	case *CondExpr:
		return precCond
	case *BinaryExpr:
		return precedence(x.Op)
	case *UnaryExpr:
		return precUnary
	}
	return precPostfix
}

// operand writes x, in parentheses where it binds weaker than least. A tree that was parsed has its own parentheses as nodes.
func (p *printer) operand(x Expr, least int) {
	if precedenceOf(x) >= least {
		p.expr(x)
		return
	}
	p.write("(")
	p.expr(x)
	p.write(")")
}

// spaced writes x behind a space, or on the next line where the source has it there.
func (p *printer) spaced(x Expr) {
	p.space(x.Span().Start)
	p.expr(x)
}

func (p *printer) expr(x Expr) {
	p.inline(x.Span().Start)
	switch x := x.(type) {
	case *Ident:
		p.ident(x)
	case *IntLit:
		p.token(x.Sp, x.Text)
	case *VersionLit:
		p.token(x.Sp, x.Text)
	case *BoolLit:
		p.token(x.Sp, fmt.Sprint(x.Value))
	case *NullLit:
		p.token(x.Sp, KwNull.String())
	case *StringLit:
		p.token(x.Sp, quote(x.Value))
	case *UnaryExpr:
		p.write(x.Op.String())
		if y, ok := x.X.(*UnaryExpr); ok && y.Op == x.Op && (x.Op == SUB || x.Op == AND) {
			p.write(" ") // "--" and "&&" are other operators
		}
		p.operand(x.X, precUnary)
	case *BinaryExpr:
		prec := precedence(x.Op)
		p.operand(x.X, prec)
		p.write(" " + x.Op.String())
		p.space(x.Y.Span().Start)
		p.operand(x.Y, prec+1)
	case *CondExpr:
		p.operand(x.Cond, precCond+1)
		p.write(" ?")
		p.spaced(x.X)
		p.write(" :")
		p.spaced(x.Y)
	case *CallExpr:
		p.ident(x.Fun)
		p.write("(")
		for i, a := range x.Args {
			if i > 0 {
				p.write(",")
				p.space(a.Span().Start)
			} else {
				p.soft(a.Span().Start)
			}
			p.expr(a)
		}
		p.closing(x.Sp, ")")
	case *TypeArg:
		p.typ(x.Type)
		if x.Type.Stars > 0 {
			p.write(" " + stars(x.Type))
		}
	case *IndexExpr:
		p.operand(x.X, precPostfix)
		p.write("[")
		p.expr(x.I)
		p.closing(x.Sp, "]")
	case *MemberExpr:
		p.operand(x.X, precPostfix)
		if x.Arrow {
			p.write("->")
		} else {
			p.write(".")
		}
		p.ident(x.Name)
	case *ParenExpr:
		p.write("(")
		p.soft(x.X.Span().Start)
		p.expr(x.X)
		p.closing(x.Sp, ")")
	case *InitList:
		p.line = max(p.line, x.Sp.Start.Line())
		p.braces(nodes(x.Items), x.Sp.End)
	default:
		panic(fmt.Sprintf("syntax.Print: unknown expression %T", x))
	}
}

func (p *printer) initItem(it *InitItem) {
	p.inline(it.Sp.Start)
	switch {
	case it.Field != nil:
		p.write(".")
		p.ident(it.Field)
		p.write(" =")
		p.spaced(it.Value)
	case it.Index != nil:
		p.write("[")
		p.expr(it.Index)
		p.write("] =")
		p.spaced(it.Value)
	default:
		p.expr(it.Value)
	}
}
