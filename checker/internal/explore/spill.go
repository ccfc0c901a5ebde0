package explore

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"slices"

	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// Spill walks with one worker and keeps on disk what does not fit into Limits.Bytes: visited states, states yet to be expanded, and for the paths the origin of each
// state. The order is that of no other walk: a state about which the visited set is in doubt is expanded when it has made up its mind. But every reachable
// state is expanded once, so a complete walk counts the same states and transitions.
func (w *Walk) Spill(ctx context.Context, dir string, disk store.Disk) (stop Stop) {
	n := w.Program.Words
	set := store.NewSpill(w.Program.Bits, w.Limits.Bytes, dir, disk)
	defer set.Close()
	e := w.expander()
	defer e.done()
	files := &spillFiles{dir: dir, disk: disk}
	defer files.close()
	var (
		todo  = newPile[uint64](n + 1) // states, each with its number
		cur   uint64                   // number of the state being expanded, or just emitted
		count uint64
		fatal error
	)
	failed := func(err error) bool {
		if fatal == nil {
			fatal = err
		}
		return fatal != nil
	}
	e.path = func() []Move {
		path, err := files.path(cur)
		failed(err)
		return path
	}
	publish := func() int64 {
		w.Stats.States.Store(int64(count))
		w.Stats.Transitions.Store(e.trans)
		w.Stats.Frontier.Store(int64(todo.len()) + files.away)
		w.Stats.Written.Store(set.Written() + files.written)
		return w.note(set.Bytes() + todo.bytes() + 3*spillBuffer)
	}
	defer publish()
	// number gives a new state its number and notes where it comes from.
	number := func(parent, move uint64) uint64 {
		failed(files.note(parent, move))
		count++
		return count - 1
	}
	record := make([]uint64, n+1)
	push := func(st []uint64, no uint64) {
		copy(record, st)
		record[n] = no
		todo.push(record...)
		if todo.bytes() > w.Limits.Bytes/8 {
			failed(files.put(todo))
		}
	}
	st := e.initial()
	if _, err := set.Insert(st, [store.TagWords]uint64{}); failed(err) {
		w.DiskError = fatal
		return StopDisk
	}
	push(st, number(0, 0))
	emit := func(st []uint64, tag [store.TagWords]uint64) error {
		if w.Limits.States > 0 && int64(count) >= w.Limits.States {
			stop = StopStates
			return nil
		}
		cur = number(tag[0], tag[1])
		e.edge = e.edge[:0]
		e.enter(st)
		push(st, cur)
		return fatal
	}
	for polls := 0; ; polls++ {
		if fatal != nil {
			w.DiskError = fatal
			return StopDisk
		}
		if e.stop {
			return StopAsked
		}
		if stop != Complete {
			return stop
		}
		if polls%pollEvery == 0 {
			if s, over := stopOf(ctx); over {
				return s
			}
			publish()
		}
		if set.Crowded() || todo.len() == 0 && files.away == 0 {
			if set.Doubtful() == 0 {
				return Complete
			}
			failed(set.Settle(emit))
			continue
		}
		if todo.len() == 0 {
			failed(files.get(todo))
			continue
		}
		copy(record, todo.top())
		todo.pop()
		st, cur = append(st[:0], record[:n]...), record[n]
		if !e.expand(st) {
			e.stuck(st)
		}
		for i := range e.next.N {
			st := e.next.State(i)
			move := uint64(e.next.Trans[i].Proc)<<48 | uint64(e.next.Ways[i])<<32 | uint64(e.next.Trans[i].ID)
			added, err := set.Insert(st, [store.TagWords]uint64{cur, move})
			if failed(err) {
				break
			}
			if added {
				if int64(count) == w.Limits.States {
					return StopStates
				}
				e.arrive(i)
				push(st, number(cur, move))
			}
		}
	}
}

const (
	spillBuffer = 1 << 16
	originWords = 2
)

// spillFiles are the origins of states, by number, and the states that wait for better times.
type spillFiles struct {
	dir     string
	disk    store.Disk
	origins store.File
	w       *bufio.Writer
	later   store.File
	away    int64 // states in later
	written int64 // bytes
}

func (s *spillFiles) close() {
	if s.origins != nil {
		s.origins.Close()
	}
	if s.later != nil {
		s.later.Close()
	}
}

// note writes the origin of the next state.
func (s *spillFiles) note(parent, move uint64) (err error) {
	if s.origins == nil {
		if s.origins, err = s.disk.TempFile(s.dir); err != nil {
			return err
		}
		s.w = bufio.NewWriterSize(s.origins, spillBuffer)
	}
	var b [8 * originWords]byte
	binary.LittleEndian.PutUint64(b[:], parent)
	binary.LittleEndian.PutUint64(b[8:], move)
	s.written += int64(len(b))
	_, err = s.w.Write(b[:])
	return err
}

// path is the way to a state.
func (s *spillFiles) path(no uint64) (path []Move, err error) {
	if s.w == nil {
		return nil, nil
	}
	if err := s.w.Flush(); err != nil {
		return nil, err
	}
	var b [8 * originWords]byte
	for no > 0 {
		if _, err := s.origins.ReadAt(b[:], int64(no*uint64(len(b)))); err != nil {
			return nil, err
		}
		move := binary.LittleEndian.Uint64(b[8:])
		path = append(path, Move{Proc: model.ProcID(move >> 48), Trans: int(uint32(move)), Way: int(uint16(move >> 32))})
		no = binary.LittleEndian.Uint64(b[:])
	}
	slices.Reverse(path)
	return path, nil
}

// put writes the older half of a pile away.
func (s *spillFiles) put(p *pile[uint64]) (err error) {
	if s.later == nil {
		if s.later, err = s.disk.TempFile(s.dir); err != nil {
			return err
		}
	}
	if _, err := s.later.Seek(s.away*int64(8*p.width), io.SeekStart); err != nil {
		return err
	}
	w := bufio.NewWriterSize(s.later, spillBuffer)
	var rec []uint64
	half := p.len() / 2
	for range half {
		rec = p.shift(rec[:0])
		if err := binary.Write(w, binary.LittleEndian, rec); err != nil {
			return err
		}
	}
	s.away += int64(half)
	s.written += int64(half * 8 * p.width)
	return w.Flush()
}

// get takes some of it back, the latest first.
func (s *spillFiles) get(p *pile[uint64]) error {
	n := min(s.away, 4096)
	s.away -= n
	size := int64(8 * p.width)
	buf := make([]byte, n*size)
	if _, err := s.later.ReadAt(buf, s.away*size); err != nil {
		return err
	}
	recs := make([]uint64, int(n)*p.width)
	for i := range recs {
		recs[i] = binary.LittleEndian.Uint64(buf[8*i:])
	}
	p.push(recs...)
	return s.later.Truncate(s.away * size)
}
