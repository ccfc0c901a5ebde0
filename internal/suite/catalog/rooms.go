package catalog

import (
	"io/fs"
	"slices"
	"strings"
	"sync"

	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Room is a file of the library as those see it who import it.
type Room struct {
	Name     string // linux/mm/zap
	Doc      string // the comment at its head
	Imports  []string
	Declared []Declared
	Covers   []string // what statements of its functions mark
}

// Declared is one declaration of a room.
type Declared struct {
	Name     string
	Text     string // a function without its body, anything else whole
	Doc      string // the comment above it
	Kernel   []string
	Function bool
	Override bool // it replaces a function of a room that this one imports
	Follows  bool // right under the one before it
}

// Rooms are the files of the library, sorted by name.
var Rooms = sync.OnceValues(func() (list []Room, err error) {
	err = fs.WalkDir(linux.FS, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		src, err := fs.ReadFile(linux.FS, p)
		if err != nil {
			return err
		}
		set := &source.Set{}
		diags := &source.List{Files: set}
		f := syntax.Parse(set.Add(p, src), diags)
		if err := diags.Err(); err != nil {
			return err
		}
		list = append(list, room("linux/"+strings.TrimSuffix(p, ".pmd"), f))
		return nil
	})
	slices.SortFunc(list, func(a, b Room) int { return strings.Compare(a.Name, b.Name) })
	return list, err
})

func room(name string, f *syntax.File) Room {
	r := Room{Name: name, Doc: comment(f, 1, true)}
	end := 0
	for _, d := range f.Decls {
		sp := d.Span()
		follows := sp.Start.Line() == end+1
		end = sp.End.Line()
		put := func(name string) {
			text := string(f.Source.Text(sp))
			for _, c := range f.Comments {
				if c.Sp.Start > sp.End && c.Sp.Start.Line() == end {
					text += " " + c.Text
				}
			}
			r.Declared = append(r.Declared, Declared{Name: name, Text: text, Doc: comment(f, sp.Start.Line(), false), Follows: follows})
		}
		switch d := d.(type) {
		case *syntax.ImportDecl:
			r.Imports = append(r.Imports, d.Path)
		case *syntax.StructDecl:
			put(d.Name.Name)
		case *syntax.ConfigDecl:
			put(d.Name.Name)
		case *syntax.ConstDecl:
			put(d.Name.Name)
		case *syntax.EnumDecl:
			put(d.Name.Name)
		case *syntax.TypedefDecl:
			put(d.Name.Name)
		case *syntax.PropertyDecl:
			put(d.Name.Name)
		case *syntax.VarDecl:
			put(d.Names[0].Name.Name)
		case *syntax.FuncDecl:
			r.Declared = append(r.Declared, Declared{
				Name: d.Name.Name, Text: d.Signature(), Doc: comment(f, sp.Start.Line(), false), Kernel: references(d.Attrs), Function: true, Override: d.Override,
			})
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CoverStmt); ok && !slices.Contains(r.Covers, c.Name.Name) {
			r.Covers = append(r.Covers, c.Name.Name)
		}
		return true
	})
	return r
}

// references are the kernel's functions of @kernel attributes.
func references(attrs []*syntax.Attr) (list []string) {
	for _, a := range attrs {
		if a.Name.Name != "kernel" {
			continue
		}
		var parts []string
		for _, g := range a.Args {
			if g.IsStr {
				parts = append(parts, g.Str)
			}
		}
		list = append(list, strings.Join(parts, " "))
	}
	return list
}

// comment is the comment above a line, or with head that at the beginning of the file, without comment marks.
func comment(f *syntax.File, line int, head bool) string {
	var lines []string
	comments := slices.Clone(f.Comments)
	if !head {
		slices.Reverse(comments)
		line--
	}
	for _, c := range comments {
		text, whole := strings.CutPrefix(c.Text, "//")
		if c.Sp.Start.Col() > 1 {
			continue // behind something
		}
		if !whole || c.Sp.Start.Line() != line {
			if head && len(lines) > 0 {
				break
			}
			continue
		}
		lines = append(lines, strings.TrimSpace(text))
		if head {
			line++
		} else {
			line--
		}
	}
	if !head {
		slices.Reverse(lines)
	}
	return strings.Join(lines, "\n")
}
