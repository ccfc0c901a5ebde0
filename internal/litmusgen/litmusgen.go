// Package litmusgen writes random litmus tests, for tests that hold one implementation against another.
package litmusgen

import (
	"fmt"
	"math/rand"
	"strings"
)

// generator writes random tests. It makes text, so that the front end is in the loop.
type generator struct {
	*rand.Rand
	fences, rmw, locks, rcu, plain bool
	cells, left                    int // accesses to come
	regs                           int
	shown                          []string
	shape                          []string
}

var cells = []string{"x", "y", "z"}

func (g *generator) cell() string { return cells[g.Intn(g.cells)] }

// old is a register that has a value, or "".
func (g *generator) old() string {
	if len(g.shape) == 0 {
		return ""
	}
	return g.shape[g.Intn(len(g.shape))]
}

func (g *generator) reg(proc int) string {
	g.regs++
	r := fmt.Sprintf("r%d", g.regs)
	g.shape = append(g.shape, r)
	g.shown = append(g.shown, fmt.Sprintf("%d:%s", proc, r))
	return r
}

// where is a place, perhaps computed from a register.
func (g *generator) where() string {
	if r := g.old(); r != "" && g.Intn(4) == 0 {
		return fmt.Sprintf("(%s + (%s & 0))", g.cell(), r)
	}
	return g.cell()
}

func (g *generator) what() string {
	if r := g.old(); r != "" && g.Intn(3) == 0 {
		return r
	}
	return fmt.Sprint(1 + g.Intn(2))
}

func (g *generator) access(proc int) string {
	g.left--
	switch n := g.Intn(10); {
	case g.rmw && n < 3:
		return g.readModifyWrite(proc)
	case g.plain && n == 3:
		return fmt.Sprintf("*%s = %s;", g.cell(), g.what())
	case g.plain && n == 4:
		c := g.cell()
		return fmt.Sprintf("int %s = *%s;", g.reg(proc), c)
	case n < 6:
		w, v := g.where(), g.what()
		if g.fences && g.Intn(4) == 0 {
			return fmt.Sprintf("smp_store_release(%s, %s);", w, v)
		}
		return fmt.Sprintf("WRITE_ONCE(*%s, %s);", w, v)
	}
	w := g.where()
	if g.fences && g.Intn(4) == 0 {
		return fmt.Sprintf("int %s = smp_load_acquire(%s);", g.reg(proc), w)
	}
	return fmt.Sprintf("int %s = READ_ONCE(*%s);", g.reg(proc), w)
}

func (g *generator) readModifyWrite(proc int) string {
	c, v, suffix := g.cell(), g.what(), []string{"", "_relaxed", "_acquire", "_release"}[g.Intn(4)]
	switch g.Intn(6) {
	case 0:
		return fmt.Sprintf("int %s = xchg%s(%s, %s);", g.reg(proc), suffix, c, v)
	case 1:
		return fmt.Sprintf("int %s = cmpxchg%s(%s, %d, %s);", g.reg(proc), suffix, c, g.Intn(2), v)
	case 2:
		return fmt.Sprintf("int %s = atomic_fetch_add%s(1, %s);", g.reg(proc), suffix, c)
	case 3:
		return fmt.Sprintf("atomic_inc(%s); smp_mb__after_atomic();", c)
	case 4:
		return fmt.Sprintf("smp_mb__before_atomic(); atomic_inc(%s);", c)
	}
	return fmt.Sprintf("int %s = atomic_add_unless(%s, 1, %d);", g.reg(proc), c, g.Intn(2))
}

func (g *generator) process(proc, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "P%d(int *x, int *y, int *z, spinlock_t *s, struct srcu_struct *ss)\n{\n", proc)
	g.shape = nil
	g.left = n
	locked, reading, srcu := false, false, false
	for extra := 0; g.left > 0; extra++ {
		k := g.Intn(12)
		if extra > n {
			k = 11 // enough of what is no access
		}
		switch n := k; {
		case g.fences && n < 3:
			b.WriteString([]string{"\tsmp_mb();\n", "\tsmp_rmb();\n", "\tsmp_wmb();\n"}[n])
		case g.locks && n == 3:
			b.WriteString(map[bool]string{false: "\tspin_lock(s);\n", true: "\tspin_unlock(s);\n"}[locked])
			locked = !locked
		case g.locks && n == 4 && locked:
			b.WriteString("\tspin_unlock(s);\n\tspin_lock(s);\n\tsmp_mb__after_unlock_lock();\n")
		case g.locks && n == 5 && !locked:
			fmt.Fprintf(&b, "\tint %s = spin_is_locked(s);\n", g.reg(proc))
		case g.rcu && n == 6:
			b.WriteString(map[bool]string{false: "\trcu_read_lock();\n", true: "\trcu_read_unlock();\n"}[reading])
			reading = !reading
		case g.rcu && n == 7 && !reading && !srcu && !locked:
			b.WriteString([]string{"\tsynchronize_rcu();\n", "\tsynchronize_srcu(ss);\n"}[g.Intn(2)])
		case g.rcu && n == 8:
			g.regs++
			b.WriteString(map[bool]string{false: "\tint i = srcu_read_lock(ss);\n", true: "\tsrcu_read_unlock(ss, i);\n"}[srcu])
			srcu = !srcu
		case n == 9 && g.old() != "":
			r := g.old()
			before := len(g.shape)
			fmt.Fprintf(&b, "\tint q%d = %s;\n\tif (%s == 1) {\n\t\t%s\n\t}\n", g.left, "0", r, strings.ReplaceAll(g.access(proc), "int ", ""))
			// What only the branch sets is declared before it.
			for _, n := range g.shape[before:] {
				s := b.String()
				i := strings.LastIndex(s, "\tint q")
				b.Reset()
				b.WriteString(s[:i] + "\tint " + n + " = 0;\n" + s[i:])
			}
		default:
			b.WriteString("\t" + g.access(proc) + "\n")
		}
	}
	if locked {
		b.WriteString("\tspin_unlock(s);\n")
	}
	if reading {
		b.WriteString("\trcu_read_unlock();\n")
	}
	if srcu {
		b.WriteString("\tsrcu_read_unlock(ss, i);\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// Text is the test of a seed: two or three processes with five to seven accesses, and, in some, fences, acquire and release, dependencies, branches, read-modify-writes, locks, readers
// and grace periods. All that can be seen at the end is in its locations.
func Text(seed int64) string {
	g := &generator{Rand: rand.New(rand.NewSource(seed))}
	g.fences = g.Intn(4) > 0
	g.rmw, g.locks, g.rcu, g.plain = g.Intn(3) == 0, g.Intn(4) == 0, g.Intn(4) == 0, g.Intn(6) == 0
	g.cells = 2 + g.Intn(2)
	procs := 2 + g.Intn(2)
	total := 5 + g.Intn(3)
	text := fmt.Sprintf("C random-%d\n\n{}\n\n", seed)
	for p := range procs {
		n := total / procs
		if p < total%procs {
			n++
		}
		text += g.process(p, n) + "\n"
	}
	text += "locations [x; y; z"
	for _, r := range g.shown {
		text += "; " + r
	}
	return text + "]\nexists (x=0)\n"
}
