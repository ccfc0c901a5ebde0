package syntax

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"pmdcheck/model/source"
)

// Format returns the canonical form of a .pmd text: tabs, braces as in the kernel, one space where one belongs. It keeps all comments, single
// blank lines, and line breaks behind operators, commas and opening brackets; it breaks no line that the text does not break. The result
// formats to itself. The error is a *[source.List] when the text does not parse; name stands for the file in it.
func Format(src []byte, name string) ([]byte, error) {
	set := &source.Set{}
	diags := &source.List{Files: set}
	f := Parse(set.Add(name, src), diags)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err := Print(&b, f)
	return b.Bytes(), err
}

// errBad is the error of [Print] for a tree that came from a text with errors.
var errBad = errors.New("cannot print a file with syntax errors")

// Print writes the canonical form of a file; see [Format]. A tree that was built rather than parsed has no positions; each of its statements
// gets a line and its expressions get the parentheses they need. The error is that of w, or that the tree holds a [BadDecl], [BadStmt] or
// [BadExpr].
func Print(w io.Writer, f *File) error {
	bad := false
	Walk(f, func(n Node) bool {
		switch n.(type) {
		case *BadDecl, *BadStmt, *BadExpr:
			bad = true
		}
		return !bad
	})
	if bad {
		return errBad
	}
	p := &printer{comments: f.Comments, bol: true}
	p.file(f)
	_, err := w.Write(p.buf)
	return err
}

// printer writes a tree and puts the comments back by their positions. Comments are written in three places: before the beginning of a node
// ([printer.inline], [printer.br]), before a closing bracket, and behind an opening brace ([printer.trail]). A comment that stood before an
// operator, comma or semicolon thus moves behind it, once.
type printer struct {
	buf      []byte
	indent   int
	comments []*Comment // not yet written
	line     int        // source line on which the last thing written ends; 0 where there is no source
	bol      bool       // nothing on this line yet, not even the indentation
	// What is due before the next token: a new line, for a // comment stands before it or the source has one; or a space, for a comment does.
	breakDue, spaceDue bool
}

// write writes a part of a line.
func (p *printer) write(text string) {
	if text == "" {
		return
	}
	switch {
	case p.breakDue:
		p.contBreak()
	case p.spaceDue && !strings.ContainsAny(text[:1], " ,;)]"):
		p.buf = append(p.buf, ' ')
	}
	p.spaceDue = false
	if p.bol {
		p.bol = false
		p.tabs(p.indent)
	}
	if n := len(p.buf); n > 0 && (p.buf[n-1] == '\t' || p.buf[n-1] == '\n') {
		text = strings.TrimLeft(text, " ")
	}
	p.buf = append(p.buf, text...)
}

func (p *printer) tabs(n int) {
	for range n {
		p.buf = append(p.buf, '\t')
	}
}

// newline ends the line; the next one gets its indentation when something is written on it.
func (p *printer) newline() {
	p.breakDue, p.spaceDue = false, false
	p.buf = bytes.TrimRight(p.buf, " \t")
	if n := len(p.buf); n > 0 && p.buf[n-1] != '\n' {
		p.buf = append(p.buf, '\n')
	}
	p.bol = true
}

// contBreak goes on in the next line, one deeper.
func (p *printer) contBreak() {
	p.newline()
	p.bol = false
	p.tabs(p.indent + 1)
}

// token writes a part that has a place in the source.
func (p *printer) token(sp source.Span, text string) {
	p.inline(sp.Start)
	p.write(text)
	p.line = sp.End.Line()
}

// pending reports whether a comment stands before pos that is not yet written.
func (p *printer) pending(pos source.Pos) bool {
	return len(p.comments) > 0 && p.comments[0].Sp.Start < pos
}

// takeComment writes the next comment and returns it.
func (p *printer) takeComment() *Comment {
	c := p.comments[0]
	p.comments = p.comments[1:]
	if p.bol {
		p.bol = false
		p.tabs(p.indent)
	}
	p.buf = append(p.buf, c.Text...)
	p.line = c.Sp.End.Line()
	p.breakDue, p.spaceDue = strings.HasPrefix(c.Text, "//"), true
	return c
}

// inline writes the comments before pos inside a line. A comment that has a line to itself keeps it.
func (p *printer) inline(pos source.Pos) {
	own := false
	for p.pending(pos) {
		own = p.comments[0].Sp.Start.Line() > p.line
		switch {
		case p.bol:
		case own || p.breakDue:
			p.contBreak()
		case !bytes.HasSuffix(p.buf, []byte("(")) && !bytes.HasSuffix(p.buf, []byte("[")) && !bytes.HasSuffix(p.buf, []byte(" ")):
			p.buf = append(p.buf, ' ')
		}
		p.takeComment()
	}
	if own && pos.Line() > p.line {
		p.breakDue = true
	}
}

// soft writes what stands before the part at pos: its comments, and a line break where the source has one.
func (p *printer) soft(pos source.Pos) {
	p.inline(pos)
	if p.line > 0 && pos.Line() > p.line {
		p.breakDue = true
	}
}

// space is soft, or else a space.
func (p *printer) space(pos source.Pos) {
	p.soft(pos)
	if !p.breakDue && !p.spaceDue {
		p.write(" ")
	}
}

// trail writes the comments before the '{' at pos behind it.
func (p *printer) trail(pos source.Pos) {
	for p.pending(pos) {
		if p.breakDue || p.comments[0].Sp.Start.Line() > p.line && p.line > 0 {
			p.newline()
		} else {
			p.buf = append(p.buf, ' ')
		}
		p.takeComment()
	}
	p.line = max(p.line, pos.Line())
}

// br begins the line of the node at pos: behind the comments that stand before it, and one blank line where the source has any. There is none
// before the first node of a block.
func (p *printer) br(pos source.Pos, first bool) {
	own, any := p.ownLines(pos, first, 0)
	if own && !p.breakDue && p.line == pos.Line() {
		return // a comment at the beginning of the line
	}
	p.lineBreak(pos.Line(), first && !any)
	p.line = pos.Line()
}

// ownLines writes the comments before pos behind the line or on lines of their own. Those on lines of their own that begin right of column col,
// when that is not 0, are written one deeper. It reports whether the last comment has a line to itself, and whether any has.
func (p *printer) ownLines(pos source.Pos, first bool, col int) (own, any bool) {
	for p.pending(pos) {
		at := p.comments[0].Sp.Start
		own = p.line == 0 || at.Line() > p.line
		if !own && !p.breakDue {
			if !p.bol {
				p.buf = append(p.buf, ' ')
			}
			p.takeComment()
			continue
		}
		p.lineBreak(at.Line(), first && !any)
		any = true
		deeper := 0
		if col != 0 && at.Col() > col && p.comments[0].Sp.End.Line() < pos.Line() {
			deeper = 1
		}
		p.indent += deeper
		p.takeComment()
		p.indent -= deeper
	}
	return own, any
}

func (p *printer) lineBreak(line int, first bool) {
	blank := !first && p.line > 0 && line > p.line+1
	p.newline()
	if blank && len(p.buf) > 0 {
		p.buf = append(p.buf, '\n')
	}
}

// closeBlock writes the comments before the closing brace at pos, and the brace on a line of its own.
func (p *printer) closeBlock(pos source.Pos, empty bool) {
	p.indent++
	p.ownLines(pos, empty, 0)
	p.indent--
	p.newline()
	p.write("}")
	p.line = pos.Line()
}

// before is the position one byte before p, where the bracket stands that a span ends with.
func before(p source.Pos) source.Pos {
	if p.Col() <= 1 {
		return p
	}
	return source.MakePos(p.FileID(), p.Line(), p.Col()-1)
}

// closing writes a bracket that the span sp ends with.
func (p *printer) closing(sp source.Span, text string) {
	if sp.End.IsValid() {
		p.inline(before(sp.End))
	}
	p.write(text)
	p.line = max(p.line, sp.End.Line())
}

// semi ends a declaration or statement. A comment before the semicolon is left to what follows.
func (p *printer) semi(sp source.Span) {
	p.write(";")
	if !p.pending(sp.End) {
		p.line = max(p.line, sp.End.Line())
	}
}

// quote writes a string so that the scanner reads the same.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
