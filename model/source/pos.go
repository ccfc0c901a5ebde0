// Package source holds files, positions in them, and diagnostics about them.
//
// It is the bottom of the import table: every later stage (syntax, model, checker, traces)
// says where something is by a [Span] and what is wrong by a [Diagnostic].
package source

import (
	"fmt"
	"sort"
)

// Pos is a position in one file of a [Set], packed into eight bytes: file number, line, column.
// Lines and columns count from 1; columns count bytes. The zero Pos is [NoPos].
// A line or column too large for its field saturates; it never wraps into another field.
type Pos uint64

// NoPos is the zero position: known to no file.
const NoPos Pos = 0

const (
	colBits  = 16
	lineBits = 28
	colMax   = 1<<colBits - 1
	lineMax  = 1<<lineBits - 1
	fileMax  = 1<<(64-colBits-lineBits) - 1
)

// MakePos packs a position. The file number is the one [Set.Add] gave, counted from 1.
func MakePos(file, line, col int) Pos {
	return Pos(min(file, fileMax))<<(colBits+lineBits) | Pos(min(line, lineMax))<<colBits | Pos(min(col, colMax))
}

// IsValid reports whether p names a file.
func (p Pos) IsValid() bool { return p>>(colBits+lineBits) != 0 }

// FileID is the number of the file in its [Set], 0 for NoPos.
func (p Pos) FileID() int { return int(p >> (colBits + lineBits)) }

// Line is the line, from 1.
func (p Pos) Line() int { return int(p >> colBits & lineMax) }

// Col is the column in bytes, from 1.
func (p Pos) Col() int { return int(p & colMax) }

// Span is a stretch of one file: from Start up to, not including, End.
// A Span whose End is NoPos is the single position Start.
type Span struct{ Start, End Pos }

// At is the span of one position.
func At(p Pos) Span { return Span{Start: p} }

// File is one source text with its line table. It is immutable once added to a Set.
type File struct {
	ID    int
	Name  string // as the user wrote it, or "linux/mm/hugetlb" for an embedded file
	Src   []byte
	lines []int // byte offset of the start of each line
}

// Pos converts a byte offset into a position.
func (f *File) Pos(offset int) Pos {
	line := sort.SearchInts(f.lines, offset+1) // lines[line-1] <= offset < lines[line]
	return MakePos(f.ID, line, offset-f.lines[line-1]+1)
}

// Line returns the text of line n (from 1) without its line end, or "" where there is none.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	start, end := f.lines[n-1], len(f.Src)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	if end > start && f.Src[end-1] == '\r' {
		end--
	}
	return string(f.Src[start:end])
}

// Set is the files of one run. The zero Set is ready to use. It is not safe for use from several goroutines while files are added.
type Set struct{ files []*File }

// Add enters a file and gives it the next number.
func (s *Set) Add(name string, src []byte) *File {
	f := &File{ID: len(s.files) + 1, Name: name, Src: src, lines: []int{0}}
	for i, c := range src {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	s.files = append(s.files, f)
	return f
}

// File returns the file p lies in, or nil.
func (s *Set) File(p Pos) *File {
	if id := p.FileID(); s != nil && id >= 1 && id <= len(s.files) {
		return s.files[id-1]
	}
	return nil
}

// All lists the files in the order in which they were added. The slice is the set's own.
func (s *Set) All() []*File { return s.files }

// Position renders p as file:line:col, or "-" for NoPos.
func (s *Set) Position(p Pos) string {
	f := s.File(p)
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%s:%d:%d", f.Name, p.Line(), p.Col())
}

// Offset is the byte offset of a position of this file. A saturated column gives the end of its line.
func (f *File) Offset(p Pos) int {
	line := p.Line()
	if line < 1 || line > len(f.lines) {
		return len(f.Src)
	}
	return min(f.lines[line-1]+p.Col()-1, len(f.Src))
}

// Text is the source text of a span of this file; empty for a span without an end.
func (f *File) Text(sp Span) []byte {
	if !sp.End.IsValid() {
		return nil
	}
	a, b := f.Offset(sp.Start), f.Offset(sp.End)
	return f.Src[min(a, b):b]
}
