package por

import (
	"fmt"
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
	"pmdcheck/model"
)

// Verify checks what a stubborn set claims by running transitions: from st it follows every run of at most maxSteps transitions outside the set (and at most
// maxStates states), and demands in each state reached that
//
//   - the transitions of the set that were not enabled in st are not enabled there: nobody outside the set enables them;
//   - those that were enabled still are, do what they did in st (same failure, same covers), and commute with each transition outside the set that is enabled:
//     both orders lead to the same state, and each does the same in either;
//   - no goal is reached that st did not reach.
//
// It is the definition of a stubborn set put to the test, independent of how the set was found. It returns the number of pairs of transitions that were compared.
func (sel *Selector) Verify(st []uint64, maxStates, maxSteps int) (pairs int, err error) {
	n := sel.look(st)
	if n <= 1 {
		return 0, nil
	}
	sel.choose(n)
	v := &verifier{s: sel.s, x: sel.s.prog.NewExec(), set: sel.best.Clone(), enabled: sel.enabled.Clone(), goals: sel.goals, seen: map[string]bool{}}
	return v.run(st, maxStates, maxSteps)
}

type verifier struct {
	s       *Static
	x       *program.Exec
	set     bitset.Set
	enabled bitset.Set
	goals   []int
	seen    map[string]bool
	pairs   int
}

// deed is what one way of a transition did.
type deed struct {
	status program.Status
	failed model.PropID
	covers string
	next   []uint64
}

func (d deed) same(e deed) bool {
	return d.status == e.status && d.failed == e.failed && d.covers == e.covers
}

// do executes each way of a transition.
func (v *verifier) do(t *program.Transition, st []uint64) (deeds []deed, enabled bool) {
	dst := make([]uint64, v.s.prog.Total)
	v.x.Each(t, st, dst, func(status program.Status) {
		d := deed{status: status, failed: model.NoProp}
		if status != program.Disabled {
			enabled = true
			if status == program.Failed {
				d.failed = v.x.Failed()
			}
			d.covers = fmt.Sprint(v.x.Covers())
			d.next = slices.Clone(dst[:v.s.prog.Words])
		}
		deeds = append(deeds, d)
	})
	return deeds, enabled
}

func (v *verifier) candidates(st []uint64, f func(id int, t *program.Transition)) {
	for proc := range v.s.sys.Processes {
		for _, t := range v.s.prog.Candidates(st, proc) {
			f(v.s.base[proc]+t.ID, t)
		}
	}
}

func (v *verifier) run(st []uint64, maxStates, maxSteps int) (int, error) {
	first := map[int][]deed{} // of the set's enabled transitions, in st
	inSet := map[int]*program.Transition{}
	v.candidates(st, func(id int, t *program.Transition) {
		if v.set.Has(id) && v.enabled.Has(id) {
			first[id], _ = v.do(t, st)
			inSet[id] = t
		}
	})
	reached := v.reached(st)
	type item struct {
		st    []uint64
		steps int
	}
	work := []item{{st, 0}}
	v.seen[fmt.Sprint(st)] = true
	for len(work) > 0 {
		cur := work[0]
		work = work[1:]
		var err error
		v.candidates(cur.st, func(id int, u *program.Transition) {
			if err != nil {
				return
			}
			done, enabled := v.do(u, cur.st)
			if !enabled {
				return
			}
			if v.set.Has(id) {
				if !v.enabled.Has(id) {
					err = fmt.Errorf("%s became enabled by transitions outside the set", v.s.name(id))
				}
				return
			}
			for sid, t := range inSet {
				v.pairs++
				if err = v.commute(t, u, cur.st, first[sid], done); err != nil {
					err = fmt.Errorf("%s (in the set) and %s (outside): %w", v.s.name(sid), v.s.name(id), err)
					return
				}
			}
			for _, d := range done {
				if d.status == program.Disabled {
					continue
				}
				for g, was := range v.reached(d.next) {
					if was && !reached[g] {
						err = fmt.Errorf("%s, outside the set, reaches goal %d", v.s.name(id), g)
						return
					}
				}
				k := fmt.Sprint(d.next)
				if cur.steps < maxSteps && len(v.seen) < maxStates && !v.seen[k] {
					v.seen[k] = true
					work = append(work, item{d.next, cur.steps + 1})
				}
			}
		})
		if err != nil {
			return v.pairs, err
		}
	}
	return v.pairs, nil
}

// commute compares t;u with u;t from st, each way of the one with each way of the other, where u was already run.
func (v *verifier) commute(t, u *program.Transition, st []uint64, first, done []deed) error {
	afterT, _ := v.do(t, st)
	if !slices.EqualFunc(afterT, first, deed.same) {
		return fmt.Errorf("the first does something else than at the start")
	}
	for j, e := range done {
		if e.status == program.Disabled {
			continue
		}
		both, _ := v.do(t, e.next)
		if !slices.EqualFunc(both, first, deed.same) {
			return fmt.Errorf("the second changes what the first does")
		}
		for i, d := range afterT {
			if d.status == program.Disabled {
				continue
			}
			other, _ := v.do(u, d.next)
			if !slices.EqualFunc(other, done, deed.same) {
				return fmt.Errorf("the first changes what the second does")
			}
			if !slices.Equal(both[i].next, other[j].next) {
				return fmt.Errorf("the two orders lead to different states")
			}
		}
	}
	return nil
}

// reached tells for each goal to keep whether a state reaches it.
func (v *verifier) reached(st []uint64) map[int]bool {
	out := map[int]bool{}
	buf := make([]uint64, v.s.prog.Total)
	copy(buf, st)
	for _, g := range v.goals {
		q := &v.s.tests[v.s.goals[g].reach]
		truth, ok := q.x(v.x, buf)
		out[g] = ok && truth == q.want || !ok && v.s.goals[g].byFailing
	}
	return out
}
