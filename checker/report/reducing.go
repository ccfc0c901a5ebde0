package report

import (
	"fmt"
	"io"
	"strings"

	"pmdcheck/checker"
)

// Reducing writes what stops the reduction of a configuration, if that was asked for.
func Reducing(w io.Writer, res *checker.Result) error {
	r := res.Reducing
	if r == nil {
		return nil
	}
	var b strings.Builder
	for _, s := range res.Symmetry {
		what, when := "processes", ""
		switch {
		case s.Objects:
			what = "objects"
		case strings.Contains(s.Name, ", "):
			what = "columns of processes"
		}
		if s.Barred {
			when = " once nobody can allocate one any more"
		}
		if s.Members > 0 {
			fmt.Fprintf(&b, "     the %d %s %s are interchangeable%s\n", s.Members, what, s.Name, when)
		} else {
			fmt.Fprintf(&b, "     the %s %s are not interchangeable: %s\n", what, s.Name, s.Refused)
		}
	}
	fmt.Fprintf(&b, "     states with a choice %d; explored one transition in %d, several in %d (all in %d)\n", r.Choices, r.Choices-r.Branches, r.Branches, r.Full)
	if len(r.StickyTransitions) == 0 {
		b.WriteString("     every loop was shown to end: no state is expanded fully for the sake of cycles\n")
	} else {
		fmt.Fprintf(&b, "     loops that were not shown to end, whose sticky transitions make %d states be expanded fully:\n", r.Sticky)
		for _, t := range r.StickyTransitions {
			fmt.Fprintf(&b, "       %s\n", t)
		}
	}
	list := func(title string, counts []checker.Count) {
		if len(counts) > 0 {
			fmt.Fprintf(&b, "     %s:\n", title)
		}
		for _, c := range counts {
			fmt.Fprintf(&b, "%9d  %s\n", c.N, c.What)
		}
	}
	list("variables over which explored transitions conflict", r.Variables)
	list("pairs that conflict, the first enabled", r.Pairs)
	_, err := io.WriteString(w, b.String())
	return err
}
