package litmuspmd_test

import (
	"context"
	"strings"
	"testing"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmuspmd"
)

// TestVmemmap is specs/bugs/939de63d35dd_vmemmap_restore as a litmus test: a page is filled and then mapped, and what finds it mapped reads it. On x86 nothing is wrong without the barrier; by the kernel's model it is needed, and
// enough, as the reader's address depends on what it found.
func TestVmemmap(t *testing.T) {
	const text = "C vmemmap\n\n{ pte=old; }\n\nP0(int **pte, int *copy)\n{\n\tWRITE_ONCE(*copy, 1);\n\tsmp_wmb();\n\tWRITE_ONCE(*pte, copy);\n}\n\n" +
		"P1(int **pte, int *copy, int *old)\n{\n\tint *r0;\n\tint r1;\n\n\tr0 = rcu_dereference(*pte);\n\tr1 = READ_ONCE(*r0);\n}\n\nexists (1:r0=copy /\\ 1:r1=0)\n"
	for _, fixed := range []bool{false, true} {
		src := text
		if !fixed {
			src = strings.Replace(text, "\tsmp_wmb();\n", "", 1)
		}
		test, err := litmus.Parse("vmemmap", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		for m := axioms.SC; m <= axioms.LKMM; m++ {
			want := axioms.Never
			if !fixed && m >= axioms.ARM {
				want = axioms.Sometimes
			}
			if got := axioms.Check(context.Background(), test, m, axioms.Options{}).Verdict(); got != want {
				t.Errorf("fixed %v, %s: %s, and it should be %s", fixed, m, got, want)
			}
		}
		same(t, test, litmuspmd.Options{})
	}
}
