package program

import (
	"cmp"
	"math/bits"
	"slices"

	"pmdcheck/model"
)

// Division divides all states into parts of about the same size, such that few transitions lead from one part to another.
//
// A part is told by where some processes are. The locations of each of these, in program order, are cut into a few stretches, where few transitions cross the cut; only
// those lead to another part. In the states of a program a process is rarely in each of its stretches equally often. But the part is the sum of the numbers
// of the stretches, modulo the number of parts, and the more processes there are in such a sum the nearer it is to an even spread.
type Division struct {
	parts int
	procs []stretches // none: the part is a hash of the state
	stays []bool      // by number of the transition: wherever it leads, the process stays in its stretch
}

// stretches are those of one process.
type stretches struct {
	proc    int
	pc      field
	number  []int // by value of pc: what it adds
	count   int
	crossed float64 // the share of its transitions that lead from one to another
}

// A round is as many processes as can tell all parts from one another. One would do if their locations were equally frequent; two are enough for parts that are not too
// different; more are added if they are not crossed much more often than the dearest of the first round.
const (
	enough = 2
	rounds = 4
	dearer = 1.5
)

// Divide divides the states into so many parts.
func (p *Program) Divide(parts int) *Division {
	d := &Division{parts: parts, stays: make([]bool, p.Transitions)}
	// Of the numbers of stretches that tell all parts from one another the least is the one whose cuts are crossed least.
	var all []stretches
	for most, combinations := 2, 0; combinations < parts; most++ {
		all, combinations = all[:0], 1
		more := false
		for i := range p.procs {
			if s := p.stretches(i, most); s.count > 1 {
				all = append(all, s)
				combinations = min(combinations*s.count, parts)
				more = more || s.count == most
			}
		}
		if combinations < parts && !more {
			return d
		}
	}
	slices.SortStableFunc(all, func(a, b stretches) int { return cmp.Compare(a.crossed, b.crossed) })
	dear, weight, round := 0.0, 1, 0
	for _, s := range all {
		if round == rounds || round >= enough && s.crossed > dear {
			break
		}
		for v := range s.number {
			s.number[v] = s.number[v] * weight % parts
		}
		d.procs = append(d.procs, s)
		if weight *= s.count; weight >= parts {
			if weight, round = 1, round+1; round == 1 {
				dear = dearer * s.crossed
			}
		}
	}
	for i := range p.procs {
		k := slices.IndexFunc(d.procs, func(s stretches) bool { return s.proc == i })
		for _, t := range p.Sys.Processes[i].Trans {
			if no := p.procs[i].numbers[t.ID]; no >= 0 {
				d.stays[no] = k < 0 || d.procs[k].keeps(t)
			}
		}
	}
	return d
}

// stretches cuts the locations of a process into at most so many stretches of two locations or more, or into two.
func (p *Program) stretches(proc, most int) stretches {
	sys, q := p.Sys.Processes[proc], &p.procs[proc]
	n := len(sys.Locations)
	crossed := make([]int, n+1) // by location: transitions that lead from before it to it or behind, or back
	for _, t := range sys.Trans {
		for i := range t.Code {
			if op := &t.Code[i]; op.Kind == model.OpGoto && op.Loc >= 0 {
				for at := min(t.From, op.Loc) + 1; at <= max(t.From, op.Loc); at++ {
					crossed[at]++
				}
			}
		}
	}
	s := stretches{proc: proc, pc: q.pc, number: make([]int, q.pc.mask+1), count: min(most, max(n/2, 2), n)}
	first, cuts := 0, 0
	for k := 1; k < s.count; k++ {
		ideal, slack := k*n/s.count, n/(5*s.count)
		cut := ideal
		for off := 1; off <= slack; off++ {
			for _, at := range []int{ideal - off, ideal + off} {
				if crossed[at] < crossed[cut] {
					cut = at
				}
			}
		}
		cuts += crossed[cut]
		for l := first; l < cut; l++ {
			s.number[l] = k - 1
		}
		first = cut
	}
	for l := first; l < n; l++ {
		s.number[l] = s.count - 1
	}
	s.crossed = float64(cuts) / float64(max(len(sys.Trans), 1))
	return s
}

// keeps reports whether a transition leads only to locations of the stretch it begins in.
func (s *stretches) keeps(t *model.Transition) bool {
	for i := range t.Code {
		if op := &t.Code[i]; op.Kind == model.OpGoto && (op.Loc < 0 || s.number[op.Loc] != s.number[t.From]) {
			return false
		}
	}
	return true
}

// Stays reports that a transition never leads to another part, unless it fails. Where it does not say so, [Division.Part] has to be asked.
func (d *Division) Stays(t *Transition) bool { return d.stays[t.No] }

// Part is the part of a state, from 0 on.
func (d *Division) Part(s []uint64) int {
	if d.procs == nil {
		h := uint64(0)
		for _, w := range s {
			hi, lo := bits.Mul64(h^w, 0x9e3779b97f4a7c15)
			h = hi ^ lo
		}
		hi, _ := bits.Mul64(h*0xe7037ed1a0b428db, uint64(d.parts))
		return int(hi)
	}
	sum := 0
	for i := range d.procs {
		q := &d.procs[i]
		sum += q.number[s[q.pc.word]>>q.pc.shift&q.pc.mask]
	}
	return sum % d.parts
}
