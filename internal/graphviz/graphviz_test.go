package graphviz_test

import (
	"bytes"
	"context"
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

// TestLay: a graph comes back with every node and edge in its box, the second node below the first.
func TestLay(t *testing.T) {
	var b bytes.Buffer
	g := graphviz.New(&b, "g")
	g.Edge("a", "b", graphviz.Label("one \"two\"\nthree"))
	g.Edge("b", "b")
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := graphviz.Lay(context.Background(), b.Bytes())
	if errors.Is(err, graphviz.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Nodes) != 2 || len(p.Edges) != 2 || p.Nodes["a"][1] >= p.Nodes["b"][1] {
		t.Errorf("%+v", p)
	}
	for _, e := range p.Edges {
		if len(e.Points) < 4 || len(e.Points)%3 != 1 {
			t.Errorf("%d points", len(e.Points))
		}
		for _, q := range append(e.Points, e.End) {
			if q[0] < -1 || q[0] > p.Width+1 || q[1] < -1 || q[1] > p.Height+1 {
				t.Errorf("%v is outside", q)
			}
		}
	}
	if _, err := graphviz.Lay(context.Background(), []byte("digraph {")); err == nil {
		t.Error("half a graph is laid out")
	}
}
