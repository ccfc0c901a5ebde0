package syntax

import (
	"slices"

	"pmdcheck/model/source"
)

// Parse parses one file. It always returns a tree; errors go to diags, whose Files the caller has set. Where there was an error the tree
// is incomplete or holds a [BadDecl], [BadStmt] or [BadExpr], and is good for little but looking up imports.
//
// All errors of a file are reported at once, at most one a line. A text that is none or is larger than 4 MiB gets one error and is not read.
func Parse(f *source.File, diags *source.List) (out *File) {
	out = &File{Source: f} // also returned where the parser gives up
	r := &reporter{file: f, diags: diags, lines: map[int]bool{}}
	start := source.At(source.MakePos(f.ID, 1, 1))
	switch {
	case len(f.Src) > maxFileSize:
		r.report(source.Diagnostic{Code: "file-too-large", Span: start, Msg: "file too large", Hint: "the limit is 4 MiB"})
		return out
	case isBinary(f.Src):
		r.report(source.Diagnostic{Code: "binary-file", Span: start, Msg: "binary file", Hint: "a spec is a text in UTF-8"})
		return out
	}
	p := &parser{reporter: r, s: newScanner(r)}
	defer func() {
		out.Comments = p.s.comments
		if e := recover(); e != nil {
			if _, ok := e.(abort); !ok {
				panic(e)
			}
		}
	}()
	p.tok = p.s.next()
	p.decls(out)
	return out
}

// parser is a recursive descent parser. A rule that cannot go on reports and panics with bail; the lists (of declarations, statements,
// fields, initialisers) catch that, skip to where the next element seems to begin, and go on. Where only a delimiter is missing, the rules
// report and go on as if it were there.
type parser struct {
	*reporter
	s       *scanner
	tok     lexeme
	ahead   []lexeme // read already, behind tok
	prevEnd source.Pos
	depth   int
	height  int           // of the expression just parsed
	incOK   bool          // x++ and x-- may follow: the expression is the beginning of a statement
	openers []source.Span // the '{' of the blocks around, for the message about a missing '}'
}

func (p *parser) next() lexeme {
	l := p.tok
	p.prevEnd = p.s.endOf(l)
	if len(p.ahead) > 0 {
		p.tok = p.ahead[0]
		p.ahead = p.ahead[1:]
	} else {
		p.tok = p.s.next()
	}
	return l
}

// look is the token n places on; look(0) is the current one.
func (p *parser) look(n int) lexeme {
	if n == 0 {
		return p.tok
	}
	for len(p.ahead) < n {
		p.ahead = append(p.ahead, p.s.next())
	}
	return p.ahead[n-1]
}

func (p *parser) got(t Token) bool {
	if p.tok.tok != t {
		return false
	}
	p.next()
	return true
}

// isWord reports whether l is the contextual word w.
func (p *parser) isWord(l lexeme, w string) bool { return l.tok == IDENT && p.s.text(l) == w }

func (p *parser) gotWord(w string) bool {
	if !p.isWord(p.tok, w) {
		return false
	}
	p.next()
	return true
}

// from is the extent of a node that began at start and ends with the token before the current one.
func (p *parser) from(start source.Pos) node {
	return node{source.Span{Start: start, End: max(start, p.prevEnd)}}
}

// describe names a token in a message.
func (p *parser) describe(l lexeme) string {
	switch l.tok {
	case EOF:
		return "end of file"
	case STRING:
		return "a string"
	}
	return "'" + shorten(p.s.text(l)) + "'"
}

// error reports at the current token.
func (p *parser) error(msg, hint string) { p.errorAt(p.here(), msg, hint) }

// here is the extent of the current token. The end of the file is shown behind the last token: that line says more than an empty one.
func (p *parser) here() source.Span {
	if p.tok.tok == EOF && p.prevEnd.IsValid() {
		return source.At(p.prevEnd)
	}
	return p.s.span(p.tok)
}

func (p *parser) errorAt(sp source.Span, msg, hint string) {
	p.report(source.Diagnostic{Code: "syntax", Span: sp, Msg: msg, Hint: hint})
}

// fail reports that something else was expected and leaves the rule.
func (p *parser) fail(want, hint string) {
	p.error("expected "+want+", found "+p.describe(p.tok), hint)
	panic(bail{})
}

// enter guards recursion; leave is its counterpart. [parser.try] restores the depth when a rule is left by a panic.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.tooDeep("nested too deeply")
	}
}

func (p *parser) leave() { p.depth-- }

// tooDeep gives up. It is reported even on a line that has an error: it says why others are missing.
func (p *parser) tooDeep(msg string) {
	p.diags.Add(source.Diagnostic{Code: "too-deep", Span: p.here(), Msg: msg, Hint: "put parts of it into functions or constants of their own"})
	panic(abort{})
}

// try runs f and reports whether it came to its end.
func (p *parser) try(f func()) (ok bool) {
	depth, incOK, openers := p.depth, p.incOK, len(p.openers)
	defer func() {
		if ok {
			return
		}
		if e := recover(); e != any(bail{}) {
			panic(e)
		}
		p.depth, p.incOK, p.openers = depth, incOK, p.openers[:openers]
	}()
	f()
	return true
}

// expect takes the token t. Where it is missing at what looks like the end of the construct, it reports that and goes on as if it were there.
func (p *parser) expect(t Token, where, hint string) {
	if p.got(t) {
		return
	}
	p.error("expected '"+t.String()+"' "+where+", found "+p.describe(p.tok), hint)
	if !p.ends() {
		panic(bail{})
	}
}

// ends reports whether the current token looks like the end of a construct or the beginning of the next one.
func (p *parser) ends() bool {
	switch p.tok.tok {
	case SEMI, LBRACE, RBRACE, EOF:
		return true
	}
	return p.tok.nl || p.startsStmtWord()
}

// semi takes the ';' after something. A declaration leaves after empty.
func (p *parser) semi(after string) {
	if p.got(SEMI) {
		return
	}
	msg, hint := "expected ';'", ""
	if after != "" {
		msg += " after " + after
	} else if p.ends() {
		hint = "a declaration ends with ';'"
	}
	if p.tok.tok == COMMA {
		hint = "there is no comma operator: write two statements"
	}
	d := source.Diagnostic{Code: "syntax", Span: p.here(), Msg: msg + ", found " + p.describe(p.tok), Hint: hint}
	if p.tok.nl && p.tok.tok != EOF {
		d.Related = append(d.Related, source.Related{Span: source.At(p.prevEnd), Msg: "the ';' belongs here"})
	}
	p.report(d)
	if !p.ends() {
		panic(bail{})
	}
}

// ident takes a name; what says which. A reserved word in its place is reported and taken, so that one mistake is one error.
func (p *parser) ident(what string) *Ident {
	l := p.tok
	x := &Ident{}
	switch {
	case l.tok == IDENT:
		p.next()
		x.Name = p.s.text(l)
	case l.tok.IsKeyword() && p.nameEnds(p.look(1)):
		p.error("expected "+what+", found the reserved word '"+l.tok.String()+"'", "choose another name")
		p.next()
	case l.tok.IsKeyword():
		p.fail(what, "'"+l.tok.String()+"' is a reserved word")
	default:
		p.fail(what, "")
	}
	x.Sp = p.s.span(l)
	return x
}

// nameEnds reports whether l can stand behind a name that is declared or selected.
func (p *parser) nameEnds(l lexeme) bool {
	switch l.tok {
	case SEMI, COMMA, ASSIGN, LBRACK, LPAREN, RPAREN, RBRACE, LBRACE, COLON, EQ, DOT, ARROW:
		return true
	}
	return false
}

// names takes a list of names up to end; a comma may stand behind the last one.
func (p *parser) names(what string, end Token) []*Ident {
	var out []*Ident
	for {
		out = append(out, p.ident(what))
		if !p.got(COMMA) || p.tok.tok == end {
			return out
		}
	}
}

// str takes a string.
func (p *parser) str(what, hint string) (string, source.Span) {
	if p.tok.tok != STRING {
		p.fail(what, hint)
	}
	l := p.next()
	return l.str, p.s.span(l)
}

// skipTo skips to the token end of the list being parsed, passing over nested brackets; it stops early where the list cannot go on.
func (p *parser) skipTo(end Token) {
	for nest := 0; ; p.next() {
		switch t := p.tok.tok; {
		case t == EOF, nest == 0 && (t == end || t == SEMI), p.atTopDecl():
			return
		case t == LBRACE || t == LPAREN || t == LBRACK:
			nest++
		case t == RBRACE || t == RPAREN || t == RBRACK:
			if nest == 0 {
				return
			}
			nest--
		}
	}
}

// declWords begin a declaration and nothing else.
var declWords = []Token{
	KwImport, KwConst, KwConfig, KwTypedef, KwOverride, KwFair, KwProcess, KwProperty, KwCheck, KwInvariant, KwLiveness, KwExpect, KwTier, KwFeature, KwClaim, KwPool, AT,
}

// atTopDecl reports whether the current token stands at the left margin and begins a declaration: whatever was open before is closed there.
func (p *parser) atTopDecl() bool {
	if !p.tok.nl || p.tok.pos.Col() != 1 {
		return false
	}
	return slices.Contains(declWords, p.tok.tok) || p.tok.tok == KwVoid || p.atFunc()
}

// atFunc reports whether a function seems to begin: a type, a name, '('.
func (p *parser) atFunc() bool {
	n := 1
	switch p.tok.tok {
	case KwStruct, KwEnum:
		n = 2
	case IDENT, KwVoid:
	default:
		return false
	}
	if p.look(n).tok == MUL {
		n++
	}
	return p.look(n).tok == IDENT && p.look(n+1).tok == LPAREN
}

// startsDecl reports whether a declaration seems to begin.
func (p *parser) startsDecl() bool {
	switch p.tok.tok {
	case KwStruct, KwEnum, KwVoid, KwCover, KwStaticAssert:
		return true
	case KwFor:
		return p.look(1).tok != LPAREN
	case IDENT:
		// "main(void) {" at the margin is a function without a type, which is reported.
		return p.isDecl() || p.atFunc() || p.misspelt(declSpellings) != ILLEGAL || p.tok.pos.Col() == 1 && blockBehindParens(p)
	}
	return slices.Contains(declWords, p.tok.tok)
}

// startsStmtWord reports whether a word begins that only a statement begins with, or a declaration.
func (p *parser) startsStmtWord() bool {
	switch p.tok.tok {
	case KwIf, KwWhile, KwDo, KwSwitch, KwChoose, KwBreak, KwContinue, KwGoto, KwReturn, KwAtomic, KwAwait, KwAssert, KwSkip, KwFor, KwCover:
		return true
	}
	return false
}

// syncDecl skips to where a declaration seems to begin: behind a ';' or the end of a block, and, unless the one with the error stood alone, not at
// what can only be a statement of a body whose beginning was not understood.
func (p *parser) syncDecl(alone bool) {
	nest := 0
	for p.tok.tok != EOF && !p.atTopDecl() {
		t := p.next().tok
		switch t {
		case LBRACE:
			nest++
		case RBRACE:
			nest = max(0, nest-1)
		case SEMI:
		default:
			continue
		}
		if nest == 0 && t != LBRACE {
			if p.tok.tok == SEMI { // of "};"
				p.next()
			}
			if alone || p.startsDecl() {
				return
			}
		}
	}
}

// syncStmt skips to where a statement seems to begin or the block ends.
func (p *parser) syncStmt() {
	for {
		switch p.tok.tok {
		case SEMI:
			p.next()
			return
		case EOF, LBRACE, RBRACE, KwCase, KwDefault:
			return
		}
		if p.tok.nl && (p.startsStmtWord() || p.isDecl()) || p.atTopDecl() {
			return
		}
		p.next()
	}
}

// spelling is a keyword with what must follow before a similar word is taken for it.
type spelling struct {
	kw     Token
	follow func(p *parser) bool
}

func nextIs(toks ...Token) func(p *parser) bool {
	return func(p *parser) bool { return slices.Contains(toks, p.look(1).tok) }
}

// nameThen: a name and behind it one of toks, none of which can follow a variable or function that is declared.
func nameThen(toks ...Token) func(p *parser) bool {
	return func(p *parser) bool { return p.look(1).tok == IDENT && slices.Contains(toks, p.look(2).tok) }
}

// blockBehindParens: "word (…) {", which no call is.
func blockBehindParens(p *parser) bool {
	if p.look(1).tok != LPAREN {
		return false
	}
	const far = 64 // tokens
	nest := 0
	for n := 1; n < far; n++ {
		switch p.look(n).tok {
		case LPAREN:
			nest++
		case RPAREN:
			if nest--; nest == 0 {
				return p.look(n+1).tok == LBRACE
			}
		case EOF, LBRACE, RBRACE:
			return false
		}
	}
	return false
}

// No valid text is taken for a mistake: what must follow in declSpellings and stmtSpellings cannot follow a name there.
var declSpellings = []spelling{
	{KwImport, nextIs(STRING)},
	{KwProcess, nameThen(LBRACE, IDENT)},
	{KwFair, nextIs(KwProcess)},
	{KwProperty, nameThen(STRING)},
	{KwInvariant, nameThen(COLON)},
	{KwLiveness, nameThen(COLON)},
	{KwCover, nameThen(COLON, IDENT)},
	{KwExpect, nextIs(COLON, NOT)},
	{KwStruct, nameThen(LBRACE)},
	{KwEnum, nameThen(LBRACE)},
	{KwTypedef, nextIs(KwStruct, KwEnum)},
	{KwTypedef, nameThen(IDENT)},
	{KwPool, nextIs(KwStruct)},
	{KwConfig, nameThen(IDENT)},
}

var elseSpelling = []spelling{{KwElse, nextIs(LBRACE, KwIf)}}

var stmtSpellings = []spelling{
	{KwAtomic, nextIs(LBRACE)},
	{KwChoose, nextIs(LBRACE)},
	{KwDo, nextIs(LBRACE)},
	{KwIf, blockBehindParens},
	{KwWhile, blockBehindParens},
	{KwSwitch, blockBehindParens},
	{KwFor, blockBehindParens},
	{KwBreak, nextIs(SEMI)},
	{KwContinue, nextIs(SEMI)},
	{KwReturn, nextIs(SEMI)},
	{KwSkip, nextIs(SEMI)},
	{KwStruct, nameThen(MUL)},
}

// misspelt returns the keyword that the current word, which is none, is meant to be, judging by its letters and by what follows it.
func (p *parser) misspelt(list []spelling) Token {
	if p.tok.tok != IDENT {
		return ILLEGAL
	}
	word := p.s.text(p.tok)
	for _, sp := range list {
		if kw := sp.kw.String(); nearest(word, kw) != "" && sp.follow(p) {
			return sp.kw
		}
	}
	return ILLEGAL
}

// correct replaces a misspelt keyword, and reports it.
func (p *parser) correct(list []spelling, want string) {
	if kw := p.misspelt(list); kw != ILLEGAL {
		p.error("expected "+want+", found "+p.describe(p.tok), "did you mean '"+kw.String()+"'?")
		p.tok.tok = kw
	}
}
