package report_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/model/elab"
)

// Results are put into one document, from which every format is made.
func ExampleDocument() {
	spec, err := (&elab.Loader{}).Load("late.pmd", []byte("config u2 n = 0;\nu2 x;\nprocess a { x = n; }\nprocess b { assert (x == 0); }\nfor n in 0..1;\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	doc := report.NewDocument(len(configs))
	for i, config := range configs {
		sys, _ := spec.Build(config, elab.BuildOptions{})
		res, err := checker.Check(context.Background(), sys, checker.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		e := report.Entry{
			Number: i + 1, Spec: spec.Name, Config: map[string]string{"n": config.Config[0].Value}, Order: []string{"n"}, Digest: sys.Digest(),
			Verdict: res.Verdict.String(), Expected: "holds", OK: res.Verdict == checker.Holds, States: res.Stats.States, Transitions: res.Stats.Transitions,
		}
		for _, v := range res.Violations {
			e.Properties, e.Why = append(e.Properties, v.Property), "it should hold"
		}
		_ = report.Line(os.Stdout, doc.Add(e), report.Style{})
	}
	_ = report.Summary(os.Stdout, doc, report.Style{Brief: true})
	// Output:
	// ok   late  n=0  holds  (expected)  2 states, 2 transitions
	// FAIL late  n=1  violated assertion  it should hold  3 states, 4 transitions
	// 2 checks: 1 as expected, 1 not, 0 unknown
}
