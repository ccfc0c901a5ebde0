package explore

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"pmdcheck/checker/internal/program"
	"pmdcheck/checker/internal/store"
	"pmdcheck/model"
)

// Swarm is what random walks saw.
type Swarm struct {
	Walks     int64 // that were made
	Cut       int64 // of these, ended by the bound on their length
	Shortest  int64 // steps
	Longest   int64
	Steps     int64
	States    int64 // distinct states seen, by estimate
	Violating int64 // walks that violated something
}

// Random makes walks from the initial state: at each state one of the enabled transitions is taken by chance, until nothing can move or the walk has made the
// given number of steps. What is met goes to the observers as in the other searches. No state is stored, so a walk knows nothing of where others have been: this
// finds violations in spaces beyond reach, and proves nothing.
//
// Walks differ in how chance is used, in turns: uniformly among transitions; uniformly among processes; with few context switches; and by priorities that
// change now and then (after Burckhardt et al., ASPLOS 2010). Walk number i depends on the seed and i only, and of several that violate a property the one with
// the lowest number counts, so the outcome is the same for any number of workers, unless the context ends first. With stop set, one worker makes the walks, up to the first that violates something.
func (w *Walk) Random(ctx context.Context, walks, steps int64, seed uint64, workers int, stop bool) (Swarm, Stop) {
	var (
		total  = Swarm{Shortest: math.MaxInt64}
		seen   sketch
		firsts = map[model.PropID]first{}
		mu     sync.Mutex
		ended  atomic.Int32 // Stop+1 once the context has ended
		wg     sync.WaitGroup
	)
	if stop {
		workers = 1
	}
	for k := range workers {
		wg.Go(func() {
			r := &walker{w: w, e: w.expander(), firsts: map[model.PropID]first{}, sum: Swarm{Shortest: math.MaxInt64}}
			r.next = make([]uint64, w.Program.Total)
			for i := int64(k); i < walks; i += int64(workers) {
				if s, over := stopOf(ctx); over {
					ended.Store(int32(s) + 1)
					break
				}
				if ended.Load() != 0 {
					break
				}
				violated := r.walk(ctx, i, steps, seed, stop)
				w.Stats.Transitions.Add(r.e.trans)
				r.e.trans = 0
				if violated && stop {
					break
				}
			}
			r.e.tally()
			mu.Lock()
			defer mu.Unlock()
			total.add(r.sum)
			seen.merge(&r.seen)
			for p, f := range r.firsts {
				if old, ok := firsts[p]; !ok || f.walk < old.walk {
					firsts[p] = f
				}
			}
		})
	}
	wg.Wait()
	total.States = seen.estimate()
	if total.Walks == 0 {
		total.Shortest = 0
	}
	w.Stats.States.Store(total.States)
	w.Stats.Depth.Store(total.Longest)
	var props []model.PropID
	for p := range firsts {
		props = append(props, p)
	}
	slices.Sort(props)
	asked := false
	for _, p := range props {
		path := firsts[p].path
		asked = w.Found(Found{p, func() []Move { return path }}) || asked
	}
	switch {
	case asked:
		return total, StopAsked
	case ended.Load() != 0:
		return total, Stop(ended.Load() - 1)
	}
	return total, Complete
}

// first is the walk that met a violation first.
type first struct {
	walk int64
	path []Move
}

func (s *Swarm) add(o Swarm) {
	s.Walks += o.Walks
	s.Cut += o.Cut
	s.Steps += o.Steps
	s.Violating += o.Violating
	s.Shortest, s.Longest = min(s.Shortest, o.Shortest), max(s.Longest, o.Longest)
}

// walker makes walks for one goroutine.
type walker struct {
	w      *Walk
	e      *expander
	next   []uint64
	path   []Move
	seen   sketch
	sum    Swarm
	firsts map[model.PropID]first
}

// walk makes walk number i and reports whether it violated anything.
func (r *walker) walk(ctx context.Context, i, steps int64, seed uint64, stop bool) (violated bool) {
	p, e := r.w.Program, r.e
	n := p.Words
	pick := newChooser(i, seed, p.Processes())
	r.path = r.path[:0]
	e.sink = func(q model.PropID) {
		violated = true
		if _, ok := r.firsts[q]; !ok {
			r.firsts[q] = first{i, slices.Concat(r.path, e.edge)}
		}
	}
	e.edge = e.edge[:0]
	cur := make([]uint64, p.Total)
	copy(cur, e.initial())
	r.seen.add(store.Hash(cur[:n]))
	var enabled []step
	cut := false
	for {
		if violated && stop {
			break
		}
		enabled = enabled[:0]
		for proc := range p.Processes() {
			for _, t := range p.Candidates(cur[:n], proc) {
				for st, more := e.x.Run(t, cur[:n], r.next), true; more; {
					if st != program.Disabled {
						enabled = append(enabled, step{t, e.x.Way()})
					}
					if more = e.x.More(t); more {
						st = e.x.Again(t, cur[:n], r.next)
					}
				}
			}
		}
		if len(enabled) == 0 {
			e.stuck(cur[:n])
			break
		}
		if int64(len(r.path)) == steps {
			cut = true
			break
		}
		if len(r.path)%pollEvery == pollEvery-1 {
			if _, over := stopOf(ctx); over {
				cut = true
				break
			}
		}
		s := pick.among(enabled)
		e.edge = e.edge[:0]
		e.runWay(s.Transition, s.way, cur[:n])
		e.enter(e.dst[:n])
		r.path = append(r.path, Move{Proc: s.Proc, Trans: s.ID, Way: s.way})
		e.edge = e.edge[:0]
		copy(cur, e.dst)
		r.seen.add(store.Hash(cur[:n]))
	}
	length := int64(len(r.path))
	r.sum.add(Swarm{Walks: 1, Steps: length, Shortest: length, Longest: length, Cut: count(cut), Violating: count(violated)})
	return violated
}

func count(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// step is one way of a transition.
type step struct {
	*program.Transition
	way int
}

// chooser decides by chance.
type chooser struct {
	r    *rand.Rand
	how  int64
	last model.ProcID
	prio []int // by process; the highest goes
	low  int
}

func newChooser(walk int64, seed uint64, procs int) *chooser {
	c := &chooser{r: rand.New(rand.NewPCG(seed, uint64(walk))), how: walk % 4, last: model.NoProc}
	c.prio = c.r.Perm(procs)
	return c
}

func (c *chooser) among(ts []step) step {
	proc := ts[c.r.IntN(len(ts))].Proc
	switch c.how {
	case 0: // every transition alike
		return ts[c.r.IntN(len(ts))]
	case 1: // every process alike
		proc = nth(ts, c.r.IntN(processes(ts)))
	case 2: // what went on last goes on, seven times in eight
		if c.r.IntN(8) > 0 && slices.ContainsFunc(ts, func(t step) bool { return t.Proc == c.last }) {
			proc = c.last
		}
	case 3: // by priority; once in a while the first becomes the last
		for _, t := range ts {
			if c.prio[t.Proc] > c.prio[proc] {
				proc = t.Proc
			}
		}
		if c.r.IntN(12) == 0 {
			c.low--
			c.prio[proc] = c.low
		}
	}
	c.last = proc
	n := 0
	for _, t := range ts {
		n += int(count(t.Proc == proc))
	}
	k := c.r.IntN(n)
	for _, t := range ts {
		if t.Proc == proc {
			if k == 0 {
				return t
			}
			k--
		}
	}
	return ts[0] // not reached: the process has n transitions
}

// processes counts the processes of transitions that come process by process; nth is one of them.
func processes(ts []step) (n int) {
	for i, t := range ts {
		n += int(count(i == 0 || t.Proc != ts[i-1].Proc))
	}
	return n
}

func nth(ts []step, k int) model.ProcID {
	for i, t := range ts {
		if i == 0 || t.Proc != ts[i-1].Proc {
			if k == 0 {
				return t.Proc
			}
			k--
		}
	}
	return model.NoProc
}

// sketch estimates how many different hashes were added to it (Flajolet et al. 2007, with linear counting for small numbers): within about one in a hundred.
type sketch [1 << sketchBits]uint8

const sketchBits = 14

func (s *sketch) add(h uint64) {
	i := h >> (64 - sketchBits)
	s[i] = max(s[i], uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))+1))
}

func (s *sketch) merge(o *sketch) {
	for i := range s {
		s[i] = max(s[i], o[i])
	}
}

func (s *sketch) estimate() int64 {
	sum, empty := 0.0, 0
	for _, v := range s {
		sum += math.Ldexp(1, -int(v))
		if v == 0 {
			empty++
		}
	}
	m := float64(len(s))
	n := 0.7213 / (1 + 1.079/m) * m * m / sum
	if n <= 2.5*m && empty > 0 {
		n = m * math.Log(m/float64(empty))
	}
	return int64(math.Round(n))
}
