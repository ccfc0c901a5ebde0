package elab

import (
	"cmp"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Named are the properties that the spec itself speaks of, in a declaration, a check or an expect line: those of which a reader wants to hear that they are not judged.
func (s *Spec) Named(property string) bool {
	if q := s.prog.PropByName[property]; q != nil && q.At.Start != source.NoPos && s.Files.File(q.At.Start) == s.own {
		return true
	}
	_, ok := s.named()[property]
	return ok
}

// named is where check and expect lines name a property first.
func (s *Spec) named() map[string]*syntax.Ident {
	out := map[string]*syntax.Ident{}
	add := func(ids []*syntax.Ident) {
		for _, id := range ids {
			if out[id.Name] == nil {
				out[id.Name] = id
			}
		}
	}
	for _, c := range s.prog.Checks {
		add(c.Props)
	}
	for _, x := range s.prog.Expects {
		add(x.Props)
	}
	return out
}

// CheckedProperties are the properties that every configuration checks, in the order of System.Props.
func (s *Spec) CheckedProperties() (names []string) {
	for _, q := range s.prog.Props {
		if _, asked := s.Checks(q.Name); asked {
			names = append(names, q.Name)
		}
	}
	return names
}

// HasCovers reports whether the spec has a cover that some configuration may demand.
func (s *Spec) HasCovers() bool { return len(s.prog.Covers) > 0 }

// observers finds out which of some properties are observed in some configuration where they are checked: in one of the given configurations, or else, if all of them are to be looked at, in any configuration of the sweep. Most specs
// observe what they name in their first configuration. A configuration that cannot be built observes nothing: failed is why the first of them cannot.
func (s *Spec) observers(names []string, configs []Configuration, all bool, o BuildOptions) (found, unchecked map[string]bool, failed error) {
	found, unchecked = map[string]bool{}, map[string]bool{}
	left := len(names)
	looked := map[string]bool{}
	look := func(configs []Configuration) {
		for _, c := range configs {
			if left == 0 {
				return
			}
			key := Configuration{Config: c.Config, implied: make([]bool, len(c.Config))}.String()
			if looked[key] {
				continue
			}
			looked[key] = true
			sys, err := s.Build(c, o)
			if err != nil {
				failed = cmp.Or(failed, err)
				continue
			}
			seen := sys.Observed()
			for _, q := range sys.Props {
				switch {
				case !slices.Contains(names, q.Name) || !seen[q.ID] || found[q.Name]:
				case q.Checked:
					found[q.Name] = true
					left--
				default:
					unchecked[q.Name] = true
				}
			}
		}
	}
	look(configs)
	if left > 0 && all {
		if rest, err := s.Configurations(nil); err == nil {
			look(rest)
		}
	}
	return found, unchecked, failed
}

// CheckNames reports the properties that check and expect lines name and that no configuration of the spec observes, so that no configuration could violate them. The configurations that are about to
// be checked are looked at first.
func (s *Spec) CheckNames(configs []Configuration) error {
	named := s.named()
	var names []string
	for n := range named {
		names = append(names, n)
	}
	slices.Sort(names)
	found, unchecked, failed := s.observers(names, configs, true, BuildOptions{})
	diags := &source.List{Files: s.Files}
	for _, n := range names {
		if found[n] {
			continue
		}
		if failed != nil && !unchecked[n] { // perhaps there
			return failed
		}
		d := source.Diagnostic{Code: "unknown-property", Span: named[n].Sp, Msg: "no configuration of this spec observes property " + source.Quote(n)}
		var others []string
		for o := range found {
			others = append(others, o)
		}
		d.Hint = cmpOr(source.DidYouMean(n, others), "what would violate it is in code that no process runs, or about objects that nobody touches")
		if unchecked[n] {
			d.Msg, d.Hint = "property "+source.Quote(n)+" is expected to be violated, and not checked", "name it in a check line"
		}
		diags.Add(d)
	}
	return diags.Err()
}

// Observes reports whether one of some configurations observes a property when it is asked about, or with all any other configuration of the sweep.
func (s *Spec) Observes(property string, configs []Configuration, all bool) bool {
	known := slices.ContainsFunc(s.prog.Props, func(q *check.Prop) bool { return q.Name == property })
	if !known {
		return false
	}
	found, _, _ := s.observers([]string{property}, configs, all, BuildOptions{Check: []string{property}})
	return found[property]
}

// Properties are the names of all properties that the spec knows, observed or not.
func (s *Spec) Properties() (names []string) {
	for _, q := range s.prog.Props {
		names = append(names, q.Name)
	}
	return names
}

// lookFor demands the covers that a configuration is expected not to reach, whatever their `when` says: only what is looked for can be found unreachable.
func lookFor(s *model.System, x *Expectation) {
	if x == nil {
		return
	}
	for _, c := range s.Covers {
		if c.Edge == nil && slices.Contains(x.Unreachable, c.Name) {
			c.Required = true
		}
	}
}
