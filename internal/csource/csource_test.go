package csource

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// functions lists what a text defines: name, lines, condition, then macros and variables.
func functions(f *File) (out []string) {
	for _, fn := range f.Funcs {
		s := fmt.Sprintf("%s %d-%d", fn.Name, fn.Line, fn.EndLine)
		if fn.Wrapper != "" {
			s += " by " + fn.Wrapper
		}
		if c := f.CondText(fn.Cond); c != "" {
			s += " if " + c
		}
		out = append(out, s)
	}
	for _, m := range f.Macros {
		out = append(out, fmt.Sprintf("#%s %d %v", m.Name, m.Line, m.FuncLike))
	}
	for _, v := range f.Vars {
		out = append(out, fmt.Sprintf("=%s %d", v.Name, v.Line))
	}
	for _, p := range f.Problems {
		out = append(out, fmt.Sprintf("!%d %s", p.Line, p.Text))
	}
	return out
}

func TestFunctions(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		want      []string
	}{
		{"plain", "int f(int a)\n{\n\treturn a;\n}\nint g(void);\n", []string{"f 1-4"}},
		{"braces in strings, characters and comments", "void f(void)\n{\n\tp(\"}\\\"}\"); c('}'); // }\n\t/* } */\n}\nvoid g(void) { }\n", []string{"f 1-5", "g 6-6"}},
		{"storage and attributes", "static __always_inline __attribute__((unused)) int f(int a) __acquires(x) __releases(y)\n{\n}\n", []string{"f 1-3"}},
		{"attribute with arguments first", "__printf(1, 2) void f(const char *s, ...)\n{\n}\n", []string{"f 1-3"}},
		{"name with underscores and annotation", "static void __f(int a)\n\t__must_hold(l)\n{\n}\n", []string{"__f 1-4"}},
		{"a macro without semicolon before", "late_initcall(start)\nstatic int f(void)\n{\n}\n", []string{"f 2-4"}},
		{"system call", "SYSCALL_DEFINE2(sleep, int, a, int, b)\n{\n}\nCOMPAT_SYSCALL_DEFINE1(x, int, a)\n{\n}\n", []string{"sleep 1-3 by SYSCALL_DEFINE2", "x 4-6 by COMPAT_SYSCALL_DEFINE1"}},
		{"K&R", "int f(a, b)\n\tint a;\n\tchar *b;\n{\n\treturn a;\n}\nint g(int z) { }\n", []string{"f 1-6", "g 7-7"}},
		{"prototypes are none", "int f(int a);\nint h(a);\nstruct s { int x; };\nint g(void) { }\n", []string{"g 4-4"}},
		{"structs, enums and tables are none", "struct s { int (*f)(int); };\nenum e { A = F(1), B };\nstatic const struct ops t = {\n\t.f = g,\n};\nint a[] = { 1 };\n", []string{"=t 3", "=a 6"}},
		{"result is a struct or a pointer", "struct s *f(void)\n{\n}\nstruct s\ng(void)\n{\n}\n", []string{"f 1-3", "g 5-7"}},
		{
			"two halves, each whole", "#ifdef A\nint f(void)\n{\n\treturn 1;\n}\n#else\nint f(void)\n{\n}\n#endif\n",
			[]string{"f 2-5 if defined(A)", "f 7-9 if !(defined(A))"},
		},
		{
			"two heads, one body", "#ifdef A\nint f(int a)\n{\n#else\nint g(void)\n{\n#endif\n\tx();\n}\nint h(void) { }\n",
			[]string{"f 2-9 if defined(A)", "g 5-9 if !(defined(A))", "h 10-10"},
		},
		{"one head, two ends", "int f(void)\n{\n#if X > 1\n\treturn 1;\n}\n#else\n\treturn 2;\n}\n#endif\nint h(void) { }\n", []string{"f 1-8", "h 10-10"}},
		{"if in both halves", "int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tx();\n\t}\n}\nint h(void) { }\n", []string{"f 1-10", "h 11-11"}},
		{"elif", "#if A\nint f(void) { }\n#elif defined(B) && C\nint g(void) { }\n#else\nint h(void) { }\n#endif\n", []string{"f 2-2 if A", "g 4-4 if !(A) && defined(B) && C", "h 6-6 if !(A) && !(defined(B) && C)"}},
		{
			"macros", "#define A 1\n#define F(x) do { \\\n\tg(x); \\\n} while (0)\n# define H (1)\nint f(void) { }\n",
			[]string{"f 6-6", "#A 1 false", "#F 2 true", "#H 5 false"},
		},
		{"the brace in a macro does not count", "#define OPEN {\nint f(void) { }\n", []string{"f 2-2", "#OPEN 1 false"}},
		{"extern C", "extern \"C\" {\nint f(void) { }\n}\nint g(void) { }\n", []string{"f 2-2", "g 4-4"}},
		{"a brace too few ends at the first column", "int f(void)\n{\n\tif (a) {\n\t\tx();\n}\nint g(void)\n{\n}\n", []string{"f 1-5", "g 6-8", "!5 braces do not match"}},
		{"no end", "int f(void)\n{\n\tx();", []string{"f 1-1", "!1 braces do not match"}},
		{"statement expression in an initialiser", "static int a = ({ int b = f(1); b; });\nint g(void) { }\n", []string{"g 2-2"}},
		{"name in parentheses is left out, what follows is not", "int (f)(int a)\n{\n}\nint g(void) { }\n", []string{"g 4-4"}},
		{"comment in a directive", "#if 0 /* a\n b */\nint f(void) { }\n#endif\n", []string{"f 3-3 if 0"}},
		{"CRLF", "int f(void)\r\n{\r\n#define X \\\r\n 1\r\n}\r\n", []string{"f 1-5", "#X 3 false"}},
		{"nothing", "", nil},
		{"no C", "\x00\xff#if\n)]}}}{(((", []string{"!2 braces do not match"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, functions(Parse("x.c", []byte(tc.src), nil))); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// outline writes statements on one line.
func outline(f *File, s *Stmt) string {
	var kids []string
	for _, k := range s.Kids {
		kids = append(kids, outline(f, k))
	}
	in := strings.Join(kids, " ")
	var head []string
	for _, t := range s.Head {
		head = append(head, f.Text(t))
	}
	h := strings.Join(head, "")
	switch s.Kind {
	case Plain:
		return h + ";"
	case Block:
		return "{" + in + "}"
	case If:
		return "if(" + h + ")[" + in + "]"
	case Loop:
		if s.Post {
			return "do[" + in + "](" + h + ")"
		}
		return s.Name + "(" + h + ")[" + in + "]"
	case Switch:
		return "switch(" + h + ")[" + in + "]"
	case Case:
		if h == "" {
			return "default:"
		}
		return "case " + h + ":"
	case Label:
		return s.Name + ":"
	case Goto:
		return "goto " + s.Name + ";"
	case Return:
		return "return " + h + ";"
	case Break:
		return "break;"
	case Continue:
		return "continue;"
	case Scope:
		return s.Name + "(" + h + ")<" + in + ">"
	case Halves:
		return fmt.Sprintf("#(%s else=%v)[%s]", s.Name, s.Else, in)
	}
	return "?" + s.Name + "?"
}

func TestStatements(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"sequence", "a(); int b = 1; c(d, e);", "{a(); intb=1; c(d,e);}"},
		{"branches", "if (a) b(); else if (c) { d(); } else e();", "{if(a)[b(); if(c)[{d();} e();]]}"},
		{"dangling else", "if (a) if (b) c(); else d();", "{if(a)[if(b)[c(); d();]]}"},
		{"loops", "while (a) b(); for (;;) { c(); } do d(); while (e);", "{while(a)[b();] for(;;)[{c();}] do[d();](e)}"},
		{"loops by macro", "for_each_vma(i, v) { a(); } list_for_each_entry(x, l, m) b(); vma_foreach(v, r) if (c) d();", "{for_each_vma(i,v)[{a();}] list_for_each_entry(x,l,m)[b();] vma_foreach(v,r)[if(c)[d();]]}"},
		{"scopes", "scoped_guard(mutex, &m) { a(); } scoped_guard(rcu) b(); rest();", "{scoped_guard(mutex,&m)<{a();}> scoped_guard(rcu)<b();> rest();}"},
		{"ways out", "if (a) goto out; return f(x); out: b(); return;", "{if(a)[goto out;] return f(x); out: b(); return ;}"},
		{"label before a closing brace", "{ a(); out: }", "{{a(); out:}}"},
		{"switch", "switch (a) { case A: case B: b(); break; default: c(); }", "{switch(a)[{case A: case B: b(); break; default: c();}]}"},
		{"labelled body", "if (a) again: twice: b(); c();", "{if(a)[{again: twice: b();}] c();}"},
		{"statement expression and initialiser", "x = ({ a(); b(); }); struct s t = { .f = 1 }; c();", "{x=({a();b();}); structst={.f=1}; c();}"},
		{"whole halves", "a();\n#ifdef X\nb();\n#else\nc(); d();\n#endif\ne();", "{a(); #(defined(X) else=true)[{b();} {c(); d();}] e();}"},
		{"half without else", "#if IS_ENABLED(X)\nb();\n#endif\ne();", "{#(IS_ENABLED(X) else=false)[{b();}] e();}"},
		{"halves as the body of an if", "if (a)\n#ifdef X\nb();\n#else\nc();\n#endif\ne();", "{if(a)[#(defined(X) else=true)[{b();} {c();}]] e();}"},
		{"else in a half", "#ifdef X\nif (a) b(); else\n#endif\nc(); d();", "{#(defined(X) else=true)[{if(a)[b(); c();]} {c();}] d();}"},
		{"else in a half, blocks", "a();\n#ifdef X\nif (a) { b(); } else\n#endif\n{ c(); }\nd();", "{a(); #(defined(X) else=true)[{if(a)[{b();} {c();}]} {{c();}}] d();}"},
		{"else in a half in another", "#ifdef X\n#ifdef Y\nif (a) b(); else\n#endif\nc();\n#endif\nd();", "{#(defined(X) else=false)[{#(defined(Y) else=true)[{if(a)[b(); c();]} {c();}]}] d();}"},
		{"the last else of several in a half", "#ifdef X\nif (a) b(); else if (c) d(); else\n#endif\ne(); f();", "{if(a)[b(); if(c)[d(); e();]] f();}"},
		{"heads in two halves", "#ifdef X\nif (a) {\n#else\nif (b) {\n#endif\nc(); }\nd();", "{if(a)[{c();}] d();}"},
		{"argument in a half", "f(a,\n#ifdef X\nb,\n#endif\nc);", "{f(a,b,c);}"},
		{"nested halves", "#if A\na();\n#if B\nb();\n#endif\n#else\nc();\n#endif", "{#(A else=true)[{a(); #(B else=false)[{b();}]} {c();}]}"},
		{"dead code", "#if 0\na(;\n#else\nb();\n#endif", "{#(!(0) else=true)[{b();}]}"},
		{"a bracket too many", "a(); ) b();", "{a(); ); b();}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := Parse("x.c", []byte("void f(void)\n{\n"+tc.src+"\n}\n"), nil)
			if len(f.Funcs) != 1 {
				t.Fatalf("%d functions", len(f.Funcs))
			}
			body, _ := f.Statements(f.Funcs[0])
			if got := outline(f, body); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestNotes: an #if that splits a statement is said to.
func TestNotes(t *testing.T) {
	f := Parse("x.c", []byte("void f(void)\n{\n#ifdef X\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n"), nil)
	_, notes := f.Statements(f.Funcs[0])
	want := []Problem{{3, "#if splits a statement; read as if defined(X)"}}
	if d := cmp.Diff(want, notes); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	for src, split := range map[string]bool{
		"#ifdef X\nif (a) b(); else\n#endif\nc();":                    false,
		"#ifdef X\nif (a) b(); else if (c) d(); else\n#endif\ne();":   true,
		"#ifdef X\nif (a) b(); else\n#else\nif (d)\n#endif\nc();":     true,
		"#ifdef X\nf(); if (a) b(); else\n#endif\nc();":               true,
		"#ifndef Y\nf();\n#elif Z\nif (a) b(); else\n#endif\nc();":    true,
		"if (z)\n#ifdef X\nif (a) b(); else\n#endif\nc();\nelse d();": false,
	} {
		f := Parse("x.c", []byte("void f(void)\n{\n"+src+"\n}\n"), nil)
		if _, notes := f.Statements(f.Funcs[0]); (len(notes) > 0) != split {
			t.Errorf("%q: %v", src, notes)
		}
	}
}

// TestSharedBody: of two heads with one body each has the body, and neither has the other's head.
func TestSharedBody(t *testing.T) {
	f := Parse("x.c", []byte("#ifdef A\nint f(int a)\n{\n#else\nint g(void)\n{\n#endif\n\tx();\n}\n"), nil)
	for _, fn := range f.Funcs {
		body, _ := f.Statements(fn)
		if got := outline(f, body); got != "{x();}" {
			t.Errorf("%s: %s", fn.Name, got)
		}
	}
}

func TestExpand(t *testing.T) {
	f := Parse("x.h", []byte("\n#define free_it(tlb, p)\t\\\n\tdo {\t\t\\\n\t\tqueue(tlb, p);\t\\\n\t} while (0)\n#define other queue2\n"), nil)
	g := f.Expand(f.Macros[0])
	body, _ := g.Statements(g.Funcs[0])
	if got := outline(g, body); got != "{do[{queue(tlb,p);}](0)}" {
		t.Error(got)
	}
	for _, tok := range g.Tokens {
		if g.Text(tok) == "queue" && g.LineOf(tok) != 4 {
			t.Errorf("queue is on line %d", g.LineOf(tok))
		}
	}
}

// TestHostile: texts made to take long do not.
func TestHostile(t *testing.T) {
	const n = 50_000
	for name, src := range map[string]string{
		"deep braces":    "void f(void) {" + strings.Repeat("{", n),
		"deep calls":     "void f(void) {" + strings.Repeat("a(", n) + "}",
		"deep ifs":       "void f(void) {" + strings.Repeat("if (a) ", n) + "}",
		"deep halves":    "void f(void) {\n" + strings.Repeat("#if a\nb;\n", n) + "}",
		"many halves":    "void f(void) {\n" + strings.Repeat("#if a\nb;\n#else\n(\n#endif\n", n/4) + "}",
		"many elifs":     "void f(void) {\n#if a\n" + strings.Repeat("b;\n#elif c\n", n/4) + "#endif\n}",
		"ifs in a line":  strings.Repeat("#if ", n) + "\n",
		"many heads":     strings.Repeat("int f(a) int a; ", n/4),
		"heads in parts": strings.Repeat("#if a\nint f(void) {\n#else\n", n/8),
		"open macro":     strings.Repeat("x(y) ", n) + "{}",
		"scopes":         "void f(void) {" + strings.Repeat("scoped_guard(a) ", n) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			f := Parse("x.c", []byte(src), nil)
			for _, fn := range f.Funcs[:min(len(f.Funcs), 10)] {
				f.Statements(fn)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("%d bytes take %v", len(src), d)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	f := Parse("x.c", make([]byte, MaxFile+1), nil)
	if len(f.Tokens) != 0 || len(f.Problems) != 1 {
		t.Error(len(f.Tokens), f.Problems)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"int f(a) int a; { if (a) b(); else { c(); } }", "#if A\nint f(void) {\n#else\nint g(void) {\n#endif\nx(); }", "SYSCALL_DEFINE1(x, int, a) { do y(); while (0); }",
		"#define M(x) ({ x; })\nstruct s t = { .f = g };", "void f(void) { switch (a) { case 1: b(); default: scoped_guard(x, y) for_each_z(a) c(); } out: return; }",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		f := Parse("x.c", src, nil)
		for i, tok := range f.Tokens {
			if tok.Pos >= tok.End || int(tok.End) > len(src) || i > 0 && tok.Pos < f.Tokens[i-1].End {
				t.Fatalf("token %d is %d..%d of %d", i, tok.Pos, tok.End, len(src))
			}
		}
		for _, fn := range f.Funcs {
			if fn.Name == "" || fn.Body[0] > fn.Body[1] || fn.Body[1] > len(f.Tokens) || fn.Line < 1 || fn.EndLine < fn.Line {
				t.Fatalf("%+v", *fn)
			}
			body, _ := f.Statements(fn)
			_ = outline(f, body)
			_ = f.CondText(fn.Cond)
		}
		for _, m := range f.Macros {
			g := f.Expand(m)
			body, _ := g.Statements(g.Funcs[0])
			_ = outline(g, body)
		}
	})
}
