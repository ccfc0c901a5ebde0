package symmetry

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// A learner compares the code of members and learns what belongs to the one where something else belongs to the other.
type learner struct {
	sys   *model.System
	whole bool // objects that are named belong to members
	local map[model.VarID]model.VarID

	parts       map[program.Part]program.Part // of the first member, to those of the other
	order       []program.Part
	objects     map[program.Object]program.Object
	objectOrder []program.Object
	names       map[name]name
	nameOrder   []name
}

// A name is a value in a cell that means a member, or one of the processes of one.
type name struct {
	cell  model.Cell
	value int64
}

func newLearner(sys *model.System, whole bool) *learner {
	return &learner{
		sys: sys, whole: whole, parts: map[program.Part]program.Part{}, objects: map[program.Object]program.Object{}, names: map[name]name{},
	}
}

// learn notes that part b belongs to the other member as a does to the first.
func (l *learner) learn(a, b program.Part) {
	if _, ok := l.parts[a]; !ok {
		l.parts[a] = b
		l.order = append(l.order, a)
	}
}

// own drops what belongs to the other member of a pair: the first uses it where the other uses what belongs to the first.
func own[K comparable](list []K, to map[K]K) (out []K) {
	for _, a := range list {
		if b := to[a]; to[b] != a || !slices.Contains(out, b) {
			out = append(out, a)
		}
	}
	return out
}

// match compares the code of two processes.
func (l *learner) match(p, q *model.Process) error {
	l.local = locals(p, q)
	return shape(l.sys, p, q, l.local, l.code)
}

func locals(p, q *model.Process) map[model.VarID]model.VarID {
	m := map[model.VarID]model.VarID{}
	for i := range min(len(p.Locals), len(q.Locals)) {
		m[p.Locals[i]] = q.Locals[i]
	}
	return m
}

// errChanged: the exchange makes something else of the code. The position says what.
var errChanged = errors.New("differs")

// shape compares two processes, the code of their steps by means of code.
func shape(sys *model.System, p, q *model.Process, local map[model.VarID]model.VarID, code func(a, b []model.Op) error) error {
	if len(p.Locations) != len(q.Locations) || len(p.Trans) != len(q.Trans) || len(p.Locals) != len(q.Locals) {
		return fmt.Errorf("%s and %s have different shapes", p.Name, q.Name)
	}
	if p.Fair != q.Fair {
		return fmt.Errorf("only one of %s and %s is fair", p.Name, q.Name)
	}
	for i := range p.Locals {
		v, w := sys.Vars[p.Locals[i]], sys.Vars[q.Locals[i]]
		if v.Len != w.Len || !sameType(v.Type, w.Type) {
			return fmt.Errorf("%s and %s differ", v.Name, w.Name)
		}
		for k := range v.Init {
			if v.Init[k] != w.Init[k] {
				return fmt.Errorf("%s and %s begin with different values", v.Name, w.Name)
			}
		}
	}
	for i := range p.Locations {
		a, b := p.Locations[i], q.Locations[i]
		if a.End != b.End || len(a.Live) != len(b.Live) || len(a.Trans) != len(b.Trans) {
			return fmt.Errorf("location %d differs", i)
		}
		for k := range a.Live {
			if local[a.Live[k]] != b.Live[k] {
				return fmt.Errorf("location %d differs", i)
			}
		}
		for k := range a.Trans {
			if a.Trans[k] != b.Trans[k] {
				return fmt.Errorf("location %d differs", i)
			}
		}
	}
	if err := code(p.Start, q.Start); err != nil {
		return err
	}
	for i := range p.Trans {
		if p.Trans[i].From != q.Trans[i].From {
			return fmt.Errorf("transition %d begins elsewhere", i)
		}
		if err := code(p.Trans[i].Code, q.Trans[i].Code); err != nil {
			at := fmt.Sprintf("%s (%s)", p.Trans[i].Label, sys.Files.Position(p.Trans[i].Pos))
			if err == errChanged {
				return errors.New(at)
			}
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

func sameType(a, b *model.Type) bool {
	return a.Kind == b.Kind && a.Lo == b.Lo && a.Hi == b.Hi && a.Pool == b.Pool && a.Domain == b.Domain
}

func (l *learner) code(a, b []model.Op) error {
	if len(a) != len(b) {
		return fmt.Errorf("there is more code in one")
	}
	for i := range a {
		if err := l.op(&a[i], &b[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *learner) op(a, b *model.Op) error {
	if a.Kind != b.Kind || a.Prop != b.Prop || a.Cover != b.Cover || a.Pool != b.Pool || a.Then != b.Then || a.Else != b.Else || a.Loc != b.Loc {
		return fmt.Errorf("%s against %s", l.sys.OpString(a), l.sys.OpString(b))
	}
	if err := l.place(a.Dst, b.Dst); err != nil {
		return err
	}
	var owner *model.Cell
	clears := false
	if a.Dst != nil {
		if c, ok := program.StaticCell(l.sys, a.Dst); ok && l.sys.Vars[c.Var].Proc == model.NoProc {
			owner = &c
			if a.X != nil && a.X.Op == model.And {
				d, _, ok := maskOperand(l.sys, a.X)
				clears = ok && d == c
			}
		}
	}
	return l.expr(a.X, b.X, owner, clears)
}

func (l *learner) place(a, b *model.Place) error {
	if (a == nil) != (b == nil) {
		return fmt.Errorf("one stores")
	}
	if a == nil {
		return nil
	}
	differ := fmt.Errorf("%s against %s", l.sys.PlaceString(a), l.sys.PlaceString(b))
	if c, ok := known(l.sys, a); ok {
		d, ok := known(l.sys, b)
		if !ok || a.Unchecked != b.Unchecked {
			return differ
		}
		v := l.sys.Vars[c.Var]
		if v.Proc != model.NoProc {
			if l.local[c.Var] != d.Var || c.Idx != d.Idx {
				return differ
			}
			return nil
		}
		if c.Var != d.Var {
			return differ
		}
		if l.whole && v.Pool != model.NoPool {
			if c.Idx%int32(v.Stride) != d.Idx%int32(v.Stride) {
				return differ
			}
			return l.object(objectOf(v, c), objectOf(v, d))
		}
		return l.part(program.Part{Cell: c, Bit: program.WholeCell}, program.Part{Cell: d, Bit: program.WholeCell})
	}
	if a.Var != b.Var && l.local[a.Var] != b.Var || a.Domain != b.Domain || a.Unchecked != b.Unchecked {
		return differ
	}
	objs := [2]*model.Expr{a.Obj, b.Obj}
	if l.whole && a.Obj != nil && b.Obj != nil && a.Obj.Op == model.Const && b.Obj.Op == model.Const && a.Obj.Val > 0 && b.Obj.Val > 0 {
		pool := l.sys.Vars[a.Var].Pool
		if err := l.object(program.Object{Pool: pool, Handle: a.Obj.Val}, program.Object{Pool: pool, Handle: b.Obj.Val}); err != nil {
			return err
		}
		objs = [2]*model.Expr{}
	}
	for _, z := range [][2]*model.Expr{objs, {a.Idx, b.Idx}, {a.Ref, b.Ref}} {
		if err := l.expr(z[0], z[1], nil, false); err != nil {
			return err
		}
	}
	return nil
}

func (l *learner) part(a, b program.Part) error {
	if old, ok := l.parts[a]; ok && old != b {
		return fmt.Errorf("%s stands for both %s and %s", partName(l.sys, a), partName(l.sys, old), partName(l.sys, b))
	}
	l.learn(a, b)
	return nil
}

func (l *learner) object(a, b program.Object) error {
	if old, ok := l.objects[a]; ok && old != b {
		return fmt.Errorf("%s stands for both %s and %s", objectName(l.sys, a), objectName(l.sys, old), objectName(l.sys, b))
	}
	if _, ok := l.objects[a]; !ok {
		l.objects[a] = b
		l.objectOrder = append(l.objectOrder, a)
	}
	return nil
}

// known is the cell of a place that the code alone tells, liveness aside.
func known(sys *model.System, p *model.Place) (model.Cell, bool) {
	q := *p
	q.Unchecked = true
	return program.StaticCell(sys, &q)
}

// expr compares two expressions. owner is the cell that a constant at the top is stored to or compared with. clears: a mask at the top says what is kept.
func (l *learner) expr(a, b *model.Expr, owner *model.Cell, clears bool) error {
	if (a == nil) != (b == nil) {
		return fmt.Errorf("one has more to it")
	}
	if a == nil {
		return nil
	}
	differ := fmt.Errorf("%s against %s", l.sys.ExprString(a), l.sys.ExprString(b))
	if a.Op != b.Op || a.Pool != b.Pool || a.Domain != b.Domain {
		return differ
	}
	if a.Op == model.Const && a.Val != b.Val {
		return l.constant(a, b, owner, differ)
	}
	if a.Val != b.Val || fmt.Sprint(a.Table) != fmt.Sprint(b.Table) {
		return differ
	}
	if done, err := l.mask(a, b, clears); done || err != nil {
		return err
	}
	if err := l.place(a.Place, b.Place); err != nil {
		return err
	}
	var side *model.Cell
	if a.Op == model.Eq || a.Op == model.Ne {
		side = compared(l.sys, a)
	}
	for _, z := range [][2]*model.Expr{{a.X, b.X}, {a.Y, b.Y}, {a.Z, b.Z}} {
		if err := l.expr(z[0], z[1], side, false); err != nil {
			return err
		}
	}
	return nil
}

// constant learns from constants that differ.
func (l *learner) constant(a, b *model.Expr, owner *model.Cell, differ error) error {
	if l.whole && a.Val > 0 && b.Val > 0 && sameType(a.Type, b.Type) {
		switch a.Type.Kind {
		case model.KindHandle:
			return l.object(program.Object{Pool: a.Type.Pool, Handle: a.Val}, program.Object{Pool: a.Type.Pool, Handle: b.Val})
		case model.KindRef:
			d := l.sys.Domains[a.Type.Domain]
			c, e := d.Cells[a.Val-1], d.Cells[b.Val-1]
			v := l.sys.Vars[c.Var]
			if c.Var != e.Var {
				return differ
			}
			if v.Pool == model.NoPool {
				return l.part(program.Part{Cell: c, Bit: program.WholeCell}, program.Part{Cell: e, Bit: program.WholeCell})
			}
			if c.Idx%int32(v.Stride) != e.Idx%int32(v.Stride) {
				return differ
			}
			return l.object(objectOf(v, c), objectOf(v, e))
		}
	}
	if owner == nil {
		return differ
	}
	one, other := name{*owner, int64(a.Val)}, name{*owner, int64(b.Val)}
	if old, ok := l.names[one]; !ok {
		l.names[one] = other
		l.nameOrder = append(l.nameOrder, one)
	} else if old != other {
		return differ
	}
	return nil
}

// mask learns from different bits of one mask.
func (l *learner) mask(a, b *model.Expr, clears bool) (done bool, err error) {
	if a.Op != model.And && a.Op != model.Or {
		return false, nil
	}
	c, k, ok := maskOperand(l.sys, a)
	d, m, ok2 := maskOperand(l.sys, b)
	if !ok || !ok2 || c != d || k == m {
		return false, nil
	}
	full := int64(l.sys.Vars[c.Var].Type.Hi)
	k, m = k&full, m&full
	if clears || bits.OnesCount64(uint64(k)) != 1 && a.Op == model.And {
		k, m = full&^k, full&^m
	}
	if bits.OnesCount64(uint64(k)) != 1 || bits.OnesCount64(uint64(m)) != 1 {
		return false, nil
	}
	return true, l.part(program.Part{Cell: c, Bit: bits.TrailingZeros64(uint64(k))}, program.Part{Cell: d, Bit: bits.TrailingZeros64(uint64(m))})
}

// maskOperand recognises a mask and constant bits.
func maskOperand(sys *model.System, x *model.Expr) (c model.Cell, k int64, ok bool) {
	if x.X == nil || x.Y == nil {
		return c, 0, false
	}
	m, n := x.X, x.Y
	if m.Op == model.Const {
		m, n = n, m
	}
	if m.Op != model.Load || n.Op != model.Const {
		return c, 0, false
	}
	c, ok = known(sys, m.Place)
	return c, int64(n.Val), ok && sys.Vars[c.Var].Proc == model.NoProc && isMask(sys.Vars[c.Var].Type)
}

// isMask reports whether every combination of bits is a value of a type.
func isMask(t *model.Type) bool {
	return t.Kind == model.KindInt && t.Lo == 0 && t.Hi&(t.Hi+1) == 0
}

// compared is the shared cell that an equality compares with a constant.
func compared(sys *model.System, x *model.Expr) *model.Cell {
	if x.X.Op != model.Const && x.Y.Op != model.Const {
		return nil
	}
	for _, y := range []*model.Expr{x.X, x.Y} {
		if y.Op == model.Load {
			if c, ok := known(sys, y.Place); ok && sys.Vars[c.Var].Proc == model.NoProc {
				return &c
			}
		}
	}
	return nil
}
