// Command pmdcheck is a model checker for kernel page-table locking.
package main

import (
	"os"

	"pmdcheck/internal/cli"
	"pmdcheck/internal/guard"
)

func main() {
	if code, done := guard.Run(); done {
		os.Exit(code)
	}
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
