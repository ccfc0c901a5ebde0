package page

import (
	"maps"
	"slices"
	"sync"

	"pmdcheck/checker"
	"pmdcheck/internal/sim"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// Keeper gathers what pages show of configurations beside their results. It may be used by several goroutines.
type Keeper struct {
	mu       sync.Mutex
	runs     map[int]bool // configurations for which runs are stored, if they hold
	Evidence map[int]Evidence
	Specs    map[string]Spec
}

// mostRuns is how many runs of a configuration that holds are stored to be looked at.
const mostRuns = 5

// NewKeeper is for the configurations of a run. Runs are stored of at most eight configurations of each spec, evenly over its sweep.
func NewKeeper(configs []plan.Check) *Keeper {
	const most = 8
	k := &Keeper{runs: map[int]bool{}, Evidence: map[int]Evidence{}, Specs: map[string]Spec{}}
	bySpec := map[*elab.Spec][]int{}
	for _, c := range configs {
		bySpec[c.Spec] = append(bySpec[c.Spec], c.Number)
	}
	for spec, ns := range bySpec {
		k.Specs[spec.Name] = text(spec)
		for i := range min(most, len(ns)) {
			k.runs[ns[i*len(ns)/min(most, len(ns))]] = true
		}
	}
	return k
}

// Inspect takes in the system of a configuration and what was found about it.
func (k *Keeper) Inspect(c plan.Check, sys *model.System, r *checker.Result) {
	e := Evidence{Machines: machines(sys), Functions: functions(sys)}
	if len(r.Violations) == 0 && k.runs[c.Number] {
		for _, w := range sim.Walks(sys, mostRuns) {
			e.Runs = append(e.Runs, Run{w.Covers, w.Trace})
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.Evidence[c.Number] = e
}

// machines are the state machines of the processes.
func machines(sys *model.System) (out []Machine) {
	for _, p := range sys.Processes {
		m := Machine{Process: p.Name, Ends: []int{}}
		for _, op := range p.Start {
			if op.Kind == model.OpGoto {
				m.Start = int(op.Loc)
			}
		}
		for _, l := range p.Locations {
			if l.End || len(l.Trans) == 0 {
				m.Ends = append(m.Ends, int(l.ID))
			}
		}
		for _, t := range p.Trans {
			seen := map[model.LocID]bool{}
			for _, op := range t.Code {
				if op.Kind == model.OpGoto && !seen[op.Loc] {
					seen[op.Loc] = true
					m.Trans = append(m.Trans, Arrow{From: int(t.From), To: int(op.Loc), Label: t.Label})
				}
			}
		}
		out = append(out, m)
	}
	return out
}

// functions are the functions of the model that are called, and what they are called in the kernel.
func functions(sys *model.System) []string {
	seen := map[string]bool{}
	for _, f := range sys.Frames {
		seen[f.Func] = true
		for _, k := range f.Kernel {
			seen[k.Func] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// text is the head comment and the files of a spec.
func text(s *elab.Spec) Spec {
	p := Spec{Doc: s.Doc, Sources: map[string]string{}}
	if !catalog.Embedded(s.Name) {
		p.File = s.Name + ".pmd"
	}
	for _, f := range s.Files.All() {
		p.Sources[f.Name] = string(f.Src)
	}
	return p
}
