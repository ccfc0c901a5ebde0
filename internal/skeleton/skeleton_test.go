package skeleton

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/csource"
)

// of is the skeleton of the first function of a text, looking through the others.
func of(t testing.TB, src string) *Skeleton {
	t.Helper()
	f := csource.Parse("x.c", []byte(src), nil)
	if len(f.Funcs) == 0 {
		t.Fatal("no function")
	}
	return Project(f, f.Funcs[0], Options{Vocabulary: Kernel(), Calls: map[string]bool{"modelled": true}, Through: func(name string) (*csource.File, *csource.Func) {
		for _, fn := range f.Funcs {
			if fn.Name == name {
				return f, fn
			}
		}
		return nil, nil
	}})
}

func lines(s *Skeleton) []string {
	var out []string
	for _, l := range s.Lines() {
		out = append(out, strings.ReplaceAll(l.Text, "  ", "\t"))
	}
	return out
}

// TestNormal: two ways to write the same thing have one normal form, and two things have not.
func TestNormal(t *testing.T) {
	normal := func(t *testing.T, body string) []string {
		t.Helper()
		s := of(t, "void f(void) { "+body+" }")
		nodes, ok := Normal(s.Nodes, func(e string) string { return strings.TrimPrefix(e, "inc ") })
		if !ok {
			t.Fatal("too many ways")
		}
		return lines(&Skeleton{Nodes: nodes})
	}
	for _, tc := range []struct {
		name      string
		same      bool
		one, two  string
		wantOfOne string
	}{
		{"an early return and the branch around the rest", true, "if (x) return; get_page(a); get_page(b);", "if (!x) { get_page(a); get_page(b); }", "if|\ta|\tb|end"},
		{"an unlock on each way", true, "get_page(a); if (x) { get_page(b); return; } get_page(c); get_page(b);", "get_page(a); if (!x) get_page(c); get_page(b);", "a|if|\tc|end|b"},
		{"a goto and what follows its label", true, "if (x) goto out; get_page(a); out: get_page(b);", "if (!x) get_page(a); get_page(b);", "if|\ta|end|b"},
		{"a label that nothing falls into", true, "if (x) goto bad; get_page(a); return; bad: get_page(b);", "if (x) get_page(b); else get_page(a);", "if|\ta|or|\tb|end"},
		{"a test within a test", true, "if (x) if (y) get_page(a);", "if (x && y) get_page(a);", "if|\ta|end"},
		{"the other way round", true, "if (x) get_page(b); else get_page(a);", "if (!x) get_page(a); else get_page(b);", "if|\ta|or|\tb|end"},
		{"the same on both sides", true, "if (x) get_page(a); else get_page(a);", "get_page(a);", "a"},
		{"the same first", true, "if (x) { get_page(a); get_page(b); } else { get_page(a); }", "get_page(a); if (x) get_page(b);", "a|if|\tb|end"},
		{"arms with one end", true, "if (x) { get_page(a); get_page(c); } else if (y) { get_page(b); get_page(c); }", "if (z) { if (x) get_page(a); else get_page(b); get_page(c); }", "if|\tif|\t\ta|\tor|\t\tb|\tend|\tc|end"},
		{"a loop that a test stands before", true, "if (x) while (y) get_page(a);", "while (y) get_page(a);", "loop|\ta|end"},
		{"continue and the branch around the rest", true, "while (x) { if (y) continue; get_page(a); }", "while (x) { if (!y) get_page(a); }", "loop|\ta|end"},
		{"out of a loop to what follows", true, "while (x) { get_page(a); if (y) goto out; get_page(b); } out: get_page(c);", "while (x) { get_page(a); if (y) break; get_page(b); } get_page(c);", "loop|\ta|\tif|\t\tb|\tend|end|c"},
		{"a switch", true, "switch (x) { case 1: get_page(a); break; case 2: get_page(a); get_page(b); break; }", "if (x == 1) get_page(a); else if (x == 2) { get_page(a); get_page(b); }", "if|\ta|or|\ta|\tb|or|end"},
		{"to fall through", true, "switch (x) { case 1: get_page(a); case 2: get_page(b); break; }", "if (x == 1) { get_page(a); get_page(b); } else if (x == 2) get_page(b);", "if|\tif|\t\ta|\tend|\tb|end"},
		{"back to a label", true, "again: get_page(a); if (x) goto again; get_page(b);", "get_page(a); if (!x) get_page(b);", "a|if|\tb|end"},
		{"another order", false, "get_page(a); get_page(b);", "get_page(b); get_page(a);", "a|b"},
		{"in a branch", false, "get_page(a);", "if (x) get_page(a);", "a"},
		{"in a loop", false, "get_page(a); get_page(b);", "while (x) { get_page(a); get_page(b); }", "a|b"},
		{"on one way out only", false, "if (x) { get_page(b); return; } get_page(a); get_page(b);", "if (x) return; get_page(a); get_page(b);", "if|\ta|end|b"},
		{"twice", false, "get_page(a); get_page(a);", "get_page(a);", "a|a"},
		{"one arm of two", false, "if (x) { get_page(a); get_page(b); }", "if (x) get_page(a); else get_page(b);", "if|\ta|\tb|end"},
	} {
		one, two := normal(t, tc.one), normal(t, tc.two)
		if got := strings.Join(one, "|"); got != tc.wantOfOne {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.wantOfOne)
		}
		if same := slices.Equal(one, two); same != tc.same {
			t.Errorf("%s: the other is %q", tc.name, two)
		}
	}
}

// TestNormalEnds: a body with more ways than can be written down is given up.
func TestNormalEnds(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "if (x) { get_page(a%d); if (y) return; get_page(b%d); }\n", i, i)
	}
	s := of(t, "void f(void) { "+b.String()+" }")
	if _, ok := Normal(s.Nodes, func(e string) string { return e }); ok {
		t.Error("written down")
	}
}

func TestProject(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{
			"what a lock is", "void f(void) { spin_lock(&vma->vm_mm->page_table_lock); mutex_lock(&table[hash]); spin_lock((lock)); spin_lock(lockptr(h, m)); down_read(&(x)->sem); }",
			"lock page_table_lock|lock table|lock lock|lock lockptr()|lock sem r",
		},
		{
			"order of arguments and assignments", "void f(void) { *p = put_page(get_page(a)); x[synchronize_rcu()] = pmd_alloc(m, a, b); }",
			"inc a|dec get_page()|alloc pmd|wait rcu",
		},
		{
			"branches", "void f(void) { if (mutex_trylock(&m)) { get_page(a); } else put_page(a); if (x) y(); }",
			"trylock m|if|\tinc a|or|\tdec a|end",
		},
		{
			"what && and ?: may leave out", "void f(void) { if (a && mutex_trylock(&m)) return; x = c ? get_page(a) : put_page(a); }",
			"if|\ttrylock m|end|if|\treturn|end|if|\tinc a|or|\tdec a|end",
		},
		{
			"loops", "void f(void) { for (get_page(a); mutex_trylock(&m); put_page(a)) tlb_flush(t); do get_page(b); while (put_page(b)); for_each_x(i) { get_page(c); continue; } do { get_page(d); } while (0); }",
			"inc a|loop|\ttrylock m|\tflush|\tdec a|end|loop|\tinc b|\tdec b|end|loop|\tinc c|\tcontinue|end|inc d",
		},
		{
			"ways out", "int f(void) { mutex_lock(&m); if (a) goto out; if (b) return 1; out: mutex_unlock(&m); return 0; }",
			"lock m|if|\tgoto out|end|if|\treturn|end|label out|unlock m",
		},
		{"a label that nobody goes to, and a function without events", "void f(void) { out: get_page(a); }", "inc a"},
		{"nothing", "void f(void) { if (a) return; b(); }", ""},
		{
			"switch", "void f(void) { switch (x) { case 1: case 2: get_page(a); break; case 3: put_page(a); default: tlb_flush(t); } }",
			"switch|\tinc a|or|\tdec a|\tfallthrough|or|\tflush|end",
		},
		{
			"halves", "void f(void) {\n#ifdef A\nget_page(a);\n#else\nput_page(a);\n#endif\n#if B\nx();\n#endif\n}",
			"#if defined(A)|\tinc a|or|\tdec a|end",
		},
		{
			"guard", "int f(void) { guard(mutex)(&s->m); if (a) return get_page(x); tlb_flush(t); }",
			"lock m|if|\tinc x|\tunlock m|\treturn|end|flush|unlock m",
		},
		{
			"guards are left in reverse order, and only those that are left", "void f(void) { guard(rcu)(); loop: while (a) { scoped_guard(spinlock, &l) { if (b) break; if (c) return; if (d) goto loop; get_page(x); } } }",
			"lock rcu|label loop|loop|\tlock l|\tif|\t\tunlock l|\t\tbreak|\tend|\tif|\t\tunlock l|\t\tunlock rcu|\t\treturn|\tend|\tif|\t\tunlock l|\t\tgoto loop|\tend|\tinc x|\tunlock l|end|unlock rcu",
		},
		{"a guard that is not known", "void f(void) { guard(newlock)(&a->b); tlb_flush(t); }", "lock guard:newlock b|flush|unlock guard:newlock b"},
		{
			"reads of a slot", "void f(pud_t *pud) { pud_t v = READ_ONCE(*pud); if (pud_none(*pud)) return; x = pmd_offset(pud, a); y = READ_ONCE(other); z = sizeof(*pud); w = 2 * pud; }",
			"read pud once|read pud|if|\treturn|end|read pud",
		},
		{"a read behind a cast, and none in a declaration", "void f(void) { (void)*pud; pud_t *pud, **pudp; x = (u64)*pudp + *pmd; }", "read pud|read pudp|read pmd"},
		{"calls with a model", "void f(void) { modelled(a); other(modelled(b)); }", "call modelled|call modelled"},
		{
			"helpers", "void f(void) { lockit(a); } static void lockit(x) { if (x) return; mutex_lock(&x->m); again(x); } static void again(x) { lockit(x); tlb_flush(t); }",
			"if|\tleave lockit|end|lock m|flush",
		},
		{"a helper that is not looked through", "void f(void) { region_chg(a); get_page(a); } static void region_chg(x) { spin_lock(&x->lock); }", "inc a"},
		{"statement expressions", "void f(void) { x = ({ get_page(a); if (b) put_page(a); 1; }); }", "inc a|if|\tdec a|end"},
		{"an event in an argument in brackets", "void f(void) { a[(get_page(x), 1)] = 0; }", "inc x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := of(t, tc.src)
			if d := cmp.Diff(tc.want, strings.Join(lines(s), "|")); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if len(s.Notes) > 0 {
				t.Error(s.Notes)
			}
		})
	}
}

// TestNotes: what cannot be read is never taken for nothing.
func TestNotes(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"a macro with a body", "void f(void) { with_lock(x) { get_page(a); } }", "with_lock() has a body and is not known"},
		{"a split statement", "void f(void) {\n#ifdef A\nif (a) {\n#else\n{\n#endif\nget_page(a); } }", "#if splits a statement; read as if defined(A)"},
		{"too deep", "void f(void) { x = " + strings.Repeat("(", 100) + strings.Repeat(")", 100) + "; get_page(a); }", "an expression is nested too deeply"},
		{"too large", "void f(void) { " + strings.Repeat("get_page(a);", maxNodes+1) + " }", "too large to be projected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := of(t, tc.src)
			if len(s.Notes) != 1 || s.Notes[0].Text != tc.want {
				t.Errorf("%v", s.Notes)
			}
		})
	}
}

// TestManyHelpers: helpers that call helpers many times do not take for ever.
func TestManyHelpers(t *testing.T) {
	var b strings.Builder
	b.WriteString("void f(void) { get_page(a); " + strings.Repeat("h1();", 300) + " }\n")
	for _, h := range []string{"1() { X h2(); }", "2() { X h3(); }", "3() { X h4(); }", "4() { X b(); }"} {
		b.WriteString("static void h" + strings.Replace(h, "X", strings.Repeat("h"+string(h[0]+1)+"();", 300), 1) + "\n")
	}
	s := of(t, b.String())
	if len(s.Notes) != 1 || s.Notes[0].Text != "too many helpers to be looked through" {
		t.Error(s.Notes)
	}
}

func TestDiff(t *testing.T) {
	const base = "lock m|if|  flush|end|unlock m"
	for _, tc := range []struct{ name, a, b, want string }{
		{"equal", base, base, " lock m| if|   flush| end| unlock m"},
		{"a lock less", base, "if|  flush|end|unlock m", "-lock m| if|   flush| end| unlock m"},
		{"two swapped", "lock a|lock b|flush", "lock b|lock a|flush", "-lock a| lock b|+lock a| flush"},
		{"one more in a branch", base, "lock m|if|  flush|  flush|end|unlock m", " lock m| if|   flush|+  flush| end| unlock m"},
		{"into a branch", "lock m|flush|unlock m", base, " lock m|+if|~  flush|+end| unlock m"},
		{"nothing against something", "", "flush", "+flush"},
		{"mode", "lock x r", "lock x w", "-lock x r|+lock x w"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cs := Diff(cut(tc.a), cut(tc.b))
			var got []string
			for _, c := range cs {
				got = append(got, string(c.Op)+c.Text)
			}
			if d := cmp.Diff(tc.want, strings.Join(got, "|")); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if Equal(cs) != (tc.a == tc.b) {
				t.Error("equal is not equal")
			}
		})
	}
}

func cut(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

func TestVocabulary(t *testing.T) {
	if _, err := ReadVocabulary(builtin); err != nil {
		t.Fatal(err)
	}
	if v := Library(); !v.Has("ptl_lock") || !v.Has("spin_lock") || Kernel().Has("ptl_lock") {
		t.Error("the names of the library count in the library, and there beside those of the kernel")
	}
	for text, want := range map[string]string{
		"a b":              "vocabulary, line 1: a needs an event and what it is about",
		"a b 1\na c 1":     "vocabulary, line 2: a is there twice",
		"\na b x":          "vocabulary, line 2: a: \"x\" is neither a number of an argument, nor =NAME, nor -",
		"guard x lock":     "vocabulary, line 1: guard takes a class, a lock and an unlock",
		"guard x lock un":  "vocabulary, line 1: lock is no event",
		"a lock 1 r extra": "vocabulary, line 1: a needs an event and what it is about",
	} {
		if _, err := ReadVocabulary(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzProject(f *testing.F) {
	f.Add("void f(void) { guard(mutex)(&m); if (a && spin_lock(&b)) { goto x; } scoped_guard(rcu) for (;;) break; x: switch (a) { case 1: *pud = get_page(c ? d : e); } }")
	f.Add("void f(void) {\n#if A\nguard(x)(y);\n#else\n({ spin_lock(a) ; })\n#endif\n}")
	f.Fuzz(func(t *testing.T, src string) {
		file := csource.Parse("x.c", []byte(src), nil)
		for _, fn := range file.Funcs {
			s := Project(file, fn, Options{Vocabulary: Kernel()})
			_ = s.Text()
			if ls := Texts(s.Lines()); len(ls) < 200 && !Equal(Diff(ls, ls)) {
				t.Fatalf("a skeleton differs from itself:\n%s", s.Text())
			}
		}
	})
}

// TestOff: a parameter of the library can be left out of what is compared.
func TestOff(t *testing.T) {
	v, err := ReadVocabulary("off one two\n")
	if err != nil {
		t.Fatal(err)
	}
	if !v.Off("one") || !v.Off("two") || v.Off("three") {
		t.Error("off names the wrong parameters")
	}
	if !Library().Off("uffd_missing") {
		t.Error("a fault that is told to user space is compared")
	}
}
