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
// a transition that crosses one, or fails, leads to another part. A round is as many processes as there are prime factors of the number of parts, each with as many stretches as its
// factor says: their numbers are the digits of a part. In the states of a program a process is rarely in each of its stretches equally often. But the part of a state is the
// sum, modulo the number of parts, of what several rounds say, and the more there are in such a sum the nearer it is to an even spread.
type Division struct {
	parts int
	procs []stretches // none: the part is a hash of the state
	stays []bool      // by number of the transition: wherever it leads, the process stays in its stretch
}

// stretches are those of one process.
type stretches struct {
	proc    int
	pc      field
	number  []int // by value of pc: which one; in a [Division], what that adds to the part
	count   int
	crossed float64 // the share of its transitions that lead from one to another
}

// Two rounds are enough for parts that are not too different; more are added if their processes are not crossed much more often than the dearest of the first round.
const (
	enough = 2
	rounds = 4
	dearer = 1.5
)

// Divide divides the states into so many parts.
func (p *Program) Divide(parts int) *Division {
	d := &Division{parts: parts, stays: make([]bool, p.Transitions)}
	digits := factors(parts)
	for {
		if d.procs = p.rounds(digits); d.procs != nil {
			break
		}
		if len(digits) < 2 {
			return d
		}
		digits = append([]int{digits[0] * digits[1]}, digits[2:]...) // as there are not enough processes
		slices.Sort(digits)
	}
	for i := range d.procs {
		for v := range d.procs[i].number {
			d.procs[i].number[v] %= parts
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

// factors are the prime factors of a number, by size; of one that has a large factor, for which a process would have to have many locations, those of the next power of two.
func factors(n int) (out []int) {
	rest := n
	for _, f := range []int{2, 3, 5} {
		for ; rest > 1 && rest%f == 0; rest /= f {
			out = append(out, f)
		}
	}
	if rest > 1 {
		return slices.Repeat([]int{2}, bits.Len(uint(n-1)))
	}
	return out
}

// rounds chooses processes for digits of these sizes, none twice, those first whose cuts are crossed least, and multiplies the numbers of their stretches with the weights of their
// digits. It is nil if there are not enough for one round.
func (p *Program) rounds(digits []int) (chosen []stretches) {
	bySize := map[int][]stretches{}
	for _, size := range slices.Compact(slices.Clone(digits)) {
		for i := range p.procs {
			if s := p.stretches(i, size); s.count == size {
				bySize[size] = append(bySize[size], s)
			}
		}
		slices.SortStableFunc(bySize[size], func(a, b stretches) int { return cmp.Compare(a.crossed, b.crossed) })
	}
	taken := map[int]bool{}
	dear := 0.0
	for round := range rounds {
		var these []stretches
		weight, dearest := 1, 0.0
		for _, size := range digits {
			i := slices.IndexFunc(bySize[size], func(s stretches) bool { return !taken[s.proc] })
			if i < 0 {
				return chosen
			}
			s := bySize[size][i]
			taken[s.proc] = true
			for v := range s.number {
				s.number[v] *= weight
			}
			weight *= size
			dearest = max(dearest, s.crossed)
			these = append(these, s)
		}
		if round >= enough && dearest > dear {
			break
		}
		if round == 0 {
			dear = dearer * dearest
		}
		chosen = append(chosen, these...)
	}
	return chosen
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
