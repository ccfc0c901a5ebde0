package sim

import (
	"math/rand/v2"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

const (
	walkTries = 16
	walkSteps = 400
)

// Walk is a run to look at, with the names of the covers that it reaches.
type Walk struct {
	Covers []string
	Trace  *traces.Trace
}

type walk struct {
	moves  []replay.Move
	covers map[model.CoverID]bool
}

// Walks are a few runs to look at, of a configuration that holds: of several random ones those that reach most covers which no run before them has reached, then those that make
// most steps which none before them makes, and the shorter of equals. The seeds are fixed, so the runs are the same each time.
func Walks(sys *model.System, most int) []Walk {
	return choose(sys, random(sys), most)
}

// random are random runs. One that does not come to an end stops after the last step that showed something new: a loop is not looked at again and again.
func random(sys *model.System) (all []walk) {
	in := eval.New(sys, eval.Options{})
	for seed := range uint64(walkTries) {
		dice := rand.New(rand.NewPCG(1, seed))
		s, _ := in.Initial()
		w := walk{covers: map[model.CoverID]bool{}}
		fresh, made := 0, map[replay.Move]bool{}
		for range walkSteps {
			enabled := in.Enabled(s)
			if len(enabled) == 0 {
				fresh = len(w.moves)
				break
			}
			c := enabled[dice.IntN(len(enabled))]
			out := in.Step(s, c)
			w.moves = append(w.moves, c)
			before := len(w.covers)
			for _, k := range out.Covers {
				w.covers[k] = true
			}
			s = out.Next
			for _, k := range sys.Covers {
				if k.X != nil && !w.covers[k.ID] {
					if v, f := in.Eval(s, k.X); f == nil && v != 0 {
						w.covers[k.ID] = true
					}
				}
			}
			if !made[c] || len(w.covers) > before {
				made[c], fresh = true, len(w.moves)
			}
		}
		w.moves = w.moves[:fresh]
		if len(w.moves) > 0 {
			all = append(all, w)
		}
	}
	return all
}

// choose takes the runs that show most which those before them do not.
func choose(sys *model.System, all []walk, most int) (out []Walk) {
	reached, made := map[model.CoverID]bool{}, map[replay.Move]bool{}
	for len(out) < most && len(all) > 0 {
		best, gain := 0, [2]int{-1, 0}
		for i, w := range all {
			var n [2]int
			for k := range w.covers {
				if !reached[k] {
					n[0]++
				}
			}
			fresh := map[replay.Move]bool{}
			for _, m := range w.moves {
				if !made[m] {
					fresh[m] = true
				}
			}
			n[1] = len(fresh)
			if c := slices.Compare(n[:], gain[:]); c > 0 || c == 0 && len(w.moves) < len(all[best].moves) {
				best, gain = i, n
			}
		}
		if gain == [2]int{} && len(out) > 0 && slices.ContainsFunc(out, func(w Walk) bool { return same(w.Trace, all[best].moves) }) {
			all = append(all[:best], all[best+1:]...)
			continue // the same run once more
		}
		w := all[best]
		all = append(all[:best], all[best+1:]...)
		t, err := replay.Run(sys, w.moves, replay.Options{})
		if err != nil {
			break // the walk was made by the same interpreter
		}
		x := Walk{Trace: t}
		for _, k := range sys.Covers {
			if w.covers[k.ID] {
				x.Covers = append(x.Covers, k.Name)
				reached[k.ID] = true
			}
		}
		for _, m := range w.moves {
			made[m] = true
		}
		out = append(out, x)
	}
	return out
}

// same reports whether a trace is of these moves.
func same(t *traces.Trace, moves []replay.Move) bool {
	return slices.EqualFunc(t.Steps, moves, func(s traces.Step, m replay.Move) bool {
		return s.Process == int(m.Proc) && s.Transition == m.Trans && s.Way == m.Way
	})
}
