package program_test

import (
	"math/bits"
	"testing"

	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// TestSlow: as few locations as make enough combinations, the largest processes first; everything if there are not enough.
func TestSlow(t *testing.T) {
	const src = "u8 x; process small[3](u2 i) { x = i; x = 0; } process large { x = 1; x = 2; x = 3; x = 4; x = 5; x = 6; x = 7; }"
	spec, err := (&model.Loader{}).Load("t.pmd", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	cells, err := spec.Cells(nil)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := spec.Build(cells[0], model.BuildOptions{NoMerge: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Compile(sys, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// 8 locations take 4 bits, with the one of a process that has failed, and 3 locations 2.
	for _, tc := range []struct{ combinations, bits int }{{1, 0}, {8, 4}, {9, 6}, {24, 6}, {25, 8}, {8 * 27, 10}, {8*27 + 1, 64}} {
		if n := bits.OnesCount64(p.Slow(tc.combinations)[0]); n != tc.bits {
			t.Errorf("%d combinations: %d bits, want %d", tc.combinations, n, tc.bits)
		}
	}
}
