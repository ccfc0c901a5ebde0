package elab

import (
	"fmt"

	"pmdcheck/internal/bitset"
	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// A cfgNode is one operation of a process before steps are formed; see steps.go.
type cfgNode struct {
	op    model.Op
	kind  nodeKind
	next  *cfgNode
	els   *cfgNode // branch: where a false condition goes
	alts  []*cfgNode
	atom  int // number of the atomic block it is in, 0 outside
	end   bool
	label string
	quiet bool // never a step of its own
	seq   int  // order of emission, from 1; 0 for joins
	id    int
	seen  bool

	visible bool
	forced  bool // a location although it is not visible: breaks a cycle of local operations
	live    bitset.Set
	loc     model.LocID
}

type nodeKind uint8

const (
	nodeOp nodeKind = iota
	nodeJoin
	nodeBranch
	nodeChoose
	nodeEnd
)

// builder lowers the body of one process, with every call in it, to cfgNodes.
type builder struct {
	e         *elab
	proc      *model.Process
	mm        *operand
	tail      **cfgNode                  // where the next node goes; nil where control cannot come
	names     map[*check.Object]*binding // of locals and parameters; functions do not call themselves, so each has one meaning at a time
	fn        *fnContext
	frame     model.FrameID
	atom      int
	atoms     int
	order     model.Order // what @x86 says of the function, or of the nearest one that called it
	stack     []call
	locals    int
	plain     map[model.VarID]bool // scalar locals that only an assignment by name can change
	varies    map[model.VarID]bool // of these, those that are assigned to by more than their declaration
	constOnly bool
	pred      bool // invariants and cover predicates: no calls, no lifetime checks
	text      string
	at        source.Pos
	inlined   int
	emitted   int          // nodes so far
	observing int          // assertions around what is lowered
	told      map[int]bool // how many nodes there were before lock operations outside atomic blocks
	held      heldCells
	stepWhen  *model.Expr // what has to be true where a step begins, or nil
}

// maxInlined bounds how many calls one process may expand to.
const maxInlined = 20_000

type call struct {
	fn *syntax.FuncDecl
	at source.Span
}

// fnContext is the function (or process body) being lowered.
type fnContext struct {
	result    *check.Type
	resultVar *lvalue
	exit      *cfgNode
	assigned  map[string]bool
	labels    map[string]*cfgNode
	placed    map[string]bool
	gotos     map[string]source.Span
	breakTo   []*cfgNode
	contTo    []*cfgNode
	rounds    []round // of the unrolled loops around
	rolled    int     // rounds so far
}

// round is one round of an unrolled loop.
type round struct {
	labels map[string]bool // declared in its body
	id     int
}

func (b *builder) callers() []source.Related {
	var r []source.Related
	for i := len(b.stack) - 1; i >= 0; i-- {
		r = append(r, source.Related{Span: b.stack[i].at, Msg: "called here"})
	}
	return r
}

// emit appends a node.
func (b *builder) emit(n *cfgNode) *cfgNode {
	b.emitted++
	b.count()
	n.atom, n.seq = b.atom, b.emitted
	n.op.Frame = b.frame
	if b.atom != 0 || n.op.Kind == model.OpAssume { // what an await reads, it reads in one step, like an atomic block
		n.op.Access = model.AccessAtomic
	}
	n.op.Order = b.orderNow()
	n.op.Observes = n.op.Observes || b.observing > 0 || n.op.Kind == model.OpAssert
	if n.op.Text == "" {
		n.op.Text = b.text
	}
	if n.op.Pos == source.NoPos {
		n.op.Pos = b.at
	}
	if b.tail != nil {
		*b.tail = n
		b.tail = &n.next
	}
	return n
}

// count looks whether a process has become too large.
func (b *builder) count() {
	e := b.e
	e.poll()
	if b.proc == nil {
		return
	}
	most := e.prog.limits.Steps
	switch e.emitted++; {
	case b.emitted > most:
		e.tooLarge(source.At(b.at), "steps", most, "process %s expands to more than %d operations", b.proc.Name, most)
	case e.emitted > 4*most:
		e.tooLarge(source.At(b.at), "steps", most, "the processes expand to more than %d operations, four times as many as one may have", 4*most)
	}
}

func (b *builder) join() *cfgNode {
	e := b.e
	if len(e.joins) == 0 {
		e.joins = make([]cfgNode, 32) // there are very many, and most of them go with the configuration
	}
	n := &e.joins[0]
	e.joins = e.joins[1:]
	n.kind = nodeJoin
	return n
}

// goTo ends the current path at a join.
func (b *builder) goTo(j *cfgNode) {
	if b.tail != nil {
		*b.tail = j
	}
	b.tail = nil
}

// place continues at a join.
func (b *builder) place(j *cfgNode) {
	if b.tail != nil {
		*b.tail = j
	}
	j.atom = b.atom
	b.tail = &j.next
}

// newLocal makes a local variable with its layout.
func (b *builder) newLocal(name string, t *check.Type, at source.Pos, plain bool) *layout {
	return b.e.layoutOf(t, "", "", source.At(at), b.leaf(name, at, plain))
}

func (b *builder) leaf(name string, at source.Pos, plain bool) leafMaker {
	if b.proc == nil {
		return nil
	}
	return func(path string, t *check.Type, cells int, _ string, _ source.Span) model.VarID {
		v := b.e.newVar(b.proc.Name+"."+name+path, b.e.irType(t), cells, b.proc.ID, at)
		b.proc.Locals = append(b.proc.Locals, v.ID)
		if plain && path == "" && cells == 1 {
			b.plain[v.ID] = true
		}
		return v.ID
	}
}

// temp stores a value in a fresh local and returns the local's value.
func (b *builder) temp(x *model.Expr) *model.Expr {
	v := b.newTemp(x)
	if v.Place != nil {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpAssign, Dst: v.Place, X: x}})
	}
	return v
}

// newTemp makes a local that can hold the values of x.
func (b *builder) newTemp(x *model.Expr) *model.Expr {
	if b.proc == nil {
		return &model.Expr{Op: model.Load, Type: x.Type, Pos: x.Pos}
	}
	b.locals++
	t := x.Type
	if t == model.IntType {
		lo, hi := x.Interval()
		t = &model.Type{Kind: model.KindInt, Name: fmt.Sprintf("int<%d..%d>", lo, hi), Lo: int32(lo), Hi: int32(hi), Pool: model.NoPool, Domain: model.NoDomain}
	}
	v := b.e.newVar(fmt.Sprintf("%s.$%d", b.proc.Name, b.locals), t, 1, b.proc.ID, x.Pos)
	b.proc.Locals = append(b.proc.Locals, v.ID)
	b.plain[v.ID] = true
	return &model.Expr{Op: model.Load, Type: t, Place: &model.Place{Var: v.ID, Domain: model.NoDomain}, Pos: x.Pos}
}

// sharedLoad reports whether evaluating x itself (not its operands) is an access other processes can see.
func (b *builder) sharedLoad(x *model.Expr) bool {
	shared := false
	f := func(t model.Touch) {
		v := b.e.sys.Vars[t.Var]
		if v.Proc == model.NoProc && (b.e.opt.NoMerge && !b.e.constTouch(t) || !b.e.opt.NoMerge && !b.private(t)) {
			shared = true
		}
	}
	if (x.Op == model.Load && x.Place != nil) || x.Op == model.IsLive {
		b.e.sys.NodeTouches(x, f)
	}
	return shared
}

func (b *builder) private(t model.Touch) bool {
	return b.proc != nil && b.e.known.Private(t, b.proc.ID)
}

// constTouch reports whether nothing writes the cells of t.
func (e *elab) constTouch(t model.Touch) bool {
	for i := t.Base; i < t.End; i += t.Step {
		if !e.known.Constant(model.Cell{Var: t.Var, Idx: i}) {
			return false
		}
	}
	return true
}

func (b *builder) countShared(x *model.Expr) int {
	n := 0
	x.Walk(func(y *model.Expr) {
		if b.sharedLoad(y) {
			n++
		}
	})
	return n
}

// pure gives an expression without shared accesses: each goes to a temporary, one step each, in C evaluation order.
// Inside atomic nothing needs to be split.
func (b *builder) pure(x *model.Expr) *model.Expr {
	if x == nil || b.atom != 0 || b.constOnly || b.pred || b.countShared(x) == 0 {
		return x
	}
	return b.split(x, b.temp)
}

// settle makes a value independent of everything that happens later: also inside atomic, and also of private variables.
func (b *builder) settle(x *model.Expr) *model.Expr {
	stable := true
	x.Walk(func(y *model.Expr) {
		switch y.Op {
		case model.IsLive:
			stable = false
		case model.Load:
			if y.Place != nil && !(y.Place.Var >= 0 && b.plain[y.Place.Var]) {
				stable = false
			}
		}
	})
	if stable || b.constOnly || b.pred {
		return x
	}
	return b.temp(b.last(x))
}

// last gives an expression with at most one shared access, which is then the last thing evaluated.
func (b *builder) last(x *model.Expr) *model.Expr {
	if x == nil || b.atom != 0 || b.constOnly || b.pred || b.countShared(x) <= 1 {
		return x
	}
	return b.split(x, func(y *model.Expr) *model.Expr { return y })
}

// split rewrites x so that shared accesses before the last one are done by temporaries; final decides about the last one.
func (b *builder) split(x *model.Expr, final func(*model.Expr) *model.Expr) *model.Expr {
	if b.countShared(x) == 0 {
		return x
	}
	c := *x
	c.Pos = x.Pos
	switch x.Op {
	case model.AndAlso, model.OrElse:
		if b.countShared(x.Y) > 0 {
			return b.splitShort(x)
		}
		c.X = b.split(x.X, final)
		return &c
	case model.Cond:
		if b.countShared(x.Y)+b.countShared(x.Z) > 0 {
			return b.splitShort(x)
		}
		c.X = b.split(x.X, final)
		return &c
	case model.Load, model.AddrOf:
		p := *x.Place
		p.Ref, p.Obj, p.Idx = b.pure(p.Ref), b.pure(p.Obj), b.pure(p.Idx)
		c.Place = &p
		if b.sharedLoad(&c) {
			return final(&c)
		}
		return &c
	case model.IsLive:
		c.X = b.pure(x.X)
		if b.sharedLoad(&c) {
			return final(&c)
		}
		return &c
	}
	if b.countShared(x.Y) > 0 {
		c.X = b.pure(x.X)
		c.Y = b.split(x.Y, final)
	} else {
		c.X = b.split(x.X, final)
	}
	return &c
}

// splitShort evaluates && || ?: whose later operands are accesses of their own, by branching.
func (b *builder) splitShort(x *model.Expr) *model.Expr {
	yes, no, done := b.join(), b.join(), b.join()
	result := b.newTemp(x) // of a type that holds both sides
	store := func(v *model.Expr) {
		if result.Place != nil {
			b.emit(&cfgNode{op: model.Op{Kind: model.OpAssign, Dst: result.Place, X: b.last(v)}})
		}
	}
	b.branch(x.X, yes, no)
	y, z := x.Y, x.Z
	switch x.Op {
	case model.AndAlso:
		y, z = truth(x.Y), model.NewConst(0, model.BoolType)
	case model.OrElse:
		y, z = model.NewConst(1, model.BoolType), truth(x.Y)
	}
	b.place(yes)
	store(y)
	b.goTo(done)
	b.place(no)
	store(z)
	b.place(done)
	return result
}

// branch goes to yes or no. Conditions with more than one shared access are tested part by part.
func (b *builder) branch(x *model.Expr, yes, no *cfgNode) {
	if x == nil {
		b.goTo(yes)
		return
	}
	if x.IsConst() {
		if x.Val != 0 {
			b.goTo(yes)
		} else {
			b.goTo(no)
		}
		return
	}
	if b.atom == 0 && b.countShared(x) > 1 {
		switch x.Op {
		case model.AndAlso:
			mid := b.join()
			b.branch(x.X, mid, no)
			b.place(mid)
			b.branch(x.Y, yes, no)
			return
		case model.OrElse:
			mid := b.join()
			b.branch(x.X, yes, mid)
			b.place(mid)
			b.branch(x.Y, yes, no)
			return
		case model.Not:
			b.branch(x.X, no, yes)
			return
		}
	}
	n := b.emit(&cfgNode{kind: nodeBranch, op: model.Op{Kind: model.OpBranch, X: b.last(x)}})
	n.next, n.els = yes, no
	b.tail = nil
}

// shortCircuit is && or || as a value whose right side calls a function.
func (b *builder) shortCircuit(x *syntax.BinaryExpr, op model.ExprOp, l *model.Expr) operand {
	yes, no, done := b.join(), b.join(), b.join()
	if op == model.AndAlso {
		b.branch(l, yes, no)
	} else {
		b.branch(l, no, yes)
	}
	b.place(yes)
	r := b.condition(x.Y)
	if r == nil {
		return badOperand
	}
	v := truth(r)
	c := *v
	c.Type = model.BoolType
	res := b.temp(b.last(&c))
	b.goTo(done)
	b.place(no)
	if res.Place != nil {
		b.emit(&cfgNode{op: model.Op{Kind: model.OpAssign, Dst: res.Place, X: model.NewConst(model.Bit(op == model.OrElse), model.BoolType)}})
	}
	b.place(done)
	return operand{t: check.Bool, x: res}
}

// store assigns a value to a place: all accesses of the value come first, the store is the last access of the statement.
func (b *builder) store(lv *lvalue, v *model.Expr, access model.Access) {
	e := b.e
	c := *lv
	c.access = max(c.access, access)
	pl := e.place(&c)
	if pl == nil {
		return
	}
	t := e.irType(lv.t)
	if t.Kind == model.KindBool {
		v = truth(v)
	}
	if lo, hi := v.Interval(); (lo > int64(t.Hi) || hi < int64(t.Lo)) && e.strict() && b.tail != nil {
		what := fmt.Sprint(lo)
		if hi != lo {
			what = fmt.Sprintf("a value in %d..%d", lo, hi)
		}
		e.errorf("out-of-range", source.Span{Start: cmpPos(v.Pos, b.at)}, "%s never fits into %s", what, t.Name)
		return
	}
	pl.Ref, pl.Obj, pl.Idx = b.pure(pl.Ref), b.pure(pl.Obj), b.pure(pl.Idx)
	shared := false
	e.sys.PlaceTouches(pl, true, func(t model.Touch) {
		if e.sys.Vars[t.Var].Proc == model.NoProc && (e.opt.NoMerge || !b.private(t)) {
			shared = true
		}
	})
	if shared {
		v = b.pure(v)
	} else {
		v = b.last(v)
	}
	b.emit(&cfgNode{op: model.Op{Kind: model.OpAssign, Dst: pl, X: v}}) // a mark is one of the place: what the same operation reads has its own
}

func cmpPos(a, b source.Pos) source.Pos {
	if a.IsValid() {
		return a
	}
	return b
}

// stabilize computes the pointers and indices of an address at the moment it is taken. What is a number, or a local that stays what it is for as long as the address is used, is left as it is; lasting
// says that the address is used for as long as the function goes on, and not for a call only.
func (b *builder) stabilize(lv *lvalue, lasting bool) *lvalue {
	c := *lv
	c.obj, c.ref = b.compute(c.obj, lasting), b.compute(c.ref, lasting)
	c.idxs = append([]index(nil), lv.idxs...)
	for i := range c.idxs {
		c.idxs[i].x = b.compute(c.idxs[i].x, lasting)
	}
	return &c
}

func (b *builder) compute(x *model.Expr, lasting bool) *model.Expr {
	x = b.pure(x)
	switch {
	case x == nil, x.IsConst(), b.constOnly, b.pred:
		return x
	case x.Op == model.Load && x.Place != nil && x.Place.Var >= 0 && b.plain[x.Place.Var] && !(lasting && b.varies[x.Place.Var]):
		return x
	}
	return b.temp(b.last(x))
}

// process elaborates every instance of a process declaration.
func (e *elab) process(d *syntax.ProcDecl) {
	count := int64(1)
	if d.Count != nil {
		n, ok := e.constInt(d.Count)
		if !ok {
			n = 1 // to see what else is wrong
		}
		if most := e.prog.limits.Processes; (n < 0 || n > int64(most)) && !e.dry {
			e.errorf("bad-range", d.Count.Span(), "there can be 0 to %d instances of a process, not %d", most, n)
			return
		}
		count = n
	}
	if e.dry {
		count = 1 // also of what no configuration has an instance of
	}
	for i := range count {
		if most := 4 * e.prog.limits.Processes; len(e.sys.Processes) >= most {
			e.tooLarge(d.Name.Sp, "processes", most/4, "there are more than %d processes, four times as many as one declaration may make", most)
		}
		p := &model.Process{ID: model.ProcID(len(e.sys.Processes)), Name: d.Name.Name, Role: check.RoleOf(d.Attrs).Role, CPU: -1, Fair: d.Fair || e.prog.AllFair, Pos: d.Name.Sp.Start}
		if d.Count != nil {
			p.Of = d.Name.Name
			p.Name = fmt.Sprintf("%s[%d]", d.Name.Name, i)
		}
		e.sys.Processes = append(e.sys.Processes, p)
		b := &builder{e: e, proc: p, plain: map[model.VarID]bool{}, varies: map[model.VarID]bool{}, told: map[int]bool{}}
		if d.Param != nil {
			t := e.typeOf(d.Param.Type)
			b.bind(d.Param.Name, &binding{t: t, op: &operand{t: t, x: model.NewConst(i, model.IntType)}})
		}
		if d.CPU != nil {
			in := *b // with the names of the process, but without emitting code
			in.constOnly = true
			c, _, ok := in.constant(d.CPU)
			switch {
			case !ok:
			case c.Val < 0 || c.Val > 255:
				if !e.dry {
					e.errorf("out-of-range", d.CPU.Span(), "there is no CPU %d", c.Val)
				}
			default:
				p.CPU = int(c.Val)
			}
		}
		if d.MM != nil {
			b.bindMM(d)
		}
		if !e.dry {
			b.body(d)
		}
	}
}

// bind gives a local name its meaning.
func (b *builder) bind(name *syntax.Ident, bd *binding) {
	if b.names == nil {
		b.names = map[*check.Object]*binding{}
	}
	b.names[b.e.prog.Defs[name]] = bd
}

func (b *builder) bindMM(d *syntax.ProcDecl) {
	if !b.e.prog.Good(d.MM) {
		return // which has been reported
	}
	c := *b
	c.constOnly = true
	o := c.expr(d.MM)
	if o.bad() {
		return
	}
	if o.t.Kind == check.KindStruct {
		o = c.addressOf(&syntax.UnaryExpr{Op: syntax.AND, X: d.MM})
	}
	if o.t.Kind != check.KindHandle || o.x == nil || !(o.x.IsConst() || b.e.dry && !o.x.ReadsState()) {
		b.e.diags.Add(source.Diagnostic{Code: "not-constant", Span: d.MM.Span(), Msg: "`in` needs a constant object, such as an mm", Hint: "declare it as a global struct variable"})
		return
	}
	b.mm = &o
	if o.x.IsConst() && o.x.Val >= 1 && o.x.Type.Pool != model.NoPool {
		b.proc.MM = b.e.sys.Pools[o.x.Type.Pool].Objects[o.x.Val-1]
	}
}

// body lowers the body of a process and forms its steps.
func (b *builder) body(d *syntax.ProcDecl) {
	e := b.e
	b.frame = e.newFrame(model.NoFrame, d.Name.Name, d.Attrs, d.Name.Sp.Start, source.NoPos)
	end := &cfgNode{kind: nodeEnd, end: true}
	entry := b.join()
	b.tail = &entry.next
	b.fn = b.newContext(d, check.Void, b.join())
	b.order, _ = check.OrderOf(d.Attrs)
	b.stepWhen = b.stepCondition()
	b.block(d.Body)
	b.checkLabels()
	b.place(b.fn.exit)
	b.at = d.Body.Sp.End
	b.text = "end of " + b.proc.Name
	b.emit(end)
	b.markEdges()
	if len(e.diags.Diags) == 0 {
		b.steps(entry)
	}
}

// stepCondition is what has to be true where the process takes a step, nil if nothing has to.
func (b *builder) stepCondition() *model.Expr {
	if b.proc.CPU < 0 {
		return nil
	}
	var all *model.Expr
	in := *b
	in.pred = true
	for _, d := range b.e.prog.Steps {
		x := in.condition(d.X)
		switch {
		case x == nil || x.IsConst() && x.Val != 0:
		case all == nil:
			all = truth(x)
		default:
			all = &model.Expr{Op: model.AndAlso, Type: model.BoolType, X: all, Y: truth(x), Pos: x.Pos}
		}
	}
	return all
}

func (b *builder) newContext(n syntax.Node, result *check.Type, exit *cfgNode) *fnContext {
	return &fnContext{
		result: result, exit: exit, assigned: b.e.assignedNames(n),
	}
}

func (e *elab) newFrame(parent model.FrameID, name string, attrs []*syntax.Attr, pos, at source.Pos) model.FrameID {
	id := model.FrameID(len(e.sys.Frames))
	says := e.frameSays(attrs)
	e.sys.Frames = append(e.sys.Frames, &model.Frame{ID: id, Parent: parent, Func: name, Kernel: says.kernel, Role: says.role.Role, Mode: says.role.Mode, Called: says.role.Name, Pos: pos, Call: at})
	return id
}

// frameSays is what the attributes of a function say of its frames.
func (e *elab) frameSays(attrs []*syntax.Attr) *frameAttrs {
	if len(attrs) == 0 {
		return &frameAttrs{}
	}
	if f, ok := e.prog.says.Load(attrs[0]); ok {
		return f.(*frameAttrs)
	}
	f := &frameAttrs{kernel: check.KernelRefs(attrs), role: check.RoleOf(attrs)}
	e.prog.says.Store(attrs[0], f)
	return f
}

type frameAttrs struct {
	kernel []model.KernelRef
	role   check.Role
}

// assignedNames are the names that a body assigns, or takes the address of.
func (e *elab) assignedNames(n syntax.Node) map[string]bool {
	if m, ok := e.prog.assigned.Load(n); ok {
		return m.(map[string]bool)
	}
	m := check.Assigned(n)
	e.prog.assigned.Store(n, m)
	return m
}
