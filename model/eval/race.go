package eval

import "pmdcheck/model"

// Race is two accesses that conflict and can both be made next.
type Race struct {
	Cell   model.Cell
	First  RaceSide
	Second RaceSide
}

// RaceSide is one of the accesses.
type RaceSide struct {
	Proc  model.ProcID
	Trans int
	Op    int // index in the code
	Write bool
	Plain bool
}

// Race looks for a data race in a state: two enabled transitions of different processes that access the same shared cell, one of them writing, one of them (the same or
// the other) without a mark. An access of an atomic block or an await is marked; an await that blocks makes none. What only observes does not access: what assertions read, peek() and live(); and neither
// is it one that alloc and free change the life and the fields of an object, whose uses after free are other properties. The first race by process, program order and order of execution is given.
func (in *Interp) Race(s *State) (Race, bool) {
	type access struct {
		cell model.Cell
		side RaceSide
	}
	var before []access // of processes before the one at hand
	for _, p := range in.sys.Processes {
		if s.Locs[p.ID] < 0 {
			continue
		}
		var own []access
		for _, t := range p.Locations[s.Locs[p.ID]].Trans {
			for out := range in.Ways(s, p.ID, t) {
				if !out.Enabled {
					continue
				}
				for _, ev := range out.Events {
					for _, a := range ev.Accesses {
						if !a.Peek && in.observed(a.Cell) {
							own = append(own, access{a.Cell, RaceSide{p.ID, t, ev.Op, a.Write, a.Plain}})
						}
					}
				}
			}
		}
		for _, b := range before {
			for _, a := range own {
				if a.cell == b.cell && (a.side.Write || b.side.Write) && (a.side.Plain || b.side.Plain) {
					return Race{a.cell, b.side, a.side}, true
				}
			}
		}
		before = append(before, own...)
	}
	return Race{}, false
}

// observed reports whether accesses to a cell count: it is shared, and not the lifetime of an object.
func (in *Interp) observed(c model.Cell) bool {
	v := in.sys.Vars[c.Var]
	if v.Proc != model.NoProc {
		return false
	}
	for _, p := range in.sys.Pools {
		if p.Live == c.Var {
			return false
		}
	}
	return true
}
