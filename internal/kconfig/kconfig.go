// Package kconfig reads Kconfig files as far as facts about an architecture need it: which symbols there are, what they depend on, their defaults, and who selects them if what. A
// question is answered for assumed values of some symbols, with y, n, or that it cannot be told.
package kconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// At is a place in a file.
type At struct {
	File string
	Line int
}

func (a At) String() string { return fmt.Sprintf("%s:%d", a.File, a.Line) }

// Files are Kconfig files, read.
type Files struct {
	symbols  map[string]*symbol
	Problems []Problem
}

// Problem is a line that could not be read.
type Problem struct {
	At
	Text string
}

// symbol is all that was said of one name.
type symbol struct {
	name    string
	defs    []*def
	selects []sel // of this symbol by others
}

// def is one config entry.
type def struct {
	at       At
	prompt   bool
	choice   bool
	depends  []*expr
	defaults []sel
}

// sel is a select or default with its condition.
type sel struct {
	at   At
	by   string // the symbol that selects
	val  *expr  // of a default
	cond *expr  // nil: always
}

// New is for files to be read into.
func New() *Files { return &Files{symbols: map[string]*symbol{}} }

func (f *Files) symbol(name string) *symbol {
	s := f.symbols[name]
	if s == nil {
		s = &symbol{name: name}
		f.symbols[name] = s
	}
	return s
}

// reader reads one file.
type reader struct {
	f     *Files
	file  string
	line  int
	stack []block // if, menu and choice that are open
	cur   *def
	curOf string
	help  int // columns that a help text is indented by; 0: none is open, -1: it has just begun
}

// block is an if, menu or choice with what it adds to the entries in it.
type block struct {
	kind    string
	depends []*expr
}

// Read reads a file. It takes any text; lines that it cannot read are problems.
func (f *Files) Read(name, text string) {
	r := &reader{f: f, file: name}
	var long strings.Builder
	for i, l := range strings.Split(text, "\n") {
		if long.Len() == 0 {
			r.line = i + 1
		}
		if s, ok := strings.CutSuffix(strings.TrimRight(l, "\r"), "\\"); ok {
			long.WriteString(s + " ")
			continue
		}
		long.WriteString(l)
		r.read(long.String())
		long.Reset()
	}
}

func (r *reader) at() At { return At{r.file, r.line} }

// inHelp tells whether a line belongs to a help text: it is indented at least as much as the first line of the text.
func (r *reader) inHelp(l string) bool {
	if r.help == 0 {
		return false
	}
	if strings.TrimSpace(l) == "" {
		return true
	}
	col := 0
	for _, c := range l {
		switch c {
		case ' ':
			col++
			continue
		case '\t':
			col += 8 - col%8
			continue
		}
		break
	}
	if r.help < 0 && col > 0 {
		r.help = col
	}
	if r.help > 0 && col >= r.help {
		return true
	}
	r.help = 0
	return false
}

func (r *reader) read(l string) {
	if r.inHelp(l) {
		return
	}
	w := words(l)
	if len(w) == 0 {
		return
	}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), w[0]))
	switch w[0] {
	case "config", "menuconfig":
		if len(w) != 2 {
			r.problem("an entry without a name")
			return
		}
		r.curOf, r.cur = w[1], &def{at: r.at()}
		for _, b := range r.stack {
			r.cur.depends = append(r.cur.depends, b.depends...)
			r.cur.choice = r.cur.choice || b.kind == "choice"
		}
		s := r.f.symbol(w[1])
		s.defs = append(s.defs, r.cur)
	case "if":
		r.open("if", r.expr(rest))
	case "menu", "choice":
		r.open(w[0])
	case "endif", "endmenu", "endchoice":
		r.cur = nil
		if n := len(r.stack); n > 0 && "end"+r.stack[n-1].kind == w[0] {
			r.stack = r.stack[:n-1]
		} else {
			r.problem(w[0] + " without a beginning")
		}
	case "help", "---help---":
		r.help = -1
	case "depends":
		rest = strings.TrimSpace(strings.TrimPrefix(rest, "on"))
		e := r.condition(rest)
		if r.cur != nil {
			r.cur.depends = append(r.cur.depends, e)
		} else if n := len(r.stack); n > 0 {
			r.stack[n-1].depends = append(r.stack[n-1].depends, e)
		}
	case "comment", "mainmenu":
		r.cur = &def{} // what follows belongs to it
		r.curOf = ""
	case "bool", "tristate", "int", "hex", "string", "prompt":
		if r.cur != nil && len(w) > 1 {
			r.cur.prompt = true
		}
	case "def_bool", "def_tristate", "default":
		if r.cur != nil {
			val, cond := r.conditional(rest)
			r.cur.defaults = append(r.cur.defaults, sel{at: r.at(), val: val, cond: cond})
		}
	case "select":
		if r.cur != nil && len(w) > 1 && r.curOf != "" {
			_, cond := r.conditional(rest)
			s := r.f.symbol(w[1])
			s.selects = append(s.selects, sel{at: r.at(), by: r.curOf, cond: cond})
		}
	}
}

func (r *reader) open(kind string, depends ...*expr) {
	r.cur = nil
	r.stack = append(r.stack, block{kind, depends})
}

func (r *reader) problem(text string) {
	r.f.Problems = append(r.f.Problems, Problem{r.at(), text})
}

func (r *reader) expr(s string) *expr {
	e, err := parseExpr(s)
	if err != nil {
		r.problem(err.Error())
	}
	return e
}

// condition is what depends on takes: a condition, and perhaps when it counts.
func (r *reader) condition(s string) *expr {
	val, cond := r.conditional(s)
	if cond == nil {
		return val
	}
	return &expr{op: "||", kids: []*expr{val, {op: "!", kids: []*expr{cond}}}}
}

// conditional cuts X if Y.
func (r *reader) conditional(s string) (val, cond *expr) {
	w := words(s)
	if i := slices.Index(w, "if"); i >= 0 {
		cond = r.expr(strings.Join(w[i+1:], " "))
		w = w[:i]
	}
	return r.expr(strings.Join(w, " ")), cond
}

// Defined tells whether a symbol has an entry.
func (f *Files) Defined(name string) bool {
	s := f.symbols[name]
	return s != nil && len(s.defs) > 0
}

// Question asks about symbols under assumptions. It is for one goroutine.
type Question struct {
	files  *Files
	assume map[string]Value
	sizes  map[string]int
	known  map[string]Value
	busy   map[string]bool
}

// Ask begins questions under assumed values, and sizes of symbols that are numbers.
func (f *Files) Ask(assume map[string]Value, sizes map[string]int) *Question {
	return &Question{files: f, assume: assume, sizes: sizes, known: map[string]Value{"y": Yes, "m": Yes, "n": No}, busy: map[string]bool{}}
}

// Value is what a symbol is: what is assumed, else y if something selects it, else its default as far as its dependencies allow. A symbol that a person may choose has its
// default. Of a choice, and of a symbol without an entry, nothing is known.
func (q *Question) Value(name string) Value {
	if v, ok := q.assume[name]; ok {
		return v
	}
	if v, ok := q.known[name]; ok {
		return v
	}
	s := q.files.symbols[name]
	if s == nil || q.busy[name] || len(q.busy) > maxDepth {
		return Unknown
	}
	q.busy[name] = true
	v := q.find(s)
	delete(q.busy, name)
	q.known[name] = v // a cycle is unknown wherever it was entered first; without that a question could take for ever
	return v
}

func (q *Question) find(s *symbol) Value {
	v := No
	for _, c := range s.selects {
		v = or(v, and(q.Value(c.by), q.eval(c.cond)))
	}
	if len(s.defs) == 0 && v != Yes {
		return Unknown
	}
	for _, d := range s.defs {
		own := q.defaults(d)
		for _, e := range d.depends {
			own = and(own, q.eval(e))
		}
		v = or(v, own)
	}
	return v
}

// defaults is the first default whose condition holds.
func (q *Question) defaults(d *def) Value {
	if d.choice {
		return Unknown
	}
	for _, c := range d.defaults {
		switch q.eval(c.cond) {
		case Yes:
			return q.eval(c.val)
		case Unknown:
			return Unknown
		}
	}
	return No
}

func (q *Question) eval(e *expr) Value {
	if e == nil {
		return Yes
	}
	switch e.op {
	case "":
		return q.Value(e.name)
	case "!":
		return not(q.eval(e.kids[0]))
	case "&&":
		return and(q.eval(e.kids[0]), q.eval(e.kids[1]))
	case "||":
		return or(q.eval(e.kids[0]), q.eval(e.kids[1]))
	case "=", "!=", "<", ">", "<=", ">=":
		if v, ok := q.compare(e); ok {
			return v
		}
		right := e.kids[1].name
		if e.op != "=" && e.op != "!=" || e.kids[0].op != "" || right != "y" && right != "n" {
			return Unknown
		}
		v := q.eval(e.kids[0])
		if (right == "n") != (e.op == "!=") {
			v = not(v)
		}
		return v
	}
	return Unknown
}

// compare compares a number that is assumed with one that is written.
func (q *Question) compare(e *expr) (Value, bool) {
	left, ok := q.sizes[e.kids[0].name]
	right, err := strconv.Atoi(e.kids[1].name)
	if !ok || err != nil {
		return Unknown, false
	}
	c := cmp.Compare(left, right)
	if map[string]bool{"=": c == 0, "!=": c != 0, "<": c < 0, ">": c > 0, "<=": c <= 0, ">=": c >= 0}[e.op] {
		return Yes, true
	}
	return No, true
}

// Selected lists the places that select a symbol, with the condition's value under the assumptions.
func (q *Question) Selected(name string) (out []At) {
	if s := q.files.symbols[name]; s != nil {
		for _, c := range s.selects {
			if and(q.Value(c.by), q.eval(c.cond)) != No {
				out = append(out, c.at)
			}
		}
	}
	return out
}
