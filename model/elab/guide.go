package elab

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// guide sends to where an error can be put right. A name of the library that the spec does not import is told with its import. A name that the library leaves to the spec is
// used in many places and missing in one: there it is told, once.
func (ld *loading) guide(spec *syntax.File) {
	if ld.l.Library == nil {
		return
	}
	var home map[string]string
	var kept []source.Diagnostic
	var missing []string
	var first source.Diagnostic
	for _, d := range ld.diags.Diags {
		f := ld.files.File(d.Span.Start)
		if f == nil || d.Code != "unknown-name" && d.Code != "unknown-function" && d.Code != "unknown-type" {
			kept = append(kept, d)
			continue
		}
		name := string(f.Text(d.Span))
		if strings.HasPrefix(f.Name, "linux/") && firstImport(spec).Start.IsValid() {
			if missing == nil {
				first = d
			}
			if !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			continue
		}
		if home == nil {
			home = ld.l.homes()
		}
		if file, known := home[name]; known && d.Hint != "write struct "+name {
			add := "add: import \"" + file + "\";"
			if d.Hint != "" {
				add = d.Hint + " Or " + add
			}
			d.Hint = add
		}
		kept = append(kept, d)
	}
	if missing != nil {
		slices.Sort(missing)
		kept = append(kept, source.Diagnostic{
			Code: first.Code, Span: firstImport(spec), Msg: "the library leaves to the spec what this one does not declare: " + strings.Join(missing, ", "),
			Hint: "add it, as in const " + missing[0] + " = 1;", Related: []source.Related{{Span: first.Span, Msg: "used here first"}},
		})
	}
	ld.diags.Diags = kept
}

// firstImport is where a spec imports what it is built on.
func firstImport(f *syntax.File) (at source.Span) {
	for _, d := range f.Decls {
		if imp, ok := d.(*syntax.ImportDecl); ok {
			return imp.PathAt
		}
	}
	return at
}

// homes says of each global name of the library which import has it.
func (l *Loader) homes() map[string]string {
	out := map[string]string{}
	for _, name := range l.library() {
		src, err := fs.ReadFile(l.Library, strings.TrimPrefix(name, "linux/")+".pmd")
		if err != nil {
			continue // it cannot be imported either
		}
		files := &source.Set{}
		ignored := &source.List{Files: files}
		p := check.Declare(files, []*syntax.File{syntax.Parse(files.Add(name, src), ignored)}, ignored)
		add := func(n string) {
			if _, known := out[n]; !known {
				out[n] = name
			}
		}
		for n := range p.Names {
			add(n)
		}
		for n := range p.Structs {
			add(n)
		}
		for n := range p.Enums {
			add(n)
		}
	}
	return out
}

// elsewhere says of which parameter a word is a value, where it was taken for a name, or for a value of another.
func (s *Spec) elsewhere(word string) string {
	e := s.consts(map[string]int64{})
	for _, g := range s.prog.Groups {
		if g.Value == word {
			return fmt.Sprintf("%s is a value of %s: --set %s=%s", word, g.Name, g.Name, word)
		}
	}
	for _, c := range s.prog.Configs {
		if t := e.irType(e.configType(c)); t.Kind == model.KindEnum && slices.Contains(t.Values, word) {
			return fmt.Sprintf("%s is a value of %s: --set %s=%s", word, c.Name, c.Name, word)
		}
	}
	return ""
}

// nearest is a hint at what can be set and is spelt like the word: a parameter, a feature, a group or the kernel.
func (s *Spec) nearest(word string) string {
	var names []string
	for n, sym := range s.prog.Names {
		if sym.Kind == check.ConfigObject || sym.Kind == check.FeatureObject {
			names = append(names, n)
		}
	}
	for _, g := range s.prog.Groups {
		names = append(names, g.Name)
	}
	if s.releaseParams() != nil {
		names = append(names, kernelParam)
	}
	return source.DidYouMean(word, names)
}

// ofRelease says which releases the values of a configuration leave, where its release is none of them: else all that is known is that an assertion of the library fails.
func (s *Spec) ofRelease(c Configuration) string {
	params := s.releaseParams()
	fixed := map[string]int64{}
	values, err := s.values(c)
	if err != nil {
		return ""
	}
	e := s.consts(map[string]int64{})
	var named []string
	for _, p := range params {
		if t := e.irType(e.configType(p)); t.Kind == model.KindEnum {
			fixed[p.Name] = values[p.Name]
			named = append(named, p.Name+"="+model.FormatValue(t, int32(values[p.Name])))
		}
	}
	if len(named) == 0 {
		return ""
	}
	_, low, high := s.releases(params, 0, fixed)
	if low == 0 {
		return ""
	}
	return fmt.Sprintf("%s is %s to %s; --set kernel=6.6 asks for a release whatever its era", strings.Join(named, " "), syntax.VersionText(low), syntax.VersionText(high))
}

// withRelease adds that to the error of a configuration that cannot be built because its release is none.
func (s *Spec) withRelease(c Configuration, err error) error {
	var list *source.List
	if !errors.As(err, &list) || s.releaseParams() == nil {
		return err
	}
	home := s.Files.File(s.prog.Names[check.Release].At.Start)
	for i, d := range list.Diags {
		if d.Code == "static-assert" && d.Hint == "" && s.Files.File(d.Span.Start) == home {
			list.Diags[i].Hint = s.ofRelease(c)
		}
	}
	return err
}
