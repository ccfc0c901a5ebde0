package store

import (
	"math"
	"math/bits"
)

// Pairs is an exact set of states of two words for one goroutine. States lie in the slots themselves: looking one up costs one access to memory that is not in
// the cache, where [Exact] needs two, and takes no more room at usual loads. An empty slot holds two zeros; the state of two zeros has a flag.
//
// Shards and their growth are as in [Exact].
type Pairs struct {
	shards  []pairShard
	bytes   int64
	most    int64
	hasZero bool
	count   int64
}

type pairShard struct {
	slots        [][2]uint64
	count, limit int
}

// NewPairs makes an empty set that refuses to grow beyond the given number of bytes; 0 is no limit.
func NewPairs(limit int64) *Pairs {
	s := &Pairs{shards: make([]pairShard, shardCount), most: limit}
	if limit <= 0 {
		s.most = math.MaxInt64
	}
	for i := range s.shards {
		n := int(firstSize * math.Pow(1.5, float64(i)/shardCount))
		s.shards[i] = pairShard{slots: make([][2]uint64, n), limit: n * loadNum / loadDen}
		s.bytes += int64(16 * n)
	}
	return s
}

// Len is the number of states in the set.
func (s *Pairs) Len() int64 { return s.count }

// Bytes is the memory of the tables.
func (s *Pairs) Bytes() int64 { return s.bytes }

// Exact is true.
func (s *Pairs) Exact() bool { return true }

// Omitted is 0.
func (s *Pairs) Omitted() float64 { return 0 }

// Inserter is the way in.
func (s *Pairs) Inserter(int) Inserter { return s }

// Each calls f for every state, as long as f returns true. The slice is valid during the call.
func (s *Pairs) Each(f func(st []uint64) bool) {
	if s.hasZero && !f([]uint64{0, 0}) {
		return
	}
	for i := range s.shards {
		for k := range s.shards[i].slots {
			if p := &s.shards[i].slots[k]; *p != [2]uint64{} && !f(p[:]) {
				return
			}
		}
	}
}

// Insert adds a state and reports whether it is new. ok is false when the set may not grow any more.
func (s *Pairs) Insert(st []uint64) (added, ok bool) {
	v := [2]uint64{st[0], st[1]}
	if v == [2]uint64{} {
		added = !s.hasZero
		s.hasZero = true
		if added {
			s.count++
		}
		return added, true
	}
	h := Hash(st)
	sh := &s.shards[h>>(64-shardBits)]
	h <<= shardBits
	for {
		n := uint64(len(sh.slots))
		i, _ := bits.Mul64(h, n)
		for {
			p := &sh.slots[i]
			if p[0] == v[0] && p[1] == v[1] {
				return false, true
			}
			if p[0]|p[1] == 0 {
				if sh.count >= sh.limit {
					break
				}
				*p = v
				sh.count++
				s.count++
				return true, true
			}
			if i++; i == n {
				i = 0
			}
		}
		if !s.grow(sh) {
			return false, false
		}
	}
}

func (s *Pairs) grow(sh *pairShard) bool {
	size := len(sh.slots) + len(sh.slots)/2 + 1
	if s.bytes+int64(16*size) > s.most {
		return false
	}
	old := sh.slots
	n := uint64(size)
	sh.slots = make([][2]uint64, size)
	sh.limit = size * loadNum / loadDen
	for k := range old {
		if old[k] == [2]uint64{} {
			continue
		}
		i, _ := bits.Mul64(Hash(old[k][:])<<shardBits, n)
		for sh.slots[i] != [2]uint64{} {
			if i++; i == n {
				i = 0
			}
		}
		sh.slots[i] = old[k]
	}
	s.bytes += int64(16 * (size - len(old)))
	return true
}
