package audit

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Ref is a @kernel annotation and where it stands.
type Ref struct {
	model.KernelRef
	At    string // file:line of the library or a spec
	Model string // the function or process that has it

	feature *syntax.FeatureDecl // instead of a range
}

// Library is what the audit takes from the library and the specs.
type Library struct {
	Refs         []Ref
	consts       map[string]syntax.Expr
	funcs        map[string][]libFunc // of the library, by name: files that are not imported together may have one each
	enums        map[string]map[string]int
	feats        map[string]*syntax.FeatureDecl
	featureOrder []string // of declaration
	detect       []pattern
	cites        map[string]string // commits, by their first twelve digits, with where they are cited
}

// libFunc is a function of the library.
type libFunc struct {
	file string
	decl *syntax.FuncDecl
}

// fn is the function of a name that a file means: its own, or else that of a file that is compared with the kernel, before any other.
func (l *Library) fn(name, from string, compared func(file string) bool) (best libFunc) {
	for _, f := range l.funcs[name] {
		switch {
		case f.file == from:
			return f
		case best.decl == nil || compared(f.file) && !compared(best.file):
			best = f
		}
	}
	return best
}

// ReadLibrary collects the references and constants of model sources; texts are by file name.
func ReadLibrary(texts map[string]string) (*Library, error) {
	l := &Library{consts: map[string]syntax.Expr{}, funcs: map[string][]libFunc{}, enums: map[string]map[string]int{}, feats: map[string]*syntax.FeatureDecl{}, cites: map[string]string{}}
	names := make([]string, 0, len(texts))
	for n := range texts {
		names = append(names, n)
	}
	slices.Sort(names)
	set := &source.Set{}
	var diags source.List
	for _, n := range names {
		f := set.Add(n, []byte(texts[n]))
		tree := syntax.Parse(f, &diags)
		id, _, _ := strings.Cut(strings.TrimSuffix(path.Base(n), ".pmd"), "_")
		l.cite(id, n) // names of specs of bugs begin with the fix
		for _, d := range tree.Decls {
			l.decl(n, d)
		}
	}
	for i := range l.Refs {
		r := &l.Refs[i]
		if r.Feature == "" {
			continue
		}
		if r.feature = l.feats[r.Feature]; r.feature == nil {
			return nil, fmt.Errorf("%s: the library has no feature %s", r.At, r.Feature)
		}
	}
	if len(diags.Diags) > 0 {
		return nil, fmt.Errorf("the library cannot be read: %s", diags.Diags[0].Msg)
	}
	return l, nil
}

func (l *Library) decl(file string, d syntax.Decl) {
	switch d := d.(type) {
	case *syntax.FuncDecl:
		l.refs(file, d.Attrs, d.Name.Name)
	case *syntax.ProcDecl:
		l.refs(file, d.Attrs, d.Name.Name)
	}
	if !strings.HasPrefix(file, "linux/") {
		return // a spec's constants are its own
	}
	switch d := d.(type) {
	case *syntax.FuncDecl:
		if !d.Override {
			l.funcs[d.Name.Name] = append(l.funcs[d.Name.Name], libFunc{file, d})
		}
	case *syntax.ConstDecl:
		l.consts[d.Name.Name] = d.Value
	case *syntax.FeatureDecl:
		l.feats[d.Name.Name] = d
		l.featureOrder = append(l.featureOrder, d.Name.Name)
		var shapes []*syntax.Ident
		for _, s := range d.Shapes {
			shapes = append(shapes, s.Name)
		}
		l.enum(d.Name.Name, shapes)
		for _, c := range d.Commits {
			l.cite(c.Value, fmt.Sprintf("%s:%d", file, c.Sp.Start.Line()))
		}
	case *syntax.EnumDecl:
		l.enum(d.Name.Name, d.Values)
	case *syntax.ConfigDecl:
		l.enum(d.Name.Name, d.Values)
	}
}

func (l *Library) enum(name string, values []*syntax.Ident) {
	m := map[string]int{}
	for i, v := range values {
		m[v.Name] = i
	}
	l.enums[name] = m
}

func (l *Library) refs(file string, attrs []*syntax.Attr, name string) {
	for _, a := range attrs {
		if a.Name.Name != "kernel" || len(a.Args) < 3 {
			continue
		}
		r := Ref{Model: name}
		r.File, r.Func = a.Args[0].Str, a.Args[1].Str
		r.Since, r.Until, r.Open = a.Args[2].VersionLo, a.Args[2].VersionHi, a.Args[2].Open
		if id := a.Args[2].Ident; id != nil {
			r.Feature, r.Absent = id.Name, a.Args[2].Not
		}
		for _, c := range a.Args[3:] {
			r.Commits = append(r.Commits, c.Str)
			l.cite(c.Str, fmt.Sprintf("%s:%d", file, a.Sp.Start.Line()))
		}
		r.At = fmt.Sprintf("%s:%d", file, a.Sp.Start.Line())
		l.Refs = append(l.Refs, r)
	}
}

// cite notes a commit, if it is one.
func (l *Library) cite(id, at string) {
	if len(id) == 12 && strings.Trim(id, "0123456789abcdef") == "" && l.cites[id] == "" {
		l.cites[id] = at
	}
}

// Range is the releases as the reference writes them.
func (r Ref) Range() string {
	switch {
	case r.Absent:
		return "!" + r.Feature
	case r.Feature != "":
		return r.Feature
	case r.Open:
		return r.Since + ".."
	case r.Until != "":
		return r.Since + ".." + r.Until
	}
	return r.Since
}

// Covers tells whether a release is in the range of a reference. Stable releases belong to the one they began with. Where a feature selects the code, what is known of the tree goes before its release.
func (r Ref) Covers(rel Release, tree map[string]Feature) bool {
	if r.feature != nil {
		on := r.feature.Default(int64(rel.Number())) != 0
		if f := tree[r.Feature]; f.Value != "" {
			on = f.Value != featureValues(r.feature)[0]
		}
		return on != r.Absent
	}
	lo, ok := number(r.Since)
	if !ok || rel.Number() < lo {
		return !ok
	}
	if r.Open {
		return true
	}
	hi := lo
	if r.Until != "" {
		if hi, ok = number(r.Until); !ok {
			return true
		}
	}
	return rel.Number() <= hi
}

// Has tells whether a release has a function, by the references of the library and the specs to it, and where it is as they write it. Of a function without one nothing is known.
func (l *Library) Has(function string, rel Release) (has, known bool, where []string) {
	for _, r := range l.Refs {
		if r.Func != function {
			continue
		}
		known = true
		has = has || r.Covers(rel, nil)
		if w := r.Range(); !slices.Contains(where, w) {
			where = append(where, w)
		}
	}
	return has, known, where
}

// number is 612 of v6.12 and of v6.12-rc3.
func number(v string) (int, bool) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
	maj, minor, _ := strings.Cut(v, ".")
	a, err := strconv.Atoi(maj)
	b := 0
	if err == nil && minor != "" {
		b, err = strconv.Atoi(minor)
	}
	return 100*a + b, err == nil
}

// inFile tells whether a path is the file of a reference, which may have * in it.
func (r Ref) inFile(name string) bool {
	ok, err := path.Match(r.File, name)
	return err == nil && ok
}

// isName tells whether a reference names code: "hardware walk" does not.
func (r Ref) isName() bool {
	return r.Func != "" && !strings.ContainsAny(r.Func, " \t")
}

// Const evaluates a constant of the library for a target and a release. ok is false if it depends on anything else.
func (l *Library) Const(name, target string, release int) (val int, ok bool) {
	e := evaluator{l: l, env: map[string]int{"release": release}}
	n, found := l.enums["target"][target]
	if !found {
		return 0, false
	}
	e.env["target"] = n
	return e.name(name)
}

// hasTarget tells whether the library has a target.
func (l *Library) hasTarget(name string) bool {
	_, ok := l.enums["target"][name]
	return ok
}

// evaluator evaluates constant expressions, with what the questioner sets.
type evaluator struct {
	l     *Library
	env   map[string]int
	tree  map[string]Feature // what is known of a tree, instead of what its release has
	depth int
}

func (e *evaluator) name(n string) (int, bool) {
	if v, ok := e.env[n]; ok {
		return v, true
	}
	if f := e.l.feats[n]; f != nil && e.tree != nil {
		i := slices.Index(featureValues(f), e.tree[n].Value)
		return i, i >= 0
	}
	if f := e.l.feats[n]; f != nil && e.depth < 100 {
		e.depth++
		v, ok := e.name("KERNEL")
		e.depth--
		return int(f.Default(int64(v))), ok
	}
	if x, ok := e.l.consts[n]; ok && e.depth < 100 {
		e.depth++
		v, ok := e.eval(x)
		e.depth--
		return v, ok
	}
	val, found := 0, 0
	for _, enum := range e.l.enums {
		if v, ok := enum[n]; ok {
			val = v
			found++
		}
	}
	return val, found == 1 // a name of two enums is none that can be relied upon
}

func (e *evaluator) eval(x syntax.Expr) (int, bool) {
	switch x := x.(type) {
	case *syntax.IntLit:
		return int(x.Value), true
	case *syntax.VersionLit:
		return int(x.Value), true
	case *syntax.BoolLit:
		return truth(x.Value), true
	case *syntax.Ident:
		return e.name(x.Name)
	case *syntax.ParenExpr:
		return e.eval(x.X)
	case *syntax.UnaryExpr:
		v, ok := e.eval(x.X)
		switch x.Op {
		case syntax.NOT:
			return truth(v == 0), ok
		case syntax.SUB:
			return -v, ok
		}
	case *syntax.CondExpr:
		c, ok := e.eval(x.Cond)
		if !ok {
			return 0, false
		}
		if c != 0 {
			return e.eval(x.X)
		}
		return e.eval(x.Y)
	case *syntax.BinaryExpr:
		return e.binary(x)
	}
	return 0, false
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e *evaluator) binary(x *syntax.BinaryExpr) (int, bool) {
	a, ok := e.eval(x.X)
	switch {
	case x.Op == syntax.LAND && ok && a == 0:
		return 0, true
	case x.Op == syntax.LOR && ok && a != 0:
		return 1, true
	}
	b, okb := e.eval(x.Y)
	switch {
	case x.Op == syntax.LAND && okb && b == 0:
		return 0, true
	case x.Op == syntax.LOR && okb && b != 0:
		return 1, true
	}
	if !ok || !okb {
		return 0, false
	}
	switch x.Op {
	case syntax.LAND, syntax.LOR:
		return truth(b != 0), true
	case syntax.EQ:
		return truth(a == b), true
	case syntax.NE:
		return truth(a != b), true
	case syntax.LT:
		return truth(a < b), true
	case syntax.GT:
		return truth(a > b), true
	case syntax.LE:
		return truth(a <= b), true
	case syntax.GE:
		return truth(a >= b), true
	case syntax.ADD:
		return a + b, true
	case syntax.SUB:
		return a - b, true
	case syntax.MUL:
		return a * b, true
	}
	return 0, false
}
