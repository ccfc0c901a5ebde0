package litmus

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"pmdcheck/model/source"
)

// Limits that keep hostile input from costing more than its own size.
const (
	maxFileSize = 1 << 20
	maxErrors   = 20
	maxDepth    = 200
	maxProcs    = 32
	maxLocs     = 256
	maxArray    = 256
)

type kind uint8

const (
	eof kind = iota
	name
	number
	op // an operator or a bracket, by its text
)

type token struct {
	kind       kind
	text       string
	val        Value
	start, end int // offsets
}

type scanner struct {
	src    string
	off    int
	toks   []token
	diags  *source.List
	file   *source.File
	says   string
	parens bool // whether (* begins a comment here
}

func (s *scanner) span(start, end int) source.Span {
	return source.Span{Start: s.file.Pos(start), End: s.file.Pos(end)}
}

func (s *scanner) fail(code string, start, end int, msg, hint string) {
	if len(s.diags.Diags) < maxErrors {
		s.diags.Add(source.Diagnostic{Code: code, Span: s.span(start, end), Msg: msg, Hint: hint})
	}
}

var (
	header  = regexp.MustCompile(`^[ \t]*([A-Za-z0-9_]+)[ \t]+([^\s"]+)[^\n]*(?:\n|$)`)
	info    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/.-]*[ \t]*=[^\n]*`)
	resultX = regexp.MustCompile(`(?i)Result:\s*([A-Za-z]+(?:\s+DATARACE)?)`)
)

// head reads the line "C name" and all that herd ignores up to the brace of the initial state: comments, strings and lines such as Cycle=....
func (s *scanner) head() (string, bool) {
	s.parens = true
	for s.blank() {
	}
	m := header.FindStringSubmatchIndex(s.src[s.off:])
	if m == nil {
		s.fail("litmus-syntax", s.off, min(s.off+1, len(s.src)), "a litmus test begins with a line such as: C name", "")
		return "", false
	}
	if arch := s.src[s.off+m[2] : s.off+m[3]]; arch != "C" {
		s.fail("litmus-unsupported", s.off+m[2], s.off+m[3], "tests for "+arch+" are not supported, only tests in C", "the first line is: C name")
		return "", false
	}
	title := s.src[s.off+m[4] : s.off+m[5]]
	s.off += m[1]
	for s.off < len(s.src) {
		switch c := s.src[s.off]; {
		case s.src[s.off-1] == '\n' && info.MatchString(s.src[s.off:]):
			s.off += len(info.FindString(s.src[s.off:]))
		case c == '{':
			return title, true
		case strings.HasPrefix(s.src[s.off:], "(*"):
			s.comment()
		case c == '"':
			end := strings.IndexByte(s.src[s.off+1:], '"')
			if end < 0 {
				s.fail("litmus-syntax", s.off, s.off+1, "string that does not end", "")
				return "", false
			}
			s.off += end + 2
		default:
			s.off++
		}
	}
	s.fail("litmus-syntax", s.off, s.off, "no initial state", "{} stands for an initial state in which all is 0")
	return "", false
}

// comment skips a comment of the form (* *), which nests, and notes the result that it promises.
func (s *scanner) comment() {
	start, depth := s.off, 0
	for s.off < len(s.src) {
		switch {
		case strings.HasPrefix(s.src[s.off:], "(*"):
			depth++
			s.off += 2
		case strings.HasPrefix(s.src[s.off:], "*)"):
			depth--
			s.off += 2
			if depth == 0 {
				if m := resultX.FindStringSubmatch(s.src[start:s.off]); m != nil && s.says == "" {
					s.says = strings.Join(strings.Fields(m[1]), " ")
				}
				return
			}
		default:
			s.off++
		}
	}
	s.fail("litmus-syntax", start, start+2, "comment that does not end", "(* and *) nest")
}

// blank skips a blank or a comment, and reports whether there was one.
func (s *scanner) blank() bool {
	if s.off >= len(s.src) {
		return false
	}
	rest := s.src[s.off:]
	switch c := rest[0]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		s.off++
	case strings.HasPrefix(rest, "//"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			s.off += n + 1
		} else {
			s.off = len(s.src)
		}
	case strings.HasPrefix(rest, "/*"):
		n := strings.Index(rest[2:], "*/")
		if n < 0 {
			s.fail("litmus-syntax", s.off, s.off+2, "comment that does not end", "")
			s.off = len(s.src)
			return true
		}
		s.off += n + 4
	case s.parens && strings.HasPrefix(rest, "(*"):
		s.comment()
	default:
		return false
	}
	return true
}

var operators = []string{
	"<<=", ">>=", "/\\", "\\/", "&&", "||", "==", "!=", "<>", "<=", ">=", "<<", ">>", "->", "=>", "++", "--", "+=", "-=", "*=", "/=", "&=", "|=", "^=",
}

// scan turns everything behind the head into tokens. In code, which is in braces behind the initial state, (* is no comment.
func (s *scanner) scan() {
	depth, blocks := 0, 0
	for {
		s.parens = depth == 0 || blocks == 0
		for s.blank() {
		}
		start := s.off
		if start >= len(s.src) {
			s.toks = append(s.toks, token{kind: eof, start: start, end: start})
			return
		}
		switch c := s.src[start]; {
		case letter(c):
			for s.off < len(s.src) && (letter(s.src[s.off]) || digit(s.src[s.off])) {
				s.off++
			}
			s.toks = append(s.toks, token{kind: name, text: s.src[start:s.off], start: start, end: s.off})
			continue
		case digit(c):
			s.number()
			continue
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				blocks++
			}
		}
		text := ""
		for _, o := range operators {
			if strings.HasPrefix(s.src[start:], o) {
				text = o
				break
			}
		}
		if text == "" && strings.IndexByte("(){}[];,:=<>+-*/%&|^~!?.", s.src[start]) >= 0 {
			text = s.src[start : start+1]
		}
		if text == "" {
			r, n := utf8.DecodeRuneInString(s.src[start:])
			s.off += n
			s.fail("litmus-syntax", start, s.off, "character "+strconv.QuoteRune(r)+" outside the language", "")
			if len(s.diags.Diags) >= maxErrors {
				s.off = len(s.src)
			}
			continue
		}
		s.off += len(text)
		s.toks = append(s.toks, token{kind: op, text: text, start: start, end: s.off})
	}
}

func (s *scanner) number() {
	start := s.off
	for s.off < len(s.src) && (letter(s.src[s.off]) || digit(s.src[s.off])) {
		s.off++
	}
	text := s.src[start:s.off]
	v, err := strconv.ParseInt(strings.TrimRight(text, "uUlL"), 0, 64)
	if err != nil || Value(v) >= addressBase>>8 {
		s.fail("litmus-syntax", start, s.off, "number "+text+" that cannot be read", "numbers are decimal or 0x..., and less than 2^32")
	}
	s.toks = append(s.toks, token{kind: number, text: text, val: Value(v), start: start, end: s.off})
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
