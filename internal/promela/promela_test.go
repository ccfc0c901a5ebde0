package promela_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/internal/promela"
	"pmdcheck/internal/spin"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

// tool finds SPIN. Where the continuous integration runs it must be there; elsewhere its absence skips the test.
func tool(t *testing.T) *spin.Tool {
	t.Helper()
	s, err := spin.Find("tcc")
	if err == nil {
		return s
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
	return nil
}

func load(t *testing.T, name string, src []byte) *elab.Spec {
	t.Helper()
	spec, err := testkit.Loader().Load(name, src)
	if err != nil {
		t.Fatal(testkit.Render(err))
	}
	return spec
}

func embedded(t *testing.T, name string) *elab.Spec {
	t.Helper()
	src, err := specs.FS.ReadFile(name + ".pmd")
	if err != nil {
		t.Fatal(err)
	}
	return load(t, name+".pmd", src)
}

// names lists the embedded specs.
func names(t *testing.T) (out []string) {
	t.Helper()
	err := fs.WalkDir(specs.FS, ".", func(p string, _ fs.DirEntry, err error) error {
		if n, ok := strings.CutSuffix(p, ".pmd"); ok {
			out = append(out, n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func configurations(t *testing.T, spec *elab.Spec) []elab.Configuration {
	t.Helper()
	c, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer is everything both tools can be asked.
type answer struct {
	states, transitions int64
	violated, reached   []string
}

func (a answer) String() string {
	slices.Sort(a.violated)
	slices.Sort(a.reached)
	return fmt.Sprintf("%d states, %d transitions, violated %v, reached %v", a.states, a.transitions, a.violated, a.reached)
}

// ours is the answer of a full search; ok is false beyond a limit of states.
func ours(t *testing.T, sys *model.System, noAssert bool, limit int64) (a answer, ok bool) {
	t.Helper()
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, NoAssert: noAssert, MaxStates: limit})
	if err != nil {
		t.Fatal(err)
	}
	if res.Reason != checker.ReasonNone {
		return a, false
	}
	a.states, a.transitions = res.Stats.States, res.Stats.Transitions
	for _, v := range res.Violations {
		if v.Prop != model.NoProp && sys.Props[v.Prop].Kind != model.PropOrder && sys.Props[v.Prop].Kind != model.PropLiveness && sys.Props[v.Prop].Kind != model.PropRace {
			a.violated = append(a.violated, v.Property)
		}
	}
	for _, c := range res.Covers {
		if c.Reach == checker.Reached {
			a.reached = append(a.reached, c.Name)
		}
	}
	for _, e := range res.LockOrder.Edges {
		a.reached = append(a.reached, "lock_order "+e.String()) // the marks behind the lock order
	}
	return a, true
}

// theirs is the answer of SPIN without reduction on the exported model.
func theirs(t *testing.T, s *spin.Tool, sys *model.System, noAssert bool, states int64) answer {
	t.Helper()
	var b bytes.Buffer
	if err := promela.Export(&b, sys, promela.Options{NoAssert: noAssert}); err != nil {
		if text := testkit.Render(err); strings.Contains(text, "[promela-long]") {
			t.Skip(text)
		}
		t.Fatal(testkit.Render(err))
	}
	r, err := s.Run(context.Background(), spin.Job{
		Model: b.Bytes(), Spin: []string{"-o1", "-o2", "-o3"}, CC: []string{"-DSAFETY", "-DNOREDUCE", "-DVECTORSZ=4096"},
		Pan: []string{fmt.Sprintf("-m%d", states+10), "-w18"},
	})
	if err != nil {
		if strings.Contains(err.Error(), "text too long") {
			t.Skip(err) // SPIN's own limit, which depends on the whole model
		}
		t.Fatal(err)
	}
	if r.Truncated || r.Errors > 0 {
		t.Fatalf("SPIN did not finish: %s", r.Output)
	}
	return answer{r.Stored, r.Transitions() - 1, r.Violated, r.Reached}
}

func compare(t *testing.T, s *spin.Tool, sys *model.System, noAssert bool, limit int64) bool {
	t.Helper()
	if sys.Memory != nil {
		return false // SPIN's memory is sequentially consistent
	}
	a, ok := ours(t, sys, noAssert, limit)
	if !ok {
		return false
	}
	b := theirs(t, s, sys, noAssert, a.states)
	if a.String() != b.String() {
		t.Errorf("pmdcheck: %s\nSPIN:     %s", a, b)
	}
	return true
}

func build(t *testing.T, spec *elab.Spec, c elab.Configuration, o elab.BuildOptions) *model.System {
	t.Helper()
	sys, err := spec.Build(c, o)
	if err != nil {
		if strings.Contains(testkit.Render(err), "out-of-range") {
			t.Skip("the generator wrote a constant that does not fit")
		}
		t.Fatal(testkit.Render(err))
	}
	return sys
}

// sample thins out the configurations of a spec: those stay that have a value which few before them had.
func sample(configs []elab.Configuration, few int) (out []elab.Configuration) {
	seen := map[model.ConfigValue]int{}
	for _, c := range configs {
		if c.Tier != "" || !slices.ContainsFunc(c.Config, func(v model.ConfigValue) bool { return seen[v] < few }) {
			continue
		}
		for _, v := range c.Config {
			seen[v]++
		}
		out = append(out, c)
	}
	return out
}

// TestSpecs holds SPIN's answer on the configurations of every classic spec and of the benchmarks, and on configurations of the kernel's races with every target, every policy and every era, against that of a
// full search.
func TestSpecs(t *testing.T) {
	s := tool(t)
	compared, all := 0, 0
	for _, n := range names(t) {
		spec := embedded(t, n)
		few, thorough := map[string]int{"classic": 100, "bench": 100, "seed": 2}[path.Dir(n)]
		if testing.Short() && path.Dir(n) != "classic" && n != "seed/race_a" {
			continue
		}
		for i, c := range sample(configurations(t, spec), max(few, 1)) {
			if !thorough && i == 4 || testing.Short() && i > 0 {
				break
			}
			for _, o := range []elab.BuildOptions{{}, {NoMerge: true}}[:1+(i+1)%2] {
				all++
				t.Run(fmt.Sprintf("%s %s merged=%v", n, c, !o.NoMerge), func(t *testing.T) {
					if compare(t, s, build(t, spec, c, o), false, 30_000) {
						compared++
					}
				})
			}
		}
	}
	t.Logf("%d configurations of %d were compared; the others have too many states for this test, steps that are too long for SPIN, or properties that are not translated", compared, all)
	if compared < all*3/4 {
		t.Errorf("only %d configurations of %d were compared", compared, all)
	}
}

// TestRandomModels does the same on random models, which fault, fail, allocate and block inside atomic blocks in every way there is.
func TestRandomModels(t *testing.T) {
	s := tool(t)
	n := 120
	if testing.Short() {
		n = 15
	}
	var compared atomic.Int64
	t.Cleanup(func() {
		if compared.Load() < int64(n)*2/3 {
			t.Errorf("only %d of %d models were compared", compared.Load(), n)
		}
	})
	for seed := range uint64(n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			src := testkit.Exportable(rand.New(rand.NewPCG(seed, 2022)))
			spec := load(t, "random.pmd", []byte(src))
			sys := build(t, spec, configurations(t, spec)[0], elab.BuildOptions{NoMerge: seed%3 == 0, NoReset: seed%5 == 0})
			if compare(t, s, sys, seed%4 == 0, 20_000) {
				compared.Add(1)
			}
			if t.Failed() {
				t.Log(src)
			}
		})
	}
}
