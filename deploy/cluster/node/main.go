// Command node is a machine of a test cluster: it runs pods, as processes. Under the name kubectl it is that.
//
//	node FOLDER NAME
//	kubectl ...
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if filepath.Base(os.Args[0]) == "kubectl" {
		if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
		return
	}
	var err error
	switch a := os.Args[1:]; {
	case len(a) == 2 && a[0] == "--container":
		err = enter(a[1])
	case len(a) == 2:
		err = node(a[0], a[1])
	default:
		err = fmt.Errorf("usage: node FOLDER NAME")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}
