package plan

import (
	"strings"
	"testing"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model/elab"
)

// releaseProfile is the profile of a tree that is a release but for some features.
func releaseProfile(t *testing.T, release int64, kernel string, but map[string]string) *elab.Profile {
	t.Helper()
	list, err := catalog.Features()
	if err != nil {
		t.Fatal(err)
	}
	p := &elab.Profile{Name: "tree", Kernel: kernel, Features: map[string]string{}}
	for _, f := range list {
		p.Features[f.Name] = f.Default(release)
		if v, ok := but[f.Name]; ok {
			p.Features[f.Name] = v
		}
	}
	return p
}

// TestProfileConfigurations: a tree has the configurations of its release, whatever the spec sweeps, with its own features; the names of configurations do not list those.
func TestProfileConfigurations(t *testing.T) {
	p := releaseProfile(t, 604, "6.4.9", map[string]string{"share_under_page_table_lock": "true"})
	if err := CheckProfile(p); err != nil {
		t.Fatal(err)
	}
	configs, _, err := Request{Specs: []string{"bugs/349d1670008d_slot_race"}, Profile: p, Claims: true}.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	if len(configs) != 1 || configs[0].Name() != "bugs/349d1670008d_slot_race era=E4 late=false release=604 target=x86_nopv" {
		t.Fatalf("%v", configs)
	}
	if v, _ := configs[0].Spec.Value(configs[0].Configuration, "share_under_page_table_lock"); v != "true" || configs[0].Expect != nil || len(configs[0].Undecided) > 0 {
		t.Errorf("%s, %v, %v", v, configs[0].Expect, configs[0].Undecided)
	}
	delete(p.Features, "share_under_page_table_lock")
	if configs, _, err = (Request{Specs: []string{"bugs/349d1670008d_slot_race"}, Profile: p}).Configurations(); err != nil || len(configs) != 2 {
		t.Fatalf("an unknown feature makes %d configurations: %v", len(configs), err)
	}
	var names []string
	for _, c := range configs {
		names = append(names, c.Name())
	}
	if got := strings.Join(names, "; "); !strings.Contains(got, "share_under_page_table_lock=false; ") || !strings.HasSuffix(got, "share_under_page_table_lock=true") {
		t.Error(got)
	}
}

// TestClaimsOfEveryTier: a tree is asked claims that a run for a release leaves to the slow tier.
func TestClaimsOfEveryTier(t *testing.T) {
	p := releaseProfile(t, 601, "6.1.9", nil)
	configs, _, err := Request{Specs: []string{"order/eras"}, Profile: p, Claims: true}.Configurations()
	if err != nil || len(configs) != 2 || configs[0].Tier != "slow" {
		t.Fatalf("%v, %v", configs, err)
	}
	if configs, _, err = (Request{Specs: []string{"order/eras"}, Profile: p}).Configurations(); err == nil && len(configs) > 0 {
		t.Errorf("without claims: %v", configs)
	}
}

// TestMatrixOfTrees: trees side by side.
func TestMatrixOfTrees(t *testing.T) {
	a := releaseProfile(t, 604, "6.4", nil)
	b := releaseProfile(t, 604, "6.4", map[string]string{"share_under_page_table_lock": "true"})
	a.Name, b.Name = "a", "b"
	m, err := MatrixRequest{Specs: []string{"bugs/349d1670008d_slot_race"}, Profiles: []*elab.Profile{a, b}, Property: []string{"no_slot_overwrite"}}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(m.Rows, " ") != "target" || strings.Join(m.Cols, " ") != "tree" || len(m.Configurations) != 2 || m.Configurations[0].Axes["tree"] != "a" || m.Configurations[1].Axes["tree"] != "b" {
		t.Errorf("%v %v %d configurations", m.Rows, m.Cols, len(m.Configurations))
	}
}
