package litmus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Quantifier is what is asked of the final states.
type Quantifier uint8

// The quantifiers.
const (
	Exists Quantifier = iota
	NotExists
	Forall
)

func (q Quantifier) String() string {
	if names := [...]string{"exists", "~exists", "forall"}; int(q) < len(names) {
		return names[q]
	}
	return fmt.Sprintf("Quantifier(%d)", uint8(q))
}

// Term is what a final state has a value of: a register (Proc is the index of the process, Reg its register) or a cell (Proc is -1).
type Term struct{ Proc, Reg, Cell int }

// TermName is how conditions write a term.
func (t *Test) TermName(x Term) string {
	if x.Proc < 0 {
		return t.CellName(x.Cell)
	}
	return t.Procs[x.Proc].RegName(x.Reg)
}

// Prop is a proposition about a final state.
type Prop interface {
	// Holds evaluates it; value gives the terms their values.
	Holds(value func(Term) Value) bool
	print(t *Test, b *strings.Builder, level int)
	terms(f func(Term))
}

// The propositions. All and Any are conjunction and disjunction.
type (
	// Atom compares a term with a value, or with another term.
	Atom struct {
		Term  Term
		Other *Term // nil: Value
		Value Value
		Not   bool
	}
	// Not is negation.
	Not struct{ X Prop }
	// All is conjunction, of nothing: true.
	All []Prop
	// Any is disjunction, of nothing: false.
	Any []Prop
)

// Holds evaluates the proposition.
func (a *Atom) Holds(v func(Term) Value) bool {
	right := a.Value
	if a.Other != nil {
		right = v(*a.Other)
	}
	return (v(a.Term) == right) != a.Not
}

// Holds evaluates the proposition.
func (n *Not) Holds(v func(Term) Value) bool { return !n.X.Holds(v) }

// Holds evaluates the proposition.
func (l All) Holds(v func(Term) Value) bool {
	for _, p := range l {
		if !p.Holds(v) {
			return false
		}
	}
	return true
}

// Holds evaluates the proposition.
func (l Any) Holds(v func(Term) Value) bool {
	for _, p := range l {
		if p.Holds(v) {
			return true
		}
	}
	return false
}

func (a *Atom) terms(f func(Term)) {
	f(a.Term)
	if a.Other != nil {
		f(*a.Other)
	}
}

func (n *Not) terms(f func(Term)) { n.X.terms(f) }

func (l All) terms(f func(Term)) {
	for _, p := range l {
		p.terms(f)
	}
}

func (l Any) terms(f func(Term)) {
	for _, p := range l {
		p.terms(f)
	}
}

func (a *Atom) print(t *Test, b *strings.Builder, _ int) {
	op := "="
	if a.Not {
		op = "!="
	}
	right := t.Show(a.Value)
	if a.Other != nil {
		right = t.TermName(*a.Other)
	}
	b.WriteString(t.TermName(a.Term) + op + right)
}

func (n *Not) print(t *Test, b *strings.Builder, _ int) {
	b.WriteString("~(")
	n.X.print(t, b, 0)
	b.WriteString(")")
}

func (l All) print(t *Test, b *strings.Builder, level int) {
	list(t, b, l, "true", " /\\ ", 2, level)
}

func (l Any) print(t *Test, b *strings.Builder, level int) {
	list(t, b, l, "false", " \\/ ", 1, level)
}

func list(t *Test, b *strings.Builder, l []Prop, empty, op string, own, level int) {
	if len(l) == 0 {
		b.WriteString(empty)
		return
	}
	if own < level {
		b.WriteString("(")
		defer b.WriteString(")")
	}
	for i, p := range l {
		if i > 0 {
			b.WriteString(op)
		}
		p.print(t, b, own+1)
	}
}

// PropString writes a proposition of the test.
func (t *Test) PropString(p Prop) string {
	var b strings.Builder
	p.print(t, &b, 0)
	return b.String()
}

// Terms are the terms of a proposition.
func Terms(p Prop) []Term {
	var out []Term
	p.terms(func(x Term) { out = append(out, x) })
	return out
}

// Values are the constants that a proposition compares with.
func Values(p Prop) []Value {
	switch p := p.(type) {
	case *Atom:
		if p.Other == nil {
			return []Value{p.Value}
		}
	case *Not:
		return Values(p.X)
	case All:
		return values(p)
	case Any:
		return values(p)
	}
	return nil
}

func values(l []Prop) []Value {
	var out []Value
	for _, x := range l {
		out = append(out, Values(x)...)
	}
	return out
}

// Projection is the terms of which a final state consists: those of the condition and of the locations clause, sorted by name.
func (t *Test) Projection() []Term {
	var out []Term
	add := func(x Term) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	t.Cond.terms(add)
	for _, x := range t.Shown {
		add(x)
	}
	slices.SortFunc(out, func(a, b Term) int { return cmp.Compare(t.TermName(a), t.TermName(b)) })
	return out
}
