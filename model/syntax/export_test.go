package syntax

import "pmdcheck/model/source"

// Limits, for the tests.
const (
	MaxFileSize = maxFileSize
	MaxErrors   = maxErrors
	MaxDepth    = maxDepth
	MaxHeight   = maxHeight
)

// Lexeme is what the scanner found, for the tests.
type Lexeme struct {
	Tok         Token
	Text        string
	Start, End  int
	Span        source.Span
	FirstOfLine bool
	Val         int64
	Str         string
}

// Scan returns all tokens of a text up to and with EOF, and its comments. It stops early after too many errors.
func Scan(f *source.File, diags *source.List) (out []Lexeme, comments []*Comment) {
	s := newScanner(&reporter{file: f, diags: diags, lines: map[int]bool{}})
	defer func() {
		comments = s.comments
		if e := recover(); e != nil && e != any(abort{}) {
			panic(e)
		}
	}()
	for {
		l := s.next()
		out = append(out, Lexeme{l.tok, s.text(l), l.start, l.end, s.span(l), l.nl, l.val, l.str})
		if l.tok == EOF {
			return out, nil
		}
	}
}
