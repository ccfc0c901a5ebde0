package symmetry

import (
	"fmt"
	"slices"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// code compares two sequences. Operations that may come in any order are compared as sets.
func (m *match) code(a, b []model.Op) error {
	if len(a) != len(b) {
		return fmt.Errorf("there is more code in one")
	}
	straight := !jumps(a) && !jumps(b)
	for i := 0; i < len(a); {
		n := 1
		if straight {
			n = max(1, min(m.run(a[i:]), m.run(b[i:])))
		}
		var x, y []string
		for k := i; k < i+n; k++ {
			x = append(x, m.op(&a[k], true))
			y = append(y, m.op(&b[k], false))
		}
		slices.Sort(x)
		slices.Sort(y)
		if !slices.Equal(x, y) {
			return errChanged
		}
		i += n
	}
	return nil
}

// run is how many operations from the first on may come in any order: stores of and waits for different cells, none of which can fail.
func (m *match) run(ops []model.Op) int {
	var reads, writes []model.Touch
	for i := range ops {
		op := &ops[i]
		if op.Kind != model.OpAssign && op.Kind != model.OpAssume {
			return i
		}
		if op.Kind == model.OpAssign {
			c, ok := program.StaticCell(m.sys, op.Dst)
			if !ok || !fits(op.X, m.sys.Vars[c.Var].Type) {
				return i
			}
		}
		clash, fails := false, program.CanFail(m.sys, op.X)
		var r, w []model.Touch
		m.sys.Touches(op, func(t model.Touch) {
			if t.Write {
				w = append(w, t)
			} else {
				r = append(r, t)
			}
		})
		for _, t := range w {
			clash = clash || overlaps(t, writes) || overlaps(t, reads)
		}
		for _, t := range r {
			clash = clash || overlaps(t, writes)
		}
		if clash || fails {
			return i
		}
		reads, writes = append(reads, r...), append(writes, w...)
	}
	return len(ops)
}

func jumps(ops []model.Op) bool {
	for i := range ops {
		if ops[i].Kind == model.OpBranch || ops[i].Kind == model.OpJump {
			return true
		}
	}
	return false
}

func fits(x *model.Expr, t *model.Type) bool {
	switch x.Op {
	case model.Const:
		return x.Val >= t.Lo && x.Val <= t.Hi
	case model.Load:
		return x.Type.Lo >= t.Lo && x.Type.Hi <= t.Hi
	case model.Not, model.Eq, model.Ne, model.Lt, model.Le, model.Gt, model.Ge, model.AndAlso, model.OrElse:
		return t.Lo <= 0 && t.Hi >= 1
	}
	return false
}

func overlaps(t model.Touch, list []model.Touch) bool {
	for _, u := range list {
		if u.Var == t.Var && t.Base < u.End && u.Base < t.End {
			return true
		}
	}
	return false
}
