package traces_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/columns"
	"pmdcheck/traces/dot"
	"pmdcheck/traces/svg"
)

var freshTrace = flag.Bool("traces", false, "find the stored traces anew, then run with -update")

// Renderers are held to stored traces, so that a change of the kernel library or of the search does not change their goldens.
const stored = "testdata/golden"

// TestStoredTraces makes the stored traces, with -traces.
func TestStoredTraces(t *testing.T) {
	if !*freshTrace {
		t.Skip("only with -traces")
	}
	set := func(pairs ...string) (out []model.ConfigValue) {
		for _, p := range pairs {
			n, v, _ := strings.Cut(p, "=")
			out = append(out, model.ConfigValue{Name: n, Value: v})
		}
		return out
	}
	all := map[string]*traces.Trace{}
	for name, ws := range map[string][]*traces.Trace{
		"race_a":       witnesses(t, embedded(t, "seed/race_a"), set("policy=rcu", "target=riscv64", "remote=false", "batch_alloc_may_fail=false"), elab.BuildOptions{}),
		"race_a_grace": witnesses(t, embedded(t, "seed/race_a_unlocked"), set("policy=none", "target=arm64_4k", "remote=false", "batch_alloc_may_fail=false"), elab.BuildOptions{}),
		"race_b":       witnesses(t, embedded(t, "bugs/c0d0381ade79_fault_truncate"), set("era=E1"), elab.BuildOptions{}),
		"race_c":       witnesses(t, embedded(t, "bugs/1013af4f585f_gup_fast_sync"), set("era=E5", "late=true", "target=arm64_4k"), elab.BuildOptions{}),
		"race_d":       witnesses(t, embedded(t, "bugs/a4a118f2eead_unshare_flush"), set("era=E2"), elab.BuildOptions{}),
		"race_e":       witnesses(t, embedded(t, "bugs/081056dc00a2_split_unshare"), set("stage=before"), elab.BuildOptions{}),
		"race_a_sync":  witnesses(t, embedded(t, "seed/race_a_unlocked"), set("policy=rcu", "target=arm64_4k", "remote=false", "batch_alloc_may_fail=true"), elab.BuildOptions{}),
		"dining":       witnesses(t, embedded(t, "classic/dining"), set("N=3", "ordered=false"), elab.BuildOptions{}),
		"peterson":     witnesses(t, embedded(t, "classic/peterson"), set("turn_first=true"), elab.BuildOptions{}),
	} {
		for _, w := range ws {
			all[name+"-"+w.Property] = w
		}
	}
	for from, to := range map[string]string{"invariant small": "invariant", "at the start assertion": "assertion", "first op assertion": "start", "leak l": "leak", "lasso served": "lasso", "rest l": "rest"} {
		all[to] = corpus(t)[from]
	}
	for name, w := range all {
		var b bytes.Buffer
		if err := traces.Write(&b, w); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(stored, name+".json"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGolden draws every stored trace in every way. Look at what -update changes before you commit it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(stored + "/*.json")
	if err != nil || len(files) < 13 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := traces.Read(bytes.NewReader(src))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for ext, render := range map[string]func(io.Writer) error{
			".72.txt":   func(w io.Writer) error { return columns.Render(w, tr, columns.Options{Width: 72, Head: true}) },
			".120.txt":  func(w io.Writer) error { return columns.Render(w, tr, columns.Options{Width: 120}) },
			".200.txt":  func(w io.Writer) error { return columns.Render(w, tr, columns.Options{Width: 200}) },
			".full.txt": func(w io.Writer) error { return columns.Render(w, tr, columns.Options{Full: true}) },
			".svg":      func(w io.Writer) error { return svg.Render(w, tr, svg.Options{}) },
			".dot":      func(w io.Writer) error { return dot.Render(w, tr, dot.Options{}) },
		} {
			t.Run(name+ext, func(t *testing.T) { golden(t, strings.TrimSuffix(f, ".json")+ext, render) })
		}
	}
}

// TestCases: what a trace has to say, a small model for each. Each violated property of it is drawn as columns, DOT and SVG.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.pmd")
	if err != nil || len(files) < 14 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(f, ".pmd")
		ws := witnesses(t, load(t, filepath.Base(name), src), nil, elab.BuildOptions{})
		if len(ws) == 0 {
			t.Errorf("%s violates nothing", f)
		}
		for _, w := range ws {
			what := name
			if len(ws) > 1 {
				what += "-" + w.Property
			}
			for ext, render := range drawings(w) {
				t.Run(filepath.Base(what)+ext, func(t *testing.T) { golden(t, what+ext, render) })
			}
		}
	}
}

// drawings are the ways in which a case is drawn.
func drawings(tr *traces.Trace) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		".txt": func(w io.Writer) error { return columns.Render(w, tr, columns.Options{Width: 100, Head: true}) },
		".svg": func(w io.Writer) error { return svg.Render(w, tr, svg.Options{}) },
		".dot": func(w io.Writer) error { return dot.Render(w, tr, dot.Options{}) },
	}
}

// golden holds a drawing to a file.
func golden(t *testing.T, file string, render func(io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	if m := volatile.Find(b.Bytes()); m != nil {
		t.Errorf("the drawing depends on when or where it was made: %s", m)
	}
	testkit.Golden(t, file, b.Bytes())
}

// volatile is what would make a drawing depend on when or where it was made.
var volatile = regexp.MustCompile(`/(home|root|tmp|work|Users)/|\d\d:\d\d:\d\d|\d+\.\d+m?s\b`)

// FuzzDraw: whatever the reader accepts can be drawn.
func FuzzDraw(f *testing.F) {
	for _, tr := range corpus(f) {
		var b bytes.Buffer
		if err := traces.Write(&b, tr); err != nil {
			f.Fatal(err)
		}
		if b.Len() < 8<<10 { // large inputs are minimised for minutes
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tr, err := traces.Read(bytes.NewReader(src))
		if err != nil {
			return
		}
		for _, opt := range []columns.Options{{}, {Width: 80, Full: true}, {Width: 3, Color: true}} {
			if err := columns.Render(io.Discard, tr, opt); err != nil {
				t.Error(err)
			}
		}
		if err := svg.Render(io.Discard, tr, svg.Options{Full: true}); err != nil {
			t.Error(err)
		}
		if err := dot.Render(io.Discard, tr, dot.Options{Full: true}); err != nil {
			t.Error(err)
		}
	})
}
