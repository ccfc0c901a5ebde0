package cli

import (
	"slices"
	"testing"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/elab"
)

// TestPolicies: every policy that a walker of the specs can have is known in words, and no other.
func TestPolicies(t *testing.T) {
	list, err := walkers()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list[0].in {
		spec, err := catalog.Load(u.spec)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(spec.Configs(), func(c elab.ConfigParam) bool { return c.Name == list[0].axis })
		if i < 0 {
			t.Fatalf("%s has no %s", u.spec, list[0].axis)
		}
		for _, v := range spec.Configs()[i].Values {
			if policies[v] == "" {
				t.Errorf("%s: %s has no words", u.spec, v)
			}
		}
		if n := len(spec.Configs()[i].Values); n != len(policies) {
			t.Errorf("%s has %d policies, words are for %d", u.spec, n, len(policies))
		}
	}
}
