package story_test

import (
	"context"
	"fmt"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/story"
)

// What a run is about is found in the trace alone.
func ExampleTell() {
	const src = `
property no_use "a freed table is not used";
@use(no_use) struct table { u1 entry; };
struct table T;
process walker on cpu 0 { struct table *t = &T; t->entry = 1; }
process freer on cpu 1 { free (&T); }
`
	spec, _ := (&elab.Loader{}).Load("freed.pmd", []byte(src))
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := story.Tell(res.Violations[0].Witness)
	fmt.Println("about:", s.About)
	for _, l := range s.Text {
		fmt.Println(l)
	}
	// Output:
	// about: [T]
	// CPU 1 (freer) frees T at step 1. CPU 0 (walker) writes T.entry afterwards, at step 2.
	// Nothing covers it: CPU 0 holds no lock that CPU 1 would have to take, and nothing that a grace period or an IPI waits for.
}
