package program

import "pmdcheck/model"

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (c *compiler) expr(x *model.Expr) eval {
	if x == nil {
		return func(*Exec) int64 { return 1 }
	}
	if f, v, eq, ok := c.cellTest(x); ok && x.Op != model.Load && !c.traced(f) {
		word, shift, mask, raw := f.word, f.shift, f.mask, uint64(v-f.lo)
		return func(e *Exec) int64 { return b2i((e.s[word]>>shift&mask == raw) == eq) }
	}
	if cell, k, ok := maskTest(c.sys, x); ok {
		if f := &c.p.lay.cells[cell.Var][cell.Idx]; c.traced(*f) {
			r := c.p.opt.trace.cells[cell.Var][cell.Idx]
			some := r.some(k)
			return func(e *Exec) int64 {
				e.Reads[f.atomWord] |= some
				return f.get(e.s) & k
			}
		}
	}
	switch x.Op {
	case model.Any:
		return func(e *Exec) int64 { return b2i(e.decide()) }
	case model.Const:
		v := int64(x.Val)
		return func(*Exec) int64 { return v }
	case model.Load:
		if f, ok := c.static(x.Place); ok {
			if c.traced(f) {
				return func(e *Exec) int64 {
					e.Reads[f.atomWord] |= f.atoms
					return f.get(e.s)
				}
			}
			if f.word < 0 {
				v := f.lo
				return func(*Exec) int64 { return v }
			}
			word, shift, mask, lo := f.word, f.shift, f.mask, f.lo
			return func(e *Exec) int64 { return int64(e.s[word]>>shift&mask) + lo }
		}
		cell := c.place(x.Place, true)
		if c.p.opt.trace != nil {
			return func(e *Exec) int64 {
				f := cell(e)
				e.noteRead(f)
				return f.get(e.s)
			}
		}
		return func(e *Exec) int64 { return cell(e).get(e.s) }
	case model.AddrOf:
		return c.addrOf(x)
	case model.Container:
		ref, table := c.expr(x.X), x.Table
		return func(e *Exec) int64 {
			v := ref(e)
			if e.failed >= 0 {
				return 0
			}
			if v < 1 || int(v) >= len(table) || table[v] == 0 {
				e.fault()
				return 0
			}
			return int64(table[v])
		}
	case model.IsLive:
		return c.isLive(x)
	case model.InRange:
		a, n := c.expr(x.X), int64(x.Val)
		return func(e *Exec) int64 {
			v := a(e)
			if e.failed < 0 && (v < 0 || v >= n) {
				e.fault()
			}
			if e.failed >= 0 {
				return 0
			}
			return v
		}
	case model.Not:
		a := c.expr(x.X)
		return func(e *Exec) int64 { return b2i(a(e) == 0) }
	case model.Neg:
		a := c.expr(x.X)
		return func(e *Exec) int64 { return -a(e) }
	case model.BitNot:
		a := c.expr(x.X)
		return func(e *Exec) int64 { return ^a(e) }
	case model.AndAlso:
		a, b := c.expr(x.X), c.expr(x.Y)
		return func(e *Exec) int64 { return b2i(a(e) != 0 && e.failed < 0 && b(e) != 0) }
	case model.OrElse:
		a, b := c.expr(x.X), c.expr(x.Y)
		return func(e *Exec) int64 { return b2i(a(e) != 0 || e.failed < 0 && b(e) != 0) }
	case model.Cond:
		a, b, d := c.expr(x.X), c.expr(x.Y), c.expr(x.Z)
		return func(e *Exec) int64 {
			v := a(e)
			if e.failed >= 0 {
				return 0
			}
			if v != 0 {
				return b(e)
			}
			return d(e)
		}
	}
	return arith(x.Op, c.expr(x.X), c.expr(x.Y))
}

func (c *compiler) addrOf(x *model.Expr) eval {
	numbers := map[model.Cell]int64{}
	for i, cell := range c.sys.Domains[x.Domain].Cells {
		numbers[cell] = int64(i + 1)
	}
	if x.Place.Ref != nil {
		cell := c.expr(x.Place.Ref)
		n := int64(len(c.sys.Domains[x.Place.Domain].Cells))
		table := make([]int64, n+1)
		for i, k := range c.sys.Domains[x.Place.Domain].Cells {
			table[i+1] = numbers[k]
		}
		return func(e *Exec) int64 {
			v := cell(e)
			if e.failed >= 0 {
				return 0
			}
			if v < 1 || v > n || table[v] == 0 {
				e.fault()
				return 0
			}
			return table[v]
		}
	}
	// The field found is an element of the variable's table: its position is the cell.
	v := c.sys.Vars[x.Place.Var]
	obj, idx := func(*Exec) int64 { return 1 }, func(*Exec) int64 { return 0 }
	if x.Place.Obj != nil {
		obj = c.expr(x.Place.Obj)
	}
	if x.Place.Idx != nil {
		idx = c.expr(x.Place.Idx)
	}
	stride := int64(v.Stride)
	objects := int64(1)
	if v.Pool != model.NoPool {
		objects = int64(len(c.sys.Pools[v.Pool].Objects))
	}
	table := make([]int64, v.Len)
	for i := range table {
		table[i] = numbers[model.Cell{Var: v.ID, Idx: int32(i)}]
	}
	return func(e *Exec) int64 {
		h := obj(e)
		if e.failed < 0 && (h < 1 || h > objects) {
			e.fault()
		}
		if e.failed >= 0 {
			return 0
		}
		i := idx(e)
		if e.failed < 0 && (i < 0 || i >= stride || table[(h-1)*stride+i] == 0) {
			e.fault()
		}
		if e.failed >= 0 {
			return 0
		}
		return table[(h-1)*stride+i]
	}
}

func (c *compiler) isLive(x *model.Expr) eval {
	h := c.expr(x.X)
	p := c.sys.Pools[x.Pool]
	n := int64(len(p.Objects))
	var live []field
	if p.Live != model.NoVar {
		live = c.p.lay.cells[p.Live]
	}
	return func(e *Exec) int64 {
		v := h(e)
		if e.failed >= 0 || v == 0 {
			return 0
		}
		if v < 0 || v > n {
			e.fault()
			return 0
		}
		if live == nil {
			return 1
		}
		e.noteRead(&live[v-1])
		return live[v-1].get(e.s)
	}
}

func arith(op model.ExprOp, a, b eval) eval {
	switch op {
	case model.Add:
		return func(e *Exec) int64 { return a(e) + b(e) }
	case model.Sub:
		return func(e *Exec) int64 { return a(e) - b(e) }
	case model.Mul:
		return func(e *Exec) int64 { return a(e) * b(e) }
	case model.Div, model.Mod, model.Shl, model.Shr:
		return partial(op, a, b)
	case model.And:
		return func(e *Exec) int64 { return a(e) & b(e) }
	case model.Or:
		return func(e *Exec) int64 { return a(e) | b(e) }
	case model.Xor:
		return func(e *Exec) int64 { return a(e) ^ b(e) }
	case model.Eq:
		return func(e *Exec) int64 { return b2i(a(e) == b(e)) }
	case model.Ne:
		return func(e *Exec) int64 { return b2i(a(e) != b(e)) }
	case model.Lt:
		return func(e *Exec) int64 { return b2i(a(e) < b(e)) }
	case model.Le:
		return func(e *Exec) int64 { return b2i(a(e) <= b(e)) }
	case model.Gt:
		return func(e *Exec) int64 { return b2i(a(e) > b(e)) }
	}
	return func(e *Exec) int64 { return b2i(a(e) >= b(e)) }
}

// partial are the operators that are not defined everywhere.
func partial(op model.ExprOp, a, b eval) eval {
	return func(e *Exec) int64 {
		l := a(e)
		r := b(e)
		if e.failed >= 0 {
			return 0
		}
		switch op {
		case model.Div, model.Mod:
			if r == 0 {
				e.fault()
				return 0
			}
			if op == model.Div {
				return l / r
			}
			return l % r
		}
		if r < 0 || r > 31 {
			e.fault()
			return 0
		}
		if op == model.Shl {
			return l << r
		}
		return l >> r
	}
}
