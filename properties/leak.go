package properties

import "pmdcheck/model"

// Leak is a live object that nothing reaches.
type Leak struct {
	Prop   model.PropID
	Pool   model.PoolID
	Object int // index in the pool
}

// Leaks lists the live objects of pools with a checked leak property that cannot be reached in a state given by value: vals[v][i] is cell i of variable v.
func Leaks(sys *model.System, vals [][]int32) []Leak {
	any := false
	for _, p := range sys.Pools {
		any = any || judged(sys, p)
	}
	if !any {
		return nil
	}
	reached := reachable(sys, vals)
	var leaks []Leak
	for i, p := range sys.Pools {
		if !judged(sys, p) {
			continue
		}
		for o := range p.Objects {
			if vals[p.Live][o] != 0 && !reached[i][o] {
				leaks = append(leaks, Leak{p.Leak, p.ID, o})
			}
		}
	}
	return leaks
}

// reachable are the objects of each pool that something leads to.
// Roots are the handles and references in shared variables that are not themselves fields of objects with a lifetime, and the live objects of structs that have no leak
// property and are there from the start, whatever has them; one that was allocated may be lost, with what it leads to. From there reachability goes through the fields of live objects. Weak variables and fields lead nowhere. Locals are no roots: at the end of a run they are gone.
func reachable(sys *model.System, vals [][]int32) [][]bool {
	reached := make([][]bool, len(sys.Pools))
	for i, p := range sys.Pools {
		reached[i] = make([]bool, len(p.Objects))
	}
	type object struct {
		pool model.PoolID
		obj  int
	}
	var work []object
	visit := func(t *model.Type, v int32) {
		o := object{model.NoPool, 0}
		switch {
		case v < 1:
			return
		case t.Kind == model.KindHandle && t.Pool != model.NoPool:
			o = object{t.Pool, int(v - 1)}
		case t.Kind == model.KindRef && t.Domain != model.NoDomain:
			c := sys.Domains[t.Domain].Cells[v-1]
			cv := sys.Vars[c.Var]
			if cv.Pool == model.NoPool {
				return
			}
			o = object{cv.Pool, int(c.Idx) / cv.Stride}
		default:
			return
		}
		if !reached[o.pool][o.obj] {
			reached[o.pool][o.obj] = true
			work = append(work, o)
		}
	}
	lives := func(p model.PoolID) bool { return p != model.NoPool && sys.Pools[p].Live != model.NoVar }
	for _, v := range sys.Vars {
		if v.Proc != model.NoProc || v.Weak || lives(v.Pool) {
			continue
		}
		for _, x := range vals[v.ID] {
			visit(v.Type, x)
		}
	}
	for i, p := range sys.Pools {
		if p.Live == model.NoVar || p.Leak != model.NoProp {
			continue
		}
		for o := range p.Objects {
			if sys.FromStart(p, o, vals) && !reached[i][o] {
				reached[i][o] = true
				work = append(work, object{model.PoolID(i), o})
			}
		}
	}
	for len(work) > 0 {
		o := work[len(work)-1]
		work = work[:len(work)-1]
		p := sys.Pools[o.pool]
		if !lives(o.pool) || vals[p.Live][o.obj] == 0 {
			continue // an eternal object is a root already; a dead one leads nowhere
		}
		for _, f := range p.Fields {
			v := sys.Vars[f]
			if v.Weak {
				continue
			}
			for i := range v.Stride {
				visit(v.Type, vals[f][o.obj*v.Stride+i])
			}
		}
	}
	return reached
}

func judged(sys *model.System, p *model.Pool) bool {
	return p.Live != model.NoVar && p.Leak != model.NoProp && sys.Props[p.Leak].Checked
}
