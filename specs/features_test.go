package specs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model"
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
		cells, err := lib.Cells([]model.ConfigValue{{Name: "kernel", Value: text}})
		exists := n <= 519 || n >= 600 && n <= 619 || n >= 700
		if exists && (err != nil || len(cells) != 1) || !exists && (err == nil || !strings.Contains(err.Error(), "knows the releases v5.4 to v7.1")) {
			t.Errorf("%s: %d cells, %v", text, len(cells), err)
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
