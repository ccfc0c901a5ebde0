package testkit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Whole writes a random spec that may use anything that docs/semantics.md speaks of: calls in every position (as a value, in a place, in both, in compound assignments, conditions and arguments, nested),
// addresses that stand for places and such that are stored, data that only one process uses or nobody writes, lifetimes and pools, locks and their order, atomic blocks with choices and loops, jumps,
// switches, liveness, and marks of accesses. It always parses and resolves, but for constants that do not fit. The same r gives the same spec.
func Whole(r *rand.Rand) string {
	g := &whole{r: r}
	g.p("property late \"late\";\nproperty no_use \"use\";\nproperty no_val \"val\";\nproperty no_free \"free\";\nproperty no_lost \"lost\";\n")
	keep, weak := []string{"", "", " @keep"}, []string{"", "", "", " @weak"}
	g.p("@use(no_use) @free(no_free) @leak(no_lost)\nstruct obj {\n\tu2 val @guard(no_val)%s;\n\tu2 k[2]%s;\n\tstruct obj *next%s;\n};\n", g.pick(keep...), g.pick(keep...), g.pick(weak...))
	g.p("struct in { u2 v; u1 w[2]; };\nstruct out { struct in i[2]; u2 top; };\n")
	g.p("struct obj A = { .val = 1, .next = &B }, B = { .val = 2 };\npool struct obj S[2] = { { .val = 3 }, { .k = { 1, 2 } } };\nstruct obj *root = &A;\nstruct obj *other%s;\n", g.pick(weak...))
	g.p("struct out O = { .top = 1 };\nstruct out P[2];\nstruct out *po = &O;\nu2 x;\nu2 y = 1;\nbool b;\nint<-2..2> d;\nu2 a[2] = { 1, 2 };\nu1 m[2][2];\nu2 *r = &x;\nu1 l1;\nu1 l2;\n")
	g.functions()
	n := 2 + r.IntN(2)
	live := r.IntN(5) == 0
	g.marks = r.IntN(6) == 0
	for i := range n {
		g.locals = nil
		g.palette()
		fair := ""
		if live && r.IntN(2) == 0 {
			fair = "fair "
		}
		g.p("%sprocess p%d\n{\n", fair, i)
		g.declare(1)
		g.block(1, 2+r.IntN(7-2*n), 2)
		g.p("}\n")
	}
	g.palette()
	g.calls, g.locals, g.bare = 0, nil, true
	if r.IntN(3) == 0 {
		g.p("invariant inv: %s;\n", g.predicate())
	}
	if r.IntN(3) == 0 {
		g.p("cover state: %s;\n", g.predicate())
	}
	if live {
		g.p("liveness once: eventually %s;\nliveness again: always eventually %s;\nliveness then: %s leads_to %s;\n", g.predicate(), g.predicate(), g.predicate(), g.predicate())
	}
	if g.marks || r.IntN(6) == 0 {
		g.p("check no_data_race, lock_order%s;\n", g.pick("", ", no_deadlock, no_use", ", late, no_free, no_lost", ", no_val, no_use"))
	}
	g.p("void unused(void)\n{\n\tlock_acquire(&l1);\n\tassert (b, late);\n}\n") // a property exists where something observes it
	return g.b.String()
}

type whole struct {
	r       *rand.Rand
	b       strings.Builder
	names   map[string]bool // globals that the text at hand uses
	locals  [][2]string     // kind and name: u2, obj, ref
	funcs   []string        // that can be called
	calls   int             // how many more may be nested
	atom    bool
	loops   int
	labels  int
	vars    int
	counter bool // in a loop of an atomic block
	result  string
	inFunc  bool
	bare    bool // in a predicate
	marks   bool // most accesses have a mark
}

func (g *whole) p(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func (g *whole) line(tabs int, format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", tabs))
	g.p(format+"\n", args...)
}

func (g *whole) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func (g *whole) one(n int) bool { return g.r.IntN(n) == 0 }

// palette decides which globals the text that comes uses, so that some are used by one process only and some by none.
func (g *whole) palette() {
	g.names = map[string]bool{}
	for _, n := range []string{"x", "y", "b", "d", "a", "m", "r", "root", "other", "objects", "out", "P", "po"} {
		g.names[n] = g.r.IntN(5) < 2
	}
	g.names["x"] = g.names["x"] || g.one(2)
}

func (g *whole) some(pairs ...string) string {
	var ok []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "" || g.names[pairs[i]] {
			ok = append(ok, pairs[i+1])
		}
	}
	return g.pick(ok...)
}

func (g *whole) local(kind string) string {
	var ok []string
	for _, l := range g.locals {
		if l[0] == kind {
			ok = append(ok, l[1])
		}
	}
	if len(ok) == 0 {
		return ""
	}
	return g.pick(ok...)
}

// functions writes some functions, each of which can call those before it.
func (g *whole) functions() {
	for i, f := range []struct{ head, result string }{
		{"u2 get(u2 p)", "u2"},
		{"void put(u2 *p, u2 q)", ""},
		{"bool is(struct obj *p)", "bool"},
		{"u2 two(u2 p, u2 q)", "u2"},
		{"struct obj *first(u2 p)", "obj"},
		{"void down(struct in *p, u2 q)", ""},
		{"u2 of(u2 *p)", "u2"},
		{"void change(u2 p)", ""},
	} {
		if g.one(3) {
			continue
		}
		g.locals = nil
		g.palette()
		kinds := map[string]string{"u2 ": "u2", "u2 *": "ref", "struct obj *": "obj", "struct in *": "in"}
		_, params, _ := strings.Cut(f.head, "(")
		for _, p := range strings.Split(strings.TrimSuffix(params, ")"), ", ") {
			for k, kind := range kinds {
				if name, ok := strings.CutPrefix(p, k); ok && len(name) == 1 {
					g.locals = append(g.locals, [2]string{kind, name})
				}
			}
		}
		slices.SortFunc(g.locals, func(a, b [2]string) int { return strings.Compare(a[1], b[1]) })
		g.p("%s\n{\n", f.head)
		g.result, g.inFunc = f.result, true
		if i == 7 && !g.one(3) {
			g.line(1, "p = (p + 1) %% 4;")
		}
		g.block(1, g.r.IntN(3), 1)
		if f.result != "" {
			g.line(1, "return %s;", g.of(f.result))
		}
		g.p("}\n")
		g.result, g.inFunc = "", false
		name := strings.Fields(strings.Split(strings.ReplaceAll(f.head, "*", ""), "(")[0])
		g.funcs = append(g.funcs, name[len(name)-1])
	}
}

func (g *whole) has(f string) bool { return slices.Contains(g.funcs, f) && g.calls > 0 }

// of is an expression of a kind.
func (g *whole) of(kind string) string {
	switch kind {
	case "bool":
		return g.cond(1)
	case "obj":
		return g.object(1)
	}
	return g.value(2)
}

func (g *whole) declare(tabs int) {
	for range g.r.IntN(3) {
		g.vars++
		n := fmt.Sprintf("v%d", g.vars)
		switch k := g.r.IntN(6); {
		case k < 3:
			g.line(tabs, "u2 %s%s;", n, g.pick("", " = "+g.value(1), fmt.Sprintf(" = %d", g.r.IntN(4))))
			g.locals = append(g.locals, [2]string{"u2", n})
		case k == 3:
			g.line(tabs, "struct obj *%s = %s;", n, g.object(1))
			g.locals = append(g.locals, [2]string{"obj", n})
		case k == 4:
			g.line(tabs, "u2 *%s = %s;", n, g.ref(1))
			g.locals = append(g.locals, [2]string{"ref", n})
		default:
			g.line(tabs, "u2 %s[2];", n)
			g.locals = append(g.locals, [2]string{"array", n})
		}
	}
}

// index is 0 or 1, mostly.
func (g *whole) index(depth int) string {
	if g.one(8) {
		return g.value(depth)
	}
	if g.one(2) {
		return g.pick("0", "1")
	}
	return g.pick("(%s) %% 2", "(%s) & 1", "(%s) != 0")
}

func (g *whole) at(depth int) string {
	s := g.index(depth)
	if strings.Contains(s, "%s") {
		return fmt.Sprintf(s, g.value(depth))
	}
	return s
}

// place is a place of an unsigned number.
func (g *whole) place(depth int) string {
	d := max(depth-1, 0)
	if l := g.local("u2"); l != "" && g.one(4) {
		return l
	}
	if l := g.local("array"); l != "" && g.one(5) {
		return l + "[" + g.at(d) + "]"
	}
	if l := g.local("in"); l != "" && g.one(3) {
		return l + g.pick("->v", "->v", "->w["+g.at(d)+"]")
	}
	if depth == 0 {
		return g.some("x", "x", "y", "y", "b", "b", "", "x", "out", "O.top", "a", "a[0]", "objects", "B.val", "P", "P[1].top")
	}
	return g.some("x", "x", "y", "y", "b", "b", "a", "a["+g.at(d)+"]", "m", "m["+g.at(d)+"]["+g.at(d)+"]", "d", "d", "objects", g.object(d)+"->val", "objects", g.object(d)+"->k["+g.at(d)+"]", "objects", "A.val",
		"r", "*"+g.ref(d), "", "*"+g.ref(d), "out", "O.i["+g.at(d)+"].v", "P", "P["+g.at(d)+"].i["+g.at(d)+"].w["+g.at(d)+"]", "P", "P["+g.at(d)+"].top", "po", "po->top", "po", "po->i["+g.at(d)+"].v", "", "x")
}

// value is an expression that is a number.
func (g *whole) value(depth int) string {
	if depth <= 0 {
		return g.pick(g.read(0), g.read(0), fmt.Sprint(g.r.IntN(3)))
	}
	d := depth - 1
	if g.calls > 0 && g.one(4) && len(g.funcs) > 0 {
		if c := g.call(d, true); c != "" {
			return c
		}
	}
	switch g.r.IntN(14) {
	case 0, 1, 2, 3:
		return g.read(depth)
	case 4:
		return fmt.Sprint(g.r.IntN(3))
	case 5, 6:
		return "(" + g.value(d) + g.pick(" + ", " - ", " * ", " | ", " ^ ") + g.value(d) + ") & 3"
	case 7:
		return "(" + g.value(d) + g.pick(" + ", " & ", " | ") + g.value(d) + ")"
	case 8:
		return g.value(d) + g.pick(" / ", " % ", " << ", " >> ") + g.pick("2", "1", g.read(d))
	case 9:
		calls := g.calls
		g.calls = 0
		s := "(" + g.cond(d) + " ? " + g.value(d) + " : " + g.value(d) + ")"
		g.calls = calls
		return s
	case 10:
		return g.pick("~", "-") + g.read(d) + " & 3"
	case 11:
		if g.bare {
			return g.place(d)
		}
		return "READ_ONCE(" + g.place(d) + ")"
	case 12:
		return g.some("objects", "peek("+g.object(d)+"->val)", "", g.read(d))
	}
	return "(" + g.cond(d) + ")"
}

// read is a place that is read, with a mark or without.
func (g *whole) read(depth int) string {
	p := g.place(depth)
	if !g.marks || g.bare || g.one(12) || strings.HasPrefix(p, "v") || strings.HasPrefix(p, "n") || len(p) == 1 && strings.Contains("pq", p) {
		return p
	}
	return "READ_ONCE(" + p + ")"
}

// store assigns a value to a place.
func (g *whole) store(tabs int, p, v string) {
	if g.marks && !g.one(12) && !strings.HasPrefix(p, "v") {
		g.line(tabs, "WRITE_ONCE(%s, %s);", p, v)
		return
	}
	g.line(tabs, "%s = %s;", p, v)
}

// call is a call whose value is a number.
func (g *whole) call(depth int, value bool) string {
	g.calls--
	defer func() { g.calls++ }()
	var ok []string
	if g.has("get") {
		ok = append(ok, "get("+g.value(depth)+")")
	}
	if g.has("two") {
		ok = append(ok, "two("+g.value(depth)+", "+g.value(depth)+")")
	}
	if g.has("of") {
		ok = append(ok, "of("+g.ref(depth)+")", "of("+g.own(depth)+")")
	}
	if g.has("is") {
		ok = append(ok, "is("+g.object(depth)+")")
	}
	if !value {
		if g.has("put") {
			ok = append(ok, "put("+g.ref(depth)+", "+g.value(depth)+")", "put("+g.own(depth)+", "+g.value(depth)+")")
		}
		if g.has("down") {
			ok = append(ok, "down("+g.some("", "&O.i["+g.at(depth)+"]", "po", "&po->i["+g.at(depth)+"]", "P", "&P["+g.at(depth)+"].i["+g.at(depth)+"]")+", "+g.value(depth)+")")
		}
		if g.has("change") {
			ok = append(ok, "change("+g.value(depth)+")")
		}
	}
	if len(ok) == 0 {
		return ""
	}
	return g.pick(ok...)
}

// cond is a condition; in one of an await there are no calls.
func (g *whole) cond(depth int) string {
	d := max(depth-1, 0)
	switch k := g.r.IntN(10); {
	case depth > 0 && k < 3:
		return "(" + g.cond(d) + g.pick(" && ", " || ") + g.cond(d) + ")"
	case depth > 0 && k == 3:
		return "!(" + g.cond(d) + ")"
	case k == 4:
		return g.some("b", "b", "objects", "live("+g.object(d)+")", "r", "r == "+g.ref(d), "root", "root != "+g.object(d), "", "x != 1", "po", "po != &O")
	case k == 5 && depth > 0:
		return g.object(d) + g.pick(" == ", " != ") + g.pick("NULL", g.object(d))
	case k == 6:
		return g.read(d)
	}
	return "(" + g.value(d) + g.pick(" == ", " != ", " < ", " >= ") + g.pick("0", "1", "2", g.value(0)) + ")"
}

// wait is a condition without calls.
func (g *whole) wait(depth int) string {
	calls := g.calls
	g.calls = 0
	s := g.cond(depth)
	g.calls = calls
	return s
}

func (g *whole) predicate() string {
	return g.pick("x < 3", "x != 2", "y == 1", "!b", "b || x == 1", "a[0] != 3", "root != NULL", "live(&A)", "A.val < 3", "m[1][0] == 0", "O.top == 1 || P[1].top == 0", "r != &a[x % 2]", "root->val < 3", "l1 == 0", "d >= 0", g.wait(1))
}

// object is a pointer to an obj.
func (g *whole) object(depth int) string {
	d := max(depth-1, 0)
	if l := g.local("obj"); l != "" && g.one(2) {
		return l
	}
	if depth > 0 && g.has("first") && g.one(4) {
		g.calls--
		defer func() { g.calls++ }()
		return "first(" + g.value(d) + ")"
	}
	if depth == 0 {
		return g.some("root", "root", "other", "other", "", "(&A)")
	}
	return g.some("root", "root", "root", "root", "other", "other", "", "(&A)", "objects", "(&B)", "objects", "(&S["+g.at(d)+"])", "objects", "root->next", "objects", "("+g.wait(d)+" ? root : &B)")
}

// ref is a reference to a u2.
func (g *whole) ref(depth int) string {
	d := max(depth-1, 0)
	if l := g.local("ref"); l != "" && g.one(2) {
		return l
	}
	return g.some("r", "r", "", "(&x)", "x", "(&x)", "y", "(&y)", "a", "(&a["+g.at(d)+"])", "objects", "(&"+g.object(d)+"->val)", "objects", "(&"+g.object(d)+"->k["+g.at(d)+"])", "out", "(&O.i["+g.at(d)+"].v)",
		"P", "(&P["+g.at(d)+"].top)", "po", "(&po->i["+g.at(d)+"].v)")
}

// own is a reference that may be the address of a local, and so can only be passed on.
func (g *whole) own(depth int) string {
	if l := g.local("u2"); l != "" && g.one(3) {
		return "&" + l
	}
	return g.ref(depth)
}

func (g *whole) block(tabs, n, depth int) {
	mine := len(g.locals)
	for range n {
		g.calls = 2
		g.stmt(tabs, depth)
	}
	g.locals = g.locals[:mine]
}

func (g *whole) stmt(tabs, depth int) {
	k := g.r.IntN(30)
	if depth <= 0 {
		k = g.r.IntN(18)
	}
	switch k {
	case 0, 1, 2, 3:
		g.store(tabs, g.place(2), g.value(2))
	case 4, 5:
		if g.marks && !g.one(12) {
			g.store(tabs, g.place(2), g.value(2))
			return
		}
		g.line(tabs, "%s %s %s;", g.place(2), g.pick("+=", "-=", "|=", "&=", "^=", "*="), g.value(2))
	case 6:
		if g.marks && !g.one(12) {
			g.line(tabs, "assert (%s);", g.cond(2))
			return
		}
		g.line(tabs, "%s%s;", g.place(2), g.pick("++", "--"))
	case 7:
		g.store(tabs, g.some("b", "b", "", "x"), g.cond(2))
	case 8:
		g.line(tabs, "%s = %s;", g.somePointer(), g.pick("NULL", g.object(2), g.object(2), "alloc(struct obj)"))
	case 9:
		if l := g.local("ref"); l != "" || g.names["r"] {
			if l == "" || g.names["r"] && g.one(2) {
				l = "r"
			}
			if rf := g.ref(2); !strings.HasPrefix(rf, "p") {
				g.line(tabs, "%s = %s;", l, rf)
				return
			}
		}
		g.line(tabs, "%s(%s, %s);", g.pick("WRITE_ONCE"), g.place(2), g.value(2))
	case 10, 11:
		if c := g.call(2, false); c != "" {
			g.line(tabs, "%s;", c)
			return
		}
		g.line(tabs, "smp_mb();")
	case 12:
		g.line(tabs, "await (%s);", g.wait(2))
	case 13:
		g.line(tabs, "assert (%s%s);", g.cond(2), g.pick("", ", late"))
	case 14:
		g.line(tabs, "%s;", g.pick("skip", "cover mark", "smp_mb()", "free("+g.object(1)+")", "free("+g.object(1)+")"))
	case 15:
		g.line(tabs, "%s;", g.pick("lock_acquire(&l1)", "lock_acquire(&l2)", "lock_release(&l1)", "lock_release(&l2)", "lock_tryacquire(&l1)", "lock_acquire(&l1, 1)", "lock_release(&l1, 1)", "lock_acquire(&O.i[0])", "lock_release(&root->val)", "lock_acquire(&root->val)"))
	case 16:
		if g.result == "" || !g.one(2) {
			g.line(tabs, "smp_store_release(%s, %s);", g.ref(2), g.value(2))
			return
		}
		g.line(tabs, "if (%s)", g.cond(2))
		g.line(tabs+1, "return %s;", g.of(g.result))
	case 17:
		g.declare(tabs)
	case 18, 19, 20:
		g.line(tabs, "if (%s) {", g.cond(2))
		g.block(tabs+1, 1+g.r.IntN(2), depth-1)
		if g.one(2) {
			g.line(tabs, "} else {")
			g.block(tabs+1, 1, depth-1)
		}
		g.line(tabs, "}")
	case 21, 22:
		g.loop(tabs, depth)
	case 23, 24:
		g.choose(tabs, depth)
	case 25:
		g.line(tabs, "switch (%s) {", g.value(2))
		for _, c := range []string{"case 0:", "case 1:", g.pick("default:", "case 2:\n"+strings.Repeat("\t", tabs)+"case 3:")} {
			g.line(tabs, "%s", c)
			g.block(tabs+1, g.r.IntN(2), depth-1)
			g.line(tabs+1, "%s;", g.pick("break", "break", "skip"))
		}
		g.line(tabs, "}")
	case 26:
		g.labels++
		l := fmt.Sprintf("l_%d", g.labels)
		g.line(tabs, "if (%s)", g.cond(2))
		g.line(tabs+1, "goto %s;", l)
		g.block(tabs, 1, depth-1)
		g.line(tabs, "%s: %s;", l, g.pick("skip", "x = 1"))
	case 27:
		g.labels++
		if g.atom || g.inFunc {
			g.line(tabs, "skip;")
			return
		}
		g.line(tabs, "end%d: await (%s);", g.labels, g.wait(1))
	default:
		if g.atom {
			g.store(tabs, g.place(2), g.value(2))
			return
		}
		g.atom = true
		g.line(tabs, "atomic {")
		if g.one(3) {
			g.line(tabs+1, "await (%s);", g.wait(1))
		}
		g.block(tabs+1, 1+g.r.IntN(3), depth-1)
		g.line(tabs, "}")
		g.atom = false
	}
}

func (g *whole) somePointer() string {
	if l := g.local("obj"); l != "" && g.one(2) {
		return l
	}
	return g.some("root", "root", "", "other", "objects", g.object(1)+"->next", "objects", "A.next")
}

// loop goes round: in an atomic block, and half of the time outside, so often as a counter says.
func (g *whole) loop(tabs, depth int) {
	switch k := g.r.IntN(4); {
	case k == 0:
		g.vars++
		n := fmt.Sprintf("n%d", g.vars)
		g.line(tabs, "for (u2 %s = 0; %s < 2; %s++) {", n, n, n)
		g.line(tabs+1, "a[%s] = (%s + %s) & 3;", n, n, g.value(1))
		if g.one(2) {
			g.block(tabs+1, 1, depth-1)
		}
		g.line(tabs, "}")
	case g.atom || g.inFunc || k == 1:
		if g.counter {
			g.line(tabs, "skip;")
			return
		}
		g.counter = true
		g.vars++
		n := fmt.Sprintf("n%d", g.vars)
		g.line(tabs, "u2 %s;", n)
		do := g.one(2)
		g.line(tabs, "%s {", map[bool]string{true: "do", false: "while (" + n + " < 2)"}[do])
		g.line(tabs+1, "%s++;", n)
		g.loops++
		if g.one(2) {
			g.choose(tabs+1, depth-1)
		}
		g.block(tabs+1, 1, depth-1)
		g.loops--
		g.line(tabs, "}%s", map[bool]string{true: " while (" + n + " < 2);"}[do])
		g.counter = false
	default:
		g.loops++
		g.line(tabs, "while (%s) {", g.pick(g.cond(2), g.cond(1), "true"))
		g.block(tabs+1, 1+g.r.IntN(2), depth-1)
		if g.one(2) {
			g.line(tabs+1, "%s;", g.pick("break", "continue"))
		}
		g.line(tabs, "}")
		g.loops--
	}
}

func (g *whole) choose(tabs, depth int) {
	g.line(tabs, "choose {")
	deflt := g.one(4)
	for i := range 2 + g.r.IntN(2) {
		switch {
		case deflt && i > 0:
			g.line(tabs, "default:")
		case deflt || g.one(2):
			g.line(tabs, "case %s:", g.wait(1))
		default:
			g.line(tabs, "case:")
		}
		if g.loops > 0 && g.one(4) {
			g.line(tabs+1, "%s;", g.pick("break", "continue"))
		} else {
			g.block(tabs+1, g.r.IntN(3), depth-1)
		}
		if deflt && i > 0 {
			break
		}
	}
	g.line(tabs, "}")
}
