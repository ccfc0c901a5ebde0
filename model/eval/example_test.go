package eval_test

import (
	"fmt"

	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
)

// A run, step by step: always the first of what can be done.
func ExampleInterp() {
	spec, err := (&elab.Loader{}).Load("count.pmd", []byte("u2 n;\nprocess up { n = n + 1; await (n == 2); }\nprocess more { n = n + 1; }\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	in := eval.New(sys, eval.Options{})
	s, _ := in.Initial()
	for moves := in.Enabled(s); len(moves) > 0; moves = in.Enabled(s) {
		out := in.Step(s, moves[0])
		for _, e := range out.Events {
			for _, a := range e.Accesses {
				if a.Write {
					fmt.Printf("%s: %s = %d\n", sys.Processes[moves[0].Proc].Name, sys.CellName(a.Cell), a.New)
				}
			}
		}
		s = out.Next
	}
	fmt.Println("everybody has ended:", in.Quiescent(s))
	// Output:
	// up: up.$1 = 0
	// up: n = 1
	// more: more.$1 = 1
	// more: n = 2
	// everybody has ended: true
}
