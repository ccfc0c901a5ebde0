package sim

import (
	"strings"

	"pmdcheck/model"
)

// inBuffers are the variables that store buffers are made of.
func inBuffers(sys *model.System) map[model.VarID]bool {
	out := map[model.VarID]bool{}
	if sys.Memory == nil {
		return out
	}
	for _, b := range sys.Memory.Buffers {
		for _, v := range append([]model.VarID{b.Len, b.Addr}, b.Values...) {
			out[v] = true
		}
	}
	return out
}

// held is what a store buffer holds, oldest first: "{x = 1, y = 2}".
func held(sys *model.System, b model.Buffer, vals [][]int32) string {
	var parts []string
	for i := range vals[b.Len][0] {
		n := int(vals[b.Addr][i])
		if n < 1 || n > len(b.Cells) || b.Cells[n-1].Var == model.NoVar {
			parts = append(parts, "nothing")
			continue
		}
		c := b.Cells[n-1]
		t := sys.Vars[c.Var].Type
		for _, v := range b.Values {
			if sys.Vars[v].Type == t {
				parts = append(parts, sys.CellName(c)+" = "+sys.Value(t, vals[v][i]))
			}
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// bufferCells are the store buffers of a state, as if each were one cell.
func bufferCells(sys *model.System, was, now [][]int32) (out []Cell) {
	if sys.Memory == nil {
		return nil
	}
	for _, b := range sys.Memory.Buffers {
		c := Cell{Name: "store buffer of " + sys.Processes[b.Of].Name, Old: held(sys, b, was), New: held(sys, b, now)}
		c.Changed = c.Old != c.New
		out = append(out, c)
	}
	return out
}
