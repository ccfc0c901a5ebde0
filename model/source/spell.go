package source

import (
	"errors"
	"slices"
	"strings"
)

// Quote puts a name between quotation marks, as diagnostics do.
func Quote(s string) string { return "'" + s + "'" }

// nearest returns the candidate that a misspelt word most likely means, or "".
// The distance is Damerau-Levenshtein in its restricted form; a candidate counts when at most a third of the letters differ,
// or when one is the beginning of the other.
func nearest(word string, candidates []string) string {
	best, bestDist := "", len(word)/3+1
	slices.Sort(candidates)
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(c), bestDist); d < bestDist && c != word {
			best, bestDist = c, d
		}
	}
	if best != "" {
		return best
	}
	// What is not near may be longer or shorter: x86_64 for x86.
	for _, c := range candidates {
		if short := min(len(c), len(word)); short > 2 && c != word && strings.EqualFold(c[:short], word[:short]) && len(c) > len(best) {
			best = c
		}
	}
	return best
}

// editDistance is the number of insertions, deletions, replacements and swaps of neighbours between a and b, or limit when it is at least that.
func editDistance(a, b string, limit int) int {
	if abs(len(a)-len(b)) >= limit {
		return limit
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

func abs(x int) int { return max(x, -x) }

// DidYouMean is a hint, or "".
func DidYouMean(word string, candidates []string) string {
	if n := nearest(word, candidates); n != "" {
		return "did you mean " + Quote(n) + "?"
	}
	return ""
}

// Suggest is the hint "did you mean 'x'?" for a misspelt word, or "" when no candidate is near.
func Suggest(word string, candidates []string) string {
	return DidYouMean(word, slices.Clone(candidates))
}

// WithHint is an error with a hint behind it, if there is one.
func WithHint(msg, hint string) error {
	if hint != "" {
		msg += ": " + hint
	}
	return errors.New(msg)
}
