package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
)

func keys(configs []plan.Check) (out []string) {
	for _, c := range configs {
		out = append(out, c.Key())
	}
	return out
}

// TestShards: the shards of a request are the whole, each configuration once and with the number it has there.
func TestShards(t *testing.T) {
	whole, total, err := plan.Request{Specs: []string{"classic"}}.Configurations()
	if err != nil || total != len(whole) || total < 4 {
		t.Fatalf("%d of %d configurations: %v", len(whole), total, err)
	}
	var joined []plan.Check
	for i := range 3 {
		part, n, err := plan.Request{Specs: []string{"classic"}, Shard: fmt.Sprintf("%d/3", i+1)}.Configurations()
		if err != nil || n != total {
			t.Fatalf("%d configurations: %v", n, err)
		}
		joined = append(joined, part...)
	}
	slices.SortFunc(joined, func(a, b plan.Check) int { return a.Number - b.Number })
	if !slices.Equal(keys(joined), keys(whole)) {
		t.Errorf("%v\n%v", keys(joined), keys(whole))
	}
}

// TestRefused: what cannot be meant is refused, in the words of the flags.
func TestRefused(t *testing.T) {
	for want, r := range map[string]plan.Request{
		"--set policy: write --set name=value":    {Set: []string{"policy"}},
		"--only policy: write --only":             {Only: []string{"policy"}},
		"--only policy=nil: no configuration has": {Specs: []string{"seed/race_a"}, Only: []string{"policy=nil"}},
		"--shard 3/2: write which":                {Specs: []string{"seed/race_a"}, Shard: "3/2"},
		"there is no spec seed/race":              {Specs: []string{"seed/race"}},
		"--property no_such":                      {Specs: []string{"seed/race_a"}, Property: []string{"no_such"}},
	} {
		if _, _, err := r.Configurations(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, not %q", r, err, want)
		}
	}
}

// TestSetAndOnly: a parameter that is fixed to a value of its sweep leaves the configurations that --only with that value leaves.
func TestSetAndOnly(t *testing.T) {
	set, _, err := plan.Request{Specs: []string{"seed/race_a"}, Set: []string{"policy=rcu"}, Tier: "all"}.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	only, _, err := plan.Request{Specs: []string{"seed/race_a"}, Only: []string{"policy=rcu"}, Tier: "all"}.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	if len(set) == 0 || !slices.Equal(keys(set), keys(only)) {
		t.Errorf("%v\n%v", keys(set), keys(only))
	}
}

// TestCatalog: every embedded spec loads, and is found by its name and through its folder.
func TestCatalog(t *testing.T) {
	for _, n := range catalog.Names() {
		if strings.HasPrefix(n, "classic/") {
			if _, err := catalog.Load(n); err != nil || !catalog.Embedded(n) {
				t.Errorf("%s: %v", n, err)
			}
		}
	}
	names, err := catalog.Resolve([]string{"classic/", "seed/race_a"})
	if err != nil || !slices.Contains(names, "classic/peterson") || names[len(names)-1] != "seed/race_a" {
		t.Errorf("%v: %v", names, err)
	}
}
