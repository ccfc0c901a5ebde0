package specs_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

// TestWorkedExamples runs the specs in docs/new-spec.md against their own expectations, and holds them to the promise that they are short.
func TestWorkedExamples(t *testing.T) {
	text, err := os.ReadFile("../docs/new-spec.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```c\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 6 {
		t.Fatalf("%d examples instead of 6", len(blocks))
	}
	overrides := false
	for i, b := range blocks {
		name := fmt.Sprintf("example%d", i+1)
		if n := strings.Count(b[1], "\n"); n >= 60 {
			t.Errorf("%s has %d lines", name, n)
		}
		overrides = overrides || strings.Contains(b[1], "\noverride ")
		l := &elab.Loader{Library: linux.FS}
		spec, err := l.Load(name+".pmd", []byte(b[1]))
		if err != nil {
			t.Fatal(err)
		}
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range configs {
			sys, err := spec.Build(c, elab.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			got := properties(res)
			slices.Sort(got)
			if c.Expect == nil {
				t.Errorf("%s %s expects nothing", name, c)
			} else if c.Expect.Holds != (res.Verdict == checker.Holds) || !slices.Equal(got, c.Expect.Props) {
				t.Errorf("%s %s: %v %v", name, c, res.Verdict, got)
			}
		}
	}
	if !overrides {
		t.Error("no example overrides a library function")
	}
}
