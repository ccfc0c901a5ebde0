package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pmdcheck/internal/files"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/specs"
)

// embedded lists the names of the embedded specs, sorted.
func embedded() []string {
	var names []string
	_ = fs.WalkDir(specs.FS, ".", func(p string, _ fs.DirEntry, err error) error {
		if n, ok := strings.CutSuffix(p, ".pmd"); ok && err == nil {
			names = append(names, n)
		}
		return nil
	})
	slices.Sort(names)
	return names
}

// resolve turns the arguments of a command into embedded names and paths. A folder of embedded specs stands for all in it; no argument for all.
func resolve(args []string) ([]string, error) {
	all := embedded()
	if len(args) == 0 {
		return all, nil
	}
	var out []string
	for _, a := range args {
		clean := strings.TrimSuffix(a, "/")
		n := len(out)
		for _, e := range all {
			if e == clean || strings.HasPrefix(e, clean+"/") {
				out = append(out, e)
			}
		}
		if len(out) > n {
			continue
		}
		if !strings.HasSuffix(a, ".pmd") {
			if st, err := os.Stat(a); err != nil || st.IsDir() {
				hint := source.Suggest(a, all)
				if hint == "" {
					hint = "see `pmdcheck list`"
				}
				return nil, fmt.Errorf("there is no spec %s: %s", a, hint)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// maxSpec is more than the parser takes, which says where and what its limit is.
const maxSpec = 4<<20 + 1

// specSilence is how long a spec that comes through a pipe may pause.
const specSilence = 10 * time.Second

func readSpec(name string) ([]byte, error) { return wholeSpec(files.Read(name, maxSpec, specSilence)) }

// wholeSpec leaves it to the parser to refuse what is too large.
func wholeSpec(src []byte, err error) ([]byte, error) {
	var large *files.TooLarge
	if errors.As(err, &large) {
		return src, nil
	}
	return src, err
}

// load parses and resolves a spec by embedded name or path.
func load(name string) (*elab.Spec, error) {
	if slices.Contains(embedded(), name) {
		src, err := specs.FS.ReadFile(name + ".pmd")
		if err != nil {
			return nil, err
		}
		l := &elab.Loader{Library: linux.FS, ReadFile: func(p string) ([]byte, error) { return specs.FS.ReadFile(path.Clean(p)) }}
		return l.Load(name+".pmd", src)
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, errors.Unwrap(err))
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a spec", name)
	}
	src, err := readSpec(name)
	if err != nil {
		return nil, err
	}
	l := &elab.Loader{Library: linux.FS, ReadFile: func(p string) ([]byte, error) {
		src, err := readSpec(p)
		if err != nil {
			err = errors.Unwrap(err) // the loader says which file
		}
		return src, err
	}}
	return l.Load(filepath.ToSlash(name), src)
}

// parseSet splits name=value flags.
func parseSet(set []string) ([]model.ConfigValue, error) {
	var out []model.ConfigValue
	for _, s := range set {
		n, v, ok := strings.Cut(s, "=")
		if !ok || n == "" {
			return nil, fmt.Errorf("--set %s: write --set name=value", s)
		}
		out = append(out, model.ConfigValue{Name: n, Value: v})
	}
	return out, nil
}

// one builds the single system that a command about one cell needs: the first cell left by the fixed parameters.
func one(name string, set []string, o elab.BuildOptions) (*model.System, error) {
	spec, err := load(name)
	if err != nil {
		return nil, err
	}
	fixed, err := parseSet(set)
	if err != nil {
		return nil, err
	}
	cells, err := spec.Cells(fixed)
	if err != nil {
		return nil, err
	}
	return spec.Build(cells[0], o)
}

func (a *app) listCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list [spec...]", Short: "list the specs with their parameters", Example: "  pmdcheck list\n  pmdcheck list seed",
		RunE: func(_ *cobra.Command, args []string) error {
			names, err := resolve(args)
			if err != nil {
				return err
			}
			for _, n := range names {
				spec, err := load(n)
				if err != nil {
					return err
				}
				cells, err := spec.Cells(nil)
				if err != nil {
					return err
				}
				first, _, _ := strings.Cut(spec.Doc, "\n")
				fmt.Fprintf(a.out, "%-24s %4d cells  %s\n", n, len(cells), first)
				for _, c := range spec.Configs() {
					how := "fixed"
					if c.Swept {
						how = "swept"
					}
					if _, err := fmt.Fprintf(a.out, "    %s %-22s %s\n", how, c.Name, strings.Join(c.Values, " ")); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}
