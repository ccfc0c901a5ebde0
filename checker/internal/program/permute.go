package program

import (
	"slices"

	"pmdcheck/model"
)

// A Part is a cell that belongs to a member of a group, or one bit of a cell that is used as a mask.
type Part struct {
	Cell model.Cell
	Bit  int // WholeCell: all of it
}

// WholeCell is the [Part.Bit] of a part that is a cell.
const WholeCell = -1

// An Object is an object by its handle.
type Object struct {
	Pool   model.PoolID
	Handle int32
}

// A Member is one of several interchangeable things: processes, objects, or both. What it has is in the same order for each member of a group.
type Member struct {
	Procs   []model.ProcID // what belongs to a process besides is its location and locals
	Parts   []Part         // shared cells, among them those of its objects
	Objects []Object       // every handle and reference of the system that names one names another after an exchange
	Names   []int64        // by owner cell of the group: the value there that means this member
}

// A Group is interchangeable things.
type Group struct {
	Members []Member
	Owners  []model.Cell // cells of numbers that can name a member; more than once if a member has several names there
	Barred  [][]bool     // by process and location: while the process is there, members are told apart. nil: never
}

// Has reports whether a process belongs to a member.
func (g *Group) Has(p model.ProcID) bool {
	return slices.ContainsFunc(g.Members, func(m Member) bool { return slices.Contains(m.Procs, p) })
}

// A Canonizer brings states into a canonical form: members of a group sorted by what belongs to them.
//
// What it applies to a state is always a permutation of members, so equal canonical forms mean that two states are equal up to one. The converse holds for groups
// whose members nothing refers to but owner cells; for the others see [named].
type Canonizer struct {
	stages []stage
}

// A stage permutes the members of some groups. Whatever the stages, one after the other they permute members.
type stage interface {
	canonize(st []uint64, perm []model.ProcID)
}

// canonGroup is a group whose members have the same layout and are referred to by owner cells only.
type canonGroup struct {
	procs  [][]model.ProcID // by member
	fields [][]field        // by member: locations, locals, parts
	owners []field
	names  [][]int64 // by member, by owner cell

	keys  [][]int64
	order []int
}

// Canonizer makes a canonizer; each goroutine has one of its own.
func (p *Program) Canonizer(groups []Group) *Canonizer {
	c := &Canonizer{}
	if !slices.ContainsFunc(groups, p.referredTo) {
		// Where nothing refers to members by handle or reference, each group is sorted by itself.
		for _, g := range groups {
			if cg := p.canonGroup(&g); cg != nil {
				c.stages = append(c.stages, cg)
			} else if n := p.named([]Group{g}); n != nil {
				c.stages = append(c.stages, n)
			}
		}
		return c
	}
	// Objects and the processes that name them are sorted together. Groups that get in each other's way are sorted one after the other, such as processes within a
	// column before columns, and objects with the last of them.
	var stages [][]Group
	for _, objects := range []bool{false, true} {
		for _, g := range groups {
			if (len(g.Members[0].Procs) == 0) != objects {
				continue
			}
			fits := func(stage []Group) bool {
				return !slices.ContainsFunc(stage, func(h Group) bool { return clash(&g, &h) || clash(&h, &g) })
			}
			at := slices.IndexFunc(stages, fits)
			if n := len(stages); objects && n > 0 && fits(stages[n-1]) {
				at = n - 1
			}
			if at < 0 {
				at = len(stages)
				stages = append(stages, nil)
			}
			stages[at] = append(stages[at], g)
		}
	}
	for _, s := range stages {
		if n := p.named(s); n != nil {
			c.stages = append(c.stages, n)
		}
	}
	return c
}

// canonGroup is the group for the fast way, or nil if its members are not laid out alike.
func (p *Program) canonGroup(g *Group) *canonGroup {
	cg := &canonGroup{}
	if g.Barred != nil {
		return nil
	}
	for _, o := range g.Owners {
		cg.owners = append(cg.owners, p.lay.cells[o.Var][o.Idx])
	}
	for _, m := range g.Members {
		var fields []field
		for _, q := range m.Procs {
			fields = append(fields, p.lay.pcs[q])
			for _, v := range p.Sys.Processes[q].Locals {
				for _, f := range p.lay.cells[v] {
					if f.word >= 0 && f.word < p.lay.stored {
						fields = append(fields, f)
					}
				}
			}
		}
		for _, k := range m.Parts {
			if f, ok := p.lay.part(k); !ok {
				return nil
			} else if f.word >= 0 {
				fields = append(fields, f)
			}
		}
		cg.procs = append(cg.procs, m.Procs)
		cg.fields = append(cg.fields, fields)
		cg.names = append(cg.names, m.Names)
		cg.keys = append(cg.keys, make([]int64, len(fields)+len(g.Owners)))
		cg.order = append(cg.order, 0)
	}
	for _, fields := range cg.fields[1:] {
		if !slices.EqualFunc(fields, cg.fields[0], func(a, b field) bool { return a.mask == b.mask && a.lo == b.lo }) {
			return nil
		}
	}
	return cg
}

// part is the field of a part. It is not ok for a bit of a mask that is not stored as it is.
func (l *layout) part(k Part) (f field, ok bool) {
	f = l.cells[k.Cell.Var][k.Cell.Idx]
	switch {
	case k.Bit == WholeCell:
		return f, true
	case f.word < 0:
		return field{word: -1, lo: f.lo >> k.Bit & 1}, true
	case f.lo != 0:
		return f, false
	case f.mask>>k.Bit&1 == 0:
		return field{word: -1}, true // never set
	}
	return field{word: f.word, shift: f.shift + uint(k.Bit), mask: 1}, true
}

// Canonize rewrites st. If perm is not nil, perm[p] becomes the process that process p of the canonical state was in st.
func (c *Canonizer) Canonize(st []uint64, perm []model.ProcID) {
	for i := range perm {
		perm[i] = model.ProcID(i)
	}
	for _, s := range c.stages {
		s.canonize(st, perm)
	}
}

// exchange notes in perm that the processes of one member now are where those of another were.
func exchange(perm, old []model.ProcID, to, from []model.ProcID) {
	for i := range to {
		perm[to[i]] = old[from[i]]
	}
}

func (g *canonGroup) canonize(st []uint64, perm []model.ProcID) {
	sorted := true
	for m, fields := range g.fields {
		key := g.keys[m]
		for i := range fields {
			f := &fields[i]
			key[i] = f.get(st)
		}
		for i := range g.owners {
			key[len(fields)+i] = 0
			if g.owners[i].get(st) == g.names[m][i] {
				key[len(fields)+i] = 1
			}
		}
		g.order[m] = m
		sorted = sorted && (m == 0 || slices.Compare(g.keys[m-1], key) <= 0)
	}
	if sorted {
		return
	}
	// Insertion sort: groups are small.
	for i := 1; i < len(g.order); i++ {
		for j := i; j > 0 && slices.Compare(g.keys[g.order[j-1]], g.keys[g.order[j]]) > 0; j-- {
			g.order[j-1], g.order[j] = g.order[j], g.order[j-1]
		}
	}
	for i := range g.owners {
		v := g.owners[i].get(st)
		for to, from := range g.order {
			if v == g.names[from][i] {
				g.owners[i].put(st, g.names[to][i])
				break
			}
		}
	}
	old := slices.Clone(perm)
	for to, from := range g.order {
		for i := range g.fields[to] {
			f := &g.fields[to][i]
			f.put(st, g.keys[from][i])
		}
		if perm != nil {
			exchange(perm, old, g.procs[to], g.procs[from])
		}
	}
}
