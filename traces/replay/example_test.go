package replay_test

import (
	"context"
	"fmt"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/replay"
)

// A trace is proved by the model that it is of, and refused by another.
func ExampleReplay() {
	const src = "u2 n; process a { n = %d; } process b { assert (n == 0); }"
	spec, _ := (&elab.Loader{}).Load("late.pmd", fmt.Appendf(nil, src, 1))
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	witness := res.Violations[0].Witness
	fmt.Println(len(witness.Steps), "steps:", replay.Replay(sys, witness))
	other, _ := (&elab.Loader{}).Load("late.pmd", fmt.Appendf(nil, src, 2))
	configs, _ = other.Configurations(nil)
	sys, _ = other.Build(configs[0], elab.BuildOptions{})
	err = replay.Replay(sys, witness)
	why, _, _ := strings.Cut(err.Error(), ":")
	fmt.Println(why)
	// Output:
	// 2 steps: <nil>
	// the trace is of another model
}
