package litmus

import (
	"strings"

	"pmdcheck/model/source"
)

// call is what a function or macro of the kernel becomes: an expression, or statements where it yields nothing.
type call struct {
	args  int
	build func(a []Expr, pos source.Pos) (Expr, []Stmt)
	place bool // the first argument is what is accessed (*x), and a holds its address
}

func value(args int, f func(a []Expr, pos source.Pos) Expr) call {
	return call{args: args, build: func(a []Expr, pos source.Pos) (Expr, []Stmt) { return f(a, pos), nil }}
}

func action(args int, f func(a []Expr, pos source.Pos) []Stmt) call {
	return call{args: args, build: func(a []Expr, pos source.Pos) (Expr, []Stmt) { return nil, f(a, pos) }}
}

func atPlace(c call) call {
	c.place = true
	return c
}

func loading(o Order) call {
	return value(1, func(a []Expr, pos source.Pos) Expr { return &Load{a[0], o, pos} })
}

func storing(o Order) call {
	return action(2, func(a []Expr, pos source.Pos) []Stmt { return []Stmt{&Store{a[0], a[1], o, pos}} })
}

func fencing(k FenceKind) call {
	return action(0, func(_ []Expr, pos source.Pos) []Stmt { return []Stmt{&Fence{k, pos}} })
}

// calls is the vocabulary, from linux-kernel.def of v6.13. spin_unlock_wait was in it once, as a critical section of nothing.
var calls = vocabulary()

func vocabulary() map[string]call {
	m := map[string]call{
		"READ_ONCE":          atPlace(loading(Relaxed)),
		"rcu_dereference":    atPlace(loading(Relaxed)),
		"rcu_access_pointer": atPlace(loading(Relaxed)),
		"WRITE_ONCE":         atPlace(storing(Relaxed)),
		"rcu_assign_pointer": atPlace(storing(Release)),
		"smp_load_acquire":   loading(Acquire),
		"smp_store_release":  storing(Release),
		"smp_store_mb": atPlace(action(2, func(a []Expr, pos source.Pos) []Stmt {
			return []Stmt{&Store{a[0], a[1], Relaxed, pos}, &Fence{Mb, pos}}
		})),

		"smp_mb": fencing(Mb), "smp_rmb": fencing(Rmb), "smp_wmb": fencing(Wmb), "barrier": fencing(Barrier),
		"smp_mb__before_atomic":          fencing(BeforeAtomic),
		"smp_mb__after_atomic":           fencing(AfterAtomic),
		"smp_mb__after_spinlock":         fencing(AfterSpinlock),
		"smp_mb__after_unlock_lock":      fencing(AfterUnlockLock),
		"smp_mb__after_srcu_read_unlock": fencing(AfterSrcuUnlock),
		"smp_read_barrier_depends":       action(0, func([]Expr, source.Pos) []Stmt { return nil }),

		"rcu_read_lock": fencing(RcuLock), "rcu_read_unlock": fencing(RcuUnlock),
		"synchronize_rcu": fencing(SyncRcu), "synchronize_rcu_expedited": fencing(SyncRcu),

		"spin_lock":   action(1, func(a []Expr, pos source.Pos) []Stmt { return []Stmt{&Lock{a[0], pos}} }),
		"spin_unlock": action(1, func(a []Expr, pos source.Pos) []Stmt { return []Stmt{&Unlock{a[0], pos}} }),
		"spin_unlock_wait": action(1, func(a []Expr, pos source.Pos) []Stmt {
			return []Stmt{&Lock{a[0], pos}, &Unlock{a[0], pos}}
		}),
		"spin_trylock":   value(1, func(a []Expr, pos source.Pos) Expr { return &TryLock{a[0], pos} }),
		"spin_is_locked": value(1, func(a []Expr, pos source.Pos) Expr { return &IsLocked{a[0], pos} }),
	}
	for _, n := range []string{"srcu_read_lock", "srcu_down_read"} {
		m[n] = value(1, func(a []Expr, pos source.Pos) Expr { return &SrcuLock{a[0], pos} })
	}
	for _, n := range []string{"srcu_read_unlock", "srcu_up_read"} {
		m[n] = action(2, func(a []Expr, pos source.Pos) []Stmt { return []Stmt{&SrcuUnlock{a[0], a[1], pos}} })
	}
	for _, n := range []string{"synchronize_srcu", "synchronize_srcu_expedited"} {
		m[n] = action(1, func(a []Expr, pos source.Pos) []Stmt { return []Stmt{&SyncSrcu{a[0], pos}} })
	}
	atomics(m)
	return m
}

// suffixes are the orders that a read-modify-write with a result comes in.
var suffixes = map[string]Order{"": Full, "_relaxed": Relaxed, "_acquire": Acquire, "_release": Release}

func atomics(m map[string]call) {
	m["atomic_read"], m["atomic_read_acquire"] = loading(Relaxed), loading(Acquire)
	m["atomic_set"], m["atomic_set_release"] = storing(Relaxed), storing(Release)
	one := &Const{1}
	for suffix, order := range suffixes {
		for _, prefix := range []string{"", "atomic_"} {
			m[prefix+"xchg"+suffix] = value(2, func(a []Expr, pos source.Pos) Expr {
				return &RMW{Kind: Xchg, Addr: a[0], Arg: a[1], Order: order, Pos: pos}
			})
			m[prefix+"cmpxchg"+suffix] = value(3, func(a []Expr, pos source.Pos) Expr {
				return &RMW{Kind: CmpXchg, Addr: a[0], Old: a[1], Arg: a[2], Order: order, Pos: pos}
			})
		}
		for name, op := range map[string]string{"add": "+", "sub": "-", "and": "&", "or": "|", "xor": "^", "andnot": "&~"} {
			m["atomic_fetch_"+name+suffix] = arith(op, OldValue, order)
			if name == "add" || name == "sub" {
				m["atomic_"+name+"_return"+suffix] = arith(op, NewValue, order)
			}
		}
		for name, op := range map[string]string{"inc": "+", "dec": "-"} {
			m["atomic_fetch_"+name+suffix] = by(one, arith(op, OldValue, order))
			m["atomic_"+name+"_return"+suffix] = by(one, arith(op, NewValue, order))
		}
		m["atomic_add_negative"+suffix] = compared("<", arith("+", NewValue, order))
	}
	for name, op := range map[string]string{"add": "+", "sub": "-", "and": "&", "or": "|", "xor": "^", "andnot": "&~"} {
		m["atomic_"+name] = thrownAway(arith(op, Nothing, Relaxed))
	}
	m["atomic_inc"] = thrownAway(by(one, arith("+", Nothing, Relaxed)))
	m["atomic_dec"] = thrownAway(by(one, arith("-", Nothing, Relaxed)))
	m["atomic_sub_and_test"] = compared("==", arith("-", NewValue, Full))
	m["atomic_dec_and_test"] = compared("==", by(one, arith("-", NewValue, Full)))
	m["atomic_inc_and_test"] = compared("==", by(one, arith("+", NewValue, Full)))
	unless := func(r Result) call {
		return value(3, func(a []Expr, pos source.Pos) Expr {
			return &RMW{Kind: AddUnless, Op: "+", Addr: a[0], Arg: a[1], Old: a[2], Order: Full, Result: r, Pos: pos}
		})
	}
	m["atomic_add_unless"], m["atomic_fetch_add_unless"] = unless(Succeeded), unless(OldValue)
	m["atomic_inc_not_zero"] = value(1, func(a []Expr, pos source.Pos) Expr {
		return &RMW{Kind: AddUnless, Op: "+", Addr: a[0], Arg: one, Old: &Const{0}, Order: Full, Result: Succeeded, Pos: pos}
	})
}

// arith takes the operand first and the address second, as the kernel does.
func arith(op string, r Result, o Order) call {
	return value(2, func(a []Expr, pos source.Pos) Expr {
		return &RMW{Kind: Arith, Op: op, Addr: a[1], Arg: a[0], Order: o, Result: r, Pos: pos}
	})
}

func by(x Expr, c call) call {
	return value(1, func(a []Expr, pos source.Pos) Expr {
		e, _ := c.build([]Expr{x, a[0]}, pos)
		return e
	})
}

func compared(op string, c call) call {
	return value(c.args, func(a []Expr, pos source.Pos) Expr {
		e, _ := c.build(a, pos)
		return &Binary{op, e, &Const{0}}
	})
}

func thrownAway(c call) call {
	return action(c.args, func(a []Expr, pos source.Pos) []Stmt {
		e, _ := c.build(a, pos)
		return []Stmt{&Assign{-1, e, pos}}
	})
}

// lookup finds a function; atomic_long_t and atomic64_t have the functions of atomic_t.
func lookup(fn string) (call, bool) {
	for _, p := range []string{"atomic_long_", "atomic64_"} {
		if rest, ok := strings.CutPrefix(fn, p); ok {
			fn = "atomic_" + rest
		}
	}
	c, ok := calls[fn]
	return c, ok
}
