// Package store holds visited sets: exact, and safe for concurrent insertion.
package store

import (
	"math/bits"
	"runtime"
	"sync/atomic"
)

// A Set is a set of states of a fixed number of 64-bit words.
//
// The set is split into shards by hash, and each shard is an open-addressing table with linear probing, whose size need not be a power of two (the slot
// of a hash is the high half of its product with the size). A state of one word is stored in its slot. Longer states lie in chunks of a slab
// without pointers, and the slot holds 24 bits of slab index and 8 bits of hash.
//
// Insertion claims an empty slot by compare-and-swap and takes no lock. A shard grows by half when it is four fifths full: the grower raises the shard's growing
// flag, waits until the insertions that are inside the shard have left (each one counts itself in and out), rebuilds the table alone, publishes it and lowers
// the flag. An insertion that finds the flag raised after counting itself in leaves again and waits. So no insertion ever sees a table
// that is being rebuilt, nothing is lost or stored twice, and a pause is that of one shard in [shardCount]. With one worker the counting is left out.
type Set struct {
	words  int
	single bool // only one goroutine inserts
	shards [shardCount]shard
	bytes  atomic.Int64
}

const (
	shardBits   = 6
	shardCount  = 1 << shardBits
	firstSize   = 64
	chunkStates = 1 << 7
	idxBits     = 24
	idxMask     = 1<<idxBits - 1
	maxPerShard = idxMask - 1
)

type shard struct {
	active  atomic.Int64 // insertions inside
	growing atomic.Bool
	count   atomic.Int64
	hasZero atomic.Bool // one-word states: the state 0, which an empty slot looks like
	limit   int64
	one     []uint64
	many    []uint32
	next    atomic.Int64               // slab states handed out
	slab    []atomic.Pointer[[]uint64] // chunks of chunkStates states
	_       [40]byte                   // keeps shards on cache lines of their own
}

// New makes an empty set of states of the given number of words. workers is how many goroutines will insert at the same time.
func New(words, workers int) *Set {
	s := &Set{words: words, single: workers <= 1}
	for i := range s.shards {
		s.resize(&s.shards[i], firstSize)
	}
	return s
}

// Len is the number of states in the set.
func (s *Set) Len() int64 {
	n := int64(0)
	for i := range s.shards {
		n += s.shards[i].count.Load()
	}
	return n
}

// Bytes is the memory of tables and slabs.
func (s *Set) Bytes() int64 { return s.bytes.Load() }

// Hash mixes a state: multiplications to 128 bits whose halves are folded (after Wang Yi's wyhash), with fixed constants, so that a run is repeatable.
func Hash(st []uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, w := range st {
		hi, lo := bits.Mul64(w^0xa0761d6478bd642f, h^0xe7037ed1a0b428db)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(h^0x8ebc6af09c88c6e3, 0x589965cc75374cc3)
	return hi ^ lo
}

// Insert adds a state and reports whether it is new. ok is false when the set is full for good: a shard holds as many long states as its index can number.
func (s *Set) Insert(st []uint64) (added, ok bool) {
	h := Hash(st)
	sh := &s.shards[h>>(64-shardBits)]
	h <<= shardBits
	for {
		if !s.single {
			sh.active.Add(1)
			if sh.growing.Load() {
				sh.active.Add(-1)
				for sh.growing.Load() {
					runtime.Gosched()
				}
				continue
			}
		}
		var r result
		if s.words == 1 {
			r = sh.insertOne(st[0], h, s.single)
		} else {
			r = s.insertMany(sh, st, h)
		}
		if !s.single {
			sh.active.Add(-1)
		}
		switch r {
		case present:
			return false, true
		case inserted:
			return true, true
		}
		if s.words > 1 && sh.next.Load() >= maxPerShard {
			return false, false
		}
		s.grow(sh)
	}
}

type result uint8

const (
	present result = iota
	inserted
	full
)

func (sh *shard) insertOne(v, h uint64, single bool) result {
	if v == 0 {
		if sh.hasZero.CompareAndSwap(false, true) {
			sh.count.Add(1)
			return inserted
		}
		return present
	}
	n := uint64(len(sh.one))
	i, _ := bits.Mul64(h, n)
	if single {
		for {
			switch sh.one[i] {
			case v:
				return present
			case 0:
				c := sh.count.Load()
				if c >= sh.limit {
					return full
				}
				sh.one[i] = v
				sh.count.Store(c + 1)
				return inserted
			}
			if i++; i == n {
				i = 0
			}
		}
	}
	for {
		p := &sh.one[i]
		w := atomic.LoadUint64(p)
		if w == 0 {
			if sh.count.Load() >= sh.limit {
				return full
			}
			if atomic.CompareAndSwapUint64(p, 0, v) {
				sh.count.Add(1)
				return inserted
			}
			w = atomic.LoadUint64(p)
		}
		if w == v {
			return present
		}
		if i++; i == n {
			i = 0
		}
	}
}

func (s *Set) insertMany(sh *shard, st []uint64, h uint64) result {
	n := uint64(len(sh.many))
	i, _ := bits.Mul64(h, n)
	tag := uint32(h>>8) &^ idxMask // bits of the hash that choose neither shard nor, for tables of usual size, slot
	mine := int64(-1)
	for {
		p := &sh.many[i]
		w := atomic.LoadUint32(p)
		if w == 0 {
			if mine < 0 {
				if sh.crowded() {
					return full
				}
				mine = sh.next.Add(1) - 1
				copy(s.state(sh, mine), st)
			}
			if atomic.CompareAndSwapUint32(p, 0, tag|uint32(mine+1)) {
				sh.count.Add(1)
				return inserted
			}
			w = atomic.LoadUint32(p)
		}
		if w&^idxMask == tag && equal(s.state(sh, int64(w&idxMask)-1), st) {
			return present // a slab place taken in a lost race stays unused
		}
		if i++; i == n {
			i = 0
		}
	}
}

// crowded reports whether a shard has to grow first. Several insertions may find it not crowded at once and then pass the bounds together: by fewer
// than there are workers, for which the slab has room to spare.
func (sh *shard) crowded() bool {
	return sh.count.Load() >= sh.limit || sh.many != nil && sh.next.Load() >= min(maxPerShard, int64(len(sh.slab)-1)*chunkStates)
}

func equal(a, b []uint64) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// state is the slab place of a number, whose chunk is made when it is first needed.
func (s *Set) state(sh *shard, id int64) []uint64 {
	c := &sh.slab[id/chunkStates]
	chunk := c.Load()
	if chunk == nil {
		fresh := make([]uint64, chunkStates*s.words)
		if c.CompareAndSwap(nil, &fresh) {
			s.bytes.Add(int64(8 * len(fresh)))
		}
		chunk = c.Load()
	}
	o := int(id%chunkStates) * s.words
	return (*chunk)[o : o+s.words]
}

// grow makes room in a shard, or waits until somebody else has.
func (s *Set) grow(sh *shard) {
	if !s.single {
		if !sh.growing.CompareAndSwap(false, true) {
			for sh.growing.Load() {
				runtime.Gosched()
			}
			return
		}
		for sh.active.Load() != 0 {
			runtime.Gosched()
		}
	}
	if sh.crowded() {
		size := max(len(sh.one), len(sh.many))
		s.resize(sh, size+size/2)
	}
	sh.growing.Store(false)
}

// resize rebuilds a shard with the given number of slots. Nobody else is inside.
func (s *Set) resize(sh *shard, size int) {
	sh.limit = int64(size) * 4 / 5
	n := uint64(size)
	if s.words == 1 {
		old := sh.one
		sh.one = make([]uint64, size)
		for _, v := range old {
			if v == 0 {
				continue
			}
			i, _ := bits.Mul64(Hash([]uint64{v})<<shardBits, n)
			for sh.one[i] != 0 {
				if i++; i == n {
					i = 0
				}
			}
			sh.one[i] = v
		}
		s.bytes.Add(int64(8 * (size - len(old))))
		return
	}
	old := sh.many
	sh.many = make([]uint32, size)
	// Every state the table can hold has a chunk to lie in; lost races may use up some places, hence the margin.
	chunks := (2*size)/chunkStates + 2
	if chunks > len(sh.slab) {
		slab := make([]atomic.Pointer[[]uint64], chunks)
		for i := range sh.slab {
			slab[i].Store(sh.slab[i].Load())
		}
		s.bytes.Add(int64(8 * (chunks - len(sh.slab))))
		sh.slab = slab
	}
	for _, w := range old {
		if w == 0 {
			continue
		}
		i, _ := bits.Mul64(Hash(s.state(sh, int64(w&idxMask)-1))<<shardBits, n)
		for sh.many[i] != 0 {
			if i++; i == n {
				i = 0
			}
		}
		sh.many[i] = w
	}
	s.bytes.Add(int64(4 * (size - len(old))))
}
