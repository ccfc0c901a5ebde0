package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pmdcheck/checker/report"
	"pmdcheck/internal/page"
	"pmdcheck/internal/suite/catalog"
)

// mostShown is how much memory traces, state machines and sources may take of what is on show; what is beyond it is shown without.
const mostShown = 192 << 20

// shown is what is known of the specs on show. Each is checked by itself, so that none keeps another from being shown.
type shown struct {
	title string

	mu     sync.Mutex
	number int // rises with every change, so that an open page knows that it is old
	specs  map[string]*shownSpec
	page   []byte // of a number, when somebody has asked for it
	of     int
	size   int64
}

// shownSpec is one spec.
type shownSpec struct {
	stamp    string // of its files
	files    []string
	checked  bool
	doc      *report.Document
	sources  map[string]page.Spec
	evidence map[int]page.Evidence
	notice   string
	size     int64
}

// specsBelow lists the specs that arguments name, without reading any.
func specsBelow(args []string) (names []string, errs error) {
	var bad []error
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil || !st.IsDir() {
			names = append(names, arg) // a file, an embedded spec, or nothing, which is told when it is checked
			continue
		}
		err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // gone in the meantime
			case err != nil:
				return err
			case d.IsDir() && p != arg && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case !d.IsDir() && strings.HasSuffix(p, ".pmd"):
				names = append(names, p)
			}
			return nil
		})
		bad = append(bad, err)
	}
	slices.Sort(names)
	return slices.Compact(names), errors.Join(bad...)
}

// stamp is what changes when one of the files does.
func stamp(files []string) string {
	var b strings.Builder
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			fmt.Fprintf(&b, "%s gone\n", f)
			continue
		}
		fmt.Fprintf(&b, "%s %v %d %v\n", f, st.ModTime().UnixNano(), st.Size(), st.Mode())
	}
	return b.String()
}

// update takes in which specs there are, and returns those that have to be checked, the latest changed first.
func (s *shown) update(names []string) (todo []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, x := range s.specs {
		if !slices.Contains(names, name) {
			s.size -= x.size
			delete(s.specs, name)
			s.number++
		}
	}
	when := map[string]time.Time{}
	for _, name := range names {
		x := s.specs[name]
		if x == nil {
			x = &shownSpec{files: []string{name}}
			s.specs[name] = x
		}
		if x.checked && x.notice == "" && x.stamp == stamp(x.files) {
			continue
		}
		if x.checked && x.notice != "" && x.stamp == stamp(x.files) && !strings.Contains(x.notice, "missing-import") {
			continue
		}
		todo = append(todo, name)
		if st, err := os.Stat(name); err == nil {
			when[name] = st.ModTime()
		}
	}
	slices.SortStableFunc(todo, func(a, b string) int { return when[b].Compare(when[a]) })
	return todo
}

// check checks one spec.
func (s *server) check(name string) {
	x := &shownSpec{files: []string{name}, checked: true}
	fail := func(err error) {
		x.notice = explained(err)
		s.app.explainError(err)
	}
	if st, err := os.Stat(name); !catalog.Embedded(name) && (err != nil || !st.Mode().IsRegular()) {
		if err == nil {
			err = fmt.Errorf("%s is not a regular file", name)
		}
		fail(err)
	} else if spec, err := catalog.Load(name); err != nil {
		fail(err)
	} else if !spec.Empty() { // what only others import is no spec of its own
		if !catalog.Embedded(name) {
			x.files = nil
			for _, f := range spec.Files.All() {
				if _, err := os.Stat(f.Name); err == nil {
					x.files = append(x.files, f.Name)
				}
			}
		}
		x.stamp = stamp(x.files)
		f := *s.flags
		f.everyTrace, f.quiet = true, true
		f.outputs.json = "-" // nothing on stdout
		quiet := &app{in: s.app.in, out: io.Discard, err: s.app.err}
		doc, err := quiet.explore([]string{name}, &f)
		if err != nil {
			fail(err)
		} else {
			x.doc, x.sources, x.evidence = doc, f.kept.Specs, f.kept.Evidence
			t := doc.Summary
			fmt.Fprintf(s.app.err, "%s: %s\n", name, t)
		}
	}
	if x.stamp == "" {
		x.stamp = stamp(x.files)
	}
	x.size = sizeOf(x)
	s.put(name, x)
}

// now is the number of what is on show.
func (s *shown) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

// folders are those of all files that count.
func (s *shown) folders() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]bool{}
	for _, x := range s.specs {
		for _, f := range x.files {
			out[filepath.Dir(f)] = true
		}
	}
	return out
}

// sizeOf is about how much memory a spec on show takes.
func sizeOf(x *shownSpec) int64 {
	n := int64(len(x.notice))
	for _, v := range []any{x.doc, x.sources, x.evidence} {
		b, _ := json.Marshal(v)
		n += 2 * int64(len(b))
	}
	return n
}

// put shows a spec in the place of what was known of it.
func (s *shown) put(name string, x *shownSpec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.specs[name]; old != nil {
		s.size -= old.size
	}
	if s.size+x.size > mostShown && x.doc != nil {
		x.doc, x.evidence = x.doc.Bare(), nil
		for n := range x.sources {
			x.sources[n] = page.Spec{Doc: x.sources[n].Doc}
		}
		x.size = sizeOf(x)
	}
	s.size += x.size
	s.specs[name] = x
	s.number++
}

// html is the page with all that is known, and its number.
func (s *shown) html() ([]byte, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.page != nil && s.of == s.number {
		return s.page, s.number, nil
	}
	in := page.Input{Title: s.title, Runs: "/run", Live: "/changed?v=" + strconv.Itoa(s.number), Specs: map[string]page.Spec{}, Evidence: map[int]page.Evidence{}}
	doc := report.NewDocument(0)
	var waiting int
	var notice strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.specs)) {
		x := s.specs[name]
		if !x.checked {
			waiting++
		}
		if notice.Len() < 1<<20 {
			notice.WriteString(x.notice)
		}
		if x.doc == nil {
			continue
		}
		maps.Copy(in.Specs, x.sources)
		for _, e := range x.doc.Results {
			n := len(doc.Results) + 1
			if ev, ok := x.evidence[e.Number]; ok {
				in.Evidence[n] = ev
			}
			e.Number = n
			doc.Add(e)
		}
		for _, w := range x.doc.Warnings {
			doc.Warn(w.Spec, w.Text)
		}
	}
	doc.Configurations = len(doc.Results)
	if waiting > 0 {
		fmt.Fprintf(&notice, "%d of %d specs are still to be checked.\n", waiting, len(s.specs))
	}
	in.Document, in.Notice = doc, notice.String()
	var b bytes.Buffer
	if err := page.Write(&b, in); err != nil {
		return nil, s.number, err
	}
	s.page, s.of = b.Bytes(), s.number
	return s.page, s.number, nil
}
