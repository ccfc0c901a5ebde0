package elab_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
)

// place is a place of the grammar where an expression has to be known before any process runs. Its template has a line of its own for the expression, @, and good is what may stand there.
type place struct {
	name   string
	node   string // "SweepItem.Lo": the field of the syntax tree, which TestConstantPlaces holds against all of them
	text   string
	config bool // config parameters have values there
	addr   bool // addresses of objects are known there
	good   string
}

// before declares what the expressions are made of. No process writes n.
const before = `config u2 c = 2;
config u1 z = 0;
config int<0..9> s = 0;
const K = 1;
const V = n;
const D = 6 / z;
struct obj { u2 v; };
@use(p) struct life { u2 v; };
property p "p";
u2 n = 3; u2 w; u2 a[2]; u2 *r = &w; bool b;
struct obj A; struct life L;
u1 l1;
u2 f(u2 x) { return x; }
process main { w = 1; A.v = 1; b = true; L.v = 1; r = &n; }
`

var places = []place{
	{"lower bound of a sweep", "SweepItem.Lo", "for s in\n@ .. 9;", false, false, "K"},
	{"upper bound of a sweep", "SweepItem.Hi", "for s in 0 ..\n@ ;", false, false, "K + 1"},
	{"value of a sweep", "SweepItem.Values", "for s in { 1,\n@ };", false, false, "K + 1"},
	{"where", "SweepDecl.Where", "for s in 0..1 where\n@ ;", true, false, "c == 2"},
	{"tier", "TierDecl.When", "tier deep when\n@ ;", true, false, "c == 2"},
	{"claim", "ClaimDecl.When", "claim when\n@ ;", true, false, "c == 2"},
	{"requires", "FeatureDecl.Requires", "const KERNEL = v6.5; feature ft fix requires\n@ \"t\";", true, false, "c == 2"},
	{"expect", "ExpectDecl.Cond", "expect\n@ : holds;", true, false, "c == 2"},
	{"states", "ExpectDecl.States", "expect : holds states\n@ ;", true, false, "K + c"},
	{"transitions", "ExpectDecl.Transitions", "expect : holds states 3 transitions\n@ ;", true, false, "K + c"},
	{"cover when", "CoverDecl.When", "cover one: w == 1 when\n@ ;", true, true, "c == 2"},
	{"liveness when", "LivenessDecl.When", "liveness l: eventually w == 1 when\n@ ;", true, true, "c == 2"},
	{"default of a parameter", "ConfigDecl.Default", "config u2 d =\n@ ;", false, false, "K"},
	{"range of a parameter, below", "TypeExpr.Lo", "config int<\n@ .. 9> d = 9;", false, false, "K"},
	{"range of a parameter, above", "TypeExpr.Hi", "config int<0 ..\n@ > d = 0;", false, false, "K"},
	{"range of a parameter's type", "TypeExpr.Hi", "typedef int<0 ..\n@ > dt; config dt d = 0;", false, true, "K"},
	{"constant", "ConstDecl.Value", "const Q =\n@ ;", true, true, "K + c"},
	{"range of a typedef", "TypeExpr.Hi", "typedef int<0 ..\n@ > t; t t1;", true, true, "K + c"},
	{"range of a variable", "TypeExpr.Hi", "int<0 ..\n@ > t1;", true, true, "K + c"},
	{"range of a local", "TypeExpr.Hi", "process o { int<0 ..\n@ > t1; t1 = w; w = t1; }", true, true, "K + c"},
	{"range of a parameter of a function", "TypeExpr.Hi", "void g(int<0 ..\n@ > t1) { w = 1; } process o { g(w); }", true, true, "K + c"},
	{"elements of a variable", "Declarator.Dims", "u2 t1[\n@ ];", true, true, "K + c"},
	{"elements of a field", "Field.Dims", "struct q { u2 v[\n@ ]; }; struct q t1;", true, true, "K + c"},
	{"elements of a local", "Declarator.Dims", "process o { u2 t1[\n@ ]; t1[0] = w; w = t1[0]; }", true, true, "K + c"},
	{"initialiser", "Declarator.Init", "u8 t1 =\n@ ;", true, true, "K + c"},
	{"initialiser in braces", "InitItem.Value", "u8 t1[2] = { 1,\n@ };", true, true, "K + c"},
	{"index of an initialiser", "InitItem.Index", "u8 t1[4] = { [\n@ ] = 1 };", true, true, "K + c"},
	{"instances", "ProcDecl.Count", "process o[\n@ ] { w = 2; }", true, true, "K + c"},
	{"cpu", "ProcDecl.CPU", "process o on cpu\n@ { w = 2; }", true, true, "K + c"},
	{"static_assert", "StaticAssertDecl.Cond", "static_assert(\n@ );", true, true, "c == 2"},
	{"static_assert of a process", "StaticAssertDecl.Cond", "process o { static_assert(\n@ ); w = 2; }", true, true, "c == 2"},
	{"case label", "SwitchCase.Values", "process o { switch (w) { case\n@ : w = 2; } }", true, true, "K + c"},
	{"subclass", "CallExpr.Args", "process o { lock_acquire(&l1,\n@ ); lock_release(&l1); w = 2; }", true, true, "K + c"},
}

// noConstants are expressions that no process has to run for to be known not to be constant, or not to have a value.
var noConstants = []string{
	"n", "w", "n + 1", "w > 0", "A.v", "a[0]", "a[K]", "*r", "w ? 1 : 2", "K ? n : 1", "live(&L)", "peek(A.v)", "READ_ONCE(n)", "f(1)", "this_cpu", "self", "V", "V + 1", "b", "n == n",
	"1 / 0", "1 % 0", "6 / (K - 1)", "1 << 32", "1 << -1", "1 >> 40", "2147483647 + K", "65536 * 65536", "-2147483647 - 2", "-(-2147483647 - 1)", "-2147483649", "K == 1 && 1 / 0", "this_mm",
}

func load(t *testing.T, src string) (configs []elab.Configuration, err error) {
	t.Helper()
	spec, err := (&elab.Loader{Library: linux.FS}).Load("t.pmd", []byte(src))
	if err != nil {
		return nil, err
	}
	if configs, err = spec.Configurations(nil); err != nil {
		return nil, err
	}
	for _, c := range configs {
		if _, err := spec.Build(c, elab.BuildOptions{}); err != nil {
			return nil, err
		}
	}
	return configs, nil
}

// TestConstants: an expression that is no constant is an error with the place of it, wherever a constant has to be. It used to be taken for zero in the sweep, in conditions of
// expectations and elsewhere: nothing was checked, and all was as expected.
func TestConstants(t *testing.T) {
	head := strings.NewReplacer("const V = n;\n", "", "const D = 6 / z;\n", "").Replace(before)
	for _, p := range places {
		at := func(x string) string {
			src := strings.Replace(p.text, "@", x, 1)
			if strings.Contains(x, "V") {
				src += "\nconst V = n;"
			}
			return head + src
		}
		bad := slices.Clone(noConstants)
		if !p.config {
			bad = append(bad, "c", "c + 1", "C + 1")
		}
		if !p.addr {
			bad = append(bad, "&A == &A", "&w == r", "&A != NULL")
		}
		for _, x := range bad {
			if p.node == "ProcDecl.CPU" && x == "self" {
				continue // the number of the process, which its declaration knows
			}
			src := at(x) + "\nconst C = c;"
			configs, err := load(t, src)
			var list *source.List
			if !errors.As(err, &list) {
				t.Errorf("%s: %s is taken, %d configurations, error %v", p.name, x, len(configs), err)
				continue
			}
			line := strings.Count(head+p.text[:strings.Index(p.text, "@")], "\n") + 1
			if !slices.ContainsFunc(list.Diags, func(d source.Diagnostic) bool {
				return d.Span.Start.Line() == line || x[0] == 'V' && d.Code == "not-constant"
			}) {
				t.Errorf("%s: %s is reported elsewhere: %s", p.name, x, err)
			}
			for _, d := range list.Diags {
				if d.Code == "not-constant" && d.Hint == "" {
					t.Errorf("%s: %s: no hint: %s", p.name, x, d.Msg)
				}
			}
		}
		if configs, err := load(t, at(p.good)); err != nil || len(configs) == 0 {
			t.Errorf("%s: %s is refused: %v", p.name, p.good, err)
		}
		// What has no value in a configuration is an error of that configuration, whatever the others say.
		if p.config {
			src := at("6 / z")
			if _, err := load(t, src); p.node == "ConstDecl.Value" && err == nil {
				// Only what uses it needs its value.
			} else if err == nil || !strings.Contains(err.Error(), "division by zero") {
				t.Errorf("%s: 6 / z with z = 0: %v", p.name, err)
			}
			if strings.Contains(p.good, "==") {
				if _, err := load(t, at("z == 0 || 6 / z > 0")); err != nil {
					t.Errorf("%s: a side that is not looked at: %v", p.name, err)
				}
			}
		}
	}
}

// runTime are the fields of the syntax tree that hold expressions which processes, invariants and covers evaluate.
var runTime = []string{
	"InvariantDecl.X", "StepDecl.X", "CoverDecl.X", "LivenessDecl.P", "LivenessDecl.Q", "ProcDecl.MM", "AssignStmt.X", "AssignStmt.Y", "IfStmt.Cond", "WhileStmt.Cond", "DoStmt.Cond", "ForStmt.Cond", "SwitchStmt.Tag",
	"ChooseCase.Cond", "ReturnStmt.X", "AwaitStmt.Cond", "AssertStmt.Cond", "ExprStmt.X", "ParenExpr.X", "UnaryExpr.X", "BinaryExpr.X", "BinaryExpr.Y", "CondExpr.Cond", "CondExpr.X", "CondExpr.Y", "IndexExpr.X",
	"IndexExpr.I", "MemberExpr.X", "CallStmt.Call",
}

// TestConstantPlaces: every field of the syntax tree that holds an expression is in TestConstants or evaluated at run time.
func TestConstantPlaces(t *testing.T) {
	known := map[string]bool{}
	for _, p := range places {
		known[p.node] = true
	}
	for _, n := range runTime {
		known[n] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../syntax/nodes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			x := f.Type
			if a, ok := x.(*ast.ArrayType); ok {
				x = a.Elt
			}
			if id, ok := x.(*ast.Ident); !ok || id.Name != "Expr" {
				continue
			}
			for _, name := range f.Names {
				met++
				if !known[spec.Name.Name+"."+name.Name] {
					t.Errorf("%s.%s is in no list", spec.Name.Name, name.Name)
				}
			}
		}
		return true
	})
	if met < 30 {
		t.Errorf("only %d fields", met)
	}
}

// value is what an expression of constants is, with the number of its faults: a division by zero, a shift that is none, or a value beyond 32 bits, also of parts that do not matter.
type value struct {
	text string
	v    int64
	ok   bool // it has a value
	sure bool // no part of it is without one
}

func constants(depth int) *rapid.Generator[value] {
	return rapid.Custom(func(t *rapid.T) value {
		fits := func(v int64) bool { return v == int64(int32(v)) }
		b2i := func(b bool) int64 {
			if b {
				return 1
			}
			return 0
		}
		if depth == 0 || rapid.IntRange(0, 4).Draw(t, "leaf") == 0 {
			v := rapid.SampledFrom([]int64{0, 1, 2, 3, 31, 32, 65536, 1 << 30, 2147483647, -1 << 31}).Draw(t, "number")
			if v < 0 {
				return value{"-2147483647 - 1", v, true, true}
			}
			return value{fmt.Sprint(v), v, true, true}
		}
		x := constants(depth-1).Draw(t, "x")
		switch op := rapid.SampledFrom([]string{"-", "~", "!", "+", "- ", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "<", ">=", "&&", "||", "?"}).Draw(t, "op"); op {
		case "-":
			return value{"-(" + x.text + ")", -x.v, x.ok && fits(-x.v), x.sure && fits(-x.v)}
		case "~":
			return value{"~(" + x.text + ")", ^x.v, x.ok, x.sure}
		case "!":
			return value{"!(" + x.text + ")", b2i(x.v == 0), x.ok, x.sure}
		case "?":
			y, z := constants(depth-1).Draw(t, "y"), constants(depth-1).Draw(t, "z")
			r := z
			if x.v != 0 {
				r = y
			}
			return value{"(" + x.text + ") ? (" + y.text + ") : (" + z.text + ")", r.v, x.ok && r.ok, x.sure && y.sure && z.sure}
		default:
			y := constants(depth-1).Draw(t, "y")
			r := value{text: "(" + x.text + ") " + op + " (" + y.text + ")", ok: x.ok && y.ok, sure: x.sure && y.sure}
			switch op {
			case "&&":
				r.v, r.ok = b2i(x.v != 0 && y.v != 0), x.ok && (x.v == 0 || y.ok)
				return r
			case "||":
				r.v, r.ok = b2i(x.v != 0 || y.v != 0), x.ok && (x.v != 0 || y.ok)
				return r
			}
			defined := true
			switch op {
			case "/", "%":
				if defined = y.v != 0; defined {
					r.v = x.v / y.v
					if op == "%" {
						r.v = x.v % y.v
					}
				}
			case "<<", ">>":
				if defined = y.v >= 0 && y.v < 32; defined {
					r.v = x.v << (y.v & 63)
					if op == ">>" {
						r.v = x.v >> (y.v & 63)
					}
				}
			case "+":
				r.v = x.v + y.v
			case "- ":
				r.v = x.v - y.v
			case "*":
				r.v = x.v * y.v
			case "&":
				r.v = x.v & y.v
			case "|":
				r.v = x.v | y.v
			case "^":
				r.v = x.v ^ y.v
			case "==":
				r.v = b2i(x.v == y.v)
			case "<":
				r.v = b2i(x.v < y.v)
			case ">=":
				r.v = b2i(x.v >= y.v)
			}
			defined = defined && fits(r.v)
			r.ok, r.sure = r.ok && defined, r.sure && defined
			if !r.ok {
				r.v = 0
			}
			return r
		}
	})
}

// TestHugeConstant: values beyond all bounds are an error and not a loop without end.
func TestHugeConstant(t *testing.T) {
	for _, x := range []string{"((1 << 31) << 31) | 1", "(1 << 31 << 31 << 31) ^ 3", "((1073741824 * 1073741824) * 1073741824) | 1", "-((1 << 31) << 31) & 7 | 1"} {
		if _, err := load(t, "u2 w; process p { w = 1; }\nconst K = "+x+";\n"); err == nil || !strings.Contains(err.Error(), "32 bits") {
			t.Errorf("%s: %v", x, err)
		}
	}
}

// TestConstantValues: an expression of constants has the value it has in C with 64 bits, or is an error if it has none in 32 bits. One of which only a part that does not matter has none may
// be an error.
func TestConstantValues(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := constants(3).Draw(rt, "x")
		src := "u2 w; process main { w = 1; }\nconst K = " + x.text + ";\nstatic_assert((" + x.text + ") == K);\nexpect : holds states (" + x.text + ") == K ? 7 : 8;\n"
		spec, err := (&elab.Loader{}).Load("t.pmd", []byte(src))
		var configs []elab.Configuration
		if err == nil {
			if configs, err = spec.Configurations(nil); err == nil {
				_, err = spec.Build(configs[0], elab.BuildOptions{})
			}
		}
		switch {
		case err == nil && !x.ok:
			rt.Fatalf("%s has no value and is taken", x.text)
		case err != nil && x.sure:
			rt.Fatalf("%s = %d is refused: %v", x.text, x.v, err)
		case err == nil:
			got, ok := spec.Value(configs[0], "K")
			if got == "true" {
				got = "1"
			} else if got == "false" {
				got = "0"
			}
			if !ok || got != fmt.Sprint(x.v) || configs[0].Expect.States != 7 {
				rt.Fatalf("%s = %d, and is %s, %d states", x.text, x.v, got, configs[0].Expect.States)
			}
		}
	})
}
