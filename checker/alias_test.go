package checker_test

import (
	"context"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// TestAddressStays: a local pointer that is initialised with an address, and a parameter, stand for the place that the address was of when it was taken, whatever becomes of the pointers and
// indices in it. Those were once read at each access if they were local variables.
func TestAddressStays(t *testing.T) {
	const other = " process q { end: await (done == 2); a[0] = 1; a[1] = 0; A.v = 0; B.v = 0; done = 0; }"
	for _, body := range []string{
		"u1 i = 0; u2 *r = &a[i]; i = 1; *r = 3; assert(a[0] == 3 && a[1] == 0);",
		"u1 i = 0; u2 *r = &a[i + 1]; i++; *r = 3; assert(a[0] == 0 && a[1] == 3);",
		"struct s *p = &A; u2 *r = &p->v; p = &B; *r = 3; assert(A.v == 3 && B.v == 0);",
		"struct s *p = &A; struct n *n = &p->n; p = &B; n->w = 1; assert(A.n.w == 1 && B.n.w == 0);",
		"u2 *p = &A.v; u2 *r = p; p = &B.v; *r = 3; assert(A.v == 3 && B.v == 0);",
		"u1 i = 0; atomic { u2 *r = &a[i]; i = 1; *r = 3; assert(a[0] == 3 && a[1] == 0); }",
		"f(0);",
		"u1 i = 0; g(&a[i]);",
		"for (u2 i = 0; i < 2; i++) { u2 *r = &a[i]; *r = 2; } assert(a[0] == 2 && a[1] == 2);",
		"u1 i = 0; while (i < 1) { u2 *r = &a[i]; i++; *r = 2; } assert(a[0] == 2 && a[1] == 0);",
	} {
		src := "u2 a[2]; u2 done; struct n { u1 w; }; struct s { u2 v; struct n n; }; struct s A, B; void f(u1 i) { u2 *r = &a[i]; i = 1; *r = 3; assert(a[0] == 3 && a[1] == 0); } " +
			"void g(u2 *p) { u1 i = 1; u2 *r = p; i = 0; *r = 3; assert(a[0] == 3 && a[1] == 0); done = i; } process p { " + body + " done = 1; }" + other
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			res, err := checker.Check(context.Background(), build(t, src, o), checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			if res.Verdict != checker.Holds {
				t.Errorf("%s %+v: %v", body, o, res.Violations)
			}
		}
	}
}

// TestAddressIsComputedOnce: what goes wrong in the pointers and indices of an address goes wrong when it is taken, also if nobody follows it, and merged or not.
func TestAddressIsComputedOnce(t *testing.T) {
	for arg, fault := range map[string]bool{
		"&P[i].v": true, "&P[k].v": true, "&P[x].v": true, "&a[6 / z]": true, "&a[6 / j]": true, // i, z: used by p alone; x: by both; j, k: locals
		"&a[i]": false, "&a[x]": false, "&a[k]": false, "&h->v": false, // looked at when it is followed
	} {
		src := "u2 a[2]; u2 x = 3; struct s { u2 v; }; struct s P[2]; struct s *h; u2 i = 3; u2 z; void f(u2 *p) { } process p { u2 j; u2 k; u1 n; while (n < 1) { n++; k = 3; j = 0; } i = 3; z = 0; f(" + arg + "); a[0] = 1; } process q { h = NULL; x = 3; a[0] = 0; P[0].v = 0; }"
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			res, err := checker.Check(context.Background(), build(t, src, o), checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			if (len(res.Violations) == 1 && res.Violations[0].Property == "no_fault") != fault || len(res.Violations) > 1 {
				t.Errorf("%s %+v: %v", arg, o, res.Violations)
			}
		}
	}
}

// TestParameterWhoseAddressIsTaken: a parameter is a copy also where its address is passed on. Another parameter that got its value once stood for it, and a left operand was read after the call
// that changes it.
func TestParameterWhoseAddressIsTaken(t *testing.T) {
	const funcs = "u2 x; void k(u2 a, u2 *b) { *b = 1; x = a; } void f(u2 p) { k(p, &p); } u2 one(u2 *b) { *b = 1; return 0; } void g(u2 p) { x = p + one(&p); } "
	for _, body := range []string{"x = 2; f(0); assert(x == 0);", "x = 2; g(0); assert(x == 0);", "u2 i = 0; x = 2; k(i, &i); assert(x == 0 && i == 1);"} {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			res, err := checker.Check(context.Background(), build(t, funcs+"process p { "+body+" } process q { end: await (x == 3); x = 0; }", o), checker.Options{Reduction: checker.ReductionNone})
			if err != nil {
				t.Fatal(err)
			}
			if res.Verdict != checker.Holds {
				t.Errorf("%s %+v: %v", body, o, res.Violations)
			}
		}
	}
}
