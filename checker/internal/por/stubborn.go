package por

import (
	"math/bits"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
)

// A Selector chooses stubborn sets. Each goroutine has one of its own.
//
// A set T of transitions is stubborn in state s if
//
//	D0  some transition of T is enabled in s, if any transition is at all;
//	D1  for each t in T enabled in s, T contains whatever t conflicts with: what the execution of t in s, in whatever way, reads and others write, or writes and others touch;
//	    and the other transitions that begin where t begins;
//	D2  for each t in T not enabled in s, T contains a necessary enabling set: transitions one of which comes first in every run that executes t;
//	G   for each goal (an invariant being false, say) that s does not reach, T contains transitions one of which comes first in every run that reaches it;
//	C   if T contains an enabled sticky transition, it contains all enabled ones.
//
// Only the enabled transitions of T are explored. The set depends on s alone, so neither the order of the search nor the number of workers
// changes the reduced state space.
type Selector struct {
	s     *Static
	x     *program.Exec // runs traced transitions
	probe *program.Exec // evaluates tests
	dst   []uint64
	buf   []uint64
	goals []int // the goals to keep, indices into Static.goals

	// What is known of the current state.
	cands   [][]*program.Transition // by process, of the traced program
	locs    []int                   // by process; -1 parked
	slot    []int32                 // by transition: 1 + index into need if it is a candidate
	need    []bitset.Set            // by candidate: enabled: what conflicts with it; disabled: what writes what it read
	cur     []int32                 // candidates, in program order
	enabled bitset.Set
	reach   bitset.Set // what can still be executed by anyone
	tested  []int8

	set   bitset.Set
	work  []int32
	best  bitset.Set
	count int // enabled transitions of best
	out   []*program.Transition

	Blame *Blame // if set, each choice is tallied
}

// Selector makes a selector that preserves invariants and, of the covers, those listed.
func (s *Static) Selector(covers []int) *Selector {
	n := s.n
	sel := &Selector{
		s: s, x: s.traced.NewExec(), probe: s.prog.NewExec(), dst: make([]uint64, s.traced.Total), buf: make([]uint64, s.prog.Total),
		cands: make([][]*program.Transition, len(s.sys.Processes)), locs: make([]int, len(s.sys.Processes)), slot: make([]int32, n), enabled: bitset.New(n), reach: bitset.New(n),
		tested: make([]int8, len(s.tests)), set: bitset.New(n), best: bitset.New(n),
	}
	for i, g := range s.goals {
		if g.on && (i < len(s.sys.Props)) {
			sel.goals = append(sel.goals, i)
		}
	}
	for _, c := range covers {
		if i := len(s.sys.Props) + c; s.goals[i].on {
			sel.goals = append(sel.goals, i)
		}
	}
	return sel
}

// Select lists the transitions to explore in state st, in program order. The slice is valid until the next call.
func (sel *Selector) Select(st []uint64) []*program.Transition {
	n := sel.look(st)
	if n > 1 {
		sel.choose(n)
		if sel.Blame != nil {
			sel.Blame.note(sel, st, n)
		}
	} else {
		copy(sel.best, sel.enabled)
	}
	return sel.list(st)
}

// Single is the transition to explore in st if there is just one, with one way, and it is not sticky; else nil.
func (sel *Selector) Single(st []uint64) *program.Transition {
	l := sel.Select(st)
	if len(l) != 1 || l[0].Chooses() || sel.s.sticky.Has(sel.s.base[l[0].Proc]+l[0].ID) {
		return nil
	}
	return l[0]
}

// list translates best into transitions of the searched program.
func (sel *Selector) list(st []uint64) []*program.Transition {
	s := sel.s
	sel.out = sel.out[:0]
	for proc := range sel.cands {
		base := s.base[proc]
		cands := s.prog.Candidates(st, proc)
		for i, t := range sel.cands[proc] {
			if id := base + t.ID; sel.best.Has(id) && sel.enabled.Has(id) {
				sel.out = append(sel.out, cands[i])
			}
		}
	}
	return sel.out
}

// look runs every candidate once: which are enabled, and what their execution touches. It returns the number of enabled ones.
func (sel *Selector) look(st []uint64) (enabled int) {
	s := sel.s
	copy(sel.buf, st)
	for _, id := range sel.cur {
		sel.slot[id] = 0
	}
	sel.cur = sel.cur[:0]
	clear(sel.enabled)
	clear(sel.reach)
	clear(sel.tested)
	for proc := range sel.cands {
		cands := s.traced.Candidates(st, proc)
		sel.cands[proc] = cands
		sel.locs[proc] = int(s.traced.Location(st, proc))
		if sel.locs[proc] >= 0 {
			sel.reach.Or(s.reach[proc][sel.locs[proc]])
		}
		for _, t := range cands {
			id := s.base[proc] + t.ID
			sel.cur = append(sel.cur, int32(id))
			k := len(sel.cur)
			sel.slot[id] = int32(k)
			if k > len(sel.need) {
				sel.need = append(sel.need, bitset.New(s.n))
			}
			need := sel.need[k-1]
			clear(need)
			// Of a transition with several ways, what each of them needs: those that are not enabled must not become so unnoticed.
			for status, more := sel.x.Run(t, st, sel.dst), true; more; {
				sel.writers(need, sel.x.Reads)
				if status != program.Disabled {
					sel.touchers(need, sel.x.Writes)
					if !sel.enabled.Has(id) {
						sel.enabled.Add(id)
						enabled++
					}
				}
				if more = sel.x.More(t); more {
					status = sel.x.Again(t, st, sel.dst)
				}
			}
			need.AndNot(s.own[proc])
			// A process leaves its location by one of the transitions that begin there.
			need.Or(s.at[proc][sel.locs[proc]])
		}
	}
	return enabled
}

func (sel *Selector) writers(b bitset.Set, a program.AtomSet) {
	for w, m := range a {
		for ; m != 0; m &= m - 1 {
			b.Or(sel.s.write[w<<6+bits.TrailingZeros64(m)])
		}
	}
}

func (sel *Selector) touchers(b bitset.Set, a program.AtomSet) {
	for w, m := range a {
		for ; m != 0; m &= m - 1 {
			b.Or(sel.s.touch[w<<6+bits.TrailingZeros64(m)])
		}
	}
}

// choose finds the smallest closure over the enabled transitions as seeds.
func (sel *Selector) choose(n int) {
	sel.count = n
	copy(sel.best, sel.enabled)
	for w, m := range sel.enabled {
		for ; m != 0 && sel.count > 1; m &= m - 1 {
			sel.closure(w<<6 + bits.TrailingZeros64(m))
		}
	}
}

// closure closes {seed} under D1, D2 and G and makes the result the best set if it is smaller.
func (sel *Selector) closure(seed int) {
	s := sel.s
	clear(sel.set)
	sel.work = sel.work[:0]
	count := 0
	add := func(b bitset.Set) bool {
		for w, m := range b {
			m &= sel.reach[w] &^ sel.set[w]
			if m == 0 {
				continue
			}
			sel.set[w] |= m
			count += bits.OnesCount64(m & sel.enabled[w])
			if count >= sel.count || m&sel.enabled[w]&s.sticky[w] != 0 {
				return false
			}
			for ; m != 0; m &= m - 1 {
				sel.work = append(sel.work, int32(w<<6+bits.TrailingZeros64(m)))
			}
		}
		return true
	}
	if s.sticky.Has(seed) {
		return
	}
	sel.set.Add(seed)
	sel.work = append(sel.work, int32(seed))
	count = 1
	for _, g := range sel.goals {
		if !add(sel.towards(&s.goals[g])) {
			return
		}
	}
	for len(sel.work) > 0 {
		id := int(sel.work[len(sel.work)-1])
		sel.work = sel.work[:len(sel.work)-1]
		if !add(sel.requires(id)) {
			return
		}
	}
	copy(sel.best, sel.set)
	sel.count = count
}

// requires is what a stubborn set with transition id must contain.
func (sel *Selector) requires(id int) bitset.Set {
	s := sel.s
	if k := sel.slot[id]; k != 0 {
		if sel.enabled.Has(id) {
			return sel.need[k-1]
		}
		c := chooser{sel: sel}
		for i := range s.trans[id].blocks {
			c.block(&s.trans[id].blocks[i], false)
		}
		c.offer(sel.need[k-1])
		return c.best
	}
	// Its process is elsewhere, and gets there only through one of the transitions that lead there, and only through those that begin where it is.
	c := chooser{sel: sel}
	proc := s.proc[id]
	loc := sel.locs[proc]
	if loc < 0 {
		return nil
	}
	for i := range s.trans[id].blocks {
		c.block(&s.trans[id].blocks[i], true)
	}
	c.offer(s.trans[id].enter)
	c.offer(s.at[proc][loc])
	return c.best
}

// towards is what must be in the set lest a goal be missed; nothing where it is reached.
func (sel *Selector) towards(g *goal) bitset.Set {
	if truth, ok := sel.s.tests[g.reach].x(sel.probe, sel.buf); ok && truth == sel.s.tests[g.reach].want || !ok && g.byFailing {
		return nil
	}
	c := chooser{sel: sel}
	for i := range g.ways {
		c.block(&g.ways[i], false)
	}
	if !c.found {
		return sel.s.all() // its evaluation fails: no way says what is missing
	}
	return c.best
}

// chooser picks the candidate that adds least to the set.
type chooser struct {
	sel   *Selector
	best  bitset.Set
	cost  int
	found bool
}

func (c *chooser) block(b *block, remote bool) {
	if remote && !b.remote || c.found && c.cost == 0 {
		return
	}
	for _, t := range b.tests {
		if !c.sel.blocked(t) {
			return
		}
	}
	if remote {
		c.offer(b.lift)
	} else {
		c.offer(b.here)
	}
}

func (c *chooser) offer(b bitset.Set) {
	if c.found && c.cost == 0 {
		return
	}
	cost := 0
	for w, m := range b {
		m &= c.sel.reach[w] &^ c.sel.set[w]
		if m != 0 {
			cost += bits.OnesCount64(m) + enabledWeight*bits.OnesCount64(m&c.sel.enabled[w])
		}
	}
	if !c.found || cost < c.cost {
		c.best, c.cost, c.found = b, cost, true
	}
}

// enabledWeight is how much dearer an enabled transition is than one that is not.
const enabledWeight = 1000

// blocked evaluates a test, at most once a state.
func (sel *Selector) blocked(t int32) bool {
	switch sel.tested[t] {
	case 1:
		return true
	case 2:
		return false
	}
	q := &sel.s.tests[t]
	truth, ok := q.x(sel.probe, sel.buf)
	if ok && truth != q.want {
		sel.tested[t] = 1
		return true
	}
	sel.tested[t] = 2
	return false
}
