package skeleton

import (
	"fmt"
	"strings"
)

// Line is one line of a skeleton written down: an event, or the beginning, middle or end of what has arms.
type Line struct {
	Text string // indented
	Line int    // in the source
}

// Lines writes a skeleton down, one event a line. Two skeletons are equal if and only if their texts are.
func (s *Skeleton) Lines() []Line {
	var out []Line
	var walk func(ns []*Node, in string)
	walk = func(ns []*Node, in string) {
		for _, n := range ns {
			if n.Arms == nil {
				out = append(out, Line{in + n.Text, n.Line})
				continue
			}
			head := in + n.Text
			if n.Post != "" {
				head += " " + n.Post
			}
			out = append(out, Line{head, n.Line})
			for i, a := range n.Arms {
				if i > 0 && (len(n.Arms) > 2 || len(a) > 0) {
					out = append(out, Line{in + "or", n.Line})
				}
				walk(a, in+"  ")
			}
			out = append(out, Line{in + "end", n.Line})
		}
	}
	walk(s.Nodes, "")
	return out
}

// Text is the skeleton, with the lines of the source in front.
func (s *Skeleton) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s:%d\n", s.Name, s.File, s.Line)
	for _, l := range s.Lines() {
		if strings.TrimSpace(l.Text) == "end" || strings.TrimSpace(l.Text) == "or" {
			fmt.Fprintf(&b, "        %s\n", l.Text)
			continue
		}
		fmt.Fprintf(&b, "%6d  %s\n", l.Line, l.Text)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "%6d  ? %s\n", n.Line, n.Text)
	}
	return b.String()
}

// Change is a step of an alignment.
type Change struct {
	Op   byte // ' ' in both, '-' only in the first, '+' only in the second
	Text string
	A, B int // index into the lines of the first and the second, -1 where it has none
}

// Diff aligns two skeletons, so that as many events as possible stand beside their equals, and of these as many as possible in equal nesting. Events count
// more than the branches around them: what moves into a branch is a new branch, not a lost event.
func Diff(a, b []string) []Change {
	n, m := len(a), len(b)
	if n > maxNodes || m > maxNodes {
		return whole(a, b)
	}
	// best[i][j] is the best score of a[i:] against b[j:]
	best := make([][]int32, n+1)
	for i := range best {
		best[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1], best[i+1][j+1]+score(a[i], b[j]))
		}
	}
	var out []Change
	i, j := 0, 0
	for i < n && j < m {
		s := score(a[i], b[j])
		switch {
		case s > 0 && best[i][j] == best[i+1][j+1]+s && a[i] == b[j]:
			out = append(out, Change{' ', b[j], i, j})
			i++
			j++
		case s > 0 && best[i][j] == best[i+1][j+1]+s: // the same event, nested otherwise
			out = append(out, Change{'~', b[j], i, j})
			i++
			j++
		case best[i][j] == best[i+1][j]:
			out = append(out, Change{'-', a[i], i, -1})
			i++
		default:
			out = append(out, Change{'+', b[j], -1, j})
			j++
		}
	}
	for ; i < n; i++ {
		out = append(out, Change{'-', a[i], i, -1})
	}
	for ; j < m; j++ {
		out = append(out, Change{'+', b[j], -1, j})
	}
	return out
}

func whole(a, b []string) (out []Change) {
	for i, s := range a {
		out = append(out, Change{'-', s, i, -1})
	}
	for j, s := range b {
		out = append(out, Change{'+', s, -1, j})
	}
	return out
}

// score is what it is worth that two lines stand side by side.
func score(a, b string) int32 {
	switch {
	case a == b && structure(a):
		return 1
	case a == b:
		return 8
	case strings.TrimLeft(a, " ") == strings.TrimLeft(b, " ") && !structure(a):
		return 6
	}
	return 0
}

func structure(s string) bool {
	s = strings.TrimLeft(s, " ")
	return s == "if" || s == "loop" || s == "switch" || s == "or" || s == "end" || strings.HasPrefix(s, "#if") || way(s)
}

// Equal tells whether an alignment has no difference.
func Equal(cs []Change) bool {
	for _, c := range cs {
		if c.Op != ' ' {
			return false
		}
	}
	return true
}

// Texts are the texts of lines.
func Texts(ls []Line) []string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = l.Text
	}
	return out
}
