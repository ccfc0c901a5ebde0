package dot_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pmdcheck/traces"
	"pmdcheck/traces/dot"
)

// TestHostileText: whatever a trace says, the drawing is valid DOT, and the same bytes each time.
func TestHostileText(t *testing.T) {
	nasty := "a\"b\\c\nd<e>&{f|g}\x00é"
	tr := &traces.Trace{
		Spec: nasty, Property: nasty, Message: nasty,
		Processes: []traces.Process{{Name: nasty, CPU: 0, MM: nasty}, {Name: "q", CPU: -1}},
		Steps: []traces.Step{
			{Process: 0, Label: nasty, Ops: []traces.Operation{{Visible: true, Kind: "assign", Call: -1, Text: nasty, Writes: []traces.Assign{{Cell: "x", Old: "0", New: nasty}}}}},
			{Process: 1, Label: "read", Ops: []traces.Operation{{Visible: true, Kind: "branch", Call: -1, Text: nasty, Reads: []traces.Access{{Cell: "x", Value: nasty}}}}},
			{Process: 0, Label: "write", Fatal: true, Message: nasty, Ops: []traces.Operation{{Visible: true, Kind: "assign", Call: -1, Writes: []traces.Assign{{Cell: "x", New: "2"}}}}},
		},
	}
	var a, b bytes.Buffer
	if err := dot.Render(&a, tr, dot.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := dot.Render(&b, tr, dot.Options{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two renderings differ")
	}
	// The write of step 1 is read in step 2 by the other process; step 3 comes behind step 1 in the lane of its process.
	for _, edge := range []string{"n0_0 -> n1_1 [constraint=false, label=\"reads x\"", "n0_0 -> n1_0 [weight", "n1_0 -> n2_0 [weight"} {
		if !strings.Contains(a.String(), edge) {
			t.Errorf("no edge %s\n%s", edge, a.String())
		}
	}
	passes(t, "hostile text", a.Bytes())
}

// passes runs a drawing through Graphviz, which complains on stderr also where it goes on.
func passes(t *testing.T, name string, src []byte) {
	t.Helper()
	bin, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed; scripts/test installs it")
	}
	cmd := exec.Command(bin, "-Tsvg")
	cmd.Stdin = bytes.NewReader(src)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if _, err := cmd.Output(); err != nil || errs.Len() > 0 {
		t.Errorf("%s: dot: %v\n%s", name, err, errs.String())
	}
}

// TestGrid: as Graphviz places them, lanes are straight and stand in the order of their titles, the steps of a row are at one height, and time runs down.
func TestGrid(t *testing.T) {
	bin, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed; scripts/test installs it")
	}
	files, err := filepath.Glob("../testdata/*/*.dot")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		out, err := exec.Command(bin, "-Tplain", f).Output()
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		x, y := map[int]float64{}, map[int]float64{} // of a lane, of a row
		for _, l := range strings.Split(string(out), "\n") {
			var row, lane int
			var px, py float64
			if n, _ := fmt.Sscanf(l, "node n%d_%d %f %f", &row, &lane, &px, &py); n != 4 {
				continue
			}
			if was, ok := x[lane]; ok && math.Abs(was-px) > 0.05 {
				t.Errorf("%s: lane %d bends, from %.2f to %.2f", f, lane, was, px)
			}
			if was, ok := y[row]; ok && math.Abs(was-py) > 0.05 {
				t.Errorf("%s: row %d is not at one height", f, row)
			}
			x[lane], y[row] = px, py
		}
		for lane := 1; lane < len(x); lane++ {
			if x[lane] <= x[lane-1] {
				t.Errorf("%s: lane %d stands left of lane %d", f, lane, lane-1)
			}
		}
		for row := 1; row < len(y); row++ {
			if y[row] >= y[row-1] {
				t.Errorf("%s: row %d is not below row %d", f, row, row-1)
			}
		}
	}
}

// TestGraphviz: every stored drawing passes, and so does a state space with hostile text, cut, in every colour.
func TestGraphviz(t *testing.T) {
	files, err := filepath.Glob("../testdata/*/*.dot")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		passes(t, f, src)
	}
	nasty := "a\"b\\c\nd<e>&{f|g}"
	s := &dot.Space{Title: nasty, Cut: 3, Nodes: []dot.Node{{Lines: []string{nasty}}, {Lines: []string{"x = 1", nasty}, Bad: nasty}, {More: 2, Lines: []string{"y"}}}}
	for p := range 10 {
		s.Edges = append(s.Edges, dot.Edge{From: 0, To: p % 3, Label: nasty, Process: p, Bad: p == 4})
	}
	var b bytes.Buffer
	if err := dot.States(&b, s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "cut: at least 3 more states") || !strings.Contains(b.String(), "… 2 more") {
		t.Errorf("it does not say what was cut:\n%s", b.String())
	}
	passes(t, "states", b.Bytes())
}
