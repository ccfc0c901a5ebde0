package program

import (
	"slices"

	"pmdcheck/model"
)

// A Member is one of several interchangeable processes: what belongs to it besides its location and locals.
type Member struct {
	Proc  model.ProcID
	Cells []model.Cell // shared cells, in the same order for each member
	Names []int64      // by owner cell of the group: the value there that means this member
}

// A Group is interchangeable processes.
type Group struct {
	Members []Member
	Owners  []model.Cell // cells that can name a member
}

// A Canonizer brings states into a canonical form: members of a group sorted by what belongs to them.
//
// Two states are equal up to a permutation of members if and only if their canonical forms are equal: what belongs to a member, and which owner cells name it,
// is all that tells members apart.
type Canonizer struct {
	groups []canonGroup
}

type canonGroup struct {
	procs  []model.ProcID
	fields [][]field // by member: location, locals, cells
	owners []field
	names  [][]int64 // by member, by owner cell

	keys  [][]int64
	order []int
}

// Canonizer makes a canonizer; each goroutine has one of its own.
func (p *Program) Canonizer(groups []Group) *Canonizer {
	c := &Canonizer{}
	for _, g := range groups {
		cg := canonGroup{}
		for _, o := range g.Owners {
			cg.owners = append(cg.owners, p.lay.cells[o.Var][o.Idx])
		}
		for _, m := range g.Members {
			fields := []field{p.lay.pcs[m.Proc]}
			for _, v := range p.Sys.Processes[m.Proc].Locals {
				for _, f := range p.lay.cells[v] {
					if f.word >= 0 && f.word < p.lay.stored {
						fields = append(fields, f)
					}
				}
			}
			for _, k := range m.Cells {
				if f := p.lay.cells[k.Var][k.Idx]; f.word >= 0 {
					fields = append(fields, f)
				}
			}
			cg.procs = append(cg.procs, m.Proc)
			cg.fields = append(cg.fields, fields)
			cg.names = append(cg.names, m.Names)
			cg.keys = append(cg.keys, make([]int64, len(fields)+len(g.Owners)))
			cg.order = append(cg.order, 0)
		}
		c.groups = append(c.groups, cg)
	}
	return c
}

// Canonize rewrites st. If perm is not nil, perm[p] becomes the process that process p of the canonical state was in st.
func (c *Canonizer) Canonize(st []uint64, perm []model.ProcID) {
	for i := range perm {
		perm[i] = model.ProcID(i)
	}
	for k := range c.groups {
		c.groups[k].canonize(st, perm)
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
	for to, from := range g.order {
		for i := range g.fields[to] {
			f := &g.fields[to][i]
			f.put(st, g.keys[from][i])
		}
		if perm != nil {
			perm[g.procs[to]] = g.procs[from]
		}
	}
}
