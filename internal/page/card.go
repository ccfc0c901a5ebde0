package page

import (
	"strings"

	"pmdcheck/checker/report"
)

// card says what a verdict without a counterexample rests on.
func card(r *report.Entry) string {
	if r.Verdict != "holds" {
		return r.Found() + "."
	}
	said := "Every reachable state of the model was visited"
	var less []string
	if r.Reduction != "none" {
		less = append(less, "of steps that commute only as many orders were taken as it takes to find every violation")
	}
	if r.Symmetry {
		less = append(less, "states that differ only in which of interchangeable processes or objects is which count as one")
	}
	if len(less) > 0 {
		said = "The search is complete, but not every reachable state was visited: " + strings.Join(less, ", and ")
	}
	if len(less) > 0 && r.LiveStates > 0 {
		said += "; for liveness every one was"
	}
	holds, blind := false, []string(nil)
	for _, p := range r.Judged {
		switch p.Verdict {
		case "holds":
			holds = true
		case "not judged":
			blind = append(blind, p.Property)
		}
	}
	if holds {
		said += ". Nothing was violated."
	} else {
		said += ". Nothing is judged."
	}
	if len(blind) > 0 {
		said += " Not judged, because nothing in this configuration observes it: " + strings.Join(blind, ", ") + "."
	}
	if r.Barriers > 0 {
		said += " Memory was sequentially consistent: the barriers had no effect, and nothing is said of machines on which they matter."
	}
	if r.MayRace > 0 {
		said += " Accesses without a mark may race, and nobody asked: they are taken as written, which a compiler need not do."
	}
	if r.Unmarked > 0 {
		said += " Atomic blocks without @x86 were taken for locked instructions or for no memory: what holds rests on that."
	}
	if len(r.Covers) == 0 {
		said += " There is no cover, so nothing shows that what holds could have gone wrong at all."
	}
	return said
}
