package source_test

import (
	"os"

	"pmdcheck/model/source"
)

// A diagnostic shows its place, and what to do.
func ExampleList_Render() {
	files := &source.Set{}
	f := files.Add("wrong.pmd", []byte("u2 count;\nprocess p { cuont = 1; }\n"))
	list := &source.List{Files: files}
	at := source.Span{Start: source.MakePos(f.ID, 2, 13), End: source.MakePos(f.ID, 2, 18)}
	list.Add(source.Diagnostic{Code: "unknown-name", Span: at, Msg: "unknown name 'cuont'", Hint: source.DidYouMean("cuont", []string{"count"})})
	_ = list.Render(os.Stdout)
	// Output:
	// wrong.pmd:2:13: error: unknown name 'cuont' [unknown-name]
	//     process p { cuont = 1; }
	//                 ^~~~~
	//     hint: did you mean 'count'?
}
