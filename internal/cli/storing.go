package cli

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"

	"pmdcheck/checker"
)

// storeFlags say where states are kept.
type storeFlags struct {
	memory, store string
}

func (f *storeFlags) flags(fl *pflag.FlagSet) {
	fl.StringVar(&f.memory, "memory", "", "give up on a cell beyond this `size`, as 512M or 2G (default: three quarters of what is available, shared by the jobs)")
	fl.StringVar(&f.store, "store", "exact", "what is kept of each visited state: exact: all of it; compact: 64 bits of hash; bitstate: three bits, in three quarters of --memory.\nOnly exact proves anything; the others say how much they may have missed")
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
	o.Memory, err = memoryBound(f.memory, cells)
	return err
}

// The rest of the process: code, specs, and what the runtime needs for itself.
const reserved = 64 << 20

// What the runtime does not count: the program itself, say.
const unseen = 16 << 20

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
		if set := debug.SetMemoryLimit(-1); set < math.MaxInt64 {
			n = set
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
