package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker/report"
	"pmdcheck/model/elab"
)

// passedOver says which of several specs are not checked, because they do not have all that is set: what is not checked is not as expected.
func (a *app) passedOver(specs []string) {
	const named = 4
	if len(specs) == 0 {
		return
	}
	list := strings.Join(specs[:min(len(specs), named)], ", ")
	if more := len(specs) - named; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	fmt.Fprintf(a.err, "pmdcheck: warning: not checked, because they do not have what is set: %s\n", list)
}

// tiers says of how many configurations a run knows nothing because of their tier, and how it would.
func tiers(w io.Writer, what string, left map[string]int) error {
	var b strings.Builder
	for _, t := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(&b, "%s: %s of tier %s (add --tier %s)\n", what, report.Count(left[t], "configuration"), t, t)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// stable warns of a kernel that is asked for by a stable release: the library knows what the release had, not what it has taken over since.
func (a *app) stable(set []string) {
	for _, s := range set {
		text, ok := strings.CutPrefix(s, "kernel=")
		if !ok {
			continue
		}
		if release, stable, ok := elab.ParseKernel(text); ok && stable {
			fmt.Fprintf(a.err, "pmdcheck: warning: %s is taken for %s, without the fixes that it has taken over since: `pmdcheck audit` reads them from a tree\n", text, releaseText(release))
		}
	}
}
