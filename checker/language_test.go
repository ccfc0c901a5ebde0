package checker_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestLanguage checks what constructs mean that reach far: fall-through, jumps into blocks, overrides, structs in structs, addresses passed on. Each spec
// says by asserts what C says, and by a cover that control came through; `other` makes its variables shared where that matters.
func TestLanguage(t *testing.T) {
	const nested = `
struct lock { u2 owner; u1 held[2]; };
struct mm { struct lock locks[2]; u2 users; };
struct vma { struct mm *mm; struct lock own; };
struct mm A = { .locks = { { .owner = 1 }, { .owner = 2, .held = { 0, 1 } } }, .users = 3 };
struct mm B[2];
struct vma V[2] = { { .mm = &A }, { .mm = &B[1], .own = { .owner = 3 } } };
u2 other;
`
	for name, src := range map[string]string{
		"switch falls through to the next case, over default too": `
u2 x; u3 trail; u2 x0;
process p { for (u2 i = 0; i < 4; i++) {
	trail = 0;
	switch (i) { case 0: trail = trail + 1; default: trail = trail + 2; break; case 1: case 2: trail = trail + 4; }
	assert (trail == (i == 0 ? 3 : (i == 3 ? 2 : 4)));
} cover through; }
process other { end: await (trail > 7); }`,
		"a switch on a shared value reads it once": `
u2 x; u2 seen;
process p { switch (x) { case 0: seen = 1; break; case 1: seen = 2; break; default: seen = 3; } assert (seen == 1 || seen == 2); cover through; }
process other { x = 1; }`,
		"break leaves the switch, continue the loop around it": `
u3 n;
process p { u2 i = 0; while (i < 3) { i++; switch (i) { case 1: continue; case 2: break; default: n = n + 4; } n = n + 1; } assert (n == 6); cover through; }
process other { end: await (n > 6); }`,
		"a jump into an atomic block makes the rest of it one step": `
u2 x; u2 y; bool b;
process p { if (b) goto inside; atomic { x = 1; y = 1; inside: x = 2; y = 2; } cover through; }
process other { b = true; atomic { assert (x == y); } }`,
		"a jump out of an atomic block ends the step": `
u2 x; u2 y; bool b;
process p { atomic { x = 1; if (!b) goto out; x = 2; y = 2; } out: y = 1; cover through; }
process other { b = true; await (y == 1); assert (x >= 1); }`,
		"a jump backwards within an atomic block is a loop in one step": `
u3 x;
process p { atomic { u2 i = 0; again: x++; i++; if (i < 3) goto again; } assert (x == 3); cover through; }
process other { assert (x == 0 || x == 3); }`,
		"a return out of an atomic block ends the step": `
u2 x; bool b;
void f(void) { atomic { x = 1; if (!b) return; x = 2; } x = 3; }
process p { f(); cover through; assert (x == 1 || x == 3); }
process other { b = true; }`,
		"initialisers of arrays of structs in structs": nested + `
process p { assert (A.locks[0].owner == 1); assert (A.locks[1].held[1] == 1 && A.locks[1].held[0] == 0); assert (V[0].mm->users == 3); assert (V[1].own.owner == 3 && V[1].mm == &B[1]); cover through; }
process q { end: await (A.users == 0); A.locks[0].owner = 3; A.locks[1].held[1] = 0; V[1].own.owner = 0; V[0].mm = NULL; }`,
		"indices select objects and elements": nested + `
process p { u2 i = 1; B[i].locks[1 - i].held[i] = 1; assert (B[1].locks[0].held[1] == 1); assert (B[0].locks[0].held[1] == 0); assert (B[1].locks[1].held[1] == 0); assert (A.locks[0].held[1] == 0);
	V[i].mm->locks[i].owner = 2; assert (B[1].locks[1].owner == 2 && B[0].locks[1].owner == 0); cover through; }
process q { end: await (B[0].users == 3); }`,
		"an address passed down three calls is the place itself": nested + `
void set(u2 *p, u2 v) { *p = v; }
void take(struct lock *l, u2 who) { set(&l->owner, who); l->held[who % 2] = 1; }
void both(struct mm *mm, u2 who) { take(&mm->locks[0], who); take(&mm->locks[1], who); }
void through(struct vma *v, u2 who) { both(v->mm, who); take(&v->own, who); }
process p { through(&V[1], 3); assert (B[1].locks[0].owner == 3 && B[1].locks[1].owner == 3 && B[1].locks[1].held[1] == 1 && V[1].own.owner == 3); assert (A.locks[0].owner == 1 && V[0].own.owner == 0); cover through; }
process q { end: await (A.users == 0); }`,
		"an address is computed when it is taken": nested + `
u1 which;
void set(u2 *p) { which = 1; *p = 3; }
process p { set(&A.locks[which].owner); assert (A.locks[0].owner == 3 && A.locks[1].owner == 2); cover through; }
process q { end: await (A.users == 0); which = 0; }`,
		"a pointer that is assigned again moves": nested + `
process p { struct mm *m = &A; m->users = 1; m = &B[0]; m->users = 2; u2 *r = &m->users; r = &B[1].users; *r = 3; assert (A.users == 1 && B[0].users == 2 && B[1].users == 3); cover through; }
process q { end: await (A.users == 0); }`,
		"a local struct is passed by address": `
struct gather { u2 n; u1 list[2]; };
u2 x;
void add(struct gather *g, u1 v) { g->list[g->n] = v; g->n = g->n + 1; }
void fill(struct gather *g) { add(g, 1); add(g, 1); }
process p { struct gather g; struct gather h; fill(&g); add(&h, 1); assert (g.n == 2 && g.list[1] == 1 && h.n == 1 && h.list[1] == 0); x = 1; cover through; }
process q { x = 2; }`,
		"a parameter is a copy": `
u2 x; u2 y;
u2 f(u2 a) { a = a + 1; x = 3; return a; }
process p { u2 b = 1; y = f(b); assert (b == 1 && y == 2); y = f(x - 2); assert (y == 2); cover through; }
process other { end: await (x == 2 || y == 3); }`,
		"arguments are evaluated before the call, left to right": `
u2 x; u2 r;
u2 next(void) { x = x + 1; return x; }
void two(u2 a, u2 b) { assert (a == 1 && b == 2); r = a; }
process p { two(next(), next()); cover through; }
process other { end: await (r == 3); }`,
		"a label in a function belongs to each call": `
u2 x;
void f(bool skip_it) { if (skip_it) goto out; x = x + 1; out: skip; }
process p { f(true); f(false); f(true); f(false); assert (x == 2); cover through; }
process other { end: await (x == 3); }`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoMerge: true, NoReset: true}} {
				src := src + "\ncover through;\n"
				compareEngines(t, build(t, src, o), src, false)
				res, err := checker.Check(context.Background(), build(t, src, o), checker.Options{Reduction: checker.ReductionNone})
				if err != nil {
					t.Fatal(err)
				}
				if res.Verdict != checker.Holds {
					t.Errorf("%+v: %s", o, outcome(res))
				}
			}
		})
	}
}

// TestOverride: an override replaces the function for every process that calls it, also in the imported file, wherever it stands.
func TestOverride(t *testing.T) {
	files := map[string]string{
		"lib.pmd": "u2 x;\nvoid leaf(u2 v) { x = v; }\nvoid twig(u2 v) { leaf(v); }\nvoid branch(u2 v) { twig(v); leaf(v); }\n",
		"sub.pmd": "import \"./lib\";\nvoid trunk(void) { branch(1); }\n",
	}
	l := &elab.Loader{ReadFile: func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, fs.ErrNotExist
	}}
	for name, tc := range map[string]struct {
		src     string
		verdict checker.Verdict
		err     string
	}{
		"none":             {"import \"./sub\";\nprocess p { trunk(); }\nprocess q { end: await (x == 2); }\ninvariant i: x < 2;", checker.Holds, ""},
		"leaf":             {"import \"./sub\";\nprocess p { trunk(); }\nprocess q { end: await (x == 3); }\noverride void leaf(u2 v) { x = v + 1; }\ninvariant i: x != 1;", checker.Holds, ""},
		"leaf, seen":       {"import \"./sub\";\nprocess p { trunk(); }\nprocess q { end: await (x == 3); }\noverride void leaf(u2 v) { x = v + 1; }\ninvariant i: x != 2;", checker.Violated, ""},
		"middle":           {"import \"./sub\";\noverride void twig(u2 v) { leaf(v + 1); }\nprocess p { trunk(); assert (x == 1); }\nprocess q { end: await (x == 3); }\ncover two: x == 2;", checker.Holds, ""},
		"other parameters": {"import \"./sub\";\nprocess p { trunk(); }\noverride void leaf(void) { x = 1; }", 0, "override of 'leaf' has other parameters"},
		"other result":     {"import \"./sub\";\nprocess p { trunk(); }\noverride u2 leaf(u2 v) { return v; }", 0, "override of 'leaf' has another result"},
		"other type":       {"import \"./sub\";\nprocess p { trunk(); }\noverride void leaf(u3 v) { x = 1; }", 0, "override of 'leaf' has another type of parameter 'v'"},
		"same type, named": {"import \"./sub\";\ntypedef u2 val_t;\nprocess p { trunk(); }\nprocess q { end: await (x == 3); }\noverride void leaf(val_t v) { x = v; }", checker.Holds, ""},
		"twice":            {"import \"./sub\";\nprocess p { trunk(); }\noverride void leaf(u2 v) { x = v; }\noverride void leaf(u2 v) { x = v; }", 0, "override of 'leaf' is in the file"},
		"nothing there":    {"import \"./sub\";\nprocess p { trunk(); }\noverride void laef(u2 v) { x = v; }", 0, "no imported function 'laef'"},
		"own function":     {"void f(void) { skip; }\noverride void f(void) { skip; }\nprocess p { f(); }", 0, "override of 'f' is in the file of the function it replaces"},
		"calls itself":     {"import \"./sub\";\nprocess p { trunk(); }\noverride void leaf(u2 v) { twig(v); }", 0, "calls itself"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := l.Load("t.pmd", []byte(tc.src))
			if tc.err != "" || err != nil {
				if err == nil || tc.err == "" || !strings.Contains(testkit.Render(err), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			configs, err := spec.Configurations(nil)
			if err != nil {
				t.Fatal(err)
			}
			sys, err := spec.Build(configs[0], elab.BuildOptions{})
			if err != nil {
				t.Fatal(testkit.Render(err))
			}
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			if res.Verdict != tc.verdict {
				t.Errorf("%s, want %v", outcome(res), tc.verdict)
			}
		})
	}
}
