package testkit

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Replicas writes a random spec of two or three replicas of a process, sometimes of two processes, and of others that look at them. Each replica has cells of its own: elements of arrays,
// objects with and without a lifetime, bits of a mask. Cells name one of them: as a number, a handle or a reference, and are copied. In about every other spec the replicas can be
// interchanged; the rest tells them apart in one of many ways. It always parses and resolves. The same r gives the same spec.
func Replicas(r *rand.Rand) string {
	n := 2 + r.IntN(2)
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	p("property p \"p\";\nproperty q \"q\";\nproperty dead \"dead\";\n@use(dead) @free(dead)%s struct obj { u1 v; };\nproperty lost \"lost\";\nstruct plain { u1 v; u1 w[2]; };\n", pick("", "", " @leak(lost)"))
	p("struct obj T[%d];\npool struct obj spare[%d];\nstruct plain c[%d];\nstruct obj *cur;\nstruct obj *own[%d];\nu2 *ref;\n", n, r.IntN(2)+1, n, n)
	p("u2 x;\nu1 y;\nu2 mine[%d];\nu2 owner%s;\nu2 second;\nint<-1..3> last = %s;\nbool seen[%d];\nu1 m2[%d][2];\nu3 m;\nu2 yours[2];\n", n, pick("", "", "", "", " = 1", " = 3"), pick("-1", "-1", "-1", "0"), n, n)
	plain := some(r, []string{
		"mine[i] = 1;", "mine[i] = x;", "x = mine[i];", "x = 1;", "y = 1;", "y = 0;", "l = x;", "x = l;", "l = mine[i];", "c[i].v = 1;", "y = c[i].v;", "c[i].w[y] = 1;", "m2[i][0] = 1;", "m2[i][y] = 1;",
		"await (x != 2);", "await (y == 0);", "assert (x != 3, p);", "assert (mine[i] != 2 || y == 0, q);", "cover mark;", "if (l == 1) mine[i] = 2; else y = 1;", "choose { case: x = 0; case y == 1: mine[i] = 0; }",
		"while (x == 1 && y == 0) { l = x; }", "x = (x + 1) & 3;", "seen[i] = true;", "await (seen[i]);", "atomic { await (y == 0); y = 1; }", "while (true) { await (y == 1); y = 0; mine[i] = 1; }",
		"l = 1; mine[i] = l; l = x; if (l == 2) c[i].v = 0;",
	}, 3+r.IntN(3))
	naming := some(r, []string{
		"atomic { await (owner == 0); owner = i + 1; }", "atomic { await (owner == i + 1); owner = 0; }", "owner = i + 1;", "if (owner == i + 1) x = 2;", "if (owner != i + 1) y = 1;", "last = i;", "await (last != i);",
		"atomic { await (last == i); last = -1; }", "second = i + 1;", "if (second == i + 1) mine[i] = 3;", "if (owner == second) x = 1;", "second = owner;", "l = owner;", "x = owner;", "mine[i] = owner;", "owner = mine[i];",
		"cur = &T[i];", "if (cur == &T[i]) y = 1;", "ref = &mine[i];", "if (ref == &mine[i]) x = 1;", "own[i] = &T[i];", "own[i] = cur;", "cur = own[i];", "x = last;", "owner = owner;", "l = owner; owner = l;",
		"if (owner == 1) x = 1;", "y = owner == i + 1;", "mine[i] = i;", "x = owner + 1;", "atomic { l = owner; if (l == i + 1) x = 3; }",
	}, r.IntN(4))
	if n == 2 {
		// What is not one's own is the other's.
		naming = append(naming, some(r, []string{"owner = 2 - i;", "if (owner == 2 - i) y = 1;", "atomic { await (owner != 2 - i); }", "last = 1 - i;", "await (last == i);", "mine[1 - i] = 1;", "await (mine[1 - i] == 0);", "x = mine[1 - i];", "cur = &T[1 - i];", "c[1 - i].v = 1;"}, r.IntN(4))...)
	}
	apart := some(r, []string{
		"T[i].v = 1;", "free (&T[i]);", "y = live(&T[i]);", "cur->v = 1;", "free (cur);", "*ref = 1;", "x = *ref;", "cur = alloc(struct obj);", "own[i] = alloc(struct obj);", "own[i]->v = 1;", "l = mine[l & 1];", "mine[x & 1] = 1;",
		"m |= 1 << i;", "await ((m & (1 << i)) != 0);", fmt.Sprintf("x = mine[(i + 1) %% %d];", n), fmt.Sprintf("mine[%d - i] = 1;", n-1), "x = i;", "if (i == 0) x = 1;", "mine[0] = 1;", "await (mine[0] == 0);",
		"if (owner < i + 1) y = 1;", "yours[i & 1] = 1;", "seen[x & 1] = true;",
	}, max(0, r.IntN(5)-2))
	all := append(append(plain, naming...), apart...)
	p("process w[%d](u2 i) {\n\tu2 l;\n", n)
	body := func(list []string, k int) {
		for range k {
			if r.IntN(4) == 0 {
				p("\tatomic { %s %s }\n", flat(r, list), flat(r, list))
				continue
			}
			p("\t%s\n", list[r.IntN(len(list))])
		}
	}
	body(all, 2+r.IntN(3))
	p("}\n")
	if r.IntN(4) == 0 {
		p("process v[2](u2 i) {\n\tu2 l;\n")
		body([]string{"yours[i] = 1;", "x = yours[i];", "yours[i] = x;", "if (second == i + 1) yours[i] = 2;", "second = i + 1;", "second = 0;", "y = 1;", "if (owner == i + 1) y = 0;", "await (yours[i] == 0);", "x = 0;"}, 1+r.IntN(2))
		p("}\n")
	}
	boss := []string{
		"x = 0;", "x = 3;", "y = 1;", "owner = 0;", "x = owner;", "second = owner;", "if (owner == 1) y = 1;", "owner = 2;", "last = -1;", "x = last + 1;", "cur = NULL;", "cur = &T[0];", "if (cur != NULL) y = cur->v;", "free (cur);",
		"cur = alloc(struct obj);", "free (&T[1]);", "assert (live(&T[0]), p);", "assert (live(&T[1]), q);", "mine[0] = 1;", "x = mine[1];", "*ref = 2;", "ref = NULL;", "await (x == mine[0]);", "m = 0;", "assert (x != 1, p);",
		"assert (x != 2, q);", "own[0] = cur;", "l = owner; assert (l != 2, p);", "if (owner != 0) { x = 1; owner = 0; }", "assert (owner == 0 || y == 0, q);", "await (cur != NULL); l = cur->v;", "c[0].v = 1;",
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) seen[k] = mine[k] != 0; }", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) await (!seen[k] || mine[k] != 1); }", n),
		fmt.Sprintf("for (int k = 0; k < %d; k++) seen[k] = true;", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) x = x + mine[k]; }", n), "atomic { for (int k = 0; k < 2; k++) mine[k] = 0; }",
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) { if (mine[k] == 1) y = 1; } }", n), "await (mine[0] + mine[1] > 0);", "await (mine[0] == 1 || mine[1] == 1);", "x = mine[0] * mine[1];", "await (seen[0] && seen[1]);",
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) assert (mine[k] != 2, p); }", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) own[k] = NULL; }", n),
		fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) { c[k].v = 0; mine[k] = c[k].v; } }", n), fmt.Sprintf("atomic { for (int k = 0; k < %d; k++) mine[k] = 6 / x; }", n),
	}
	for range r.IntN(3) {
		p("process boss%d {\n\tu2 l;\n", r.IntN(1000000))
		body(some(r, boss, 2), 1+r.IntN(3))
		p("}\n")
	}
	if r.IntN(3) == 0 {
		p("invariant inv: %s;\n", pick("x < 3", "owner == 0 || y < 1", "mine[0] + mine[1] < 4", "last != 0", "mine[0] == 0 || mine[1] == 0 || y == 0", "owner != 1", "second == 0 || x == 0", "c[0].v == 0", "live(&T[0])", "cur == NULL || x < 2"))
	}
	if r.IntN(4) != 0 {
		p("cover some: %s;\n", pick("x == 2", "owner != 0", "y == 1 && x == 1", "x == 3", "mine[0] == 1 && mine[1] == 1", "owner == 1", "last == -1 && x == 1"))
	}
	return b.String()
}

// flat is an entry that is one simple statement, which can stand in an atomic block.
func flat(r *rand.Rand, list []string) string {
	for range 20 {
		if s := list[r.IntN(len(list))]; !strings.ContainsAny(s, "{}") {
			return s
		}
	}
	return "skip;"
}
