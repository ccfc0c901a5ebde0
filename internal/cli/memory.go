package cli

import (
	"os"
	"runtime/debug"
	"sync/atomic"
)

// A run over many small cells makes much short-lived garbage and keeps little, so collecting it late saves a third of the time. A large search keeps what it
// has, and then memory counts: the collector goes back to what it does by default.
const (
	lateGC    = 400
	defaultGC = 100
	large     = 64 << 20 // bytes of one search
)

var collecting atomic.Bool // as by default

// collectLate is for the beginning of a run. GOGC in the environment has the last word.
func collectLate() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(lateGC)
	}
}

// collectIfLarge is told the size of a search now and then.
func collectIfLarge(bytes int64) {
	if bytes > large && os.Getenv("GOGC") == "" && !collecting.Swap(true) {
		debug.SetGCPercent(defaultGC)
	}
}
