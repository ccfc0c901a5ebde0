package csource

import "strings"

// StmtKind is what a statement is.
type StmtKind uint8

// The kinds.
const (
	Plain    StmtKind = iota // an expression or a declaration: Head
	Block                    // Kids
	If                       // Head is the condition; Kids are the two branches, or one
	Loop                     // Head is what stands in the parentheses, Name the word; Kids is the body; Post if the condition comes after it
	Switch                   // Head is the value; Kids are Case groups
	Case                     // Head is the value, nil for default; Kids
	Label                    // Name
	Goto                     // Name
	Return                   // Head
	Break                    //
	Continue                 //
	Scope                    // a macro with a body that is no loop: Name(Head) Kids, such as scoped_guard
	Halves                   // #if: Kids are Blocks, one for each half, with Cond; Name is the condition
	Unread                   // what could not be read: Name says why
)

// Stmt is a statement.
type Stmt struct {
	Kind StmtKind
	Line int
	Name string
	Head []Token
	Kids []*Stmt
	Post bool
	Cond int32
	Else bool // Halves: there is an #else
}

// Statements reads the body of a function. An #if whose halves are not whole statements is read as if its first half were chosen, which notes say.
func (f *File) Statements(fn *Func) (body *Stmt, notes []Problem) {
	in := f.within(fn.Cond)
	p := &parser{f: f, flat: map[int32]bool{}, open: map[uint32]*openElse{}}
	end := min(max(fn.Body[0], fn.Body[1]), len(f.Tokens))
	for _, t := range f.Tokens[min(fn.Body[0], end):end] {
		if in(t.Cond) && !f.Dead(t.Cond) {
			p.toks = append(p.toks, t)
		}
	}
	p.flatten(&notes)
	body = &Stmt{Kind: Block, Line: fn.Line}
	body.Kids = p.list(0, len(p.toks), 0, p.eff(fn.Cond))
	for _, o := range p.order {
		if !o.read {
			notes = append(notes, p.splits(o.cond))
		}
	}
	return body, notes
}

// openElse is an #if around the beginning of a branch, as far as its else: the statement behind the #endif is one of two arms, or alone.
type openElse struct {
	cond    int32
	elsePos uint32
	read    bool
}

// splits says that an #if was read as if its first half were chosen.
func (p *parser) splits(cond int32) Problem {
	return Problem{p.f.Conds[cond].Line, "#if splits a statement; read as if " + p.f.half(cond)}
}

// parser reads statements from tokens.
type parser struct {
	f    *File
	toks []Token
	flat map[int32]bool // #ifs that are read as if their first half were chosen

	open  map[uint32]*openElse // by the place of the if
	order []*openElse
}

// eff is the half that a token stands in, not counting those that are flat.
func (p *parser) eff(c int32) int32 {
	for c != 0 && p.flat[p.f.Conds[c].Group] {
		c = p.f.Conds[c].Parent
	}
	return c
}

// flatten finds the #ifs whose halves are not whole statements, inner ones first, and drops the tokens of all but their first half.
func (p *parser) flatten(notes *[]Problem) {
	type run struct{ cond, from, to int32 }
	deepest := 0
	for _, t := range p.toks {
		deepest = max(deepest, int(p.f.Conds[t.Cond].Level))
	}
	for level := deepest; level > 0; level-- {
		var runs []run
		groups := map[int32][]run{}
		var order []int32
		for i, t := range p.toks {
			c := p.at(t.Cond, level)
			if c == 0 {
				continue
			}
			if n := len(runs); n > 0 && runs[n-1].cond == c && runs[n-1].to == int32(i) {
				runs[n-1].to++
			} else {
				runs = append(runs, run{c, int32(i), int32(i) + 1})
			}
		}
		if len(runs) == 0 {
			continue
		}
		for _, r := range runs {
			g := p.f.Conds[r.cond].Group
			if groups[g] == nil {
				order = append(order, g)
			}
			groups[g] = append(groups[g], r)
		}
		drop := make([]bool, len(p.toks))
		for _, g := range order {
			whole := true
			for _, r := range groups[g] {
				whole = whole && p.whole(int(r.from), int(r.to))
			}
			if whole {
				continue
			}
			p.flat[g] = true
			first := groups[g][0].cond
			if r := groups[g][0]; len(groups[g]) == 1 && p.f.Conds[first].Branch == 0 && p.endsInElse(int(r.from), int(r.to)) {
				o := &openElse{cond: first, elsePos: p.toks[r.to-1].Pos}
				p.open[p.toks[r.from].Pos] = o
				p.order = append(p.order, o)
				continue
			}
			*notes = append(*notes, p.splits(first))
			for _, r := range groups[g] {
				for i := r.from; i < r.to && r.cond != first; i++ {
					drop[i] = true
				}
			}
		}
		kept := p.toks[:0]
		for i, t := range p.toks {
			if !drop[i] {
				kept = append(kept, t)
			}
		}
		p.toks = kept
	}
}

// at is the half at a level of nesting that c stands in, or 0.
func (p *parser) at(c int32, level int) int32 {
	for int(p.f.Conds[c].Level) > level {
		c = p.f.Conds[c].Parent
	}
	if c != 0 && int(p.f.Conds[c].Level) == level {
		return c
	}
	return 0
}

// maxDepth is how deep statements are nested at most.
const maxDepth = 200

func (p *parser) char(i, end int) byte {
	if i >= end {
		return 0
	}
	return p.f.char(p.toks[i])
}

func (p *parser) word(i, end int) string {
	if i >= end || p.toks[i].Kind != Ident {
		return ""
	}
	return p.f.Text(p.toks[i])
}

func (p *parser) line(i int) int {
	if i < len(p.toks) {
		return p.f.LineOf(p.toks[i])
	}
	if len(p.toks) == 0 {
		return 1
	}
	return p.f.LineOf(p.toks[len(p.toks)-1])
}

// match is the token that closes the bracket at i, or end.
func (p *parser) match(i, end int) int {
	depth := 0
	for ; i < end; i++ {
		switch p.f.char(p.toks[i]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return end
}

// list reads statements from i to end, which stand in the half cond.
func (p *parser) list(i, end, depth int, cond int32) []*Stmt {
	var out []*Stmt
	if depth > maxDepth {
		return []*Stmt{{Kind: Unread, Line: p.line(i), Name: "nested too deeply"}}
	}
	for i < end {
		if p.eff(p.toks[i].Cond) != cond {
			if s, next := p.halves(i, end, depth, cond); s != nil {
				out = append(out, s)
				i = next
				continue
			}
		}
		s, next := p.stmt(i, end, depth, cond)
		if next <= i {
			next = i + 1
		}
		if s != nil {
			out = append(out, s)
		}
		i = next
	}
	return out
}

// halves reads an #if that begins at token i.
func (p *parser) halves(i, end, depth int, cond int32) (*Stmt, int) {
	c := p.child(p.toks[i].Cond, cond)
	if c < 0 {
		return nil, i
	}
	group := p.f.Conds[c].Group
	s := &Stmt{Kind: Halves, Line: p.f.Conds[c].Line, Name: p.f.half(c)}
	j := i
	for j < end {
		h := p.child(p.toks[j].Cond, cond)
		if h < 0 || p.f.Conds[h].Group != group {
			break
		}
		k := j
		for k < end && p.child(p.toks[k].Cond, cond) == h {
			k++
		}
		s.Kids = append(s.Kids, &Stmt{Kind: Block, Line: p.line(j), Name: p.f.half(h), Cond: h, Kids: p.list(j, k, depth+1, h)})
		s.Else = s.Else || p.f.Conds[h].Branch > 0 && p.f.Conds[h].Text == ""
		j = k
	}
	return s, j
}

// child is the half directly below cond that c stands in, or -1.
func (p *parser) child(c, cond int32) int32 {
	for c = p.eff(c); c != 0; {
		up := p.eff(p.f.Conds[c].Parent)
		if up == cond {
			return c
		}
		c = up
	}
	return -1
}

// whole tells whether tokens are whole statements: brackets match, the last ends a statement, and they neither go on nor leave open what stands around them.
func (p *parser) whole(i, end int) bool {
	depth := 0
	for j := i; j < end; j++ {
		switch p.f.char(p.toks[j]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	last := p.char(end-1, end)
	return depth == 0 && (last == ';' || last == '}' || last == ':') && p.word(i, end) != "else"
}

// endsInElse tells whether tokens look like a branch up to its else.
func (p *parser) endsInElse(i, end int) bool {
	return p.word(i, end) == "if" && p.word(end-1, end) == "else" && p.whole(i, end-1) && end < len(p.toks)
}

// stmt reads one statement and returns the index behind it.
func (p *parser) stmt(i, end, depth int, cond int32) (*Stmt, int) {
	s := &Stmt{Line: p.line(i)}
	if depth > maxDepth {
		s.Kind, s.Name = Unread, "nested too deeply"
		return s, p.semicolon(i, end)
	}
	switch p.char(i, end) {
	case ';':
		return nil, i + 1
	case '}':
		s.Kind, s.Name = Unread, "a brace too many"
		return s, i + 1
	case '{':
		m := p.match(i, end)
		s.Kind, s.Kids = Block, p.list(i+1, m, depth+1, p.inner(i, cond))
		return s, m + 1
	}
	switch w := p.word(i, end); w {
	case "if":
		return p.ifStmt(s, i, end, depth, cond)
	case "while", "for", "switch":
		if p.char(i+1, end) != '(' {
			break
		}
		m := p.match(i+1, end)
		s.Kind, s.Name, s.Head = Loop, w, p.toks[min(i+2, m):m]
		if w == "switch" {
			s.Kind = Switch
		}
		return p.body(s, m+1, end, depth, cond)
	case "do":
		s.Kind, s.Name, s.Post = Loop, w, true
		s, next := p.body(s, i+1, end, depth, cond)
		if p.word(next, end) == "while" && p.char(next+1, end) == '(' {
			m := p.match(next+1, end)
			s.Head = p.toks[min(next+2, m):m]
			next = m + 1
			if p.char(next, end) == ';' {
				next++
			}
		}
		return s, next
	case "return":
		next := p.semicolon(i, end)
		s.Kind, s.Head = Return, p.head(i+1, next)
		return s, next
	case "goto":
		s.Kind, s.Name = Goto, p.word(i+1, end)
		return s, p.semicolon(i, end)
	case "break", "continue":
		s.Kind = Break
		if w == "continue" {
			s.Kind = Continue
		}
		return s, p.semicolon(i, end)
	case "case", "default":
		j := i + 1
		for j < end && (p.f.char(p.toks[j]) != ':') {
			if c := p.f.char(p.toks[j]); c == ';' || c == '{' || c == '}' {
				break
			}
			j++
		}
		s.Kind, s.Head = Case, p.toks[i+1:j]
		if w == "default" {
			s.Head = nil
		}
		return s, j + 1
	case "":
	default:
		if p.char(i+1, end) == ':' && !(i+2 < end && p.char(i+2, end) == ':') {
			s.Kind, s.Name = Label, w
			return s, i + 2
		}
		if p.char(i+1, end) == '(' {
			if s, next := p.macro(s, w, i, end, depth, cond); s != nil {
				return s, next
			}
		}
	}
	next := p.semicolon(i, end)
	s.Kind, s.Head = Plain, p.head(i, next)
	return s, next
}

// head is a statement without its semicolon.
func (p *parser) head(i, next int) []Token {
	if next > i && p.char(next-1, next) == ';' {
		next--
	}
	return p.toks[min(i, next):next]
}

// inner is the half in which what a brace at i encloses stands.
func (p *parser) inner(i int, cond int32) int32 {
	if i < len(p.toks) {
		return p.eff(p.toks[i].Cond)
	}
	return cond
}

func (p *parser) ifStmt(s *Stmt, i, end, depth int, cond int32) (*Stmt, int) {
	s.Kind = If
	if p.char(i+1, end) != '(' {
		s.Kind, s.Name = Unread, "an if without a condition"
		return s, p.semicolon(i, end)
	}
	m := p.match(i+1, end)
	s.Head = p.toks[min(i+2, m):m]
	s, next := p.body(s, m+1, end, depth, cond)
	if p.word(next, end) == "else" {
		o := p.open[p.toks[i].Pos]
		s, after := p.body(s, next+1, end, depth, p.inner(next, cond))
		if o != nil && o.elsePos == p.toks[next].Pos && len(s.Kids) == 2 {
			o.read = true
			no := &Stmt{Kind: Block, Line: s.Kids[1].Line, Name: "!" + p.f.half(o.cond), Cond: cond, Kids: s.Kids[1:]}
			yes := &Stmt{Kind: Block, Line: s.Line, Name: p.f.half(o.cond), Cond: o.cond, Kids: []*Stmt{s}}
			return &Stmt{Kind: Halves, Line: p.f.Conds[o.cond].Line, Name: p.f.half(o.cond), Kids: []*Stmt{yes, no}, Else: true}, after
		}
		return s, after
	}
	return s, next
}

// body reads the statement that belongs to s and adds it.
func (p *parser) body(s *Stmt, i, end, depth int, cond int32) (*Stmt, int) {
	if i >= end {
		return s, end
	}
	if p.eff(p.toks[i].Cond) != cond {
		if b, next := p.halves(i, end, depth+1, cond); b != nil {
			return p.add(s, b), next
		}
	}
	b, next := p.stmt(i, end, depth+1, p.inner(i, cond))
	if b == nil {
		b = &Stmt{Kind: Block, Line: s.Line}
	}
	if s.Kind == Switch || b.Kind != Label && b.Kind != Case {
		return p.add(s, b), next
	}
	// the statement behind labels and cases belongs to them
	kids := []*Stmt{b}
	for last := b; next < end && last != nil && (last.Kind == Label || last.Kind == Case); {
		last, next = p.stmt(next, end, depth+1, p.inner(next, cond))
		if last != nil {
			kids = append(kids, last)
		}
	}
	return p.add(s, &Stmt{Kind: Block, Line: b.Line, Kids: kids}), next
}

func (p *parser) add(s, b *Stmt) *Stmt {
	s.Kids = append(s.Kids, b)
	return s
}

// macro reads name(…) with a body: a loop if the name says so, else a scope. It is none if the statement ends behind the parentheses.
func (p *parser) macro(s *Stmt, w string, i, end, depth int, cond int32) (*Stmt, int) {
	m := p.match(i+1, end)
	if m+1 >= end {
		return nil, i
	}
	lower := strings.ToLower(w)
	loops := strings.Contains(lower, "for_each") || strings.Contains(lower, "foreach") || strings.HasPrefix(lower, "for_") || strings.HasPrefix(lower, "while_")
	scoped := strings.HasPrefix(w, "scoped_") || strings.HasPrefix(w, "__scoped_")
	brace := p.char(m+1, end) == '{'
	word := p.toks[m+1].Kind == Ident
	if !brace && !((loops || scoped) && (word || p.char(m+1, end) == ';')) {
		return nil, i
	}
	s.Name, s.Head = w, p.toks[min(i+2, m):m]
	if s.Kind = Scope; loops {
		s.Kind = Loop
	}
	return p.body(s, m+1, end, depth, cond)
}

// semicolon is the index behind the end of the statement that begins at i: a ; outside of brackets, or before a brace that closes what is around it.
func (p *parser) semicolon(i, end int) int {
	depth := 0
	for start := i; i < end; i++ {
		switch p.f.char(p.toks[i]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return max(i, start+1)
			}
		case ';':
			if depth == 0 {
				return i + 1
			}
		}
	}
	return end
}

// Inner reads statements that stand inside an expression, between ({ and }).
func (f *File) Inner(toks []Token, line int) *Stmt {
	p := &parser{f: f, toks: append([]Token(nil), toks...), flat: map[int32]bool{}}
	for _, c := range f.Conds {
		p.flat[c.Group] = true
	}
	return &Stmt{Kind: Block, Line: line, Kids: p.list(0, len(toks), 0, 0)}
}
