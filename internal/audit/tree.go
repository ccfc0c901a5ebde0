// Package audit holds the kernel library against a kernel tree: whether what it refers to is where it says, who else calls what it models, what the Kconfig files say of each
// architecture, and what the bodies it models do. It only reads, needs no build and no configuration, and proves nothing about the tree.
package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"pmdcheck/internal/csource"
	"pmdcheck/internal/pool"
)

// Release is what a tree's Makefile says it is.
type Release struct {
	Version, Patch, Sub int
	Extra               string
}

func (r Release) String() string {
	return fmt.Sprintf("%d.%d.%d%s", r.Version, r.Patch, r.Sub, r.Extra)
}

// Number is the release as the library writes it: 612 for v6.12 and all its stable releases.
func (r Release) Number() int { return 100*r.Version + r.Patch }

// tree is where the files of a kernel are read from.
type tree interface {
	// makefile is the text of the Makefile, or an error that is fs.ErrNotExist.
	makefile() ([]byte, error)
	// each reads every file once, in parallel, and calls f with it. It returns how many there were, and which could not be read.
	each(all bool, f func(name string, text []byte)) (n int, unread []string)
	// String names the tree in errors.
	String() string
}

// folder is a tree that is checked out.
type folder string

func (d folder) String() string            { return string(d) }
func (d folder) makefile() ([]byte, error) { return readFile(string(d), "Makefile") }

// readRelease reads VERSION and so on from the Makefile of a tree.
func readRelease(t tree) (Release, error) {
	var r Release
	text, err := t.makefile()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return r, fmt.Errorf("%s is no kernel tree: it has no Makefile", t)
		}
		return r, err
	}
	found := 0
	for _, line := range strings.SplitN(string(text), "\n", 40) {
		name, val, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		val = strings.TrimSpace(val)
		n, err := strconv.Atoi(val)
		switch name = strings.TrimSpace(name); {
		case name == "EXTRAVERSION":
			r.Extra = val
		case err != nil || n < 0 || n > 999:
		case name == "VERSION":
			r.Version = n
			found |= 1
		case name == "PATCHLEVEL":
			r.Patch = n
			found |= 2
		case name == "SUBLEVEL":
			r.Sub = n
		}
	}
	if found != 3 {
		return r, fmt.Errorf("%s is no kernel tree: its Makefile has no VERSION and PATCHLEVEL", t)
	}
	return r, nil
}

// readFile reads a regular file of the tree up to the size that is read at all; symbolic links are not followed, so nothing outside of the tree is read.
func readFile(dir, name string) ([]byte, error) {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if st, err := os.Lstat(full); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(full)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > csource.MaxFile {
		return nil, fmt.Errorf("%s: %d MB are too many", name, st.Size()>>20)
	}
	b := make([]byte, st.Size()+1)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// Parts of a tree that are read. Functions that the library is about are called from there; `All` reads everything else as well.
var (
	parts       = []string{"mm", "kernel", "virt", "io_uring", "ipc", "fs", "include/linux", "include/asm-generic", "arch", "lib"}
	neverParts  = []string{"Documentation", "tools", "scripts", "samples", "LICENSES", "certs", "usr", "rust"}
	fsParts     = []string{"proc", "hugetlbfs"} // below fs, and the files in it
	notArch     = []string{"boot", "configs", "crypto", "tools", "math-emu", "net", "pci", "platforms", "power", "vdso", "um"}
	notBelow    = []string{"fs", "lib"} // only their own files, and fsParts
	notArchPref = []string{"mach-", "plat-"}
)

// wanted tells whether a folder is gone into.
func wanted(dir string, all bool) bool {
	p := strings.Split(dir, "/")
	if slices.Contains(neverParts, p[0]) || strings.HasPrefix(path.Base(dir), ".") {
		return false
	}
	if all {
		return true
	}
	switch {
	case p[0] == "include":
		return len(p) < 2 || p[1] == "linux" || p[1] == "asm-generic"
	case slices.Contains(notBelow, p[0]):
		return len(p) < 2 || p[0] == "fs" && slices.Contains(fsParts, p[1])
	case p[0] == "arch" && len(p) == 3:
		return !slices.Contains(notArch, p[2]) && !slices.ContainsFunc(notArchPref, func(s string) bool { return strings.HasPrefix(p[2], s) })
	}
	return slices.Contains(parts, p[0])
}

// readable tells whether a file is read: C, and Kconfig.
func readable(name string) (c, kconfig bool) {
	base := path.Base(name)
	kconfig = strings.HasPrefix(base, "Kconfig")
	return !kconfig && (strings.HasSuffix(base, ".c") || strings.HasSuffix(base, ".h")), kconfig
}

// taken tells whether a file of a folder that is gone into is read.
func taken(name string) bool {
	c, k := readable(name)
	return (c || k) && strings.Contains(name, "/")
}

// walk sends the names of the files to be read, in no order, and returns what could not be looked at.
func walk(dir string, all bool, names chan<- string) (unread []string) {
	defer close(names)
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(dir, p)
		if rerr != nil || rel == "." {
			if err != nil {
				unread = append(unread, ".: "+err.Error())
			}
			return nil
		}
		rel = filepath.ToSlash(rel)
		if err != nil {
			unread = append(unread, rel+": cannot be read")
			return nil
		}
		if d.IsDir() {
			if !wanted(rel, all) {
				return fs.SkipDir
			}
			return nil
		}
		if !taken(rel) {
			return nil
		}
		if !d.Type().IsRegular() {
			return nil // a link leads to something that is read where it is, or out of the tree
		}
		names <- rel
		return nil
	})
	return unread
}

// readers is how many files are read at a time: reading waits, also for disks that do many things at once.
func readers() int { return 4 * runtime.GOMAXPROCS(0) }

func (d folder) each(all bool, f func(name string, text []byte)) (n int, unread []string) {
	dir := string(d)
	names := make(chan string, 64)
	var bad []string
	var mu sync.Mutex
	join := pool.Drain(readers(), names, func(name string) {
		text, err := readFile(dir, name)
		mu.Lock()
		n++
		if err != nil {
			bad = append(bad, name+": "+strings.TrimPrefix(reason(err), name+": "))
		}
		mu.Unlock()
		if err == nil {
			f(name, text)
		}
	})
	unread = walk(dir, all, names)
	join()
	unread = append(unread, bad...)
	slices.Sort(unread)
	return n, unread
}

// reason is an error without the path of this machine.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
