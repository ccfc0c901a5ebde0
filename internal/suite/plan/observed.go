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

// cellsOf are the cells of a spec that are asked about.
type cellsOf struct {
	spec  *elab.Spec
	cells []elab.ConfigCell
}

// asked are the specs of a run.
type asked []cellsOf

// observe reports properties that were asked about and that no cell of any of the specs observes: there is nothing to be found out about them. One cell of each spec is
// looked at before all of any, as most specs are of one kind.
func (a asked) observe(names []string) error {
	var errs []error
	for _, name := range names {
		known := slices.ContainsFunc(a, func(s cellsOf) bool { return s.spec.Observes(name, s.cells[:1], false) }) ||
			slices.ContainsFunc(a, func(s cellsOf) bool { return s.spec.Observes(name, s.cells, true) })
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
		what := "no cell of these specs observes"
		if len(a) == 1 {
			what = "no cell of " + a[0].spec.Name + " observes"
		}
		errs = append(errs, fmt.Errorf("--property %s: %s it: %s", name, what, hint))
	}
	return errors.Join(errs...)
}
