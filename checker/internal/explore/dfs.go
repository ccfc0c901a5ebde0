package explore

import (
	"context"

	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// frame is what the stack of a depth-first walk holds for a state on the path, besides its words.
type frame struct {
	next, end   uint32 // candidates left: in todo, or the process whose candidates are tried and the number of those tried
	proc, trans uint16 // the move that led here
	moved       bool   // whether any candidate was enabled
}

// DFS walks depth first with one worker: processes in order, transitions of a process in program order.
func (w *Walk) DFS(ctx context.Context) Stop {
	p := w.Program
	n := p.Words
	set := w.newSet(1)
	in := set.Inserter(0)
	e := w.expander()
	defer e.done()
	var (
		states = newPile[uint64](n)
		frames = newPile[frame](1)
		todo   = newPile[uint32](1) // candidates of a stubborn set: process and transition, 16 bits each
		cands  []*program.Transition
		top    *frame
		cur    []uint64 // the state of top
		depth  int
		count  int64 = 1
	)
	e.path = func() []Move {
		var path []Move
		frames.each(func(f []frame) { path = append(path, Move{model.ProcID(f[0].proc), int(f[0].trans)}) })
		return path[min(1, len(path)):] // no move leads to the initial state
	}
	push := func(st []uint64, proc model.ProcID, trans int) {
		states.push(st...)
		f := frame{proc: uint16(proc), trans: uint16(trans)}
		if e.sel != nil {
			f.next = uint32(todo.len())
			cands = e.candidates(st, cands[:0])
			for _, t := range cands {
				todo.push(uint32(t.Proc)<<16 | uint32(t.ID))
			}
			f.end = uint32(todo.len())
		}
		frames.push(f)
	}
	procs := uint32(p.Processes())
	candidate := func(f *frame, st []uint64) *program.Transition {
		if e.sel != nil {
			if f.next == f.end {
				return nil
			}
			c := todo.at(int(f.next))[0]
			f.next++
			return e.transition(st, int(c>>16), int(c&0xffff))
		}
		for ; f.next < procs; f.next, f.end = f.next+1, 0 {
			if c := p.Candidates(st, int(f.next)); int(f.end) < len(c) {
				f.end++
				return c[f.end-1]
			}
		}
		return nil
	}
	publish := func() int64 {
		w.Stats.States.Store(count)
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(depth))
		w.Stats.Frontier.Store(int64(frames.len()))
		return w.note(set.Bytes() + states.bytes() + frames.bytes() + todo.bytes())
	}
	defer publish()
	push(e.initial(in), 0, 0)
	top, cur = &frames.top()[0], states.top()
	depth = 1
	polls := 0
	for frames.len() > 0 {
		if e.stop {
			return StopAsked
		}
		t := candidate(top, cur)
		if t == nil {
			if !top.moved {
				e.stuck(cur)
			}
			frames.pop()
			states.pop()
			if frames.len() == 0 {
				break
			}
			top, cur = &frames.top()[0], states.top()
			if e.sel != nil {
				todo.cut(todo.len() - int(top.end))
			}
			continue
		}
		if !e.step(t, cur) {
			continue
		}
		top.moved = true
		next := e.dst[:n]
		added, ok := in.Insert(next)
		if !ok {
			return StopBytes
		}
		if added {
			if w.Limits.States > 0 && count == w.Limits.States {
				return StopStates
			}
			count++
			e.enter(next)
			push(next, t.Proc, t.ID)
			top, cur = &frames.top()[0], states.top()
		}
		e.edge = e.edge[:0]
		if !added {
			continue
		}
		depth = max(depth, frames.len())
		if polls++; polls == pollEvery {
			polls = 0
			if s, over := w.over(ctx, publish()); over {
				return s
			}
		}
	}
	return w.finish(set)
}
