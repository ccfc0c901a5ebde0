package dot_test

import (
	"bytes"
	"os/exec"
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
	bin, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed; scripts/test installs it")
	}
	cmd := exec.Command(bin, "-Tsvg")
	cmd.Stdin = &a
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("dot: %v\n%s", err, out)
	}
}
