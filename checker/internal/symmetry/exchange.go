package symmetry

import (
	"fmt"
	"maps"
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// An exchange is what happens when two members of a group change places: cells and bits move, and values that are names change.
type exchange struct {
	sys      *model.System
	procs    map[model.ProcID]model.ProcID
	cells    map[model.Cell]model.Cell
	bits     map[model.Cell]map[int]int
	values   map[model.Cell]map[int64]int64 // in owner cells
	objects  map[model.PoolID]map[int32]int32
	refs     map[model.DomainID]map[int32]int32
	pointers error  // why handles and references may be more than names
	strange  string // if not empty, why it cannot be applied: what a reference in a domain would become is in no domain
}

func (s *searcher) newExchange(g *program.Group, i, j int) *exchange {
	sys := s.sys
	a, b := g.Members[i], g.Members[j]
	x := &exchange{
		sys: sys, pointers: s.pointers, procs: map[model.ProcID]model.ProcID{}, cells: map[model.Cell]model.Cell{}, bits: map[model.Cell]map[int]int{},
		values: map[model.Cell]map[int64]int64{}, objects: map[model.PoolID]map[int32]int32{}, refs: map[model.DomainID]map[int32]int32{},
	}
	for k := range a.Procs {
		x.procs[a.Procs[k]], x.procs[b.Procs[k]] = b.Procs[k], a.Procs[k]
	}
	for k, c := range a.Parts {
		d := b.Parts[k]
		if c.Bit == program.WholeCell {
			x.cells[c.Cell], x.cells[d.Cell] = d.Cell, c.Cell
			continue
		}
		if c.Cell != d.Cell {
			x.strange = partName(sys, c) + " and " + partName(sys, d) + " are in different masks"
		}
		if x.bits[c.Cell] == nil {
			x.bits[c.Cell] = map[int]int{}
		}
		x.bits[c.Cell][c.Bit], x.bits[c.Cell][d.Bit] = d.Bit, c.Bit
	}
	for k, o := range g.Owners {
		if x.values[o] == nil {
			x.values[o] = map[int64]int64{}
		}
		x.values[o][a.Names[k]], x.values[o][b.Names[k]] = b.Names[k], a.Names[k]
	}
	for k, o := range a.Objects {
		p := b.Objects[k]
		if x.objects[o.Pool] == nil {
			x.objects[o.Pool] = map[int32]int32{}
		}
		x.objects[o.Pool][o.Handle], x.objects[o.Pool][p.Handle] = p.Handle, o.Handle
	}
	for _, d := range sys.Domains {
		for k, c := range d.Cells {
			if to, ok := x.cells[c]; ok {
				at := slices.Index(d.Cells, to)
				if at < 0 {
					x.strange = fmt.Sprintf("a reference to %s would become one to %s, of which there is none", sys.CellName(c), sys.CellName(to))
					continue
				}
				if x.refs[d.ID] == nil {
					x.refs[d.ID] = map[int32]int32{}
				}
				x.refs[d.ID][int32(k+1)] = int32(at + 1)
			}
		}
	}
	return x
}

// cell is where a cell goes.
func (x *exchange) cell(c model.Cell) model.Cell {
	if d, ok := x.cells[c]; ok {
		return d
	}
	return c
}

// pointer is what a handle or reference becomes.
func (x *exchange) pointer(t *model.Type, v int32) int32 {
	var m map[int32]int32
	switch t.Kind {
	case model.KindHandle:
		m = x.objects[t.Pool]
	case model.KindRef:
		m = x.refs[t.Domain]
	}
	if w, ok := m[v]; ok {
		return w
	}
	return v
}

// permuteBits is a mask with its bits exchanged.
func permuteBits(m map[int]int, v int32) int32 {
	out := v
	for from, to := range m {
		out &^= 1 << to
		out |= v >> from & 1 << to
	}
	return out
}

// value is what a value in a cell becomes.
func (x *exchange) value(c model.Cell, v int32) int32 {
	if m := x.values[c]; m != nil {
		if w, ok := m[int64(v)]; ok {
			return int32(w)
		}
		return v
	}
	if m := x.bits[c]; m != nil {
		return permuteBits(m, v)
	}
	return x.pointer(x.sys.Vars[c.Var].Type, v)
}

// check applies the exchange to the system and says what it changes, if anything. a and b are the names of the two members.
func (x *exchange) check(a, b string) string {
	if x.strange != "" {
		return x.strange
	}
	if x.pointers != nil && len(x.objects)+len(x.refs) > 0 {
		return x.pointers.Error()
	}
	for c := range x.bits {
		v := x.sys.Vars[c.Var]
		if !isMask(v.Type) {
			return x.sys.CellName(c) + " cannot have every combination of bits"
		}
		if v.Pool != model.NoPool && x.sys.Pools[v.Pool].Live != model.NoVar {
			return x.sys.CellName(c) + " belongs to an object with a lifetime"
		}
	}
	if reason := x.initial(); reason != "" {
		return reason
	}
	for _, p := range x.sys.Processes {
		q := p
		if id, ok := x.procs[p.ID]; ok {
			q = x.sys.Processes[id]
		}
		m := &match{exchange: x, local: locals(p, q)}
		if err := shape(x.sys, p, q, m.local, m.code); err != nil {
			return fmt.Sprintf("exchanging %s and %s changes %s: %v", a, b, p.Name, err)
		}
	}
	same := func(e *model.Expr) bool {
		m := &match{exchange: x}
		return e == nil || m.expr(e, true, sort{truth: true}) == m.expr(e, false, sort{})
	}
	for _, q := range x.sys.Props {
		if q.Checked && !same(q.X) {
			return fmt.Sprintf("invariant %s tells %s from %s", q.Name, a, b)
		}
	}
	for _, c := range x.sys.Covers {
		if c.Required && !same(c.X) {
			return fmt.Sprintf("cover %s tells %s from %s", c.Name, a, b)
		}
	}
	return x.leaks()
}

// initial checks that cells that are exchanged begin alike, and cells that name, naming alike.
func (x *exchange) initial() string {
	for _, v := range x.sys.Vars {
		if v.Proc != model.NoProc {
			for _, n := range v.Init {
				if x.pointer(v.Type, n) != n {
					return v.Name + " begins naming one of them"
				}
			}
			continue
		}
		for i, n := range v.Init {
			c := model.Cell{Var: v.ID, Idx: int32(i)}
			d := x.cell(c)
			if x.value(c, n) != x.sys.Vars[d.Var].Init[d.Idx] {
				if c == d {
					return x.sys.CellName(c) + " begins naming one of them"
				}
				return fmt.Sprintf("%s and %s begin with different values", x.sys.CellName(c), x.sys.CellName(d))
			}
		}
	}
	return ""
}

// leaks checks that the exchange keeps what is reachable. Objects that are exchanged are so with all that points to them, and cells that are exchanged are both or
// neither fields of objects with a lifetime, so the graph of objects is mapped to itself; but owner cells that point go on pointing without what they point to.
func (x *exchange) leaks() string {
	judged := slices.ContainsFunc(x.sys.Pools, func(p *model.Pool) bool { return p.Leak != model.NoProp && x.sys.Props[p.Leak].Checked })
	if !judged {
		return ""
	}
	for _, c := range slices.SortedFunc(maps.Keys(x.values), compareCells) {
		if k := x.sys.Vars[c.Var].Type.Kind; k == model.KindHandle || k == model.KindRef {
			return x.sys.CellName(c) + " plays a part in what is reachable"
		}
	}
	return ""
}

func compareCells(a, b model.Cell) int {
	if a.Var != b.Var {
		return int(a.Var - b.Var)
	}
	return int(a.Idx - b.Idx)
}
