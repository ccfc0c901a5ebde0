package sim

import (
	"math/rand/v2"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

const (
	walkTries = 16
	walkSteps = 400
)

// Walks are a few runs to look at, of a cell that holds: of several random ones those that reach most covers which no run before them has reached, and the
// shorter of equals. The seeds are fixed, so the runs are the same each time.
func Walks(sys *model.System, most int) []*traces.Trace {
	in := eval.New(sys, eval.Options{})
	type walk struct {
		moves  []replay.Move
		covers map[model.CoverID]bool
	}
	var all []walk
	for seed := range uint64(walkTries) {
		random := rand.New(rand.NewPCG(1, seed))
		s, _ := in.Initial()
		w := walk{covers: map[model.CoverID]bool{}}
		for range walkSteps {
			enabled := in.Enabled(s)
			if len(enabled) == 0 {
				break
			}
			c := enabled[random.IntN(len(enabled))]
			out := in.Step(s, c)
			w.moves = append(w.moves, c)
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
		}
		if len(w.moves) > 0 {
			all = append(all, w)
		}
	}
	reached := map[model.CoverID]bool{}
	var out []*traces.Trace
	for len(out) < most && len(all) > 0 {
		best, gain := 0, -1
		for i, w := range all {
			n := 0
			for k := range w.covers {
				if !reached[k] {
					n++
				}
			}
			if n > gain || n == gain && len(w.moves) < len(all[best].moves) {
				best, gain = i, n
			}
		}
		if gain == 0 && len(out) > 0 {
			break
		}
		t, err := replay.Run(sys, all[best].moves, replay.Options{})
		if err != nil {
			break // the walk was made by the same interpreter
		}
		out = append(out, t)
		for k := range all[best].covers {
			reached[k] = true
		}
		all = append(all[:best], all[best+1:]...)
	}
	return out
}
