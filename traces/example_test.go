package traces_test

import (
	"bytes"
	"context"
	"fmt"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

// A trace is plain data: what is written can be read elsewhere, without the spec.
func Example() {
	const src = "u2 n; process a { n = 1; } process b { assert (n == 0); }"
	spec, _ := (&elab.Loader{}).Load("late.pmd", []byte(src))
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var stored bytes.Buffer
	if err := traces.Write(&stored, res.Violations[0].Witness); err != nil {
		fmt.Println(err)
		return
	}
	t, err := traces.Read(&stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Spec, t.Property+":", t.Message)
	for _, s := range t.Steps {
		fmt.Print(t.Processes[s.Process].Name, " at ", s.Pos)
		for _, op := range s.Ops {
			for _, w := range op.Writes {
				fmt.Printf(", %s = %s", w.Cell, w.New)
			}
		}
		fmt.Println()
	}
	// Output:
	// late assertion: b: assertion failed: assert (n == 0)
	// a at late.pmd:1:19, n = 1
	// b at late.pmd:1:40
}
