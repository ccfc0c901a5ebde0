package specs_test

import (
	"fmt"
	"io/fs"

	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/specs"
)

// The embedded specs are a file system, and so is the library that they import.
func Example() {
	src, err := fs.ReadFile(specs.FS, "seed/race_a.pmd")
	if err != nil {
		fmt.Println(err)
		return
	}
	spec, err := (&elab.Loader{Library: linux.FS}).Load("seed/race_a.pmd", src)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range spec.Configs() {
		if c.Swept {
			fmt.Println(c.TypeName, c.Name)
		}
	}
	fmt.Println(specs.Current("bugs/1013af4f585f"))
	// Output:
	// enum kernel_era era
	// enum target target
	// bool batch_alloc_may_fail
	// enum policy policy
	// bool remote
	// bugs/1013af4f585f_gup_fast_sync
}
