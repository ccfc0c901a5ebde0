// Package check finds out what every name of a spec means and which type every expression has: once for a spec, whatever its configuration.
//
// [Declare] enters the declarations of a spec and of what it imports; [Info.Check] looks at all of them, also at code that no configuration reaches, and reports everything that is wrong
// with names and types. What it finds stands in [Info], for which nothing has to be right: where there is an error, entries are missing or of type [Bad]. How much a constant is worth is not its
// business: it asks for the few numbers that a type is made of.
//
//	decl.go    the declarations, by name
//	attr.go    attributes
//	types.go   types, as written and as they fit each other
//	value.go   operands: values, places, addresses
//	expr.go    expressions
//	call.go    calls and built-in functions
//	stmt.go    functions, processes and statements
//	spec.go    what a spec asks and expects
//	shape.go   what the text alone tells, without names and types
package check

import (
	"fmt"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Info is what is known of a spec. It is not changed after [Info.Check] and can then be used by several goroutines.
type Info struct {
	Decls
	Defs  map[*syntax.Ident]*Object // what a declaration's name is
	Uses  map[*syntax.Ident]*Object // what any other name means; built-in functions and this_cpu, self and this_mm mean no object
	Types map[syntax.Expr]*Type     // of every expression

	Written   map[*syntax.TypeExpr]*Type // the types that are written down
	Constants []syntax.Expr              // in bodies: what has to be a constant

	mm *Type // of this_mm: a pointer to what all processes are in; Bad if there are none
}

// Object is what a name means.
type Object struct {
	Kind ObjectKind
	Name string
	At   source.Span

	// By kind.
	Const   *syntax.ConstDecl
	Config  *syntax.ConfigDecl
	Feature *syntax.FeatureDecl
	Enum    *Enum // of a value; of a parameter or feature that declares its values; of a tag
	Value   int32 // of an enum value
	Typedef *syntax.TypedefDecl
	Var     *syntax.VarDecl    // of a variable, shared or local
	Declr   *syntax.Declarator // of these, the one
	Func    *syntax.FuncDecl
	Struct  *Struct       // of a tag; the one around a field
	Param   *syntax.Param // of a function, process or liveness property
	Label   *syntax.LabeledStmt

	typ   *Type // once it is known
	about bool  // to find out
	fixed bool  // a parameter that is a number: of a process or of a liveness property
	alias bool  // a local pointer that stands for the place it was given
	local bool  // with alias: the place is a local
}

// Type is the type of what the object stands for, nil where it has none.
func (o *Object) Type() *Type { return o.typ }

// IsParam reports whether the object has a value of its own in every configuration.
func (o *Object) IsParam() bool { return o.Kind == ConfigObject || o.Kind == FeatureObject }

// ObjectKind says what an [Object] is.
type ObjectKind uint8

// The kinds of objects.
const (
	ConstObject ObjectKind = iota
	ConfigObject
	EnumValueObject
	TypedefObject
	VarObject
	FuncObject
	FeatureObject
	LocalObject
	ParamObject
	FieldObject
	StructObject
	EnumObject
	LabelObject
)

func (k ObjectKind) String() string {
	names := [...]string{"constant", "config parameter", "enum value", "type", "variable", "function", "feature", "local variable", "parameter", "field", "struct", "enum", "label"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("ObjectKind(%d)", uint8(k))
}

// Good reports whether an expression was looked at and nothing is wrong with it.
func (in *Info) Good(x syntax.Expr) bool {
	t := in.Types[x]
	return t != nil && t.Kind != KindBad
}

// ObjectOf is what a name is or means, or nil.
func (in *Info) ObjectOf(id *syntax.Ident) *Object {
	if o := in.Defs[id]; o != nil {
		return o
	}
	return in.Uses[id]
}

// checker checks the declarations of one spec.
type checker struct {
	*Info
	diags  *source.List
	number func(syntax.Expr) (int64, bool)

	scope *scope // of locals; nil where only global names are known
	where where
	fn    *function
	decl  *syntax.FuncDecl // whose body it is, if it is a function's

	originals []*Object // replaced functions that their overrides call
}

// where is what surrounds an expression.
type where uint8

const (
	inConstant  where = iota // no process is running, and no state is looked at
	inPredicate              // no process is running
	inBinding                // behind `on cpu` and `in`: constants that may depend on the process
	inStep                   // of a process that is about to take a step
	inCode
)

// Check looks at every declaration. number is what a constant of these declarations is worth where parameters have their defaults; it is asked for constants that were found to be good only, and reports nothing.
func (in *Info) Check(diags *source.List, number func(syntax.Expr) (int64, bool)) {
	in.Types, in.Written = map[syntax.Expr]*Type{}, map[*syntax.TypeExpr]*Type{}
	c := &checker{Info: in, diags: diags, number: number}
	in.observed(diags)
	for _, o := range in.Configs {
		c.config(o)
	}
	c.structs()
	c.variables()
	c.mm = Bad
	for _, d := range in.Covers {
		c.cover(d)
	}
	for _, d := range in.Statics {
		c.integer(d.Cond)
	}
	for _, d := range in.Procs {
		c.process(d)
	}
	c.predicates()
	for _, o := range in.sorted() {
		switch o.Kind {
		case ConstObject, TypedefObject:
			c.typeOfObject(o)
		case FuncObject:
			c.function(o.Func)
		}
	}
	for i := 0; i < len(c.originals); i++ {
		c.function(c.originals[i].Func)
	}
	c.recursion()
	c.overrides()
	c.questions()
}

func (c *checker) errorf(code string, at source.Span, format string, args ...any) {
	c.diags.Errorf(code, at, format, args...)
}

func (c *checker) report(code string, at source.Span, msg, hint string, related ...source.Related) {
	c.diags.Add(source.Diagnostic{Code: code, Span: at, Msg: msg, Hint: hint, Related: related})
}

// scope is a block.
type scope struct {
	parent *scope
	names  map[string]*Object
}

func (s *scope) find(name string) *Object {
	for ; s != nil; s = s.parent {
		if o := s.names[name]; o != nil {
			return o
		}
	}
	return nil
}

// within runs f in a block of its own.
func (c *checker) within(f func()) {
	c.scope = &scope{parent: c.scope, names: map[string]*Object{}}
	f()
	c.scope = c.scope.parent
}

// elsewhere runs f with other surroundings.
func (c *checker) elsewhere(w where, s *scope, f func()) {
	oldWhere, oldScope := c.where, c.scope
	c.where, c.scope = w, s
	f()
	c.where, c.scope = oldWhere, oldScope
}
