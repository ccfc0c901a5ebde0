// Package testkit makes random models for tests that hold two ways of doing something against each other.
package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Source writes a random spec: a few processes over shared scalars, an array, objects with a lifetime, references and locals, with loops that end or go
// round, blocking, choices, atomic blocks, calls, assertions, and every kind of fault within reach. It always parses and resolves.
func Source(r *rand.Rand) string {
	g := &gen{r: r}
	g.p("property late \"a property of its own\";\n")
	g.p("@use(no_use) @free(no_free) @leak(no_lost)\nstruct obj { u2 val; struct obj *next; };\n")
	g.p("property no_use \"use\";\nproperty no_free \"free\";\nproperty no_lost \"lost\";\n")
	g.p("struct obj A = { .val = 1 }, B = { .val = 2 };\npool struct obj spare[2];\nstruct obj *root = &A;\nstruct obj *other = &B;\n")
	g.p("u2 x;\nint<-2..2> y;\nbool b;\nu2 a[3] = {1, 2};\nu1 lock;\nu2 m[2][2];\nstruct plain { u2 val; };\nstruct plain c[2];\n")
	g.p("u2 get(u2 i)\n{\n\tif (i > 1)\n\t\treturn x;\n\treturn a[i];\n}\n")
	g.p("void put(u2 *p, u2 v)\n{\n\t*p = v;\n}\n")
	n := 2 + r.IntN(2)
	for i := range n {
		g.p("process p%d\n{\n\tu2 i;\n\tu2 j = 1;\n\tu2 k[2];\n\tstruct obj *q;\n\tu2 *ref = &a[1];\n", i)
		g.block(1, 3+r.IntN(4))
		g.p("}\n")
	}
	if r.IntN(2) == 0 {
		g.p("invariant inv: %s;\n", g.pred())
	}
	g.p("cover state: %s;\n", g.pred())
	return g.b.String()
}

type gen struct {
	r     *rand.Rand
	b     strings.Builder
	depth int
	loops int // around the statement being written
	atom  bool
}

func (g *gen) p(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func (g *gen) line(tabs int, format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", tabs))
	g.p(format+"\n", args...)
}

func (g *gen) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func (g *gen) block(tabs, n int) {
	for range n {
		g.stmt(tabs)
	}
}

func (g *gen) pred() string {
	return g.pick("x < 3", "y != 2", "a[0] <= 2 || b", "!(b && x == 2)", "live(&A)", "root != NULL || x == 0", "lock == 0 || a[2] < 3")
}

func (g *gen) expr() string {
	return g.pick("x", "y", "i", "j", "a[i]", "a[1]", "k[0]", "k[j]", "*ref", "root->val", "1", "2", "x + 1", "i + j", "x * y", "6 / i", "1 << j", "a[x] - j", "~x & 3",
		"b ? x : j", "m[i][j]", "m[x][1]", "x + m[1][a[0]]", "c[j].val", "c[x].val + y", "x == 1 && a[0] == 1 ? 1 : y", "other->next->val", "READ_ONCE(x)", "(x | a[2]) ^ 1", "j % 2")
}

func (g *gen) cond() string {
	return g.pick("b", "x == 1", "x != j", "a[0] < 2", "i > 0", "root == NULL", "q != NULL && q->val > 0", "live(root)", "!b || a[1] == 2", "ref == &a[1]", "y >= 0", "lock == 0")
}

func (g *gen) stmt(tabs int) {
	g.depth++
	defer func() { g.depth-- }()
	simple := g.depth > 3
	switch k := g.r.IntN(24); {
	case k < 4 || simple && k > 15:
		g.line(tabs, "%s = %s;", g.pick("x", "y", "i", "j", "a[i]", "a[0]", "k[1]", "*ref", "root->val", "m[i][1]", "m[j][x]", "c[i].val"), g.expr())
	case k == 4:
		g.line(tabs, "%s;", g.pick("x++", "x--", "i++", "j--", "a[1] += 1", "y -= 1"))
	case k == 5:
		g.line(tabs, "b = %s;", g.cond())
	case k == 6:
		g.line(tabs, "q = %s;", g.pick("root", "other", "&B", "NULL", "alloc(struct obj)", "root->next"))
	case k == 7:
		g.line(tabs, "%s = %s;", g.pick("root", "other", "root->next"), g.pick("q", "&A", "&B", "NULL", "other"))
	case k == 8:
		g.line(tabs, "ref = %s;", g.pick("&x", "&a[0]", "&a[2]", "&a[1]"))
	case k == 9:
		g.line(tabs, "free (%s);", g.pick("root", "q", "other"))
	case k == 10:
		g.line(tabs, "assert (%s%s);", g.cond(), g.pick("", ", late"))
	case k == 11:
		g.line(tabs, "put(%s, %s);", g.pick("&x", "&a[0]", "ref", "&a[j]"), g.expr())
	case k == 12:
		g.line(tabs, "i = get(%s);", g.expr())
	case k == 13:
		g.line(tabs, "await (%s);", g.cond())
	case k == 14:
		g.line(tabs, "cover mark;")
	case k == 15:
		g.line(tabs, "skip;")
	case k < 18:
		g.line(tabs, "if (%s) {", g.cond())
		g.block(tabs+1, 1+g.r.IntN(2))
		if g.r.IntN(2) == 0 {
			g.line(tabs, "} else {")
			g.block(tabs+1, 1)
		}
		g.line(tabs, "}")
	case k == 18 && !g.atom:
		g.line(tabs, "while (%s) {", g.cond())
		g.loops++
		g.block(tabs+1, 1+g.r.IntN(2))
		g.loops--
		g.line(tabs, "}")
	case k == 19:
		g.line(tabs, "for (int n = 0; n < 2; n++) {")
		g.line(tabs+1, "a[n] = n + %s;", g.pick("1", "x", "j"))
		g.line(tabs, "}")
	case k < 22 && !g.atom:
		g.line(tabs, "choose {")
		for range 2 {
			g.line(tabs, "case%s:", g.pick("", " "+g.cond()))
			if g.loops > 0 && g.r.IntN(3) == 0 {
				g.line(tabs+1, "%s;", g.pick("break", "continue"))
				continue
			}
			g.block(tabs+1, g.r.IntN(3))
		}
		g.line(tabs, "}")
	default:
		if g.atom {
			g.line(tabs, "i = 0;")
			return
		}
		g.atom = true
		g.line(tabs, "atomic {")
		if g.r.IntN(3) == 0 {
			g.line(tabs+1, "await (lock == 0);")
		}
		g.block(tabs+1, 1+g.r.IntN(3))
		g.line(tabs, "}")
		g.atom = false
	}
}
