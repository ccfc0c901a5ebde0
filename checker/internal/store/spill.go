package store

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"sync/atomic"
)

// A Spill is an exact visited set for one goroutine that keeps most of its states on disk. In memory are
//
//	young     the states found of late
//	filter    bits for all states on disk, as in a [Bitstate]: it may err on the side of "there", never on that of "not there"
//	doubtful  states that are not young and for which the filter says "there"
//
// On disk are runs, sorted by shard and state; each began as a young set that was full. A state that is neither young nor in the filter is new. About a doubtful one
// nothing is said until [Spill.Settle] compares all of them with all runs in one go (delayed duplicate detection; Stern and Dill, "Using magnetic disk instead of
// main memory in the Murφ verifier", CAV 1998, do so for every new state of a breadth-first level; here the filter decides most at once).
type Spill struct {
	width    int
	words    int
	most     int64
	buffer   int // bytes for each open file
	disk     Disk
	young    Listed
	filter   *Bitstate
	doubtful Listed   // to find repetitions
	asked    []uint64 // doubtful states, each with the tag it was inserted with
	settled  int64    // states on disk
	runs     []run
	hold     atomic.Int64 // bytes of asked
	written  atomic.Int64
	err      error
}

// TagWords is how many words a tag has.
const TagWords = 2

// Disk makes a temporary file without a name. It is for tests; nil is the real one.
type Disk func(dir string) (File, error)

// File is what a spilled search needs of a file.
type File interface {
	io.Writer
	io.ReaderAt
	io.Seeker
	Truncate(int64) error
	Close() error
}

// TempFile makes a file in a folder that vanishes when it is closed or the process ends, however it ends.
func (d Disk) TempFile(dir string) (File, error) {
	if d != nil {
		return d(dir)
	}
	f, err := os.CreateTemp(dir, "pmdcheck-*.spill")
	if err != nil {
		return nil, err
	}
	if os.Remove(f.Name()) == nil {
		return f, nil
	}
	return &named{f}, nil
}

// named is a file on a system that does not remove what is open.
type named struct{ *os.File }

func (f *named) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

// run is a sorted file; the states of shard i are those numbered from[i] to from[i+1].
type run struct {
	f    File
	from [shardCount + 1]int64
}

// LeastMemory is less than a Spill should have: with so little it spends its time on the disk.
const LeastMemory = 1 << 18

const mostRuns = 8

// NewSpill makes an empty set of states of the given number of bits, that takes about seven eighths of the given bytes of memory, with files in a folder.
func NewSpill(width int, bytes int64, dir string, disk Disk) *Spill {
	s := &Spill{width: width, words: max((width+63)/64, 1), most: bytes, buffer: int(min(max(bytes/64, 1<<12), 1<<18)), filter: NewBitstate(bytes / 4)}
	s.disk = func(string) (File, error) { return disk.TempFile(dir) }
	s.young, s.doubtful = s.newYoung(), s.newDoubtful()
	return s
}

func (s *Spill) newYoung() Listed    { return NewExact(s.width, NewBudget(s.most*3/8)) }
func (s *Spill) newDoubtful() Listed { return NewExact(s.width, NewBudget(s.most/8)) }

// Bytes is the memory in use, Written what was written to disk.
func (s *Spill) Bytes() int64 {
	return s.young.Bytes() + s.filter.Bytes() + s.doubtful.Bytes() + s.hold.Load() + int64((len(s.runs)+2)*s.buffer)
}

// Written is how many bytes were written to disk.
func (s *Spill) Written() int64 { return s.written.Load() }

// Close removes the files.
func (s *Spill) Close() {
	for _, r := range s.runs {
		r.f.Close()
	}
	s.runs = nil
}

// Insert adds a state and reports whether it is known to be new. If that is in doubt, the state is kept with its tag until Settle.
func (s *Spill) Insert(st []uint64, tag [TagWords]uint64) (added bool, err error) {
	if s.err != nil {
		return false, s.err
	}
	if s.young.has(st) {
		return false, nil
	}
	if s.settled > 0 && s.filter.has(st) {
		if again, ok := s.doubtful.Insert(st); again || !ok {
			s.asked = append(append(s.asked, st...), tag[:]...)
			s.hold.Store(int64(8 * cap(s.asked)))
		}
		return false, nil
	}
	return true, s.add(st)
}

// add puts a new state into young.
func (s *Spill) add(st []uint64) error {
	for {
		if added, ok := s.young.Insert(st); ok {
			if !added {
				return errors.New("internal: a new state was there already")
			}
			return nil
		}
		if s.young.Len() == 0 {
			return fmt.Errorf("internal: %d bytes are too few", s.most)
		}
		if s.err = s.flush(); s.err != nil {
			return s.err
		}
	}
}

// Doubtful is how many states wait for Settle; Crowded reports whether they are so many that it should be soon.
func (s *Spill) Doubtful() int { return len(s.asked) / (s.words + TagWords) }

// Crowded reports whether Settle should be called soon.
func (s *Spill) Crowded() bool { return int64(8*len(s.asked)) > s.most/16 }

// less orders states.
func less(a, b []uint64) int { return slices.Compare(a, b) }

func shardOf(st []uint64) uint64 { return Hash(st) >> (64 - shardBits) }

// flush writes young as a run.
func (s *Spill) flush() error {
	f, err := s.disk("")
	if err != nil {
		return err
	}
	r := run{f: f}
	w := s.writer(f)
	var flat []uint64
	for i := range shardCount {
		flat = flat[:0]
		s.young.eachOf(i, func(st []uint64) bool {
			flat = append(flat, st...)
			s.filter.Insert(st)
			return true
		})
		sort.Sort(&records{flat, s.words, make([]uint64, s.words)})
		r.from[i+1] = r.from[i] + int64(len(flat)/s.words)
		if err := w.put(flat); err != nil {
			f.Close()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	s.runs = append(s.runs, r)
	s.settled += r.from[shardCount]
	s.young = s.newYoung()
	if len(s.runs) > mostRuns {
		return s.merge()
	}
	return nil
}

// merge makes one run of all.
func (s *Spill) merge() error {
	f, err := s.disk("")
	if err != nil {
		return err
	}
	fresh := run{f: f}
	w := s.writer(f)
	heads := s.readers()
	for i := range shardCount {
		for k, h := range heads {
			h.left = s.runs[k].from[i+1] - s.runs[k].from[i]
			if err := h.next(); err != nil {
				f.Close()
				return err
			}
			fresh.from[i+1] += h.total
		}
		fresh.from[i+1] += fresh.from[i]
		for {
			var least *reader
			for _, h := range heads {
				if h.st != nil && (least == nil || less(h.st, least.st) < 0) {
					least = h
				}
			}
			if least == nil {
				break
			}
			if err := errors.Join(w.put(least.st), least.next()); err != nil {
				f.Close()
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	for _, r := range s.runs {
		r.f.Close()
	}
	s.runs = []run{fresh}
	return nil
}

// Settle decides about the doubtful states: it calls emit, in order of shard and state, for those that are new, with the tag each was first inserted with.
// emit must not insert.
func (s *Spill) Settle(emit func(st []uint64, tag [TagWords]uint64) error) error {
	if s.err != nil {
		return s.err
	}
	width := s.words + TagWords
	n := len(s.asked) / width
	at := func(i int32) []uint64 { return s.asked[int(i)*width:][:width] }
	order, shard := make([]int32, n), make([]uint8, n)
	for i := range order {
		order[i] = int32(i)
		shard[i] = uint8(shardOf(at(int32(i))[:s.words]))
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(shard[a], shard[b]), less(at(a)[:s.words], at(b)[:s.words]), cmp.Compare(a, b))
	})
	order = slices.CompactFunc(order, func(a, b int32) bool { return slices.Equal(at(a)[:s.words], at(b)[:s.words]) })
	// Only the runs that are there now count: what is emitted may fill another one.
	heads := s.readers()
	var fresh []int32
	for i, k := 0, 0; i < shardCount; i++ {
		end := k
		for end < len(order) && int(shard[order[end]]) == i {
			end++
		}
		known := make([]bool, end-k)
		for h, r := range heads {
			r.left = s.runs[h].from[i+1] - s.runs[h].from[i]
			if err := r.next(); err != nil {
				s.err = err
				return err
			}
			for j := k; r.st != nil; {
				for j < end && less(at(order[j])[:s.words], r.st) < 0 {
					j++
				}
				if j < end && slices.Equal(at(order[j])[:s.words], r.st) {
					known[j-k] = true
				}
				if err := r.next(); err != nil {
					s.err = err
					return err
				}
			}
		}
		for j := k; j < end; j++ {
			if !known[j-k] {
				fresh = append(fresh, order[j])
			}
		}
		k = end
	}
	asked := s.asked
	s.asked, s.doubtful = nil, s.newDoubtful()
	for _, i := range fresh {
		r := asked[int(i)*width:][:width]
		if err := s.add(r[:s.words]); err != nil {
			return err
		}
		if err := emit(r[:s.words], [TagWords]uint64(r[s.words:])); err != nil {
			return err
		}
	}
	s.hold.Store(0)
	return nil
}

// records sorts states in place.
type records struct {
	flat  []uint64
	words int
	tmp   []uint64
}

func (r *records) Len() int           { return len(r.flat) / r.words }
func (r *records) at(i int) []uint64  { return r.flat[i*r.words:][:r.words] }
func (r *records) Less(i, j int) bool { return less(r.at(i), r.at(j)) < 0 }
func (r *records) Swap(i, j int)      { copy(r.tmp, r.at(i)); copy(r.at(i), r.at(j)); copy(r.at(j), r.tmp) }

func (s *Spill) writer(f File) *writer { return &writer{bufio.NewWriterSize(f, s.buffer), &s.written} }

type writer struct {
	*bufio.Writer
	count *atomic.Int64
}

func (w *writer) put(v []uint64) error {
	var b [8]byte
	for _, x := range v {
		binary.LittleEndian.PutUint64(b[:], x)
		if _, err := w.Write(b[:]); err != nil {
			return err
		}
	}
	w.count.Add(int64(8 * len(v)))
	return nil
}

// reader goes through a run, shard by shard.
type reader struct {
	in    *bufio.Reader
	left  int64    // states of the shard
	total int64    // states of the shard when it was begun
	st    []uint64 // the current one; nil at the end of the shard
	buf   []uint64
	raw   []byte
}

func (s *Spill) readers() (all []*reader) {
	for i := range s.runs {
		r := io.NewSectionReader(s.runs[i].f, 0, s.runs[i].from[shardCount]*int64(8*s.words))
		all = append(all, &reader{in: bufio.NewReaderSize(r, s.buffer), buf: make([]uint64, s.words), raw: make([]byte, 8*s.words)})
	}
	return all
}

// next goes to the next state of the shard.
func (r *reader) next() error {
	if r.st == nil {
		r.total = r.left
	}
	if r.left == 0 {
		r.st = nil
		return nil
	}
	r.left--
	if _, err := io.ReadFull(r.in, r.raw); err != nil {
		return err
	}
	for i := range r.buf {
		r.buf[i] = binary.LittleEndian.Uint64(r.raw[8*i:])
	}
	r.st = r.buf
	return nil
}
