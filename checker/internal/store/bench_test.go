package store_test

import (
	"fmt"
	"testing"
	"time"

	"pmdcheck/checker/internal/store"
)

// BenchmarkFill inserts new states and tells the longest time that one insertion took, which is that of the growth of a shard, and the most bytes a state took from
// a million states on. For 50 million states: -benchtime 50000000x.
func BenchmarkFill(b *testing.B) {
	for _, width := range []int{64, 80, 128, 320} {
		b.Run(fmt.Sprintf("bits=%d", width), func(b *testing.B) {
			set := store.NewExact(width, store.NewBudget(0))
			words := (width + 63) / 64
			longest, most := time.Duration(0), 0.0
			last := time.Now()
			for i := uint64(0); b.Loop(); i++ {
				insert(set, []uint64{i*0x9e3779b97f4a7c15 + 1, i & 0xffff, i, i, i}[:words]...)
				now := time.Now()
				longest = max(longest, now.Sub(last))
				last = now
				if i >= 1_000_000 && i%50_000 == 0 {
					most = max(most, float64(set.Bytes())/float64(set.Len()))
				}
			}
			b.ReportMetric(float64(longest.Microseconds())/1e3, "ms-longest")
			b.ReportMetric(most, "B/state")
		})
	}
}
