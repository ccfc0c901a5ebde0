package dot_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/dot"
)

// A run as a graph: a lane per CPU, time downwards, and an arrow across lanes for what is read there.
func ExampleRender() {
	spec, _ := (&elab.Loader{}).Load("late.pmd", []byte("u1 flag; process a on cpu 0 { flag = 1; } process b on cpu 1 { assert (flag == 0); }"))
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = dot.Render(os.Stdout, res.Violations[0].Witness, dot.Options{})
	// Output:
	// digraph trace {
	// 	rankdir=TB;
	// 	newrank=true;
	// 	ranksep=0.12;
	// 	nodesep=0.3;
	// 	labelloc=t;
	// 	labeljust=l;
	// 	label="late: assertion\l\lCPU 1 (b) finds flag == 1 at step 2: assertion failed.\lCPU 0 (a) set flag to 1 at step 1.\l \l";
	// 	fontname="monospace";
	// 	fontsize=11;
	// 	node [shape=box, fontname="monospace", fontsize=10, height=0.1, margin="0.08,0.04", style=filled, fillcolor=white, color=gray50];
	// 	edge [fontname="monospace", fontsize=9];
	// 	step [label="step", shape=plain, fillcolor=none, fontcolor=gray40, group=steps];
	// 	h0 [label="CPU 0 (a)", shape=plain, fillcolor=none, fontsize=11, fontname="monospace bold", group=l0];
	// 	h1 [label="CPU 1 (b)", shape=plain, fillcolor=none, fontsize=11, fontname="monospace bold", group=l1];
	// 	{ rank=same; step -> h0 -> h1 [style=invis]; }
	// 	t0 [label="1", shape=plain, fillcolor=none, fontcolor=gray40, group=steps];
	// 	n0_0 [label="flag = 1", group=l0];
	// 	n0_1 [shape=point, width=0.03, color="gray85", fillcolor="gray85", group=l1];
	// 	{ rank=same; t0; n0_0; n0_1; }
	// 	step -> t0 [style=invis, weight=50];
	// 	t1 [label="2", shape=plain, fillcolor=none, fontcolor=gray40, group=steps];
	// 	n1_0 [shape=point, width=0.03, color="gray85", fillcolor="gray85", group=l0];
	// 	n1_1 [label="flag == 1\l^^^ assertion failed\l", group=l1, fillcolor="#ffd6d6", color=red, penwidth=2];
	// 	{ rank=same; t1; n1_0; n1_1; }
	// 	t0 -> t1 [style=invis, weight=50];
	// 	h0 -> n0_0 [weight=20, color="gray85", arrowhead=none];
	// 	n0_0 -> n1_0 [weight=20, color="gray85", arrowhead=none, headclip=false];
	// 	h1 -> n0_1 [weight=20, color="gray85", arrowhead=none, headclip=false];
	// 	n0_1 -> n1_1 [weight=20, color="gray85", arrowhead=none, tailclip=false];
	// 	n0_0 -> n1_1 [constraint=false, label="reads flag", color="#1f5fa8", fontcolor="#1f5fa8"];
	// }
}
