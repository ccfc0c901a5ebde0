package explore

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"pmdcheck/checker/internal/store"
)

// Saving is how a parallel walk can be kept and taken up again. What is kept is the visited set, the states yet to be expanded, those yet to be looked up, the counts, and what was covered
// and run: a walk that begins with these does what is left of the other, whatever the number of workers. Every state is expanded as a whole before or after.
type Saving struct {
	Every   time.Duration
	Keep    func(write func(io.Writer) error) error // keeps what write writes, or what is kept already
	Restore io.Reader                               // if set, the walk begins with what this was
}

// Wrong is a checkpoint that no search of this program has written, although it is undamaged.
type Wrong struct{ Why string }

func (e *Wrong) Error() string { return e.Why }

var errCut = &Wrong{"it ends too soon"}

// mostCounted is more than any search comes to.
const mostCounted = 1 << 60

// words writes numbers.
func words(w io.Writer, v ...uint64) error { return binary.Write(w, binary.LittleEndian, v) }

// save writes a walk that stands still. Of a walk that is done, neither states nor set are needed.
func (c *crew) save(out io.Writer, done bool) error {
	w := c.w
	n := w.Program.Words
	left, pending, size := int64(0), int64(0), int64(0)
	for _, m := range c.members {
		m.e.tally()
		left += int64(m.stack.len() + m.given.len())
		for _, b := range m.gifts {
			left += int64(len(b) / n)
		}
		for _, b := range m.pending() {
			pending += int64(len(b) / n)
		}
		if !done {
			size += m.set.Len()
		}
	}
	if err := words(out, uint64(n), uint64(w.Stats.States.Load()), uint64(w.Stats.Transitions.Load()), uint64(left), uint64(pending), uint64(size)); err != nil {
		return err
	}
	for _, f := range w.flags() {
		b := uint8(0)
		if f.Load() {
			b = 1
		}
		if err := binary.Write(out, binary.LittleEndian, b); err != nil {
			return err
		}
	}
	var err error
	buf := make([]byte, 8*n)
	put := func(st []uint64) bool {
		for i, v := range st {
			binary.LittleEndian.PutUint64(buf[8*i:], v)
		}
		_, err = out.Write(buf)
		return err == nil
	}
	all := func(batches [][]uint64) {
		for _, b := range batches {
			for i := 0; i < len(b) && err == nil; i += n {
				put(b[i : i+n])
			}
		}
	}
	for _, m := range c.members {
		for _, p := range []*pile[uint64]{m.stack, m.given} {
			p.each(func(st []uint64) {
				if err == nil {
					put(st)
				}
			})
		}
		all(m.gifts)
	}
	for _, m := range c.members {
		all(m.pending())
	}
	for _, m := range c.members {
		if err == nil && !done {
			m.set.(store.Listed).Each(put)
		}
	}
	return err
}

// pending are the states that are on their way to a worker, or from it.
func (m *member) pending() [][]uint64 { return slices.Concat(m.mail, m.out) }

// flags are what a walk has covered and run.
func (w *Walk) flags() (all []*atomic.Bool) {
	for i := range w.Covered {
		all = append(all, &w.Covered[i])
	}
	for _, r := range w.Ran {
		for i := range r {
			all = append(all, &r[i])
		}
	}
	return all
}

// plausible looks whether the counts of a checkpoint agree with each other.
func plausible(head []uint64, words int) error {
	if head[0] != uint64(words) {
		return &Wrong{"its states are of another length"}
	}
	states, left, size := head[1], head[3], head[5]
	switch {
	case slices.Max(head) > mostCounted:
		return &Wrong{"it counts more than there can be"}
	case states == 0:
		return &Wrong{"it lacks the initial state"}
	case size == 0 && left == 0 && head[4] == 0: // of a search that is done, nothing else is kept
	case size != states:
		return &Wrong{fmt.Sprintf("it counts %d states and has %d", states, size)}
	case left > size:
		return &Wrong{fmt.Sprintf("of %d states %d cannot be left", size, left)}
	}
	return nil
}

// load takes up a walk that was saved. ok is false when it does not fit into memory. What a checksum cannot say is looked at: counts that agree with each other and with what
// follows, and words that are states.
func (c *crew) load(in io.Reader) (ok bool, err error) {
	w := c.w
	n := w.Program.Words
	head := make([]uint64, 6)
	if err := binary.Read(in, binary.LittleEndian, head); err != nil {
		return false, errCut
	}
	if err := plausible(head, n); err != nil {
		return false, err
	}
	w.Stats.States.Store(int64(head[1]))
	w.Stats.Transitions.Store(int64(head[2]))
	flags := w.flags()
	set := make([]uint8, len(flags))
	if _, err := io.ReadFull(in, set); err != nil {
		return false, errCut
	}
	if slices.ContainsFunc(set, func(b uint8) bool { return b > 1 }) {
		return false, &Wrong{"what was covered is neither yes nor no"}
	}
	for i, f := range flags {
		f.Store(set[i] != 0)
	}
	buf, st := make([]byte, 8*n), make([]uint64, n)
	get := func() error {
		if _, err := io.ReadFull(in, buf); err != nil {
			return errCut
		}
		for i := range st {
			st[i] = binary.LittleEndian.Uint64(buf[8*i:])
		}
		if !w.Program.Valid(st) {
			return &Wrong{"it has words that are no state of this model"}
		}
		return nil
	}
	for range head[3] {
		if err := get(); err != nil {
			return false, err
		}
		c.members[c.owner(st)].stack.push(st...)
	}
	for range head[4] {
		if err := get(); err != nil {
			return false, err
		}
		m := c.members[c.owner(st)]
		if k := len(m.mail) - 1; k < 0 || len(m.mail[k]) == cap(m.mail[k]) {
			m.mail = append(m.mail, c.empty())
		}
		last := &m.mail[len(m.mail)-1]
		*last = append(*last, st...)
		m.mailed.Store(true)
	}
	for i := range head[5] {
		if err := get(); err != nil {
			return false, err
		}
		m := c.members[c.owner(st)]
		added, ok := m.set.Insert(st)
		if !ok || i%pollEvery == 0 && w.Limits.Bytes > 0 && m.publish() > w.Limits.Bytes {
			return false, nil
		}
		if !added {
			return false, &Wrong{"it has a state twice"}
		}
	}
	if _, err := in.Read(buf[:1]); err != io.EOF {
		return false, &Wrong{"it has more than it should"}
	}
	return true, nil
}

// keep stops the workers between two states now and then and keeps the walk, until the context ends.
func (c *crew) keep(ctx context.Context) {
	tick := time.NewTicker(c.w.Saving.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		for !c.done && c.stalled() {
			c.still.Wait() // however short the interval, every process that can does something in between
		}
		c.pausing.Store(true)
		c.wakeAll()
		for !c.done && c.parked+c.idle < len(c.members) {
			c.still.Wait()
		}
		var err error
		if !c.done {
			err = c.w.Saving.Keep(func(out io.Writer) error { return c.save(out, false) })
		}
		c.pausing.Store(false)
		c.wakeAll()
		c.mu.Unlock()
		if err != nil {
			c.broken(err)
			return
		}
	}
}

// broken ends a walk that cannot be kept any more.
func (c *crew) broken(err error) {
	c.w.DiskError = err
	c.halt(StopDisk)
}

// stalled reports whether somebody has not gone on yet since the walk last stood still; mu is held.
func (c *crew) stalled() bool {
	return c.parked > 0 || slices.ContainsFunc(c.members, func(m *member) bool { return m.waiting.Load() && m.got() })
}

// park waits while the walk stands still.
func (m *member) park() {
	c := m.c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parked++
	c.still.Signal()
	for c.pausing.Load() {
		m.wake.Wait()
	}
	c.parked--
	c.still.Signal()
}
