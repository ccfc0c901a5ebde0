package axioms

import (
	"context"
	"fmt"
	"slices"

	"pmdcheck/internal/litmus"
)

// explainTries is how many candidates are looked at for the one that is easiest to explain.
const explainTries = 2000

// Witness is an execution of a result that the model allows: one that satisfies the condition, or one that does not. nil if there is none, or none was kept.
func (r *Result) Witness(positive bool) *Graph {
	x := r.witness
	if !positive {
		x = r.other
	}
	if x == nil {
		return nil
	}
	s := newSkeleton(x.combination)
	g := newGraph(r.Model, x, s)
	a := newArena(s.n)
	rd := s.read(a, x.rf)
	co, fr := x.relations(a)
	// Program order is what SC adds to what happened between processes.
	sc := a.union(s.po, rd.rf, co, fr)
	c := sc.cycle()
	if c == nil {
		g.Reason = "sequential consistency allows it as well"
		return g
	}
	kept := r.Model.kept(x)
	lost := 0
	for i := 1; i < len(c); i++ {
		e := Edge{From: c[i-1], To: c[i], Kind: "po"}
		switch {
		case rd.rf.has(e.From, e.To):
			e.Kind = "rf"
		case co.has(e.From, e.To):
			e.Kind = "co"
		case fr.has(e.From, e.To):
			e.Kind = "fr"
		default:
			e.Lost = !kept.has(e.From, e.To)
		}
		if e.Lost {
			lost++
		}
		g.Cycle = append(g.Cycle, e)
	}
	g.Cycle = fromFirst(g.Cycle)
	g.Reason = r.Model.String() + " allows it; sequential consistency does not, because of the cycle"
	if lost == 0 {
		g.Reason = r.Model.String() + " allows it although the order of the code is kept: a write may reach some processes before others. Sequential consistency objects to the cycle"
	}
	return g
}

// kept is the order within each process that a model keeps in an execution.
func (m Model) kept(x *execution) rel {
	j := newJudge(m, x.combination, none)
	j.reads(x.rf)
	if k, ok := j.(*kernel); ok {
		v := k.judge(x)
		return k.low.both(k.low.plus(v.hb), k.s.sameProc)
	}
	t := j.(*total)
	s, a := t.s, newArena(t.s.n)
	if m == SC {
		return s.po
	}
	parts := s.tso(a, none)
	if m == ARM {
		parts = s.arm(a, t.reading, none)
	}
	return a.plus(join(a, parts))
}

// Forbidden looks for a candidate execution that satisfies the condition and is forbidden, and says by what. With positive false, for one that does not satisfy
// it. nil if there is none: then no execution reads the values that it would have to.
func Forbidden(ctx context.Context, t *litmus.Test, m Model, positive bool, limit int64) (best *Graph, err error) {
	if limit == 0 {
		limit = DefaultLimit
	}
	defer func() {
		if v := recover(); v != nil {
			much, ok := v.(tooMuch)
			if !ok {
				panic(v)
			}
			if best == nil {
				err = much
			}
		}
	}()
	tries := 0
	for _, raw := range []bool{false, true} {
		b := &budget{left: limit, ctx: ctx}
		traces := (&tracer{t: t, budget: b, raw: raw, thinAir: true}).all()
		combinations(t, traces, raw, b, func(c *combination) {
			b.spend(5 * cost(len(c.events)))
			j := newJudge(m, c, none)
			c.each(b, func(rf []int) bool {
				b.spend(cost(len(c.events)))
				j.reads(rf)
				return tries < explainTries
			}, func(x *execution) {
				if tries >= explainTries || t.Cond.Holds(x.term) != positive || t.Filter != nil && !t.Filter.Holds(x.term) {
					return
				}
				tries++
				g := x.why(m, j)
				if g != nil && (best == nil || len(g.Cycle) < len(best.Cycle)) {
					best = g
				}
			})
		})
		if best != nil {
			return best, nil
		}
	}
	return nil, nil
}

// why finds the axiom that forbids a candidate. nil if none does.
func (x *execution) why(m Model, j judge) *Graph {
	var s *skeleton
	k, isKernel := j.(*kernel)
	if isKernel {
		s = k.s
	} else {
		s = j.(*total).s
	}
	a := newArena(s.n)
	rd := s.read(a, x.rf)
	co, fr := x.relations(a)
	ex := &explainer{x: x, s: s, co: co, fr: fr, rf: rd.rf}
	forbidden := func(axiom, reason string, cycle []Edge) *Graph {
		g := newGraph(m, x, s)
		g.Axiom, g.Cycle, g.Reason = axiom, fromFirst(cycle), reason
		return g
	}
	coherence := []part{{"rf", rd.rf}, {"co", co}, {"fr", fr}, {"po-loc", s.poLoc}}
	if r := join(a, coherence); !r.acyclic() {
		return forbidden("coherence", "forbidden by coherence, the order of each cell by itself: the cycle", ex.named(r.cycle(), coherence))
	}
	if bad := a.both(s.rmw, a.seq(a.minus(fr, s.sameProc), a.minus(co, s.sameProc))); !bad.empty() {
		var cycle []Edge
		bad.each(func(i, l int) {
			if cycle == nil {
				cycle = ex.route([]step{{r: a.minus(fr, s.sameProc), name: "fr"}, {r: a.minus(co, s.sameProc), name: "co"}}, i, l)
			}
		})
		return forbidden("atomicity", "forbidden by atomicity: a write comes between the two parts of a read-modify-write", cycle)
	}
	if isKernel {
		v := k.judge(x)
		if v.failed == "" {
			return nil
		}
		return forbidden(v.failed, kernelReasons[v.failed], ex.kernel(k, v))
	}
	t := j.(*total)
	r := t.order(x)
	if c := r.cycle(); c != nil {
		return forbidden("order", "forbidden: no order of all events respects the cycle", ex.named(t.small1(c), t.parts(ex)))
	}
	if !t.readers(r) {
		return forbidden("grace period", "forbidden: some reader that began before a grace period would end after it", nil)
	}
	return nil
}

// fromFirst turns a closed cycle so that it begins with its first event.
func fromFirst(c []Edge) []Edge {
	first := 0
	for i, e := range c {
		if e.To != c[(i+1)%len(c)].From {
			return c
		}
		if e.From < c[first].From {
			first = i
		}
	}
	return slices.Concat(c[first:], c[:first])
}

var kernelReasons = map[string]string{
	"happens-before":  "forbidden by happens-before, the order of execution: the cycle",
	"propagation":     "forbidden by propagation, the order in which strong fences let writes reach every process: the cycle",
	"rcu":             "forbidden by rcu, the order of grace periods and readers: the cycle",
	"plain-coherence": "forbidden by plain-coherence: a plain access is ordered the other way round",
}

// small1 leaves the ends of grace periods out of a cycle: their starts stand for them.
func (t *total) small1(c []int) []int {
	out := make([]int, 0, len(c))
	for _, i := range c {
		if i >= t.s.n {
			i = t.gps[i-t.s.n].start
		}
		if len(out) == 0 || out[len(out)-1] != i {
			out = append(out, i)
		}
	}
	return out
}

// parts are the names of what the order of all events is made of.
func (t *total) parts(ex *explainer) []part {
	a := newArena(t.s.n)
	parts := []part{{"rf", ex.rf}, {"co", ex.co}, {"fr", ex.fr}}
	switch t.kind {
	case SC:
		return append(parts, part{"po", t.s.po})
	case TSO:
		return append(parts, t.s.tso(a, none)...)
	}
	return append(parts, t.s.arm(a, t.reading, none)...)
}

// explainer takes derived relations apart into edges with names.
type explainer struct {
	x          *execution
	s          *skeleton
	rf, co, fr rel
}

// named gives each edge of a way the first name that fits.
func (ex *explainer) named(way []int, parts []part) []Edge {
	var out []Edge
	for i := 1; i < len(way); i++ {
		e := Edge{From: way[i-1], To: way[i], Kind: "po"}
		for _, p := range parts {
			if p.rel.has(e.From, e.To) {
				e.Kind = p.name
				break
			}
		}
		out = append(out, e)
	}
	return out
}

// step is an element of a pattern such as (overwrite & ext)? ; cumul-fence* ; rfe?.
type step struct {
	r      rel
	name   string
	mode   byte                  // 0: once, '?': perhaps, '*': any number of times
	expand func(i, j int) []Edge // takes an edge apart; nil: it has the name
}

// route finds a shortest way that fits a pattern. Every edge of it is taken apart as the pattern says.
func (ex *explainer) route(pattern []step, from, to int) []Edge {
	type at struct{ k, e int }
	type move struct {
		prev at
		used bool // an edge, not a step of the pattern that was left out
	}
	seen := map[at]move{{0, from}: {}}
	queue := []at{{0, from}}
	goal := at{len(pattern), to}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		if p == goal {
			break
		}
		if p.k == len(pattern) {
			continue
		}
		visit := func(q at, used bool) {
			if _, ok := seen[q]; !ok {
				seen[q] = move{p, used}
				queue = append(queue, q)
			}
		}
		st := pattern[p.k]
		if st.mode != 0 {
			visit(at{p.k + 1, p.e}, false)
		}
		st.r.row(p.e).Each(func(j int) {
			if st.mode == '*' {
				visit(at{p.k, j}, true)
			} else {
				visit(at{p.k + 1, j}, true)
			}
		})
	}
	if _, ok := seen[goal]; !ok {
		return nil
	}
	var out []Edge
	for q := goal; q != (at{0, from}); q = seen[q].prev {
		m := seen[q]
		if !m.used {
			continue
		}
		st := pattern[m.prev.k]
		edges := []Edge{{From: m.prev.e, To: q.e, Kind: st.name}}
		if st.expand != nil {
			edges = st.expand(m.prev.e, q.e)
		}
		out = slices.Concat(edges, out)
	}
	return out
}

// kernel takes the cycle apart that one of the axioms of the kernel's model objects to.
func (ex *explainer) kernel(k *kernel, v *verdict) []Edge {
	a, s, p := newArena(ex.s.n), ex.s, &k.perRead
	strong := []part{{"gp", k.gp}, {"mb", p.strong}}
	ext := func(r rel) rel { return a.minus(r, s.sameProc) }
	rfe, overwrite := ext(ex.rf), a.union(ex.co, ex.fr)
	name := func(parts []part) func(i, j int) []Edge {
		return func(i, j int) []Edge { return ex.named([]int{i, j}, parts) }
	}
	cumul := func(i, j int) []Edge {
		fences := append(slices.Clone(strong), part{"po-rel", k.poRel})
		all := []part{{"wmb", k.wmb}, {"po-unlock-lock-po", p.unlockLock}}
		direct := ex.route([]step{{r: join(a, all), expand: name(all)}, {r: ex.rf, name: "rf", mode: '?'}, {r: p.rmwSeq, name: "rmw-sequence", mode: '?'}}, i, j)
		if direct != nil {
			return direct
		}
		return ex.route([]step{{r: rfe, name: "rf", mode: '?'}, {r: join(a, fences), expand: name(fences)}, {r: p.rmwSeq, name: "rmw-sequence", mode: '?'}}, i, j)
	}
	over := []part{{"co", ex.co}, {"fr", ex.fr}}
	prop := func(i, j int) []Edge {
		return ex.route([]step{{r: ext(overwrite), mode: '?', expand: name(over)}, {r: p.cumul, mode: '*', expand: cumul}, {r: rfe, name: "rf", mode: '?'}}, i, j)
	}
	hbParts := append(append([]part{}, p.ppo...), part{"rf", rfe}, part{"co", a.both(ex.co, s.sameProc)}, part{"fr", a.both(ex.fr, s.sameProc)})
	direct := join(a, hbParts)
	hb := func(i, j int) []Edge {
		if direct.has(i, j) {
			return ex.named([]int{i, j}, hbParts)
		}
		return prop(i, j)
	}
	pb := func(i, j int) []Edge {
		return ex.route([]step{{r: v.prop, expand: prop}, {r: p.strong, expand: name(strong)}, {r: v.hb, mode: '*', expand: hb}}, i, j)
	}
	whole := func(r rel, expand func(i, j int) []Edge) []Edge {
		var out []Edge
		c := r.cycle()
		for i := 1; i < len(c); i++ {
			out = append(out, expand(c[i-1], c[i])...)
		}
		return out
	}
	switch v.failed {
	case "happens-before":
		return whole(v.hb, hb)
	case "propagation":
		return whole(v.pb, pb)
	case "rcu":
		for i := range s.n {
			if v.rb.has(i, i) {
				return ex.route([]step{
					{r: v.prop, expand: prop},
					{r: s.po, name: "po"},
					{r: v.rcuOrder, name: "rcu-order"},
					{r: s.po, name: "po", mode: '?'},
					{r: v.hb, mode: '*', expand: hb},
					{r: v.pb, mode: '*', expand: pb},
				}, i, i)
			}
		}
	}
	var out []Edge
	v.incoherent.each(func(i, j int) {
		out = append(out, ex.named([]int{i, j}, []part{{"rf", ex.rf}, {"co", ex.co}, {"fr", ex.fr}})...)
	})
	return out
}

// String is a short form of an edge, for tests.
func (e Edge) String() string {
	return fmt.Sprintf("%s -%s-> %s", nodeName(e.From), e.Kind, nodeName(e.To))
}
