package program

import (
	"fmt"
	"strings"
	"testing"

	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestCounters: the values of a counter are what is stored in it where guards allow, and 0, which it is before anything is.
func TestCounters(t *testing.T) {
	for _, tc := range []struct {
		first int
		body  string
		want  span
	}{
		{0, "while (i < 5) i++;", span{0, 5}},
		{0, "while (5 > i) i++;", span{0, 5}},
		{0, "while (i <= 5) i++;", span{0, 6}},
		{0, "while (5 >= i) i++;", span{0, 6}},
		{0, "while (!(i > 5)) i++;", span{0, 6}},
		{0, "while (!(i >= 5)) i++;", span{0, 5}},
		{0, "while (i != 5) i++;", span{0, 5}},
		{0, "while (!(i == 5)) i++;", span{0, 5}},
		{0, "while (i < 5 && x == 0) i += 3;", span{0, 7}},
		{0, "while (i < 5 || x == 0) i++;", span{0, 40}},
		{0, "while (!(i >= 5 || x == 1)) i++;", span{0, 5}},
		{0, "while (true) { await (i < 9); i++; }", span{0, 9}},
		{0, "while (true) { choose { case i < 9: i++; case i == 9: i = 20; } }", span{0, 20}},
		{0, "while (true) { await (x == 0); if (i == 4) i = i + 10; else if (i < 4) i++; }", span{0, 14}},
		{0, "while (true) { if (i >= 4) i = x; else i++; }", span{0, 4}},
		{2, "while (i > -5) i--;", span{-5, 2}},
		{2, "while (-5 < i) i--;", span{-5, 2}},
		{2, "while (i >= -5) i--;", span{-6, 2}},
		{2, "while (!(i <= -5)) i--;", span{-5, 2}},
		{2, "while (!(i < -5)) i--;", span{-6, 2}},
		{2, "while (i != -5) i--;", span{-5, 2}},
		{0, "while (true) i++;", span{0, 40}},
		{0, "while (x == 0) i--;", span{-20, 0}},
	} {
		src := fmt.Sprintf("u1 x; process other { x = 1; x = 0; } process p { int<-20..40> i = %d; %s }", tc.first, tc.body)
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			sys := testkit.System(t, src, o)
			r := newRanges(sys)
			found := false
			for _, v := range sys.Vars {
				if strings.HasSuffix(v.Name, "i") {
					found = true
					if got := r.cells[v.ID][0]; got != tc.want {
						t.Errorf("%s (no merge: %v): %v, want %v", tc.body, o.NoMerge, got, tc.want)
					}
				}
			}
			if !found {
				t.Errorf("%s: no counter", tc.body)
			}
		}
	}
}
