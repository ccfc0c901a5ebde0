package promela_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pmdcheck/internal/promela"
	"pmdcheck/internal/spin"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

const object = "@use(no_use) @free(no_free) @leak(no_lost)\nstruct obj { u2 val; struct obj *next; };\n" +
	"property no_use \"use\";\nproperty no_free \"free\";\nproperty no_lost \"lost\";\n"

// features are models of one thing each that has no counterpart in Promela, or that could be translated wrongly.
var features = []struct {
	name string
	want string // violated properties
	src  string
}{
	{"index out of range, written", "no_fault", "u2 a[3]; u2 x; process p { u2 i; i = x; a[i] = 1; } process q { x = 3; }"},
	{"index out of range, read", "no_fault", "u2 a[3]; u2 x; u2 y; process p { y = a[x]; } process q { x = 3; a[1] = 2; }"},
	{"one index of two out of range", "no_fault", "u2 a[2][2]; u2 x; u2 y; process p { y = a[0][x]; } process q { x = 2; a[1][0] = 1; }"},
	{"overflow up and down", "no_fault", "u2 x; int<-1..1> y; process p { x++; x++; y--; } process q { x++; x++; y -= 1; }"},
	{"overflow of a value that fits elsewhere", "no_fault", "u4 x; u2 y; process p { y = x; } process q { x = 9; }"},
	{"division and modulo", "no_fault", "u2 x; int<-9..9> y; process p { y = -7 / (2 - x); y = -7 % 3; y = 7 % (x - 2); } process q { x = 2; }"},
	{"shift", "no_fault", "u8 x; int y; process p { y = 1 << x; y = -8 >> x; } process q { x = 3; x = 40; }"},
	{"operands of && and || that fault", "no_fault", "u2 x; u2 a[2]; bool b; process p { atomic { b = x < 2 && a[x] == 0; } atomic { b = x >= 2 || a[x] == 0; } atomic { b = x == 9 || a[x] == 0; } } process q { x = 2; a[0] = 1; }"},
	{"conditional expression", "no_fault", "u2 x; u2 a[2]; u2 y; process p { atomic { y = x < 2 ? a[x] : 1; } atomic { y = x < 2 ? 1 : a[x]; } } process q { x = 2; a[0] = 1; }"},
	{"a failed step keeps what it did", "assertion no_deadlock", "u2 x; u2 y; process p { atomic { x = 1; assert(y == 0); x = 2; } } process q { y = 1; await (x == 1); x = 3; }"},
	{"locals of a failed process are reset", "assertion", "u2 x; u2 y; process p { u2 i; i = x; atomic { assert(y == 0); y = i; } x = i; } process q { x = 1; y = 1; }"},
	{"a failure before an await enables the step", "no_fault", "u2 x; u2 y; process p { atomic { y = 6 / x; await (x == 1); } } process q { x = 0; x = 3; x = 1; }"},
	{"an assertion before an await", "assertion", "u2 x; bool b; process p { atomic { assert(x < 2); await (b); } } process q { x = 1; x = 2; x = 1; b = true; }"},
	{"await after stores", "", "u2 x; u2 y; process p { atomic { x = x + 1; await (x + y == 3); } } process q { y = 1; y = 2; }"},
	{"await after a store into an array", "no_deadlock", "u2 a[3] = {1, 2}; u2 i; process p { atomic { a[i] = 3; await (a[0] == 1 && a[i] + a[1] == 5); } } process q { i = 1; i = 2; a[0] = 2; i = 0; }"},
	{"await after a store by reference", "", "u2 x; u2 y; u2 *r = &x; process p { atomic { *r = 2; await (y == 2); } } process q { r = &y; x = 1; }"},
	{"await after branches", "no_deadlock", "u2 x; u2 y; process p { atomic { if (x == 1) y = 1; else y = 2; if (x > 1) y = y - 1; await (y == 1); } } process q { x = 1; x = 2; x = 0; y = 3; }"},
	{"await after alloc and free", "no_free", object + "struct obj A; pool struct obj spare[2]; struct obj *r = &A; process p { struct obj *q; atomic { q = alloc(struct obj); await (q == &spare[1]); r = q; } } process q { struct obj *q; q = alloc(struct obj); atomic { free (q); await (!live(q)); } free (q); }"},
	{"await after an alloc that must take one object only", "", object + "pool struct obj spare[2]; struct obj *r; process p { struct obj *q; atomic { q = alloc(struct obj); await (!live(&spare[1])); r = q; } }"},
	{"an overflow before an await enables the step", "no_fault", "u2 x; bool b; process p { atomic { x = x + 1; await (b); } } process q { x = 3; x = 0; b = true; }"},
	{"alloc resets fields and gives NULL", "no_fault", object + "pool struct obj spare[2]; struct obj *r; process p[3] { struct obj *q; q = alloc(struct obj); atomic { q->next = r; q->val++; r = q; } }"},
	{"alloc into a field of what is dead", "no_lost no_use", object + "struct obj A; pool struct obj spare[1]; struct obj *r = &A; process p { r->next = alloc(struct obj); } process q { free (r); }"},
	{"free of NULL and of what is dead", "no_fault no_free", object + "struct obj A; struct obj *r = &A; process p { free (r); } process q { free (r); r = NULL; free (r); }"},
	{"use through pointers", "no_fault no_use", object + "struct obj A = { .val = 1, .next = &B }, B; struct obj *r = &A; u2 x; process p { atomic { x = r->next->val; } r->next->val = 2; } process q { free (&B); A.next = NULL; r = &A; }"},
	{"use by reference", "no_use", object + "struct obj A, B; u2 x; u2 *r = &A.val; process p { *r = 1; x = *r; } process q { free (&A); r = &x; r = &B.val; } process k { await (!live(&A)); elsewhere = &B; } struct obj *elsewhere = &B;"},
	{"reference NULL", "no_fault", "u2 x; u2 *r = &x; process p { *r = 1; } process q { r = NULL; }"},
	{"address of an element", "no_fault", "u2 a[3]; u2 i; u2 *r = &a[0]; process p { r = &a[i]; *r = 2; } process q { i = 1; i = 3; }"},
	{"container_of", "no_fault", "struct box { u2 pad; u2 val; }; struct box A, B; u2 x; u2 *r = &A.val; struct box *b = &B; process p { b = container_of(r, struct box, val); b->pad = 1; } process q { r = &B.val; r = &x; r = &A.pad; }"},
	{"leak", "no_lost", object + "struct obj A, B, C; struct obj *r = &A; process p { A.next = &B; r = NULL; } process q { r = &C; }"},
	{"no leak behind what lives from the start", "", object + "@free(no_free) struct box { struct obj *o; };\nstruct obj A; struct box B = { .o = &A }; u2 x; process p { x = 1; }"},
	{"a leak behind what was allocated and is lost", "no_lost", object + "@free(no_free) struct box { struct obj *o; };\nstruct obj A; pool struct box boxes[1]; process p { struct box *b = alloc(struct box); b->o = &A; }"},
	{"a leak behind what was freed and allocated again", "no_lost", object + "@free(no_free) struct box { struct obj *o; };\nstruct obj A; struct box B; process p { struct box *b; free(&B); b = alloc(struct box); b->o = &A; }"},
	{"no leak behind what is allocated again as another", "", object + "@free(no_free) struct box { struct obj *o; };\nstruct obj A; struct box B = { .o = &A }; pool struct box boxes[1]; u2 x; process p { struct box *b = alloc(struct box); x = 1; free(b); b = alloc(struct box); }"},
	{"a leak behind weak pointers", "no_lost", object + "@free(no_free) struct box { struct obj *o @weak; };\nstruct obj A; struct box B; struct obj *tlb[2] @weak; process p { tlb[1] = &A; B.o = tlb[1]; }"},
	{"a process that may not move", "no_deadlock", "u1 x; u1 z; process p on cpu 0 { z = 1; } process q { x = 1; await (z == 1); } process await (x != 1);"},
	{"held up in the middle, and let go", "assertion", "u2 x; u2 a; process p on cpu 0 { a = 1; a = 2; } process h on cpu 1 { x = 1; assert(a != 1); x = 2; } process await (self == 1 || x != 1);"},
	{"not held up for ever", "", "u2 x; u2 a; process p on cpu 0 { a = 1; atomic { assert(x != 1); a = 2; } } process h on cpu 1 { x = 1; x = 2; } process await (this_cpu == 1 || x != 1);"},
	{"alloc keeps a field", "assertion", object + "@free(no_free) struct box { u2 lock @keep; u2 n; };\nstruct box B = { .n = 1 }; u2 x; process p { struct box *b; B.lock = 3; B.n = 2; free(&B); b = alloc(struct box); assert(b->lock == 3 && b->n == 1); x = 1; } process q { await (x == 1); B.lock = 2; atomic { await (live(&B)); assert(B.lock == 3); } }"},
	{"no leak behind pointers and references", "", object + "struct obj A, B; struct obj *r; u2 *q = &B.val; process p { B.next = &A; r = NULL; } process k { u2 x; x = *q; q = &B.val; }"},
	{"deadlock is excused by a failure", "assertion", "bool b; u2 x; process p { assert(b); x = 0; } process q { await (x == 1); b = true; }"},
	{"deadlock", "no_deadlock", "bool b; process p { await (b); } process q { end: await (b); }"},
	{"end labels", "", "bool b; process p { end: await (b); } process q { while (true) { end: await (b); } }"},
	{"invariants that are false or fault", "inv wrong", "u2 x; u2 a[2]; process p { x = 1; x = 3; a[1] = 1; } invariant inv: x != 3; invariant wrong: a[x] < 3; invariant good: x < 2 || x == 3; cover never: a[x] == 3; cover some: a[x] == 0;"},
	{"failure and cover before the first step", "assertion", "u2 x; process p { u2 i = 1; cover early; assert(i == 2); x = 1; } process q { cover early; x = 2; } cover early;"},
	{"arrays with negative values", "no_fault", "int<-2..2> a[3] = {-2, 1, -1}; int<-2..2> y = -2; u2 i; process p { y = a[i] + 1; a[i] = y - 1; a[i] -= 2; } process q { i = 1; i = 2; }"},
	{"many ways through an atomic block", "assertion", "u4 x; u4 y; process p { atomic { if (x & 1) y++; if (x & 2) y++; if (x & 4) y++; assert(y < 3); if (y == 2) x = 0; y = 0; } } process q { x = 3; x = 7; }"},
	{"choose inside atomic", "no_deadlock", "u2 x; u2 y; process p { atomic { choose { case x == 1: y = 1; case x == 2: y = 2; case: await (y == 3); } } } process q { x = 1; x = 2; x = 0; }"},
	{"fences", "assertion", "u2 x; u2 y; process p { x = 1; smp_wmb(); y = 1; } process q { u2 a; a = y; smp_rmb(); atomic { smp_mb(); assert(a == 0 || x == 2); x = 2; } }"},
	{"unchecked properties", "", object + "struct obj A; struct obj *r = &A; u2 x; process p { assert(x == 1, no_free); x = r->val; free (r); } process q { free (r); } check no_lost;"},
	{
		"names that mean something elsewhere", "assertion", "u2 now; u2 len; u2 init; u2 timeout; u2 Index; u2 P0; u2 MA; u2 run; u2 xr; u2 p_i; u2 _x; bool active; bool observer;\n" +
			"process p { u2 i; now = 1; len = 1; init = 1; timeout = 1; i = len; Index = i; P0 = 1; MA = 1; run = 1; p_i = i; _x = 1; active = true; observer = true; xr = 1; assert(now == 2); }\n" +
			"process proctype { u2 never; never = now; len = never; } process pan { end: await (now == 2 && len == 2 && init == 2 && timeout == 2 && Index == 2 && P0 == 2 && MA == 2 && run == 2 && p_i == 2 && _x == 2 && active && observer && xr == 2); }",
	},
}

func TestFeatures(t *testing.T) {
	s := tool(t)
	for _, f := range features {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			spec := load(t, "feature.pmd", []byte(f.src))
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true, NoReset: true}} {
				sys := build(t, spec, configurations(t, spec)[0], o)
				a, _ := ours(t, sys, false, 20_000)
				if got := a.String(); !strings.Contains(got, "violated ["+f.want+"]") {
					t.Errorf("%s, and violated [%s] is wanted", got, f.want)
				}
				compare(t, s, sys, false, 20_000)
				compare(t, s, sys, true, 20_000)
			}
		})
	}
}

// TestRefused holds what cannot be translated: a documented diagnostic at the step, and nothing written. What the documentation puts right is translated.
func TestRefused(t *testing.T) {
	doc, _ := source.LookupCode("promela-loop")
	choice, _ := source.LookupCode("promela-choice")
	for _, f := range []struct{ name, code, src string }{
		{"loop in a step", "promela-loop", doc.Before},
		{"loop with constant bounds", "", doc.After},
		{"choice on the way", "promela-choice", choice.Before},
		{"choice first", "", choice.After},
		{"choice with which a block begins", "", "u2 x;\nprocess p { atomic { choose { case: x = 1; case x == 0: x = 2; } } }\nprocess q { x = 3; }\n"},
		{
			"condition too large", "promela-guard",
			"u4 x; u4 y;\nprocess p { atomic {" + strings.Repeat(" if (x & 1) { x = y; y = y + 1; } else { y = x + y; }", 14) + " await (x + y == 3); } } process q { x = 1; y = 1; }",
		},
	} {
		t.Run(f.name, func(t *testing.T) {
			spec := load(t, "refused.pmd", []byte(f.src))
			var b bytes.Buffer
			err := promela.Export(&b, build(t, spec, configurations(t, spec)[0], elab.BuildOptions{}), promela.Options{})
			if f.code == "" {
				if err != nil {
					t.Fatal(testkit.Render(err))
				}
				return
			}
			if err == nil || b.Len() > 0 {
				t.Fatalf("error %v, %d bytes written", err, b.Len())
			}
			var l *source.List
			if !errors.As(err, &l) || len(l.Diags) != 1 || l.Diags[0].Code != f.code || l.Diags[0].Hint == "" || l.Diags[0].Span.Start.Line() != 2 {
				t.Errorf("the diagnostic is %s", testkit.Render(err))
			}
			if _, ok := source.LookupCode(f.code); !ok {
				t.Errorf("%s is not documented", f.code)
			}
		})
	}
}

// TestEverySpec exports a sample of the configurations of every embedded spec, every statement a step of its own.
func TestEverySpec(t *testing.T) {
	for _, n := range names(t) {
		spec := embedded(t, n)
		for i, c := range configurations(t, spec) {
			if i%17 != 0 {
				continue
			}
			sys := build(t, spec, c, elab.BuildOptions{NoMerge: true})
			if sys.Memory != nil {
				continue // refused, and tested where it is
			}
			if err := promela.Export(io.Discard, sys, promela.Options{}); err != nil {
				t.Errorf("%s %s: %s", n, c, testkit.Render(err))
			}
		}
	}
}

// TestStop holds that with -DSTOP the verifier stops with an error at the first violation, whichever way it is found.
func TestStop(t *testing.T) {
	s := tool(t)
	for want, src := range map[string]string{
		"assertion":   "u2 x; process p { assert(x == 0); } process q { x = 1; }",
		"no_deadlock": "u2 x; process p { await (x == 2); } process q { x = 1; }",
		"inv":         "u2 x; process p { x = 1; x = 2; } invariant inv: x < 2;",
		"":            "u2 x; process p { x = 1; x = 2; } invariant inv: x < 3;",
	} {
		spec := load(t, "stop.pmd", []byte(src))
		var b bytes.Buffer
		if err := promela.Export(&b, build(t, spec, configurations(t, spec)[0], elab.BuildOptions{}), promela.Options{}); err != nil {
			t.Fatal(testkit.Render(err))
		}
		r, err := s.Run(t.Context(), spin.Job{Model: b.Bytes(), Spin: []string{"-DSTOP"}, CC: []string{"-DSAFETY"}, Pan: []string{"-m1000"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Violated, " "); got != want || (r.Errors > 0) != (want != "") {
			t.Errorf("%q is found, with %d errors, and %q is wanted", got, r.Errors, want)
		}
	}
}

// TestDeterministic holds that exporting twice gives the same bytes.
func TestDeterministic(t *testing.T) {
	spec := embedded(t, "seed/race_a")
	c := configurations(t, spec)[0]
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := promela.Export(w, build(t, spec, c, elab.BuildOptions{}), promela.Options{}); err != nil {
			t.Fatal(testkit.Render(err))
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two exports differ")
	}
}

// TestLivenessIsLeftOut: what SPIN is not asked stands in the file.
func TestLivenessIsLeftOut(t *testing.T) {
	spec := load(t, "live.pmd", []byte("u1 x;\nprocess p { x = 1; }\nliveness set: eventually x == 1;\n"))
	var b bytes.Buffer
	if err := promela.Export(&b, build(t, spec, configurations(t, spec)[0], elab.BuildOptions{}), promela.Options{}); err != nil {
		t.Fatal(testkit.Render(err))
	}
	if want := "Not translated, because they are about more than single states and steps: set."; !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in\n%s", want, b.String())
	}
}
