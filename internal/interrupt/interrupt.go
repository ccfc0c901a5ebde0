// Package interrupt is what SIGINT, SIGTERM and SIGHUP do. Work that can come to an end early is told to, once. In all other cases what must not be left behind is removed, and the
// signal then ends the process as it would have without this package.
package interrupt

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// hub is what has to know of a signal. While nobody has to, signals do what they do by default.
type hub struct {
	mu       sync.Mutex
	next     int
	cancels  map[int]context.CancelFunc
	cleanups map[int]func()
	users    int
	ch       chan os.Signal
}

var process = hub{cancels: map[int]context.CancelFunc{}, cleanups: map[int]func(){}}

// Context ends with the first signal. A second one, while the work still comes to its end, kills. The function that is returned gives the signals back.
func Context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	h := &process
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.enter()
	h.cancels[id] = cancel
	return ctx, sync.OnceFunc(func() {
		cancel()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.cancels, id)
		h.leave()
	})
}

// Cleanup has f called before a signal ends the process, until the function that is returned is called.
func Cleanup(f func()) (done func()) {
	h := &process
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.enter()
	h.cleanups[id] = f
	return sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.cleanups, id)
		h.leave()
	})
}

// caught are the signals. One that the process was started to ignore (nohup) stays ignored.
func caught() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

func (h *hub) enter() (id int) {
	if h.users++; h.users == 1 {
		h.ch = make(chan os.Signal, 4)
		signal.Notify(h.ch, caught()...)
		go h.listen(h.ch)
	}
	h.next++
	return h.next
}

func (h *hub) leave() {
	if h.users--; h.users == 0 {
		signal.Stop(h.ch)
		close(h.ch)
	}
}

func (h *hub) listen(ch chan os.Signal) {
	for sig := range ch {
		h.mu.Lock()
		if len(h.cancels) > 0 {
			for _, cancel := range h.cancels {
				cancel()
			}
			clear(h.cancels)
			h.mu.Unlock()
			continue
		}
		for _, f := range h.cleanups { // mu stays held: nothing new is begun
			f()
		}
		die(sig)
	}
}

// die lets the signal do what it does by default, so that whatever waits for the process learns what ended it.
func die(sig os.Signal) {
	signal.Reset(sig)
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Signal(sig) == nil {
		time.Sleep(time.Second)
	}
	os.Exit(3)
}
