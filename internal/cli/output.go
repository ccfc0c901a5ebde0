package cli

import (
	"bytes"
	"io"
	"os"

	"pmdcheck/internal/files"
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

// output writes to a file, or to stdout for "-" and "".
func (a *app) output(name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		return write(a.out)
	}
	return files.Write(name, write)
}

// maxKept is how much a file may have to which something is appended. GitHub takes a summary of 1 MiB.
const maxKept = 64 << 20

// appendTo writes behind what a file has. Only of a regular file there is something to be kept.
func (a *app) appendTo(name string, write func(io.Writer) error) error {
	var before []byte
	if st, err := os.Stat(name); name != "-" && err == nil && st.Mode().IsRegular() {
		if before, err = files.Read(name, maxKept, 0); err != nil {
			return err
		}
		if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
			before = append(before, '\n')
		}
	}
	return a.output(name, func(w io.Writer) error {
		if _, err := w.Write(before); err != nil {
			return err
		}
		return write(w)
	})
}
