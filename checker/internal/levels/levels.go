// Package levels searches breadth first by tasks from files to files, so that a space may be larger than a memory and the work be done by many machines that share nothing but a folder.
//
// States are in parts, by a hash of them. Each level takes two rounds of tasks, one for each part:
//
//	expand  reads the part's share of the frontier and writes where its states lead: for each part that these belong to a sorted section without repetitions
//	merge   joins these sections of all parts, leaves out what the part has visited, and writes what is new: the next frontier, and one more run of visited states
//
// (delayed duplicate detection; Stern and Dill, "Using magnetic disk instead of main memory in the Murφ verifier", CAV 1998; Korf, "Best-first frontier search with
// delayed duplicate detection", AAAI 2004). Which transitions are explored in a state, its canonical form and its part are functions of the state, so the space is the same whatever the number of parts.
//
// Every file is written under a name that nobody else uses. A task ends with a manifest that names its files; the first manifest of a task counts and is never replaced. So a task may run twice,
// late, or never finish: what no manifest names is nothing. When all tasks of a level are done, a record of the level is written, the first of which counts too. All state is in the folder.
package levels

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/sorted"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// Search is a search in a folder.
type Search struct {
	Dir    string
	Walk   func() *explore.Walk // a new one for each task
	Memory int64                // bytes for the states of one task
	Safe   bool                 // what a manifest names is on the disk before it, and not only in the memory of this machine
	Plan
	kept kept
}

// Plan is what all tasks of a search agree on.
type Plan struct {
	ID        string // of this search, so that a late task of another one in the same folder does no harm
	Parts     int
	Words     int   // of a state
	MaxStates int64 // 0: no limit
	MaxDisk   int64 // 0: no limit; bytes of files
	First     bool  // the search ends with the first level in which something is violated
}

// Level is all that is known when a level has been found: the frontier is the last run of each part.
type Level struct {
	ID          string
	Number      int
	Parts       [][]Run
	New         int64 // states of this level
	States      int64 // of all levels
	Transitions int64 // executed so far: from all states but those of this level
	Covered     bits
	Ran         bits
	Found       []Hit
	Stop        Stop  `json:",omitempty"` // why this is the last level
	Disk        int64 // bytes of runs
	Peak        int64 // bytes of all files that were needed at the same time so far
	Cost        Cost  // of finding this level from the one before it
	Total       Cost
}

// Stop is why a search ended.
type Stop string

// The reasons.
const (
	Complete  Stop = "complete"
	MaxStates Stop = "states"
	MaxDisk   Stop = "disk"
	First     Stop = "first"
)

// Cost is what tasks took.
type Cost struct {
	Successors    int64   // records written by expand
	Read, Written int64   // bytes
	Seconds       float64 // of all tasks, one after the other
}

func (c *Cost) add(o Cost) {
	c.Successors += o.Successors
	c.Read += o.Read
	c.Written += o.Written
	c.Seconds += o.Seconds
}

// Run is a file of visited states of one part, of some levels.
type Run struct {
	File          string
	From, To      int
	States, Bytes int64
}

// Hit is a violation: the moves lead there from a state of a level.
type Hit struct {
	Prop  model.PropID
	Level int
	State []uint64
	Moves []explore.Move
}

// bits are flags by number, as long as the highest that is set. They are no set of internal/bitset: files of a search have them byte by byte, and sets have one length.
type bits []byte

func (b bits) has(i int) bool { return i/8 < len(b) && b[i/8]>>(i%8)&1 != 0 }

func (b *bits) set(i int) {
	for len(*b) <= i/8 {
		*b = append(*b, 0)
	}
	(*b)[i/8] |= 1 << (i % 8)
}

func (b *bits) or(o bits) {
	for i := range 8 * len(o) {
		if o.has(i) {
			b.set(i)
		}
	}
}

// part is the owner of a state.
func (s *Search) part(st []uint64) int { return int(store.Hash(st) >> 32 * uint64(s.Parts) >> 32) }

// A note stands beside each state: the part of a parent and a few bits of its hash, by which it is found again, and in runs the level of the state.
const (
	hashBits  = 8
	partBits  = 24
	levelAt   = hashBits + partBits
	originOf  = 1<<levelAt - 1
	mostParts = 1 << 14
)

func (s *Search) origin(parent []uint64) uint64 {
	return uint64(s.part(parent))<<hashBits | shortHash(parent)
}

func shortHash(st []uint64) uint64 { return store.Hash(st) & (1<<hashBits - 1) }

// The folders.
const (
	dataDir  = "data"
	taskDir  = "tasks"
	levelDir = "levels"
)

func (s *Search) data(name string) string { return filepath.Join(s.Dir, dataDir, name) }

func (s *Search) levelFile(n int) string {
	return filepath.Join(s.Dir, levelDir, fmt.Sprintf("%06d-%s.json", n, s.ID))
}

// Init makes the folders and the first level, which is the initial state.
func (s *Search) Init() error {
	if s.Parts < 1 || s.Parts > mostParts {
		return fmt.Errorf("there may be 1 to %d parts", mostParts)
	}
	for _, d := range []string{dataDir, taskDir, levelDir} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o755); err != nil {
			return err
		}
	}
	l := &Level{ID: s.ID, New: 1, States: 1, Parts: make([][]Run, s.Parts)}
	w := s.Walk()
	step := w.Stepper(func(p model.PropID, moves []explore.Move) {
		l.Found = append(l.Found, Hit{Prop: p, Moves: moves})
	})
	st := append([]uint64{}, step.Initial()...)
	step.Done()
	for i := range l.Found {
		l.Found[i].State = st
	}
	l.Covered, l.Ran = flags(w)
	out, err := s.create(0, "merge", s.part(st), 0)
	if err != nil {
		return err
	}
	out.Section()
	out.Add(append(st, 0))
	bytes, err := out.Finish()
	if err != nil {
		return err
	}
	l.Parts[s.part(st)] = []Run{{File: filepath.Base(out.Name), States: 1, Bytes: bytes}}
	l.Disk, l.Peak = bytes, bytes
	l.Cost.Written = bytes
	l.Total = l.Cost
	if s.First && len(l.Found) > 0 {
		l.Stop = First
	}
	_, err = s.publish(s.levelFile(0), l)
	return err
}

// flags are what a walk covered and ran.
func flags(w *explore.Walk) (covered, ran bits) {
	for i := range w.Covered {
		if w.Covered[i].Load() {
			covered.set(i)
		}
	}
	n := 0
	for _, all := range w.Ran {
		for i := range all {
			if all[i].Load() {
				ran.set(n + i)
			}
		}
		n += len(all)
	}
	return covered, ran
}

// Restore tells a walk what the levels up to one covered and ran.
func (l *Level) Restore(w *explore.Walk) {
	for i := range w.Covered {
		if l.Covered.has(i) {
			w.Covered[i].Store(true)
		}
	}
	n := 0
	for _, all := range w.Ran {
		for i := range all {
			if l.Ran.has(n + i) {
				all[i].Store(true)
			}
		}
		n += len(all)
	}
}

// ErrEarly is a task whose input is not there yet.
var ErrEarly = errors.New("it is too early")

// Level is the record of a level; nil if there is none yet.
func (s *Search) Level(n int) (*Level, error) {
	l, err := document[Level](s, s.levelFile(n), n)
	if l == nil || err != nil {
		return nil, err
	}
	if l.ID != s.ID || l.Number != n || len(l.Parts) != s.Parts {
		return nil, &sorted.Damaged{Name: s.levelFile(n), Why: fmt.Sprintf("it is level %d of search %s, in %d parts", l.Number, l.ID, len(l.Parts))}
	}
	return l, nil
}

// Last is the last level that was found.
func (s *Search) Last() (*Level, error) {
	// Levels are there from the first to the last, so half of them need not be looked at.
	low, high := 0, 1
	there := func(n int) bool { _, err := os.Stat(s.levelFile(n)); return err == nil }
	if !there(0) {
		return nil, errors.New("the search has no first level: it was not begun")
	}
	for there(high) {
		low, high = high, 2*high
	}
	for low+1 < high {
		if mid := (low + high) / 2; there(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return s.Level(low)
}

// frontier is the run of the states of this level in a part, if it has any.
func (l *Level) frontier(part int) *Run {
	runs := l.Parts[part]
	if n := len(runs); n > 0 && runs[n-1].From == l.Number && runs[n-1].To == l.Number {
		return &runs[n-1]
	}
	return nil
}

// better reports whether a hit is to be shown rather than another one of the same property: of those in the same level the least state, so that it does not depend on the number of parts.
func better(a, b *Hit) bool {
	return cmp.Or(cmp.Compare(a.Level, b.Level), compareStates(a.State, b.State)) < 0
}
