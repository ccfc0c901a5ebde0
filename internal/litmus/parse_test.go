package litmus

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pmdcheck/model/source"
)

func errorsOf(t testing.TB, err error) string {
	t.Helper()
	var list *source.List
	if !errors.As(err, &list) {
		t.Fatalf("%v is no list", err)
	}
	var b bytes.Buffer
	if err := list.Render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// in puts statements into a test.
func in(body string) string {
	return "C t\n{}\nP0(int *x, int *y)\n{\n\t" + body + "\n}\nexists (x=1)\n"
}

// TestErrors: where an error is, what it says and what to do.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", "t:1:1: error: a litmus test begins with a line such as: C name"},
		{"AArch64 MP\n{}\n", "t:1:1: error: tests for AArch64 are not supported, only tests in C"},
		{"C t\n", "no initial state"},
		{"C t\n(* open\n{}\n", "t:2:1: error: comment that does not end"},
		{"C t\n{}\nexists (x=1)\n", "t:3:1: error: no process"},
		{"C t\n{}\nP1(int *x)\n{\n}\nexists (x=1)\n", "t:3:1: error: P1 where P0 should follow"},
		{in("WRITE_ONCE(x, 1);"), "t:5:13: error: WRITE_ONCE takes what is accessed, not its address [litmus-syntax]\n    \tWRITE_ONCE(x, 1);\n    \t           ^\n    hint: write *x"},
		{in("int r1 = READ_ONCE(*z);"), "t:5:22: error: unknown name z"},
		{"C t\n{ z=1; }\nP0(int *x)\n{\n\tint r1 = READ_ONCE(*z);\n}\nexists (x=1)\n", "hint: to use the global, make it a parameter: P0(int *z)"},
		{in("x = 1;"), "x is a parameter, the address of the global x"},
		{in("smp_foo();"), "t:5:2: error: unknown function smp_foo"},
		{in("smp_store_release(x);"), "smp_store_release takes 2 arguments, not 1"},
		{in("int r1 = smp_mb();"), "smp_mb yields no value"},
		{in("while (1) { }"), "t:5:2: error: while is not supported"},
		{in("int r1 = x->next;"), "structs are not supported"},
		{in("int r1 = 99999999999;"), "number 99999999999 that cannot be read"},
		{in("int r1 = 1 +;"), "expected an expression and found ;"},
		{in("r1 + 1 = 2;"), "this cannot be assigned to"},
		{in("WRITE_ONCE(*x, 1)"), "expected ; and found }"},
		{in("if (1) {"), "a } is missing"},
		{in("int r1 = &r2;"), "& of something that is not in memory"},
		{in("int r1 = 1 § 2;"), "character '§' outside the language"},
		{strings.Replace(in(""), "x=1", "x=1 && y=1", 1), "t:7:13: error: conditions are joined by /\\ and \\/, not by &&"},
		{strings.Replace(in(""), "(x=1)", "x=1 && y=1", 1), "conditions are joined by /\\ and \\/, not by &&"},
		{strings.Replace(in(""), "x=1", "x", 1), "expected = and found )"},
		{strings.Replace(in(""), "x=1", "7:r1=1", 1), "there is no process P7"},
		{strings.Replace(in(""), "{}", "{ 3:r1=1; }", 1), "there is no process P3"},
		{strings.Replace(in(""), "{}", "{ int a[2] = {1, 2, 3}; }", 1), "more than 2 values"},
		{strings.Replace(in(""), "{}", "{ int a[0]; }", 1), "an array has 1 to 256 elements"},
		{in("") + "exists (y=1)\n", "expected the end of the file and found exists"},
	} {
		_, err := Parse("t", []byte(c.src))
		if err == nil {
			t.Errorf("no error for %q, want %s", c.src, c.want)
		} else if got := errorsOf(t, err); !strings.Contains(got, c.want) {
			t.Errorf("%q gets\n%swant %s", c.src, got, c.want)
		}
	}
}

// TestSeveralErrors: unknown names come all at once.
func TestSeveralErrors(t *testing.T) {
	_, err := Parse("t", []byte("C t\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, r1);\n\tWRITE_ONCE(*x, r2);\n}\nexists (x=1)\n"))
	if got := errorsOf(t, err); strings.Count(got, "error:") != 2 {
		t.Error(got)
	}
}

// TestHostile: deep, long and wide input ends in an error or a test, soon.
func TestHostile(t *testing.T) {
	deep := 100000
	for name, src := range map[string]string{
		"parentheses": in("int r1 = " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep) + ";"),
		"stars":       in("int r1 = " + strings.Repeat("*", deep) + "x;"),
		"minus":       in("int r1 = " + strings.Repeat("- ", deep) + "1;"),
		"sum":         in("int r1 = 1" + strings.Repeat(" + 1", deep) + ";"),
		"blocks":      in(strings.Repeat("{", deep) + strings.Repeat("}", deep)),
		"ifs":         in(strings.Repeat("if (1) ", deep) + ";"),
		"calls":       in("int r1 = " + strings.Repeat("xchg(x, ", deep) + "1" + strings.Repeat(")", deep) + ";"),
		"condition":   strings.Replace(in(""), "x=1", strings.Repeat("~", deep)+"x=1", 1),
		"constant":    strings.Replace(in(""), "{}", "{ x="+strings.Repeat("-", deep)+"1; }", 1),
		"comments":    "C t\n" + strings.Repeat("(*", deep),
		"locations":   "C t\n{ " + strings.Repeat("a", 10) + " }\nP0(" + strings.TrimSuffix(strings.Repeat("int *x, ", deep), ", ") + ")\n{\n}\nexists (x=",
		"large":       strings.Repeat("C", maxFileSize+1),
		"characters":  in(strings.Repeat("§", deep)),
		"cast":        strings.Replace(in(""), "{}", "{ x=(int", 1),
		"choice":      in("int r1 = " + strings.Repeat("1 ? ", deep) + "1;"),
	} {
		if _, err := Parse("t", []byte(src)); err == nil {
			t.Errorf("%s: no error", name)
		} else if n := len(errorsOf(t, err)); n > 20000 {
			t.Errorf("%s: a message of %d bytes", name, n)
		}
	}
}

// TestReading: what the parts of a test become.
func TestReading(t *testing.T) {
	test, err := Parse("t", []byte(`C name/with+signs (* Result: Sometimes DATARACE *)
Cycle=Fre PodWW {ignored}
"a string { with a brace }"

(* nested (* comment *) with { a brace *)
{ x=1; int *p = &y; 0:r7=5; int 1:r8; int a[3] = {1, -2, y}; atomic_t c = ATOMIC_INIT(4); [q]=2; (* inside *) spinlock_t s; }

void P0(volatile int *x, const int **p)
{
	int *r1 = (int *)rcu_dereference(*p); // comment
	unsigned long r2, r3 = 0x10;          /* comment */
	r2 = *(int *)r1;
	r3 += r7; r7++;
	if (r2) WRITE_ONCE(*x, (r2 & ~1) | 2); else { *x = 3; }
	(void)atomic_long_add_unless(x, 1, 2);
}
P1(int *a, int *c) { r0 = READ_ONCE(a[1]); r1 = a == c ? 1 : !r0; r2 = &a[2]; }

locations [0:r1; x; a[1];]
filter (not (x=7))
forall (0:r2=-3 /\ ( *x=2 \/ [c]=0x4) /\ ~(1:r8!=0) => a[0]=y)
`))
	if err != nil {
		t.Fatal(errorsOf(t, err))
	}
	if test.Name != "name/with+signs" || test.Says != "" && test.Says != "Sometimes DATARACE" || len(test.Procs) != 2 || test.Quant != Forall || test.Filter == nil {
		t.Errorf("%+v", test)
	}
	if got, want := test.PropString(test.Cond), `~(0:r2=-3 /\ (x=2 \/ c=4) /\ ~(1:r8!=0)) \/ a[0]=y`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var names []string
	for _, m := range test.Projection() {
		names = append(names, test.TermName(m))
	}
	if got := strings.Join(names, " "); got != "0:r1 0:r2 1:r8 a[0] a[1] c x" {
		t.Error(got)
	}
	if v := test.InitialValue(mustCell(t, test, "a[2]")); test.Show(v) != "y" {
		t.Errorf("a[2] is %s", test.Show(v))
	}
	if v := test.InitialValue(mustCell(t, test, "c")); v != 4 {
		t.Errorf("c is %d", v)
	}
	if r := test.Procs[0].Regs[0]; r.Name != "r7" || r.Init != 5 {
		t.Errorf("%+v", r)
	}
}

func mustCell(t *testing.T, test *Test, n string) int {
	t.Helper()
	for c := range test.Cells() {
		if test.CellName(c) == n {
			return c
		}
	}
	t.Fatalf("no cell %s", n)
	return 0
}

// TestNoCondition: as in herd7, that is forall (true).
func TestNoCondition(t *testing.T) {
	for _, src := range []string{strings.Replace(in(""), "exists (x=1)", "", 1), strings.Replace(in(""), "exists (x=1)", "locations [x]", 1)} {
		test, err := Parse("t", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if got := test.Quant.String() + " " + test.PropString(test.Cond); got != "forall true" || len(test.Notes) != 1 {
			t.Errorf("%q: %s, notes %v", src, got, test.Notes)
		}
	}
}

// TestTruth: true and false are 1 and 0, unless registers are called so.
func TestTruth(t *testing.T) {
	if _, err := Parse("t", []byte(in("if (true) WRITE_ONCE(*x, false); int false = 2; WRITE_ONCE(*x, false);"))); err != nil {
		t.Error(err)
	}
	if _, err := Parse("t", []byte(in("&true = 1;"))); err == nil {
		t.Error("true is assigned to")
	}
}

// TestNotes: what is odd is said and no error.
func TestNotes(t *testing.T) {
	test, err := Parse("t", []byte(strings.Replace(in(""), "x=1", "0:r9=1 /\\ nobody=1", 1)))
	if err != nil || len(test.Notes) != 2 {
		t.Errorf("%v, %+v", err, test)
	}
}

// TestAddresses: an address is no number that a test can write, and arithmetic on it stays in its location.
func TestAddresses(t *testing.T) {
	test, err := Parse("t", []byte("C t\n{ int a[2]; int b[2]; }\nP0(int *a, int *b)\n{\n}\nexists (a[0]=1)\n"))
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[Value]int{Address(0, 0): 0, Address(0, 1): 1, Address(0, 2): -1, Address(1, 0): 2, Address(1, 1): 3, Address(1, 0) - 1: -1, Address(2, 0): -1, 0: -1, -1: -1, 1 << 32: -1} {
		if c, ok := test.Cell(v); ok != (want >= 0) || ok && c != want {
			t.Errorf("%d: %d, %v", v, c, ok)
		}
	}
}

// FuzzParse: no input makes the parser panic.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../axioms/testdata/shapes/*.litmus")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, n := range files {
		src, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		test, err := Parse("t", src)
		if err != nil {
			errorsOf(t, err)
			return
		}
		_ = test.PropString(test.Cond)
		for _, m := range test.Projection() {
			test.TermName(m)
		}
	})
}
