package axioms

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"pmdcheck/internal/litmus"
)

// FuzzCheck: whatever can be read gets an answer or is unknown, without a panic; what is explained is explained; and a model that is weaker has the states of a stronger one.
func FuzzCheck(f *testing.F) {
	files, err := filepath.Glob("testdata/shapes/*.litmus")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, n := range files {
		src, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		test, err := litmus.Parse("t", src)
		if err != nil {
			return
		}
		var rs [4]*Result
		for m := SC; m <= LKMM; m++ {
			rs[m] = Check(context.Background(), test, m, Options{Limit: 50000, Keep: true})
			rs[m].Hash()
			for _, positive := range []bool{true, false} {
				g := rs[m].Witness(positive)
				if g == nil {
					g, _ = Forbidden(context.Background(), test, m, positive, 20000)
				}
				if g != nil {
					g.Lines()
				}
			}
		}
		for _, in := range [][2]Model{{SC, TSO}, {SC, ARM}} {
			a, b := rs[in[0]], rs[in[1]]
			if a.Why == "" && b.Why == "" {
				if s := missing(stateSet(a), stateSet(b)); s != "" {
					t.Errorf("%s allows %s, and %s does not", in[0], s, in[1])
				}
			}
		}
	})
}
