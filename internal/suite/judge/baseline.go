package judge

import (
	"slices"
	"strings"

	"pmdcheck/checker/report"
)

// Selection is what a run was confined to, as the flags say it.
type Selection struct {
	Specs     []string // none: no spec was named
	Set, Only []string
	Shard     string
}

// Within says which configurations of a baseline the run of a document was to check: what it left out on purpose is not gone.
func (s Selection) Within(doc *report.Document) func(config string) bool {
	wanted := map[string][]string{}
	for _, w := range slices.Concat(s.Only, s.Set) {
		n, v, _ := strings.Cut(w, "=")
		wanted[n] = append(wanted[n], strings.Split(v, ",")...)
	}
	return func(config string) bool {
		spec, rest, _ := strings.Cut(config, "  ")
		for n, values := range wanted {
			if !slices.Contains(values, valueIn(doc, spec, strings.Fields(rest), n)) {
				return false
			}
		}
		return s.Shard == "" && (len(s.Specs) == 0 || slices.Contains(s.Specs, spec))
	}
}

// valueIn is the value of a parameter in a configuration of a baseline. If it is not in the name of the configuration, it is the default, which is that of a result that does not name it either.
func valueIn(doc *report.Document, spec string, config []string, param string) string {
	for _, p := range config {
		if v, ok := strings.CutPrefix(p, param+"="); ok {
			return v
		}
	}
	for _, e := range doc.Results {
		if e.Spec == spec && !slices.Contains(e.Order, param) {
			return e.Config[param]
		}
	}
	return ""
}
