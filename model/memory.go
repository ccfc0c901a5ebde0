package model

import (
	"slices"

	"pmdcheck/model/source"
)

// Memory is what a pass has added to a system so that its memory is weaker than sequentially consistent.
type Memory struct {
	Model   string    // "tso"
	Bound   int       // stores that a buffer may hold
	Weak    []Cell    // what stores reach through a buffer, in order
	Plain   []Cell    // those of them that two processes access, one to write and one without a mark
	Strong  []Strong  // shared cells that all accesses reach at once, in order
	Buffers []Buffer  // of the processes that have one
	Locked  []Assumed // unmarked atomic blocks that are taken for locked instructions
	AtOnce  []Assumed // and those whose stores take effect at once and order nothing: their cells are taken for no memory
	Base    *System   // the system as it was, with sequentially consistent memory
}

// Assumed is an atomic block of which the source does not say what it is on the machine.
type Assumed struct {
	Pos   source.Pos
	Frame FrameID // in which it was met first
}

// Strong is a shared cell that is not weak.
type Strong struct {
	Cell Cell
	Why  string
}

// Buffer is the store buffer of a process.
type Buffer struct {
	Of     ProcID  // whose it is
	Proc   ProcID  // the process whose steps bring the oldest store to memory
	Depth  int     // stores that it has room for
	Full   CoverID // marked when a store meets a full buffer, which then gives its oldest one to memory at once; NoCover where that cannot be
	Len    VarID   // how many stores it holds
	Addr   VarID   // where to, oldest first: a number of Cells from 1, 0 where there is no store
	Cells  []Cell  // by number, less 1; Cell{NoVar, 0} where a number is none of a cell
	Values []VarID // of the same stores, one variable for each type that Cells have
}

// MayRace is how many weak cells are accessed without a mark while others access them, where nobody asks whether these accesses race.
func (s *System) MayRace() int {
	if s.Memory == nil || slices.ContainsFunc(s.Props, func(p *Prop) bool { return p.Kind == PropRace && p.Checked }) {
		return 0
	}
	return len(s.Memory.Plain)
}

// Unmarked is how many atomic blocks change what several processes access, without the source saying what they are on the machine whose memory is modelled.
func (s *System) Unmarked() int {
	if s.Memory == nil {
		return 0
	}
	return len(s.Memory.Locked) + len(s.Memory.AtOnce)
}

// Barriers is how many statements of the source order memory and have no effect, because memory is sequentially consistent: smp_mb() and its kin, smp_load_acquire() and smp_store_release().
func (s *System) Barriers() int {
	if s.Memory != nil {
		return 0
	}
	at := map[source.Pos]bool{}
	ordered := func(a Access) bool { return a == AccessAcquire || a == AccessRelease }
	for _, p := range s.Processes {
		for _, code := range append([][]Op{p.Start}, codes(p)...) {
			for i := range code {
				op := &code[i]
				is := op.Kind == OpFence && op.Order != OrderDirect || op.Dst != nil && ordered(op.Dst.Access)
				WalkOp(op, func(x *Expr) { is = is || x.Place != nil && ordered(x.Place.Access) })
				if is {
					at[op.Pos] = true
				}
			}
		}
	}
	return len(at)
}

func codes(p *Process) (out [][]Op) {
	for _, t := range p.Trans {
		out = append(out, t.Code)
	}
	return out
}

// IsBuffer reports whether a process is the store buffer of another one.
func (s *System) IsBuffer(p ProcID) bool { return s.BufferOf(p) != NoProc }

// BufferOf is whose store buffer a process is, NoProc if none.
func (s *System) BufferOf(p ProcID) ProcID {
	if s.Memory == nil {
		return NoProc
	}
	for i := range s.Memory.Buffers {
		if s.Memory.Buffers[i].Proc == p {
			return s.Memory.Buffers[i].Of
		}
	}
	return NoProc
}
