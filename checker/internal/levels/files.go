package levels

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
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
	s    *Search
}

// Finish gives the file its name.
func (o *output) Finish() (int64, error) {
	n, err := o.Writer.Finish(o.s.Safe)
	if err == nil {
		o.s.kept.keep(filepath.Base(o.Name), o.Whole())
	}
	return n, err
}

// create begins a file of a task. Its name tells the level and the task, and is of this attempt.
func (s *Search) create(level int, task string, part int, room int64) (*output, error) {
	name := s.data(fmt.Sprintf("%06d-%s-%d-%s-%s", level, task, part, s.ID, NewID()))
	w, err := sorted.Create(name, s.Words, room)
	if err != nil {
		return nil, err
	}
	return &output{w, name, s}, nil
}

// publish gives a document its name, unless there is one already: then that one counts. It reports whether it was the first.
func (s *Search) publish(name string, v any) (first bool, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	b = seal(b)
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".new-*") // the name tells the level, by which it is swept
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(b); err == nil && s.Safe {
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
		return err == nil && bytes.Equal(there, b), nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // it was taken away, as the level is over
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
	doc, _, _ := bytes.Cut(b, []byte("\n"))
	if !bytes.Equal(b, seal(doc)) {
		return false, &sorted.Damaged{Name: name, Why: "its checksum is another"}
	}
	if err := json.Unmarshal(doc, v); err != nil {
		return false, &sorted.Damaged{Name: name, Why: err.Error()}
	}
	return true, nil
}

// seal adds a line with a checksum to a document of one line.
func seal(doc []byte) []byte {
	return fmt.Appendf(doc[:len(doc):len(doc)], "\n\"crc32c %08x\"\n", crc32.Checksum(doc, castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sweep takes away what is needed no more once a level is known: files of tasks of levels before it that it does not name. A task that is late and still reads one of them fails,
// and is not missed.
func (s *Search) sweep(l *Level) {
	keep := map[string]bool{}
	for _, runs := range l.Parts {
		for _, r := range runs {
			keep[r.File] = true
		}
	}
	s.kept.forget(keep)
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
