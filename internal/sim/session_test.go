package sim_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/internal/sim"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

func session(t testing.TB, src string) *sim.Session {
	t.Helper()
	sys := testkit.System(t, src, elab.BuildOptions{})
	return sim.New(sys)
}

// Two processes that take two locks in opposite order.
const crossed = `u2 a, b;
process p
{
	await (a == 0);
	a = 1;
	await (b == 0);
	b = 1;
	cover p_has_both;
	a = 0;
	b = 0;
}
process q
{
	await (b == 0);
	b = 2;
	await (a == 0);
	a = 2;
	a = 0;
	b = 0;
}
`

// TestScript: the commands, and what they print.
func TestScript(t *testing.T) {
	s := session(t, crossed)
	files := map[string]*traces.Trace{}
	var out bytes.Buffer
	script := `# a comment
list
1
step p        # takes a
changed
step q
where
undo 2
state
run cover p_has_both
reset
run no_deadlock
save dead
undo
follow dead 2
follow dead
quit
nonsense
`
	err := s.Script(strings.NewReader(script), &out, sim.Files{
		Read: func(n string) (*traces.Trace, error) {
			if files[n] == nil {
				return nil, errors.New("no such file")
			}
			return files[n], nil
		},
		Write: func(n string, t *traces.Trace) error { files[n] = t; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `  1  p  await (a == 0)
  2  q  await (b == 0)
1  p  await (a == 0)
2  p  a = 1
a = 1 (was 0)
3  q  await (b == 0)
p                can move  t.pmd:6:2  await (b == 0);
q                can move  t.pmd:15:2  b = 2;
2 taken back, 1 left
a = 0
b = 0
3 steps
4 steps
violated no_deadlock: no process can move
1 taken back, 3 left
violated no_deadlock: no process can move
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if files["dead"] == nil || files["dead"].Kind != "violation" || files["dead"].Property != "no_deadlock" {
		t.Fatalf("%+v", files["dead"])
	}
	if err := replay.Replay(s.Sys, files["dead"]); err != nil {
		t.Error(err)
	}
}

// TestScriptErrors: each is named with its line, and ends the script.
func TestScriptErrors(t *testing.T) {
	for script, want := range map[string]string{
		"list\n7":           "line 2: 7: the list has 2 steps",
		"step r":            "line 1: step r: r has 0 steps that it can take",
		"\n\ndance":         "line 3: dance: there is no such command",
		"run cover nothing": "there is no cover nothing",
		"run no_such":       "there is no property no_such",
		"run":               "to what?",
		"run cover":         "to which cover?",
		"run no_fault":      "no run from here reaches it",
		"undo x":            "how many steps?",
		"save":              "to which file?",
		"follow x":          "follow x: no such file",
	} {
		err := session(t, crossed).Script(strings.NewReader(script), &bytes.Buffer{}, sim.Files{Read: func(string) (*traces.Trace, error) { return nil, errors.New("no such file") }})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", script, err, want)
		}
	}
}

// TestForeignTrace: a trace of another model is not followed, nor one beyond its end.
func TestForeignTrace(t *testing.T) {
	s, other := session(t, crossed), session(t, "u1 x; process p { x = 1; x = 0; } process q { end: await (x == 1); }")
	if _, err := other.Run(sim.Goal{Cover: "x"}); err == nil {
		t.Error("a cover that is none")
	}
	tr, err := other.Trace()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(tr, 0); err == nil || !strings.Contains(err.Error(), "of another model") {
		t.Error(err)
	}
	tr.Digest = "0123456789abcdef0123456789abcdef"
	if err := other.Follow(tr, 0); err == nil || !strings.Contains(err.Error(), `version "d1"`) || strings.Contains(err.Error(), "another model") {
		t.Errorf("a digest of the first version: %v", err)
	}
	if tr, err = other.Trace(); err != nil {
		t.Fatal(err)
	}
	if err := other.Follow(tr, 9); err == nil || !strings.Contains(err.Error(), "has 0 steps") {
		t.Error(err)
	}
	if err := other.Step(replay.Move{Proc: 7}); err == nil {
		t.Error("a step of no process")
	}
}

// TestWrong: what is wrong is found in the state it is wrong in: an invariant, a failed assertion, a failure before the first step, a leak.
func TestWrong(t *testing.T) {
	for src, want := range map[string]string{
		"u2 x; process p { x = 1; x = 2; } process q { x = 0; } invariant small: x < 2;":                                              "small",
		"u2 x; process p { x = 1; assert (x == 2); } process q { x = 0; }":                                                            "assertion",
		"@use(u) @leak(l) struct s { u1 n; }; struct s A; struct s *root = &A; process p { root = NULL; } process q { root = root; }": "l",
	} {
		s := session(t, src)
		if name, _ := s.Wrong(); name != "" {
			t.Errorf("%s: %s is wrong at the start", src, name)
		}
		if _, err := s.Run(sim.Goal{Property: want}); err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if name, _ := s.Wrong(); name != want {
			t.Errorf("%s: %q is wrong, want %q", src, name, want)
		}
	}
	if name, text := session(t, "u2 x = 3; process p { u2 i = 3; assert (i == 2); x = 2; }").Wrong(); name != "assertion" || text == "" {
		t.Errorf("at the start: %q %q", name, text)
	}
}

// TestLooks: history, locks by their names, cells by a part of theirs, and a run that stops before the step that goes wrong.
func TestLooks(t *testing.T) {
	src := `import "linux/kernel/locking";
const NR_CPUS = 1;
struct s { spinlock_t lock; u2 n; };
struct s A;
process p on cpu 0
{
	spin_lock(&A.lock);
	A.n = 1;
	spin_unlock(&A.lock);
}
process q on cpu 0
{
	spin_lock(&A.lock);
	assert (A.n == 0, mine);
	spin_unlock(&A.lock);
}
check mine;
`
	var out bytes.Buffer
	script := `list
step p
held
pin A.n
step p
history 1
unpin A.n
state lock
run before mine
list
run mine
reset
run until A.n
run before violation
reset
run until A.n 1
run until A.n 2
`
	err := session(t, src).Script(strings.NewReader(script), &out, sim.Files{})
	if err == nil || !strings.Contains(err.Error(), "line 17: run until A.n 2: no run from here reaches it") {
		t.Fatal(err, out.String())
	}
	want := `  1  p  spin_lock(A.lock): preempt_count[this_cpu]++
  2  q  spin_lock(A.lock): preempt_count[this_cpu]++
1  p  spin_lock(A.lock): preempt_count[this_cpu]++
p                A.lock
     A.n = 0
2  p  A.n = 1
     A.n = 1
  2  p  A.n = 1
A.lock = 1
2 steps
  1  q  assert (A.n == 0, mine)
1 step
violated mine: q: assertion failed: assert (A.n == 0, mine)
2 steps
2 steps
2 steps
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestBuffers: under tso the state says what waits in each store buffer, and not of which variables the buffers are made.
func TestBuffers(t *testing.T) {
	sys := testkit.System(t, "u1 x;\nu1 y;\nu1 a;\nu1 b;\nprocess p { x = 1; a = y; }\nprocess q { y = 1; b = x; }\ninvariant i: !(a == 0 && b == 0 && x == 1);\n", elab.BuildOptions{}, "memory_model=tso")
	var out bytes.Buffer
	if err := sim.New(sys).Script(strings.NewReader("step p\nstate\nstep p.buffer\nstate\n"), &out, sim.Files{}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"x = 0\n", "store buffer of p = {x = 1} (was {})\n", "store buffer of q = {}\n", "x = 1 (was 0)\n", "store buffer of p = {} (was {x = 1})\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "what0") || strings.Contains(out.String(), ".stores") {
		t.Errorf("a buffer is told as variables:\n%s", out.String())
	}
}
