package litmuspmd_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pmdcheck/internal/axioms"
	"pmdcheck/internal/litmus"
	"pmdcheck/internal/litmuspmd"
)

// axiomatic is the set of final states by the axioms.
func axiomatic(t testing.TB, test *litmus.Test, m axioms.Model) []string {
	t.Helper()
	r := axioms.Check(context.Background(), test, m, axioms.Options{})
	if r.Verdict() == axioms.Unknown {
		t.Fatalf("%s under %s: the axioms do not know: %s", test.Name, m, r.Why)
	}
	var out []string
	for i := range r.States {
		out = append(out, r.StateString(&r.States[i], ""))
	}
	slices.Sort(out)
	return out
}

func explored(t testing.TB, test *litmus.Test, o litmuspmd.Options) *litmuspmd.Found {
	t.Helper()
	s, err := litmuspmd.New(test)
	if err != nil {
		t.Fatalf("%s: %v", test.Name, err)
	}
	f, err := s.Explore(context.Background(), o)
	if err != nil {
		t.Fatalf("%s under %s: %v\n%s", test.Name, o.Model, err, s.Text)
	}
	if f.Why != "" {
		t.Fatalf("%s under %s: unknown: %s\n%s", test.Name, o.Model, f.Why, s.Text)
	}
	return f
}

// same compares the explorer with the axioms under both models.
func same(t testing.TB, test *litmus.Test, o litmuspmd.Options) (states [2]int64) {
	t.Helper()
	for i, m := range []axioms.Model{axioms.SC, axioms.TSO} {
		o.Model = m.String()
		want, got := axiomatic(t, test, m), explored(t, test, o)
		states[i] = got.Stats.States
		if !slices.Equal(want, got.States) {
			s, _ := litmuspmd.New(test)
			t.Errorf("%s under %s:\n%s\nonly by the axioms: %s\nonly by the explorer: %s", test.Name, m, s.Text, without(want, got.States), without(got.States, want))
		}
	}
	return states
}

func without(a, b []string) string {
	return fmt.Sprint(slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) }))
}

// TestShapes compares on the shapes of the literature.
func TestShapes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "axioms", "testdata", "shapes", "*.litmus"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d shapes, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".litmus"), func(t *testing.T) { same(t, parseFile(t, f), litmuspmd.Options{}) })
	}
}

func parseFile(t testing.TB, f string) *litmus.Test {
	t.Helper()
	src, err := os.ReadFile(f)
	if err != nil {
		t.Fatal(err)
	}
	test, err := litmus.Parse(f, src)
	if err != nil {
		t.Fatal(err)
	}
	return test
}

// TestShared compares on the tests of others, where they are at hand.
func TestShared(t *testing.T) {
	root := os.Getenv("PMDCHECK_LITMUS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "litmus")
	}
	files, _ := filepath.Glob(filepath.Join(root, "*.litmus"))
	more, _ := filepath.Glob(filepath.Join(root, "more", "*.litmus"))
	extra, _ := filepath.Glob(filepath.Join(root, "extra", "*.litmus"))
	files = append(append(files, more...), extra...)
	if len(files) == 0 {
		t.Skip("not run: PMDCHECK_LITMUS names no folder of litmus tests, and there is none beside the checkout")
	}
	var took []time.Duration
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".litmus"), func(t *testing.T) {
			before := time.Now()
			same(t, parseFile(t, f), litmuspmd.Options{})
			took = append(took, time.Since(before))
		})
	}
	slices.Sort(took)
	t.Logf("%d tests; both engines under both models: %v median, %v at most", len(took), took[len(took)/2], took[len(took)-1])
}
