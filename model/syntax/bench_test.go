package syntax_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// benchText is our own texts, repeated to about 1 MiB.
func benchText(b *testing.B) []byte {
	b.Helper()
	all := corpus(b)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var once bytes.Buffer
	for _, name := range names {
		once.Write(all[name])
	}
	return bytes.Repeat(once.Bytes(), 1<<20/once.Len())
}

func BenchmarkParse(b *testing.B) {
	set := &source.Set{}
	f := set.Add("bench.pmd", benchText(b))
	b.SetBytes(int64(len(f.Src)))
	b.ReportAllocs()
	for b.Loop() {
		diags := &source.List{Files: set}
		syntax.Parse(f, diags)
		if diags.Err() != nil {
			b.Fatal(diags)
		}
	}
}

func BenchmarkPrint(b *testing.B) {
	f, diags := parse(benchText(b))
	if diags.Err() != nil {
		b.Fatal(diags)
	}
	b.SetBytes(int64(len(f.Source.Src)))
	b.ReportAllocs()
	for b.Loop() {
		if err := syntax.Print(io.Discard, f); err != nil {
			b.Fatal(err)
		}
	}
}
