package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one thing wrong with a source text.
type Diagnostic struct {
	Code    string // stable short name, such as "unknown-name"; see `pmdcheck explain CODE`
	Span    Span
	Msg     string    // lower case, no final dot
	Related []Related // other places that explain it
	Hint    string    // what to do, or ""
}

// Related is a second position that helps to understand a [Diagnostic].
type Related struct {
	Span Span
	Msg  string
}

// List is every diagnostic of a run. It is an error when not empty; use [List.Err].
type List struct {
	Files *Set
	Diags []Diagnostic
}

// Add appends a diagnostic.
func (l *List) Add(d Diagnostic) { l.Diags = append(l.Diags, d) }

// Errorf appends a diagnostic with a formatted message.
func (l *List) Errorf(code string, span Span, format string, args ...any) {
	l.Add(Diagnostic{Code: code, Span: span, Msg: fmt.Sprintf(format, args...)})
}

// Err sorts the list by position, drops what would be a second report on one line with the same code, and returns it as an error, or nil when empty.
func (l *List) Err() error {
	if l == nil || len(l.Diags) == 0 {
		return nil
	}
	slices.SortStableFunc(l.Diags, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), strings.Compare(a.Code, b.Code))
	})
	l.Diags = slices.CompactFunc(l.Diags, func(a, b Diagnostic) bool {
		return a.Code == b.Code && a.Span.Start>>colBits == b.Span.Start>>colBits && a.Span.Start.IsValid()
	})
	return l
}

// Error is the first diagnostic and the number of others; use Render for all of them.
func (l *List) Error() string {
	if len(l.Diags) == 0 {
		return "no errors"
	}
	d := l.Diags[0]
	s := l.Files.Position(d.Span.Start) + ": " + d.Msg
	if n := len(l.Diags) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}
