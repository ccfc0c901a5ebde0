// Package elab turns a .pmd spec into labelled state machines.
//
// A [Spec] is a resolved spec: its config parameters, the configurations its sweep spans, what it expects. [Spec.Build] elaborates one
// configuration into a [model.System]: functions inlined, config constants folded, handles and references resolved as far as they are constant.
//
//	spec.go      loading a spec with its imports, and what is checked once, whatever the configuration
//	sweep.go     the configurations of a spec
//	program.go   what is known of a spec, by package check
//	types.go     the types of one configuration, and layouts
//	elab.go      the passes over one configuration, to their fixed point
//	lower*.go    statements and expressions to a control-flow graph; lower_lock.go marks the order of locks in it
//	steps.go     the graph to locations and transitions; harmless.go: what cannot fail
//	liveness.go  liveness properties
//	memory.go    memory models
//	constant.go  what has to be a constant
//	named.go     which properties a spec names, and which of them something observes
package elab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Elaboration runs in passes. The first pass takes every shared cell for changeable and shared; from its code one learns which cells nothing
// writes and which only one process touches ([System.usage]). The next pass folds loads of the former to constants and merges accesses to the latter like
// locals, which may make more constant, and so on. Each pass is sound by itself because what a pass learns is an over-approximation of
// what any run does; three passes reach the fixed point on every spec we have, and maxPasses bounds the rest.
const maxPasses = 6

// elab is one pass over one configuration.
type elab struct {
	prog   *program
	config map[string]int64 // config values
	memory string           // model of memory: SC, TSO
	opt    BuildOptions
	diags  *source.List
	dry    bool         // only constants are evaluated, where parameters have their defaults
	known  *model.Usage // of the previous pass, nil in the first

	sys        *model.System
	irTypes    map[string]*model.Type
	joins      []cfgNode                   // to be used
	typeFor    map[*check.Type]*model.Type // the same, by type
	pools      map[string]*model.Pool
	poolLayout map[string]*layout
	globals    map[string]*global
	domains    map[string]model.DomainID
	sharedDone bool
	props      map[string]model.PropID
	covers     map[string]model.CoverID
	setting    setting             // of constants
	unknown    *check.Object       // what has no value in the setting, met in the constant at hand
	depth      int                 // of constants in constants
	paramReads int                 // how often a config parameter was met
	evaluating map[string]bool     // constants being evaluated, against cycles
	numbers    map[evaluated]value // constants, once evaluated
	ctx        context.Context     // ends elaboration early; may be nil
	polls      int
	emitted    int                  // nodes of all processes
	cells      int                  // of all shared variables
	addrKept   map[model.VarID]bool // variables whose address is taken
}

// global is a shared variable: an object (or array of objects) of a struct, or a scalar or array.
type global struct {
	t     *check.Type
	l     *layout
	first int32 // objects: handle of the first one
}

// BuildOptions switch off what elaboration does to shrink the state space, which verdicts never depend on, and may ask about other properties than the spec does.
type BuildOptions struct {
	NoMerge bool // every statement is a step of its own
	NoReset bool // dead locals keep their values
	NoFork  bool // the choices that every run of an atomic block makes first are not transitions for each alternative; they are made while the block runs, as others are

	Context     context.Context // if not nil, elaboration ends when it does, with a [Stopped]
	StoreBuffer int             // stores that a store buffer has room for; 0 is the default
	NoDirect    bool            // every store goes through its buffer, also where it could as well go to memory

	Check []string // if not empty: the properties to check, instead of those the spec lists. no_fault and assertion always are

	Asked map[string]bool // if not nil: gets the features whose value is used; true if it came from the release, false if the configuration gives it
}

func (e *elab) errorf(code string, at source.Span, format string, args ...any) {
	e.diags.Errorf(code, at, format, args...)
}

// strict reports whether values that cannot be right are errors of the spec: they are in the first pass, which knows of no value but the constants
// that the source writes. In later passes the same can come from a cell that nothing writes, and is a fault at run time.
func (e *elab) strict() bool { return !e.dry && e.known == nil }

func newElab(p *program, config map[string]int64, opt BuildOptions, diags *source.List) *elab {
	return &elab{
		prog: p, config: config, opt: opt, diags: diags,
		irTypes: map[string]*model.Type{}, typeFor: map[*check.Type]*model.Type{}, pools: map[string]*model.Pool{}, poolLayout: map[string]*layout{}, globals: map[string]*global{},
		domains: map[string]model.DomainID{}, props: map[string]model.PropID{}, covers: map[string]model.CoverID{},
		evaluating: map[string]bool{}, numbers: map[evaluated]value{}, ctx: opt.Context,
		sys: &model.System{Files: p.files},
	}
}

// build elaborates one configuration to its fixed point.
func build(p *program, name string, config map[string]int64, named []model.ConfigValue, memory string, opt BuildOptions) (*model.System, error) {
	var known *model.Usage
	var sys *model.System
	for pass := 0; pass < maxPasses; pass++ {
		diags := &source.List{Files: p.files}
		e := newElab(p, config, opt, diags)
		e.known, e.memory = known, memory
		e.sys.Name, e.sys.Config = name, named
		e.system()
		if err := diags.Err(); err != nil {
			return nil, err
		}
		sys = e.sys
		next := sys.Usage()
		for v := range e.addrKept {
			next.Addr[v] = true
		}
		// Locals are numbered anew in each pass; only shared variables are known about.
		n := len(sys.Vars)
		for n > 0 && sys.Vars[n-1].Proc != model.NoProc {
			n--
		}
		next.Users, next.Written = next.Users[:n], next.Written[:n]
		if known != nil && slices.EqualFunc(known.Users, next.Users, slices.Equal[[]uint64]) &&
			slices.EqualFunc(known.Written, next.Written, slices.Equal[[]bool]) && len(known.Addr) == len(next.Addr) {
			break
		}
		known = next
	}
	if errs := sys.Sanity(); len(errs) > 0 {
		return nil, fmt.Errorf("internal: elaboration of %s made an unsound system: %w", name, errs[0])
	}
	return sys, nil
}

// system elaborates everything.
func (e *elab) system() {
	e.sys.Kernel = e.kernel()
	e.declareProps()
	e.declareShared()
	e.declareCovers()
	for _, d := range e.prog.Statics {
		e.staticAssert(d)
	}
	for _, d := range e.prog.Procs {
		e.process(d)
	}
	if !e.dry {
		e.predicates()
		e.liveness()
	}
}

func (e *elab) declareProps() {
	checked := map[string]bool{}
	for _, c := range e.prog.Checks {
		for _, id := range c.Props {
			checked[id.Name] = true
		}
	}
	if len(e.opt.Check) > 0 {
		clear(checked)
		for _, name := range e.opt.Check {
			checked[name] = true
		}
	}
	for _, q := range e.prog.Props {
		id := model.PropID(len(e.sys.Props))
		e.props[q.Name] = id
		p := &model.Prop{ID: id, Name: q.Name, Text: q.Text, Own: q.Own, Kind: model.PropAssert, Checked: len(checked) == 0 || checked[q.Name], Pos: q.At.Start}
		switch id {
		case model.PropNoDeadlock:
			p.Kind = model.PropDeadlock
		case model.PropNoFault:
			p.Kind, p.Checked = model.PropFault, true
		case model.PropAssertion:
			p.Checked = true
		}
		if q.Name == check.LockOrder {
			p.Kind = model.PropOrder
		}
		if q.Name == check.NoDataRace {
			p.Kind = model.PropRace
		}
		for _, s := range e.prog.Structs {
			if s.Leak == q.Name {
				p.Kind = model.PropLeak
			}
		}
		e.sys.Props = append(e.sys.Props, p)
	}
}

// kernel is the release that a configuration models, by its constant KERNEL; "" without one.
func (e *elab) kernel() string {
	s := e.prog.Names[check.Release]
	if s == nil || s.Kind != check.ConstObject {
		return ""
	}
	v, t, ok := e.constant(s.Const.Value)
	if !ok || t.Kind != check.KindInt || v.Val < 100 {
		return ""
	}
	return syntax.VersionText(int64(v.Val))
}

// declareShared creates the pools and the shared variables with their initial values.
func (e *elab) declareShared() {
	objects, dead := e.declareObjects()
	for _, p := range e.sys.Pools {
		e.declarePool(p, dead[p.Struct])
	}
	for _, g := range objects {
		g.l = e.poolLayout[g.t.Base().Struct.Name]
	}
	for _, d := range e.prog.Vars {
		for _, n := range d.Names {
			g := e.globals[n.Name.Name]
			if g.t.Base().Kind == check.KindStruct || g.t.Kind == check.KindBad {
				continue
			}
			g.l = e.layoutOf(g.t, n.Name.Name, "", n.Sp, func(path string, t *check.Type, cells int, _ string, at source.Span) model.VarID {
				return e.newVar(path, e.irType(t), cells, model.NoProc, at.Start).ID
			})
			e.flag(g.l, false, len(d.Attrs) > 0)
		}
	}
	e.sharedDone = true
	for key, d := range e.domains {
		e.fillDomain(key, e.sys.Domains[d])
	}
	// References in shared variables make their domains' sizes matter to types made above.
	for _, t := range e.irTypes {
		if t.Kind == model.KindRef {
			t.Hi = int32(len(e.sys.Domains[t.Domain].Cells))
		}
	}
	for _, d := range e.prog.Vars {
		for _, n := range d.Names {
			if g := e.globals[n.Name.Name]; n.Init != nil && g.l != nil {
				e.initialise(g, n)
			}
		}
	}
}

// declareObjects numbers the objects of each struct: before anything else, because handle types need to know how many there are. dead says which of a struct's wait in a pool.
func (e *elab) declareObjects() (objects []*global, dead map[string][]bool) {
	dead = map[string][]bool{}
	for _, d := range e.prog.Vars {
		base := e.typeOf(d.Type)
		for _, n := range d.Names {
			t := e.arrayOf(base, n.Dims)
			g := &global{t: t}
			e.globals[n.Name.Name] = g
			if base.Kind == check.KindVoid {
				g.t = check.Bad
			}
			if base.Kind != check.KindStruct || t.Kind == check.KindBad {
				continue
			}
			p := e.pool(base.Struct)
			g.first = int32(len(p.Objects) + 1)
			names := objectNames(n.Name.Name, t)
			p.Objects = append(p.Objects, names...)
			for range names {
				dead[base.Struct.Name] = append(dead[base.Struct.Name], d.Pool)
			}
			objects = append(objects, g)
		}
	}
	return objects, dead
}

// declarePool makes the variables of the fields of a struct, one for all its objects, and of their lives.
func (e *elab) declarePool(p *model.Pool, dead []bool) {
	s := e.prog.Structs[p.Struct]
	if s.Lives {
		v := e.newVar("live("+s.Name+")", e.irType(check.Bool), len(p.Objects), model.NoProc, s.Decl.Name.Sp.Start)
		for i, d := range dead {
			v.Init[i] = int32(model.Bit(!d))
		}
		p.Live = v.ID
		p.Free, p.Leak = e.propID(s.Free), e.propID(s.Leak)
	}
	e.poolLayout[s.Name] = e.layoutOf(&check.Type{Kind: check.KindStruct, Struct: s}, "", s.Use, s.Decl.Sp, func(path string, t *check.Type, cells int, guard string, at source.Span) model.VarID {
		v := e.newVar(s.Name+path, e.irType(t), cells*len(p.Objects), model.NoProc, at.Start)
		v.Pool, v.Stride = p.ID, cells
		if s.Lives {
			v.Guard = e.propID(guard)
		}
		p.Fields = append(p.Fields, v.ID)
		return v.ID
	})
	if s.Lives && s.Leak == "" && s.Allocated && slices.Contains(dead, false) && e.judgesLeaks() {
		v := e.newVar("allocated("+s.Name+")", e.irType(check.Bool), len(p.Objects), model.NoProc, s.Decl.Name.Sp.Start)
		v.Pool, v.Stride, v.Alloc = p.ID, 1, model.AllocMarks
		for i, d := range dead {
			v.Init[i] = int32(model.Bit(d)) // what waits in a pool never lives from the start
		}
		p.Fields = append(p.Fields, v.ID)
	}
}

// judgesLeaks reports whether a property about leaks is checked.
func (e *elab) judgesLeaks() bool {
	return slices.ContainsFunc(e.sys.Props, func(p *model.Prop) bool { return p.Kind == model.PropLeak && p.Checked })
}

func objectNames(name string, t *check.Type) []string {
	if t.Kind != check.KindArray {
		return []string{name}
	}
	var names []string
	for i := range t.N {
		names = append(names, objectNames(fmt.Sprintf("%s[%d]", name, i), t.Elem)...)
	}
	return names
}

func (e *elab) newVar(name string, t *model.Type, n int, proc model.ProcID, at source.Pos) *model.Var {
	most := e.prog.limits.Elements
	switch e.cells += n; {
	case n > most:
		e.tooLarge(source.At(at), "elements", most, "%s has %d elements", name, n)
	case e.cells > 2*most:
		e.tooLarge(source.At(at), "elements", most, "with %s the variables have %d elements, and all together have at most twice as many as one", name, e.cells)
	}
	e.poll()
	v := &model.Var{ID: model.VarID(len(e.sys.Vars)), Name: name, Type: t, Len: n, Proc: proc, Pool: model.NoPool, Stride: n, Guard: model.NoProp, Pos: at, Init: make([]int32, n)}
	for i := range v.Init {
		v.Init[i] = defaultValue(t)
	}
	e.sys.Vars = append(e.sys.Vars, v)
	return v
}

func (e *elab) pool(s *check.Struct) *model.Pool {
	p := e.pools[s.Name]
	if p == nil {
		p = &model.Pool{ID: model.PoolID(len(e.sys.Pools)), Struct: s.Name, Live: model.NoVar, Free: model.NoProp, Leak: model.NoProp}
		e.pools[s.Name] = p
		e.sys.Pools = append(e.sys.Pools, p)
	}
	return p
}

func (e *elab) propID(name string) model.PropID {
	if name == "" {
		return model.NoProp
	}
	return e.props[name]
}

// domain is the set of cells that references to t can point to.
func (e *elab) domain(t *check.Type) model.DomainID {
	key := t.Key()
	if d, ok := e.domains[key]; ok {
		return d
	}
	id := model.DomainID(len(e.sys.Domains))
	e.domains[key] = id
	d := &model.Domain{ID: id}
	e.sys.Domains = append(e.sys.Domains, d)
	d.Type = e.irType(t)
	if e.sharedDone {
		e.fillDomain(key, d)
	}
	return id
}

// fillDomain lists the shared cells of the type whose address is taken anywhere.
func (e *elab) fillDomain(key string, d *model.Domain) {
	for _, v := range e.sys.Vars {
		if v.Proc != model.NoProc || v.Type != d.Type || (e.known != nil && !e.known.Addr[v.ID]) {
			continue
		}
		for i := range v.Len {
			c := model.Cell{Var: v.ID, Idx: int32(i)}
			d.Cells = append(d.Cells, c)
			d.Names = append(d.Names, e.sys.CellName(c))
		}
	}
	_ = key
}

// initialise evaluates the initialiser of a shared variable.
func (e *elab) initialise(g *global, n *syntax.Declarator) {
	lv := &lvalue{l: g.l, t: g.t, root: g}
	if g.t.Kind == check.KindStruct {
		lv.obj = model.NewConst(int64(g.first), model.IntType)
	}
	e.initInto(n.Init, g.t, lv, func(lv *lvalue, x *model.Expr, at source.Span) {
		pl := e.place(lv)
		c, ok := e.sys.StaticCell(pl)
		if !ok {
			return
		}
		v := e.sys.Vars[c.Var]
		if x.Val < v.Type.Lo || x.Val > v.Type.Hi {
			if !e.dry {
				e.errorf("out-of-range", at, "%d does not fit into %s", x.Val, v.Type.Name)
			}
			return
		}
		v.Init[c.Idx] = x.Val
	})
}

// initInto walks an initialiser along a type and stores every constant it finds.
func (e *elab) initInto(init syntax.Expr, t *check.Type, lv *lvalue, store func(*lvalue, *model.Expr, source.Span)) {
	list, isList := init.(*syntax.InitList)
	switch {
	case t.Kind == check.KindBad:
	case isList && t.Kind == check.KindStruct:
		next := 0
		for _, it := range list.Items {
			i := next
			if it.Field != nil {
				i = t.Struct.Index[it.Field.Name]
			}
			if i >= len(t.Struct.Fields) {
				break
			}
			next = i + 1
			f := t.Struct.Fields[i].Name
			if sub := e.member(lv, f); sub != nil {
				e.initInto(it.Value, sub.t, sub, store)
			}
		}
	case isList && t.Kind == check.KindArray:
		next := int64(0)
		for _, it := range list.Items {
			i := next
			if it.Index != nil {
				var ok bool
				if i, ok = e.constInt(it.Index); !ok {
					continue
				}
			}
			if i < 0 || i >= int64(t.N) {
				if !e.dry {
					e.errorf("out-of-range", it.Sp, "index %d is outside the array of %d", i, t.N)
				}
				continue
			}
			next = i + 1
			sub := e.element(lv, model.NewConst(i, model.IntType))
			e.initInto(it.Value, sub.t, sub, store)
		}
	case t.Kind == check.KindArray:
		for i := range t.N {
			sub := e.element(lv, model.NewConst(int64(i), model.IntType))
			e.initInto(init, sub.t, sub, store)
		}
	case t.Scalar():
		if x, _, ok := e.constant(init); ok {
			store(lv, x, init.Span())
		}
	}
}

func (e *elab) declareCovers() {
	add := func(name string, at source.Span, required bool) model.CoverID {
		id, ok := e.covers[name]
		if !ok {
			id = model.CoverID(len(e.sys.Covers))
			e.covers[name] = id
			e.sys.Covers = append(e.sys.Covers, &model.Cover{ID: id, Name: name, Pos: at.Start})
		}
		if required {
			e.sys.Covers[id].Required = true
			e.sys.Covers[id].Pos = at.Start
		}
		return id
	}
	for _, c := range e.prog.Covers {
		required := true
		if c.When != nil {
			v, ok := e.constInt(c.When)
			required = ok && v != 0
		}
		add(c.Name.Name, c.Name.Sp, required)
	}
}

// predicates elaborates invariants and cover expressions.
func (e *elab) predicates() {
	b := &builder{e: e, pred: true, frame: model.NoFrame}
	for _, d := range e.prog.Invariants {
		p := e.sys.Props[e.props[d.Name.Name]]
		p.Kind = model.PropInvariant
		p.X = b.condition(d.X)
		if p.Text == "" {
			p.Text = e.text(d.X)
		}
	}
	for _, d := range e.prog.Covers {
		if d.X != nil {
			if x := b.condition(d.X); x != nil {
				if id, ok := e.covers[d.Name.Name]; ok {
					e.sys.Covers[id].X = x
				}
			}
		}
	}
}

func (e *elab) staticAssert(d *syntax.StaticAssertDecl) {
	v, ok := e.constInt(d.Cond)
	if ok && v == 0 && !e.dry {
		e.errorf("static-assert", d.Cond.Span(), "static assertion fails: %s", cmpOr(d.Text, e.text(d.Cond)))
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// text is the source text of a node on one line.
func (e *elab) text(n syntax.Node) string {
	sp := n.Span()
	if s, ok := e.prog.texts.Load(sp); ok {
		return s.(string)
	}
	s := ""
	if f := e.prog.files.File(sp.Start); f != nil {
		s = strings.Join(strings.Fields(string(f.Text(sp))), " ")
	}
	e.prog.texts.Store(sp, s)
	return s
}
