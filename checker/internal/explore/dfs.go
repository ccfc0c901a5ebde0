package explore

import (
	"context"

	"pmdcheck/model"
)

// frame is what the stack of a depth-first walk holds for a state, besides its words. States that are expanded stay below their successors: they are the path.
type frame struct {
	proc, trans, way uint16 // the move that led here
	open             bool   // it was expanded
}

// DFS walks depth first with one worker: of the processes the last one first, and of the transitions of a process. In this order the processor guesses a few percent
// more of the branches right than in the opposite one.
//
// All successors of a state are made and looked up at once, and are visited from then on; so the tree that is walked is not that of the textbook, in which
// a successor is looked up only when its turn comes. It has the same states, and the path to each is as real.
func (w *Walk) DFS(ctx context.Context) Stop {
	set := w.newSets(1)[0]
	e := w.expander()
	defer e.done()
	var (
		states = newPile[uint64](w.Program.Words)
		frames = newPile[frame](1)
		depth  int       // of the state being expanded: states on the path to it
		most         = 1 // the largest depth of any state found
		count  int64 = 1
	)
	e.path = func() []Move {
		var path []Move
		frames.each(func(f []frame) {
			if f[0].open {
				path = append(path, Move{Proc: model.ProcID(f[0].proc), Trans: int(f[0].trans), Way: int(f[0].way)})
			}
		})
		return path[min(1, len(path)):] // no move leads to the initial state
	}
	publish := func() int64 {
		w.Stats.States.Store(count)
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(most))
		w.Stats.Frontier.Store(int64(frames.len()))
		return w.note(set.Bytes() + states.bytes() + frames.bytes())
	}
	defer publish()
	first := e.initial()
	if _, ok := set.Insert(first); !ok {
		return StopBytes
	}
	states.push(first...)
	frames.push(frame{})
	for polls := 0; frames.len() > 0; {
		if e.stop {
			return StopAsked
		}
		top := &frames.top()[0]
		if top.open {
			frames.pop()
			states.pop()
			depth--
			continue
		}
		top.open = true
		depth++
		cur := states.top()
		if !e.expand(cur) {
			e.stuck(cur)
			continue
		}
		next := &e.next
		done := set.InsertAll(next.States(), next.fresh())
		fresh := 0
		for i := range done {
			if !next.added[i] {
				continue
			}
			if count == w.Limits.States {
				return StopStates
			}
			count++
			e.arrive(i)
			states.push(next.State(i)...)
			frames.push(frame{proc: uint16(next.Trans[i].Proc), trans: uint16(next.Trans[i].ID), way: next.Ways[i]})
			fresh++
		}
		if done < next.N {
			return StopBytes
		}
		if fresh == 0 {
			continue
		}
		most = max(most, depth+1)
		if polls += fresh; polls >= pollEvery {
			polls = 0
			if s, over := w.over(ctx, publish()); over {
				return s
			}
		}
	}
	return w.finish(set)
}
