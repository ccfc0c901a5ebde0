package explore

import (
	"sync"
	"testing"
)

// TestTorn: a walk in which the bound on states was met cannot be taken up again, even if another worker had ended it before for a reason after which it can. The state that was too much is
// in the visited set, and nobody will expand it.
func TestTorn(t *testing.T) {
	for _, reason := range []Stop{StopTime, StopCancel, StopBytes, StopStates} {
		c := &crew{w: &Walk{Limits: Limits{States: 1}}}
		c.still = sync.NewCond(&c.mu)
		m := &member{c: c, states: 2, wake: sync.NewCond(&c.mu)}
		c.members = []*member{m}
		c.halt(reason)
		if before := reason != StopStates; c.whole(reason) != before {
			t.Errorf("reason %d: can be taken up: %v, want %v", reason, !before, before)
		}
		if m.within() {
			t.Error("two states are within a bound of one")
		}
		if got := Stop(c.stop.Load() - 1); got != reason || c.whole(got) {
			t.Errorf("reason %d became %d, and the walk can be taken up again: %v", reason, got, c.whole(got))
		}
	}
}
