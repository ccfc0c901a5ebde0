package elab

import (
	"math"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// An operand is the meaning of an expression: a value x, a place lv, or (for pointers that are only followed) the address of a place.
type operand struct {
	t    *check.Type
	x    *model.Expr
	lv   *lvalue
	addr *lvalue
}

func (o operand) bad() bool { return o.t == nil || o.t.Kind == check.KindBad }

var badOperand = operand{t: check.Bad}

// An lvalue is a place before its array indices are flattened.
type lvalue struct {
	t         *check.Type
	l         *layout     // nil: behind ref
	root      *global     // object array that still has to be indexed
	obj       *model.Expr // handle of the object
	idxs      []index
	ref       *model.Expr
	domain    model.DomainID
	unchecked bool
	access    model.Access
	at        source.Pos
}

type index struct {
	x *model.Expr
	n int
}

// binding is what a name of a function means.
type binding struct {
	t  *check.Type
	l  *layout  // local variable
	op *operand // constant, or alias: stands for itself
}

// value lowers an expression to its value; nil after an error.
func (b *builder) value(x syntax.Expr) (*model.Expr, *check.Type) {
	return b.valueOf(b.expr(x), x)
}

// valueOf turns an operand into a value: loads a place, materialises an address.
func (b *builder) valueOf(o operand, at syntax.Node) (*model.Expr, *check.Type) {
	switch {
	case o.bad():
		return nil, check.Bad
	case o.x != nil:
		return o.x, o.t
	case o.addr != nil:
		return b.address(o, at)
	}
	return b.load(o.lv), o.t
}

// address makes a run-time reference of an alias.
func (b *builder) address(o operand, at syntax.Node) (*model.Expr, *check.Type) {
	e := b.e
	lv := o.addr
	if o.t.Kind != check.KindRef {
		e.diags.Add(source.Diagnostic{
			Code: "stored-address", Span: at.Span(), Msg: "the address of a nested struct cannot be stored, returned or compared",
			Hint: "pass it to a function, or initialise a local pointer with it that is never assigned again",
		})
		return nil, check.Bad
	}
	if lv.l != nil && lv.l.v != model.NoVar && e.sys.Vars[lv.l.v].Proc != model.NoProc {
		e.diags.Add(source.Diagnostic{
			Code: "stored-address", Span: at.Span(), Msg: "the address of a local variable cannot be stored, returned or compared",
			Hint: "pass it to a function, or initialise a local pointer with it that is never assigned again",
		})
		return nil, check.Bad
	}
	t := e.irType(o.t)
	if lv.ref != nil {
		return lv.ref, o.t
	}
	pl := e.place(lv)
	if pl == nil {
		return &model.Expr{Op: model.Load, Type: t}, o.t
	}
	// Whatever becomes of it: the next pass keeps the variable in its domain, though the address is a number, or taken by a predicate alone, or where control does not come.
	e.keepAddr(pl)
	x := &model.Expr{Op: model.AddrOf, Type: t, Place: pl, Domain: t.Domain, Pos: lv.at}
	if c, ok := e.sys.StaticCell(pl); ok {
		for i, d := range e.sys.Domains[t.Domain].Cells {
			if d == c {
				return model.NewConst(int64(i+1), t), o.t
			}
		}
	}
	return x, o.t
}

// keepAddr records that the address of a variable is taken.
func (e *elab) keepAddr(p *model.Place) {
	if e.addrKept == nil {
		e.addrKept = map[model.VarID]bool{}
	}
	e.addrKept[p.Var] = true
}

// load makes the value of a place, folding cells that nothing writes. Predicates read fields of dead objects, like peek(), wherever their expressions are put.
func (b *builder) load(lv *lvalue) *model.Expr {
	e := b.e
	t := e.irType(lv.t)
	pl := e.place(lv)
	if pl == nil {
		return &model.Expr{Op: model.Load, Type: t, Pos: lv.at}
	}
	pl.Unchecked = pl.Unchecked || b.pred
	x := &model.Expr{Op: model.Load, Type: t, Place: pl, Pos: lv.at}
	if c, ok := e.sys.StaticCell(pl); ok && e.sys.Vars[c.Var].Proc == model.NoProc && e.known.Constant(c) && (pl.Unchecked || e.alwaysLive(c)) {
		return model.NewConst(int64(e.sys.Vars[c.Var].Init[c.Idx]), t)
	}
	return x
}

// alwaysLive reports whether the object around a cell lives from beginning to end, so that the check of an access to it cannot fail.
func (e *elab) alwaysLive(c model.Cell) bool {
	v := e.sys.Vars[c.Var]
	if v.Pool == model.NoPool {
		return true
	}
	p := e.sys.Pools[v.Pool]
	if p.Live == model.NoVar {
		return true
	}
	l := model.Cell{Var: p.Live, Idx: c.Idx / int32(v.Stride)}
	return e.known.Constant(l) && e.sys.Vars[l.Var].Init[l.Idx] == 1
}

func binary(op model.ExprOp, x, y *model.Expr) *model.Expr {
	t := model.IntType
	if op >= model.Eq && op <= model.OrElse {
		t = model.BoolType
	}
	if op == model.AndAlso || op == model.OrElse {
		if x.IsConst() {
			if (x.Val != 0) == (op == model.OrElse) {
				return model.NewConst(model.Bit(op == model.OrElse), model.BoolType)
			}
			return truth(y)
		}
		if y.IsConst() && (y.Val != 0) == (op == model.AndAlso) {
			return truth(x)
		}
	}
	if x.IsConst() && y.IsConst() {
		if v, ok := model.Fold(op, int64(x.Val), int64(y.Val)); ok {
			return model.NewConst(v, t)
		}
	}
	return &model.Expr{Op: op, Type: t, X: x, Y: y, Pos: x.Pos}
}

// truth makes 0 or 1 of a value.
func truth(x *model.Expr) *model.Expr {
	if lo, hi := x.Interval(); lo >= 0 && hi <= 1 {
		return x
	}
	return binary(model.Ne, x, model.NewConst(0, model.IntType))
}

func negate(x *model.Expr) *model.Expr {
	if x.IsConst() {
		return model.NewConst(model.Bit(x.Val == 0), model.BoolType)
	}
	if x.Op == model.Not {
		return truth(x.X)
	}
	return &model.Expr{Op: model.Not, Type: model.BoolType, X: x, Pos: x.Pos}
}

// condition lowers an expression used as a truth value; nil after an error.
func (b *builder) condition(x syntax.Expr) *model.Expr {
	v, _ := b.value(x)
	return v
}

// expr lowers an expression. Calls in it are inlined here and now; everything else becomes a pure expression that the statement places.
func (b *builder) expr(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return b.expr(x.X)
	case *syntax.IntLit:
		return operand{t: check.Int, x: &model.Expr{Op: model.Const, Val: int32(x.Value), Type: model.IntType, Pos: x.Sp.Start}}
	case *syntax.VersionLit:
		return operand{t: check.Int, x: &model.Expr{Op: model.Const, Val: int32(x.Value), Type: model.IntType, Pos: x.Sp.Start}}
	case *syntax.BoolLit:
		return operand{t: check.Bool, x: model.NewConst(model.Bit(x.Value), model.BoolType)}
	case *syntax.NullLit:
		return operand{t: check.Null, x: model.NewConst(0, &model.Type{Kind: model.KindHandle, Name: "NULL", Pool: model.NoPool, Domain: model.NoDomain})}
	case *syntax.Ident:
		return b.ident(x)
	case *syntax.UnaryExpr:
		return b.unary(x)
	case *syntax.BinaryExpr:
		return b.binaryExpr(x)
	case *syntax.CondExpr:
		return b.condExpr(x)
	case *syntax.CallExpr:
		return b.call(x, false)
	case *syntax.IndexExpr:
		return b.indexExpr(x)
	case *syntax.MemberExpr:
		return b.memberExpr(x)
	}
	return badOperand
}

func (b *builder) ident(x *syntax.Ident) operand {
	e := b.e
	if o := e.prog.ObjectOf(x); o != nil {
		if o.Kind != check.LocalObject && o.Kind != check.ParamObject {
			return b.global(x, o)
		}
		bd := b.names[o]
		if bd.op != nil {
			return *bd.op
		}
		return operand{t: bd.t, lv: &lvalue{t: bd.t, l: bd.l, at: x.Sp.Start}}
	}
	switch x.Name {
	case "this_cpu", "self":
		v := int64(b.proc.CPU)
		if x.Name == "self" {
			v = int64(b.proc.ID)
		} else if v < 0 && !e.dry {
			e.diags.Add(source.Diagnostic{Code: "not-bound", Span: x.Sp, Msg: "this_cpu is used by process " + b.proc.Name + ", which is on no CPU", Hint: "declare it as `process " + b.proc.Name + " on cpu N`", Related: b.callers()})
			return badOperand
		}
		return operand{t: check.Int, x: model.NewConst(v, model.IntType)}
	case "this_mm":
		if b.mm == nil {
			e.diags.Add(source.Diagnostic{Code: "not-bound", Span: x.Sp, Msg: "this_mm is used by a process that is in no mm", Hint: "declare it as `process name in mm M`", Related: b.callers()})
			return badOperand
		}
		return *b.mm
	}
	return badOperand
}

func (b *builder) global(x *syntax.Ident, s *check.Object) operand {
	e := b.e
	switch s.Kind {
	case check.EnumValueObject:
		t := &check.Type{Kind: check.KindEnum, Enum: s.Enum}
		return operand{t: t, x: model.NewConst(int64(s.Value), e.irType(t))}
	case check.ConfigObject:
		t := e.configType(s)
		if t.Kind == check.KindBad {
			return badOperand
		}
		e.paramReads++
		v, ok := e.config[s.Name]
		if !ok && e.dry && e.setting != inSpec {
			v, ok = e.defaultOf(s)
		}
		if (!ok || e.setting == inSpec) && e.unknown == nil {
			e.unknown = s
		}
		return operand{t: t, x: model.NewConst(v, e.irType(t))}
	case check.FeatureObject:
		return e.featureValue(s)
	case check.ConstObject:
		return e.named(x, s)
	case check.VarObject:
		if e.setting != inSystem {
			if e.unknown == nil {
				e.unknown = s
			}
			return badOperand
		}
		g := e.globals[s.Name]
		if g == nil && b.constOnly {
			e.notConstant(x, "this must be a constant, and "+s.Name+" is a variable") // the type of a variable needs one that is declared behind it
			return badOperand
		}
		if g == nil || g.t.Kind == check.KindBad {
			return badOperand
		}
		lv := &lvalue{t: g.t, l: g.l, root: g, at: x.Sp.Start}
		if g.t.Kind == check.KindStruct {
			lv.obj = model.NewConst(int64(g.first), e.irType(&check.Type{Kind: check.KindHandle, Struct: g.t.Struct}))
		}
		return operand{t: g.t, lv: lv}
	}
	return badOperand
}

// defaultOf is the value of a parameter where nothing is chosen.
func (e *elab) defaultOf(s *check.Object) (v int64, ok bool) {
	t := e.configType(s)
	if d := s.Config.Default; d != nil {
		e.with(inSpec, func() { v, ok = e.constInt(d) })
		return v, ok
	}
	if t.Kind == check.KindInt {
		v = min(max(0, t.Lo), t.Hi)
	}
	return v, true
}

// named is the value of a constant of the spec.
func (e *elab) named(x *syntax.Ident, s *check.Object) operand {
	key := evaluated{s.Name, e.setting}
	if v, ok := e.numbers[key]; ok {
		e.paramReads += v.params
		if e.unknown == nil {
			e.unknown = v.unknown
		}
		return v.operand
	}
	if e.evaluating[s.Name] {
		return badOperand // which has been reported
	}
	if most := e.prog.limits.Nesting; len(e.evaluating) > most {
		e.tooLarge(x.Sp, "nesting", most, "constants depend on each other more than %d deep", most)
	}
	e.poll()
	e.evaluating[s.Name] = true
	defer delete(e.evaluating, s.Name)
	reads, before := e.paramReads, e.unknown
	v, t, ok := e.constant(s.Const.Value)
	o := operand{t: t, x: v}
	if !ok {
		o = badOperand
	}
	// An address is another one once all variables are declared.
	if t.Kind == check.KindInt || t.Kind == check.KindBool || t.Kind == check.KindEnum || t.Kind == check.KindBad || e.sharedDone {
		known := value{operand: o, params: e.paramReads - reads}
		if before == nil {
			known.unknown = e.unknown
		}
		if before == nil || o.x != nil {
			e.numbers[key] = known
		}
	}
	return o
}

// configType is the type of a config parameter or a feature.
func (e *elab) configType(s *check.Object) *check.Type {
	if s.Enum != nil {
		return &check.Type{Kind: check.KindEnum, Enum: s.Enum}
	}
	if s.Kind == check.FeatureObject {
		return check.Bool
	}
	return e.typeOf(s.Config.Type)
}

func (b *builder) memberExpr(x *syntax.MemberExpr) operand {
	e := b.e
	o := b.expr(x.X)
	if o.bad() {
		return badOperand
	}
	if x.Arrow {
		o = b.deref(o, x.X)
		if o.bad() {
			return badOperand
		}
	}
	lv := e.member(o.lv, x.Name.Name)
	lv.at = x.Sp.Start
	return operand{t: lv.t, lv: lv}
}

// deref follows a pointer.
func (b *builder) deref(o operand, at syntax.Node) operand {
	e := b.e
	if o.addr != nil {
		c := *o.addr
		return operand{t: c.t, lv: &c}
	}
	x, t := b.valueOf(o, at)
	if x == nil {
		return badOperand
	}
	switch t.Kind {
	case check.KindHandle:
		st := &check.Type{Kind: check.KindStruct, Struct: t.Struct}
		if l := e.structLayout(t.Struct); l.dry && !e.dry {
			b.noObjects(at.Span(), t.Struct)
			return badOperand
		}
		return operand{t: st, lv: &lvalue{t: st, l: e.structLayout(t.Struct), obj: x, at: at.Span().Start}}
	case check.KindRef:
		d := e.domain(t.Elem)
		if x.IsConst() && x.Val >= 1 && int(x.Val) <= len(e.sys.Domains[d].Cells) {
			c := e.sys.Domains[d].Cells[x.Val-1]
			return operand{t: t.Elem, lv: e.cellLvalue(c, t.Elem, at.Span().Start)}
		}
		return operand{t: t.Elem, lv: &lvalue{t: t.Elem, ref: x, domain: d, at: at.Span().Start}}
	}
	return badOperand
}

func (b *builder) indexExpr(x *syntax.IndexExpr) operand {
	e := b.e
	o := b.expr(x.X)
	i, _ := b.value(x.I)
	if o.bad() || i == nil {
		return badOperand
	}
	if i.IsConst() && (i.Val < 0 || int(i.Val) >= o.t.N) && e.strict() {
		e.errorf("out-of-range", x.I.Span(), "index %d is outside the array of %d", i.Val, o.t.N)
		return badOperand
	}
	o.lv.at = x.Sp.Start
	lv := e.element(o.lv, i)
	lv.at = x.Sp.Start
	return operand{t: lv.t, lv: lv}
}

func (b *builder) unary(x *syntax.UnaryExpr) operand {
	switch x.Op {
	case syntax.AND:
		return b.addressOf(x)
	case syntax.MUL:
		o := b.expr(x.X)
		if o.bad() {
			return badOperand
		}
		r := b.deref(o, x.X)
		if r.lv != nil {
			r.lv.at = x.Sp.Start
		}
		return r
	case syntax.NOT:
		v := b.condition(x.X)
		if v == nil {
			return badOperand
		}
		return operand{t: check.Bool, x: negate(v)}
	}
	if lit, ok := x.X.(*syntax.IntLit); ok && x.Op == syntax.SUB && lit.Value == -math.MinInt32 {
		return operand{t: check.Int, x: model.NewConst(math.MinInt32, model.IntType)} // the one value whose negative is none
	}
	v, _ := b.value(x.X)
	if v == nil {
		return badOperand
	}
	op := model.Neg
	if x.Op == syntax.TILDE {
		op = model.BitNot
	}
	if v.IsConst() {
		r := -int64(v.Val)
		if op == model.BitNot {
			r = ^int64(v.Val)
		}
		if r == int64(int32(r)) {
			return operand{t: check.Int, x: model.NewConst(r, model.IntType)}
		}
	}
	return b.bounded(&model.Expr{Op: op, Type: model.IntType, X: v, Pos: x.Sp.Start}, x)
}

func (b *builder) addressOf(x *syntax.UnaryExpr) operand {
	e := b.e
	o := b.expr(x.X)
	if o.bad() {
		return badOperand
	}
	lv := o.lv
	switch {
	case o.t.Kind == check.KindStruct && lv.obj != nil && lv.l != nil && lv.l == e.poolLayout[o.t.Struct.Name]:
		t := &check.Type{Kind: check.KindHandle, Struct: o.t.Struct}
		h := lv.obj
		if h.IsConst() {
			h = model.NewConst(int64(h.Val), e.irType(t))
		} else if h.Type.Kind != model.KindHandle {
			c := *h
			c.Type = e.irType(t)
			h = &c
		}
		return operand{t: t, x: h}
	case o.t.Kind == check.KindStruct:
		return operand{t: &check.Type{Kind: check.KindHandle, Struct: o.t.Struct}, addr: lv}
	}
	return operand{t: &check.Type{Kind: check.KindRef, Elem: o.t}, addr: lv}
}

var binaryOps = map[syntax.Token]model.ExprOp{
	syntax.ADD: model.Add, syntax.SUB: model.Sub, syntax.MUL: model.Mul, syntax.DIV: model.Div, syntax.MOD: model.Mod, syntax.SHL: model.Shl, syntax.SHR: model.Shr, syntax.AND: model.And,
	syntax.OR: model.Or, syntax.XOR: model.Xor, syntax.EQ: model.Eq, syntax.NE: model.Ne, syntax.LT: model.Lt, syntax.LE: model.Le, syntax.GT: model.Gt, syntax.GE: model.Ge,
	syntax.LAND: model.AndAlso, syntax.LOR: model.OrElse,
}

func (b *builder) binaryExpr(x *syntax.BinaryExpr) operand {
	op := binaryOps[x.Op]
	if op == model.AndAlso || op == model.OrElse {
		l := b.condition(x.X)
		if check.HasCall(x.Y) {
			if l == nil {
				return badOperand
			}
			return b.shortCircuit(x, op, l)
		}
		r := b.condition(x.Y)
		if l == nil || r == nil {
			return badOperand
		}
		return operand{t: check.Bool, x: binary(op, l, r)}
	}
	lo := b.expr(x.X)
	if lo.bad() {
		b.expr(x.Y)
		return badOperand
	}
	if op == model.Eq || op == model.Ne {
		if o, done := b.compareAlias(x, op, lo); done {
			return o
		}
	}
	l, _ := b.valueOf(lo, x.X)
	if l != nil && check.HasCall(x.Y) {
		l = b.settle(l) // the call happens in between
	}
	r, _ := b.value(x.Y)
	if l == nil || r == nil {
		return badOperand
	}
	if op >= model.Eq && op <= model.Ge {
		return operand{t: check.Bool, x: binary(op, l, r)}
	}
	return b.bounded(binary(op, l, r), x)
}

// compareAlias decides comparisons of a known address with NULL.
func (b *builder) compareAlias(x *syntax.BinaryExpr, op model.ExprOp, l operand) (operand, bool) {
	if l.addr == nil {
		return operand{}, false
	}
	if _, ok := x.Y.(*syntax.NullLit); !ok {
		return operand{}, false
	}
	return operand{t: check.Bool, x: model.NewConst(model.Bit(op == model.Ne), model.BoolType)}, true
}

// bounded rejects arithmetic that could leave 32 bits.
func (b *builder) bounded(v *model.Expr, at syntax.Node) operand {
	if lo, hi := v.Interval(); (lo < math.MinInt32 || hi > math.MaxInt32) && !b.e.dry {
		b.e.diags.Add(source.Diagnostic{Code: "out-of-range", Span: at.Span(), Msg: "this value could leave 32 bits", Hint: "use smaller types: the bounds of the operands decide"})
		return badOperand
	}
	return operand{t: check.Int, x: v}
}

func (b *builder) condExpr(x *syntax.CondExpr) operand {
	e := b.e
	c := b.condition(x.Cond)
	if c == nil {
		return badOperand
	}
	l, _ := b.value(x.X)
	r, _ := b.value(x.Y)
	if l == nil || r == nil {
		return badOperand
	}
	t := e.instance(e.prog.Types[x])
	if c.IsConst() {
		if c.Val != 0 {
			return operand{t: t, x: l}
		}
		return operand{t: t, x: r}
	}
	irt := model.IntType
	if t.Kind != check.KindInt && t.Kind != check.KindNull {
		irt = e.irType(t)
	}
	return operand{t: t, x: &model.Expr{Op: model.Cond, Type: irt, X: c, Y: l, Z: r, Pos: x.Sp.Start}}
}
