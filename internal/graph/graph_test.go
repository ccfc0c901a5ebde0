package graph_test

import (
	"math/rand/v2"
	"testing"

	"pmdcheck/internal/graph"
)

// reaches is which nodes can be reached from which, found by trying.
func reaches(succ [][]int) [][]bool {
	out := make([][]bool, len(succ))
	for v := range succ {
		out[v] = make([]bool, len(succ))
		work := []int{v}
		out[v][v] = true
		for len(work) > 0 {
			at := work[len(work)-1]
			work = work[:len(work)-1]
			for _, w := range succ[at] {
				if !out[v][w] {
					out[v][w] = true
					work = append(work, w)
				}
			}
		}
	}
	return out
}

// TestComponents: on random graphs, two nodes have the same number if and only if each reaches the other, and edges lead to no higher number.
func TestComponents(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		n := 1 + r.IntN(12)
		succ := make([][]int, n)
		for range r.IntN(3 * n) {
			v := r.IntN(n)
			succ[v] = append(succ[v], r.IntN(n))
		}
		comp, reach := graph.Components(succ), reaches(succ)
		for v := range n {
			for w := range n {
				if (comp[v] == comp[w]) != (reach[v][w] && reach[w][v]) || reach[v][w] && comp[w] > comp[v] {
					t.Fatalf("%v: nodes %d and %d are in components %d and %d", succ, v, w, comp[v], comp[w])
				}
			}
		}
	}
}

// TestDeep: a long chain needs no deep stack, and closing it makes one component of it.
func TestDeep(t *testing.T) {
	const n = 200_000
	succ := make([][]int, n)
	for v := range n - 1 {
		succ[v] = []int{v + 1}
	}
	if c := graph.Components(succ); c[0] != n-1 || c[n-1] != 0 {
		t.Errorf("a chain: the ends are in %d and %d", c[0], c[n-1])
	}
	succ[n-1] = []int{0}
	if c := graph.Components(succ); c[0] != 0 || c[n/2] != 0 {
		t.Errorf("a cycle: %d, %d", c[0], c[n/2])
	}
}
