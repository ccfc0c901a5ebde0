// Package scale drives searches by levels: what a folder says of a search, and the engines that do its tasks: this process, Slurm, Kubernetes.
//
// No engine is told what was done, and none is believed: after each round the folder says what is missing. So a driver may be killed at any moment and begun again, and so may every task.
package scale

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/internal/files"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/internal/suite/run"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// Schema is the format of search.json.
const Schema = "pmdcheck/levels/2"

// Config is what a search is of, as its folder says.
type Config struct {
	Schema      string   `json:"schema"`
	ID          string   `json:"id"`
	Spec        string   `json:"spec"` // embedded name, or absolute path
	Set         []string `json:"set,omitempty"`
	Limits      string   `json:"limits,omitempty"` // of the spec, where they are not the defaults
	Memory      string   `json:"memory_model,omitempty"`
	StoreBuffer int      `json:"store_buffer,omitempty"`
	NoDirect    bool     `json:"no_direct_stores,omitempty"`
	NoMerge     bool     `json:"no_merge,omitempty"`
	NoReset     bool     `json:"no_reset,omitempty"`
	NoAssert    bool     `json:"no_assert,omitempty"`
	NoChains    bool     `json:"no_chains,omitempty"`
	Reduction   string   `json:"reduction,omitempty"` // "none" or "stubborn"
	Symmetry    string   `json:"symmetry,omitempty"`  // "on" or "off"
	First       bool     `json:"first,omitempty"`
	MaxStates   int64    `json:"max_states,omitempty"`
	MaxDisk     int64    `json:"max_disk,omitempty"`
	Parts       int      `json:"parts"`
	Safe        bool     `json:"safe,omitempty"`
	Searched    string   `json:"searched"` // by which program and which model
}

// Search is an open search.
type Search struct {
	*checker.Levels
	Config
	Dir     string
	Check   plan.Check
	Sys     *model.System
	Checker checker.Options
}

// ErrDamaged is a search.json that nobody can read.
var ErrDamaged = errors.New("it is damaged")

func configFile(dir string) string { return filepath.Join(dir, "search.json") }

// Init begins a search in a folder that is new or empty.
func Init(ctx context.Context, dir string, c Config) (*Search, error) {
	if in, err := os.ReadDir(dir); err == nil && len(in) > 0 {
		return nil, fmt.Errorf("%s is not empty: a search begins in a folder of its own", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c.Schema, c.ID, c.Limits = Schema, checker.NewLevelID(), catalog.Limits.String()
	if strings.HasSuffix(c.Spec, ".pmd") {
		var err error
		if c.Spec, err = filepath.Abs(c.Spec); err != nil {
			return nil, err
		}
	}
	s, searched, err := c.open(ctx, dir, 0)
	if err != nil {
		return nil, err
	}
	s.Searched = searched
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := s.Levels.Init(); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(s.Config, "", "  ")
	if err != nil {
		return nil, err
	}
	// It comes last: with it the search has begun.
	return s, files.Write(configFile(dir), func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

// Open opens the search in a folder; memory is what one task may take, in bytes, or 0.
func Open(ctx context.Context, dir string, memory int64) (*Search, error) {
	b, err := os.ReadFile(configFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no search: begin one with `pmdcheck levels init`", dir)
	}
	if err != nil {
		return nil, err
	}
	var c Config
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", configFile(dir), ErrDamaged, err)
	}
	if c.Schema != Schema {
		return nil, fmt.Errorf("%s has schema %q; this version reads %q", configFile(dir), c.Schema, Schema)
	}
	if c.Limits != "" && catalog.Limits == (elab.Limits{}) { // what a limit keeps out is an error, so others do not change what is searched
		if catalog.Limits, err = elab.ParseLimits(c.Limits); err != nil {
			return nil, fmt.Errorf("%s: %w", configFile(dir), err)
		}
	}
	s, searched, err := c.open(ctx, dir, memory)
	if err != nil {
		return nil, err
	}
	if searched != c.Searched {
		return nil, fmt.Errorf("%s was begun by another version of pmdcheck, or %s has changed: it says %q, and this is %q", dir, c.Spec, c.Searched, searched)
	}
	return s, nil
}

// open finds the configuration and builds its system.
func (c Config) open(ctx context.Context, dir string, memory int64) (*Search, string, error) {
	configs, _, err := plan.Request{Specs: []string{c.Spec}, Set: c.Set, Memory: c.Memory, Tier: "all"}.Configurations()
	if err != nil {
		return nil, "", err
	}
	if len(configs) != 1 {
		var some []string
		for _, x := range configs[:min(len(configs), 4)] {
			some = append(some, "\n  "+x.Name())
		}
		return nil, "", fmt.Errorf("a search by levels is of one configuration, and there are %d: fix their parameters with --set%s", len(configs), strings.Join(some, ""))
	}
	s := &Search{Config: c, Dir: dir, Check: configs[0]}
	if s.Sys, err = s.Check.Spec.Build(s.Check.Configuration, s.Build()); err != nil {
		return nil, "", err
	}
	if s.Checker, err = s.options(); err != nil {
		return nil, "", err
	}
	s.Checker.Memory = memory
	searched, err := checker.LevelSearched(s.Sys, s.Checker)
	if err != nil {
		return nil, "", err
	}
	s.Levels, err = checker.OpenLevels(ctx, s.Sys, s.Checker, checker.LevelOptions{Parts: c.Parts, MaxDisk: c.MaxDisk, ID: c.ID, Safe: c.Safe}, dir)
	return s, searched, err
}

// Build are the options by which the system is built.
func (c Config) Build() elab.BuildOptions {
	return elab.BuildOptions{NoMerge: c.NoMerge, NoReset: c.NoReset, StoreBuffer: c.StoreBuffer, NoDirect: c.NoDirect}
}

// options are those of the search. As for check, configurations whose expect line counts states are searched in full unless a reduction is asked for.
func (s *Search) options() (o checker.Options, err error) {
	o = checker.Options{Search: checker.BFS, MaxStates: s.MaxStates, First: s.First, NoAssert: s.NoAssert, NoChains: s.NoChains}
	counted := s.Check.Expect != nil && (s.Check.Expect.States >= 0 || s.Check.Expect.Transitions >= 0)
	if o.Reduction, err = checker.ParseReduction(s.Reduction); err != nil {
		return o, err
	}
	if o.Reduction == checker.ReductionDefault {
		o.Reduction = checker.ReductionStubborn
		if counted {
			o.Reduction = checker.ReductionNone
		}
	}
	o.Symmetry, err = checker.ParseSymmetry(s.Symmetry)
	return o, err
}

// Outcome is what the search has found so far, held against what the spec expects. With every, it has a trace of every violation.
func (s *Search) Outcome(ctx context.Context, every bool, tool string) (*run.Outcome, error) {
	r, err := s.Result(ctx)
	if err != nil {
		return nil, err
	}
	return run.Concluded(ctx, s.Check, s.Sys, r, run.Options{Checker: s.Checker, Build: s.Build(), Traces: every, Tool: tool})
}

// Round is a number of tasks that do not wait for one another.
type Round struct {
	Level int
	Name  string // "expand" or "merge"
	Parts []int
}

// Engine does tasks. When Run returns it has nothing more to do with the round, whether all was done or not; the error is for what keeps it from doing anything at all.
type Engine interface {
	Run(ctx context.Context, s *Search, r Round) error
}

// Driver does a search to its end.
type Driver struct {
	Engine Engine
	Local  *Local // for rounds on small frontiers, which take less time than to ask for a task
	Small  int64  // states
	Tries  int    // how often a round is tried of which nothing gets done
	Tell   func(*checker.Level)
}

// Run goes on from wherever the search is.
func (d *Driver) Run(ctx context.Context, s *Search) (*checker.Level, error) {
	x, err := s.Last()
	if err != nil {
		return nil, err
	}
	tries, left := 0, ""
	var last error
	for x.Stop == "" {
		if ctx.Err() != nil {
			return x, context.Cause(ctx)
		}
		round, parts, err := s.Tasks(x)
		if err != nil {
			return x, err
		}
		if len(parts) == 0 {
			if x, err = s.Advance(x); err != nil {
				return x, err
			}
			if d.Tell != nil {
				d.Tell(x)
			}
			continue
		}
		// Another driver may have ended this level and taken away what its tasks have left.
		if next, err := s.Level(x.Number + 1); err != nil {
			return x, err
		} else if next != nil {
			x = next
			continue
		}
		if now := fmt.Sprint(x.Number, round, parts); now != left {
			left, tries = now, 0
		} else if tries++; tries >= d.Tries {
			return x, cmp.Or(last, fmt.Errorf("the tasks of level %d, %s, parts %v, were not done in %d attempts: the scheduler's log says why", x.Number, round, parts, tries))
		}
		e := d.Engine
		if x.New <= d.Small {
			e = d.Local
		}
		last = e.Run(ctx, s, Round{x.Number, round, parts})
	}
	return x, nil
}

// Do does one task.
func (s *Search) Do(ctx context.Context, level int, round string, part int) error {
	if round == "merge" {
		return s.Merge(ctx, level, part)
	}
	return s.Expand(ctx, level, part)
}

// left are the parts of a round that were not done.
func (s *Search) left(r Round) (parts []int, err error) {
	x, err := s.Level(r.Level)
	if err != nil || x == nil {
		return nil, err
	}
	round, parts, err := s.Tasks(x)
	if err != nil || round == r.Name {
		return parts, err
	}
	if r.Name == "merge" {
		return r.Parts, nil // expand is not done, so merge is not
	}
	return nil, nil
}

// numbers writes parts as schedulers do: 0-3,7.
func numbers(parts []int) string {
	var out []string
	parts = slices.Sorted(slices.Values(parts))
	for i := 0; i < len(parts); {
		k := i
		for k+1 < len(parts) && parts[k+1] == parts[k]+1 {
			k++
		}
		if text := fmt.Sprint(parts[i]); k == i {
			out = append(out, text)
		} else {
			out = append(out, fmt.Sprintf("%s-%d", text, parts[k]))
		}
		i = k + 1
	}
	return strings.Join(out, ",")
}
