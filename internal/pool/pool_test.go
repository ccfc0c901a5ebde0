package pool_test

import (
	"sync/atomic"
	"testing"

	"pmdcheck/internal/pool"
)

// TestOrder: every job runs once, never more at a time than there are workers, and what job i made is there when Wait(i) returns.
func TestOrder(t *testing.T) {
	for _, workers := range []int{-1, 0, 1, 3, 100} {
		const n = 50
		var now, most, runs atomic.Int32
		made := make([]int, n)
		p := pool.Start(workers, n, func(i int) {
			if x := now.Add(1); x > most.Load() {
				most.Store(x)
			}
			runs.Add(1)
			made[i] = i + 1
			now.Add(-1)
		})
		for i := range n {
			if p.Wait(i); made[i] != i+1 {
				t.Errorf("%d workers: job %d is not done", workers, i)
			}
		}
		p.Join()
		if runs.Load() != n || int(most.Load()) > max(1, workers) {
			t.Errorf("%d workers: %d runs, %d at the same time", workers, runs.Load(), most.Load())
		}
	}
	pool.Start(2, 0, func(int) { t.Error("there is no job") }).Join()
}

// TestStartDoesNotWait: the caller goes on while no job has ended.
func TestStartDoesNotWait(t *testing.T) {
	release := make(chan struct{})
	p := pool.Start(1, 3, func(int) { <-release })
	close(release)
	p.Join()
}
