// Package pool runs numbered jobs on a few goroutines. What the jobs make can be taken in their order while later ones still run.
package pool

import "sync"

// Pool is a set of jobs under way.
type Pool struct {
	done []chan struct{}
	wg   sync.WaitGroup
}

// Start begins do(0) to do(n-1), in that order, at most workers of them at the same time (at least one).
func Start(workers, n int, do func(i int)) *Pool {
	p := &Pool{done: make([]chan struct{}, n)}
	for i := range p.done {
		p.done[i] = make(chan struct{})
	}
	next := make(chan int)
	drain(&p.wg, min(workers, n), next, func(i int) {
		do(i)
		close(p.done[i])
	})
	p.wg.Go(func() {
		for i := range n {
			next <- i
		}
		close(next)
	})
	return p
}

// Wait waits for one job.
func (p *Pool) Wait(i int) { <-p.done[i] }

// Join waits for all jobs.
func (p *Pool) Join() { p.wg.Wait() }

// Drain has workers take what comes through a channel until it is closed. What it returns waits for that.
func Drain[T any](workers int, ch <-chan T, do func(T)) (join func()) {
	var wg sync.WaitGroup
	drain(&wg, workers, ch, do)
	return wg.Wait
}

func drain[T any](wg *sync.WaitGroup, workers int, ch <-chan T, do func(T)) {
	for range max(1, workers) {
		wg.Go(func() {
			for x := range ch {
				do(x)
			}
		})
	}
}
