package audit

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/skeleton"
)

// excuse says why one event of one function of the tree, or of the library, has no counterpart.
type excuse struct {
	model, fn string
	when      []string // all of which have to be so
	diff      Difference
	reason    string
	line      int
	untold    bool // whether it is so
}

// readExcuses reads conform.txt, whose first lines describe its form.
func readExcuses(text string) (out []excuse, err error) {
	model, fn := "", ""
	for i, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		w := strings.Fields(l)
		switch {
		case len(w) == 0:
		case l[0] != ' ' && l[0] != '\t':
			if len(w) > 2 {
				return nil, fmt.Errorf("line %d: a function of the library and the one of the kernel", i+1)
			}
			model, fn = w[0], w[len(w)-1]
		case model == "":
			return nil, fmt.Errorf("line %d: which functions?", i+1)
		default:
			e, err := readExcuse(strings.TrimSpace(l))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			e.model, e.fn, e.line = model, fn, i+1
			if n := len(out); e.reason == `"` && n > 0 && out[n-1].model == model && out[n-1].fn == fn {
				e.reason = out[n-1].reason
			}
			if len(strings.Fields(e.reason)) < 3 {
				return nil, fmt.Errorf("line %d: a reason of at least three words is missing", i+1)
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// readExcuse reads [WHEN] + EVENT after EVENT: REASON.
func readExcuse(l string) (e excuse, err error) {
	if rest, ok := strings.CutPrefix(l, "["); ok {
		when, rest, ok := strings.Cut(rest, "]")
		if !ok {
			return e, fmt.Errorf("] is missing")
		}
		e.when, l = strings.Fields(when), strings.TrimSpace(rest)
	}
	what, reason, ok := strings.Cut(l, ": ")
	if e.reason = strings.TrimSpace(reason); !ok {
		return e, fmt.Errorf("a reason is missing")
	}
	event, after, ok := strings.Cut(what, " after ")
	if !ok {
		return e, fmt.Errorf("after which event?")
	}
	e.diff.After = strings.TrimSpace(after)
	switch {
	case strings.HasPrefix(event, "+ "):
		e.diff.Only = "source"
	case strings.HasPrefix(event, "- "):
		e.diff.Only = "model"
	default:
		return e, fmt.Errorf("+ or - is missing")
	}
	e.diff.Event = strings.TrimSpace(event[2:])
	return e, nil
}

// so tells whether an excuse is one in a tree: all that it asks for is so. told is whether that can be told.
func (e excuse) so(eval evaluator, rel Release) (so, told bool) {
	so, told = true, true
	for _, w := range e.when {
		name, no := strings.CutPrefix(w, "!")
		v, ok := e.is(name, eval, rel)
		so = so && (!ok || v != no)
		told = told && ok
	}
	return so, told
}

// is tells whether a release is in a range, or a target, a feature or another constant of the library is so.
func (e excuse) is(name string, eval evaluator, rel Release) (is, told bool) {
	if strings.Contains(name, "..") {
		from, to, _ := strings.Cut(name, "..")
		lo, _ := number(from)
		hi, ok := number(to)
		return rel.Number() >= lo && (!ok || rel.Number() <= hi), true
	}
	if n, ok := eval.l.enums["target"][name]; ok {
		return eval.env["target"] == n, true
	}
	v, ok := eval.name(name)
	return v != 0, ok
}

// waive judges differences: each excuse that is so of the tree waives one, and those left over of functions that were compared are stale. Whether one that asks for what cannot be told is
// needed cannot be told either.
func waive(cs []Conformance, excuses []excuse, eval evaluator, rel Release) (stale []string) {
	type key struct{ model, fn string }
	open := map[key][]excuse{}
	for _, e := range excuses {
		if so, told := e.so(eval, rel); so {
			e.untold = !told
			k := key{e.model, e.fn}
			open[k] = append(open[k], e)
		}
	}
	var seen []key
	for i := range cs {
		c := &cs[i]
		if c.PartOf != "" {
			continue
		}
		k := key{c.Model, c.Func}
		seen = append(seen, k)
		for j := range c.Differences {
			d := &c.Differences[j]
			d.Waived = ""
			if n := slices.IndexFunc(open[k], func(e excuse) bool { return e.diff.Text() == d.Text() }); n >= 0 {
				d.Waived = open[k][n].reason
				open[k] = slices.Delete(open[k], n, n+1)
			}
		}
	}
	for _, k := range seen {
		for _, e := range open[k] {
			if !e.untold {
				stale = append(stale, fmt.Sprintf("%s %s: %s (conform.txt:%d)", e.model, e.fn, e.diff.Text(), e.line))
			}
		}
		delete(open, k)
	}
	return stale
}

// checkExcuses finds excuses of functions, targets and features that the library does not have.
func (d *data) checkExcuses(l *Library) error {
	refs := map[string][]string{}
	names := skeleton.Library()
	for _, r := range l.Refs {
		if !names.Compared(file(r.At)) {
			continue // it is not compared
		}
		refs[r.Model] = append(append(refs[r.Model], r.Func), d.renames[r.Func]...)
	}
	for _, e := range d.excuses {
		if !slices.Contains(refs[e.model], e.fn) {
			return fmt.Errorf("conform.txt, line %d: no function %s of the library that is compared refers to %s", e.line, e.model, e.fn)
		}
		for _, w := range e.when {
			n := strings.TrimPrefix(w, "!")
			_, target := l.enums["target"][n]
			if l.feats[n] == nil && l.consts[n] == nil && !target && !strings.Contains(n, "..") {
				return fmt.Errorf("conform.txt, line %d: %s is neither a range of releases, nor a target, a feature or a constant of the library", e.line, n)
			}
		}
	}
	return nil
}
