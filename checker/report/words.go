package report

import (
	"slices"
	"strings"

	"pmdcheck/checker"
)

// Counted is what is expected where nothing is judged.
const Counted = "counted"

// Found is "holds", "violated a, b", "cover c never reached: the proof would be vacuous" or "unknown: timeout". Where a search ended early, what it did not find is
// unknown.
func Found(verdict string, properties []string, reason string) string {
	var props, covers []string
	for _, p := range properties {
		if c, ok := strings.CutPrefix(p, checker.CoverPrefix); ok {
			covers = append(covers, c)
		} else {
			props = append(props, p)
		}
	}
	var parts []string
	if len(props) > 0 {
		parts = append(parts, checker.Violated.String()+" "+strings.Join(props, ", "))
	}
	if len(covers) > 0 {
		what := "cover "
		if len(covers) > 1 {
			what = "covers "
		}
		parts = append(parts, what+strings.Join(covers, ", ")+" never reached: the proof would be vacuous")
	}
	switch {
	case verdict == checker.Unknown.String():
		parts = append(parts, verdict+": "+reason)
	case len(parts) == 0:
		parts = append(parts, verdict)
	case reason != "":
		parts = append(parts, "the others unknown: "+reason)
	}
	return strings.Join(parts, "; ")
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(b, x) })
}
