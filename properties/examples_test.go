package properties_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/properties"
	"pmdcheck/specs"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
)

func check(t *testing.T, name string, src []byte, set []string, o elab.BuildOptions, opts checker.Options) *checker.Result {
	t.Helper()
	sys, err := testkit.First(name+".pmd", string(src), o, set...)
	if err != nil {
		t.Fatal(err)
	}
	res, err := checker.Check(context.Background(), sys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestExamples: each example violates its property and nothing else, and the trace beside it is what a check of it shows.
func TestExamples(t *testing.T) {
	for _, e := range properties.Catalog() {
		src, _ := properties.Example(e.Name)
		if src == "" {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			res := check(t, e.Name, []byte(src), nil, elab.BuildOptions{}, checker.Options{Reduction: checker.ReductionNone, Search: checker.BFS})
			if len(res.Violations) != 1 || res.Violations[0].Property != e.Name {
				t.Fatalf("violates %v", res.Violations)
			}
			var b bytes.Buffer
			for i, w := range append([]*traces.Trace{res.Violations[0].Witness}, res.Violations[0].More...) {
				if i > 0 {
					b.WriteString("\n")
				}
				if err := columns.Render(&b, w, columns.Options{Width: 96}); err != nil {
					t.Fatal(err)
				}
			}
			testkit.Golden(t, "examples/"+e.Name+".txt", b.Bytes())
		})
	}
}

// TestConfigurations: each configuration that an entry points to violates the property.
func TestConfigurations(t *testing.T) {
	for _, e := range properties.Catalog() {
		if e.Configuration == "" {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			words := strings.Fields(e.Configuration)
			src, err := specs.FS.ReadFile(words[0] + ".pmd")
			if err != nil {
				t.Fatal(err)
			}
			res := check(t, words[0], src, words[1:], elab.BuildOptions{}, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff})
			if !slices.ContainsFunc(res.Violations, func(v checker.Violation) bool { return v.Property == e.Name }) {
				t.Errorf("%s does not violate %s; choose another configuration for the entry", e.Configuration, e.Name)
			}
		})
	}
}

// TestCatalogIsComplete: what the library observes and what the design asks for has an entry, and an entry of what is judged has an example.
func TestCatalogIsComplete(t *testing.T) {
	want := []string{
		"no_use_after_free", "no_ptl_use_after_free", "no_foreign_walk", "no_stale_tlb", "share_count", "no_partial_share", "no_slot_overwrite", "no_double_free",
		"no_leak", "no_deadlock", "no_lock_misuse", "lock_order", "reclaimed", "no_data_race", "no_fault", "assertion",
	}
	seen := map[string]bool{}
	for _, e := range properties.Catalog() {
		if seen[e.Name] {
			t.Errorf("%s has two entries", e.Name)
		}
		seen[e.Name] = true
	}
	declared := regexp.MustCompile(`(?m)^property (\w+) `)
	err := fs.WalkDir(linux.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			src, _ := linux.FS.ReadFile(p)
			for _, m := range declared.FindAllSubmatch(src, -1) {
				want = append(want, string(m[1]))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range want {
		e, ok := properties.Lookup(name)
		if !ok {
			t.Errorf("%s has no entry", name)
			continue
		}
		if e.Title == "" || e.Meaning == "" || e.Detail == "" {
			t.Errorf("the entry of %s is not complete: %+v", name, e)
		}
		src, trace := properties.Example(name)
		if judged := !strings.HasPrefix(e.Detail, "Not judged"); judged != (src != "" && trace != "") {
			t.Errorf("%s: example %v, trace %v", name, src != "", trace != "")
		}
		if name != "no_fault" && name != "assertion" && e.Rule == "" {
			t.Errorf("the entry of %s says no rule", name)
		}
	}
	files, err := fs.Glob(os.DirFS("examples"), "*.pmd")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := properties.Lookup(strings.TrimSuffix(f, ".pmd")); !ok {
			t.Errorf("examples/%s belongs to no entry", f)
		}
	}
}
