// Package catalog finds specs: those that are embedded by their names, others as files, and loads them with what they import.
package catalog

import (
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

// Files are the specs that arguments name, those below a folder among them, and which files have to be watched for changes of these.
func Files(args []string) (names, onDisk []string, err error) {
	for _, arg := range args {
		st, serr := os.Stat(arg)
		switch {
		case serr != nil || Embedded(arg):
			names = append(names, arg)
		case !st.IsDir():
			names, onDisk = append(names, arg), append(onDisk, arg)
		default:
			err := filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				if d.IsDir() && p != arg && strings.HasPrefix(d.Name(), ".") {
					return fs.SkipDir
				}
				if strings.HasSuffix(p, ".pmd") && !d.IsDir() {
					onDisk = append(onDisk, p)
					// What only others import is no spec of its own; what has errors is shown with them.
					if spec, err := Load(p); err != nil || !spec.Empty() {
						names = append(names, p)
					}
				}
				return nil
			})
			if err != nil {
				return nil, nil, err
			}
		}
	}
	if len(names) == 0 {
		return nil, onDisk, fmt.Errorf("there is no spec in %s", strings.Join(args, ", "))
	}
	return names, onDisk, nil
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
