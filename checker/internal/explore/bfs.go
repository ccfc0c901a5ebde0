package explore

import (
	"context"
	"slices"

	"pmdcheck/model"
)

// origin is where a breadth-first walk found a state: its parent's number and the move from there.
type origin struct {
	parent           uint32
	proc, trans, way uint16
}

// BFS walks breadth first with one worker. Of a state that was expanded only its origin is kept, for the paths.
func (w *Walk) BFS(ctx context.Context) Stop {
	set := w.newSets(1)[0]
	e := w.expander()
	defer e.done()
	var (
		queue  = newPile[uint64](w.Program.Words)
		from   = newPile[origin](1) // by number, in the order found
		st     []uint64             // of number cur
		cur    int
		levels int
	)
	e.path = func() []Move {
		var path []Move
		for i := cur; i > 0; {
			o := from.at(i)[0]
			path = append(path, Move{Proc: model.ProcID(o.proc), Trans: int(o.trans), Way: int(o.way)})
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
	st = e.initial()
	if _, ok := set.Insert(st); !ok {
		return StopBytes
	}
	queue.push(st...)
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
		if !e.expand(st) {
			e.stuck(st)
		}
		next := &e.next
		done := set.InsertAll(next.States(), next.fresh())
		for i := range done {
			if !next.added[i] {
				continue
			}
			if int64(from.len()) == w.Limits.States {
				return StopStates
			}
			if uint64(from.len()) >= 1<<32-1 {
				return StopBytes
			}
			e.arrive(i)
			queue.push(next.State(i)...)
			from.push(origin{uint32(cur), uint16(next.Trans[i].Proc), uint16(next.Trans[i].ID), next.Ways[i]})
		}
		if done < next.N {
			return StopBytes
		}
	}
	return w.finish(set)
}
