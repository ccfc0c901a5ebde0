package por_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pmdcheck/checker/internal/por"
	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
)

// static analyses a system.
func static(t testing.TB, sys *model.System) *por.Static {
	t.Helper()
	prog, err := program.Compile(sys, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return por.New(prog, nil)
}

// explore visits the (reduced) state space with a plain map; visit is told each state and how many transitions are explored from it.
func explore(s *por.Static, reduced bool, visit func(st []uint64, moves int)) (states int) {
	p := s.Program()
	sel, x := s.Selector(nil), p.NewExec()
	first := make([]uint64, p.Total)
	x.Initial(first)
	seen := map[string]bool{fmt.Sprint(first[:p.Words]): true}
	work := [][]uint64{first[:p.Words]}
	for len(work) > 0 {
		st := work[len(work)-1]
		work = work[:len(work)-1]
		var todo []*program.Transition
		if reduced {
			todo = append(todo, sel.Select(st)...)
		} else {
			for q := range p.Processes() {
				todo = append(todo, p.Candidates(st, q)...)
			}
		}
		moves := 0
		for _, t := range todo {
			dst := make([]uint64, p.Total)
			x.Each(t, st, dst, func(status program.Status) {
				if status == program.Disabled {
					return
				}
				moves++
				if k := fmt.Sprint(dst[:p.Words]); !seen[k] {
					seen[k] = true
					work = append(work, slices.Clone(dst[:p.Words]))
				}
			})
		}
		visit(st, moves)
	}
	return len(seen)
}

// TestLatchKeepsEveryEnd: without a grace period any of the walkers may meet the freed table, so there are 2^N ways for a run to end. The reduction must keep
// each, and the same ones as the full search.
func TestLatchKeepsEveryEnd(t *testing.T) {
	for n := 3; n <= 5; n++ {
		s := static(t, testkit.Embedded(t, "bench/latch", elab.BuildOptions{}, "N="+strconv.Itoa(n), "policy=none", "ordered=true"))
		ends := func(reduced bool) (out []string, states int) {
			states = explore(s, reduced, func(st []uint64, moves int) {
				if moves > 0 {
					return
				}
				parked := ""
				for p := range n {
					if s.Program().Location(st, p) == model.Parked {
						parked += strconv.Itoa(p)
					}
				}
				out = append(out, parked)
			})
			slices.Sort(out)
			return slices.Compact(out), states
		}
		full, all := ends(false)
		reduced, few := ends(true)
		if len(full) != 1<<n || !slices.Equal(full, reduced) {
			t.Errorf("%d walkers: %d ends in the full space (want %d), %d in the reduced one", n, len(full), 1<<n, len(reduced))
		}
		if few*3 > all*2 {
			t.Errorf("%d walkers: %d states of %d", n, few, all)
		}
	}
}

// TestVerifyNotices: an analysis that forgets which process writes a variable must be caught by running what its sets leave out. Otherwise the check would say nothing.
func TestVerifyNotices(t *testing.T) {
	const src = "u2 x; u2 y; process p { x = 1; y = 2; } process q { u2 a; u2 b; a = x; b = y; x = a; y = b; }"
	check := func(s *por.Static) (pairs int, err error) {
		sel := s.Selector(nil)
		explore(s, true, func(st []uint64, _ int) {
			n, e := sel.Verify(st, 100, 10)
			pairs += n
			if err == nil {
				err = e
			}
		})
		return pairs, err
	}
	s := static(t, testkit.System(t, src, elab.BuildOptions{}))
	if pairs, err := check(s); err != nil || pairs == 0 {
		t.Errorf("%d pairs, %v", pairs, err)
	}
	for a := range s.Atoms() {
		broken := static(t, testkit.System(t, src, elab.BuildOptions{}))
		broken.Forget(a)
		if _, err := check(broken); err == nil {
			t.Errorf("nobody noticed that %s was forgotten", s.AtomName(a))
		}
	}
}

// TestLoops says which loops are shown to end, and that those which do not keep every step of others.
func TestLoops(t *testing.T) {
	for _, tc := range []struct {
		name, src string
		acyclic   bool
	}{
		{"straight", "u1 x; process p { x = 1; }", true},
		{"server of a finite client", "u1 req; process client { req = 1; } process server { while (true) { end: await (req == 1); req = 0; } }", true},
		{"server of a server", "u1 a; u1 b; process client { a = 1; } process s { while (true) { end: await (a == 1); a = 0; b = 1; } } process t { while (true) { end: await (b == 1); b = 0; } }", true},
		{"two servers in a ring", "u1 a = 1; u1 b; process s { while (true) { end: await (a == 1); a = 0; b = 1; } } process t { while (true) { end: await (b == 1); b = 0; a = 1; } }", false},
		{"counter", "u4 n; process p { u4 i; while (i < 5) { n = i; i = i + 1; } }", true},
		{"counter that is reset", "u4 n; process p { u4 i; while (true) { i = 0; while (i < 3) { n = i; i = i + 1; } } }", false},
		{"bits that are answered", "u4 mask; process ask { atomic { mask |= 3; } } process cpu[2](u1 i) { while (true) { end: atomic { await ((mask & (1 << i)) != 0); mask &= 15 - (1 << i); } } }", true},
		{"spinning", "u1 x; process p { while (x == 0) { skip; } } process q { x = 1; }", false},
		{"toggle", "u1 x; process p { while (true) { x = 1; x = 0; } }", false},
		{"bits that are answered and asked again", "u3 m; process p { while (true) { atomic { m |= 1; } atomic { await ((m & 1) != 0); m &= 6; } } }", false},
		{"bits that are cleared and all set", "u3 m; process p { while (true) { atomic { m &= 3; } atomic { await (m == 3); m = 7; } } }", false},
		{"an element that was something else", "u1 arr[2]; u1 b; process q { b = 1; b = 0; } process p { while (true) { atomic { await (arr[0] == 0); arr[b] = 1; await (arr[0] == 1); } arr[0] = 0; } }", false},
		{"an answer that is not always given", "u1 a; u1 b; process q { a = 1; b = 1; } process p { while (true) { atomic { await (a == 1); if (b == 1) a = 0; } } }", false},
		{"an answer given two ways", "u1 a; u1 b; process q { a = 1; b = 1; } process p { while (true) { atomic { await (a == 1); if (b == 1) a = 0; else a = 0; } } }", true},
		{"sets what is set", "u1 x; u1 y; process p { while (true) { x = 1; y = 1; } }", false},
	} {
		if s := static(t, testkit.System(t, tc.src, elab.BuildOptions{})); s.Acyclic() != tc.acyclic {
			t.Errorf("%s: acyclic %v", tc.name, s.Acyclic())
		}
	}
}

// TestSticky: without sticky transitions the spinning process is explored alone for ever and the other one ignored.
func TestSticky(t *testing.T) {
	const src = "u1 a; u1 x; process p { while (true) { a = 1; a = 0; } } process q { x = 1; x = 0; } process r { u1 l; l = a; } process s { u1 l; l = x; }"
	moves := func(unstick bool) (moved bool) {
		s := static(t, testkit.System(t, src, elab.BuildOptions{}))
		if unstick {
			s.Unstick()
		}
		explore(s, true, func(st []uint64, _ int) { moved = moved || s.Program().Location(st, 1) != 0 })
		return moved
	}
	if !moves(false) {
		t.Error("the second process is put off for ever")
	}
	if moves(true) {
		t.Error("the example shows nothing: the second process moves without sticky transitions too")
	}
}
