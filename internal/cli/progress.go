package cli

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
)

// progress shows on stderr what a run of configurations is doing: on a terminal one line that is written over, else (if asked for) a line now and then; and at any
// time, for SIGUSR1, a line for every configuration that runs.
type progress struct {
	mu      sync.Mutex
	w       io.Writer
	tty     bool // stderr is a terminal
	shared  bool // stdout is one too, so the line makes room for what goes there
	lines   bool // lines where there is no terminal
	total   int
	done    int
	running []*runningConfig
	start   time.Time
	width   int // of the line that stands
	last    time.Time
	quit    chan struct{}
	wg      sync.WaitGroup
	once    sync.Once
}

// runningConfig is a running configuration.
type runningConfig struct {
	name  string
	bound int64 // states it has where that is known, else the limit, else 0
	limit bool  // bound is the limit
	p     checker.Progress
}

func (a *app) newProgress(total int, lines bool) *progress {
	_, tty := terminal(a.err)
	_, out := terminal(a.out)
	p := &progress{w: a.err, tty: tty && os.Getenv("TERM") != "dumb", shared: out, lines: lines, total: total, start: time.Now(), quit: make(chan struct{})}
	sig := make(chan os.Signal, 1)
	notifyStatus(sig)
	p.wg.Go(func() {
		defer signal.Stop(sig)
		for {
			select {
			case <-p.quit:
				return
			case <-sig:
				p.status()
			}
		}
	})
	return p
}

// watch takes in a configuration; what it returns takes it out.
func (p *progress) watch(name string, known int64, opts *checker.Options) func() {
	c := p.begin(name, known, opts)
	return func() { p.end(c) }
}

// begin takes in a configuration and sets the options that report about it.
func (p *progress) begin(name string, known int64, opts *checker.Options) *runningConfig {
	c := &runningConfig{name: name, bound: known}
	if known <= 0 && opts.MaxStates > 0 {
		c.bound, c.limit = opts.MaxStates, true
	}
	p.mu.Lock()
	p.running = append(p.running, c)
	p.mu.Unlock()
	opts.ProgressEvery = 2 * time.Second
	if p.tty {
		opts.ProgressEvery = 100 * time.Millisecond
	}
	opts.Progress = func(s checker.Progress) {
		p.mu.Lock()
		defer p.mu.Unlock()
		c.p = s
		switch {
		case p.tty:
			p.draw(false)
		case p.lines:
			fmt.Fprintln(p.w, c)
		}
	}
	return c
}

// end takes a configuration out.
func (p *progress) end(c *runningConfig) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	for i, r := range p.running {
		if r == c {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	p.draw(false)
}

// print lets something be printed to stdout.
func (p *progress) print(f func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shared {
		p.clear()
	}
	err := f()
	p.draw(p.shared)
	return err
}

// stop removes the line. It may be called more than once.
func (p *progress) stop() {
	p.once.Do(func() { close(p.quit) })
	p.wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.tty, p.lines = false, false
}

func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.width = 0
	}
}

// draw writes the line over the one that stands, not more than ten times a second.
func (p *progress) draw(now bool) {
	if !p.tty || !now && time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	text := p.String()
	limit := 80
	if f, ok := terminal(p.w); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			limit = w
		}
	}
	if r := []rune(text); len(r) >= limit {
		text = string(r[:limit-1])
	}
	fmt.Fprint(p.w, "\r\x1b[K"+text)
	p.width = len(text)
}

// String is the line: configurations done, states per second over all that run, and the one that runs longest.
func (p *progress) String() string {
	s := fmt.Sprintf("%d/%d", p.done, p.total)
	var rate float64
	for _, c := range p.running {
		rate += c.rate()
	}
	if rate > 0 {
		s += fmt.Sprintf("  %s states/s", short(rate))
	}
	if len(p.running) > 0 {
		s += "  " + p.running[0].String()
	}
	return s
}

// status writes a line for every configuration that runs.
func (p *progress) status() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "%d of %d configurations done, %s\n", p.done, p.total, time.Since(p.start).Round(time.Second))
	for _, c := range p.running {
		fmt.Fprintln(p.w, c)
	}
}

func (c *runningConfig) rate() float64 { return float64(c.p.States) / max(c.p.Elapsed.Seconds(), 1e-3) }

func (c *runningConfig) String() string {
	s := strings.TrimSpace(c.name)
	if c.p.States == 0 {
		return s
	}
	s += fmt.Sprintf(": %s states", report.Thousands(c.p.States))
	if c.bound > 0 {
		of := "of"
		if c.limit {
			of = "of at most"
		}
		s += fmt.Sprintf(" %s %s (%d%%)", of, report.Thousands(c.bound), min(100, 100*c.p.States/c.bound))
	}
	return s + fmt.Sprintf(", %s states/s, depth %d, frontier %s, %d MiB, %s", short(c.rate()), c.p.Depth, report.Thousands(c.p.Frontier), c.p.Bytes>>20, c.p.Elapsed.Round(time.Second))
}

// short is a rate in three digits.
func short(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.1fM", x/1e6)
	case x >= 1e3:
		return fmt.Sprintf("%.0fk", x/1e3)
	}
	return fmt.Sprintf("%.0f", x)
}
