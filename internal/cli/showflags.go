package cli

import (
	"github.com/spf13/pflag"

	"pmdcheck/internal/page"
)

// showFlags say which part of the cells a run takes, and what it prints and writes.
type showFlags struct {
	quiet, full  bool
	everyTrace   bool // of every violation, though nobody asks to see it
	property     []string
	shard, costs string
	outputs      outputs

	// What everyTrace keeps for a page.
	evidence map[int]page.Evidence
	sources  map[string]page.Spec
}

func (f *showFlags) flags(fl *pflag.FlagSet) {
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only cells that are not as expected, and the summary")
	fl.StringArrayVar(&f.property, "property", nil, "show the trace of this violated `property`, expected or not (repeatable)")
	fl.BoolVar(&f.full, "full", false, "traces show every operation on shared state, not only what matters to the violation")
}

// keep puts away what a page shows of a cell.
func (f *showFlags) keep(j *job) {
	if !f.everyTrace {
		return
	}
	if f.evidence == nil {
		f.evidence, f.sources = map[int]page.Evidence{}, map[string]page.Spec{}
	}
	f.evidence[j.number] = j.evidence
	if _, ok := f.sources[j.spec.Name]; !ok {
		f.sources[j.spec.Name] = specText(j.spec)
	}
}
