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

// TestProfileCells: a tree has the cells of its release, whatever the spec sweeps, with its own features; the names of cells do not list those.
func TestProfileCells(t *testing.T) {
	p := releaseProfile(t, 604, "6.4.9", map[string]string{"share_under_page_table_lock": "true"})
	if err := CheckProfile(p); err != nil {
		t.Fatal(err)
	}
	cells, _, err := Request{Specs: []string{"bugs/349d1670008d_slot_race"}, Profile: p, Claims: true}.Cells()
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 1 || cells[0].Name() != "bugs/349d1670008d_slot_race era=E4 late=false release=604 target=x86_nopv" {
		t.Fatalf("%v", cells)
	}
	if v, _ := cells[0].Spec.Value(cells[0].ConfigCell, "share_under_page_table_lock"); v != "true" || cells[0].Expect != nil || len(cells[0].Undecided) > 0 {
		t.Errorf("%s, %v, %v", v, cells[0].Expect, cells[0].Undecided)
	}
	delete(p.Features, "share_under_page_table_lock")
	if cells, _, err = (Request{Specs: []string{"bugs/349d1670008d_slot_race"}, Profile: p}).Cells(); err != nil || len(cells) != 2 {
		t.Fatalf("an unknown feature makes %d cells: %v", len(cells), err)
	}
	var names []string
	for _, c := range cells {
		names = append(names, c.Name())
	}
	if got := strings.Join(names, "; "); !strings.Contains(got, "share_under_page_table_lock=false; ") || !strings.HasSuffix(got, "share_under_page_table_lock=true") {
		t.Error(got)
	}
}

// TestClaimsOfEveryTier: a tree is asked claims that a run for a release leaves to the slow tier.
func TestClaimsOfEveryTier(t *testing.T) {
	p := releaseProfile(t, 601, "6.1.9", nil)
	cells, _, err := Request{Specs: []string{"order/eras"}, Profile: p, Claims: true}.Cells()
	if err != nil || len(cells) != 2 || cells[0].Tier != "slow" {
		t.Fatalf("%v, %v", cells, err)
	}
	if cells, _, err = (Request{Specs: []string{"order/eras"}, Profile: p}).Cells(); err == nil && len(cells) > 0 {
		t.Errorf("without claims: %v", cells)
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
	if strings.Join(m.Rows, " ") != "target" || strings.Join(m.Cols, " ") != "tree" || len(m.Cells) != 2 || m.Cells[0].Axes["tree"] != "a" || m.Cells[1].Axes["tree"] != "b" {
		t.Errorf("%v %v %d cells", m.Rows, m.Cols, len(m.Cells))
	}
}
