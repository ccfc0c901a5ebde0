package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/linux"
)

// TestEveryFeatureIsDetected: a feature that nobody has said how to find is unknown in every tree.
func TestEveryFeatureIsDetected(t *testing.T) {
	b, err := linux.FS.ReadFile("kernel/features.pmd")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLibrary(map[string]string{"linux/kernel/features.pmd": string(b)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ReadDetection("features.detect", linux.Detect); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.Undetected() {
		t.Errorf("features.detect does not say how to find every value of %s", f)
	}
}

const detecting = `
feature locks_table fix since v6.5 commit "349d1670008d"
	"one";
feature walks design since v5.4
	"two";
feature asks = { pages, counter since v6.13 } fix
	"three";
feature shares interface until v6.16
	"four";
`

const detection = `
locks_table yes  mm/a.c share calls spin_lock page_table_lock and mm/a.c share not calls pte_lock
locks_table no   mm/a.c share calls pte_lock found and mm/a.c share not mentions page_table_lock
walks yes        mm/a.c orders_it orders first second
walks no         mm/a.c orders_it orders second first
asks pages       mm/a.c|mm/b.c asking mentions count == 1
asks counter     include/linux/a.h defines counter and mm/a.c not mentions page_count
shares yes       arch/x86/Kconfig selects WANT
shares no        arch/x86/Kconfig selects-if WANT
`

// detectIn finds the features of a tree of some files.
func detectIn(t *testing.T, files map[string]string) map[string]Feature {
	t.Helper()
	dir := t.TempDir()
	files["Makefile"] = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n"
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := ReadLibrary(map[string]string{"linux/x.pmd": detecting})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ReadDetection("detect", detection); err != nil {
		t.Fatal(err)
	}
	doc, err := Run(dir, l, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Feature{}
	for _, f := range doc.Features {
		out[f.Name] = f
	}
	return out
}

func TestDetect(t *testing.T) {
	const (
		share   = "void share(void)\n{\n\tspin_lock(&vma->vm_mm->page_table_lock);\n}\n"
		old     = "void share(void)\n{\n\tpte_lock(h, mm, found);\n}\n"
		order   = "void orders_it(void)\n{\n\tfirst();\n\tsecond();\n}\n"
		asking  = "void asking(void)\n{\n\treturn count == 1;\n}\n"
		counter = "#define counter(x) ((x)->n)\n"
		kconfig = "config X86\n\tselect WANT\n"
	)
	for _, tc := range []struct {
		name, feature string
		files         map[string]string
		value, why    string
		at            string
	}{
		{"a call with the word among its arguments", "locks_table", map[string]string{"mm/a.c": share}, "true", "", "mm/a.c:3 mm/a.c:1"},
		{"the other shape", "locks_table", map[string]string{"mm/a.c": old}, "false", "", "mm/a.c:3 mm/a.c:1"},
		{"another lock", "locks_table", map[string]string{"mm/a.c": strings.ReplaceAll(share, "page_table_lock", "ptl")}, "", "the source shows neither", ""},
		{"both", "locks_table", map[string]string{"mm/a.c": strings.ReplaceAll(share, "}\n", "\tpte_lock(found);\n}\n")}, "", "the source shows neither", ""},
		{"a comment", "locks_table", map[string]string{"mm/a.c": "void share(void)\n{\n\t/* spin_lock(page_table_lock) */\n}\n"}, "", "the source shows neither", ""},
		{"code that is never compiled", "locks_table", map[string]string{"mm/a.c": "#if 0\n" + share + "#endif\n" + old}, "false", "", "mm/a.c:9 mm/a.c:7"},
		{"no such function", "locks_table", map[string]string{"mm/a.c": order}, "", "mm/a.c has no share", ""},
		{"no such file", "locks_table", map[string]string{"mm/b.c": order}, "", "mm/a.c is not there", ""},
		{"what cannot be read denies nothing", "locks_table", map[string]string{"mm/a.c": share + "void g(void)\n{\n"}, "", "mm/a.c:5: braces do not match", ""},
		{"in this order", "walks", map[string]string{"mm/a.c": order}, "true", "", "mm/a.c:3"},
		{"in the other", "walks", map[string]string{"mm/a.c": "void orders_it(void)\n{\n\tsecond();\n\tfirst();\n}\n"}, "false", "", "mm/a.c:3"},
		{"several tokens, in one of two files", "asks", map[string]string{"mm/b.c": asking}, "pages", "", "mm/b.c:3"},
		{"a macro", "asks", map[string]string{"include/linux/a.h": counter, "mm/a.c": order}, "counter", "", "include/linux/a.h:1 mm/a.c:1"},
		{"two values", "asks", map[string]string{"include/linux/a.h": counter, "mm/a.c": asking}, "", "the source shows both pages and counter", "mm/a.c:3 include/linux/a.h:1 mm/a.c:1"},
		{"Kconfig", "shares", map[string]string{"arch/x86/Kconfig": kconfig}, "true", "", "arch/x86/Kconfig:2"},
		{"Kconfig with a condition", "shares", map[string]string{"arch/x86/Kconfig": "config X86\n\tselect WANT if X86_64\n"}, "false", "", "arch/x86/Kconfig:2"},
		{"Kconfig without", "shares", map[string]string{"arch/x86/Kconfig": "# select WANT\n"}, "", "the source shows neither", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := detectIn(t, tc.files)[tc.feature]
			var at []string
			for _, p := range f.At {
				at = append(at, p.String())
			}
			if d := cmp.Diff([]string{tc.value, tc.why, tc.at}, []string{f.Value, f.Why, strings.Join(at, " ")}); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestDefaults: what a release has is said beside what the tree has.
func TestDefaults(t *testing.T) {
	for name, want := range map[string]string{"locks_table": "false", "walks": "true", "asks": "pages", "shares": "true"} {
		if got := detectIn(t, map[string]string{})[name].Default; got != want {
			t.Errorf("%s is %s in v6.1, want %s", name, got, want)
		}
	}
}

func TestBadDetection(t *testing.T) {
	for text, want := range map[string]string{
		"nothing yes mm/a.c f calls g":               "the library has no feature nothing",
		"walks maybe mm/a.c f calls g":               "maybe is no value of walks",
		"asks yes mm/a.c f calls g":                  "yes is no value of asks",
		"walks yes mm/a.c f runs g":                  "a clause is FILE",
		"walks yes mm/a.c f h calls g":               "several functions are written with |",
		"walks yes mm/a.c f orders a":                "orders takes 2 to 2 words",
		"walks yes mm/a.c f not orders a b":          "the other order is an order of its own",
		"walks yes mm/a.c f defines g":               "defines is of a file",
		"walks yes mm/a.c f calls g and":             "nothing follows and",
		"walks yes":                                  "a line is FEATURE VALUE CLAUSE",
		"walks yes mm/a.c f calls g and h calls":     "calls takes 1 to 2 words",
		"walks yes mm/a.c f calls g and and calls x": "a clause is FILE",
	} {
		l, err := ReadLibrary(map[string]string{"linux/x.pmd": detecting})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.ReadDetection("detect", text); err == nil || !strings.HasPrefix(err.Error(), "detect, line 1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
