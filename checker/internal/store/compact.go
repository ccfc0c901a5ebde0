package store

// A Compact keeps a 64-bit hash of every state (Wolper and Leroy, "Reliable hashing without collision detection", CAV 1993), in an exact set of
// hashes. States of one word are not hashed at all: then the set is exact.
type Compact struct {
	Set
	words int
	kept  [1]uint64
}

// compactSeed makes the kept hash a function of its own: the table hashes it again.
const compactSeed = 0xd1b54a32d192ed03

// NewCompact makes an empty set of states of the given number of words.
func NewCompact(words int, b *Budget) *Compact { return &Compact{Set: NewExact(64, b), words: words} }

// Exact reports whether states are so short that nothing is lost.
func (c *Compact) Exact() bool { return c.words == 1 }

// Omitted is the expected number of pairs with equal hashes among the n inserted states and those omitted, all hashes being equally likely: each insertion of a
// new state meets any of at most n hashes, and of n insertions that is n(n+1)/2 chances of 2^-64.
func (c *Compact) Omitted() float64 {
	if c.words == 1 {
		return 0
	}
	n := float64(c.Len())
	return n * (n + 1) / 2 / (1 << 64)
}

// Insert adds a state and reports whether its hash is new.
func (c *Compact) Insert(st []uint64) (added, ok bool) {
	if c.words == 1 {
		return c.Set.Insert(st)
	}
	c.kept[0] = hash(st, compactSeed)
	return c.Set.Insert(c.kept[:])
}

// InsertAll inserts states one by one.
func (c *Compact) InsertAll(states []uint64, added []bool) int {
	if c.words == 1 {
		return c.Set.InsertAll(states, added)
	}
	return insertAll(c, states, added)
}
