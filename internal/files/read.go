package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// TooLarge is a file with more bytes than are read of such files.
type TooLarge struct{ Limit int64 }

func (e *TooLarge) Error() string { return "it is larger than " + size(e.Limit) }

func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// Unopened is how long a pipe is waited for that nobody writes to.
const Unopened = 10 * time.Second

// Read reads a file of at most limit bytes; of a larger one, which may have no end, it returns as many and a [TooLarge]. A pipe that nobody has opened for writing is given up
// after the time [Unopened], and one from which nothing comes after the time given; 0 waits for ever, which is for what may be interrupted.
func Read(name string, limit int64, silence time.Duration) ([]byte, error) {
	b, err := read(name, limit, silence, Unopened)
	if err != nil {
		return b, fmt.Errorf("cannot read %s: %w", name, bare(err))
	}
	return b, nil
}

// Open is [Read] for those that bound themselves what they read.
func Open(name string) (io.ReadCloser, error) {
	p, err := open(name, 0, Unopened)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, bare(err))
	}
	return p, nil
}

func read(name string, limit int64, silence, unopened time.Duration) ([]byte, error) {
	p, err := open(name, silence, unopened)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return All(p, limit)
}

func open(name string, silence, unopened time.Duration) (*patient, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && st.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &patient{f: f, pipe: st.Mode()&fs.ModeNamedPipe != 0, until: time.Now().Add(unopened), silence: silence}, nil
}

// All reads at most limit bytes, and returns a [TooLarge] with these if there are more.
func All(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], &TooLarge{limit}
	}
	return b, err
}

// patient waits for what comes through a pipe or from a device, but not for ever.
type patient struct {
	f       *os.File
	pipe    bool
	begun   bool      // something came
	until   time.Time // a pipe without a writer is waited for
	silence time.Duration
}

func (p *patient) Close() error { return p.f.Close() }

func (p *patient) Read(b []byte) (int, error) {
	for {
		if p.silence > 0 {
			_ = p.f.SetReadDeadline(time.Now().Add(p.silence)) // not every file can wait
		}
		n, err := p.f.Read(b)
		p.begun = p.begun || n > 0
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return n, fmt.Errorf("nothing came for %v", p.silence)
		case errors.Is(err, io.EOF) && p.pipe && !p.begun:
			// That is what a pipe says while nobody has opened it for writing.
			if time.Now().After(p.until) {
				return n, errors.New("nothing came through the pipe")
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		return n, err
	}
}
