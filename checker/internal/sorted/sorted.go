// Package sorted keeps sorted records of a fixed width in files that are compressed, checksummed, and whole or not there.
//
// A record is a key of some words and one word beside it, its note. A file has sections, each sorted by key, in blocks of a few thousand records. In a block each word is replaced by its
// difference (exclusive or) from that of the record before, which is mostly zeros where records are sorted; the bytes of all records at one place lie together; places that are zero
// throughout are left out, and what remains is deflated. At the end of the file stands an index: of each block where it is, its checksum and its first key, so that what looks for a few
// keys reads a few blocks.
package sorted

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"
)

const (
	magic      = "pmdruns1"
	blockBytes = 1 << 16 // before compression, about
	leastBlock = 64
	mostBlock  = 4096
	trailer    = 8 * 4 // length and checksum of the index, width of a key, magic

	// Small is how many bytes a file has at most that is written and read at once.
	Small = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// perBlock is how many records of a width a block has.
func perBlock(stride int) int { return min(max(blockBytes/(8*stride), leastBlock), mostBlock) }

// A Writer makes one file.
type Writer struct {
	f        *os.File
	name     string
	words    int
	stride   int
	per      int
	rows     []uint64 // of the block at hand
	sections []int64  // records
	index    []uint64
	at       int64
	planes   []byte
	out      bytes.Buffer
	buf      []byte // of the file, not yet written
	whole    []byte
	last     []uint64
	room     int64 // bytes that may be written; 0: no limit
	err      error
}

// ErrRoom is a file that would be larger than it may.
var ErrRoom = errors.New("no room on disk is left")

// Create begins a file for keys of some words. It has its name when it is finished. room is how many bytes it may have, if not 0.
func Create(name string, words int, room int64) (*Writer, error) {
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return &Writer{f: f, name: name, words: words, stride: words + 1, per: perBlock(words + 1), room: room}, nil
}

// Compressors are large, and most files of a search are small.
var deflaters, inflaters sync.Pool

func deflater() *flate.Writer {
	if z, ok := deflaters.Get().(*flate.Writer); ok {
		return z
	}
	z, _ := flate.NewWriter(nil, flate.BestSpeed) // there is this level
	return z
}

func inflater(in io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, z.(flate.Resetter).Reset(in, nil)
	}
	return flate.NewReader(in), nil
}

// Section begins the next section.
func (w *Writer) Section() {
	w.flush()
	w.sections = append(w.sections, 0)
	w.last = w.last[:0]
}

// Add adds a record to the section: words of the key and the note.
func (w *Writer) Add(rec []uint64) {
	if len(w.last) > 0 && Compare(w.last, rec[:w.words]) >= 0 && w.err == nil {
		w.err = errors.New("internal: records are not sorted")
	}
	w.last = append(w.last[:0], rec[:w.words]...)
	w.rows = append(w.rows, rec...)
	if len(w.rows) == w.per*w.stride {
		w.flush()
	}
}

// Bytes is how many were written so far.
func (w *Writer) Bytes() int64 { return w.at }

// Err is what went wrong so far.
func (w *Writer) Err() error { return w.err }

// flush writes a block.
func (w *Writer) flush() {
	n := len(w.rows) / w.stride
	if n == 0 || w.err != nil {
		return
	}
	w.sections[len(w.sections)-1] += int64(n)
	w.out.Reset()
	w.planes = w.planes[:0]
	for c := range w.stride {
		var mask byte
		var all uint64
		before := uint64(0)
		for i := c; i < len(w.rows); i += w.stride {
			all |= w.rows[i] ^ before
			before = w.rows[i]
		}
		for b := range 8 {
			if byte(all>>(8*b)) == 0 {
				continue
			}
			mask |= 1 << b
			before := uint64(0)
			for i := c; i < len(w.rows); i += w.stride {
				w.planes = append(w.planes, byte((w.rows[i]^before)>>(8*b)))
				before = w.rows[i]
			}
		}
		w.out.WriteByte(mask)
	}
	z := deflater()
	z.Reset(&w.out)
	_, err := z.Write(w.planes)
	if err == nil {
		err = z.Close()
	}
	deflaters.Put(z)
	if w.room > 0 && w.at+int64(w.out.Len()) > w.room {
		err = cmp.Or(err, ErrRoom)
	}
	if err == nil {
		err = w.write(w.out.Bytes())
	}
	if err != nil {
		w.err = err
		return
	}
	w.index = append(w.index, uint64(w.at), uint64(w.out.Len()), uint64(n)<<32|uint64(crc32.Checksum(w.out.Bytes(), castagnoli)))
	w.index = append(w.index, w.rows[:w.words]...)
	w.at += int64(w.out.Len())
	w.rows = w.rows[:0]
}

// write writes bytes when there are enough of them: a section for each of many parts is a few bytes.
func (w *Writer) write(b []byte) (err error) {
	if len(w.buf)+len(b) > Small {
		if _, err = w.f.Write(w.buf); err != nil {
			return err
		}
		w.buf = w.buf[:0]
	}
	if len(b) > Small {
		_, err = w.f.Write(b)
		return err
	}
	w.buf = append(w.buf, b...)
	return nil
}

// Whole is a file that was finished, if it is small.
func (w *Writer) Whole() []byte { return w.whole }

// Finish writes the index, and gives the file its name. With safe it is on the disk then, and not only in memory.
func (w *Writer) Finish(safe bool) (bytes int64, err error) {
	w.flush()
	if w.err != nil {
		w.Drop()
		return 0, w.err
	}
	index := []uint64{uint64(len(w.sections))}
	for _, n := range w.sections {
		index = append(index, uint64(n))
	}
	index = append(index, w.index...)
	b := make([]byte, 0, 8*len(index)+trailer)
	for _, v := range index {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	sum := crc32.Checksum(b, castagnoli)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(b)))
	b = binary.LittleEndian.AppendUint64(b, uint64(sum))
	b = binary.LittleEndian.AppendUint64(b, uint64(w.words))
	b = append(b, magic...)
	size := w.at + int64(len(b))
	if err = w.write(b); err == nil {
		_, err = w.f.Write(w.buf)
	}
	if err == nil && safe {
		err = w.f.Sync()
	}
	if err = errors.Join(err, w.f.Close()); err == nil {
		err = os.Rename(w.name+".part", w.name)
	}
	if err != nil {
		w.Drop()
	} else if size == int64(len(w.buf)) {
		w.whole = w.buf
	}
	return size, err
}

// Drop takes away what was written, if it has no name yet.
func (w *Writer) Drop() {
	w.f.Close()
	os.Remove(w.name + ".part")
}

// Sections is how many records each section has.
func (w *Writer) Sections() []int64 { return slices.Clone(w.sections) }

// Compare orders keys.
func Compare(a, b []uint64) int {
	for i, x := range a {
		if x != b[i] {
			return cmp.Compare(x, b[i])
		}
	}
	return 0
}

// Damaged is a file that is not as it was written.
type Damaged struct{ Name, Why string }

func (d *Damaged) Error() string { return fmt.Sprintf("%s is damaged: %s", d.Name, d.Why) }

// A File is open for reading.
type File struct {
	name     string
	in       io.ReaderAt
	close    func() error
	size     int64
	words    int
	sections []section
	read     int64
}

type section struct {
	blocks  []block
	records int64
}

type block struct {
	at, size int64
	count    int
	sum      uint32
	first    []uint64
}

// Open opens a file of keys of some words and reads its index.
func Open(name string, words int) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	x := &File{name: name, in: f, close: f.Close, size: st.Size(), words: words}
	if err := x.index(); err != nil {
		f.Close()
		return nil, err
	}
	return x, nil
}

// Of is a file that is in memory.
func Of(name string, whole []byte, words int) (*File, error) {
	x := &File{name: name, in: bytes.NewReader(whole), close: func() error { return nil }, size: int64(len(whole)), words: words}
	return x, x.index()
}

func (x *File) damaged(format string, args ...any) error {
	return &Damaged{x.name, fmt.Sprintf(format, args...)}
}

func (x *File) index() error {
	size := x.size
	var t [trailer]byte
	if size < trailer {
		return x.damaged("it is too short")
	}
	if _, err := x.in.ReadAt(t[:], size-trailer); err != nil {
		return err
	}
	length, sum, words := binary.LittleEndian.Uint64(t[:]), binary.LittleEndian.Uint64(t[8:]), binary.LittleEndian.Uint64(t[16:])
	switch {
	case string(t[24:]) != magic:
		return x.damaged("it does not end as such files do")
	case words != uint64(x.words):
		return x.damaged("its keys have %d words and not %d", words, x.words)
	case length > uint64(size-trailer) || length%8 != 0 || length == 0:
		return x.damaged("it has no index")
	}
	b := make([]byte, length)
	if _, err := x.in.ReadAt(b, size-trailer-int64(length)); err != nil {
		return err
	}
	x.read += int64(length) + trailer
	if uint64(crc32.Checksum(b, castagnoli)) != sum {
		return x.damaged("the checksum of its index is another")
	}
	v := make([]uint64, len(b)/8)
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	// What the checksum says is as it was written need not be looked at twice.
	n := int(v[0])
	counts, rest := v[1:1+n], v[1+n:]
	x.sections = make([]section, n)
	for i := range x.sections {
		s := &x.sections[i]
		s.records = int64(counts[i])
		for left := s.records; left > 0; {
			k := block{at: int64(rest[0]), size: int64(rest[1]), count: int(rest[2] >> 32), sum: uint32(rest[2]), first: rest[3 : 3+x.words]}
			rest = rest[3+x.words:]
			s.blocks = append(s.blocks, k)
			left -= int64(k.count)
		}
	}
	return nil
}

// Read is how many bytes were read so far.
func (x *File) Read() int64 { return x.read }

// Close closes the file.
func (x *File) Close() error { return x.close() }

// Section is a cursor before the first record of a section.
func (x *File) Section(i int) *Cursor {
	return &Cursor{x: x, s: &x.sections[i], stride: x.words + 1, next: 0}
}

// A Cursor goes through a section.
type Cursor struct {
	x      *File
	s      *section
	stride int
	next   int      // block that is read next
	rows   []uint64 // what is left of the block at hand; the first is the current record
	flat   []uint64
	raw    []byte
	planes []byte
	err    error
}

// Record is the current record, until the cursor moves; nil at the end.
func (c *Cursor) Record() []uint64 {
	if len(c.rows) == 0 {
		return nil
	}
	return c.rows[:c.stride]
}

// Err is what ended the section too soon.
func (c *Cursor) Err() error { return c.err }

// Next goes to the next record and reports whether there is one.
func (c *Cursor) Next() bool {
	if len(c.rows) > c.stride {
		c.rows = c.rows[c.stride:]
		return true
	}
	c.rows = nil
	return c.load()
}

// load reads the next block.
func (c *Cursor) load() bool {
	if c.err != nil || c.next == len(c.s.blocks) {
		return false
	}
	c.err = c.decode(&c.s.blocks[c.next])
	c.next++
	return c.err == nil
}

// Seek goes on to the first record whose key is not less than the given one, and reports whether there is one. It never goes back.
func (c *Cursor) Seek(key []uint64) bool {
	for c.next < len(c.s.blocks) && Compare(c.s.blocks[c.next].first, key) <= 0 {
		// What is left of the block at hand is less, and so may be whole blocks.
		more, _ := slices.BinarySearchFunc(c.s.blocks[c.next:], key, func(b block, key []uint64) int {
			if Compare(b.first, key) <= 0 {
				return -1
			}
			return 1
		})
		c.next += more - 1
		c.rows = nil
		if !c.load() {
			return false
		}
	}
	if len(c.rows) == 0 && !c.load() {
		return false
	}
	words := c.stride - 1
	if Compare(c.rows[:words], key) >= 0 {
		return true
	}
	// Neighbours are likely; then by halves.
	n := len(c.rows) / c.stride
	step := 1
	low := 0
	for low+step < n && Compare(c.rows[(low+step)*c.stride:][:words], key) < 0 {
		low += step
		step *= 2
	}
	high := min(low+step, n)
	for low+1 < high {
		if mid := (low + high) / 2; Compare(c.rows[mid*c.stride:][:words], key) < 0 {
			low = mid
		} else {
			high = mid
		}
	}
	if high == n {
		c.rows = nil
		return c.load()
	}
	c.rows = c.rows[high*c.stride:]
	return true
}

func (c *Cursor) decode(b *block) error {
	c.raw = slices.Grow(c.raw[:0], int(b.size))[:b.size]
	if _, err := c.x.in.ReadAt(c.raw, b.at); err != nil {
		return err
	}
	c.x.read += b.size
	if crc32.Checksum(c.raw, castagnoli) != b.sum {
		return c.x.damaged("the checksum of the block at %d is another", b.at)
	}
	total := 0
	for _, mask := range c.raw[:c.stride] {
		for ; mask != 0; mask &= mask - 1 {
			total += b.count
		}
	}
	z, err := inflater(bytes.NewReader(c.raw[c.stride:]))
	if err != nil {
		return err
	}
	defer inflaters.Put(z)
	c.planes = slices.Grow(c.planes[:0], total)[:total]
	if _, err := io.ReadFull(z, c.planes); err != nil {
		return c.x.damaged("the block at %d: %v", b.at, err)
	}
	size := b.count * c.stride
	c.flat = slices.Grow(c.flat[:0], size)[:size]
	clear(c.flat)
	planes := c.planes
	for col, mask := range c.raw[:c.stride] {
		for bit := range 8 {
			if mask>>bit&1 == 0 {
				continue
			}
			at := col
			for _, v := range planes[:b.count] {
				c.flat[at] |= uint64(v) << (8 * bit)
				at += c.stride
			}
			planes = planes[b.count:]
		}
		before := uint64(0)
		for at := col; at < size && mask != 0; at += c.stride {
			before ^= c.flat[at]
			c.flat[at] = before
		}
	}
	c.rows = c.flat
	return nil
}
