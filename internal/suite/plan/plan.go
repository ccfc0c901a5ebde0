// Package plan decides which configurations of which specs a run takes: the values that are fixed, the configurations that are wanted, the tier and the shard; and for a table its axes.
// Its errors name the flags by which the command line says these.
package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/catalog"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
)

// Check is one configuration of a run.
type Check struct {
	Number int // in the whole run, from 1
	Spec   *elab.Spec
	elab.Configuration
}

// Name is the spec with the values of the configuration.
func (c Check) Name() string { return c.Spec.Name + " " + c.String() }

// Key names the configuration as results do.
func (c Check) Key() string { return strings.TrimSpace(c.Spec.Name + "  " + c.String()) }

// States is how many states the configuration has, where the spec says so; else 0.
func (c Check) States() int64 {
	if c.Expect == nil {
		return 0
	}
	return max(0, c.Expect.States)
}

// Request says which configurations are wanted.
type Request struct {
	Specs    []string          // names, folders of embedded specs, files; none: all embedded ones
	Set      []string          // name=value: fixed instead of swept; of several specs those are passed over that have no such name
	Memory   string            // model of memory: fixed instead of swept; "": as the spec says
	Only     []string          // name=a,b: configurations with one of these values
	Tier     string            // configurations of this tier too, "all": of every tier
	Shard    string            // i/n
	Costs    map[string]int64  // past cost by key, for shards
	Property []string          // are asked about: some configuration has to observe each
	Timeout  time.Duration     // to load one spec and to span its sweep; 0: no limit
	Profile  *elab.Profile     // of the tree that is asked about; nil for releases
	Passed   func(spec string) // is told of specs that are passed over; may be nil
	Left     func(tier string) // is told of every configuration that is left out because of its tier; may be nil
	Claims   bool              // only configurations that say something about a kernel as it is
}

// Configurations are the configurations of the shard, and how many there are in all shards.
func (r Request) Configurations() ([]Check, int, error) {
	names, err := catalog.Resolve(r.Specs)
	if err != nil {
		return nil, 0, err
	}
	fixed, err := ParseSet(r.Set)
	if err != nil {
		return nil, 0, err
	}
	if fixed, err = WithMemory(fixed, r.Memory); err != nil {
		return nil, 0, err
	}
	only, err := parseOnly(r.Only)
	if err != nil {
		return nil, 0, err
	}
	var configs []Check
	var errs []error
	asked := asked{}
	var without []error // specs that lack a parameter
	var passed []string
	tiers := map[string]bool{}
	for _, n := range names {
		spec, mine, err := r.of(n, fixed, only, tiers)
		var lacks *elab.NoParameter
		if len(names) > 1 && (errors.As(err, &lacks) || r.Profile != nil && passedOver(err)) {
			without = append(without, err)
			passed = append(passed, n)
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, c := range mine {
			configs = append(configs, Check{len(configs) + 1, spec, c})
		}
		if len(mine) > 0 {
			errs = append(errs, spec.CheckNames(mine))
			asked = append(asked, configsOf{spec, mine})
		}
	}
	if len(without) == len(names) && len(names) > 0 {
		errs = append(errs, without[0]) // a misspelt name, which no spec has
	}
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	if err := asked.observe(r.Property); err != nil {
		return nil, 0, err
	}
	if err := only.check(); err != nil {
		return nil, 0, err
	}
	if all := slices.Sorted(maps.Keys(tiers)); r.Tier != "" && r.Tier != "all" && len(all) > 0 && !tiers[r.Tier] {
		return nil, 0, source.WithHint(fmt.Sprintf("--tier %s: no configuration is of it; there are %s", r.Tier, strings.Join(all, ", ")), source.DidYouMean(r.Tier, all))
	}
	if len(configs) == 0 && len(only.wanted) > 0 {
		return nil, 0, errors.New("--only: no configuration has all of these values; there may be some in other tiers (--tier all)")
	}
	for _, n := range passed {
		if r.Passed != nil {
			r.Passed(n)
		}
	}
	total := len(configs)
	configs, err = r.pick(configs)
	return configs, total, err
}

// of are the configurations of one spec that are wanted.
func (r Request) of(name string, fixed []model.ConfigValue, only *only, tiers map[string]bool) (*elab.Spec, []elab.Configuration, error) {
	ctx := context.Background()
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	spec, err := catalog.LoadContext(ctx, name)
	if err != nil {
		return nil, nil, Early(name, err)
	}
	if spec.Empty() {
		return nil, nil, fmt.Errorf("%s declares no process and no invariant: there is nothing to check", name)
	}
	all, err := spec.SelectContext(ctx, elab.Selection{Set: fixed, Profile: r.Profile})
	if err != nil {
		return nil, nil, Early(name, err)
	}
	var mine []elab.Configuration
	for _, c := range all {
		if r.Claims && !c.Claim || !only.admit(c.Config) {
			continue
		}
		if c.Tier != "" {
			tiers[c.Tier] = true
		}
		// A tier says what a regression run may cost; a tree is asked everything.
		if len(r.Set) == 0 && !r.Claims && !InTier(c, r.Tier) {
			if r.Left != nil {
				r.Left(c.Tier)
			}
			continue
		}
		ways, err := spec.Ways(c, elab.BuildOptions{})
		if err != nil {
			return nil, nil, err
		}
		mine = append(mine, ways...)
	}
	return spec, mine, nil
}

// Load loads a spec and spans its configurations.
func Load(ctx context.Context, name string, fixed []model.ConfigValue) (*elab.Spec, []elab.Configuration, error) {
	spec, err := catalog.LoadContext(ctx, name)
	if err != nil {
		return nil, nil, Early(name, err)
	}
	configs, err := spec.ConfigurationsContext(ctx, fixed)
	return spec, configs, Early(name, err)
}

// Early says of which spec it is that it could not be read in time.
func Early(name string, err error) error {
	if elab.WasStopped(err) == nil {
		return err
	}
	return fmt.Errorf("%s: unknown: timeout before its configurations were known: %w", name, err)
}

// InTier reports whether a run that also takes a tier takes a configuration.
func InTier(c elab.Configuration, tier string) bool {
	return c.Tier == "" || tier == "all" || c.Tier == tier
}

// pick leaves the configurations of the shard.
func (r Request) pick(configs []Check) ([]Check, error) {
	shard, err := report.ParseShard(r.Shard)
	if err != nil {
		return nil, fmt.Errorf("--shard %w", err)
	}
	var keys []string
	for _, c := range configs {
		keys = append(keys, c.Key())
	}
	var mine []Check
	for i, in := range shard.Pick(keys, r.Costs) {
		if in {
			mine = append(mine, configs[i])
		}
	}
	return mine, nil
}

// ParseSet splits name=value flags.
func ParseSet(set []string) ([]model.ConfigValue, error) {
	var out []model.ConfigValue
	for _, s := range set {
		n, v, ok := strings.Cut(s, "=")
		if !ok || n == "" {
			return nil, fmt.Errorf("--set %s: write --set name=value", s)
		}
		out = append(out, model.ConfigValue{Name: n, Value: v})
	}
	return out, nil
}

// First builds the single system that a command about one configuration needs: the first configuration left by the fixed values. all is how many configurations are left. If the context ends first, the error is an
// [elab.Stopped].
func First(ctx context.Context, name string, set []string, o elab.BuildOptions) (sys *model.System, all []elab.Configuration, err error) {
	names, err := catalog.Resolve([]string{name})
	if err != nil {
		return nil, nil, err
	}
	if len(names) > 1 {
		return nil, nil, fmt.Errorf("%s has %d specs, and one is wanted: %s and others", name, len(names), names[0])
	}
	fixed, err := ParseSet(set)
	if err != nil {
		return nil, nil, err
	}
	spec, all, err := Load(ctx, names[0], fixed)
	if err != nil {
		return nil, nil, err
	}
	o.Context = ctx
	sys, err = spec.Build(all[0], o)
	return sys, all, Early(names[0], err)
}
