package litmus

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/model/source"
)

// TestCodes: every code that the parser gives is documented and the other way round; each Before gets its code and no other, and each After is a test.
func TestCodes(t *testing.T) {
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(litmus-[a-z]+)"`).FindAllSubmatch(src, -1) {
			used[string(m[1])] = true
		}
	}
	long := map[string]string{"litmus-limit": in(strings.Repeat("if (1) { ", 1000))}
	documented := map[string]bool{}
	for _, c := range source.Codes() {
		if !strings.HasPrefix(c.Code, "litmus-") {
			continue
		}
		documented[c.Code] = true
		before := c.Before
		if before == "" {
			before = long[c.Code]
		}
		var list *source.List
		if _, err := Parse("t", []byte(before)); !errors.As(err, &list) {
			t.Errorf("%s: its example is right", c.Code)
		} else {
			for _, d := range list.Diags {
				if d.Code != c.Code {
					t.Errorf("%s: the example gets %s: %s", c.Code, d.Code, d.Msg)
				}
			}
		}
		if c.After != "" {
			if _, err := Parse("t", []byte(c.After)); err != nil {
				t.Errorf("%s: what is put right is not: %v", c.Code, err)
			}
		}
	}
	for c := range used {
		if !documented[c] {
			t.Errorf("%s is not documented", c)
		}
	}
	for c := range documented {
		if !used[c] {
			t.Errorf("%s is documented and never given", c)
		}
	}
}
