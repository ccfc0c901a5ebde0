package syntax_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	in := func(body string) string { return "void f(void)\n{\n" + body + "}\n" }
	for _, tc := range []struct{ name, src, want string }{
		{"empty", "", ""},
		{"only blank lines", "\n\n\n", ""},
		{"only a comment", "\n\n// a  \n\n\n/* b */", "// a\n\n/* b */\n"},
		{"carriage returns", "// a\r\nu2 x;\r\n", "// a\nu2 x;\n"},
		{"byte order mark", "\uFEFFu2 x;", "u2 x;\n"},
		{"blank lines", "u2 x;\n\n\n\nu2 y;u2 z;\n", "u2 x;\n\nu2 y;\nu2 z;\n"},
		{"no blank line at the ends of a block", in("\n\n\tskip;\n\n\n\tskip;\n\n"), in("\tskip;\n\n\tskip;\n")},
		{"spaces", "u2   x [ 3 ]={1,2 ,3} ;", "u2 x[3] = { 1, 2, 3 };\n"},
		{"empty initialiser", "u2 x = {  };", "u2 x = {};\n"},
		{"trailing commas", "enum e { a, b, };\nenum f {\n\ta,\n\tb\n};\n", "enum e { a, b };\nenum f {\n\ta,\n\tb,\n};\n"},
		{"braces of functions and processes", "void f() { }\nprocess p\n{ skip; }\n", "void f(void)\n{\n}\nprocess p {\n\tskip;\n}\n"},
		{"braces of statements", in("if(a){skip;}else{skip;}while(a)\n{\nskip;}"), in("\tif (a) {\n\t\tskip;\n\t} else {\n\t\tskip;\n\t}\n\twhile (a) {\n\t\tskip;\n\t}\n")},
		{"bodies without braces", in("if (a) skip; else if (b) skip; else skip;\n"), in("\tif (a)\n\t\tskip;\n\telse if (b)\n\t\tskip;\n\telse\n\t\tskip;\n")},
		{"process clauses", "process p in m1 on cpu 0 {}\n", "process p on cpu 0 in mm m1 {\n}\n"},
		{"what is no object of a process", "process p in 0 {}\nprocess q in !a {}\nprocess r in -1 {}\nprocess s in NULL {}\nprocess t in true {}\nprocess u in ~a {}\n", "process p in mm 0 {\n}\nprocess q in mm !a {\n}\nprocess r in mm -1 {\n}\nprocess s in mm NULL {\n}\nprocess t in mm true {\n}\nprocess u in mm ~a {\n}\n"},
		{"the object mm", "process p in mm {}\nprocess q in mm mm {}\nprocess r in mm on cpu 0 {}\n", "process p in mm mm {\n}\nprocess q in mm mm {\n}\nprocess r on cpu 0 in mm mm {\n}\n"},
		{"choose on one line and not", in("choose { case a: x = 1; y = 2; case b:\nskip; default: if (c) skip; }"), in("\tchoose {\n\tcase a: x = 1; y = 2;\n\tcase b:\n\t\tskip;\n\tdefault:\n\t\tif (c)\n\t\t\tskip;\n\t}\n")},
		{"labels", in("a: skip;\nb:\nskip;\nc: d: skip;\n"), in("\ta: skip;\nb:\n\tskip;\n\tc: d: skip;\n")},
		{"line breaks are kept", in("x = f(a,\nb) &&\nc\n|| d;\n"), in("\tx = f(a,\n\t\tb) &&\n\t\tc ||\n\t\td;\n")},
		{"line breaks are not made", in("x = " + strings.Repeat("aaaaaaaaaa + ", 20) + "b;\n"), in("\tx = " + strings.Repeat("aaaaaaaaaa + ", 20) + "b;\n")},
		{"comments behind", in("x = 1 /* a */; /* b */ // c\ny = 2; // d\n"), in("\tx = 1; /* a */ /* b */ // c\n\ty = 2; // d\n")},
		{"comments before", in("/* a */ x = 1;\n// b\ny = 2;\n"), in("\t/* a */ x = 1;\n\t// b\n\ty = 2;\n")},
		{"comments inside", in("x = a /* a */ + /* b */ b /* c */ + f(/* d */ c /* e */);\n"), in("\tx = a + /* a */ /* b */ b + /* c */ f(/* d */ c /* e */);\n")},
		{"comment before else", in("if (a) {\n} // a\nelse { // b\n}\n"), in("\tif (a) {\n\t} // a\n\telse { // b\n\t}\n")},
		{"comment before a brace", in("if (a) // a\n{\n\tskip;\n}\n"), in("\tif (a) { // a\n\t\tskip;\n\t}\n")},
		{"comment at the end of a block", in("\tskip;\n\n// a\n\n// b\n\n"), in("\tskip;\n\n\t// a\n\n\t// b\n")},
		{"comment in an empty block", in("// a\n"), in("\t// a\n")},
		{"comment behind the opening brace", in("while (a) { // a\n\n// b\n}\n"), in("\twhile (a) { // a\n\t\t// b\n\t}\n")},
		{"comment in a list", "config c = { a, // a\n b };\n", "config c = { a, // a\n\tb };\n"},
		{"comment in a broken list", "config c = {\na, // a\n// b\nb\n// c\n};\n", "config c = {\n\ta, // a\n\t// b\n\tb,\n\t// c\n};\n"},
		{"comment at the end of the file", "u2 x; // a\n\n\n// b", "u2 x; // a\n\n// b\n"},
		{"comment over lines keeps its inside", in("/* a\n   b\n\t c */\nskip;\n"), in("\t/* a\n   b\n\t c */\n\tskip;\n")},
		{"comments of cases", in("switch (a) {\n// a\ncase 1:\nskip;\n  // b\n// c\ncase 2:\n}\n"), in("\tswitch (a) {\n\t// a\n\tcase 1:\n\t\tskip;\n\t\t// b\n\t// c\n\tcase 2:\n\t}\n")},
		{"operators that must not touch", "const A = - - 1;\nconst B = & &x;\nconst C = a - -b;\nconst D = !!a;\n", "const A = - -1;\nconst B = & &x;\nconst C = a - -b;\nconst D = !!a;\n"},
		{"attributes", "@a @b(x)\n@c(v1.2..) void f(void) {}\n@a struct s { u2 x @b; };\n", "@a @b(x)\n@c(v1.2..)\nvoid f(void)\n{\n}\n@a struct s {\n\tu2 x @b;\n};\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := syntax.Format([]byte(tc.src), "test.pmd")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			checkRoundTrip(t, []byte(tc.src))
		})
	}
}

func TestFormatError(t *testing.T) {
	t.Parallel()
	got, err := syntax.Format([]byte("u2 x\nu2 y;\nu2 = 3;\n"), "dir/a.pmd")
	var diags *source.List
	if !errors.As(err, &diags) || len(diags.Diags) != 2 || got != nil {
		t.Fatalf("got %q and %v, want the two errors", got, err)
	}
	if want := "dir/a.pmd:2:1: expected ';', found 'u2' (and 1 more)"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestPrintRefusesHoles(t *testing.T) {
	t.Parallel()
	for _, f := range []*syntax.File{
		{Decls: []syntax.Decl{&syntax.BadDecl{}}},
		{Decls: []syntax.Decl{&syntax.ProcDecl{Name: ident("p"), Body: &syntax.Block{Stmts: []syntax.Stmt{&syntax.BadStmt{}}}}}},
		{Decls: []syntax.Decl{&syntax.ConstDecl{Name: ident("N"), Value: &syntax.BadExpr{}}}},
	} {
		var b strings.Builder
		if err := syntax.Print(&b, f); err == nil || b.Len() > 0 {
			t.Errorf("wrote %q with the error %v", b.String(), err)
		}
	}
}

// TestFormattedIsNoBinaryFile: comments and strings used to pass any bytes. A text with a little fewer of them than makes a binary file was one when
// the formatter had dropped white space. Found by FuzzParsePrint.
func TestFormattedIsNoBinaryFile(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"//\x80\x80\n\n\n", "/*\x01\x01*/    ", "\"\x7f\x7f\";     "} {
		if out, err := syntax.Format([]byte(src), "test.pmd"); err == nil {
			t.Errorf("%q formats to %q", src, out)
		}
	}
}

func ident(name string) *syntax.Ident { return &syntax.Ident{Name: name} }

// TestPrintBuiltTree: a tree without positions is printed with a line for each statement and with the parentheses its shape needs.
func TestPrintBuiltTree(t *testing.T) {
	t.Parallel()
	sum := &syntax.BinaryExpr{Op: syntax.ADD, X: ident("a"), Y: ident("b")}
	product := &syntax.BinaryExpr{Op: syntax.MUL, X: sum, Y: &syntax.BinaryExpr{Op: syntax.MUL, X: ident("c"), Y: ident("d")}}
	choice := &syntax.CondExpr{Cond: &syntax.CondExpr{Cond: ident("x"), X: ident("y"), Y: ident("z")}, X: sum, Y: ident("w")}
	f := &syntax.File{Decls: []syntax.Decl{
		&syntax.ConfigDecl{Name: ident("c"), Values: []*syntax.Ident{ident("one"), ident("two")}},
		&syntax.ProcDecl{Name: ident("p"), Body: &syntax.Block{Stmts: []syntax.Stmt{
			&syntax.AssignStmt{X: ident("x"), Op: syntax.ASSIGN, Y: product},
			&syntax.AssignStmt{X: ident("x"), Op: syntax.INC},
			&syntax.IfStmt{
				Cond: &syntax.UnaryExpr{Op: syntax.NOT, X: choice},
				Then: &syntax.Block{Stmts: []syntax.Stmt{&syntax.SkipStmt{}}},
				Else: &syntax.CallStmt{Call: &syntax.CallExpr{Fun: ident("f"), Args: []syntax.Expr{&syntax.MemberExpr{X: sum, Name: ident("m")}}}},
			},
			&syntax.SwitchStmt{Tag: ident("x"), Cases: []*syntax.SwitchCase{
				{Values: []syntax.Expr{ident("one"), ident("two")}, Default: true, Body: []syntax.Stmt{&syntax.BreakStmt{}}},
			}},
			&syntax.ChooseStmt{Cases: []*syntax.ChooseCase{{Body: []syntax.Stmt{&syntax.LabeledStmt{Label: ident("end"), Stmt: &syntax.SkipStmt{Empty: true}}}}}},
		}}},
	}}
	const want = `config c = { one, two };
process p {
	x = (a + b) * (c * d);
	x++;
	if (!((x ? y : z) ? a + b : w)) {
		skip;
	} else
		f((a + b).m);
	switch (x) {
	case one:
	case two:
	default:
		break;
	}
	choose {
	case:
		end: ;
	}
}
`
	var b strings.Builder
	if err := syntax.Print(&b, f); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkRoundTrip(t, []byte(b.String()))
}

type failingWriter struct{}

var errWrite = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errWrite }

func TestPrintReportsWriteErrors(t *testing.T) {
	t.Parallel()
	f, _ := parse([]byte("u2 x;\n"))
	if err := syntax.Print(failingWriter{}, f); !errors.Is(err, errWrite) {
		t.Errorf("got %v, want %v", err, errWrite)
	}
}

// TestCommentsAnywhere puts comments and line ends between the tokens of our texts, at random but the same ones each time, and holds the result to
// the round trip: wherever a comment stands, it is kept, and its place is stable.
func TestCommentsAnywhere(t *testing.T) {
	t.Parallel()
	variants := 60
	if testing.Short() {
		variants = 5
	}
	insert := []string{" /* a */ ", " // b\n", "\n", "\n\n// c\n", "\n/* d */\n", " /* e\n\tf */", "\n\n\n/* g */ /* h */ // i\n"}
	for name, src := range corpus(t) {
		if !strings.HasPrefix(name, "testdata/") {
			continue
		}
		toks, _, _ := scan(string(src))
		for seed := range variants {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(seed), 1))
				rare := 2 + rng.IntN(60)
				var b strings.Builder
				end := 0
				for _, l := range toks {
					b.Write(src[end:l.Start])
					if rng.IntN(rare) == 0 {
						b.WriteString(insert[rng.IntN(len(insert))])
					}
					b.Write(src[l.Start:l.End])
					end = l.End
				}
				checkRoundTrip(t, []byte(b.String()))
			})
		}
	}
}
