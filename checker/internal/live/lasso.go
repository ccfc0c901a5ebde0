package live

import (
	"slices"

	"pmdcheck/checker/internal/explore"
)

// Lasso is a run: Moves from the initial state, of which those from Cycle on repeat for ever. Without a cycle (Cycle == len(Moves)) nothing can move at its end.
type Lasso struct {
	Moves []explore.Move
	Cycle int
}

// lasso makes a run that stays in a component and owes Q there: a shortest way to it, then a round through it in which every fair process has its turn, or a
// state where it cannot move.
func (s *Search) lasso(c *Case, members []uint32, cyclic bool) *Lasso {
	in := make(map[uint32]bool, len(members))
	for _, id := range members {
		in[id] = true
	}
	stem, entry := s.stem(c, in)
	l := &Lasso{Moves: stem, Cycle: len(stem)}
	if !cyclic {
		return l
	}
	waiting := map[int]bool{}
	for _, p := range s.Program.Sys.Processes {
		if p.Fair {
			waiting[int(p.ID)] = true
		}
	}
	rest := func(id uint32) bool { // does a process that waits rest here
		for p := range waiting {
			if !s.canMove(id, p) {
				return true
			}
		}
		return false
	}
	at := entry
	visit := func(id uint32) {
		for p := range waiting {
			if !s.canMove(id, p) {
				delete(waiting, p)
			}
		}
		at = id
	}
	visit(entry)
	for len(waiting) > 0 {
		s.walk(l, at, in, func(m explore.Move, to uint32) bool { return waiting[int(m.Proc)] || rest(to) }, func(m explore.Move, to uint32) {
			delete(waiting, int(m.Proc))
			visit(to)
		})
	}
	if at != entry || len(l.Moves) == l.Cycle {
		s.walk(l, at, in, func(_ explore.Move, to uint32) bool { return to == entry }, func(explore.Move, uint32) {})
	}
	return l
}

// hop is a step and where it leads.
type hop struct {
	from uint32
	move explore.Move
	to   uint32
}

// walk appends to a lasso a shortest way inside a component whose last step is a goal, one step at least, and tells of each step. There is one:
// the component is strongly connected, and what is left to do can be done in it.
func (s *Search) walk(l *Lasso, from uint32, in map[uint32]bool, goal func(explore.Move, uint32) bool, tell func(explore.Move, uint32)) {
	came := map[uint32]hop{}
	queue := []uint32{from}
	var last *hop
	for k := 0; k < len(queue) && last == nil; k++ {
		cur := queue[k]
		for _, h := range s.hops(cur) {
			if !in[h.to] {
				continue
			}
			if goal(h.move, h.to) {
				last = &h
				break
			}
			if _, seen := came[h.to]; !seen && h.to != from {
				came[h.to] = h
				queue = append(queue, h.to)
			}
		}
	}
	way := []hop{*last}
	for way[len(way)-1].from != from {
		way = append(way, came[way[len(way)-1].from])
	}
	slices.Reverse(way)
	for _, h := range way {
		l.Moves = append(l.Moves, h.move)
		tell(h.move, h.to)
	}
}

// hops are the steps of a state that do not fail.
func (s *Search) hops(id uint32) (out []hop) {
	s.each(id, func(m explore.Move, next []uint64) bool {
		if next != nil {
			out = append(out, hop{id, m, s.number(next)})
		}
		return true
	})
	return out
}

// stem is a shortest way to a state of the component with Q owed there. States are told apart by what is owed: twice their number, plus one if Q is.
func (s *Search) stem(c *Case, in map[uint32]bool) ([]explore.Move, uint32) {
	type arrival struct {
		from uint64
		move explore.Move
	}
	came := map[uint64]arrival{}
	node := func(id uint32, before bool) uint64 {
		if s.owes(c, id) || before && s.open(c, id) {
			return uint64(id)<<1 | 1
		}
		return uint64(id) << 1
	}
	first := node(0, false)
	came[first] = arrival{}
	queue := []uint64{first}
	for k := 0; k < len(queue); k++ {
		cur := queue[k]
		id, owed := uint32(cur>>1), cur&1 != 0
		if owed && in[id] {
			var way []explore.Move
			for n := cur; n != first; {
				way = append(way, came[n].move)
				n = came[n].from
			}
			slices.Reverse(way)
			return way, id
		}
		for _, h := range s.hops(id) {
			to := node(h.to, owed)
			if _, seen := came[to]; !seen {
				came[to] = arrival{cur, h.move}
				queue = append(queue, to)
			}
		}
	}
	panic("live: the component cannot be reached") // it was reached from a state that begins to owe
}
