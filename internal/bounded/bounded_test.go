package bounded

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDo(t *testing.T) {
	if err := Do(context.Background(), 0, func(context.Context) {}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := Do(ctx, 0, func(ctx context.Context) { <-ctx.Done() }); err != nil {
		t.Errorf("work that ends when it is told to: %v", err)
	}
	free := make(chan bool)
	defer close(free)
	if err := Do(ctx, 0, func(context.Context) { t.Error("begun after the end") }); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := Do(ctx, 0, func(context.Context) { <-free }); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("work that does not end: %v after %v", err, time.Since(start))
	}
}

func TestDoMemory(t *testing.T) {
	var keep [][]byte
	err := Do(context.Background(), live()+32<<20, func(ctx context.Context) {
		for ctx.Err() == nil && len(keep) < 1000 {
			keep = append(keep, make([]byte, 1<<20))
			time.Sleep(time.Millisecond)
		}
		if !errors.Is(context.Cause(ctx), ErrMemory) {
			t.Errorf("it ended with %v after %d MiB", context.Cause(ctx), len(keep))
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDoPanics(t *testing.T) {
	defer func() {
		if p, ok := recover().(*Panic); !ok || p.Value != "bug" || len(p.Stack) == 0 {
			t.Errorf("%v", p)
		}
	}()
	_ = Do(context.Background(), 0, func(context.Context) { panic("bug") })
}
