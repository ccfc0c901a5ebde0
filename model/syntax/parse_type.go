package syntax

import "slices"

// foreign are words of C that stand before or in a type there, and what to do about each.
var foreign = map[string]string{
	"static":          "leave it out: all names are known in the whole program",
	"extern":          "leave it out: all names are known in the whole program",
	"inline":          "leave it out: all functions are inlined",
	"__always_inline": "leave it out: all functions are inlined",
	"noinline":        "leave it out: all functions are inlined",
	"volatile":        "leave it out: every access to a shared variable is a step of its own",
	"register":        "leave it out",
	"restrict":        "leave it out",
	"auto":            "write the type",
	"unsigned":        "the types u1 to u16 are unsigned; int<lo..hi> has bounds of its own",
	"signed":          "the type int<lo..hi> has bounds of its own",
	"long":            "the types are bool, u1 to u16 and int<lo..hi>",
	"short":           "the types are bool, u1 to u16 and int<lo..hi>",
	"char":            "the types are bool, u1 to u16 and int<lo..hi>",
	"float":           "all numbers are integers",
	"double":          "all numbers are integers",
	"union":           "use a struct, or an enum",
}

// isBase reports whether a foreign word is a type by itself rather than an addition to one.
func isBase(w string) bool {
	return slices.Contains([]string{"unsigned", "signed", "long", "short", "char", "float", "double", "auto"}, w)
}

// isForeign reports whether the current token is a word of C in the place of a type. The words are not reserved.
func (p *parser) isForeign() bool {
	if p.tok.tok != IDENT || foreign[p.s.text(p.tok)] == "" {
		return false
	}
	return slices.Contains([]Token{IDENT, KwStruct, KwEnum, KwVoid, KwConst, MUL}, p.look(1).tok)
}

// typ parses a type with its stars.
func (p *parser) typ(what string) *TypeExpr {
	t := &TypeExpr{}
	start := p.tok.pos
	base := ""
	for p.tok.tok == KwConst || p.isForeign() {
		w, hint := "const", "leave it out"
		if p.tok.tok == IDENT {
			w = p.s.text(p.tok)
			hint = foreign[w]
			if isBase(w) {
				base = w
			}
		}
		p.error("there is no '"+w+"' here", hint)
		p.next()
	}
	l := p.tok
	switch {
	case base != "" && (l.tok == MUL || l.tok == IDENT && p.look(1).tok != IDENT && p.look(1).tok != MUL):
		t.Name = &Ident{Name: base}
		t.Name.node = p.from(start)
	case l.tok == KwVoid:
		p.next()
		t.Kind = TypeVoid
	case l.tok == KwStruct || l.tok == KwEnum:
		p.next()
		t.Kind = TypeStruct
		if l.tok == KwEnum {
			t.Kind = TypeEnum
		}
		kind := l.tok.String()
		if p.tok.tok == LBRACE || p.look(1).tok == LBRACE {
			p.fail("a type without a body", "declare the "+kind+" by itself, at top level, and use its name here")
		}
		t.Name = p.ident("the name of a " + kind)
	case p.isWord(l, "int") && p.look(1).tok == LT:
		p.next()
		p.next()
		t.Kind = TypeRange
		t.Lo = p.binary(precSum)
		p.expect(DOTDOT, "between the bounds", "write: int<0..3>")
		t.Hi = p.binary(precSum)
		p.expect(GT, "after the bounds", "write: int<0..3>")
	default:
		t.Name = p.ident(what)
	}
	at := p.tok
	for p.got(MUL) {
		t.Stars++
	}
	if t.Stars > 1 {
		p.errorAt(p.s.span(at), "there are no pointers to pointers", "put the inner pointer into a struct")
		t.Stars = 1
	}
	t.node = p.from(start)
	return t
}

// declarators parses the names of a declaration. In C a star belongs to the name; here all names of a declaration have the same type.
func (p *parser) declarators(t *TypeExpr, init bool) []*Declarator {
	var out []*Declarator
	for {
		if len(out) > 0 {
			stars, at := 0, p.tok
			for p.got(MUL) {
				stars++
			}
			if stars != t.Stars {
				p.errorAt(p.s.span(at), "either all names of a declaration are pointers or none is", "declare them in two lines")
			}
		}
		out = append(out, p.declarator(init))
		if !p.got(COMMA) {
			return out
		}
	}
}

func (p *parser) declarator(init bool) *Declarator {
	start := p.tok.pos
	if p.tok.tok == LPAREN && p.look(1).tok == MUL {
		p.noFuncPointer()
	}
	d := &Declarator{Name: p.ident("a name to declare")}
	for p.tok.tok == LBRACK {
		p.next()
		if p.tok.tok == RBRACK {
			p.error("an array needs a length", "write it between the brackets")
			p.next()
			continue
		}
		d.Dims = append(d.Dims, p.expr())
		p.expect(RBRACK, "after the length of the array", "")
	}
	switch {
	case p.tok.tok == COLON && p.look(1).tok == INT:
		p.error("there are no bit fields", "the types u1 to u16 have that many bits")
		p.next()
		p.next()
	case p.tok.tok == ASSIGN && !init:
		p.error("a field has no initialiser", "initialise the variable: struct S x = { .field = value };")
		p.next()
		p.initializer()
	case init && (p.tok.tok == ASSIGN || p.tok.tok == EQ):
		p.assign("after the name")
		d.Init = p.initializer()
	}
	d.node = p.from(start)
	return d
}
