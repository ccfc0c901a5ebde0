package explore

import (
	"context"

	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// BFS walks breadth first with one worker. States are kept in the order they were found, each with its parent and the move from there.
func (w *Walk) BFS(ctx context.Context) Stop {
	p := w.Program
	n := p.Words
	set := store.New(n, 1)
	e := w.expander()
	defer e.done()
	type origin struct {
		parent uint32
		proc   uint16
		trans  uint16
	}
	const originBytes = 8
	var (
		states []uint64
		from   []origin
		cur    int
		levels int
		todo   []*program.Transition
	)
	pathTo := func(i int) []Move {
		var path []Move
		for ; i > 0; i = int(from[i].parent) {
			path = append(path, Move{model.ProcID(from[i].proc), int(from[i].trans)})
		}
		for a, b := 0, len(path)-1; a < b; a, b = a+1, b-1 {
			path[a], path[b] = path[b], path[a]
		}
		return path
	}
	e.path = func() []Move { return pathTo(cur) }
	states = append(states, e.initial(set)...)
	from = append(from, origin{})
	levelEnd := 1
	publish := func() int64 {
		bytes := set.Bytes() + int64(cap(states))*8 + int64(cap(from))*originBytes
		w.Stats.States.Store(int64(len(from)))
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(levels))
		w.Stats.Frontier.Store(int64(len(from) - cur))
		w.Stats.Bytes.Store(max(bytes, w.Stats.Bytes.Load()))
		return bytes
	}
	defer publish()
	for ; cur < len(from); cur++ {
		if cur == levelEnd {
			levels++
			levelEnd = len(from)
		}
		if cur%pollEvery == 0 {
			if s, over := w.over(ctx, publish()); over {
				return s
			}
		}
		if e.stop {
			return StopAsked
		}
		moved := false
		todo = e.candidates(states[cur*n:(cur+1)*n], todo[:0])
		for _, t := range todo {
			if !e.step(t, states[cur*n:(cur+1)*n]) {
				continue
			}
			moved = true
			next := e.dst[:n]
			added, ok := set.Insert(next)
			if !ok || uint64(len(from)) >= 1<<32-1 {
				return StopBytes
			}
			if added {
				if w.Limits.States > 0 && int64(len(from)) == w.Limits.States {
					return StopStates
				}
				e.enter(next)
				states = append(states, next...)
				from = append(from, origin{uint32(cur), uint16(t.Proc), uint16(t.ID)})
			}
			e.edge = e.edge[:0]
		}
		if !moved {
			e.stuck(states[cur*n : (cur+1)*n])
		}
	}
	return Complete
}
