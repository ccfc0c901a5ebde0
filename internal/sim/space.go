package sim

import (
	"fmt"
	"slices"

	"pmdcheck/model"
	"pmdcheck/model/eval"
	"pmdcheck/traces/dot"
)

// StateSpace walks a system breadth first on the interpreter until it has most states. It is for spaces one can look at; check is for the others.
func StateSpace(sys *model.System, most int) *dot.Space {
	in := eval.New(sys, eval.Options{})
	first, failed := in.Initial()
	title := sys.Name
	for _, c := range sys.Config {
		title += " " + c.Name + "=" + c.Value
	}
	space := &dot.Space{Title: title}
	number := map[string]int{}
	var states []*eval.State
	cut := map[string]bool{}
	// add gives a state its number, or -1 if there is no room for it.
	add := func(s, before *eval.State) int {
		key := s.Key()
		if n, ok := number[key]; ok {
			return n
		}
		if len(states) >= most {
			cut[key] = true
			return -1
		}
		number[key] = len(states)
		states = append(states, s)
		space.Nodes = append(space.Nodes, dot.Node{Lines: describe(sys, s, before)})
		return len(states) - 1
	}
	add(first, nil)
	for _, f := range failed {
		space.Nodes[0].Bad = f.Msg
	}
	for i := 0; i < len(states); i++ {
		s := states[i]
		node := &space.Nodes[i]
		for _, q := range sys.Props {
			if q.Kind == model.PropInvariant && q.Checked {
				if v, f := in.Eval(s, q.X); f != nil || v == 0 {
					node.Bad = q.Name
				}
			}
		}
		moves := in.Enabled(s)
		if len(moves) == 0 && in.Deadlocked(s) {
			node.Bad = "deadlock"
		}
		for _, m := range moves {
			out := in.Step(s, m)
			p := sys.Processes[m.Proc]
			to := add(out.Next, s)
			node = &space.Nodes[i] // add may have moved them
			if to < 0 {
				node.More++
				continue
			}
			e := dot.Edge{From: i, To: to, Label: p.Name + ": " + p.Trans[m.Trans].Label, Process: int(m.Proc), Bad: out.Failure != nil}
			if out.Failure != nil {
				space.Nodes[to].Bad = sys.Props[out.Failure.Prop].Name
			}
			space.Edges = append(space.Edges, e)
		}
	}
	space.Cut = len(cut)
	return space
}

// describe says where the processes are and which shared cells differ from the state before, or from zero.
func describe(sys *model.System, s, before *eval.State) []string {
	var out []string
	where := ""
	for _, p := range sys.Processes {
		at := fmt.Sprint(s.Locs[p.ID])
		switch l := s.Locs[p.ID]; {
		case l == model.Parked:
			at = "parked"
		case l >= 0 && len(p.Locations[l].Trans) == 0:
			at = "end"
		case l >= 0 && p.Locations[l].Label != "":
			at = p.Locations[l].Label
		}
		where += p.Name + "@" + at + " "
	}
	out = append(out, where)
	written, buffers := sys.Written(), inBuffers(sys)
	for _, v := range sys.Vars {
		for i := 0; i < v.Len && v.Proc == model.NoProc && !buffers[v.ID]; i++ {
			x := s.Vals[v.ID][i]
			if !written[v.ID][i] || before == nil && x == 0 || before != nil && x == before.Vals[v.ID][i] {
				continue
			}
			out = append(out, sys.CellName(model.Cell{Var: v.ID, Idx: int32(i)})+" = "+sys.Value(v.Type, x))
		}
	}
	was := s
	if before != nil {
		was = before
	}
	for _, c := range bufferCells(sys, was.Vals, s.Vals) {
		if c.Changed || before == nil && c.New != "{}" {
			out = append(out, c.Name+" = "+c.New)
		}
	}
	const lines = 12
	if len(out) > lines {
		out = append(slices.Clone(out[:lines]), fmt.Sprintf("… %d more", len(out)-lines))
	}
	return out
}
