package syntax

import "pmdcheck/model/source"

// Node is any part of the syntax tree.
type Node interface {
	Span() source.Span
}

// Decl is a top-level declaration, Stmt a statement, Expr an expression. The sets are closed by unexported markers.
type (
	Decl interface {
		Node
		decl()
	}
	Stmt interface {
		Node
		stmt()
	}
	Expr interface {
		Node
		expr()
	}
)

// node is embedded in every node; Sp is its extent in the source.
type node struct{ Sp source.Span }

func (n *node) Span() source.Span { return n.Sp }

type (
	declNode struct{ node }
	stmtNode struct{ node }
	exprNode struct{ node }
)

func (*declNode) decl() {}
func (*stmtNode) stmt() {}
func (*exprNode) expr() {}

// File is one parsed .pmd file.
type File struct {
	Source   *source.File
	Decls    []Decl
	Comments []*Comment // every comment of the file in source order; the printer puts them back
}

// Span is the whole text, or nothing for a tree that was not parsed.
func (f *File) Span() source.Span {
	if f.Source == nil {
		return source.Span{}
	}
	return source.Span{Start: f.Source.Pos(0), End: f.Source.Pos(len(f.Source.Src))}
}

// Comment is one // or /* */ comment, with its delimiters and without white space at its line ends.
type Comment struct {
	node
	Text string
}

// Ident is a name and also the expression that refers to it. Where a name is missing, the parser puts one that is "".
type Ident struct {
	exprNode
	Name string
}

// TypeExpr is a type as written: a base and a number of stars.
type TypeExpr struct {
	node
	Kind   TypeKind
	Name   *Ident // TypeNamed (bool, int, u4, a typedef), TypeStruct, TypeEnum
	Lo, Hi Expr   // TypeRange: int<Lo..Hi>
	Stars  int    // 0 or 1
}

// TypeKind says how a [TypeExpr] was written.
type TypeKind uint8

// The kinds of TypeExpr.
const (
	TypeNamed  TypeKind = iota // bool, int, u1..u16, or a typedef name
	TypeRange                  // int<lo..hi>
	TypeStruct                 // struct S
	TypeEnum                   // enum E
	TypeVoid                   // void
)

// Attr is an annotation before a declaration or behind a struct field or shared variable: @name(arg, ...).
// Known names: @kernel("file", "function", v5.9..v6.12 [, "commit"...]) on functions and processes;
// @use(prop) @free(prop) @leak(prop) on structs whose objects have a lifetime; @guard(prop), @keep and @weak on struct fields, @weak on variables.
type Attr struct {
	node
	Name *Ident
	Args []AttrArg
}

// AttrArg is one argument of an [Attr]; exactly one of Str, Ident and VersionLo is set.
type AttrArg struct {
	node
	Str                  string // unquoted
	IsStr                bool
	Ident                *Ident
	Not                  bool   // !name
	VersionLo, VersionHi string // "v5.9", "v6.12"; Hi is "" for a single version. "v6.1.." is Lo "v6.1", Open
	Open                 bool   // no upper bound
}

// Declarator is a name with array dimensions and an initialiser, as in `u2 a[3] = {1, 2, 3}`.
type Declarator struct {
	node
	Name *Ident
	Dims []Expr
	Init Expr // nil, an expression, or *InitList
}

// Top-level declarations.
type (
	// ImportDecl is `import "linux/mm/hugetlb";` (embedded library) or `import "./common";` (relative file).
	ImportDecl struct {
		declNode
		Path   string
		PathAt source.Span
	}
	// ConstDecl is `const N = 3;`. The value may use config parameters.
	ConstDecl struct {
		declNode
		Name  *Ident
		Value Expr
	}
	// ConfigDecl is `config u2 N = 2;`, `config bool b;` or `config policy = { none, rcu };` (which also declares enum policy).
	ConfigDecl struct {
		declNode
		Attrs   []*Attr
		Type    *TypeExpr // nil when Values is set
		Name    *Ident
		Values  []*Ident // the enumerated form
		Default Expr     // nil: must be swept or set; in the enumerated form always nil
	}
	// EnumDecl is `enum color { red, green };`.
	EnumDecl struct {
		declNode
		Name   *Ident
		Values []*Ident
	}
	// TypedefDecl is `typedef struct ptdesc *pud_t;`.
	TypedefDecl struct {
		declNode
		Type *TypeExpr
		Name *Ident
	}
	// StructDecl is `struct S { fields };` with attributes before it, or `struct S;`, which gives attributes to a struct that is declared elsewhere (More).
	StructDecl struct {
		declNode
		Attrs  []*Attr
		Name   *Ident
		Fields []*FieldDecl
		More   bool
	}
	// VarDecl declares global or local variables, all of one type: the stars belong to Type. A global of struct type S is an object that `struct S *` can point to.
	// Pool marks a global `pool struct S spare[2];`: objects that are not allocated at the start and that alloc(struct S) hands out.
	VarDecl struct {
		declNode
		Pool  bool
		Type  *TypeExpr
		Names []*Declarator
		Attrs []*Attr
	}
	// FuncDecl is a function; Override replaces an imported function of the same name.
	FuncDecl struct {
		declNode
		Attrs    []*Attr
		Override bool
		Result   *TypeExpr
		Name     *Ident
		Params   []*Param
		Body     *Block
	}
	// ProcDecl is `[fair] process name[count](u2 id) on cpu C in mm M { … }`.
	ProcDecl struct {
		declNode
		Attrs []*Attr
		Fair  bool
		Name  *Ident
		Count Expr   // nil: one process
		Param *Param // nil, or the parameter that is bound to the instance number 0..Count-1
		CPU   Expr   // nil: not bound
		MM    Expr   // nil: not bound
		Body  *Block
	}
	// PropertyDecl is `property name "text";`, a property of the spec's own.
	PropertyDecl struct {
		declNode
		Name *Ident
		Text string
	}
	// CheckDecl is `check a, b, c;`: the properties that count. Without one, all that occur count.
	CheckDecl struct {
		declNode
		Props []*Ident
	}
	// InvariantDecl is `invariant name: expr;`, true in every reachable state.
	InvariantDecl struct {
		declNode
		Name *Ident
		X    Expr
	}
	// LivenessDecl is `liveness name[(type x)]: form [when cond];`, where form is `eventually q`, `always eventually q` or `p leads_to q`. With a parameter
	// it is one property that has to hold for every value of the parameter: for every number or enum value of the type, or for every object of the struct.
	LivenessDecl struct {
		declNode
		Name  *Ident
		Param *Param // nil, or the parameter
		Form  LivenessForm
		P     Expr // LeadsTo: what has to be followed by Q
		Q     Expr
		When  Expr // nil: always checked
	}
	// FairDecl is `fair process;`: every process is fair.
	FairDecl struct{ declNode }
	// StepDecl is `process await (cond);`: a process that is bound to a CPU takes a step only where the condition is true.
	StepDecl struct {
		declNode
		X Expr
	}
	// CoverDecl is `cover name [: expr] [when cond];`: a state (expr), or a `cover name;` statement, that must be reached.
	CoverDecl struct {
		declNode
		Name *Ident
		X    Expr // nil: the marks in the code count
		When Expr // nil: always required
	}
	// ExpectDecl is `expect [cond] : holds [unreachable c, d] [states N] [transitions N];` or `expect [cond] : violates a, b [unreachable …] [states N]
	// [transitions N];`. The first one whose condition holds applies.
	ExpectDecl struct {
		declNode
		Cond        Expr // nil: always
		Holds       bool
		Props       []*Ident // violates
		Unreachable []*Ident // covers
		States      Expr     // nil: not stated
		Transitions Expr
	}
	// SweepDecl is `for policy, target in { x86, arm64 }, N in 1..3 [where cond];`: the configurations that are checked.
	SweepDecl struct {
		declNode
		Items []*SweepItem
		Where Expr
	}
	// TierDecl is `tier slow when cond;`: configurations that only a run asked for by that tier checks.
	TierDecl struct {
		declNode
		Name *Ident
		When Expr // nil: all configurations
	}
	// FeatureDecl is `feature name [= { shape [since v6.5], ... }] kind [since v6.5] [until v6.9] [commit "hash", ...] [requires cond] "text";`: what one
	// change of the kernel did, a parameter whose value follows from the release unless it is given. Without shapes it is a bool.
	FeatureDecl struct {
		declNode
		Name     *Ident
		Shapes   []*Shape // nil: a bool
		Kind     *Ident   // fix, design or interface
		Since    *VersionLit
		Until    *VersionLit // the first release without it again
		Commits  []*StringLit
		Requires Expr // nil: nothing
		Text     *StringLit
	}
	// ClaimDecl is `claim [when cond];`: configurations that say something about a kernel as it is, and not what would be if it were another.
	ClaimDecl struct {
		declNode
		When Expr // nil: all configurations
	}
	// StaticAssertDecl is `static_assert(cond, "text");`, at top level or as a statement.
	StaticAssertDecl struct {
		declNode
		Cond Expr
		Text string
	}
	// BadDecl stands where a declaration could not be parsed.
	BadDecl struct{ declNode }
)

// LivenessForm is the form of a [LivenessDecl].
type LivenessForm uint8

// The forms.
const (
	LeadsTo          LivenessForm = iota // whenever P is true, Q is true then or later
	Eventually                           // Q is true at least once
	AlwaysEventually                     // Q is true again and again, or from some time on
)

// FieldDecl is one line of a struct: type, declarators without initialisers, attributes.
type FieldDecl struct {
	node
	Type  *TypeExpr
	Names []*Declarator
	Attrs []*Attr
}

// Param is a function parameter.
type Param struct {
	node
	Type *TypeExpr
	Name *Ident
}

// SweepItem is one name of a [SweepDecl]: all values (Values and Lo nil), a list, or a range.
type SweepItem struct {
	node
	Name   *Ident
	Values []Expr
	Lo, Hi Expr
}

// Shape is a value of a [FeatureDecl] that has several. The default is the last one whose release has come.
type Shape struct {
	node
	Name  *Ident
	Since *VersionLit // nil: from the start
}

// Statements.
type (
	// Block is `{ … }`, a scope.
	Block struct {
		stmtNode
		Stmts []Stmt
	}
	// DeclStmt declares locals.
	DeclStmt struct {
		stmtNode
		Decl *VarDecl
	}
	// AssignStmt is `lhs op rhs;` with Op one of = += -= *= /= %= &= |= ^= <<= >>=, or `x++;` `x--;` (Op INC or DEC, Y nil).
	AssignStmt struct {
		stmtNode
		X  Expr
		Op Token
		Y  Expr
	}
	// CallStmt is a call for its effect. The parser reports anything else than a call.
	CallStmt struct {
		stmtNode
		Call Expr // *CallExpr
	}
	// IfStmt has a nil Else where there is none; Else is a *Block, *IfStmt or any other statement.
	IfStmt struct {
		stmtNode
		Cond       Expr
		Then, Else Stmt
		ElseAt     source.Pos // of the word else
	}
	// WhileStmt is `while (Cond) Body`.
	WhileStmt struct {
		stmtNode
		Cond Expr
		Body Stmt
	}
	// DoStmt is `do Body while (Cond);`.
	DoStmt struct {
		stmtNode
		Body    Stmt
		WhileAt source.Pos // of the word while
		Cond    Expr
	}
	// ForStmt is `for (Init; Cond; Post) Body`; each part may be nil.
	ForStmt struct {
		stmtNode
		Init Stmt // *DeclStmt or *AssignStmt
		Cond Expr
		Post Stmt
		Body Stmt
	}
	// SwitchStmt falls through as in C.
	SwitchStmt struct {
		stmtNode
		Tag   Expr
		Cases []*SwitchCase
	}
	// BreakStmt, ContinueStmt: as in C.
	BreakStmt    struct{ stmtNode }
	ContinueStmt struct{ stmtNode }
	// GotoStmt jumps to a label of the same function.
	GotoStmt struct {
		stmtNode
		Label *Ident
	}
	// LabeledStmt is `label: stmt`. A label that begins with "end" marks a proper place to stay for ever.
	LabeledStmt struct {
		stmtNode
		Label *Ident
		Stmt  Stmt
	}
	// ReturnStmt has a nil X in a void function.
	ReturnStmt struct {
		stmtNode
		X Expr
	}
	// AtomicStmt is `atomic { … }`: one step.
	AtomicStmt struct {
		stmtNode
		Body *Block
	}
	// AwaitStmt is `await (cond);`: blocks until cond holds, tested in one step.
	AwaitStmt struct {
		stmtNode
		Cond Expr
	}
	// ChooseStmt is `choose { case cond: … case: … default: … }`.
	ChooseStmt struct {
		stmtNode
		Cases []*ChooseCase
	}
	// AssertStmt is `assert(cond);` or `assert(cond, property);`.
	AssertStmt struct {
		stmtNode
		Cond Expr
		Prop *Ident // nil: assertion
	}
	// CoverStmt is `cover name;`: execution passed here.
	CoverStmt struct {
		stmtNode
		Name *Ident
	}
	// SkipStmt is `skip;` or `;`: skip is a step of its own that does nothing.
	SkipStmt struct {
		stmtNode
		Empty bool // a lone semicolon
	}
	// StaticAssertStmt is a static_assert among statements.
	StaticAssertStmt struct {
		stmtNode
		Decl *StaticAssertDecl
	}
	// BadStmt stands where a statement could not be parsed.
	BadStmt struct{ stmtNode }
)

// SwitchCase is `case a: case b: stmts` or `default: stmts`.
type SwitchCase struct {
	node
	Values    []Expr // empty with Default false cannot occur
	Default   bool
	DefaultAt source.Pos // of the word default, which may stand before, between or behind the values
	Body      []Stmt
}

// ChooseCase is `case cond: stmts`, `case: stmts` (Cond nil) or `default: stmts` (taken only when no other case can move).
type ChooseCase struct {
	node
	Cond    Expr
	Default bool
	Body    []Stmt
}

// Expressions.
type (
	// IntLit is a decimal, hexadecimal (0x) or binary (0b) literal.
	IntLit struct {
		exprNode
		Text  string
		Value int64 // saturated when too large; the parser reports it
	}
	// VersionLit is a release, v6.5, as the number 605.
	VersionLit struct {
		exprNode
		Text  string
		Value int64
	}
	// BoolLit is true or false.
	BoolLit struct {
		exprNode
		Value bool
	}
	// NullLit is NULL.
	NullLit struct{ exprNode }
	// StringLit occurs only where a text is expected; elsewhere the resolver reports it.
	StringLit struct {
		exprNode
		Value string
	}
	// UnaryExpr is Op X with Op one of ! - ~ * &.
	UnaryExpr struct {
		exprNode
		Op Token
		X  Expr
	}
	// BinaryExpr is X Op Y.
	BinaryExpr struct {
		exprNode
		Op   Token
		OpAt source.Pos
		X, Y Expr
	}
	// CondExpr is Cond ? X : Y.
	CondExpr struct {
		exprNode
		Cond, X, Y Expr
	}
	// CallExpr is Fun(Args).
	CallExpr struct {
		exprNode
		Fun  *Ident
		Args []Expr // a *TypeArg where the callee takes a type: alloc(struct S), container_of(p, struct S, field)
	}
	// TypeArg is a type among call arguments.
	TypeArg struct {
		exprNode
		Type *TypeExpr
	}
	// IndexExpr is X[I].
	IndexExpr struct {
		exprNode
		X, I Expr
	}
	// MemberExpr is X.Name or X->Name.
	MemberExpr struct {
		exprNode
		X     Expr
		Arrow bool
		Name  *Ident
	}
	// ParenExpr keeps the parentheses of the source for the printer.
	ParenExpr struct {
		exprNode
		X Expr
	}
	// InitList is `{ .f = x, [2] = y, z }`, only as an initialiser.
	InitList struct {
		exprNode
		Items []*InitItem
	}
	// BadExpr stands where an expression could not be parsed.
	BadExpr struct{ exprNode }
)

// InitItem is one element of an [InitList].
type InitItem struct {
	node
	Field *Ident // .field =
	Index Expr   // [index] =
	Value Expr
}
