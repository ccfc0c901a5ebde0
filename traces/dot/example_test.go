package dot_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/dot"
)

// A run as a graph: a lane per CPU, and an edge for what has to come before what.
func ExampleRender() {
	spec, _ := (&elab.Loader{}).Load("late.pmd", []byte("u1 flag; process a on cpu 0 { flag = 1; } process b on cpu 1 { assert (flag == 0); }"))
	cells, _ := spec.Cells(nil)
	sys, _ := spec.Build(cells[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = dot.Render(os.Stdout, res.Violations[0].Witness)
	// Output:
	// digraph trace {
	// 	rankdir=TB;
	// 	labelloc=t;
	// 	label="late: assertion\nb: assertion failed: assert (flag == 0)";
	// 	fontname="monospace";
	// 	node [shape=box, fontname="monospace", fontsize=10];
	// 	edge [fontname="monospace", fontsize=9];
	// 	subgraph cluster_0 {
	// 		label="CPU 0";
	// 		color=gray;
	// 		s1 [label="1 a\lflag = 1\l  flag = 1\l"];
	// 	}
	// 	subgraph cluster_1 {
	// 		label="CPU 1";
	// 		color=gray;
	// 		s2 [label="2 b\lassert (flag == 0)\l  flag -> 1\lb: assertion failed: assert (flag == 0)\l", style=filled, fillcolor="#ffb3b3", color=red, penwidth=2];
	// 	}
	// 	s1 -> s2 [style=dashed, color=blue, constraint=true];
	// }
}
