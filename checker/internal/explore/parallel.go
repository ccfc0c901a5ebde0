package explore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
)

// batch is how many states workers hand each other at a time.
const batch = 256

// pool is the work that nobody has taken yet.
type pool struct {
	mu      sync.Mutex
	wake    *sync.Cond
	batches [][]uint64
	idle    int
	workers int
	done    bool
	hungry  atomic.Int32 // workers waiting
}

// put offers a batch.
func (q *pool) put(b []uint64) {
	q.mu.Lock()
	q.batches = append(q.batches, b)
	q.mu.Unlock()
	q.wake.Signal()
}

// get waits for a batch; nil means that all work is done or the walk was stopped.
func (q *pool) get() []uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle++
	q.hungry.Add(1)
	defer q.hungry.Add(-1)
	for len(q.batches) == 0 && !q.done {
		if q.idle == q.workers {
			q.done = true
			q.wake.Broadcast()
			break
		}
		q.wake.Wait()
	}
	if q.done {
		return nil
	}
	q.idle--
	b := q.batches[len(q.batches)-1]
	q.batches = q.batches[:len(q.batches)-1]
	return b
}

func (q *pool) close() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	q.wake.Broadcast()
}

// Parallel walks with several workers that share the visited set. Each has a stack of its own and hands over part of it when another has run dry.
// Every reachable state is expanded exactly once, so a complete walk counts the same states and transitions as DFS does.
func (w *Walk) Parallel(ctx context.Context, workers int) Stop {
	p := w.Program
	set := store.New(p.Words, workers)
	q := &pool{workers: workers}
	q.wake = sync.NewCond(&q.mu)
	var stop atomic.Int32 // 0, or Stop+1
	halt := func(s Stop) {
		stop.CompareAndSwap(0, int32(s)+1)
		q.close()
	}
	first := w.expander()
	q.batches = append(q.batches, slices.Clone(first.initial(set)))
	w.Stats.States.Store(1)
	if first.stop {
		return StopAsked
	}
	var frontier atomic.Int64
	frontier.Store(int64(p.Words))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { w.work(ctx, set, q, &stop, halt, &frontier) })
	}
	wg.Wait()
	if s := stop.Load(); s != 0 {
		return Stop(s - 1)
	}
	return Complete
}

// work is one worker. It publishes its counts and looks at the limits every pollEvery states.
func (w *Walk) work(ctx context.Context, set *store.Set, q *pool, stop *atomic.Int32, halt func(Stop), frontier *atomic.Int64) {
	p := w.Program
	n := p.Words
	e := w.expander()
	defer e.done()
	var stack []uint64
	var todo []*program.Transition
	held := 0 // words of stack counted in frontier
	publish := func() int64 {
		w.Stats.Transitions.Add(e.trans)
		e.trans = 0
		front := frontier.Add(int64(len(stack) - held))
		held = len(stack)
		bytes := set.Bytes() + front*8
		for {
			old := w.Stats.Bytes.Load()
			if bytes <= old || w.Stats.Bytes.CompareAndSwap(old, bytes) {
				break
			}
		}
		w.Stats.Frontier.Store(front / int64(n))
		return bytes
	}
	defer publish()
	cur := make([]uint64, n)
	for polls := 0; ; polls++ {
		if stop.Load() != 0 {
			return
		}
		if len(stack) == 0 {
			publish()
			stack = q.get()
			if stack == nil {
				return
			}
			held = len(stack)
		}
		if polls%pollEvery == 0 {
			if s, over := w.over(ctx, publish()); over {
				halt(s)
				return
			}
		}
		if q.hungry.Load() > 0 && len(stack) >= 2*n {
			// The older half is nearer to the root and likely to be the larger part of the work.
			give := min(len(stack)/n/2, batch) * n
			q.put(slices.Clone(stack[:give]))
			stack = append(stack[:0], stack[give:]...)
		}
		copy(cur, stack[len(stack)-n:])
		stack = stack[:len(stack)-n]
		moved := false
		todo = e.candidates(cur, todo[:0])
		for _, t := range todo {
			if !e.step(t, cur) {
				continue
			}
			moved = true
			next := e.dst[:n]
			added, ok := set.Insert(next)
			if !ok {
				halt(StopBytes)
				return
			}
			if added {
				if c := w.Stats.States.Add(1); w.Limits.States > 0 && c > w.Limits.States {
					w.Stats.States.Add(-1)
					halt(StopStates)
					return
				}
				e.enter(next)
				stack = append(stack, next...)
			}
		}
		if !moved {
			e.stuck(cur)
		}
		if e.stop {
			halt(StopAsked)
			return
		}
	}
}
