package elab_test

import (
	"math"
	"testing"

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
