package elab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// program is the declarations of a spec and everything it imports, in one name space. It is built once per spec; cells share it.
type program struct {
	limits    Limits
	loading   context.Context // while the spec is loaded; may be nil
	files     *source.Set
	texts     sync.Map       // by span: its source text on one line; cells are elaborated by several goroutines
	asts      []*syntax.File // imports before importers
	syms      map[string]*symbol
	structs   map[string]*structInfo
	enums     map[string]*enumInfo
	procs     []*syntax.ProcDecl
	overrides [][2]*syntax.FuncDecl // what is replaced, and by what
	roles     map[string]*cellRole
	configs   []*symbol
	features  []*symbol
	vars      []*syntax.VarDecl // shared variables in declaration order
	props     []*propInfo
	propByN   map[string]*propInfo
	checks    []*syntax.CheckDecl
	invs      []*syntax.InvariantDecl
	lives     []*syntax.LivenessDecl
	allFair   bool // `fair process;`
	covers    []*syntax.CoverDecl
	marks     map[string]bool // names of cover statements
	expects   []*syntax.ExpectDecl
	sweeps    []*syntax.SweepDecl
	tiers     []*syntax.TierDecl
	claims    []*syntax.ClaimDecl
	statics   []*syntax.StaticAssertDecl
	groups    []*group
}

type symKind uint8

const (
	symConst symKind = iota
	symConfig
	symEnumValue
	symTypedef
	symVar
	symFunc
	symFeature
)

func (k symKind) String() string {
	if names := [...]string{"constant", "config parameter", "enum value", "type", "variable", "function", "feature"}; int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("symKind(%d)", uint8(k))
}

// symbol is one global name.
type symbol struct {
	kind symKind
	name string
	at   source.Span
	// by kind
	constant *syntax.ConstDecl
	config   *syntax.ConfigDecl
	feature  *syntax.FeatureDecl
	enum     *enumInfo
	value    int32 // enum value
	typedef  *syntax.TypedefDecl
	vdecl    *syntax.VarDecl
	declr    *syntax.Declarator
	fn       *syntax.FuncDecl
}

type structInfo struct {
	name   string
	decl   *syntax.StructDecl
	use    string // property names, "" without a lifetime
	free   string
	leak   string
	lives  bool // has a lifetime
	fields []fieldInfo
	index  map[string]int
}

type fieldInfo struct {
	name  string
	at    source.Span
	typ   *syntax.TypeExpr
	dims  []syntax.Expr
	guard string
}

type enumInfo struct {
	name   string
	values []string
	at     source.Span
}

type propInfo struct {
	name string
	text string
	at   source.Span
	used bool
	own  bool // declared outside the library
}

// predeclared functions and what they are for; the elaborator knows them by name.
var builtins = map[string]string{
	"alloc": "alloc(struct S)", "free": "free(p)", "live": "live(p)", "peek": "peek(p->f)", "container_of": "container_of(ref, struct S, field)",
	"READ_ONCE": "READ_ONCE(x)", "WRITE_ONCE": "WRITE_ONCE(x, v)", "smp_load_acquire": "smp_load_acquire(&x)", "smp_store_release": "smp_store_release(&x, v)",
	"lock_acquire": "lock_acquire(&lock)", "lock_tryacquire": "lock_tryacquire(&lock)", "lock_release": "lock_release(&lock)",
	"smp_mb": "smp_mb()", "smp_rmb": "smp_rmb()", "smp_wmb": "smp_wmb()", "smp_mb_cpu": "smp_mb_cpu(cpu)",
}

// lockOrder is the property that the marks of lock_acquire() are about. A spec that calls it has the property.
const lockOrder = "lock_order"

// noDataRace is the property about the marks of accesses. A spec that checks it has it; it need not be declared.
const noDataRace = "no_data_race"

// builtinProps are properties every spec has without declaring them; their texts come from the catalogue where one is given.
var builtinProps = []propInfo{
	{name: "no_deadlock", text: "no state without successors in which a process is not at a proper end"},
	{name: "no_fault", text: "the model itself does not go wrong: NULL, index, overflow, division"},
	{name: "assertion", text: "every assert without a property of its own holds"},
}

// declare enters the declarations of one file.
func (p *program) declare(f *syntax.File, diags *source.List) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *syntax.ConstDecl:
			p.enter(&symbol{kind: symConst, name: d.Name.Name, at: d.Name.Sp, constant: d}, diags)
		case *syntax.ConfigDecl:
			s := &symbol{kind: symConfig, name: d.Name.Name, at: d.Name.Sp, config: d}
			p.enterGroups(d, diags)
			if d.Values != nil {
				s.enum = p.enterEnum(d.Name, d.Values, diags)
			}
			if p.enter(s, diags) {
				p.configs = append(p.configs, s)
			}
		case *syntax.FeatureDecl:
			p.enterFeature(d, diags)
		case *syntax.EnumDecl:
			p.enterEnum(d.Name, d.Values, diags)
		case *syntax.TypedefDecl:
			p.enter(&symbol{kind: symTypedef, name: d.Name.Name, at: d.Name.Sp, typedef: d}, diags)
		case *syntax.StructDecl:
			p.enterStruct(d, diags)
		case *syntax.VarDecl:
			p.vars = append(p.vars, d)
			for _, n := range d.Names {
				p.enter(&symbol{kind: symVar, name: n.Name.Name, at: n.Name.Sp, vdecl: d, declr: n}, diags)
			}
		case *syntax.FuncDecl:
			p.enterFunc(d, diags)
			p.checkKernelAttrs(d.Attrs, diags)
		case *syntax.ProcDecl:
			for _, q := range p.procs {
				if q.Name.Name == d.Name.Name {
					diags.Add(source.Diagnostic{Code: "duplicate-name", Span: d.Name.Sp, Msg: "process " + source.Quote(d.Name.Name) + " is declared twice", Related: []source.Related{{Span: q.Name.Sp, Msg: "the other one"}}})
				}
			}
			p.procs = append(p.procs, d)
			p.checkKernelAttrs(d.Attrs, diags)
		case *syntax.PropertyDecl:
			p.property(d.Name.Name, d.Text, d.Name.Sp).own = !strings.HasPrefix(p.files.File(d.Name.Sp.Start).Name, "linux/")
		case *syntax.CheckDecl:
			p.checks = append(p.checks, d)
			for _, id := range d.Props {
				if id.Name == noDataRace {
					q := p.property(noDataRace, "", id.Sp)
					q.text, q.used = cmpOr(q.text, "no two processes can make conflicting accesses next, one of them plain"), true
				}
			}
		case *syntax.InvariantDecl:
			p.property(d.Name.Name, "", d.Name.Sp)
			p.invs = append(p.invs, d)
		case *syntax.LivenessDecl:
			p.property(d.Name.Name, "", d.Name.Sp)
			p.lives = append(p.lives, d)
		case *syntax.FairDecl:
			p.allFair = true
		case *syntax.CoverDecl:
			p.covers = append(p.covers, d)
		case *syntax.ExpectDecl:
			p.expects = append(p.expects, d)
		case *syntax.SweepDecl:
			if len(p.sweeps) > 0 {
				diags.Add(source.Diagnostic{
					Code: "duplicate-sweep", Span: d.Sp, Msg: "a spec has one sweep", Related: []source.Related{{Span: p.sweeps[0].Sp, Msg: "the first one"}},
					Hint: "put all parameters into one `for` line",
				})
			}
			p.sweeps = append(p.sweeps, d)
		case *syntax.TierDecl:
			p.tiers = append(p.tiers, d)
		case *syntax.ClaimDecl:
			p.claims = append(p.claims, d)
		case *syntax.StaticAssertDecl:
			p.statics = append(p.statics, d)
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if n.Fun.Name == "lock_acquire" {
				p.property(lockOrder, "locks are taken in one order of their classes", n.Fun.Sp).used = true
			}
		case *syntax.CoverStmt:
			p.marks[n.Name.Name] = true
		case *syntax.AssertStmt:
			if n.Prop != nil {
				p.property(n.Prop.Name, "", n.Prop.Sp).used = true
			}
		}
		return true
	})
}

func (p *program) enter(s *symbol, diags *source.List) bool {
	if _, ok := builtins[s.name]; ok {
		diags.Errorf("duplicate-name", s.at, "%s is a built-in function", source.Quote(s.name))
		return false
	}
	if old := p.syms[s.name]; old != nil {
		diags.Add(source.Diagnostic{
			Code: "duplicate-name", Span: s.at, Msg: s.kind.String() + " " + source.Quote(s.name) + " is declared twice",
			Related: []source.Related{{Span: old.at, Msg: "the other " + old.kind.String()}},
		})
		return false
	}
	p.syms[s.name] = s
	return true
}

func (p *program) enterFunc(d *syntax.FuncDecl, diags *source.List) {
	old := p.syms[d.Name.Name]
	if d.Override {
		if old == nil || old.kind != symFunc {
			diags.Add(source.Diagnostic{Code: "bad-override", Span: d.Name.Sp, Msg: "there is no imported function " + source.Quote(d.Name.Name) + " to override", Hint: p.suggest(d.Name.Name, symFunc)})
		} else {
			p.overrides = append(p.overrides, [2]*syntax.FuncDecl{old.fn, d})
			inheritRole(old.fn, d)
		}
		delete(p.syms, d.Name.Name)
	}
	p.enter(&symbol{kind: symFunc, name: d.Name.Name, at: d.Name.Sp, fn: d}, diags)
}

// checkOverrides demands that an override is of another file's function, and can stand wherever that one is called.
func (e *elab) checkOverrides() {
	for _, pair := range e.prog.overrides {
		old, d := pair[0], pair[1]
		what := ""
		same := func(a, b *syntax.TypeExpr) bool {
			x, y := e.typeOf(a), e.typeOf(b)
			return x.kind == stBad || y.kind == stBad || x.kind == y.kind && x.lo == y.lo && x.hi == y.hi && (x.kind == stVoid || assignable(x, y))
		}
		switch {
		case e.prog.files.File(old.Name.Sp.Start) == e.prog.files.File(d.Name.Sp.Start):
			what = "is in the file of the function it replaces"
		case len(old.Params) != len(d.Params):
			what = "has other parameters"
		case !same(old.Result, d.Result):
			what = "has another result"
		}
		for i := 0; i < len(d.Params) && what == ""; i++ {
			if !same(old.Params[i].Type, d.Params[i].Type) {
				what = "has another type of parameter " + source.Quote(d.Params[i].Name.Name)
			}
		}
		if what != "" {
			e.diags.Add(source.Diagnostic{
				Code: "bad-override", Span: d.Name.Sp, Msg: "override of " + source.Quote(d.Name.Name) + " " + what,
				Related: []source.Related{{Span: old.Name.Sp, Msg: "the function it replaces"}},
			})
		}
	}
}

func (p *program) enterEnum(name *syntax.Ident, values []*syntax.Ident, diags *source.List) *enumInfo {
	e := &enumInfo{name: name.Name, at: name.Sp}
	for i, v := range values {
		e.values = append(e.values, v.Name)
		// A config's own name is entered after its values, so that a value of the same name is what is reported.
		p.enter(&symbol{kind: symEnumValue, name: v.Name, at: v.Sp, enum: e, value: int32(i)}, diags)
	}
	if old := p.enums[e.name]; old != nil {
		diags.Add(source.Diagnostic{Code: "duplicate-name", Span: name.Sp, Msg: "enum " + source.Quote(e.name) + " is declared twice", Related: []source.Related{{Span: old.at, Msg: "the other one"}}})
	} else {
		p.enums[e.name] = e
	}
	return e
}

func (p *program) enterStruct(d *syntax.StructDecl, diags *source.List) {
	s := &structInfo{name: d.Name.Name, decl: d, index: map[string]int{}}
	for _, a := range d.Attrs {
		arg := ""
		if len(a.Args) == 1 && a.Args[0].Ident != nil {
			arg = a.Args[0].Ident.Name
		} else {
			diags.Errorf("bad-attribute", a.Sp, "@%s takes one property name", a.Name.Name)
			continue
		}
		switch a.Name.Name {
		case "use":
			s.use = arg
		case "free":
			s.free = arg
		case "leak":
			s.leak = arg
		default:
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a struct", Hint: "a struct takes @use, @free and @leak"})
			continue
		}
		s.lives = true
		p.property(arg, "", a.Args[0].Ident.Sp).used = true
	}
	for _, f := range d.Fields {
		guard := ""
		for _, a := range f.Attrs {
			if a.Name.Name != "guard" || len(a.Args) != 1 || a.Args[0].Ident == nil {
				diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a field", Hint: "a field takes @guard(property)"})
				continue
			}
			guard = a.Args[0].Ident.Name
			p.property(guard, "", a.Args[0].Ident.Sp).used = true
		}
		for _, n := range f.Names {
			if _, dup := s.index[n.Name.Name]; dup {
				diags.Errorf("duplicate-name", n.Name.Sp, "struct %s has two fields %s", s.name, source.Quote(n.Name.Name))
				continue
			}
			s.index[n.Name.Name] = len(s.fields)
			s.fields = append(s.fields, fieldInfo{name: n.Name.Name, at: n.Name.Sp, typ: f.Type, dims: n.Dims, guard: guard})
		}
	}
	if old := p.structs[s.name]; old != nil {
		diags.Add(source.Diagnostic{Code: "duplicate-name", Span: d.Name.Sp, Msg: "struct " + source.Quote(s.name) + " is declared twice", Related: []source.Related{{Span: old.decl.Name.Sp, Msg: "the other one"}}})
		return
	}
	p.structs[s.name] = s
}

// property finds or makes the entry of a property.
func (p *program) property(name, text string, at source.Span) *propInfo {
	q := p.propByN[name]
	if q == nil {
		q = &propInfo{name: name, at: at}
		p.props = append(p.props, q)
		p.propByN[name] = q
	}
	if text != "" {
		q.text = text
	}
	return q
}

// checkKernelAttrs reports malformed @kernel annotations.
func (p *program) checkKernelAttrs(attrs []*syntax.Attr, diags *source.List) {
	for _, a := range attrs {
		switch a.Name.Name {
		case "kernel":
		case "role":
			checkRole(a, diags)
			continue
		case "x86":
			if _, ok := orderOf([]*syntax.Attr{a}); !ok {
				diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "@x86 says how memory is ordered", Hint: "as in @x86(locked), @x86(store) or @x86(direct)"})
			}
			continue
		default:
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a function or process", Hint: "it takes @kernel(\"file\", \"function\", v5.9..v6.12) and @role(lock)"})
			continue
		}
		if len(a.Args) < 3 || !a.Args[0].IsStr || !a.Args[1].IsStr || a.Args[2].IsStr {
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "@kernel needs a file, a function and a version or a feature", Hint: "as in @kernel(\"mm/hugetlb.c\", \"huge_pmd_unshare\", v5.9..v6.12, \"59d9094df3d7\")"})
		}
	}
}

// kernelRefs converts the @kernel annotations of a declaration.
func kernelRefs(attrs []*syntax.Attr) []model.KernelRef {
	var refs []model.KernelRef
	for _, a := range attrs {
		if a.Name.Name != "kernel" || len(a.Args) < 3 {
			continue
		}
		r := model.KernelRef{File: a.Args[0].Str, Func: a.Args[1].Str, Since: a.Args[2].VersionLo, Until: a.Args[2].VersionHi, Open: a.Args[2].Open}
		if f := a.Args[2].Ident; f != nil {
			r.Feature, r.Absent = f.Name, a.Args[2].Not
		}
		for _, c := range a.Args[3:] {
			r.Commits = append(r.Commits, c.Str)
		}
		refs = append(refs, r)
	}
	return refs
}

func newProgram(files *source.Set) *program {
	p := &program{
		limits: DefaultLimits, files: files, syms: map[string]*symbol{}, structs: map[string]*structInfo{}, enums: map[string]*enumInfo{},
		propByN: map[string]*propInfo{}, marks: map[string]bool{},
	}
	for _, b := range builtinProps {
		p.property(b.name, b.text, source.Span{})
	}
	return p
}

// suggest looks among global names of the given kinds (all kinds when none is given).
func (p *program) suggest(word string, kinds ...symKind) string {
	var names []string
	for n, s := range p.syms {
		if len(kinds) == 0 || slices.Contains(kinds, s.kind) {
			names = append(names, n)
		}
	}
	if len(kinds) == 0 || slices.Contains(kinds, symFunc) {
		for n := range builtins {
			names = append(names, n)
		}
	}
	return source.DidYouMean(word, names)
}
