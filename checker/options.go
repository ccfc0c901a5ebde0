package checker

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"pmdcheck/checker/internal/checkpoint"
	"pmdcheck/checker/internal/store"
)

// Options says how to search. The zero value is what the command line does: a depth-first search on one worker without limits, which is complete and reduced. Counts that are
// those of the model, all of its states and transitions, take ReductionNone.
type Options struct {
	Search    Search
	Reduction Reduction
	Store     Store
	Symmetry  SymmetryMode  // whether states that differ by a permutation of interchangeable processes or objects are one; see Result.Symmetry for what was found
	Verify    bool          // with a reduction: check every stubborn set by running transitions; for small systems. Result.Stats.Verified counts the pairs compared
	Explain   bool          // with a reduction: Result.Reducing tells what stops it
	NoChains  bool          // with a reduction: store also the states from which only one transition is explored
	Workers   int           // 0: one. With several, verdict, violated properties and counts are those of one worker
	Swarm     int64         // make this many random walks instead of a search: finds violations where a search would never end, and proves nothing
	Seed      uint64        // of the random walks, which depend on nothing else
	MaxSteps  int64         // of a random walk; 0: 10,000
	MaxStates int64         // 0: no limit on stored states
	Memory    int64         // 0: no limit; bytes of state store, stack and queue
	Timeout   time.Duration // 0: no limit
	// ProcessMemory bounds, in bytes, what the whole process may have in use while a search is prepared, which Memory does not count. 0: no limit.
	ProcessMemory int64
	First         bool // stop at the first violation; counts are then those of the part searched
	Shrink        bool // make witnesses simpler to read: see Result.Shrink. Not done by default, since most checks show none
	// Spill is a folder for what does not fit into Memory, which must be set. The search has one worker and an order of its own, but verdict and counts
	// are those of any other. Nothing is left in the folder, however the process ends.
	Spill string

	// Checkpoint is a file in which the search is kept every CheckpointEvery (0: a minute), when the context or a limit of memory or time ends it, and when it is done. With Resume it begins
	// with what is there, and ends as it would have without the interruption; a checkpoint of another model, other options or another version is refused
	// with a [CheckpointError].
	Checkpoint      string
	CheckpointEvery time.Duration
	Resume          bool

	// Rest, if set, is called with the values of each state, or one for each that symmetry takes for one another, in which nothing can move and every process is at a proper end. With
	// several workers it has to be safe for concurrent use, and a search that looks for witnesses again calls it again.
	Rest func(vals [][]int32)

	NoAssert bool // failures of asserts and of guarded accesses are ignored and execution goes on, so that counts are those of the full graph

	// Progress, if set, is called from one goroutine about every ProgressEvery, and once for each value received from Status.
	Progress      func(Progress)
	ProgressEvery time.Duration   // 0: two seconds
	Status        <-chan struct{} // SIGUSR1, say

	disk      checkpoint.Disk // for tests
	spillDisk store.Disk

	_ struct{}
}

// Search is the order of exploration.
type Search uint8

// The orders.
const (
	DFS Search = iota
	BFS        // finds a shortest witness
)

// Reduction is the partial-order reduction in use.
type Reduction uint8

// The reductions.
const (
	ReductionDefault  Reduction = iota // stubborn sets, and none for random walks
	ReductionNone                      // every interleaving
	ReductionStubborn                  // stubborn sets: a part of the interleavings that shows all violations, deadlocks, required covers and dead transitions
)

// ParseReduction is the reduction that is called so: none or stubborn, or the default if nothing is said.
func ParseReduction(name string) (Reduction, error) {
	switch name {
	case "":
		return ReductionDefault, nil
	case "none":
		return ReductionNone, nil
	case "stubborn":
		return ReductionStubborn, nil
	}
	return ReductionDefault, fmt.Errorf("--reduction %s: it is none or stubborn", name)
}

// SymmetryMode says whether interchangeable processes and objects are looked for.
type SymmetryMode uint8

// The modes.
const (
	SymmetryDefault SymmetryMode = iota // with a reduction, so that where there is none the states are those of the model
	SymmetryOff
	SymmetryOn
)

// ParseSymmetry is the mode that is called so: on or off, or the default if nothing is said.
func ParseSymmetry(name string) (SymmetryMode, error) {
	switch name {
	case "":
		return SymmetryDefault, nil
	case "on":
		return SymmetryOn, nil
	case "off":
		return SymmetryOff, nil
	}
	return SymmetryDefault, fmt.Errorf("--symmetry %s: it is on or off", name)
}

// Store is the kind of visited set.
type Store uint8

// The kinds. A search with any but the first proves nothing: where it finds no violation its verdict is Unknown, and Result.Omitted says how much it may have missed.
// A violation is replayed and as good as any.
const (
	StoreExact    Store = iota // every state is kept
	StoreCompact               // 64 bits of hash are kept of every state
	StoreBitstate              // three bits are set for every state, in an array of three quarters of Options.Memory
)

// The names of the enums, as the command line writes them.
var (
	storeText     = []string{"exact", "compact", "bitstate"}
	searchText    = []string{"dfs", "bfs"}
	reductionText = []string{"default", "none", "stubborn"}
	symmetryText  = []string{"default", "off", "on"}
)

func (s Store) String() string { return named(storeText, "Store", s) }

func (s Search) String() string { return named(searchText, "Search", s) }

func (r Reduction) String() string { return named(reductionText, "Reduction", r) }

func (m SymmetryMode) String() string { return named(symmetryText, "SymmetryMode", m) }

// named is the name of a value of an enum, and for a value that has none its number.
func named[T ~uint8](names []string, kind string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", kind, uint8(v))
}

// outside is an error for a value that has no name: what it would do is not defined, and might be taken for a complete search.
func outside[T ~uint8](names []string, kind string, v T) error {
	if int(v) < len(names) {
		return nil
	}
	return fmt.Errorf("there is no %s %d: write one of %s", kind, uint8(v), strings.Join(names, ", "))
}

// Progress is a sample of a running search.
type Progress struct {
	States, Transitions int64
	Depth               int // deepest so far
	Frontier            int64
	Bytes               int64
	Elapsed             time.Duration
	Status              bool // asked for through Options.Status
}

// reduce puts what is done in place of the defaults.
func (o *Options) reduce() {
	if o.Reduction == ReductionDefault {
		o.Reduction = ReductionStubborn
		if o.Swarm > 0 {
			o.Reduction = ReductionNone
		}
	}
	if o.Symmetry == SymmetryDefault {
		o.Symmetry = SymmetryOn
		if o.Reduction == ReductionNone {
			o.Symmetry = SymmetryOff
		}
	}
}

// normalize fills defaults and rejects what cannot be meant.
func (o *Options) normalize() error {
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 10_000
	}
	if o.ProgressEvery == 0 {
		o.ProgressEvery = 2 * time.Second
	}
	var errs []error
	for _, err := range []error{outside(searchText, "order of search", o.Search), outside(reductionText, "reduction", o.Reduction), outside(symmetryText, "symmetry", o.Symmetry), outside(storeText, "store", o.Store)} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if o.Workers < 0 {
		errs = append(errs, errors.New("workers must not be negative"))
	}
	if o.Swarm < 0 || o.MaxSteps < 0 {
		errs = append(errs, errors.New("walks and steps must not be negative"))
	}
	if o.Swarm > 0 && (o.Search != DFS || o.Reduction == ReductionStubborn || o.Symmetry == SymmetryOn || o.Verify || o.Explain) {
		errs = append(errs, errors.New("random walks have no order of search, no reduction and no symmetry"))
	}
	o.reduce()
	if o.MaxStates < 0 || o.Memory < 0 || o.ProcessMemory < 0 || o.Timeout < 0 {
		errs = append(errs, errors.New("limits must not be negative"))
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = time.Minute
	}
	if o.Checkpoint != "" && (o.Store != StoreExact || o.Verify || o.Explain || o.Swarm > 0) {
		errs = append(errs, errors.New("a search can be kept in a checkpoint only with an exact store, and without checking or explaining the reduction or random walks"))
	}
	if o.Spill != "" && (o.Memory < store.LeastMemory || o.Workers > 1 || o.Store != StoreExact || o.Checkpoint != "" || o.Swarm > 0) {
		errs = append(errs, fmt.Errorf("to spill takes a memory limit of at least %d bytes, one worker, an exact store, and neither checkpoint nor random walks", store.LeastMemory))
	}
	if o.Resume && o.Checkpoint == "" || o.CheckpointEvery < 0 {
		errs = append(errs, errors.New("to resume takes a checkpoint, and the time between checkpoints must not be negative"))
	}
	if o.Store == StoreBitstate && o.Memory == 0 {
		errs = append(errs, errors.New("a bitstate store needs a memory limit, which tells its size"))
	}
	return errors.Join(errs...)
}
