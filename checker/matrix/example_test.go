package matrix_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/checker/matrix"
	"pmdcheck/model/elab"
)

// Two parameters of a spec as the axes of a table: which combinations are right.
func ExampleBuild() {
	spec, err := (&elab.Loader{}).Load("lock.pmd", []byte(`
config bool locked; config int<1..2> users;
u1 lock; u2 inside;
process user[users] {
	if (locked) atomic { await (lock == 0); lock = 1; }
	inside++; assert (inside == 1); inside--;
	lock = 0;
}
for locked, users;
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	var results []matrix.Result
	for _, config := range configs {
		sys, _ := spec.Build(config, elab.BuildOptions{})
		res, err := checker.Check(context.Background(), sys, checker.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		r := matrix.Result{Spec: spec.Name, Axes: map[string]string{}, Answers: map[string]matrix.Answer{"assertion": {Verdict: matrix.Holds}}}
		for _, v := range config.Config {
			r.Axes[v.Name] = v.Value
		}
		for _, v := range res.Violations {
			r.Answers[v.Property] = matrix.Answer{Verdict: matrix.Violated}
		}
		results = append(results, r)
	}
	doc := matrix.Build(results, []string{"locked"}, []string{"users"}, []string{"assertion"}, false, func(p string) string { return p })
	_ = doc.WriteText(os.Stdout)
	// Output:
	// lock: assertion
	//
	// locked  users=1  2
	// -------------------------
	// false   holds    VIOLATED
	// true    holds    holds
}
