package promela

import (
	"maps"

	"pmdcheck/model"
)

// maxGuard bounds the operators of a condition, so that a step with many ways through it is refused and not written as a megabyte of text.
const maxGuard = 4000

// guard computes the condition under which the code of a step reaches its end or fails. That is all of its assumptions in a row where they come first,
// but an assumption may also follow stores: it is then about the values stored, and code up to it is executed with terms for values.
type guard struct {
	x      *exporter
	code   []model.Op
	blocks []bool // an assumption can be reached from here
	size   int
}

// enabled returns nil where the condition is too large.
func (x *exporter) enabled(code []model.Op) *term {
	g := &guard{x: x, code: code, blocks: make([]bool, len(code))}
	for i := len(code) - 1; i >= 0; i-- { // the code has no cycles, but an edge may lead backwards
		g.mark(i, map[int]bool{})
	}
	t := g.from(0, store{})
	if g.size > maxGuard {
		return nil
	}
	return t
}

func (g *guard) mark(i int, seen map[int]bool) bool {
	if seen[i] || g.blocks[i] {
		return g.blocks[i]
	}
	seen[i] = true
	b := g.code[i].Kind == model.OpAssume
	for _, n := range successors(g.code, i) {
		b = g.mark(n, seen) || b
	}
	g.blocks[i] = b
	return b
}

// successors are the indices that can follow operation i.
func successors(code []model.Op, i int) []int {
	switch op := &code[i]; op.Kind {
	case model.OpGoto:
		return nil
	case model.OpJump:
		return []int{op.Then}
	case model.OpBranch:
		return []int{op.Then, op.Else}
	}
	return []int{i + 1}
}

func (g *guard) from(i int, st store) *term {
	if !g.blocks[i] || g.size > maxGuard {
		return one
	}
	op := &g.code[i]
	l := &lowering{x: g.x, st: st, path: one}
	var rest *term
	switch op.Kind {
	case model.OpAssign:
		v := l.expr(op.X)
		l.store(op.Dst, v)
		rest = g.from(i+1, st)
	case model.OpBranch:
		c := asTruth(l.expr(op.X))
		rest = cond(c, g.from(op.Then, maps.Clone(st)), g.from(op.Else, st))
	case model.OpJump:
		rest = g.from(op.Then, st)
	case model.OpAssume:
		c := l.expr(op.X)
		rest = and(c, g.from(i+1, st))
	case model.OpAssert:
		l.assert(op)
		rest = g.from(i+1, st)
	case model.OpAlloc:
		p := g.x.sys.Pools[op.Pool]
		handle, free := zero, one
		hits := make([]*term, len(p.Objects))
		for o := range p.Objects {
			live := l.cell(p.Live, num(int64(o)))
			hits[o] = and(free, not(live))
			free = and(free, live)
		}
		for o := len(hits) - 1; o >= 0; o-- {
			handle = cond(hits[o], num(int64(o+1)), handle)
			l.putIf(hits[o], model.Cell{Var: p.Live, Idx: int32(o)}, one)
			for _, f := range p.Fields {
				v := g.x.sys.Vars[f]
				for k := o * v.Stride; k < (o+1)*v.Stride; k++ {
					if is, ok := v.Fresh(k); ok {
						l.putIf(hits[o], model.Cell{Var: f, Idx: int32(k)}, num(int64(is)))
					}
				}
			}
		}
		l.store(op.Dst, handle)
		rest = g.from(i+1, st)
	case model.OpFree:
		l.put(l.free(op), zero)
		rest = g.from(i+1, st)
	default:
		rest = g.from(i+1, st)
	}
	t := or(anyOf(l.fails), rest)
	g.size = max(g.size, t.size)
	return t
}

func anyOf(fails []failure) *term {
	t := zero
	for i := len(fails) - 1; i >= 0; i-- {
		t = or(fails[i].when, t)
	}
	return t
}

// store is the store of a value into a place, with what can go wrong there.
func (l *lowering) store(p *model.Place, v *term) {
	t := l.target(p, true)
	l.overflow(p, v)
	l.put(t, v)
}

func (l *lowering) overflow(p *model.Place, v *term) {
	t := l.x.typeOf(p)
	l.fault(outside(v, int64(t.Lo), int64(t.Hi)))
}

// assert lists the failures of an assertion. The values of one that is not looked at can still fault.
func (l *lowering) assert(op *model.Op) {
	v := l.expr(op.X)
	l.fail(not(v), op.Prop)
}

// free lists the failures of freeing an object and returns its liveness.
func (l *lowering) free(op *model.Op) target {
	p := l.x.sys.Pools[op.Pool]
	h := l.expr(op.X)
	l.fault(outside(h, 1, int64(len(p.Objects))))
	t := target{v: p.Live, idx: binary(model.Sub, h, one)}
	l.fail(not(l.load(t)), p.Free)
	return t
}
