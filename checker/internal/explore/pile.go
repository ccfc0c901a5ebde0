package explore

import "unsafe"

// A pile is a sequence of records of width elements each that grows and shrinks at both ends: a stack, a queue, or work of which part is handed over. It lies in
// chunks that never move, so that it grows without a pause and without being in memory twice. The elements hold no pointers.
type pile[T uint64 | uint32 | frame | origin] struct {
	width  int
	per    int   // elements of a full chunk, a multiple of width
	chunks [][]T // all but the last are full
	low    int   // elements of the first chunk that are gone
	count  int   // records
	spare  []T   // an empty chunk kept for the next time
}

// chunkBytes is the size of a chunk.
const chunkBytes = 1 << 16

func newPile[T uint64 | uint32 | frame | origin](width int) *pile[T] {
	var t T
	return &pile[T]{width: width, per: max(chunkBytes/int(unsafe.Sizeof(t))/width, 1) * width}
}

// len is the number of records.
func (p *pile[T]) len() int { return p.count }

// bytes is the memory of the chunks.
func (p *pile[T]) bytes() int64 {
	var t T
	switch k := len(p.chunks); k {
	case 0:
		return 0
	case 1:
		return int64(cap(p.chunks[0])) * int64(unsafe.Sizeof(t))
	default:
		return int64(k+1) * int64(p.per) * int64(unsafe.Sizeof(t))
	}
}

// push puts records on top.
func (p *pile[T]) push(r ...T) {
	if k := len(p.chunks) - 1; k >= 0 {
		if c := p.chunks[k]; len(c)+len(r) <= min(cap(c), p.per) {
			p.chunks[k] = append(c, r...)
			p.count += p.records(len(r))
			return
		}
	}
	for {
		k := len(p.chunks) - 1
		if k < 0 {
			p.chunks = append(p.chunks, p.take(0))
			continue
		}
		c := p.chunks[k]
		n := min(len(r), p.per-len(c))
		p.chunks[k] = append(c, r[:n]...)
		p.count += p.records(n)
		if r = r[n:]; len(r) == 0 {
			return
		}
		p.chunks = append(p.chunks, p.take(p.per))
	}
}

// records is how many records n elements make.
func (p *pile[T]) records(n int) int {
	if n == p.width {
		return 1 // without a division
	}
	return n / p.width
}

// take is an empty chunk. The first of a pile begins small and grows like any slice.
func (p *pile[T]) take(size int) []T {
	if c := p.spare; c != nil {
		p.spare = nil
		return c
	}
	return make([]T, 0, size)
}

// top is the last record.
func (p *pile[T]) top() []T {
	c := p.chunks[len(p.chunks)-1]
	return c[len(c)-p.width:]
}

// pop removes the last record.
func (p *pile[T]) pop() {
	k := len(p.chunks) - 1
	c := p.chunks[k]
	p.chunks[k] = c[:len(c)-p.width]
	if p.count--; len(c) == p.width || p.count == 0 {
		p.drop(k)
	}
}

// drop takes the empty last chunk off.
func (p *pile[T]) drop(k int) {
	c := p.chunks[k][:0]
	if p.chunks = p.chunks[:k]; k == 0 {
		p.low = 0
	}
	if cap(c) == p.per {
		p.spare = c
	}
}

// shift removes the first record and appends it to a slice.
func (p *pile[T]) shift(to []T) []T {
	c := p.chunks[0]
	to = append(to, c[p.low:p.low+p.width]...)
	p.low += p.width
	p.count--
	switch {
	case p.count == 0:
		p.drop(0)
	case p.low == len(c):
		p.chunks[0] = nil
		p.chunks, p.low = p.chunks[1:], 0
	}
	return to
}

// at is a record by its number, in a pile that nothing was shifted from.
func (p *pile[T]) at(i int) []T {
	i *= p.width
	return p.chunks[i/p.per][i%p.per:][:p.width]
}

// each calls f for the records from the first to the last.
func (p *pile[T]) each(f func(r []T)) {
	low := p.low
	for _, c := range p.chunks {
		for i := low; i < len(c); i += p.width {
			f(c[i : i+p.width])
		}
		low = 0
	}
}
