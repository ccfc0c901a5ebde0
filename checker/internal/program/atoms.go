package program

import (
	"math/bits"

	"pmdcheck/internal/bitset"
	"pmdcheck/model"
)

// Atoms number what two transitions can conflict over: shared cells that something writes, or single bits of cells that are used as masks.
//
// A cell is a mask if it holds no negative numbers and some operation sets or clears known bits of it (`v |= K`, `v &= K`). Setting a bit then neither reads nor
// writes the others, so two processes that keep a bit each in one mask do not conflict. Every other access touches all bits.
type Atoms struct {
	sys   *model.System
	N     int
	cells [][]atomRange // by VarID and cell
}

// An atomRange is the atoms of one cell: n consecutive ones from first, within one word of a set. n == 0: nothing can conflict over the cell.
type atomRange struct {
	first int32
	n     uint8
	mask  bool // one atom a bit
}

// word and bits of the whole range in an [AtomSet].
func (a atomRange) word() int { return int(a.first) / 64 }

func (a atomRange) all() uint64 { return (1<<a.n - 1) << (uint(a.first) % 64) }

// some are the atoms of the bits of k.
func (a atomRange) some(k int64) uint64 {
	if !a.mask {
		return a.all()
	}
	return uint64(k) & (1<<a.n - 1) << (uint(a.first) % 64)
}

// An AtomSet is a set of atoms.
type AtomSet = bitset.Set

// NewSet is an empty set. The range of a cell without atoms may begin behind the last atom.
func (a *Atoms) NewSet() AtomSet { return bitset.New(a.N + 1) }

// NewAtoms numbers the atoms of a system.
func NewAtoms(sys *model.System) *Atoms {
	a := &Atoms{sys: sys}
	written := sys.Written()
	masks := map[model.Cell]bool{}
	for _, p := range sys.Processes {
		for _, t := range p.Trans {
			for i := range t.Code {
				if c, _, _, ok := maskOp(sys, &t.Code[i]); ok {
					masks[c] = true
				}
			}
		}
	}
	for _, v := range sys.Vars {
		cells := make([]atomRange, v.Len)
		a.cells = append(a.cells, cells)
		if v.Proc != model.NoProc {
			continue
		}
		for i := range cells {
			if !written[v.ID][i] || v.Type.Lo == v.Type.Hi {
				continue
			}
			n := 1
			mask := masks[model.Cell{Var: v.ID, Idx: int32(i)}]
			if mask {
				n = bits.Len32(uint32(v.Type.Hi))
			}
			if a.N%64+n > 64 {
				a.N += 64 - a.N%64 // a range stays within one word
			}
			cells[i] = atomRange{int32(a.N), uint8(n), mask}
			a.N += n
		}
	}
	return a
}

// Name is an atom as a reader knows it.
func (a *Atoms) Name(atom int) string {
	for _, v := range a.sys.Vars {
		for i, r := range a.cells[v.ID] {
			if r.n > 0 && atom >= int(r.first) && atom < int(r.first)+int(r.n) {
				name := a.sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)})
				if r.mask {
					name += "." + string(rune('0'+(atom-int(r.first))/10)) + string(rune('0'+(atom-int(r.first))%10))
				}
				return name
			}
		}
	}
	return "?"
}

// maskOp recognises an operation that sets or clears known bits of one known cell and cannot fail: `v = v & K` (clear; bits are those of ^K) or `v = v | K`.
func maskOp(sys *model.System, op *model.Op) (c model.Cell, bits int64, set, ok bool) {
	if op.Kind != model.OpAssign || op.X.Op != model.And && op.X.Op != model.Or {
		return c, 0, false, false
	}
	c, ok = StaticCell(sys, op.Dst)
	if !ok {
		return c, 0, false, false
	}
	l, r := op.X.X, op.X.Y
	if l.Op == model.Const {
		l, r = r, l
	}
	if l.Op != model.Load || r.Op != model.Const {
		return c, 0, false, false
	}
	if d, ok := StaticCell(sys, l.Place); !ok || d != c {
		return c, 0, false, false
	}
	t := sys.Vars[c.Var].Type
	full := int64(1)<<bitsLen(t.Hi) - 1
	k := int64(r.Val)
	if t.Kind != model.KindInt || t.Lo != 0 || int64(t.Hi) != full {
		return c, 0, false, false
	}
	if op.X.Op == model.And {
		return c, full &^ k, false, true
	}
	return c, k, true, k >= 0 && k <= full
}

func bitsLen(v int32) int { return bits.Len32(uint32(v)) }

// maskTest recognises `v & K` of one known cell.
func maskTest(sys *model.System, x *model.Expr) (c model.Cell, k int64, ok bool) {
	if x.Op != model.And {
		return c, 0, false
	}
	l, r := x.X, x.Y
	if l.Op == model.Const {
		l, r = r, l
	}
	if l.Op != model.Load || r.Op != model.Const {
		return c, 0, false
	}
	c, ok = StaticCell(sys, l.Place)
	return c, int64(r.Val), ok
}

// StaticCell is the cell of a place that is one known cell whose access cannot fail: no liveness to look at, no index to go wrong.
func StaticCell(sys *model.System, p *model.Place) (model.Cell, bool) {
	if p == nil || p.Ref != nil || (p.Idx != nil && p.Idx.Op != model.Const) {
		return model.Cell{}, false
	}
	v := sys.Vars[p.Var]
	i := int32(0)
	if p.Idx != nil {
		i = p.Idx.Val
	}
	if i < 0 || int(i) >= v.Stride {
		return model.Cell{}, false
	}
	if p.Obj != nil {
		if p.Obj.Op != model.Const || p.Obj.Val < 1 || int(p.Obj.Val-1)*v.Stride >= v.Len {
			return model.Cell{}, false
		}
		if !p.Unchecked && v.Pool != model.NoPool && sys.Pools[v.Pool].Live != model.NoVar {
			return model.Cell{}, false
		}
		i += (p.Obj.Val - 1) * int32(v.Stride)
	}
	return model.Cell{Var: p.Var, Idx: i}, true
}

// CanFail reports whether evaluating an expression may fail in some state: by a fault or by an access to a dead object.
func CanFail(sys *model.System, x *model.Expr) bool {
	return canFail(x, func(p *model.Place) bool {
		_, ok := StaticCell(sys, p)
		return ok
	})
}

// canFail is [CanFail] with safe telling of what places an access cannot fail.
func canFail(x *model.Expr, safe func(*model.Place) bool) bool {
	fails := false
	x.Walk(func(y *model.Expr) {
		switch y.Op {
		case model.Load:
			fails = fails || !safe(y.Place)
		case model.AddrOf:
			q := *y.Place
			q.Unchecked = true // whether an object lives is not looked at
			fails = fails || !safe(&q)
		case model.Container, model.InRange:
			fails = true
		case model.Div, model.Mod:
			fails = fails || y.Y.Op != model.Const || y.Y.Val == 0
		case model.IsLive:
			fails = fails || y.X.Op != model.Const || y.X.Val < 0
		case model.Shl, model.Shr:
			fails = fails || y.Y.Op != model.Const || y.Y.Val < 0 || y.Y.Val > 31
		}
	})
	return fails
}

// Op adds the atoms that an operation may read and write, whatever the state.
func (a *Atoms) Op(op *model.Op, reads, writes AtomSet) {
	if c, k, _, ok := maskOp(a.sys, op); ok {
		a.add(writes, c, k)
		return
	}
	a.Expr(op.X, reads)
	if op.Dst != nil {
		for _, x := range []*model.Expr{op.Dst.Ref, op.Dst.Obj, op.Dst.Idx} {
			a.Expr(x, reads)
		}
	}
	// What is left of the operation is the store and its checks.
	rest := *op
	rest.X = nil
	if op.Kind == model.OpFree {
		rest.X = op.X
	}
	a.sys.Touches(&rest, func(t model.Touch) {
		if t.Write {
			a.touch(writes, t)
		} else {
			a.touch(reads, t)
		}
	})
}

// Expr adds the atoms that evaluating an expression may read.
func (a *Atoms) Expr(x *model.Expr, reads AtomSet) {
	if x == nil {
		return
	}
	if c, k, ok := maskTest(a.sys, x); ok {
		a.add(reads, c, k)
		return
	}
	if x.Place != nil {
		a.Expr(x.Place.Ref, reads)
		a.Expr(x.Place.Obj, reads)
		a.Expr(x.Place.Idx, reads)
	}
	a.Expr(x.X, reads)
	a.Expr(x.Y, reads)
	a.Expr(x.Z, reads)
	a.sys.NodeTouches(x, func(t model.Touch) { a.touch(reads, t) })
}

// Cell adds all atoms of a cell.
func (a *Atoms) Cell(c model.Cell, s AtomSet) { a.add(s, c, -1) }

func (a *Atoms) add(s AtomSet, c model.Cell, k int64) {
	if r := a.cells[c.Var][c.Idx]; r.n > 0 {
		s[r.word()] |= r.some(k)
	}
}

func (a *Atoms) touch(s AtomSet, t model.Touch) {
	for i := t.Base; i < t.End; i += t.Step {
		if r := a.cells[t.Var][i]; r.n > 0 {
			s[r.word()] |= r.all()
		}
	}
}
