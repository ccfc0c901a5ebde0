package por

import (
	"pmdcheck/checker/internal/program"
	"pmdcheck/internal/bitset"
	"pmdcheck/model"
)

// A block is a condition under which a transition is disabled, as far as the state alone tells, and a necessary enabling set for it: while all tests
// say "blocked", the transition cannot be executed before one of lift has been.
//
// The condition is made from the awaits of the transition's code: a conjunct that is false blocks, and so does a disjunction all of whose parts are false.
// Code before an await can fail, and a transition that fails is executed; so lift also has whatever can make that code fail.
type block struct {
	tests  []int32 // Static.tests, all of which must be "blocked"
	lift   bitset.Set
	here   bitset.Set // lift for the moment when the process is there: of its own transitions, only those that begin there can come first
	remote bool       // also valid while the process is elsewhere: nothing in it depends on locals, nothing before it can fail
}

// A test is the truth of an expression in a state; blocked when it is not want.
type test struct {
	x    program.Test
	want bool
}

// maxProduct bounds the ways in which a disjunction can be false.
const maxProduct = 8

// blocksOf finds the blocks of a transition whose awaits are reached on a straight line.
func (s *Static) blocksOf(p *model.Process, t *model.Transition) []block {
	g := &guards{s: s, p: p, env: map[model.VarID]*model.Expr{}, stored: s.atoms.NewSet(), spoil: bitset.New(s.n), clean: true}
	var out []block
	for i := 0; i < len(t.Code); {
		op := &t.Code[i]
		i++
		if g.awaits > 0 && g.risky {
			return out // that this code does not fail where an earlier await is false is not known
		}
		switch op.Kind {
		case model.OpAssign:
			x := g.subst(op.X)
			g.fallible(x)
			c, static := program.StaticCell(s.sys, op.Dst)
			if !static || !fits(x, s.sys.Vars[c.Var].Type) {
				g.mayFail(x)
				if op.Dst.Ref != nil || op.Dst.Obj != nil || op.Dst.Idx != nil {
					g.place(op.Dst)
				}
			}
			if static && s.sys.Vars[c.Var].Proc != model.NoProc && s.sys.Vars[c.Var].Len == 1 {
				g.env[c.Var] = x
				if g.readsStored(x) {
					g.env[c.Var] = nil
				}
				continue
			}
			if !static || s.sys.Vars[c.Var].Proc != model.NoProc {
				// A store through a pointer, or to an array of locals: what it hits is not known here.
				g.forgetAll()
			}
			reads := s.atoms.NewSet()
			s.atoms.Op(op, reads, g.stored)
		case model.OpAssume:
			x := g.subst(op.X)
			if x != nil && !g.readsStored(x) {
				for _, w := range g.ways(x, true) {
					w.lift.Or(g.spoil)
					w.lift.Or(g.failers(x))
					w.remote = w.remote && g.clean && !program.CanFail(s.sys, x)
					w.tests = append(w.tests, g.asserts...)
					if g.awaits > 0 && program.CanFail(s.sys, x) {
						w.tests = append(w.tests, g.test(x, true)) // an earlier await may block: that this one does not fail has to be seen
					}
					w.here = w.lift.Clone()
					w.here.AndNot(s.own[p.ID])
					w.here.Or(s.at[p.ID][t.From])
					out = append(out, w)
				}
			}
			g.awaits++
			g.risky = false
			g.fallible(x)
		case model.OpAssert:
			x := g.subst(op.X)
			if x == nil || g.readsStored(x) {
				g.spoilAll()
				continue
			}
			g.fallible(x)
			// While the assertion holds, only what can make it false makes the transition fail.
			g.spoil.Or(s.turners(x, false))
			g.clean = g.clean && !g.local(x)
			g.asserts = append(g.asserts, g.test(x, false))
		case model.OpJump:
			if op.Then < i {
				return out
			}
			i = op.Then
		case model.OpCover, model.OpNop, model.OpFence:
		default:
			return out
		}
	}
	return out
}

// guards walks the code of one transition up to its awaits.
type guards struct {
	s       *Static
	p       *model.Process
	env     map[model.VarID]*model.Expr // locals assigned so far, in terms of the state the step starts from; nil: unknown
	stored  program.AtomSet             // shared cells stored to so far
	spoil   bitset.Set                  // what can make the code so far fail
	asserts []int32                     // assertions passed so far, as tests that are "blocked" while they hold
	clean   bool                        // the code so far cannot fail, or only by asserts that no local has a part in
	lost    bool                        // a store may have hit any local
	awaits  int                         // passed so far
	risky   bool                        // the code since the last await can fail
}

// subst writes an expression in terms of the state the step starts from; nil where that is not possible.
func (g *guards) subst(x *model.Expr) *model.Expr {
	if x == nil {
		return nil
	}
	if x.Op == model.Load && x.Place.Ref == nil {
		if v := g.s.sys.Vars[x.Place.Var]; v.Proc != model.NoProc {
			if y, ok := g.env[v.ID]; ok {
				return y
			}
			if g.lost {
				return nil
			}
			if x.Place.Idx == nil {
				return x
			}
		}
	}
	y := *x
	ok := true
	sub := func(z **model.Expr) {
		if *z != nil {
			*z = g.subst(*z)
			ok = ok && *z != nil
		}
	}
	sub(&y.X)
	sub(&y.Y)
	sub(&y.Z)
	if x.Place != nil {
		pl := *x.Place
		sub(&pl.Ref)
		sub(&pl.Obj)
		sub(&pl.Idx)
		y.Place = &pl
	}
	if !ok {
		return nil
	}
	return &y
}

func (g *guards) forgetAll() {
	g.lost = true
	for v := range g.env {
		g.env[v] = nil
	}
}

// spoilAll gives up on what can make the code fail: anybody.
func (g *guards) spoilAll() {
	g.clean, g.risky = false, true
	for i := range g.s.n {
		g.spoil.Add(i)
	}
}

func (g *guards) readsStored(x *model.Expr) bool {
	if x == nil {
		return true
	}
	r := g.s.atoms.NewSet()
	g.s.atoms.Expr(x, r)
	return r.Meets(g.stored)
}

// local reports whether an expression depends on locals.
func (g *guards) local(x *model.Expr) bool {
	found := false
	x.Walk(func(y *model.Expr) {
		if y.Op == model.Load && y.Place.Ref == nil && g.s.sys.Vars[y.Place.Var].Proc != model.NoProc {
			found = true
		}
	})
	return found
}

// fallible notes what can make the evaluation of x fail. What x reads from cells that were stored to comes from anywhere.
func (g *guards) fallible(x *model.Expr) {
	if x == nil || program.CanFail(g.s.sys, x) && g.readsStored(x) {
		g.spoilAll()
		return
	}
	if program.CanFail(g.s.sys, x) {
		g.clean, g.risky = false, true
		g.spoil.Or(g.failers(x))
	}
}

// mayFail: a store of x may leave the range of its cell.
func (g *guards) mayFail(x *model.Expr) {
	if x == nil || g.readsStored(x) {
		g.spoilAll()
		return
	}
	g.clean, g.risky = false, true
	r := g.s.atoms.NewSet()
	g.s.atoms.Expr(x, r)
	g.spoil.Or(g.s.writers(r))
}

// place: the address of a store can be wrong, or its object dead.
func (g *guards) place(p *model.Place) {
	for _, z := range []*model.Expr{p.Ref, p.Obj, p.Idx} {
		if z = g.subst(z); z != nil && g.readsStored(z) {
			g.spoilAll()
			return
		}
	}
	x := &model.Expr{Op: model.Load, Place: p, Type: &model.Type{}}
	if y := g.subst(x); y != nil {
		g.spoil.Or(g.failers(y))
	} else {
		g.spoilAll()
	}
	g.clean, g.risky = false, true
}

// failers are the transitions that can turn an evaluation of x that succeeds into one that fails: what writes what its addresses and partial operators are
// computed from, what frees an object it looks into, and what has an operand evaluated that was skipped.
func (g *guards) failers(x *model.Expr) bitset.Set {
	b := bitset.New(g.s.n)
	if x == nil {
		return b
	}
	reads := g.s.atoms.NewSet()
	x.Walk(func(y *model.Expr) {
		switch y.Op {
		case model.Load, model.AddrOf:
			for _, z := range []*model.Expr{y.Place.Ref, y.Place.Obj, y.Place.Idx} {
				g.s.atoms.Expr(z, reads)
			}
			if y.Op == model.Load {
				g.s.pools(y.Place, func(p *model.Pool) { b.Or(g.s.freers(p)) })
			}
		case model.Container, model.InRange, model.IsLive:
			g.s.atoms.Expr(y.X, reads)
		case model.Div, model.Mod, model.Shl, model.Shr:
			g.s.atoms.Expr(y.Y, reads)
		case model.AndAlso, model.OrElse:
			if program.CanFail(g.s.sys, y.Y) {
				b.Or(g.s.turners(y.X, y.Op == model.AndAlso))
			}
		case model.Cond:
			if program.CanFail(g.s.sys, y.Y) || program.CanFail(g.s.sys, y.Z) {
				g.s.atoms.Expr(y.X, reads)
			}
		}
	})
	b.Or(g.s.writers(reads))
	return b
}

// turners are the transitions one of which must come before the truth of x, now not want, is want: some operand has to turn.
func (s *Static) turners(x *model.Expr, want bool) bitset.Set {
	switch x.Op {
	case model.Not:
		return s.turners(x.X, !want)
	case model.AndAlso, model.OrElse:
		b := s.turners(x.X, want)
		b.Or(s.turners(x.Y, want))
		return b
	}
	return s.makers(x, want)
}

// pools calls f for each pool with lifetimes that a checked access through p can look into.
func (s *Static) pools(p *model.Place, f func(*model.Pool)) {
	if p.Unchecked {
		return
	}
	visit := func(v model.VarID) {
		if id := s.sys.Vars[v].Pool; id != model.NoPool && s.sys.Pools[id].Live != model.NoVar {
			f(s.sys.Pools[id])
		}
	}
	if p.Ref == nil {
		visit(p.Var)
		return
	}
	for _, c := range s.sys.Domains[p.Domain].Cells {
		visit(c.Var)
	}
}

// freers are the transitions that can free an object of a pool.
func (s *Static) freers(p *model.Pool) bitset.Set {
	b := bitset.New(s.n)
	for _, q := range s.sys.Processes {
		for _, t := range q.Trans {
			for i := range t.Code {
				if op := &t.Code[i]; op.Kind == model.OpFree && op.Pool == p.ID {
					b.Add(s.id(t))
				}
			}
		}
	}
	return b
}

// fits reports whether a value surely lies in the range of a type.
func fits(x *model.Expr, t *model.Type) bool {
	if x == nil {
		return false
	}
	switch x.Op {
	case model.Const:
		return x.Val >= t.Lo && x.Val <= t.Hi
	case model.Not, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge, model.AndAlso, model.OrElse, model.IsLive:
		return t.Lo <= 0 && t.Hi >= 1
	case model.Load:
		return x.Type != nil && x.Type.Lo >= t.Lo && x.Type.Hi <= t.Hi && x.Type.Lo <= x.Type.Hi
	case model.Or, model.And:
		return isBool(x.X) && isBool(x.Y) && t.Lo <= 0 && t.Hi >= 1
	}
	return false
}

func isBool(x *model.Expr) bool {
	switch x.Op {
	case model.Const:
		return x.Val == 0 || x.Val == 1
	case model.Load:
		return x.Type != nil && x.Type.Lo == 0 && x.Type.Hi == 1
	case model.Or, model.And:
		return isBool(x.X) && isBool(x.Y)
	case model.Not, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge, model.AndAlso, model.OrElse, model.IsLive:
		return true
	}
	return false
}

// ways lists how "x is not want" can be the case, each with what can end it.
func (g *guards) ways(x *model.Expr, want bool) []block {
	and, l, r := false, x.X, x.Y
	switch {
	case x.Op == model.Not:
		return g.ways(x.X, !want)
	case (x.Op == model.Eq || x.Op == model.Ne) && x.Y.Op == model.Const && x.Y.Val == 0 && x.X.Op == model.And:
		return g.ways(x.X, want == (x.Op == model.Ne))
	case x.Op == model.AndAlso, x.Op == model.And && isBool(x.X) && isBool(x.Y):
		and = want
	case x.Op == model.OrElse, x.Op == model.Or && isBool(x.X) && isBool(x.Y):
		and = !want
	default:
		return []block{g.leaf(x, want)}
	}
	a, b := g.ways(l, want), g.ways(r, want)
	if and { // either part suffices
		return append(a, b...)
	}
	if len(a)*len(b) > maxProduct {
		return []block{g.leaf(x, want)}
	}
	var out []block
	for i := range a {
		for j := range b {
			w := block{tests: append(append([]int32{}, a[i].tests...), b[j].tests...), lift: a[i].lift.Clone(), remote: a[i].remote && b[j].remote}
			w.lift.Or(b[j].lift)
			out = append(out, w)
		}
	}
	return out
}

func (g *guards) leaf(x *model.Expr, want bool) block {
	return block{tests: []int32{g.test(x, want)}, lift: g.s.makers(x, want), remote: !g.local(x)}
}

// test numbers a test, making it if it is new.
func (g *guards) test(x *model.Expr, want bool) int32 {
	g.s.tests = append(g.s.tests, test{g.s.prog.Test(x, g.p), want})
	return int32(len(g.s.tests) - 1)
}

// makers are the transitions that can make the truth of x want: those that write a cell it reads, unless it compares one cell with a constant and all they can
// write there compares the other way.
func (s *Static) makers(x *model.Expr, want bool) bitset.Set {
	reads := s.atoms.NewSet()
	s.atoms.Expr(x, reads)
	b := s.writers(reads)
	cmp, ok := s.comparison(x)
	if !ok {
		return b
	}
	out := bitset.New(s.n)
	b.Each(func(id int) {
		p := s.sys.Processes[s.proc[id]]
		if cmp.possible(s.effects(p.Trans[id-s.base[p.ID]], cmp.cell), want) {
			out.Add(id)
		}
	})
	return out
}

// A goal is a predicate that the search must not miss: an invariant being false, a cover being true.
type goal struct {
	on        bool
	reach     int32   // the predicate
	byFailing bool    // a failing evaluation reaches it too
	ways      []block // how it can be missed
}

// goal prepares the predicate "x is want". A predicate whose evaluation fails is an invariant broken, so whatever can make it fail counts as well.
func (s *Static) goal(x *model.Expr, want bool) goal {
	g := &guards{s: s}
	out := goal{on: true, reach: g.test(x, want), byFailing: !want, ways: g.ways(x, want)}
	for i := range out.ways {
		out.ways[i].lift.Or(g.failers(x))
		out.ways[i].here = out.ways[i].lift
	}
	return out
}
