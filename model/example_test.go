package model_test

import (
	"fmt"

	"pmdcheck/model/elab"
)

// A system is data: locations and transitions with their operations, which can be walked, written down, and told apart by a digest.
func ExampleSystem() {
	spec, err := (&elab.Loader{}).Load("two.pmd", []byte("u1 x;\nprocess p { x = 1; await (x == 0); }\nprocess q { x = 0; }\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	for _, p := range sys.Processes {
		for _, t := range p.Trans {
			for i := range t.Code {
				fmt.Printf("%s, from location %d: %s\n", p.Name, t.From, sys.OpString(&t.Code[i]))
			}
		}
	}
	fmt.Println(len(sys.Sanity()), "complaints")
	// Output:
	// p, from location 0: x = 1
	// p, from location 0: goto 1
	// p, from location 1: await x == 0
	// p, from location 1: goto 2
	// q, from location 0: x = 0
	// q, from location 0: goto 1
	// 0 complaints
}
