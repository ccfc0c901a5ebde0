package checker_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/traces/columns"
)

// counting is a spec of two processes that count, with a lock or without.
const counting = `
config bool locked;
u1 lock; u2 n; u2 done;

void count(void) {
	if (locked)
		atomic { await (lock == 0); lock = 1; }
	n = n + 1;
	lock = 0;
	atomic { done++; }
}

process a on cpu 0 { count(); }
process b on cpu 1 { count(); }
process judge { await (done == 2); assert (n == 2); }

for locked;
`

// Load a spec, sweep its parameters, check every configuration, and draw what goes wrong.
func Example() {
	spec, err := (&elab.Loader{}).Load("counting.pmd", []byte(counting))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, config := range configs {
		sys, err := spec.Build(config, elab.BuildOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(config, res.Verdict)
		for _, v := range res.Violations {
			_ = columns.Render(os.Stdout, v.Witness, columns.Options{Width: 80})
		}
	}
	// Output:
	// locked=false violated
	// judge finds n == 1 at step 10: assertion failed.
	// CPU 1 (b) set n to 1 at step 6 in count().
	//
	// step CPU 0 (a)       CPU 1 (b)       judge
	//    1                 count()
	//                        n == 0
	//    2 count()
	//        n == 0
	//    3   n = 1
	//    4   lock = 0
	//    5   done = 1
	//    6                   n = 1
	//    7                   lock = 0
	//    8                   done = 2
	//    9                                 await (done == 2)
	//   10                                 n == 1
	//                                      ^^^ assertion failed
	// locked=true holds
}

// The counts of the model are those of a search that leaves nothing out: a and b each before, in or after the lock, which only one of them holds, makes 9 + 2 * 3 * 3 states, and judge
// has two steps when both are done. The zero Options leaves out what shows nothing new.
func ExampleCheck() {
	spec, _ := (&elab.Loader{}).Load("counting.pmd", []byte(counting))
	configs, _ := spec.Configurations([]model.ConfigValue{{Name: "locked", Value: "true"}})
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	full, _ := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
	reduced, _ := checker.Check(context.Background(), sys, checker.Options{})
	fmt.Println(full.Verdict, full.Reduction, full.Stats.States)
	fmt.Println(reduced.Verdict, reduced.Reduction, reduced.Stats.States < full.Stats.States)
	// Output:
	// holds none 29
	// holds stubborn true
}
