package explore

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/store"
)

// Workers share nothing but batches of states. Each state has an owner, which keeps it in a visited set of its own and, as a rule, expands it. A worker that comes across
// somebody else's state sends it there (Stern and Dill, "Parallelizing the Murφ verifier", CAV 1997). So no word of a visited set is ever touched by two processors, which
// between distant ones would cost more than all the rest of a step, and the sets need no locks.
//
// The owner depends on the locations of a few processes only, so that the steps of all others stay with it (Lerda and Sisto, "Distributed-memory model checking with SPIN", SPIN
// 1999). That need not share states out evenly; an idle worker gets states to expand from one that has many.

// batch is how many states workers send each other at a time.
const batch = 512

// spins is how many times a worker without work looks for mail before it goes to sleep: where there is little to do at a time, being woken up would take longest.
const spins = 1000

// crew is the workers of a parallel walk.
type crew struct {
	w       *Walk
	members []*member

	owning  *program.Division // the owner of a state
	hungry  atomic.Int32      // workers that wait for work
	stop    atomic.Int32      // 0, or Stop+1
	pausing atomic.Bool       // everybody is to stand still; see keep
	_       [64]byte          // what is above is looked at all the time and hardly ever changes

	made   atomic.Int64 // batches that were made
	mu     sync.Mutex
	still  *sync.Cond // somebody stands still, or waits, or it is the end
	idle   int        // what waits for work
	parked int        // who stands still
	done   bool
	broke  any        // what a worker panicked with
	torn   bool       // the bound on states was met: a state is in a visited set and will not be expanded
	spare  [][]uint64 // empty batches
}

// member is one worker.
type member struct {
	c      *crew
	id     int
	e      *expander
	set    store.Set
	stack  *pile[uint64] // the worker's own states that are to be expanded
	given  *pile[uint64] // states of others that are, when it has none
	out    [][]uint64    // by member: states to be sent
	states int64         // found since publish
	bytes  atomic.Int64
	left   atomic.Int64 // states to be expanded

	mailed  atomic.Bool // there is mail
	waiting atomic.Bool // for mail
	mail    [][]uint64  // states from others to be visited, and those that found no room; guarded by crew.mu
	gifts   [][]uint64  // states from others to be expanded; guarded by crew.mu
	wake    *sync.Cond
	_       [64]byte
}

// owner is the worker that a state belongs to.
func (c *crew) owner(st []uint64) int { return c.owning.Part(st) }

// send puts a batch into somebody's mail and returns an empty one.
func (c *crew) send(to *member, b []uint64) []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	to.mailed.Store(true)
	if to.waiting.Load() {
		to.wake.Signal()
	}
	if k := len(to.mail) - 1; k >= 0 && len(to.mail[k])+len(b) <= cap(to.mail[k]) {
		to.mail[k] = append(to.mail[k], b...) // a few states do not take a batch of their own
		return b[:0]
	}
	to.mail = append(to.mail, b)
	return c.empty()
}

// flush sends what is to be sent; to those that wait, or to all.
func (m *member) flush(all bool) {
	for i, b := range m.out {
		if to := m.c.members[i]; len(b) > 0 && (all || to.waiting.Load()) {
			m.out[i] = m.c.send(to, b)
		}
	}
}

// receive takes gifts and is the mail, if there is any. With nothing else to do a worker waits for it; it gets none when all work is done or the walk was stopped.
func (m *member) receive(wait bool) (mail [][]uint64, ok bool) {
	c := m.c
	if wait {
		m.waiting.Store(true)
		c.hungry.Add(1)
		for i := 0; i < spins && !m.mailed.Load() && c.stop.Load() == 0 && !c.pausing.Load(); i++ {
			runtime.Gosched()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait {
		c.idle++
		c.still.Signal()
		for !c.done && (!m.got() || c.pausing.Load()) {
			if c.idle == len(c.members) && !slices.ContainsFunc(c.members, (*member).got) {
				c.end()
				break
			}
			m.wake.Wait()
		}
		m.waiting.Store(false)
		c.hungry.Add(-1)
		c.idle--
		c.still.Signal()
	}
	if c.done {
		return nil, false
	}
	mail = m.mail
	for _, b := range m.gifts {
		m.given.push(b...)
		c.spare = append(c.spare, b[:0])
	}
	m.mail, m.gifts = nil, nil
	m.mailed.Store(false)
	return mail, true
}

// got reports whether there is something for a worker; crew.mu is held.
func (m *member) got() bool { return len(m.mail)+len(m.gifts) > 0 }

// give gives states that are to be expanded to those that wait and have nothing to hope for.
func (m *member) give() {
	c := m.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, to := range c.members {
		if m.stack.len() < 2 || !to.waiting.Load() || to.got() {
			continue
		}
		b := c.empty()
		// The older half is nearer to the root and likely to be the larger part of the work.
		for range min(m.stack.len()/2, batch) {
			b = m.stack.shift(b)
		}
		to.gifts = append(to.gifts, b)
		to.mailed.Store(true)
		to.wake.Signal()
	}
}

// empty is an empty batch; mu is held.
func (c *crew) empty() []uint64 {
	if n := len(c.spare); n > 0 {
		b := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return b
	}
	c.made.Add(1)
	return make([]uint64, 0, batch*c.w.Program.Words)
}

// end wakes everybody up; mu is held.
func (c *crew) end() {
	c.done = true
	c.wakeAll()
	c.still.Signal()
}

func (c *crew) wakeAll() {
	for _, m := range c.members {
		m.wake.Broadcast()
	}
}

// halt ends the walk; the first reason counts.
func (c *crew) halt(s Stop) {
	c.stop.CompareAndSwap(0, int32(s)+1)
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
}

// Parallel walks with several workers. Every reachable state is expanded exactly once, so a complete walk counts the same states and transitions as DFS does.
func (w *Walk) Parallel(ctx context.Context, workers int) Stop {
	c := &crew{w: w, owning: w.Program.Divide(workers)}
	c.still = sync.NewCond(&c.mu)
	n := w.Program.Words
	sets := w.newSets(workers)
	for i := range workers {
		m := &member{c: c, id: i, e: w.expander(), set: sets[i], stack: newPile[uint64](n), given: newPile[uint64](n), wake: sync.NewCond(&c.mu)}
		if workers > 1 {
			m.out = make([][]uint64, workers)
			for k := range m.out {
				m.out[k] = c.empty()
			}
		}
		c.members = append(c.members, m)
	}
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
		e := c.members[0].e
		st := e.initial()
		m := c.members[c.owner(st)]
		if _, ok := m.set.Insert(st); !ok {
			return StopBytes
		}
		m.stack.push(st...)
		m.states = 1
		if e.stop {
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
		wg.Go(func() {
			defer c.rescue()
			m.work(ctx)
		})
	}
	wg.Wait()
	quit()
	keeping.Wait()
	if c.broke != nil {
		panic(c.broke) // where whoever asked for the walk can recover
	}
	stop := Complete
	if s := c.stop.Load(); s != 0 {
		stop = Stop(s - 1)
	}
	if w.Saving != nil && c.whole(stop) {
		if err := w.Saving.Keep(func(out io.Writer) error { return c.save(out, stop == Complete) }); err != nil && stop != Complete {
			w.DiskError = err
			return StopDisk
		}
	}
	if stop == Complete {
		return w.finish(sets...)
	}
	return stop
}

// Broken is what a worker panicked with, and where.
type Broken struct {
	Value any
	Stack []byte
}

func (b *Broken) Error() string { return fmt.Sprintf("%v\n%s", b.Value, b.Stack) }

// rescue ends the walk when a worker panics: nobody else could recover from that.
func (c *crew) rescue() {
	v := recover()
	if v == nil {
		return
	}
	c.mu.Lock()
	if c.broke == nil {
		c.broke = &Broken{v, debug.Stack()}
	}
	c.mu.Unlock()
	c.halt(StopCancel)
}

// whole reports whether a walk that ended so can be taken up again: every state that is in a visited set was expanded or is to be.
func (c *crew) whole(stop Stop) bool {
	return !c.torn && (stop == Complete || stop == StopTime || stop == StopCancel || stop == StopBytes)
}

// publish adds what was counted to the counters of the walk.
func (m *member) publish() (bytes int64) {
	st := &m.c.w.Stats
	st.Transitions.Add(m.e.trans)
	st.States.Add(m.states)
	m.e.trans, m.states = 0, 0
	m.bytes.Store(m.set.Bytes() + m.stack.bytes() + m.given.bytes())
	m.left.Store(int64(m.stack.len() + m.given.len()))
	left := int64(0)
	bytes = m.c.made.Load() * int64(8*batch*m.c.w.Program.Words)
	for _, o := range m.c.members {
		bytes += o.bytes.Load()
		left += o.left.Load()
	}
	st.Frontier.Store(left)
	return m.c.w.note(bytes)
}

// work publishes the counts and looks at the limits every pollEvery states.
func (m *member) work(ctx context.Context) {
	c, w, e := m.c, m.c.w, m.e
	cur := store.Apart[uint64](w.Program.Words)
	defer e.done()
	defer m.publish()
	for polls := 0; c.stop.Load() == 0; polls++ {
		if c.pausing.Load() {
			m.publish()
			m.park()
		}
		if polls%pollEvery == 0 {
			if s, over := w.over(ctx, m.publish()); over {
				c.halt(s)
				return
			}
		}
		if wait := m.stack.len()+m.given.len() == 0; wait || m.mailed.Load() {
			if wait {
				m.flush(true)
				m.publish()
			}
			mail, ok := m.receive(wait)
			if !ok || !m.read(mail) {
				return
			}
			continue
		}
		from, owner := m.stack, m.id
		if from.len() == 0 {
			from, owner = m.given, c.owner(m.given.top())
		}
		copy(cur, from.top())
		from.pop()
		if !e.expand(cur) {
			e.stuck(cur)
		}
		if !m.deal(owner) {
			return
		}
		if e.stop {
			c.halt(StopAsked)
			return
		}
		if c.hungry.Load() > 0 {
			m.flush(false)
			m.give()
		}
	}
}

// deal visits the successors of a state of a certain owner, just expanded, that are the worker's own and sends the others to their owners. It reports whether the walk goes on.
func (m *member) deal(owner int) bool {
	if len(m.c.members) == 1 {
		return m.visit()
	}
	next, owning := &m.e.next, m.c.owning
	own := 0
	for i := range next.N {
		st := next.State(i)
		o := owner
		if !m.e.plain || !owning.Stays(next.Trans[i]) {
			o = owning.Part(st)
		}
		if o != m.id {
			m.post(o, st)
			continue
		}
		if own < i {
			copy(next.State(own), st)
			next.Trans[own], next.Ways[own] = next.Trans[i], next.Ways[i]
		}
		own++
	}
	next.N = own
	return m.visit()
}

// post sends a state to its owner, sooner or later.
func (m *member) post(to int, st []uint64) {
	b := append(m.out[to], st...)
	if len(b) == cap(b) {
		b = m.c.send(m.c.members[to], b)
	}
	m.out[to] = b
}

// read visits the states in the mail, as many at a time as fit where successors lie.
func (m *member) read(mail [][]uint64) (ok bool) {
	next := &m.e.next
	words := m.c.w.Program.Words
	size := len(next.Trans) * words
	for k, b := range mail {
		for at := 0; at < len(b); {
			next.N = copy(next.Buf[:size], b[at:]) / words
			at += next.N * words
			if !m.visit() {
				m.giveBack(b[at:])
				for _, b := range mail[k+1:] {
					m.giveBack(b)
				}
				return false
			}
		}
		m.c.mu.Lock()
		m.c.spare = append(m.c.spare, b[:0])
		m.c.mu.Unlock()
	}
	if m.e.stop {
		m.c.halt(StopAsked)
		return false
	}
	return true
}

// visit visits the states of e.next and puts the new ones on the stack. If there is no room for them, they are given back.
func (m *member) visit() bool {
	next := &m.e.next
	done := m.set.InsertAll(next.States(), next.fresh())
	for i, added := range next.added[:done] {
		if !added {
			continue
		}
		if m.states++; m.c.w.Limits.States > 0 && !m.within() {
			return false
		}
		m.e.arrive(i)
		m.stack.push(next.State(i)...)
	}
	if done < next.N {
		m.c.halt(StopBytes)
		m.giveBack(slices.Clone(next.States()[done*m.c.w.Program.Words:]))
		return false
	}
	return true
}

// giveBack keeps states in the mail for which there was no room: whatever takes the walk up begins with them.
func (m *member) giveBack(b []uint64) {
	m.c.mu.Lock()
	m.mail = append(m.mail, b)
	m.c.mu.Unlock()
}

// within publishes how many states there are and reports whether they are within the bound, which all workers have in common. One too many is taken back.
func (m *member) within() bool {
	w := m.c.w
	n := w.Stats.States.Add(m.states)
	m.states = 0
	if n > w.Limits.States {
		w.Stats.States.Add(-1)
		m.c.mu.Lock()
		m.c.torn = true // whatever ends the walk: another worker may be about to stop for another reason
		m.c.mu.Unlock()
		m.c.halt(StopStates)
		return false
	}
	return true
}
