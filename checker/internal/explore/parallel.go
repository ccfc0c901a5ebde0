package explore

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"pmdcheck/checker/internal/store"
	"pmdcheck/internal/program"
)

// batch is how many states workers hand each other at a time.
const batch = 256

// crew is the workers of a parallel walk, and the work that nobody has taken yet.
type crew struct {
	w       *Walk
	set     store.Set
	members []*member

	hungry atomic.Int32 // workers that wait for work which nobody has offered yet
	stop   atomic.Int32 // 0, or Stop+1

	pausing atomic.Bool // everybody is to stand still; see keep

	mu      sync.Mutex
	wake    *sync.Cond // work has come, or the end, or standing still is over
	still   *sync.Cond // somebody stands still, or waits, or it is the end
	batches [][]uint64
	idle    int // who waits for work
	parked  int // who stands still
	done    bool
}

// member is one worker: it has a stack of its own and counts for itself, so that workers meet only in the visited set.
type member struct {
	c      *crew
	e      *expander
	in     store.Inserter
	stack  *pile[uint64]
	states int64 // found since publish
	bytes  atomic.Int64
	left   atomic.Int64 // states on the stack
	_      [64]byte
}

// count says how many of those who wait have nothing to hope for.
func (c *crew) count() { c.hungry.Store(int32(max(c.idle-len(c.batches), 0))) }

// put offers a batch.
func (c *crew) put(b []uint64) {
	c.mu.Lock()
	c.batches = append(c.batches, b)
	c.count()
	c.mu.Unlock()
	c.wake.Signal()
}

// get waits for a batch; nil means that all work is done or the walk was stopped.
func (c *crew) get() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle++
	c.count()
	c.still.Signal()
	for !c.done && (len(c.batches) == 0 || c.pausing.Load()) {
		if len(c.batches) == 0 && c.idle == len(c.members) {
			c.done = true
			c.wake.Broadcast()
			c.still.Signal()
			break
		}
		c.wake.Wait()
	}
	if c.done {
		return nil
	}
	b := c.batches[len(c.batches)-1]
	c.batches = c.batches[:len(c.batches)-1]
	c.idle--
	c.count()
	return b
}

// halt ends the walk; the first reason counts.
func (c *crew) halt(s Stop) {
	c.stop.CompareAndSwap(0, int32(s)+1)
	c.mu.Lock()
	c.done = true
	c.mu.Unlock()
	c.wake.Broadcast()
	c.still.Signal()
}

// Parallel walks with several workers that share the visited set. Each has a stack of its own and hands over part of it when another has run dry.
// Every reachable state is expanded exactly once, so a complete walk counts the same states and transitions as DFS does.
func (w *Walk) Parallel(ctx context.Context, workers int) Stop {
	c := &crew{w: w, set: w.newSet(workers)}
	c.wake, c.still = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	for i := range workers {
		c.members = append(c.members, &member{c: c, e: w.expander(), in: c.set.Inserter(i), stack: newPile[uint64](w.Program.Words)})
	}
	m := c.members[0]
	if w.Saving != nil && w.Saving.Restore != nil {
		ok, err := c.load(w.Saving.Restore)
		if err != nil {
			w.DiskError = err
			return StopDisk
		}
		if !ok {
			return StopBytes
		}
	} else {
		m.stack.push(m.e.initial(m.in)...)
		m.states = 1
		if m.e.stop {
			m.publish()
			return StopAsked
		}
	}
	var wg, keeping sync.WaitGroup
	quit := func() {}
	if w.Saving != nil {
		var saving context.Context
		saving, quit = context.WithCancel(context.WithoutCancel(ctx))
		keeping.Go(func() { c.keep(saving) })
	}
	for _, m := range c.members {
		wg.Go(func() { m.work(ctx) })
	}
	wg.Wait()
	quit()
	keeping.Wait()
	stop := Complete
	if s := c.stop.Load(); s != 0 {
		stop = Stop(s - 1)
	}
	if w.Saving != nil && (stop == Complete || stop == StopTime || stop == StopCancel || stop == StopBytes) {
		if err := w.Saving.Keep(func(out io.Writer) error { return c.save(out, stop == Complete) }); err != nil && stop != Complete {
			w.DiskError = err
			return StopDisk
		}
	}
	if stop == Complete {
		return w.finish(c.set)
	}
	return stop
}

// publish adds what was counted to the counters of the walk.
func (m *member) publish() (bytes int64) {
	st := &m.c.w.Stats
	st.Transitions.Add(m.e.trans)
	st.States.Add(m.states)
	m.e.trans, m.states = 0, 0
	m.bytes.Store(m.stack.bytes())
	m.left.Store(int64(m.stack.len()))
	left := int64(0)
	for _, o := range m.c.members {
		bytes += o.bytes.Load()
		left += o.left.Load()
	}
	st.Frontier.Store(left)
	return m.c.w.note(m.c.set.Bytes() + bytes)
}

// work publishes the counts and looks at the limits every pollEvery states.
func (m *member) work(ctx context.Context) {
	c, w, e := m.c, m.c.w, m.e
	n := w.Program.Words
	cur := make([]uint64, n)
	var todo []*program.Transition
	defer e.done()
	defer m.publish()
	for polls := 0; c.stop.Load() == 0; polls++ {
		if m.stack.len() == 0 {
			m.publish()
			b := c.get()
			if b == nil {
				return
			}
			m.stack.push(b...)
		}
		if c.pausing.Load() {
			m.publish()
			c.park()
			continue
		}
		if polls%pollEvery == 0 {
			if s, over := w.over(ctx, m.publish()); over {
				c.halt(s)
				return
			}
		}
		if c.hungry.Load() > 0 && m.stack.len() >= 2 {
			// The older half is nearer to the root and likely to be the larger part of the work.
			give := make([]uint64, 0, batch*n)
			for range min(m.stack.len()/2, batch) {
				give = m.stack.shift(give)
			}
			c.put(give)
		}
		copy(cur, m.stack.top())
		m.stack.pop()
		moved := false
		trans := e.trans
		todo = e.candidates(cur, todo[:0])
		for _, t := range todo {
			if !e.step(t, cur) {
				continue
			}
			moved = true
			next := e.dst[:n]
			added, ok := m.in.Insert(next)
			if !ok {
				// What was found so far is in the set and on the stack; whoever takes the walk up expands this state once more.
				e.trans = trans
				m.stack.push(cur...)
				c.halt(StopBytes)
				return
			}
			if !added {
				continue
			}
			if w.Limits.States > 0 {
				if w.Stats.States.Add(m.states+1) > w.Limits.States {
					w.Stats.States.Add(-1)
					m.states = 0
					c.halt(StopStates)
					return
				}
				m.states = 0
			} else {
				m.states++
			}
			e.enter(next)
			m.stack.push(next...)
		}
		if !moved {
			e.stuck(cur)
		}
		if e.stop {
			c.halt(StopAsked)
			return
		}
	}
}
