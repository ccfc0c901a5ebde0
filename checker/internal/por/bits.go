package por

import "math/bits"

// Bits is a set of transitions, by global number.
type Bits []uint64

func newBits(n int) Bits { return make(Bits, (n+63)/64) }

func (b Bits) set(i int)      { b[i>>6] |= 1 << (i & 63) }
func (b Bits) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b Bits) or(o Bits) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b Bits) and(o Bits) {
	for i, w := range o {
		b[i] &= w
	}
}

func (b Bits) andNot(o Bits) {
	for i, w := range o {
		b[i] &^= w
	}
}

func (b Bits) clone() Bits { return append(Bits(nil), b...) }

func (b Bits) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b Bits) meets(o Bits) bool {
	for i, w := range o {
		if b[i]&w != 0 {
			return true
		}
	}
	return false
}

func (b Bits) each(f func(i int)) {
	for w, m := range b {
		for ; m != 0; m &= m - 1 {
			f(w<<6 + bits.TrailingZeros64(m))
		}
	}
}
