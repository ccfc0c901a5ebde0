package explore

import (
	"context"

	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
)

// DFS walks depth first with one worker: processes in order, transitions of a process in program order.
//
// The stack holds for each state on the path its words, the next candidate, whether any candidate was enabled, and the move that led to it.
func (w *Walk) DFS(ctx context.Context) Stop {
	p := w.Program
	n := p.Words
	set := store.New(n, 1)
	e := w.expander()
	type frame struct {
		proc, cand int32
		move       Move
		moved      bool
	}
	const frameBytes = 24
	var (
		states []uint64
		frames []frame
		last   Move
		onEdge bool // last leads to what is being reported, and is not on the stack yet
		depth  int
		count  int64 = 1
	)
	e.path = func() []Move {
		var path []Move
		for i := 1; i < len(frames); i++ {
			path = append(path, frames[i].move)
		}
		if onEdge {
			path = append(path, last)
		}
		return path
	}
	init := e.initial(set)
	states = append(states, init...)
	frames = append(frames, frame{})
	depth = 1
	publish := func() int64 {
		bytes := set.Bytes() + int64(cap(states))*8 + int64(cap(frames))*frameBytes
		w.Stats.States.Store(count)
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Depth.Store(int64(depth))
		w.Stats.Frontier.Store(int64(len(frames)))
		w.Stats.Bytes.Store(max(bytes, w.Stats.Bytes.Load()))
		return bytes
	}
	defer publish()
	procs := int32(p.Processes())
	polls := 0
	for len(frames) > 0 {
		if e.stop {
			return StopAsked
		}
		f := &frames[len(frames)-1]
		st := states[len(states)-n:]
		if f.proc == procs {
			if !f.moved {
				e.stuck(st)
			}
			frames = frames[:len(frames)-1]
			states = states[:len(states)-n]
			continue
		}
		cands := p.Candidates(st, int(f.proc))
		if int(f.cand) == len(cands) {
			f.proc++
			f.cand = 0
			continue
		}
		t := cands[f.cand]
		f.cand++
		status, enabled := e.step(t, st)
		if !enabled {
			continue
		}
		f.moved = true
		last = Move{t.Proc, t.ID}
		if status == program.Failed {
			onEdge = true
			e.found(e.x.Failed())
			onEdge = false
		}
		next := e.dst[:n]
		added, ok := set.Insert(next)
		if !ok {
			return StopBytes
		}
		if !added {
			continue
		}
		if w.Limits.States > 0 && count == w.Limits.States {
			return StopStates
		}
		count++
		onEdge = true
		e.enter(next)
		onEdge = false
		states = append(states, next...)
		frames = append(frames, frame{move: last})
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
