// Package live looks for runs on which something that is owed never happens.
//
//	graph.go   the reachable states, numbered
//	scc.go     the search: components of the states in which Q is owed, and whether a fair run can stay in one
//	lasso.go   the run that shows it
//
// What a run owes is decided by cases ([pmdcheck/model.LiveCase]) one at a time. A run violates a case if from some state on Q is false for ever and P was true
// in that state; so it is enough to look at the part of the graph that can be reached from a state with P and without Q through states without Q. A run that
// stays in it for ever either comes to a state where nothing can move, or takes the states and steps of one strongly connected component infinitely often, and
// it can be fair if and only if each fair process cannot move in some state of the component or makes some step inside it. Components are found with
// Tarjan's algorithm (1972), without recursion. No partial-order reduction is used, and what one case owes is never mixed with what another does.
//
// Runs in which a process fails are not judged: a process that has crashed keeps for ever what it holds.
package live

import (
	"context"
	"math/bits"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// Search holds the reachable states of a program in which no process has failed. Explore comes first; then any number of cases may be decided.
type Search struct {
	Program *program.Program
	Limits  explore.Limits
	Stats   Stats
	Sample  explore.Counters // while it runs; of the search of a case, States is how many of the states it has looked at

	x     *program.Exec
	dst   []uint64
	n     int // words of a state
	count int
	// A state is found by its number in chunks, which never move, and by its words through slots: open addressing, number+1, 0 for empty.
	chunks [][]uint64
	slots  []uint32
	num    []uint32
	low    []uint32
}

// Stats are the figures of a search.
type Stats struct {
	States      int64 // reachable states in which no process has failed
	Transitions int64 // between them
	Bytes       int64 // peak
}

const (
	chunkBits   = 10
	chunkStates = 1 << chunkBits
	pollEvery   = 1024
	maxStates   = 1<<32 - 8 // numbers and marks fit into 32 bits
)

// Explore visits every reachable state, breadth first.
func (s *Search) Explore(ctx context.Context) explore.Stop {
	p := s.Program
	s.n, s.x, s.dst = p.Words, p.NewExec(), make([]uint64, p.Total)
	s.slots = make([]uint32, 1<<10)
	if failed, _ := s.x.Initial(s.dst); len(failed) > 0 {
		return explore.Complete // every run has a failed process
	}
	s.insert(s.dst[:s.n])
	var trans int64
	publish := func() int64 {
		s.Stats.States, s.Stats.Transitions = int64(s.count), trans
		s.Stats.Bytes = int64(len(s.chunks)*chunkStates*s.n*8 + len(s.slots)*4)
		return s.Stats.Bytes + int64(s.count)*8 // the search of a case numbers every state twice
	}
	defer publish()
	for cur := 0; cur < s.count; cur++ {
		if cur%pollEvery == 0 {
			bytes := publish()
			s.Sample.States.Store(int64(s.count))
			s.Sample.Transitions.Store(trans)
			s.Sample.Frontier.Store(int64(s.count - cur))
			s.Sample.Bytes.Store(bytes)
			if s.Limits.Bytes > 0 && bytes > s.Limits.Bytes {
				return explore.StopBytes
			}
			if stop, over := explore.Interrupted(ctx); over {
				return stop
			}
		}
		stop := explore.Complete
		s.each(uint32(cur), func(_ explore.Move, next []uint64) bool {
			if next == nil {
				return true
			}
			trans++
			switch full := s.Limits.States > 0 && int64(s.count) >= s.Limits.States; {
			case !full && int64(s.count) < maxStates:
				s.insert(next)
			case s.slots[s.slot(next)] != 0:
			case full:
				stop = explore.StopStates
			default:
				stop = explore.StopBytes
			}
			return stop == explore.Complete
		})
		if stop != explore.Complete {
			return stop
		}
	}
	return explore.Complete
}

// each calls f for every step that is possible in a state, in order; next is nil where the step fails. f says whether to go on.
func (s *Search) each(id uint32, f func(m explore.Move, next []uint64) bool) {
	st := s.state(id)
	for proc := range s.Program.Processes() {
		for _, t := range s.Program.Candidates(st, proc) {
			goOn := true
			s.x.Each(t, st, s.dst, func(status program.Status) {
				if !goOn || status == program.Disabled {
					return
				}
				next := s.dst[:s.n]
				if status == program.Failed {
					next = nil
				}
				goOn = f(explore.Move{Proc: t.Proc, Trans: t.ID, Way: s.x.Way()}, next)
			})
			if !goOn {
				return
			}
		}
	}
}

// canMove reports whether a process has a step in a state, be it one that fails.
func (s *Search) canMove(id uint32, proc int) bool {
	st := s.state(id)
	able := false
	for _, t := range s.Program.Candidates(st, proc) {
		s.x.Each(t, st, s.dst, func(status program.Status) { able = able || status != program.Disabled })
	}
	return able
}

func (s *Search) state(id uint32) []uint64 {
	o := int(id&(chunkStates-1)) * s.n
	return s.chunks[id>>chunkBits][o : o+s.n]
}

// slot is where the search for a state ends: at its number, or at an empty slot.
func (s *Search) slot(st []uint64) int {
	i, _ := bits.Mul64(store.Hash(st), uint64(len(s.slots)))
	for {
		w := s.slots[i]
		if w == 0 || equal(s.state(w-1), st) {
			return int(i)
		}
		if i++; i == uint64(len(s.slots)) {
			i = 0
		}
	}
}

func equal(a, b []uint64) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// number is the number of a state that was visited.
func (s *Search) number(st []uint64) uint32 { return s.slots[s.slot(st)] - 1 }

// insert gives a state a number, unless it has one, and reports whether it is new.
func (s *Search) insert(st []uint64) bool {
	i := s.slot(st)
	if s.slots[i] != 0 {
		return false
	}
	if s.count>>chunkBits == len(s.chunks) {
		s.chunks = append(s.chunks, make([]uint64, chunkStates*s.n))
	}
	copy(s.state(uint32(s.count)), st)
	s.count++
	s.slots[i] = uint32(s.count)
	if s.count > len(s.slots)/4*3 {
		s.slots = make([]uint32, len(s.slots)*2)
		for id := range s.count {
			s.slots[s.slot(s.state(uint32(id)))] = uint32(id + 1)
		}
	}
	return true
}

// Case is a compiled [model.LiveCase].
type Case struct {
	p, q    program.Test
	atStart bool // Q is owed from the initial state on, and only from there
}

// Case compiles a case.
func (s *Search) Case(c model.LiveCase) *Case {
	k := &Case{q: s.Program.Test(c.Q, nil), atStart: c.P == nil}
	if c.P != nil {
		k.p = s.Program.Test(c.P, nil)
	}
	return k
}

// open reports whether Q is false in a state: what is owed before stays owed.
func (s *Search) open(c *Case, id uint32) bool {
	truth, ok := c.q(s.x, s.state(id))
	return !truth || !ok
}

// owes reports whether something begins to be owed in a state, or would if it were not owed already.
func (s *Search) owes(c *Case, id uint32) bool {
	if !s.open(c, id) {
		return false
	}
	if c.atStart {
		return id == 0
	}
	truth, ok := c.p(s.x, s.state(id))
	return truth || !ok
}
