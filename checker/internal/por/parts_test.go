package por

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
)

// space is the full state space of a small system.
type space struct {
	s      *Static
	states [][]uint64
	out    [][]arrow
}

// arrow is one way of a transition that is enabled in a state.
type arrow struct {
	id, way, to int
	deed        string
}

// newSpace explores everything; nil if there are more states than most.
func newSpace(s *Static, most int) *space {
	sp := &space{s: s}
	p := s.prog
	x := p.NewExec()
	first := make([]uint64, p.Total)
	x.Initial(first)
	seen := map[string]int{}
	number := func(st []uint64) int {
		k := fmt.Sprint(st)
		n, ok := seen[k]
		if !ok {
			n = len(sp.states)
			seen[k] = n
			sp.states = append(sp.states, slices.Clone(st))
		}
		return n
	}
	number(first[:p.Words])
	dst := make([]uint64, p.Total)
	for i := 0; i < len(sp.states); i++ {
		if len(sp.states) > most {
			return nil
		}
		var out []arrow
		for proc := range p.Processes() {
			for _, t := range p.Candidates(sp.states[i], proc) {
				x.Each(t, sp.states[i], dst, func(st program.Status) {
					if st == program.Disabled {
						return
					}
					d := fmt.Sprint(st, x.Covers())
					if st == program.Failed {
						d += fmt.Sprint(x.Failed())
					}
					out = append(out, arrow{s.base[proc] + t.ID, x.Way(), number(dst[:p.Words]), d})
				})
			}
		}
		sp.out = append(sp.out, out)
	}
	return sp
}

func (sp *space) enabled(st, id int) (ways []arrow) {
	for _, a := range sp.out[st] {
		if a.id == id {
			ways = append(ways, a)
		}
	}
	return ways
}

// same finds the way of a transition in a state that an arrow is.
func (sp *space) same(st int, a arrow) (arrow, bool) {
	for _, b := range sp.out[st] {
		if b.id == a.id && b.way == a.way {
			return b, b.deed == a.deed
		}
	}
	return arrow{}, false
}

// without calls f for every state that runs of transitions outside n reach, until it returns an error.
func (sp *space) without(from int, n bitset.Set, f func(st int) error) error {
	seen := map[int]bool{from: true}
	work := []int{from}
	for len(work) > 0 {
		st := work[len(work)-1]
		work = work[:len(work)-1]
		if err := f(st); err != nil {
			return err
		}
		for _, a := range sp.out[st] {
			if !n.Has(a.id) && !seen[a.to] {
				seen[a.to] = true
				work = append(work, a.to)
			}
		}
	}
	return nil
}

// check holds every conclusion that a stubborn set could be made of against its definition, in every state: conflicts, each necessary enabling set of each
// transition that is not enabled, each way to keep each goal; and that every cycle has a sticky transition.
func (sp *space) check() (checked int, err error) {
	s := sp.s
	var covers []int
	for i := range s.sys.Covers {
		covers = append(covers, i)
	}
	sel := s.Selector(covers)
	goal := make([]map[int]bool, len(sp.states))
	v := verifier{s: s, x: s.prog.NewExec(), goals: sel.goals}
	for i, st := range sp.states {
		goal[i] = v.reached(st)
	}
	for i, st := range sp.states {
		sel.look(st)
		for id := range s.n {
			if !sel.reach.Has(id) {
				continue
			}
			if ways := sp.enabled(i, id); len(ways) > 0 {
				n := sel.need[sel.slot[id]-1].Clone()
				n.Add(id)
				checked++
				if err := sp.without(i, n, func(st int) error {
					if len(sp.enabled(st, id)) != len(ways) {
						return fmt.Errorf("other ways in state %d", st)
					}
					for _, a := range ways {
						if err := sp.commutes(st, n, a); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					return checked, fmt.Errorf("state %d: conflicts of %s: %w", i, s.name(id), err)
				}
				continue
			}
			var sets []bitset.Set
			var kind []string
			offer := func(what string, b bitset.Set) { sets, kind = append(sets, b.Clone()), append(kind, what) }
			here := sel.slot[id] != 0
			for k := range s.trans[id].blocks {
				b := &s.trans[id].blocks[k]
				if !here && !b.remote || slices.ContainsFunc(b.tests, func(t int32) bool { return !sel.blocked(t) }) {
					continue
				}
				if here {
					offer(fmt.Sprint("block ", k), b.here)
				} else {
					offer(fmt.Sprint("remote block ", k), b.lift)
				}
			}
			if here {
				offer("what it read", sel.need[sel.slot[id]-1])
			} else {
				offer("ways to it", s.trans[id].enter)
				offer("ways from here", s.at[s.proc[id]][sel.locs[s.proc[id]]])
			}
			for k, n := range sets {
				n.Add(id)
				checked++
				if err := sp.without(i, n, func(st int) error {
					if len(sp.enabled(st, id)) > 0 {
						return fmt.Errorf("enabled in state %d", st)
					}
					return nil
				}); err != nil {
					return checked, fmt.Errorf("state %d: %s of %s: %w", i, kind[k], s.name(id), err)
				}
			}
		}
		for _, g := range sel.goals {
			if goal[i][g] {
				continue
			}
			for k := range s.goals[g].ways {
				w := &s.goals[g].ways[k]
				if slices.ContainsFunc(w.tests, func(t int32) bool { return !sel.blocked(t) }) {
					continue
				}
				checked++
				if err := sp.without(i, w.here, func(st int) error {
					if goal[st][g] {
						return fmt.Errorf("reached in state %d", st)
					}
					return nil
				}); err != nil {
					return checked, fmt.Errorf("state %d: way %d of goal %d: %w", i, k, g, err)
				}
			}
		}
	}
	return checked, sp.cycles()
}

func (sp *space) commutes(st int, n bitset.Set, t arrow) error {
	a, ok := sp.same(st, t)
	if !ok {
		return fmt.Errorf("something else in state %d", st)
	}
	for _, u := range sp.out[st] {
		if n.Has(u.id) {
			continue
		}
		ut, ok := sp.same(u.to, t)
		if !ok {
			return fmt.Errorf("%s makes it do something else in state %d", sp.s.name(u.id), st)
		}
		tu, ok := sp.same(a.to, u)
		if !ok {
			return fmt.Errorf("%s does something else after it in state %d", sp.s.name(u.id), st)
		}
		if tu.to != ut.to {
			return fmt.Errorf("%s does not commute with it in state %d", sp.s.name(u.id), st)
		}
	}
	return nil
}

// cycles looks for one without sticky transitions.
func (sp *space) cycles() error {
	colour := make([]int, len(sp.states))
	var visit func(i int) error
	visit = func(i int) error {
		colour[i] = 1
		for _, a := range sp.out[i] {
			if sp.s.sticky.Has(a.id) {
				continue
			}
			if colour[a.to] == 1 {
				return fmt.Errorf("%s closes a cycle without sticky transitions", sp.s.name(a.id))
			}
			if colour[a.to] == 0 {
				if err := visit(a.to); err != nil {
					return err
				}
			}
		}
		colour[i] = 2
		return nil
	}
	for i := range sp.states {
		if colour[i] == 0 {
			if err := visit(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkParts checks one spec; small reports whether it could be.
func checkParts(src string, o elab.BuildOptions, noAssert bool) (checked int, small bool, err error) {
	sys, err := testkit.First("random.pmd", src, o)
	if err != nil {
		return 0, false, nil
	}
	prog, err := program.Compile(sys, program.Options{NoAssert: noAssert})
	if err != nil {
		return 0, false, nil
	}
	sp := newSpace(New(prog, nil), maxSpace)
	if sp == nil {
		return 0, false, nil
	}
	n, err := sp.check()
	return n, true, err
}

// shrinkParts drops lines as long as the check of what is left fails.
func shrinkParts(src string, o elab.BuildOptions, noAssert bool, err error) (string, error) {
	lines := strings.Split(src, "\n")
	for again := true; again; {
		again = false
		for i := 0; i < len(lines); i++ {
			rest := append(append([]string{}, lines[:i]...), lines[i+1:]...)
			if _, _, e := checkParts(strings.Join(rest, "\n"), o, noAssert); e != nil {
				lines, again, err = rest, true, e
				i--
			}
		}
	}
	return strings.Join(lines, "\n"), err
}

const maxSpace = 500

func conclude(t *testing.T, seed uint64) (checked int, small bool) {
	o := elab.BuildOptions{NoMerge: seed%3 == 0, NoReset: seed%7 == 0}
	noAssert := seed%11 == 0
	src := testkit.Steps(rand.New(rand.NewPCG(seed, 11)))
	if seed%2 == 1 {
		src = testkit.Loops(rand.New(rand.NewPCG(seed, 17)))
	}
	if seed%10 == 0 {
		src = testkit.Source(rand.New(rand.NewPCG(seed, 2022)))
	}
	if seed%6 == 4 {
		src = heldUp(src, seed)
	}
	n, ok, err := checkParts(src, o, noAssert)
	if err != nil {
		src, err = shrinkParts(src, o, noAssert, err)
		t.Fatalf("seed %d: %v\n%s", seed, err, src)
	}
	return n, ok
}

var processHead = regexp.MustCompile(`(?m)^((?:fair )?process \w*?(\d))\b`)

// heldUp is a program whose processes take steps only where something is true that others change.
func heldUp(src string, seed uint64) string {
	conditions := []string{"gate == 0 || self == 1", "gate != 1", "gate == 1 || this_cpu != 0", "self != 0 || gate != 2"}
	return processHead.ReplaceAllString(src, "$1 on cpu $2") + "\nu2 gate;\nprocess opens {\n\tgate = 1;\n\tgate = 2;\n}\nprocess await (" + conditions[seed/6%4] + ");\n"
}

// TestConclusions checks, in the full state space of small random models, everything that stubborn sets are made of, whether one was made of it or not. It finds far more than
// a comparison of answers: a wrong conclusion seldom gets into a set, and a wrong set seldom changes an answer.
func TestConclusions(t *testing.T) {
	n := uint64(6000)
	if testing.Short() {
		n = 600
	}
	total, used := 0, uint64(0)
	for seed := range n {
		checked, small := conclude(t, seed)
		total += checked
		if small {
			used++
		}
	}
	if used < n*9/10 || total < 50*int(n) {
		t.Errorf("%d of %d models were small enough, %d conclusions were checked", used, n, total)
	}
	t.Logf("%d conclusions checked on %d models", total, used)
}

// TestConclusionsByHand: what chance does not write often enough.
func TestConclusionsByHand(t *testing.T) {
	for name, src := range map[string]string{
		"alloc resets a field": "property dead \"dead\"; @use(dead) @free(dead) struct s { u1 v; }; struct s A; struct s *r; u1 z; process p { A.v = 1; atomic { await (peek(A.v) == 0); z = 1; } } " +
			"process q { await (peek(A.v) == 1); free (&A); r = alloc(struct s); } process o { u1 l; l = z; }",
		"a store to an array of locals": "u1 x; u1 z; process p { u1 k[2]; u2 i; u1 h; i = x; k[i] = 0; atomic { k[0] = x; h = k[0]; await (h == 1); z = 1; } } process q { x = 1; } process o { u1 l; l = z; }",
	} {
		if n, small, err := checkParts(src, elab.BuildOptions{}, false); err != nil || !small || n == 0 {
			t.Errorf("%s: %d checked, small %v, %v", name, n, small, err)
		}
	}
}

// FuzzConclusions goes on where TestConclusions ends.
func FuzzConclusions(f *testing.F) {
	f.Add(uint64(1_000_000))
	f.Fuzz(func(t *testing.T, seed uint64) { conclude(t, seed) })
}
