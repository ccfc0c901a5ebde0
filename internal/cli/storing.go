package cli

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// storeFlags say where states are kept.
type storeFlags struct {
	memory, store      string
	spill              string
	checkpoint, resume string
	every              time.Duration
}

func (f *storeFlags) flags(fl *pflag.FlagSet) {
	fl.StringVar(&f.memory, "memory", "", "give up on a cell beyond this `size`, as 512M or 2G (default: three quarters of what is available, shared by the jobs)")
	fl.StringVar(&f.store, "store", "exact", "what is kept of each visited state: exact: all of it; compact: 64 bits of hash; bitstate: three bits, in three quarters of --memory.\nOnly exact proves anything; the others say how much they may have missed")
	fl.StringVar(&f.spill, "spill", "", "keep in this `folder` what does not fit into --memory")
	fl.StringVar(&f.checkpoint, "checkpoint", "", "keep the search of every cell in this `folder`, so that it can be resumed after any interruption")
	fl.DurationVar(&f.every, "checkpoint-every", time.Minute, "time between checkpoints")
	fl.StringVar(&f.resume, "resume", "", "go on with the checkpoints in this `folder`; cells that have none begin anew")
}

// checkpointOf adds the checkpoint of a cell. The name says which cell it is of.
func (f *storeFlags) checkpointOf(o *checker.Options, spec string, cell elab.ConfigCell) {
	dir := cmp.Or(f.resume, f.checkpoint)
	if dir == "" {
		return
	}
	name := strings.ReplaceAll(spec, "/", "-")
	for _, c := range cell.Config {
		name += "-" + c.Value
	}
	sum := sha256.Sum256([]byte(spec + " " + cell.String()))
	o.Checkpoint, o.CheckpointEvery = filepath.Join(dir, fmt.Sprintf("%s-%x.checkpoint", name, sum[:4])), f.every
	if f.resume != "" {
		_, err := os.Stat(o.Checkpoint)
		o.Resume = err == nil
	}
}

// checkResume reports when there is nothing to resume from.
func (f *storeFlags) checkResume() error {
	if f.resume == "" {
		return nil
	}
	if f.checkpoint != "" && f.checkpoint != f.resume {
		return errors.New("--resume goes on writing checkpoints to its own folder: leave out --checkpoint")
	}
	if found, _ := filepath.Glob(filepath.Join(f.resume, "*.checkpoint")); len(found) == 0 {
		return fmt.Errorf("--resume %s: there is no checkpoint in that folder", f.resume)
	}
	return nil
}

// options sets what the flags say, for cells of which so many are checked at the same time.
func (f *storeFlags) options(o *checker.Options, cells int) (err error) {
	switch f.store {
	case "exact":
	case "compact":
		o.Store = checker.StoreCompact
	case "bitstate":
		o.Store = checker.StoreBitstate
		if f.memory == "" {
			return fmt.Errorf("--store bitstate needs --memory, of which it takes three quarters")
		}
	default:
		return fmt.Errorf("--store %s: it is exact, compact or bitstate", f.store)
	}
	if err := f.checkResume(); err != nil {
		return err
	}
	if f.checkpoint+f.resume != "" {
		switch {
		case f.store != "exact" || o.Verify || o.Explain || o.Swarm > 0:
			return errors.New("a checkpoint has all of a search only with --store exact, and without --check-reduction, --explain-reduction and --swarm")
		case f.every <= 0:
			return fmt.Errorf("--checkpoint-every %v: that is no time between checkpoints", f.every)
		}
	}
	if f.checkpoint != "" {
		if err := os.MkdirAll(f.checkpoint, 0o755); err != nil {
			return err
		}
	}
	if o.Memory, err = memoryBound(f.memory, cells); err != nil || f.spill == "" {
		return err
	}
	o.Spill = f.spill
	switch {
	case f.checkpoint != "" || f.resume != "" || f.store != "exact" || o.Workers > 1 || o.Search == checker.BFS || o.Swarm > 0:
		return errors.New("--spill has one worker, an order of its own and an exact store, and keeps no checkpoints: leave out --workers, --search, --store, --checkpoint and --swarm")
	case o.Memory < 16<<20:
		return errors.New("--spill needs at least 22M of --memory")
	}
	return nil
}

// The rest of the process: code, specs, and what the runtime needs for itself.
const reserved = 64 << 20

// What the runtime does not count: the program itself, say.
const unseen = 16 << 20

// given is the limit with which the process began. Any other was set here, for a check that is over: to take three quarters of that again would leave the next one less and less.
var given = debug.SetMemoryLimit(-1)

// memoryBound is how much a search may take of the given size, or else of three quarters of what is available divided by the cells that are checked at the
// same time. The collector is told to keep the whole process within that, so garbage does not add to it. GOMEMLIMIT has the last word on that.
func memoryBound(size string, cells int) (int64, error) {
	n, err := parseSize(size)
	if err != nil {
		return 0, err
	}
	cells = max(cells, 1)
	if n == 0 {
		n = available()
		if given < math.MaxInt64 {
			n = given
		}
		if n = n / 4 * 3 / int64(cells); n == 0 {
			return 0, nil
		}
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if n < math.MaxInt64/int64(cells) {
			debug.SetMemoryLimit((n - min(unseen, n/8)) * int64(cells))
		}
	}
	return max(n-min(reserved, n/4), 1), nil
}
