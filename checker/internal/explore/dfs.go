package explore

import (
	"context"

	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
)

// DFS walks depth first with one worker: processes in order, transitions of a process in program order.
//
// The stack holds for each state on the path its words, which candidates are left, whether any was enabled, and the move that led to it.
func (w *Walk) DFS(ctx context.Context) Stop {
	p := w.Program
	n := p.Words
	set := store.New(n, 1)
	e := w.expander()
	defer e.done()
	type frame struct {
		next, end int32 // candidates left: in todo, or the process whose candidates are tried and the number of those tried
		move      Move
		moved     bool
	}
	const frameBytes = 24
	var (
		states []uint64
		frames []frame
		todo   []*program.Transition
		depth  int
		count  int64 = 1
	)
	e.path = func() []Move {
		var path []Move
		for i := 1; i < len(frames); i++ {
			path = append(path, frames[i].move)
		}
		return path
	}
	push := func(st []uint64, m Move) {
		states = append(states, st...)
		f := frame{move: m}
		if e.sel != nil {
			f.next = int32(len(todo))
			todo = e.candidates(st, todo)
			f.end = int32(len(todo))
		}
		frames = append(frames, f)
	}
	procs := int32(p.Processes())
	candidate := func(f *frame, st []uint64) *program.Transition {
		if e.sel != nil {
			if f.next == f.end {
				return nil
			}
			f.next++
			return todo[f.next-1]
		}
		for ; f.next < procs; f.next, f.end = f.next+1, 0 {
			if c := p.Candidates(st, int(f.next)); int(f.end) < len(c) {
				f.end++
				return c[f.end-1]
			}
		}
		return nil
	}
	push(e.initial(set), Move{})
	depth = 1
	publish := func() int64 {
		bytes := set.Bytes() + int64(cap(states))*8 + int64(cap(frames))*frameBytes + int64(cap(todo))*8
		w.Stats.States.Store(count)
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(depth))
		w.Stats.Frontier.Store(int64(len(frames)))
		w.Stats.Bytes.Store(max(bytes, w.Stats.Bytes.Load()))
		return bytes
	}
	defer publish()
	polls := 0
	for len(frames) > 0 {
		if e.stop {
			return StopAsked
		}
		f := &frames[len(frames)-1]
		st := states[len(states)-n:]
		t := candidate(f, st)
		if t == nil {
			if !f.moved {
				e.stuck(st)
			}
			frames = frames[:len(frames)-1]
			states = states[:len(states)-n]
			if e.sel != nil && len(frames) > 0 {
				todo = todo[:frames[len(frames)-1].end]
			}
			continue
		}
		if !e.step(t, st) {
			continue
		}
		f.moved = true
		next := e.dst[:n]
		added, ok := set.Insert(next)
		if !ok {
			return StopBytes
		}
		if added {
			if w.Limits.States > 0 && count == w.Limits.States {
				return StopStates
			}
			count++
			e.enter(next)
			push(next, Move{t.Proc, t.ID})
		}
		e.edge = e.edge[:0]
		if !added {
			continue
		}
		depth = max(depth, len(frames))
		if polls++; polls == pollEvery {
			polls = 0
			if s, over := w.over(ctx, publish()); over {
				return s
			}
		}
	}
	return Complete
}
