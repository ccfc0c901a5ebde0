package elab_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/model/elab"
)

// TestObserved: by hand, for each kind of property a spec that observes it, and one that only declares it.
func TestObserved(t *testing.T) {
	for _, tc := range []struct{ name, src, observed string }{
		{"nothing but the machine", "u2 x; process p { x = 1; }", "no_deadlock no_fault"},
		{"an assert", "u2 x; process p { x = 1; assert (x == 1); }", "no_deadlock no_fault assertion"},
		{"an assert that is always true", "process p { assert (true, q); }", "no_deadlock no_fault q"},
		{"an assert that no process runs", "u2 x; void f(void) { assert (x == 0, q); } process p { x = 1; }", "no_deadlock no_fault"},
		{"an assert of another configuration", "const on = false; u2 x; process p { if (on) assert (x == 0, q); x = 1; }", "no_deadlock no_fault"},
		{"only a text", "property q \"text\"; u2 x; process p { x = 1; }", "no_deadlock no_fault"},
		{"an invariant", "u2 x; process p { x = 1; } invariant q: x < 2;", "no_deadlock no_fault q"},
		{"an access", "@use(q) struct s { u2 f; }; struct s A; process p { A.f = 1; free (&A); }", "no_deadlock no_fault q"},
		{"an access by reference", "@use(q) struct s { u2 f; }; struct s A; u2 *r; process p { r = &A.f; } process w { if (r != NULL) *r = 1; }", "no_deadlock no_fault q"},
		{"an access that does not look", "@use(q) struct s { u2 f; }; struct s A; u2 x; process p { x = peek(A.f); A.f = 2; free (&A); } ", "no_deadlock no_fault q"},
		{"only one that does not look", "@use(q) struct s { u2 f; }; struct s A; u2 x; process p { free (&A); x = peek(A.f); }", "no_deadlock no_fault"},
		{"only a predicate", "@use(q) struct s { u2 f; }; struct s A; process p { free (&A); } invariant i: A.f == 0;", "no_deadlock no_fault i"},
		{"no object of the struct", "@use(q) struct s { u2 f; }; u2 x; process p { x = 1; }", "no_deadlock no_fault"},
		{"a free", "@use(u) @free(q) struct s { u2 f; }; struct s A; process p { free (&A); }", "no_deadlock no_fault q"},
		{"objects that nobody frees", "@use(u) @free(q) struct s { u2 f; }; struct s A; u2 x; process p { x = A.f; A.f = 1; }", "no_deadlock no_fault u"},
		{"a leak", "@use(u) @leak(q) struct s { u2 f; }; struct s A; struct s *x = &A; process p { x = NULL; }", "no_deadlock no_fault q"},
		{"a guarded field", "@use(u) struct s { u2 f @guard(q); u2 g; }; struct s A; process p { A.f = 1; free (&A); }", "no_deadlock no_fault q"},
		{"liveness", "u2 x; process p { x = 1; } liveness q: eventually x == 1;", "no_deadlock no_fault q"},
		{"liveness of another configuration", "u2 x; process p { x = 1; } liveness q: eventually x == 1 when false;", "no_deadlock no_fault"},
		{"races", "u2 x; process p { x = 1; } check no_data_race;", "no_deadlock no_fault no_data_race"},
		{"an order of locks", "u1 a; u1 b; process p { lock_acquire(&a); lock_acquire(&b); } process q { a = 1; b = 1; }", "no_deadlock no_fault lock_order"},
		{"one lock, which could be taken twice", "u1 a; process p { lock_acquire(&a); a = 1; lock_release(&a); }", "no_deadlock no_fault lock_order"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec, configs := loaded(t, tc.src)
			sys, err := spec.Build(configs[0], elab.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, yes := range sys.Observed() {
				if yes {
					got = append(got, sys.Props[i].Name)
				}
			}
			want := strings.Fields(tc.observed)
			slices.Sort(got)
			slices.Sort(want)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func loaded(t *testing.T, src string) (*elab.Spec, []elab.Configuration) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load("s.pmd", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec, configs
}

// TestNamedAndNotObserved: what check and expect name has to be observed by some configuration, whichever configurations are asked for.
func TestNamedAndNotObserved(t *testing.T) {
	const head = "config u1 n; u2 x; void f(void) { assert (x == 0, dead); } process p { if (n == 1) assert (x == 0, one); x = 0; } for n; "
	for _, tc := range []struct{ src, want string }{
		{"check one;", ""},
		{"check no_deadlock, no_fault, assertion, one;", "1:151: no configuration of this spec observes property 'assertion'"},
		{"check dead;", "1:128: no configuration of this spec observes property 'dead'"},
		{"expect : violates dead;", "1:140: no configuration of this spec observes property 'dead'"},
		{"expect n == 0 : violates one;", ""},
		{"check no_deadlock; expect : violates one;", "1:159: property 'one' is expected to be violated, and not checked"},
	} {
		spec, configs := loaded(t, head+tc.src)
		err := spec.CheckNames(configs[:1])
		got := ""
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "s.pmd:")
		}
		if !strings.HasPrefix(got, tc.want) || (tc.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", tc.src, got, tc.want)
		}
	}
	// A declaration alone observes nothing: the spec is not loaded.
	_, err := (&elab.Loader{}).Load("s.pmd", []byte("property mutual_exclusion \"t\"; u1 x; process p { x = 1; } invariant mutual_exclusoin: x < 2; check mutual_exclusion;"))
	if err == nil || !strings.Contains(err.Error(), "nothing in this spec observes property 'mutual_exclusion'") {
		t.Errorf("%v", err)
	}
}

// TestUnreachable: a cover that a configuration is expected not to reach is looked for in that configuration, although it is not demanded; others are as they were.
func TestUnreachable(t *testing.T) {
	spec, configs := loaded(t, "config u1 n; u2 x; process p { x = n; } cover one: x == 1 when n == 1; cover two: x == 2 when false; for n; expect n == 0 : holds unreachable two, one; expect : holds;")
	for i, want := range []string{"one true two true", "one true two false"} {
		sys, err := spec.Build(configs[i], elab.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range sys.Covers {
			got = append(got, c.Name, map[bool]string{false: "false", true: "true"}[c.Required])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("configuration %d: %v, want %s", i, got, want)
		}
	}
	if d := cmp.Diff([]string{"one", "two"}, configs[0].Expect.Unreachable); d != "" {
		t.Error(d)
	}
	_, err := (&elab.Loader{}).Load("s.pmd", []byte("u2 x; process p { x = 1; } cover reached: x == 1; expect : holds unreachable reachd;"))
	if err == nil || !strings.Contains(err.Error(), "there is no cover 'reachd'") {
		t.Errorf("%v", err)
	}
}
