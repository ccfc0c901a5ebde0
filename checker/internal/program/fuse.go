package program

import (
	"slices"

	"pmdcheck/model"
)

// Most steps are a few comparisons of cells with constants, then some constants stored, then a new location. Such a step is fused: comparisons are made on the
// packed state before it is copied, and what is stored is one mask for each word. What does not fit stays with the closures; a step may have its first
// comparisons fused and the rest not.

// A check is a test of a field of the state: whether it lies between lo and lo+span. If it fails, the step is disabled, or fails with a property.
type check struct {
	word           int
	shift          uint
	mask, lo, span uint64
	not            bool
	prop           model.PropID // NoProp: the step is disabled
}

func (c *check) holds(s []uint64) bool {
	return (s[c.word]>>(c.shift&63)&c.mask-c.lo <= c.span) != c.not
}

// fuse compiles the code of a step.
func (c *compiler) fuse(ops []model.Op) *Transition {
	t := &Transition{}
	if c.p.opt.trace != nil || c.p.opt.NoFuse || inOrder(ops) == nil || len(ops) >= model.MaxAtomicOps {
		t.counted = true
		t.code = c.code(ops, false)
		return t
	}
	i := 0
prefix:
	for ; i < len(ops); i++ {
		switch op := &ops[i]; op.Kind {
		case model.OpAssume:
			tests, all := c.tests(op.X, false, model.NoProp)
			t.checks = append(t.checks, tests...)
			if !all {
				break prefix
			}
		case model.OpAssert:
			if c.ignored(op.Prop) {
				if c.canFail(op.X) {
					break prefix
				}
				continue
			}
			tests, all := c.tests(op.X, false, op.Prop)
			if !all {
				break prefix
			}
			t.checks = append(t.checks, tests...)
		default:
			break prefix
		}
	}
	t.checks = joined(t.checks)
	if sets, ok := c.tail(ops, i); ok {
		t.sets = sets
		return t
	}
	t.code, t.from = c.code(ops, true), i
	return t
}

// inOrder lists the operations of a step that can be reached, each behind those that lead to it; nil if there is a loop. Code need not lie in that order: a tail that two
// branches have in common lies behind one of them.
func inOrder(ops []model.Op) []int {
	const open, done = 1, 2
	state := make([]uint8, len(ops))
	order := make([]int, 0, len(ops))
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] != 0 {
			return state[i] == done
		}
		state[i] = open
		op, ok := &ops[i], true
		switch op.Kind {
		case model.OpGoto:
		case model.OpBranch:
			ok = visit(op.Else) && visit(op.Then)
		case model.OpJump:
			ok = visit(op.Then)
		default:
			ok = visit(i + 1)
		}
		state[i] = done
		order = append(order, i)
		return ok
	}
	if len(ops) == 0 || !visit(0) {
		return nil
	}
	slices.Reverse(order)
	return order
}

// tests takes a condition, or its negation, apart into tests that hold together, as far as that goes from the left. Nothing in what is taken can fail.
func (c *compiler) tests(x *model.Expr, not bool, prop model.PropID) (tests []check, all bool) {
	switch {
	case x == nil:
		return nil, !not
	case x.Op == model.Not:
		return c.tests(x.X, !not, prop)
	case x.Op == model.AndAlso && !not, x.Op == model.OrElse && not:
		tests, all = c.tests(x.X, not, prop)
		if !all {
			return tests, false
		}
		more, all := c.tests(x.Y, not, prop)
		return append(tests, more...), all
	}
	if t, ok := c.test(x); ok {
		t.not, t.prop = t.not != not, prop
		return []check{t}, true
	}
	return nil, false
}

// test recognises a comparison of one cell, or of some bits of it, with a constant.
func (c *compiler) test(x *model.Expr) (t check, ok bool) {
	if f, v, eq, ok := c.cellTest(x); ok {
		return check{word: f.word, shift: f.shift, mask: f.mask, lo: uint64(v - f.lo), not: !eq}, true
	}
	left, op, v := x, model.Ne, int64(0)
	switch x.Op {
	case model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge:
		right := x.Y
		left, op = x.X, x.Op
		if left.Op == model.Const {
			left, right, op = right, left, op.Mirrored()
		}
		if right.Op != model.Const {
			return t, false
		}
		v = int64(right.Val)
	}
	if cell, k, ok := maskTest(c.sys, left); ok && (op == model.Eq || op == model.Ne) {
		f := c.p.lay.cells[cell.Var][cell.Idx]
		k &= int64(f.mask)
		if f.word < 0 || f.lo != 0 || v&^k != 0 {
			return t, false
		}
		return check{word: f.word, shift: f.shift, mask: uint64(k), lo: uint64(v), not: op == model.Ne}, true
	}
	if left.Op != model.Load {
		return t, false
	}
	f, ok := c.static(left.Place)
	if !ok || f.word < 0 {
		return t, false
	}
	// Of what is stored, the value less f.lo, the ends of the interval where it holds.
	from, to := int64(0), int64(f.mask)
	switch op {
	case model.Lt:
		to = v - f.lo - 1
	case model.Le:
		to = v - f.lo
	case model.Gt:
		from = v - f.lo + 1
	case model.Ge:
		from = v - f.lo
	default:
		return t, false
	}
	if from < 0 || to > int64(f.mask) || from > to {
		return t, false // always or never
	}
	return check{word: f.word, shift: f.shift, mask: f.mask, lo: uint64(from), span: uint64(to - from)}, true
}

// joined makes one test of neighbours that look for certain values in one word.
func joined(checks []check) (out []check) {
	exact := func(t *check) bool { return t.span == 0 && !t.not }
	for _, t := range checks {
		if n := len(out) - 1; n >= 0 && exact(&t) && exact(&out[n]) && t.word == out[n].word && t.prop == out[n].prop {
			l := &out[n]
			lm, tm := l.mask<<l.shift, t.mask<<t.shift
			if lm&tm == 0 && l.lo <= l.mask && t.lo <= t.mask {
				*l = check{word: t.word, mask: lm | tm, lo: l.lo<<l.shift | t.lo<<t.shift, prop: t.prop}
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

// tail is what the operations from i on do to a state, if all of them store constants, or set and clear bits, and then go to a location.
func (c *compiler) tail(ops []model.Op, i int) (sets []maskSet, ok bool) {
	for ; i < len(ops); i++ {
		op := &ops[i]
		if op.Kind == model.OpGoto {
			return sequence(sets, c.goTo(op.Loc)), true
		}
		m, ok := c.stores(op)
		if !ok {
			return nil, false
		}
		if m.word >= 0 {
			sets = sequence(sets, []maskSet{m})
		}
	}
	return nil, false
}

// stores is what an operation does to a word, if that does not depend on the state and cannot fail.
func (c *compiler) stores(op *model.Op) (m maskSet, ok bool) {
	if op.Kind != model.OpAssign {
		return m, false
	}
	if cell, k, set, ok := maskOp(c.sys, op); ok {
		f := c.p.lay.cells[cell.Var][cell.Idx]
		k &= int64(f.mask)
		switch {
		case f.word < 0 || f.lo != 0:
			return m, false
		case set:
			return maskSet{f.word, ^uint64(0), uint64(k) << f.shift}, true
		}
		return maskSet{f.word, ^(uint64(k) << f.shift), 0}, true
	}
	f, ok := c.static(op.Dst)
	if !ok || f.word < 0 || op.X.Op != model.Const {
		return m, false
	}
	t, v := c.varType(op.Dst), int64(op.X.Val)
	if v < int64(t.Lo) || v > int64(t.Hi) {
		return m, false
	}
	return maskSet{f.word, ^(f.mask << f.shift), uint64(v-f.lo) & f.mask << f.shift}, true
}

// sequence is the effect of a, then b.
func sequence(a, b []maskSet) []maskSet {
	out := slices.Clone(a)
	for _, m := range b {
		if i := slices.IndexFunc(out, func(o maskSet) bool { return o.word == m.word }); i >= 0 {
			out[i].keep, out[i].set = out[i].keep&m.keep, out[i].set&m.keep|m.set
		} else {
			out = append(out, m)
		}
	}
	return out
}
