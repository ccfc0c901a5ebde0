package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sink is stdout: it remembers the first error, so that no command has to look at each line it prints.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

// writeFile writes a whole file or none: to a temporary file beside it, renamed into place. A device or pipe is written to as it is, a link is followed.
func writeFile(name string, write func(io.Writer) error) (err error) {
	mode := fs.FileMode(0o644)
	if st, serr := os.Stat(name); serr == nil {
		switch {
		case st.IsDir():
			return fmt.Errorf("cannot write %s: it is a folder", name)
		case !st.Mode().IsRegular():
			return writeDevice(name, write)
		}
		mode = st.Mode().Perm()
		if real, rerr := filepath.EvalSymlinks(name); rerr == nil {
			name = real
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".pmdcheck-*")
	if err != nil {
		return cannotWrite(name, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		f.Close()
		return cannotWrite(name, err)
	}
	if err := errors.Join(f.Chmod(mode), f.Close()); err != nil {
		return cannotWrite(name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return cannotWrite(name, err)
	}
	return nil
}

func writeDevice(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return cannotWrite(name, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return cannotWrite(name, err)
	}
	return nil
}

// cannotWrite names the file the user knows, and not the temporary one.
func cannotWrite(name string, err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return fmt.Errorf("cannot write %s: %w", name, pe.Err)
	case errors.As(err, &le):
		return fmt.Errorf("cannot write %s: %w", name, le.Err)
	}
	return fmt.Errorf("cannot write %s: %w", name, err)
}

// output writes to a file, or to stdout for "-" and "".
func (a *app) output(name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		return write(a.out)
	}
	return writeFile(name, write)
}

// canWrite finds out before a long run whether its outputs can be written.
func canWrite(names ...string) error {
	var errs []error
	for _, name := range names {
		if name == "" || name == "-" {
			continue
		}
		if st, err := os.Stat(name); err == nil && !st.IsDir() && !st.Mode().IsRegular() {
			continue
		} else if err == nil && st.IsDir() {
			errs = append(errs, fmt.Errorf("cannot write %s: it is a folder", name))
			continue
		}
		f, err := os.CreateTemp(filepath.Dir(name), ".pmdcheck-*")
		if err != nil {
			errs = append(errs, cannotWrite(name, err))
			continue
		}
		f.Close()
		os.Remove(f.Name())
	}
	return errors.Join(errs...)
}
