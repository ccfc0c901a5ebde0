package syntax_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// corpus returns all valid .pmd texts of the project by path: our own, which together use every construct, the library and the specs.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	own, err := filepath.Glob("testdata/*.pmd")
	if err != nil || len(own) == 0 {
		tb.Fatalf("no texts in testdata: %v", err)
	}
	out := map[string][]byte{}
	for _, name := range own {
		out[name] = read(tb, name)
	}
	for _, dir := range []string{"../linux", "../../specs"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".pmd") {
				out[filepath.ToSlash(path)] = read(tb, path)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return src
}

func parse(src []byte) (*syntax.File, *source.List) {
	set := &source.Set{}
	diags := &source.List{Files: set}
	return syntax.Parse(set.Add("test.pmd", src), diags), diags
}

// rendered is all of a list as the user sees it.
func rendered(diags *source.List) string {
	if diags.Err() == nil {
		return ""
	}
	var b strings.Builder
	if err := diags.Render(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// sameTree compares trees but for positions.
var sameTree = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmpopts.IgnoreTypes(source.Span{}, source.Pos(0), &source.File{}),
	cmpopts.EquateEmpty(),
}

// checkRoundTrip holds a text that parses to what the formatter promises: the result parses to the same tree with the same comments, and formats
// to itself.
func checkRoundTrip(t *testing.T, src []byte) {
	t.Helper()
	f, diags := parse(src)
	if diags.Err() != nil {
		t.Fatalf("does not parse:\n%s", rendered(diags))
	}
	var first bytes.Buffer
	if err := syntax.Print(&first, f); err != nil {
		t.Fatal(err)
	}
	again, diags := parse(first.Bytes())
	if diags.Err() != nil {
		t.Fatalf("the formatted text does not parse:\n%s\n%s", rendered(diags), first.Bytes())
	}
	if diff := cmp.Diff(f, again, sameTree); diff != "" {
		t.Fatalf("the formatted text has another tree (-before +after):\n%s\n%s", diff, first.Bytes())
	}
	second, err := syntax.Format(first.Bytes(), "test.pmd")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.String(), string(second)); diff != "" {
		t.Fatalf("formatting twice is not formatting once (-once +twice):\n%s", diff)
	}
}

func TestCorpusRoundTrip(t *testing.T) {
	t.Parallel()
	for name, src := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRoundTrip(t, src)
		})
	}
}

// TestCorpusIsCanonical: our own texts are written as the formatter writes them.
func TestCorpusIsCanonical(t *testing.T) {
	t.Parallel()
	for name, src := range corpus(t) {
		if !strings.HasPrefix(name, "testdata/") {
			continue
		}
		got, err := syntax.Format(src, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(string(src), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
