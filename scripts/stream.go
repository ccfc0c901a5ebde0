//go:build ignore

// stream reads what `go test -json` writes, and prints a line for each package as soon as it has ended, with all that its failed tests wrote. Without -json, go test keeps
// what it knows of a package until all packages before it have ended.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is what go test says; see `go doc test2json`.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

func main() {
	type test struct{ pkg, name string }
	said := map[test][]string{} // what a test that has not ended wrote; "" is the package itself
	failed := false
	in := json.NewDecoder(os.Stdin)
	for {
		var e event
		if err := in.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "stream:", err)
			os.Exit(2)
		}
		t := test{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Print(e.Output)
		case "output":
			if e.Test == "" && (strings.HasPrefix(e.Output, "FAIL") || strings.HasPrefix(e.Output, "ok ")) {
				continue // said below
			}
			said[t] = append(said[t], e.Output)
		case "skip", "pass", "fail":
			if e.Action == "fail" {
				failed = true
				for _, s := range said[t] {
					fmt.Print(s)
				}
			}
			delete(said, t)
			if e.Test != "" {
				break
			}
			if e.Action != "skip" { // there are no tests
				fmt.Printf("%-4s  %s  %.1fs\n", map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], e.Package, e.Elapsed)
			}
			for t, lines := range said { // a panic or a time limit ends tests without a word of them
				if t.pkg == e.Package {
					if e.Action == "fail" {
						fmt.Printf("=== %s did not end\n", t.name)
						for _, s := range lines {
							fmt.Print(s)
						}
					}
					delete(said, t)
				}
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}
