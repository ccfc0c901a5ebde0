package program

import "pmdcheck/model"

// Valid reports whether words from outside can be a state of the program: every process is where it can be, every cell that has a value there has one of its own, and no
// other bit is set. Whether a run leads to it is another question.
func (p *Program) Valid(st []uint64) bool {
	if len(st) != p.Words {
		return false
	}
	used := make([]uint64, p.Words)
	within := func(v model.VarID, i int) bool {
		f := p.lay.cells[v][i]
		if f.word < 0 || f.word >= p.Words {
			return true // it takes no bits
		}
		used[f.word] |= f.mask << f.shift
		s := p.lay.spans[v][i]
		at := f.get(st)
		return s.lo <= at && at <= s.hi
	}
	for _, v := range p.Sys.Vars {
		if p.lay.overlay[v.ID] {
			continue // it lies there only at some locations
		}
		for i := range v.Len {
			if !within(v.ID, i) {
				return false
			}
		}
	}
	for i, q := range p.procs {
		used[q.pc.word] |= q.pc.mask << q.pc.shift
		pc := st[q.pc.word] >> q.pc.shift & q.pc.mask
		locs := p.Sys.Processes[i].Locations
		switch {
		case pc > q.parked:
			return false
		case pc == q.parked:
			continue
		}
		for _, v := range locs[pc].Live {
			if p.lay.overlay[v] && !within(v, 0) {
				return false
			}
		}
	}
	for i, w := range st {
		if w&^used[i] != 0 {
			return false
		}
	}
	return true
}
