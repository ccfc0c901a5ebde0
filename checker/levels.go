package checker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pmdcheck/checker/internal/explore"
	"pmdcheck/checker/internal/levels"
	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/sorted"
	"pmdcheck/model"
)

// LevelOptions say how a search by levels is cut into tasks.
type LevelOptions struct {
	Parts   int
	MaxDisk int64  // 0: no limit; bytes of files
	ID      string // of the search; see [NewLevelID]
	Safe    bool   // what a task has done is on the disk before it says so
}

// NewLevelID is a name for a search that no other one has.
func NewLevelID() string { return levels.NewID() }

// ErrLevelEarly is a task whose input is not there yet.
var ErrLevelEarly = levels.ErrEarly

// Levels is a breadth-first search by tasks from files to files in a folder, for spaces that fit into no memory, and for many machines. Its states and transitions are those of [Check]. All state is in the folder: any
// number of processes may have the search open, do tasks twice, and end at any moment.
type Levels struct {
	c *check
	s *levels.Search
}

// OpenLevels prepares a system for a search in a folder. The options are those of [Check] that say what is searched, and Memory is that of one task.
func OpenLevels(ctx context.Context, sys *model.System, opts Options, lo LevelOptions, dir string) (*Levels, error) {
	if err := opts.normalize(); err != nil {
		return nil, err
	}
	if opts.Store != StoreExact || opts.Swarm > 0 || opts.Verify || opts.Explain || opts.Checkpoint != "" || opts.Spill != "" || opts.Rest != nil {
		return nil, errors.New("a search by levels has an exact store, and keeps everything in its folder: no random walks, no checking or explaining the reduction, no checkpoints, no spilling")
	}
	if q := checksRaces(sys); q != nil {
		if sys.Memory != nil {
			return nil, errors.New("a search by levels does not decide data races under weak memory, which are a question about the system without store buffers: search that")
		}
		opts.Reduction, opts.Symmetry = ReductionNone, SymmetryOff
	}
	c := newCheck(sys, opts)
	if stop, err := c.prepare(ctx); err != nil {
		return nil, err
	} else if stop != explore.Complete {
		return nil, fmt.Errorf("the search was not prepared: %s", reasons[stop])
	}
	s := &levels.Search{Dir: dir, Memory: opts.Memory, Safe: lo.Safe, Plan: levels.Plan{
		ID: lo.ID, Parts: lo.Parts, Words: c.prog.Words, MaxStates: opts.MaxStates, MaxDisk: lo.MaxDisk, First: opts.First,
	}}
	s.Walk = func() *explore.Walk { return c.walk(func(explore.Found) bool { return false }) }
	return &Levels{c, s}, nil
}

// LevelSearched identifies what a search by levels searches: processes that have another answer must not work on the same folder.
func LevelSearched(sys *model.System, opts Options) (string, error) {
	if err := opts.normalize(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %s, %s", version(), sys.Digest(), opts.searched()), nil
}

// Init begins the search.
func (l *Levels) Init() error { return l.s.Init() }

// Level says how far a search has come.
type Level struct {
	Number         int   // of the level that was found last
	New            int64 // states in it
	States         int64 // in all levels
	Transitions    int64
	Violated       []string // properties
	Stop           string   // why it is the last level, if it is
	Disk, Peak     int64    // bytes of files now, and at most
	Used           int64    // bytes in the folder, with those of tasks that did not end
	Cost, Total    LevelCost
	PartsWithState int
	l              *levels.Level
}

// LevelCost is what the tasks of one level or of all took.
type LevelCost struct {
	Successors    int64   // without those that a task met twice
	Read, Written int64   // bytes
	Seconds       float64 // of all tasks, one after the other
}

func (l *Levels) level(x *levels.Level) *Level {
	out := &Level{
		Number: x.Number, New: x.New, States: x.States, Transitions: x.Transitions, Stop: string(x.Stop), Disk: x.Disk, Peak: x.Peak,
		Cost: LevelCost(x.Cost), Total: LevelCost(x.Total), l: x,
	}
	for _, h := range x.Found {
		out.Violated = append(out.Violated, l.c.sys.Props[h.Prop].Name)
	}
	for _, runs := range x.Parts {
		if n := len(runs); n > 0 && runs[n-1].From == x.Number {
			out.PartsWithState++
		}
	}
	return out
}

// Last is the level that was found last.
func (l *Levels) Last() (*Level, error) {
	x, err := l.s.Last()
	if err != nil {
		return nil, err
	}
	out := l.level(x)
	out.Used = l.s.Used()
	return out, nil
}

// Level is a level by its number, or nil if it was not found yet.
func (l *Levels) Level(n int) (*Level, error) {
	x, err := l.s.Level(n)
	if x == nil || err != nil {
		return nil, err
	}
	return l.level(x), nil
}

// Tasks are what is left to be done in the last level: the round, "expand" or "merge", and the parts. With no parts it is time for Advance.
func (l *Levels) Tasks(x *Level) (round string, parts []int, err error) { return l.s.Tasks(x.l) }

// Advance ends a level of which all tasks are done, and returns the next.
func (l *Levels) Advance(x *Level) (*Level, error) {
	next, err := l.s.Advance(x.l)
	if err != nil {
		return nil, err
	}
	return l.level(next), nil
}

// Expand does a task of the round "expand". It does nothing if that was done.
func (l *Levels) Expand(ctx context.Context, level, part int) error {
	return l.s.Expand(ctx, level, part)
}

// Merge does a task of the round "merge". It does nothing if that was done.
func (l *Levels) Merge(ctx context.Context, level, part int) error {
	return l.s.Merge(ctx, level, part)
}

// ReasonLiveness is a liveness property that a search by levels leaves open: followed by a colon and why.
const ReasonLiveness Reason = "liveness"

// undecided is why liveness is left open; "" if it is decided, or there is none.
func (c *check) undecided() Reason {
	switch {
	case len(c.liveProps()) == 0 || c.owed != nil:
		return ReasonNone
	case c.opts.Reduction != ReductionStubborn:
		return ReasonLiveness + ": a search by levels decides it with the reduction only"
	case !por.FindLoops(c.sys).Acyclic():
		return ReasonLiveness + ": the states may form cycles, and a search by levels sees none"
	case len(c.groups) > 0:
		return ReasonLiveness + ": a search by levels decides it without symmetry only"
	}
	return ReasonLiveness + ": a predicate may fail"
}

var levelStops = map[levels.Stop]explore.Stop{levels.Complete: explore.Complete, levels.MaxStates: explore.StopStates, levels.MaxDisk: explore.StopOther, levels.First: explore.StopAsked}

// Result judges what was found so far. Of a search that has not ended it is unknown what was not found to be violated. Witnesses are found by going back from level to level, and replayed.
func (l *Levels) Result(ctx context.Context) (*Result, error) {
	x, err := l.s.Last()
	if err != nil {
		return nil, err
	}
	c := newCheck(l.c.sys, l.c.opts)
	c.prog, c.reduce, c.groups, c.owed, c.symm = l.c.prog, l.c.reduce, l.c.groups, l.c.owed, l.c.symm
	w := c.walk(func(explore.Found) bool { return false })
	x.Restore(w)
	w.Stats.States.Store(x.States)
	w.Stats.Transitions.Store(x.Transitions)
	w.Stats.Depth.Store(int64(x.Number))
	if x.Stop == levels.Complete {
		w.Stats.Depth.Store(int64(max(x.Number-1, 0)))
	}
	w.Stats.Written.Store(x.Total.Written)
	for _, h := range x.Found {
		path, err := l.s.Path(ctx, x, &h)
		if err != nil {
			return nil, err
		}
		c.found[h.Prop].Store(true)
		c.paths[h.Prop] = w.Unfold(path, h.Moves)
	}
	var ok bool
	if c.ended.walk, ok = levelStops[x.Stop]; !ok {
		c.ended.walk, c.left = explore.StopOther, ReasonUnfinished
	} else if c.ended.walk == explore.StopOther {
		c.left = ReasonDisk + ": the limit"
	}
	if c.ended.walk == explore.Complete {
		if c.ended.covers = c.lookForCovers(ctx, w); c.ended.covers == explore.Complete {
			if c.left = c.undecided(); c.left != ReasonNone {
				c.ended.live = explore.StopOther
			}
		}
	}
	return c.result(ctx, w)
}

// ReasonUnfinished is a search by levels that goes on.
const ReasonUnfinished Reason = "unfinished"

// Damaged reports whether an error is of a file of a search by levels that is not as it was written, or of a mistake of the search: to do the task again would not help.
func Damaged(err error) bool {
	var d *sorted.Damaged
	return errors.As(err, &d) || err != nil && strings.Contains("\n"+err.Error(), "\ninternal: ")
}
