package elab

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Lock order. lock_acquire() and its kin tell the elaborator which locks a process takes and lets go. Each process then counts, in locals of its own, how
// many locks of each class it holds, and wherever it takes a lock of class B it marks the edge A -> B for every class A that it holds: an ordinary cover
// mark behind a test of a local. An edge is thus a fact about the execution of one transition from one local state of its process, as other marks are, and
// nothing about it needs to be known to the engines. Without `check lock_order` none of this is emitted.

// maxHeld bounds how many locks of one class a process counts.
const maxHeld = 7

// heldCells are the counters of a process, in the order in which its code first names the classes.
type heldCells struct {
	classes []string
	vars    []model.VarID
	takes   []taking
	drops   []taking
}

// taking is a place where a lock is taken while others may be held, or let go; what it does is filled in when all classes of the process are known.
type taking struct {
	n     *cfgNode
	class string
	at    source.Pos
}

// lockOp lowers lock_acquire(lock), lock_tryacquire(lock) and lock_release(lock), each with an optional subclass.
func (b *builder) lockOp(x *syntax.CallExpr) operand {
	e := b.e
	name := x.Fun.Name
	sub := ""
	if len(x.Args) == 2 {
		n, ok := e.constInt(x.Args[1])
		if !ok {
			return badOperand
		}
		if n < 0 || n > 7 {
			e.errorf("out-of-range", x.Args[1].Span(), "a lock has subclasses 0 to 7, not %d", n)
			return badOperand
		}
		if n > 0 {
			sub = fmt.Sprintf("/%d", n)
		}
	}
	o := b.expr(x.Args[0])
	if o.bad() {
		return badOperand
	}
	if b.atom == 0 {
		b.told[b.emitted] = true
	}
	if id, exists := e.props[check.LockOrder]; !exists || !e.sys.Props[id].Checked {
		return operand{t: check.Void}
	}
	b.observing++
	defer func() { b.observing-- }()
	one := func(class string) {
		class += sub
		if name == "lock_release" {
			b.letGo(class, len(x.Args) == 2)
		} else {
			b.take(class, name == "lock_acquire")
		}
	}
	if o.addr != nil && o.addr.ref == nil {
		if v, path := firstLeaf(o.addr.l); v != model.NoVar {
			one(e.lockClass(v, path))
		}
		return operand{t: check.Void}
	}
	return b.lockPointer(o, x.Args[0], one)
}

// lockPointer lowers the taking of a lock that a pointer leads to: what one does for each class that it may be of.
func (b *builder) lockPointer(o operand, arg syntax.Expr, one func(class string)) operand {
	e := b.e
	outer := b.atom
	b.atom = max(outer, 1) // the lock that is meant is looked at in the step it is taken in
	v, _ := b.valueOf(o, arg)
	b.atom = outer
	if v == nil {
		return badOperand
	}
	classes, values := e.lockClasses(v)
	if v.IsConst() {
		for i, c := range classes {
			if slices.Contains(values[i], v.Val) {
				one(c)
			}
		}
		return operand{t: check.Void}
	}
	if len(classes) == 1 {
		one(classes[0]) // NULL would have failed at the lock itself
		return operand{t: check.Void}
	}
	if b.atom == 0 && b.countShared(v) > 0 {
		// The pointer is read once, so that it is of one class whatever others do to it meanwhile.
		t := b.newTemp(v)
		b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpAssign, Dst: t.Place, X: v}})
		v = t
	}
	done := b.join()
	for i, c := range classes {
		var is *model.Expr
		for _, k := range values[i] {
			eq := binary(model.Eq, v, model.NewConst(int64(k), v.Type))
			if is == nil {
				is = eq
			} else {
				is = binary(model.OrElse, is, eq)
			}
		}
		yes, no := b.join(), b.join()
		n := b.emit(&cfgNode{kind: nodeBranch, quiet: true, op: model.Op{Kind: model.OpBranch, X: is}})
		n.next, n.els = yes, no
		b.tail = nil
		b.place(yes)
		one(c)
		b.goTo(done)
		b.place(no)
	}
	b.place(done)
	return operand{t: check.Void}
}

// lockClasses groups the values of a pointer by the class of the lock they point to, in the order of the values.
func (e *elab) lockClasses(v *model.Expr) (classes []string, values [][]int32) {
	add := func(class string, k int) {
		i := slices.Index(classes, class)
		if i < 0 {
			i = len(classes)
			classes, values = append(classes, class), append(values, nil)
		}
		values[i] = append(values[i], int32(k+1))
	}
	switch {
	case v.Type.Kind == model.KindHandle && v.Type.Pool != model.NoPool:
		for k, name := range e.sys.Pools[v.Type.Pool].Objects {
			base, _, _ := strings.Cut(name, "[")
			add(base, k)
		}
	case v.Type.Kind == model.KindRef && v.Type.Domain != model.NoDomain:
		for k, c := range e.sys.Domains[v.Type.Domain].Cells {
			add(e.lockClass(c.Var, ""), k)
		}
	}
	return classes, values
}

// lockClass is the class of the lock that a layout below a cell describes: the field of its struct, or the name of the variable.
func (e *elab) lockClass(v model.VarID, pathBelow string) string {
	return strings.TrimSuffix(e.sys.Vars[v].Name, pathBelow)
}

// firstLeaf is the first variable of a layout, and what its name has behind that of the layout.
func firstLeaf(l *layout) (v model.VarID, path string) {
	for l != nil && l.v == model.NoVar {
		switch {
		case l.elem != nil:
			l = l.elem
		case l.t != nil && l.t.Kind == check.KindStruct && len(l.t.Struct.Fields) > 0:
			f := l.t.Struct.Fields[0].Name
			path += "." + f
			l = l.fields[f]
		default:
			return model.NoVar, ""
		}
	}
	if l == nil {
		return model.NoVar, ""
	}
	return l.v, path
}

// counter is the local that counts the locks of a class which the process holds.
func (b *builder) counter(class string) *model.Place {
	i := slices.Index(b.held.classes, class)
	if i < 0 {
		i = len(b.held.classes)
		t := &model.Type{Kind: model.KindInt, Name: fmt.Sprintf("int<0..%d>", maxHeld), Hi: maxHeld, Pool: model.NoPool, Domain: model.NoDomain}
		v := b.e.newVar(model.HeldName(b.proc.Name, class), t, 1, b.proc.ID, b.at)
		b.proc.Locals = append(b.proc.Locals, v.ID)
		b.plain[v.ID] = true
		b.held.classes, b.held.vars = append(b.held.classes, class), append(b.held.vars, v.ID)
	}
	return &model.Place{Var: b.held.vars[i], Domain: model.NoDomain, Pos: b.at}
}

func (b *builder) loadHeld(v model.VarID) *model.Expr {
	return &model.Expr{Op: model.Load, Type: b.e.sys.Vars[v].Type, Place: &model.Place{Var: v, Domain: model.NoDomain}, Pos: b.at}
}

// take counts a lock, and notes that its edges are to be marked if the process waits for it. (One that only tries cannot deadlock by waiting.)
func (b *builder) take(class string, waits bool) {
	pl := b.counter(class)
	if waits {
		n := b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpNop}})
		b.held.takes = append(b.held.takes, taking{n, class, b.at})
	}
	b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpAssign, Dst: pl, X: binary(model.Add, b.loadHeld(pl.Var), model.NewConst(1, model.IntType))}})
}

// letGo counts down. A lock that somebody else took is not counted here. Where no subclass is given, as unlock functions of the kernel know none, the greatest
// is meant of which the process holds a lock: what was taken inside is let go first.
func (b *builder) letGo(class string, exactly bool) {
	if exactly {
		b.countDown(b.counter(class))
		return
	}
	b.counter(class)
	n := b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpNop}})
	b.emit(&cfgNode{quiet: true, op: model.Op{Kind: model.OpNop}}) // so that there is something to go on with
	b.held.drops = append(b.held.drops, taking{n, class, b.at})
}

func (b *builder) countDown(pl *model.Place) {
	b.emit(&cfgNode{quiet: true, op: b.down(pl)})
}

// down is the operation that counts a lock less, but not below none.
func (b *builder) down(pl *model.Place) model.Op {
	h := b.loadHeld(pl.Var)
	return model.Op{Kind: model.OpAssign, Dst: pl, X: &model.Expr{
		Op: model.Cond, Type: h.Type, X: binary(model.Gt, h, model.NewConst(0, model.IntType)), Y: binary(model.Sub, h, model.NewConst(1, model.IntType)), Z: model.NewConst(0, model.IntType), Pos: b.at,
	}}
}

// fillDrops decides, at every place where a lock of no known subclass is let go, which counter counts down.
func (b *builder) fillDrops() {
	for _, t := range b.held.drops {
		out, next := t.n.next, t.n.next
		like := func(n *cfgNode) *cfgNode {
			n.quiet, n.atom, n.seq = true, t.n.atom, t.n.seq
			n.op.Text, n.op.Pos, n.op.Frame = t.n.op.Text, t.n.op.Pos, t.n.op.Frame
			return n
		}
		for k := range 8 { // the greatest subclass is looked at first, so it comes last here
			class := t.class
			if k > 0 {
				class += fmt.Sprintf("/%d", k)
			}
			i := slices.Index(b.held.classes, class)
			if i < 0 {
				continue
			}
			pl := &model.Place{Var: b.held.vars[i], Domain: model.NoDomain, Pos: t.at}
			less := like(&cfgNode{next: out, op: b.down(pl)})
			next = like(&cfgNode{kind: nodeBranch, next: less, els: next, op: model.Op{Kind: model.OpBranch, X: binary(model.Ne, b.loadHeld(pl.Var), model.NewConst(0, model.IntType))}})
		}
		t.n.next = next
	}
}

// markEdges fills in the edges of every place where the process takes a lock.
func (b *builder) markEdges() {
	e := b.e
	b.fillDrops()
	for _, t := range b.held.takes {
		next := t.n.next
		for i := len(b.held.classes) - 1; i >= 0; i-- {
			edge := model.LockEdge{From: b.held.classes[i], To: t.class}
			mark := &cfgNode{quiet: true, atom: t.n.atom, seq: t.n.seq, next: next, op: model.Op{Kind: model.OpCover, Cover: e.edgeCover(edge, t.at), Text: t.n.op.Text, Pos: t.n.op.Pos, Frame: t.n.op.Frame}}
			next = &cfgNode{kind: nodeBranch, quiet: true, atom: t.n.atom, seq: t.n.seq, next: mark, els: next, op: model.Op{
				Kind: model.OpBranch, X: binary(model.Ne, b.loadHeld(b.held.vars[i]), model.NewConst(0, model.IntType)), Text: t.n.op.Text, Pos: t.n.op.Pos, Frame: t.n.op.Frame,
			}}
		}
		t.n.next = next
	}
}

// edgeCover is the mark of an edge.
func (e *elab) edgeCover(edge model.LockEdge, at source.Pos) model.CoverID {
	name := check.LockOrder + " " + edge.String() // no identifier, so nothing of the spec's is called that
	id, ok := e.covers[name]
	if !ok {
		id = model.CoverID(len(e.sys.Covers))
		e.covers[name] = id
		e.sys.Covers = append(e.sys.Covers, &model.Cover{ID: id, Name: name, Pos: at, Edge: &edge})
	}
	return id
}
