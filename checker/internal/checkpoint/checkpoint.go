// Package checkpoint keeps one file that is always whole: a new one is written beside it, forced to the disk, and renamed into place. It knows nothing of what it keeps
// but whether it is undamaged.
//
// A file is the line [magic], a line of JSON ([Header]), what the caller writes, and the SHA-256 of all that.
package checkpoint

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// magic ends in the number of the format. Format 1 had digests that did not say everything of a model.
const magic = "pmdcheck checkpoint, format 2\n"

// Header says what a checkpoint belongs to. It can be used only where all of it is the same.
type Header struct {
	Version string `json:"version"` // of the program
	Digest  string `json:"digest"`  // of the elaborated model
	Options string `json:"options"` // that change what is searched
}

// Error is a checkpoint that cannot be used.
type Error struct{ Why string }

func (e *Error) Error() string { return e.Why }

// File is what is needed of a file.
type File interface {
	io.Writer
	Name() string
	Sync() error
	Close() error
}

// Disk makes the file that is written first. It is for tests; nil is the real one.
type Disk func(dir, pattern string) (File, error)

// Write replaces the checkpoint with the given name. If it fails, the old one is as it was.
func Write(disk Disk, name string, h Header, body func(io.Writer) error) (err error) {
	if disk == nil {
		disk = func(dir, pattern string) (File, error) { return os.CreateTemp(dir, pattern) }
	}
	dir := filepath.Dir(name)
	f, err := disk(dir, "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", magic, head); err != nil {
		return err
	}
	if err := body(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := f.Write(sum.Sum(nil)); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Rename(f.Name(), name)); err != nil {
		return err
	}
	// The name lasts when the folder does. Not every system can force a folder to the disk.
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
	return nil
}

// Tidy removes what a write that was killed has left beside a checkpoint.
func Tidy(name string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"-*"))
	for _, f := range left {
		os.Remove(f)
	}
}

// Open checks a checkpoint from its first to its last byte, compares its header, and returns what was written.
func Open(name string, want Header) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{"there is no checkpoint " + name}
		}
		return nil, err
	}
	r, err := open(f, name, want)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func open(f *os.File, name string, want Header) (io.ReadCloser, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	first := make([]byte, len(magic))
	if _, err := io.ReadFull(f, first); err != nil || string(first) != magic {
		if bytes.HasPrefix(first, []byte("pmdcheck checkpoint, format ")) {
			return nil, &Error{name + " is a checkpoint of another format than this program writes: start the search anew"}
		}
		return nil, &Error{name + " is not a checkpoint, or its beginning is damaged"}
	}
	body := st.Size() - sha256.Size
	if body < int64(len(magic)) {
		return nil, &Error{name + " is cut off"}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, f, body); err != nil {
		return nil, err
	}
	kept, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(kept, sum.Sum(nil)) {
		return nil, &Error{name + " is cut off or damaged: its checksum does not fit"}
	}
	if _, err := f.Seek(int64(len(magic)), io.SeekStart); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(io.LimitReader(f, body-int64(len(magic))), 1<<16)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, &Error{name + " has no header"}
	}
	var h Header
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, &Error{name + " has a header that cannot be read"}
	}
	switch {
	case h.Version != want.Version:
		return nil, &Error{fmt.Sprintf("%s was written by another version of the program (%s; this is %s)", name, h.Version, want.Version)}
	case h.Digest != want.Digest:
		return nil, &Error{name + " is of another model: the spec has changed since"}
	case h.Options != want.Options:
		return nil, &Error{fmt.Sprintf("%s was made with other options (%s; now %s)", name, h.Options, want.Options)}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}
