package graphviz_test

import (
	"errors"
	"strings"
	"testing"

	"pmdcheck/internal/graphviz"
)

// TestDrawing: what each call writes, text with every character that means something to Graphviz.
func TestDrawing(t *testing.T) {
	var b strings.Builder
	g := graphviz.New(&b, "d", graphviz.Label("a\nb"))
	g.Cluster(3, "color=gray")
	g.Node("x", graphviz.Left("one \"line\" \\ of\r text"), "")
	g.Node("y", graphviz.Left("two\nlines"), "color=red")
	g.End()
	g.Edge("x", "y", "", "style=dashed")
	g.Edge("y", graphviz.Quote("z\x00"))
	g.Same("x", "y")
	g.Ordered("x", "y")
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	want := `digraph d {
	label="a\nb";
	subgraph cluster_3 {
		color=gray;
		x [label="one \"line\" \\ of text"];
		y [label="two\llines\l", color=red];
	}
	x -> y [style=dashed];
	y -> "z";
	{ rank=same; x; y; }
	{ rank=same; x -> y [style=invis]; }
}
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestError: what goes wrong at the first byte is told at the end.
func TestError(t *testing.T) {
	g := graphviz.New(broken{}, "d")
	for range 10_000 {
		g.Node("x")
	}
	if err := g.Close(); err == nil {
		t.Error("no error")
	}
}
