package program_test

import (
	"testing"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestStateSize: cells take as many bits as the values they can have, not as their types allow.
func TestStateSize(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		words     int
	}{
		{"twelve bytes of which two bits are used", "u8 m[12]; process p[2](u1 i) { while (true) { for (int k = 0; k < 12; k++) { atomic { m[k] |= 1 << i; } } m[i] = 0; } }", 1},
		{"copies of small values", "u8 a[12]; u8 b = 3; process p { for (int k = 0; k < 12; k++) a[k] = b & 1; } process q { u8 x; x = a[0]; b = x; }", 1},
		{"counters reach the end of their type", "u8 a[12]; process p { while (true) { for (int k = 0; k < 12; k++) { atomic { a[k] = (a[k] + 1) & 255; } } } } process q { u8 x; x = a[0]; a[1] = x; }", 2},
		{"counters in guarded loops", "u8 g; process p[20] { u6 i; while (i < 5) { await (g == 0); i++; atomic { g = 1; g = 0; } } }", 2},
	} {
		sys := testkit.System(t, tc.src, elab.BuildOptions{})
		p, err := program.Compile(sys, program.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Words != tc.words {
			t.Errorf("%s: %d words, want %d", tc.name, p.Words, tc.words)
		}
	}
}
