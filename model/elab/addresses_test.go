package elab_test

import (
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
)

// TestObjectOutsideItsArray: an index that is a number only because nothing writes the cell it comes from is no error of the spec. The access is a fault, and can be printed.
func TestObjectOutsideItsArray(t *testing.T) {
	sys, err := build(t, "struct s { u1 v; }; struct s o[2]; struct s *p; u2 g = 3; process q { p = &o[g]; o[g].v = 1; } process r { p = NULL; o[0].v = 0; }", elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text := sys.OpString(&sys.Processes[0].Trans[0].Code[0]); !strings.Contains(text, "p = ") {
		t.Errorf("the system is printed as\n%s", text)
	}
	in := eval.New(sys, eval.Options{})
	s, _ := in.Initial()
	out := in.Step(s, model.Move{})
	if out.Failure == nil || out.Failure.Prop != model.PropNoFault {
		t.Errorf("the step is %+v, not a fault", out)
	}
}

// TestAddressInPredicate: an address that only a predicate takes, at an index that is no number, is as good as any. It was once a fault of the predicate, so an invariant was violated, and a
// cover never reached, that had nothing wrong.
func TestAddressInPredicate(t *testing.T) {
	sys, err := build(t, "u1 a[2]; u1 i; u1 x; u1 *r = &x; process p { i = 1; x = 1; } process q { r = NULL; } invariant differs: r != &a[i]; cover elsewhere: r != &a[i];", elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in := eval.New(sys, eval.Options{})
	s, _ := in.Initial()
	for _, x := range []*model.Expr{sys.Covers[0].X, sys.Props[len(sys.Props)-1].X} {
		if v, f := in.Eval(s, x); f != nil || v != 1 {
			t.Errorf("%s is %d, failure %+v", sys.ExprString(x), v, f)
		}
	}
}

// TestTouchesNothingOutside: an access at a number that is no index touches nothing, as it is a fault, and so not the element of the next object that lies there.
func TestTouchesNothingOutside(t *testing.T) {
	sys, err := build(t, "struct s { u1 v[2]; }; struct s o[2]; u2 g = 2; process p { o[0].v[g] = 1; } process q { o[1].v[0] = 1; }", elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range sys.Processes[0].Start {
		sys.Touches(&sys.Processes[0].Start[i], func(x model.Touch) { t.Errorf("operation %d touches %+v", i, x) })
	}
	if n := len(sys.Processes[0].Trans); n != 0 {
		t.Errorf("%d transitions: what touches nothing is local", n)
	}
}
