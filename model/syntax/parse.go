package syntax

import (
	"bytes"
	"unicode/utf8"

	"pmdcheck/model/source"
)

const (
	maxFile   = 4 << 20
	maxErrors = 100
	maxDepth  = 200 // nesting of statements and expressions
)

type parser struct {
	s     *scanner
	diags *source.List
	tok   lexeme
	ahead []lexeme
	prev  source.Span
	depth int
}

type bail struct{}

// Parse parses one file.
//
// Errors go to diags, all of them; the tree holds what could be parsed. A file that is binary or larger than maxFile gets one error and an empty tree, and
// after maxErrors errors the rest of a file is not looked at.
func Parse(f *source.File, diags *source.List) *File {
	switch {
	case len(f.Src) > maxFile:
		diags.Errorf("file-too-large", source.At(f.Pos(0)), "a spec has at most %d MiB, not %d", maxFile>>20, len(f.Src)>>20)
		return &File{Source: f}
	case bytes.IndexByte(f.Src, 0) >= 0 || !utf8.Valid(f.Src):
		diags.Add(source.Diagnostic{Code: "binary-file", Span: source.At(f.Pos(0)), Msg: "this is a binary file", Hint: "a spec is UTF-8 text"})
		return &File{Source: f}
	}
	errors := len(diags.Diags)
	p := &parser{s: &scanner{f: f, src: f.Src, diags: diags}, diags: diags}
	p.tok = p.s.next()
	out := &File{Source: f}
	for p.tok.tok != EOF {
		if len(diags.Diags)-errors > maxErrors {
			diags.Errorf("too-many-errors", p.tok.span, "too many errors; the rest of the file was not looked at")
			break
		}
		if d := p.declSafe(); d != nil {
			out.Decls = append(out.Decls, d)
		}
	}
	out.Comments = p.s.coms
	return out
}

func (p *parser) declSafe() (d Decl) {
	before := p.tok.span.Start
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bail); !ok {
				panic(r)
			}
			d = nil
			p.depth = 0
			p.skip(before)
			if !p.got(SEMI) {
				p.got(RBRACE)
			}
			if p.tok.span.Start == before {
				p.next()
			}
		}
	}()
	return p.decl()
}

func (p *parser) next() lexeme {
	l := p.tok
	p.prev = l.span
	if len(p.ahead) > 0 {
		p.tok = p.ahead[0]
		p.ahead = p.ahead[1:]
	} else {
		p.tok = p.s.next()
	}
	return l
}

func (p *parser) look(n int) lexeme {
	if n == 0 {
		return p.tok
	}
	for len(p.ahead) < n {
		p.ahead = append(p.ahead, p.s.next())
	}
	return p.ahead[n-1]
}

func (p *parser) fail(want string) {
	got := p.tok.lit
	if p.tok.tok == EOF {
		got = "end of file"
	}
	p.diags.Errorf("syntax", p.tok.span, "expected %s, found '%s'", want, got)
	panic(bail{})
}

func (p *parser) expect(t Token) lexeme {
	if p.tok.tok != t {
		p.fail("'" + t.String() + "'")
	}
	return p.next()
}

func (p *parser) got(t Token) bool {
	if p.tok.tok == t {
		p.next()
		return true
	}
	return false
}

func (p *parser) word(w string) bool {
	if p.tok.tok == IDENT && p.tok.lit == w {
		p.next()
		return true
	}
	return false
}

func (p *parser) ident() *Ident {
	if p.tok.tok != IDENT {
		p.fail("a name")
	}
	l := p.next()
	x := &Ident{Name: l.lit}
	x.Sp = l.span
	return x
}

func (p *parser) from(start source.Pos) source.Span {
	return source.Span{Start: start, End: p.prev.End}
}

func (p *parser) idents(end Token) []*Ident {
	var out []*Ident
	for {
		out = append(out, p.ident())
		if !p.got(COMMA) || p.tok.tok == end {
			return out
		}
	}
}

func (p *parser) decl() Decl {
	start := p.tok.span.Start
	var attrs []*Attr
	for p.tok.tok == AT {
		attrs = append(attrs, p.attr())
	}
	switch p.tok.tok {
	case KwImport:
		p.next()
		s := p.expect(STRING)
		d := &ImportDecl{Path: s.lit, PathAt: s.span}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwConst:
		p.next()
		d := &ConstDecl{Name: p.ident()}
		p.expect(ASSIGN)
		d.Value = p.expr()
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwConfig:
		p.next()
		d := &ConfigDecl{}
		if p.tok.tok == IDENT && p.look(1).tok == ASSIGN && p.look(2).tok == LBRACE {
			d.Name = p.ident()
			p.next()
			p.next()
			d.Values = p.idents(RBRACE)
			p.expect(RBRACE)
		} else {
			d.Type = p.typ()
			d.Name = p.ident()
			if p.got(ASSIGN) {
				d.Default = p.expr()
			}
		}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwEnum:
		if p.look(2).tok == LBRACE {
			p.next()
			d := &EnumDecl{Name: p.ident()}
			p.next()
			d.Values = p.idents(RBRACE)
			p.expect(RBRACE)
			p.expect(SEMI)
			d.Sp = p.from(start)
			return d
		}
	case KwTypedef:
		p.next()
		d := &TypedefDecl{Type: p.typ(), Name: p.ident()}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwStruct:
		if p.look(2).tok == LBRACE {
			p.next()
			d := &StructDecl{Attrs: attrs, Name: p.ident()}
			p.next()
			for p.tok.tok != RBRACE {
				fs := p.tok.span.Start
				f := &FieldDecl{Type: p.typ()}
				for {
					f.Names = append(f.Names, p.declarator(f.Type, false))
					if !p.got(COMMA) {
						break
					}
				}
				for p.tok.tok == AT {
					f.Attrs = append(f.Attrs, p.attr())
				}
				p.expect(SEMI)
				f.Sp = p.from(fs)
				d.Fields = append(d.Fields, f)
			}
			p.next()
			p.expect(SEMI)
			d.Sp = p.from(start)
			return d
		}
	case KwProcess, KwFair:
		d := &ProcDecl{Attrs: attrs}
		d.Fair = p.got(KwFair)
		p.expect(KwProcess)
		d.Name = p.ident()
		if p.got(LBRACK) {
			d.Count = p.expr()
			p.expect(RBRACK)
		}
		if p.got(LPAREN) {
			if p.tok.tok != RPAREN {
				d.Param = p.param()
			}
			p.expect(RPAREN)
		}
		for p.tok.tok == IDENT {
			if p.word("on") {
				if !p.word("cpu") {
					p.fail("'cpu'")
				}
				d.CPU = p.expr()
			} else if p.word("in") {
				if p.tok.tok == IDENT && p.tok.lit == "mm" && p.look(1).tok != LBRACE && p.look(1).tok != LBRACK && p.look(1).tok != DOT && p.look(1).tok != ARROW {
					p.next()
				}
				d.MM = p.expr()
			} else {
				p.fail("'on', 'in' or '{'")
			}
		}
		d.Body = p.block()
		d.Sp = p.from(start)
		return d
	case KwProperty:
		p.next()
		d := &PropertyDecl{Name: p.ident(), Text: p.expect(STRING).lit}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwCheck:
		p.next()
		d := &CheckDecl{Props: p.idents(SEMI)}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwInvariant:
		p.next()
		d := &InvariantDecl{Name: p.ident()}
		p.expect(COLON)
		d.X = p.expr()
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwCover:
		p.next()
		d := &CoverDecl{Name: p.ident()}
		if p.got(COLON) {
			d.X = p.expr()
		}
		if p.word("when") {
			d.When = p.expr()
		}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwExpect:
		p.next()
		d := &ExpectDecl{}
		if p.tok.tok != COLON {
			d.Cond = p.expr()
		}
		p.expect(COLON)
		if p.word("holds") {
			d.Holds = true
		} else if p.word("violates") {
			d.Props = p.idents(SEMI)
		} else {
			p.fail("'holds' or 'violates'")
		}
		if p.word("states") {
			d.States = p.expr()
		}
		if p.word("transitions") {
			d.Transitions = p.expr()
		}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwFor:
		p.next()
		d := &SweepDecl{}
		for {
			it := &SweepItem{Name: p.ident()}
			if p.word("in") {
				if p.got(LBRACE) {
					for p.tok.tok != RBRACE {
						it.Values = append(it.Values, p.expr())
						if !p.got(COMMA) {
							break
						}
					}
					p.expect(RBRACE)
				} else {
					it.Lo = p.expr()
					p.expect(DOTDOT)
					it.Hi = p.expr()
				}
			}
			d.Items = append(d.Items, it)
			if !p.got(COMMA) {
				break
			}
		}
		if p.word("where") {
			d.Where = p.expr()
		}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwTier:
		p.next()
		d := &TierDecl{Name: p.ident()}
		if p.word("when") {
			d.When = p.expr()
		}
		p.expect(SEMI)
		d.Sp = p.from(start)
		return d
	case KwStaticAssert:
		return p.staticAssert()
	case KwPool:
		return p.varDecl()
	}
	// variable or function
	override := p.got(KwOverride)
	t := p.typ()
	if p.tok.tok == IDENT && p.look(1).tok == LPAREN {
		d := &FuncDecl{Attrs: attrs, Override: override, Result: t, Name: p.ident()}
		p.next()
		if p.tok.tok == KwVoid && p.look(1).tok == RPAREN {
			p.next()
		}
		for p.tok.tok != RPAREN {
			d.Params = append(d.Params, p.param())
			if !p.got(COMMA) {
				break
			}
		}
		p.expect(RPAREN)
		d.Body = p.block()
		d.Sp = p.from(start)
		return d
	}
	return p.varRest(start, false, t)
}

func (p *parser) staticAssert() *StaticAssertDecl {
	start := p.tok.span.Start
	p.next()
	p.expect(LPAREN)
	d := &StaticAssertDecl{Cond: p.expr()}
	if p.got(COMMA) {
		d.Text = p.expect(STRING).lit
	}
	p.expect(RPAREN)
	p.expect(SEMI)
	d.Sp = p.from(start)
	return d
}

func (p *parser) varDecl() *VarDecl {
	start := p.tok.span.Start
	pool := p.got(KwPool)
	return p.varRest(start, pool, p.typ())
}

func (p *parser) varRest(start source.Pos, pool bool, t *TypeExpr) *VarDecl {
	d := &VarDecl{Pool: pool, Type: t}
	for {
		d.Names = append(d.Names, p.declarator(t, true))
		if !p.got(COMMA) {
			break
		}
	}
	p.expect(SEMI)
	d.Sp = p.from(start)
	return d
}

func (p *parser) declarator(t *TypeExpr, init bool) *Declarator {
	start := p.tok.span.Start
	for p.got(MUL) {
		t.Stars++
	}
	d := &Declarator{Name: p.ident()}
	for p.got(LBRACK) {
		d.Dims = append(d.Dims, p.expr())
		p.expect(RBRACK)
	}
	if init && p.got(ASSIGN) {
		d.Init = p.initializer()
	}
	d.Sp = p.from(start)
	return d
}

func (p *parser) initializer() Expr {
	if p.tok.tok != LBRACE {
		return p.expr()
	}
	start := p.tok.span.Start
	p.next()
	l := &InitList{}
	for p.tok.tok != RBRACE {
		it := &InitItem{}
		is := p.tok.span.Start
		if p.got(DOT) {
			it.Field = p.ident()
			p.expect(ASSIGN)
		} else if p.tok.tok == LBRACK {
			p.next()
			it.Index = p.expr()
			p.expect(RBRACK)
			p.expect(ASSIGN)
		}
		it.Value = p.initializer()
		it.Sp = p.from(is)
		l.Items = append(l.Items, it)
		if !p.got(COMMA) {
			break
		}
	}
	p.expect(RBRACE)
	l.Sp = p.from(start)
	return l
}

func (p *parser) param() *Param {
	start := p.tok.span.Start
	q := &Param{Type: p.typ()}
	q.Name = p.ident()
	q.Sp = p.from(start)
	return q
}

func (p *parser) attr() *Attr {
	start := p.tok.span.Start
	p.next()
	a := &Attr{Name: p.ident()}
	if p.got(LPAREN) {
		for p.tok.tok != RPAREN {
			var g AttrArg
			g.Sp = p.tok.span
			switch p.tok.tok {
			case STRING:
				g.Str, g.IsStr = p.next().lit, true
			case VERSION:
				g.VersionLo = p.next().lit
				if p.got(DOTDOT) {
					if p.tok.tok == VERSION {
						g.VersionHi = p.next().lit
					} else {
						g.Open = true
					}
				}
			default:
				g.Ident = p.ident()
			}
			a.Args = append(a.Args, g)
			if !p.got(COMMA) {
				break
			}
		}
		p.expect(RPAREN)
	}
	a.Sp = p.from(start)
	return a
}

func (p *parser) typ() *TypeExpr {
	t := &TypeExpr{}
	start := p.tok.span.Start
	switch {
	case p.tok.tok == KwVoid:
		p.next()
		t.Kind = TypeVoid
	case p.tok.tok == KwStruct, p.tok.tok == KwEnum:
		t.Kind = TypeStruct
		if p.next().tok == KwEnum {
			t.Kind = TypeEnum
		}
		t.Name = p.ident()
	case p.tok.tok == IDENT && p.tok.lit == "int" && p.look(1).tok == LT:
		p.next()
		p.next()
		t.Kind = TypeRange
		t.Lo = p.binary(11)
		p.expect(DOTDOT)
		t.Hi = p.binary(11)
		p.expect(GT)
	default:
		if p.tok.tok != IDENT {
			p.fail("a declaration")
		}
		t.Name = p.ident()
	}
	for p.got(MUL) {
		t.Stars++
	}
	t.Sp = p.from(start)
	return t
}

func (p *parser) block() *Block {
	start := p.tok.span.Start
	p.expect(LBRACE)
	b := &Block{}
	for p.tok.tok != RBRACE && p.tok.tok != EOF {
		if s := p.stmtSafe(); s != nil {
			b.Stmts = append(b.Stmts, s)
		}
	}
	p.expect(RBRACE)
	b.Sp = p.from(start)
	return b
}

// stmtSafe parses a statement; after an error it goes on behind the next semicolon, or before the brace that closes the block, so that the rest of the
// block is looked at too.
func (p *parser) stmtSafe() (s Stmt) {
	before, depth := p.tok.span.Start, p.depth
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bail); !ok {
				panic(r)
			}
			s, p.depth = nil, depth
			p.skip(before)
			p.got(SEMI)
			if p.tok.span.Start == before && p.tok.tok != RBRACE {
				p.next()
			}
		}
	}()
	return p.stmt()
}

// skip goes to the next semicolon or closing brace of the same nesting, or to what begins a declaration.
func (p *parser) skip(start source.Pos) {
	braces := 0
	for p.tok.tok != EOF {
		switch t := p.tok.tok; {
		case t == LBRACE:
			braces++
		case t == RBRACE:
			if braces == 0 {
				return
			}
			if braces--; braces == 0 {
				p.next()
				return
			}
		case t == SEMI && braces == 0:
			return
		case (t == KwProcess || t == KwConfig || t == KwImport || t == KwTypedef || t == KwExpect || t == KwCheck || t == KwInvariant) && p.tok.span.Start != start:
			return
		}
		p.next()
	}
}

func (p *parser) isDecl() bool {
	switch p.tok.tok {
	case KwStruct, KwEnum, KwPool:
		return true
	case IDENT:
		n := p.look(1)
		if n.tok == IDENT {
			return true
		}
		if p.tok.lit == "int" && n.tok == LT {
			return true
		}
		return n.tok == MUL && p.look(2).tok == IDENT && (p.look(3).tok == ASSIGN || p.look(3).tok == SEMI || p.look(3).tok == COMMA || p.look(3).tok == LBRACK)
	}
	return false
}

func (p *parser) paren() Expr {
	p.expect(LPAREN)
	x := p.expr()
	p.expect(RPAREN)
	return x
}

func (p *parser) stmt() (out Stmt) {
	start := p.tok.span.Start
	p.depth++
	if p.depth > maxDepth {
		p.fail("less nesting")
	}
	defer func() { p.depth-- }()
	set := func(n *stmtNode) { n.Sp = p.from(start) }
	switch p.tok.tok {
	case LBRACE:
		return p.block()
	case KwIf:
		p.next()
		s := &IfStmt{Cond: p.paren()}
		s.Then = p.stmt()
		if p.got(KwElse) {
			s.Else = p.stmt()
		}
		set(&s.stmtNode)
		return s
	case KwWhile:
		p.next()
		s := &WhileStmt{Cond: p.paren()}
		s.Body = p.stmt()
		set(&s.stmtNode)
		return s
	case KwDo:
		p.next()
		s := &DoStmt{Body: p.stmt()}
		p.expect(KwWhile)
		s.Cond = p.paren()
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwFor:
		p.next()
		p.expect(LPAREN)
		s := &ForStmt{}
		if p.isDecl() {
			ds := &DeclStmt{}
			at := p.tok.span.Start
			ds.Decl = p.varDecl()
			ds.Sp = p.from(at)
			s.Init = ds
		} else if !p.got(SEMI) {
			s.Init = p.simple()
			p.expect(SEMI)
		}
		if p.tok.tok != SEMI {
			s.Cond = p.expr()
		}
		p.expect(SEMI)
		if p.tok.tok != RPAREN {
			s.Post = p.simple()
		}
		p.expect(RPAREN)
		s.Body = p.stmt()
		set(&s.stmtNode)
		return s
	case KwSwitch:
		p.next()
		s := &SwitchStmt{Tag: p.paren()}
		p.expect(LBRACE)
		for p.tok.tok != RBRACE {
			c := &SwitchCase{}
			at := p.tok.span.Start
			for p.tok.tok == KwCase || p.tok.tok == KwDefault {
				if p.next().tok == KwDefault {
					c.Default = true
				} else {
					c.Values = append(c.Values, p.expr())
				}
				p.expect(COLON)
			}
			if len(c.Values) == 0 && !c.Default {
				p.fail("'case'")
			}
			for p.tok.tok != KwCase && p.tok.tok != KwDefault && p.tok.tok != RBRACE && p.tok.tok != EOF {
				c.Body = append(c.Body, p.stmt())
			}
			c.Sp = p.from(at)
			s.Cases = append(s.Cases, c)
		}
		p.expect(RBRACE)
		set(&s.stmtNode)
		return s
	case KwChoose:
		p.next()
		s := &ChooseStmt{}
		p.expect(LBRACE)
		for p.tok.tok != RBRACE {
			c := &ChooseCase{}
			at := p.tok.span.Start
			if p.got(KwDefault) {
				c.Default = true
			} else {
				p.expect(KwCase)
				if p.tok.tok != COLON {
					c.Cond = p.expr()
				}
			}
			p.expect(COLON)
			for p.tok.tok != KwCase && p.tok.tok != KwDefault && p.tok.tok != RBRACE && p.tok.tok != EOF {
				c.Body = append(c.Body, p.stmt())
			}
			c.Sp = p.from(at)
			s.Cases = append(s.Cases, c)
		}
		p.expect(RBRACE)
		set(&s.stmtNode)
		return s
	case KwBreak:
		p.next()
		p.expect(SEMI)
		s := &BreakStmt{}
		set(&s.stmtNode)
		return s
	case KwContinue:
		p.next()
		p.expect(SEMI)
		s := &ContinueStmt{}
		set(&s.stmtNode)
		return s
	case KwGoto:
		p.next()
		s := &GotoStmt{Label: p.ident()}
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwReturn:
		p.next()
		s := &ReturnStmt{}
		if p.tok.tok != SEMI {
			s.X = p.expr()
		}
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwAtomic:
		p.next()
		s := &AtomicStmt{Body: p.block()}
		set(&s.stmtNode)
		return s
	case KwAwait:
		p.next()
		s := &AwaitStmt{Cond: p.paren()}
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwAssert:
		p.next()
		p.expect(LPAREN)
		s := &AssertStmt{Cond: p.expr()}
		if p.got(COMMA) {
			s.Prop = p.ident()
		}
		p.expect(RPAREN)
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwCover:
		p.next()
		s := &CoverStmt{Name: p.ident()}
		p.expect(SEMI)
		set(&s.stmtNode)
		return s
	case KwSkip:
		p.next()
		p.expect(SEMI)
		s := &SkipStmt{}
		set(&s.stmtNode)
		return s
	case SEMI:
		p.next()
		s := &SkipStmt{Empty: true}
		set(&s.stmtNode)
		return s
	case KwStaticAssert:
		s := &StaticAssertStmt{Decl: p.staticAssert()}
		set(&s.stmtNode)
		return s
	}
	if p.tok.tok == IDENT && p.look(1).tok == COLON {
		s := &LabeledStmt{Label: p.ident()}
		p.next()
		s.Stmt = p.stmt()
		set(&s.stmtNode)
		return s
	}
	if p.isDecl() {
		s := &DeclStmt{Decl: p.varDecl()}
		set(&s.stmtNode)
		return s
	}
	s := p.simple()
	p.expect(SEMI)
	return s
}

func (p *parser) simple() Stmt {
	start := p.tok.span.Start
	x := p.expr()
	switch t := p.tok.tok; {
	case t == INC || t == DEC:
		p.next()
		s := &AssignStmt{X: x, Op: t}
		s.Sp = p.from(start)
		return s
	case t >= ASSIGN && t <= SHRASSIGN:
		p.next()
		s := &AssignStmt{X: x, Op: t, Y: p.expr()}
		s.Sp = p.from(start)
		return s
	}
	s := &CallStmt{Call: x}
	s.Sp = p.from(start)
	return s
}

var prec = map[Token]int{
	LOR: 1, LAND: 2, OR: 3, XOR: 4, AND: 5, EQ: 6, NE: 6, LT: 7, LE: 7, GT: 7, GE: 7, SHL: 8, SHR: 8, ADD: 9, SUB: 9, MUL: 10, DIV: 10, MOD: 10,
}

func (p *parser) expr() Expr {
	start := p.tok.span.Start
	x := p.binary(1)
	if p.got(QUESTION) {
		c := &CondExpr{Cond: x, X: p.expr()}
		p.expect(COLON)
		c.Y = p.expr()
		c.Sp = p.from(start)
		return c
	}
	return x
}

func (p *parser) binary(min int) Expr {
	start := p.tok.span.Start
	x := p.unary()
	for {
		op := p.tok.tok
		pr, ok := prec[op]
		if !ok || pr < min {
			return x
		}
		at := p.next().span.Start
		y := p.binary(pr + 1)
		b := &BinaryExpr{Op: op, OpAt: at, X: x, Y: y}
		b.Sp = p.from(start)
		x = b
	}
}

func (p *parser) unary() Expr {
	start := p.tok.span.Start
	switch p.tok.tok {
	case NOT, SUB, TILDE, MUL, AND:
		p.depth++
		if p.depth > maxDepth {
			p.fail("less nesting")
		}
		op := p.next().tok
		u := &UnaryExpr{Op: op, X: p.unary()}
		p.depth--
		u.Sp = p.from(start)
		return u
	}
	x := p.primary()
	for {
		switch p.tok.tok {
		case LBRACK:
			p.next()
			i := &IndexExpr{X: x, I: p.expr()}
			p.expect(RBRACK)
			i.Sp = p.from(start)
			x = i
		case DOT, ARROW:
			m := &MemberExpr{X: x, Arrow: p.next().tok == ARROW}
			m.Name = p.ident()
			m.Sp = p.from(start)
			x = m
		default:
			return x
		}
	}
}

func (p *parser) primary() Expr {
	l := p.tok
	switch l.tok {
	case INT:
		p.next()
		x := &IntLit{Text: l.lit, Value: l.val}
		x.Sp = l.span
		return x
	case KwTrue, KwFalse:
		p.next()
		x := &BoolLit{Value: l.tok == KwTrue}
		x.Sp = l.span
		return x
	case KwNull:
		p.next()
		x := &NullLit{}
		x.Sp = l.span
		return x
	case LPAREN:
		p.depth++
		if p.depth > maxDepth {
			p.fail("less nesting")
		}
		p.next()
		x := &ParenExpr{X: p.expr()}
		p.expect(RPAREN)
		p.depth--
		x.Sp = p.from(l.span.Start)
		return x
	case IDENT:
		id := p.ident()
		if p.tok.tok != LPAREN {
			return id
		}
		p.next()
		c := &CallExpr{Fun: id}
		for p.tok.tok != RPAREN {
			if p.tok.tok == KwStruct {
				t := &TypeArg{Type: p.typ()}
				t.Sp = t.Type.Sp
				c.Args = append(c.Args, t)
			} else {
				c.Args = append(c.Args, p.expr())
			}
			if !p.got(COMMA) {
				break
			}
		}
		p.expect(RPAREN)
		c.Sp = p.from(l.span.Start)
		return c
	}
	p.fail("an expression")
	return nil
}
