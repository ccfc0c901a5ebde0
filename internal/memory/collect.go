// Package memory decides how much memory a search may take and when its garbage is collected.
package memory

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A run over many small configurations makes much short-lived garbage, so collecting it late saves a third of the time. A large search keeps what it has, in tables without
// pointers, which cost the collector next to nothing; there garbage as old as the search would be memory for as long as it takes. Collections that come more often cost several
// workers a twentieth of the time.
const (
	lateGC  = 1000
	earlyGC = 100
	large   = 2 << 20 // bytes without pointers that survived a collection, if they are most of what did
)

// CollectByNeed lets every collection decide when the next one is due. GOGC in the environment has the last word.
func CollectByNeed() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(lateGC)
		afterCollection()
	}
}

// afterCollection looks at what survived each collection from now on: something that nobody points to is found dead by the next one, and so on.
func afterCollection() {
	runtime.AddCleanup(&struct{ _ [64]byte }{}, func(int) {
		m := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
		metrics.Read(m)
		live, scanned := m[0].Value.Uint64(), m[1].Value.Uint64()
		percent := lateGC
		if live > large+scanned && live > 3*scanned {
			percent = earlyGC
		}
		debug.SetGCPercent(percent)
		afterCollection()
	}, 0)
}
