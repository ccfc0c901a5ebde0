package syntax_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// TestDiagnostics: every file under testdata/bad says on the line itself what is reported there, as // want "regexp". The expression is matched
// against "code: message (hint)". Nothing else may be reported, and nothing may be missing.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.pmd")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts in testdata/bad: %v", err)
	}
	wantRE := regexp.MustCompile(`// want "([^"]*)"`)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			src := read(t, name)
			wants := map[int]string{}
			for i, line := range strings.Split(string(src), "\n") {
				if m := wantRE.FindStringSubmatch(line); m != nil {
					wants[i+1] = m[1]
				}
			}
			f, diags := parse(src)
			if f == nil {
				t.Fatal("no tree")
			}
			for _, d := range diags.Diags {
				line := d.Span.Start.Line()
				got := fmt.Sprintf("%s: %s (%s)", d.Code, d.Msg, d.Hint)
				switch re, ok := wants[line]; {
				case !ok:
					t.Errorf("line %d: unexpected: %s", line, got)
				case !regexp.MustCompile(re).MatchString(got):
					t.Errorf("line %d: got %s, want a match of %q", line, got, re)
				}
				delete(wants, line)
			}
			for line, re := range wants {
				t.Errorf("line %d: nothing was reported, want %q", line, re)
			}
			if err := syntax.Print(&strings.Builder{}, f); err == nil && hasBad(f) {
				t.Error("a tree with holes was printed")
			}
		})
	}
}

func hasBad(f *syntax.File) bool {
	bad := false
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.BadDecl, *syntax.BadStmt, *syntax.BadExpr:
			bad = true
		}
		return true
	})
	return bad
}

// TestOneMistakeOneError: each text has one mistake whose echo must not be reported.
func TestOneMistakeOneError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, src, want string }{
		{"binary", "process p {\n}\x00", "binary-file 1:1 binary file"},
		{"mostly binary", "\x01\x02\x03a\n", "binary-file 1:1 binary file"},
		{"not UTF-8", "\xff\xfe\xfd\xfc abc", "binary-file 1:1 binary file"},
		{"brace too many", "void f(void)\n{\n\tif (a)\n\t\tx = 1;\n\t}\n\ty = 2;\n\tfor (;;) {\n\t\tz = 3;\n\t}\n\tf(x);\n}\nu2 x;\n", "syntax 6:2 expected a declaration, found 'y'"},
		{"brace missing", "void f(void)\n{\n\tif (a) {\n\t\tx = 1;\n}\n\nvoid g(void)\n{\n}\n\nprocess p {\n}\n", "syntax 7:1 expected '}' before 'void'"},
		{"brace missing before a struct function", "void f(void)\n{\n\tx = 1;\n\nstruct s *g(void)\n{\n}\n", "syntax 5:1 expected '}' before 'struct'"},
		{"brace missing at the end", "void f(void)\n{\n\twhile (a) {\n\t\tx = 1;\n", "syntax 4:9 expected '}' before end of file"},
		{"struct not closed", "struct s {\n\tu2 a;\n\nprocess p {\n}\n", "syntax 4:1 expected '}' after the fields of struct s, found 'process'"},
		{"initialiser over lines", "struct s x = {\n\t.a = 1\n\t.b = 2,\n\t.c = 3,\n};\nu2 y;\n", "syntax 3:5 an assignment is a statement, not an expression"},
		{"unknown head", "proc p on cpu 0 {\n\tx = 1;\n\ty = 2;\n}\nu2 y;\n", "syntax 1:8 expected ';', found 'on'"},
		{"label in a switch", "void f(void)\n{\n\tswitch (x) {\n\tcase 1 + :\n\t\tskip;\n\t\tbreak;\n\tcase 2:\n\t\tskip;\n\t}\n}\n", "syntax 4:11 expected an expression, found ':'"},
		{"comment not closed", "u2 x; /* and\nthe\nrest", "syntax 1:7 comment is not closed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, diags := parse([]byte(tc.src))
			var got []string
			for _, d := range diags.Diags {
				got = append(got, fmt.Sprintf("%s %d:%d %s", d.Code, d.Span.Start.Line(), d.Span.Start.Col(), d.Msg))
			}
			if len(got) != 1 || got[0] != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestMissingSemicolon: the message points to the place where the semicolon belongs.
func TestMissingSemicolon(t *testing.T) {
	t.Parallel()
	_, diags := parse([]byte("void f(void)\n{\n\tx = 1 // one\n\ty = 2;\n}\n"))
	const want = `test.pmd:4:2: error: expected ';' after assignment, found 'y' [syntax]
    	y = 2;
    	^
    test.pmd:3:7: note: the ';' belongs here
`
	if got := rendered(diags); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func codes(diags *source.List) map[string]int {
	out := map[string]int{}
	for _, d := range diags.Diags {
		out[d.Code]++
	}
	return out
}

func TestLimits(t *testing.T) {
	t.Parallel()
	rep := strings.Repeat
	in := func(stmt string) string { return "void f(void)\n{\n" + stmt + "\n}\n" }
	for _, tc := range []struct {
		name, src, code string
		n               int // errors with that code
	}{
		{"largest file", rep(" ", syntax.MaxFileSize), "", 0},
		{"file too large", rep(" ", syntax.MaxFileSize+1), "file-too-large", 1},
		{"file too large and binary", rep("\x00", syntax.MaxFileSize+1), "file-too-large", 1},
		{"most errors", rep("config = 1;\n", syntax.MaxErrors), "syntax", syntax.MaxErrors},
		{"too many errors", rep("config = 1;\n", syntax.MaxErrors+1), "too-many-errors", 1},
		{"far too many errors", rep("é\n", 100000), "too-many-errors", 1},
		{"errors on one line", rep("config = 1; ", 1000), "syntax", 1},
		{"parentheses", in("x = " + rep("(", 100000) + ";"), "too-deep", 1},
		{"unary operators", in("x = " + rep("!", 100000) + "y;"), "too-deep", 1},
		{"calls", in("x = " + rep("f(", 100000) + ";"), "too-deep", 1},
		{"indices", in("x = " + rep("a[", 100000) + ";"), "too-deep", 1},
		{"conditional operators", in("x = " + rep("a ? b : ", 100000) + "c;"), "too-deep", 1},
		{"casts", in("x = " + rep("(u2)", 100000) + "c;"), "too-deep", 1},
		{"plus signs", in("x = " + rep("+ ", 100000) + "c;"), "too-deep", 1},
		{"blocks", in(rep("{", 100000)), "too-deep", 1},
		{"ifs", in(rep("if (a) ", 100000)), "too-deep", 1},
		{"else ifs", in(rep("if (a) ; else ", 100000) + ";"), "too-deep", 1},
		{"labels", in(rep("a: ", 100000) + ";"), "too-deep", 1},
		{"cases", in(rep("switch (a) { case 1: ", 100000)), "too-deep", 1},
		{"initialisers", "u2 x = " + rep("{", 100000) + ";", "too-deep", 1},
		{"sum", in("x = " + rep("a + ", 100000) + "a;"), "too-deep", 1},
		{"members", in("x = a" + rep(".a", 100000) + ";"), "too-deep", 1},
		{"elements", in("x = a" + rep("[0]", 100000) + ";"), "too-deep", 1},
		{"sums in parentheses", in("x = " + rep("(", 200) + "a" + rep(rep(" + a", 400)+")", 200) + ";"), "too-deep", 1},
		{"assignments in a row", in("x " + rep("= x ", 100000) + ";"), "syntax", 1},
		{"nothing but stars", in(rep("*", 200000)), "too-deep", 1},
		{"high, but within the limits", in("x = " + rep("a + ", syntax.MaxHeight-2) + "a;"), "", 0},
		{"deep, but within the limits", in("x = " + rep("(", syntax.MaxDepth/2-4) + "a" + rep(")", syntax.MaxDepth/2-4) + ";"), "", 0},
		{"many arguments", in("f(" + rep("a, ", 100000) + "a);"), "", 0},
		{"many statements", in(rep("f();\n", 100000)), "", 0},
		{"long name", in(rep("a", 1<<20) + "();"), "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, diags := parse([]byte(tc.src))
			got := codes(diags)
			if tc.code == "" && len(diags.Diags) > 0 || got[tc.code] != tc.n && tc.code != "" {
				t.Errorf("got %v, want %d × %q", got, tc.n, tc.code)
			}
			if len(diags.Diags) > syntax.MaxErrors+1 {
				t.Errorf("%d errors", len(diags.Diags))
			}
		})
	}
}

// TestErrorsQuoteLittle: a message does not repeat a huge token.
func TestErrorsQuoteLittle(t *testing.T) {
	t.Parallel()
	_, diags := parse([]byte("u2 x " + strings.Repeat("a", 1<<20) + ";\nconst N = 1" + strings.Repeat("0", 1<<20) + ";\n"))
	if len(diags.Diags) != 2 {
		t.Fatalf("%d errors, want 2", len(diags.Diags))
	}
	if n := len(rendered(diags)); n > 2000 {
		t.Errorf("the errors have %d bytes", n)
	}
}
