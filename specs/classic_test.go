package specs_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/linux"
)

// The classics once more, written out by hand as successor functions: no checker, no state machines of ours, only what the algorithm says and the rule
// that a step makes one shared access. Positions are numbered by the shared accesses of the program text; parked is where a failed assertion leaves a process.
const parked = -1

// enumerate counts the reachable states and the steps between them.
func enumerate[S comparable](start S, next func(S, func(S))) (states, transitions int64) {
	seen := map[S]bool{start: true}
	work := []S{start}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		next(s, func(n S) {
			transitions++
			if !seen[n] {
				seen[n] = true
				work = append(work, n)
			}
		})
	}
	return int64(len(seen)), transitions
}

// flag, turn (the other way round if turnFirst); wait; enter; leave; lower the flag.
func peterson(turnFirst bool) (int64, int64) {
	type state struct {
		at     [2]int8
		flag   [2]bool
		turn   int8
		inside int8
	}
	return enumerate(state{}, func(s state, emit func(state)) {
		for i := range int8(2) {
			n, me, other := s, i, 1-i
			switch s.at[i] {
			case parked:
				continue
			case 0, 1:
				if (s.at[i] == 0) == turnFirst {
					n.turn = other
				} else {
					n.flag[me] = true
				}
				n.at[i]++
			case 2:
				if s.flag[other] && s.turn != me {
					continue
				}
				n.at[i]++
			case 3:
				if s.inside != 0 {
					n.at[i] = parked
				} else {
					n.inside, n.at[i] = 1, 4
				}
			case 4:
				n.inside, n.at[i] = 0, 5
			case 5:
				n.flag[me], n.at[i] = false, 0
			}
			emit(n)
		}
	})
}

// Per level: name the level, name itself victim (the other way round if victimFirst), one wait per other process; then enter, leave, level 0.
func filter(procs int8, victimFirst bool) (int64, int64) {
	type state struct {
		at     [4]int8
		level  [4]int8
		victim [4]int8 // by level
		inside int8
	}
	perLevel := procs + 1
	enter := perLevel * (procs - 1)
	return enumerate(state{}, func(s state, emit func(state)) {
		for i := range procs {
			n, at := s, s.at[i]
			switch l, k := at/perLevel+1, at%perLevel; {
			case at == parked:
				continue
			case at < enter && k < 2:
				if (k == 0) == victimFirst {
					n.victim[l] = i
				} else {
					n.level[i] = l
				}
				n.at[i]++
			case at < enter:
				other := k - 2 // the others, in order, without i
				if other >= i {
					other++
				}
				if s.level[other] >= l && s.victim[l] == i {
					continue
				}
				n.at[i]++
			case at == enter:
				if s.inside != 0 {
					n.at[i] = parked
				} else {
					n.inside, n.at[i] = 1, at+1
				}
			case at == enter+1:
				n.inside, n.at[i] = 0, at+1
			default:
				n.level[i], n.at[i] = 0, 0
			}
			emit(n)
		}
	})
}

// Two forks, then the first one's place on the table, then the second's.
func dining(n int, ordered bool) (int64, int64) {
	type state struct {
		at   [5]int8
		fork [5]bool
	}
	return enumerate(state{}, func(s state, emit func(state)) {
		for i := range n {
			left, right := i, (i+1)%n
			first, second := left, right
			if ordered && i == n-1 {
				first, second = right, left
			}
			next := s
			next.at[i] = (s.at[i] + 1) % 4
			switch s.at[i] {
			case 0, 1:
				f := first
				if s.at[i] == 1 {
					f = second
				}
				if s.fork[f] {
					continue
				}
				next.fork[f] = true
			case 2:
				next.fork[left] = false
			case 3:
				next.fork[right] = false
			}
			emit(next)
		}
	})
}

// A careful producer and the consumer are at one of twelve steps each, three an item: wait, move the item, count. Everything else follows from the two
// positions p and c. Consumer step 3b+1 needs b+1 items counted, producer step 3a+1 needs fewer than size items in between, so the states are the
// pairs with ceil(c/3) <= floor(p/3) and ceil(p/3) <= floor(c/3) + size.
func carefulBuffer(size int) (states, transitions int64) {
	const items = 4
	in := func(p, c int) bool {
		return p <= 3*items && c <= 3*items && (c+2)/3 <= p/3 && (p+2)/3 <= c/3+size
	}
	for p := range 3*items + 1 {
		for c := range 3*items + 1 {
			if !in(p, c) {
				continue
			}
			states++
			for _, next := range [][2]int{{p + 1, c}, {p, c + 1}} {
				if in(next[0], next[1]) {
					transitions++
				}
			}
		}
	}
	return states, transitions
}

func buffer(size int8, careless bool) (int64, int64) {
	type state struct {
		put, got    int8 // items moved
		pat, cat    int8 // 0: wait, 1: move, 2: count; a careless producer never waits
		count       int8
		slot        [3]int8
		overwritten bool // the consumer has met a wrong item
	}
	const items = 4
	start := state{}
	if careless {
		start.pat = 1
	}
	return enumerate(start, func(s state, emit func(state)) {
		if s.put < items || s.pat == 2 {
			n := s
			switch s.pat {
			case 0:
				n.pat = 1
			case 1:
				n.slot[s.put%size], n.put, n.pat = s.put+1, s.put+1, 2
			case 2:
				n.count, n.pat = s.count+1, start.pat
			}
			if s.pat != 0 || s.count < size {
				emit(n)
			}
		}
		if (s.got < items || s.cat == 2) && !s.overwritten {
			n := s
			switch s.cat {
			case 0:
				n.cat = 1
			case 1:
				if s.slot[s.got%size] != s.got+1 {
					n.overwritten = true
				} else {
					n.got, n.cat = s.got+1, 2
				}
			case 2:
				n.count, n.cat = s.count-1, 0
			}
			if s.cat != 0 || s.count > 0 {
				emit(n)
			}
		}
	})
}

// Send the own number; then receive, and pass on, lead, or drop.
func election(n int) (int64, int64) {
	type state struct {
		at     [4]int8 // 0: send own, 1: receive, 2: lead, 3: pass on
		inbox  [4]int8
		got    [4]int8
		leader int8
	}
	id := func(i int) int8 {
		if n%2 == 1 {
			return int8(i*2%n + 1)
		}
		return int8(i + 1)
	}
	return enumerate(state{}, func(s state, emit func(state)) {
		for i := range n {
			next, to := s, (i+1)%n
			switch s.at[i] {
			case 0, 3:
				if s.inbox[to] != 0 {
					continue
				}
				next.inbox[to], next.got[i], next.at[i] = s.got[i], 0, 1
				if s.at[i] == 0 {
					next.inbox[to] = id(i)
				}
			case 1:
				got := s.inbox[i]
				if got == 0 {
					continue
				}
				next.inbox[i] = 0
				switch {
				case got == id(i):
					next.at[i] = 2
				case got > id(i):
					next.got[i], next.at[i] = got, 3
				}
			case 2:
				next.leader, next.at[i] = id(i), 1
			}
			emit(next)
		}
	})
}

func power(b int64, e int) int64 {
	p := int64(1)
	for range e {
		p *= b
	}
	return p
}

// TestClassicCounts: every configuration of the classics states how many states and transitions it has; the hand-written enumerations above say the same, and so does
// the checker.
func TestClassicCounts(t *testing.T) {
	names := []string{"peterson", "filter", "dining", "buffer", "election"}
	for _, name := range names {
		spec := load(t, "classic/"+name, linux.FS)
		configs, err := spec.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range configs {
			t.Run(name+" "+c.String(), func(t *testing.T) {
				if testing.Short() && c.Tier != "" {
					t.Skip("slow tier")
				}
				value := func(name string) string {
					i := slices.IndexFunc(c.Config, func(v model.ConfigValue) bool { return v.Name == name })
					return c.Config[i].Value
				}
				number := func(name string) int {
					n, err := strconv.Atoi(value(name))
					if err != nil {
						t.Fatal(err)
					}
					return n
				}
				var states, transitions int64
				switch name {
				case "peterson":
					states, transitions = peterson(value("turn_first") == "true")
				case "filter":
					states, transitions = filter(int8(number("N")), value("victim_first") == "true")
				case "dining":
					states, transitions = dining(number("N"), value("ordered") == "true")
					if want := power(3, number("N")) - 1; states != want {
						t.Errorf("enumerated %d states, by formula %d", states, want)
					}
				case "buffer":
					careless := value("careless") == "true"
					states, transitions = buffer(int8(number("SIZE")), careless)
					if s, tr := carefulBuffer(number("SIZE")); !careless && (s != states || tr != transitions) {
						t.Errorf("enumerated %d states, %d transitions, by formula %d, %d", states, transitions, s, tr)
					}
				case "election":
					states, transitions = election(number("N"))
				}
				if c.Expect == nil || c.Expect.States != states || c.Expect.Transitions != transitions {
					t.Errorf("enumerated %d states, %d transitions; the spec expects %+v", states, transitions, c.Expect)
				}
				sys, err := spec.Build(c, elab.BuildOptions{})
				if err != nil {
					t.Fatal(err)
				}
				res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone})
				if err != nil {
					t.Fatal(err)
				}
				if res.Stats.States != states || res.Stats.Transitions != transitions {
					t.Errorf("enumerated %d states, %d transitions; the checker counts %d, %d", states, transitions, res.Stats.States, res.Stats.Transitions)
				}
			})
		}
	}
}
