package pass_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/axioms"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmusgen"
	"pmdcheck/internal/litmuspmd"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/pass"
)

// A scenario is a spec with what it violates under tso, thought out by hand. Covers that are missed count as violated.
type scenario struct {
	name, text string
	violates   []string
	unknown    bool // the bound on stores is met
	bound      int
}

// otherCPU is store buffering in which one side makes a CPU execute the fence that the other side lacks.
func otherCPU(n int) string {
	return fmt.Sprintf(`
u1 x;
u1 y;
u2 r0 = 2;
u2 r1 = 2;

process p on cpu 1 {
	x = 1;
	r0 = y;
}

process q on cpu 0 {
	y = 1;
	smp_mb();
	smp_mb_cpu(%d);
	r1 = x;
}

invariant sb: !(r0 == 0 && r1 == 0);
`, n)
}

var scenarios = []scenario{
	{
		// Store buffering through pointers that are computed at run time.
		name: "pointers", violates: []string{"sb"},
		text: `
u2 a[3];
u2 *px = &a[0];
u2 *py = &a[1];
u2 r0 = 3;
u2 r1 = 3;
u1 i;

process p {
	u2 *x = px;

	*x = 1;
	assert(*x == 1);
	i = 1;
	assert(a[i - 1] == 1);
	r0 = a[i];
}

process q {
	u2 *y = py;

	*y = 1;
	r1 = a[0];
}

process s {
	i = 1;
	px = &a[0];
	py = &a[1];
}

invariant sb: !(r0 == 0 && r1 == 0);
`,
	},
	{
		// An object that is freed with stores to it under way and allocated anew: nothing of the old stores is left. Its own process sees its initial values.
		name: "alloc", violates: nil,
		text: `
@use(no_use)
struct s {
	u2 f;
	u2 g;
};

property no_use "";

pool struct s S[1] = { { .f = 3 } };
struct s *shared;

process p {
	struct s *o = alloc(struct s);

	o->f = 1;
	o->g = 1;
	free(o);
	o = alloc(struct s);
	assert(o->f == 3 && o->g == 0);
	shared = o;
}

process q {
	await (shared != NULL);
	assert(shared->f == 3 && shared->g == 0);
	shared->f = 2;
}
`,
	},
	{
		// Somebody else frees the object. (That the store may come too late is not looked at.)
		name: "freed by another", violates: nil,
		text: `
@use(no_use)
struct s {
	u2 f;
};

property no_use "";

struct s X = { .f = 3 };
u2 r;

process p {
	struct s *o;

	X.f = 1;
	await (!live(&X));
	o = alloc(struct s);
	assert(o->f == 3);
}

process q {
	r = X.f;
	free(&X);
}

check assertion;
`,
	},
	{
		// Without the second allocation: that the object is dead is found where the access is executed.
		name: "use after free", violates: []string{"no_use"},
		text: `
@use(no_use)
struct s {
	u2 f;
};

property no_use "";

pool struct s S[1];
struct s *shared;

process p {
	struct s *o = alloc(struct s);

	shared = o;
	o->f = 1;
	free(o);
}

process q {
	await (shared != NULL);
	shared->f = 2;
}
`,
	},
	{
		// An unmarked atomic block that touches a weak cell is a locked instruction.
		name: "block", violates: nil,
		text: `
u1 x;
u1 y;
u2 r0 = 2;
u2 r1 = 2;
u2 n;

process p {
	x = 1;
	atomic {
		n = n + y;
	}
	r0 = y;
}

process q {
	y = 1;
	atomic {
		n = n + x;
	}
	r1 = x;
}

invariant sb: !(r0 == 0 && r1 == 0);
`,
	},
	{
		// One that touches none is none, as it may stand for what is no memory.
		name: "strong block", violates: []string{"sb"},
		text: `
u1 x;
u1 y;
u2 r0 = 2;
u2 r1 = 2;
u2 n;

process p {
	x = 1;
	atomic {
		n++;
	}
	r0 = y;
}

process q {
	y = 1;
	atomic {
		n++;
	}
	r1 = x;
}

invariant sb: !(r0 == 0 && r1 == 0);
`,
	},
	{
		// One that only reads is a number of loads made at once, which see the process's own stores.
		name: "read block", violates: []string{"sb"},
		text: `
u1 x;
u1 y;
u2 r0 = 2;
u2 r1 = 2;
u1 z;

process p {
	u2 l;

	x = 1;
	atomic {
		l = y + z;
		assert(x == 1);
	}
	r0 = l;
}

process q {
	y = 1;
	r1 = x;
	z = 0;
}

invariant sb: !(r0 == 0 && r1 == 0);
`,
	},
	{
		// What a block marked as a store stores waits in the buffer, whatever else it does.
		name: "store block", violates: []string{"sb"},
		text: `
u1 x;
u1 y;
u2 r0 = 2;
u2 r1 = 2;

@x86(store)
void set(u1 *p)
{
	atomic {
		assert(*p == 0);
		*p = 1;
	}
}

process p {
	set(&x);
	r0 = y;
}

process q {
	set(&y);
	r1 = x;
}

invariant sb: !(r0 == 0 && r1 == 0);
`,
	},
	{
		// What follows a store in its step, and is seen at once, keeps the store from being made at once as well.
		name: "mixed block", violates: []string{"behind"},
		text: `
u1 x;
u1 n;
u1 seen;

@x86(store)
void set(u1 *p)
{
	*p = 1;
}

process p {
	atomic {
		set(&x);
		n = 1;
	}
}

process q {
	await (n == 1);
	seen = x;
	await (x == 1);
	x = 0;
}

process r {
	await (n == 1);
	atomic {
		assert(x != 0 || seen == 1, behind);
	}
}

property behind "";
`,
	},
	{
		// A fence that another process makes a CPU execute.
		name: "other cpu", violates: nil, text: otherCPU(1),
	},
	{
		// Only of the CPU that is meant.
		name: "another cpu", violates: []string{"sb"}, text: otherCPU(2),
	},
	{
		// More stores than there is room for. Nothing is violated, and nothing is known.
		name: "bound", unknown: true, bound: 2,
		text: `
u2 x;
u2 y;

process p {
	x = 1;
	x = 2;
	x = 3;
	await (y == 1);
}

process q {
	await (x == 3);
	y = 1;
}
`,
	},
	{
		// A deadlock is one in which nothing is under way: q waits for a store that is, and then for what never comes.
		name: "deadlock", violates: []string{"no_deadlock"},
		text: `
u1 x;
u1 y;

process p {
	x = 1;
	await (y == 1);
}

process q {
	await (x == 1);
	await (x == 0);
	y = 1;
}
`,
	},
	{
		// A store is seen sooner or later, though nobody but the buffer moves; and nothing else is.
		name: "liveness", violates: []string{"never"},
		text: `
u1 x;
u1 y;
u1 r;

fair process;

process p {
	x = 1;
	r = y;
	while (true) {
		await (y == 1);
		y = 1;
	}
}

process q {
	end: await (x == 1);
	y = 1;
}

liveness comes: eventually x == 1;
liveness both: eventually y == 1;
liveness never: eventually r == 1;
`,
	},
	{
		// A step that fails keeps what it did, and what is in the buffer of a task that has crashed reaches memory.
		name: "crash", violates: []string{"assertion", "seen"},
		text: `
u1 x;
u1 y;
u1 r;

process p {
	x = 1;
	r = y;
	assert(false);
}

process q {
	y = 1;
	await (x == 1);
	assert(false, seen);
}

property seen "";
`,
	},
}

// judge checks a spec under a model and gives what it violates.
func judge(t testing.TB, s scenario, o checker.Options, b elab.BuildOptions) (violated []string, unknown bool, r *checker.Result) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load(s.name, []byte(s.text))
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	configs, err := spec.Configurations([]model.ConfigValue{{Name: elab.MemoryModel, Value: elab.TSO}})
	if err != nil {
		t.Fatal(err)
	}
	b.StoreBuffer = s.bound
	sys, err := spec.Build(configs[0], b)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	if r, err = checker.Check(context.Background(), sys, o); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	for _, v := range r.Violations {
		violated = append(violated, v.Property)
	}
	slices.Sort(violated)
	return violated, r.Verdict == checker.Unknown, r
}

var ways = []struct {
	name string
	o    checker.Options
	b    elab.BuildOptions
}{
	{"reduced", checker.Options{Reduction: checker.ReductionStubborn}, elab.BuildOptions{}},
	{"checked", checker.Options{Reduction: checker.ReductionStubborn, Verify: true, Symmetry: checker.SymmetryOff}, elab.BuildOptions{}},
	{"unreduced", checker.Options{Reduction: checker.ReductionNone}, elab.BuildOptions{}},
	{"without direct stores", checker.Options{Reduction: checker.ReductionStubborn}, elab.BuildOptions{NoDirect: true}},
	{"unmerged", checker.Options{Reduction: checker.ReductionNone}, elab.BuildOptions{NoMerge: true, NoReset: true}},
	{"parallel", checker.Options{Reduction: checker.ReductionStubborn, Workers: 2}, elab.BuildOptions{}},
	{"breadth first", checker.Options{Reduction: checker.ReductionStubborn, Search: checker.BFS, NoChains: true}, elab.BuildOptions{}},
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		for _, w := range ways {
			got, unknown, _ := judge(t, s, w.o, w.b)
			if !slices.Equal(got, s.violates) || unknown != s.unknown {
				t.Errorf("%s, %s: violates %v, unknown %v; it should be %v, %v", s.name, w.name, got, unknown, s.violates, s.unknown)
			}
		}
	}
}

// shapes are litmus tests for rules that hardly any random one needs.
var shapes = []string{
	"C MP\n\n{}\n\nP0(int *x, int *y)\n{\n\tWRITE_ONCE(*x, 1);\n\tWRITE_ONCE(*y, 1);\n\tint r0 = READ_ONCE(*x);\n}\n\nP1(int *x, int *y)\n{\n\tint r1 = READ_ONCE(*y);\n\tint r2 = READ_ONCE(*x);\n}\n\nexists (1:r1=1 /\\ 1:r2=0)\n",
	"C WWR\n\n{}\n\nP0(int *x, int *y)\n{\n\tWRITE_ONCE(*x, 1);\n\tWRITE_ONCE(*x, 2);\n\tint r0 = READ_ONCE(*x);\n}\n\nP1(int *x)\n{\n\tint r1 = READ_ONCE(*x);\n}\n\nexists (0:r0=1)\n",
	"C SB+mb+dyn\n\n{ x=z; }\n\nP0(int **x, int *y, int *z)\n{\n\tint *a = READ_ONCE(*x);\n\tWRITE_ONCE(*a, 1);\n\tint r1 = READ_ONCE(*z);\n\tint r0 = READ_ONCE(*y);\n}\n\nP1(int *y, int *z)\n{\n\tWRITE_ONCE(*y, 1);\n\tint r0 = READ_ONCE(*z);\n}\n\nexists (0:r0=0 /\\ 1:r0=0)\n",
}

func parse(t testing.TB, name, text string) *litmus.Test {
	t.Helper()
	test, err := litmus.Parse(name, []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return test
}

// agrees reports whether the explorer finds the final states of the axioms under tso.
func agrees(t testing.TB, test *litmus.Test) bool {
	t.Helper()
	r := axioms.Check(context.Background(), test, axioms.TSO, axioms.Options{})
	var want []string
	for i := range r.States {
		want = append(want, r.StateString(&r.States[i], ""))
	}
	slices.Sort(want)
	s, err := litmuspmd.New(test)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Explore(context.Background(), litmuspmd.Options{Model: elab.TSO})
	return err == nil && f.Why == "" && slices.Equal(f.States, want)
}

// TestMutants makes each rule of the pass wrong, which some program notices.
func TestMutants(t *testing.T) {
	var tests []*litmus.Test
	for i, text := range shapes {
		tests = append(tests, parse(t, fmt.Sprintf("shape %d", i), text))
	}
	for seed := range int64(60) {
		tests = append(tests, parse(t, fmt.Sprint(seed), litmusgen.Text(seed)))
	}
	for _, test := range tests {
		if !agrees(t, test) {
			t.Fatalf("%s: the explorer and the axioms differ without any mutant", test.Name)
		}
	}
	for _, m := range pass.Mutants() {
		restore := pass.Mutate(m)
		var by []string
		for _, s := range scenarios {
			if got, unknown, _ := judge(t, s, checker.Options{Reduction: checker.ReductionStubborn}, elab.BuildOptions{}); !slices.Equal(got, s.violates) || unknown != s.unknown {
				by = append(by, s.name)
			}
		}
		for _, test := range tests {
			if len(by) == 0 && !agrees(t, test) {
				by = append(by, test.Name)
			}
		}
		restore()
		if len(by) == 0 {
			t.Errorf("nothing notices %s", m)
		}
		t.Logf("%s: %s", m, strings.Join(by, ", "))
	}
}
