package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Decls are the declarations of a spec and everything it imports, in one name space.
type Decls struct {
	Files      []*syntax.File // what is imported before what imports it
	Names      map[string]*Object
	Structs    map[string]*Struct
	Enums      map[string]*Enum
	Procs      []*syntax.ProcDecl
	Overrides  [][2]*syntax.FuncDecl        // what is replaced, and by what
	replaced   map[*syntax.FuncDecl]*Object // by an override, which may call it
	more       []*syntax.StructDecl         // attributes for structs declared elsewhere
	Configs    []*Object
	Features   []*Object
	Vars       []*syntax.VarDecl // shared variables in declaration order
	Props      []*Prop
	PropByName map[string]*Prop
	Checks     []*syntax.CheckDecl
	Invariants []*syntax.InvariantDecl
	Liveness   []*syntax.LivenessDecl
	AllFair    bool // `fair process;`
	Steps      []*syntax.StepDecl
	Covers     []*syntax.CoverDecl
	Marks      map[string]bool // names of cover statements
	Expects    []*syntax.ExpectDecl
	Sweeps     []*syntax.SweepDecl
	Tiers      []*syntax.TierDecl
	Claims     []*syntax.ClaimDecl
	Statics    []*syntax.StaticAssertDecl
	Groups     []*Group

	files *source.Set
}

// Struct is a struct.
type Struct struct {
	Name            string
	Decl            *syntax.StructDecl
	Use, Free, Leak string // properties, "" without a lifetime
	Lives           bool   // has a lifetime
	Allocated       bool   // somewhere there is alloc() of it
	Fields          []Field
	Index           map[string]int

	tag *Object
}

// Field is a field of a struct.
type Field struct {
	Name  string
	At    source.Span
	Type  *syntax.TypeExpr
	Dims  []syntax.Expr
	Guard string
	Keep  bool // alloc() leaves it as it is
	Weak  bool // what it points to may be lost all the same
	obj   *Object
}

// Enum is an enum, or the values of a parameter or feature.
type Enum struct {
	Name   string
	Values []string
	At     source.Span

	tag *Object
}

// Prop is a property.
type Prop struct {
	Name string
	Text string
	At   source.Span
	Used bool // something in the spec observes it
	Own  bool // declared outside the library
}

// Group is a name for some values of a parameter: @group(arch, arm64, arm64_4k, arm64_64k).
type Group struct {
	Name, Value string
	Param       *syntax.ConfigDecl
	Members     []*syntax.Ident
}

// Declare enters the declarations of a spec: of its files, what is imported before what imports it.
func Declare(files *source.Set, asts []*syntax.File, diags *source.List) *Info {
	in := &Info{Defs: map[*syntax.Ident]*Object{}, Uses: map[*syntax.Ident]*Object{}, Decls: Decls{
		Files: asts, files: files, Names: map[string]*Object{}, Structs: map[string]*Struct{}, Enums: map[string]*Enum{}, PropByName: map[string]*Prop{}, Marks: map[string]bool{},
	}}
	for _, b := range builtinProps {
		in.property(b.Name, b.Text, source.Span{})
	}
	for _, f := range asts {
		in.declare(f, diags)
	}
	in.enterMore(diags)
	return in
}

// LockOrder is the property that the marks of lock_acquire() are about. A spec that calls it has the property.
const LockOrder = "lock_order"

// NoDataRace is the property about the marks of accesses. A spec that checks it has it; it need not be declared.
const NoDataRace = "no_data_race"

// builtinProps are properties every spec has without declaring them; their texts come from the catalogue where one is given.
var builtinProps = []Prop{
	{Name: "no_deadlock", Text: "no state without successors in which a process is not at a proper end"},
	{Name: "no_fault", Text: "the model itself does not go wrong: NULL, index, overflow, division"},
	{Name: "assertion", Text: "every assert without a property of its own holds"},
}

// declare enters the declarations of one file.
func (p *Info) declare(f *syntax.File, diags *source.List) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *syntax.ConstDecl:
			p.enter(d.Name, &Object{Kind: ConstObject, Const: d}, diags)
		case *syntax.ConfigDecl:
			s := &Object{Kind: ConfigObject, Config: d}
			p.enterGroups(d, diags)
			if d.Values != nil {
				s.Enum = p.enterEnum(d.Name, d.Values, diags)
			}
			if p.enter(d.Name, s, diags) {
				p.Configs = append(p.Configs, s)
			}
		case *syntax.FeatureDecl:
			p.enterFeature(d, diags)
		case *syntax.EnumDecl:
			p.enterEnum(d.Name, d.Values, diags)
		case *syntax.TypedefDecl:
			p.enter(d.Name, &Object{Kind: TypedefObject, Typedef: d}, diags)
		case *syntax.StructDecl:
			if d.More {
				p.more = append(p.more, d)
			} else {
				p.enterStruct(d, diags)
			}
		case *syntax.VarDecl:
			p.Vars = append(p.Vars, d)
			p.variableAttrs(d, diags)
			for _, n := range d.Names {
				p.enter(n.Name, &Object{Kind: VarObject, Var: d, Declr: n}, diags)
			}
		case *syntax.FuncDecl:
			p.enterFunc(d, diags)
			p.checkAttrs(d.Attrs, diags)
		case *syntax.ProcDecl:
			for _, q := range p.Procs {
				if q.Name.Name == d.Name.Name {
					diags.Add(source.Diagnostic{Code: "duplicate-name", Span: d.Name.Sp, Msg: "process " + source.Quote(d.Name.Name) + " is declared twice", Related: []source.Related{{Span: q.Name.Sp, Msg: "the other one"}}})
				}
			}
			p.Procs = append(p.Procs, d)
			p.checkAttrs(d.Attrs, diags)
		case *syntax.PropertyDecl:
			p.property(d.Name.Name, d.Text, d.Name.Sp).Own = !strings.HasPrefix(f.Source.Name, "linux/")
		case *syntax.CheckDecl:
			p.Checks = append(p.Checks, d)
			for _, id := range d.Props {
				if id.Name == NoDataRace {
					q := p.property(NoDataRace, "", id.Sp)
					q.Text, q.Used = cmp.Or(q.Text, "no two processes can make conflicting accesses next, one of them plain"), true
				}
			}
		case *syntax.InvariantDecl:
			p.property(d.Name.Name, "", d.Name.Sp)
			p.Invariants = append(p.Invariants, d)
		case *syntax.LivenessDecl:
			p.property(d.Name.Name, "", d.Name.Sp)
			p.Liveness = append(p.Liveness, d)
		case *syntax.FairDecl:
			p.AllFair = true
		case *syntax.StepDecl:
			p.Steps = append(p.Steps, d)
		case *syntax.CoverDecl:
			p.Covers = append(p.Covers, d)
		case *syntax.ExpectDecl:
			p.Expects = append(p.Expects, d)
		case *syntax.SweepDecl:
			if len(p.Sweeps) > 0 {
				diags.Add(source.Diagnostic{
					Code: "duplicate-sweep", Span: d.Sp, Msg: "a spec has one sweep", Related: []source.Related{{Span: p.Sweeps[0].Sp, Msg: "the first one"}},
					Hint: "put all parameters into one `for` line",
				})
			}
			p.Sweeps = append(p.Sweeps, d)
		case *syntax.TierDecl:
			p.Tiers = append(p.Tiers, d)
		case *syntax.ClaimDecl:
			p.Claims = append(p.Claims, d)
		case *syntax.StaticAssertDecl:
			p.Statics = append(p.Statics, d)
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if n.Fun.Name == "lock_acquire" {
				p.property(LockOrder, "locks are taken in one order of their classes", n.Fun.Sp).Used = true
			}
		case *syntax.CoverStmt:
			p.Marks[n.Name.Name] = true
		case *syntax.AssertStmt:
			if n.Prop != nil {
				p.property(n.Prop.Name, "", n.Prop.Sp).Used = true
			}
		}
		return true
	})
}

// enter enters an object under its name.
func (p *Info) enter(id *syntax.Ident, o *Object, diags *source.List) bool {
	o.Name, o.At = id.Name, id.Sp
	p.Defs[id] = o
	if IsBuiltin(o.Name) {
		diags.Errorf("duplicate-name", o.At, "%s is a built-in function", source.Quote(o.Name))
		return false
	}
	if old := p.Names[o.Name]; old != nil {
		old.typ = Bad // it is not known which of the two is meant
		diags.Add(source.Diagnostic{
			Code: "duplicate-name", Span: o.At, Msg: o.Kind.String() + " " + source.Quote(o.Name) + " is declared twice",
			Related: []source.Related{{Span: old.At, Msg: "the other " + old.Kind.String()}},
		})
		return false
	}
	p.Names[o.Name] = o
	return true
}

func (p *Info) enterFunc(d *syntax.FuncDecl, diags *source.List) {
	old := p.Names[d.Name.Name]
	if d.Override {
		if old == nil || old.Kind != FuncObject {
			diags.Add(source.Diagnostic{Code: "bad-override", Span: d.Name.Sp, Msg: "there is no imported function " + source.Quote(d.Name.Name) + " to override", Hint: p.Suggest(d.Name.Name, FuncObject)})
		} else {
			p.Overrides = append(p.Overrides, [2]*syntax.FuncDecl{old.Func, d})
			if p.replaced == nil {
				p.replaced = map[*syntax.FuncDecl]*Object{}
			}
			p.replaced[d] = old
			inheritRole(old.Func, d)
		}
		delete(p.Names, d.Name.Name)
	}
	p.enter(d.Name, &Object{Kind: FuncObject, Func: d}, diags)
}

func (p *Info) enterEnum(name *syntax.Ident, values []*syntax.Ident, diags *source.List) *Enum {
	e := &Enum{Name: name.Name, At: name.Sp}
	e.tag = &Object{Kind: EnumObject, Name: e.Name, At: e.At, Enum: e}
	p.Defs[name] = e.tag // unless it is the name of a parameter or feature too
	for i, v := range values {
		e.Values = append(e.Values, v.Name)
		// A config's own name is entered after its values, so that a value of the same name is what is reported.
		p.enter(v, &Object{Kind: EnumValueObject, Enum: e, Value: int32(i)}, diags)
	}
	if old := p.Enums[e.Name]; old != nil {
		diags.Add(source.Diagnostic{Code: "duplicate-name", Span: name.Sp, Msg: "enum " + source.Quote(e.Name) + " is declared twice", Related: []source.Related{{Span: old.At, Msg: "the other one"}}})
	} else {
		p.Enums[e.Name] = e
	}
	return e
}

func (p *Info) enterStruct(d *syntax.StructDecl, diags *source.List) {
	s := &Struct{Name: d.Name.Name, Decl: d, Index: map[string]int{}}
	s.tag = &Object{Kind: StructObject, Name: s.Name, At: d.Name.Sp, Struct: s}
	p.Defs[d.Name] = s.tag
	p.lifetime(s, d, diags)
	for _, f := range d.Fields {
		guard, keep, weak := "", false, false
		for _, a := range f.Attrs {
			switch {
			case a.Name.Name == "keep" && len(a.Args) == 0:
				keep = true
			case a.Name.Name == "weak" && len(a.Args) == 0:
				weak = true
			case a.Name.Name == "guard" && len(a.Args) == 1 && a.Args[0].Ident != nil:
				guard = a.Args[0].Ident.Name
				p.property(guard, "", a.Args[0].Ident.Sp).Used = true
			default:
				diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a field", Hint: "a field takes @guard(property), @keep and @weak"})
			}
		}
		for _, n := range f.Names {
			if _, dup := s.Index[n.Name.Name]; dup {
				diags.Errorf("duplicate-name", n.Name.Sp, "struct %s has two fields %s", s.Name, source.Quote(n.Name.Name))
				continue
			}
			s.Index[n.Name.Name] = len(s.Fields)
			o := &Object{Kind: FieldObject, Name: n.Name.Name, At: n.Name.Sp, Struct: s, Declr: n}
			p.Defs[n.Name] = o
			s.Fields = append(s.Fields, Field{Name: n.Name.Name, At: n.Name.Sp, Type: f.Type, Dims: n.Dims, Guard: guard, Keep: keep, Weak: weak, obj: o})
		}
	}
	if old := p.Structs[s.Name]; old != nil {
		diags.Add(source.Diagnostic{Code: "duplicate-name", Span: d.Name.Sp, Msg: "struct " + source.Quote(s.Name) + " is declared twice", Related: []source.Related{{Span: old.Decl.Name.Sp, Msg: "the other one"}}})
		return
	}
	p.Structs[s.Name] = s
}

// lifetime reads the attributes in front of a struct, or of one that gives it more of them.
func (p *Info) lifetime(s *Struct, d *syntax.StructDecl, diags *source.List) {
	for _, a := range d.Attrs {
		if len(a.Args) != 1 || a.Args[0].Ident == nil {
			diags.Errorf("bad-attribute", a.Sp, "@%s takes one property name", a.Name.Name)
			continue
		}
		var to *string
		switch a.Name.Name {
		case "use":
			to = &s.Use
		case "free":
			to = &s.Free
		case "leak":
			to = &s.Leak
		default:
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a struct", Hint: "a struct takes @use, @free and @leak"})
			continue
		}
		if d.More && *to != "" {
			diags.Add(source.Diagnostic{
				Code: "bad-attribute", Span: a.Sp, Msg: "struct " + s.Name + " has @" + a.Name.Name + "(" + *to + ") already",
				Related: []source.Related{{Span: s.Decl.Name.Sp, Msg: "the struct"}},
			})
			continue
		}
		*to, s.Lives = a.Args[0].Ident.Name, true
		p.property(*to, "", a.Args[0].Ident.Sp).Used = true
	}
}

// enterMore gives structs the attributes that are declared apart from them.
func (p *Info) enterMore(diags *source.List) {
	for _, d := range p.more {
		s := p.Structs[d.Name.Name]
		if s == nil {
			diags.Add(source.Diagnostic{Code: "unknown-type", Span: d.Name.Sp, Msg: "unknown type struct " + d.Name.Name, Hint: source.DidYouMean(d.Name.Name, slices.Collect(maps.Keys(p.Structs)))})
			continue
		}
		p.Defs[d.Name] = s.tag
		p.lifetime(s, d, diags)
	}
}

// variableAttrs reads the attributes behind shared variables.
func (p *Info) variableAttrs(d *syntax.VarDecl, diags *source.List) {
	for _, a := range d.Attrs {
		if a.Name.Name != "weak" || len(a.Args) != 0 {
			diags.Add(source.Diagnostic{Code: "bad-attribute", Span: a.Sp, Msg: "unknown attribute @" + a.Name.Name + " on a variable", Hint: "a variable takes @weak"})
		}
	}
}

// property finds or makes the entry of a property.
func (p *Info) property(name, text string, at source.Span) *Prop {
	q := p.PropByName[name]
	if q == nil {
		q = &Prop{Name: name, At: at}
		p.Props = append(p.Props, q)
		p.PropByName[name] = q
	}
	if text != "" {
		q.Text = text
	}
	return q
}

// Suggest looks among global names of the given kinds (all kinds when none is given).
func (p *Info) Suggest(word string, kinds ...ObjectKind) string {
	var names []string
	for n, s := range p.Names {
		if len(kinds) == 0 || slices.Contains(kinds, s.Kind) {
			names = append(names, n)
		}
	}
	if len(kinds) == 0 || slices.Contains(kinds, FuncObject) {
		names = slices.AppendSeq(names, maps.Keys(builtins))
	}
	return source.DidYouMean(word, names)
}
