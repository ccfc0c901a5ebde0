package columns_test

import (
	"context"
	"fmt"
	"os"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
	"pmdcheck/traces/columns"
)

// A run as a table: sentences that say what went wrong, and a column per CPU.
func ExampleRender() {
	const src = `
property no_use "a freed table is not used";
@use(no_use) struct table { u1 entry; };
pool struct table spare[1];
struct table *root;
process setup { root = alloc(struct table); }
process walker on cpu 0 { await (root != NULL); struct table *t = root; t->entry = 1; }
process freer on cpu 1 { await (root != NULL); struct table *t = root; root = NULL; free (t); }
`
	spec, err := (&elab.Loader{}).Load("freed.pmd", []byte(src))
	if err != nil {
		fmt.Println(err)
		return
	}
	configs, _ := spec.Configurations(nil)
	sys, _ := spec.Build(configs[0], elab.BuildOptions{})
	res, err := checker.Check(context.Background(), sys, checker.Options{Shrink: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range res.Violations {
		if v.Property == "no_use" {
			_ = columns.Render(os.Stdout, v.Witness, columns.Options{Width: 80})
		}
	}
	// Output:
	// CPU 1 (freer) frees spare[0] at step 8. CPU 0 (walker) writes spare[0].entry
	// afterwards, at step 9, through the pointer it read from root at step 4.
	// Nothing covers it: CPU 0 holds no lock that CPU 1 would have to take, and
	// nothing that a grace period or an IPI waits for.
	//
	// step CPU 0 (walker)           CPU 1 (freer)   setup               table spare[0]
	//    1                                          spare[0] allocated  live
	//    2                                          root = &spare[0]    linked to root
	//    3 root == &spare[0]
	//    4 root == &spare[0]
	//    7                          root = NULL                         unlinked
	//    8                          spare[0] freed                      freed
	//    9 t->entry = 1
	//      ^^^ violates no_use: a
	//        freed table is not
	//        used
	//
	// 2 of 9 steps are not shown; --full shows everything.
}
