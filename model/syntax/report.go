package syntax

import (
	"fmt"

	"pmdcheck/model/source"
)

// The scanner and the parser leave by panicking with one of these; [Parse] and the lists that can go on catch them.
type (
	bail  struct{} // this statement, list or declaration makes no sense any more
	abort struct{} // this file makes no sense any more
)

// reporter collects the diagnostics of one file: one a line, for what follows the first is mostly its echo, and at most maxErrors.
type reporter struct {
	file  *source.File
	diags *source.List
	lines map[int]bool // that have a diagnostic
}

func (r *reporter) report(d source.Diagnostic) {
	line := d.Span.Start.Line()
	if r.lines[line] {
		return
	}
	if len(r.lines) == maxErrors {
		r.diags.Add(source.Diagnostic{
			Code: "too-many-errors", Span: d.Span, Msg: fmt.Sprintf("more than %d errors in this file; the rest of it is not read", maxErrors),
		})
		panic(abort{})
	}
	r.lines[line] = true
	r.diags.Add(d)
}

// nearest is the first of the candidates that a misspelt word most likely means, or "". A word may have a letter too many, too few, or another
// one, or two swapped; one of six letters or more may have two such mistakes. (Restricted Damerau-Levenshtein distance.)
func nearest(word string, candidates ...string) string {
	best, limit := "", 2
	if len(word) >= 6 {
		limit = 3
	}
	const shortest, longest = 2, 20
	if len(word) < shortest || len(word) > longest {
		return ""
	}
	for _, c := range candidates {
		if d := distance(word, c); d < limit {
			best, limit = c, d
		}
	}
	return best
}

func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return max(d, -d) // enough to know that it is far
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			replace := prev[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
