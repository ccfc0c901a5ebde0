package checker_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pmdcheck/checker"
	"pmdcheck/model/elab"
)

// racer looks for data races in the second implementation, from what docs/semantics.md says of no_data_race.
type racer struct {
	*second
	raced string // the cell of a race
}

// look collects what each process may access next, in a state.
func (m *racer) look(w *world) {
	type access struct {
		proc, cell   int
		write, plain bool
	}
	var all []access
	for p := range m.procs {
		if w.at[p] < 0 {
			continue
		}
		for _, at := range m.firsts(p, w.at[p]) {
			var own []access
			m.access = func(p int, i *instr, cell int, write, plain bool) {
				if write || !i.sees {
					own = append(own, access{p, cell, write, plain})
				}
			}
			if m.run(w, p, at, true) != nil {
				all = append(all, own...)
			}
			m.access = nil
		}
	}
	for _, a := range all {
		for _, b := range all {
			if a.proc < b.proc && a.cell == b.cell && (a.write || b.write) && (a.plain || b.plain) {
				m.raced = []string{"x", "y", "b", "a[0]", "a[1]"}[a.cell]
			}
		}
	}
}

// TestRacesBySecondImplementation: programs whose accesses mostly have marks, with awaits, choices and assertions that read several cells, race where the page says so.
func TestRacesBySecondImplementation(t *testing.T) {
	programs := 1200
	if testing.Short() {
		programs = 150
	}
	raced, free := 0, 0
	for seed := range uint64(programs) {
		g := &maker{r: rand.New(rand.NewPCG(seed, 8)), marks: true}
		m := &racer{second: &second{found: map[string]bool{}}}
		var b strings.Builder
		b.WriteString("u2 x;\nu2 y;\nbool b;\nu2 a[2];\n")
		add := func(name string, list []*stmt) {
			p := &proc{}
			fmt.Fprintf(&b, "process %s {\n\tu2 i;\n\tu2 j;\n\n", name)
			for _, s := range list {
				s.print(&b, "\t")
			}
			b.WriteString("}\n")
			p.stmts(list)
			p.emit(&instr{kind: "end"})
			p.liveness()
			m.procs = append(m.procs, p)
		}
		for i := range 2 {
			add(fmt.Sprint("p", i), g.list(1+g.r.IntN(3), 2))
		}
		var list []*stmt
		for _, c := range []string{"b", "x", "y"} {
			list = append(list, &stmt{kind: "=", place: &expr{op: "var", name: c}, x: num(1), once: true})
		}
		add("writer", list)
		src := b.String() + "check no_data_race;\n"
		m.visit = m.look
		if states, _ := m.explore(4000); states > 4000 {
			continue
		}
		for _, o := range []elab.BuildOptions{{}, {NoMerge: true}} {
			sys, ok := tryBuild(t, src, o)
			if !ok {
				break
			}
			for _, opts := range []checker.Options{{}, {Workers: 2}} {
				if _, got := races(t, sys, opts); got != (m.raced != "") {
					t.Fatalf("seed %d: %+v: race %v; by the page there is one: %q\n%s", seed, o, got, m.raced, src)
				}
			}
		}
		if m.raced != "" {
			raced++
		} else {
			free++
		}
	}
	t.Logf("%d programs race, %d do not", raced, free)
	if raced < programs/6 || free < programs/6 {
		t.Errorf("%d programs race, %d do not: they say little", raced, free)
	}
}
