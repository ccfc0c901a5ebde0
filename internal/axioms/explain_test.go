package axioms

import (
	"bytes"
	"context"
	"encoding/xml"
	"html"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestForbidden: of a shape that is forbidden the axiom is named that the literature names, and the cycle closes over events that are there.
func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		test  string
		model Model
		axiom string
		kinds string // of the edges, in order of the cycle from some event
	}{
		{"MP+wmb+rmb", LKMM, "happens-before", "fr wmb rf rmb"},
		{"MP+wmb+addr", LKMM, "happens-before", "fr wmb rf addr"},
		{"LB+fake+fake", LKMM, "happens-before", "data rf data rf"},
		{"SB+mb+mb", LKMM, "propagation", "fr mb fr mb"},
		{"WRC+rel+acq", LKMM, "happens-before", "fr rf po-rel rf acq-po"},
		{"IRIW+mb+mb", LKMM, "propagation", "fr rf mb fr rf mb"},
		{"RCU-MP", LKMM, "rcu", ""},
		{"CoRR", LKMM, "coherence", "fr rf po-loc"},
		{"inc+inc", LKMM, "atomicity", "fr co"},
		{"plain-MP+rel+acq", LKMM, "plain-coherence", "fr"},
		{"MP", SC, "order", "fr po rf po"},
		{"SB", SC, "order", "fr po fr po"},
		{"SB+mb+mb", TSO, "order", "fr mfence fr mfence"},
		{"MP+wmb+addr", ARM, "order", "fr dmb ishst rf addr"},
		{"RCU-open", SC, "grace period", ""},
	} {
		test := parseFile(t, filepath.Join("testdata", "shapes", c.test+".litmus"))
		g, err := Forbidden(context.Background(), test, c.model, true, 0)
		if err != nil || g == nil {
			t.Errorf("%s under %s: %v, %v", c.test, c.model, g, err)
			continue
		}
		var kinds []string
		for i, e := range g.Cycle {
			kinds = append(kinds, e.Kind)
			if next := g.Cycle[(i+1)%len(g.Cycle)]; c.axiom != "plain-coherence" && c.axiom != "atomicity" && e.To != next.From {
				t.Errorf("%s under %s: %s is followed by %s", c.test, c.model, e, next)
			}
		}
		if g.Axiom != c.axiom || c.kinds != "" && !rotated(strings.Join(kinds, " "), c.kinds) {
			t.Errorf("%s under %s: %s, %v; want %s, %s", c.test, c.model, g.Axiom, kinds, c.axiom, c.kinds)
		}
		if strings.Contains(strings.Join(g.Lines(), "\n"), "allows") {
			t.Errorf("%s under %s: %v", c.test, c.model, g.Lines())
		}
	}
}

// rotated reports whether two cycles are the same from some event on.
func rotated(a, b string) bool {
	return len(a) == len(b) && strings.Contains(a+" "+a, b)
}

// TestWitness: of a shape that is allowed the cycle is shown that sequential consistency objects to, with what the model does not keep.
func TestWitness(t *testing.T) {
	for _, c := range []struct {
		test  string
		model Model
		lost  int
		text  string
	}{
		{"SB", TSO, 2, "tso allows it; sequential consistency does not"},
		{"MP+wmb+po", LKMM, 1, "(not kept by lkmm)"},
		{"MP", ARM, 2, "(not kept by arm)"},
		{"IRIW+rmb+rmb", LKMM, 0, "a write may reach some processes before others"},
		{"load-add-store", SC, 0, "sequential consistency allows it as well"},
	} {
		test := parseFile(t, filepath.Join("testdata", "shapes", c.test+".litmus"))
		r := Check(context.Background(), test, c.model, Options{Keep: true})
		g := r.Witness(true)
		if g == nil {
			t.Errorf("%s: no witness", c.test)
			continue
		}
		lost := 0
		for _, e := range g.Cycle {
			if e.Lost {
				lost++
			}
		}
		if text := strings.Join(g.Lines(), "\n"); lost != c.lost || !strings.Contains(text, c.text) {
			t.Errorf("%s under %s: %d lost, want %d\n%s", c.test, c.model, lost, c.lost, text)
		}
	}
}

// TestDOT: the drawing of an execution of each kind passes Graphviz, where it is installed, without a complaint.
func TestDOT(t *testing.T) {
	bin, missing := exec.LookPath("dot")
	for _, n := range []string{"MP", "IRIW+mb+mb", "RCU-MP", "plain-carried", "MP+rel+xchg+acq", "Z6.0+lock+lock+mb"} {
		test := parseFile(t, filepath.Join("testdata", "shapes", n+".litmus"))
		r := Check(context.Background(), test, LKMM, Options{Keep: true})
		g := r.Witness(true)
		if g == nil {
			g, _ = Forbidden(context.Background(), test, LKMM, true, 0)
		}
		if g == nil {
			g = r.Witness(false)
		}
		var b bytes.Buffer
		if err := g.DOT(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "shape=plaintext"); got != len(test.Procs) {
			t.Errorf("%s: %d columns", n, got)
		}
		checkSVG(t, n, g)
		if missing != nil {
			continue
		}
		cmd := exec.Command(bin, "-Tsvg")
		var errs bytes.Buffer
		cmd.Stdin, cmd.Stderr = &b, &errs
		if _, err := cmd.Output(); err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v\n%s", n, err, errs.String())
		}
	}
	if missing != nil {
		t.Log("Graphviz is not installed; scripts/test installs it")
	}
}

// checkSVG: the drawing is XML, every event of a process has a box, every edge of the cycle is bold, nothing lies outside, and the axiom is named.
func checkSVG(t *testing.T, name string, g *Graph) {
	t.Helper()
	var b bytes.Buffer
	if err := g.SVG(&b); err != nil {
		t.Fatal(err)
	}
	events := 0
	for _, n := range g.Nodes {
		if n.Proc >= 0 {
			events++
		}
	}
	boxes, bold := 0, 0
	var width, height float64
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b.String())
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		attr := map[string]string{}
		for _, a := range e.Attr {
			attr[a.Name.Local] = a.Value
		}
		number := func(k string) float64 {
			f, _ := strconv.ParseFloat(attr[k], 64)
			return f
		}
		switch {
		case e.Name.Local == "svg":
			width, height = number("width"), number("height")
		case attr["class"] == "box":
			boxes++
			if number("x") < 0 || number("y") < 0 || number("x")+number("width") > width || number("y")+number("height") > height {
				t.Errorf("%s: a box at %v, %v lies outside", name, attr["x"], attr["y"])
			}
		case strings.Contains(attr["class"], "bold"):
			bold++
		}
	}
	if boxes != events || bold < min(1, len(g.Cycle)) || bold > len(g.Cycle) {
		t.Errorf("%s: %d boxes for %d events, %d bold edges for a cycle of %d", name, boxes, events, bold, len(g.Cycle))
	}
	if !strings.Contains(b.String(), html.EscapeString(g.Model.String())) || g.Axiom != "" && !strings.Contains(b.String(), "forbidden") {
		t.Errorf("%s: it does not say what it is of, or that it is forbidden", name)
	}
}

// TestNoCandidate: values that nobody writes are in no execution.
func TestNoCandidate(t *testing.T) {
	test := parse(t, "C none\n{}\nP0(int *x)\n{\n\tint r1 = READ_ONCE(*x);\n}\nexists (0:r1=7)\n")
	g, err := Forbidden(context.Background(), test, LKMM, true, 0)
	if g != nil || err != nil {
		t.Errorf("%v, %v", g, err)
	}
}
