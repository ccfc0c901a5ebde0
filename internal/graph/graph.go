// Package graph finds the strongly connected components of a graph that is in memory as a whole.
package graph

import "iter"

// Components numbers the strongly connected components of the graph whose node v leads to succ[v], from 0: nodes have the same number if each can be reached from the other. A component
// has a higher number than those that it leads to.
func Components(succ [][]int) []int {
	// Tarjan 1972, with a stack of its own: depth is no matter of the goroutine's.
	t := tarjan{succ: succ, comp: make([]int, len(succ)), index: make([]int, len(succ)), low: make([]int, len(succ))}
	for v := range t.comp {
		t.comp[v] = -1
	}
	for v := range succ {
		if t.index[v] == 0 {
			t.from(v)
		}
	}
	return t.comp
}

// ComponentsOf is Components for nodes of any kind, given by the edges between them.
func ComponentsOf[K comparable](edges iter.Seq2[K, K]) map[K]int {
	number := map[K]int{}
	var succ [][]int
	of := func(k K) int {
		i, ok := number[k]
		if !ok {
			i = len(succ)
			number[k] = i
			succ = append(succ, nil)
		}
		return i
	}
	for a, b := range edges {
		v, w := of(a), of(b)
		succ[v] = append(succ[v], w)
	}
	comp := Components(succ)
	for k, i := range number {
		number[k] = comp[i]
	}
	return number
}

type tarjan struct {
	succ       [][]int
	comp       []int // -1: not complete
	index, low []int // from 1
	open       []int // nodes whose component is not complete
	work       []frame
	next, n    int
}

// frame is a node under visit, and which of its successors is next.
type frame struct{ v, i int }

func (t *tarjan) push(v int) {
	t.next++
	t.index[v], t.low[v] = t.next, t.next
	t.open = append(t.open, v)
	t.work = append(t.work, frame{v: v})
}

func (t *tarjan) from(root int) {
	t.push(root)
	for len(t.work) > 0 {
		f := &t.work[len(t.work)-1]
		if f.i < len(t.succ[f.v]) {
			w := t.succ[f.v][f.i]
			f.i++
			switch {
			case t.index[w] == 0:
				t.push(w)
			case t.comp[w] < 0:
				t.low[f.v] = min(t.low[f.v], t.index[w])
			}
			continue
		}
		v := f.v
		t.work = t.work[:len(t.work)-1]
		if len(t.work) > 0 {
			up := t.work[len(t.work)-1].v
			t.low[up] = min(t.low[up], t.low[v])
		}
		if t.low[v] == t.index[v] {
			t.complete(v)
		}
	}
}

// complete takes the component whose first node is v.
func (t *tarjan) complete(v int) {
	for {
		w := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.comp[w] = t.n
		if w == v {
			t.n++
			return
		}
	}
}
