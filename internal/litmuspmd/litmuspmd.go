// Package litmuspmd writes a litmus test of the kernel as a spec, and finds its final states by exploring that.
//
//	litmuspmd.go  what the spec looks like: values, addresses, RCU
//	code.go       statements and expressions
//	expect.go     the condition as covers and invariants
//	explore.go    final states
package litmuspmd

import (
	"fmt"
	"slices"
	"strings"

	"pmdcheck/internal/litmus"
)

// Values are integers of a range in which sums, products and comparisons fit into 32 bits. Addresses are numbers above it.
const (
	maxValue    = 9_999
	addressBase = 10_000
	maxAddress  = 20_000
)

// Spec is a litmus test as a spec.
type Spec struct {
	Test *litmus.Test
	Text string // without the condition: see [Spec.WithCondition]

	cells   []string      // how the spec writes each cell of the test
	regs    []string      // and each register of the condition, by index of terms
	terms   []litmus.Term // what is projected
	address map[int]int   // by cell
	back    map[int]int
}

// Unsupported is why a test cannot be written as a spec.
type Unsupported struct{ What string }

func (u *Unsupported) Error() string { return "this cannot be explored: " + u.What }

func refuse(format string, args ...any) { panic(&Unsupported{fmt.Sprintf(format, args...)}) }

// New writes a test as a spec. The error is an [*Unsupported].
func New(t *litmus.Test) (*Spec, error) { return newSpec(t, false) }

// newSpec is New; with over, each process says when it is over and its stores are in memory.
func newSpec(t *litmus.Test, over bool) (s *Spec, err error) {
	defer func() {
		if v := recover(); v != nil {
			u, ok := v.(*Unsupported)
			if !ok {
				panic(v)
			}
			s, err = nil, u
		}
	}()
	w := &writer{t: t, s: &Spec{Test: t, address: map[int]int{}, back: map[int]int{}}, used: map[string]bool{}, over: over}
	w.whole()
	return w.s, nil
}

// writer writes one spec.
type writer struct {
	t       *litmus.Test
	s       *Spec
	b       strings.Builder
	dynamic bool // some address is not written down where it is used
	size    int  // cells of m, those included that no address of the test leads to
	first   []int
	used    map[string]bool // helper functions
	rcu     bool
	over    bool
	srcu    []section // sections of srcu_structs, in order
}

// section is one srcu_read_lock of the text.
type section struct{ proc, cell int }

func (w *writer) whole() {
	t := w.t
	if len(t.Procs) > 62 {
		refuse("it has %d processes", len(t.Procs))
	}
	w.dynamic = dynamicAddress(t)
	w.layout()
	var bodies []string
	for i := range t.Procs {
		bodies = append(bodies, w.process(i))
	}
	fmt.Fprintf(&w.b, "// %s, a litmus test. Numbers from %d on are addresses.\n\n", oneLine(t.Name), addressBase)
	fmt.Fprintf(&w.b, "typedef int<-%d..%d> word;\n\n", maxAddress, maxAddress)
	w.variables()
	w.helpers()
	w.b.WriteString(strings.Join(bodies, "\n"))
	w.s.Text = w.b.String()
}

// oneLine makes a text fit for a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// layout gives every cell its address. Behind each location is a gap, so that the end of one is not the beginning of the next.
func (w *writer) layout() {
	at := 0
	for i := range w.t.Locs {
		l := &w.t.Locs[i]
		w.first = append(w.first, at)
		for k := range l.Init {
			c := l.First + k
			w.s.address[c], w.s.back[addressBase+at+k] = addressBase+at+k, c
			name := w.t.CellName(c)
			switch {
			case w.dynamic:
				name = fmt.Sprintf("m[%d]", at+k)
			case reserved[l.Name] || l.Name[0] == 'P' || strings.HasPrefix(l.Name, "r"):
				name = "loc_" + l.Name
				if l.Array {
					name = fmt.Sprintf("loc_%s[%d]", l.Name, k)
				}
			}
			w.s.cells = append(w.s.cells, name)
		}
		at += len(l.Init) + 1
	}
	w.size = at
	if addressBase+at >= maxAddress {
		refuse("it has too many locations")
	}
}

// The names that the spec itself needs, and keywords that are not those of C.
var reserved = map[string]bool{
	"m": true, "word": true, "self": true, "sc": true, "tso": true, "fair": true, "process": true, "cover": true, "expect": true, "check": true, "choose": true, "atomic": true, "await": true,
	"assert": true, "live": true, "peek": true, "alloc": true, "free": true, "for": true, "in": true, "on": true, "property": true, "invariant": true, "liveness": true, "tier": true,
	"config": true, "const": true, "import": true, "override": true, "pool": true, "skip": true, "this_cpu": true, "memory_model": true, "xchg": true, "cmpxchg": true, "spin_lock": true,
	"trylock": true, "fetch": true, "add_unless": true, "true": true, "false": true, "over": true, "condition": true, "nested": true, "readers": true, "bool": true, "eventually": true, "always": true, "leads_to": true, "holds": true, "violates": true,
	"states": true, "transitions": true, "when": true, "where": true, "cpu": true, "mm": true, "unreachable": true, "int": true, "enum": true, "struct": true, "NULL": true,
}

func init() {
	for _, n := range []string{"u", "s"} {
		for i := 1; i <= 32; i++ {
			reserved[fmt.Sprintf("%s%d", n, i)] = true
		}
	}
}

// number is a value as the spec has it.
func (w *writer) number(v litmus.Value) int { return w.s.number(v) }

func (s *Spec) number(v litmus.Value) int {
	if c, ok := s.Test.Cell(v); ok {
		return s.address[c]
	}
	if v < -maxValue || v > maxValue {
		refuse("the value %d is outside -%d..%d", v, maxValue, maxValue)
	}
	return int(v)
}

// value takes number back.
func (s *Spec) value(n int32) litmus.Value {
	if c, ok := s.back[int(n)]; ok {
		for i := range s.Test.Locs {
			if l := &s.Test.Locs[i]; c >= l.First && c < l.First+len(l.Init) {
				return litmus.Address(i, c-l.First)
			}
		}
	}
	return litmus.Value(n)
}

func (w *writer) variables() {
	t := w.t
	if w.dynamic {
		init := make([]string, w.size)
		for i := range init {
			init[i] = "0"
		}
		for c := range t.Cells() {
			init[w.s.address[c]-addressBase] = fmt.Sprint(w.number(t.InitialValue(c)))
		}
		for i := range t.Locs {
			fmt.Fprintf(&w.b, "// %s is m[%d].\n", oneLine(t.Locs[i].Name), w.first[i])
		}
		fmt.Fprintf(&w.b, "word m[%d] = { %s };\n", w.size, strings.Join(init, ", "))
	} else {
		for i := range t.Locs {
			l := &t.Locs[i]
			name, _, _ := strings.Cut(w.s.cells[l.First], "[")
			if !l.Array {
				fmt.Fprintf(&w.b, "word %s = %d;\n", name, w.number(l.Init[0]))
				continue
			}
			var init []string
			for k := range l.Init {
				init = append(init, fmt.Sprint(w.number(l.Init[k])))
			}
			fmt.Fprintf(&w.b, "word %s[%d] = { %s };\n", name, len(l.Init), strings.Join(init, ", "))
		}
	}
	if w.rcu {
		fmt.Fprintf(&w.b, "\n// How many readers of RCU each process has begun, and how many of them are over for everybody.\nu8 rcu_begun[%d];\nu8 rcu_over[%d];\n", len(t.Procs), len(t.Procs))
	}
	if len(w.srcu) > 0 {
		fmt.Fprintf(&w.b, "\n// The same of each reader of SRCU.\nbool srcu_begun[%d];\nbool srcu_over[%d];\n", len(w.srcu), len(w.srcu))
	}
	if w.over {
		fmt.Fprintf(&w.b, "\n// Whether each process is over, and its stores are in memory.\nbool over[%d];\n", len(t.Procs))
	}
	w.b.WriteString("\n")
	for _, m := range t.Projection() {
		w.s.terms = append(w.s.terms, m)
		if m.Proc < 0 {
			w.s.regs = append(w.s.regs, w.s.cells[m.Cell])
			continue
		}
		name := fmt.Sprintf("P%d_%d", t.Procs[m.Proc].ID, m.Reg)
		w.s.regs = append(w.s.regs, name)
		fmt.Fprintf(&w.b, "word %s; // %s\n", name, oneLine(t.TermName(m)))
	}
	if t.Filter != nil {
		for _, m := range litmus.Terms(t.Filter) {
			if slices.Contains(w.s.terms, m) {
				continue
			}
			w.s.terms = append(w.s.terms, m)
			name := w.filterName(m)
			w.s.regs = append(w.s.regs, name)
			if m.Proc >= 0 {
				fmt.Fprintf(&w.b, "word %s; // %s\n", name, oneLine(t.TermName(m)))
			}
		}
	}
	w.b.WriteString("\n")
}

func (w *writer) filterName(m litmus.Term) string {
	if m.Proc < 0 {
		return w.s.cells[m.Cell]
	}
	return fmt.Sprintf("P%d_%d", w.t.Procs[m.Proc].ID, m.Reg)
}

// observed are the terms whose values are looked at in final states.
func (w *writer) observed(proc int) (regs []int) {
	add := func(m litmus.Term) {
		if m.Proc == proc && !slices.Contains(regs, m.Reg) {
			regs = append(regs, m.Reg)
		}
	}
	for _, m := range w.t.Projection() {
		add(m)
	}
	if w.t.Filter != nil {
		for _, m := range litmus.Terms(w.t.Filter) {
			add(m)
		}
	}
	slices.Sort(regs)
	return regs
}

// helpers are the operations on memory that are more than an access. On x86 a read-modify-write is a locked instruction, but for those that only look where there is nothing to do.
var helpers = []struct{ name, text string }{
	{"spin_lock", "@x86(locked)\nvoid spin_lock(word *l)\n{\n\tatomic {\n\t\tawait (*l == 0);\n\t\t*l = 1;\n\t}\n}\n"},
	{"trylock", "@x86(store)\nword trylock(word *l)\n{\n\tatomic {\n\t\tif (*l != 0)\n\t\t\treturn 0;\n\t\tsmp_mb();\n\t\t*l = 1;\n\t}\n\treturn 1;\n}\n"},
	{"xchg", "@x86(locked)\nword xchg(word *p, word new)\n{\n\tword old;\n\n\tatomic {\n\t\told = *p;\n\t\t*p = new;\n\t}\n\treturn old;\n}\n"},
	{"cmpxchg", "@x86(locked)\nword cmpxchg(word *p, word is, word new)\n{\n\tword old;\n\n\tatomic {\n\t\told = *p;\n\t\tif (old == is)\n\t\t\t*p = new;\n\t}\n\treturn old;\n}\n"},
	{"add_unless", "@x86(store)\nword add_unless(word *p, word n, word is)\n{\n\tword old;\n\n\tatomic {\n\t\told = *p;\n\t\tif (old != is) {\n\t\t\tsmp_mb();\n\t\t\t*p = old + n;\n\t\t}\n\t}\n\treturn old;\n}\n"},
	{"rcu_begin", "@x86(direct)\nvoid rcu_begin(u8 *p, u8 n)\n{\n\t*p = n;\n}\n"},
	{"srcu_begin", "@x86(direct)\nvoid srcu_begin(bool *p)\n{\n\t*p = true;\n}\n"},
}

// arithmetic are the operators of read-modify-writes, by the name of their function.
var arithmetic = map[string]string{"+": "add", "-": "sub", "&": "and", "|": "or", "^": "xor", "&~": "andnot", "*": "mul"}

func (w *writer) helpers() {
	for _, h := range helpers {
		if w.used[h.name] {
			w.b.WriteString(h.text + "\n")
		}
	}
	for _, op := range []string{"+", "-", "&", "|", "^", "&~", "*"} {
		if name := "fetch_" + arithmetic[op]; w.used[name] {
			x := "old " + op + " n"
			if op == "&~" {
				x = "old & ~n"
			}
			fmt.Fprintf(&w.b, "@x86(locked)\nword %s(word *p, word n)\n{\n\tword old;\n\n\tatomic {\n\t\told = *p;\n\t\t*p = %s;\n\t}\n\treturn old;\n}\n\n", name, x)
		}
	}
}
