// Package por chooses, in each state, a stubborn set: a few enabled transitions that may be explored in place of all.
//
//	static.go    what is known of the code: footprints, which can enable which, which locations lead where
//	guards.go    conditions under which a transition is blocked, and what can lift them
//	cycles.go    which cycles of the process graphs can be cycles of the state space; the sticky transitions
//	stubborn.go  the choice in one state
//	verify.go    checks the claims of the choice by running transitions, on small systems
//	explain.go   what keeps a system from being reduced
//
// The theory, with proofs, is in docs/algorithms.md.
package por

import (
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
	"pmdcheck/model"
)

// Static is what is known of a system before the search. It is immutable and shared by all goroutines.
type Static struct {
	prog   *program.Program // whose states and transitions are searched
	traced *program.Program // the same, noting accesses
	sys    *model.System
	atoms  *program.Atoms
	n      int // transitions
	base   []int
	proc   []int // by transition
	trans  []info
	own    []bitset.Set   // by process: its transitions
	at     [][]bitset.Set // by process and location: the transitions that begin there
	reach  [][]bitset.Set // by process and location: those that begin there or somewhere the process can get to from there
	touch  []bitset.Set   // by atom: what reads or writes it
	write  []bitset.Set   // by atom: what writes it
	sticky bitset.Set     // on every cycle of the state space lies one
	tests  []test
	goals  []goal // by property, then by cover
}

// info is one transition.
type info struct {
	from          model.LocID
	reads, writes program.AtomSet // in any execution
	enter         bitset.Set      // transitions of its process that lead to where it begins
	blocks        []block
}

// Loops says which transitions are sticky.
type Loops struct{ sticky bitset.Set }

// FindLoops finds out which loops of a system end.
func FindLoops(sys *model.System) *Loops {
	s := &Static{sys: sys}
	s.count()
	return &Loops{s.findSticky()}
}

// Acyclic reports whether the state space was shown to have no cycle.
func (l *Loops) Acyclic() bool { return l.sticky.Empty() }

// New analyses the system of a program. loops are those of its system, or of one with the same transitions whose state space has a cycle wherever this one's has;
// nil finds them.
func New(prog *program.Program, loops *Loops) *Static {
	sys := prog.Sys
	s := &Static{prog: prog, sys: sys, atoms: program.NewAtoms(sys)}
	s.traced = prog.Traced(s.atoms)
	s.count()
	for _, p := range sys.Processes {
		own := bitset.New(s.n)
		for _, t := range p.Trans {
			own.Add(s.id(t))
			s.proc = append(s.proc, int(p.ID))
			in := info{from: t.From, reads: s.atoms.NewSet(), writes: s.atoms.NewSet(), enter: bitset.New(s.n)}
			for i := range t.Code {
				s.atoms.Op(&t.Code[i], in.reads, in.writes)
			}
			s.trans = append(s.trans, in)
		}
		s.own = append(s.own, own)
	}
	for range s.atoms.N {
		s.touch = append(s.touch, bitset.New(s.n))
		s.write = append(s.write, bitset.New(s.n))
	}
	for id := range s.trans {
		in := &s.trans[id]
		in.reads.Each(func(a int) { s.touch[a].Add(id) })
		in.writes.Each(func(a int) { s.touch[a].Add(id); s.write[a].Add(id) })
	}
	for _, p := range sys.Processes {
		s.graph(p)
	}
	if loops == nil {
		loops = FindLoops(sys)
	}
	s.sticky = loops.sticky.Clone()
	for _, p := range sys.Processes {
		for _, t := range p.Trans {
			s.trans[s.id(t)].blocks = s.blocksOf(p, t)
		}
	}
	for _, q := range sys.Props {
		g := goal{}
		if q.X != nil && q.Checked {
			g = s.goal(q.X, false)
		}
		s.goals = append(s.goals, g)
	}
	for _, c := range sys.Covers {
		g := goal{}
		if c.X != nil {
			g = s.goal(c.X, true)
		}
		s.goals = append(s.goals, g)
	}
	return s
}

// count numbers the transitions.
func (s *Static) count() {
	for _, p := range s.sys.Processes {
		s.base = append(s.base, s.n)
		s.n += len(p.Trans)
	}
}

func (s *Static) id(t *model.Transition) int { return s.base[t.Proc] + t.ID }

// Acyclic reports whether the state space was shown to have no cycle.
func (s *Static) Acyclic() bool { return s.sticky.Empty() }

// Interchange makes the sticky transitions the same for all members of each group, so that a cycle up to a permutation of them has one as well.
func (s *Static) Interchange(groups []program.Group) {
	for again := true; again; { // a process may be in several groups
		again = false
		for _, g := range groups {
			for k, first := range g.Members[0].Procs {
				for t := range s.sys.Processes[first].Trans {
					sticky := func(m program.Member) bool { return s.sticky.Has(s.base[m.Procs[k]] + t) }
					if !slices.ContainsFunc(g.Members, sticky) {
						continue
					}
					for _, m := range g.Members {
						again = again || !sticky(m)
						s.sticky.Add(s.base[m.Procs[k]] + t)
					}
				}
			}
		}
	}
}

// targets are the locations a transition can end at.
func targets(t *model.Transition) (out []model.LocID) {
	for i := range t.Code {
		if t.Code[i].Kind == model.OpGoto {
			out = append(out, t.Code[i].Loc)
		}
	}
	return out
}

// graph finds what leads where in one process.
func (s *Static) graph(p *model.Process) {
	n := len(p.Locations)
	at, reach := make([]bitset.Set, n), make([]bitset.Set, n)
	for l := range n {
		at[l], reach[l] = bitset.New(s.n), bitset.New(s.n)
		for _, t := range p.Locations[l].Trans {
			at[l].Add(s.base[p.ID] + t)
		}
		reach[l].Or(at[l])
	}
	for _, t := range p.Trans {
		for _, l := range targets(t) {
			for _, u := range p.Locations[l].Trans {
				s.trans[s.base[p.ID]+u].enter.Add(s.id(t))
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, t := range p.Trans {
			for _, l := range targets(t) {
				for w, m := range reach[l] {
					if m&^reach[t.From][w] != 0 {
						reach[t.From][w] |= m
						changed = true
					}
				}
			}
		}
	}
	s.at, s.reach = append(s.at, at), append(s.reach, reach)
}

// all is every transition.
func (s *Static) all() bitset.Set {
	b := bitset.New(s.n)
	for i := range s.n {
		b.Add(i)
	}
	return b
}

// writers are the transitions that write an atom of the set.
func (s *Static) writers(a program.AtomSet) bitset.Set {
	b := bitset.New(s.n)
	a.Each(func(a int) { b.Or(s.write[a]) })
	return b
}
