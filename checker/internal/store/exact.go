package store

import (
	"math"
	"math/bits"
	"runtime"
	"sync/atomic"
)

// An Exact is a set of states of a fixed number of 64-bit words.
//
// The set is split into shards by hash, and each shard is an open-addressing table with linear probing, whose size need not be a power of two (the slot
// of a hash is the high half of its product with the size). A state of one word is stored in its slot. Longer states lie in chunks of a slab
// without pointers, and the slot holds 24 bits of slab index and 8 bits of hash.
//
// Insertion claims an empty slot by compare-and-swap and takes no lock. A shard grows by half when it is four fifths full: the grower raises the shard's growing
// flag, waits until no goroutine is inside the shard (each one writes down, on a cache line of its own, which shard it is in), rebuilds the table alone,
// publishes it and lowers the flag. An insertion that finds the flag raised after writing itself down leaves again and waits. So no insertion ever sees a table
// that is being rebuilt, nothing is lost or stored twice, and a pause is that of one shard in [shardCount]. With one worker the writing down is left out.
//
// The first sizes of the shards are spread between 1 and 3/2 of firstSize. Hashes fill all shards alike, so later growths are spread in time as well: there
// is no moment when all tables are half empty, or when all are garbage.
type Exact struct {
	words  int
	single bool // only one goroutine inserts
	most   int64
	shards []shard
	in     []inside
	bytes  atomic.Int64
}

const (
	shardBits   = 7
	shardCount  = 1 << shardBits
	firstSize   = 16
	smallChunk  = 32 // states of the first smallChunks chunks of a slab
	smallChunks = 32
	largeChunk  = 256 // and of the others
	idxBits     = 24
	idxMask     = 1<<idxBits - 1
	maxPerShard = idxMask - 1
)

type shard struct {
	// Written only when the shard grows.
	growing atomic.Bool
	limit   int64 // count at which it does
	room    int64 // slab places at which it does
	one     []uint64
	many    []uint32
	slab    []atomic.Pointer[[]uint64] // chunks
	_       [24]byte

	// Written at each new state.
	count   int64        // plain with one worker
	next    atomic.Int64 // slab places handed out
	hasZero atomic.Bool  // one-word states: the state 0, which an empty slot looks like
	_       [40]byte
}

// inside is which shard a goroutine is in: 0 none, else its number plus 1.
type inside struct {
	shard atomic.Int32
	_     [60]byte
}

// NewExact makes an empty set of states of the given number of words. workers is how many goroutines will insert at the same time. The set refuses to grow
// beyond the given number of bytes; 0 is no limit.
func NewExact(words, workers int, limit int64) *Exact {
	workers = max(workers, 1)
	s := &Exact{words: words, single: workers == 1, most: limit, shards: make([]shard, shardCount), in: make([]inside, workers)}
	if s.most <= 0 {
		s.most = math.MaxInt64
	}
	first := max(firstSize, 4*workers)
	sizes, total := make([]int, shardCount), 0
	for i := range sizes {
		sizes[i] = int(float64(first) * math.Pow(1.5, float64(i)/shardCount))
		total += sizes[i]
	}
	var one []uint64
	var many []uint32
	if words == 1 {
		one = make([]uint64, total)
	} else {
		many = make([]uint32, total)
	}
	for i, n := range sizes {
		if words == 1 {
			s.resize(&s.shards[i], one[:n:n], nil)
			one = one[n:]
		} else {
			s.resize(&s.shards[i], nil, many[:n:n])
			many = many[n:]
		}
	}
	return s
}

// Len is the number of states in the set.
func (s *Exact) Len() int64 {
	n := int64(0)
	for i := range s.shards {
		n += atomic.LoadInt64(&s.shards[i].count)
	}
	return n
}

// Bytes is the memory of tables and slabs.
func (s *Exact) Bytes() int64 { return s.bytes.Load() }

// Omitted is 0.
func (s *Exact) Omitted() float64 { return 0 }

// Each calls f for every state, as long as f returns true. Nobody may insert meanwhile. The slice is valid during the call.
func (s *Exact) Each(f func(st []uint64) bool) {
	for i := range s.shards {
		sh := &s.shards[i]
		if sh.hasZero.Load() && !f([]uint64{0}) {
			return
		}
		for k, v := range sh.one {
			if v != 0 && !f(sh.one[k:k+1]) {
				return
			}
		}
		for _, v := range sh.many {
			if v != 0 && !f(s.state(sh, int64(v&idxMask)-1)) {
				return
			}
		}
	}
}

// Inserter is the way in for one goroutine.
func (s *Exact) Inserter(worker int) Inserter { return &exactInserter{s, &s.in[worker]} }

type exactInserter struct {
	s  *Exact
	in *inside
}

// Insert adds a state and reports whether it is new. ok is false when the set may not grow any more: because of its limit, or because a shard holds as many long
// states as its index can number.
func (w *exactInserter) Insert(st []uint64) (added, ok bool) {
	s := w.s
	h := Hash(st)
	at := h >> (64 - shardBits)
	sh := &s.shards[at]
	h <<= shardBits
	for {
		if !s.single {
			w.in.shard.Store(int32(at) + 1)
			if sh.growing.Load() {
				w.in.shard.Store(0)
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
			w.in.shard.Store(0)
		}
		switch r {
		case present:
			return false, true
		case inserted:
			return true, true
		}
		if !s.grow(sh, int32(at)+1) {
			return false, false
		}
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
			atomic.AddInt64(&sh.count, 1)
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
				if sh.count >= sh.limit {
					return full
				}
				sh.one[i] = v
				sh.count++
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
			if atomic.LoadInt64(&sh.count) >= sh.limit {
				return full
			}
			if atomic.CompareAndSwapUint64(p, 0, v) {
				atomic.AddInt64(&sh.count, 1)
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

func (s *Exact) insertMany(sh *shard, st []uint64, h uint64) result {
	n := uint64(len(sh.many))
	i, _ := bits.Mul64(h, n)
	tag := uint32(h>>8) &^ idxMask // bits of the hash that choose neither shard nor, for tables of usual size, slot
	if s.single {
		for {
			w := sh.many[i]
			if w == 0 {
				if sh.crowded() {
					return full
				}
				copy(s.state(sh, sh.count), st)
				sh.count++
				sh.many[i] = tag | uint32(sh.count)
				return inserted
			}
			if w&^idxMask == tag && equal(s.state(sh, int64(w&idxMask)-1), st) {
				return present
			}
			if i++; i == n {
				i = 0
			}
		}
	}
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
				atomic.AddInt64(&sh.count, 1)
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
// than there are workers, for which both leave room.
func (sh *shard) crowded() bool {
	n := atomic.LoadInt64(&sh.count)
	return n >= sh.limit || max(n, sh.next.Load()) >= sh.room
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
func (s *Exact) state(sh *shard, id int64) []uint64 {
	chunk, o, size := id/smallChunk, id%smallChunk, smallChunk
	if chunk >= smallChunks {
		id -= smallChunks * smallChunk
		chunk, o, size = smallChunks+id/largeChunk, id%largeChunk, largeChunk
	}
	c := &sh.slab[chunk]
	p := c.Load()
	if p == nil {
		fresh := make([]uint64, size*s.words)
		if c.CompareAndSwap(nil, &fresh) {
			s.bytes.Add(int64(8*len(fresh)) + sliceHeader)
		}
		p = c.Load()
	}
	return (*p)[int(o)*s.words:][:s.words]
}

const sliceHeader = 24

// chunksFor is how many chunks hold n states.
func chunksFor(n int) int {
	if n <= smallChunks*smallChunk {
		return (n + smallChunk - 1) / smallChunk
	}
	return smallChunks + (n-smallChunks*smallChunk+largeChunk-1)/largeChunk
}

// grow makes room in a shard, or waits until somebody else has. It reports whether there is any.
func (s *Exact) grow(sh *shard, at int32) bool {
	if !s.single {
		if !sh.growing.CompareAndSwap(false, true) {
			for sh.growing.Load() {
				runtime.Gosched()
			}
			return true
		}
		for i := range s.in {
			for s.in[i].shard.Load() == at {
				runtime.Gosched()
			}
		}
	}
	defer sh.growing.Store(false)
	if !sh.crowded() {
		return true
	}
	if max(sh.next.Load(), sh.count) >= maxPerShard-int64(len(s.in)) && s.words > 1 {
		return false
	}
	old := max(len(sh.one), len(sh.many))
	size := old + old/2
	// While the states move, both tables are there; then the slab fills up.
	need := int64(8 * size)
	if s.words > 1 {
		need = int64(4*size) + int64(8*s.words*(size-old)*loadNum/loadDen)
	}
	if s.bytes.Load() > s.most-need {
		return false
	}
	if s.words == 1 {
		s.resize(sh, make([]uint64, size), nil)
	} else {
		s.resize(sh, nil, make([]uint32, size))
	}
	return true
}

// A table is full when loadNum/loadDen of its slots are taken.
const loadNum, loadDen = 4, 5

// resize moves a shard into an empty table. Nobody else is inside.
func (s *Exact) resize(sh *shard, one []uint64, many []uint32) {
	size := max(len(one), len(many))
	workers := len(s.in)
	sh.limit = int64(min(size*loadNum/loadDen, size-1-workers))
	n := uint64(size)
	if s.words == 1 {
		for _, v := range sh.one {
			if v == 0 {
				continue
			}
			i, _ := bits.Mul64(Hash([]uint64{v})<<shardBits, n)
			for one[i] != 0 {
				if i++; i == n {
					i = 0
				}
			}
			one[i] = v
		}
		s.bytes.Add(int64(8 * (size - len(sh.one))))
		sh.one, sh.room = one, math.MaxInt64
		return
	}
	// Every state the table can hold has a place in the slab; lost races use up some, hence twice as many, of which only those in use have memory.
	if chunks := chunksFor(2*size + workers); chunks > len(sh.slab) {
		slab := make([]atomic.Pointer[[]uint64], chunks)
		for i := range sh.slab {
			slab[i].Store(sh.slab[i].Load())
		}
		s.bytes.Add(int64(8 * (chunks - len(sh.slab))))
		sh.slab = slab
		sh.room = min(maxPerShard-int64(workers), int64(2*size))
	}
	for _, w := range sh.many {
		if w == 0 {
			continue
		}
		i, _ := bits.Mul64(Hash(s.state(sh, int64(w&idxMask)-1))<<shardBits, n)
		for many[i] != 0 {
			if i++; i == n {
				i = 0
			}
		}
		many[i] = w
	}
	s.bytes.Add(int64(4 * (size - len(sh.many))))
	sh.many = many
}
