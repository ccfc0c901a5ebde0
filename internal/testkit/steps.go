package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Steps writes a random spec of two to four short processes for tests of reductions. Their steps are what inferences are drawn from: atomic blocks that wait, check, store and
// wait again; conditions parts of which can fail, or are skipped; bits of masks, counters, servers of requests; objects that die, references to their fields, arrays of
// locals indexed by what the step itself reads; properties that are not checked, several invariants and covers. Each spec uses few of these, over and over, so that
// its processes meet. It always parses and resolves. The same r gives the same spec.
func Steps(r *rand.Rand) string {
	g := &steps{r: r}
	g.conds, g.locals = some(r, sharedConds, 3+r.IntN(4)), some(r, localConds, 1+r.IntN(3))
	g.stores, g.rare = some(r, stores, 3+r.IntN(4)), some(r, rareStores, r.IntN(5))
	g.p("property late \"late\";\nproperty other \"other\";\n@use(no_use) @free(no_free) struct obj { u1 v; };\nproperty no_use \"use\";\nproperty no_free \"free\";\n")
	g.p("struct obj A = { .v = %d }, B;\npool struct obj spare[1];\nstruct obj *root = %s;\nstruct obj *q = %s;\n", r.IntN(2), g.pick("&A", "NULL", "&B"), g.pick("&A", "NULL"))
	g.p("u1 a = %d;\nu1 b;\nu1 c;\nu2 i = %d;\nu1 arr[2] = {%d, %d};\nu2 x;\nint<-2..2> y;\nu3 m%s;\nint<0..5> n;\nu1 req;\nu1 *ref = %s;\n",
		r.IntN(2), r.IntN(4), r.IntN(2), r.IntN(2), g.pick("", " = 7", " = 5"), g.pick("&a", "&arr[0]", "&A.v", "NULL"))
	for k := range 2 + r.IntN(3) {
		g.p("process p%d\n{\n\tu1 k[2];\n\tu2 l;\n\tu1 h = 1;\n\tstruct obj *o;\n", k)
		switch r.IntN(8) {
		case 0:
			g.p("\twhile (true) {\n\t\t%sawait (req == 1);\n", g.pick("", "end: "))
			g.body(2, 1)
			g.p("\t\treq = 0;\n\t}\n")
		case 1:
			g.p("\twhile (%s) {\n", g.pick("true", "true", "l < 2", g.cond(1)))
			if r.IntN(2) == 0 {
				g.p("\t\tl = %s;\n", g.pick("l + 1", "(l + 1) & 3", "x", "3"))
			}
			g.body(2, 1+r.IntN(2))
			g.p("\t}\n")
		default:
			g.body(1, 1+r.IntN(3))
		}
		if r.IntN(8) == 0 {
			g.p("\tend_here: await (%s);\n", g.cond(1))
		}
		g.p("}\n")
	}
	for k := range r.IntN(3) {
		g.p("invariant inv%d: %s;\n", k, g.shared(1))
	}
	g.p("cover state: %s;\n", g.shared(1))
	if r.IntN(2) == 0 {
		g.p("cover state2: %s;\n", g.shared(1))
	}
	if r.IntN(4) == 0 {
		g.check(g.pick("late", "other, no_use", "late, other", "no_free, late", "no_deadlock, late"))
	}
	return g.b.String()
}

// check names those of some properties that the spec observes: naming others is an error.
func (g *steps) check(names string) {
	text := g.b.String()
	var seen []string
	for _, n := range strings.Split(names, ", ") {
		if n == "late" || n == "other" {
			if !strings.Contains(text, ", "+n+");") {
				continue
			}
		}
		seen = append(seen, n)
	}
	if len(seen) == 0 {
		seen = []string{"no_deadlock"}
	}
	g.p("check %s;\n", strings.Join(seen, ", "))
}

var sharedConds = []string{
	"a == 1", "b == 0", "c == 1", "a == b", "c == 0", "a == 0", "b == 1", "x < 2", "x != 2", "x >= 1", "y > 0", "y != -1", "(m & 2) != 0", "(m & 5) == 0", "m == 7", "(m & 1) == 0", "(y & 2) != 0", "(n & 4) == 0",
	"n < 3", "n >= 2", "req == 0", "arr[i] == 1", "arr[1] == 0", "A.v == 1", "B.v == 0", "live(&A)", "!live(&B)", "root == NULL", "root->v == 0", "root != NULL && root->v == 1", "q == root",
	"q != NULL", "live(root)", "6 / x > 2", "*ref == 1", "ref == &a", "ref == &A.v", "(a == 1 ? arr[i] : b) == 1", "(1 << y) == 2", "i == 3", "x == 3",
}

var localConds = []string{"l == 1", "h == 0", "k[l] == 0", "k[h] == 1", "k[0] == h", "o == NULL", "o->v == 1", "l != x", "arr[h] == 1", "arr[l] == 0", "o == root", "l < 2"}

var stores = []string{
	"a = 1", "b = 1", "c = 1", "a = 0", "b = 0", "c = 0", "x = 1", "x = 3", "i = 3", "i = 1", "y = 1", "x = i", "i = x", "a = b", "b = arr[i]", "h = a", "l = x", "h = k[l]", "arr[i] = 1", "req = 1", "root = q", "q = NULL",
	"root = &A", "m |= 2", "m &= 5", "n += 1", "x = (x + 1) & 3", "h = b", "cover mark", "m = 0",
}

var rareStores = []string{
	"arr[0] = h", "arr[h] = 1", "*ref = 1", "*ref = a", "k[l] = a", "k[1] = h", "k[h] = 1", "A.v = 1", "A.v = 0", "root->v = 1", "o->v = a", "x = x + 1", "x = l + 1", "l = x + 1", "x = a + b", "i = i - 1", "n = m & 3", "y = x",
	"m |= 1", "m &= 6", "m &= 3", "m |= 4", "m &= -2", "n |= 1", "n &= 4", "y &= -2", "m |= 5", "y |= 1", "n -= 1", "y -= 1", "y += 1", "n += 2", "l += 1", "arr[i] += 1",
	"free (&A)", "free (root)", "free (&B)", "o = alloc(struct obj)", "root = alloc(struct obj)", "free (o)", "q = alloc(struct obj)", "free (q)", "o = root", "q = o", "root = NULL", "q = &B", "o = &A",
	"ref = &a", "ref = &arr[i]", "ref = &A.v", "ref = &b", "ref = &root->v", "h = x == 2 && arr[i] == 1", "b = b == 0 || root->v == 1", "h = peek(A.v)", "c = a == 1 && arr[i] == 1", "a = A.v", "h = root->v",
}

// some are n entries of a list.
func some(r *rand.Rand, list []string, n int) (out []string) {
	for range n {
		out = append(out, list[r.IntN(len(list))])
	}
	return out
}

type steps struct {
	r             *rand.Rand
	b             strings.Builder
	atomic        bool
	conds, locals []string
	stores, rare  []string
}

func (g *steps) p(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func (g *steps) pick(s ...string) string { return s[g.r.IntN(len(s))] }

// shared is a condition over shared variables.
func (g *steps) shared(depth int) string {
	if depth > 0 && g.r.IntN(2) == 0 {
		return g.join(g.shared(depth-1), g.shared(depth-1))
	}
	return g.pick(g.conds...)
}

func (g *steps) join(x, y string) string {
	switch g.r.IntN(5) {
	case 0, 1:
		return x + " && " + y
	case 2:
		return "(" + x + " || " + y + ")"
	case 3:
		return "!(" + x + " && " + y + ")"
	}
	return "(a == 1 ? " + x + " : " + y + ")"
}

// cond is a condition in the code of a process.
func (g *steps) cond(depth int) string {
	if depth > 0 && g.r.IntN(3) == 0 {
		return g.join(g.cond(depth-1), g.cond(depth-1))
	}
	if g.r.IntN(5) == 0 {
		return g.pick(g.locals...)
	}
	return g.pick(g.conds...)
}

func (g *steps) body(tabs, n int) {
	for range n {
		if !g.atomic && g.r.IntN(2) == 0 {
			g.atomic = true
			g.p("%satomic {\n", strings.Repeat("\t", tabs))
			g.body(tabs+1, 2+g.r.IntN(3))
			g.p("%s}\n", strings.Repeat("\t", tabs))
			g.atomic = false
			continue
		}
		g.stmt(tabs)
	}
}

func (g *steps) stmt(tabs int) {
	in := strings.Repeat("\t", tabs)
	switch k := g.r.IntN(17); {
	case k < 3 || k < 5 && g.atomic:
		g.p("%sawait (%s);\n", in, g.cond(1))
	case k < 6:
		g.p("%sassert (%s%s);\n", in, g.cond(0), g.pick("", ", late", ", late", ", other"))
	case k < 12 || len(g.rare) == 0 && k < 14:
		g.p("%s%s;\n", in, g.pick(g.stores...))
	case k < 14:
		g.p("%s%s;\n", in, g.pick(g.rare...))
	case k == 14 && !g.atomic:
		lock := g.pick("a", "c", "req", "m & 4", "arr[1]", "A.v", "root->v")
		take, leave := lock+" = 1", lock+" = 0"
		if lock == "m & 4" {
			take, leave = "m |= 4", "m &= 3"
		}
		g.p("%satomic {\n%s\tawait ((%s) == 0);\n%s\t%s;\n%s}\n", in, in, lock, in, take, in)
		g.body(tabs, 1)
		g.p("%s%s;\n", in, leave)
	case k < 16:
		g.p("%sif (%s) {\n", in, g.cond(0))
		g.stmt(tabs + 1)
		if g.r.IntN(2) == 0 {
			g.p("%s} else {\n", in)
			g.stmt(tabs + 1)
		}
		g.p("%s}\n", in)
	default:
		if g.atomic {
			g.p("%s%s;\n%s%s;\n", in, g.pick(g.stores...), in, g.pick(g.stores...))
			return
		}
		first := g.pick("", " "+g.cond(0))
		g.p("%schoose {\n%scase%s:\n", in, in, first)
		g.body(tabs+1, 1)
		second := g.pick("case", "default", "case "+g.cond(0))
		if first == "" && second == "default" {
			second = "case"
		}
		g.p("%s%s:\n", in, second)
		g.body(tabs+1, 1)
		g.p("%s}\n", in)
	}
}
