package testkit

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// Objects writes a random spec about objects that can be interchanged, or nearly: they are allocated and freed, or live from the beginning; they point to each other in
// rings and lists; processes, replicas among them, keep handles and references to them in locals, cells, arrays and fields. In other specs something names one of
// them. It always parses and resolves. The same r gives the same spec.
func Objects(r *rand.Rand) string {
	n := 2 + r.IntN(2) + r.IntN(3)/2*2
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	p("property p \"p\";\nproperty q \"q\";\nproperty dead \"dead\";\nproperty lost \"lost\";\ntypedef u1 bit_t;\n")
	p("@use(dead) @free(dead)%s struct obj { bit_t v; struct obj *next; u1 w[2]; };\nstruct node { bit_t v; struct node *next; struct obj *o; };\n", pick("", "", " @leak(lost)"))
	p("%sstruct obj T[%d]%s;\n", pick("", "pool ", "pool "), n, pick("", "", "", " = { { .v = 1 }, { .v = 1 } }", " = { { .next = &T[1] }, { .next = &T[0] } }", " = { { .v = 1 } }"))
	p("struct node N[2]%s;\n", pick("", " = { { .next = &N[1] }, { .next = &N[0] } }", " = { { .o = &T[0] }, { .o = &T[1] } }", " = { { .next = &N[0] } }"))
	p("struct obj *cur%s;\nstruct obj *slot[2];\nstruct node *head%s;\nbit_t *ref;\nu2 x;\nu1 y;\n", pick("", "", "", " = &T[0]"), pick("", "", " = &N[0]"))
	if r.IntN(3) == 0 {
		p("struct obj X;\n")
	}
	list := some(r, []string{
		"o = cur;", "cur = o;", "cur = NULL;", "o->v = 1;", "y = o->v;", "o->next = cur;", "o = o->next;", "o->next = o;", "o->next = NULL;", "if (o == cur) x = 1;", "if (o != NULL) y = 1;", "if (!o) x = 2;", "o->w[y] = 1;",
		"slot[y] = o;", "o = slot[y];", "slot[0] = cur;", "cur = slot[1];", "y = live(o);", "assert (live(cur), p);", "assert (o != cur, q);", "assert (o == NULL || o->v == 0, p);", "y = peek(o->v);",
		"ref = &o->v;", "*ref = 1;", "y = *ref;", "o = container_of(ref, struct obj, v);", "if (ref == &o->v) x = 3;", "ref = NULL;", "n->o = o;", "o = n->o;", "n = head;", "head = n;", "n = n->next;", "n->next = head;", "head = n->next;", "n->v = 1;", "y = n->v;", "ref = &n->v;",
		"if (n == head) x = 1;", "x = 0;", "await (cur != NULL);", "await (o == cur);", "await (x != 2);", "atomic { await (y == 0); y = 1; }", "if (o != NULL) { cur = o; o = NULL; }", "o = y ? cur : o;", "choose { case: o = cur; case: o = slot[1]; }",
		"while (o != NULL && o != cur) { o = o->next; }", "cover mark;", "if (o != NULL && o->next == cur) cur = o;", "atomic { o = cur; cur = slot[0]; slot[0] = o; }",
	}, 4+r.IntN(6))
	life := some(r, []string{"o = alloc(struct obj);", "cur = alloc(struct obj);", "free (o);", "free (cur);", "slot[1] = alloc(struct obj);", "if (o != NULL) free (o);", "atomic { o = alloc(struct obj); if (o != NULL) o->v = 1; }"}, r.IntN(4))
	if r.IntN(2) == 0 {
		life = append(life, "o = alloc(struct obj);", "o = alloc(struct obj);")
	}
	apart := some(r, []string{
		"cur = &T[0];", "T[0].v = 1;", "o = &T[1];", "if (o == &T[0]) x = 1;", "free (&T[0]);", "head = &N[0];", "N[1].v = 1;", "n = &N[1];", "ref = &N[0].v;", "ref = &T[1].v;", "assert (live(&T[0]), p);", "y = N[0].v;",
	}, max(0, r.IntN(5)-2))
	all := append(append(append([]string{}, list...), life...), apart...)
	body := func(own []string, k int) {
		p("\tstruct obj *o;\n\tstruct node *n;\n")
		if r.IntN(2) == 0 && len(life) > 0 {
			p("\t%s\n", life[r.IntN(len(life))])
		}
		for range k {
			if r.IntN(4) == 0 {
				p("\tatomic { %s %s }\n", flat(r, own), flat(r, own))
				continue
			}
			p("\t%s\n", own[r.IntN(len(own))])
		}
	}
	if r.IntN(2) == 0 {
		p("process w[2](u1 i) {\n")
		body(append(some(r, []string{"slot[i] = o;", "o = slot[i];", "o = &T[i];", "T[i].v = 1;", "n = &N[i];", "N[i].v = 1;", "cur = &T[i];", "head = &N[i];", "if (cur == &T[i]) x = 1;", "ref = &N[i].v;", "N[i].o = o;", "y = T[i].v;"}, r.IntN(4)), all...), 2+r.IntN(3))
		p("}\n")
	}
	for k := range 1 + r.IntN(2) {
		p("process s%d {\n", k)
		body(all, 2+r.IntN(3))
		p("}\n")
	}
	if r.IntN(3) == 0 {
		p("invariant inv: %s;\n", pick("cur == NULL || x != 1", "cur == NULL || cur->v == 0", "head == NULL || head->v == 0", "cur == NULL || live(cur)", "slot[0] == NULL || slot[0] != slot[1]", "cur != &T[0]", "N[0].v == 0", "N[0].v == N[1].v"))
	}
	if r.IntN(3) != 0 {
		p("cover some: %s;\n", pick("x == 2", "cur != NULL", "cur != NULL && cur->next == cur", "head != NULL && y == 1", "cur == &T[1]", "slot[0] != NULL && slot[0] == slot[1]", "ref != NULL"))
	}
	return b.String()
}

var index = regexp.MustCompile(`\bi\b`)

// Columns writes a random spec of replicas of two or three processes that belong together: column i is a[i], b[i] and perhaps c[i], which share cells, bits of masks and objects. Others
// look at all of them. In some specs the columns can be interchanged.
func Columns(r *rand.Rand) string {
	n := 2 + r.IntN(2)
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	p("property p \"p\";\nproperty q \"q\";\nproperty dead \"dead\";\nproperty lost \"lost\";\n@use(dead) @free(dead)%s struct obj { u1 v; struct obj *next; };\n", pick("", "", " @leak(lost)"))
	p("struct obj T[%d];\nstruct obj *cur;\nstruct obj *own[%d]%s;\nu2 x;\nu1 y;\nu2 mine[%d];\nu1 lock[%d];\nu2 owner;\nu%d m%s;\nu%d m2;\nu4 four;\nu1 each[4];\nu4 who;\n@use(dead) struct buf { u1 v; struct buf *next; };\npool struct buf P[%d];\nstruct buf *hot;\nstruct buf *give[%d];\n", n, n, pick("", "", "", fmt.Sprintf(" = { %s }", strings.Join([]string{"&T[0]", "&T[1]", "&T[2]"}[:n], ", "))), n, n, n, pick("", "", fmt.Sprintf(" = %d", 1<<n-1)), n, 2+r.IntN(4)/3, n)
	full := 1<<n - 1
	list := some(r, []string{
		"mine[i] = 1;", "mine[i] = x;", "x = mine[i];", "x = 1;", "y = 1;", "y = 0;", "await (x != 2);", "await (y == 0);", "await (mine[i] == 0);", "assert (mine[i] != 2 || y == 0, q);", "if (mine[i] == 1) mine[i] = 2;", "choose { case: x = 0; case y == 1: mine[i] = 0; }",
		"atomic { await (lock[i] == 0); lock[i] = 1; }", "lock[i] = 0;", "assert (x != 3, p);", "x = (x + 1) & 3;", "cover mark;",
	}, 2+r.IntN(3))
	mask := some(r, []string{
		"atomic { m |= 1 << i; }", fmt.Sprintf("atomic { m &= %d - (1 << i); }", full), "await ((m & (1 << i)) != 0);", "await ((m & (1 << i)) == 0);", "if ((m & (1 << i)) != 0) x = 1;", "m2 = m;", "atomic { m2 |= 1 << i; }", "await (m == 0);", fmt.Sprintf("await (m == %d);", full),
		"m = 0;", "if (m != m2) y = 1;", "atomic { m = m & m2; }", "atomic { m2 = m ^ m2; }", "if (m) x = 2;", "assert (m2 == 0 || y == 0, p);", "await (m2 != 0);", "m |= 1 << i;", "y = (m & (1 << i)) != 0;",
	}, r.IntN(6))
	named := some(r, []string{
		"atomic { await (owner == 0); owner = i + 1; }", "if (owner == i + 1) owner = 0;", "cur = &T[i];", "T[i].v = 1;", "if (cur == &T[i]) y = 1;", "own[i] = cur;", "cur = own[i];", "free (&T[i]);", "cur->v = 1;", "T[i].next = cur;", "cur = cur->next;", "y = live(cur);", "free (cur);", "own[i] = &T[i];",
		"own[i]->v = 1;", "atomic { await (who == 0); who = self + 1; }", "atomic { await (who == self + 1); who = 0; }", "if (who == self + 1) x = 1;",
	}, r.IntN(5))
	apart := some(r, []string{"m |= 1;", "x = m;", "await ((m & 1) == 0);", "m = 1;", "mine[0] = 1;", "x = i;", "m = x & 1;", "if (m < 2) x = 1;", "lock[x & 1] = 1;", "atomic { m = m + 1 & 1; }", "cur = &T[0];", "m |= 1 << x;", "if (owner == 1) y = 1;", "await (m == 1);", "y = m == m2;", "x = mine[y];"}, max(0, r.IntN(5)-2))
	// Objects that belong to no column.
	pool := some(r, []string{
		"u = alloc(struct buf);", "give[i] = u;", "u = give[i];", "if (u != NULL) u->v = 1;", "hot = u;", "u = hot;", "if (u == hot) x = 1;", "hot = give[i];", "if (u) { u->next = hot; }", "if (hot != NULL) hot = hot->next;", "u->v = 1;", "if (u != NULL) free (u);", "y = live(u);",
		"give[i] = alloc(struct buf);", "atomic { u = give[i]; give[i] = hot; hot = u; }", "assert (u == NULL || u != hot, p);",
	}, max(0, r.IntN(9)-3))
	if len(pool) > 0 {
		pool = append(pool, "u = alloc(struct buf);", "hot = alloc(struct buf);")
	}
	all := append(append(append(append(append([]string{}, list...), mask...), named...), apart...), pool...)
	for k := range 2 + r.IntN(4)/3 {
		text := all
		if k == 0 && n == 2 && r.IntN(3) == 0 {
			// Two in each column.
			p("process a[4](u2 k) {\n")
			text = some(r, []string{"atomic { four |= 1 << k; }", "await ((four & (1 << k)) != 0);", "atomic { four &= 15 - (1 << k); }", "each[k] = 1;", "await (each[k] == 0);", "four = 0;", "await (four == 15);"}, r.IntN(4))
			for _, line := range all {
				text = append(text, index.ReplaceAllString(line, "(k / 2)"))
			}
		} else {
			p("process %c[%d](u2 i) {\n", 'a'+k, n)
		}
		p("\tstruct buf *u;\n")
		for range 1 + r.IntN(3) {
			if r.IntN(4) == 0 {
				p("\tatomic { %s %s }\n", flat(r, text), flat(r, text))
				continue
			}
			p("\t%s\n", text[r.IntN(len(text))])
		}
		p("}\n")
	}
	boss := []string{
		"x = 0;", "y = 1;", "m2 = m;", "await (m == 0);", "m = 0;", fmt.Sprintf("m = %d;", full), "m2 = 1;", "owner = 0;", "cur = NULL;", "cur->v = 0;", "if (cur != NULL) free (cur);", "x = mine[0];", "assert (m == 0, q);", "if (m == 1) y = 1;", "x = m;",
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) await (mine[k] != 1); }", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) lock[k] = 0; }", n), fmt.Sprintf("for (int k = 0; k < %d; k++) { await ((m & (1 << k)) == 0); }", n),
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) await ((m & (1 << k)) == 0); }", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) own[k] = NULL; }", n),
	}
	if r.IntN(2) == 0 {
		p("process boss {\n")
		for range 1 + r.IntN(2) {
			p("\t%s\n", boss[r.IntN(len(boss))])
		}
		p("}\n")
	}
	if r.IntN(3) == 0 {
		p("invariant inv: %s;\n", pick("x < 3", "m == 0 || y < 1", "m != 1", "mine[0] + mine[1] < 4", "(m & m2) == 0 || y == 0", "owner == 0 || m != 0", "cur == NULL || live(cur)"))
	}
	if r.IntN(3) != 0 {
		p("cover some: %s;\n", pick("x == 2", fmt.Sprintf("m == %d", full), "m == 1", "m != m2", "owner != 0", "cur != NULL && cur->v == 1", "m == 0"))
	}
	return b.String()
}
