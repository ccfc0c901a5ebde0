package store

// A Compact keeps a 64-bit hash of every state (Wolper and Leroy, "Reliable hashing without collision detection", CAV 1993), in the table of an [Exact] set
// of one word. States of one word are not hashed at all: then the set is exact.
type Compact struct {
	words int
	set   *Exact
}

// compactSeed makes the kept hash a function of its own: the table hashes it again.
const compactSeed = 0xd1b54a32d192ed03

// NewCompact makes an empty set. The parameters are those of [NewExact].
func NewCompact(words, workers int, limit int64) *Compact {
	return &Compact{words, NewExact(1, workers, limit)}
}

// Len is the number of states inserted.
func (c *Compact) Len() int64 { return c.set.Len() }

// Bytes is the memory of the tables.
func (c *Compact) Bytes() int64 { return c.set.Bytes() }

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

// Inserter is the way in for one goroutine.
func (c *Compact) Inserter(worker int) Inserter {
	if c.words == 1 {
		return c.set.Inserter(worker)
	}
	return &compactInserter{in: c.set}
}

type compactInserter struct {
	in   *Exact
	kept [1]uint64
}

// Insert adds a state and reports whether its hash is new.
func (c *compactInserter) Insert(st []uint64) (added, ok bool) {
	c.kept[0] = hash(st, compactSeed)
	return c.in.Insert(c.kept[:])
}
