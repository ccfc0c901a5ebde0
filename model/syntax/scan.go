package syntax

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"pmdcheck/model/source"
)

// Limits that keep hostile input from costing more than its own size.
const (
	maxFileSize = 4 << 20 // bytes
	maxErrors   = 100     // diagnostics of one file
	maxDepth    = 256     // nesting of statements, parentheses and lists
	maxHeight   = 1024    // height of one expression tree; a chain such as a + b + … counts one for each operator
)

// lexeme is one token with its place in the file.
type lexeme struct {
	tok        Token
	nl         bool       // first token of its line
	start, end int        // byte offsets
	pos        source.Pos // of start; no token extends over a line end
	val        int64      // of an INT, saturated
	str        string     // of a STRING, unquoted
}

// scanner turns the bytes of a file into lexemes and collects the comments. Whatever it cannot read it reports and skips.
type scanner struct {
	*reporter
	src       []byte
	off       int
	line      int  // of off, from 1
	lineStart int  // offset of the start of that line
	nl        bool // no token yet on that line
	comments  []*Comment
}

func newScanner(r *reporter) *scanner {
	s := &scanner{reporter: r, src: r.file.Src, line: 1, nl: true}
	if bytes.HasPrefix(s.src, []byte("\uFEFF")) {
		s.off = 3 // a byte order mark means nothing in UTF-8
	}
	return s
}

// isBinary reports whether a text is none: it has a NUL byte, or more than 30 % of its bytes are control characters or not UTF-8.
func isBinary(src []byte) bool {
	if bytes.IndexByte(src, 0) >= 0 {
		return true
	}
	bad := 0
	for i := 0; i < len(src); {
		n, ok := character(src[i:])
		if !ok {
			bad++
		}
		i += n
	}
	return bad*10 > len(src)*3
}

// character returns the length of the first character of a text, and whether it belongs into one: control characters but white space do not, nor
// does what is not UTF-8.
func character(src []byte) (n int, ok bool) {
	c := src[0]
	if c < utf8.RuneSelf {
		return 1, c >= ' ' && c != 0x7f || isSpace(c)
	}
	r, n := utf8.DecodeRune(src)
	return n, (r != utf8.RuneError || n > 1) && !commands(r)
}

// commands reports whether a character beyond ASCII is one that a terminal obeys: control characters, and those that turn the direction of a line, in which another text is then seen than is there.
func commands(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// badCharacter says what is wrong with the first character of src.
func badCharacter(src []byte) string {
	if r, n := utf8.DecodeRune(src); n > 1 {
		return fmt.Sprintf("control character %+q", r)
	}
	if src[0] >= utf8.RuneSelf {
		return fmt.Sprintf("byte 0x%02x is not UTF-8", src[0])
	}
	return fmt.Sprintf("control character %q", src[0])
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }
func isSpace(c byte) bool  { return c == ' ' || '\t' <= c && c <= '\r' }

// peek is the byte n places on, or 0 behind the end. A text that holds a NUL byte is never scanned.
func (s *scanner) peek(n int) byte {
	if s.off+n < len(s.src) {
		return s.src[s.off+n]
	}
	return 0
}

func (s *scanner) pos(off int) source.Pos {
	return source.MakePos(s.file.ID, s.line, off-s.lineStart+1)
}

func (s *scanner) text(l lexeme) string { return string(s.src[l.start:l.end]) }

// span is the extent of a lexeme.
func (s *scanner) span(l lexeme) source.Span { return source.Span{Start: l.pos, End: s.endOf(l)} }

func (s *scanner) endOf(l lexeme) source.Pos {
	return source.MakePos(l.pos.FileID(), l.pos.Line(), l.pos.Col()+l.end-l.start)
}

// newline notes that a line begins at off.
func (s *scanner) newline(off int) {
	s.line++
	s.lineStart = off
	s.nl = true
}

// next returns the next token that is no comment.
func (s *scanner) next() lexeme {
	for {
		for s.off < len(s.src) && isSpace(s.src[s.off]) {
			s.off++
			if s.src[s.off-1] == '\n' {
				s.newline(s.off)
			}
		}
		l := lexeme{start: s.off, pos: s.pos(s.off), nl: s.nl}
		if s.off >= len(s.src) {
			l.tok, l.end = EOF, s.off
			return l
		}
		c := s.src[s.off]
		switch {
		case c == '/' && (s.peek(1) == '/' || s.peek(1) == '*'):
			s.comment(l)
			continue
		case isLetter(c):
			s.word(&l)
		case isDigit(c):
			s.number(&l)
		case c == '"':
			s.str(&l)
		default:
			l.tok = s.operator(c)
			if l.tok == ILLEGAL {
				s.illegal(l)
				continue
			}
		}
		s.nl = false
		l.end = s.off
		return l
	}
}

// comment reads the comment at l. Its text loses white space at the ends of its lines, so that the printer adds and drops nothing.
func (s *scanner) comment(l lexeme) {
	c := &Comment{}
	c.Sp.Start = l.pos
	end := len(s.src)
	if s.src[s.off+1] == '/' {
		if i := bytes.IndexByte(s.src[s.off:], '\n'); i >= 0 {
			end = s.off + i
		}
	} else if i := bytes.Index(s.src[s.off+2:], []byte("*/")); i >= 0 {
		end = s.off + 2 + i + 2
	} else {
		s.report(source.Diagnostic{
			Code: "syntax", Span: source.Span{Start: l.pos, End: s.pos(s.off + 2)}, Msg: "comment is not closed", Hint: "end it with '*/'",
		})
	}
	for s.off < end {
		at := s.off
		n, ok := character(s.src[at:])
		if !ok {
			sp := source.Span{Start: s.pos(at), End: s.pos(at + n)}
			s.report(source.Diagnostic{Code: "bad-character", Span: sp, Msg: badCharacter(s.src[at:]) + " in a comment"})
		}
		if s.off += n; s.src[at] == '\n' {
			s.newline(s.off)
		}
	}
	lines := strings.Split(string(s.src[l.start:end]), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r\v\f")
	}
	c.Text = strings.Join(lines, "\n")
	c.Sp.End = s.pos(s.off)
	s.comments = append(s.comments, c)
}

// word reads an identifier, a keyword or a version.
func (s *scanner) word(l *lexeme) {
	for isWord(s.peek(0)) {
		s.off++
	}
	w := s.src[l.start:s.off]
	if w[0] == 'v' && len(w) > 1 && s.peek(0) == '.' && isDigit(s.peek(1)) && len(bytes.Trim(w[1:], "0123456789")) == 0 {
		for s.peek(0) == '.' && isDigit(s.peek(1)) {
			s.off++
			s.digits()
		}
		if s.peek(0) == '-' && s.peek(1) == 'r' && s.peek(2) == 'c' && isDigit(s.peek(3)) {
			s.off += 3
			s.digits()
		}
		l.tok = VERSION
		return
	}
	l.tok = Lookup(string(w))
}

func (s *scanner) digits() {
	for isDigit(s.peek(0)) {
		s.off++
	}
}

// number reads a decimal, hexadecimal or binary number. All that could belong to a number of C is taken, so that one mistake is one error.
func (s *scanner) number(l *lexeme) {
	for isWord(s.peek(0)) {
		s.off++
	}
	l.tok = INT
	bad := func(msg, hint string) {
		l.end = s.off
		s.report(source.Diagnostic{Code: "bad-number", Span: s.span(*l), Msg: msg, Hint: hint})
	}
	if s.peek(0) == '.' && isDigit(s.peek(1)) {
		for s.peek(0) == '.' && isDigit(s.peek(1)) || isWord(s.peek(0)) {
			s.off++
		}
		bad("there are no fractions", "all numbers are integers")
		return
	}
	text := string(s.src[l.start:s.off])
	digits, base := text, 10
	switch {
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		digits, base = text[2:], 16
	case strings.HasPrefix(text, "0b"), strings.HasPrefix(text, "0B"):
		digits, base = text[2:], 2
	}
	v, err := strconv.ParseInt(digits, base, 64)
	l.val = v
	plain := strings.TrimRight(digits, "uUlL")
	switch {
	case err == nil && base == 10 && len(text) > 1 && text[0] == '0':
		bad("a decimal number does not begin with 0", "there are no octal numbers; write "+strconv.FormatInt(v, 10)+", or 0x… for hexadecimal")
	case err == nil:
	case v == math.MaxInt64: // out of range, not malformed
		bad("number "+shorten(text)+" is too large", "")
	case plain != digits && isNumber(plain, base):
		bad("a number has no suffix", "write "+shorten(strings.TrimRight(text, "uUlL")))
	default:
		bad("bad number '"+shorten(text)+"'", "numbers are decimal, hexadecimal (0x1f) or binary (0b101)")
	}
}

func isNumber(digits string, base int) bool {
	_, err := strconv.ParseInt(digits, base, 64)
	return err == nil
}

// escapes are the letters that may follow a backslash in a string, and what they mean.
var escapes = map[byte]byte{'n': '\n', 't': '\t', '\\': '\\', '"': '"'}

// str reads a string. It ends at the line end at the latest.
func (s *scanner) str(l *lexeme) {
	var b strings.Builder
	l.tok = STRING
	bad := func(at, end int, msg, hint string) {
		s.report(source.Diagnostic{Code: "bad-string", Span: source.Span{Start: s.pos(at), End: s.pos(end)}, Msg: msg, Hint: hint})
	}
	for s.off++; ; s.off++ {
		switch c := s.peek(0); {
		case s.off >= len(s.src) || c == '\n' || c == '\r' && s.peek(1) == '\n':
			bad(l.start, s.off, "string is not closed", "end it with '\"' on the same line")
			l.str = b.String()
			return
		case c == '"':
			s.off++
			l.str = b.String()
			return
		case c == '\\':
			e, ok := escapes[s.peek(1)]
			if !ok {
				bad(s.off, s.off+2, "unknown escape in a string", `the escapes are \n, \t, \\ and \"`)
				continue
			}
			s.off++
			b.WriteByte(e)
		default:
			n, ok := character(s.src[s.off:])
			if !ok || isSpace(c) && c != ' ' && c != '\t' {
				bad(s.off, s.off+n, badCharacter(s.src[s.off:])+" in a string", "")
			}
			b.Write(s.src[s.off : s.off+n])
			s.off += n - 1
		}
	}
}

// operator reads an operator, the longest that fits, or returns ILLEGAL and reads nothing.
func (s *scanner) operator(c byte) Token {
	c1, c2 := s.peek(1), s.peek(2)
	take := func(n int, t Token) Token {
		s.off += n
		return t
	}
	// orAssign reads c, or c followed by '='.
	orAssign := func(plain, assign Token) Token {
		if c1 == '=' {
			return take(2, assign)
		}
		return take(1, plain)
	}
	switch c {
	case '=':
		return orAssign(ASSIGN, EQ)
	case '!':
		return orAssign(NOT, NE)
	case '*':
		return orAssign(MUL, MULASSIGN)
	case '/':
		return orAssign(DIV, DIVASSIGN)
	case '%':
		return orAssign(MOD, MODASSIGN)
	case '^':
		return orAssign(XOR, XORASSIGN)
	case '+':
		if c1 == '+' {
			return take(2, INC)
		}
		return orAssign(ADD, ADDASSIGN)
	case '-':
		switch c1 {
		case '-':
			return take(2, DEC)
		case '>':
			return take(2, ARROW)
		}
		return orAssign(SUB, SUBASSIGN)
	case '&':
		if c1 == '&' {
			return take(2, LAND)
		}
		return orAssign(AND, ANDASSIGN)
	case '|':
		if c1 == '|' {
			return take(2, LOR)
		}
		return orAssign(OR, ORASSIGN)
	case '<':
		if c1 != '<' {
			return orAssign(LT, LE)
		}
		if c2 == '=' {
			return take(3, SHLASSIGN)
		}
		return take(2, SHL)
	case '>':
		if c1 != '>' {
			return orAssign(GT, GE)
		}
		if c2 == '=' {
			return take(3, SHRASSIGN)
		}
		return take(2, SHR)
	case '.':
		if c1 == '.' {
			return take(2, DOTDOT)
		}
		return take(1, DOT)
	}
	if t := single[c]; t != ILLEGAL {
		return take(1, t)
	}
	return ILLEGAL
}

// single holds the operators of one character that begin no longer one.
var single = [256]Token{
	'~': TILDE, '?': QUESTION, ':': COLON, ';': SEMI, ',': COMMA, '@': AT,
	'(': LPAREN, ')': RPAREN, '[': LBRACK, ']': RBRACK, '{': LBRACE, '}': RBRACE,
}

// illegal reports and skips what begins no token.
func (s *scanner) illegal(l lexeme) {
	d := source.Diagnostic{Code: "bad-character"}
	switch c := s.src[s.off]; {
	case c == '#' && s.nl:
		s.directive(l)
		return
	case c == '\'':
		// Up to the closing quote if there is one soon, so that its inside is not read as a name.
		s.off++
		soon := s.src[s.off:min(s.off+4, len(s.src))]
		if i := bytes.IndexByte(soon, '\''); i >= 0 && bytes.IndexByte(soon[:i], '\n') < 0 {
			s.off += i + 1
		}
		d.Msg, d.Hint = "there are no character constants", "a text stands in \"…\""
	case c >= utf8.RuneSelf:
		r, _ := utf8.DecodeRune(s.src[s.off:])
		d.Msg = fmt.Sprintf("illegal character %q", r)
		if _, ok := character(s.src[s.off:]); !ok {
			d.Msg = badCharacter(s.src[s.off:])
		}
		switch r {
		case '“', '”', '„', '«', '»':
			d.Hint = "a text stands in straight quotes: \""
		default:
			d.Hint = "names are made of the letters a-z and A-Z, digits and '_'"
		}
		for s.off < len(s.src) && s.src[s.off] >= utf8.RuneSelf { // one word of a foreign script is one mistake
			s.off++
		}
	default:
		s.off++
		d.Msg = fmt.Sprintf("illegal character %q", c)
		if c == '\\' {
			d.Hint = "a line needs no '\\' to go on in the next one"
		}
	}
	l.end = s.off
	d.Span = s.span(l)
	s.report(d)
}

// directive reports and skips a line for the C preprocessor.
func (s *scanner) directive(l lexeme) {
	for s.off < len(s.src) && s.src[s.off] != '\n' {
		s.off++
	}
	line := strings.TrimRight(string(s.src[l.start:s.off]), " \t\r")
	words := strings.Fields(strings.TrimPrefix(line, "#"))
	hint := ""
	if len(words) > 0 {
		switch words[0] {
		case "include":
			hint = "to use another file write: import \"linux/mm/hugetlb\"; or import \"./name\";"
		case "define":
			hint = "write a constant as: const N = 3; and a macro as a function"
		case "if", "ifdef", "ifndef", "else", "elif", "endif":
			hint = "declare a parameter with config and test it with an ordinary if: it is decided before checking"
		}
	}
	l.end = l.start + len(line)
	s.report(source.Diagnostic{Code: "syntax", Span: s.span(l), Msg: "there is no preprocessor", Hint: hint})
}

// shorten cuts a text that a message quotes.
func shorten(s string) string {
	const limit = 40
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
