package model

import "fmt"

// Sanity checks the invariants of the IR that every later stage relies on, and returns everything that is wrong. A system made by [Spec.Build] always passes;
// tests and generators use it on systems made by hand.
func (s *System) Sanity() []error {
	c := &sanity{s: s}
	if len(s.Props) < int(NumBuiltinProps) {
		c.errorf("the built-in properties are missing")
		return c.errs
	}
	for i, v := range s.Vars {
		c.where = fmt.Sprintf("variable %d (%s)", i, v.Name)
		c.variable(VarID(i), v)
	}
	for i, p := range s.Pools {
		c.where = fmt.Sprintf("pool %d (%s)", i, p.Struct)
		if p.ID != PoolID(i) {
			c.errorf("its ID is %d", p.ID)
		}
		if p.Live != NoVar && (!c.validVar(p.Live) || s.Vars[p.Live].Len != len(p.Objects)) {
			c.errorf("its lifetime variable does not fit its objects")
		}
		for _, f := range p.Fields {
			if !c.validVar(f) || s.Vars[f].Pool != p.ID {
				c.errorf("field %d belongs elsewhere", f)
			}
		}
	}
	for i, d := range s.Domains {
		c.where = fmt.Sprintf("domain %d", i)
		for _, cell := range d.Cells {
			if !c.validVar(cell.Var) || cell.Idx < 0 || int(cell.Idx) >= s.Vars[cell.Var].Len || s.Vars[cell.Var].Proc != NoProc {
				c.errorf("cell %v does not exist or is local", cell)
			}
		}
	}
	for i, q := range s.Props {
		c.where = fmt.Sprintf("property %d (%s)", i, q.Name)
		if q.ID != PropID(i) {
			c.errorf("its ID is %d", q.ID)
		}
		if (q.Kind == PropInvariant) != (q.X != nil) {
			c.errorf("exactly invariants have a predicate")
		}
		c.predicate(q.X)
		if len(q.Cases) > 0 && q.Kind != PropLiveness {
			c.errorf("only liveness properties have cases")
		}
		for _, k := range q.Cases {
			if k.Q == nil {
				c.errorf("case %q owes nothing", k.Of)
			}
			c.predicate(k.P)
			c.predicate(k.Q)
		}
	}
	for i, q := range s.Covers {
		c.where = fmt.Sprintf("cover %d (%s)", i, q.Name)
		if q.ID != CoverID(i) {
			c.errorf("its ID is %d", q.ID)
		}
		c.predicate(q.X)
	}
	for i, f := range s.Frames {
		c.where = fmt.Sprintf("frame %d (%s)", i, f.Func)
		if f.ID != FrameID(i) || f.Parent >= f.ID {
			c.errorf("its parent %d does not come before it", f.Parent)
		}
	}
	for i, p := range s.Processes {
		c.where = fmt.Sprintf("process %d (%s)", i, p.Name)
		if p.ID != ProcID(i) {
			c.errorf("its ID is %d", p.ID)
		}
		c.process(p)
	}
	return c.errs
}

type sanity struct {
	s     *System
	where string
	errs  []error
}

func (c *sanity) errorf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", c.where, fmt.Sprintf(format, args...)))
}

func (c *sanity) validVar(v VarID) bool { return v >= 0 && int(v) < len(c.s.Vars) }

func (c *sanity) variable(id VarID, v *Var) {
	if v.ID != id {
		c.errorf("its ID is %d", v.ID)
	}
	if v.Type == nil || v.Len < 0 || v.Stride < 1 || len(v.Init) != v.Len {
		c.errorf("length %d, stride %d and %d initial values do not fit", v.Len, v.Stride, len(v.Init))
		return
	}
	if v.Pool != NoPool && (v.Pool < 0 || int(v.Pool) >= len(c.s.Pools)) {
		c.errorf("its pool %d does not exist", v.Pool)
		return
	}
	if v.Pool == NoPool && v.Stride != v.Len && v.Len > 0 {
		c.errorf("stride %d of a variable outside pools is not its length %d", v.Stride, v.Len)
	}
	if v.Pool != NoPool && v.Len != v.Stride*len(c.s.Pools[v.Pool].Objects) {
		c.errorf("%d cells are not %d for each object", v.Len, v.Stride)
	}
	for _, x := range v.Init {
		if x < v.Type.Lo || x > v.Type.Hi {
			c.errorf("initial value %d is outside %d..%d", x, v.Type.Lo, v.Type.Hi)
		}
	}
	if v.Proc != NoProc && (v.Proc < 0 || int(v.Proc) >= len(c.s.Processes)) {
		c.errorf("its process %d does not exist", v.Proc)
	}
}

func (c *sanity) process(p *Process) {
	for _, v := range p.Locals {
		if !c.validVar(v) || c.s.Vars[v].Proc != p.ID {
			c.errorf("local %d belongs elsewhere", v)
		}
	}
	c.code(p, p.Start)
	for i, l := range p.Locations {
		c.where = fmt.Sprintf("process %s, location %d", p.Name, i)
		if l.ID != LocID(i) {
			c.errorf("its ID is %d", l.ID)
		}
		for _, v := range l.Live {
			if !c.validVar(v) || c.s.Vars[v].Proc != p.ID {
				c.errorf("variable %d that lives here belongs elsewhere", v)
			}
		}
		for _, t := range l.Trans {
			if t < 0 || t >= len(p.Trans) || p.Trans[t].From != l.ID {
				c.errorf("transition %d does not begin here", t)
			}
		}
	}
	for i, t := range p.Trans {
		c.where = fmt.Sprintf("process %s, transition %d (%s)", p.Name, i, t.Label)
		if t.ID != i || t.Proc != p.ID || t.From < 0 || int(t.From) >= len(p.Locations) {
			c.errorf("its identity is wrong: id %d, process %d, from %d", t.ID, t.Proc, t.From)
		}
		c.code(p, t.Code)
	}
}

func (c *sanity) code(p *Process, code []Op) {
	if len(code) == 0 {
		c.errorf("it has no code")
		return
	}
	in := func(i int) bool { return i >= 0 && i < len(code) }
	for i := range code {
		op := &code[i]
		last := i == len(code)-1
		if op.Kind > OpFence {
			c.errorf("op %d is of kind %d, which does not exist", i, op.Kind)
		}
		switch op.Kind {
		case OpAssign, OpAlloc:
			if op.Dst == nil {
				c.errorf("op %d stores nowhere", i)
				continue
			}
			c.place(op.Dst, p.ID)
			if op.Kind == OpAssign && op.X == nil {
				c.errorf("op %d stores nothing", i)
			}
		case OpBranch:
			if !in(op.Then) || !in(op.Else) || op.X == nil {
				c.errorf("op %d branches outside the code", i)
			}
			last = false
		case OpJump:
			if !in(op.Then) {
				c.errorf("op %d jumps outside the code", i)
			}
			last = false
		case OpGoto:
			if op.Loc < 0 || int(op.Loc) >= len(p.Locations) {
				c.errorf("op %d goes to location %d, which does not exist", i, op.Loc)
			}
			last = false
		case OpAssert:
			if op.Prop < 0 || int(op.Prop) >= len(c.s.Props) {
				c.errorf("op %d asserts property %d, which does not exist", i, op.Prop)
			}
		case OpCover:
			if op.Cover < 0 || int(op.Cover) >= len(c.s.Covers) {
				c.errorf("op %d marks cover %d, which does not exist", i, op.Cover)
			}
		}
		if (op.Kind == OpFence) != (op.Fence != FenceNone) || int(op.Fence) >= len(fenceText) {
			c.errorf("op %d is of kind %d and a fence of kind %d", i, op.Kind, op.Fence)
		}
		if (op.Kind == OpAlloc || op.Kind == OpFree) && (op.Pool < 0 || int(op.Pool) >= len(c.s.Pools) || c.s.Pools[op.Pool].Live == NoVar) {
			c.errorf("op %d allocates from a pool without lifetimes", i)
		}
		if op.Kind == OpBranch {
			c.exprOf(op.X, p.ID, op.X)
		} else {
			c.expr(op.X, p.ID)
		}
		if last {
			c.errorf("the code runs past its end")
		}
	}
}

// predicate checks the expression of an invariant, a cover or a liveness property, which may be put into the code of a process: there too it only observes.
func (c *sanity) predicate(x *Expr) {
	c.expr(x, NoProc)
	x.Walk(func(x *Expr) {
		if x.Op == Load && x.Place != nil && !x.Place.Unchecked {
			c.errorf("a predicate looks whether an object lives that it reads")
		}
	})
}

func (c *sanity) expr(x *Expr, p ProcID) { c.exprOf(x, p, nil) }

// exprOf checks an expression; branch is x where it is the condition of a branch.
func (c *sanity) exprOf(x *Expr, p ProcID, branch *Expr) {
	x.Walk(func(x *Expr) {
		switch x.Op {
		case Load, AddrOf:
			if x.Place == nil {
				c.errorf("a load from nowhere")
				return
			}
			c.placeSelf(x.Place, p)
			if x.Op == AddrOf && (x.Domain < 0 || int(x.Domain) >= len(c.s.Domains)) {
				c.errorf("a reference into no domain")
			}
		case Container:
			if x.X == nil {
				c.errorf("an operator without its operand")
			}
			if x.Domain < 0 || int(x.Domain) >= len(c.s.Domains) || len(x.Table) != len(c.s.Domains[x.Domain].Cells)+1 {
				c.errorf("a container table that does not fit its domain")
			}
		case IsLive:
			if x.X == nil {
				c.errorf("an operator without its operand")
			}
			if x.Pool < 0 || int(x.Pool) >= len(c.s.Pools) {
				c.errorf("lifetime in no pool")
			}
		case Cond:
			if x.X == nil || x.Y == nil || x.Z == nil {
				c.errorf("an operator without its operands")
			}
		case Const:
		case Any:
			if x != branch {
				c.errorf("a choice that is not the condition of a branch")
			}
		case InRange, Not, Neg, BitNot:
			if x.X == nil {
				c.errorf("an operator without its operand")
			}
		default:
			if x.Op > Any {
				c.errorf("operator %d, which does not exist", x.Op)
			}
			if x.X == nil || x.Y == nil {
				c.errorf("an operator without its operands")
			}
		}
		if x.Type == nil {
			c.errorf("an expression without a type")
		}
	})
}

func (c *sanity) place(p *Place, proc ProcID) {
	c.placeSelf(p, proc)
	for _, x := range []*Expr{p.Obj, p.Idx, p.Ref} {
		c.expr(x, proc)
	}
}

func (c *sanity) placeSelf(p *Place, proc ProcID) {
	if p.Ref != nil {
		if p.Domain < 0 || int(p.Domain) >= len(c.s.Domains) {
			c.errorf("a reference into no domain")
		}
		return
	}
	if !c.validVar(p.Var) {
		c.errorf("a place in variable %d, which does not exist", p.Var)
		return
	}
	v := c.s.Vars[p.Var]
	if v.Proc != NoProc && v.Proc != proc {
		c.errorf("a place in %s, a local of another process", v.Name)
	}
	if (v.Pool != NoPool) != (p.Obj != nil) {
		c.errorf("a place in %s with the wrong addressing", v.Name)
	}
}
