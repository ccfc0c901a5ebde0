package checker_test

import (
	"context"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// A trap is a model on which an inference of the reduction or of symmetry was once wrong, with what was wrong about it.
type trap struct {
	name, story, src string
	members          int // how many processes of the first group are interchangeable
}

var traps = []trap{
	{"second await", `p waits for c and is taken for blocked by y too, which nobody sets. But the second await looks into A, which is dead: once c is set it fails, after the store
to z, and u notices. That a later condition does not fail has to be seen, not only that a part of it is false.`, `
property late "late"; property dead "dead"; @use(dead) @free(dead) struct s { u1 v; };
u1 c; u1 z; u1 y; struct s A; struct s *r;
process u { assert (z == 0, late); }
process p { await (r == &A); atomic { await (c == 1); z = 1; await (A.v == 1 && y == 1); } }
process k { free (&A); r = &A; c = 1; }
`, 0},
	{"operand skipped before an await", `arr[i] would fail but is not evaluated while a is 0. What sets a makes p fail before it waits, after the store to z.`, `
property late "late";
u1 c; u1 z; u1 a; u2 i = 3; u1 arr[2]; u1 l;
process u { assert (z == 0, late); }
process p { atomic { z = 1; l = a == 1 && arr[i] == 1; await (c == 1); } }
process m { a = 1; }
process w { await (c == 1); i = 3; c = 1; }
`, 0},
	{"operand skipped in an await", `The same within the condition: d is 0 and nobody sets it, but what sets a makes the evaluation fail.`, `
property late "late";
u1 d; u1 z; u1 a; u2 i = 3; u1 arr[2];
process u { assert (z == 0, late); }
process p { atomic { z = 1; await (!(a == 1 && arr[i] == 1) && d == 1); } }
process m { a = 1; }
process w { await (d == 1); i = 2; d = 1; }
`, 0},
	{"operand skipped in an invariant", `d keeps the invariant true, but what sets a makes its evaluation fail, which breaks it.`, `
u1 a; u1 d = 1; u2 i = 3; u1 arr[2]; u1 z;
process m { a = 1; }
process w { u1 l; arr[0] = 1; i = 3; await (a == 0); d = 0; l = z; }
process q { z = 1; z = 0; }
invariant inv: !(a == 1 && arr[i] == 1) || d == 1;
`, 0},
	{"store of what was stored", `Whether x + 2 fits in y depends on x, which p itself has just got from z: what writes z makes p fail before it waits.`, `
property late "late";
u2 x; u2 z; u2 y; u1 c; u1 f;
process u { assert (f == 0, late); }
process p { atomic { f = 1; x = z; y = x + 2; await (c == 1); } }
process m { z = 3; await (z == 1); c = 1; }
`, 0},
	{"index into an array of locals", `The condition looks at k[i] with the i that the step itself reads from x, not with the one it begins with.`, `
property late "late";
u2 x; u1 f;
process u { assert (f == 0, late); }
process p { u2 k[2]; u2 i; k[0] = 1; k[1] = 0; atomic { i = x; await (k[i] == 0); f = 1; } }
process m { x = 1; }
`, 0},
	{"copy of an owner", `owner names a worker. A cell that gets its value from there names one too, and is not exchanged with them.`, `
property one "one"; property two "two";
u2 owner; u2 x;
process w[2](u2 i) { atomic { await (owner == 0); owner = i + 1; } atomic { await (owner == i + 1); owner = 0; } }
process boss { x = owner; assert (x != 1, one); assert (x != 2, two); }
`, 0},
	{"life of two objects", `Two workers, two objects: whether an object lives is an array of two as well, but nothing that belongs to the workers.`, `
property dead "dead"; property one "one"; property two "two"; @use(dead) @free(dead) struct s { u1 v; };
struct s A; struct s B; u1 x; struct s *q;
process w[2](u2 i) { x = 1; }
process boss { q = &A; free (q); }
process other { assert (live(&A), one); assert (live(&B), two); }
process noise { q = NULL; }
`, 2},
	{"owner that points", `cur points to the object of one worker and so names it. Exchanged, it points to another object, and what can be reached is another matter: it is a leak
to point to T[0], which is dead, and none to point to T[1].`, `
property dead "dead"; property lost "lost"; @use(dead) @free(dead) @leak(lost) struct s { u1 v; };
struct s T[2]; struct s *cur;
process w[2](u2 i) { cur = &T[i]; }
process boss { free (&T[0]); }
`, 0},
	{"layout of locals", `How many bits a cell takes is found by sweeps over the code. They saw one worker after the other, and when they were broken off before the end of a
counter, the workers' locals had different ranges and shared bits with others: exchanging the workers wrote one over another.`, `
property p "p"; property q "q"; u8 x; u1 go; u1 z;
process w[2](u2 i) {
	u8 a; u8 c; u8 b;
	a = x;
	atomic { x = (x + 1) & 31; }
	c = x | 32;
	await (go == 1);
	z = a & 1;
	assert (c >= 32 && c <= 63, p);
	b = x | 32;
	await (go == 0);
	assert (b >= 32 && b <= 63, q);
}
process boss { go = 1; z = 0; go = 0; }
`, 2},
	{"a stale pointer", `Two objects, both freed, and a pointer to one of them kept. The next alloc takes S[0]: the pointer is good again, or still bad. States with the one and with the other are not alike,
though nothing names the objects, as long as somebody can allocate.`, `
property dead "dead"; property again "again"; @use(dead) @free(dead) struct s { u1 v; };
pool struct s S[2]; struct s *cur; struct s *old; u1 x;
process p {
	struct s *a = alloc(struct s); struct s *b = alloc(struct s);
	choose { case: old = a; case: old = b; }
	free (a); free (b);
	cur = alloc(struct s);
	assert (old != cur, again);
	x = old->v;
}
process q { end: await (x == 1); cur = NULL; old = NULL; x = 0; }
`, 2},
	{"a dead object between", `Nothing is freed, S[0] and S[2] begin alike. But alloc takes S[1] after S[0], so that what has S[0] is not what has S[2].`, `
property one "one"; property two "two"; @use(one) struct s { u1 v; };
pool struct s S[3] = { { .v = 1 }, { .v = 0 }, { .v = 1 } }; struct s *a; struct s *b; u1 z;
process p { a = alloc(struct s); z = 1; b = alloc(struct s); assert (b->v == 1, two); a->v = 0; }
process q { end: await (z == 2 - a->v); a = NULL; b = NULL; z = 0; }
`, 2},
	{"a ring of three", `Exchanging two of three objects in a ring turns the ring round.`, `
property first "first"; property second "second"; struct s { u1 v; struct s *next; };
struct s T[3] = { { .next = &T[1] }, { .next = &T[2] }, { .next = &T[0] } }; struct s *a; struct s *b; struct s *c;
process w[3](u2 i) { atomic { if (a == NULL) a = &T[i]; else if (b == NULL) b = &T[i]; else c = &T[i]; } }
process boss { await (c != NULL); assert (a->next != b, first); assert (b->next != a, second); T[0].v = 1; }
`, 0},
	{"bits as a number", `Workers set bits of their own, and nobody else looks at a bit; but x is the number that all of them make.`, `
property one "one"; property two "two"; u2 m; u2 x; u1 n;
process w[2](u2 i) { atomic { m |= 1 << i; } atomic { await (n == 1); n = 0; } }
process boss { await (m != 0); atomic { x = m; } assert (x != 1, one); assert (x != 2, two); n = 1; }
`, 0},
	{"a mask that cannot hold every combination", `4 and 1 fit, 4 and 2 do not.`, `
u2 n; int<0..5> m;
process w[2](u2 i) { atomic { n = n + 1; } atomic { m |= 1 << i; } }
process boss { atomic { await (m == 0); m = 4; } await (n == 1); m = 0; m = 1; }
`, 0},
	{"half of a column", `a[i] and b[i] share a lock. Neither the a nor the b alone can be interchanged, columns can.`, `
property p "p"; u1 lock[3]; u2 n; u3 m;
process a[3](u2 i) { atomic { await (lock[i] == 0); lock[i] = 1; } atomic { m |= 1 << i; } assert (m != 7 || n != 2, p); lock[i] = 0; }
process b[3](u2 i) { atomic { await (lock[i] == 0); lock[i] = 1; n = n + 1; } atomic { m &= 7 - (1 << i); } lock[i] = 0; }
`, 3},
	{"an object and its owner", `T[i] belongs to w[i], and cur points to the object of one of them. What cur leads to moves with the worker; a field of it that points to another object does, too.`, `
property p "p"; property q "q"; property dead "dead"; @use(dead) @free(dead) struct s { u1 v; struct s *next; };
struct s T[3]; struct s *cur; u2 n;
process w[3](u2 i) { atomic { T[i].next = cur; cur = &T[i]; n = n + 1; } T[i].v = 1; if (cur == &T[i]) free (&T[i]); }
process boss { await (n == 3); assert (cur->next->v == 0, p); assert (cur->next->next->v == 1, q); }
`, 3},
	{"the object around a field", `What cur refers to moves with the worker, the object around it does not: boss names both of them.`, `
property one "one"; property two "two"; typedef u1 bit_t; struct n { bit_t v; u1 w; }; struct n N[2]; bit_t *r[2] = { &N[0].v, &N[1].v }; bit_t *cur; u1 x;
process w[2](u1 i) { N[i].v = 1; atomic { await (cur == NULL); cur = r[i]; r[i] = NULL; } }
process boss { struct n *k; await (cur != NULL); k = container_of(cur, struct n, v); x = 1; assert (k != &N[0], one); assert (k != &N[1], two); }
`, 0},
	{"an address of one of two", `The address of mine[0] is taken, that of mine[1] is not, so that a reference to it has nothing to become.`, `
property one "one"; property two "two"; typedef u1 bit_t; bit_t mine[2]; bit_t *ref; u2 n; u1 x;
process w[2](u1 i) { atomic { mine[i] = 1; n = n + 1; } }
process boss { ref = &mine[0]; x = 1; atomic { await (n == 1); assert (*ref == 0, one); } }
process other { await (x == 1); atomic { await (n == 1); assert (*ref == 1, two); } ref = NULL; }
`, 0},
	{"objects by number", `No handle names an object here, but numbers choose them.`, `
property one "one"; property two "two"; struct s { u1 v; }; struct s T[2]; u1 y; u1 z;
process p { choose { case: y = 0; case: y = 1; } T[y].v = 1; y = 0; z = 1; }
process q { await (z == 1); z = 0; assert (T[y].v == 0, one); }
process r { await (z == 0); await (z == 1); assert (T[y].v == 1, two); y = 1; }
`, 0},
	{"more orders than are tried", `Ten objects in five pairs: nothing tells the pairs apart, nor what is first in one, and there are more orders than are tried. The state stays in one of them.`, `
property p "p"; property q "q"; property dead "dead"; @use(dead) struct s { u1 v; struct s *next; };
pool struct s S[10]; struct s *some; u1 z;
process a { struct s *x; struct s *y;
	while (true) { end: atomic { await (z == 0); x = alloc(struct s); y = alloc(struct s); if (y == NULL) goto full; x->next = y; y->next = x; choose { case: some = x; case: some = y; } x = NULL; y = NULL; } }
full:
	z = 1; some->v = 1; assert (some->next->v == 0, p); some->next->v = 1; assert (some->v == 0, q);
}
process b { end: await (some != NULL && z == 1); some = some->next; }
`, 10},
	{"a name that is zero", `last names a worker by its number, and whether it is 0 tells the first from the other.`, `
property one "one"; property two "two"; int<-1..3> last = -1; u1 x;
process w[2](u1 i) { atomic { await (last == -1); last = i; } end: await (x == 1); }
process boss { await (last != -1); atomic { assert (last, one); } }
process other { await (last != -1); atomic { assert (!last, two); } }
process reset { end: await (x == 1); x = 0; last = -1; }
`, 0},
	{"whose turn it is first", `The steps of all three are alike, but owner begins naming the second, so that the others never run. Taken for one another, all of them would be said to.`, `
u2 owner = 2;
process w[3](u2 i) { atomic { await (owner == i + 1); owner = 0; } }
`, 0},
	{"one and the other", `Of two what is not one's own is the other's.`, `
property p "p"; bool flag[2]; u2 turn; u2 inside;
process w[2](u2 i) { flag[i] = true; turn = 2 - i; await (!flag[1 - i] || turn == i + 1); atomic { assert (inside == 0, p); inside = 1; } inside = 0; flag[i] = false; }
`, 2},
	{"one and the other, too early", `The same with the turn given away before the flag is up.`, `
property p "p"; bool flag[2]; u2 turn; u2 inside;
process w[2](u2 i) { turn = 2 - i; flag[i] = true; await (!flag[1 - i] || turn == i + 1); atomic { assert (inside == 0, p); inside = 1; } inside = 0; flag[i] = false; }
`, 2},
	{"a lock that names both of a column", `a[i] and b[i] share a cell, so only columns can be interchanged; the lock has a name for each of the two.`, `
property p "p"; property q "q"; u4 owner; u2 mine[2]; u2 sum;
void lock() { atomic { await (owner == 0); owner = self + 1; } }
void unlock() { atomic { assert (owner == self + 1, p); owner = 0; } }
process a[2](u2 i) { lock(); mine[i] = 1; sum = sum + mine[i]; unlock(); }
process b[2](u2 i) { lock(); assert (mine[i] == 0 || sum < 2, q); mine[i] = 2; unlock(); if (i < 2) unlock(); }
`, 2},
}

// TestTraps searches the models in full and in every reduced way.
func TestTraps(t *testing.T) {
	for _, trap := range traps {
		t.Run(trap.name, func(t *testing.T) {
			sys := build(t, trap.src, elab.BuildOptions{})
			check := func(o checker.Options) *checker.Result {
				r, err := checker.Check(context.Background(), sys, o)
				if err != nil {
					t.Fatalf("%v\n%s", err, trap.story)
				}
				return r
			}
			full := check(checker.Options{Reduction: checker.ReductionNone})
			for name, o := range map[string]checker.Options{
				"stubborn sets": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, "without chains": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true},
				"symmetry": {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, "both": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOn},
				"by definition": {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, Verify: true},
			} {
				r := check(o)
				if evidence(r) != evidence(full) {
					t.Errorf("%s: %s\nfull: %s\n%s", name, evidence(r), evidence(full), trap.story)
				}
				if o.Symmetry == checker.SymmetryOn && len(r.Symmetry) > 0 && r.Symmetry[0].Members != trap.members {
					t.Errorf("%s: symmetry %+v", name, r.Symmetry)
				}
			}
		})
	}
}
