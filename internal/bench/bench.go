// Package bench measures the search against SPIN's, side by side: the same models, in turns, each in a process of its own.
package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/promela"
	"pmdcheck/internal/spin"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model/elab"
	"pmdcheck/specs"
)

// Select says which of the rows of the table are run.
type Select struct {
	Set        []string // name=value
	All, Large bool     // the small ones too, on which starting a process takes longest; those of several million states too
}

// Row is one model, as both tools get it.
type Row struct {
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

// Rows reads the rows of specs/bench/hugepmd.tsv.
func Rows(sel Select) ([]Row, error) {
	pml, err := specs.FS.ReadFile("bench/hugepmd.pml")
	if err != nil {
		return nil, err
	}
	table, err := specs.FS.ReadFile("bench/hugepmd.tsv")
	if err != nil {
		return nil, err
	}
	wanted, err := plan.ParseSet(sel.Set)
	if err != nil {
		return nil, err
	}
	var rows []Row
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
		r := Row{
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
		if !matches || !sel.All && r.states < 500_000 || !sel.Large && r.states > 2_000_000 {
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

// Exported is one configuration of any spec.
func Exported(name string, set []string) ([]Row, error) {
	sys, configs, err := plan.First(context.Background(), name, set, elab.BuildOptions{})
	if err != nil {
		return nil, err
	}
	if len(configs) > 1 {
		return nil, fmt.Errorf("%s has %d configurations here; fix parameters with --set until one is left", name, len(configs))
	}
	var b bytes.Buffer
	if err := promela.Export(&b, sys, promela.Options{}); err != nil {
		return nil, err
	}
	r := Row{name: name + " " + configs[0].String(), args: []string{name}, pml: b.Bytes(), spin: []string{"-o1", "-o2", "-o3"}, asserts: true, exported: true}
	for _, s := range set {
		r.args = append(r.args, "--set", s)
	}
	return []Row{r}, nil
}

// Bench says how to measure.
type Bench struct {
	Tool    *spin.Tool
	Self    string // the pmdcheck to run
	Runs    int    // of each search; the median counts
	Workers int    // more than one: also of a full search by so many
}

// Differ is a count that is not what another search, or this one before, counted.
type Differ struct{ Text string }

func (d *Differ) Error() string { return d.Text }

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

// Row measures one row and writes what was found. The error is a [Differ] if the counts are not all the same.
func (b *Bench) Row(ctx context.Context, w io.Writer, r Row) error {
	full := b.ours(ctx, r, "pmdcheck, full", "--reduction", "none")
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
		v, err := b.Tool.Compile(ctx, spin.Job{Model: r.pml, Spin: r.spin, CC: append([]string{"-O3", "-DSAFETY", "-DVECTORSZ=4096"}, cc...)})
		if err != nil {
			return nil, err
		}
		made = append(made, v)
		return spinning(ctx, r, v, name, first.states), nil
	}
	spinFull, err := theirs("SPIN, full", "-DNOREDUCE")
	if err != nil {
		return err
	}
	// SPIN knows no symmetry, so it is compared with the reduction alone.
	reduced := b.ours(ctx, r, "pmdcheck, reduced", "--reduction", "stubborn", "--symmetry", "off")
	searches := []*search{full, spinFull, reduced, b.ours(ctx, r, "pmdcheck, with symmetry", "--reduction", "stubborn")}
	var spinReduced *search
	if !r.exported {
		if spinReduced, err = theirs("SPIN, reduced"); err != nil {
			return err
		}
		searches = append(searches, spinReduced)
	}
	var parallel *search
	if b.Workers > 1 {
		parallel = b.ours(ctx, r, fmt.Sprintf("pmdcheck, full, %d workers", b.Workers), "--reduction", "none", "--workers", strconv.Itoa(b.Workers))
		searches = append(searches, parallel)
	}
	for range b.Runs {
		for _, s := range searches {
			x, err := s.run()
			if err != nil {
				return err
			}
			s.samples = append(s.samples, x)
		}
	}
	table(w, r.name, searches)
	fmt.Fprintf(w, "full search: %.2f times SPIN's transitions per CPU second, %.2f with compiling; %.2f of its memory\n",
		full.rate()/spinFull.rate(), full.rateWith()/spinFull.rateWith(), full.memory()/spinFull.memory())
	if spinReduced != nil {
		fmt.Fprintf(w, "reduced: %.4f of SPIN's reduced states, %.4f of its transitions, %.3f of its CPU time\n",
			over(reduced.samples[0].states, spinReduced.samples[0].states), over(reduced.samples[0].transitions, spinReduced.samples[0].transitions), reduced.cpu()/max(spinReduced.cpu(), 1e-3))
	}
	if parallel != nil {
		fmt.Fprintf(w, "%d workers: %.2f times as fast as one, by the clock\n", b.Workers, full.wall()/parallel.wall())
	}
	return r.judge(full, spinFull, spinReduced)
}

// ours is a search by pmdcheck.
func (b *Bench) ours(ctx context.Context, r Row, name string, args ...string) *search {
	return &search{name: name, run: func() (sample, error) { return b.check(ctx, append(slices.Clone(r.args), args...)) }}
}

// spinning is a search by SPIN of so many states. A table of two to four slots a state is what it is fastest with; the depth is found by doubling.
func spinning(ctx context.Context, r Row, v *spin.Verifier, name string, states int64) *search {
	slots := fmt.Sprintf("-w%d", max(10, bits.Len64(uint64(states))+1))
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
	}}
}

// table writes a line for each search.
func table(w io.Writer, name string, searches []*search) {
	fmt.Fprintf(w, "\n%s\n%-28s %12s %12s %8s %14s %14s %9s\n", name, "", "states", "transitions", "CPU s", "transitions/s", "with compiling", "MiB")
	for _, s := range searches {
		x := s.samples[0]
		fmt.Fprintf(w, "%-28s %12d %12d %8.2f %14.0f %14.0f %9.1f\n", s.name, x.states, x.transitions, s.cpu(), s.rate(), s.rateWith(), s.memory()/(1<<20))
	}
}

func over(a, b int64) float64 { return float64(a) / float64(max(b, 1)) }

// judge demands that all searches count the same, and what was counted before.
func (r *Row) judge(full, spinFull, spinReduced *search) error {
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

func (r *Row) differ(format string, args ...any) error {
	return &Differ{r.name + ": " + fmt.Sprintf(format, args...)}
}

// check runs pmdcheck check in a process of its own, so that its time and memory are accounted like SPIN's.
func (b *Bench) check(ctx context.Context, args []string) (sample, error) {
	cmd := exec.CommandContext(ctx, b.Self, append([]string{"check", "--json", "-"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var x sample
	err := x.usage.Measure(cmd)
	doc, rerr := report.Read(&out)
	if rerr != nil || len(doc.Results) != 1 {
		return x, fmt.Errorf("pmdcheck %s: %w: %s", strings.Join(args, " "), errors.Join(err, rerr), strings.TrimSpace(errs.String()))
	}
	if r := doc.Results[0]; r.Verdict == checker.Unknown.String() && r.Reason != string(checker.ReasonAsserts) { // asserts are not looked at, so that everything is counted
		return x, fmt.Errorf("pmdcheck %s: the verdict is unknown", strings.Join(args, " "))
	}
	x.states, x.transitions = doc.Results[0].States, doc.Results[0].Transitions
	return x, nil
}
