package promela

import (
	"fmt"
	"strings"

	"pmdcheck/model"
)

// observer writes the C that looks at states: invariants and covers at every one, deadlock and leaks where nothing can move.
func (x *exporter) observer() {
	predicate := func(e *model.Expr) (*term, *term) {
		l := &lowering{x: x, path: one, predicate: true}
		v := l.expr(e)
		return v, anyOf(l.fails)
	}
	leaks := false
	for _, q := range x.sys.Props {
		if !q.Checked {
			continue
		}
		switch q.Kind {
		case model.PropAssert, model.PropFault, model.PropDeadlock:
		case model.PropInvariant:
			v, wrong := predicate(q.X)
			if bad := or(wrong, not(v)); !bad.is(0) {
				x.look = append(x.look, fmt.Sprintf("if (%s) FOUND(%d) /* invariant %s */", inC.bare(bad), q.ID, comment(q.Name)))
			}
		case model.PropOrder:
			// Its edges are marks, which SPIN reaches or not like others; that some of them make a cycle is no statement about one run.
		case model.PropLeak:
			leaks = true
		case model.PropLiveness, model.PropRace:
			x.left = append(x.left, q.Name)
		}
	}
	for _, c := range x.sys.Covers {
		if c.X == nil {
			continue
		}
		v, wrong := predicate(c.X)
		if met := and(not(wrong), v); !met.is(0) {
			x.look = append(x.look, fmt.Sprintf("if (%s) pmd_reached(%d); /* cover %s */", inC.bare(met), c.ID, comment(c.Name)))
		}
	}
	parked, moving := zero, zero
	for _, p := range x.sys.Processes {
		at := cell(x.pcs[p.ID], nil)
		parked = or(parked, eq(at, len(p.Locations)))
		for _, l := range p.Locations {
			if !l.End && len(l.Trans) > 0 {
				moving = or(moving, eq(at, int(l.ID)))
			}
		}
	}
	if !parked.is(0) {
		x.rest = append(x.rest, fmt.Sprintf("if (%s) return 0; /* somebody has failed */", inC.bare(parked)))
	}
	found := "return 0;"
	if x.sys.Props[model.PropNoDeadlock].Checked {
		found = fmt.Sprintf("{ FOUND(%d) return 0; }", model.PropNoDeadlock)
	}
	x.rest = append(x.rest, fmt.Sprintf("if (%s) %s /* somebody is not at a proper end */", inC.bare(moving), found))
	if leaks {
		x.leaks()
	}
}

// leaks writes the search for live objects that no shared variable leads to; properties.Leaks is the definition.
func (x *exporter) leaks() {
	sys := x.sys
	base := make([]int, len(sys.Pools)) // number of a pool's first object
	n := 0
	for i, p := range sys.Pools {
		base[i] = n
		n += len(p.Objects)
	}
	lives := func(p model.PoolID) bool { return p != model.NoPool && sys.Pools[p].Live != model.NoVar }
	l := &lowering{x: x, path: one}
	put := func(format string, args ...any) { x.rest = append(x.rest, fmt.Sprintf(format, args...)) }
	// visit marks the object that a cell leads to.
	visit := func(v *model.Var, i int) {
		if v.Weak {
			return
		}
		val := l.cell(v.ID, num(int64(i)))
		to := func(value int, p model.PoolID, obj int) {
			if hit := eq(val, value); !hit.is(0) {
				put("if (%s && !to[%d]) to[%d] = again = 1;", inC.text(hit), base[p]+obj, base[p]+obj)
			}
		}
		switch {
		case v.Type.Kind == model.KindHandle && v.Type.Pool != model.NoPool:
			for o := range sys.Pools[v.Type.Pool].Objects {
				to(o+1, v.Type.Pool, o)
			}
		case v.Type.Kind == model.KindRef && v.Type.Domain != model.NoDomain:
			for k, c := range sys.Domains[v.Type.Domain].Cells {
				if cv := sys.Vars[c.Var]; cv.Pool != model.NoPool {
					to(k+1, cv.Pool, int(c.Idx)/cv.Stride)
				}
			}
		}
	}
	put("char to[%d], again = 1; /* objects that shared variables lead to: %s */", n, comment(strings.Join(x.objects(), ", ")))
	put("memset(to, 0, sizeof to);")
	for _, v := range sys.Vars {
		if v.Proc != model.NoProc || lives(v.Pool) {
			continue
		}
		for i := range v.Len {
			visit(v, i)
		}
	}
	x.fromStart(l, base)
	put("while (again) {")
	put("again = 0;")
	for i, p := range sys.Pools {
		if !lives(p.ID) {
			continue
		}
		for o := range p.Objects {
			put("if (to[%d] && %s) {", base[i]+o, inC.text(asTruth(l.cell(p.Live, num(int64(o))))))
			for _, f := range p.Fields {
				v := sys.Vars[f]
				for k := range v.Stride {
					visit(v, o*v.Stride+k)
				}
			}
			put("}")
		}
	}
	put("}")
	for i, p := range sys.Pools {
		if !lives(p.ID) || p.Leak == model.NoProp || !sys.Props[p.Leak].Checked {
			continue
		}
		for o := range p.Objects {
			put("if (%s && !to[%d]) FOUND(%d) /* %s is lost */", inC.text(asTruth(l.cell(p.Live, num(int64(o))))), base[i]+o, p.Leak, comment(p.Objects[o]))
		}
	}
}

// fromStart writes which objects are there whatever has them: those of structs that nobody asks about, which live from the start.
func (x *exporter) fromStart(l *lowering, base []int) {
	for i, p := range x.sys.Pools {
		if p.Live == model.NoVar || p.Leak != model.NoProp {
			continue
		}
		for o := range p.Objects {
			if x.sys.Vars[p.Live].Init[o] == 0 {
				continue
			}
			there := asTruth(l.cell(p.Live, num(int64(o))))
			if m := x.sys.Mark(p); m != model.NoVar {
				there = and(there, not(l.cell(m, num(int64(o)))))
			}
			x.rest = append(x.rest, fmt.Sprintf("if (%s) to[%d] = 1; /* %s is there, whatever has it */", inC.text(there), base[i]+o, comment(p.Objects[o])))
		}
	}
}

func (x *exporter) objects() (names []string) {
	for _, p := range x.sys.Pools {
		names = append(names, p.Objects...)
	}
	return names
}
