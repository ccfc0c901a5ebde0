package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Loops writes a random spec of one to three processes that go round: in loops that end, because they count, wait for what nobody sets again, or use up bits, and in loops that do not. It always
// parses and resolves. The same r gives the same spec.
func Loops(r *rand.Rand) string {
	g := &loops{r: r}
	g.conds = some(r, []string{
		"x == 0", "x == 1", "x != 2", "x < 2", "x > 0", "a == 0", "a == 1", "b == 0", "b == 1", "l < 2", "l == 0", "l != 1", "h == 0", "h == 1", "m == 0", "(m & 1) != 0", "(m & 2) != 0", "(m & 3) == 0", "m != 4",
		"k[0] == 0", "k[1] == 1", "k[h] == 0", "arr[0] == 1", "arr[b] == 0", "arr[1] == 0 && a == 1", "root == NULL", "root != NULL", "live(&A)", "peek(A.v) == 1", "a == b", "h == a", "(a == 1 || x == 0)", "!(a == 1 && b == 0)", "y < 0",
	}, 2+r.IntN(4))
	g.stores = some(r, []string{
		"x = 0", "x = 1", "x = 2", "x += 1", "x -= 1", "x = x + 2", "x = l", "x = (x + 1) & 3", "a = 0", "a = 1", "a = b", "a = x == 1", "b = 0", "b = 1", "b = a", "l = l + 1", "l = 0", "l = x", "l = l - 1", "h = 1", "h = 0", "h = a",
		"m &= 6", "m &= 5", "m &= 3", "m |= 1", "m |= 2", "m = 0", "m = m & 4", "m = 7", "k[0] = 1", "k[1] = 0", "k[h] = 1", "k[h] = 0", "arr[0] = 0", "arr[0] = 1", "arr[b] = 1", "arr[b] = 0", "arr[1] = a", "root = NULL", "root = &A", "y += 1", "y = 0", "y = -1",
		"root = alloc(struct obj)", "free (&A)", "if (root != NULL) free (root)", "if (live(&A)) A.v = 1", "if (live(&A)) A.v = 0", "*ref = 1", "*ref = 0", "ref = &a", "ref = &b",
	}, 2+r.IntN(4))
	g.p("property dead \"dead\";\n@use(dead) @free(dead) struct obj { u1 v; };\nstruct obj A;\nstruct obj *root = %s;\nu2 x%s;\nu1 a;\nu1 b = %d;\nu3 m%s;\nu1 arr[2];\nint<-2..1> y = -2;\nu1 *ref = &%s;\n",
		g.pick("NULL", "&A"), g.pick("", " = 1", " = 3"), r.IntN(2), g.pick("", " = 7", " = 5"), g.pick("a", "b", "arr[0]"))
	for i := range 1 + r.IntN(3) {
		g.p("process p%d\n{\n\tu2 l;\n\tu1 h;\n\tu1 k[2];\n", i)
		if r.IntN(3) == 0 {
			g.stmt(1)
		}
		g.while(1)
		if r.IntN(4) == 0 {
			g.stmt(1)
		}
		g.p("}\n")
	}
	return g.b.String()
}

type loops struct {
	r             *rand.Rand
	b             strings.Builder
	conds, stores []string
	depth         int
	atomic        bool
}

func (g *loops) p(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func (g *loops) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func (g *loops) while(tabs int) {
	in := strings.Repeat("\t", tabs)
	cond := "true"
	if g.depth > 0 || g.r.IntN(3) == 0 {
		cond = g.pick(g.conds...)
	}
	g.p("%swhile (%s) {\n", in, cond)
	g.depth++
	for range 1 + g.r.IntN(3) {
		g.stmt(tabs + 1)
	}
	g.depth--
	g.p("%s}\n", in)
}

func (g *loops) stmt(tabs int) {
	in := strings.Repeat("\t", tabs)
	switch k := g.r.IntN(14); {
	case k < 5:
		g.p("%s%s;\n", in, g.pick(g.stores...))
	case k < 7:
		g.p("%sawait (%s);\n", in, g.pick(g.conds...))
	case k == 7 && !g.atomic && g.depth < 3:
		g.while(tabs)
	case k == 8:
		g.p("%sif (%s) {\n", in, g.pick(g.conds...))
		g.stmt(tabs + 1)
		if g.r.IntN(2) == 0 {
			g.p("%s} else {\n", in)
			g.stmt(tabs + 1)
		}
		g.p("%s}\n", in)
	case k == 9 && !g.atomic && g.depth > 0:
		g.p("%sif (%s)\n%s\t%s;\n", in, g.pick(g.conds...), in, g.pick("break", "continue"))
	case k == 10:
		g.p("%schoose {\n%scase:\n", in, in)
		g.stmt(tabs + 1)
		g.p("%scase%s:\n", in, g.pick("", " "+g.pick(g.conds...)))
		g.stmt(tabs + 1)
		g.p("%s}\n", in)
	case !g.atomic:
		g.atomic = true
		g.p("%satomic {\n", in)
		for range 1 + g.r.IntN(3) {
			g.stmt(tabs + 1)
		}
		g.p("%s}\n", in)
		g.atomic = false
	default:
		g.p("%s%s;\n", in, g.pick(g.stores...))
	}
}
