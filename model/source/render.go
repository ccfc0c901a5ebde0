package source

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExcerpt is the longest source line shown under a message, in bytes; a longer one (a binary file, say) is cut around the caret.
const maxExcerpt = 120

// Render writes every diagnostic as
//
//	file:line:col: error: message [code]
//	    the source line
//	        ^~~~
//	    hint: what to do
//
// and its related positions as indented notes.
func (l *List) Render(w io.Writer) error {
	var b strings.Builder
	for _, d := range l.Diags {
		fmt.Fprintf(&b, "%s: error: %s [%s]\n", l.Files.Position(d.Span.Start), d.Msg, d.Code)
		l.Files.excerpt(&b, d.Span)
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s: note: %s\n", l.Files.Position(r.Span.Start), r.Msg)
		}
		if d.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", d.Hint)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// excerpt writes the line of the span with a caret under its start and tildes to its end on that line.
func (s *Set) excerpt(b *strings.Builder, sp Span) {
	f := s.File(sp.Start)
	if f == nil || sp.Start.Line() < 1 {
		return
	}
	line, col := f.Line(sp.Start.Line()), sp.Start.Col()-1
	col = min(col, len(line))
	width := 1
	if sp.End.IsValid() {
		width = max(1, sp.End.Col()-1-col)
		if sp.End.Line() != sp.Start.Line() {
			width = max(1, len(line)-col)
		}
	}
	from, to := 0, len(line)
	if to > maxExcerpt {
		from = max(0, col-maxExcerpt/2)
		to = min(len(line), from+maxExcerpt)
		for from < col && !utf8.RuneStart(line[from]) {
			from++
		}
		for to > col && to < len(line) && !utf8.RuneStart(line[to]) {
			to--
		}
	}
	text := line[from:to]
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
		return
	}
	width = max(1, utf8.RuneCountInString(line[col:max(col, min(col+width, to))]))
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return '\t'
		}
		return ' '
	}, line[from:col])
	fmt.Fprintf(b, "    %s\n    %s^%s\n", text, pad, strings.Repeat("~", width-1))
}
