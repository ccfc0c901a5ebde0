package model_test

import (
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/eval"
)

// TestObjectOutsideItsArray: an index that is a number only because nothing writes the cell it comes from is no error of the spec. The access is a fault, and can be printed.
func TestObjectOutsideItsArray(t *testing.T) {
	sys, err := build(t, "struct s { u1 v; }; struct s o[2]; struct s *p; u2 g = 3; process q { p = &o[g]; o[g].v = 1; } process r { p = NULL; o[0].v = 0; }", model.BuildOptions{})
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
