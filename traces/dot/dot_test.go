package dot_test

import (
	"bytes"
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
			{Process: 0, Label: nasty, Ops: []traces.Operation{{Text: nasty, Writes: []traces.Assign{{Cell: "x", Old: "0", New: nasty}}}}},
			{Process: 1, Label: "read", Ops: []traces.Operation{{Reads: []traces.Access{{Cell: "x", Value: nasty}}}}},
			{Process: 0, Label: "write", Fatal: true, Message: nasty, Ops: []traces.Operation{{Writes: []traces.Assign{{Cell: "x", New: "2"}}}}},
		},
	}
	var a, b bytes.Buffer
	if err := dot.Render(&a, tr); err != nil {
		t.Fatal(err)
	}
	if err := dot.Render(&b, tr); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two renderings differ")
	}
	// The write happens before the read, the read before the next write; program order 1 -> 3 follows from both and is not drawn.
	for edge, want := range map[string]bool{"s1 -> s2": true, "s2 -> s3": true, "s1 -> s3": false} {
		if strings.Contains(a.String(), edge) != want {
			t.Errorf("edge %s: present %v, want %v\n%s", edge, !want, want, a.String())
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

// TestGraphviz: every stored drawing passes, and so does a state space with hostile text, cut, in every colour.
func TestGraphviz(t *testing.T) {
	files, err := filepath.Glob("../testdata/golden/*.dot")
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
