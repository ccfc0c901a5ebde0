// Package matrix puts the results of many configurations into tables: some parameters down, some across, and in each place what is true of the configurations that fall there.
//
// A [Document] is pure data. It knows nothing of models; [Build] makes it of [Result]s, and the renderers write it as text, JSON, CSV and HTML.
package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Schema identifies the JSON format.
const Schema = "pmdcheck/matrix/3"

// SpecAxis is the axis on which whole specs lie.
const SpecAxis = "spec"

// Value is a parameter with its value in a configuration.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Result is what a search of one configuration found.
type Result struct {
	Spec    string
	Config  []Value           // the parameters of the configuration
	Axes    map[string]string // value of every axis, which may be a constant of the spec
	Answers map[string]Answer // by property. One that the spec does not know is missing
}

// Answer is what a search found out about a property.
type Answer struct {
	Verdict Verdict
	Reason  string // of Unknown
}

// answer is what the configuration says of a property; nothing in it observes one that its spec does not know.
func (r Result) answer(prop string) Answer {
	if a, ok := r.Answers[prop]; ok {
		return a
	}
	return Answer{Verdict: NotJudged}
}

// Verdict is what a place of a table says.
type Verdict string

// The verdicts. A place is violated if any of its configurations is, else unknown if any of its configurations is; it holds only if all of them do in which something observes the property, and
// is not judged if there are none of these.
const (
	Holds     Verdict = "holds"
	Violated  Verdict = "violated"
	Unknown   Verdict = "unknown"
	NotJudged Verdict = "not judged"
	None      Verdict = "none" // no configuration falls here
)

// Document is all tables of a run.
type Document struct {
	Schema string  `json:"schema"`
	Tables []Table `json:"tables"`
}

// Table is the answers about one property.
type Table struct {
	Spec     string     `json:"spec,omitempty"` // "" where specs are on an axis
	Property string     `json:"property"`
	Title    string     `json:"title"` // what a violation is called
	Rows     []string   `json:"rows"`  // names of the axes down
	Cols     []string   `json:"cols"`  // names of the axes across
	Columns  [][]string `json:"columns"`
	Lines    []Line     `json:"lines"`
}

// Line is one line of a table.
type Line struct {
	Values []string `json:"values"`
	Places []Place  `json:"places"` // by column
}

// Place is one place of a table.
type Place struct {
	Verdict        Verdict  `json:"verdict"`
	Configurations int      `json:"configurations"`             // how many configurations fall here
	Violated       int      `json:"violated,omitempty"`         // of them
	Unknown        int      `json:"unknown,omitempty"`          // of them
	Blind          int      `json:"not_judged,omitempty"`       // of them
	Where          string   `json:"where,omitempty"`            // which of the configurations have the verdict, where not all have
	Unjudged       string   `json:"not_judged_where,omitempty"` // in which of the configurations nothing observes the property, where that is not the verdict
	Reasons        []string `json:"reasons,omitempty"`          // why configurations are unknown
	Example        *Example `json:"example,omitempty"`          // a configuration with the verdict
}

// Example is a configuration to look at.
type Example struct {
	Spec   string  `json:"spec"`
	Config []Value `json:"config"`
}

// Build makes a table for each property, of each spec if no axis is SpecAxis; with judged none in which nothing is judged. Values on an axis are in the order in which
// they first occur in results.
func Build(results []Result, rows, cols, props []string, judged bool, title func(string) string) *Document {
	d := &Document{Schema: Schema, Tables: []Table{}}
	groups := map[string][]Result{}
	var order []string
	merged := slices.Contains(rows, SpecAxis) || slices.Contains(cols, SpecAxis)
	for _, r := range results {
		key := r.Spec
		if merged {
			key = ""
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	for _, key := range order {
		for _, p := range props {
			if t, ok := table(groups[key], rows, cols, p, judged); ok {
				t.Spec, t.Title = key, title(p)
				d.Tables = append(d.Tables, t)
			}
		}
	}
	return d
}

func table(results []Result, rows, cols []string, prop string, judged bool) (Table, bool) {
	t := Table{Property: prop, Rows: rows, Cols: cols, Columns: [][]string{}, Lines: []Line{}}
	if !slices.ContainsFunc(results, func(r Result) bool {
		a, known := r.Answers[prop]
		return known && (a.Verdict != NotJudged || !judged)
	}) {
		return t, false
	}
	down, across := tuples(results, rows), tuples(results, cols)
	t.Columns = across
	for _, v := range down {
		l := Line{Values: v, Places: []Place{}}
		for _, w := range across {
			here := slices.DeleteFunc(slices.Clone(results), func(r Result) bool {
				return !slices.Equal(values(r, rows), v) || !slices.Equal(values(r, cols), w)
			})
			l.Places = append(l.Places, place(here, prop, rows, cols))
		}
		t.Lines = append(t.Lines, l)
	}
	return t, true
}

func values(r Result, axes []string) []string {
	out := []string{}
	for _, a := range axes {
		out = append(out, r.Axes[a])
	}
	return out
}

// tuples are the combinations of values that occur, each axis in the order of first occurrence, the first axis varying slowest.
func tuples(results []Result, axes []string) [][]string {
	rank := make([]map[string]int, len(axes))
	for i, a := range axes {
		rank[i] = map[string]int{}
		for _, r := range results {
			if _, ok := rank[i][r.Axes[a]]; !ok {
				rank[i][r.Axes[a]] = len(rank[i])
			}
		}
	}
	var out [][]string
	seen := map[string]bool{}
	for _, r := range results {
		v := values(r, axes)
		if key := strings.Join(v, "\x00"); !seen[key] {
			seen[key] = true
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b []string) int {
		for i := range a {
			if c := cmp.Compare(rank[i][a[i]], rank[i][b[i]]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

// place sums up the configurations that fall into one place.
func place(here []Result, prop string, rows, cols []string) Place {
	p := Place{Verdict: None, Configurations: len(here)}
	by := map[Verdict][]Result{}
	for _, r := range here {
		a := r.answer(prop)
		by[a.Verdict] = append(by[a.Verdict], r)
		if a.Verdict == Unknown && !slices.Contains(p.Reasons, a.Reason) {
			p.Reasons = append(p.Reasons, a.Reason)
		}
	}
	p.Violated, p.Unknown, p.Blind = len(by[Violated]), len(by[Unknown]), len(by[NotJudged])
	for _, v := range []Verdict{NotJudged, Holds, Unknown, Violated} { // the worst last
		if len(by[v]) > 0 {
			p.Verdict = v
		}
	}
	those := by[p.Verdict]
	if len(those) == 0 {
		return p
	}
	axes := append(slices.Clone(rows), cols...)
	p.Example = &Example{those[0].Spec, append([]Value{}, those[0].Config...)}
	if len(those) < len(here) {
		p.Where = where(here, those, axes)
	}
	if blind := by[NotJudged]; len(blind) > 0 && p.Verdict != NotJudged {
		p.Unjudged = where(here, blind, axes)
	}
	return p
}

// where says in which of the configurations something is so: conditions on parameters that vary among the configurations, such that each of those configurations meets one and no other
// configuration does. The conditions are chosen one after the other, each as short as possible, and of these the one that says most.
func where(all, those []Result, axes []string) string {
	var free []string
	for i, v := range all[0].Config {
		if slices.ContainsFunc(all, func(r Result) bool { return r.Config[i].Value != v.Value }) && !slices.Contains(axes, v.Name) {
			free = append(free, v.Name)
		}
	}
	project := func(r Result, names []string) string {
		var parts []string
		for _, v := range r.Config {
			if slices.Contains(names, v.Name) {
				parts = append(parts, v.Name+"="+v.Value)
			}
		}
		return strings.Join(parts, " ")
	}
	is := func(r Result) bool {
		return slices.ContainsFunc(those, func(o Result) bool { return o.Spec == r.Spec && slices.Equal(o.Config, r.Config) })
	}
	var said []string
	left := slices.Clone(those)
	for len(left) > 0 {
		best, names, covers := "", []string(nil), 0
		for size := 1; size <= len(free) && covers == 0; size++ {
			for _, try := range subsets(free, size) {
				wrong, count := map[string]bool{}, map[string]int{}
				for _, r := range all {
					if !is(r) {
						wrong[project(r, try)] = true
					}
				}
				for _, r := range left {
					count[project(r, try)]++
				}
				for _, r := range left { // in order, not the map's
					if s := project(r, try); !wrong[s] && count[s] > covers {
						best, names, covers = s, try, count[s]
					}
				}
			}
		}
		if covers == 0 {
			return fmt.Sprintf("%d of %d configurations", len(those), len(all)) // the axes hide what tells them apart
		}
		said = append(said, best)
		left = slices.DeleteFunc(left, func(r Result) bool { return project(r, names) == best })
	}
	return strings.Join(said, "; ")
}

// subsets are the ways to choose n of names, in order.
func subsets(names []string, n int) [][]string {
	if n == 0 {
		return [][]string{nil}
	}
	var out [][]string
	for i := range names {
		for _, rest := range subsets(names[i+1:], n-1) {
			out = append(out, append([]string{names[i]}, rest...))
		}
	}
	return out
}
