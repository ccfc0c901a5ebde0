// Package csource reads C as it stands in a kernel tree: without a preprocessor, without a configuration, without types. It knows tokens, preprocessor
// lines, where functions and macros begin and end, and the statements of a body. Both halves of every #if are kept, and each token knows under which
// condition it stands. It reads and never compiles, so it is right about form only; what it cannot read it says.
package csource

import (
	"bytes"
	"sort"
)

// Kind is what a token is.
type Kind uint8

// The kinds. White space, comments and preprocessor lines are no tokens; a preprocessor line is a [Directive].
const (
	Ident Kind = iota
	Number
	String // "…" and '…'
	Punct  // one character, or -> ++ -- && || == and the like
)

// Token is a piece of a file's text.
type Token struct {
	Pos, End uint32
	Cond     int32 // index into File.Conds: the innermost #if half it stands in, 0 for none
	Kind     Kind
}

// Cond is one half of an #if, and what it is nested in.
type Cond struct {
	Parent int32  // index into File.Conds
	Group  int32  // the #if, the same for all its halves
	Branch int32  // 0 for #if, 1 for the first #elif or #else, …
	Level  int32  // 1 for an #if in none
	Before int32  // the half before it of the same #if, 0 for the first
	Line   int    // of the line that begins this half
	Text   string // the condition as written, "defined(X)" for #ifdef X, "" for #else
}

// Directive is a preprocessor line with its continuation lines.
type Directive struct {
	Pos, End uint32
	Cond     int32
	Name     string // "define", "include", …
	Before   int    // index of the token that follows
}

// MaxFile is the size up to which a text is read. The largest sources of the kernel are generated headers of some megabytes.
const MaxFile = 16 << 20

// scanner cuts a text into tokens.
type scanner struct {
	src   []byte
	i     int
	toks  []Token
	dirs  []Directive
	conds []Cond
	stack []int32 // open #if halves
	group int32
	deep  int  // #if nested beyond maxNest, which are not followed
	plain bool // a text that has no preprocessor lines
}

// maxNest is how deep #if is followed. Nobody writes more.
const maxNest = 32

// scan cuts a text into tokens and directives. It takes any bytes.
func scan(src []byte, toks []Token) *scanner {
	s := &scanner{src: src, toks: toks[:0], conds: []Cond{{}}, stack: []int32{0}}
	s.run()
	return s
}

func (s *scanner) run() {
	src := s.src
	bol := true // at the beginning of a line, but for white space
	for s.i < len(src) {
		c := src[s.i]
		switch {
		case c == '\n':
			bol = true
			s.i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			s.i++
		case c == '\\' && s.continued():
		case c == '/' && s.i+1 < len(src) && (src[s.i+1] == '*' || src[s.i+1] == '/'):
			s.comment()
		case c == '#' && bol && !s.plain:
			s.directive()
			bol = true
		default:
			bol = false
			s.token()
		}
	}
}

// continued skips a backslash before a line end.
func (s *scanner) continued() bool {
	j := s.i + 1
	if j < len(s.src) && s.src[j] == '\r' {
		j++
	}
	if j < len(s.src) && s.src[j] == '\n' {
		s.i = j + 1
		return true
	}
	return false
}

func (s *scanner) comment() {
	if s.src[s.i+1] == '*' {
		if n := bytes.Index(s.src[s.i+2:], []byte("*/")); n >= 0 {
			s.i += n + 4
		} else {
			s.i = len(s.src)
		}
		return
	}
	s.i = lineEnd(s.src, s.i)
}

// lineEnd is where the logical line that i stands in ends: at a line end without a backslash before it.
func lineEnd(src []byte, i int) int {
	for i < len(src) {
		n := bytes.IndexByte(src[i:], '\n')
		if n < 0 {
			return len(src)
		}
		end := i + n
		k := end
		if k > i && src[k-1] == '\r' {
			k--
		}
		if k == i || src[k-1] != '\\' {
			return end
		}
		i = end + 1
	}
	return len(src)
}

var isIdent = func() (t [256]bool) {
	for c := range t {
		t[c] = c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
	}
	return t
}()

// token takes one token. Every other byte is a token of its own, so nothing is lost and the scan goes on.
func (s *scanner) token() {
	start := s.i
	c := s.src[s.i]
	kind := Punct
	switch {
	case c >= '0' && c <= '9':
		kind = Number
		for s.i++; s.i < len(s.src) && (isIdent[s.src[s.i]] || s.src[s.i] == '.'); s.i++ {
		}
	case isIdent[c]:
		kind = Ident
		for s.i++; s.i < len(s.src) && isIdent[s.src[s.i]]; s.i++ {
		}
	case c == '"' || c == '\'':
		kind = String
		s.quoted(c)
	default:
		s.i++
		if s.i < len(s.src) && double(c, s.src[s.i]) {
			s.i++
			if (c == '<' || c == '>') && s.src[s.i-1] == c && s.i < len(s.src) && s.src[s.i] == '=' {
				s.i++
			}
		}
	}
	s.toks = append(s.toks, Token{Pos: uint32(start), End: uint32(s.i), Cond: s.stack[len(s.stack)-1], Kind: kind})
}

// quoted skips a string or character. One that is not closed ends with its line, as a stray quote in a text under #if 0 has to.
func (s *scanner) quoted(q byte) {
	for s.i++; s.i < len(s.src); s.i++ {
		switch s.src[s.i] {
		case '\\':
			s.i++
		case q:
			s.i++
			return
		case '\n':
			return
		}
	}
	s.i = len(s.src)
}

// double tells whether two characters are one operator.
func double(a, b byte) bool {
	switch a {
	case '-':
		return b == '>' || b == '-' || b == '='
	case '+', '&', '|', '<', '>':
		return b == a || b == '='
	case '=', '!', '*', '/', '%', '^':
		return b == '='
	case '#':
		return b == '#'
	}
	return false
}

// directive takes a preprocessor line and follows #if, #elif, #else, #endif.
func (s *scanner) directive() {
	start := s.i
	s.i++
	for s.i < len(s.src) && (s.src[s.i] == ' ' || s.src[s.i] == '\t') {
		s.i++
	}
	w := s.i
	for s.i < len(s.src) && isIdent[s.src[s.i]] {
		s.i++
	}
	name := string(s.src[w:s.i])
	s.directiveEnd()
	rest := s.src[w+len(name) : s.i]
	cur := s.stack[len(s.stack)-1]
	nested := name == "if" || name == "ifdef" || name == "ifndef"
	switch {
	case nested && len(s.stack) > maxNest:
		s.deep++
		name = "deep"
	case s.deep > 0 && (name == "else" || name == "elif" || name == "elifdef" || name == "elifndef"):
		name = "deep"
	case s.deep > 0 && name == "endif":
		s.deep--
		name = "deep"
	}
	switch name {
	case "if", "ifdef", "ifndef":
		s.group++
		s.push(Cond{Parent: cur, Group: s.group, Line: start, Text: condText(name, rest)})
		cur = s.stack[len(s.stack)-2]
	case "elif", "else", "elifdef", "elifndef":
		if len(s.stack) > 1 {
			c := s.conds[cur]
			s.stack = s.stack[:len(s.stack)-1]
			s.push(Cond{Parent: c.Parent, Group: c.Group, Branch: c.Branch + 1, Before: cur, Line: start, Text: condText(name, rest)})
			cur = c.Parent
		}
	case "endif":
		if len(s.stack) > 1 {
			s.stack = s.stack[:len(s.stack)-1]
			cur = s.stack[len(s.stack)-1]
		}
	}
	s.dirs = append(s.dirs, Directive{Pos: uint32(start), End: uint32(s.i), Cond: cur, Name: name, Before: len(s.toks)})
}

// directiveEnd goes to the end of the line; a comment that begins on it may go on over several.
func (s *scanner) directiveEnd() {
	for end := lineEnd(s.src, s.i); s.i < end; {
		switch c := s.src[s.i]; {
		case c == '/' && s.i+1 < len(s.src) && s.src[s.i+1] == '*':
			s.comment()
			if s.i > end {
				end = lineEnd(s.src, s.i)
			}
		case c == '/' && s.i+1 < len(s.src) && s.src[s.i+1] == '/':
			s.i = end
		case c == '"' || c == '\'':
			s.quoted(c)
			s.i = min(s.i, end)
		default:
			s.i++
		}
	}
}

// push opens a half.
func (s *scanner) push(c Cond) {
	c.Level = s.conds[c.Parent].Level + 1
	s.conds = append(s.conds, c)
	s.stack = append(s.stack, int32(len(s.conds)-1))
}

// condText is a condition on one line, without comments.
func condText(name string, rest []byte) string {
	inner := &scanner{src: rest, stack: []int32{0}, plain: true}
	inner.run()
	var b []byte
	for i, t := range inner.toks {
		if i > 0 && (inner.toks[i-1].Kind != Punct && t.Kind != Punct || spaced(rest[inner.toks[i-1].Pos:inner.toks[i-1].End]) || spaced(rest[t.Pos:t.End])) {
			b = append(b, ' ')
		}
		b = append(b, rest[t.Pos:t.End]...)
	}
	switch name {
	case "ifdef", "elifdef":
		return "defined(" + string(b) + ")"
	case "ifndef", "elifndef":
		return "!defined(" + string(b) + ")"
	case "else":
		return ""
	}
	return string(b)
}

func spaced(op []byte) bool { return len(op) == 2 && (op[0] == '&' || op[0] == '|' || op[1] == '=') }

// lines finds line numbers.
type lines []uint32

func newLines(src []byte) lines {
	l := make(lines, 1, 1+len(src)/32)
	for i := 0; ; {
		n := bytes.IndexByte(src[i:], '\n')
		if n < 0 {
			return l
		}
		i += n + 1
		l = append(l, uint32(i))
	}
}

func (l lines) at(pos uint32) int {
	return sort.Search(len(l), func(i int) bool { return l[i] > pos })
}
