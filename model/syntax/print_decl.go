package syntax

import (
	"fmt"
	"strings"

	"pmdcheck/model/source"
)

func (p *printer) file(f *File) {
	for i, d := range f.Decls {
		p.br(d.Span().Start, i == 0)
		p.decl(d)
	}
	const end = ^source.Pos(0)
	p.ownLines(end, len(f.Decls) == 0, 0)
	p.newline()
}

func (p *printer) decl(d Decl) {
	switch d := d.(type) {
	case *ImportDecl:
		p.write("import ")
		p.token(d.PathAt, quote(d.Path))
	case *ConstDecl:
		p.write("const ")
		p.ident(d.Name)
		p.write(" =")
		p.spaced(d.Value)
	case *ConfigDecl:
		p.attrs(d.Attrs)
		if len(d.Attrs) > 0 {
			p.br(headStart(d.Attrs, d.Name.Sp.Start), true)
		}
		p.write("config ")
		if d.Values != nil {
			p.ident(d.Name)
			p.write(" = ")
			p.braces(nodes(d.Values), d.Sp.End)
			break
		}
		p.typ(d.Type)
		p.write(" " + stars(d.Type))
		p.ident(d.Name)
		if d.Default != nil {
			p.write(" =")
			p.spaced(d.Default)
		}
	case *EnumDecl:
		p.write("enum ")
		p.ident(d.Name)
		p.write(" ")
		p.braces(nodes(d.Values), d.Sp.End)
	case *TypedefDecl:
		p.write("typedef ")
		p.typ(d.Type)
		p.write(" " + stars(d.Type))
		p.ident(d.Name)
	case *StructDecl:
		p.structDecl(d)
	case *VarDecl:
		p.varDecl(d)
	case *FuncDecl:
		p.funcDecl(d)
		return
	case *ProcDecl:
		p.procDecl(d)
		return
	case *PropertyDecl:
		p.write("property ")
		p.ident(d.Name)
		p.write(" " + quote(d.Text))
	case *CheckDecl:
		p.write("check ")
		p.list(nodes(d.Props))
	case *InvariantDecl:
		p.write("invariant ")
		p.ident(d.Name)
		p.write(":")
		p.spaced(d.X)
	case *LivenessDecl:
		p.livenessDecl(d)
	case *FairDecl:
		p.write("fair process")
	case *StepDecl:
		p.write("process await")
		p.condition(d.X)
	case *CoverDecl:
		p.write("cover ")
		p.ident(d.Name)
		if d.X != nil {
			p.write(":")
			p.spaced(d.X)
		}
		p.optional(" when", d.When)
	case *ExpectDecl:
		p.expectDecl(d)
	case *SweepDecl:
		p.write("for ")
		for i, it := range d.Items {
			if i > 0 {
				p.write(",")
				p.space(it.Sp.Start)
			}
			p.sweepItem(it)
		}
		p.optional(" where", d.Where)
	case *TierDecl:
		p.write("tier ")
		p.ident(d.Name)
		p.optional(" when", d.When)
	case *FeatureDecl:
		p.featureDecl(d)
	case *ClaimDecl:
		p.write("claim")
		p.optional(" when", d.When)
	case *StaticAssertDecl:
		p.write("static_assert(")
		p.expr(d.Cond)
		if d.Text != "" {
			p.write(", " + quote(d.Text))
		}
		p.write(")")
	default:
		panic(fmt.Sprintf("syntax.Print: unknown declaration %T", d))
	}
	p.semi(d.Span())
}

// optional writes a word and what it introduces, if anything.
func (p *printer) optional(word string, x Expr) {
	if x != nil {
		p.write(word)
		p.spaced(x)
	}
}

func (p *printer) ident(x *Ident) { p.token(x.Sp, x.Name) }

// nodes is a list of nodes of one type as a list of nodes.
func nodes[N Node](list []N) []Node {
	out := make([]Node, len(list))
	for i, n := range list {
		out[i] = n
	}
	return out
}

// list writes nodes with commas between them.
func (p *printer) list(list []Node) {
	for i, n := range list {
		if i > 0 {
			p.write(",")
			p.space(n.Span().Start)
		}
		p.element(n)
	}
}

func (p *printer) element(n Node) {
	switch n := n.(type) {
	case Expr:
		p.expr(n)
	case *InitItem:
		p.initItem(n)
	case *Param:
		p.param(n)
	case *Declarator:
		p.declarator(n)
	default:
		panic(fmt.Sprintf("syntax.Print: unknown element %T", n))
	}
}

// braces writes { a, b } in a line, or one line for each line of the source when the first element does not stand in the line of the brace.
// end is the end of what the braces belong to.
func (p *printer) braces(list []Node, end source.Pos) {
	if len(list) == 0 || p.line == 0 || list[0].Span().Start.Line() <= p.line {
		p.write("{")
		for i, n := range list {
			if i > 0 {
				p.write(",")
			}
			p.space(n.Span().Start)
			p.element(n)
		}
		if p.pending(end) && end.IsValid() {
			p.inline(before(end))
		}
		if len(list) > 0 {
			p.write(" ")
		}
		p.write("}")
		p.line = max(p.line, end.Line())
		return
	}
	p.write("{")
	p.indent++
	for i, n := range list {
		at := n.Span().Start
		if i > 0 && at.Line() == p.line && !p.pending(at) {
			p.write(" ")
		} else {
			p.br(at, i == 0)
		}
		p.element(n)
		p.write(",")
	}
	p.indent--
	p.closeBlock(before(end), false)
}

func (p *printer) attrs(attrs []*Attr) {
	for i, a := range attrs {
		if i > 0 {
			p.sameLine(a.Sp.Start)
		}
		p.attr(a)
	}
}

// sameLine separates attributes: by a line break where the source has one, else by a space.
func (p *printer) sameLine(pos source.Pos) {
	if p.pending(pos) || pos.Line() > p.line {
		p.br(pos, true)
		return
	}
	p.write(" ")
}

func (p *printer) attr(a *Attr) {
	p.inline(a.Sp.Start)
	p.write("@")
	p.ident(a.Name)
	if len(a.Args) > 0 {
		p.write("(")
		for i := range a.Args {
			g := &a.Args[i]
			if i > 0 {
				p.write(",")
				p.space(g.Sp.Start)
			}
			p.attrArg(g)
		}
		p.closing(a.Sp, ")")
	}
	p.line = max(p.line, a.Sp.End.Line())
}

func (p *printer) attrArg(g *AttrArg) {
	text := g.VersionLo
	switch {
	case g.IsStr:
		text = quote(g.Str)
	case g.Ident != nil:
		text = g.Ident.Name
		if g.Not {
			text = "!" + text
		}
	case g.VersionHi != "" || g.Open:
		text += ".." + g.VersionHi
	}
	p.token(g.Sp, text)
}

func stars(t *TypeExpr) string { return strings.Repeat("*", t.Stars) }

// typ writes a type without its stars: they stand before the name.
func (p *printer) typ(t *TypeExpr) {
	p.inline(t.Sp.Start)
	switch t.Kind {
	case TypeVoid:
		p.write("void")
	case TypeStruct:
		p.write("struct ")
	case TypeEnum:
		p.write("enum ")
	case TypeRange:
		p.write("int<")
		p.operand(t.Lo, precSum)
		p.write("..")
		p.operand(t.Hi, precSum)
		p.write(">")
	}
	if t.Name != nil {
		p.ident(t.Name)
	}
	p.line = max(p.line, t.Sp.End.Line())
}

func (p *printer) structDecl(d *StructDecl) {
	p.attrs(d.Attrs)
	if len(d.Attrs) > 0 {
		p.sameLine(headStart(d.Attrs, d.Name.Sp.Start))
	}
	p.write("struct ")
	p.ident(d.Name)
	if d.More {
		return
	}
	p.write(" {")
	p.indent++
	for i, f := range d.Fields {
		p.br(f.Sp.Start, i == 0)
		p.typ(f.Type)
		p.names(f.Type, f.Names)
		for _, a := range f.Attrs {
			p.write(" ")
			p.attr(a)
		}
		p.semi(f.Sp)
	}
	p.indent--
	p.closeBlock(before(d.Sp.End), len(d.Fields) == 0)
}

// headStart is where a declaration behind attributes begins, as far as lines go: the position of its first named part.
func headStart(attrs []*Attr, pos source.Pos) source.Pos {
	return max(pos, attrs[len(attrs)-1].Sp.End)
}

// names writes what follows the type of a declaration.
func (p *printer) names(t *TypeExpr, list []*Declarator) {
	for i, n := range list {
		if i > 0 {
			p.write(",")
			p.space(n.Sp.Start)
		} else {
			p.write(" ")
		}
		p.write(stars(t))
		p.declarator(n)
	}
}

func (p *printer) declarator(d *Declarator) {
	p.ident(d.Name)
	for _, x := range d.Dims {
		p.write("[")
		p.expr(x)
		p.write("]")
	}
	if d.Init != nil {
		p.write(" =")
		p.spaced(d.Init)
	}
}

func (p *printer) varDecl(d *VarDecl) {
	if d.Pool {
		p.write("pool ")
	}
	p.typ(d.Type)
	p.names(d.Type, d.Names)
	for _, a := range d.Attrs {
		p.write(" ")
		p.attr(a)
	}
}

func (p *printer) param(q *Param) {
	p.typ(q.Type)
	p.write(" " + stars(q.Type))
	p.ident(q.Name)
}

func (p *printer) funcDecl(d *FuncDecl) {
	p.attrs(d.Attrs)
	if len(d.Attrs) > 0 {
		p.br(d.Result.Sp.Start, true)
	}
	if d.Override {
		p.write("override ")
	}
	p.signature(d)
	p.br(d.Body.Sp.Start, true)
	p.block(d.Body)
}

// signature writes what a caller has to know.
func (p *printer) signature(d *FuncDecl) {
	p.typ(d.Result)
	p.write(" " + stars(d.Result))
	p.ident(d.Name)
	p.write("(")
	for i, q := range d.Params {
		if i > 0 {
			p.write(",")
			p.space(q.Sp.Start)
		} else {
			p.soft(q.Sp.Start)
		}
		p.param(q)
	}
	if len(d.Params) == 0 {
		p.write("void")
	}
	p.write(")")
}

// Signature is the result, the name and the parameters of a function.
func (d *FuncDecl) Signature() string {
	p := &printer{bol: true}
	p.signature(d)
	return string(p.buf)
}

func (p *printer) procDecl(d *ProcDecl) {
	p.attrs(d.Attrs)
	if len(d.Attrs) > 0 {
		p.br(headStart(d.Attrs, d.Name.Sp.Start), true)
	}
	if d.Fair {
		p.write("fair ")
	}
	p.write("process ")
	p.ident(d.Name)
	if d.Count != nil {
		p.write("[")
		p.expr(d.Count)
		p.write("]")
	}
	if d.Param != nil {
		p.write("(")
		p.param(d.Param)
		p.write(")")
	}
	if d.CPU != nil {
		p.write(" on cpu ")
		p.expr(d.CPU)
	}
	if d.MM != nil {
		p.write(" in mm ")
		p.expr(d.MM)
	}
	p.write(" ")
	p.block(d.Body)
}

func (p *printer) livenessDecl(d *LivenessDecl) {
	p.write("liveness ")
	p.ident(d.Name)
	if d.Param != nil {
		p.write("(")
		p.param(d.Param)
		p.write(")")
	}
	p.write(":")
	switch d.Form {
	case LeadsTo:
		p.spaced(d.P)
		p.write(" leads_to")
	case Eventually:
		p.write(" eventually")
	case AlwaysEventually:
		p.write(" always eventually")
	}
	p.spaced(d.Q)
	p.optional(" when", d.When)
}

func (p *printer) expectDecl(d *ExpectDecl) {
	p.write("expect")
	if d.Cond != nil {
		p.write(" ")
		p.expr(d.Cond)
	}
	p.write(" : ")
	if d.Holds {
		p.write("holds")
	} else {
		p.write("violates ")
		p.list(nodes(d.Props))
	}
	if len(d.Unreachable) > 0 {
		p.write(" unreachable ")
		p.list(nodes(d.Unreachable))
	}
	p.optional(" states", d.States)
	p.optional(" transitions", d.Transitions)
}

func (p *printer) sweepItem(it *SweepItem) {
	p.ident(it.Name)
	switch {
	case it.Values != nil:
		p.write(" in ")
		p.braces(nodes(it.Values), it.Sp.End)
	case it.Lo != nil:
		p.write(" in ")
		p.expr(it.Lo)
		p.write("..")
		p.expr(it.Hi)
	}
}
