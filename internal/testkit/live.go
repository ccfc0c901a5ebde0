package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// LiveSource writes a random spec with liveness properties. A third are those of [Source], some of whose processes are fair; the others are small: a few bits,
// waiting, choosing, and rarely an assertion that fails. Half of these go round for ever. In a third of them there are two objects that are freed, allocated and accessed, dead or
// not, and that the predicates read.
func LiveSource(r *rand.Rand) string {
	kind := r.IntN(3)
	if kind == 0 {
		src := Source(r)
		for i := range 3 {
			if r.IntN(2) == 0 {
				src = strings.Replace(src, fmt.Sprintf("\nprocess p%d", i), fmt.Sprintf("\nfair process p%d", i), 1)
			}
		}
		g := &gen{r: r}
		g.p("%s", src)
		g.live(g.pred)
		return g.b.String()
	}
	g := &gen{r: r}
	g.p("bool b[3];\nu2 x;\n")
	if g.dying = r.IntN(3) == 0; g.dying {
		g.p("property use \"use\";\nproperty twice \"twice\";\nproperty late \"late\";\n@use(use) @free(twice) struct obj { u1 f; };\nstruct obj A%s;\npool struct obj C[1];\nstruct obj *q%s;\n",
			g.pick("", " = { .f = 1 }"), g.pick("", " = &A"))
	}
	if r.IntN(6) == 0 {
		g.p("fair process;\n")
	}
	n := 2 + r.IntN(2)
	for i := range n {
		g.p("%sprocess p%d\n{\n\tu1 i;\n", g.pick("", "fair ", "fair "), i)
		if r.IntN(3) == 0 {
			g.ring(1, 1+r.IntN(2))
		}
		if kind == 1 {
			g.ring(1, 2+r.IntN(4))
		} else if r.IntN(5) > 0 {
			g.line(1, "while (%s) {", g.pick("true", "true", "true", g.bit()))
			g.ring(2, 1+r.IntN(3))
			g.line(1, "}")
		}
		g.p("}\n")
	}
	g.live(g.bit)
	return g.b.String()
}

// live writes liveness properties of every form.
func (g *gen) live(pred func() string) {
	g.p("liveness once: eventually %s;\n", pred())
	g.p("liveness again: always eventually %s;\n", pred())
	g.p("liveness then: %s leads_to %s;\n", pred(), pred())
	g.p("liveness each(u1 i): x == i leads_to x %s i;\n", g.pick("!=", ">"))
}

func (g *gen) bit() string {
	if g.dying && g.r.IntN(2) == 0 {
		return g.pick("A.f == 1", "A.f == 0", "C[0].f == 1", "A.f == 1 || b[0]", "A.f == 0 && C[0].f == 0", "live(&A)", "!live(&C[0])", "peek(A.f) == 0", "q != NULL && q->f == 1", "q == NULL", "q->f == 0")
	}
	return g.pick("b[0]", "b[1]", "b[2]", "!b[0]", "!b[1]", "b[0] == b[1]", "x == 0", "x != 2", "b[2] || x == 1", "6 / x > 2")
}

// ring writes statements of a loop.
func (g *gen) ring(tabs, n int) {
	for range n {
		if g.dying && g.r.IntN(3) == 0 {
			g.line(tabs, "%s;", g.pick("free (&A)", "free (&A)", "free (q)", "q = &A", "q = NULL", "q = alloc(struct obj)", "A.f = 1", "if (live(&A)) A.f = 1", "C[0].f = 1", "i = A.f", "q->f = 1", "assert (x != 1, late)", "atomic { free (&A); x = 1; }"))
			continue
		}
		switch g.r.IntN(11) {
		case 0, 1, 2:
			k := g.r.IntN(3)
			g.line(tabs, "b[%d] = %s;", k, g.pick("true", "false", fmt.Sprintf("!b[%d]", k), "b[0]", "i == 0"))
		case 3:
			g.line(tabs, "x = %s;", g.pick("0", "1", "2", "(x + 1) % 3"))
		case 4, 5:
			g.line(tabs, "%sawait (%s);", g.pick("", "", fmt.Sprintf("end%d: ", g.b.Len())), g.bit())
		case 6:
			g.line(tabs, "i = 1 - i;")
		case 7:
			g.line(tabs, "if (%s)", g.bit())
			g.line(tabs+1, "b[%d] = %s;", g.r.IntN(3), g.pick("true", "false"))
		case 8:
			g.line(tabs, "atomic {\n\tawait (%s);\n\tb[%d] = %s;\n}", g.bit(), g.r.IntN(3), g.pick("true", "false"))
		case 9:
			g.line(tabs, "choose {\ncase %s:\n\tb[%d] = true;\ncase%s:\n}", g.bit(), g.r.IntN(3), g.pick("", " b[1]"))
		case 10:
			if g.r.IntN(4) == 0 {
				g.line(tabs, "assert (%s);", g.bit())
			} else {
				g.line(tabs, "skip;")
			}
		}
	}
}
