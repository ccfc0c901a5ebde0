package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"pmdcheck/internal/files"
)

// sink is stdout or stderr: it remembers the first error, so that no command has to look at each line it prints, and lets no control character of others pass.
type sink struct {
	w    io.Writer
	mu   sync.Mutex
	err  error
	rest []byte // the beginning of a character
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	out := p
	if len(s.rest) > 0 || !harmless(p) {
		text := append(s.rest, p...)
		n := 0
		_, tty := terminal(s)
		out, n = clean(text, tty)
		s.rest = append([]byte(nil), text[n:]...)
	}
	if len(out) > 0 {
		_, s.err = s.w.Write(out)
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

// flush writes what is left of a text that ends within a character.
func (s *sink) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) > 0 && s.err == nil {
		_, s.err = fmt.Fprintf(s.w, `\x%s`, strings.ReplaceAll(fmt.Sprintf("% x", s.rest), " ", `\x`))
	}
	s.rest = nil
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
