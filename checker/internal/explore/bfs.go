package explore

import (
	"context"
	"slices"

	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// origin is where a breadth-first walk found a state: its parent's number and the move from there.
type origin struct {
	parent      uint32
	proc, trans uint16
}

// BFS walks breadth first with one worker. Of a state that was expanded only its origin is kept, for the paths.
func (w *Walk) BFS(ctx context.Context) Stop {
	p := w.Program
	n := p.Words
	set := w.newSet(1)
	in := set.Inserter(0)
	e := w.expander()
	defer e.done()
	var (
		queue  = newPile[uint64](n)
		from   = newPile[origin](1) // by number, in the order found
		st     []uint64             // of number cur
		cur    int
		levels int
		todo   []*program.Transition
	)
	e.path = func() []Move {
		var path []Move
		for i := cur; i > 0; {
			o := from.at(i)[0]
			path = append(path, Move{model.ProcID(o.proc), int(o.trans)})
			i = int(o.parent)
		}
		slices.Reverse(path)
		return path
	}
	publish := func() int64 {
		w.Stats.States.Store(int64(from.len()))
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(levels))
		w.Stats.Frontier.Store(int64(queue.len()))
		return w.note(set.Bytes() + queue.bytes() + from.bytes())
	}
	defer publish()
	queue.push(e.initial(in)...)
	from.push(origin{})
	levelEnd := 1
	for ; queue.len() > 0; cur++ {
		if cur == levelEnd {
			levels++
			levelEnd = from.len()
		}
		if cur%pollEvery == 0 {
			if s, over := w.over(ctx, publish()); over {
				return s
			}
		}
		if e.stop {
			return StopAsked
		}
		st = queue.shift(st[:0])
		moved := false
		todo = e.candidates(st, todo[:0])
		for _, t := range todo {
			if !e.step(t, st) {
				continue
			}
			moved = true
			next := e.dst[:n]
			added, ok := in.Insert(next)
			if !ok || uint64(from.len()) >= 1<<32-1 {
				return StopBytes
			}
			if added {
				if w.Limits.States > 0 && int64(from.len()) == w.Limits.States {
					return StopStates
				}
				e.enter(next)
				queue.push(next...)
				from.push(origin{uint32(cur), uint16(t.Proc), uint16(t.ID)})
			}
			e.edge = e.edge[:0]
		}
		if !moved {
			e.stuck(st)
		}
	}
	return w.finish(set)
}
