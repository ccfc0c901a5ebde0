package live

import (
	"context"
	"math"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/program"
)

// Marks in num and low. A state with num 0 has not been looked at.
const (
	closed = math.MaxUint32 // num: Q is true there
	done   = math.MaxUint32 // low: its component is complete
)

// frame is one state on the search stack.
type frame struct {
	id    uint32
	proc  int32 // the next candidate is number cand of proc
	cand  int32
	way   uint16 // and of its ways this one
	moved bool   // some step is possible
	self  bool   // a step leads back to the state itself
}

const frameBytes = 16

// Violation looks for a fair run on which a case is owed for ever. A nil lasso means that there is none, if the search was complete.
func (s *Search) Violation(ctx context.Context, c *Case) (*Lasso, explore.Stop) {
	if s.num == nil {
		s.num, s.low = make([]uint32, s.count), make([]uint32, s.count)
		s.Stats.Bytes += int64(s.count) * 8
	} else {
		clear(s.num)
	}
	t := &tarjan{s: s, c: c, ctx: ctx}
	for id := range uint32(s.count) {
		if s.num[id] != 0 || !s.owes(c, id) {
			continue
		}
		if l, stop := t.from(id); l != nil || stop != explore.Complete {
			return l, stop
		}
	}
	return nil, explore.Complete
}

// tarjan finds the components of the states in which Q is owed.
type tarjan struct {
	s      *Search
	c      *Case
	ctx    context.Context
	next   uint32
	frames []frame
	stack  []uint32 // states whose component is not complete
	polls  int
}

func (t *tarjan) push(id uint32) {
	t.next++
	t.s.num[id], t.s.low[id] = t.next, t.next
	t.stack = append(t.stack, id)
	t.frames = append(t.frames, frame{id: id})
}

func (t *tarjan) from(root uint32) (*Lasso, explore.Stop) {
	s := t.s
	t.push(root)
	for len(t.frames) > 0 {
		if t.polls++; t.polls == pollEvery {
			t.polls = 0
			if stop, over := explore.Interrupted(t.ctx); over {
				return nil, stop
			}
			b := s.Stats.Bytes + int64(cap(t.frames))*frameBytes + int64(cap(t.stack))*4
			s.Sample.States.Store(int64(t.next))
			s.Sample.Depth.Store(int64(len(t.frames)))
			s.Sample.Frontier.Store(int64(len(t.stack)))
			s.Sample.Bytes.Store(b)
			if s.Limits.Bytes > 0 && b > s.Limits.Bytes {
				return nil, explore.StopBytes
			}
		}
		f := &t.frames[len(t.frames)-1]
		next, ok := t.successor(f)
		if ok {
			switch n := s.num[next]; {
			case n == closed:
			case n == 0 && !s.open(t.c, next):
				s.num[next] = closed
			case n == 0:
				t.push(next)
			case s.low[next] != done:
				s.low[f.id] = min(s.low[f.id], n)
			}
			continue
		}
		end := *f
		t.frames = t.frames[:len(t.frames)-1]
		if len(t.frames) > 0 {
			up := t.frames[len(t.frames)-1].id
			s.low[up] = min(s.low[up], s.low[end.id])
		}
		if s.low[end.id] != s.num[end.id] {
			continue
		}
		k := len(t.stack) - 1
		for t.stack[k] != end.id {
			k--
		}
		members := t.stack[k:]
		if t.staysFair(end, members) {
			return s.lasso(t.c, members, end.moved), explore.Complete
		}
		for _, id := range members {
			s.low[id] = done
		}
		t.stack = t.stack[:k]
	}
	return nil, explore.Complete
}

// successor is the next state that a step leads to, other than the state itself; false if there is no more.
func (t *tarjan) successor(f *frame) (uint32, bool) {
	s := t.s
	st := s.state(f.id)
	for ; int(f.proc) < s.Program.Processes(); f.proc, f.cand = f.proc+1, 0 {
		cands := s.Program.Candidates(st, int(f.proc))
		for int(f.cand) < len(cands) {
			t := cands[f.cand]
			status := s.x.RunWay(t, int(f.way), st, s.dst)
			if f.way++; !s.x.More(t) {
				f.cand, f.way = f.cand+1, 0
			}
			f.moved = f.moved || status != program.Disabled
			if status != program.Moved {
				continue
			}
			if id := s.number(s.dst[:s.n]); id != f.id {
				return id, true
			}
			f.self = true
		}
	}
	return 0, false
}

// staysFair reports whether a fair run can stay in a component for ever. All of its members, and no other states, have a num of at least that of the root
// and a component that is not complete.
func (t *tarjan) staysFair(root frame, members []uint32) bool {
	s := t.s
	if len(members) == 1 && !root.self {
		return !root.moved // nothing can move: the run is at its end
	}
	first := s.num[root.id]
	inside := func(id uint32) bool { n := s.num[id]; return n != closed && n >= first && s.low[id] != done }
	var waiting []int // fair processes that have been able to move in every state so far, and have not
	for _, p := range s.Program.Sys.Processes {
		if p.Fair {
			waiting = append(waiting, int(p.ID))
		}
	}
	for _, id := range members {
		if len(waiting) == 0 {
			break
		}
		keep := waiting[:0]
		for _, p := range waiting {
			st := s.state(id)
			can, does := false, false
			for _, tr := range s.Program.Candidates(st, p) {
				s.x.Each(tr, st, s.dst, func(status program.Status) {
					can = can || status != program.Disabled
					does = does || status == program.Moved && inside(s.number(s.dst[:s.n]))
				})
			}
			if can && !does {
				keep = append(keep, p)
			}
		}
		waiting = keep
	}
	return len(waiting) == 0
}
