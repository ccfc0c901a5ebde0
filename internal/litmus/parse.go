package litmus

import (
	"fmt"
	"strings"

	"pmdcheck/model/source"
)

// bail ends the parsing of a file: where one statement of a litmus test cannot be read there is little point in guessing the rest of that part.
type bail struct{}

type parser struct {
	scanner
	t     *Test
	at    int // next token
	depth int
	locs  map[string]int
	inits []regInit // registers of the initial state, by process
}

type regInit struct {
	proc int
	reg  string
	v    Value
	span source.Span
}

// Parse reads a test. The error is a [source.List] with everything that is wrong.
func Parse(file string, src []byte) (*Test, error) {
	set := &source.Set{}
	diags := &source.List{Files: set}
	if len(src) > maxFileSize {
		f := set.Add(file, nil)
		diags.Add(source.Diagnostic{Code: "litmus-limit", Span: source.At(f.Pos(0)), Msg: fmt.Sprintf("the file has more than %d bytes", maxFileSize)})
		return nil, diags.Err()
	}
	f := set.Add(file, src)
	p := &parser{scanner: scanner{src: string(src), diags: diags, file: f}, t: &Test{File: file}, locs: map[string]int{}}
	title, ok := p.head()
	if ok {
		p.t.Name = title
		p.scan()
		p.t.Says = p.says
		p.whole()
	}
	if err := diags.Err(); err != nil {
		return nil, err
	}
	return p.t, nil
}

func (p *parser) whole() {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(bail); !ok {
				panic(v)
			}
		}
	}()
	p.init()
	p.renumber()
	for p.cur().kind == name {
		save := p.at
		for p.cur().text == "void" || p.cur().text == "static" {
			p.at++
		}
		if n, ok := procNumber(p.cur().text); !ok || p.ahead(1).text != "(" {
			p.at = save
			break
		} else if n != len(p.t.Procs) {
			p.die("litmus-syntax", fmt.Sprintf("P%d where P%d should follow", n, len(p.t.Procs)), "processes are numbered from P0 without gaps")
		}
		p.proc()
	}
	if len(p.t.Procs) == 0 {
		p.die("litmus-syntax", "no process", "a process looks like: P0(int *x) { WRITE_ONCE(*x, 1); }")
	}
	p.registers()
	p.renumber()
	p.question()
}

func procNumber(s string) (int, bool) {
	if len(s) < 2 || s[0] != 'P' || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := 1; i < len(s); i++ {
		if !digit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

func (p *parser) cur() token { return p.toks[p.at] }

func (p *parser) ahead(n int) token { return p.toks[min(p.at+n, len(p.toks)-1)] }

func (p *parser) pos() source.Pos { return p.file.Pos(p.cur().start) }

// die reports an error at the next token and ends the parsing.
func (p *parser) die(code, msg, hint string) {
	p.wrong(p.cur(), code, msg, hint)
	panic(bail{})
}

func (p *parser) wrong(t token, code, msg, hint string) {
	p.fail(code, t.start, max(t.end, t.start+1), msg, hint)
}

func (t token) String() string {
	if t.kind == eof {
		return "the end of the file"
	}
	return t.text
}

func (p *parser) got(text string) bool {
	if p.cur().kind == op && p.cur().text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) want(text, hint string) {
	if !p.got(text) {
		p.die("litmus-syntax", "expected "+text+" and found "+p.cur().String(), hint)
	}
}

func (p *parser) wantName(what string) token {
	t := p.cur()
	if t.kind != name {
		p.die("litmus-syntax", "expected "+what+" and found "+t.String(), "")
	}
	p.at++
	return t
}

func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.die("litmus-limit", fmt.Sprintf("nested more than %d deep", maxDepth), "")
	}
	return func() { p.depth-- }
}

// loc is the number of a location, which exists from its first mention.
func (p *parser) loc(n string) int {
	if i, ok := p.locs[n]; ok {
		return i
	}
	if len(p.t.Locs) >= maxLocs {
		p.die("litmus-limit", fmt.Sprintf("more than %d locations", maxLocs), "")
	}
	i := len(p.t.Locs)
	p.locs[n] = i
	p.t.Locs = append(p.t.Locs, Loc{Name: n, First: p.t.Cells(), Init: []Value{0}})
	return i
}

func (p *parser) renumber() {
	n := 0
	for i := range p.t.Locs {
		p.t.Locs[i].First = n
		n += len(p.t.Locs[i].Init)
	}
}

// init reads the initial state: x=1; int *y = &x; 0:r1=x; int a[2] = {1, 2};.
func (p *parser) init() {
	p.want("{", "")
	for !p.got("}") {
		if p.got(";") {
			continue
		}
		p.initial()
		if p.cur().text != "}" {
			p.want(";", "entries of the initial state end with ;")
		}
	}
}

func (p *parser) initial() {
	// Types come first: everything up to the name, which is followed by =, ;, [, : or the end.
	for p.cur().kind == name && (p.ahead(1).kind == name || p.ahead(1).kind == number || p.ahead(1).text == "*") || p.cur().text == "*" {
		p.at++
	}
	bracketed := p.got("[")
	if proc, ok := p.process(); ok {
		t := p.wantName("a register")
		r := regInit{proc: proc, reg: t.text, span: p.span(t.start, t.end)}
		if p.got("=") {
			r.v = p.constant()
		}
		p.inits = append(p.inits, r)
		return
	}
	t := p.wantName("a location or a register")
	if bracketed {
		p.want("]", "")
	}
	l := p.loc(t.text)
	if p.cur().text == "[" {
		p.array(l)
		return
	}
	if !p.got("=") {
		return
	}
	v := p.constant()
	p.t.Locs[l].Init[0] = v
}

// process reads "0:" or "P0:", if it is there.
func (p *parser) process() (int, bool) {
	t := p.cur()
	n, ok := int(t.val), t.kind == number
	if t.kind == name {
		n, ok = procNumber(t.text)
	}
	if !ok || p.ahead(1).text != ":" {
		return 0, false
	}
	p.at += 2
	return n, true
}

func (p *parser) array(l int) {
	p.want("[", "")
	n := p.cur()
	if n.kind != number {
		p.die("litmus-syntax", "expected the length of the array and found "+n.String(), "")
	}
	p.at++
	p.want("]", "")
	if n.val < 1 || n.val > maxArray {
		p.wrong(n, "litmus-limit", fmt.Sprintf("an array has 1 to %d elements", maxArray), "")
		panic(bail{})
	}
	loc := &p.t.Locs[l]
	loc.Array, loc.Init = true, make([]Value, n.val)
	if !p.got("=") {
		return
	}
	p.want("{", "an array is initialised with {1, 2}")
	for i := 0; !p.got("}"); i++ {
		if i > 0 {
			p.want(",", "")
		}
		if i >= len(loc.Init) {
			p.die("litmus-syntax", fmt.Sprintf("more than %d values", n.val), "")
		}
		v := p.constant()
		p.t.Locs[l].Init[i] = v
	}
}

// constant is a number or an address: 1, -1, x, &x, &a[1], ATOMIC_INIT(1), (int)1.
func (p *parser) constant() Value {
	defer p.deeper()()
	t := p.cur()
	switch {
	case p.got("-"):
		return -p.constant()
	case p.got("("):
		if p.isType(0) {
			for !p.got(")") {
				p.at++
				if p.cur().kind == eof {
					p.die("litmus-syntax", "cast that does not end", "")
				}
			}
			return p.constant()
		}
		v := p.constant()
		p.want(")", "")
		return v
	case t.kind == number:
		p.at++
		return t.val
	case t.kind == name && (t.text == "ATOMIC_INIT" || t.text == "ATOMIC64_INIT" || t.text == "ATOMIC_LONG_INIT"):
		p.at++
		p.want("(", "")
		v := p.constant()
		p.want(")", "")
		return v
	case t.kind == name && t.text == "NULL":
		p.at++
		return 0
	}
	p.got("&")
	t = p.wantName("a number or a location")
	l := p.loc(t.text)
	e := Value(0)
	if p.got("[") {
		n := p.cur()
		e = p.constant()
		p.want("]", "")
		if e < 0 || e >= addressStride {
			p.wrong(n, "litmus-syntax", "no such element", "")
			e = 0
		}
	}
	return Address(l, int(e))
}

// registers puts the registers of the initial state into their processes.
func (p *parser) registers() {
	for _, r := range p.inits {
		if r.proc >= len(p.t.Procs) {
			p.diags.Add(source.Diagnostic{Code: "litmus-name", Span: r.span, Msg: fmt.Sprintf("there is no process P%d", r.proc)})
			continue
		}
		pr := p.t.Procs[r.proc]
		pr.Regs[pr.reg(r.reg)].Init = r.v
	}
}

func (pr *Proc) reg(n string) int {
	if i, ok := pr.index[n]; ok {
		return i
	}
	i := len(pr.Regs)
	pr.index[n] = i
	pr.Regs = append(pr.Regs, Reg{Name: n})
	return i
}

var typeWords = map[string]bool{
	"int": true, "long": true, "short": true, "char": true, "unsigned": true, "signed": true, "void": true, "struct": true, "union": true, "enum": true, "const": true,
	"volatile": true, "bool": true, "_Bool": true, "u8": true, "u16": true, "u32": true, "u64": true, "s8": true, "s16": true, "s32": true, "s64": true, "__rcu": true,
}

// isType reports whether the tokens from n on are a type in parentheses, up to the closing one.
func (p *parser) isType(n int) bool {
	t := p.ahead(n)
	if t.kind != name {
		return false
	}
	known := typeWords[t.text] || strings.HasSuffix(t.text, "_t")
	for p.ahead(n).kind == name {
		n++
	}
	stars := false
	for p.ahead(n).text == "*" || typeWords[p.ahead(n).text] {
		stars = stars || p.ahead(n).text == "*"
		n++
	}
	return p.ahead(n).text == ")" && (known || stars)
}
