package elab_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// TestSmallestInteger: -2147483648 can be written, in every base, wherever a constant or a value can be. What is not directly behind a minus is too large, which testdata/bad shows.
func TestSmallestInteger(t *testing.T) {
	const src = `const least = -2147483648;
int<least..0> a = -0x80000000;
process p { a = - 0b10000000000000000000000000000000; a = -(-2147483648 + 1) - 2147483647; }
invariant small: a >= -2147483648;`
	sys, err := build(t, src, elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var v *model.Var
	for _, w := range sys.Vars {
		if w.Name == "a" {
			v = w
		}
	}
	if v == nil || v.Type.Lo != math.MinInt32 || v.Init[0] != math.MinInt32 {
		t.Errorf("variable %+v", v)
	}
}

// loadLimited reads a spec that imports nothing.
func loadLimited(src string, l elab.Limits) (*elab.Spec, error) {
	return (&elab.Loader{Limits: l}).Load("test.pmd", []byte(src))
}

// TestLimits: what a few lines could make of the memory and the time of a machine is an error with a place, a name of a limit, and soon.
func TestLimits(t *testing.T) {
	doubling := "const c0 = 1;\n"
	for i := range 40 {
		doubling += fmt.Sprintf("const c%d = c%d / 2 + c%d / 2 + (c%d & 1);\n", i+1, i, i, i)
	}
	chain := "const c5000 = 1;\n"
	for i := range 5000 {
		chain += fmt.Sprintf("const c%04d = c%04d;\n", i, i+1)
	}
	calls := "u8 y;\nvoid f0() { y = 1; }\n"
	deep := calls
	for i := range 30 {
		calls += fmt.Sprintf("void f%d() { f%d(); f%d(); }\n", i+1, i, i)
	}
	for i := range 3000 {
		deep += fmt.Sprintf("void f%d() { f%d(); }\n", i+1, i)
	}
	for _, c := range []struct{ name, src, want string }{
		{"constants that double", doubling + "u4 x[c40];\nprocess p { x[0] = 1; }\n", ""},
		{"a chain of constants", chain + "process p { }\n", "constants depend on each other more than 1000 deep"},
		{"a parameter in its own type", "config int<2..N> N = 3;\nprocess p { }\n", "test.pmd:1:18: the type of 'N' depends on itself"},
		{"parameters in each other's types", "config int<0..b> a = 1;\nconfig int<0..a> b = 1;\nprocess p { }\n", "depends on itself"},
		{"dimensions", "u16 x[4096][4096][4096][4096];\nprocess p { x[0][0][0][0] = 1; }\n", "test.pmd:1:19: the array has 16777216 elements"},
		{"dimensions of a local", "process p { u16 x[4096][4096]; x[0][0] = 1; }\n", "test.pmd:1:19: the array has 16777216 elements"},
		{"objects", "struct s { u16 a[4096]; };\nstruct s t[64];\nprocess p { t[0].a[1] = 1; }\n", "test.pmd:1:16: s.a has 262144 elements"},
		{"structs in structs", "struct r { u16 a[256]; };\nstruct s { struct r b[512]; };\nstruct s t;\nprocess p { t.b[0].a[1] = 1; }\n", "elements"},
		{"all variables", "u4 a[4096][16];\nu4 b[4096][16];\nu4 c[4096][16];\nprocess p { a[0][0] = b[0][0] + c[0][0]; }\n", "test.pmd:3:4: with c the variables have 196608 elements"},
		{"instances", "u4 x;\nprocess p[65](u7 i) { x = 1; }\n", "test.pmd:2:11: there can be 0 to 64 instances"},
		{"processes", "u4 x;\n" + processes(300), "there are more than 256 processes"},
		{"unrolling", "u16 y;\nprocess p { for (u12 i = 0; i < 256; i++) for (u12 j = 0; j < 256; j++) y = i; }\n", "test.pmd:2:73: process p expands to more than 30000 operations"},
		{"calls", calls + "process p { f30(); }\n", "process p expands to more than"},
		{"deep calls", deep + "process p { f3000(); }\n", "calls are nested more than 1000 deep"},
		{"choices", "u16 y;\nprocess p { choose { " + strings.Repeat("case: y++; ", 5000) + "} }\n", "test.pmd:2:13: there are 5000 alternatives"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			spec, err := loadLimited(c.src, elab.Limits{})
			if err == nil {
				configs, cerr := spec.Configurations(nil)
				if err = cerr; err == nil {
					_, err = spec.Build(configs[0], elab.BuildOptions{})
				}
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func processes(n int) (src string) {
	for i := range n {
		src += fmt.Sprintf("process p%d { x = 1; }\n", i)
	}
	return src
}

// TestLimitOfSweep: a sweep that spans too much says which parameter is one too many; with a value fixed it may be little enough.
func TestLimitOfSweep(t *testing.T) {
	const src = "config u16 a;\nconfig u16 b;\nfor a in 0 .. 1000, b in 0 .. 1000;\nu4 x;\nprocess p { x = 1; }\n"
	spec, err := loadLimited(src, elab.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.Configurations(nil); err == nil || !strings.Contains(err.Error(), "with b the sweep spans more than 262144 configurations") {
		t.Error(err)
	}
	if configs, err := spec.Configurations([]model.ConfigValue{{Name: "a", Value: "7"}}); err != nil || len(configs) != 1001 {
		t.Errorf("%d configurations, %v", len(configs), err)
	}
}

// TestRaisedLimits: a limit is raised by those that know why.
func TestRaisedLimits(t *testing.T) {
	const src = "u1 x[4096][17];\nprocess p { x[0][0] = 1; }\n"
	l, err := elab.ParseLimits("elements=70000,steps=5")
	if err != nil || l != (elab.Limits{Elements: 70000, Steps: 5}) {
		t.Fatalf("%+v, %v", l, err)
	}
	if got := l.String() + (elab.Limits{}).String(); got != "elements=70000,steps=5" {
		t.Errorf("written %q", got)
	}
	spec, err := loadLimited(src, l)
	if err != nil {
		t.Fatal(err)
	}
	configs, _ := spec.Configurations(nil)
	if _, err := spec.Build(configs[0], elab.BuildOptions{}); err != nil {
		t.Error(err)
	}
	if l, err := elab.ParseLimits("cells=7"); err != nil || l != (elab.Limits{Configurations: 7}) {
		t.Errorf("under its old name: %+v, %v", l, err)
	}
	for _, bad := range []string{"", "x", "steps", "steps=0", "steps=-1", "stpes=4", "steps=99999999999999999999"} {
		if _, err := elab.ParseLimits(bad); err == nil {
			t.Errorf("%q is no limit", bad)
		}
	}
}

// TestStopped: elaboration ends when its context does, wherever it is.
func TestStopped(t *testing.T) {
	const src = "u16 y;\nprocess p { for (u12 i = 0; i < 256; i++) for (u12 j = 0; j < 100; j++) y = i; }\n"
	ctx, cancel := context.WithCancel(context.Background())
	spec, err := loadLimited(src, elab.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	configs, err := spec.ConfigurationsContext(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for what, err := range map[string]error{
		"load":           func() error { _, err := (&elab.Loader{Context: ctx}).Load("test.pmd", []byte(src)); return err }(),
		"configurations": func() error { _, err := spec.ConfigurationsContext(ctx, nil); return err }(),
		"build":          func() error { _, err := spec.Build(configs[0], elab.BuildOptions{Context: ctx}); return err }(),
	} {
		if !errors.Is(elab.WasStopped(err), context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
