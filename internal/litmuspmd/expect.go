package litmuspmd

import (
	"fmt"
	"strings"

	"pmdcheck/internal/litmus"
)

// condition is the name of what the test asks in the spec.
const condition = "condition"

// WithCondition writes a test as a spec that asks what the test asks, under every model: exists is a cover, ~exists and forall are invariants. never and always say of a model that the
// condition holds in no final state, or in all; what is known goes into expect lines.
func WithCondition(t *litmus.Test, models []string, answer func(model string) (never, always, known bool)) (string, error) {
	s, err := newSpec(t, true)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(s.Text)
	b.WriteString("\nfor memory_model;\n\n")
	all := s.all()
	cond := s.prop(t.Cond)
	fmt.Fprintf(&b, "// %s (%s)\n", t.Quant, oneLine(t.PropString(t.Cond)))
	switch t.Quant {
	case litmus.Exists:
		fmt.Fprintf(&b, "cover %s: %s && %s;\n\ncheck no_fault;\n", condition, all, cond)
	case litmus.NotExists:
		fmt.Fprintf(&b, "invariant %s: !(%s && %s);\n\ncheck %s;\n", condition, all, cond, condition)
	case litmus.Forall:
		fmt.Fprintf(&b, "invariant %s: !(%s) || %s;\n\ncheck %s;\n", condition, all, cond, condition)
	}
	b.WriteString("\n")
	for _, m := range models {
		never, always, known := answer(m)
		if !known {
			continue
		}
		what := "holds"
		switch {
		case t.Quant == litmus.Exists && never:
			what = "holds unreachable " + condition
		case t.Quant == litmus.NotExists && !never, t.Quant == litmus.Forall && !always:
			what = "violates " + condition
		}
		fmt.Fprintf(&b, "expect memory_model == %s : %s;\n", m, what)
	}
	return b.String(), nil
}

// all is that every process is over, and that the filter lets the final state through.
func (s *Spec) all() string {
	var over []string
	for i := range s.Test.Procs {
		over = append(over, fmt.Sprintf("over[%d]", i))
	}
	all := strings.Join(over, " && ")
	if s.Test.Filter != nil {
		all += " && " + s.prop(s.Test.Filter)
	}
	return all
}

// prop is a proposition as the spec writes it.
func (s *Spec) prop(p litmus.Prop) string {
	list := func(l []litmus.Prop, op, empty string) string {
		if len(l) == 0 {
			return empty
		}
		var out []string
		for _, q := range l {
			out = append(out, s.prop(q))
		}
		return "(" + strings.Join(out, op) + ")"
	}
	switch p := p.(type) {
	case *litmus.Atom:
		op := "=="
		if p.Not {
			op = "!="
		}
		right := fmt.Sprint(s.number(p.Value))
		if p.Other != nil {
			right = s.term(*p.Other)
		}
		return fmt.Sprintf("(%s %s %s)", s.term(p.Term), op, right)
	case *litmus.Not:
		return "!" + s.prop(p.X)
	case litmus.All:
		return list(p, " && ", "true")
	case litmus.Any:
		return list(p, " || ", "false")
	}
	refuse("its condition is of an unknown kind")
	return ""
}

func (s *Spec) term(t litmus.Term) string {
	for i, m := range s.terms {
		if m == t {
			return s.regs[i]
		}
	}
	refuse("its condition names what is not projected")
	return ""
}
