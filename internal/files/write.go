// Package files reads and writes files whose names come from a user, which may be anything: devices, pipes, links, files without an end.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"pmdcheck/internal/interrupt"
)

// Write writes a whole file or none: to a temporary file beside it, renamed into place. Neither an error nor a panic of write, nor a signal leaves anything behind. Links are followed;
// a device or pipe is written to as it is.
func Write(name string, write func(io.Writer) error) error {
	t, err := find(name)
	if err != nil {
		return cannotWrite(name, err)
	}
	if t.special {
		return cannotWrite(name, t.through(write))
	}
	return cannotWrite(name, t.replace(write))
}

// CanWrite finds out whether files can be written, as far as that can be told without writing to them. Names "" and "-" are none.
func CanWrite(names ...string) error {
	var errs []error
	for _, name := range names {
		if name == "" || name == "-" {
			continue
		}
		t, err := find(name)
		if err == nil && !t.special {
			var f *temporary
			if f, err = newTemporary(t.name); err == nil {
				f.drop()
			}
		}
		errs = append(errs, cannotWrite(name, err))
	}
	return errors.Join(errs...)
}

// target is where a name leads.
type target struct {
	name    string // behind all links
	special bool   // it exists and is not a regular file
	mode    fs.FileMode
}

// mostLinks is how many links may lead from one to another, as in Linux.
const mostLinks = 40

func find(name string) (target, error) {
	t := target{name: name, mode: 0o644}
	for range mostLinks {
		st, err := os.Lstat(t.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return t, nil // where a link leads to, there may be nothing yet
		case err != nil:
			return t, err
		case st.Mode()&fs.ModeSymlink != 0:
			// The system itself may follow a link that has no path, as /dev/stdout has when it is a pipe.
			if st, err := os.Stat(t.name); err == nil && !st.IsDir() && !st.Mode().IsRegular() {
				t.special = true
				return t, nil
			}
			to, err := os.Readlink(t.name)
			if err != nil {
				return t, err
			}
			if !filepath.IsAbs(to) {
				// ".." in a link is that of the folder behind all links.
				dir, err := filepath.EvalSymlinks(filepath.Dir(t.name))
				if err != nil {
					return t, err
				}
				to = filepath.Join(dir, to)
			}
			t.name = to
		case st.IsDir():
			return t, errors.New("it is a folder")
		default:
			t.special, t.mode = !st.Mode().IsRegular(), st.Mode().Perm()
			return t, nil
		}
	}
	return t, errors.New("too many links lead from one to another")
}

// through writes to what is there.
func (t target) through(write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(t.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}

func (t target) replace(write func(io.Writer) error) error {
	f, err := newTemporary(t.name)
	if err != nil {
		return err
	}
	defer f.drop()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(t.mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), t.name)
}

// temporary is a file that is not left behind.
type temporary struct {
	*os.File
	done func()
}

// newTemporary makes a file beside one with the given name.
func newTemporary(name string) (*temporary, error) {
	f, done, err := create(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	return &temporary{f, done}, nil
}

// create makes a file that a signal takes away, also one that comes before its name is known here.
func create(dir string) (f *os.File, done func(), err error) {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	done = interrupt.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if f != nil {
			os.Remove(f.Name())
		}
	})
	if f, err = os.CreateTemp(dir, ".pmdcheck-*"); err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

// drop removes the file, if it has not been renamed.
func (t *temporary) drop() {
	t.Close()
	os.Remove(t.Name())
	t.done()
}

// Spool is a file without a name, for what has to be kept until it can be written as a whole. However the process ends, it is gone.
type Spool struct {
	*os.File
	left bool // the system does not remove what is open
	done func()
}

// NewSpool makes one beside a file with the given name, where there has to be room for it anyway; beside a device in the folder for temporary files.
func NewSpool(name string) (*Spool, error) {
	t, err := find(name)
	if err != nil {
		return nil, cannotWrite(name, err)
	}
	dir := filepath.Dir(t.name)
	if t.special {
		dir = os.TempDir()
	}
	f, done, err := create(dir)
	if err != nil {
		return nil, cannotWrite(name, err)
	}
	s := &Spool{File: f, left: os.Remove(f.Name()) != nil, done: done}
	if !s.left {
		s.done()
	}
	return s, nil
}

// CopyTo writes what was written, from its beginning.
func (s *Spool) CopyTo(w io.Writer) error {
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.File)
	return err
}

// Close ends the file.
func (s *Spool) Close() error {
	err := s.File.Close()
	if s.left {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	s.done()
	return err
}

// cannotWrite names the file the user knows, and not the temporary one.
func cannotWrite(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write %s: %w", name, bare(err))
}

// bare is an error without the name of a file.
func bare(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}
