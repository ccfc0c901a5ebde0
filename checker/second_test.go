package checker_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/checker/internal/second"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

var (
	secondPrograms = flag.Int("second", 1200, "how many random programs of each kind TestSecondImplementation compares")
	secondSeed     = flag.Uint64("second-seed", 1, "another stream of them")
)

// bySecond runs the second implementation on a spec of one file.
func bySecond(t *testing.T, src string, o second.Options) (second.Result, error) {
	t.Helper()
	set := &source.Set{}
	diags := &source.List{Files: set}
	f := syntax.Parse(set.Add("t.pmd", []byte(src)), diags)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return second.Run([]*syntax.File{f}, nil, o)
}

// comparison counts what programs were compared, and what they violated.
type comparison struct {
	memory                  string // the memory model, "" for sc
	wrong                   second.Wrong
	programs, systems, over int
	buffers, full           int // systems with store buffers, and those where one has no room
	found, not              map[string]int
}

// compare holds a program against the page in one mode; ok is false if there is nothing to compare.
func (c *comparison) compare(t *testing.T, src string, o elab.BuildOptions) (violated []string, ok bool) {
	t.Helper()
	violated, differs, ok := c.differs(t, src, o)
	if differs != "" {
		t.Fatalf("%+v: %s\n%s", o, differs, src)
	}
	return violated, ok
}

// differs says how the implementations differ on a program, "" if they do not.
func (c *comparison) differs(t *testing.T, src string, o elab.BuildOptions) (violated []string, differs string, ok bool) {
	t.Helper()
	var set []string
	if c.memory != "" {
		set, o.NoDirect = []string{"memory_model=" + c.memory}, true
	}
	sys, err := testkit.First("t.pmd", src, o, set...)
	if err != nil {
		// A constant that does not fit, a local that is a number, of which the program wants the place, or the address of a local passed on to where it would be stored.
		for _, why := range []string{"out-of-range", "not-a-place", "stored-address"} {
			if strings.Contains(err.Error(), why) {
				c.not[why]++
				return nil, "", false
			}
		}
		t.Fatalf("%v\n%s", err, src)
	}
	said, err := bySecond(t, src, second.Options{NoMerge: o.NoMerge, NoReset: o.NoReset, TSO: c.memory == "tso", Wrong: c.wrong, Limit: 3000})
	var un second.Unsupported
	switch {
	case errors.As(err, &un):
		c.not[err.Error()]++
		return nil, "", false
	case err != nil:
		t.Fatal(err)
	case said.Over:
		c.over++
		return nil, "", false
	}
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	if full := res.Reason == checker.ReasonBuffer || slices.ContainsFunc(res.Properties, func(p checker.PropertyResult) bool { return p.Reason == checker.ReasonBuffer }); full || said.Full {
		c.full++
		if full != said.Full {
			differs = fmt.Sprintf("a buffer without room: %v; by the page %v", full, said.Full)
		}
		return nil, differs, false
	}
	for _, v := range res.Violations {
		if c.memory == "tso" && v.Property == "no_data_race" {
			continue // judged where memory is sequentially consistent
		}
		violated = append(violated, v.Property)
		c.found[v.Property]++
	}
	slices.Sort(violated)
	said.Violated = slices.DeleteFunc(said.Violated, func(p string) bool { return c.memory == "tso" && p == "no_data_race" })
	var reached []string
	for _, k := range res.Covers {
		if k.Reach == checker.Reached {
			reached = append(reached, k.Name)
		}
	}
	slices.Sort(reached)
	was := fmt.Sprintf("%d states, %d transitions, violated %v, reached %v", res.Stats.States, res.Stats.Transitions, violated, reached)
	if by := fmt.Sprintf("%d states, %d transitions, violated %v, reached %v", said.States, said.Transitions, said.Violated, said.Reached); was != by {
		return violated, was + "; by the page " + by, true
	}
	c.systems++
	if sys.Memory != nil && len(sys.Memory.Buffers) > 0 {
		c.buffers++
	}
	return violated, "", true
}

// TestSecondImplementation: figures, verdicts and covers of random programs are those of the page, merged and not, with and without reset of dead locals; and merging changes no verdict.
func TestSecondImplementation(t *testing.T) {
	programs := *secondPrograms
	if testing.Short() {
		programs = min(programs, 100)
	}
	c := &comparison{found: map[string]int{}, not: map[string]int{}}
	for name, gen := range map[string]func(*rand.Rand) string{"whole": testkit.Whole, "source": testkit.Source} {
		n := programs
		if name == "source" {
			n /= 6 // it is there for other tests, and its state spaces are large
		}
		for seed := range uint64(n) {
			src := gen(rand.New(rand.NewPCG(seed, *secondSeed)))
			o := elab.BuildOptions{NoReset: seed%4 == 0}
			merged, ok := c.compare(t, src, o)
			if !ok {
				continue
			}
			o.NoMerge = true
			if apart, ok := c.compare(t, src, o); ok && !slices.Equal(merged, apart) {
				t.Fatalf("%s, seed %d: violated %v merged, %v not\n%s", name, seed, merged, apart, src)
			}
			c.programs++
		}
	}
	t.Logf("%d programs, %d systems, %d too large, not compared %v, violated %v", c.programs, c.systems, c.over, c.not, c.found)
	if c.programs < programs/2 {
		t.Errorf("only %d programs compared", c.programs)
	}
	if testing.Short() {
		return
	}
	for _, p := range []string{"no_fault", "no_deadlock", "assertion", "late", "no_use", "no_val", "no_free", "no_lost", "lock_order", "no_data_race", "inv", "once", "again", "then", "cover state"} {
		if c.found[p] == 0 {
			t.Errorf("no program violates %s", p)
		}
	}
}

// TestSecondOnPage: the programs of the page itself, in all modes. What they should give is tested where the page is.
func TestSecondOnPage(t *testing.T) {
	page, err := os.ReadFile("../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{found: map[string]int{}, not: map[string]int{}}
	blocks := regexp.MustCompile("(?ms)^```c \\S+\n(.*?)^```$").FindAllSubmatch(page, -1)
	for _, m := range blocks {
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}, {NoReset: true}} {
			if _, ok := c.compare(t, string(m[1]), o); !ok {
				t.Errorf("not compared:\n%s", m[1])
			}
		}
	}
	if len(blocks) < 20 {
		t.Errorf("only %d programs", len(blocks))
	}
}

// owners are programs about objects of a struct that nobody asks about (a box), and what they lead to.
var owners = []string{
	"struct box B = { .t = &T }; process p { B.t->x = 1; }",                                                                 // lives from the start
	"pool struct box boxes[1]; process p { struct box *b = alloc(struct box); b->t = &T; }",                                 // was allocated, and is lost
	"pool struct box boxes[1]; struct box *at; process p { at = alloc(struct box); at->t = &T; }",                           // was allocated, and is not
	"struct box B = { .t = &T }; process p { free(&B); }",                                                                   // is gone
	"struct box B = { .t = &T }; struct box *spare; process p { free(&B); spare = alloc(struct box); }",                     // is there again, with what its fields begin with
	"pool struct box boxes[1]; struct box B; process p { B.b = alloc(struct box); B.b->t = &T; } process q { B.b = NULL; }", // is led to by one that lives, or not any more
	"struct box B; process p { struct box *b; free(&B); b = alloc(struct box); b->t = &T; }",                                // is there again, and lost
	"struct box B; pool struct box boxes[1]; process p { free(&B); B.t = &T; B.b = alloc(struct box); } process q { struct box *b = alloc(struct box); if (b != NULL) b->t = &T; }",
	"struct thing *tlb[2] @weak; struct box B; process p { tlb[1] = &T; } process q { B.t = tlb[1]; }", // translations do not count
	"struct box B; process p { B.w = &T; }",
	"struct box B; process p { B.k = &T; free(&B); B.t = NULL; } process q { struct box *b = alloc(struct box); if (b != NULL) B.k->x = 1; }", // a field that alloc keeps, of an object that is lost
	"struct box B; struct box *at; process p { B.k = &T; free(&B); at = alloc(struct box); } process q { B.t = NULL; }",                       // and of one that is not
}

// TestSecondOnOwners holds both implementations against each other on what a live object keeps from being a leak.
func TestSecondOnOwners(t *testing.T) {
	c := &comparison{found: map[string]int{}, not: map[string]int{}}
	leaks := 0
	for _, o := range owners {
		found, ok := c.compare(t, "property no_leak \"\"; @free(no_double_free) struct box { struct thing *t; struct box *b; struct thing *w @weak; struct thing *k @keep; }; @leak(no_leak) struct thing { u1 x; }; struct thing T; "+o, elab.BuildOptions{})
		if !ok {
			t.Errorf("not compared: %s", o)
		}
		if slices.Contains(found, "no_leak") {
			leaks++
		}
	}
	if leaks != 8 {
		t.Errorf("%d of the programs leak, 8 do", leaks)
	}
}
