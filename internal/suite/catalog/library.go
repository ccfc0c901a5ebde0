package catalog

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// KernelLibrary is a spec of nothing but the library's releases, features and architectures.
var KernelLibrary = sync.OnceValues(func() (*elab.Spec, error) {
	return (&elab.Loader{Library: linux.FS}).Load("library.pmd", []byte("import \"linux/arch/targets\";\nfor target in { x86_nopv };\nu1 nothing;\nprocess none {\n\tnothing = 1;\n}\n"))
})

// Features are the features of the library, in the order of their declaration.
func Features() ([]elab.Feature, error) {
	lib, err := KernelLibrary()
	if err != nil {
		return nil, err
	}
	return lib.Features(), nil
}

// Askers are the functions and processes of the library that ask for a feature, as file:line name, sorted; other features and constants that depend on it stand before them.
func Askers(feature string) ([]string, error) {
	texts, err := Texts()
	if err != nil {
		return nil, err
	}
	var out []string
	for name, text := range texts {
		if !strings.HasPrefix(name, "linux/") {
			continue
		}
		set := &source.Set{}
		diags := &source.List{Files: set}
		f := syntax.Parse(set.Add(name, []byte(text)), diags)
		if err := diags.Err(); err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			who := ""
			switch d := d.(type) {
			case *syntax.FuncDecl:
				who = d.Name.Name + "()"
			case *syntax.ProcDecl:
				who = d.Name.Name
			case *syntax.ConstDecl:
				who = d.Name.Name
			case *syntax.FeatureDecl:
				if d.Name.Name != feature {
					who = "feature " + d.Name.Name
				}
			}
			if who == "" {
				continue
			}
			found := false
			syntax.Walk(d, func(n syntax.Node) bool {
				id, ok := n.(*syntax.Ident)
				found = found || ok && id.Name == feature
				return true
			})
			if found {
				out = append(out, fmt.Sprintf("%s:%d  %s", InRepository(name), d.Span().Start.Line(), who))
			}
		}
	}
	sort.Strings(out)
	return out, nil
}

// Era is a name for the releases in which one thing stops unsharing.
type Era struct {
	Name        string
	First, Last int64
}

// Eras are the eras of the library in order, with those that are no kernel's last.
func Eras() (list []Era, err error) {
	lib, err := KernelLibrary()
	if err != nil {
		return nil, err
	}
	for _, c := range lib.Configs() {
		if c.Name != "era" {
			continue
		}
		for _, v := range c.Values {
			era := Era{Name: v}
			for _, late := range []string{"false", "true"} {
				configs, err := lib.Configurations([]model.ConfigValue{{Name: "era", Value: v}, {Name: "late", Value: late}})
				if err != nil {
					return nil, err
				}
				n, err := Release(lib, configs[0])
				if err != nil {
					return nil, err
				}
				if late == "false" {
					era.First = n
				}
				era.Last = n
			}
			list = append(list, era)
		}
	}
	slices.SortStableFunc(list, func(a, b Era) int { return int(a.First - b.First) })
	return list, nil
}

// Release is the number of the release of a configuration.
func Release(s *elab.Spec, c elab.Configuration) (int64, error) {
	text, ok := s.Value(c, "KERNEL")
	if !ok {
		return 0, fmt.Errorf("%s depends on no release", s.Name)
	}
	var n int64
	_, err := fmt.Sscan(text, &n)
	return n, err
}
