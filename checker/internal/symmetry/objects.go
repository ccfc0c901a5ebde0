package symmetry

import (
	"fmt"
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// objects looks for interchangeable objects that belong to no process: those of one struct that no code and no other object names, and that begin alike.
//
// All that code can do with a handle or a reference is to follow, copy and compare it for equality ([pointers]), and that is the same after an exchange of what it
// names. What remains is alloc, which takes the dead object that was declared first and so tells dead objects apart. It does not
//
//   - where nothing is ever freed: a dead object has not been used yet, nothing names it, and its fields are as alloc makes them anyway. So the dead ones are all
//     alike, whichever is taken; they have to be neighbours, else others that are dead come between them;
//   - in states from which nobody can allocate any more: the group is barred in the others.
//
// Nothing else can be said from the code. With a pointer to a dead object left over, which of two dead objects is taken next decides whether that pointer is
// good again, and that is what such models are about.
func (s *searcher) objects(r *Result) {
	for _, pool := range s.sys.Pools {
		classes := s.classes(pool)
		for _, c := range classes {
			name := fmt.Sprintf("%s %s to %s", pool.Struct, pool.Objects[c[0]-1], pool.Objects[c[len(c)-1]-1])
			refuse := func(reason string) { r.Refused = append(r.Refused, Refusal{name, true, reason}) }
			if s.noObjects != "" {
				refuse(s.noObjects)
				continue
			}
			if s.pointers != nil {
				refuse(s.pointers.Error())
				continue
			}
			g := program.Group{}
			for _, h := range c {
				m := program.Member{Objects: []program.Object{{Pool: pool.ID, Handle: h}}}
				for _, k := range objectCells(s.sys, m.Objects[0]) {
					m.Parts = append(m.Parts, program.Part{Cell: k, Bit: program.WholeCell})
				}
				g.Members = append(g.Members, m)
			}
			if s.allocated(pool.ID) && !s.virgin(pool, c) {
				g.Barred = s.mayAllocate(pool.ID)
				if s.alwaysBarred(g.Barred) {
					refuse("somebody can always allocate one, and takes the dead one that was declared first")
					continue
				}
			}
			reason := ""
			for k := 1; k < len(c) && reason == ""; k++ {
				reason = s.newExchange(&g, k-1, k).check(pool.Objects[c[k-1]-1], pool.Objects[c[k]-1])
			}
			if reason != "" {
				refuse(reason)
				continue
			}
			r.add(g, name)
		}
	}
}

// classes are the handles of the objects of a pool that nothing names and that begin alike, if there are at least two. A field that points to an object of the
// same class is looked at when the exchange is checked.
func (s *searcher) classes(pool *model.Pool) (out [][]int32) {
	named := s.named(pool.ID)
	written := func(v model.VarID) bool { return slices.Contains(s.written[v], true) }
	if !slices.ContainsFunc(pool.Fields, written) && (pool.Live == model.NoVar || !written(pool.Live)) {
		return nil
	}
	allocated := s.allocated(pool.ID)
	for i := range pool.Objects {
		h := int32(i + 1)
		if named[h] || pool.Live != model.NoVar && !allocated && s.sys.Vars[pool.Live].Init[i] == 0 {
			continue // an object that is dead for ever is like any other
		}
		at := slices.IndexFunc(out, func(c []int32) bool { return s.alike(pool.ID, c[0], h) })
		if at < 0 {
			out = append(out, []int32{h})
		} else {
			out[at] = append(out[at], h)
		}
	}
	return slices.DeleteFunc(out, func(c []int32) bool { return len(c) < 2 })
}

// alike reports whether two objects begin with the same values, apart from pointers into their own pool.
func (s *searcher) alike(pool model.PoolID, a, b int32) bool {
	x, y := objectCells(s.sys, program.Object{Pool: pool, Handle: a}), objectCells(s.sys, program.Object{Pool: pool, Handle: b})
	for i := range x {
		v := s.sys.Vars[x[i].Var]
		if v.Type.Kind == model.KindHandle && v.Type.Pool == pool || v.Type.Kind == model.KindRef {
			continue
		}
		if v.Init[x[i].Idx] != v.Init[y[i].Idx] {
			return false
		}
	}
	return true
}

// named are the objects of a pool that code or a predicate names.
func (s *searcher) named(pool model.PoolID) map[int32]bool {
	out := map[int32]bool{}
	cell := func(c model.Cell) {
		if v := s.sys.Vars[c.Var]; v.Pool == pool {
			out[objectOf(v, c).Handle] = true
		}
	}
	everywhere(s.sys, func(x *model.Expr) {
		if x.Op == model.Const && x.Val > 0 && x.Type != nil {
			switch {
			case x.Type.Kind == model.KindHandle && x.Type.Pool == pool:
				out[x.Val] = true
			case x.Type.Kind == model.KindRef && x.Type.Domain != model.NoDomain:
				cell(s.sys.Domains[x.Type.Domain].Cells[x.Val-1])
			}
		}
	}, func(p *model.Place) {
		if p.Obj != nil && p.Obj.Op == model.Const && p.Ref == nil && s.sys.Vars[p.Var].Pool == pool {
			out[p.Obj.Val] = true
		}
	})
	for _, v := range s.sys.Vars {
		if v.Pool == pool {
			continue
		}
		for _, n := range v.Init {
			switch {
			case n < 1:
			case v.Type.Kind == model.KindHandle && v.Type.Pool == pool:
				out[n] = true
			case v.Type.Kind == model.KindRef && v.Type.Domain != model.NoDomain:
				cell(s.sys.Domains[v.Type.Domain].Cells[n-1])
			}
		}
	}
	return out
}

// everywhere calls f for every expression and g for every place of the system, but for those of liveness, which is judged without symmetry.
func everywhere(sys *model.System, f func(*model.Expr), g func(*model.Place)) {
	var place func(p *model.Place)
	var expr func(x *model.Expr)
	expr = func(x *model.Expr) {
		if x == nil {
			return
		}
		f(x)
		place(x.Place)
		expr(x.X)
		expr(x.Y)
		expr(x.Z)
	}
	place = func(p *model.Place) {
		if p == nil {
			return
		}
		g(p)
		expr(p.Obj)
		expr(p.Idx)
		expr(p.Ref)
	}
	eachOp(sys, func(op *model.Op) {
		expr(op.X)
		place(op.Dst)
	})
	for _, q := range sys.Props {
		expr(q.X)
	}
	for _, c := range sys.Covers {
		expr(c.X)
	}
}

func eachOp(sys *model.System, f func(*model.Op)) {
	for _, p := range sys.Processes {
		for i := range p.Start {
			f(&p.Start[i])
		}
		for _, t := range p.Trans {
			for i := range t.Code {
				f(&t.Code[i])
			}
		}
	}
}

// allocated reports whether anything allocates objects of a pool.
func (s *searcher) allocated(pool model.PoolID) bool {
	found := false
	eachOp(s.sys, func(op *model.Op) { found = found || op.Kind == model.OpAlloc && op.Pool == pool })
	return found
}

// virgin reports whether dead objects of a class have never been used: nothing frees any of the pool, and those that begin dead are neighbours that nothing names.
func (s *searcher) virgin(pool *model.Pool, class []int32) bool {
	ok := true
	eachOp(s.sys, func(op *model.Op) { ok = ok && (op.Kind != model.OpFree || op.Pool != pool.ID) })
	live := s.sys.Vars[pool.Live].Init
	for h := class[0]; h <= class[len(class)-1]; h++ {
		if in := slices.Contains(class, h); in != (live[h-1] == 0) {
			return false
		}
	}
	// Fields that point from one object to another are initial values that name it.
	for _, v := range s.sys.Vars {
		for _, n := range v.Init {
			switch {
			case n < 1 || v.Pool != pool.ID:
			case v.Type.Kind == model.KindHandle && v.Type.Pool == pool.ID:
				ok = ok && !slices.Contains(class, n)
			case v.Type.Kind == model.KindRef && v.Type.Domain != model.NoDomain:
				c := s.sys.Domains[v.Type.Domain].Cells[n-1]
				w := s.sys.Vars[c.Var]
				ok = ok && (w.Pool != pool.ID || !slices.Contains(class, objectOf(w, c).Handle))
			}
		}
	}
	return ok
}

// mayAllocate tells, by process and location, from where a process can come to allocate an object of a pool.
func (s *searcher) mayAllocate(pool model.PoolID) [][]bool {
	out := make([][]bool, len(s.sys.Processes))
	for _, p := range s.sys.Processes {
		may := make([]bool, len(p.Locations)+1) // the last is that of a process that failed
		any := false
		for again := true; again; {
			again = false
			for _, t := range p.Trans {
				if may[t.From] {
					continue
				}
				for i := range t.Code {
					op := &t.Code[i]
					if op.Kind == model.OpAlloc && op.Pool == pool || op.Kind == model.OpGoto && may[op.Loc] {
						may[t.From], any, again = true, true, true
					}
				}
			}
		}
		if any {
			out[p.ID] = may
		}
	}
	return out
}

// alwaysBarred reports whether some process that has not failed can allocate wherever it is.
func (s *searcher) alwaysBarred(barred [][]bool) bool {
	for _, at := range barred {
		if len(at) > 0 && !slices.Contains(at[:len(at)-1], false) {
			return true
		}
	}
	return false
}

// pointers says whether handles and references are more than names somewhere: all that may be done with them is to store them where others of their type are, to
// compare them for equality or with NULL, and to follow them. The language allows nothing else; that it stays so is not taken for granted.
func pointers(sys *model.System) (err error) {
	type class struct {
		kind model.TypeKind
		id   int32
	}
	number := class{kind: model.KindInt}
	of := func(t *model.Type) class {
		switch {
		case t == nil:
			return number
		case t.Kind == model.KindHandle:
			return class{t.Kind, int32(t.Pool)}
		case t.Kind == model.KindRef:
			return class{t.Kind, int32(t.Domain)}
		}
		return number
	}
	null := func(x *model.Expr) bool { return x.Op == model.Const && x.Val == 0 }
	var classOf func(x *model.Expr) class
	ofPlace := func(p *model.Place) class {
		if p.Ref != nil {
			return of(sys.Domains[p.Domain].Type)
		}
		return of(sys.Vars[p.Var].Type)
	}
	classOf = func(x *model.Expr) class {
		switch x.Op {
		case model.Const:
			return of(x.Type)
		case model.Load:
			return ofPlace(x.Place)
		case model.AddrOf:
			return class{model.KindRef, int32(x.Domain)}
		case model.Container:
			return of(x.Type)
		case model.Cond:
			if null(x.Y) {
				return classOf(x.Z)
			}
			return classOf(x.Y)
		}
		return number
	}
	is := func(x *model.Expr, c class) {
		if x != nil && !null(x) && classOf(x) != c && err == nil {
			err = fmt.Errorf("%s is a pointer and a number, or two kinds of pointer", sys.ExprString(x))
		}
	}
	expr := func(x *model.Expr) {
		switch x.Op {
		case model.Const, model.Load, model.AddrOf, model.Not, model.AndAlso, model.OrElse:
		case model.Eq, model.Ne:
			if null(x.X) {
				is(x.Y, classOf(x.Y))
			} else {
				is(x.Y, classOf(x.X))
			}
		case model.Cond:
			is(x.Y, classOf(x))
			is(x.Z, classOf(x))
		case model.Container:
			is(x.X, class{model.KindRef, int32(x.Domain)})
		case model.IsLive:
			is(x.X, class{model.KindHandle, int32(x.Pool)})
		default:
			is(x.X, number)
			is(x.Y, number)
			is(x.Z, number)
		}
	}
	place := func(p *model.Place) {
		is(p.Idx, number)
		if p.Ref != nil {
			is(p.Ref, class{model.KindRef, int32(p.Domain)})
		} else if p.Obj != nil && p.Obj.Op != model.Const {
			is(p.Obj, class{model.KindHandle, int32(sys.Vars[p.Var].Pool)})
		}
	}
	everywhere(sys, expr, place)
	eachOp(sys, func(op *model.Op) {
		switch op.Kind {
		case model.OpAssign:
			is(op.X, ofPlace(op.Dst))
		case model.OpAlloc:
			if ofPlace(op.Dst) != (class{model.KindHandle, int32(op.Pool)}) && err == nil {
				err = fmt.Errorf("%s is given a handle of another struct", sys.PlaceString(op.Dst))
			}
		case model.OpFree:
			is(op.X, class{model.KindHandle, int32(op.Pool)})
		}
	})
	return err
}
