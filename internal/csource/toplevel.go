package csource

import (
	"slices"
	"strings"
)

// reader follows braces outside and inside of functions. Each half of an #if begins at the depth at which its first half began, and after the #endif what
// the first half left counts, so that two halves that each open a brace open one.
type reader struct {
	f         *File
	resync    bool // a closing brace in the first column ends whatever is open
	depth     int
	par       int // parentheses and square brackets, at depth 0
	decl      int // where the declaration began
	open      []*Func
	openVar   *Var
	halves    []half
	broken    []int // lines at which braces did not match
	funcs     []*Func
	vars      []*Var
	linkage   int // open extern "C" {
	semicolon int // last ; inside an old-style declaration of parameters, -1 if none
}

// half is where an #if began, and where its first half ended.
type half struct {
	depth, par       int
	open             []*Func
	ended            bool
	endDepth, endPar int
	endDecl, endAt   int
	endOpen          []*Func
}

// toplevel finds the functions. If braces do not match it looks again and takes a brace in the first column for the end of a function.
func (f *File) toplevel() {
	r := &reader{f: f}
	r.read()
	if len(r.broken) > 0 {
		again := &reader{f: f, resync: true}
		again.read()
		r.funcs, r.vars = again.funcs, again.vars
		lines := r.broken
		if len(again.broken) > 0 {
			lines = again.broken
		}
		f.Problems = append(f.Problems, Problem{lines[0], "braces do not match"})
	}
	f.Funcs, f.Vars = r.funcs, r.vars
}

func (r *reader) read() {
	f := r.f
	r.semicolon = -1
	d := 0
	for i := 0; i <= len(f.Tokens); i++ {
		for ; d < len(f.Dirs) && f.Dirs[d].Before == i; d++ {
			r.directive(f.Dirs[d].Name, i)
		}
		if i == len(f.Tokens) {
			break
		}
		switch f.char(f.Tokens[i]) {
		case '{':
			r.opens(i)
		case '}':
			r.closes(i)
		case '(', '[':
			if r.depth == 0 {
				r.par++
			}
		case ')', ']':
			if r.depth == 0 && r.par > 0 {
				r.par--
			}
		case ';':
			if r.depth == 0 && r.par == 0 {
				r.semi(i)
			}
		}
	}
	if r.depth != 0 {
		line := 1
		if len(r.open) > 0 {
			line = r.open[0].Line
		} else if n := len(f.Tokens); n > 0 {
			line = f.LineOf(f.Tokens[n-1])
		}
		r.broken = append(r.broken, line)
	}
}

func (r *reader) directive(name string, i int) {
	top := len(r.halves) - 1
	switch name {
	case "if", "ifdef", "ifndef":
		r.halves = append(r.halves, half{depth: r.depth, par: r.par, open: r.open})
	case "elif", "else", "elifdef", "elifndef":
		if top < 0 {
			return
		}
		h := &r.halves[top]
		if !h.ended {
			h.ended, h.endDepth, h.endPar, h.endDecl, h.endAt, h.endOpen = true, r.depth, r.par, r.decl, i, r.open
		} else {
			h.endOpen = union(h.endOpen, r.open)
		}
		r.depth, r.par, r.decl, r.open = h.depth, h.par, i, h.open
	case "endif":
		if top < 0 {
			return
		}
		if h := r.halves[top]; h.ended {
			r.open = union(h.endOpen, r.open)
			r.depth, r.par = h.endDepth, h.endPar
			if h.endDecl < h.endAt { // the first half leaves a declaration unfinished
				r.decl = h.endDecl
			}
			if r.depth == 0 {
				r.open = nil
			}
		}
		r.halves = r.halves[:top]
	}
}

func union(a, b []*Func) []*Func {
	out := slices.Clone(a)
	for _, f := range b {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func (r *reader) opens(i int) {
	f := r.f
	if r.depth == 0 && r.par == 0 {
		if i > 0 && f.Tokens[i-1].Kind == String {
			r.linkage++ // extern "C" {
			r.decl = i + 1
			return
		}
		if fn := f.header(r.decl, i); fn != nil {
			fn.Body = [2]int{i + 1, len(f.Tokens)}
			fn.EndLine = fn.Line
			r.open = []*Func{fn}
			r.funcs = append(r.funcs, fn)
		} else if v := f.variable(r.decl, i); v != nil {
			v.Body = [2]int{i + 1, len(f.Tokens)}
			r.openVar = v
			r.vars = append(r.vars, v)
		}
	}
	r.depth++
}

func (r *reader) closes(i int) {
	f := r.f
	if r.resync && r.depth > 1 && len(r.open) > 0 && (f.Tokens[i].Pos == 0 || f.Src[f.Tokens[i].Pos-1] == '\n') {
		r.broken = append(r.broken, f.LineOf(f.Tokens[i]))
		r.depth = 1
	}
	if r.depth == 0 && r.linkage > 0 {
		r.linkage--
		r.decl, r.semicolon, r.par = i+1, -1, 0
		return
	}
	if r.depth == 0 {
		r.broken = append(r.broken, f.LineOf(f.Tokens[i]))
		return
	}
	if r.depth--; r.depth > 0 {
		return
	}
	for _, fn := range r.open {
		fn.Body[1] = i
		fn.EndLine = f.LineOf(f.Tokens[i])
	}
	if r.openVar != nil {
		r.openVar.Body[1] = i
		r.openVar = nil
	}
	if len(r.open) > 0 {
		r.open = nil
		r.decl, r.semicolon, r.par = i+1, -1, 0
	}
}

// semi ends a declaration, but for one of a parameter between the head and the body of an old-style definition.
func (r *reader) semi(i int) {
	from := r.decl
	if r.semicolon >= r.decl {
		from = r.semicolon + 1
	}
	if i-r.decl < 64 && r.f.oldStyle(r.decl, from, i) {
		r.semicolon = i
		return
	}
	r.decl, r.semicolon = i+1, -1
}

// group is a name and the parentheses behind it.
type group struct{ name, open, close int }

// groups lists name(…) at the outermost level of a declaration; ok is false if there is an initialiser.
func (f *File) groups(start, end int) (gs []group, ok bool) {
	for j := start; j < end; j++ {
		switch f.char(f.Tokens[j]) {
		case '=':
			return nil, false
		case '(', '[', '{':
			m := f.matchUntil(j, end)
			if f.char(f.Tokens[j]) == '(' && j > start && f.Tokens[j-1].Kind == Ident {
				gs = append(gs, group{j - 1, j, m})
			}
			j = m
		}
	}
	return gs, true
}

// matchUntil is match with a bound.
func (f *File) matchUntil(i, end int) int {
	depth := 0
	for ; i < end; i++ {
		switch f.char(f.Tokens[i]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return end - 1
}

// attributes are what has parentheses in a declaration and is not its name.
var attributes = map[string]bool{
	"__attribute__": true, "__attribute": true, "asm": true, "__asm__": true, "_Alignas": true, "__aligned": true, "__section": true, "__printf": true, "__scanf": true,
	"__acquires": true, "__releases": true, "__must_hold": true, "__acquire": true, "__release": true, "__cond_acquires": true, "__alloc_size": true, "__malloc": true, "__alias": true,
	"__no_sanitize": true, "__nonnull": true, "typeof": true, "__typeof__": true, "__typeof": true, "__assume_aligned": true, "__error": true, "__warning": true, "__cold": true,
	"__realloc_size": true, "__guarded_by": true, "__acquires_shared": true, "__releases_shared": true, "__must_hold_shared": true, "__cond_acquires_shared": true, "__target": true,
}

// storage are words that begin a definition, so that what stands before them is no part of it.
var storage = map[string]bool{"static": true, "extern": true, "inline": true, "__always_inline": true, "noinline": true, "asmlinkage": true, "void": true, "struct": true, "int": true, "unsigned": true, "long": true, "bool": true}

// header takes a declaration before a brace for the head of a function, or not.
func (f *File) header(start, end int) *Func {
	if end-start > 4096 || start >= end {
		return nil
	}
	if f.char(f.Tokens[end-1]) == ';' { // the parameters of an old-style definition stand before the brace
		for j := start; j < end; j++ {
			if f.char(f.Tokens[j]) == ')' {
				end = j + 1
				break
			}
		}
	} else {
		for j := end - 1; j >= start; j-- {
			if f.char(f.Tokens[j]) == ';' && f.depthOf(start, j) == 0 {
				start = j + 1
				break
			}
		}
	}
	gs, ok := f.groups(start, end)
	if !ok || len(gs) == 0 || f.is(f.Tokens[start], "typedef") {
		return nil
	}
	g, ok := f.choose(gs, end)
	if !ok {
		return nil
	}
	fn := &Func{Name: f.Text(f.Tokens[g.name]), Line: f.LineOf(f.Tokens[g.name]), Head: [2]int{start, end}, Cond: f.Tokens[g.name].Cond}
	if shouted(fn.Name) && g.open+1 < g.close && f.Tokens[g.open+1].Kind == Ident {
		if c := f.char(f.Tokens[g.open+2]); c == ',' || c == ')' {
			fn.Wrapper, fn.Name = fn.Name, f.Text(f.Tokens[g.open+1])
		}
	}
	return fn
}

func (f *File) depthOf(start, end int) (depth int) {
	for j := start; j < end; j++ {
		switch f.char(f.Tokens[j]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
	}
	return depth
}

// choose finds the group that is name and parameters: the last that is no attribute and is not followed by a word that begins a definition. Between
// names that begin with two underscores, which annotations have too, the first.
func (f *File) choose(gs []group, end int) (group, bool) {
	var best *group
	for i := range gs {
		g := &gs[i]
		name := f.Text(f.Tokens[g.name])
		if attributes[name] || storage[name] {
			continue
		}
		if g.close+1 < end && storage[f.Text(f.Tokens[g.close+1])] {
			continue
		}
		if best == nil || !strings.HasPrefix(name, "__") || strings.HasPrefix(f.Text(f.Tokens[best.name]), "__") && i > 0 && f.returns(gs[i-1].close+1, g.name) {
			best = g
		}
	}
	if best == nil || keywords[f.Text(f.Tokens[best.name])] {
		return group{}, false
	}
	return *best, true
}

// returns tells whether words stand between two groups, as a result type does between an attribute and a name.
func (f *File) returns(from, to int) bool { return to > from }

var keywords = map[string]bool{
	"if": true, "for": true, "while": true, "do": true, "switch": true, "return": true, "goto": true, "else": true, "case": true, "default": true, "break": true, "continue": true,
	"sizeof": true, "struct": true, "union": true, "enum": true, "_Static_assert": true, "static_assert": true, "__extension__": true, "_Alignof": true, "__alignof__": true, "_Generic": true,
}

// shouted tells whether a name is in capitals.
func shouted(s string) bool {
	return strings.ToUpper(s) == s && strings.ToLower(s) != s
}

// variable is the name of what an initialiser in braces initialises.
func (f *File) variable(start, end int) *Var {
	if end-start > 256 {
		return nil
	}
	var name Token
	ok := false
	for j := start; j < end; j++ {
		switch t := f.Tokens[j]; {
		case f.char(t) == '=':
			if !ok {
				return nil
			}
			return &Var{Name: f.Text(name), Line: f.LineOf(name)}
		case f.char(t) == '[':
			j = f.matchUntil(j, end)
		case f.char(t) == '(':
			j = f.matchUntil(j, end)
		case t.Kind == Ident && !attributes[f.Text(t)] && !strings.HasPrefix(f.Text(t), "__"):
			name, ok = t, true
		}
	}
	return nil
}

// oldStyle tells whether [from, end) declares a parameter of the old-style head that begins at start.
func (f *File) oldStyle(start, from, end int) bool {
	gs, ok := f.groups(start, end)
	if !ok || len(gs) == 0 {
		return false
	}
	g := gs[0]
	params := map[string]bool{}
	for j := g.open + 1; j < g.close; j++ {
		t := f.Tokens[j]
		if t.Kind == Ident {
			params[f.Text(t)] = true
		} else if f.char(t) != ',' {
			return false
		}
	}
	words := 0
	for j := max(from, g.close+1); j < end; j++ {
		if t := f.Tokens[j]; t.Kind == Ident {
			if words++; words > 1 && params[f.Text(t)] {
				return true
			}
		}
	}
	return false
}
