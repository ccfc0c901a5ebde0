package symmetry

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/eval"
	"pmdcheck/properties"
)

// exchanged is the state in which members i and j of a group have changed places.
func exchanged(sys *model.System, s *eval.State, g program.Group, i, j int) *eval.State {
	a, b := g.Members[i], g.Members[j]
	// What handles and references become.
	pointer := func(t *model.Type, v int32) int32 {
		for x, y := a, b; ; x, y = b, a {
			for k, o := range x.Objects {
				if t.Kind == model.KindHandle && t.Pool == o.Pool && v == o.Handle {
					return y.Objects[k].Handle
				}
			}
			if t.Kind == model.KindRef && v > 0 {
				c := sys.Domains[t.Domain].Cells[v-1]
				for k, p := range x.Parts {
					if p.Cell == c && p.Bit == program.WholeCell {
						return int32(slices.Index(sys.Domains[t.Domain].Cells, y.Parts[k].Cell) + 1)
					}
				}
			}
			if x.Procs == nil && y.Procs == nil && len(x.Objects) > 0 && x.Objects[0] == b.Objects[0] || len(x.Procs) > 0 && x.Procs[0] == b.Procs[0] {
				return v
			}
		}
	}
	old := s.Clone()
	for _, v := range sys.Vars {
		for k := range old.Vals[v.ID] {
			old.Vals[v.ID][k] = pointer(v.Type, old.Vals[v.ID][k])
		}
	}
	for k, o := range g.Owners {
		switch int64(s.Vals[o.Var][o.Idx]) {
		case a.Names[k]:
			old.Vals[o.Var][o.Idx] = int32(b.Names[k])
		case b.Names[k]:
			old.Vals[o.Var][o.Idx] = int32(a.Names[k])
		}
	}
	out := old.Clone()
	for k := range a.Procs {
		p, q := a.Procs[k], b.Procs[k]
		out.Locs[p], out.Locs[q] = old.Locs[q], old.Locs[p]
		for k, v := range sys.Processes[p].Locals {
			w := sys.Processes[q].Locals[k]
			copy(out.Vals[v], old.Vals[w])
			copy(out.Vals[w], old.Vals[v])
		}
	}
	for k, c := range a.Parts {
		d := b.Parts[k]
		x, y := &out.Vals[c.Cell.Var][c.Cell.Idx], &out.Vals[d.Cell.Var][d.Cell.Idx]
		v, w := old.Vals[c.Cell.Var][c.Cell.Idx], old.Vals[d.Cell.Var][d.Cell.Idx]
		if c.Bit == program.WholeCell {
			*x, *y = w, v
			continue
		}
		*x = *x&^(1<<c.Bit) | w>>d.Bit&1<<c.Bit
		*y = *y&^(1<<d.Bit) | v>>c.Bit&1<<d.Bit
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
			out := in.Step(s, c)
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
	r := exchanged(sys, s, g, i, j)
	other := func(p model.ProcID) model.ProcID {
		for k, a := range g.Members[i].Procs {
			switch b := g.Members[j].Procs[k]; p {
			case a:
				return b
			case b:
				return a
			}
		}
		return p
	}
	if barred(&g, s) {
		return nil
	}
	for _, p := range sys.Processes {
		if s.Locs[p.ID] < 0 {
			continue
		}
		for _, t := range p.Locations[s.Locs[p.ID]].Trans {
			at := fmt.Sprintf("%s: %s", p.Name, p.Trans[t].Label)
			vs := slices.Collect(in.Ways(r, other(p.ID), t))
			for k, u := range slices.Collect(in.Ways(s, p.ID, t)) {
				if k >= len(vs) {
					return fmt.Errorf("%s has fewer ways after the exchange", at)
				}
				v := vs[k]
				if u.Enabled != v.Enabled || (u.Failure == nil) != (v.Failure == nil) || u.Failure != nil && u.Failure.Prop != v.Failure.Prop || !slices.Equal(u.Covers, v.Covers) {
					return fmt.Errorf("%s does something else after the exchange", at)
				}
				if u.Enabled && !exchanged(sys, u.Next, g, i, j).Equal(v.Next) && !alike(sys, g, exchanged(sys, u.Next, g, i, j), v.Next) {
					return fmt.Errorf("%s leads elsewhere after the exchange", at)
				}
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

// alike reports whether two states become equal by some exchange of objects: alloc may have taken another one of dead objects that are all alike.
func alike(sys *model.System, g program.Group, s, t *eval.State) bool {
	if len(g.Members[0].Procs) > 0 {
		return false
	}
	for i := range g.Members {
		for j := range i {
			if exchanged(sys, s, g, i, j).Equal(t) {
				return true
			}
		}
	}
	return false
}

// orbits checks canonical forms. What is stored for a state has to be a permutation of it, tried on the interpreter; and there has to be one form for each class, if groups do not
// overlap.
func orbits(sys *model.System, found *Result, most int) error {
	if len(found.Groups) == 0 {
		return nil
	}
	prog, err := program.Compile(sys, program.Options{})
	if err != nil {
		return err
	}
	known := map[string]string{}
	least := func(s *eval.State) string {
		best := s.Key()
		if class, ok := known[best]; ok {
			return class
		}
		seen := map[string]bool{best: true}
		for work := []*eval.State{s}; len(work) > 0; work = work[1:] {
			for _, g := range found.Groups {
				if barred(&g, work[0]) {
					continue
				}
				for j := 1; j < len(g.Members); j++ {
					t := exchanged(sys, work[0], g, j-1, j)
					if k := t.Key(); !seen[k] {
						seen[k] = true
						best = min(best, k)
						work = append(work, t)
					}
				}
			}
		}
		for k := range seen {
			known[k] = best
		}
		return best
	}
	decode := func(st []uint64) *eval.State {
		s := &eval.State{}
		s.Vals, s.Locs = prog.Decode(st)
		return s
	}
	x, canon := prog.NewExec(), prog.Canonizer(found.Groups)
	st, dst := make([]uint64, prog.Total), make([]uint64, prog.Total)
	x.Initial(st)
	in := eval.New(sys, eval.Options{})
	forms, classes, packed := map[string]bool{}, map[string]string{}, map[string][]uint64{}
	var work [][]uint64
	perm := make([]model.ProcID, prog.Processes())
	add := func(st []uint64) error {
		before := decode(st)
		canon.Canonize(st, perm)
		after := decode(st)
		class := least(before)
		if class != least(after) {
			return fmt.Errorf("the canonical form of a state is no permutation of it:\n%s\n%s", before.Key(), after.Key())
		}
		for _, p := range sys.Processes {
			if after.Locs[p.ID] != before.Locs[perm[p.ID]] {
				return fmt.Errorf("%s of the canonical form is said to be %s", p.Name, sys.Processes[perm[p.ID]].Name)
			}
		}
		if form, ok := classes[class]; ok && form != after.Key() && !overlap(found.Groups) {
			return fmt.Errorf("two canonical forms of one class:\n%s\n%s", form, after.Key())
		}
		classes[class] = after.Key()
		if old, ok := packed[after.Key()]; ok && !slices.Equal(old, st[:prog.Words]) {
			return fmt.Errorf("a canonical form is stored in two ways")
		}
		packed[after.Key()] = slices.Clone(st[:prog.Words])
		if !forms[after.Key()] {
			forms[after.Key()] = true
			work = append(work, append([]uint64{}, st[:prog.Words]...))
		}
		return nil
	}
	if err := add(st); err != nil {
		return err
	}
	for len(work) > 0 && len(forms) < most {
		s := work[0]
		work = work[1:]
		before := decode(s)
		for q := range prog.Processes() {
			for _, t := range prog.Candidates(s, q) {
				outs := slices.Collect(in.Ways(before, t.Proc, t.ID))
				var err error
				x.Each(t, s, dst, func(status program.Status) {
					if status == program.Disabled || err != nil {
						return
					}
					if out := outs[x.Way()]; !out.Enabled || !out.Next.Equal(decode(dst)) {
						err = fmt.Errorf("the state that is stored is not the one it is taken for")
						return
					}
					err = add(dst)
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// overlap reports whether something is in several groups, which are then sorted one after the other, so that there may be several canonical forms of a class.
func overlap(groups []program.Group) bool {
	procs, cells := map[model.ProcID]bool{}, map[model.Cell]bool{}
	for _, g := range groups {
		own := map[model.Cell]bool{}
		for _, m := range g.Members {
			for _, p := range m.Procs {
				if procs[p] {
					return true
				}
				procs[p] = true
			}
			for _, k := range m.Parts {
				own[k.Cell] = true
			}
		}
		for c := range own {
			if cells[c] {
				return true
			}
			cells[c] = true
		}
	}
	return false
}

func barred(g *program.Group, s *eval.State) bool {
	for p, at := range g.Barred {
		if len(at) > 0 && s.Locs[p] >= 0 && at[s.Locs[p]] {
			return true
		}
	}
	return false
}

func exchangeOf(src string, o elab.BuildOptions, most int) (found *Result, err error) {
	sys, err := testkit.First("random.pmd", src, o)
	if err != nil {
		return &Result{}, nil
	}
	found = Find(sys, "")
	if err := checkExchange(sys, found, most); err != nil {
		return found, err
	}
	return found, orbits(sys, found, most)
}

// generators of random models, and how many of a hundred have a group.
var generators = []struct {
	name        string
	source      func(*rand.Rand) string
	least, most int
}{
	{"replicas", testkit.Replicas, 50, 90},
	{"objects", testkit.Objects, 10, 80},
	{"columns", testkit.Columns, 10, 99},
	{"objects with fields that stay", kept, 10, 80},
	{"replicas held up", heldUp, 10, 90},
}

// kept are objects of which alloc leaves some fields alone, and whose pointers may not count.
func kept(r *rand.Rand) string {
	src := testkit.Objects(r)
	for _, f := range []string{"v", "*next", "w[2]"} {
		for _, attr := range []string{" @keep", " @weak"} {
			if r.IntN(2) == 0 && (attr == " @keep" || f == "*next") {
				src = strings.Replace(src, " "+f+";", " "+f+attr+";", 1)
				break
			}
		}
	}
	return src
}

var replica = regexp.MustCompile(`(?m)^((?:fair )?process \w+\[\d+\]\(\w+ i\))`)

// heldUp are replicas on a CPU each, or all on one, that take steps only where something is true, of all of them or of some.
func heldUp(r *rand.Rand) string {
	src := testkit.Replicas(r)
	cpu := []string{"i", "i", "0"}[r.IntN(3)]
	src = replica.ReplaceAllString(src, "$1 on cpu "+cpu)
	return src + "u1 gate[4];\nprocess opens { gate[" + []string{"0", "1", "2"}[r.IntN(3)] + "] = 1; gate[1] = 0; }\nprocess await (" +
		[]string{"gate[0] == 0", "gate[this_cpu] == 0", "self != 1 || gate[0] == 1", "gate[this_cpu] != 1 || gate[2] == 0"}[r.IntN(4)] + ");\n"
}

func exchangeSeed(t *testing.T, gen int, seed uint64) (groups int) {
	o := elab.BuildOptions{NoMerge: seed%3 == 0, NoReset: seed%7 == 0}
	src := generators[gen].source(rand.New(rand.NewPCG(seed, 13)))
	found, err := exchangeOf(src, o, maxStates)
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
		t.Fatalf("%s, seed %d: %v\n%s", generators[gen].name, seed, err, strings.Join(lines, "\n"))
	}
	return min(1, len(found.Groups))
}

const maxStates = 100

// TestExchanges checks that what is said to be interchangeable is: what is found in random models is held against the definition of a symmetry, on the interpreter; and that canonical
// forms are permutations of states, the same for all of a class.
func TestExchanges(t *testing.T) {
	n := uint64(1000)
	if testing.Short() {
		n = 200
	}
	for gen, g := range generators {
		t.Run(g.name, func(t *testing.T) {
			groups := 0
			for seed := range n {
				groups += exchangeSeed(t, gen, seed)
			}
			if groups < int(n)*g.least/100 || groups > int(n)*g.most/100 {
				t.Errorf("groups in %d of %d models: the generator is to make both", groups, n)
			}
			t.Logf("groups in %d of %d models", groups, n)
		})
	}
}

// FuzzExchanges goes on where TestExchanges ends.
func FuzzExchanges(f *testing.F) {
	f.Add(uint64(1_000_000))
	f.Fuzz(func(t *testing.T, seed uint64) { exchangeSeed(t, int(seed%uint64(len(generators))), seed) })
}
