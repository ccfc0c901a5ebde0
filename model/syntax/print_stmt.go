package syntax

import (
	"fmt"

	"pmdcheck/model/source"
)

// block writes { … }; what stands before it on the line is written already.
func (p *printer) block(b *Block) {
	p.write("{")
	p.indent++
	p.trail(b.Sp.Start)
	for i, s := range b.Stmts {
		p.br(s.Span().Start, i == 0)
		p.stmt(s)
	}
	p.indent--
	p.closeBlock(before(b.Sp.End), len(b.Stmts) == 0)
}

// body writes the statement that an if or a loop governs.
func (p *printer) body(s Stmt) {
	if b, ok := s.(*Block); ok {
		p.write(" ")
		p.block(b)
		return
	}
	p.indent++
	p.br(s.Span().Start, true)
	p.stmt(s)
	p.indent--
}

// behindBody writes the word at pos that goes on behind a body.
func (p *printer) behindBody(body Stmt, pos source.Pos, word string) {
	if _, ok := body.(*Block); ok && !p.pending(pos) {
		p.write(" ")
	} else {
		p.br(pos, true)
	}
	p.write(word)
	p.line = max(p.line, pos.Line())
}

// condition writes " (x)".
func (p *printer) condition(x Expr) {
	p.write(" (")
	p.expr(x)
	p.write(")")
}

func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Block:
		p.block(s)
		return
	case *DeclStmt:
		p.varDecl(s.Decl)
	case *AssignStmt, *CallStmt:
		p.simple(s)
	case *IfStmt:
		p.ifStmt(s)
		return
	case *WhileStmt:
		p.write("while")
		p.condition(s.Cond)
		p.body(s.Body)
		return
	case *DoStmt:
		p.write("do")
		p.body(s.Body)
		p.behindBody(s.Body, s.WhileAt, "while")
		p.condition(s.Cond)
	case *ForStmt:
		p.forStmt(s)
		return
	case *SwitchStmt:
		p.switchStmt(s)
		return
	case *BreakStmt:
		p.write("break")
	case *ContinueStmt:
		p.write("continue")
	case *GotoStmt:
		p.write("goto ")
		p.ident(s.Label)
	case *LabeledStmt:
		p.labeled(s)
		return
	case *ReturnStmt:
		p.write("return")
		if s.X != nil {
			p.spaced(s.X)
		}
	case *AtomicStmt:
		p.write("atomic ")
		p.block(s.Body)
		return
	case *AwaitStmt:
		p.write("await")
		p.condition(s.Cond)
	case *ChooseStmt:
		p.chooseStmt(s)
		return
	case *AssertStmt:
		p.write("assert(")
		p.expr(s.Cond)
		if s.Prop != nil {
			p.write(",")
			p.space(s.Prop.Sp.Start)
			p.ident(s.Prop)
		}
		p.write(")")
	case *CoverStmt:
		p.write("cover ")
		p.ident(s.Name)
	case *SkipStmt:
		if !s.Empty {
			p.write("skip")
		}
	case *StaticAssertStmt:
		p.decl(s.Decl)
		return
	default:
		panic(fmt.Sprintf("syntax.Print: unknown statement %T", s))
	}
	p.semi(s.Span())
}

// simple writes an assignment or a call without the ';'.
func (p *printer) simple(s Stmt) {
	switch s := s.(type) {
	case *CallStmt:
		p.expr(s.Call)
	case *AssignStmt:
		p.expr(s.X)
		if s.Y == nil {
			p.write(s.Op.String())
			return
		}
		p.write(" " + s.Op.String())
		p.spaced(s.Y)
	case *DeclStmt:
		p.varDecl(s.Decl)
	default:
		panic(fmt.Sprintf("syntax.Print: statement %T in the head of a loop", s))
	}
}

func (p *printer) ifStmt(s *IfStmt) {
	p.write("if")
	p.condition(s.Cond)
	p.body(s.Then)
	if s.Else == nil {
		return
	}
	p.behindBody(s.Then, s.ElseAt, "else")
	if elseIf, ok := s.Else.(*IfStmt); ok {
		p.write(" ")
		p.inline(elseIf.Sp.Start)
		p.ifStmt(elseIf)
		return
	}
	p.body(s.Else)
}

func (p *printer) forStmt(s *ForStmt) {
	p.write("for (")
	if s.Init != nil {
		p.simple(s.Init)
	}
	p.write(";")
	if s.Cond != nil {
		p.spaced(s.Cond)
	}
	p.write(";")
	if s.Post != nil {
		p.space(s.Post.Span().Start)
		p.simple(s.Post)
	}
	p.write(")")
	p.body(s.Body)
}

// labeled writes a label at the margin of its block, or before its statement where the source has both in one line.
func (p *printer) labeled(s *LabeledStmt) {
	if s.Stmt.Span().Start.Line() == s.Label.Sp.End.Line() {
		p.ident(s.Label)
		p.write(": ")
		p.inline(s.Stmt.Span().Start)
		p.stmt(s.Stmt)
		return
	}
	p.indent--
	p.ident(s.Label)
	p.write(":")
	p.indent++
	p.br(s.Stmt.Span().Start, true)
	p.stmt(s.Stmt)
}

// oneLine reports whether statements that begin and end on the given source line can be written on one.
func oneLine(list []Stmt, line int) bool {
	for _, s := range list {
		switch s.(type) {
		case *DeclStmt, *AssignStmt, *CallStmt, *BreakStmt, *ContinueStmt, *GotoStmt, *ReturnStmt, *AwaitStmt, *AssertStmt, *CoverStmt, *SkipStmt:
		default:
			return false
		}
		if sp := s.Span(); line == 0 || sp.Start.Line() != line || sp.End.Line() != line {
			return false
		}
	}
	return len(list) > 0
}

// caseBody writes the statements of a case behind its label, on the line of the label where the source has them there.
func (p *printer) caseBody(list []Stmt, inline bool) {
	if inline {
		for _, s := range list {
			p.write(" ")
			p.inline(s.Span().Start)
			p.stmt(s)
		}
		return
	}
	p.indent++
	for i, s := range list {
		p.br(s.Span().Start, i == 0)
		p.stmt(s)
	}
	p.indent--
}

// caseBreak begins the line of a case. Comments before it belong to the case before where they stand deeper than the '}'
// that closes the cases, which is at column col.
func (p *printer) caseBreak(at source.Pos, first bool, col int) {
	own, any := p.ownLines(at, first, col)
	if own && !p.breakDue && p.line == at.Line() {
		return
	}
	p.lineBreak(at.Line(), first && !any)
	p.line = at.Line()
}

func (p *printer) switchStmt(s *SwitchStmt) {
	p.write("switch")
	p.condition(s.Tag)
	p.write(" {")
	margin := before(s.Sp.End).Col()
	col := 0 // nothing stands deeper before the first case
	for i, c := range s.Cases {
		first := i == 0
		label := func(pos source.Pos, x Expr) {
			p.caseBreak(pos, first, col)
			first = false
			if x == nil {
				p.write("default:")
				return
			}
			p.write("case ")
			p.expr(x)
			p.write(":")
		}
		defaultDue := c.Default
		for _, v := range c.Values {
			if defaultDue && c.DefaultAt < v.Span().Start {
				label(c.DefaultAt, nil)
				defaultDue = false
			}
			label(v.Span().Start, v)
		}
		if defaultDue {
			label(c.DefaultAt, nil)
		}
		col = margin
		p.caseBody(c.Body, oneLine(c.Body, p.line))
	}
	p.closeCases(s, col)
}

func (p *printer) chooseStmt(s *ChooseStmt) {
	p.write("choose {")
	margin := before(s.Sp.End).Col()
	col := 0 // nothing stands deeper before the first case
	for i, c := range s.Cases {
		p.caseBreak(c.Sp.Start, i == 0, col)
		switch {
		case c.Default:
			p.write("default:")
		case c.Cond == nil:
			p.write("case:")
		default:
			p.write("case ")
			p.expr(c.Cond)
			p.write(":")
		}
		col = margin
		p.caseBody(c.Body, oneLine(c.Body, p.line))
	}
	p.closeCases(s, col)
}

// closeCases writes the '}' behind the last case. Comments before it that stand deeper, at column col, belong to that case.
func (p *printer) closeCases(s Stmt, col int) {
	end := before(s.Span().End)
	p.ownLines(end, col == 0, col)
	p.newline()
	p.write("}")
	p.line = end.Line()
}
