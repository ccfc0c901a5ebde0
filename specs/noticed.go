package specs

import (
	_ "embed"
	"strings"
)

// noticed.tsv is what `pmdcheck matrix --rows feature --csv specs/noticed.tsv` found: for each feature the newest release that has it, and the specs with a verdict that changes without it.
//
//go:embed noticed.tsv
var noticed string

// Noticed are the specs that notice if a feature is taken away from the newest release that has it, each with how many of its configurations; or why none does.
func Noticed(feature string) (release string, by []string, why string) {
	for _, line := range strings.Split(noticed, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 || f[0] != feature {
			continue
		}
		release, why = f[1], f[3]
		if f[2] != "" {
			by = strings.Split(f[2], ", ")
		}
	}
	return release, by, why
}
