package litmus

import (
	"fmt"
	"maps"
	"slices"

	"pmdcheck/model/source"
)

// body reads the code of one process.
type body struct {
	*parser
	pr     *Proc
	params map[string]int
	used   map[string]token // registers that were read before anything gave them a value or declared them
	given  map[string]bool
}

func (p *parser) proc() {
	if len(p.t.Procs) >= maxProcs {
		p.die("litmus-limit", fmt.Sprintf("more than %d processes", maxProcs), "")
	}
	b := &body{
		parser: p, pr: &Proc{ID: len(p.t.Procs), Pos: p.pos(), index: map[string]int{}},
		params: map[string]int{}, used: map[string]token{}, given: map[string]bool{},
	}
	p.t.Procs = append(p.t.Procs, b.pr)
	p.at++
	p.want("(", "")
	for !p.got(")") {
		b.param()
		if p.cur().text != ")" {
			p.want(",", "")
		}
	}
	for _, r := range p.inits {
		if r.proc == b.pr.ID {
			b.given[r.reg] = true
			b.pr.reg(r.reg)
		}
	}
	b.pr.Body = b.block()
	b.unknown()
}

// param reads a parameter; its name is that of a global.
func (b *body) param() {
	var last token
	for t := b.cur(); t.text != "," && t.text != ")" && t.text != "["; t = b.cur() {
		if t.kind == eof || t.kind == op && t.text != "*" {
			b.die("litmus-syntax", "expected a parameter and found "+t.String(), "parameters look like: int *x")
		}
		if t.kind == name {
			last = t
		}
		b.at++
	}
	if b.got("[") {
		if b.cur().kind == number {
			b.at++
		}
		b.want("]", "")
	}
	if last.kind != name {
		b.die("litmus-syntax", "a parameter without a name", "")
	}
	if last.text == "void" {
		return
	}
	b.params[last.text] = b.loc(last.text)
}

func (b *body) block() []Stmt {
	defer b.deeper()()
	b.want("{", "")
	out := []Stmt{}
	for !b.got("}") {
		if b.cur().kind == eof {
			b.die("litmus-syntax", "a } is missing", "")
		}
		out = append(out, b.statement()...)
	}
	return out
}

func (b *body) statement() []Stmt {
	t, pos := b.cur(), b.pos()
	next := b.ahead(1)
	switch {
	case t.text == "{":
		return b.block()
	case b.got(";"):
		return nil
	case t.kind == name && slices.Contains([]string{"exists", "forall", "locations", "filter"}, t.text):
		b.die("litmus-syntax", "a } is missing before the condition", "")
	case t.kind == name && t.text == "if":
		return []Stmt{b.ifStatement(pos)}
	case t.kind == name && slices.Contains([]string{"while", "for", "do", "goto", "return", "switch", "break", "continue"}, t.text):
		b.die("litmus-unsupported", t.text+" is not supported", "a litmus test runs straight through: write a loop out, and use if")
	case t.kind == name && (typeWords[t.text] || next.kind == name || next.text == "*" && b.declares()):
		return b.declaration()
	case t.kind == name && next.text == "(":
		if c, ok := lookup(t.text); ok {
			save := b.at
			e, stmts := b.call(c)
			if e == nil {
				b.want(";", "")
				return stmts
			}
			b.at = save // a value: an expression begins with it
		}
	case t.kind == name && next.kind == op && (next.text == "=" || isCompound(next.text)):
		s := b.assignment(t, pos)
		b.want(";", "")
		return s
	}
	x := b.unary()
	if l, ok := x.(*Load); ok && l.Order == Plain && b.got("=") {
		v := b.expr()
		b.want(";", "")
		return []Stmt{&Store{l.Addr, v, Plain, pos}}
	}
	x = b.binary(x, 0)
	if b.cur().text == "=" {
		b.die("litmus-syntax", "this cannot be assigned to", "what is assigned to is a register or memory such as *x")
	}
	b.want(";", "")
	return []Stmt{&Assign{-1, x, pos}}
}

// declares tells "struct_name *p;" from a product that nobody uses.
func (b *body) declares() bool {
	n := 1
	for b.ahead(n).text == "*" {
		n++
	}
	after := b.ahead(n + 1).text
	return b.ahead(n).kind == name && (after == ";" || after == "=" || after == ",")
}

func isCompound(s string) bool {
	return slices.Contains([]string{"+=", "-=", "*=", "/=", "&=", "|=", "^=", "<<=", ">>=", "++", "--"}, s)
}

func (b *body) declaration() []Stmt {
	var out []Stmt
	for b.cur().kind == name && (b.ahead(1).kind == name || b.ahead(1).text == "*") || b.cur().text == "*" {
		b.at++
	}
	for {
		for b.got("*") {
		}
		pos := b.pos()
		t := b.wantName("a register")
		if typeWords[t.text] {
			b.wrong(t, "litmus-syntax", "a declaration without a name", "")
		}
		if b.cur().text == "[" {
			b.die("litmus-unsupported", "arrays of registers are not supported", "")
		}
		delete(b.params, t.text) // the local hides a global of its name
		r := b.pr.reg(t.text)
		if b.got("=") {
			out = append(out, &Assign{r, b.expr(), pos})
		}
		b.given[t.text] = true
		if !b.got(",") {
			b.want(";", "")
			return out
		}
	}
}

func (b *body) assignment(t token, pos source.Pos) []Stmt {
	if _, ok := b.params[t.text]; ok && !b.given[t.text] {
		b.die("litmus-syntax", t.text+" is a parameter, the address of the global "+t.text, "to write to the global: WRITE_ONCE(*"+t.text+", ...)")
	}
	b.at++
	o := b.cur().text
	b.at++
	var x Expr
	switch o {
	case "=":
		x = b.expr()
	case "++", "--":
		x = &Binary{o[:1], b.register(t), &Const{1}}
	default:
		x = &Binary{o[:len(o)-1], b.register(t), b.expr()}
	}
	b.given[t.text] = true
	return []Stmt{&Assign{b.pr.reg(t.text), x, pos}}
}

func (b *body) ifStatement(pos source.Pos) Stmt {
	defer b.deeper()()
	b.at++
	b.want("(", "")
	s := &If{Cond: b.expr(), Pos: pos}
	b.want(")", "")
	s.Then = b.statement()
	if b.cur().kind == name && b.cur().text == "else" {
		b.at++
		s.Else = b.statement()
	}
	return s
}

func (b *body) expr() Expr {
	defer b.deeper()()
	x := b.binary(b.unary(), 0)
	if !b.got("?") {
		return x
	}
	y := b.expr()
	b.want(":", "")
	return &Choice{x, y, b.expr()}
}

var levels = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

// binary reads operators above a level behind x. A long chain does not nest.
func (b *body) binary(x Expr, level int) Expr {
	for height := 0; ; height++ {
		o := b.cur()
		l := levels[o.text]
		if o.kind != op || l <= level {
			return x
		}
		if height > maxDepth {
			b.die("litmus-limit", fmt.Sprintf("more than %d operators in a row", maxDepth), "")
		}
		b.at++
		leave := b.deeper()
		y := b.binary(b.unary(), l)
		leave()
		x = &Binary{o.text, x, y}
	}
}

func (b *body) unary() Expr {
	defer b.deeper()()
	t, pos := b.cur(), b.pos()
	switch {
	case b.got("*"):
		return b.postfix(&Load{b.unary(), Plain, pos})
	case b.got("&"):
		x := b.unary()
		if l, ok := x.(*Load); ok && l.Order == Plain {
			return l.Addr
		}
		b.wrong(t, "litmus-syntax", "& of something that is not in memory", "a parameter is an address already")
		panic(bail{})
	case b.got("-"):
		return &Unary{"-", b.unary()}
	case b.got("!"):
		return &Unary{"!", b.unary()}
	case b.got("~"):
		return &Unary{"~", b.unary()}
	case b.got("+"):
		return b.unary()
	case t.text == "(" && b.isType(1):
		for !b.got(")") {
			b.at++
		}
		return b.unary()
	case b.got("("):
		x := b.expr()
		b.want(")", "")
		return b.postfix(x)
	case t.kind == number:
		b.at++
		return &Const{t.val}
	case t.kind == name:
		return b.postfix(b.named(t))
	}
	b.die("litmus-syntax", "expected an expression and found "+t.String(), "")
	return nil
}

func (b *body) postfix(x Expr) Expr {
	for b.cur().text == "[" {
		pos := b.pos()
		b.at++
		i := b.expr()
		b.want("]", "")
		x = &Load{&Binary{"+", x, i}, Plain, pos}
	}
	if t := b.cur().text; t == "." || t == "->" {
		b.die("litmus-unsupported", "structs are not supported", "use a global for each field")
	}
	return x
}

func (b *body) named(t token) Expr {
	if b.ahead(1).text != "(" {
		b.at++
		if t.text == "NULL" {
			return &Const{0}
		}
		if l, ok := b.params[t.text]; ok {
			return &Const{Address(l, 0)}
		}
		switch {
		case b.given[t.text]:
		case t.text == "true":
			return &Const{1}
		case t.text == "false":
			return &Const{0}
		}
		return b.register(t)
	}
	c, ok := lookup(t.text)
	if !ok {
		b.die("litmus-name", "unknown function "+t.text, "known are the functions of tools/memory-model/linux-kernel.def of v6.13")
	}
	e, _ := b.call(c)
	if e == nil {
		b.wrong(t, "litmus-syntax", t.text+" yields no value", "")
		panic(bail{})
	}
	return e
}

func (b *body) register(t token) Expr {
	if !b.given[t.text] {
		if _, ok := b.used[t.text]; !ok {
			b.used[t.text] = t
		}
	}
	return &RegUse{b.pr.reg(t.text)}
}

func (b *body) call(c call) (Expr, []Stmt) {
	defer b.deeper()()
	fn, pos := b.cur(), b.pos()
	b.at++
	b.want("(", "")
	var args []Expr
	var first token
	for !b.got(")") {
		if len(args) > 0 {
			b.want(",", "")
		} else {
			first = b.cur()
		}
		args = append(args, b.expr())
		if len(args) > 8 {
			break
		}
	}
	if len(args) != c.args {
		b.wrong(fn, "litmus-syntax", fmt.Sprintf("%s takes %d arguments, not %d", fn.text, c.args, len(args)), "")
		panic(bail{})
	}
	if c.place {
		l, ok := args[0].(*Load)
		if !ok || l.Order != Plain {
			b.wrong(first, "litmus-syntax", fmt.Sprintf("%s takes what is accessed, not its address", fn.text), "write *"+first.text)
			panic(bail{})
		}
		args[0] = l.Addr
	}
	return c.build(args, pos)
}

// unknown reports names that nothing explains: neither parameter nor register.
func (b *body) unknown() {
	for _, n := range slices.Sorted(maps.Keys(b.used)) {
		t := b.used[n]
		if b.given[t.text] {
			continue
		}
		hint := "registers are declared, or assigned to before they are used"
		if _, ok := b.locs[t.text]; ok {
			hint = fmt.Sprintf("to use the global, make it a parameter: P%d(int *%s)", b.pr.ID, t.text)
		}
		b.wrong(t, "litmus-name", "unknown name "+t.text, hint)
	}
}
