package elab_test

import (
	"errors"
	"strings"
	"testing"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

func build(t *testing.T, src string, o elab.BuildOptions) (*model.System, error) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load("t.pmd", []byte(src))
	if err != nil {
		return nil, err
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		return nil, err
	}
	return spec.Build(configs[0], o)
}

// sharedReads counts, over the transitions of the first process, the steps that read the named shared variable.
func sharedReads(sys *model.System, name string) (steps int) {
	for _, tr := range sys.Processes[0].Trans {
		reads := false
		for i := range tr.Code {
			sys.Touches(&tr.Code[i], func(x model.Touch) {
				if v := sys.Vars[x.Var]; v.Proc == model.NoProc && v.Name == name && !x.Write {
					reads = true
				}
			})
		}
		if reads {
			steps++
		}
	}
	return steps
}

// TestIndexIsReadOnce: an index is read once however it is used. Range checks of object arrays and of arrays with several dimensions used to repeat the
// expression, and with it the shared read: the model then read a variable three times where the source reads it once.
func TestIndexIsReadOnce(t *testing.T) {
	for _, src := range []string{
		"struct s { u1 v; }; struct s o[2]; u1 g; process p { o[g].v = 1; } process q { g = 1; o[0].v = 0; }",
		"u1 a[2][2]; u1 g; process p { a[g][1] = 1; } process q { g = 1; a[0][1] = 0; }",
		"u1 a[2][2]; u1 g; u1 h; process p { h = a[1][g]; } process q { g = 1; a[1][0] = 1; h = 0; }",
		"struct s { u1 v[2]; }; struct s o[2]; u1 g; process p { o[1].v[g] = 1; } process q { g = 1; o[1].v[0] = 0; }",
		"u1 a[2]; u1 g; process p { a[g] = 1; } process q { g = 1; a[0] = 0; }",
	} {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			sys, err := build(t, src, o)
			if err != nil {
				t.Fatal(err)
			}
			if n := sharedReads(sys, "g"); n != 1 {
				t.Errorf("no-merge %v: g is read in %d steps, the source reads it once\n%s", o.NoMerge, n, src)
			}
		}
	}
}

// TestEmptyChoose: nothing to choose from would be a location without transitions, which everything takes for the proper end of a process.
func TestEmptyChoose(t *testing.T) {
	_, err := build(t, "u1 x; process p { choose { } x = 1; }", elab.BuildOptions{})
	var list *source.List
	if !errors.As(err, &list) {
		t.Fatalf("error %v, want a diagnostic", err)
	}
}

// TestOrderOfReads: shared reads of an expression are steps in the order of the source, left to right, indices before elements.
func TestOrderOfReads(t *testing.T) {
	for _, tc := range []struct{ expr, want string }{
		{"x + a[g][1]", "x g a"}, {"a[g][h] + x", "g h a x"}, {"o[g].v + x", "g o x"}, {"x + o[g].v", "x g o"}, {"b && x == 1", "b x"}, {"x * y - g", "x y g"},
	} {
		src := "struct s { u1 v; }; struct s o[2]; u1 a[2][2]; u1 x; u1 y; u1 g; u1 h; bool b; int<-3..3> r;" +
			"process p { r = " + tc.expr + "; } process q { x = 1; y = 1; g = 1; h = 1; b = true; r = 0; for (int i = 0; i < 2; i++) { o[i].v = 1; a[i][0] = 1; a[i][1] = 1; } }"
		sys, err := build(t, src, elab.BuildOptions{NoMerge: true})
		if err != nil {
			t.Fatal(err)
		}
		p := sys.Processes[0]
		var got []string
		for loc, n := p.Start[len(p.Start)-1].Loc, 0; len(p.Locations[loc].Trans) > 0 && n < 20; n++ {
			code := p.Trans[p.Locations[loc].Trans[0]].Code
			seen := map[string]bool{}
			for i := range code {
				sys.Touches(&code[i], func(x model.Touch) {
					if v := sys.Vars[x.Var]; v.Proc == model.NoProc && !x.Write && !seen[v.Name] {
						seen[v.Name] = true
						name := v.Name
						if name == "s.v" {
							name = "o"
						}
						got = append(got, name)
					}
				})
			}
			// The way on: the last jump of the code, which for a branch is its true side.
			for i := range code {
				if code[i].Kind == model.OpGoto {
					loc = code[i].Loc
					break
				}
			}
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s reads %q, want %q", tc.expr, s, tc.want)
		}
	}
}
