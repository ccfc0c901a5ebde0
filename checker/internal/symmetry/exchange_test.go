package symmetry

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pmdcheck/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/properties"
)

// exchanged is the state in which members i and j of a group have changed places.
func exchanged(sys *model.System, s *eval.State, g program.Group, i, j int) *eval.State {
	a, b := g.Members[i], g.Members[j]
	out := s.Clone()
	out.Locs[a.Proc], out.Locs[b.Proc] = s.Locs[b.Proc], s.Locs[a.Proc]
	for k, v := range sys.Processes[a.Proc].Locals {
		w := sys.Processes[b.Proc].Locals[k]
		copy(out.Vals[v], s.Vals[w])
		copy(out.Vals[w], s.Vals[v])
	}
	for k, c := range a.Cells {
		d := b.Cells[k]
		out.Vals[c.Var][c.Idx], out.Vals[d.Var][d.Idx] = s.Vals[d.Var][d.Idx], s.Vals[c.Var][c.Idx]
	}
	for k, o := range g.Owners {
		switch int64(s.Vals[o.Var][o.Idx]) {
		case a.Names[k]:
			out.Vals[o.Var][o.Idx] = int32(b.Names[k])
		case b.Names[k]:
			out.Vals[o.Var][o.Idx] = int32(a.Names[k])
		}
	}
	return out
}

// checkExchange checks by running, in up to most reachable states, that the exchange of neighbours maps steps to steps and keeps what is judged in states.
func checkExchange(sys *model.System, found *Result, most int) error {
	in := eval.New(sys, eval.Options{})
	first, _ := in.Initial()
	seen := map[string]bool{first.Key(): true}
	work := []*eval.State{first}
	for len(work) > 0 {
		s := work[0]
		work = work[1:]
		for _, c := range in.Enabled(s) {
			out := in.Step(s, c.Proc, c.Trans)
			if k := out.Next.Key(); !seen[k] && len(seen) < most {
				seen[k] = true
				work = append(work, out.Next)
			}
		}
		for _, g := range found.Groups {
			for j := 1; j < len(g.Members); j++ {
				if err := checkPair(sys, in, s, g, j-1, j); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkPair(sys *model.System, in *eval.Interp, s *eval.State, g program.Group, i, j int) error {
	a, b := g.Members[i].Proc, g.Members[j].Proc
	r := exchanged(sys, s, g, i, j)
	other := func(p model.ProcID) model.ProcID {
		switch p {
		case a:
			return b
		case b:
			return a
		}
		return p
	}
	for _, p := range sys.Processes {
		if s.Locs[p.ID] < 0 {
			continue
		}
		for _, t := range p.Locations[s.Locs[p.ID]].Trans {
			u, v := in.Step(s, p.ID, t), in.Step(r, other(p.ID), t)
			at := fmt.Sprintf("%s: %s", p.Name, p.Trans[t].Label)
			if u.Enabled != v.Enabled || (u.Failure == nil) != (v.Failure == nil) || u.Failure != nil && u.Failure.Prop != v.Failure.Prop || !slices.Equal(u.Covers, v.Covers) {
				return fmt.Errorf("%s does something else after the exchange", at)
			}
			if u.Enabled && !exchanged(sys, u.Next, g, i, j).Equal(v.Next) {
				return fmt.Errorf("%s leads elsewhere after the exchange", at)
			}
		}
	}
	same := func(x *model.Expr) bool {
		m, f := in.Eval(s, x)
		n, h := in.Eval(r, x)
		return (f == nil) == (h == nil) && (f != nil || (m != 0) == (n != 0))
	}
	for _, q := range sys.Props {
		if q.X != nil && q.Checked && !same(q.X) {
			return fmt.Errorf("%s changes", q.Name)
		}
	}
	for _, c := range sys.Covers {
		if c.X != nil && c.Required && !same(c.X) {
			return fmt.Errorf("%s changes", c.Name)
		}
	}
	var x, y []model.PropID
	for _, l := range properties.Leaks(sys, s.Vals) {
		x = append(x, l.Prop)
	}
	for _, l := range properties.Leaks(sys, r.Vals) {
		y = append(y, l.Prop)
	}
	slices.Sort(x)
	slices.Sort(y)
	if !slices.Equal(slices.Compact(x), slices.Compact(y)) {
		return fmt.Errorf("leaks change")
	}
	return nil
}

func exchangeOf(src string, o model.BuildOptions, most int) (groups int, err error) {
	spec, err := (&model.Loader{}).Load("random.pmd", []byte(src))
	if err != nil {
		return 0, nil
	}
	cells, err := spec.Cells(nil)
	if err != nil {
		return 0, nil
	}
	sys, err := spec.Build(cells[0], o)
	if err != nil {
		return 0, nil
	}
	found := Find(sys)
	return len(found.Groups), checkExchange(sys, found, most)
}

func exchangeSeed(t *testing.T, seed uint64) (groups int) {
	o := model.BuildOptions{NoMerge: seed%3 == 0, NoReset: seed%7 == 0}
	src := testkit.Replicas(rand.New(rand.NewPCG(seed, 13)))
	n, err := exchangeOf(src, o, maxStates)
	if err != nil {
		lines := strings.Split(src, "\n")
		for again := true; again; {
			again = false
			for i := 0; i < len(lines); i++ {
				rest := append(append([]string{}, lines[:i]...), lines[i+1:]...)
				if _, e := exchangeOf(strings.Join(rest, "\n"), o, maxStates); e != nil {
					lines, again, err = rest, true, e
					i--
				}
			}
		}
		t.Fatalf("seed %d: %v\n%s", seed, err, strings.Join(lines, "\n"))
	}
	return n
}

const maxStates = 100

// TestExchanges checks that interchangeable processes are: what is found in random models is held against the definition of a symmetry, on the interpreter.
func TestExchanges(t *testing.T) {
	n := uint64(2000)
	if testing.Short() {
		n = 300
	}
	groups := 0
	for seed := range n {
		groups += exchangeSeed(t, seed)
	}
	if groups < int(n)/2 || groups > int(n)*9/10 {
		t.Errorf("%d groups in %d models: the generator is to make both", groups, n)
	}
	t.Logf("%d groups", groups)
}

// FuzzExchanges goes on where TestExchanges ends.
func FuzzExchanges(f *testing.F) {
	f.Add(uint64(1_000_000))
	f.Fuzz(func(t *testing.T, seed uint64) { exchangeSeed(t, seed) })
}
