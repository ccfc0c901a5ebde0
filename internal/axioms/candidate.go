package axioms

import (
	"context"
	"slices"

	"pmdcheck/internal/litmus"
)

// budget bounds the work of one test, so that the answer comes or is unknown.
type budget struct {
	left int64
	ctx  context.Context
	n    int
}

func (b *budget) spend(n int64) {
	if b.left -= n; b.left < 0 {
		panic(tooMuch{"the limit on steps was reached"})
	}
	if b.n++; b.n&255 == 0 && b.ctx.Err() != nil {
		panic(tooMuch{"interrupted"})
	}
}

// combination is one trace of each process, with their events numbered together: initial writes first, then process by process.
type combination struct {
	t      *litmus.Test
	traces []*trace
	events []Event
	first  []int // number of the first event of each process
	reads  []int
	writes [][]int // by cell; the initial write is the first
	partOf []int   // of the write of a read-modify-write its read, and the other way round; -1 for others
	raw    bool
}

func combine(t *litmus.Test, traces []*trace, raw bool) *combination {
	c := &combination{t: t, traces: traces, writes: make([][]int, t.Cells()), raw: raw}
	used := make([]bool, t.Cells())
	for _, tr := range traces {
		for i := range tr.events {
			if e := &tr.events[i]; e.inMemory() {
				used[e.Cell] = true
			}
		}
	}
	for cell, u := range used {
		if u {
			c.writes[cell] = append(c.writes[cell], len(c.events))
			c.events = append(c.events, Event{Proc: -1, Cell: cell, Value: t.InitialValue(cell), class: write, role: initial, order: litmus.Relaxed})
		}
	}
	for _, tr := range traces {
		c.first = append(c.first, len(c.events))
		c.events = append(c.events, tr.events...)
	}
	if len(c.events) > maxEvents {
		panic(tooMuch{"an execution has too many events"})
	}
	c.partOf = make([]int, len(c.events))
	for i := range c.partOf {
		c.partOf[i] = -1
	}
	for i := range c.events {
		e := &c.events[i]
		if !e.inMemory() || e.Proc < 0 {
			continue
		}
		if e.class == read {
			c.reads = append(c.reads, i)
			continue
		}
		c.writes[e.Cell] = append(c.writes[e.Cell], i)
		if e.role == atomicPart || e.role == lockWrite {
			r := c.first[e.Proc] + e.pair
			c.partOf[i], c.partOf[r] = r, i
		}
	}
	return c
}

// sources are the writes that a read may take its value from. What coherence alone rules out is left out, unless it is to be explained.
func (c *combination) sources(r int) []int {
	e := &c.events[r]
	own := -1
	var out []int
	for _, w := range c.writes[e.Cell] {
		f := &c.events[w]
		switch {
		case f.Value != e.Value && (c.raw || f.Proc != e.Proc):
		case c.raw:
			if c.partOf[w] != r {
				out = append(out, w)
			}
		case f.Proc == e.Proc:
			if w < r {
				own = w
			}
		case f.Proc >= 0:
			out = append(out, w)
		}
	}
	if c.raw {
		return out
	}
	if own < 0 {
		own = c.writes[e.Cell][0]
	}
	if c.events[own].Value == e.Value {
		out = append(out, own)
	}
	return out
}

// execution is a candidate: which load reads from which store, and in which order each cell is written.
type execution struct {
	*combination
	rf []int   // by event: the write that a read reads from
	co [][]int // by cell: its writes in coherence order
}

// each calls visit for every candidate that coherence and atomicity allow; with raw, for every one at all. afterReads may refuse an assignment of reads.
func (c *combination) each(b *budget, afterReads func(rf []int) bool, visit func(*execution)) {
	x := &execution{combination: c, rf: make([]int, len(c.events)), co: make([][]int, len(c.writes))}
	from := make([][]int, len(c.reads))
	for i, r := range c.reads {
		if from[i] = c.sources(r); len(from[i]) == 0 {
			return
		}
	}
	taken := make([]bool, len(c.events)) // by a read-modify-write
	var reads func(i int)
	reads = func(i int) {
		b.spend(1)
		if i == len(c.reads) {
			if afterReads == nil || afterReads(x.rf) {
				c.orders(b, x, visit)
			}
			return
		}
		r := c.reads[i]
		atomic := c.partOf[r] >= 0 && !c.raw
		for _, w := range from[i] {
			if atomic && taken[w] {
				continue
			}
			x.rf[r] = w
			if atomic {
				taken[w] = true
			}
			reads(i + 1)
			if atomic {
				taken[w] = false
			}
		}
	}
	reads(0)
}

// orders goes through the coherence orders of all cells for given reads.
func (c *combination) orders(b *budget, x *execution, visit func(*execution)) {
	var cells []int
	var lists [][][]int
	for cell, ws := range c.writes {
		switch {
		case len(ws) == 0:
			continue
		case len(ws) == 1:
			x.co[cell] = ws
			continue
		}
		l := c.linear(b, x, cell)
		if len(l) == 0 {
			return
		}
		cells, lists = append(cells, cell), append(lists, l)
	}
	var next func(i int)
	next = func(i int) {
		b.spend(1)
		if i == len(cells) {
			visit(x)
			return
		}
		for _, o := range lists[i] {
			x.co[cells[i]] = o
			next(i + 1)
		}
	}
	next(0)
}

// linear lists the orders of the writes of a cell that program order, the reads and atomicity allow.
func (c *combination) linear(b *budget, x *execution, cell int) [][]int {
	ws := c.writes[cell]
	n := len(ws)
	index := map[int]int{}
	for i, w := range ws {
		index[w] = i
	}
	before := make([][]bool, n) // before[j][i]: i comes before j
	for i := range before {
		before[i] = make([]bool, n)
		if i > 0 {
			before[i][0] = true
		}
	}
	follows := make([]int, n) // the write that has to come next, of the read-modify-write that reads this one
	source := make([]int, n)
	for i := range follows {
		follows[i], source[i] = -1, -1
	}
	if !c.raw && !c.constrain(x, cell, index, before, follows, source) {
		return nil
	}
	var out [][]int
	order := make([]int, 0, n)
	placed := make([]bool, n)
	var place func()
	place = func() {
		b.spend(1)
		if len(order) == n {
			full := make([]int, n)
			for i, k := range order {
				full[i] = ws[k]
			}
			out = append(out, full)
			return
		}
		last := -1
		if len(order) > 0 {
			last = order[len(order)-1]
		}
		for k := range n {
			if placed[k] || source[k] >= 0 && source[k] != last || last >= 0 && follows[last] >= 0 && follows[last] != k {
				continue
			}
			free := true
			for i := range n {
				if before[k][i] && !placed[i] {
					free = false
					break
				}
			}
			if free {
				placed[k] = true
				order = append(order, k)
				place()
				order = order[:len(order)-1]
				placed[k] = false
			}
		}
	}
	place()
	return out
}

// constrain notes what coherence demands of the order of a cell: the five shapes CoWW, CoRW, CoWR, CoRR and, through sources, reading from the future.
func (c *combination) constrain(x *execution, cell int, index map[int]int, before [][]bool, follows, source []int) bool {
	// What the process at hand accessed last, as the write that was then the newest one it knew.
	for p, first := range c.first {
		known := -1
		for i := range c.traces[p].events {
			e := first + i
			ev := &c.events[e]
			if !ev.inMemory() || ev.Cell != cell {
				continue
			}
			k := index[e]
			if ev.class == read {
				k = index[x.rf[e]]
				if w := c.partOf[e]; w >= 0 {
					follows[k], source[index[w]] = index[w], k
				}
			}
			if known >= 0 && known != k {
				if before[known][k] {
					return false
				}
				before[k][known] = true
			}
			known = k
		}
	}
	return true
}

// final is the last write of a cell.
func (x *execution) final(cell int) litmus.Value {
	o := x.co[cell]
	if len(o) == 0 {
		return x.t.InitialValue(cell)
	}
	return x.events[o[len(o)-1]].Value
}

// term is the value of a register or cell at the end.
func (x *execution) term(m litmus.Term) litmus.Value {
	if m.Proc >= 0 {
		return x.traces[m.Proc].regs[m.Reg]
	}
	return x.final(m.Cell)
}

// combinations calls visit for every choice of one trace per process in which every value that is read is written by somebody.
func combinations(t *litmus.Test, traces [][]trace, raw bool, b *budget, visit func(*combination)) {
	n := len(traces)
	// From which process on a value can still come: may[p] has what processes p and later ones write in some trace.
	may := make([]map[access]bool, n+1)
	may[n] = map[access]bool{}
	for p := n - 1; p >= 0; p-- {
		may[p] = map[access]bool{}
		for a := range may[p+1] {
			may[p][a] = true
		}
		for i := range traces[p] {
			for _, a := range traces[p][i].gives {
				may[p][a] = true
			}
		}
	}
	chosen := make([]*trace, n)
	given := map[access]int{}
	supplied := func(p int) bool {
		if raw {
			return true
		}
		for _, tr := range chosen[:p] {
			for _, a := range tr.needs {
				if given[a] == 0 && !may[p][a] {
					return false
				}
			}
		}
		return true
	}
	var next func(p int)
	next = func(p int) {
		b.spend(1)
		if p == n {
			visit(combine(t, slices.Clone(chosen), raw))
			return
		}
		for i := range traces[p] {
			tr := &traces[p][i]
			chosen[p] = tr
			for _, a := range tr.gives {
				given[a]++
			}
			if supplied(p + 1) {
				next(p + 1)
			}
			for _, a := range tr.gives {
				given[a]--
			}
		}
	}
	next(0)
}
