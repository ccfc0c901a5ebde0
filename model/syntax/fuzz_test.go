package syntax_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

func addSeeds(f *testing.F) {
	for _, src := range corpus(f) {
		f.Add(src)
	}
	bad, err := filepath.Glob("testdata/bad/*.pmd")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range bad {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
		for _, line := range bytes.SplitAfter(src, []byte("\n")) { // one mistake alone
			f.Add(line)
		}
	}
}

// FuzzScan: tokens lie in the text in order, their positions are those of the file, and what lies between them is white space, a comment or was
// reported.
func FuzzScan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if bytes.IndexByte(src, 0) >= 0 {
			return // refused before it is scanned
		}
		set := &source.Set{}
		diags := &source.List{Files: set}
		file := set.Add("fuzz.pmd", src)
		toks, comments := syntax.Scan(file, diags)
		end := 0
		for i, l := range toks {
			if l.Start < end || l.End < l.Start || l.End > len(src) || l.End == l.Start && l.Tok != syntax.EOF {
				t.Fatalf("token %d %q lies at %d..%d, behind %d", i, l.Text, l.Start, l.End, end)
			}
			if l.Span.Start != file.Pos(l.Start) || l.Span.End != file.Pos(l.End) {
				t.Fatalf("token %q at %d..%d has the wrong position", l.Text, l.Start, l.End)
			}
			if l.Tok == syntax.ILLEGAL || l.Tok == syntax.COMMENT {
				t.Fatalf("token %q is a %s", l.Text, l.Tok)
			}
			between := bytes.TrimSpace(bytes.TrimPrefix(src[end:l.Start], []byte("\uFEFF")))
			if len(between) > 0 && len(comments) == 0 && len(diags.Diags) == 0 {
				t.Fatalf("%q was dropped without a word", between)
			}
			end = l.End
		}
		for i, c := range comments {
			if i > 0 && c.Sp.Start < comments[i-1].Sp.End || c.Sp.End < c.Sp.Start {
				t.Fatalf("comment %q is out of order", c.Text)
			}
		}
	})
}

// FuzzParsePrint: no text makes the parser panic or say nothing about a hole in its tree, and every text it accepts formats to one that has the same
// tree and formats to itself.
func FuzzParsePrint(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		file, diags := parse(src)
		if file == nil {
			t.Fatal("no tree")
		}
		if len(diags.Diags) > 0 {
			if rendered(diags) == "" {
				t.Fatal("errors without text")
			}
			return
		}
		if hasBad(file) {
			t.Fatal("a tree with holes, but no error")
		}
		checkRoundTrip(t, src)
	})
}
