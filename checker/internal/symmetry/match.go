package symmetry

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// A match compares the code of two processes operation by operation. In the first use (fixed false) it learns which cells and names of the one stand for which
// of the other; in the second it checks that a known exchange maps the one to the other.
type match struct {
	sys        *model.System
	p, q       *model.Process
	fixed      bool
	swap       map[model.Cell]model.Cell
	swapValues map[model.Cell]map[int64]int64

	cells map[model.Cell]model.Cell // learnt: p's to q's
	order []model.Cell
	owned []model.Cell
	names map[model.Cell]int64 // learnt: the constant of q
	from  map[model.Cell]int64 // and the one of p
	local map[model.VarID]model.VarID
}

// errChanged: the exchange makes something else of the code. The position says what.
var errChanged = errors.New("differs")

func newMatch(sys *model.System, p, q *model.Process) *match {
	m := &match{
		sys: sys, p: p, q: q, cells: map[model.Cell]model.Cell{}, names: map[model.Cell]int64{}, from: map[model.Cell]int64{}, local: map[model.VarID]model.VarID{},
	}
	for i := range min(len(p.Locals), len(q.Locals)) {
		m.local[p.Locals[i]] = q.Locals[i]
	}
	return m
}

func (m *match) process() error {
	p, q := m.p, m.q
	if len(p.Locations) != len(q.Locations) || len(p.Trans) != len(q.Trans) || len(p.Locals) != len(q.Locals) {
		return fmt.Errorf("%s and %s have different shapes", p.Name, q.Name)
	}
	if p.Fair != q.Fair {
		return fmt.Errorf("only one of %s and %s is fair", p.Name, q.Name)
	}
	for i := range p.Locals {
		v, w := m.sys.Vars[p.Locals[i]], m.sys.Vars[q.Locals[i]]
		if v.Len != w.Len || v.Type.Lo != w.Type.Lo || v.Type.Hi != w.Type.Hi {
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
			if m.local[a.Live[k]] != b.Live[k] {
				return fmt.Errorf("location %d differs", i)
			}
		}
	}
	if err := m.code(p.Start, q.Start); err != nil {
		return err
	}
	for i := range p.Trans {
		if p.Trans[i].From != q.Trans[i].From {
			return fmt.Errorf("transition %d begins elsewhere", i)
		}
		if err := m.code(p.Trans[i].Code, q.Trans[i].Code); err != nil {
			at := fmt.Sprintf("%s (%s)", p.Trans[i].Label, m.sys.Files.Position(p.Trans[i].Pos))
			if err == errChanged {
				return errors.New(at)
			}
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// code compares two sequences. When the exchange is known, operations that may come in any order are compared as sets.
func (m *match) code(a, b []model.Op) error {
	if len(a) != len(b) {
		return fmt.Errorf("there is more code in one")
	}
	straight := !jumps(a) && !jumps(b)
	for i := 0; i < len(a); {
		n := 1
		if m.fixed && straight {
			n = min(m.run(a[i:]), m.run(b[i:]))
		}
		if n <= 1 {
			if err := m.op(&a[i], &b[i]); err != nil {
				return err
			}
			i++
			continue
		}
		var x, y []string
		for k := i; k < i+n; k++ {
			x = append(x, m.text(&a[k], true))
			y = append(y, m.text(&b[k], false))
		}
		sort.Strings(x)
		sort.Strings(y)
		for k := range x {
			if x[k] != y[k] {
				return errChanged
			}
		}
		i += n
	}
	return nil
}

// run is how many operations from the first on may come in any order: stores of and waits for different cells, none of which can fail.
func (m *match) run(ops []model.Op) int {
	var reads, writes []model.Touch
	for i := range ops {
		op := &ops[i]
		if op.Kind != model.OpAssign && op.Kind != model.OpAssume {
			return i
		}
		if op.Kind == model.OpAssign {
			c, ok := program.StaticCell(m.sys, op.Dst)
			if !ok || !m.fits(op.X, m.sys.Vars[c.Var].Type) {
				return i
			}
		}
		clash, fails := false, m.canFail(op.X)
		var r, w []model.Touch
		m.sys.Touches(op, func(t model.Touch) {
			if t.Write {
				w = append(w, t)
			} else {
				r = append(r, t)
			}
		})
		for _, t := range w {
			clash = clash || overlaps(t, writes) || overlaps(t, reads)
		}
		for _, t := range r {
			clash = clash || overlaps(t, writes)
		}
		if clash || fails {
			return i
		}
		reads, writes = append(reads, r...), append(writes, w...)
	}
	return len(ops)
}

func jumps(ops []model.Op) bool {
	for i := range ops {
		if ops[i].Kind == model.OpBranch || ops[i].Kind == model.OpJump {
			return true
		}
	}
	return false
}

func (m *match) fits(x *model.Expr, t *model.Type) bool {
	switch x.Op {
	case model.Const:
		return x.Val >= t.Lo && x.Val <= t.Hi
	case model.Load:
		return x.Type.Lo >= t.Lo && x.Type.Hi <= t.Hi
	case model.Not, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge, model.AndAlso, model.OrElse:
		return t.Lo <= 0 && t.Hi >= 1
	}
	return false
}

func overlaps(t model.Touch, list []model.Touch) bool {
	for _, u := range list {
		if u.Var == t.Var && t.Base < u.End && u.Base < t.End {
			return true
		}
	}
	return false
}

// predicate compares an expression with what the exchange makes of it.
func (m *match) predicate(x *model.Expr) error {
	if m.expr(x, true) != m.expr(x, false) {
		return errChanged
	}
	return nil
}

// op compares two operations.
func (m *match) op(a, b *model.Op) error {
	if a.Kind != b.Kind || a.Prop != b.Prop || a.Cover != b.Cover || a.Pool != b.Pool || a.Then != b.Then || a.Else != b.Else || a.Loc != b.Loc {
		return fmt.Errorf("%s against %s", m.sys.OpString(a), m.sys.OpString(b))
	}
	if m.fixed {
		if m.text(a, true) != m.text(b, false) {
			return errChanged
		}
		return nil
	}
	if err := m.learnPlace(a.Dst, b.Dst); err != nil {
		return err
	}
	var owner *model.Cell
	if a.Dst != nil {
		if c, ok := program.StaticCell(m.sys, a.Dst); ok && m.sys.Vars[c.Var].Proc == model.NoProc {
			owner = &c
		}
	}
	return m.learn(a.X, b.X, owner)
}

func (m *match) learnPlace(a, b *model.Place) error {
	if (a == nil) != (b == nil) {
		return fmt.Errorf("one stores")
	}
	if a == nil {
		return nil
	}
	if c, ok := m.known(a); ok {
		d, ok := m.known(b)
		if !ok || m.sys.Vars[c.Var].Proc != model.NoProc && m.local[c.Var] != d.Var || m.sys.Vars[c.Var].Proc == model.NoProc && c.Var != d.Var || a.Unchecked != b.Unchecked {
			return fmt.Errorf("%s against %s", m.sys.PlaceString(a), m.sys.PlaceString(b))
		}
		if m.sys.Vars[c.Var].Proc != model.NoProc {
			if c.Idx != d.Idx {
				return fmt.Errorf("%s against %s", m.sys.PlaceString(a), m.sys.PlaceString(b))
			}
			return nil
		}
		if old, ok := m.cells[c]; ok && old != d {
			return fmt.Errorf("%s stands for both %s and %s", m.sys.CellName(c), m.sys.CellName(old), m.sys.CellName(d))
		}
		if _, ok := m.cells[c]; !ok {
			m.cells[c] = d
			m.order = append(m.order, c)
		}
		return nil
	}
	if a.Var != b.Var && m.local[a.Var] != b.Var || a.Domain != b.Domain || a.Unchecked != b.Unchecked {
		return fmt.Errorf("%s against %s", m.sys.PlaceString(a), m.sys.PlaceString(b))
	}
	for _, z := range [][2]*model.Expr{{a.Obj, b.Obj}, {a.Idx, b.Idx}, {a.Ref, b.Ref}} {
		if err := m.learn(z[0], z[1], nil); err != nil {
			return err
		}
	}
	return nil
}

// known is the cell of a place that the code alone tells, liveness aside.
func (m *match) known(p *model.Place) (model.Cell, bool) {
	q := *p
	q.Unchecked = true
	return program.StaticCell(m.sys, &q)
}

// learn compares two expressions. owner is the cell that a constant at the top is stored to or compared with.
func (m *match) learn(a, b *model.Expr, owner *model.Cell) error {
	if (a == nil) != (b == nil) {
		return fmt.Errorf("one has more to it")
	}
	if a == nil {
		return nil
	}
	differ := fmt.Errorf("%s against %s", m.sys.ExprString(a), m.sys.ExprString(b))
	if a.Op != b.Op || a.Pool != b.Pool || a.Domain != b.Domain {
		return differ
	}
	if a.Op == model.Const && a.Val != b.Val {
		if owner == nil {
			return differ
		}
		if v, ok := m.names[*owner]; ok && (v != int64(b.Val) || m.from[*owner] != int64(a.Val)) {
			return differ
		}
		if _, ok := m.names[*owner]; !ok {
			m.owned = append(m.owned, *owner)
		}
		m.names[*owner], m.from[*owner] = int64(b.Val), int64(a.Val)
		return nil
	}
	if a.Val != b.Val || fmt.Sprint(a.Table) != fmt.Sprint(b.Table) {
		return differ
	}
	if err := m.learnPlace(a.Place, b.Place); err != nil {
		return err
	}
	var side *model.Cell
	if a.Op == model.Eq || a.Op == model.Ne {
		side = m.compared(a)
	}
	for _, z := range [][2]*model.Expr{{a.X, b.X}, {a.Y, b.Y}, {a.Z, b.Z}} {
		if err := m.learn(z[0], z[1], side); err != nil {
			return err
		}
	}
	return nil
}

// compared is the shared cell that an equality compares with a constant.
func (m *match) compared(x *model.Expr) *model.Cell {
	if x.X.Op != model.Const && x.Y.Op != model.Const {
		return nil
	}
	for _, y := range []*model.Expr{x.X, x.Y} {
		if y.Op == model.Load {
			if c, ok := m.known(y.Place); ok && m.sys.Vars[c.Var].Proc == model.NoProc {
				return &c
			}
		}
	}
	return nil
}

// text writes an operation with the exchange applied (for code of p) or as it is (for code of q).
func (m *match) text(op *model.Op, exchange bool) string {
	var b strings.Builder
	fmt.Fprint(&b, op.Kind, " ", op.Prop, " ", op.Cover, " ", op.Pool, " ", op.Then, " ", op.Else, " ", op.Loc, " ")
	var owner *model.Cell
	if op.Dst != nil {
		b.WriteString(m.place(op.Dst, exchange))
		if c, ok := m.known(op.Dst); ok {
			owner = &c
			if exchange && len(m.swapValues[c]) > 0 && (op.X == nil || op.X.Op != model.Const) {
				b.WriteString(" gets a value that depends on the state")
			}
		}
	}
	b.WriteString(" := ")
	b.WriteString(m.exprFor(op.X, exchange, owner))
	return b.String()
}

func (m *match) expr(x *model.Expr, exchange bool) string { return m.exprFor(x, exchange, nil) }

func (m *match) exprFor(x *model.Expr, exchange bool, owner *model.Cell) string {
	if x == nil {
		return "-"
	}
	v := int64(x.Val)
	if x.Op == model.Const && owner != nil && exchange {
		if w, ok := m.swapValues[*owner][v]; ok {
			v = w
		}
	}
	var side *model.Cell
	if x.Op == model.Eq || x.Op == model.Ne {
		side = m.compared(x)
	}
	s := fmt.Sprint("(", x.Op, " ", v, " ", x.Pool, " ", x.Domain, " ", x.Table)
	if x.Place != nil {
		s += " " + m.place(x.Place, exchange)
		// A cell that names members may only be compared with constants and stored to: its value means nothing elsewhere.
		if c, ok := m.known(x.Place); ok && x.Op == model.Load && (owner == nil || *owner != c) && len(m.swapValues[c]) > 0 && exchange {
			s += " used as a number"
		}
		if c, ok := m.known(x.Place); ok && x.Op == model.AddrOf && exchange {
			if _, ok := m.swap[c]; ok {
				s += " whose address is taken"
			}
		}
	}
	var operands []string
	var collect func(y *model.Expr)
	collect = func(y *model.Expr) {
		if y != nil && y.Op == x.Op && associative(x.Op) {
			collect(y.X)
			collect(y.Y)
			return
		}
		operands = append(operands, m.exprFor(y, exchange, side))
	}
	collect(x.X)
	collect(x.Y)
	if (associative(x.Op) || x.Op == model.Eq || x.Op == model.Ne) && !m.canFail(x) {
		sort.Strings(operands) // the order of operands makes no difference
	}
	return s + " " + strings.Join(operands, " ") + " " + m.exprFor(x.Z, exchange, side) + ")"
}

func associative(op model.ExprOp) bool {
	switch op {
	case model.AndAlso, model.OrElse, model.Add, model.And, model.Or, model.Xor, model.Mul:
		return true
	}
	return false
}

func (m *match) canFail(x *model.Expr) bool {
	fails := false
	x.Walk(func(x *model.Expr) {
		switch x.Op {
		case model.Load:
			if _, ok := program.StaticCell(m.sys, x.Place); !ok {
				fails = true
			}
		case model.AddrOf, model.Container, model.InRange, model.IsLive, model.Div, model.Mod, model.Shl, model.Shr:
			fails = true
		}
	})
	return fails
}

func (m *match) place(p *model.Place, exchange bool) string {
	if c, ok := m.known(p); ok {
		v := m.sys.Vars[c.Var]
		switch {
		case v.Proc != model.NoProc && exchange:
			return fmt.Sprint("local ", m.local[c.Var], " ", c.Idx)
		case v.Proc != model.NoProc:
			return fmt.Sprint("local ", c.Var, " ", c.Idx)
		case exchange:
			if d, ok := m.swap[c]; ok {
				c = d
			}
		}
		return fmt.Sprint("cell ", c.Var, " ", c.Idx, " ", p.Unchecked)
	}
	v := p.Var
	if exchange {
		if w, ok := m.local[v]; ok {
			v = w
		}
		// An access that may hit any of several cells, among them some that would be exchanged, is not understood.
		op := model.Op{Kind: model.OpAssign, Dst: p}
		moved := false
		m.sys.Touches(&op, func(t model.Touch) {
			for i := t.Base; i < t.End; i += t.Step {
				c := model.Cell{Var: t.Var, Idx: i}
				if _, ok := m.swap[c]; ok || len(m.swapValues[c]) > 0 {
					moved = true
				}
			}
		})
		if moved {
			return "an element that depends on the state"
		}
	}
	return fmt.Sprint("place ", v, " ", p.Domain, " ", p.Unchecked, m.expr(p.Obj, exchange), m.expr(p.Idx, exchange), m.expr(p.Ref, exchange))
}
