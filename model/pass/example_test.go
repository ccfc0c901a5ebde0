package pass_test

import (
	"fmt"

	"pmdcheck/model/elab"
	"pmdcheck/model/pass"
)

// A pass makes a system of a system: here one in which stores wait in buffers.
func ExampleTSO() {
	spec, err := (&elab.Loader{}).Load("sb.pmd", []byte("u1 x; u1 y;\nprocess p { x = 1; u1 r = y; y = r; }\nprocess q { y = 1; u1 r = x; x = r; }\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	weak := pass.TSO(sys, pass.TSOOptions{})
	for _, p := range weak.Processes {
		fmt.Println(p.Name, weak.IsBuffer(p.ID))
	}
	fmt.Println(len(weak.Sanity()), "complaints")
	// Output:
	// p false
	// q false
	// p.buffer true
	// q.buffer true
	// 0 complaints
}
