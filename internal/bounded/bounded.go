// Package bounded does work that was made without limits in mind within them: it is told to end when its context does, and is left alone if it does not.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// ErrMemory is the cause for which a context ends when there is too little memory.
var ErrMemory = errors.New("memory")

// Patience is how long work may go on after it was told to end. What is left alone then goes on without anybody waiting for it, until it ends by itself or the process does.
const Patience = 500 * time.Millisecond

// watchEvery is how often memory is looked at.
const watchEvery = 20 * time.Millisecond

// Panic is what work panicked with, and where.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("%v\n%s", p.Value, p.Stack) }

// Do runs f and returns nil once it has returned. If the context ends first, or the process has more memory than the given bytes in use (0: no bound), the context that f was given
// ends, and after a while Do returns the cause: f must not touch what the caller goes on to use. A panic of f is one of Do.
func Do(ctx context.Context, bytes int64, f func(context.Context)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	done := make(chan *Panic, 1)
	go func() {
		var p *Panic
		defer func() { done <- p }()
		defer func() {
			if v := recover(); v != nil {
				p = &Panic{v, debug.Stack()}
			}
		}()
		f(ctx)
	}()
	var tick <-chan time.Time
	if bytes > 0 {
		t := time.NewTicker(watchEvery)
		defer t.Stop()
		tick = t.C
	}
	var late <-chan time.Time
	ended := ctx.Done()
	for {
		select {
		case p := <-done:
			if p != nil {
				panic(p)
			}
			return nil
		case <-tick:
			if live() > bytes {
				runtime.GC() // most of it may be garbage
				if live() > bytes {
					cancel(ErrMemory)
				}
			}
		case <-ended:
			ended, tick = nil, nil
			t := time.NewTimer(Patience)
			defer t.Stop()
			late = t.C
		case <-late:
			return context.Cause(ctx)
		}
	}
}

// live is the memory that objects take, those that nobody has found dead yet included.
func live() int64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(m)
	return int64(m[0].Value.Uint64() + m[1].Value.Uint64())
}
