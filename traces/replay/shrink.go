package replay

import (
	"context"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/properties"
)

// maxShrink bounds the steps that [Shrink] executes, so that its time is bounded whatever it is given.
const maxShrink = 60_000

// maxReorder is the longest run whose steps are compared with each other.
const maxReorder = 2000

// Shrink makes a run that violates a property simpler to read: fewer context switches, and no step that does not matter. The result violates the same property
// when it is run, is never longer, and never switches more often; it depends on nothing but the arguments. Runs that violate a liveness property or the order
// of locks, and those that violate nothing, are returned as they are.
//
// Every attempt is executed on the oracle, step by step, and ends where the property is first violated. What is attempted: to leave out what lies between a state and the same state again; to leave out a process, a part of
// what a process does in one go, or a round of a loop; to bring together what a process does in two goes; and to run the steps in an order that
// is equivalent, because only steps that do not touch the same cells change places, and has the fewest context switches among those (by search; greedily where that
// takes too long). This is done over and over until nothing helps, after the manner of Zeller and Hildebrandt's minimisation of failing inputs (2002).
func Shrink(sys *model.System, moves []Move, opt Options) []Move {
	simple, _ := ShrinkContext(context.Background(), sys, moves, opt)
	return simple
}

// ShrinkContext is [Shrink] until the context ends. Whole is false if that or the bound on attempts came before all was attempted; the run is the simplest that was found until then.
func ShrinkContext(ctx context.Context, sys *model.System, moves []Move, opt Options) (simple []Move, whole bool) {
	h := &shrinker{ctx: ctx}
	simple = h.shrink(sys, moves, opt)
	return simple, h.left > 0
}

func (h *shrinker) shrink(sys *model.System, moves []Move, opt Options) []Move {
	h.sys, h.in, h.left = sys, eval.New(sys, eval.Options{NoAssert: opt.NoAssert}), maxShrink
	for _, p := range sys.Props {
		if p.Name == opt.Property {
			h.prop = p
		}
	}
	if h.prop == nil || h.prop.Kind == model.PropLiveness || h.prop.Kind == model.PropOrder {
		return moves
	}
	h.start, h.starts = h.in.Starts()
	best, ok := h.run(moves)
	if !ok {
		return moves
	}
	if done, ok := h.run(h.straight(best)); ok && simpler(done, best) {
		best = done
	}
	for {
		before := best
		for _, attempt := range []func([]Move, func([]Move) bool){h.dropProcesses, h.dropParts, h.dropRounds, h.join} {
			attempt(best, func(c []Move) bool {
				if h.over() {
					return true // ends the attempts of this kind
				}
				if done, ok := h.run(c); ok && simpler(done, best) {
					best = done
					return true
				}
				return false
			})
		}
		if done, ok := h.run(h.reorder(best)); ok && simpler(done, best) {
			best = done
		}
		if h.left <= 0 || !simpler(best, before) {
			return best
		}
	}
}

// shrinker executes attempts.
type shrinker struct {
	sys    *model.System
	in     *eval.Interp
	prop   *model.Prop
	start  *eval.State
	starts []eval.Outcome
	left   int // steps that may still be executed
	ctx    context.Context
	polls  int
	late   bool // the context ended first
}

// over reports whether no step may be executed any more.
func (h *shrinker) over() bool {
	if h.polls++; h.polls%16 == 0 && !h.late && h.ctx.Err() != nil {
		h.late, h.left = true, 0
	}
	return h.left <= 0
}

// simpler reports whether run a is better than run b: fewer switches, or as many and fewer steps; but never more steps.
func simpler(a, b []Move) bool {
	if len(a) > len(b) {
		return false
	}
	sa, sb := switches(a), switches(b)
	return sa < sb || sa == sb && len(a) < len(b)
}

// switches counts how often another process goes on.
func switches(moves []Move) (n int) {
	for i := 1; i < len(moves); i++ {
		if moves[i].Proc != moves[i-1].Proc {
			n++
		}
	}
	return n
}

// run executes a schedule: a process whose wanted transition is not enabled takes the first one that is, or is passed over. It returns the moves that were
// made up to where the property is violated.
func (h *shrinker) run(schedule []Move) (done []Move, violated bool) {
	if slices.ContainsFunc(h.starts, func(o eval.Outcome) bool { return h.failed(o) }) || h.badState(h.start) {
		return nil, true
	}
	s := h.start
	for _, m := range schedule {
		if h.over() {
			return nil, false
		}
		out, made := h.step(s, m)
		if !out.Enabled {
			continue
		}
		if h.left--; h.left < 0 {
			return nil, false
		}
		done = append(done, made)
		s = out.Next
		if h.failed(out) || h.badState(s) {
			return done, true
		}
	}
	return done, h.badEnd(s)
}

func (h *shrinker) step(s *eval.State, m Move) (eval.Outcome, Move) {
	out := h.in.Step(s, m)
	if out.Enabled || s.Locs[m.Proc] < 0 {
		return out, m
	}
	for _, t := range h.sys.Processes[m.Proc].Locations[s.Locs[m.Proc]].Trans {
		way := 0
		for o := range h.in.Ways(s, m.Proc, t) {
			if o.Enabled {
				return o, Move{Proc: m.Proc, Trans: t, Way: way}
			}
			way++
		}
	}
	return out, m
}

func (h *shrinker) failed(o eval.Outcome) bool {
	return o.Failure != nil && o.Failure.Prop == h.prop.ID
}

// badState reports whether a state violates the property, an invariant or the absence of data races.
func (h *shrinker) badState(s *eval.State) bool {
	if h.prop.Kind == model.PropRace {
		_, ok := h.in.Race(s)
		return ok
	}
	if h.prop.Kind != model.PropInvariant {
		return false
	}
	v, f := h.in.Eval(s, h.prop.X)
	return f != nil || v == 0
}

// badEnd reports whether the property, deadlock or leak, is violated by coming to rest in a state.
func (h *shrinker) badEnd(s *eval.State) bool {
	switch h.prop.Kind {
	case model.PropDeadlock:
		return h.in.Deadlocked(s)
	case model.PropLeak:
		return h.in.Quiescent(s) && slices.ContainsFunc(properties.Leaks(h.sys, s.Vals), func(l properties.Leak) bool { return l.Prop == h.prop.ID })
	}
	return false
}

// straight leaves out what lies between a state and the same state again: the run goes on alike without it.
func (h *shrinker) straight(moves []Move) []Move {
	keys := []string{h.start.Key()} // of the states on the way
	at := map[string]int{keys[0]: 0}
	var out []Move
	s := h.start
	for _, m := range moves {
		o := h.in.Step(s, m)
		if !o.Enabled || h.over() {
			return moves
		}
		s = o.Next
		out = append(out, m)
		k := s.Key()
		if n, ok := at[k]; ok {
			for _, old := range keys[n+1:] {
				delete(at, old)
			}
			out, keys = out[:n], keys[:n+1]
			continue
		}
		at[k] = len(out)
		keys = append(keys, k)
	}
	return out
}

// without leaves out the moves for which f holds.
func without(moves []Move, f func(i int) bool) []Move {
	var out []Move
	for i, m := range moves {
		if !f(i) {
			out = append(out, m)
		}
	}
	return out
}

// dropProcesses attempts to leave out all that a process does.
func (h *shrinker) dropProcesses(moves []Move, attempt func([]Move) bool) {
	for _, p := range h.sys.Processes {
		if slices.ContainsFunc(moves, func(m Move) bool { return m.Proc == p.ID }) {
			c := without(moves, func(i int) bool { return moves[i].Proc == p.ID })
			if attempt(c) {
				if h.over() {
					return
				}
				moves = c
			}
		}
	}
}

// A part is what one process does in one go: moves[from:to].
type part struct{ from, to int }

func parts(moves []Move) (out []part) {
	for i := range moves {
		if i == 0 || moves[i].Proc != moves[i-1].Proc {
			out = append(out, part{i, i})
		}
		out[len(out)-1].to = i + 1
	}
	return out
}

// dropParts attempts to leave out what a process does in one go, all of it, or its end, halving what is left out each time; the last parts first.
func (h *shrinker) dropParts(moves []Move, attempt func([]Move) bool) {
	ps := parts(moves)
	for k := len(ps) - 1; k >= 0; k-- {
		for n := ps[k].to - ps[k].from; n > 0; n /= 2 {
			to := ps[k].to
			if attempt(without(moves, func(i int) bool { return i >= to-n && i < to })) {
				return // the parts are others now; the caller comes back
			}
		}
	}
}

// dropRounds attempts to leave out what a process does between being at one location and being there again.
func (h *shrinker) dropRounds(moves []Move, attempt func([]Move) bool) {
	at := func(m Move) model.LocID { return h.sys.Processes[m.Proc].Trans[m.Trans].From }
	for i := range moves {
		for j := len(moves) - 1; j > i; j-- {
			if moves[j].Proc == moves[i].Proc && at(moves[j]) == at(moves[i]) {
				if attempt(without(moves, func(k int) bool { return k >= i && k < j && moves[k].Proc == moves[i].Proc })) {
					return
				}
			}
		}
	}
}

// join attempts to bring a part next to the part before it of the same process, by moving either.
func (h *shrinker) join(moves []Move, attempt func([]Move) bool) {
	ps := parts(moves)
	for k := range ps {
		j := k - 1
		for j >= 0 && moves[ps[j].from].Proc != moves[ps[k].from].Proc {
			j--
		}
		if j < 0 {
			continue
		}
		first, between, second := moves[ps[j].from:ps[j].to], moves[ps[j].to:ps[k].from], moves[ps[k].from:ps[k].to]
		head, tail := moves[:ps[j].from], moves[ps[k].to:]
		if attempt(slices.Concat(head, first, second, between, tail)) || attempt(slices.Concat(head, between, first, second, tail)) {
			return
		}
	}
}

// touched is the shared cells of one step; true for those it writes.
type touched map[model.Cell]bool

func (t touched) add(c model.Cell, write bool) { t[c] = t[c] || write }

func (t touched) conflicts(u touched) bool {
	for c, w := range t {
		if v, ok := u[c]; ok && (w || v) {
			return true
		}
	}
	return false
}

// touches lists the shared cells of an executed step, with the lifetime of the objects whose fields it accessed.
func (h *shrinker) touches(m Move, out eval.Outcome) touched {
	t := touched{}
	code := h.sys.Processes[m.Proc].Trans[m.Trans].Code
	for _, ev := range out.Events {
		if code[ev.Op].Kind == model.OpAlloc { // looks at, and resets, more than its accesses show
			h.sys.Touches(&code[ev.Op], func(x model.Touch) {
				for i := x.Base; i < x.End; i += x.Step {
					t.add(model.Cell{Var: x.Var, Idx: i}, x.Write)
				}
			})
		}
		for _, a := range ev.Accesses {
			v := h.sys.Vars[a.Cell.Var]
			if v.Proc != model.NoProc {
				continue
			}
			t.add(a.Cell, a.Write)
			if v.Pool != model.NoPool && h.sys.Pools[v.Pool].Live != model.NoVar {
				t.add(model.Cell{Var: h.sys.Pools[v.Pool].Live, Idx: a.Cell.Idx / int32(v.Stride)}, false)
			}
		}
	}
	return t
}

// reorder finds an equivalent order of a run with the fewest context switches. It is a shortest path: a node is how far each process has come and who
// went on last, an edge a step all of whose predecessors were made, of cost 1 where it switches.
func (h *shrinker) reorder(moves []Move) []Move {
	if len(moves) > maxReorder {
		return moves
	}
	procs := len(h.sys.Processes)
	var touch []touched
	s := h.start
	for _, m := range moves {
		out := h.in.Step(s, m)
		if h.left--; !out.Enabled || h.over() {
			return moves
		}
		touch = append(touch, h.touches(m, out))
		s = out.Next
	}
	// need[i][q] is how many steps of q come before step i in every equivalent run. A step that fails stays behind all others.
	steps := make([][]int, procs)
	need := make([][]int, len(moves))
	for i, m := range moves {
		need[i] = make([]int, procs)
		last := i == len(moves)-1 && (h.prop.Kind == model.PropAssert || h.prop.Kind == model.PropFault)
		for q := range procs {
			for k := len(steps[q]); k > 0; k-- {
				if last || q == int(m.Proc) || touch[i].conflicts(touch[steps[q][k-1]]) {
					need[i][q] = k
					break
				}
			}
		}
		steps[m.Proc] = append(steps[m.Proc], i)
	}
	type node struct {
		pos  []int
		last int // process, or -1
		from int // node before, by index
	}
	key := func(pos []int, last int) string {
		b := make([]byte, 0, 2*procs+1)
		for _, n := range pos {
			b = append(b, byte(n), byte(n>>8))
		}
		return string(append(b, byte(last)))
	}
	const maxNodes = 40_000
	nodes := []node{{make([]int, procs), -1, -1}}
	done := map[string]bool{}
	level, next := []int{0}, []int(nil) // indices of nodes, by cost
	for len(level) > 0 {
		n := level[len(level)-1]
		level = level[:len(level)-1]
		at := nodes[n]
		k := key(at.pos, at.last)
		if !done[k] {
			done[k] = true
			ready := false
			for q := procs - 1; q >= 0; q-- {
				if at.pos[q] == len(steps[q]) {
					continue
				}
				ready = true
				i := steps[q][at.pos[q]]
				if !reached(at.pos, need[i]) {
					continue
				}
				pos := slices.Clone(at.pos)
				pos[q]++
				nodes = append(nodes, node{pos, q, n})
				if q == at.last || at.last < 0 {
					level = append(level, len(nodes)-1)
				} else {
					next = append(next, len(nodes)-1)
				}
			}
			if !ready {
				return path(n, func(n int) (int, int) { return nodes[n].from, nodes[n].last }, moves, steps, procs)
			}
		}
		if len(nodes) > maxNodes {
			return h.greedy(moves, steps, need)
		}
		if len(level) == 0 {
			slices.Reverse(next) // nodes found first are looked at first
			level, next = next, nil
		}
	}
	return moves
}

func reached(pos, need []int) bool {
	for q, n := range need {
		if pos[q] < n {
			return false
		}
	}
	return true
}

// path lists the moves on the way to a node.
func path(n int, before func(int) (from, proc int), moves []Move, steps [][]int, procs int) []Move {
	var order []int
	for from, q := before(n); from >= 0; from, q = before(from) {
		order = append(order, q)
	}
	slices.Reverse(order)
	pos := make([]int, procs)
	var out []Move
	for _, q := range order {
		out = append(out, moves[steps[q][pos[q]]])
		pos[q]++
	}
	return out
}

// greedy lets each process go on as long as it can.
func (h *shrinker) greedy(moves []Move, steps, need [][]int) []Move {
	pos := make([]int, len(steps))
	var out []Move
	for q := int(moves[0].Proc); len(out) < len(moves); q = (q + 1) % len(steps) {
		for pos[q] < len(steps[q]) && reached(pos, need[steps[q][pos[q]]]) {
			out = append(out, moves[steps[q][pos[q]]])
			pos[q]++
		}
	}
	return out
}
