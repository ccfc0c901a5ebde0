package syntax_test

import (
	"fmt"
	"os"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

func ExampleFormat() {
	out, err := syntax.Format([]byte(`process p on cpu 0{await(x==1);x=2;// done
}`), "p.pmd")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(out))
	// Output:
	// process p on cpu 0 {
	// 	await (x == 1);
	// 	x = 2; // done
	// }
}

func ExampleParse() {
	var set source.Set
	diags := &source.List{Files: &set}
	syntax.Parse(set.Add("p.pmd", []byte("proces p {\n\tif (x = 1)\n\t\tskip;\n}\n")), diags)
	if diags.Err() != nil {
		_ = diags.Render(os.Stdout)
	}
	// Output:
	// p.pmd:1:1: error: expected a declaration, found 'proces' [syntax]
	//     proces p {
	//     ^~~~~~
	//     hint: did you mean 'process'?
	// p.pmd:2:8: error: assignment inside a condition [syntax]
	//     	if (x = 1)
	//     	      ^
	//     hint: to compare, write '=='; an assignment is a statement of its own
}

func ExampleWalk() {
	var set source.Set
	f := syntax.Parse(set.Add("p.pmd", []byte("process p {\n\tx = y + f(z);\n}\n")), &source.List{Files: &set})
	syntax.Walk(f, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok {
			fmt.Println(set.Position(id.Sp.Start), id.Name)
		}
		return true
	})
	// Output:
	// p.pmd:1:9 p
	// p.pmd:2:2 x
	// p.pmd:2:6 y
	// p.pmd:2:10 f
	// p.pmd:2:12 z
}
