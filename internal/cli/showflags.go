package cli

import (
	"github.com/spf13/pflag"

	"pmdcheck/checker/report"
	"pmdcheck/internal/page"
)

// showFlags say which part of the configurations a run takes, and what it prints and writes.
type showFlags struct {
	quiet, full  bool
	everyTrace   bool // of every violation, though nobody asks to see it
	property     []string
	shard, costs string
	results      string      // folder for a file that is named by the shard
	run          *report.Run // with a shard
	outputs      outputs

	kept *page.Keeper // with everyTrace: what pages show beside the results
}

func (f *showFlags) flags(fl *pflag.FlagSet) {
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only configurations that are not as expected, and the closing line")
	fl.StringArrayVar(&f.property, "property", nil, "show the trace of this violated `property`, expected or not (repeatable)")
	fl.BoolVar(&f.full, "full", false, "traces show every operation on shared state, not only what matters to the violation")
}
