package csource

import (
	"bytes"
	"slices"
	"strings"
)

// File is a text, read.
type File struct {
	Name     string
	Src      []byte
	Tokens   []Token
	Dirs     []Directive
	Conds    []Cond
	Funcs    []*Func
	Macros   []*Macro
	Vars     []*Var
	Problems []Problem // what could not be read
	lines    lines
}

// Func is a function definition.
type Func struct {
	Name    string
	Wrapper string // SYSCALL_DEFINE3 and the like, "" for an ordinary definition
	Line    int    // of the name
	Head    [2]int // tokens of the declaration, without the braces
	Body    [2]int // tokens between the braces
	EndLine int    // of the closing brace
	Cond    int32  // the #if half in which it begins
}

// Macro is a #define.
type Macro struct {
	Name     string
	FuncLike bool
	Line     int
	Dir      int // index into File.Dirs
	Pos, End uint32
}

// Var is a top-level definition with an initialiser in braces, such as a table of operations.
type Var struct {
	Name string
	Line int
	Body [2]int // tokens between the braces
}

// Problem is something that could not be read, with its line.
type Problem struct {
	Line int
	Text string
}

// Parse reads a text. It takes any bytes and never fails; a text that is not C has few functions. Each call may reuse the tokens of an earlier file.
func Parse(name string, src []byte, reuse []Token) *File {
	f := &File{Name: name, Src: src}
	if len(src) > MaxFile {
		f.Problems = append(f.Problems, Problem{1, "too large to be read"})
		f.lines, f.Conds = lines{0}, []Cond{{}}
		return f
	}
	s := scan(src, reuse)
	f.Tokens, f.Dirs, f.Conds = s.toks, s.dirs, s.conds
	f.lines = newLines(src)
	for i := range f.Conds[1:] {
		f.Conds[i+1].Line = f.lines.at(uint32(f.Conds[i+1].Line))
	}
	f.defines()
	f.toplevel()
	return f
}

// Text is the text of a token.
func (f *File) Text(t Token) string { return string(f.Src[t.Pos:t.End]) }

// LineOf is the line of a token.
func (f *File) LineOf(t Token) int { return f.lines.at(t.Pos) }

// is tells whether a token is this text.
func (f *File) is(t Token, s string) bool {
	return int(t.End-t.Pos) == len(s) && string(f.Src[t.Pos:t.End]) == s
}

// char is the character of a one-character token, else 0.
func (f *File) char(t Token) byte {
	if t.Kind == Punct && t.End-t.Pos == 1 {
		return f.Src[t.Pos]
	}
	return 0
}

// defines lists the macros.
func (f *File) defines() {
	for i, d := range f.Dirs {
		if d.Name != "define" {
			continue
		}
		text := f.Src[d.Pos:d.End]
		j := bytes.Index(text, []byte("define")) + len("define")
		for j < len(text) && (text[j] == ' ' || text[j] == '\t') {
			j++
		}
		k := j
		for k < len(text) && isIdent[text[k]] {
			k++
		}
		if k > j {
			f.Macros = append(f.Macros, &Macro{Name: string(text[j:k]), FuncLike: k < len(text) && text[k] == '(', Line: f.lines.at(d.Pos), Dir: i, Pos: d.Pos + uint32(k), End: d.End})
		}
	}
}

// Expand is the body of a macro as a file of its own, whose one function has the macro's name. Lines are those of the file.
func (f *File) Expand(m *Macro) *File {
	src := f.Src[m.Pos:m.End]
	s := &scanner{src: src, conds: []Cond{{}}, stack: []int32{0}, plain: true}
	s.run()
	g := &File{Name: f.Name, Src: src, Tokens: s.toks, Conds: s.conds}
	from := 0
	if m.FuncLike {
		from = min(g.match(0)+1, len(g.Tokens))
	}
	g.lines = append(make(lines, m.Line-1), newLines(src)...) // line k of the body is line Line+k-1 of the file
	g.Funcs = []*Func{{Name: m.Name, Line: m.Line, Head: [2]int{0, from}, Body: [2]int{from, len(g.Tokens)}, EndLine: m.Line + bytes.Count(src, []byte("\n"))}}
	return g
}

// match is the index of the token that closes the bracket at i, or the last index if none does.
func (f *File) match(i int) int {
	depth := 0
	for ; i < len(f.Tokens); i++ {
		switch f.char(f.Tokens[i]) {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return len(f.Tokens) - 1
}

// within tells which halves can be compiled together with the half c: not those that stand in another half of an #if that c stands in.
func (f *File) within(c int32) func(t int32) bool {
	branch := map[int32]int32{}
	for ; c != 0; c = f.Conds[c].Parent {
		branch[f.Conds[c].Group] = f.Conds[c].Branch
	}
	last, verdict := int32(0), true
	return func(t int32) bool {
		if t == last {
			return verdict
		}
		last, verdict = t, true
		for ; t != 0; t = f.Conds[t].Parent {
			if b, ok := branch[f.Conds[t].Group]; ok && b != f.Conds[t].Branch {
				verdict = false
			}
		}
		return verdict
	}
}

// CondText says under which conditions something stands, outermost first, "" if under none. An #else is written as what it denies.
func (f *File) CondText(c int32) string {
	var parts []string
	for ; c != 0; c = f.Conds[c].Parent {
		parts = append([]string{f.half(c)}, parts...)
	}
	return strings.Join(parts, " && ")
}

// half is the condition of one half: its own, and that of every half before it denied, but for those of a very long chain.
func (f *File) half(c int32) string {
	var parts []string
	if t := f.Conds[c].Text; t != "" {
		parts = append(parts, t)
	}
	n := 0
	for b := f.Conds[c].Before; b != 0; b = f.Conds[b].Before {
		if n++; n > 16 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, "!("+f.Conds[b].Text+")")
	}
	slices.Reverse(parts)
	return strings.Join(parts, " && ")
}

// Dead tells whether a half is never compiled: it stands under #if 0.
func (f *File) Dead(c int32) bool {
	for ; c != 0; c = f.Conds[c].Parent {
		if f.Conds[c].Text == "0" {
			return true
		}
	}
	return false
}

// Static tells whether a function is static.
func (f *File) Static(fn *Func) bool {
	for _, t := range f.Tokens[fn.Head[0]:min(fn.Head[1], len(f.Tokens))] {
		if f.is(t, "static") {
			return true
		}
		if f.char(t) == '(' {
			break
		}
	}
	return false
}
