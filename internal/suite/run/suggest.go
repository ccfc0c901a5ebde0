package run

import (
	"context"
	"maps"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/internal/suite/plan"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// Suggestion is what was found about a violated claim: the smallest sets of missing fixes with which it holds.
type Suggestion struct {
	Sets   [][]string // of features, all of one size, each with what it requires
	Runs   int
	Bound  bool // not searched further
	Closed bool // all sets of up to three were tried
}

// maxSuggest bounds the runs for one claim, and maxSet the fixes in one set.
const (
	maxSuggest = 60
	maxSet     = 3
)

// Violations are the violated properties of a result, without covers that are not reached.
func Violations(r *checker.Result) (out []string) {
	for _, v := range r.Violations {
		if v.Prop != model.NoProp {
			out = append(out, v.Property)
		}
	}
	slices.Sort(out)
	return out
}

// Suggest looks for sets of absent fixes, first of one, then of two and three, after which a claim holds. Systems that are equal are run once, and a set that contains a smaller answer is
// none. The claim holds only if the search is complete and nothing is violated.
func Suggest(ctx context.Context, c plan.Check, p *elab.Profile, o Options) (*Suggestion, error) {
	var fixes []elab.Feature
	for _, f := range c.Spec.Features() {
		if f.Kind == "fix" && p.Features[f.Name] == "false" {
			fixes = append(fixes, f)
		}
	}
	s := &Suggestion{}
	sys, err := built(c.Spec, c.Configuration, nil)
	if sys == nil || err != nil {
		return s, err
	}
	seen := map[string]bool{sys.Digest(): false} // whether the claim holds, by system
	for size := 1; size <= maxSet && size <= len(fixes); size++ {
		for _, set := range subsets(len(fixes), size) {
			holds, err := s.try(ctx, c, p, with(fixes, set), seen, o)
			if err != nil || s.Bound {
				return s, err
			}
			if holds {
				s.Sets = append(s.Sets, with(fixes, set))
			}
		}
		if len(s.Sets) > 0 {
			return s, nil
		}
	}
	s.Closed = true
	return s, nil
}

// with are the names of a set with what they require.
func with(fixes []elab.Feature, set []int) (out []string) {
	for _, i := range set {
		out = append(out, fixes[i].Name)
	}
	return out
}

// try runs the claim with a set of features.
func (s *Suggestion) try(ctx context.Context, c plan.Check, p *elab.Profile, set []string, seen map[string]bool, o Options) (bool, error) {
	tree := &elab.Profile{Name: p.Name, Kernel: p.Kernel, Features: maps.Clone(p.Features)}
	config := c.Configuration
	config.Config = slices.Clone(config.Config)
	for _, n := range set {
		tree.Features[n] = "true"
		config.Config = slices.DeleteFunc(config.Config, func(v model.ConfigValue) bool { return v.Name == n })
		config.Config = append(config.Config, model.ConfigValue{Name: n, Value: "true"})
	}
	if why, err := c.Spec.Unmet(tree); err != nil || why != "" {
		return false, err // it is found with what it requires, as a larger set
	}
	sys, err := built(c.Spec, config, nil)
	if sys == nil || err != nil {
		return false, err
	}
	d := sys.Digest()
	if holds, known := seen[d]; known {
		return holds, nil
	}
	if s.Runs >= maxSuggest || ctx.Err() != nil {
		s.Bound = true
		return false, nil
	}
	s.Runs++
	res, err := checker.Check(ctx, sys, o.Checker)
	if err != nil {
		return false, err
	}
	seen[d] = res.Reason == checker.ReasonNone && len(Violations(res)) == 0
	return seen[d], nil
}

// subsets are the subsets of a size of n things, in order.
func subsets(n, size int) (out [][]int) {
	var walk func(from int, set []int)
	walk = func(from int, set []int) {
		if len(set) == size {
			out = append(out, slices.Clone(set))
			return
		}
		for i := from; i < n; i++ {
			walk(i+1, append(set, i))
		}
	}
	walk(0, nil)
	return out
}

// Text is the sets in a line.
func (s *Suggestion) Text() string {
	var parts []string
	for _, set := range s.Sets {
		parts = append(parts, strings.Join(set, " with "))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", or ")
	case s.Bound:
		return "not searched further"
	}
	return "no set of up to three missing fixes"
}
