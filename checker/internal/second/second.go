// Package second is a second implementation of the language, written from docs/semantics.md alone: what the page does not say, it does not know. It shares the parser with the first one and
// nothing else. It is slow and has no options but the page's own, and it is there to be compared with on random programs (checker/second_test.go).
package second

import (
	"fmt"
	"slices"

	"pmdcheck/model/syntax"
)

// Options are those that the page speaks of.
type Options struct {
	NoMerge bool  // each operation is a step
	NoReset bool  // dead locals keep their values
	TSO     bool  // memory is that of x86, and no store goes to memory at once that need not
	Wrong   Wrong // a rule that is broken, "" for none
	Limit   int   // states; 0: 100000
}

// Result is what the page says of a program.
type Result struct {
	States, Transitions int
	Violated            []string // in alphabetical order
	Reached             []string // covers
	Over                bool     // there are more states than Options.Limit; the rest means nothing
	Full                bool     // a buffer had no room, so that the search is not complete; the rest means nothing
}

// Unsupported is the error for what this implementation leaves out.
type Unsupported string

func (u Unsupported) Error() string { return "not in the second implementation: " + string(u) }

// Run explores a program that the first implementation has found free of errors. files has imports before importers; config gives the parameters their values.
func Run(files []*syntax.File, config map[string]int64, opt Options) (res Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(Unsupported)
			if !ok {
				panic(r)
			}
			err = u
		}
	}()
	if opt.Limit == 0 {
		opt.Limit = 100_000
	}
	m := &machine{opt: opt, config: config}
	m.declare(files)
	m.classify()
	if opt.TSO {
		m.weaken()
	}
	return m.explore(), nil
}

// machine is a program: its data, and the operations of its processes.
type machine struct {
	opt    Options
	config map[string]int64

	names   map[string]any // constants, parameters, enum values, typedefs, variables, functions
	structs map[string]*strct
	enums   map[string]*typ
	order   []*strct
	types   map[string]*typ
	more    []*syntax.StructDecl // attributes for structs declared elsewhere
	vars    []*syntax.VarDecl
	procs   []*syntax.ProcDecl
	props   map[string]bool // that exist, true if checked
	covers  []*syntax.CoverDecl
	invs    []*syntax.InvariantDecl
	lives   []*syntax.LivenessDecl
	allFair bool
	stepXs  []syntax.Expr // what is true where a process on a CPU takes a step
	raced   bool
	judged

	owner []*leaf // of each cell; shared cells first
	init  []int64
	first int // the first cell that is local

	known    *usage
	programs []*proc
	invX     []*expr
	coverX   []*expr
	liveX    [][]liveCase

	weak map[int]bool // cells
	full bool         // a buffer had no room
}

type liveCase struct{ p, q *expr } // p is nil for eventually

// usage is what one round of classification tells the next.
type usage struct {
	written []bool
	users   []map[int]bool // processes; -1: an observer
	taken   map[*leaf]bool
}

const rounds = 6

// classify lowers the program again and again, each time knowing more about who uses what, until nothing changes.
func (m *machine) classify() {
	for range rounds {
		m.owner, m.init = m.owner[:m.first], m.init[:m.first]
		u := &usage{written: make([]bool, m.first), users: make([]map[int]bool, m.first), taken: map[*leaf]bool{}}
		for i := range u.users {
			u.users[i] = map[int]bool{}
		}
		r := &round{m: m, u: u}
		r.initials()
		r.processes()
		r.predicates()
		for _, p := range m.programs {
			for _, x := range p.when {
				if !slices.ContainsFunc(p.ops, func(o *op) bool { return o.loc && o.kind != "end" }) {
					break // without steps there is nothing to be true for
				}
				x.walk(func(y *expr) {
					m.readTouches(y, func(c int) { u.users[c][p.id] = true })
				})
			}
			for _, o := range p.ops {
				r.m.touches(o, func(c int, write bool) {
					if c < m.first {
						u.users[c][p.id] = true
						u.written[c] = u.written[c] || write
					}
				})
			}
		}
		same := m.known != nil && slices.Equal(m.known.written, u.written) && len(m.known.taken) == len(u.taken)
		for i := 0; same && i < m.first; i++ {
			same = fmt.Sprint(m.known.users[i]) == fmt.Sprint(u.users[i])
		}
		if same {
			return
		}
		m.known = u
	}
}

// round is one lowering of everything.
type round struct {
	m *machine
	u *usage
}

func (r *round) processes() {
	m := r.m
	m.programs = nil
	for _, d := range m.procs {
		count := int64(1)
		if d.Count != nil {
			count = r.constant(d.Count)
		}
		for i := range count {
			p := &proc{id: len(m.programs), name: d.Name.Name, fair: d.Fair || m.allFair, cpu: -1, base: len(m.owner)}
			m.programs = append(m.programs, p)
			b := &low{r: r, m: m, proc: p, plain: map[*leaf]bool{}, varies: map[*leaf]bool{}, told: map[int]bool{}, scope: &scope{names: map[string]operand{}}}
			if d.Param != nil {
				b.scope.names[d.Param.Name.Name] = operand{t: m.typeOf(d.Param.Type), x: num(i)}
			}
			if d.CPU != nil {
				p.cpu = int(b.quietly().valueOf(d.CPU).v)
			}
			if d.MM != nil {
				b.mm = b.quietly().object(d.MM)
			}
			if p.cpu >= 0 {
				q := *b
				q.pred = true
				for _, x := range m.stepXs {
					p.when = append(p.when, q.condition(x))
				}
			}
			b.mark = x86(d.Attrs)
			b.body(d)
		}
	}
}

// predicates lowers invariants, covers and liveness properties, and notes what they observe.
func (r *round) predicates() {
	m := r.m
	m.invX, m.coverX, m.liveX = nil, nil, nil
	observe := func(x *expr) *expr {
		x.walk(func(y *expr) {
			m.readTouches(y, func(c int) { r.u.users[c][-1] = true })
		})
		return x
	}
	for _, d := range m.invs {
		m.invX = append(m.invX, observe(r.predicate().condition(d.X)))
	}
	for _, d := range m.covers {
		var x *expr
		if d.X != nil {
			x = observe(r.predicate().condition(d.X))
		}
		m.coverX = append(m.coverX, x)
	}
	for _, d := range m.lives {
		var cases []liveCase
		values := []operand{{}}
		if d.When != nil && r.constant(d.When) == 0 {
			values = nil
		} else if d.Param != nil {
			values = nil
			t := m.typeOf(d.Param.Type)
			lo := t.lo
			if t.kind == kHandle {
				lo = 1
			}
			for v := lo; v <= t.hi; v++ {
				values = append(values, operand{t: t, x: &expr{op: "num", v: v, t: t}})
			}
		}
		for _, v := range values {
			b := r.predicate()
			if d.Param != nil {
				b.scope.names[d.Param.Name.Name] = v
			}
			c := liveCase{q: observe(b.condition(d.Q))}
			switch d.Form {
			case syntax.LeadsTo:
				c.p = observe(b.condition(d.P))
			case syntax.AlwaysEventually:
				c.p = num(1)
			}
			cases = append(cases, c)
		}
		m.liveX = append(m.liveX, cases)
	}
}

func (r *round) predicate() *low {
	return &low{r: r, m: r.m, pred: true, scope: &scope{names: map[string]operand{}}}
}

func (r *round) constant(x syntax.Expr) int64 {
	return r.predicate().quietly().valueOf(x).v
}
