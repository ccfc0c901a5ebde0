package columns_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pmdcheck/traces"
	"pmdcheck/traces/columns"
)

func read(t testing.TB, name string) *traces.Trace {
	t.Helper()
	f, err := os.Open("../testdata/golden/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := traces.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func render(t testing.TB, tr *traces.Trace, opt columns.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := columns.Render(&b, tr, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var all = []string{
	"race_a-no_use_after_free", "race_a-no_ptl_use_after_free", "race_a-no_wild_walk", "race_a_grace-no_use_after_free", "race_a_sync-no_use_after_free",
	"dining-no_deadlock", "peterson-mutual_exclusion", "invariant", "leak",
}

// TestWidth: no line is wider than asked for, none ends in a blank.
func TestWidth(t *testing.T) {
	for _, name := range all {
		tr := read(t, name)
		for _, width := range []int{80, 100, 120, 200} {
			for i, line := range strings.Split(render(t, tr, columns.Options{Width: width}), "\n") {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("%s at %d: line %d has %d columns", name, width, i+1, n)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d: line %d ends in a blank", name, width, i+1)
				}
			}
		}
	}
}

// TestNames: however narrow the table, every name stands in it whole, and so does what becomes of the object.
func TestNames(t *testing.T) {
	for _, name := range all {
		tr := read(t, name)
		var b bytes.Buffer
		if err := columns.Render(&b, tr, columns.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{40, 72} {
			narrow := strings.Fields(render(t, tr, columns.Options{Width: width}))
			for _, word := range strings.Fields(b.String()) {
				if !slices.Contains(narrow, word) {
					t.Errorf("%s at %d: %q is not there, or broken", name, width, word)
				}
			}
		}
	}
}

// TestReaderKnows: the table alone says which CPU frees the table and which one touches it: the free stands in the freer's column, the access in the other's,
// and the column of the table says freed before that.
func TestReaderKnows(t *testing.T) {
	out := render(t, read(t, "race_a-no_use_after_free"), columns.Options{Width: 120})
	lines := strings.Split(out, "\n")
	find := func(text string) (line, at int) {
		for i, l := range lines {
			if k := strings.Index(l, text); k >= 0 && i > 4 {
				return i, k
			}
		}
		t.Fatalf("%q is not in\n%s", text, out)
		return 0, 0
	}
	head, cpu0 := find("CPU 0 (m1: walker)")
	_, cpu1 := find("CPU 1 (m1: zapper)")
	_, cpu2 := find("CPU 2 (m2: exiter)")
	_, table := find("ptdesc X")
	unshare, a := find("m1.pud[0] = NULL")
	freed, b := find("X freed")
	use, c := find("pte = *ptep")
	mark, _ := find("^^^ use after free")
	if !(head < unshare && unshare < freed && freed < use && use+1 == mark) {
		t.Errorf("lines of header, unshare, free, use, mark: %d %d %d %d %d", head, unshare, freed, use, mark)
	}
	if !(cpu0 <= c && c < cpu1 && cpu1 <= a && a < cpu2 && cpu2 <= b && b < table) {
		t.Errorf("something stands in the wrong column:\n%s", out)
	}
	if !strings.HasSuffix(lines[freed], "  freed") {
		t.Errorf("the table is not marked as freed: %q", lines[freed])
	}
	first := strings.Join(strings.Fields(strings.Join(lines[:8], " ")), " ")
	for _, want := range []string{
		"CPU 2 (m2: exiter) frees X at step 31", "CPU 0 (m1: walker) reads X.entry afterwards, at step 32",
		"CPU 0 is inside rcu_read_lock() since step 1, which should have covered it, but X is freed without waiting for a grace period.",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the sentences do not say %q:\n%s", want, first)
		}
	}
}

// TestColor: control sequences only where they are asked for, and nothing else changes.
func TestColor(t *testing.T) {
	for _, name := range all {
		tr := read(t, name)
		bare, color := render(t, tr, columns.Options{Width: 100}), render(t, tr, columns.Options{Width: 100, Color: true})
		if strings.ContainsRune(bare, '\x1b') || !strings.ContainsRune(color, '\x1b') {
			t.Errorf("%s: control sequences where there should be none, or none where there should be", name)
		}
		var b strings.Builder
		for i, part := range strings.Split(color, "\x1b[") {
			if i > 0 {
				_, part, _ = strings.Cut(part, "m")
			}
			b.WriteString(part)
		}
		if b.String() != bare {
			t.Errorf("%s: colour changes the text", name)
		}
	}
}

// TestNothing: traces without steps or processes, and texts that do not fit, are drawn without a panic.
func TestNothing(t *testing.T) {
	for _, tr := range []*traces.Trace{
		{},
		{Message: "invariant small is false"},
		{Processes: []traces.Process{{Name: "p", CPU: -1}}, Steps: []traces.Step{{Fatal: true, Property: "x"}}},
		{Processes: []traces.Process{{Name: strings.Repeat("long", 40), CPU: 0}}, Steps: []traces.Step{
			{Ops: []traces.Operation{{Visible: true, Kind: "assign", Call: -1, Text: strings.Repeat("x", 300), Writes: []traces.Assign{{Cell: strings.Repeat("y", 300), New: "1"}}}}},
		}},
	} {
		for _, width := range []int{0, 1, 20, 80} {
			for _, full := range []bool{false, true} {
				render(t, tr, columns.Options{Width: width, Full: full})
			}
		}
	}
}
