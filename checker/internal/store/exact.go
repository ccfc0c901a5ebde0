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
// Insertion claims an empty slot by compare-and-swap and takes no lock; that of a state which is there already writes nothing at all. A shard grows by half when
// it is four fifths full. The grower freezes every empty slot of the old table, one after the other, copies what is in the others to a new table, and
// publishes that. An insertion that meets a frozen slot waits for the new table and tries again there. So nothing can be inserted behind the grower's back, and the
// grower waits for nobody: who still reads the old table finds in it what was there, or a frozen slot, and the garbage collector keeps it as long as that
// takes (Maier, Sanders and Dementiev, "Concurrent hash tables: fast and general(?)!", 2016, mark slots likewise). A pause is that of one shard in [shardCount].
//
// The first sizes of the shards are spread between 1 and 3/2 of firstSize. Hashes fill all shards alike, so later growths are spread in time as well: there
// is no moment when all tables are half empty, or when all are garbage.
type Exact struct {
	words  int
	single bool // only one goroutine inserts
	spare  int  // goroutines that may pass a bound together
	most   int64
	shards []shard
	bytes  atomic.Int64
}

const (
	shardBits   = 7
	shardCount  = 1 << shardBits
	firstSize   = 16
	idxBits     = 24
	idxMask     = 1<<idxBits - 1
	maxPerShard = idxMask - 1

	frozenOne  = math.MaxUint64 // slots of a table that is being replaced; an empty slot is 0
	frozenMany = math.MaxUint32
)

// A table is full when loadNum/loadDen of its slots are taken.
const loadNum, loadDen = 4, 5

type shard struct {
	table   atomic.Pointer[table]
	slab    []atomic.Pointer[[]uint64] // see chunkOf
	growing atomic.Bool
	_       [95]byte

	// Written at each new state.
	next     atomic.Int64 // slab places handed out; aligned for atomic access, and so is what follows
	count    int64        // plain with one worker
	has0     atomic.Bool  // one-word states that look like an empty or frozen slot
	hasAllOn atomic.Bool
	_        [104]byte
}

// table is immutable but for its slots.
type table struct {
	limit int64 // count at which it is full
	one   []uint64
	many  []uint32
}

// NewExact makes an empty set of states of the given number of words. workers is how many goroutines will insert at the same time. The set refuses to grow
// beyond the given number of bytes; 0 is no limit.
func NewExact(words, workers int, limit int64) *Exact {
	s := &Exact{words: words, single: workers <= 1, spare: max(workers, 1), most: limit, shards: make([]shard, shardCount)}
	if s.most <= 0 {
		s.most = math.MaxInt64
	}
	first := max(firstSize, 4*s.spare)
	sizes, total := make([]int, shardCount), 0
	for i := range sizes {
		sizes[i] = int(float64(first) * math.Pow(1.5, float64(i)/shardCount))
		total += sizes[i]
	}
	var one []uint64
	var many []uint32
	var slab []atomic.Pointer[[]uint64]
	if words == 1 {
		one = make([]uint64, total)
		s.bytes.Store(int64(8 * total))
	} else {
		many = make([]uint32, total)
		slab = make([]atomic.Pointer[[]uint64], shardCount*maxChunks)
		s.bytes.Store(int64(4*total + 8*len(slab)))
	}
	tables := make([]table, shardCount)
	for i, n := range sizes {
		t := &tables[i]
		t.limit = s.limit(n)
		if words == 1 {
			t.one, one = one[:n:n], one[n:]
		} else {
			t.many, many = many[:n:n], many[n:]
			s.shards[i].slab, slab = slab[:maxChunks:maxChunks], slab[maxChunks:]
		}
		s.shards[i].table.Store(t)
	}
	return s
}

// limit leaves at least one slot empty in a table, even if all workers find it not full at the same time.
func (s *Exact) limit(size int) int64 { return int64(min(size*loadNum/loadDen, size-1-s.spare)) }

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

// Exact is true.
func (s *Exact) Exact() bool { return true }

// Omitted is 0.
func (s *Exact) Omitted() float64 { return 0 }

// Each calls f for every state, as long as f returns true. Nobody may insert meanwhile. The slice is valid during the call.
func (s *Exact) Each(f func(st []uint64) bool) {
	for i := range s.shards {
		if !s.eachOf(i, f) {
			return
		}
	}
}

// eachOf is Each for one shard.
func (s *Exact) eachOf(i int, f func(st []uint64) bool) bool {
	sh := &s.shards[i]
	if sh.has0.Load() && !f([]uint64{0}) || sh.hasAllOn.Load() && !f([]uint64{frozenOne}) {
		return false
	}
	t := sh.table.Load()
	for k, v := range t.one {
		if v != 0 && !f(t.one[k:k+1]) {
			return false
		}
	}
	for _, v := range t.many {
		if v != 0 && !f(s.state(sh, int64(v&idxMask)-1)) {
			return false
		}
	}
	return true
}

// has reports whether a state is in the set. Nobody may insert meanwhile.
func (s *Exact) has(st []uint64) bool {
	h := Hash(st)
	sh := &s.shards[h>>(64-shardBits)]
	h <<= shardBits
	t := sh.table.Load()
	if s.words == 1 {
		switch st[0] {
		case 0:
			return sh.has0.Load()
		case frozenOne:
			return sh.hasAllOn.Load()
		}
		n := uint64(len(t.one))
		for i, _ := bits.Mul64(h, n); t.one[i] != 0; {
			if t.one[i] == st[0] {
				return true
			}
			if i++; i == n {
				i = 0
			}
		}
		return false
	}
	n := uint64(len(t.many))
	tag := uint32(h>>8) &^ idxMask
	for i, _ := bits.Mul64(h, n); t.many[i] != 0; {
		if w := t.many[i]; w&^idxMask == tag && equal(s.state(sh, int64(w&idxMask)-1), st) {
			return true
		}
		if i++; i == n {
			i = 0
		}
	}
	return false
}

// Inserter is the way in for one goroutine.
func (s *Exact) Inserter(int) Inserter { return s }

// Insert adds a state and reports whether it is new. ok is false when the set may not grow any more: because of its limit, or because a shard holds as many long
// states as its index can number.
func (s *Exact) Insert(st []uint64) (added, ok bool) {
	h := Hash(st)
	sh := &s.shards[h>>(64-shardBits)]
	h <<= shardBits
	for {
		t := sh.table.Load()
		var r result
		if s.words == 1 {
			r = s.insertOne(sh, t, st[0], h)
		} else {
			r = s.insertMany(sh, t, st, h)
		}
		switch r {
		case present:
			return false, true
		case inserted:
			return true, true
		}
		if !s.grow(sh, t) {
			return false, false
		}
	}
}

type result uint8

const (
	present  result = iota
	inserted        // it was not there
	full            // the table is full, or about to be replaced
)

func (s *Exact) insertOne(sh *shard, t *table, v, h uint64) result {
	if v == 0 {
		return sh.flag(&sh.has0)
	}
	if v == frozenOne {
		return sh.flag(&sh.hasAllOn)
	}
	n := uint64(len(t.one))
	i, _ := bits.Mul64(h, n)
	for {
		p := &t.one[i]
		w := atomic.LoadUint64(p)
		if w == 0 {
			if atomic.LoadInt64(&sh.count) >= t.limit {
				return full
			}
			if s.single {
				*p = v
				sh.count++
				return inserted
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
		if w == frozenOne {
			return full
		}
		if i++; i == n {
			i = 0
		}
	}
}

// flag inserts a state that has a flag of its own.
func (sh *shard) flag(b *atomic.Bool) result {
	if b.CompareAndSwap(false, true) {
		atomic.AddInt64(&sh.count, 1)
		return inserted
	}
	return present
}

func (s *Exact) insertMany(sh *shard, t *table, st []uint64, h uint64) result {
	n := uint64(len(t.many))
	i, _ := bits.Mul64(h, n)
	tag := uint32(h>>8) &^ idxMask // bits of the hash that choose neither shard nor, for tables of usual size, slot
	mine := int64(-1)
	for {
		p := &t.many[i]
		w := atomic.LoadUint32(p)
		if w == 0 {
			if mine < 0 {
				if atomic.LoadInt64(&sh.count) >= t.limit || sh.next.Load() >= maxPerShard-int64(s.spare) {
					return full
				}
				if s.single {
					mine = sh.count
				} else {
					mine = sh.next.Add(1) - 1
				}
				copy(s.state(sh, mine), st)
			}
			if s.single {
				*p = tag | uint32(mine+1)
				sh.count++
				return inserted
			}
			if atomic.CompareAndSwapUint32(p, 0, tag|uint32(mine+1)) {
				atomic.AddInt64(&sh.count, 1)
				return inserted
			}
			w = atomic.LoadUint32(p)
		}
		// A slab place taken in a lost race stays unused.
		if w == frozenMany {
			return full
		}
		if w&^idxMask == tag && equal(s.state(sh, int64(w&idxMask)-1), st) {
			return present
		}
		if i++; i == n {
			i = 0
		}
	}
}

func equal(a, b []uint64) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// maxChunks is the number of chunks of a slab. They never move and there is a place for the address of each from the start, so that growing does not touch them.
const maxChunks = 5 + 8*(idxBits-8)

// chunkOf is the chunk of a slab place, its size in states, and the place in it. Chunks double in size up to the place 256; from there each is an eighth of what
// is below the next power of two, so that at most an eighth of a slab is unused.
func chunkOf(id int64) (chunk, size, at int) {
	if id < 16 {
		return 0, 16, int(id)
	}
	l := bits.Len64(uint64(id)) - 1
	if l < 8 {
		return l - 3, 1 << l, int(id - 1<<l)
	}
	size = 1 << (l - 3)
	return 5 + 8*(l-8) + int(id>>(l-3)&7), size, int(id) & (size - 1)
}

// state is a place in the slab, whose chunk is made when it is first needed.
func (s *Exact) state(sh *shard, id int64) []uint64 {
	chunk, size, at := chunkOf(id)
	c := &sh.slab[chunk]
	p := c.Load()
	if p == nil {
		fresh := make([]uint64, size*s.words)
		if c.CompareAndSwap(nil, &fresh) {
			s.bytes.Add(int64(8 * len(fresh)))
		}
		p = c.Load()
	}
	return (*p)[at*s.words:][:s.words]
}

// grow replaces a full table, or waits until somebody else has. It reports whether that is allowed.
func (s *Exact) grow(sh *shard, t *table) bool {
	if !sh.growing.CompareAndSwap(false, true) {
		for sh.growing.Load() {
			runtime.Gosched()
		}
		return true
	}
	defer sh.growing.Store(false)
	if sh.table.Load() != t {
		return true // somebody did in between
	}
	if s.words > 1 && max(sh.next.Load(), atomic.LoadInt64(&sh.count)) >= maxPerShard-int64(s.spare) {
		return false
	}
	old := max(len(t.one), len(t.many))
	size := old + old/2
	// While the states move, both tables are there; then the slab fills up.
	need := int64(8 * size)
	if s.words > 1 {
		need = int64(4*size) + int64(8*s.words*(size-old)*loadNum/loadDen)
	}
	if s.bytes.Load() > s.most-need {
		return false
	}
	fresh := &table{limit: s.limit(size)}
	n := uint64(size)
	if s.words == 1 {
		fresh.one = make([]uint64, size)
		for k := range t.one {
			v := atomic.LoadUint64(&t.one[k])
			if v == 0 {
				if s.single || atomic.CompareAndSwapUint64(&t.one[k], 0, frozenOne) {
					continue
				}
				v = atomic.LoadUint64(&t.one[k])
			}
			i, _ := bits.Mul64(Hash([]uint64{v})<<shardBits, n)
			for fresh.one[i] != 0 {
				if i++; i == n {
					i = 0
				}
			}
			fresh.one[i] = v
		}
		s.bytes.Add(int64(8 * (size - old)))
	} else {
		fresh.many = make([]uint32, size)
		for k := range t.many {
			v := atomic.LoadUint32(&t.many[k])
			if v == 0 {
				if s.single || atomic.CompareAndSwapUint32(&t.many[k], 0, frozenMany) {
					continue
				}
				v = atomic.LoadUint32(&t.many[k])
			}
			i, _ := bits.Mul64(Hash(s.state(sh, int64(v&idxMask)-1))<<shardBits, n)
			for fresh.many[i] != 0 {
				if i++; i == n {
					i = 0
				}
			}
			fresh.many[i] = v
		}
		s.bytes.Add(int64(4 * (size - old)))
	}
	sh.table.Store(fresh)
	return true
}
