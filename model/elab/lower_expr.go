package elab

import (
	"math"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// An operand is the meaning of an expression: a value x, a place lv, or (for pointers that are only followed) the address of a place.
type operand struct {
	t    *stype
	x    *model.Expr
	lv   *lvalue
	addr *lvalue
}

func (o operand) bad() bool { return o.t == nil || o.t.kind == stBad }

var badOperand = operand{t: tBad}

// An lvalue is a place before its array indices are flattened.
type lvalue struct {
	t         *stype
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
	t  *stype
	l  *layout  // local variable
	op *operand // constant, or alias: stands for itself
	at source.Span
}

type scope struct {
	parent *scope
	names  map[string]*binding
}

func (s *scope) find(name string) *binding {
	for ; s != nil; s = s.parent {
		if b := s.names[name]; b != nil {
			return b
		}
	}
	return nil
}

// value lowers an expression to its value; nil after an error.
func (b *builder) value(x syntax.Expr) (*model.Expr, *stype) {
	return b.valueOf(b.expr(x), x)
}

// valueOf turns an operand into a value: loads a place, materialises an address.
func (b *builder) valueOf(o operand, at syntax.Node) (*model.Expr, *stype) {
	e := b.e
	switch {
	case o.bad():
		return nil, tBad
	case o.x != nil:
		return o.x, o.t
	case o.addr != nil:
		return b.address(o, at)
	case o.lv != nil:
		if o.t.kind == stStruct || o.t.kind == stArray {
			e.diags.Add(source.Diagnostic{Code: "not-a-value", Span: at.Span(), Msg: o.t.String() + " is not a value", Hint: "use one of its parts, or take its address with &"})
			return nil, tBad
		}
		return b.load(o.lv), o.t
	}
	e.errorf("not-a-value", at.Span(), "this call returns nothing")
	return nil, tBad
}

// address makes a run-time reference of an alias.
func (b *builder) address(o operand, at syntax.Node) (*model.Expr, *stype) {
	e := b.e
	lv := o.addr
	if o.t.kind != stRef {
		e.diags.Add(source.Diagnostic{
			Code: "stored-address", Span: at.Span(), Msg: "the address of a nested struct cannot be stored, returned or compared",
			Hint: "pass it to a function, or initialise a local pointer with it that is never assigned again",
		})
		return nil, tBad
	}
	if lv.l != nil && lv.l.v != model.NoVar && e.sys.Vars[lv.l.v].Proc != model.NoProc {
		e.diags.Add(source.Diagnostic{
			Code: "stored-address", Span: at.Span(), Msg: "the address of a local variable cannot be stored, returned or compared",
			Hint: "pass it to a function, or initialise a local pointer with it that is never assigned again",
		})
		return nil, tBad
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
	v, t := b.value(x)
	if v == nil {
		return nil
	}
	if !t.scalarOrNull() || t.kind == stEnum {
		b.e.mismatch(x.Span(), tBool, t)
		return nil
	}
	return v
}

// expr lowers an expression. Calls in it are inlined here and now; everything else becomes a pure expression that the statement places.
func (b *builder) expr(x syntax.Expr) operand {
	e := b.e
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return b.expr(x.X)
	case *syntax.IntLit:
		if x.Value > math.MaxInt32 {
			e.errorf("out-of-range", x.Sp, "%s does not fit into 32 bits", x.Text)
			return badOperand
		}
		return operand{t: tInt, x: &model.Expr{Op: model.Const, Val: int32(x.Value), Type: model.IntType, Pos: x.Sp.Start}}
	case *syntax.VersionLit:
		return operand{t: tInt, x: &model.Expr{Op: model.Const, Val: int32(x.Value), Type: model.IntType, Pos: x.Sp.Start}}
	case *syntax.BoolLit:
		return operand{t: tBool, x: model.NewConst(model.Bit(x.Value), model.BoolType)}
	case *syntax.NullLit:
		return operand{t: tNull, x: model.NewConst(0, &model.Type{Kind: model.KindHandle, Name: "NULL", Pool: model.NoPool, Domain: model.NoDomain})}
	case *syntax.StringLit:
		e.errorf("not-a-value", x.Sp, "a string is not a value of this language")
		return badOperand
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
	case *syntax.TypeArg:
		e.errorf("not-a-value", x.Sp, "a type is not a value")
	case *syntax.InitList:
		e.errorf("bad-initialiser", x.Sp, "a list in braces can only initialise a variable")
	}
	return badOperand
}

func (b *builder) ident(x *syntax.Ident) operand {
	e := b.e
	if bd := b.scope.find(x.Name); bd != nil {
		if bd.op != nil {
			return *bd.op
		}
		return operand{t: bd.t, lv: &lvalue{t: bd.t, l: bd.l, at: x.Sp.Start}}
	}
	switch x.Name {
	case "this_cpu", "self":
		if b.proc == nil {
			if e.dry && !b.constOnly {
				return operand{t: tInt, x: &model.Expr{Op: model.Load, Type: model.IntType}}
			}
			e.errorf("not-in-process", x.Sp, "%s has a value only inside a process", x.Name)
			return badOperand
		}
		v := int64(b.proc.CPU)
		if x.Name == "self" {
			v = int64(b.proc.ID)
		} else if v < 0 && !e.dry {
			e.diags.Add(source.Diagnostic{Code: "not-bound", Span: x.Sp, Msg: "this_cpu is used by process " + b.proc.Name + ", which is on no CPU", Hint: "declare it as `process " + b.proc.Name + " on cpu N`", Related: b.callers()})
			return badOperand
		}
		return operand{t: tInt, x: model.NewConst(v, model.IntType)}
	case "this_mm":
		if b.mm == nil {
			if e.dry && !b.constOnly {
				return badOperand
			}
			e.diags.Add(source.Diagnostic{Code: "not-bound", Span: x.Sp, Msg: "this_mm is used by a process that is in no mm", Hint: "declare it as `process name in mm M`", Related: b.callers()})
			return badOperand
		}
		return *b.mm
	}
	s := e.prog.syms[x.Name]
	if s == nil {
		d := source.Diagnostic{Code: "unknown-name", Span: x.Sp, Msg: "unknown name " + source.Quote(x.Name), Hint: b.suggest(x.Name)}
		e.diags.Add(d)
		return badOperand
	}
	return b.global(x, s)
}

// suggest looks for a name like word among locals and globals.
func (b *builder) suggest(word string) string {
	var names []string
	for s := b.scope; s != nil; s = s.parent {
		for n := range s.names {
			names = append(names, n)
		}
	}
	for n, s := range b.e.prog.syms {
		if s.kind != symTypedef {
			names = append(names, n)
		}
	}
	return source.DidYouMean(word, append(names, "this_cpu", "this_mm", "self"))
}

func (b *builder) global(x *syntax.Ident, s *symbol) operand {
	e := b.e
	switch s.kind {
	case symEnumValue:
		t := &stype{kind: stEnum, enum: s.enum}
		return operand{t: t, x: model.NewConst(int64(s.value), e.irType(t))}
	case symConfig:
		t := e.configType(s)
		if t.kind == stBad {
			return badOperand
		}
		e.paramReads++
		v, ok := e.cell[s.name]
		if (!ok || e.setting == inSpec) && e.unknown == nil {
			e.unknown = s
		}
		return operand{t: t, x: model.NewConst(v, e.irType(t))}
	case symFeature:
		return e.featureValue(s)
	case symConst:
		return e.named(x, s)
	case symVar:
		if e.setting != inSystem {
			if e.unknown == nil {
				e.unknown = s
			}
			return badOperand
		}
		g := e.globals[s.name]
		if g == nil && b.constOnly {
			e.notConstant(x, "this must be a constant, and "+s.name+" is a variable") // the type of a variable needs one that is declared behind it
			return badOperand
		}
		if g == nil || g.t.kind == stBad {
			return badOperand
		}
		lv := &lvalue{t: g.t, l: g.l, root: g, at: x.Sp.Start}
		if g.t.kind == stStruct {
			lv.obj = model.NewConst(int64(g.first), e.irType(&stype{kind: stHandle, strct: g.t.strct}))
		}
		return operand{t: g.t, lv: lv}
	}
	hint := ""
	if s.kind == symFunc {
		hint = "call it: " + s.name + "(…)"
	}
	e.diags.Add(source.Diagnostic{Code: "not-a-value", Span: x.Sp, Msg: s.kind.String() + " " + source.Quote(s.name) + " is not a value", Hint: hint})
	return badOperand
}

// named is the value of a constant of the spec.
func (e *elab) named(x *syntax.Ident, s *symbol) operand {
	key := evaluated{s.name, e.setting}
	if v, ok := e.numbers[key]; ok {
		e.paramReads += v.params
		if e.unknown == nil {
			e.unknown = v.unknown
		}
		return v.operand
	}
	if e.evaluating[s.name] {
		e.errorf("constant-cycle", s.at, "constant %s depends on itself", source.Quote(s.name))
		return badOperand
	}
	if most := e.prog.limits.Nesting; len(e.evaluating) > most {
		e.tooLarge(x.Sp, "nesting", most, "constants depend on each other more than %d deep", most)
	}
	e.poll()
	e.evaluating[s.name] = true
	defer delete(e.evaluating, s.name)
	reads, before := e.paramReads, e.unknown
	v, t, ok := e.constant(s.constant.Value)
	o := operand{t: t, x: v}
	if !ok {
		o = badOperand
	}
	// An address is another one once all variables are declared.
	if t.kind == stInt || t.kind == stBool || t.kind == stEnum || t.kind == stBad || e.sharedDone {
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
func (e *elab) configType(s *symbol) *stype {
	if s.enum != nil {
		return &stype{kind: stEnum, enum: s.enum}
	}
	if s.kind == symFeature {
		return tBool
	}
	key := "type of " + s.name // no name is like this
	if e.evaluating[key] {
		e.errorf("constant-cycle", s.at, "the type of %s depends on itself", source.Quote(s.name))
		return tBad
	}
	e.evaluating[key] = true
	defer delete(e.evaluating, key)
	return e.typeOf(s.config.Type)
}

func (b *builder) memberExpr(x *syntax.MemberExpr) operand {
	e := b.e
	o := b.expr(x.X)
	if o.bad() {
		return badOperand
	}
	if x.Arrow {
		if o.t.kind != stHandle {
			d := source.Diagnostic{Code: "type-mismatch", Span: x.Sp, Msg: "-> needs a pointer to a struct, not " + o.t.String()}
			if o.t.kind == stStruct {
				d.Hint = "use . here"
			}
			e.diags.Add(d)
			return badOperand
		}
		o = b.deref(o, x.X)
		if o.bad() {
			return badOperand
		}
	} else if o.t.kind != stStruct {
		d := source.Diagnostic{Code: "type-mismatch", Span: x.Sp, Msg: ". needs a struct, not " + o.t.String()}
		if o.t.kind == stHandle {
			d.Hint = "use -> here"
		}
		e.diags.Add(d)
		return badOperand
	}
	lv := e.member(o.lv, x.Name.Name)
	if lv == nil {
		e.unknownField(o.t, x.Name)
		return badOperand
	}
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
	switch t.kind {
	case stHandle:
		st := &stype{kind: stStruct, strct: t.strct}
		if l := e.structLayout(t.strct); l.dry && !e.dry {
			b.noObjects(at.Span(), t.strct)
			return badOperand
		}
		return operand{t: st, lv: &lvalue{t: st, l: e.structLayout(t.strct), obj: x, at: at.Span().Start}}
	case stRef:
		d := e.domain(t.elem)
		if x.IsConst() && x.Val >= 1 && int(x.Val) <= len(e.sys.Domains[d].Cells) {
			c := e.sys.Domains[d].Cells[x.Val-1]
			return operand{t: t.elem, lv: e.cellLvalue(c, t.elem, at.Span().Start)}
		}
		return operand{t: t.elem, lv: &lvalue{t: t.elem, ref: x, domain: d, at: at.Span().Start}}
	}
	e.errorf("type-mismatch", at.Span(), "%s is not a pointer", t)
	return badOperand
}

func (b *builder) indexExpr(x *syntax.IndexExpr) operand {
	e := b.e
	o := b.expr(x.X)
	i, it := b.value(x.I)
	if o.bad() || i == nil {
		return badOperand
	}
	if o.t.kind != stArray || o.lv == nil {
		e.errorf("type-mismatch", x.X.Span(), "%s is not an array", o.t)
		return badOperand
	}
	if it.kind != stInt && it.kind != stBool && it.kind != stEnum {
		e.mismatch(x.I.Span(), tInt, it)
		return badOperand
	}
	if i.IsConst() && (i.Val < 0 || int(i.Val) >= o.t.n) && e.strict() {
		e.errorf("out-of-range", x.I.Span(), "index %d is outside the array of %d", i.Val, o.t.n)
		return badOperand
	}
	o.lv.at = x.Sp.Start
	lv := e.element(o.lv, i)
	lv.at = x.Sp.Start
	return operand{t: lv.t, lv: lv}
}

func (b *builder) unary(x *syntax.UnaryExpr) operand {
	e := b.e
	switch x.Op {
	case syntax.AND:
		return b.addressOf(x)
	case syntax.MUL:
		o := b.expr(x.X)
		if o.bad() {
			return badOperand
		}
		if !o.t.pointer() || o.t.kind == stNull {
			e.errorf("type-mismatch", x.Sp, "* needs a pointer, not %s", o.t)
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
		return operand{t: tBool, x: negate(v)}
	}
	if lit, ok := x.X.(*syntax.IntLit); ok && x.Op == syntax.SUB && lit.Value == -math.MinInt32 {
		return operand{t: tInt, x: model.NewConst(math.MinInt32, model.IntType)} // the one value whose negative is none
	}
	v, t := b.value(x.X)
	if v == nil {
		return badOperand
	}
	if t.kind != stInt && t.kind != stBool {
		e.mismatch(x.X.Span(), tInt, t)
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
			return operand{t: tInt, x: model.NewConst(r, model.IntType)}
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
	if o.lv == nil {
		e.errorf("not-a-place", x.X.Span(), "only a variable has an address")
		return badOperand
	}
	lv := o.lv
	switch {
	case o.t.kind == stStruct && lv.obj != nil && lv.l != nil && lv.l == e.poolLayout[o.t.strct.name]:
		t := &stype{kind: stHandle, strct: o.t.strct}
		h := lv.obj
		if h.IsConst() {
			h = model.NewConst(int64(h.Val), e.irType(t))
		} else if h.Type.Kind != model.KindHandle {
			c := *h
			c.Type = e.irType(t)
			h = &c
		}
		return operand{t: t, x: h}
	case o.t.kind == stStruct:
		return operand{t: &stype{kind: stHandle, strct: o.t.strct}, addr: lv}
	case o.t.kind == stArray:
		e.diags.Add(source.Diagnostic{Code: "bad-type", Span: x.Sp, Msg: "there are no pointers to arrays", Hint: "take the address of an element"})
		return badOperand
	case o.t.kind == stRef:
		e.errorf("bad-type", x.Sp, "there are no references to references")
		return badOperand
	}
	return operand{t: &stype{kind: stRef, elem: o.t}, addr: lv}
}

var binaryOps = map[syntax.Token]model.ExprOp{
	syntax.ADD: model.Add, syntax.SUB: model.Sub, syntax.MUL: model.Mul, syntax.DIV: model.Div, syntax.MOD: model.Mod, syntax.SHL: model.Shl, syntax.SHR: model.Shr, syntax.AND: model.And,
	syntax.OR: model.Or, syntax.XOR: model.Xor, syntax.EQ: model.Eq, syntax.NE: model.Ne, syntax.LT: model.Lt, syntax.LE: model.Le, syntax.GT: model.Gt, syntax.GE: model.Ge,
	syntax.LAND: model.AndAlso, syntax.LOR: model.OrElse,
}

func (b *builder) binaryExpr(x *syntax.BinaryExpr) operand {
	e := b.e
	op := binaryOps[x.Op]
	if op == model.AndAlso || op == model.OrElse {
		l := b.condition(x.X)
		if hasCall(x.Y) {
			if l == nil {
				return badOperand
			}
			return b.shortCircuit(x, op, l)
		}
		r := b.condition(x.Y)
		if l == nil || r == nil {
			return badOperand
		}
		return operand{t: tBool, x: binary(op, l, r)}
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
	l, lt := b.valueOf(lo, x.X)
	if l != nil && hasCall(x.Y) {
		l = b.settle(l) // the call happens in between
	}
	r, rt := b.value(x.Y)
	if l == nil || r == nil {
		return badOperand
	}
	if op == model.Eq || op == model.Ne {
		if !comparableTypes(lt, rt) {
			e.errorf("type-mismatch", x.Sp, "cannot compare %s with %s", lt, rt)
			return badOperand
		}
		return operand{t: tBool, x: binary(op, l, r)}
	}
	arith := func(t *stype) bool {
		return t.kind == stInt || t.kind == stBool || (t.kind == stEnum && op >= model.Lt && op <= model.Ge)
	}
	if !arith(lt) || !arith(rt) {
		e.errorf("type-mismatch", x.Sp, "operator %s does not take %s and %s", x.Op, lt, rt)
		return badOperand
	}
	if op >= model.Lt && op <= model.Ge {
		return operand{t: tBool, x: binary(op, l, r)}
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
	return operand{t: tBool, x: model.NewConst(model.Bit(op == model.Ne), model.BoolType)}, true
}

// bounded rejects arithmetic that could leave 32 bits.
func (b *builder) bounded(v *model.Expr, at syntax.Node) operand {
	if lo, hi := v.Interval(); (lo < math.MinInt32 || hi > math.MaxInt32) && !b.e.dry {
		b.e.diags.Add(source.Diagnostic{Code: "out-of-range", Span: at.Span(), Msg: "this value could leave 32 bits", Hint: "use smaller types: the bounds of the operands decide"})
		return badOperand
	}
	return operand{t: tInt, x: v}
}

func (b *builder) condExpr(x *syntax.CondExpr) operand {
	e := b.e
	c := b.condition(x.Cond)
	if c == nil {
		return badOperand
	}
	if hasCall(x.X) || hasCall(x.Y) {
		e.diags.Add(source.Diagnostic{Code: "call-in-condition", Span: x.Sp, Msg: "the sides of ?: cannot call functions", Hint: "use if and else"})
		return badOperand
	}
	l, lt := b.value(x.X)
	r, rt := b.value(x.Y)
	if l == nil || r == nil {
		return badOperand
	}
	t := lt
	switch {
	case lt.kind == stNull && rt.pointer():
		t = rt
	case rt.kind == stNull && lt.pointer():
	case lt.kind == stInt && rt.kind == stInt, lt.kind == stInt && rt.kind == stBool, lt.kind == stBool && rt.kind == stInt:
		t = tInt
	case !assignable(lt, rt):
		e.errorf("type-mismatch", x.Sp, "the sides of ?: are %s and %s", lt, rt)
		return badOperand
	}
	if c.IsConst() {
		if c.Val != 0 {
			return operand{t: t, x: l}
		}
		return operand{t: t, x: r}
	}
	irt := model.IntType
	if t.kind != stInt && t.kind != stNull {
		irt = e.irType(t)
	}
	return operand{t: t, x: &model.Expr{Op: model.Cond, Type: irt, X: c, Y: l, Z: r, Pos: x.Sp.Start}}
}

// hasCall reports whether an expression calls anything but the built-ins that are pure.
func hasCall(x syntax.Expr) bool {
	found := false
	syntax.Walk(x, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			switch c.Fun.Name {
			case "live", "peek", "container_of", "READ_ONCE", "smp_load_acquire":
			default:
				found = true
			}
		}
		return !found
	})
	return found
}
