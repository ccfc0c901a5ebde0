package check_test

import (
	"fmt"
	"slices"

	"pmdcheck/model/check"
	"pmdcheck/model/elab"
)

// What every name of a text means, although the text has an error.
func ExampleInfo() {
	const src = "u2 count;\nvoid add(u2 n) { count += n; count = cuont; }\nprocess p { add(1); }\n"
	in, err := (&elab.Loader{}).Info("adder.pmd", []byte(src))
	fmt.Println(err)
	var lines []string
	for id, o := range in.Uses {
		if o.Kind == check.FuncObject {
			continue
		}
		line := fmt.Sprintf("%d: %s is a %s declared in line %d", id.Sp.Start.Line(), id.Name, o.Kind, o.At.Start.Line())
		if t := o.Type(); t != nil {
			line += ", of type " + t.String()
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for _, l := range slices.Compact(lines) {
		fmt.Println(l)
	}
	// Output:
	// adder.pmd:2:38: unknown name 'cuont'
	// 2: count is a variable declared in line 1, of type u2
	// 2: n is a parameter declared in line 2, of type u2
}
