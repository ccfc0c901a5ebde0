package checker_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker/internal/second"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// TestSecondUnderTSO: the same under the memory of x86, on random programs with marks and fences, and on those of the page.
func TestSecondUnderTSO(t *testing.T) {
	n := *secondPrograms / 6
	if testing.Short() {
		n = min(n, 40)
	}
	c := &comparison{memory: "tso", found: map[string]int{}, not: map[string]int{}}
	for name, gen := range map[string]func(*rand.Rand) string{"whole": testkit.Whole, "source": testkit.Source, "steps": testkit.Steps, "objects": testkit.Objects} {
		for seed := range uint64(n) {
			r := rand.New(rand.NewPCG(seed, 31+*secondSeed))
			src := marked(r, gen(r))
			c.compare(t, src, elab.BuildOptions{NoReset: seed%4 == 0, NoMerge: seed%3 == 0})
		}
		t.Logf("%s: %d systems so far, %d of them with buffers, %d too large, not compared %v, violated %v", name, c.systems, c.buffers, c.over, c.not, c.found)
	}
	page, err := os.ReadFile("../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := slices.Collect(maps.Values(rare))
	for _, m := range regexp.MustCompile("(?ms)^```c \\S+\n(.*?)^```$").FindAllSubmatch(page, -1) {
		programs = append(programs, string(m[1]))
	}
	for _, src := range programs {
		c.compare(t, src, elab.BuildOptions{})
		c.compare(t, src, elab.BuildOptions{NoMerge: true})
	}
	if c.buffers < n {
		t.Errorf("only %d systems with buffers were compared", c.buffers)
	}
}

const node = "property no_use \"lives\"; property no_free \"lives\"; property landed \"as it should be\";\n@use(no_use) @free(no_free) struct node { u2 x; };\npool struct node n[1]; struct node *top; struct node *given;\n" +
	"@x86(direct) void give(struct node *p) { given = p; }\n"

// rare are programs for rules that random ones hardly need.
var rare = map[string]string{
	"stores to a field of an object that is freed, and of one that is allocated": "@use(no_use) @free(no_free) struct node { u2 x; };\nproperty no_use \"lives\"; property no_free \"lives\";\npool struct node n[2]; struct node *top; u2 y;\n" +
		"process a { struct node *p = alloc(struct node); p->x = 1; top = p; y = 1; free(p); p = alloc(struct node); p->x = 2; y = 2; free(p); p = alloc(struct node); }\n" +
		"process b { struct node *q; u2 v; q = top; if (q != NULL) { v = peek(q->x); q->x = 3; v = y; } }\ncover seen: y == 2;\n",
	"what is stored to an object is there when its own process has freed it": node +
		"process a { struct node *p = alloc(struct node); p->x = 0; give(p); p->x = 1; free(p); }\nprocess b { u2 v; await (given != NULL && !live(given)); v = peek(given->x); assert(v == 1, landed); given->x = 2; }\n",
	"what is under way to an object is not there when it is allocated again": node +
		"process a { struct node *p = alloc(struct node); p->x = 1; give(p); await (!live(p)); p = alloc(struct node); top = p; }\nprocess b { await (given != NULL); free(given); }\n" +
		"process c { struct node *q; u2 v; q = top; if (q != NULL) { v = q->x; assert(v == 0, landed); } }\n",
	"a fence in a block, before stores and behind them": "u2 x; u2 y; u2 z;\n@x86(store) void f(void) { atomic { x = 1; smp_mb(); y = 1; } }\n@x86(store) void g(void) { atomic { smp_mb(); x = 2; y = 2; } }\n" +
		"process a { z = 1; f(); z = 2; g(); }\nprocess b { u2 v; v = y; v = x; v = z; x = 3; v = z; }\n",
	"a fence of another CPU, and stores marked direct below plain ones": "u2 x; u2 y;\n@x86(direct) void f(void) { x = 3; }\nprocess a on cpu 0 { x = 1; y = 1; f(); }\nprocess b on cpu 1 { u2 v; y = 2; smp_mb_cpu(0); v = x; v = y; }\n",
	"more stores than a buffer has room for":                            "u2 x; u2 y;\nprocess a { x = 1; y = 1; x = 2; y = 2; x = 3; y = 3; }\nprocess b { u2 v; u2 w; v = y; w = x; y = 0; v = x; }\n",
	"as many stores as a buffer has room for":                           "u2 x; u2 y;\nprocess a { x = 1; y = 1; x = 2; y = 2; }\nprocess b { u2 v; u2 w; v = y; w = x; assert(v <= w + 1); x = 0; }\n",
	"what a process stores and reads":                                   "u2 x; u2 y;\nprocess a { u2 v; x = 1; x = 2; v = x; y = v; }\nprocess b { u2 w; w = x; x = 3; w = x; }\n",
	"a message":                                                         "property late \"in order\"; u2 x; u2 y;\nprocess a { x = 1; y = 1; }\nprocess b { u2 v; u2 w; v = y; w = x; assert(v <= w, late); }\n",
	"store buffering with fences":                                       "u1 x; u1 y; u2 a = 2; u2 b = 2;\nprocess p { x = 1; smp_mb(); a = y; }\nprocess q { y = 1; smp_mb(); b = x; }\ninvariant sb: !(a == 0 && b == 0);\n",
	"store buffering with locked blocks": "u1 x; u1 y; u1 z; u1 w; u2 a = 2; u2 b = 2;\n@x86(locked) void f(void) { atomic { z = 1; } }\n@x86(locked) void g(void) { atomic { w = 1; } }\n" +
		"process p { x = 1; f(); a = y; }\nprocess q { y = 1; g(); b = x; }\ninvariant sb: !(a == 0 && b == 0);\n",
	"store buffering with blocks that read and change": "u1 x; u1 y; u2 a = 2; u2 b = 2;\nprocess p { x = 1; atomic { a = y; y = y; } }\nprocess q { y = 1; atomic { b = x; x = x; } }\ninvariant sb: !(a == 0 && b == 0);\n",
	"store buffering with blocks that only read":       "u1 x; u1 y; u1 z; u2 a = 2; u2 b = 2;\nprocess p { u2 v; x = 1; atomic { v = y + z; } a = v; }\nprocess q { y = 1; z = 1; b = x; }\ninvariant sb: !(a == 0 && b == 0);\n",
	"a plain store beside a locked one":                "u2 x; u2 y; u2 z;\n@x86(locked) void f(void) { z = 1; }\n@x86(store) void g(void) { x = 1; }\nprocess a { atomic { f(); g(); } y = 1; }\nprocess b { u2 v; v = y; v = x; x = 2; v = z; z = 2; }\n",
	"a store to a place that is computed":              "u2 t[2]; u2 y;\nprocess a { u2 i; i = y; t[i % 2] = 1; t[(i + 1) % 2] = 2; }\nprocess b { u2 v; y = 1; v = t[0]; }\n",
	"a cell that another process only checks":          "property seen \"as stored\"; u2 x; u2 y;\nprocess a { x = 1; y = 1; x = 2; }\nprocess b { assert(x <= 2, seen); y = 2; }\n",
	"a field that another process only clears":         node + "process a { struct node *p; p = given; if (p != NULL) { p->x = 1; p->x = 2; } }\nprocess b { give(alloc(struct node)); }\n",
	"a mark of a function that calls another":          "u2 x; u2 y;\nvoid inner(void) { x = 1; }\n@x86(store) void f(void) { atomic { inner(); } }\nprocess a { y = 1; f(); y = 2; }\nprocess b { u2 v; v = x; v = y; x = 2; v = y; y = 3; }\n",
	"a buffer that has to be emptied":                  "u1 x; u1 y;\nfair process a { x = 1; }\nprocess b { for (;;) { y = x; y = !y; } }\nliveness landed: eventually x == 1;\n",
	"what a process stores and checks":                 "property seen \"as stored\"; u2 x;\nprocess a { x = 1; assert(x == 1, seen); }\nprocess b { u2 v; v = x; }\n",
}

// noticedBy is which of these programs comes out differently if a rule is broken.
var noticedBy = map[second.Wrong]string{
	second.NoForwarding:    "what a process stores and reads",
	second.OldestForwarded: "what a process stores and reads",
	second.Unordered:       "a message",
	second.NoFence:         "store buffering with fences",
	second.NoOtherCPU:      "a fence of another CPU, and stores marked direct below plain ones",
	second.NoLocked:        "store buffering with locked blocks",
	second.NoBlock:         "store buffering with blocks that read and change",
	second.ReadingBlocks:   "store buffering with blocks that only read",
	second.NoDirect:        "a fence of another CPU, and stores marked direct below plain ones",
	second.WaitAndBuffer:   "a plain store beside a locked one",
	second.FenceAndBuffer:  "a fence in a block, before stores and behind them",
	second.NoRoom:          "more stores than a buffer has room for",
	second.FreeKeeps:       "what is stored to an object is there when its own process has freed it",
	second.FreeDrops:       "what is stored to an object is there when its own process has freed it",
	second.AllocKeeps:      "what is under way to an object is not there when it is allocated again",
	second.NoVoid:          "what is under way to an object is not there when it is allocated again",
	second.OneUser:         "what a process stores and reads",
	second.NoClosure:       "a store to a place that is computed",
	second.ObserversCount:  "a cell that another process only checks",
	second.AllocIsNone:     "a field that another process only clears",
	second.NoInheritance:   "a mark of a function that calls another",
	second.NoMark:          "a mark of a function that calls another",
	second.FenceIsNoPlace:  "store buffering with fences",
	second.LockedIsNoBlock: "store buffering with locked blocks",
	second.Unfair:          "a buffer that has to be emptied",
	second.NoEnd:           "a message",
	second.MemoryOfChecks:  "what a process stores and checks",
}

// TestSecondIsNoticed breaks each rule of the page in the second implementation. One program, which is named, comes out differently then; it is equal otherwise.
func TestSecondIsNoticed(t *testing.T) {
	for name, src := range rare {
		c := &comparison{memory: "tso", found: map[string]int{}, not: map[string]int{}}
		if _, differs, _ := c.differs(t, src, elab.BuildOptions{}); differs != "" || c.systems+c.full != 1 {
			t.Errorf("%s: %d compared, %d without room, not compared %v, %s", name, c.systems, c.full, c.not, differs)
		}
	}
	for _, w := range second.Wrongs {
		src, ok := rare[noticedBy[w]]
		if !ok {
			t.Errorf("%s: there is no program %q", w, noticedBy[w])
			continue
		}
		c := &comparison{memory: "tso", wrong: w, found: map[string]int{}, not: map[string]int{}}
		if _, differs, _ := c.differs(t, src, elab.BuildOptions{}); differs == "" {
			t.Errorf("%s: %s is as before", w, noticedBy[w])
		} else {
			t.Logf("%s: %s", w, differs)
		}
	}
	if len(noticedBy) != len(second.Wrongs) {
		t.Errorf("%d programs for %d rules", len(noticedBy), len(second.Wrongs))
	}
}

// marked gives functions and processes of a program marks at random, and puts fences before assignments.
func marked(r *rand.Rand, src string) string {
	marks := []string{"@x86(locked)", "@x86(store)", "@x86(direct)"}
	lines := strings.Split(src, "\n")
	for i, l := range lines {
		switch {
		case (strings.HasPrefix(l, "process ") || strings.HasPrefix(l, "fair process ") || strings.HasPrefix(l, "void ") && strings.Contains(l, "(")) && r.IntN(3) == 0:
			lines[i] = marks[r.IntN(len(marks))] + "\n" + l
		case strings.HasPrefix(l, "\t") && strings.HasSuffix(l, ";") && strings.Contains(l, " = ") && strings.Contains(l, "ONCE") && r.IntN(8) == 0:
			lines[i] = "\tsmp_mb();\n" + l
		}
	}
	return strings.Join(lines, "\n")
}
