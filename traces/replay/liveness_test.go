package replay_test

import (
	"fmt"
	"strings"
	"testing"

	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/traces/replay"
)

// p sets a, then goes round; q can move as soon as a is set, and nothing takes that away from it. r fails if b is set.
const liveSpec = `u2 x;
bool a;
bool b;

fair process p
{
	a = true;
	while (true) {
		x = 1;
		x = 0;
	}
}

fair process q
{
	await (a);
	b = true;
}

process r
{
	await (b);
	assert (!b);
}

liveness set: eventually b;
liveness one: always eventually x == 1;
liveness up: a leads_to x == 2;
`

// TestLivenessIsJudged: a run that is said to violate a liveness property is taken apart by the oracle alone.
func TestLivenessIsJudged(t *testing.T) {
	sys := testkit.System(t, liveSpec, elab.BuildOptions{NoMerge: true})
	p := func(trans ...int) (out []replay.Move) {
		for _, k := range trans {
			out = append(out, replay.Move{Proc: 0, Trans: k})
		}
		return out
	}
	q := func(k int) replay.Move { return replay.Move{Proc: 1, Trans: k} }
	r := func(k int) replay.Move { return replay.Move{Proc: 2, Trans: k} }
	// Of p: 0 sets a, 1 sets x to 1, 2 back to 0. Of q: 0 waits, 1 sets b.
	for _, tc := range []struct {
		name, property string
		moves          []replay.Move
		cycle          int
		want           string // of the error, or of the message
	}{
		{"a fair round", "up", append(append(p(0), q(0), q(1)), p(1, 2)...), 4, "after step 1 a is true, and it never leads to x == 2: steps 4 to 5 repeat for ever"},
		{"q is left standing", "up", p(0, 1, 2), 2, "not fair: q could always move"},
		{"q is left standing halfway", "set", append(append(p(0), q(0)), p(1, 2)...), 3, "not fair: q"},
		{"the round has what is owed", "one", append(append(p(0), q(0), q(1)), p(1, 2)...), 4, "nothing that one owes is owed for ever"},
		{"it came before the round", "set", append(append(p(0), q(0), q(1)), p(1, 2)...), 4, "nothing that set owes"},
		{"no round", "up", append(append(p(0), q(0), q(1)), p(1)...), 4, "begins no part that repeats"},
		{"a round that begins behind the end", "up", p(0, 1, 2), 4, "begins no part that repeats"},
		{"not the end", "up", p(0, 1, 2), 0, "the run can go on"},
		{"a crash", "up", append(append(p(0), q(0), q(1), r(0), r(1)), p(1, 2)...), 6, "a process has failed"},
		{"a step that is not there", "up", []replay.Move{q(0)}, 0, "not enabled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr, err := replay.Run(sys, tc.moves, replay.Options{Property: tc.property, Cycle: tc.cycle})
			got := fmt.Sprint(err)
			if err == nil {
				got = tr.Message
				if err := replay.Replay(sys, tr); err != nil {
					t.Error(err)
				}
				tr.Cycle--
				if err := replay.Replay(sys, tr); err == nil {
					t.Error("the trace is accepted with another round")
				}
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("%s, not %s", got, tc.want)
			}
		})
	}
}
