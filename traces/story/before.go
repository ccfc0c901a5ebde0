package story

import (
	"slices"

	"github.com/dominikbraun/graph"

	"pmdcheck/traces"
)

// Before is the happens-before order of a run, steps counted from 0: the transitive reduction of program order and conflicts: two steps conflict when one writes a cell the other reads or writes.
func Before(t *traces.Trace) ([][2]int, error) {
	g := graph.New(graph.IntHash, graph.Directed())
	lastOf := map[int]int{}
	lastWrite := map[string]int{}
	readers := map[string][]int{}
	edge := func(a, b int) {
		if a != b {
			_ = g.AddEdge(a, b) // an edge that is there already is fine
		}
	}
	for i, s := range t.Steps {
		if err := g.AddVertex(i); err != nil {
			return nil, err
		}
		if j, ok := lastOf[s.Process]; ok {
			edge(j, i)
		}
		lastOf[s.Process] = i
		for _, o := range s.Ops {
			for _, r := range o.Reads {
				if j, ok := lastWrite[r.Cell]; ok {
					edge(j, i)
				}
				readers[r.Cell] = append(readers[r.Cell], i)
			}
			for _, a := range o.Writes {
				if j, ok := lastWrite[a.Cell]; ok {
					edge(j, i)
				}
				for _, j := range readers[a.Cell] {
					edge(j, i)
				}
				readers[a.Cell] = nil
				lastWrite[a.Cell] = i
			}
		}
	}
	r, err := graph.TransitiveReduction(g)
	if err != nil {
		return nil, err
	}
	es, err := r.Edges()
	if err != nil {
		return nil, err
	}
	var out [][2]int
	for _, e := range es {
		out = append(out, [2]int{e.Source, e.Target})
	}
	slices.SortFunc(out, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return out, nil
}
