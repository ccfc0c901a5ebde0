package elab_test

import (
	"io/fs"
	"strings"
	"testing"

	"pmdcheck/model/elab"
)

// TestOverrideCallsOriginal: a call of its own name in an override is one of the function that it replaces, which may be an override itself, and whose own calls go to what stands in their place.
func TestOverrideCallsOriginal(t *testing.T) {
	files := map[string]string{
		"lib.pmd":  "u4 trace;\nvoid part(void) { trace = trace * 2; }\nvoid work(u1 by) { part(); trace += by; }\n",
		"more.pmd": "import \"./lib\";\noverride void work(u1 by) { trace++; work(by); }\n",
	}
	load := func(src string) (*elab.Spec, error) {
		l := &elab.Loader{ReadFile: func(p string) ([]byte, error) {
			if s, ok := files[p]; ok {
				return []byte(s), nil
			}
			return nil, fs.ErrNotExist
		}}
		return l.Load("spec.pmd", []byte(src))
	}
	spec, err := load("import \"./more\";\noverride void part(void) { part(); part(); }\noverride void work(u1 by) { work(by); work(by); }\nprocess p { work(1); }\n")
	if err != nil {
		t.Fatal(err)
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := spec.Build(configs[0], elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var dump strings.Builder
	if err := sys.Dump(&dump); err != nil {
		t.Fatal(err)
	}
	if got := dump.String(); strings.Count(got, "trace * 2") != 4 {
		t.Errorf("the original part is not called four times:\n%s", got)
	}
	_, err = load("import \"./lib\";\noverride void work(u1 by) { work(by); }\noverride void part(void) { work(0); }\nprocess p { work(1); }\n")
	if err == nil || !strings.Contains(err.Error(), "calls itself") {
		t.Errorf("recursion through the original: %v", err)
	}
}
