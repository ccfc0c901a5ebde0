// Package testkit makes random models for tests that hold two ways of doing something against each other.
package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Source writes a random spec: a few processes over shared scalars, arrays, objects with a lifetime, arrays of structs in structs, references and locals,
// with loops that end or go round, jumps (into and out of atomic blocks too), switches that fall through, blocking, choices, atomic blocks, calls that pass
// addresses on to calls, assertions, and every kind of fault within reach. It always parses and resolves. The same r gives the same spec.
func Source(r *rand.Rand) string { return write(&gen{r: r, locks: r.IntN(4) == 0}) }

// Exportable is Source without what has no translation to Promela: loops that are not unrolled, and choices, in atomic blocks.
func Exportable(r *rand.Rand) string {
	return write(&gen{r: r, locks: r.IntN(4) == 0, straight: true})
}

func write(g *gen) string {
	r := g.r
	g.p("property late \"a property of its own\";\n")
	g.p("@use(no_use) @free(no_free) @leak(no_lost)\nstruct obj { u2 val; struct obj *next; };\n")
	g.p("property no_use \"use\";\nproperty no_free \"free\";\nproperty no_lost \"lost\";\n")
	g.p("struct obj A = { .val = 1 }, B = { .val = 2 };\npool struct obj spare[2];\nstruct obj *root = &A;\nstruct obj *other = &B;\n")
	g.p("u2 x;\nint<-2..2> y;\nbool b;\nu2 a[3] = {1, 2};\nu1 lock;\nu2 m[2][2];\nstruct plain { u2 val; };\nstruct plain c[2];\n")
	g.p("u2 get(u2 i)\n{\n\tif (i > 1)\n\t\treturn x;\n\treturn a[i];\n}\n")
	g.p("void put(u2 *p, u2 v)\n{\n\t*p = v;\n}\n")
	g.p("struct inner { u2 v; u1 w[2]; };\nstruct outer { struct inner in[2]; u2 top; };\nstruct outer O = { .top = 1 };\nstruct outer P[2];\nstruct outer *po = &O;\n")
	g.p("void bump(u2 *p)\n{\n\t*p = (*p + 1) %% 4;\n}\n")
	g.p("void down(struct inner *p, u2 v)\n{\n\tif (p->v < v)\n\t\tbump(&p->v);\n\telse\n\t\tput(&p->v, v);\n\tp->w[v %% 2] = 1;\n}\n")
	g.p("void deeper(struct outer *o, u2 k)\n{\n\tdown(&o->in[k %% 2], o->top);\n}\n")
	n := 2 + r.IntN(2)
	for i := range n {
		g.p("process p%d\n{\n\tu2 i;\n\tu2 j = 1;\n\tu2 k[2];\n\tu2 round;\n\tstruct obj *q;\n\tu2 *ref = &a[1];\n", i)
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
	jumps int  // labels so far
	locks bool // what is taken and let go is told, for the lock order
	round bool // in a loop of an atomic block

	straight bool // atomic blocks have neither loops that are not unrolled nor choices
	dying    bool // there are objects that are freed
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
	return g.pick("x < 3", "y != 2", "a[0] <= 2 || b", "!(b && x == 2)", "live(&A)", "root != NULL || x == 0", "lock == 0 || a[2] < 3", "A.val < 2", "B.val == 2 || x == 0", "spare[0].val != 3", "root == NULL || root->val < 3", "other == NULL || other->next == NULL")
}

func (g *gen) expr() string {
	return g.pick("x", "y", "i", "j", "a[i]", "a[1]", "k[0]", "k[j]", "*ref", "root->val", "1", "2", "x + 1", "i + j", "x * y", "6 / i", "1 << j", "a[x] - j", "~x & 3",
		"b ? x : j", "m[i][j]", "m[x][1]", "x + m[1][a[0]]", "c[j].val", "c[x].val + y", "x == 1 && a[0] == 1 ? 1 : y", "other->next->val", "READ_ONCE(x)", "(x | a[2]) ^ 1", "j % 2", "O.in[i].v", "po->top", "P[j].in[1].w[i]", "po->in[x].v")
}

func (g *gen) cond() string {
	return g.pick("b", "x == 1", "x != j", "a[0] < 2", "i > 0", "root == NULL", "q != NULL && q->val > 0", "live(root)", "!b || a[1] == 2", "ref == &a[1]", "y >= 0", "lock == 0")
}

func (g *gen) stmt(tabs int) {
	g.depth++
	defer func() { g.depth-- }()
	simple := g.depth > 3
	switch k := g.r.IntN(27); {
	case k < 4 || simple && k > 15:
		g.line(tabs, "%s = %s;", g.pick("x", "y", "i", "j", "a[i]", "a[0]", "k[1]", "*ref", "root->val", "m[i][1]", "m[j][x]", "c[i].val", "O.top", "po->in[i].v", "P[i].in[j].v"), g.expr())
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
	case k == 12 && g.r.IntN(2) == 0:
		g.line(tabs, "%s;", g.pick("deeper(po, j)", "deeper(&P[i], x)", "deeper(&O, i)", "down(&po->in[j], y == 1)", "down(&P[1].in[i], 2)", "bump(&a[j])", "bump(ref)", "po = &P[j]", "po = &O"))
	case k == 12:
		g.line(tabs, "i = get(%s);", g.expr())
	case k == 13:
		g.line(tabs, "await (%s);", g.cond())
	case k == 14 && g.locks && g.r.IntN(4) != 0:
		g.line(tabs, "lock_%s(%s);", g.pick("acquire", "acquire", "tryacquire", "release"), g.pick("&x", "&a[i]", "ref", "root", "&O.in[j]", "&po->top", "&O, 1"))
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
	case k == 18 && g.atom && !g.round && !g.straight:
		// A loop that is not unrolled, and ends: only jumps out of the block leave the count to whatever comes next.
		g.round = true
		g.line(tabs, "round = %d;", g.r.IntN(2))
		loop := g.r.IntN(2)
		g.line(tabs, "%s", []string{"while (round < 2) {", "do {"}[loop])
		g.loops++
		g.line(tabs+1, "round++;")
		if g.r.IntN(2) == 0 {
			g.choose(tabs + 1)
		}
		g.block(tabs+1, 1+g.r.IntN(2))
		g.loops--
		g.line(tabs, "%s", []string{"}", "} while (round < 2);"}[loop])
		g.round = false
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
	case k < 22 && (!g.atom || k == 21 && !g.straight):
		g.choose(tabs)
	case k == 22:
		g.switches(tabs)
	case k == 23 || k == 24 && g.atom:
		// Forward only, over one statement or out of a block, so that an atomic block ends.
		l := g.label()
		g.line(tabs, "if (%s)", g.cond())
		g.line(tabs+1, "goto %s;", l)
		g.block(tabs, 1)
		g.line(tabs, "%s: skip;", l)
	case k == 24:
		// Into the middle of an atomic block, and from there out of it.
		in, out := g.label(), g.label()
		g.line(tabs, "if (%s)", g.cond())
		g.line(tabs+1, "goto %s;", in)
		g.atom = true
		g.line(tabs, "atomic {")
		g.block(tabs+1, 1)
		g.line(tabs, "%s:", in)
		g.block(tabs+1, 1)
		g.line(tabs+1, "if (%s)", g.cond())
		g.line(tabs+2, "goto %s;", out)
		g.block(tabs+1, 1)
		g.line(tabs, "}")
		g.atom = false
		g.line(tabs, "%s: skip;", out)
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

func (g *gen) choose(tabs int) {
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
}

func (g *gen) label() string {
	g.jumps++
	return fmt.Sprintf("l%d", g.jumps)
}

// switches writes a switch some of whose cases fall through.
func (g *gen) switches(tabs int) {
	g.line(tabs, "switch (%s) {", g.pick("x", "i", "y", "a[j]", "O.in[0].v", "b", "j % 2"))
	for _, c := range []string{"case 0:", "case 1:\n" + strings.Repeat("\t", tabs) + "case 2:", g.pick("default:", "case 3:")} {
		if strings.HasPrefix(c, "case 3") && g.r.IntN(2) == 0 {
			continue
		}
		g.line(tabs, "%s", c)
		g.block(tabs+1, g.r.IntN(2))
		g.line(tabs+1, "%s;", g.pick("break", "break", "skip"))
	}
	g.line(tabs, "}")
}
