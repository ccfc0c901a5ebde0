package run

import (
	"context"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
)

// TestSuggest: one missing fix mends the claim, another is absent and changes nothing, a third needs a second one. What cannot be mended has no answer.
func TestSuggest(t *testing.T) {
	const spec = `
config u10 release = 601;
config want = { one, two, never };
const KERNEL = release;
feature mends fix since v6.5 "one";
feature half fix since v6.5 "two";
feature other fix since v6.5 requires half "three";
feature design_one design since v6.5 "four";
u1 x;
property wrong "x is 1";
process p {
	x = want == one ? (mends ? 0 : 1) : want == two ? (half && other ? 0 : 1) : 1;
	assert(x == 0, wrong);
}
for want;
claim;
`
	for want, answer := range map[string]string{"one": "mends", "two": "half with other", "never": "no set of up to three missing fixes"} {
		s, err := (&elab.Loader{}).Load("x.pmd", []byte(spec))
		if err != nil {
			t.Fatal(err)
		}
		p := &elab.Profile{Name: "tree", Kernel: "6.1", Features: map[string]string{"mends": "false", "half": "false", "other": "false", "design_one": "false"}}
		configs, err := s.Select(elab.Selection{Profile: p})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range configs {
			if v, _ := s.Value(c, "want"); v != want {
				continue
			}
			got, err := Suggest(context.Background(), plan.Check{Number: 1, Spec: s, Configuration: c}, p, Options{Checker: checker.Options{Reduction: checker.ReductionStubborn}})
			if err != nil {
				t.Fatal(err)
			}
			if got.Text() != answer {
				t.Errorf("%s: %s, want %s", want, got.Text(), answer)
			}
		}
	}
}
