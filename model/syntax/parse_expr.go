package syntax

import "slices"

// precedence is the binding strength of a binary operator, as in C, or 0.
func precedence(t Token) int {
	switch t {
	case LOR:
		return 1
	case LAND:
		return 2
	case OR:
		return 3
	case XOR:
		return 4
	case AND:
		return 5
	case EQ, NE:
		return 6
	case LT, LE, GT, GE:
		return 7
	case SHL, SHR:
		return 8
	case ADD, SUB:
		return precSum
	case MUL, DIV, MOD:
		return precProduct
	}
	return 0
}

const (
	precSum     = 9 // where the bounds of int<lo..hi> begin: a comparison or shift in them would swallow the '>'
	precProduct = 10
)

// grow notes that the expression being parsed has got a node over parts of the given height. Chains such as a + b + … or a.b.c make
// high trees without nesting in the parser, and whoever walks the tree later is recursive.
func (p *parser) grow(h int) {
	if p.height = h + 1; p.height > maxHeight {
		p.tooDeep("expression too long")
	}
}

// expr parses an expression that stands where nothing may be assigned.
func (p *parser) expr() Expr {
	x := p.condExpr()
	p.noAssign("an assignment is a statement, not an expression", "write it as a statement of its own")
	return x
}

// cond parses a condition.
func (p *parser) cond() Expr {
	x := p.condExpr()
	p.noAssign("assignment inside a condition", "to compare, write '=='; an assignment is a statement of its own")
	return x
}

// noAssign reports and skips "= x" behind an expression.
func (p *parser) noAssign(msg, hint string) {
	for p.tok.tok.IsAssign() {
		p.error(msg, hint)
		p.next()
		h := p.height
		p.condExpr()
		p.height = h
	}
}

// parens parses the condition of a statement.
func (p *parser) parens(stmt string) Expr {
	if p.got(LPAREN) {
		x := p.cond()
		p.expect(RPAREN, "after the condition", "")
		return x
	}
	p.error("expected '(' after '"+stmt+"', found "+p.describe(p.tok), "the condition stands in parentheses")
	switch p.tok.tok {
	case LBRACE, RBRACE, SEMI, EOF:
		return p.badExpr()
	}
	x := p.cond()
	p.got(RPAREN)
	return x
}

func (p *parser) badExpr() Expr {
	x := &BadExpr{}
	x.Sp = p.s.span(p.tok)
	p.height = 1
	return x
}

// condExpr parses x ? y : z and everything that binds stronger.
func (p *parser) condExpr() Expr {
	inc := p.incOK
	p.incOK = false
	x := p.condOrInc()
	p.incOK = inc
	return x
}

// condOrInc is condExpr, but leaves incOK as it is.
func (p *parser) condOrInc() Expr {
	p.enter()
	start := p.tok.pos
	x := p.binary(1)
	if p.got(QUESTION) {
		h := p.height
		c := &CondExpr{Cond: x, X: p.expr()}
		h = max(h, p.height)
		p.expect(COLON, "of '?:'", "")
		c.Y = p.condExpr()
		p.grow(max(h, p.height))
		c.node = p.from(start)
		x = c
	}
	p.leave()
	return x
}

// binary climbs: it parses operators that bind at least as strong as least. All are left-associative.
func (p *parser) binary(least int) Expr {
	start := p.tok.pos
	x := p.unary()
	h := p.height
	for {
		op := p.tok.tok
		prec := precedence(op)
		if prec == 0 || prec < least {
			p.height = h
			return x
		}
		b := &BinaryExpr{Op: op, OpAt: p.next().pos, X: x}
		b.Y = p.binary(prec + 1)
		p.grow(max(h, p.height))
		h = p.height
		b.node = p.from(start)
		x = b
	}
}

func (p *parser) unary() Expr {
	start := p.tok.pos
	switch op := p.tok.tok; op {
	case NOT, SUB, TILDE, MUL, AND:
		p.next()
		u := &UnaryExpr{Op: op, X: p.nested(p.unary)}
		p.grow(p.height)
		u.node = p.from(start)
		return u
	case LAND:
		p.error("'&&' before an operand", "the address of x is &x, and has no address itself")
		p.next()
		return p.nested(p.unary)
	case ADD:
		p.error("there is no unary '+'", "leave it out")
		p.next()
		return p.nested(p.unary)
	case INC, DEC:
		p.misplacedInc()
		return p.nested(p.unary)
	}
	return p.postfix(p.primary())
}

// nested runs a rule one level deeper.
func (p *parser) nested(rule func() Expr) Expr {
	p.enter()
	x := rule()
	p.leave()
	return x
}

// misplacedInc reports and skips ++ or --.
func (p *parser) misplacedInc() {
	op := p.tok.tok.String()
	p.error("'"+op+"' inside an expression", "x"+op+" is a statement; write it before or after this one")
	p.next()
}

// postfix parses what may follow an operand.
func (p *parser) postfix(x Expr) Expr {
	start := x.Span().Start
	for {
		h := p.height
		switch p.tok.tok {
		case LBRACK:
			p.next()
			i := &IndexExpr{X: x, I: p.expr()}
			p.expect(RBRACK, "after the index", "")
			i.node = p.from(start)
			x = i
			h = max(h, p.height)
		case DOT, ARROW:
			m := &MemberExpr{X: x, Arrow: p.next().tok == ARROW}
			m.Name = p.ident("a field name")
			m.node = p.from(start)
			x = m
		case LPAREN:
			if p.tok.nl { // more likely a forgotten ';'
				return x
			}
			p.error("only a function can be called, and by its name", "there are no function pointers; select with switch")
			panic(bail{})
		case INC, DEC:
			if p.incOK {
				return x
			}
			p.misplacedInc()
			continue
		default:
			return x
		}
		p.grow(h)
	}
}

func (p *parser) primary() Expr {
	l := p.tok
	x := exprNode{node{p.s.span(l)}}
	p.height = 1
	switch l.tok {
	case INT:
		p.next()
		return &IntLit{exprNode: x, Text: p.s.text(l), Value: l.val}
	case STRING:
		p.next()
		return &StringLit{exprNode: x, Value: l.str}
	case KwTrue, KwFalse:
		p.next()
		return &BoolLit{exprNode: x, Value: l.tok == KwTrue}
	case KwNull:
		p.next()
		return &NullLit{x}
	case LPAREN:
		return p.nested(p.parenExpr)
	case IDENT:
		x := p.ident("a name")
		if p.tok.tok != LPAREN {
			return x
		}
		return p.call(x)
	case VERSION:
		return p.version()
	}
	hint := ""
	switch {
	case l.tok == ASSIGN:
		hint = "write '==' to compare"
	case l.tok.IsKeyword():
		hint = "'" + l.tok.String() + "' is a reserved word"
	}
	p.fail("an expression", hint)
	return nil
}

// behindExpr reports whether the current token is one of the words that stand behind an expression in a declaration.
func (p *parser) behindExpr() bool {
	return slices.ContainsFunc([]string{"when", "where", "states", "transitions", "leads_to"}, func(w string) bool { return p.isWord(p.tok, w) })
}

func (p *parser) parenExpr() Expr {
	start := p.tok.pos
	if p.isCast() {
		p.error("there are no casts", "values convert by themselves; for the object around a field there is container_of")
		p.next()
		p.typ("a type")
		p.expect(RPAREN, "after the type", "")
		if p.tok.tok == LBRACE {
			p.initializer()
			return p.badExpr()
		}
		return p.unary()
	}
	p.next()
	x := &ParenExpr{X: p.expr()}
	p.expect(RPAREN, "to close '('", "")
	p.grow(p.height)
	x.node = p.from(start)
	switch p.tok.tok {
	case IDENT, INT, KwNull, KwTrue, KwFalse:
		if _, ok := x.X.(*Ident); ok && !p.tok.nl && !p.behindExpr() {
			p.error("expected an operator after ')', found "+p.describe(p.tok), "there are no casts: values convert by themselves")
			return p.unary()
		}
	}
	return x
}

// isCast reports whether a type in parentheses begins.
func (p *parser) isCast() bool {
	switch l := p.look(1); l.tok {
	case KwStruct, KwEnum, KwVoid:
		return true
	case IDENT:
		w := p.s.text(l)
		_, isForeign := foreign[w]
		if !isForeign && !isTypeWord(w) {
			return false
		}
		n := p.look(2).tok
		return n == RPAREN || n == MUL && p.look(3).tok == RPAREN || n == IDENT
	}
	return false
}

// isTypeWord reports whether a word names a built-in type: bool, int, u1 to u16.
func isTypeWord(w string) bool {
	if w == "bool" || w == "int" {
		return true
	}
	if len(w) < 2 || len(w) > 3 || w[0] != 'u' || w[1] == '0' {
		return false
	}
	n := 0
	for _, c := range []byte(w[1:]) {
		if !isDigit(c) {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n <= 16
}

func (p *parser) call(fun *Ident) Expr {
	p.enter()
	c := &CallExpr{Fun: fun}
	p.next()
	h := 1
	for p.tok.tok != RPAREN {
		switch p.tok.tok {
		case KwStruct, KwEnum:
			t := &TypeArg{Type: p.typ("a type")}
			t.Sp = t.Type.Sp
			c.Args = append(c.Args, t)
			p.height = 1
		default:
			c.Args = append(c.Args, p.expr())
		}
		h = max(h, p.height)
		if !p.got(COMMA) {
			break
		}
		if p.tok.tok == RPAREN {
			p.fail("an argument after ','", "")
		}
	}
	p.expect(RPAREN, "after the arguments of '"+shorten(fun.Name)+"'", "")
	p.leave()
	p.grow(h)
	c.node = p.from(fun.Sp.Start)
	return c
}

// initializer parses what may stand behind '=' in a declaration.
func (p *parser) initializer() Expr {
	if p.tok.tok != LBRACE {
		return p.expr()
	}
	p.enter()
	start := p.next().pos
	l := &InitList{}
	h := 1
	for p.tok.tok != RBRACE && p.tok.tok != EOF {
		if !p.try(func() { l.Items = append(l.Items, p.initItem()) }) {
			if p.skipTo(COMMA); p.tok.tok != COMMA && p.tok.tok != RBRACE {
				panic(bail{})
			}
		}
		h = max(h, p.height)
		if !p.got(COMMA) {
			break
		}
	}
	if p.tok.tok != RBRACE {
		p.error("expected ',' or '}' in an initialiser, found "+p.describe(p.tok), "")
		if p.skipTo(RBRACE); p.tok.tok != RBRACE {
			panic(bail{})
		}
	}
	p.next()
	p.leave()
	p.grow(h)
	l.node = p.from(start)
	return l
}

func (p *parser) initItem() *InitItem {
	start := p.tok.pos
	it := &InitItem{}
	switch {
	case p.tok.tok == DOT:
		p.next()
		it.Field = p.ident("a field name")
		p.expect(ASSIGN, "after '."+shorten(it.Field.Name)+"'", "write { .field = value }")
	case p.tok.tok == LBRACK:
		p.next()
		it.Index = p.expr()
		p.expect(RBRACK, "after the index", "")
		p.expect(ASSIGN, "after the index", "write { [index] = value }")
	case p.tok.tok == IDENT && (p.look(1).tok == COLON || p.look(1).tok == ASSIGN):
		name := shorten(p.s.text(p.tok))
		p.error("expected '.' before the field name '"+name+"'", "write ."+name+" = value")
		it.Field = p.ident("a field name")
		p.next()
	}
	it.Value = p.initializer()
	it.node = p.from(start)
	return it
}
