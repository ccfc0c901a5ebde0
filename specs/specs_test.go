package specs_test

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/specs"
)

func load(t testing.TB, name string, library fs.FS) *elab.Spec {
	t.Helper()
	src, err := specs.FS.ReadFile(name + ".pmd")
	if err != nil {
		t.Fatal(err)
	}
	l := &elab.Loader{Library: library, ReadFile: func(p string) ([]byte, error) { return specs.FS.ReadFile(path.Clean(p)) }}
	spec, err := l.Load(name+".pmd", src)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// violated is the set of violated properties of a configuration, without covers.
func violated(t testing.TB, spec *elab.Spec, c elab.Configuration, o elab.BuildOptions) string {
	t.Helper()
	sys, err := spec.Build(c, o)
	if err != nil {
		t.Fatalf("%s does not build, so it says nothing: %v", c, err)
	}
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(res.Verdict, properties(res))
}

func properties(res *checker.Result) (out []string) {
	for _, v := range res.Violations {
		out = append(out, v.Property)
	}
	return out
}

// TestMergingKeepsVerdicts checks every configuration of race A with every statement a step of its own.
func TestMergingKeepsVerdicts(t *testing.T) {
	for _, name := range []string{"seed/race_a", "seed/race_a_unlocked", "classic/peterson"} {
		spec := load(t, name, linux.FS)
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range configs {
			if testing.Short() && i%8 != 0 {
				continue
			}
			want := violated(t, spec, c, elab.BuildOptions{})
			if got := violated(t, spec, c, elab.BuildOptions{NoMerge: true, NoReset: true}); got != want {
				t.Errorf("%s %s: %s unmerged, %s merged", name, c, got, want)
			}
		}
	}
}
