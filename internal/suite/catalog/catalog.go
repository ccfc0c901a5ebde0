// Package catalog finds specs: those that are embedded by their names, others as files, and loads them with what they import.
package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pmdcheck/internal/files"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
	"pmdcheck/model/source"
	"pmdcheck/properties"
	"pmdcheck/specs"
)

// embedded are the names of the embedded specs, sorted.
var embedded = sync.OnceValue(func() []string {
	var names []string
	_ = fs.WalkDir(specs.FS, ".", func(p string, _ fs.DirEntry, err error) error {
		if n, ok := strings.CutSuffix(p, ".pmd"); ok && err == nil {
			names = append(names, n)
		}
		return nil
	})
	slices.Sort(names)
	return names
})

// Names lists the embedded specs, sorted.
func Names() []string { return slices.Clone(embedded()) }

// Embedded reports whether there is an embedded spec of that name.
func Embedded(name string) bool {
	_, ok := slices.BinarySearch(embedded(), name)
	return ok
}

// Current is the name that an embedded spec has now; names of before are good too.
func Current(name string) string { return specs.Current(name) }

// Resolve turns the arguments of a command into embedded names and paths. A folder of embedded specs stands for all in it; no argument for all.
func Resolve(args []string) ([]string, error) {
	all := Names()
	if len(args) == 0 {
		return all, nil
	}
	var out []string
	for _, a := range args {
		clean := specs.Current(strings.TrimSuffix(a, "/"))
		n := len(out)
		for _, e := range all {
			if e == clean || strings.HasPrefix(e, clean+"/") {
				out = append(out, e)
			}
		}
		if len(out) > n {
			continue
		}
		st, err := os.Stat(a)
		switch {
		case err == nil && st.IsDir():
			below, err := inFolder(a)
			if err != nil {
				return nil, err
			}
			out = append(out, below...)
		case err != nil && !strings.HasSuffix(a, ".pmd"):
			return nil, unknown(a)
		default:
			out = append(out, a)
		}
	}
	return out, nil
}

// unknown is the error of a name that is no spec, with what it may be.
func unknown(name string) error {
	all := Names()
	for _, n := range all {
		if path.Base(n) == name {
			return fmt.Errorf("there is no spec %s: did you mean %s?", name, source.Quote(n))
		}
	}
	hint := source.DidYouMean(name, append(slices.Clone(all), folders()...))
	if _, err := os.Stat(name + ".pmd"); err == nil {
		hint = "did you mean " + source.Quote(name+".pmd") + "?"
	}
	if e, ok := properties.Lookup(name); ok {
		hint = e.Name + " is a property: `pmdcheck explain " + e.Name + "` says what it means"
	}
	return fmt.Errorf("there is no spec %s: %s", name, cmp.Or(hint, "see `pmdcheck list`"))
}

// folders are those of the embedded specs.
func folders() (list []string) {
	for _, n := range Names() {
		if f := path.Dir(n); !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list
}

// inFolder are the specs below a folder. What only others import is no spec of its own; what has errors is one, and says so when it is loaded.
func inFolder(folder string) (names []string, err error) {
	err = filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != folder && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".pmd"):
			return nil
		}
		if spec, err := Load(p); err != nil || !spec.Empty() {
			names = append(names, p)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there is no spec in the folder %s", folder)
	}
	return names, err
}

// maxSpec is more than the parser takes, which says where and what its limit is.
const maxSpec = 4<<20 + 1

// specSilence is how long a spec that comes through a pipe may pause.
const specSilence = 10 * time.Second

// Read reads the text of a spec from a file that may be anything.
func Read(name string) ([]byte, error) { return whole(files.Read(name, maxSpec, specSilence)) }

// ReadAll reads the text of a spec from a stream.
func ReadAll(r io.Reader) ([]byte, error) { return whole(files.All(r, maxSpec)) }

// whole leaves it to the parser to refuse what is too large.
func whole(src []byte, err error) ([]byte, error) {
	var large *files.TooLarge
	if errors.As(err, &large) {
		return src, nil
	}
	return src, err
}

// Limits are those of all specs that are loaded. The command line sets them before it loads any.
var Limits elab.Limits

// Load parses and resolves a spec by embedded name, that of before included, or path.
func Load(name string) (*elab.Spec, error) { return LoadContext(context.Background(), name) }

// LoadContext is [Load] until the context ends: then the error is an [elab.Stopped].
func LoadContext(ctx context.Context, name string) (*elab.Spec, error) {
	name = specs.Current(name)
	if Embedded(name) {
		src, err := specs.FS.ReadFile(name + ".pmd")
		if err != nil {
			return nil, err
		}
		l := &elab.Loader{Limits: Limits, Context: ctx, Library: linux.FS, ReadFile: func(p string) ([]byte, error) { return specs.FS.ReadFile(path.Clean(p)) }}
		return l.Load(name+".pmd", src)
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, errors.Unwrap(err))
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a spec", name)
	}
	src, err := Read(name)
	if err != nil {
		return nil, err
	}
	l := &elab.Loader{Limits: Limits, Context: ctx, Library: linux.FS, ReadFile: func(p string) ([]byte, error) {
		src, err := Read(p)
		if err != nil {
			err = errors.Unwrap(err) // the loader says which file
		}
		return src, err
	}}
	return l.Load(filepath.ToSlash(name), src)
}

// InRepository is where a source file is in the repository of pmdcheck, if it comes from there.
func InRepository(file string) string {
	switch {
	case strings.HasPrefix(file, "linux/"):
		return "model/" + file
	case Embedded(strings.TrimSuffix(file, ".pmd")):
		return "specs/" + file
	}
	return file
}

// Texts are the files of the library and of the embedded specs, below linux/ and specs/.
func Texts() (map[string]string, error) {
	texts := map[string]string{}
	for prefix, f := range map[string]fs.FS{"linux/": linux.FS, "specs/": specs.FS} {
		err := fs.WalkDir(f, ".", func(p string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(p, ".pmd") {
				return err
			}
			b, err := fs.ReadFile(f, p)
			texts[prefix+p] = string(b)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}
