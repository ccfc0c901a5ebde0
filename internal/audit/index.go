package audit

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"

	"pmdcheck/internal/csource"
	"pmdcheck/internal/kconfig"
)

// Place is a line of the tree.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// defn is a definition of a name that the audit asks for.
type defn struct {
	name  string
	place Place
	fn    *csource.Func // nil for a macro
	file  *csource.File // of a function
	size  int           // tokens of the body
	cond  string
}

// index is what one reading of the tree has found.
type index struct {
	names   map[string]bool // whose definitions are kept
	wanted  map[string]bool // files that features are looked for in
	data    *data
	mu      sync.Mutex
	defs    map[string][]*defn
	sites   []*Site
	kfiles  map[string]string
	files   map[string]*csource.File
	trouble []string
}

// bufs are token buffers that files share one after the other.
var bufs = sync.Pool{New: func() any { return &[]csource.Token{} }}

// take reads one file into the index.
func (x *index) take(name string, text []byte) {
	if _, k := readable(name); k {
		x.mu.Lock()
		x.kfiles[name] = string(text)
		x.mu.Unlock()
		return
	}
	if bytes.IndexByte(text, 0) >= 0 {
		x.mu.Lock()
		x.trouble = append(x.trouble, name+": not a text")
		x.mu.Unlock()
		return
	}
	wanted := x.wanted[name]
	if !wanted && !x.mentions(text) {
		return
	}
	buf := bufs.Get().(*[]csource.Token)
	f := csource.Parse(name, text, *buf)
	defs := x.definitions(f)
	sites := x.calls(f)
	keep := wanted || len(sites) > 0
	for _, d := range defs {
		keep = keep || d.fn != nil
	}
	if keep {
		f.Tokens = slices.Clone(f.Tokens)
	}
	*buf = f.Tokens[:0]
	if keep {
		*buf = nil
	}
	bufs.Put(buf)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range defs {
		x.defs[d.name] = append(x.defs[d.name], d)
	}
	if keep {
		x.files[name] = f
	}
	x.sites = append(x.sites, sites...)
	if wanted || len(defs) > 0 || len(sites) > 0 {
		for _, p := range f.Problems {
			x.trouble = append(x.trouble, (Place{name, p.Line}).String()+": "+p.Text)
		}
	}
}

// mentions tells whether a text has any of the names as a word. Most files of a tree have none, and are not parsed.
func (x *index) mentions(text []byte) bool {
	for i := 0; i < len(text); {
		if !wordByte[text[i]] {
			i++
			continue
		}
		j := i + 1
		for j < len(text) && wordByte[text[j]] {
			j++
		}
		if j-i > 3 && x.names[string(text[i:j])] {
			return true
		}
		i = j
	}
	return false
}

var wordByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return t
}()

// definitions lists the functions and macros of a file that are asked for: not those under #if 0, nor a macro that stands for itself, which only says that there is a function.
func (x *index) definitions(f *csource.File) (out []*defn) {
	for _, fn := range f.Funcs {
		if x.names[fn.Name] && !f.Dead(fn.Cond) {
			out = append(out, &defn{name: fn.Name, place: Place{f.Name, fn.Line}, fn: fn, file: f, size: fn.Body[1] - fn.Body[0], cond: f.CondText(fn.Cond)})
		}
	}
	for _, m := range f.Macros {
		itself := !m.FuncLike && strings.TrimSpace(string(f.Src[m.Pos:m.End])) == m.Name
		if x.names[m.Name] && !itself && !f.Dead(f.Dirs[m.Dir].Cond) {
			out = append(out, &defn{name: m.Name, place: Place{f.Name, m.Line}, size: int(m.End-m.Pos) / 8, cond: f.CondText(f.Dirs[m.Dir].Cond)})
		}
	}
	return out
}

// Site is every call of one entry by one function.
type Site struct {
	Entry  string `json:"entry"`
	Func   string `json:"function"` // that calls it, or that is put into the member
	File   string `json:"file"`
	Lines  []int  `json:"lines"`
	Status string `json:"status"` // covered, waived, new
	By     string `json:"by,omitempty"`
}

// calls lists the call sites of a file.
func (x *index) calls(f *csource.File) (out []*Site) {
	add := func(entry, fn string, line int) {
		for _, s := range out {
			if s.Entry == entry && s.Func == fn {
				if !slices.Contains(s.Lines, line) {
					s.Lines = append(s.Lines, line)
				}
				return
			}
		}
		out = append(out, &Site{Entry: entry, Func: fn, File: f.Name, Lines: []int{line}})
	}
	for _, fn := range f.Funcs {
		x.callsIn(f, fn.Name, fn.Body, add)
	}
	for _, v := range f.Vars {
		x.callsIn(f, v.Name, v.Body, add)
	}
	for _, m := range f.Macros {
		if x.mentions(f.Src[m.Pos:m.End]) {
			g := f.Expand(m)
			x.callsIn(g, m.Name, g.Funcs[0].Body, add)
		}
	}
	return out
}

func (x *index) callsIn(f *csource.File, around string, body [2]int, add func(entry, fn string, line int)) {
	toks := f.Tokens[min(body[0], len(f.Tokens)):min(max(body[0], body[1]), len(f.Tokens))]
	for i, t := range toks {
		if t.Kind != csource.Ident || i+1 >= len(toks) || f.Dead(t.Cond) {
			continue
		}
		src := f.Src[t.Pos:t.End]
		next := f.Src[toks[i+1].Pos]
		switch {
		case next == '(' && x.data.entries[string(src)] && string(src) != around:
			add(string(src), around, f.LineOf(t))
		case next == '=' && i > 0 && f.Src[toks[i-1].Pos] == '.' && x.data.members[string(src)] && i+2 < len(toks) && toks[i+2].Kind == csource.Ident:
			if fn := f.Text(toks[i+2]); fn != "NULL" {
				add("."+string(src), fn, f.LineOf(t))
			}
		}
	}
}

func (p Place) String() string { return p.File + ":" + itoa(p.Line) }

// build reads a tree.
func build(t tree, l *Library, d *data, all bool) (x *index, files int) {
	x = &index{names: map[string]bool{}, wanted: map[string]bool{}, data: d, defs: map[string][]*defn{}, kfiles: map[string]string{}, files: map[string]*csource.File{}}
	for _, r := range l.Refs {
		x.names[r.Func] = true
		for _, o := range d.renames[r.Func] {
			x.names[o] = true
		}
	}
	for _, p := range l.detect {
		for _, c := range p.clauses {
			for _, f := range c.files {
				x.wanted[f] = true
			}
		}
	}
	for e := range d.entries {
		x.names[e] = true
	}
	for m := range d.members {
		x.names[m] = true
	}
	files, unread := t.each(all, x.take)
	x.trouble = append(x.trouble, unread...)
	slices.Sort(x.trouble)
	for _, ds := range x.defs {
		slices.SortFunc(ds, func(a, b *defn) int {
			return cmp.Or(strings.Compare(a.place.File, b.place.File), a.place.Line-b.place.Line)
		})
	}
	slices.SortFunc(x.sites, func(a, b *Site) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Lines[0]-b.Lines[0], strings.Compare(a.Entry, b.Entry))
	})
	return x, files
}

// unread notes what could not be read, once.
func (x *index) unread(s string) {
	if i, ok := slices.BinarySearch(x.trouble, s); !ok {
		x.trouble = slices.Insert(x.trouble, i, s)
	}
}

// around finds the bodies that call sites stand in. Of a function that is put into a member the body is looked for in the same file.
func (x *index) around(bodies map[*defn]string) {
	type key struct{ file, name string }
	done := map[key]bool{}
	for d := range bodies {
		done[key{d.place.File, d.name}] = true
	}
	for _, s := range x.sites {
		k := key{s.File, s.Func}
		f := x.files[s.File]
		if done[k] || f == nil {
			continue
		}
		done[k] = true
		for _, fn := range f.Funcs {
			if fn.Name == s.Func {
				bodies[&defn{name: fn.Name, place: Place{f.Name, fn.Line}, fn: fn, file: f, cond: f.CondText(fn.Cond)}] = "call site"
			}
		}
	}
}

// kconfigs reads the Kconfig files that count for an architecture: its own, and those of no architecture.
func (x *index) kconfigs(arch string) *kconfig.Files {
	k := kconfig.New()
	names := make([]string, 0, len(x.kfiles))
	for n := range x.kfiles {
		if p := strings.Split(n, "/"); p[0] != "arch" || len(p) == 2 || p[1] == arch {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		k.Read(n, x.kfiles[n])
	}
	return k
}
