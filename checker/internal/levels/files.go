package levels

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/checker/internal/sorted"
)

// NewID is a name that nobody else has.
func NewID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // does not fail
	return hex.EncodeToString(b[:])
}

// output is a file of states that is being written.
type output struct {
	*sorted.Writer
	Name string
}

// create begins a file of a task. Its name tells the level and the task, and is of this attempt.
func (s *Search) create(level int, task string, part int, room int64) (*output, error) {
	name := s.data(fmt.Sprintf("%06d-%s-%d-%s-%s", level, task, part, s.ID, NewID()))
	w, err := sorted.Create(name, s.Words, room)
	if err != nil {
		return nil, err
	}
	return &output{w, name}, nil
}

func (s *Search) open(name string) (*sorted.File, error) { return sorted.Open(s.data(name), s.Words) }

// publish gives a document its name, unless there is one already: then that one counts. It reports whether it was the first.
func (s *Search) publish(name string, v any) (first bool, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".new-*") // the name tells the level, by which it is swept
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(append(b, '\n')); err == nil && s.Safe {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	// Unlike a renamed file, a link never takes the place of another one.
	err = os.Link(f.Name(), name)
	if errors.Is(err, fs.ErrExist) {
		// Over a network the answer to a link that was made may be lost, and asking again finds it there. A manifest has names of this attempt, so no other is the same.
		there, err := os.ReadFile(name)
		return err == nil && bytes.Equal(there, append(b, '\n')), nil
	}
	if err != nil {
		return false, fmt.Errorf("the folder has to be on a file system with hard links: %w", err)
	}
	if s.Safe {
		if d, err := os.Open(filepath.Dir(name)); err == nil {
			_ = d.Sync() // not every file system can
			d.Close()
		}
	}
	return true, nil
}

// read reads a document, if it is there.
func (s *Search) read(name string, v any) (there bool, err error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("%s is damaged: %w", name, err)
	}
	return true, nil
}

// sweep takes away what is needed no more once a level is known: files of tasks of levels before it that it does not name. A task that is late and still reads one of them fails,
// and is not missed.
func (s *Search) sweep(l *Level) {
	keep := map[string]bool{}
	for _, runs := range l.Parts {
		for _, r := range runs {
			keep[r.File] = true
		}
	}
	for _, dir := range []string{dataDir, taskDir} {
		entries, _ := os.ReadDir(filepath.Join(s.Dir, dir))
		for _, e := range entries {
			if n, ok := levelOf(e.Name()); ok && n < l.Number+made(dir, e.Name()) && !keep[e.Name()] {
				os.Remove(filepath.Join(s.Dir, dir, e.Name()))
			}
		}
	}
}

// made is 1 for the states that a merge has written, whose name has the level that they are of, which is the next.
func made(dir, name string) int {
	if dir == dataDir && strings.Contains(name, "-merge-") {
		return 1
	}
	return 0
}

func levelOf(name string) (int, bool) {
	number, _, ok := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	return n, ok && err == nil && len(number) >= 6
}

// Used is how many bytes the files of states take, those of tasks that did not end among them.
func (s *Search) Used() (total int64) {
	entries, _ := os.ReadDir(filepath.Join(s.Dir, dataDir))
	for _, e := range entries {
		if st, err := e.Info(); err == nil {
			total += st.Size()
		}
	}
	return total
}

func compareStates(a, b []uint64) int { return slices.Compare(a, b) }
