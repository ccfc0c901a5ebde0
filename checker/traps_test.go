package checker_test

import (
	"context"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
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
	{"operand skipped before an await", `arr[i] would fail but is not evaluated while a is 0. Who sets a makes p fail before it waits, after the store to z.`, `
property late "late";
u1 c; u1 z; u1 a; u2 i = 3; u1 arr[2]; u1 l;
process u { assert (z == 0, late); }
process p { atomic { z = 1; l = a == 1 && arr[i] == 1; await (c == 1); } }
process m { a = 1; }
process w { await (c == 1); i = 3; c = 1; }
`, 0},
	{"operand skipped in an await", `The same within the condition: d is 0 and nobody sets it, but who sets a makes the evaluation fail.`, `
property late "late";
u1 d; u1 z; u1 a; u2 i = 3; u1 arr[2];
process u { assert (z == 0, late); }
process p { atomic { z = 1; await (!(a == 1 && arr[i] == 1) && d == 1); } }
process m { a = 1; }
process w { await (d == 1); i = 2; d = 1; }
`, 0},
	{"operand skipped in an invariant", `d keeps the invariant true, but who sets a makes its evaluation fail, which breaks it.`, `
u1 a; u1 d = 1; u2 i = 3; u1 arr[2]; u1 z;
process m { a = 1; }
process w { u1 l; arr[0] = 1; i = 3; await (a == 0); d = 0; l = z; }
process q { z = 1; z = 0; }
invariant inv: !(a == 1 && arr[i] == 1) || d == 1;
`, 0},
	{"store of what was stored", `Whether x + 2 fits in y depends on x, which p itself has just got from z: who writes z makes p fail before it waits.`, `
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
}

// TestTraps searches the models in full and in every reduced way.
func TestTraps(t *testing.T) {
	for _, trap := range traps {
		t.Run(trap.name, func(t *testing.T) {
			sys := build(t, trap.src, model.BuildOptions{})
			check := func(o checker.Options) *checker.Result {
				r, err := checker.Check(context.Background(), sys, o)
				if err != nil {
					t.Fatalf("%v\n%s", err, trap.story)
				}
				return r
			}
			full := check(checker.Options{})
			for name, o := range map[string]checker.Options{
				"stubborn sets": {Reduction: checker.ReductionStubborn}, "without chains": {Reduction: checker.ReductionStubborn, NoChains: true},
				"symmetry": {Symmetry: true}, "both": {Reduction: checker.ReductionStubborn, Symmetry: true},
				"by definition": {Reduction: checker.ReductionStubborn, Verify: true},
			} {
				r := check(o)
				if evidence(r) != evidence(full) {
					t.Errorf("%s: %s\nfull: %s\n%s", name, evidence(r), evidence(full), trap.story)
				}
				if o.Symmetry && len(r.Symmetry) > 0 && r.Symmetry[0].Members != trap.members {
					t.Errorf("%s: symmetry %+v", name, r.Symmetry)
				}
			}
		})
	}
}
