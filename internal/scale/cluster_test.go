package scale_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pmdcheck/checker"
	"pmdcheck/internal/scale"
	"pmdcheck/internal/suite/plan"
)

// cluster is what scripts/slurm-test says: a folder that all nodes see, and, where more is to be searched, that of the specs every so manieth system is.
var (
	clusterDir    = os.Getenv("PMDCHECK_SLURM_DIR")
	everySlurm, _ = strconv.Atoi(os.Getenv("PMDCHECK_SLURM_MODELS"))
)

// way is how a model is searched: reduced and up to symmetry by default.
type way struct{ reduction, symmetry string }

var ways = []way{{"stubborn", ""}, {"stubborn", "off"}, {"none", "on"}, {"none", ""}}

// TestSlurmModels searches models by levels on Slurm itself, the widest levels as array jobs, and holds them against check. Without a cluster (scripts/slurm-test has one) it does not run. Usually it takes a model of each folder, in four ways;
// with PMDCHECK_SLURM_MODELS=n every n-th system of seed, family and latch, reduced, and the benchmark up to ten million states.
func TestSlurmModels(t *testing.T) {
	if clusterDir == "" {
		t.Skip("there is no cluster: scripts/slurm-test")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	os.Setenv("PMDCHECK_TASK", "1") // for what Slurm starts
	t.Cleanup(func() { os.Unsetenv("PMDCHECK_TASK") })
	if everySlurm == 0 {
		for _, c := range []scale.Config{
			{Spec: "bench/hugepmd", Set: []string{"nmm=2", "wpm=1", "k=2", "pol=2", "free_by=1"}},
			{Spec: "bench/latch", Set: []string{"N=3", "policy=rcu", "ordered=true"}},
			{Spec: "seed/race_a", Set: []string{"era=E3", "target=x86_nopv", "policy=none", "remote=false", "batch_alloc_may_fail=false"}},
			{Spec: "family/a", Set: []string{"era=E4", "late=true", "target=arm64_4k", "walker=takes_ptl"}},
		} {
			for _, w := range ways {
				onSlurm(t, self, c, w, 4)
			}
		}
		return
	}
	systems := map[string]bool{}
	for _, folder := range []string{"bench/latch", "seed", "family"} {
		checks, _, err := plan.Request{Specs: []string{folder}, Tier: "all"}.Configurations()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range checks {
			sys, err := x.Spec.Build(x.Configuration, scale.Config{}.Build())
			if err != nil {
				t.Fatal(err)
			}
			if systems[sys.Digest()] {
				continue
			}
			systems[sys.Digest()] = true
			if len(systems)%everySlurm != 1%everySlurm {
				continue
			}
			var set []string
			for _, v := range x.Named() {
				set = append(set, fmt.Sprint(v.Name, "=", v.Value))
			}
			onSlurm(t, self, scale.Config{Spec: x.Spec.Name, Set: set}, way{reduction: "stubborn"}, 4)
		}
	}
	t.Logf("%d systems of seed, family and latch, of which the test takes every %d.", len(systems), everySlurm)
	for _, parts := range []int{1, 4, 16} {
		for _, w := range ways {
			onSlurm(t, self, scale.Config{Spec: "bench/hugepmd", Set: []string{"nmm=2", "wpm=1", "k=6", "pol=0", "free_by=0"}}, w, parts)
		}
		onSlurm(t, self, scale.Config{Spec: "bench/hugepmd", Set: []string{"nmm=3", "wpm=1", "k=1", "pol=3", "free_by=2"}, NoMerge: true, NoAssert: true}, way{reduction: "none"}, parts)
	}
}

// onSlurm searches a model with check, by levels here, and with its three widest levels on Slurm, and compares states, transitions, levels, verdicts and covers.
func onSlurm(t *testing.T, self string, c scale.Config, w way, parts int) {
	t.Run(fmt.Sprint(c.Spec, " ", strings.Join(c.Set, " "), " ", w, " ", parts), func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		dir, err := os.MkdirTemp(clusterDir, "search-*")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		c.Reduction, c.Symmetry, c.Parts = w.reduction, w.symmetry, parts
		local := &scale.Local{Jobs: 1}
		search := func(name string, e scale.Engine, small int64) (*checker.Result, []int64) {
			s, err := scale.Init(ctx, filepath.Join(dir, name), c)
			if err != nil {
				t.Fatal(err)
			}
			var widths []int64
			d := scale.Driver{Engine: e, Local: local, Small: small, Tries: 3, Tell: func(x *checker.Level) { widths = append(widths, x.New) }}
			if _, err := d.Run(ctx, s); err != nil {
				t.Fatal(err)
			}
			r, err := s.Result(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return r, widths
		}
		here, widths := search("here", local, 0)
		wide := slices.Sorted(slices.Values(widths))
		slurm := &scale.Slurm{Program: self, Poll: 200 * time.Millisecond}
		there, again := search("there", slurm, cmp.Or(wide[max(0, len(wide)-3)], 1)-1)
		if tasks, _ := filepath.Glob(filepath.Join(dir, "there", "log", "*.log")); len(tasks) < parts {
			t.Errorf("Slurm has done %d tasks", len(tasks))
		}
		if !slices.Equal(widths, again) {
			t.Errorf("levels of %v states here, of %v on Slurm", widths, again)
		}
		s, err := scale.Init(ctx, filepath.Join(dir, "check"), c)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := checker.Check(ctx, s.Sys, s.Checker)
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*checker.Result{"here": here, "there": there} {
			if r.Stats.States != ref.Stats.States || r.Stats.Transitions != ref.Stats.Transitions || r.Verdict != ref.Verdict && r.Reason == checker.ReasonNone {
				t.Errorf("%s: %d states, %d transitions, %s; check has %d, %d, %s", name, r.Stats.States, r.Stats.Transitions, r.Verdict, ref.Stats.States, ref.Stats.Transitions, ref.Verdict)
			}
			for i, p := range r.Properties {
				if q := ref.Properties[i]; p.Verdict != q.Verdict && p.Verdict != checker.Unknown {
					t.Errorf("%s: %s is %s, and with check %s", name, p.Property, p.Verdict, q.Verdict)
				}
			}
		}
		if !reflect.DeepEqual(here.Properties, there.Properties) || !reflect.DeepEqual(here.Covers, there.Covers) {
			t.Errorf("properties and covers %v %v here, %v %v on Slurm", here.Properties, here.Covers, there.Properties, there.Covers)
		}
	})
}
