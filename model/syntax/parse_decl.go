package syntax

import "pmdcheck/model/source"

// decls parses a whole file.
func (p *parser) decls(out *File) {
	for p.tok.tok != EOF {
		start, alone := p.tok.pos, p.isOneStatement()
		var d Decl
		if !p.try(func() { d = p.decl() }) {
			p.syncDecl(alone)
			bad := &BadDecl{}
			bad.node = p.from(start)
			d = bad
		}
		out.Decls = append(out.Decls, d)
	}
}

// isOneStatement reports whether a declaration begins that has no body: behind an error in it the next ';' is its end.
func (p *parser) isOneStatement() bool {
	switch p.tok.tok {
	case KwImport, KwConst, KwConfig, KwTypedef, KwEnum, KwPool, KwProperty, KwCheck, KwInvariant, KwLiveness, KwExpect, KwTier, KwFeature, KwClaim, KwCover, KwStaticAssert:
		return true
	}
	return p.tok.tok == KwFor && p.look(1).tok != LPAREN
}

func (p *parser) decl() Decl {
	start := p.tok.pos
	var attrs []*Attr
	for p.tok.tok == AT {
		attrs = append(attrs, p.attr())
	}
	p.correct(declSpellings, "a declaration")
	d := p.declBehind(start, attrs)
	if len(attrs) > 0 {
		switch d.(type) {
		case *ConfigDecl, *StructDecl, *FuncDecl, *ProcDecl:
		default:
			p.errorAt(attrs[0].Sp, "an attribute stands before a parameter, a struct, a function or a process, or behind a struct field or a variable", "")
		}
	}
	return d
}

// declBehind parses the declaration behind the attributes.
func (p *parser) declBehind(start source.Pos, attrs []*Attr) Decl {
	switch p.tok.tok {
	case KwImport:
		p.next()
		d := &ImportDecl{}
		d.Path, d.PathAt = p.str("a file name in quotes", "for example: import \"linux/mm/hugetlb\";")
		p.semi("import")
		d.node = p.from(start)
		return d
	case KwConst:
		return p.constDecl(start)
	case KwConfig:
		return p.configDecl(start, attrs)
	case KwEnum:
		if p.look(1).tok == LBRACE || p.look(2).tok == LBRACE {
			return p.enumDecl(start)
		}
		return p.funcOrVar(start, attrs)
	case KwTypedef:
		return p.typedefDecl(start)
	case KwStruct:
		if p.look(1).tok == LBRACE || p.look(2).tok == LBRACE || len(attrs) > 0 && p.look(2).tok == SEMI {
			return p.structDecl(start, attrs)
		}
		return p.funcOrVar(start, attrs)
	case KwProcess, KwFair:
		if p.tok.tok == KwFair && p.look(1).tok == KwProcess && p.look(2).tok == SEMI {
			p.next()
			p.next()
			p.semi("fair process")
			d := &FairDecl{}
			d.node = p.from(start)
			return d
		}
		if p.tok.tok == KwProcess && p.look(1).tok == KwAwait {
			p.next()
			p.next()
			d := &StepDecl{X: p.parens("process await")}
			p.semi("process await")
			d.node = p.from(start)
			return d
		}
		return p.procDecl(start, attrs)
	case KwProperty:
		p.next()
		d := &PropertyDecl{Name: p.ident("a property name")}
		d.Text, _ = p.str("a text in quotes that says what the property means", "")
		p.semi("property")
		d.node = p.from(start)
		return d
	case KwCheck:
		p.next()
		d := &CheckDecl{Props: p.names("a property name", SEMI)}
		p.semi("check")
		d.node = p.from(start)
		return d
	case KwInvariant:
		p.next()
		d := &InvariantDecl{Name: p.ident("a name for the invariant")}
		p.expect(COLON, "after the name of the invariant", "write: invariant name: condition;")
		d.X = p.cond()
		p.semi("invariant")
		d.node = p.from(start)
		return d
	case KwLiveness:
		return p.livenessDecl(start)
	case KwCover:
		return p.coverDecl(start)
	case KwExpect:
		return p.expectDecl(start)
	case KwFor:
		return p.sweepDecl(start)
	case KwTier:
		p.next()
		d := &TierDecl{Name: p.ident("a name for the tier")}
		if p.gotWord("when") {
			d.When = p.cond()
		}
		p.semi("tier")
		d.node = p.from(start)
		return d
	case KwFeature:
		return p.featureDecl(start)
	case KwClaim:
		p.next()
		d := &ClaimDecl{}
		if p.gotWord("when") {
			d.When = p.cond()
		}
		p.semi("claim")
		d.node = p.from(start)
		return d
	case KwStaticAssert:
		return p.staticAssert()
	case KwPool:
		return p.varDecl(true)
	case KwOverride, KwVoid, IDENT:
		return p.funcOrVar(start, attrs)
	}
	return p.notDecl()
}

// notDecl reports what begins no declaration.
func (p *parser) notDecl() Decl {
	hint := ""
	switch {
	case p.tok.tok == RBRACE:
		hint = "there is a '}' too many, here or before"
	case p.tok.tok == SEMI:
		hint = "leave it out"
	case p.tok.tok == IDENT && p.look(1).tok == LPAREN:
		hint = "a function begins with the type of its result, or void; a call stands in a function or a process"
	case p.tok.tok == IDENT, p.startsStmtWord(), p.tok.tok == LBRACE, p.tok.tok == KwElse:
		hint = "statements stand in a function or a process"
	}
	p.fail("a declaration", hint)
	return nil
}

func (p *parser) constDecl(start source.Pos) Decl {
	p.next()
	switch l := p.look(1).tok; p.tok.tok {
	case KwStruct, KwEnum, KwVoid:
		p.error("a constant has no type", "write: const N = 3; a variable that nothing writes needs no const")
		p.typ("a type")
	case IDENT:
		if l == IDENT || l == MUL || l == LT {
			p.error("a constant has no type", "write: const N = 3; a variable that nothing writes needs no const")
			p.typ("a type")
		}
	}
	d := &ConstDecl{Name: p.ident("a name for the constant")}
	p.assign("after the name of the constant")
	d.Value = p.expr()
	p.semi("constant")
	d.node = p.from(start)
	return d
}

// assign takes the '=' of a declaration, or reports an '==' in its place.
func (p *parser) assign(where string) {
	if p.tok.tok == EQ {
		p.error("expected '=' "+where+", found '=='", "'==' compares")
		p.next()
		return
	}
	p.expect(ASSIGN, where, "")
}

func (p *parser) configDecl(start source.Pos, attrs []*Attr) Decl {
	p.next()
	d := &ConfigDecl{Attrs: attrs}
	switch {
	case p.look(1).tok == ASSIGN && p.look(2).tok == LBRACE:
		d.Name = p.ident("a name for the parameter")
		p.next()
		d.Values = p.enumValues()
	case p.tok.tok == IDENT && (p.look(1).tok == ASSIGN || p.look(1).tok == SEMI):
		p.error("config parameter '"+shorten(p.s.text(p.tok))+"' has no type", "write: config u2 name = 1; or config name = { one, other };")
		panic(bail{})
	default:
		d.Type = p.typ("a type or a name")
		d.Name = p.ident("a name for the parameter")
		if p.tok.tok == ASSIGN || p.tok.tok == EQ {
			p.assign("after the name")
			d.Default = p.expr()
		}
	}
	p.semi("config")
	d.node = p.from(start)
	return d
}

// enumValues parses { a, b }.
func (p *parser) enumValues() []*Ident {
	var out []*Ident
	p.next()
	for {
		ok := p.try(func() { out = append(out, p.ident("a name for a value")) })
		switch {
		case ok && p.tok.tok == ASSIGN:
			p.error("the values of an enum have no numbers", "their order is all that is known of them")
			p.skipTo(COMMA)
		case !ok:
			p.skipTo(COMMA)
		}
		if !p.got(COMMA) || p.tok.tok == RBRACE {
			break
		}
	}
	p.expect(RBRACE, "after the values", "")
	return out
}

func (p *parser) enumDecl(start source.Pos) Decl {
	p.next()
	if p.tok.tok == LBRACE {
		p.fail("a name for the enum", "for single constants there is const")
	}
	d := &EnumDecl{Name: p.ident("a name for the enum")}
	d.Values = p.enumValues()
	p.semiType("enum", d.Name.Name)
	d.node = p.from(start)
	return d
}

// semiType takes the ';' behind the '}' of a type.
func (p *parser) semiType(kind, name string) {
	if p.tok.tok == IDENT && !p.tok.nl || p.tok.tok == MUL {
		p.error("expected ';' after "+kind+", found "+p.describe(p.tok), "declare variables apart from the type: "+kind+" "+shorten(name)+" x;")
		panic(bail{})
	}
	p.semi(kind)
}

func (p *parser) typedefDecl(start source.Pos) Decl {
	p.next()
	d := &TypedefDecl{Type: p.typ("a type")}
	if p.tok.tok == LPAREN {
		p.noFuncPointer()
	}
	d.Name = p.ident("a name for the type")
	p.semi("typedef")
	d.node = p.from(start)
	return d
}

func (p *parser) noFuncPointer() {
	p.error("there are no function pointers", "use an enum, and a switch that calls the function it stands for")
	panic(bail{})
}

func (p *parser) structDecl(start source.Pos, attrs []*Attr) Decl {
	p.next()
	if p.tok.tok == LBRACE {
		p.fail("a name for the struct", "variables of it are declared apart, by this name")
	}
	d := &StructDecl{Attrs: attrs, Name: p.ident("a name for the struct")}
	if p.tok.tok == SEMI {
		p.next()
		d.More = true
		d.node = p.from(start)
		return d
	}
	p.next()
	for p.tok.tok != RBRACE && p.tok.tok != EOF && !p.atTopDecl() {
		off := p.tok.start
		if !p.try(func() { d.Fields = append(d.Fields, p.field()) }) {
			p.skipTo(SEMI)
			p.got(SEMI)
			if p.tok.start == off {
				p.next()
			}
		}
	}
	if p.tok.tok != RBRACE {
		p.error("expected '}' after the fields of struct "+shorten(d.Name.Name)+", found "+p.describe(p.tok), "")
		d.node = p.from(start)
		return d
	}
	p.next()
	p.semiType("struct", d.Name.Name)
	d.node = p.from(start)
	return d
}

func (p *parser) field() *FieldDecl {
	f := &FieldDecl{}
	start := p.tok.pos
	f.Type = p.typ("the type of a field")
	f.Names = p.declarators(f.Type, false)
	for p.tok.tok == AT {
		f.Attrs = append(f.Attrs, p.attr())
	}
	p.semi("field")
	f.node = p.from(start)
	return f
}

func (p *parser) varDecl(top bool) *VarDecl {
	start := p.tok.pos
	d := &VarDecl{}
	if p.tok.tok == KwPool {
		if !top {
			p.error("'pool' stands only at top level", "a pool is there from the start")
		}
		p.next()
		d.Pool = top
	}
	d.Type = p.typ("a type")
	d.Names = p.declarators(d.Type, true)
	for top && p.tok.tok == AT {
		d.Attrs = append(d.Attrs, p.attr())
	}
	p.semi("")
	d.node = p.from(start)
	return d
}

func (p *parser) staticAssert() *StaticAssertDecl {
	start := p.next().pos
	if !p.got(LPAREN) {
		p.fail("'(' after 'static_assert'", "write: static_assert(condition, \"text\");")
	}
	d := &StaticAssertDecl{Cond: p.cond()}
	if p.got(COMMA) {
		d.Text, _ = p.str("a text in quotes", "")
	}
	p.expect(RPAREN, "after the condition", "")
	p.semi("static_assert")
	d.node = p.from(start)
	return d
}

func (p *parser) livenessDecl(start source.Pos) Decl {
	const form = "write: liveness name: p leads_to q; or: liveness name: eventually q; or: liveness name: always eventually q;"
	p.next()
	d := &LivenessDecl{Name: p.ident("a name for the liveness property")}
	if p.got(LPAREN) {
		ps := p.params()
		if len(ps) > 1 {
			p.errorAt(ps[1].Sp, "a liveness property has at most one parameter", "it stands for every value of its type")
		}
		if len(ps) > 0 {
			d.Param = ps[0]
		}
	}
	p.expect(COLON, "after the name of the liveness property", form)
	switch {
	case p.isWord(p.tok, "always") && p.isWord(p.look(1), "eventually"):
		p.next()
		p.next()
		d.Form, d.Q = AlwaysEventually, p.cond()
	case p.gotWord("eventually"):
		d.Form, d.Q = Eventually, p.cond()
	default:
		d.P = p.cond()
		if !p.gotWord("leads_to") {
			p.fail("'leads_to'", form)
		}
		d.Q = p.cond()
	}
	if p.gotWord("when") {
		d.When = p.cond()
	}
	p.semi("liveness")
	d.node = p.from(start)
	return d
}

func (p *parser) coverDecl(start source.Pos) Decl {
	p.next()
	d := &CoverDecl{Name: p.ident("a name for what is covered")}
	if p.got(COLON) {
		d.X = p.cond()
	}
	if p.gotWord("when") {
		d.When = p.cond()
	}
	if p.tok.tok == COMMA {
		p.fail("';' after cover", "write one cover for each name")
	}
	p.semi("cover")
	d.node = p.from(start)
	return d
}

func (p *parser) expectDecl(start source.Pos) Decl {
	const form = "write: expect condition : holds; or: expect condition : violates property;"
	p.next()
	d := &ExpectDecl{}
	if p.tok.tok != COLON {
		d.Cond = p.cond()
	}
	if !p.got(COLON) {
		p.fail("':' after the condition", form)
	}
	switch {
	case p.gotWord("holds"):
		d.Holds = true
	case p.gotWord("violates"):
		if p.tok.tok == SEMI {
			p.fail("the violated properties", form)
		}
		d.Props = p.names("a property name", SEMI)
	default:
		hint := form
		if p.tok.tok == IDENT {
			if w := nearest(p.s.text(p.tok), "holds", "violates"); w != "" {
				hint = "did you mean '" + w + "'?"
			}
		}
		p.fail("'holds' or 'violates'", hint)
	}
	if p.gotWord("unreachable") {
		if p.tok.tok == SEMI {
			p.fail("the covers that are not reached", "write: expect condition : holds unreachable cover;")
		}
		d.Unreachable = p.names("a cover name", SEMI)
	}
	if p.gotWord("states") {
		d.States = p.expr()
	}
	if p.gotWord("transitions") {
		d.Transitions = p.expr()
	}
	p.semi("expect")
	d.node = p.from(start)
	return d
}

func (p *parser) sweepDecl(start source.Pos) Decl {
	p.next()
	if p.tok.tok == LPAREN {
		p.fail("a config parameter", "at top level 'for' lists the configurations to check; a loop stands in a function or a process")
	}
	d := &SweepDecl{}
	for {
		d.Items = append(d.Items, p.sweepItem())
		if !p.got(COMMA) {
			break
		}
	}
	if p.gotWord("where") {
		d.Where = p.cond()
	}
	p.semi("for")
	d.node = p.from(start)
	return d
}

func (p *parser) sweepItem() *SweepItem {
	start := p.tok.pos
	it := &SweepItem{Name: p.ident("a config parameter")}
	switch {
	case !p.gotWord("in"):
	case p.got(LBRACE):
		for {
			it.Values = append(it.Values, p.expr())
			if !p.got(COMMA) || p.tok.tok == RBRACE {
				break
			}
		}
		p.expect(RBRACE, "after the values", "")
	default:
		it.Lo = p.expr()
		p.expect(DOTDOT, "in the range", "write: name in 1..3, or: name in { a, b }")
		it.Hi = p.expr()
	}
	it.node = p.from(start)
	return it
}

// funcOrVar parses what begins with a type.
func (p *parser) funcOrVar(start source.Pos, attrs []*Attr) Decl {
	override := p.got(KwOverride)
	if !override && p.tok.tok == IDENT && !p.isDecl() && !p.atFunc() {
		return p.notDecl()
	}
	t := p.typ("the type of a function")
	if (p.tok.tok == IDENT || p.tok.tok.IsKeyword()) && p.look(1).tok == LPAREN {
		return p.funcDecl(start, attrs, override, t)
	}
	if override {
		p.ident("a function name")
		p.fail("'('", "only functions can be overridden")
	}
	d := &VarDecl{Type: t}
	d.Names = p.declarators(t, true)
	for p.tok.tok == AT {
		d.Attrs = append(d.Attrs, p.attr())
	}
	p.semi("")
	d.node = p.from(start)
	return d
}

func (p *parser) funcDecl(start source.Pos, attrs []*Attr, override bool, t *TypeExpr) Decl {
	d := &FuncDecl{Attrs: attrs, Override: override, Result: t}
	d.Name = p.ident("a function name")
	p.next()
	if !p.try(func() { d.Params = p.params() }) {
		for p.tok.tok != LBRACE && p.tok.tok != SEMI && p.tok.tok != RBRACE && p.tok.tok != EOF && !p.atTopDecl() {
			p.next()
		}
		if p.tok.tok != LBRACE {
			panic(bail{})
		}
	}
	if p.tok.tok == SEMI {
		p.error("expected the body of function '"+shorten(d.Name.Name)+"', found ';'", "functions are known in the whole program: no prototype is needed")
		p.next()
		d.Body = &Block{}
		d.Body.node = p.from(p.prevEnd)
	} else {
		d.Body = p.body("function '" + shorten(d.Name.Name) + "'")
	}
	d.node = p.from(start)
	return d
}

// params parses the parameters up to and with ')'.
func (p *parser) params() []*Param {
	var out []*Param
	if p.tok.tok == KwVoid && p.look(1).tok == RPAREN {
		p.next()
	}
	for p.tok.tok != RPAREN {
		out = append(out, p.param())
		if !p.got(COMMA) {
			break
		}
		if p.tok.tok == RPAREN {
			p.fail("a parameter after ','", "")
		}
	}
	p.expect(RPAREN, "after the parameters", "")
	return out
}

func (p *parser) param() *Param {
	start := p.tok.pos
	if p.tok.tok == DOT || p.tok.tok == DOTDOT {
		p.fail("a parameter", "the number of parameters is fixed")
	}
	q := &Param{Type: p.typ("the type of a parameter")}
	switch {
	case p.tok.tok == LPAREN:
		p.noFuncPointer()
	case p.tok.tok == COMMA || p.tok.tok == RPAREN:
		p.error("expected a name for the parameter, found "+p.describe(p.tok), "write the type and the name")
		q.Name = &Ident{}
		q.Name.node = p.from(p.tok.pos)
	default:
		q.Name = p.ident("a name for the parameter")
	}
	if p.tok.tok == LBRACK {
		p.error("a parameter cannot be an array", "pass the index, or a pointer to the struct that holds the array")
		panic(bail{})
	}
	q.node = p.from(start)
	return q
}

func (p *parser) procDecl(start source.Pos, attrs []*Attr) Decl {
	d := &ProcDecl{Attrs: attrs}
	if d.Fair = p.got(KwFair); d.Fair && p.tok.tok != KwProcess {
		p.fail("'process' after 'fair'", "")
	}
	p.next()
	if !p.try(func() { p.procHead(d) }) {
		if p.skipTo(LBRACE); p.tok.tok != LBRACE {
			panic(bail{})
		}
	}
	what := "process"
	if d.Name != nil {
		what += " '" + shorten(d.Name.Name) + "'"
	} else {
		d.Name = &Ident{}
	}
	d.Body = p.body(what)
	d.node = p.from(start)
	return d
}

func (p *parser) procHead(d *ProcDecl) {
	d.Name = p.ident("a name for the process")
	if p.got(LBRACK) {
		d.Count = p.expr()
		p.expect(RBRACK, "after the number of processes", "")
	}
	if p.got(LPAREN) {
		ps := p.params()
		if len(ps) > 1 {
			p.errorAt(ps[1].Sp, "a process has at most one parameter", "it is bound to the number of the process: 0 to count-1")
		}
		if len(ps) > 0 {
			d.Param = ps[0]
		}
	}
	for p.tok.tok == IDENT {
		switch at := p.s.span(p.tok); {
		case p.gotWord("on"):
			if !p.gotWord("cpu") {
				p.fail("'cpu' after 'on'", "write: on cpu 0")
			}
			if d.CPU != nil {
				p.errorAt(at, "the process has a CPU already", "")
			}
			d.CPU = p.expr()
		case p.gotWord("in"):
			p.mmWord()
			if d.MM != nil {
				p.errorAt(at, "the process has an mm already", "")
			}
			d.MM = p.expr()
		default:
			p.fail("'on cpu', 'in mm' or '{'", "")
		}
	}
}

// mmWord skips the word mm of "in mm m1", which may be left out. In "in mm {" and "in mm.next {" it is the name of an object.
func (p *parser) mmWord() {
	if !p.isWord(p.tok, "mm") {
		return
	}
	switch p.look(1).tok {
	case IDENT:
		if p.isWord(p.look(1), "on") && p.isWord(p.look(2), "cpu") {
			return
		}
	case LPAREN, AND, MUL, SUB, NOT, TILDE, INT, KwTrue, KwFalse, KwNull: // an expression begins
	default:
		return
	}
	p.next()
}

func (p *parser) attr() *Attr {
	start := p.next().pos
	a := &Attr{Name: p.ident("the name of an attribute after '@'")}
	if p.got(LPAREN) {
		for p.tok.tok != RPAREN {
			a.Args = append(a.Args, p.attrArg())
			if !p.got(COMMA) {
				break
			}
		}
		p.expect(RPAREN, "after the arguments of '@"+shorten(a.Name.Name)+"'", "")
	}
	a.node = p.from(start)
	return a
}

func (p *parser) attrArg() (g AttrArg) {
	start := p.tok.pos
	switch l := p.tok; l.tok {
	case STRING:
		p.next()
		g.Str, g.IsStr = l.str, true
	case VERSION:
		p.next()
		g.VersionLo = p.s.text(l)
		if p.got(DOTDOT) {
			if g.Open = p.tok.tok != VERSION; !g.Open {
				g.VersionHi = p.s.text(p.next())
			}
		}
	default:
		g.Not = p.got(NOT)
		g.Ident = p.ident("a name, a text in quotes or a version such as v6.1")
	}
	g.node = p.from(start)
	return g
}
