package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pmdcheck/checker/report"
	"pmdcheck/internal/testkit"
)

func notes() *report.Notes {
	return &report.Notes{
		Title: "6.1.192: v6.1 with 2 features of other releases", Text: "2 to look at, 1 unknown.",
		Rules: []report.NoteRule{{ID: "call-site", Text: "A caller that no model covers.", InOrder: "3 covered"}, {ID: "not-read", Text: "What could not be read."}, {ID: "claim", Text: "A claim."}},
		Notes: []report.Note{
			{Rule: "call-site", Key: "f in g", File: "mm/x.c", Line: 7, Text: "g uses f, <and> no model covers it"},
			{Rule: "call-site", Key: "a_b in *c*", File: "mm/y.c", Line: 0, Text: "*c* uses a_b", Detail: []string{"```", "  8 + lock ptl"}},
			{Rule: "not-read", Key: "mm/z.c", File: "mm/z.c", Line: 1, Text: "mm/z.c: not a text", Unknown: true},
		},
	}
}

// TestNotes: what is found about a tree in each format, held against the schemas of the formats.
func TestNotes(t *testing.T) {
	n := notes()
	sarif := written(t, n.WriteSARIF)
	junit := written(t, n.WriteJUnit)
	testkit.Golden(t, filepath.Join("testdata", "notes.sarif"), sarif)
	testkit.Golden(t, filepath.Join("testdata", "notes.xml"), junit)
	testkit.Golden(t, filepath.Join("testdata", "notes.md"), written(t, n.WriteMarkdown))
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range [][]byte{sarif, written(t, (&report.Notes{Title: "nothing"}).WriteSARIF)} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed; scripts/test installs it")
	}
	file := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(file, junit, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(lint, "--noout", "--schema", "junit.xsd", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
