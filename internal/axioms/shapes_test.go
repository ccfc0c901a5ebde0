package axioms

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pmdcheck/internal/litmus"
)

// shape is a test of testdata/shapes with the verdict under each model, from the literature: the papers and the kernel's documents that docs/memory-models.md
// names, and not from the program.
type shape struct {
	test  *litmus.Test
	want  [4]string
	flags string
}

func parseFile(t testing.TB, file string) *litmus.Test {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	test, err := litmus.Parse(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func shapes(t testing.TB) []shape {
	t.Helper()
	dir := filepath.Join("testdata", "shapes")
	table, err := os.ReadFile(filepath.Join(dir, "verdicts.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []shape
	listed := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
		f := strings.Split(l, "\t")
		test := parseFile(t, filepath.Join(dir, f[0]+".litmus"))
		if test.Name != f[0] || listed[f[0]] {
			t.Errorf("%s: a name that is not that of the file, or twice", test.File)
		}
		listed[f[0]] = true
		s := shape{test: test, want: [4]string(f[1:5])}
		if len(f) > 5 {
			s.flags = f[5]
		}
		out = append(out, s)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.litmus"))
	if err != nil || len(files) != len(out) || len(out) < 100 {
		t.Fatalf("%d files and %d verdicts, %v", len(files), len(out), err)
	}
	return out
}

// TestShapes: the classic shapes have the verdicts of the literature under each model.
func TestShapes(t *testing.T) {
	for _, s := range shapes(t) {
		var set [4]map[string]bool
		for m := SC; m <= LKMM; m++ {
			r := answer(t, s.test, m, none)
			set[m] = stateSet(r)
			if got := r.Verdict().String(); got != s.want[m] {
				t.Errorf("%s under %s: %s, want %s", s.test.Name, m, got, s.want[m])
			}
			if got := strings.Join(r.Flags, ","); m == LKMM && got != s.flags {
				t.Errorf("%s: flags %q, want %q", s.test.Name, got, s.flags)
			}
		}
		for _, m := range []Model{SC, TSO} {
			want := machineStates(s.test, m == TSO)
			if a, b := missing(want, set[m]), missing(set[m], want); a != "" || b != "" {
				t.Errorf("%s under %s: only the machine ends in %q, only the axioms in %q", s.test.Name, m, a, b)
			}
		}
		for _, in := range [][2]Model{{SC, TSO}, {TSO, LKMM}, {SC, ARM}, {ARM, LKMM}} {
			if x := missing(set[in[0]], set[in[1]]); x != "" {
				t.Errorf("%s: %s allows %s, and %s does not", s.test.Name, in[0], x, in[1])
			}
		}
	}
}

// models that have the rule which a mutant leaves out.
var mutants = map[mutant][]Model{
	noFr: {SC, TSO, ARM, LKMM}, noGracePeriods: {SC, TSO, ARM, LKMM}, noFullFence: {TSO, ARM, LKMM}, noLocked: {TSO}, noStoreOrder: {TSO},
	noRmb: {ARM, LKMM}, noWmb: {ARM, LKMM}, noAcquire: {ARM, LKMM}, noRelease: {ARM, LKMM}, noDependencies: {ARM, LKMM}, noControl: {ARM, LKMM},
	noLockOrder: {ARM}, noAddrPo: {ARM}, noLocalStores: {ARM}, noDepRfi: {ARM, LKMM},
	noHappensBefore: {LKMM}, noPropagation: {LKMM}, noRcu: {LKMM}, noPlainCoherence: {LKMM}, noCumulativity: {LKMM}, noWmbPropagation: {LKMM}, noPropInHb: {LKMM},
	noOverwriteInside: {LKMM}, noRfe: {LKMM}, noReaders: {LKMM}, noStrongFenceOfGp: {LKMM}, noAfterAtomic: {LKMM}, noBeforeAtomic: {LKMM}, noAfterSpinlock: {LKMM},
	noAfterUnlockLock: {LKMM}, noAfterSrcuUnlock: {LKMM}, noUnlockLockPo: {LKMM}, noRmwSequence: {LKMM}, noCarriedDep: {LKMM}, noSrcuLoc: {LKMM},
	noAddrWmb: {LKMM}, noReturnReads: {LKMM},
}

// TestMutants: whatever rule a model loses, some shape has another verdict.
func TestMutants(t *testing.T) {
	all := shapes(t)
	for m := none + 1; m < lastMutant; m++ {
		if len(mutants[m]) == 0 {
			t.Errorf("mutant %d is of no model", m)
		}
		for _, model := range mutants[m] {
			caught := ""
			for _, s := range all {
				r := answer(t, s.test, model, m)
				if r.Verdict().String() != s.want[model] || model == LKMM && strings.Join(r.Flags, ",") != s.flags {
					caught = s.test.Name
					break
				}
			}
			if caught == "" {
				t.Errorf("no shape notices mutant %d of %s", m, model)
			} else {
				t.Logf("mutant %d of %s: %s", m, model, caught)
			}
		}
	}
}
