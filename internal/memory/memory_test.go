package memory

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestCollectByNeed: the collector comes early while much survives, and late otherwise. It decides in a goroutine of its own, which the test waits for.
func TestCollectByNeed(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	t.Setenv("GOGC", "")
	old := debug.SetGCPercent(100)
	defer debug.SetGCPercent(old)
	percent := func() int {
		p := debug.SetGCPercent(lateGC)
		debug.SetGCPercent(p)
		return p
	}
	settle := func(want int) {
		t.Helper()
		for range 1000 {
			runtime.GC()
			if percent() == want {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("GOGC stays at %d, and %d is wanted", percent(), want)
	}
	CollectByNeed()
	settle(lateGC)
	held := make([]uint64, large)
	settle(earlyGC)
	runtime.KeepAlive(held)
	held = nil
	pointers := make([]*int, large)
	settle(lateGC)
	runtime.KeepAlive(pointers)
}
