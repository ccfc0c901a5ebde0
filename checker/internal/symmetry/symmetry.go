// Package symmetry finds what can be interchanged: processes, columns of processes of several declarations, and objects, whose exchange, together with that of the
// cells that belong to each, maps the whole system onto itself.
//
//	symmetry.go  candidates: replicas of a declaration, several declarations together, runs of replicas
//	objects.go   candidates: objects that no code names; where allocation tells them apart
//	learn.go     two members' code compared operation by operation: what belongs to the one where something else belongs to the other
//	exchange.go  an exchange applied to the code of the whole system
//	text.go      code written down with an exchange applied to it, to be compared
//	order.go     operations that may come in any order
//
// Candidates for processes are the replicas p[0], p[1], … . Their code is compared; where p[0] uses one cell, bit of a mask or object and p[k] another, those belong to
// them. The exchange of each pair of neighbours is then applied to every process, invariant and cover, and the result compared with the original. Operations
// that follow each other within one step, touch different cells and cannot fail may come in any order. What does not match is a reason to
// refuse, and the reason says where: nearly always a loop over the replicas that looks at them one after the other.
package symmetry

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/checker/internal/program"
	"pmdcheck/model"
)

// Result is the groups found, and for each group of replicas that is not interchangeable, why.
type Result struct {
	Groups  []program.Group
	Names   []string // by group
	Refused []Refusal
}

// Refusal says why the replicas of a process, or the objects of a struct, are not interchangeable.
type Refusal struct {
	Name    string
	Objects bool
	Reason  string
}

// Find looks for what is interchangeable. If noObjects is not empty, it is the reason why objects that belong to no process are left alone.
func Find(sys *model.System, noObjects string) *Result {
	r := &Result{}
	s := &searcher{sys: sys, noObjects: noObjects, written: sys.Written(), pointers: pointers(sys)}
	var failed []declaration
	for _, d := range declarations(sys) {
		if g, reason := s.columns([]declaration{d}, len(d.procs)); reason == "" {
			r.add(g, d.name)
		} else {
			d.reason = reason
			failed = append(failed, d)
		}
	}
	for _, together := range s.coupled(failed) {
		g, reason := s.columns(together.decls, together.n)
		var names []string
		for _, d := range together.decls {
			names = append(names, d.name)
		}
		for _, d := range together.decls {
			failed = slices.DeleteFunc(failed, func(f declaration) bool { return f.name == d.name })
			if reason != "" {
				s.runs(r, d)
				continue
			}
			// Those that stand in one column may be interchangeable among themselves.
			for procs := range slices.Chunk(d.procs, len(d.procs)/together.n) {
				s.runs(r, declaration{name: d.name, procs: procs})
			}
		}
		if name := strings.Join(names, ", "); reason == "" {
			r.add(g, name)
		} else {
			r.Refused = append(r.Refused, Refusal{Name: name, Reason: reason})
		}
	}
	for _, d := range failed {
		s.runs(r, d)
		r.Refused = append(r.Refused, Refusal{Name: d.name, Reason: d.reason})
	}
	s.objects(r)
	return r
}

func (r *Result) add(g program.Group, name string) {
	r.Groups, r.Names = append(r.Groups, g), append(r.Names, name)
}

// A declaration is a process with replicas.
type declaration struct {
	name   string
	procs  []*model.Process
	reason string // why its replicas are not interchangeable by themselves
}

func declarations(sys *model.System) (out []declaration) {
	for i := 0; i < len(sys.Processes); {
		j := i + 1
		name := sys.Processes[i].Of
		for j < len(sys.Processes) && name != "" && sys.Processes[j].Of == name {
			j++
		}
		if j-i > 1 {
			out = append(out, declaration{name: name, procs: sys.Processes[i:j]})
		}
		i = j
	}
	return out
}

type searcher struct {
	sys       *model.System
	written   [][]bool // by variable and cell
	noObjects string
	pointers  error // why handles and references may be more than names
}

// A set is declarations that may be interchangeable together: n columns.
type set struct {
	decls []declaration
	n     int
}

// coupled divides declarations into sets whose members belong to the same things: the fewest replicas of one make the columns.
func (s *searcher) coupled(decls []declaration) (out []set) {
	parts := make([]map[program.Part]bool, len(decls))
	join := make([]int, len(decls))
	for i, d := range decls {
		join[i] = i
		parts[i] = map[program.Part]bool{}
		for _, p := range d.procs {
			for _, whole := range []bool{false, true} {
				l := newLearner(s.sys, whole)
				if l.match(d.procs[0], p) != nil {
					continue
				}
				for a, b := range l.parts {
					if a != b {
						parts[i][a], parts[i][b] = true, true
					}
				}
				for a, b := range l.objects {
					if a != b {
						for _, c := range append(objectCells(s.sys, a), objectCells(s.sys, b)...) {
							parts[i][program.Part{Cell: c, Bit: program.WholeCell}] = true
						}
					}
				}
			}
		}
	}
	root := func(i int) int {
		for join[i] != i {
			i = join[i]
		}
		return i
	}
	for i := range decls {
		for j := range i {
			for k := range parts[i] {
				if parts[j][k] {
					join[root(i)] = root(j)
				}
			}
		}
	}
	for i := range decls {
		if root(i) != i {
			continue
		}
		c := set{n: len(decls[i].procs)}
		for j, d := range decls {
			if root(j) == i {
				c.decls = append(c.decls, d)
				c.n = min(c.n, len(d.procs))
			}
		}
		whole := !slices.ContainsFunc(c.decls, func(d declaration) bool { return len(d.procs)%c.n != 0 })
		if whole && len(c.decls) > 1 {
			out = append(out, c)
		}
	}
	return out
}

// runs looks for neighbours among the replicas of a declaration that are interchangeable, though not all of them are.
func (s *searcher) runs(r *Result, d declaration) {
	for i := 0; i < len(d.procs)-1; {
		var found program.Group
		n := 1
		for n < len(d.procs)-i {
			g, reason := s.columns([]declaration{{name: d.name, procs: d.procs[i : i+n+1]}}, n+1)
			if reason != "" {
				break
			}
			found = g
			n++
		}
		if n > 1 {
			r.add(found, fmt.Sprintf("%s to %s", d.procs[i].Name, d.procs[i+n-1].Name))
		}
		i += n
	}
}

// columns tries to interchange n columns, each made of the same number of replicas of each declaration.
func (s *searcher) columns(decls []declaration, n int) (g program.Group, reason string) {
	// Along: arrays with an element for each column that the columns themselves do not touch are exchanged with them; what others note about them, say. Whole: what they name by
	// handle and reference are objects that belong to them, and not just values that mean them.
	for _, along := range []bool{false, true} {
		first := true
		for _, whole := range []bool{true, false} {
			if whole && s.pointers != nil {
				continue
			}
			f := &finder{searcher: s, decls: decls, n: n, along: along, whole: whole}
			g, why := f.group()
			if why == "" {
				return g, ""
			}
			if first {
				first, reason = false, why
			}
		}
	}
	return g, reason
}

type finder struct {
	*searcher
	decls []declaration
	n     int
	along bool
	whole bool
}

// column is the processes of column k.
func (f *finder) column(k int) (out []*model.Process) {
	for _, d := range f.decls {
		c := len(d.procs) / f.n
		out = append(out, d.procs[k*c:(k+1)*c]...)
	}
	return out
}

// name is a column as a reader knows it.
func (f *finder) name(k int) string {
	if c := f.column(k); len(c) == 1 {
		return c[0].Name
	}
	return fmt.Sprintf("column %d", k)
}

// group matches the columns and checks that exchanging neighbours changes nothing.
func (f *finder) group() (program.Group, string) {
	g := program.Group{}
	first := f.column(0)
	var parts []program.Part     // of the first member
	var objects []program.Object // of the first member
	var names []name             // of the first member, by cells in which constants differ
	learnt := make([]*learner, f.n)
	for k := range f.n {
		l := newLearner(f.sys, f.whole)
		for i, p := range f.column(k) {
			if err := l.match(first[i], p); err != nil {
				return g, err.Error()
			}
		}
		learnt[k] = l
		for _, o := range l.objectOrder {
			if l.objects[o] != o && !slices.Contains(objects, o) {
				objects = append(objects, o)
			}
		}
		for _, o := range l.nameOrder {
			if !slices.Contains(names, o) {
				names = append(names, o)
			}
		}
	}
	if f.n == 2 {
		objects, names = own(objects, learnt[1].objects), own(names, learnt[1].names)
	}
	if reason := f.fields(objects, learnt); reason != "" {
		return g, reason
	}
	for _, l := range learnt {
		for _, a := range l.order {
			if l.parts[a] != a && !slices.Contains(parts, a) {
				parts = append(parts, a)
			}
		}
	}
	if f.n == 2 {
		parts = own(parts, learnt[1].parts)
	}
	if f.along {
		parts = append(parts, f.arraysAlong(learnt)...)
	}
	for k := range f.n {
		l := learnt[k]
		mem := program.Member{}
		for _, p := range f.column(k) {
			mem.Procs = append(mem.Procs, p.ID)
		}
		for _, o := range objects {
			mem.Objects = append(mem.Objects, l.objects[o])
		}
		for _, a := range parts {
			b, ok := l.parts[a]
			if !ok {
				b = a
			}
			if k > 0 && b == a {
				return g, fmt.Sprintf("%s and %s both use %s, others a cell of their own", f.name(0), f.name(k), partName(f.sys, a))
			}
			mem.Parts = append(mem.Parts, b)
		}
		for _, o := range names {
			to, ok := l.names[o]
			if k == 0 {
				to, ok = o, true
			}
			if !ok {
				return g, fmt.Sprintf("%s names some of the replicas of %s but not %s", f.sys.CellName(o.cell), f.decls[0].name, f.name(k))
			}
			mem.Names = append(mem.Names, to.value)
		}
		g.Members = append(g.Members, mem)
	}
	for _, o := range names {
		g.Owners = append(g.Owners, o.cell)
	}
	if reason := distinct(f.sys, &g); reason != "" {
		return g, reason
	}
	for _, o := range objects {
		if f.allocated(o.Pool) {
			return g, fmt.Sprintf("%s is allocated in the order of declaration", f.sys.Pools[o.Pool].Struct)
		}
	}
	for k := 1; k < f.n; k++ {
		x := f.newExchange(&g, k-1, k)
		if reason := x.check(f.name(k-1), f.name(k)); reason != "" {
			return g, reason
		}
	}
	return g, ""
}

// fields makes all fields of the objects that belong to members, and whether they live, parts.
func (f *finder) fields(objects []program.Object, learnt []*learner) string {
	for k, l := range learnt {
		for _, o := range objects {
			to, ok := l.objects[o]
			if !ok && k == 0 {
				to, ok = o, true
			}
			if !ok {
				return fmt.Sprintf("%s and %s both use %s, others an object of their own", f.name(0), f.name(k), objectName(f.sys, o))
			}
			l.objects[o] = to
			from, into := objectCells(f.sys, o), objectCells(f.sys, to)
			for i, c := range from {
				a, b := program.Part{Cell: c, Bit: program.WholeCell}, program.Part{Cell: into[i], Bit: program.WholeCell}
				if d, ok := l.parts[a]; ok && d != b {
					return fmt.Sprintf("%s stands for both %s and %s", f.sys.CellName(c), f.sys.CellName(d.Cell), f.sys.CellName(b.Cell))
				}
				l.learn(a, b)
			}
		}
	}
	return ""
}

// objectCells are the fields of an object and whether it lives.
func objectCells(sys *model.System, o program.Object) (out []model.Cell) {
	p := sys.Pools[o.Pool]
	if p.Live != model.NoVar {
		out = append(out, model.Cell{Var: p.Live, Idx: o.Handle - 1})
	}
	for _, v := range p.Fields {
		n := int32(sys.Vars[v].Stride)
		for i := range n {
			out = append(out, model.Cell{Var: v, Idx: (o.Handle-1)*n + i})
		}
	}
	return out
}

func objectName(sys *model.System, o program.Object) string {
	return sys.Pools[o.Pool].Objects[o.Handle-1]
}

func partName(sys *model.System, k program.Part) string {
	if k.Bit == program.WholeCell {
		return sys.CellName(k.Cell)
	}
	return fmt.Sprintf("bit %d of %s", k.Bit, sys.CellName(k.Cell))
}

// arraysAlong are the first elements of arrays with an element for each column that no column touches.
func (f *finder) arraysAlong(learnt []*learner) (out []program.Part) {
	used := map[model.VarID]bool{}
	for _, l := range learnt {
		for a, b := range l.parts {
			used[a.Cell.Var], used[b.Cell.Var] = true, true
		}
	}
	// Whether an object lives is looked at and changed without being named in the code: it stays with the object.
	for _, pool := range f.sys.Pools {
		if pool.Live != model.NoVar {
			used[pool.Live] = true
		}
	}
	for _, v := range f.sys.Vars {
		if v.Proc == model.NoProc && v.Pool == model.NoPool && v.Len == f.n && !used[v.ID] {
			first := program.Part{Cell: model.Cell{Var: v.ID}, Bit: program.WholeCell}
			out = append(out, first)
			for k := range learnt {
				learnt[k].parts[first] = program.Part{Cell: model.Cell{Var: v.ID, Idx: int32(k)}, Bit: program.WholeCell}
			}
		}
	}
	return out
}

// distinct checks that nothing belongs to two members, and no value names two.
func distinct(sys *model.System, g *program.Group) string {
	seen := map[program.Part]bool{}
	whole, bits := map[model.Cell]bool{}, map[model.Cell]bool{}
	things := map[program.Object]bool{}
	for _, m := range g.Members {
		for _, c := range m.Parts {
			if seen[c] {
				return partName(sys, c) + " would belong to two of them"
			}
			seen[c] = true
			if c.Bit == program.WholeCell {
				whole[c.Cell] = true
			} else {
				bits[c.Cell] = true
			}
			if whole[c.Cell] && bits[c.Cell] {
				return sys.CellName(c.Cell) + " belongs to one of them and has bits of others"
			}
			v := sys.Vars[c.Cell.Var]
			if v.Pool != model.NoPool && sys.Pools[v.Pool].Live != model.NoVar && !slices.Contains(m.Objects, objectOf(v, c.Cell)) {
				return sys.CellName(c.Cell) + " belongs to an object with a lifetime"
			}
		}
		for _, o := range m.Objects {
			if things[o] {
				return objectName(sys, o) + " would belong to two of them"
			}
			things[o] = true
		}
	}
	taken := map[name]bool{}
	for i, o := range g.Owners {
		if whole[o] || bits[o] {
			return sys.CellName(o) + " belongs to one of them and names others"
		}
		v := sys.Vars[o.Var]
		for _, m := range g.Members {
			if v.Type.Kind == model.KindHandle && slices.ContainsFunc(m.Objects, func(o program.Object) bool { return o.Pool == v.Type.Pool }) {
				return sys.CellName(o) + " names one of them and what belongs to it"
			}
		}
		for _, m := range g.Members {
			if taken[name{o, m.Names[i]}] || m.Names[i] == int64(v.Init[o.Idx]) {
				return sys.CellName(o) + " begins naming one of them, or names two by one value"
			}
			if n := m.Names[i]; n < int64(v.Type.Lo) || n > int64(v.Type.Hi) {
				return fmt.Sprintf("%s cannot name all of them", sys.CellName(o))
			}
			taken[name{o, m.Names[i]}] = true
		}
	}
	return ""
}

// objectOf is the object that a field belongs to.
func objectOf(v *model.Var, c model.Cell) program.Object {
	return program.Object{Pool: v.Pool, Handle: c.Idx/int32(v.Stride) + 1}
}
