package store

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// Exact is a set that keeps whole states.
//
// It is split into shards by hash, and each shard is an open-addressing table with linear probing, whose size need not be a power of two (the slot of a hash is the
// high half of its product with the size). A state lies in its slot, so that looking one up costs one access to memory that is not in the cache. Slots are
// sequences of 64-bit words, or of 32-bit ones where that saves half a word. An empty slot is all zeros; the state of all zeros has a flag.
//
// A shard grows when 85 % of its slots are taken: to twice the size if states have one word, and by less if they are longer. Large tables lie in pages of some kilobytes, all of one size, and the pages of a table that was replaced are those of the next: a set makes
// no garbage and is never in memory twice. A pause is that of one shard in [shardCount]. The sizes of the shards are spread over one step of growth. Hashes fill all
// shards alike, so their growths are spread in time: there is no moment when all tables are half empty.
type exact[T uint32 | uint64] struct {
	k      int // elements of a slot
	words  int
	fill   fill
	shift  uint // slots of a page, as a power of two
	budget *Budget
	bytes  int64
	count  int64
	zero   bool // the state of zeros is there
	shards [shardCount]table[T]
	free   [][]T    // pages
	v      []T      // a state as elements
	st     []uint64 // a state as words
	hashes []uint64 // of the states being inserted
	near   T        // means nothing, but has to be computed
	_      [lineBytes]byte
}

const (
	shardBits  = 7
	shardCount = 1 << shardBits
	firstSize  = 16
	pageBytes  = 1 << 12
	smallPages = 4 // a table of up to so many pages is one piece
)

// fill is when a table is full, and by how much it then grows. With f taken and growth by g a slot takes ln g / (f (1 - 1/g)) times its size, on average over a step
// of growth: 1.63, 1.43, 1.31, 1.26. To grow by more is to move states less often. What a state may take is 5/4 of what it packs into and 8 bytes.
type fill struct{ taken, grow float64 }

func fillOf(bits int) fill {
	switch {
	case bits <= 64:
		return fill{0.85, 2}
	case bits <= 128:
		return fill{0.85, 1.5}
	case bits <= 352:
		return fill{0.85, 1.25}
	}
	return fill{0.87, 1.2}
}

type table[T uint32 | uint64] struct {
	pages [][]T
	slots uint64
	count int32
	limit int32 // count at which it is full
	grown int32 // times
}

// Listed is an exact set that says what is in it.
type Listed interface {
	Set
	// Each calls f for every state, as long as f returns true. The slice is valid during the call.
	Each(f func(st []uint64) bool)

	has(st []uint64) bool
	eachOf(shard int, f func(st []uint64) bool) bool
}

// NewExact makes an empty set of states of the given number of bits. It takes its memory from a budget.
func NewExact(width int, b *Budget) Listed {
	words := max((width+63)/64, 1)
	if rest := width - 64*(words-1); words > 1 && rest <= 32 {
		return newExact[uint32](2*words-1, words, b)
	}
	return newExact[uint64](words, words, b)
}

func newExact[T uint32 | uint64](k, words int, b *Budget) *exact[T] {
	s := &exact[T]{k: k, words: words, budget: b, v: Apart[T](k), st: Apart[uint64](words)}
	s.shift = uint(bits.Len(uint(max(pageBytes/(k*s.size()), firstSize*2))) - 1)
	s.fill = fillOf(8 * k * s.size())
	sizes, total := [shardCount]int{}, 0
	for i := range sizes {
		sizes[i] = s.slots(i, 0)
		total += sizes[i]
	}
	s.bytes = int64(total * k * s.size())
	b.used.Add(s.bytes) // whatever is left: a set that holds nothing can be made
	all := s.fresh(total * k)
	for i := range s.shards {
		n := sizes[i] * k
		s.shards[i] = s.newTable(sizes[i], [][]T{all[:n:n]})
		all = all[n:]
	}
	return s
}

func (s *exact[T]) size() int { return int(unsafe.Sizeof(*new(T))) }

// take takes memory for so many elements from the budget, or gives it back.
func (s *exact[T]) take(n int) bool {
	bytes := int64(n * s.size())
	if !s.budget.take(bytes) {
		return false
	}
	s.bytes += bytes
	return true
}

// slots is the size of a shard after it has grown some times.
func (s *exact[T]) slots(shard, grown int) int {
	return int(firstSize * math.Pow(s.fill.grow, float64(grown)+float64(shard)/shardCount))
}

// newTable leaves at least one slot empty.
func (s *exact[T]) newTable(slots int, pages [][]T) table[T] {
	return table[T]{pages: pages, slots: uint64(slots), limit: int32(min(int(float64(slots)*s.fill.taken), slots-1))}
}

// Len is the number of states in the set.
func (s *exact[T]) Len() int64 { return s.count }

// Bytes is the memory of tables and free pages.
func (s *exact[T]) Bytes() int64 { return s.bytes }

// Exact is true.
func (s *exact[T]) Exact() bool { return true }

// Omitted is 0.
func (s *exact[T]) Omitted() float64 { return 0 }

// elements writes a state as elements, and reports whether all are zero.
func (s *exact[T]) elements(v []T, st []uint64) (zero bool) {
	any := uint64(0)
	if unsafe.Sizeof(*new(T)) == 8 {
		for i := range v {
			v[i] = T(st[i])
			any |= st[i]
		}
		return any == 0
	}
	for i := range v {
		v[i] = T(st[i/2] >> (32 * (i % 2)))
		any |= st[i/2]
	}
	return any == 0
}

// state writes elements as a state.
func (s *exact[T]) state(st []uint64, v []T) {
	if unsafe.Sizeof(*new(T)) == 8 {
		for i := range v {
			st[i] = uint64(v[i])
		}
		return
	}
	clear(st)
	for i := range v {
		st[i/2] |= uint64(v[i]) << (32 * (i % 2))
	}
}

// empty reports whether a slot is.
func empty[T uint32 | uint64](slot []T) bool {
	for _, e := range slot {
		if e != 0 {
			return false
		}
	}
	return true
}

func equal[T uint32 | uint64](a, b []T) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Insert adds a state and reports whether it is new. ok is false when the set may not grow any more.
func (s *exact[T]) Insert(st []uint64) (added, ok bool) { return s.insert(st, Hash(st)) }

func (s *exact[T]) insert(st []uint64, h uint64) (added, ok bool) {
	if s.elements(s.v, st) {
		added = !s.zero
		s.zero = true
		if added {
			s.count++
		}
		return added, true
	}
	t := &s.shards[h>>(64-shardBits)]
	for {
		slot, there := s.find(t, s.v, h<<shardBits)
		if there {
			return false, true
		}
		if t.count < t.limit {
			copy(slot, s.v)
			t.count++
			s.count++
			return true, true
		}
		if !s.grow(int(h >> (64 - shardBits))) {
			return false, false
		}
	}
}

// insertWords is InsertAll for states of one word, none of them 0.
func (s *exact[T]) insertWords(states []uint64, added []bool) int {
	shift := s.shift & 63
	mask := uint64(1)<<shift - 1
	for k, h := range s.hashes[:len(added)] {
		v := T(states[k])
		t := &s.shards[h>>(64-shardBits)]
		i, _ := bits.Mul64(h<<shardBits, t.slots)
		for {
			p := &t.pages[i>>shift][i&mask]
			if *p == v {
				added[k] = false
				break
			}
			if *p == 0 {
				if t.count < t.limit {
					*p = v
					t.count++
					s.count++
					added[k] = true
					break
				}
				if !s.grow(int(h >> (64 - shardBits))) {
					return k
				}
				i, _ = bits.Mul64(h<<shardBits, t.slots)
				continue
			}
			if i++; i == t.slots {
				i = 0
			}
		}
	}
	return len(added)
}

// find is the slot of a state in a table, or the empty one where it belongs.
func (s *exact[T]) find(t *table[T], v []T, h uint64) (slot []T, there bool) {
	i, _ := bits.Mul64(h, t.slots)
	shift, mask := s.shift&63, uint64(1)<<(s.shift&63)-1
	first := v[0]
	for {
		at := int(i&mask) * len(v)
		slot = t.pages[i>>shift][at : at+len(v)]
		if slot[0] == first {
			if equal(slot, v) {
				return slot, true
			}
			if first == 0 && empty(slot) {
				return slot, false
			}
		} else if slot[0] == 0 && empty(slot) {
			return slot, false
		}
		if i++; i == t.slots {
			i = 0
		}
	}
}

// InsertAll inserts states that lie one after the other, until there is no room, and returns how many it did.
func (s *exact[T]) InsertAll(states []uint64, added []bool) int {
	if len(s.hashes) < len(added) {
		s.hashes = Apart[uint64](2 * len(added))
	}
	shift := s.shift & 63
	mask := uint64(1)<<shift - 1
	// These reads wait for memory all at the same time; each insertion would wait alone.
	near, zero := T(0), false
	for k := range added {
		var h uint64
		if s.words == 1 {
			zero = zero || states[k] == 0
			h = hashWord(states[k])
		} else {
			h = Hash(states[k*s.words : (k+1)*s.words])
		}
		s.hashes[k] = h
		t := &s.shards[h>>(64-shardBits)]
		i, _ := bits.Mul64(h<<shardBits, t.slots)
		near += t.pages[i>>shift][int(i&mask)*s.k]
	}
	s.near = near
	if s.k == 1 && !zero {
		return s.insertWords(states, added)
	}
	for k, h := range s.hashes[:len(added)] {
		var ok bool
		if added[k], ok = s.insert(states[k*s.words:(k+1)*s.words], h); !ok {
			return k
		}
	}
	return len(added)
}

// has reports whether a state is in the set.
func (s *exact[T]) has(st []uint64) bool {
	if s.elements(s.v, st) {
		return s.zero
	}
	h := Hash(st)
	_, there := s.find(&s.shards[h>>(64-shardBits)], s.v, h<<shardBits)
	return there
}

// Each calls f for every state, as long as f returns true. The slice is valid during the call.
func (s *exact[T]) Each(f func(st []uint64) bool) {
	for i := range s.shards {
		if !s.eachOf(i, f) {
			return
		}
	}
}

// eachOf is Each for one shard.
func (s *exact[T]) eachOf(shard int, f func(st []uint64) bool) bool {
	clear(s.st)
	if s.zero && int(Hash(s.st)>>(64-shardBits)) == shard && !f(s.st) {
		return false
	}
	t := &s.shards[shard]
	for left, p := int(t.slots), 0; left > 0; p++ {
		page := t.pages[p]
		for n := min(left*s.k, len(page)); n > 0; n -= s.k {
			if slot := page[:s.k]; !empty(slot) {
				s.state(s.st, slot)
				if !f(s.st) {
					return false
				}
			}
			page = page[s.k:]
			left--
		}
	}
	return true
}

// grow replaces a full table. It reports whether there is room for that.
func (s *exact[T]) grow(shard int) bool {
	old := &s.shards[shard]
	slots := s.slots(shard, int(old.grown)+1)
	perPage := s.k << s.shift
	var pages [][]T
	if small := smallPages << s.shift; slots <= small {
		if !s.take(slots * s.k) {
			return false
		}
		pages = slices.Collect(slices.Chunk(s.fresh(slots*s.k), perPage))
	} else {
		n := (slots + 1<<s.shift - 1) >> s.shift
		slots = n << s.shift
		if missing := n - len(s.free); missing > 0 && !s.take(missing*perPage) {
			return false
		}
		pages = make([][]T, n)
		for i := range pages {
			pages[i] = s.page(perPage)
		}
	}
	t := s.newTable(slots, pages)
	t.count, t.grown = old.count, old.grown+1
	if s.k == 1 {
		s.moveWords(old, &t)
	}
	for _, p := range old.pages {
		for at := 0; s.k > 1 && at < len(p); at += s.k {
			slot := p[at : at+s.k]
			if empty(slot) {
				continue
			}
			s.state(s.st, slot)
			to, _ := s.find(&t, slot, Hash(s.st)<<shardBits)
			copy(to, slot)
		}
	}
	if int(old.slots) <= smallPages<<s.shift {
		s.take(-int(old.slots) * s.k)
	} else {
		s.free = append(s.free, old.pages...)
	}
	*old = t
	return true
}

// moveWords fills a new table with the states of an old one, if they have one word.
func (s *exact[T]) moveWords(old, t *table[T]) {
	shift := s.shift & 63
	mask := uint64(1)<<shift - 1
	for _, p := range old.pages {
		for _, v := range p {
			if v == 0 {
				continue
			}
			i, _ := bits.Mul64(hashWord(uint64(v))<<shardBits, t.slots)
			for {
				to := &t.pages[i>>shift][i&mask]
				if *to == 0 {
					*to = v
					break
				}
				if i++; i == t.slots {
					i = 0
				}
			}
		}
	}
}

// page is an empty page.
func (s *exact[T]) page(size int) []T {
	if n := len(s.free); n > 0 {
		p := s.free[n-1]
		s.free = s.free[:n-1]
		clear(p)
		return p
	}
	return s.fresh(size)
}

// fresh is so many elements of new memory, all written to: memory that is first read and then written is mapped twice by the operating system, the second time with
// an interrupt to every processor.
func (s *exact[T]) fresh(n int) []T {
	p := make([]T, n)
	for i := 0; i < n; i += pageBytes / s.size() {
		p[i] = 0
	}
	p[n-1] = 0
	return p
}
