package replay

import (
	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces"
)

// A store buffer is variables and a process of the system, made by package pass. To a reader of a run it is none of that: a store goes into the buffer, a load of the same process finds it there, and later it
// reaches memory. That is what a trace says.

// buffers are the store buffers as a run goes on, by each of their variables.
type buffers map[model.VarID]*buffer

type buffer struct {
	model.Buffer
	waiting []stored // oldest first
}

// stored is a store that has not reached memory.
type stored struct {
	step int
	cell model.Cell
	new  string
	call model.FrameID
}

func newBuffers(sys *model.System) buffers {
	out := buffers{}
	if sys.Memory == nil {
		return out
	}
	for _, b := range sys.Memory.Buffers {
		x := &buffer{Buffer: b}
		for _, v := range append([]model.VarID{b.Len, b.Addr}, b.Values...) {
			out[v] = x
		}
	}
	return out
}

// cell is the one with a number.
func (b *buffer) cell(n int64) (model.Cell, bool) {
	if n < 1 || n > int64(len(b.Cells)) || b.Cells[n-1].Var == model.NoVar {
		return model.Cell{}, false
	}
	return b.Cells[n-1], true
}

// buffered is what an operation does to store buffers.
type buffered struct {
	r      *recorder
	step   int
	memory map[model.Cell]string // what the operations of the step before this one have stored to memory
	before *eval.State           // of the step; nil for the start
	last   *buffer               // that was accessed last
	store  int                   // index of the operation that puts a value into a buffer of which it is not known yet where to, or -1
	number int64                 // of a cell, as it was read last
}

// see follows an access to a buffer. It reports false where the variable is none of a buffer. Out is the operations before o.
func (f *buffered) see(p *model.Process, op *model.Op, o *traces.Operation, out []traces.Operation, a eval.Access) bool {
	b := f.r.buffers[a.Cell.Var]
	if b == nil {
		return false
	}
	sys := f.r.sys
	mine := p.ID == b.Of
	switch {
	case a.Cell.Var == b.Addr && !a.Write:
		f.number = int64(a.New)
	case a.Cell.Var == b.Addr && mine && f.store >= 0:
		s := &out[f.store]
		cell, ok := b.cell(int64(a.New))
		if !ok {
			return true
		}
		s.Stores = []traces.Assign{{Cell: sys.CellName(cell), Old: f.seen(b, cell), New: s.Stores[0].New}}
		b.waiting = append(b.waiting, stored{f.step, cell, s.Stores[0].New, model.FrameID(s.Call)})
		f.store = -1
	case a.Cell.Var == b.Addr:
	case a.Cell.Var == b.Len && a.Write && a.New < a.Old && len(b.waiting) > 0:
		b.waiting = b.waiting[1:]
	case a.Cell.Var == b.Len:
	case a.Write && mine && op.Text != "": // where to comes next
		o.Stores = []traces.Assign{{New: sys.Value(sys.Vars[a.Cell.Var].Type, a.New)}}
		f.store = len(out)
	case a.Write:
	case mine: // found in the buffer, or what reaches memory
		if cell, ok := b.cell(f.number); ok {
			o.Reads = append(o.Reads, traces.Access{Cell: sys.CellName(cell), Value: sys.Value(sys.Vars[a.Cell.Var].Type, a.New), Buffered: true})
		}
	}
	f.last = b
	return true
}

// landed says of an operation that writes what a buffer had, and stands for no statement of the process itself, whose store that is. To is the cells that it wrote.
func (f *buffered) landed(p *model.Process, op *model.Op, o *traces.Operation, to []model.Cell) {
	if f.last == nil || len(to) == 0 || op.Text != "" && p.Role != model.RoleBuffer {
		return
	}
	for _, s := range f.last.waiting {
		if s.cell == to[0] {
			o.Landed, o.Call, o.Text, o.Reads = s.step, int(s.call), f.r.sys.CellName(s.cell)+" reaches memory", nil
			if s.call != model.NoFrame {
				o.Func = f.r.sys.Frames[s.call].Func
			}
			return
		}
	}
}

// seen is what a process sees in a cell: the youngest store of its buffer, or memory.
func (f *buffered) seen(b *buffer, c model.Cell) string {
	for i := len(b.waiting) - 1; i >= 0; i-- {
		if b.waiting[i].cell == c {
			return b.waiting[i].new
		}
	}
	if v, ok := f.memory[c]; ok {
		return v
	}
	if f.before == nil {
		return f.r.sys.Value(f.r.sys.Vars[c.Var].Type, f.r.sys.Vars[c.Var].Init[c.Idx])
	}
	return f.r.sys.Value(f.r.sys.Vars[c.Var].Type, f.before.Vals[c.Var][c.Idx])
}

// bookkeeping says whether an operation that touched a buffer, or that the pass added, says nothing to a reader.
func (f *buffered) bookkeeping(p *model.Process, o *traces.Operation, touched bool) bool {
	if f.r.sys.Memory == nil || len(o.Reads)+len(o.Writes)+len(o.Stores) > 0 {
		return false
	}
	return o.Text == "" || touched && p.Role == model.RoleBuffer
}
