package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pmdcheck/checker"
	"pmdcheck/internal/interrupt"
	"pmdcheck/internal/promela"
	"pmdcheck/internal/spin"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

type benchFlags struct {
	set           []string
	runs, workers int
	all, large    bool
}

func (a *app) benchCmd() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench [spec]", Short: "measure the search against SPIN's, side by side",
		Long: "bench runs the same searches by pmdcheck and by SPIN, in turns, and prints the medians and ratios: states, transitions, CPU time as the\n" +
			"operating system accounts it, with and without compiling the verifier, and peak memory. Both must count the same.\n\n" +
			"Without an argument the rows of bench/hugepmd are run, for SPIN as written by hand for it. With a spec, one cell of it is exported.",
		Example: "  pmdcheck bench\n  pmdcheck bench --runs 9 --workers 2\n  pmdcheck bench bench/latch --set N=5 --set policy=none",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.bench(args, f) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.set, "set", nil, "fix a config parameter, `name=value` (repeatable); without a spec: run the rows that have this value")
	fl.IntVar(&f.runs, "runs", 5, "runs of each search; the median counts")
	fl.IntVar(&f.workers, "workers", 1, "also measure the full search with this many workers, by the clock")
	fl.BoolVar(&f.all, "all", false, "run the small rows too, on which starting a process takes longest")
	fl.BoolVar(&f.large, "large", false, "run the rows of several million states too")
	return cmd
}

// benchRow is one model, as both tools get it.
type benchRow struct {
	name        string
	args        []string // of pmdcheck check
	pml         []byte
	spin, pan   []string
	asserts     bool
	exported    bool // by us: SPIN's reduction would say nothing
	states      int64
	transitions int64
	reduced     int64 // states under SPIN's reduction; 0 where that was not measured
}

func (a *app) bench(args []string, f *benchFlags) error {
	if f.runs < 1 || f.workers < 1 {
		return errors.New("--runs and --workers count from 1")
	}
	tool, err := spin.Find()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var rows []benchRow
	if len(args) == 1 {
		rows, err = exportedRow(args[0], f.set)
	} else {
		rows, err = handwrittenRows(f)
	}
	if err != nil {
		return err
	}
	ctx, cancel := interrupt.Context()
	defer cancel()
	fmt.Fprintf(a.out, "%s, gcc -O3 -DSAFETY; CPU seconds are user and system, medians of %d; memory is the largest resident set\n", tool.Version(), f.runs)
	b := &bencher{tool: tool, self: self, runs: f.runs, workers: f.workers}
	for _, r := range rows {
		if err := b.row(ctx, a.out, r); err != nil {
			if ctx.Err() != nil {
				return &coded{code: exitUnknown, err: errors.New("interrupted")}
			}
			return err
		}
	}
	return nil
}

// handwrittenRows reads the rows of specs/bench/hugepmd.tsv.
func handwrittenRows(f *benchFlags) ([]benchRow, error) {
	pml, err := specs.FS.ReadFile("bench/hugepmd.pml")
	if err != nil {
		return nil, err
	}
	table, err := specs.FS.ReadFile("bench/hugepmd.tsv")
	if err != nil {
		return nil, err
	}
	wanted, err := plan.ParseSet(f.set)
	if err != nil {
		return nil, err
	}
	var rows []benchRow
	var head []string
	for line := range strings.Lines(string(table)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		cols := strings.Split(line, "\t")
		if head == nil {
			head = cols
			continue
		}
		get := func(name string) string { return cols[slices.Index(head, name)] }
		count := func(name string) int64 { n, _ := strconv.ParseInt(get(name), 10, 64); return n }
		r := benchRow{
			name: "bench/hugepmd", args: []string{"bench/hugepmd", "--no-merge"}, pml: pml, asserts: get("asserts") == "on",
			states: count("states"), transitions: count("transitions"), reduced: count("reduced_states"),
		}
		matches := true
		for _, v := range wanted {
			if i := slices.Index(head[:5], v.Name); i < 0 {
				return nil, fmt.Errorf("--set %s: the rows have %s", v.Name, strings.Join(head[:5], ", "))
			} else if cols[i] != v.Value {
				matches = false
			}
		}
		if !matches || !f.all && r.states < 500_000 || !f.large && r.states > 2_000_000 {
			continue
		}
		for i, name := range head[:5] {
			r.name += " " + name + "=" + cols[i]
			r.args = append(r.args, "--set", name+"="+cols[i])
			r.spin = append(r.spin, "-D"+map[string]string{"nmm": "NMM", "wpm": "WPM", "k": "K", "pol": "POL", "free_by": "FREE"}[name]+"="+cols[i])
		}
		if !r.asserts {
			r.name += ", asserts off"
			r.args = append(r.args, "--no-assert")
			r.pan = []string{"-A", "-E"}
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, errors.New("no row is left; --all and --large add the small and the large ones")
	}
	return rows, nil
}

// exportedRow is one cell of any spec.
func exportedRow(name string, set []string) ([]benchRow, error) {
	sys, cells, err := plan.First(name, set, elab.BuildOptions{})
	if err != nil {
		return nil, err
	}
	if len(cells) > 1 {
		return nil, fmt.Errorf("%s has %d cells here; fix parameters with --set until one is left", name, len(cells))
	}
	var b bytes.Buffer
	if err := promela.Export(&b, sys, promela.Options{}); err != nil {
		return nil, err
	}
	r := benchRow{name: name + " " + cells[0].String(), args: []string{name}, pml: b.Bytes(), spin: []string{"-o1", "-o2", "-o3"}, asserts: true, exported: true}
	for _, s := range set {
		r.args = append(r.args, "--set", s)
	}
	return []benchRow{r}, nil
}

type bencher struct {
	tool          *spin.Tool
	self          string
	runs, workers int
}

// sample is one run of one search.
type sample struct {
	states, transitions int64
	usage               spin.Usage
}

// search is a way to search, and what its runs took.
type search struct {
	name    string
	build   spin.Usage
	run     func() (sample, error)
	samples []sample
}

func (s *search) median(of func(sample) float64) float64 {
	var v []float64
	for _, x := range s.samples {
		v = append(v, of(x))
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (s *search) cpu() float64 {
	return s.median(func(x sample) float64 { return x.usage.CPU.Seconds() })
}

func (s *search) wall() float64 {
	return s.median(func(x sample) float64 { return x.usage.Wall.Seconds() })
}

func (s *search) memory() float64 {
	return s.median(func(x sample) float64 { return float64(x.usage.Memory) })
}
func (s *search) rate() float64 { return float64(s.samples[0].transitions) / max(s.cpu(), 1e-3) }

// rateWith includes the time to make the verifier; pmdcheck's run includes that of reading and compiling the spec.
func (s *search) rateWith() float64 {
	return float64(s.samples[0].transitions) / max(s.cpu()+s.build.CPU.Seconds(), 1e-3)
}

func (b *bencher) row(ctx context.Context, w io.Writer, r benchRow) error {
	ours := func(name string, args ...string) *search {
		return &search{name: name, run: func() (sample, error) { return b.check(ctx, append(slices.Clone(r.args), args...)) }}
	}
	full := ours("pmdcheck, full", "--reduction", "none")
	searches := []*search{full}
	first, err := full.run()
	if err != nil {
		return err
	}
	var made []*spin.Verifier
	defer func() {
		for _, v := range made {
			v.Close()
		}
	}()
	theirs := func(name string, cc ...string) (*search, error) {
		v, err := b.tool.Compile(ctx, spin.Job{Model: r.pml, Spin: r.spin, CC: append([]string{"-O3", "-DSAFETY", "-DVECTORSZ=4096"}, cc...)})
		if err != nil {
			return nil, err
		}
		made = append(made, v)
		// A table of two to four slots a state is what SPIN is fastest with; the depth is found by doubling.
		slots := fmt.Sprintf("-w%d", max(10, bits.Len64(uint64(first.states))+1))
		depth := 10_000
		return &search{name: name, build: v.Build, run: func() (sample, error) {
			for {
				rep, err := v.Run(ctx, append(slices.Clone(r.pan), slots, fmt.Sprintf("-m%d", depth))...)
				switch {
				case err != nil:
					return sample{}, err
				case rep.Truncated && depth < 1<<30:
					depth *= 2
					continue
				case rep.Errors > 0:
					return sample{}, fmt.Errorf("SPIN stopped at an error in %s", r.name)
				}
				return sample{rep.Stored, rep.Transitions() - 1, rep.Run}, nil
			}
		}}, nil
	}
	spinFull, err := theirs("SPIN, full", "-DNOREDUCE")
	if err != nil {
		return err
	}
	searches = append(searches, spinFull)
	// SPIN knows no symmetry, so it is compared with the reduction alone.
	reduced := ours("pmdcheck, reduced", "--reduction", "stubborn", "--symmetry", "off")
	searches = append(searches, reduced, ours("pmdcheck, with symmetry", "--reduction", "stubborn"))
	var spinReduced *search
	if !r.exported {
		if spinReduced, err = theirs("SPIN, reduced"); err != nil {
			return err
		}
		searches = append(searches, spinReduced)
	}
	var parallel *search
	if b.workers > 1 {
		parallel = ours(fmt.Sprintf("pmdcheck, full, %d workers", b.workers), "--reduction", "none", "--workers", strconv.Itoa(b.workers))
		searches = append(searches, parallel)
	}
	for range b.runs {
		for _, s := range searches {
			x, err := s.run()
			if err != nil {
				return err
			}
			s.samples = append(s.samples, x)
		}
	}
	fmt.Fprintf(w, "\n%s\n%-28s %12s %12s %8s %14s %14s %9s\n", r.name, "", "states", "transitions", "CPU s", "transitions/s", "with compiling", "MiB")
	for _, s := range searches {
		x := s.samples[0]
		fmt.Fprintf(w, "%-28s %12d %12d %8.2f %14.0f %14.0f %9.1f\n", s.name, x.states, x.transitions, s.cpu(), s.rate(), s.rateWith(), s.memory()/(1<<20))
	}
	fmt.Fprintf(w, "full search: %.2f times SPIN's transitions per CPU second, %.2f with compiling; %.2f of its memory\n",
		full.rate()/spinFull.rate(), full.rateWith()/spinFull.rateWith(), full.memory()/spinFull.memory())
	if spinReduced != nil {
		fmt.Fprintf(w, "reduced: %.4f of SPIN's reduced states, %.4f of its transitions, %.3f of its CPU time\n",
			over(reduced.samples[0].states, spinReduced.samples[0].states), over(reduced.samples[0].transitions, spinReduced.samples[0].transitions), reduced.cpu()/max(spinReduced.cpu(), 1e-3))
	}
	if parallel != nil {
		fmt.Fprintf(w, "%d workers: %.2f times as fast as one, by the clock\n", b.workers, full.wall()/parallel.wall())
	}
	return r.judge(full, spinFull, spinReduced)
}

func over(a, b int64) float64 { return float64(a) / float64(max(b, 1)) }

// judge demands that everybody counted what everybody else did, and what was counted before.
func (r *benchRow) judge(full, spinFull, spinReduced *search) error {
	x := full.samples[0]
	for _, s := range []*search{full, spinFull} {
		for _, y := range s.samples {
			if y.states != x.states || y.transitions != x.transitions {
				return r.differ("%s counts %d states and %d transitions, pmdcheck %d and %d", s.name, y.states, y.transitions, x.states, x.transitions)
			}
		}
	}
	if r.states > 0 && (x.states != r.states || x.transitions != r.transitions) {
		return r.differ("both count %d states and %d transitions, and %d and %d were counted before", x.states, x.transitions, r.states, r.transitions)
	}
	if spinReduced != nil && r.reduced > 0 && spinReduced.samples[0].states != r.reduced {
		return r.differ("SPIN's reduction leaves %d states, and %d before", spinReduced.samples[0].states, r.reduced)
	}
	return nil
}

func (r *benchRow) differ(format string, args ...any) error {
	return &coded{code: exitViolated, err: fmt.Errorf(r.name+": "+format, args...)}
}

// check runs pmdcheck check in a process of its own, so that its time and memory are accounted like SPIN's.
func (b *bencher) check(ctx context.Context, args []string) (sample, error) {
	cmd := exec.CommandContext(ctx, b.self, append([]string{"check", "--json", "-"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var x sample
	err := x.usage.Measure(cmd)
	var doc struct {
		Results []struct {
			States, Transitions int64
			Verdict, Reason     string
		}
	}
	if jerr := json.Unmarshal(out.Bytes(), &doc); jerr != nil || len(doc.Results) != 1 {
		return x, fmt.Errorf("pmdcheck %s: %w: %s", strings.Join(args, " "), errors.Join(err, jerr), strings.TrimSpace(errs.String()))
	}
	if r := doc.Results[0]; r.Verdict == "unknown" && r.Reason != string(checker.ReasonAsserts) { // asserts are not looked at, so that everything is counted
		return x, fmt.Errorf("pmdcheck %s: the verdict is unknown", strings.Join(args, " "))
	}
	x.states, x.transitions = doc.Results[0].States, doc.Results[0].Transitions
	return x, nil
}
