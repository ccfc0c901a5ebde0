package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"pmdcheck/model/source"
)

type lexeme struct {
	tok  Token
	lit  string
	val  int64
	span source.Span
}

type scanner struct {
	f     *source.File
	src   []byte
	off   int
	diags *source.List
	coms  []*Comment
}

func (s *scanner) peek(n int) byte {
	if s.off+n < len(s.src) {
		return s.src[s.off+n]
	}
	return 0
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

var ops3 = []struct {
	s string
	t Token
}{
	{"<<=", SHLASSIGN},
	{">>=", SHRASSIGN},
	{"+=", ADDASSIGN},
	{"-=", SUBASSIGN},
	{"*=", MULASSIGN},
	{"/=", DIVASSIGN},
	{"%=", MODASSIGN},
	{"&=", ANDASSIGN},
	{"|=", ORASSIGN},
	{"^=", XORASSIGN},
	{"++", INC},
	{"--", DEC},
	{"<<", SHL},
	{">>", SHR},
	{"&&", LAND},
	{"||", LOR},
	{"==", EQ},
	{"!=", NE},
	{"<=", LE},
	{">=", GE},
	{"->", ARROW},
	{"..", DOTDOT},
	{"=", ASSIGN},
	{"+", ADD},
	{"-", SUB},
	{"*", MUL},
	{"/", DIV},
	{"%", MOD},
	{"&", AND},
	{"|", OR},
	{"^", XOR},
	{"!", NOT},
	{"~", TILDE},
	{"<", LT},
	{">", GT},
	{"?", QUESTION},
	{":", COLON},
	{";", SEMI},
	{",", COMMA},
	{".", DOT},
	{"@", AT},
	{"(", LPAREN},
	{")", RPAREN},
	{"[", LBRACK},
	{"]", RBRACK},
	{"{", LBRACE},
	{"}", RBRACE},
}

func (s *scanner) next() lexeme {
	for {
		for s.off < len(s.src) && (s.src[s.off] == ' ' || s.src[s.off] == '\t' || s.src[s.off] == '\n' || s.src[s.off] == '\r') {
			s.off++
		}
		start := s.off
		mk := func(t Token) lexeme {
			return lexeme{tok: t, lit: string(s.src[start:s.off]), span: source.Span{Start: s.f.Pos(start), End: s.f.Pos(s.off)}}
		}
		if s.off >= len(s.src) {
			return mk(EOF)
		}
		c := s.src[s.off]
		switch {
		case c == '/' && (s.peek(1) == '/' || s.peek(1) == '*'):
			if s.peek(1) == '/' {
				for s.off < len(s.src) && s.src[s.off] != '\n' {
					s.off++
				}
			} else if i := strings.Index(string(s.src[s.off+2:]), "*/"); i >= 0 {
				s.off += i + 4
			} else {
				s.off = len(s.src)
				s.diags.Errorf("syntax", source.Span{Start: s.f.Pos(start)}, "comment is not closed")
			}
			l := mk(COMMENT)
			s.coms = append(s.coms, &Comment{node{l.span}, strings.TrimRight(l.lit, "\r")})
			continue
		case isLetter(c):
			for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
				s.off++
			}
			if c == 'v' && s.off-start > 1 && s.peek(0) == '.' && isDigit(s.peek(1)) {
				digits := true
				for _, d := range s.src[start+1 : s.off] {
					digits = digits && isDigit(d)
				}
				if digits {
					for s.peek(0) == '.' && isDigit(s.peek(1)) {
						s.off++
						for isDigit(s.peek(0)) {
							s.off++
						}
					}
					if s.peek(0) == '-' && s.peek(1) == 'r' && s.peek(2) == 'c' && isDigit(s.peek(3)) {
						s.off += 3
						for isDigit(s.peek(0)) {
							s.off++
						}
					}
					return mk(VERSION)
				}
			}
			l := mk(IDENT)
			l.tok = Lookup(l.lit)
			return l
		case isDigit(c):
			for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
				s.off++
			}
			l := mk(INT)
			v, err := strconv.ParseInt(l.lit, 0, 64)
			if err != nil {
				s.diags.Errorf("bad-number", l.span, "bad number %s", l.lit)
			}
			l.val = v
			return l
		case c == '"':
			s.off++
			for s.off < len(s.src) && s.src[s.off] != '"' && s.src[s.off] != '\n' {
				if s.src[s.off] == '\\' {
					s.off++
				}
				s.off++
			}
			s.off = min(s.off+1, len(s.src))
			l := mk(STRING)
			v, err := strconv.Unquote(l.lit)
			if err != nil {
				s.diags.Errorf("bad-string", l.span, "bad string")
			}
			l.lit = v
			return l
		}
		for _, o := range ops3 {
			if strings.HasPrefix(string(s.src[s.off:min(s.off+3, len(s.src))]), o.s) {
				s.off += len(o.s)
				return mk(o.t)
			}
		}
		s.off++
		s.diags.Errorf("bad-character", mk(ILLEGAL).span, "%s", fmt.Sprintf("illegal character %q", c))
	}
}
