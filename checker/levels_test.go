package checker_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

// openLevels begins a search in a new folder.
func openLevels(t testing.TB, sys *model.System, o checker.Options, lo checker.LevelOptions) (*checker.Levels, string) {
	t.Helper()
	dir := filepath.Join(memoryDir(t), "levels")
	lo.ID = checker.NewLevelID()
	l, err := checker.OpenLevels(context.Background(), sys, o, lo, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Init(); err != nil {
		t.Fatal(err)
	}
	return l, dir
}

// memoryDir is a folder in memory, if there is one: small searches have files of a few bytes, and many of them.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "pmdcheck-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// runLevels does all tasks, one after the other, from the last part to the first.
func runLevels(t testing.TB, l *checker.Levels) {
	t.Helper()
	x, err := l.Last()
	if err != nil {
		t.Fatal(err)
	}
	for x.Stop == "" {
		round, parts, err := l.Tasks(x)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(parts)
		do := l.Expand
		if round == "merge" {
			do = l.Merge
		}
		for _, p := range parts {
			if err := do(context.Background(), x.Number, p); err != nil {
				t.Fatal(err)
			}
		}
		if round == "merge" {
			if x, err = l.Advance(x); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// byLevels is the result of a search by levels.
func byLevels(t testing.TB, sys *model.System, o checker.Options, parts int) *checker.Result {
	t.Helper()
	l, _ := openLevels(t, sys, o, checker.LevelOptions{Parts: parts})
	runLevels(t, l)
	r, err := l.Result(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameLevels holds searches by levels with several numbers of parts against one breadth first in memory. Where liveness is left open by them it is left out of the comparison, and has to be open.
func sameLevels(t *testing.T, what string, sys *model.System, o checker.Options, parts ...int) {
	t.Helper()
	o.Search = checker.BFS
	ref, err := checker.Check(context.Background(), sys, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range parts {
		r := byLevels(t, sys, o, n)
		a, b := withoutLiveness(t, sys, r, r), withoutLiveness(t, sys, ref, r)
		if a != b {
			t.Errorf("%s in %d parts, %+v\nlevels %s\ncheck  %s", what, n, o, a, b)
		}
		for _, v := range r.Violations {
			if v.Prop != model.NoProp && v.Witness == nil {
				t.Errorf("%s: %s has no witness", what, v.Property)
			}
		}
	}
}

// withoutLiveness is what a result says but for what a search by levels leaves open.
func withoutLiveness(t *testing.T, sys *model.System, r, levels *checker.Result) string {
	t.Helper()
	open := map[model.PropID]bool{}
	for _, p := range levels.Properties {
		if strings.HasPrefix(string(p.Reason), string(checker.ReasonLiveness)) {
			if sys.Props[p.Prop].Kind != model.PropLiveness || p.Verdict != checker.Unknown {
				t.Errorf("%s is %v for want of liveness", p.Property, p.Verdict)
			}
			open[p.Prop] = true
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d states, %d transitions, depth %d", r.Stats.States, r.Stats.Transitions, r.Stats.Depth)
	for _, p := range r.Properties {
		if !open[p.Prop] {
			fmt.Fprintf(&out, ", %s %v %q", p.Property, p.Verdict, p.Reason)
		}
	}
	for _, k := range r.Covers {
		fmt.Fprintf(&out, ", %s %v", k.Name, k.Reach)
	}
	if len(open) == 0 {
		fmt.Fprintf(&out, ": %v %q, dead %v, order %v", r.Verdict, r.Reason, r.Dead, r.LockOrder)
	} else if levels.Verdict == checker.Holds {
		t.Errorf("it holds, and liveness is open")
	}
	for _, v := range r.Violations {
		if !open[v.Prop] {
			fmt.Fprintf(&out, ", %s", v.Property)
		}
	}
	return out.String()
}

// PMDCHECK_LEVELS=1 has every model looked at, in every way, which takes an hour; with a larger number every so manieth configuration of the specs.
var (
	everyLevels, _ = strconv.Atoi(os.Getenv("PMDCHECK_LEVELS"))
	allLevels      = everyLevels > 0
)

func TestLevels(t *testing.T) {
	options := []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}, {Reduction: checker.ReductionStubborn}, {Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff, NoChains: true}}
	for name, sys := range map[string]*model.System{
		"hugepmd holds":    hugepmd(t, "1", "2", "1", "2", "1"),
		"hugepmd violated": hugepmd(t, "1", "2", "1", "0", "0"),
		"latch":            testkit.Embedded(t, "bench/latch", elab.BuildOptions{NoMerge: true}, "N=3", "policy=none", "ordered=false"),
		"latch rcu":        testkit.Embedded(t, "bench/latch", elab.BuildOptions{}, "N=3", "policy=rcu", "ordered=false"),
		"race_a":           testkit.Embedded(t, "seed/race_a", elab.BuildOptions{}, "target=x86_nopv"),
		"rounds":           build(t, rounds, elab.BuildOptions{}),
	} {
		if testing.Short() && name != "latch" && name != "race_a" {
			continue
		}
		for i, o := range options {
			parts := [][]int{{1, 4}, {1, 16}, {4, 16}, {4}}[i]
			if allLevels {
				parts = []int{1, 4, 16}
			}
			sameLevels(t, name, sys, o, parts...)
		}
		o := options[0]
		o.NoAssert = true
		sameLevels(t, name, sys, o, 4)
	}
}

func TestLevelsRandomModels(t *testing.T) {
	n := uint64(60)
	switch {
	case allLevels:
		n = 5000
	case testing.Short():
		n = 10
	}
	for seed := range n {
		src := random(seed)
		sys, ok := tryBuild(t, src, elab.BuildOptions{NoMerge: seed%2 == 0})
		if !ok {
			continue
		}
		o := checker.Options{Reduction: checker.ReductionNone + checker.Reduction(seed%3%2), MaxStates: 10 * maxRandom, Symmetry: symmetry(seed%5 == 0), NoAssert: seed%7 == 0}
		if ref, err := checker.Check(context.Background(), sys, o); err != nil || ref.Reason == checker.ReasonStates {
			continue
		}
		sameLevels(t, src, sys, o, []int{1, 4, 16}[seed%3])
	}
}

// TestLevelsLimits: what ends a search is a reason, and never a proof.
func TestLevelsLimits(t *testing.T) {
	sys := hugepmd(t, "2", "1", "2", "2", "1")
	l, _ := openLevels(t, sys, checker.Options{Reduction: checker.ReductionNone, MaxStates: 2000}, checker.LevelOptions{Parts: 3})
	unknown := func(want checker.Reason) {
		t.Helper()
		r, err := l.Result(context.Background())
		if err != nil || r.Verdict != checker.Unknown || r.Reason != want {
			t.Errorf("%v %q, %v: not for %q", r.Verdict, r.Reason, err, want)
		}
	}
	unknown(checker.ReasonUnfinished)
	runLevels(t, l)
	unknown(checker.ReasonStates)
	l, dir := openLevels(t, sys, checker.Options{Reduction: checker.ReductionNone}, checker.LevelOptions{Parts: 3, MaxDisk: 60_000})
	runLevels(t, l)
	unknown(checker.ReasonDisk + ": the limit")
	x, err := l.Last()
	if err != nil || x.Peak > 60_000 || x.Peak < 30_000 || x.Used > 60_000 {
		t.Errorf("%+v, %v", x, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", "*.part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	l, _ = openLevels(t, hugepmd(t, "2", "1", "2", "0", "0"), checker.Options{Reduction: checker.ReductionNone, First: true}, checker.LevelOptions{Parts: 3})
	runLevels(t, l)
	if r, err := l.Result(context.Background()); err != nil || r.Verdict != checker.Violated || r.Reason != checker.ReasonFirst {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestLevelsTasks: a task does nothing if it was done or nobody waits for it any more, and fails if its input is not there.
func TestLevelsTasks(t *testing.T) {
	ctx := context.Background()
	sys := hugepmd(t, "1", "2", "1", "2", "1")
	l, dir := openLevels(t, sys, checker.Options{Reduction: checker.ReductionNone}, checker.LevelOptions{Parts: 4})
	for _, err := range []error{l.Expand(ctx, 1, 0), l.Merge(ctx, 7, 0)} {
		if !errors.Is(err, checker.ErrLevelEarly) {
			t.Errorf("a task of a level that is not there: %v", err)
		}
	}
	if l.Expand(ctx, 0, 4) == nil || l.Merge(ctx, 0, -1) == nil {
		t.Error("there are 4 parts")
	}
	x, _ := l.Last()
	_, parts, _ := l.Tasks(x)
	if err := l.Merge(ctx, 0, parts[0]); !errors.Is(err, checker.ErrLevelEarly) {
		t.Errorf("a merge of what was not expanded: %v", err)
	}
	if _, err := l.Advance(x); !errors.Is(err, checker.ErrLevelEarly) {
		t.Errorf("a level before its tasks: %v", err)
	}
	runLevels(t, l)
	list := func() string {
		out := ""
		_ = filepath.Walk(dir, func(p string, st os.FileInfo, err error) error {
			out += fmt.Sprintln(p, st.Size())
			return err
		})
		return out
	}
	before := list()
	for level := range 12 {
		for p := range 4 {
			if err := errors.Join(l.Expand(ctx, level, p), l.Merge(ctx, level, p)); err != nil {
				t.Errorf("a late task of level %d: %v", level, err)
			}
		}
	}
	if after := list(); after != before {
		t.Errorf("late tasks leave\n%s\nand before there was\n%s", after, before)
	}
	// A search of another folder's name is none of ours.
	if o, err := checker.OpenLevels(ctx, sys, checker.Options{Reduction: checker.ReductionNone}, checker.LevelOptions{Parts: 4, ID: checker.NewLevelID()}, dir); err != nil {
		t.Error(err)
	} else if _, err := o.Last(); err == nil {
		t.Error("another search is taken for this one")
	}
}

// TestLevelsLiveness: where the reduced search decides liveness a search by levels does, and elsewhere says why it does not.
func TestLevelsLiveness(t *testing.T) {
	const once = "bool go; bool done; fair process; process p { if (%s) go = true; } process q { end: await (go); done = true; } liveness ends: eventually done;"
	const cycle = "bool go; bool done; fair process; process p { while (!done) go = !go; } process q { await (go); done = true; } liveness ends: eventually done;"
	const alike = "u2 n; bool done; fair process; process p[2] { atomic { n++; } } process q { await (n == 2); done = true; } liveness ends: eventually done;"
	for _, tc := range []struct {
		src  string
		o    checker.Options
		want checker.Verdict
		why  string
	}{
		{fmt.Sprintf(once, "true"), checker.Options{Reduction: checker.ReductionStubborn}, checker.Holds, ""},
		{fmt.Sprintf(once, "done"), checker.Options{Reduction: checker.ReductionStubborn}, checker.Violated, ""},
		{fmt.Sprintf(once, "true"), checker.Options{Reduction: checker.ReductionNone}, checker.Unknown, "decides it with the reduction only"},
		{cycle, checker.Options{Reduction: checker.ReductionStubborn}, checker.Unknown, "the states may form cycles"},
		{alike, checker.Options{Reduction: checker.ReductionStubborn}, checker.Unknown, "without symmetry only"},
		{alike, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, checker.Holds, ""},
	} {
		r := byLevels(t, build(t, tc.src, elab.BuildOptions{}), tc.o, 2)
		i := slices.IndexFunc(r.Properties, func(p checker.PropertyResult) bool { return p.Property == "ends" })
		if i < 0 {
			t.Fatalf("%s: %+v", tc.src, r.Properties)
		}
		if p := r.Properties[i]; p.Verdict != tc.want || !strings.Contains(string(p.Reason), tc.why) || (tc.why == "") != (p.Reason == "") {
			t.Errorf("%s %+v: %v %q", tc.src, tc.o, p.Verdict, p.Reason)
		}
		if want := tc.want; r.Verdict != want {
			t.Errorf("%s %+v: it is %v", tc.src, tc.o, r.Verdict)
		}
	}
}

// TestLevelsTwice: each task is done by three at the same time, and what comes out is the same; of a file that was changed since nothing is believed.
func TestLevelsTwice(t *testing.T) {
	ctx := context.Background()
	sys := hugepmd(t, "1", "2", "1", "0", "0")
	ref, err := checker.Check(ctx, sys, checker.Options{Search: checker.BFS, Reduction: checker.ReductionDefault})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(memoryDir(t), "levels")
	open := func() *checker.Levels {
		l, err := checker.OpenLevels(ctx, sys, checker.Options{Reduction: checker.ReductionDefault}, checker.LevelOptions{Parts: 3, Safe: true, ID: "0123456789ab"}, dir)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	if err := l.Init(); err != nil {
		t.Fatal(err)
	}
	x, err := l.Last()
	for err == nil && x.Stop == "" {
		var round string
		var parts []int
		if round, parts, err = l.Tasks(x); err != nil {
			break
		}
		if len(parts) == 0 {
			x, err = l.Advance(x)
			continue
		}
		var wg sync.WaitGroup
		for _, p := range slices.Repeat(parts, 3) {
			wg.Go(func() {
				do := l.Expand
				if round == "merge" {
					do = l.Merge
				}
				if err := do(ctx, x.Number, p); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Result(ctx)
	if err != nil || r.Stats.States != ref.Stats.States || r.Stats.Transitions != ref.Stats.Transitions || evidence(r) != evidence(ref) {
		t.Errorf("%s, %v, and check finds %s", same(r), err, same(ref))
	}
	files, err := filepath.Glob(filepath.Join(dir, "data", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/3] ^= 4
		if err := os.WriteFile(f, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := open().Result(ctx); !checker.Damaged(err) { // a process that has not kept what it wrote
		t.Errorf("damaged files: %v", err)
	}
}

// eachConfiguration calls f for every configuration of the embedded specs in a folder, or of one.
func eachConfiguration(t *testing.T, dir string, f func(name string, build func() *model.System)) {
	t.Helper()
	err := fs.WalkDir(specs.FS, ".", func(p string, _ fs.DirEntry, err error) error {
		if name := strings.TrimSuffix(p, ".pmd"); err != nil || name == p || name != dir && !strings.HasPrefix(name, dir+"/") {
			return err
		}
		src, err := specs.FS.ReadFile(p)
		if err != nil {
			return err
		}
		spec, err := testkit.Loader().Load(p, src)
		if err != nil {
			return err
		}
		configs, err := spec.Configurations(nil)
		for _, c := range configs {
			f(spec.Name+" "+c.String(), func() *model.System {
				sys, err := spec.Build(c, elab.BuildOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return sys
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLevelsSpecs holds all of seed, family and latch against check, in 1, 4 and 16 parts, reduced and not, with and without symmetry: a quarter of an hour of CPU. Usually some configurations are taken. Of those
// that are the same system one is searched.
func TestLevelsSpecs(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	n, systems := 0, map[string]bool{}
	for _, dir := range []string{"seed", "family", "bench/latch"} {
		eachConfiguration(t, dir, func(name string, build func() *model.System) {
			if n++; n%cmp.Or(everyLevels, 131) != 1%cmp.Or(everyLevels, 131) {
				return
			}
			t.Run(name, func(t *testing.T) {
				sys := build()
				if systems[sys.Digest()] {
					return
				}
				systems[sys.Digest()] = true
				parts := []int{4}
				if allLevels {
					parts = []int{1, 4, 16}
				}
				sameLevels(t, name, sys, checker.Options{Reduction: checker.ReductionStubborn}, parts...)
				if allLevels {
					sameLevels(t, name, sys, checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, parts...)
					sameLevels(t, name, sys, checker.Options{Reduction: checker.ReductionNone}, 4)
				}
			})
		})
	}
	if n < 500 {
		t.Errorf("%d configurations", n)
	}
	t.Logf("%d configurations, of which the test took every %d.: %d systems", n, cmp.Or(everyLevels, 131), len(systems))
}

// TestLevelsRows holds the benchmark up to ten million states against check, in 1, 4 and 16 parts: in full, reduced, and with symmetry, each with the other.
func TestLevelsRows(t *testing.T) {
	if !allLevels {
		t.Skip("ten million states, and many ways: PMDCHECK_LEVELS=1")
	}
	for _, row := range [][]string{{"2", "1", "2", "2", "1"}, {"2", "1", "5", "2", "1"}, {"3", "1", "2", "1", "0"}, {"2", "1", "6", "0", "0"}, {"3", "1", "1", "0", "0"}, {"3", "1", "1", "3", "2"}} {
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			sys := hugepmd(t, row...)
			for _, o := range []checker.Options{{Reduction: checker.ReductionNone}, {Reduction: checker.ReductionStubborn}, {Reduction: checker.ReductionNone, Symmetry: checker.SymmetryOn}} {
				sameLevels(t, fmt.Sprint(row), sys, o, 1, 4, 16)
			}
		})
	}
}
