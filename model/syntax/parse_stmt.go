package syntax

import "pmdcheck/model/source"

// body parses the block of a function or process.
func (p *parser) body(of string) *Block {
	if p.tok.tok != LBRACE {
		hint := ""
		if p.tok.tok == IDENT || p.startsStmtWord() {
			hint = "the body stands in braces"
		}
		p.fail("'{' before the body of "+of, hint)
	}
	return p.block()
}

// block parses { … }; the current token is '{'.
func (p *parser) block() *Block {
	b := &Block{}
	start := p.open()
	b.Stmts = p.stmts(func() bool { return false })
	p.close()
	b.node = p.from(start)
	return b
}

// open takes the '{' of a block or of a list of cases; close takes its '}'.
func (p *parser) open() source.Pos {
	p.enter()
	p.openers = append(p.openers, p.s.span(p.tok))
	return p.next().pos
}

func (p *parser) close() {
	opener := p.openers[len(p.openers)-1]
	p.openers = p.openers[:len(p.openers)-1]
	p.leave()
	if p.got(RBRACE) {
		return
	}
	p.report(source.Diagnostic{
		Code: "syntax", Span: p.here(), Msg: "expected '}' before " + p.describe(p.tok),
		Related: []source.Related{{Span: opener, Msg: "this '{' is not closed"}},
	})
}

// stmts parses statements up to the end of the block or where end reports true.
func (p *parser) stmts(end func() bool) []Stmt {
	var out []Stmt
	for p.tok.tok != RBRACE && p.tok.tok != EOF && !p.atTopDecl() && !end() {
		start, off := p.tok.pos, p.tok.start
		var s Stmt
		if !p.try(func() { s = p.stmt() }) {
			if p.syncStmt(); p.tok.start == off { // as at a word of no statement
				p.next()
			}
			bad := &BadStmt{}
			bad.node = p.from(start)
			s = bad
		}
		out = append(out, s)
	}
	return out
}

// isDecl reports whether a declaration begins rather than another statement: "a * b" with '=', ';', ',' or '[' behind it declares b, for as an
// expression it would do nothing.
func (p *parser) isDecl() bool {
	switch p.tok.tok {
	case KwStruct, KwEnum, KwPool, KwVoid, KwConst:
		return true
	case IDENT:
	default:
		return false
	}
	n := p.look(1)
	if n.tok.IsKeyword() && !n.nl && isTypeWord(p.s.text(p.tok)) {
		switch p.look(2).tok {
		case SEMI, ASSIGN, COMMA, LBRACK:
			return true // a reserved word for a name, which the declaration reports
		}
	}
	switch n.tok {
	case IDENT:
		if !n.nl {
			return true
		}
		// On two lines it is more likely a name and the next statement, unless something only a declaration has follows.
		switch p.look(2).tok {
		case SEMI, COMMA:
			return true
		case ASSIGN:
			return isTypeWord(p.s.text(p.tok))
		}
		return false
	case LT:
		return p.isWord(p.tok, "int")
	case MUL:
		switch p.look(2).tok {
		case MUL:
			return p.look(3).tok == IDENT
		case IDENT:
			switch p.look(3).tok {
			case ASSIGN, SEMI, COMMA, LBRACK:
				return true
			}
		}
	}
	return p.isForeign()
}

func (p *parser) stmt() Stmt {
	p.enter()
	p.correct(stmtSpellings, "a statement")
	s := p.stmtInner()
	p.leave()
	return s
}

func (p *parser) stmtInner() Stmt {
	start := p.tok.pos
	switch t := p.tok.tok; t {
	case LBRACE:
		return p.block()
	case KwIf:
		return p.ifStmt()
	case KwWhile:
		p.next()
		s := &WhileStmt{Cond: p.parens("while")}
		s.Body = p.stmt()
		s.node = p.from(start)
		return s
	case KwDo:
		p.next()
		s := &DoStmt{Body: p.stmt(), WhileAt: p.tok.pos}
		if !p.got(KwWhile) {
			p.fail("'while' after the body of 'do'", "")
		}
		s.Cond = p.parens("while")
		p.semi("do … while")
		s.node = p.from(start)
		return s
	case KwFor:
		return p.forStmt()
	case KwSwitch:
		return p.switchStmt()
	case KwChoose:
		return p.chooseStmt()
	case KwBreak, KwContinue, KwSkip, SEMI:
		p.next()
		if t != SEMI {
			p.semi(t.String())
		}
		n := stmtNode{p.from(start)}
		switch t {
		case KwBreak:
			return &BreakStmt{n}
		case KwContinue:
			return &ContinueStmt{n}
		}
		return &SkipStmt{stmtNode: n, Empty: t == SEMI}
	case KwGoto:
		p.next()
		s := &GotoStmt{Label: p.ident("a label after 'goto'")}
		p.semi("goto")
		s.node = p.from(start)
		return s
	case KwReturn:
		p.next()
		s := &ReturnStmt{}
		if p.tok.tok != SEMI && p.tok.tok != RBRACE {
			s.X = p.expr()
		}
		p.semi("return")
		s.node = p.from(start)
		return s
	case KwAtomic:
		p.next()
		if p.tok.tok != LBRACE {
			p.fail("'{' after 'atomic'", "write: atomic { … }")
		}
		s := &AtomicStmt{Body: p.block()}
		s.node = p.from(start)
		return s
	case KwAwait:
		p.next()
		s := &AwaitStmt{Cond: p.parens("await")}
		p.semi("await")
		s.node = p.from(start)
		return s
	case KwAssert:
		return p.assertStmt()
	case KwCover:
		p.next()
		s := &CoverStmt{Name: p.ident("a name for what is covered")}
		if p.tok.tok == COLON || p.isWord(p.tok, "when") {
			p.fail("';' after cover", "a cover with a condition stands at top level; here it counts that execution came by")
		}
		p.semi("cover")
		s.node = p.from(start)
		return s
	case KwStaticAssert:
		s := &StaticAssertStmt{Decl: p.staticAssert()}
		s.node = p.from(start)
		return s
	case IDENT:
		if p.look(1).tok == COLON {
			return p.labeled()
		}
	}
	p.notStmt()
	if p.isDecl() {
		s := &DeclStmt{Decl: p.varDecl(false)}
		s.node = p.from(start)
		return s
	}
	s, what := p.simple()
	p.semi(what)
	switch s := s.(type) {
	case *AssignStmt:
		s.node = p.from(start)
	case *CallStmt:
		s.node = p.from(start)
	}
	return s
}

// notStmt reports words that begin no statement here.
func (p *parser) notStmt() {
	switch t := p.tok.tok; t {
	case KwElse:
		p.error("'else' without 'if'", "the body of the if before it is one statement, or a block")
		p.next()
		panic(bail{})
	case KwCase, KwDefault:
		p.error("'"+t.String()+"' outside switch and choose", "")
		for p.tok.tok != COLON && p.tok.tok != SEMI && p.tok.tok != RBRACE && p.tok.tok != EOF {
			p.next()
		}
		p.got(COLON)
		panic(bail{})
	case KwConst:
		switch p.look(1).tok {
		case IDENT, KwStruct, KwEnum:
			p.error("'const' stands only at top level", "a local that is never assigned again is a constant")
			p.next()
			if p.tok.tok == IDENT && p.look(1).tok == ASSIGN {
				panic(bail{})
			}
		}
	case KwImport, KwConfig, KwTypedef, KwOverride, KwFair, KwProcess, KwProperty, KwCheck, KwInvariant, KwLiveness, KwExpect, KwTier, KwFeature, KwClaim, AT:
		switch n := p.look(1).tok; {
		case n.IsAssign(), n == INC, n == DEC, n == LBRACK && t != KwProcess, n == DOT, n == ARROW, n == SEMI:
			p.error("expected a statement, found the reserved word '"+t.String()+"'", "choose another name")
			panic(bail{})
		}
		p.error(p.describe(p.tok)+" begins a declaration, which stands only at top level", "")
		p.next()
		panic(bail{})
	case KwStruct, KwEnum:
		if p.look(2).tok == LBRACE {
			p.error("a "+t.String()+" is declared only at top level", "")
			p.next()
			p.next()
			p.next()
			p.skipTo(RBRACE)
			for p.tok.tok == SEMI {
				p.next()
				p.skipTo(RBRACE)
			}
			p.got(RBRACE)
			panic(bail{})
		}
	}
}

func (p *parser) ifStmt() Stmt {
	start := p.next().pos
	s := &IfStmt{Cond: p.parens("if")}
	s.Then = p.stmt()
	p.correct(elseSpelling, "a statement")
	if p.tok.tok == KwElse {
		s.ElseAt = p.next().pos
		s.Else = p.stmt()
	}
	s.node = p.from(start)
	return s
}

func (p *parser) forStmt() Stmt {
	start := p.next().pos
	s := &ForStmt{}
	if !p.got(LPAREN) {
		p.fail("'(' after 'for'", "write: for (u2 i = 0; i < N; i++)")
	}
	switch {
	case p.got(SEMI):
	case p.isDecl():
		d := &DeclStmt{Decl: p.varDecl(false)}
		d.node = d.Decl.node
		s.Init = d
	default:
		s.Init, _ = p.simple()
		p.semi("the beginning of the loop")
	}
	if p.tok.tok != SEMI {
		s.Cond = p.cond()
	}
	p.semi("the condition of the loop")
	if p.tok.tok != RPAREN {
		s.Post, _ = p.simple()
		if p.tok.tok == COMMA {
			p.fail("')' after the head of the loop", "there is no comma operator: put the second one at the end of the body")
		}
	}
	p.expect(RPAREN, "after the head of the loop", "")
	s.Body = p.stmt()
	s.node = p.from(start)
	return s
}

// atCase reports whether a statement list ends because the next case begins.
func (p *parser) atCase() bool { return p.tok.tok == KwCase || p.tok.tok == KwDefault }

// cases parses { case … case … } by calling one at each case or default.
func (p *parser) cases(of string, one func()) {
	if p.tok.tok != LBRACE {
		p.fail("'{' after '"+of+"'", "")
	}
	p.open()
	for p.tok.tok != RBRACE && p.tok.tok != EOF && !p.atTopDecl() {
		if !p.atCase() {
			p.error("expected 'case', 'default' or '}' in "+of+", found "+p.describe(p.tok), "")
			p.stmts(p.atCase)
			continue
		}
		if p.try(one) {
			continue
		}
		// Behind a broken label the statements are read all the same, for their own errors.
		for !p.atCase() && p.tok.tok != RBRACE && p.tok.tok != EOF && !p.atTopDecl() {
			if p.got(COLON) || p.tok.nl {
				p.stmts(p.atCase)
				break
			}
			p.next()
		}
	}
	p.close()
}

func (p *parser) switchStmt() Stmt {
	start := p.next().pos
	s := &SwitchStmt{Tag: p.parens("switch")}
	p.cases("switch", func() {
		c := &SwitchCase{}
		at := p.tok.pos
		for p.atCase() {
			l := p.next()
			switch {
			case l.tok == KwCase:
				c.Values = append(c.Values, p.expr())
			case c.Default:
				p.errorAt(p.s.span(l), "'default' twice", "")
			default:
				c.Default, c.DefaultAt = true, l.pos
			}
			p.colon()
		}
		c.Body = p.stmts(p.atCase)
		c.node = p.from(at)
		s.Cases = append(s.Cases, c)
	})
	s.node = p.from(start)
	return s
}

func (p *parser) chooseStmt() Stmt {
	start := p.next().pos
	s := &ChooseStmt{}
	p.cases("choose", func() {
		c := &ChooseCase{}
		at := p.tok.pos
		if p.next().tok == KwDefault {
			c.Default = true
		} else if p.tok.tok != COLON {
			c.Cond = p.cond()
		}
		p.colon()
		c.Body = p.stmts(p.atCase)
		c.node = p.from(at)
		s.Cases = append(s.Cases, c)
	})
	s.node = p.from(start)
	return s
}

// colon takes the ':' of a case.
func (p *parser) colon() {
	if p.got(COLON) {
		return
	}
	p.error("expected ':' after the case, found "+p.describe(p.tok), "")
	if !p.got(SEMI) && !p.ends() {
		panic(bail{})
	}
}

func (p *parser) assertStmt() Stmt {
	start := p.next().pos
	s := &AssertStmt{}
	if p.got(LPAREN) {
		s.Cond = p.cond()
		if p.got(COMMA) {
			if p.tok.tok == STRING {
				p.fail("a property name", "give the property a text where it is declared: property name \"text\";")
			}
			s.Prop = p.ident("a property name")
		}
		p.expect(RPAREN, "after the condition", "")
	} else {
		p.error("expected '(' after 'assert', found "+p.describe(p.tok), "write: assert(condition);")
		if p.ends() {
			panic(bail{})
		}
		s.Cond = p.cond()
	}
	p.semi("assert")
	s.node = p.from(start)
	return s
}

func (p *parser) labeled() Stmt {
	start := p.tok.pos
	s := &LabeledStmt{Label: p.ident("a label")}
	p.next()
	if p.tok.tok == RBRACE || p.atCase() {
		p.fail("a statement after the label", "write ';' for none")
	}
	s.Stmt = p.stmt()
	s.node = p.from(start)
	return s
}

// simple parses an assignment or a call, without the ';', and says which it was.
func (p *parser) simple() (s Stmt, what string) {
	start := p.tok.pos
	if op := p.tok; op.tok == INC || op.tok == DEC {
		p.error("'"+op.tok.String()+"' stands behind the variable", "write x"+op.tok.String())
		p.next()
		s := &AssignStmt{Op: op.tok, X: p.unary()}
		s.node = p.from(start)
		return s, "assignment"
	}
	p.incOK = true
	x := p.condOrInc()
	p.incOK = false
	switch op := p.tok.tok; {
	case op == INC || op == DEC:
		p.next()
		s := &AssignStmt{X: x, Op: op}
		s.node = p.from(start)
		return s, "assignment"
	case op.IsAssign():
		p.next()
		s := &AssignStmt{X: x, Op: op}
		if p.tok.tok == LBRACE {
			p.error("a list in braces can only initialise a variable", "assign the elements one by one")
			s.Y = p.initializer()
		} else {
			s.Y = p.expr()
		}
		s.node = p.from(start)
		return s, "assignment"
	}
	what = "call"
	if _, ok := x.(*CallExpr); !ok {
		what = "expression"
		p.noEffect(x)
	}
	c := &CallStmt{Call: x}
	c.node = p.from(start)
	return c, what
}

// noEffect reports an expression that is no call in the place of a statement, unless what follows it is the better error.
func (p *parser) noEffect(x Expr) {
	if p.tok.tok != SEMI && p.tok.tok != RPAREN {
		return
	}
	hint := "a statement is an assignment, a call, or begins with a word such as if"
	switch x := x.(type) {
	case *BinaryExpr:
		if x.Op == EQ {
			hint = "to assign, write '='"
		}
	case *Ident:
		hint = "to call it, write " + shorten(x.Name) + "()"
	}
	p.errorAt(x.Span(), "this statement has no effect", hint)
}
