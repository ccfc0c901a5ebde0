package elab_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
)

// everything loads a text, spans its configurations and builds them, and gives the codes of what is wrong.
func everything(l *elab.Loader, name string, src []byte) ([]string, error) {
	spec, err := l.Load(name, src)
	if err == nil {
		var configs []elab.Configuration
		if configs, err = spec.Configurations(nil); err == nil {
			for _, c := range configs {
				if _, err = spec.Build(c, elab.BuildOptions{}); err != nil {
					break
				}
			}
		}
	}
	var list *source.List
	if !errors.As(err, &list) {
		return nil, err
	}
	var codes []string
	for _, d := range list.Diags {
		codes = append(codes, d.Code)
	}
	return codes, err
}

// long are the specs that get a code and are too long, or too many files, for its documentation.
var long = map[string]func() ([]string, error){
	"binary-file": func() ([]string, error) { return everything(&elab.Loader{}, "t.pmd", []byte("u2 x;\x00\x00")) },
	"file-too-large": func() ([]string, error) {
		return everything(&elab.Loader{}, "t.pmd", bytes.Repeat([]byte("// \n"), 3<<19))
	},
	"too-many-errors": func() ([]string, error) {
		return everything(&elab.Loader{}, "t.pmd", bytes.Repeat([]byte("config = 1;\n"), 5000))
	},
	"too-deep": func() ([]string, error) {
		return everything(&elab.Loader{}, "t.pmd", []byte("const N = "+strings.Repeat("(", 100000)+"1"+strings.Repeat(")", 100000)+";"))
	},
	"too-large": func() ([]string, error) {
		src := "u2 x;\nvoid f0(void) { x = 1; }\n"
		for i := range 16 {
			src += fmt.Sprintf("void f%d(void) { f%d(); f%d(); }\n", i+1, i, i)
		}
		return everything(&elab.Loader{}, "t.pmd", []byte(src+"process p { f16(); }\nprocess q { x = 2; }\n"))
	},
	"bad-choose": func() ([]string, error) {
		return everything(&elab.Loader{}, "t.pmd", []byte("u2 x;\nprocess p { "+strings.Repeat("choose { case: ", 40)+"x = 1; "+strings.Repeat("}", 40)+" }\nprocess q { x = 2; }\n"))
	},
	"import-cycle": func() ([]string, error) {
		l := &elab.Loader{ReadFile: func(string) ([]byte, error) { return []byte(`import "./t";`), nil }}
		return everything(l, "t.pmd", []byte(`import "./u";`))
	},
}

// TestCodes holds the documentation of diagnostic codes against the source: every code that the front end or the elaborator can give is documented and the
// other way round; each Before gets its code and no other; each After is right in every configuration.
func TestCodes(t *testing.T) {
	used := map[string]bool{}
	give := regexp.MustCompile(`(?:Code: |rrorf\(|report\()"([a-z]+(?:-[a-z]+)*)"`)
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		src, err := os.ReadFile(p)
		for _, m := range give.FindAllSubmatch(src, -1) {
			used[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(used) < 40 {
		t.Fatal(len(used), err)
	}
	documented := map[string]bool{}
	for _, c := range source.Codes() {
		if documented[c.Code] {
			t.Errorf("%s is documented twice", c.Code)
		}
		documented[c.Code] = true
		if strings.HasPrefix(c.Code, "promela-") || strings.HasPrefix(c.Code, "litmus-") {
			continue // of internal/promela and internal/litmus, which have tests of their own
		}
		if !used[c.Code] {
			t.Errorf("%s is documented and never given", c.Code)
		}
		t.Run(c.Code, func(t *testing.T) {
			l := &elab.Loader{Library: linux.FS}
			trigger := long[c.Code]
			if c.Before != "" {
				trigger = func() ([]string, error) { return everything(l, "t.pmd", []byte(c.Before)) }
			}
			if trigger == nil {
				t.Fatal("there is no example")
			}
			got, err := trigger()
			if !slices.Contains(got, c.Code) {
				t.Errorf("the example gets %v: %v", got, err)
			}
			if c.Before != "" && len(slices.Compact(got)) != 1 {
				t.Errorf("the example gets more than its code: %v", got)
			}
			if c.After != "" {
				if got, err := everything(l, "t.pmd", []byte(c.After)); err != nil {
					t.Errorf("put right it gets %v: %v", got, err)
				}
			}
		})
	}
	for _, c := range slices.Sorted(maps.Keys(used)) {
		if !documented[c] {
			t.Errorf("%s is given and not documented", c)
		}
	}
}
