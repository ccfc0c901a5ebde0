package elab_test

import (
	"errors"
	"fmt"
	"os"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// A spec is loaded once; each configuration of its sweep is a system of its own.
func Example() {
	const src = `
config int<1..3> users = 1;
config bool fast;
u2 n;
process user[users] { if (fast) n = 1; else { n = 1; n = 2; } }
for users in 1..2, fast where (!fast || users == 2);
`
	spec, err := (&elab.Loader{}).Load("users.pmd", []byte(src))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range spec.Configs() {
		fmt.Println("config", c.TypeName, c.Name, c.Values)
	}
	configs, err := spec.Configurations([]model.ConfigValue{{Name: "users", Value: "2"}}) // those with two users
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
		for _, p := range sys.Processes {
			fmt.Printf("%v: %s has %d transitions\n", config, p.Name, len(p.Trans))
		}
	}
	// Output:
	// config int<1..3> users [1 2 3]
	// config bool fast [false true]
	// users=2 fast=false: user[0] has 2 transitions
	// users=2 fast=false: user[1] has 2 transitions
	// users=2 fast=true: user[0] has 1 transitions
	// users=2 fast=true: user[1] has 1 transitions
}

// Errors have their place, and all of them come at once.
func ExampleLoader_Load() {
	_, err := (&elab.Loader{}).Load("wrong.pmd", []byte("u2 xx;\nprocess p { xx = x; }\nprocess q { xx = 9; xx = true + NULL; }\n"))
	var list *source.List
	if errors.As(err, &list) {
		_ = list.Render(os.Stdout)
	}
	// Output:
	// wrong.pmd:2:18: error: unknown name 'x' [unknown-name]
	//     process p { xx = x; }
	//                      ^
	// wrong.pmd:3:26: error: operator + does not take bool and NULL [type-mismatch]
	//     process q { xx = 9; xx = true + NULL; }
	//                              ^~~~~~~~~~~
}
