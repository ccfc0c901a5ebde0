package second

import (
	"fmt"
	"math"
	"strings"

	"pmdcheck/model/syntax"
)

type kind int

const (
	kInt kind = iota
	kBool
	kEnum
	kHandle
	kRef
	kArray
	kStruct
	kVoid
	kNull
)

// typ is a type. Two types are one if they have the same key; a value without a variable behind it has none.
type typ struct {
	kind   kind
	key    string
	lo, hi int64
	s      *strct
	elem   *typ
	n      int
}

var (
	logic = &typ{kind: kBool, hi: 1}
	void  = &typ{kind: kVoid}
	null  = &typ{kind: kNull}
)

func (t *typ) scalar() bool  { return t.kind < kArray }
func (t *typ) pointer() bool { return t.kind == kHandle || t.kind == kRef || t.kind == kNull }

func (t *typ) same(u *typ) bool { return t != nil && u != nil && t.key != "" && t.key == u.key }

// strct is a struct with its objects.
type strct struct {
	name            string
	d               *syntax.StructDecl
	use, free, leak string
	lives           bool
	fields          []field
	objects         []string
	pool            []bool // objects that are dead at first
	node            *node  // the fields of all objects
	life            *leaf
	given           *leaf // whether alloc has given the object, or it waited in a pool
}

type field struct {
	name, guard string
	keep, weak  bool
	d           *syntax.FieldDecl
	dims        []syntax.Expr
}

// leaf is a scalar or an array of them: n cells, for each object of a struct if it is a field.
type leaf struct {
	name  string
	t     *typ
	base  int
	n     int
	s     *strct // the struct of the objects, or nil
	guard string
	proc  int // -1: shared

	keep, weak bool
}

// node is where data of any type lies.
type node struct {
	t      *typ
	leaf   *leaf
	fields map[string]*node
	elem   *node
}

// global is a variable; objects have numbers instead of a node of their own.
type global struct {
	d     *syntax.Declarator
	t     *typ
	nd    *node
	first int64 // the number of the first object
}

func base(t *typ) *typ {
	for t.kind == kArray {
		t = t.elem
	}
	return t
}

// nearest is the value of a type nearest to 0.
func (t *typ) nearest() int64 { return min(max(0, t.lo), t.hi) }

func (m *machine) declare(files []*syntax.File) {
	m.names, m.structs, m.enums, m.types, m.props = map[string]any{}, map[string]*strct{}, map[string]*typ{}, map[string]*typ{}, map[string]bool{}
	checks := map[string]bool{}
	prop := func(name string) {
		if name != "" {
			m.props[name] = true
		}
	}
	for _, p := range []string{"no_deadlock", "no_fault", "assertion"} {
		prop(p)
	}
	for _, f := range files {
		for _, d := range f.Decls {
			m.declaration(d, prop, checks)
		}
		syntax.Walk(f, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.CallExpr:
				if n.Fun.Name == "lock_acquire" {
					prop("lock_order")
				}
			case *syntax.AssertStmt:
				if n.Prop != nil {
					prop(n.Prop.Name)
				}
			}
			return true
		})
	}
	for _, d := range m.more {
		m.structs[d.Name.Name].attributes(d, prop)
	}
	for p := range m.props {
		m.props[p] = len(checks) == 0 || checks[p] || p == "assertion" || p == "no_fault"
	}
	m.raced = checks["no_data_race"]
	r := &round{m: m}
	m.objects(r)
	for _, d := range m.vars {
		for _, n := range d.Names {
			if g := m.names[n.Name.Name].(*global); g.nd == nil {
				g.nd = m.lay(g.t, n.Name.Name, 1, "", nil, -1)
				g.nd.flag(false, len(d.Attrs) > 0)
			}
		}
	}
	m.first = len(m.owner)
}

func (m *machine) declaration(d syntax.Decl, prop func(string), checks map[string]bool) {
	enum := func(name string, values []*syntax.Ident) {
		t := &typ{kind: kEnum, key: "enum " + name, hi: int64(len(values) - 1)}
		m.enums[name] = t
		for i, v := range values {
			m.names[v.Name] = operand{t: t, x: &expr{op: "num", v: int64(i), t: t}}
		}
	}
	switch d := d.(type) {
	case *syntax.ConstDecl:
		m.names[d.Name.Name] = d
	case *syntax.ConfigDecl:
		if d.Values != nil {
			enum(d.Name.Name, d.Values)
		}
		m.names[d.Name.Name] = d
	case *syntax.FeatureDecl:
		var shapes []*syntax.Ident
		for _, s := range d.Shapes {
			shapes = append(shapes, s.Name)
		}
		if shapes != nil {
			enum(d.Name.Name, shapes)
		}
		m.names[d.Name.Name] = d
	case *syntax.EnumDecl:
		enum(d.Name.Name, d.Values)
	case *syntax.TypedefDecl:
		m.names[d.Name.Name] = d
	case *syntax.StructDecl:
		if d.More {
			m.more = append(m.more, d)
			return
		}
		s := &strct{name: d.Name.Name, d: d}
		s.attributes(d, prop)
		for _, f := range d.Fields {
			guard, keep, weak := "", false, false
			for _, a := range f.Attrs {
				switch a.Name.Name {
				case "keep":
					keep = true
				case "weak":
					weak = true
				case "guard":
					guard = a.Args[0].Ident.Name
					prop(guard)
				}
			}
			for _, n := range f.Names {
				s.fields = append(s.fields, field{n.Name.Name, guard, keep, weak, f, n.Dims})
			}
		}
		m.structs[s.name] = s
		m.order = append(m.order, s)
	case *syntax.VarDecl:
		m.vars = append(m.vars, d)
	case *syntax.FuncDecl:
		m.names[d.Name.Name] = d // an override replaces
	case *syntax.ProcDecl:
		m.procs = append(m.procs, d)
	case *syntax.PropertyDecl:
		prop(d.Name.Name)
	case *syntax.CheckDecl:
		for _, p := range d.Props {
			checks[p.Name] = true
			if p.Name == "no_data_race" {
				prop(p.Name)
			}
		}
	case *syntax.InvariantDecl:
		prop(d.Name.Name)
		m.invs = append(m.invs, d)
	case *syntax.LivenessDecl:
		prop(d.Name.Name)
		m.lives = append(m.lives, d)
	case *syntax.FairDecl:
		m.allFair = true
	case *syntax.StepDecl:
		m.stepXs = append(m.stepXs, d.X)
	case *syntax.CoverDecl:
		m.covers = append(m.covers, d)
	}
}

// attributes reads those in front of a struct, or of a declaration that gives it more.
func (s *strct) attributes(d *syntax.StructDecl, prop func(string)) {
	for _, a := range d.Attrs {
		s.lives = true
		p := a.Args[0].Ident.Name
		prop(p)
		switch a.Name.Name {
		case "use":
			s.use = p
		case "free":
			s.free = p
		case "leak":
			s.leak = p
		}
	}
}

// leaky reports whether a property about leaks is checked.
func (m *machine) leaky() bool {
	for _, s := range m.order {
		if s.leak != "" && m.props[s.leak] {
			return true
		}
	}
	return false
}

// objects numbers the objects of each struct, and lays out their fields and lives.
func (m *machine) objects(r *round) {
	for _, d := range m.vars {
		for _, n := range d.Names {
			g := &global{d: n, t: m.array(m.typeOf(d.Type), n.Dims)}
			m.names[n.Name.Name] = g
			if b := base(g.t); b.kind == kStruct {
				g.first = int64(len(b.s.objects) + 1)
				names := objectNames(n.Name.Name, g.t)
				b.s.objects = append(b.s.objects, names...)
				for range names {
					b.s.pool = append(b.s.pool, d.Pool)
				}
			}
		}
	}
	for _, t := range m.types {
		if t.kind == kHandle {
			t.hi = int64(len(t.s.objects))
		}
	}
	for _, s := range m.order {
		if s.lives && len(s.objects) > 0 {
			s.life = m.leaf("live("+s.name+")", m.basic("bool"), len(s.objects), nil, "", -1)
			for i, dead := range s.pool {
				if !dead {
					m.init[s.life.base+i] = 1
				}
			}
		}
		if len(s.objects) > 0 {
			s.node = m.lay(&typ{kind: kStruct, s: s}, s.name, 1, s.use, s, -1)
		}
		if s.life != nil && s.leak == "" && m.leaky() {
			s.given = m.leaf("given("+s.name+")", m.basic("bool"), len(s.objects), nil, "", -1)
			for i, dead := range s.pool {
				if dead {
					m.init[s.given.base+i] = 1
				}
			}
		}
	}
	for _, d := range m.vars {
		for _, n := range d.Names {
			if g := m.names[n.Name.Name].(*global); base(g.t).kind == kStruct {
				g.nd = base(g.t).s.node
			}
		}
	}
}

func objectNames(name string, t *typ) (out []string) {
	if t.kind != kArray {
		return []string{name}
	}
	for i := range t.n {
		out = append(out, objectNames(fmt.Sprintf("%s[%d]", name, i), t.elem)...)
	}
	return out
}

func (m *machine) leaf(name string, t *typ, n int, s *strct, guard string, proc int) *leaf {
	l := &leaf{name: name, t: t, base: len(m.owner), n: n, s: s, guard: guard, proc: proc}
	total := n
	if s != nil {
		total *= len(s.objects)
	}
	for range total {
		m.owner = append(m.owner, l)
		m.init = append(m.init, t.nearest())
	}
	return l
}

// lay lays out data: cells is the product of the dimensions around it.
func (m *machine) lay(t *typ, path string, cells int, guard string, s *strct, proc int) *node {
	nd := &node{t: t}
	switch t.kind {
	case kStruct:
		nd.fields = map[string]*node{}
		for _, f := range t.s.fields {
			g := guard
			if f.guard != "" {
				g = f.guard
			}
			if s == nil || !s.lives {
				g = ""
			}
			nd.fields[f.name] = m.lay(m.array(m.typeOf(f.d.Type), f.dims), path+"."+f.name, cells, g, s, proc)
			nd.fields[f.name].flag(f.keep, f.weak)
		}
	case kArray:
		nd.elem = m.lay(t.elem, path, cells*t.n, guard, s, proc)
	default:
		nd.leaf = m.leaf(path, t, cells, s, guard, proc)
	}
	return nd
}

// flag notes what the attributes of a field or variable say of all that lies in it.
func (nd *node) flag(keep, weak bool) {
	if nd.leaf != nil {
		nd.leaf.keep, nd.leaf.weak = nd.leaf.keep || keep, nd.leaf.weak || weak
	}
	if nd.elem != nil {
		nd.elem.flag(keep, weak)
	}
	for _, f := range nd.fields {
		f.flag(keep, weak)
	}
}

func (m *machine) array(t *typ, dims []syntax.Expr) *typ {
	r := &round{m: m}
	for i := len(dims) - 1; i >= 0; i-- {
		t = &typ{kind: kArray, elem: t, n: int(r.constant(dims[i]))}
	}
	return t
}

func (m *machine) basic(key string) *typ {
	if t := m.types[key]; t != nil {
		return t
	}
	t := &typ{key: key}
	var n int
	switch {
	case key == "bool":
		t.kind, t.hi = kBool, 1
	case key == "int":
		t.lo, t.hi = math.MinInt16, math.MaxInt16
	default:
		if _, err := fmt.Sscanf(key, "u%d", &n); err != nil {
			panic(Unsupported("type " + key))
		}
		t.hi = 1<<n - 1
	}
	m.types[key] = t
	return t
}

func (m *machine) typeOf(x *syntax.TypeExpr) *typ {
	r := &round{m: m}
	var t *typ
	switch x.Kind {
	case syntax.TypeVoid:
		return void
	case syntax.TypeRange:
		t = &typ{lo: r.constant(x.Lo), hi: r.constant(x.Hi)}
		t.key = fmt.Sprintf("int<%d..%d>", t.lo, t.hi)
	case syntax.TypeStruct:
		s := m.structs[x.Name.Name]
		if x.Stars > 0 {
			return m.handle(s)
		}
		return &typ{kind: kStruct, s: s}
	case syntax.TypeEnum:
		t = m.enums[x.Name.Name]
	default:
		if d, ok := m.names[x.Name.Name].(*syntax.TypedefDecl); ok {
			t = m.typeOf(d.Type)
			if t.scalar() {
				key := d.Name.Name
				if m.types[key] == nil {
					c := *t
					c.key = key
					m.types[key] = &c
				}
				t = m.types[key]
			}
		} else {
			t = m.basic(x.Name.Name)
		}
	}
	if x.Stars == 0 {
		return t
	}
	if t.kind == kStruct {
		return m.handle(t.s)
	}
	return m.ref(t)
}

func (m *machine) handle(s *strct) *typ {
	key := "struct " + s.name + " *"
	if m.types[key] == nil {
		m.types[key] = &typ{kind: kHandle, key: key, s: s, hi: int64(len(s.objects))}
	}
	return m.types[key]
}

func (m *machine) ref(t *typ) *typ {
	key := t.key + " *"
	if m.types[key] == nil {
		m.types[key] = &typ{kind: kRef, key: key, elem: t, hi: math.MaxInt32}
	}
	return m.types[key]
}

// cells of references to a type: those of the shared variables whose address is taken.
func (m *machine) pointees(t *typ, f func(c int)) {
	for c := range m.first {
		l := m.owner[c]
		if l.t.key == t.key && !strings.HasPrefix(l.name, "live(") && (m.known == nil || m.known.taken[l]) {
			f(c)
		}
	}
}

// initials evaluates the initialisers of shared variables.
func (r *round) initials() {
	m := r.m
	for _, d := range m.vars {
		for _, n := range d.Names {
			if n.Init == nil {
				continue
			}
			g := m.names[n.Name.Name].(*global)
			b := r.predicate().quietly()
			b.initialise(n.Init, g.place(), func(p *place, x syntax.Expr) {
				v := b.valueOf(x).v
				if p.nd.leaf.t.kind == kBool && v != 0 {
					v = 1
				}
				c, _ := m.static(p)
				m.init[c] = v
			})
		}
	}
}

// initialise walks an initialiser along a type.
func (b *low) initialise(x syntax.Expr, p *place, store func(*place, syntax.Expr)) {
	list, isList := x.(*syntax.InitList)
	switch {
	case isList && p.t.kind == kStruct:
		next := 0
		for _, it := range list.Items {
			i := next
			if it.Field != nil {
				for k, f := range p.t.s.fields {
					if f.name == it.Field.Name {
						i = k
					}
				}
			}
			next = i + 1
			b.initialise(it.Value, p.member(p.t.s.fields[i].name), store)
		}
	case isList:
		next := int64(0)
		for _, it := range list.Items {
			i := next
			if it.Index != nil {
				i = b.quietly().valueOf(it.Index).v
			}
			next = i + 1
			b.initialise(it.Value, p.element(num(i)), store)
		}
	case p.t.kind == kArray:
		for i := range p.t.n {
			b.initialise(x, p.element(num(int64(i))), store)
		}
	default:
		store(p, x)
	}
}
