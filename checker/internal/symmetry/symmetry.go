// Package symmetry finds processes that can be interchanged: replicas of one declaration whose exchange, together with that of the cells that belong to each,
// maps the whole system onto itself.
//
// The candidates are the replicas p[0], p[1], … . Their code is compared operation by operation; where p[0] uses one cell and p[k] another, those cells belong to
// them. The exchange of each pair of neighbours is then applied to every other process, invariant and cover, and the result compared with the original. Operations
// that follow each other within one step, touch different cells and cannot fail may come in any order. What does not match is a reason to
// refuse, and the reason says where: nearly always a loop over the replicas that looks at them one after the other.
package symmetry

import (
	"fmt"
	"strings"

	"pmdcheck/internal/program"
	"pmdcheck/model"
)

// Result is the groups found, and for each group of replicas that is not interchangeable, why.
type Result struct {
	Groups  []program.Group
	Refused []Refusal
}

// Refusal says why the replicas of a process are not interchangeable.
type Refusal struct {
	Process string
	Reason  string
}

// Find looks for interchangeable processes.
func Find(sys *model.System) *Result {
	r := &Result{}
	for i := 0; i < len(sys.Processes); {
		j := i + 1
		name := base(sys.Processes[i].Name)
		for j < len(sys.Processes) && base(sys.Processes[j].Name) == name && strings.Contains(sys.Processes[j].Name, "[") {
			j++
		}
		if j-i > 1 {
			// Arrays with an element for each replica that the replicas themselves do not touch: what others note about them, say.
			f := &finder{sys: sys, procs: sys.Processes[i:j], along: true}
			g, reason := f.group()
			if reason != "" {
				f.along = false
				if h, other := f.group(); other == "" {
					g, reason = h, ""
				}
			}
			if reason == "" {
				r.Groups = append(r.Groups, g)
			} else {
				r.Refused = append(r.Refused, Refusal{name, reason})
			}
		}
		i = j
	}
	return r
}

func base(name string) string {
	s, _, _ := strings.Cut(name, "[")
	return s
}

type finder struct {
	sys   *model.System
	procs []*model.Process
	along bool // arrays with one element for each replica are exchanged with them
}

// group matches the replicas and checks that exchanging neighbours changes nothing.
func (f *finder) group() (program.Group, string) {
	g := program.Group{}
	first := f.procs[0]
	var cells []model.Cell  // of the first member
	var owners []model.Cell // cells in which constants differ
	matches := make([]*match, len(f.procs))
	for k, p := range f.procs {
		m := newMatch(f.sys, first, p)
		if err := m.process(); err != nil {
			return g, err.Error()
		}
		matches[k] = m
		for _, a := range m.order {
			if m.cells[a] != a && !has(cells, a) {
				cells = append(cells, a)
			}
		}
		for _, o := range m.owned {
			if !has(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	if f.along {
		used := map[model.VarID]bool{}
		for _, m := range matches {
			for a, b := range m.cells {
				used[a.Var], used[b.Var] = true, true
			}
		}
		// Whether an object lives is looked at and changed without being named in the code: it stays with the object.
		for _, pool := range f.sys.Pools {
			if pool.Live != model.NoVar {
				used[pool.Live] = true
			}
		}
		for _, v := range f.sys.Vars {
			if v.Proc == model.NoProc && v.Pool == model.NoPool && v.Len == len(f.procs) && !used[v.ID] {
				cells = append(cells, model.Cell{Var: v.ID})
				for k := range matches {
					matches[k].cells[model.Cell{Var: v.ID}] = model.Cell{Var: v.ID, Idx: int32(k)}
				}
			}
		}
	}
	for k, p := range f.procs {
		mem := program.Member{Proc: p.ID}
		for _, a := range cells {
			b, ok := matches[k].cells[a]
			if !ok {
				b = a
			}
			if k > 0 && b == a {
				return g, fmt.Sprintf("%s and %s both use %s, others a cell of their own", first.Name, p.Name, f.sys.CellName(a))
			}
			if f.sys.Vars[a.Var].Init[a.Idx] != f.sys.Vars[b.Var].Init[b.Idx] {
				return g, fmt.Sprintf("%s and %s begin with different values", f.sys.CellName(a), f.sys.CellName(b))
			}
			if pool := f.sys.Vars[a.Var].Pool; pool != model.NoPool && f.sys.Pools[pool].Live != model.NoVar {
				return g, fmt.Sprintf("%s belongs to an object with a lifetime", f.sys.CellName(a))
			}
			mem.Cells = append(mem.Cells, b)
		}
		for _, o := range owners {
			v, ok := matches[k].names[o]
			if k == 0 {
				for _, m := range matches[1:] {
					if w, has := m.from[o]; has {
						v, ok = w, true
					}
				}
			}
			if !ok {
				return g, fmt.Sprintf("%s names some of the replicas of %s but not %s", f.sys.CellName(o), base(first.Name), p.Name)
			}
			mem.Names = append(mem.Names, v)
		}
		g.Members = append(g.Members, mem)
	}
	g.Owners = owners
	if reason := distinct(f.sys, g); reason != "" {
		return g, reason
	}
	for k := 1; k < len(f.procs); k++ {
		if reason := f.exchange(g, k-1, k); reason != "" {
			return g, reason
		}
	}
	return g, ""
}

func has(cells []model.Cell, c model.Cell) bool {
	for _, d := range cells {
		if c == d {
			return true
		}
	}
	return false
}

// distinct checks that no cell belongs to two members, and no value names two.
func distinct(sys *model.System, g program.Group) string {
	seen := map[model.Cell]bool{}
	for _, m := range g.Members {
		for _, c := range m.Cells {
			if seen[c] {
				return sys.CellName(c) + " would belong to two of them"
			}
			seen[c] = true
		}
	}
	for i, o := range g.Owners {
		if seen[o] {
			return sys.CellName(o) + " belongs to one of them and names others"
		}
		values := map[int64]bool{int64(sys.Vars[o.Var].Init[o.Idx]): true}
		for _, m := range g.Members {
			if values[m.Names[i]] {
				return sys.CellName(o) + " begins naming one of them, or names two by one value"
			}
			values[m.Names[i]] = true
		}
	}
	return ""
}

// exchange applies the exchange of members i and j to the system and says what it changes, if anything.
func (f *finder) exchange(g program.Group, i, j int) string {
	a, b := g.Members[i], g.Members[j]
	cells := map[model.Cell]model.Cell{}
	for k := range a.Cells {
		cells[a.Cells[k]], cells[b.Cells[k]] = b.Cells[k], a.Cells[k]
	}
	values := map[model.Cell]map[int64]int64{}
	for k, o := range g.Owners {
		values[o] = map[int64]int64{a.Names[k]: b.Names[k], b.Names[k]: a.Names[k]}
	}
	other := func(p model.ProcID) *model.Process {
		switch p {
		case a.Proc:
			return f.sys.Processes[b.Proc]
		case b.Proc:
			return f.sys.Processes[a.Proc]
		}
		return f.sys.Processes[p]
	}
	for _, p := range f.sys.Processes {
		m := newMatch(f.sys, p, other(p.ID))
		m.fixed, m.swap, m.swapValues = true, cells, values
		if err := m.process(); err != nil {
			return fmt.Sprintf("exchanging %s and %s changes %s: %v", f.sys.Processes[a.Proc].Name, f.sys.Processes[b.Proc].Name, p.Name, err)
		}
	}
	pred := func(kind, name string, x *model.Expr) string {
		m := newMatch(f.sys, f.sys.Processes[a.Proc], f.sys.Processes[b.Proc])
		m.fixed, m.swap, m.swapValues = true, cells, values
		if x != nil && m.predicate(x) != nil {
			return fmt.Sprintf("%s %s tells %s from %s", kind, name, f.sys.Processes[a.Proc].Name, f.sys.Processes[b.Proc].Name)
		}
		return ""
	}
	for _, q := range f.sys.Props {
		if r := pred("invariant", q.Name, q.X); r != "" && q.Checked {
			return r
		}
	}
	for _, c := range f.sys.Covers {
		if r := pred("cover", c.Name, c.X); r != "" && c.Required {
			return r
		}
	}
	for _, pool := range f.sys.Pools {
		if pool.Leak != model.NoProp && f.sys.Props[pool.Leak].Checked {
			for c := range cells {
				if t := f.sys.Vars[c.Var].Type; t.Kind == model.KindHandle || t.Kind == model.KindRef || f.sys.Vars[c.Var].Pool != model.NoPool {
					return f.sys.CellName(c) + " plays a part in what is reachable"
				}
			}
			for _, o := range g.Owners {
				if t := f.sys.Vars[o.Var].Type; t.Kind == model.KindHandle || t.Kind == model.KindRef {
					return f.sys.CellName(o) + " plays a part in what is reachable"
				}
			}
		}
	}
	return ""
}
