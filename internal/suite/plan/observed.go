package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/properties"
)

// configsOf are the configurations of a spec that are asked about.
type configsOf struct {
	spec    *elab.Spec
	configs []elab.Configuration
}

// asked are the specs of a run.
type asked []configsOf

// observe reports properties that were asked about and that no configuration of any of the specs observes: there is nothing to be found out about them. One configuration of each spec is
// looked at before all of any, as most specs are of one kind.
func (a asked) observe(names []string) error {
	var errs []error
	for _, name := range names {
		known := slices.ContainsFunc(a, func(s configsOf) bool { return s.spec.Observes(name, s.configs[:1], false) }) ||
			slices.ContainsFunc(a, func(s configsOf) bool { return s.spec.Observes(name, s.configs, true) })
		if known {
			continue
		}
		var near []string
		for _, e := range properties.Catalog() {
			near = append(near, e.Name)
		}
		for _, s := range a {
			near = append(near, s.spec.Properties()...)
		}
		hint := cmp.Or(source.Suggest(name, near), "see `pmdcheck explain` for the properties of the library")
		what := "no configuration of these specs observes"
		if len(a) == 1 {
			what = "no configuration of " + a[0].spec.Name + " observes"
		}
		errs = append(errs, fmt.Errorf("--property %s: %s it: %s", name, what, hint))
	}
	return errors.Join(errs...)
}
