package specs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model"
	"pmdcheck/specs"
)

// TestFeatures: the library knows every release from v5.4 to v7.1 and no other, in each of them every feature has what it requires, and something asks for it.
func TestFeatures(t *testing.T) {
	t.Parallel()
	lib, err := catalog.KernelLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(504); n <= 701; n++ {
		text := fmt.Sprintf("%d.%d", n/100, n%100)
		configs, err := lib.Configurations([]model.ConfigValue{{Name: "kernel", Value: text}})
		exists := n <= 519 || n >= 600 && n <= 619 || n >= 700
		if exists && (err != nil || len(configs) != 1) || !exists && (err == nil || !strings.Contains(err.Error(), "knows the releases v5.4 to v7.1")) {
			t.Errorf("%s: %d configurations, %v", text, len(configs), err)
		}
	}
	texts, err := catalog.Texts()
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]int{}
	for _, text := range texts {
		for _, w := range regexp.MustCompile(`\w+`).FindAllString(regexp.MustCompile(`//[^\n]*`).ReplaceAllString(text, ""), -1) {
			words[w]++
		}
	}
	for _, f := range lib.Features() {
		if words[f.Name] < 2 {
			t.Errorf("nothing asks for feature %s", f.Name)
		}
	}
}

// TestNoticed: of every feature noticed.tsv says by which specs it is noticed, or why by none; and the specs are there.
func TestNoticed(t *testing.T) {
	t.Parallel()
	lib, err := catalog.KernelLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lib.Features() {
		release, by, why := specs.Noticed(f.Name)
		switch {
		case release == "" && why == "":
			t.Errorf("noticed.tsv has no line for %s: pmdcheck matrix FOLDERS --rows feature --csv specs/noticed.tsv", f.Name)
		case len(by) == 0 && why == "":
			t.Errorf("noticed.tsv: no spec notices %s, and no reason is given", f.Name)
		case len(by) > 0 && why != "":
			t.Errorf("noticed.tsv: specs notice %s, and a reason is given why none does", f.Name)
		}
		for _, n := range by {
			name, _, _ := strings.Cut(n, " ")
			if _, err := catalog.Load(name); err != nil {
				t.Errorf("noticed.tsv, %s: %v", f.Name, err)
			}
		}
	}
}
