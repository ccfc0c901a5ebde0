package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/internal/csource"
	"pmdcheck/internal/kconfig"
	"pmdcheck/internal/skeleton"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Document is the outcome of an audit. Nothing in it depends on the machine or the time.
type Document struct {
	Format     string        `json:"format"` // "pmdcheck-audit"
	Version    int           `json:"version"`
	Release    string        `json:"release"`
	Scope      string        `json:"scope"` // "parts" or "all"
	Files      int           `json:"files"`
	References []Reference   `json:"references"`
	Sites      []*Site       `json:"sites"`
	Kconfig    []Fact        `json:"kconfig"`
	Features   []Feature     `json:"features"`
	Functions  []Function    `json:"functions"`
	Conform    []Conformance `json:"conformance,omitempty"`
	Stale      []string      `json:"stale_waivers,omitempty"` // of differences that are not there, of functions that were compared
	Verdicts   []Verdict     `json:"verdicts,omitempty"`
	Unused     []string      `json:"unused_waivers"` // waivers that waive nothing in this tree
	Unread     []string      `json:"unread"`         // what could not be read
}

// Reference is a @kernel annotation held against the tree.
type Reference struct {
	Func   string  `json:"function"`
	File   string  `json:"file"`
	Range  string  `json:"range"`
	At     string  `json:"at"` // where in the library or the specs
	Model  string  `json:"model"`
	Status string  `json:"status"` // found, moved, renamed, gone; earlier or later than its range; waived, no-code
	Now    string  `json:"now,omitempty"`
	Places []Place `json:"places,omitempty"`
	Others []Place `json:"others,omitempty"` // definitions of the same name elsewhere, if it was found
}

// Fact is what Kconfig says of one symbol for one target, and what the library says.
type Fact struct {
	Target  string   `json:"target"`
	Symbol  string   `json:"symbol"` // as this tree calls it, "" if it has none such
	Fact    string   `json:"fact"`
	Value   string   `json:"value"` // y, n, ?, or - for a symbol that this tree does not have
	Model   string   `json:"model,omitempty"`
	Because []string `json:"because,omitempty"` // the lines that select it
}

// Function is one body that the library refers to, or that a call site stands in.
type Function struct {
	Name     string   `json:"name"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	For      string   `json:"for"`          // "reference" or "call site"
	If       string   `json:"if,omitempty"` // the condition it is compiled under
	Hash     string   `json:"hash"`         // of the body without comments and blanks
	Skeleton []string `json:"skeleton,omitempty"`
	At       []int    `json:"at,omitempty"` // the lines of the tree that the lines of the skeleton come from
	Unknown  []string `json:"unknown,omitempty"`
}

// Options of a run.
type Options struct {
	All     bool     // every part of the tree, also those that nobody calls the memory management from
	Conform []string // the targets for which the functions of the library are compared with those of the tree
}

// Run audits a tree that is checked out.
func Run(dir string, l *Library, o Options) (*Document, error) {
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		dir = to // the tree itself may be a link; those in it are not followed
	}
	return run(folder(dir), l, o)
}

// RunCommit audits a commit of a repository, which need not be checked out.
func RunCommit(ctx context.Context, repo, rev string, l *Library, o Options) (*Document, error) {
	c, err := openCommit(ctx, repo, rev)
	if err != nil {
		return nil, err
	}
	doc, err := run(c, l, o)
	if err == nil {
		err = c.err
	}
	return doc, err
}

func run(t tree, l *Library, o Options) (*Document, error) {
	rel, err := readRelease(t)
	if err != nil {
		return nil, err
	}
	d, err := readData()
	if err != nil {
		return nil, err
	}
	x, files := build(t, l, d, o.All)
	doc := &Document{Format: "pmdcheck-audit", Version: 1, Release: rel.String(), Scope: "parts", Files: files}
	if o.All {
		doc.Scope = "all"
	}
	doc.Features = x.features(l, rel)
	known := map[string]Feature{}
	for _, f := range doc.Features {
		known[f.Name] = f
	}
	bodies := map[*defn]string{} // why they are read
	for _, r := range l.Refs {
		doc.References = append(doc.References, x.reference(r, rel, known, bodies))
	}
	doc.Sites = x.sites
	doc.Unused = x.judge(doc.References)
	doc.Kconfig = x.facts(l, rel)
	x.around(bodies)
	doc.Functions = x.functions(l, bodies)
	doc.Unread = x.trouble
	for _, t := range o.Conform {
		if err := x.conform(l, doc, evaluator{l: l, tree: known}, rel, t); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// reference finds what a reference names. Among other places those with the largest body come first, as stubs say little.
func (x *index) reference(r Ref, rel Release, tree map[string]Feature, bodies map[*defn]string) Reference {
	out := Reference{Func: r.Func, File: r.File, Range: r.Range(), At: r.At, Model: r.Model}
	if !r.isName() {
		out.Status = "no-code"
		return out
	}
	if why := x.data.never[r.Func]; why != "" {
		out.Status, out.Now = "waived", why
		return out
	}
	if !r.Covers(rel, tree) {
		out.Status = "later"
		if n, ok := number(r.Since); ok && r.feature == nil && rel.Number() >= n {
			out.Status = "earlier"
		}
		if f := r.feature; f != nil && len(f.Changes()) > 0 && int64(rel.Number()) >= f.Changes()[0] {
			out.Status = "earlier"
		}
		return out
	}
	take := func(ds []*defn) {
		for _, d := range ds {
			out.Places = append(out.Places, d.place)
			bodies[d] = "reference"
		}
	}
	var here, there []*defn
	for _, d := range x.defs[r.Func] {
		if r.inFile(d.place.File) {
			here = append(here, d)
		} else {
			there = append(there, d)
		}
	}
	out.Status = "found"
	if len(here) > 0 {
		take(here)
		for _, d := range there {
			out.Others = append(out.Others, d.place)
		}
		return out
	}
	if out.Status = "moved"; len(there) > 0 {
		take(likely(there))
		return out
	}
	for _, name := range x.data.renames[r.Func] {
		if ds := x.defs[name]; len(ds) > 0 {
			out.Status, out.Now = "renamed", name
			take(likely(ds))
			return out
		}
	}
	out.Status = "gone"
	if !r.Covers(rel, nil) { // a feature that was ported need not have the functions that it has elsewhere
		out.Status = "later"
	}
	return out
}

// likely are the definitions that are no stubs, of those outside of arch if there are any.
func likely(ds []*defn) []*defn {
	for _, keep := range []func(*defn) bool{
		func(d *defn) bool { return !strings.HasPrefix(d.place.File, "arch/") && d.size > 12 },
		func(d *defn) bool { return d.size > 12 },
		func(d *defn) bool { return !strings.HasPrefix(d.place.File, "arch/") },
	} {
		var out []*defn
		for _, d := range ds {
			if keep(d) {
				out = append(out, d)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return ds
}

// judge decides of each call site whether it is covered, waived or new. Covered is what stands where a reference has led to: a function of the same name elsewhere, such as an
// architecture's own, is another function. It returns the waivers that waive nothing.
func (x *index) judge(refs []Reference) (unused []string) {
	type key struct{ name, file string }
	by := map[key]string{}
	for _, r := range refs {
		name := r.Func
		if r.Status == "renamed" {
			name = r.Now
		}
		for _, p := range r.Places {
			if k := (key{name, p.File}); by[k] == "" {
				by[k] = r.At
			}
		}
	}
	used := map[int]bool{}
	for _, s := range x.sites {
		s.Status = "new"
		if at := by[key{s.Func, s.File}]; at != "" {
			s.Status, s.By = "covered", at
			continue
		}
		for i, w := range x.data.waivers {
			if w.covers(s) {
				used[i] = true
				if s.Status == "new" {
					s.Status, s.By = "waived", w.reason
				}
			}
		}
	}
	for i, w := range x.data.waivers {
		if !used[i] {
			unused = append(unused, w.entry+" "+w.fn+" "+w.file)
		}
	}
	return unused
}

// facts asks Kconfig for every target that the tree has an architecture for.
func (x *index) facts(l *Library, rel Release) (out []Fact) {
	var k *kconfig.Files
	arch := ""
	for _, t := range x.data.targets {
		if _, ok := x.kfiles["arch/"+t.arch+"/Kconfig"]; !ok {
			continue
		}
		if v, ok := l.Const("TARGET_EXISTS", t.name, rel.Number()); ok && v == 0 {
			continue
		}
		if arch != t.arch {
			arch, k = t.arch, x.kconfigs(t.arch)
			for _, p := range k.Problems {
				x.unread(p.String() + ": " + p.Text)
			}
		}
		assume := map[string]kconfig.Value{}
		sizes := map[string]int{}
		for _, s := range t.assume {
			if n, v, ok := strings.Cut(s, "="); ok {
				sizes[n], _ = strconv.Atoi(v)
			} else if n, no := strings.CutPrefix(s, "!"); no {
				assume[n] = kconfig.No
			} else {
				assume[s] = kconfig.Yes
			}
		}
		q := k.Ask(assume, sizes)
		for _, f := range x.data.facts {
			out = append(out, ask(k, q, f, t, l, rel))
		}
	}
	return out
}

func ask(k *kconfig.Files, q *kconfig.Question, f fact, t target, l *Library, rel Release) Fact {
	out := Fact{Target: t.name, Fact: f.name, Value: "-"}
	for _, n := range f.names {
		if k.Defined(n) {
			out.Symbol, out.Value = n, q.Value(n).String()
			for _, at := range q.Selected(n) {
				out.Because = append(out.Because, at.String())
			}
			break
		}
	}
	if f.model != "" && l.hasTarget(t.name) {
		if v, ok := l.Const(f.model, t.name, rel.Number()); ok {
			out.Model = [...]string{"n", "y"}[v]
		}
	}
	return out
}

// differs tells whether Kconfig and library contradict each other. A symbol that the tree does not have is not set.
func (f Fact) differs() bool {
	v := f.Value
	if v == "-" {
		v = "n"
	}
	return f.Model != "" && v != "?" && v != f.Model
}

// functions describes the bodies that references and call sites have led to, in the order of their places.
func (x *index) functions(l *Library, bodies map[*defn]string) (out []Function) {
	var ds []*defn
	for d := range bodies {
		if d.fn != nil {
			ds = append(ds, d)
		}
	}
	slices.SortFunc(ds, func(a, b *defn) int {
		return cmp.Or(strings.Compare(a.place.File, b.place.File), a.place.Line-b.place.Line, strings.Compare(a.name, b.name))
	})
	calls := x.modelledCalls(l, func(Ref) bool { return true })
	v := skeleton.Kernel()
	for _, d := range ds {
		s := skeleton.Project(d.file, d.fn, skeleton.Options{Vocabulary: v, Calls: calls, Through: through(d.file, d.fn, nil)})
		fn := Function{Name: d.name, File: d.place.File, Line: d.place.Line, For: bodies[d], If: d.cond, Hash: hash(d.file, d.fn)}
		for _, line := range s.Lines() {
			fn.Skeleton = append(fn.Skeleton, line.Text)
			fn.At = append(fn.At, line.Line)
		}
		for _, n := range s.Notes {
			fn.Unknown = append(fn.Unknown, fmt.Sprintf("line %d: %s", n.Line, n.Text))
		}
		out = append(out, fn)
	}
	return out
}

// modelledCalls are the functions that the library has a model of, of those that count: their calls are events.
func (x *index) modelledCalls(l *Library, counts func(Ref) bool) map[string]bool {
	calls := map[string]bool{}
	for _, r := range l.Refs {
		if !counts(r) {
			continue
		}
		calls[r.Func] = true
		for _, n := range x.data.renames[r.Func] {
			calls[n] = true
		}
	}
	return calls
}

// through finds static helpers of the same file: of those that are there twice the first that is not known to be left out.
func through(f *csource.File, self *csource.Func, known func(string) (bool, bool)) func(string) (*csource.File, *csource.Func) {
	var by map[string]*csource.Func
	return func(name string) (*csource.File, *csource.Func) {
		if by == nil {
			by = map[string]*csource.Func{}
			for _, fn := range f.Funcs {
				if set, told := skeleton.Asks(f.CondText(fn.Cond), known); told && !set {
					continue
				}
				if f.Static(fn) && fn != self && by[fn.Name] == nil {
					by[fn.Name] = fn
				}
			}
		}
		return f, by[name]
	}
}

// hash is a fingerprint of a body: of its tokens and preprocessor lines, without comments and blanks.
func hash(f *csource.File, fn *csource.Func) string {
	h := sha256.New()
	d := 0
	for d < len(f.Dirs) && f.Dirs[d].Before < fn.Body[0] {
		d++
	}
	for i := fn.Head[0]; i < fn.Body[1] && i < len(f.Tokens); i++ {
		for ; d < len(f.Dirs) && f.Dirs[d].Before <= i; d++ {
			line, _, _ := strings.Cut(string(f.Src[f.Dirs[d].Pos:f.Dirs[d].End]), "/*")
			fmt.Fprintln(h, strings.Join(strings.Fields(line), " "))
		}
		fmt.Fprintln(h, f.Text(f.Tokens[i]))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Skeletons projects every definition of a function in the tree's files that references lead to, as text.
func (doc *Document) Skeletons(name string) string {
	var b strings.Builder
	for _, f := range doc.Functions {
		if f.Name != name {
			continue
		}
		fmt.Fprintf(&b, "%s  %s:%d", f.Name, f.File, f.Line)
		if f.If != "" {
			fmt.Fprintf(&b, "  if %s", f.If)
		}
		fmt.Fprintln(&b)
		for i, l := range f.Skeleton {
			fmt.Fprintf(&b, "%6d  %s\n", f.At[i], l)
		}
		for _, u := range f.Unknown {
			fmt.Fprintf(&b, "     ?  %s\n", u)
		}
	}
	return b.String()
}
