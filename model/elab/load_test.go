package elab_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/specs"
)

func loader(dir string) *elab.Loader {
	return &elab.Loader{Library: linux.FS, ReadFile: func(p string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, p)) }}
}

// TestDiagnostics: every file under testdata/bad says on the line itself what is reported there, as // want "regexp"; nothing else may be reported.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.pmd")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	want := regexp.MustCompile(`// want "([^"]*)"`)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			wants := map[int]string{}
			sc := bufio.NewScanner(strings.NewReader(string(src)))
			for n := 1; sc.Scan(); n++ {
				if m := want.FindStringSubmatch(sc.Text()); m != nil {
					wants[n] = m[1]
				}
			}
			name := filepath.Base(f)
			spec, err := loader("testdata/bad").Load(name, src)
			if err == nil {
				var configs []elab.Configuration
				if configs, err = spec.Configurations(nil); err == nil {
					_, err = spec.Build(configs[0], elab.BuildOptions{})
				}
			}
			var list *source.List
			if !errors.As(err, &list) {
				t.Fatalf("error %v is no list of diagnostics", err)
			}
			for _, d := range list.Diags {
				line := d.Span.Start.Line()
				re, ok := wants[line]
				if !ok {
					t.Errorf("line %d: unexpected: %s (%s)", line, d.Msg, d.Hint)
					continue
				}
				if !regexp.MustCompile(re).MatchString(d.Msg + " | " + d.Hint) {
					t.Errorf("line %d: got %q (%s), want a match of %q", line, d.Msg, d.Hint, re)
				}
				delete(wants, line)
			}
			for n, re := range wants {
				t.Errorf("line %d: nothing was reported, want %q", n, re)
			}
		})
	}
}

// seeds are all .pmd texts of the project.
func seeds(tb testing.TB) [][]byte {
	var out [][]byte
	add := func(f fs.FS) {
		err := fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".pmd") {
				src, err := fs.ReadFile(f, p)
				if err != nil {
					return err
				}
				out = append(out, src)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	add(linux.FS)
	add(specs.FS)
	add(os.DirFS("testdata"))
	return out
}

// FuzzLoad: no text makes the front end or the elaborator panic, whatever it accepts passes Sanity (which Build checks itself), and a sweep that is accepted has configurations or says that
// it has none.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, p := range places {
		for _, x := range []string{"n", "V + 1", "6 / z", "c", p.good} {
			f.Add([]byte(before + strings.Replace(p.text, "@", x, 1)))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		spec, err := loader(".").Load("fuzz.pmd", src)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		configs, err := spec.Configurations(nil)
		if err == nil && len(configs) == 0 {
			t.Error("no configurations, and no error")
		}
		if err != nil || len(configs) > 100 {
			return
		}
		if _, err := spec.Build(configs[0], elab.BuildOptions{}); err != nil && strings.HasPrefix(err.Error(), "internal") {
			t.Error(err)
		}
	})
}
