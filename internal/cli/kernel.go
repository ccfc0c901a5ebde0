package cli

import (
	"fmt"
	"strings"

	"pmdcheck/model/elab"
)

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
