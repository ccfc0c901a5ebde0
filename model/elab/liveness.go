package elab

import (
	"fmt"

	"pmdcheck/model"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// maxLiveCases bounds the values of the parameter of a liveness property: each is looked at on its own.
const maxLiveCases = 64

// liveness elaborates the liveness properties.
func (e *elab) liveness() {
	for _, d := range e.prog.lives {
		p := e.sys.Props[e.props[d.Name.Name]]
		p.Kind = model.PropLiveness
		if p.Text == "" {
			p.Text = e.liveText(d)
		}
		wanted := true
		if d.When != nil {
			v, ok := e.constInt(d.When)
			wanted = ok && v != 0 || e.dry
		}
		if !wanted {
			continue
		}
		for _, c := range e.liveCases(d) {
			b := &builder{e: e, pred: true, frame: model.NoFrame, scope: &scope{names: map[string]*binding{}}}
			if d.Param != nil {
				b.scope.names[d.Param.Name.Name] = c.bound
			}
			lc := model.LiveCase{Of: c.of, Q: b.condition(d.Q)}
			switch d.Form {
			case syntax.LeadsTo:
				lc.P = b.condition(d.P)
			case syntax.AlwaysEventually:
				lc.P = model.NewConst(1, model.BoolType)
			}
			p.Cases = append(p.Cases, lc)
		}
	}
}

type liveParam struct {
	of    string
	bound *binding
}

// liveCases are the values of a property's parameter: one nameless case without a parameter, one for each object of a struct, one for each number or enum value.
func (e *elab) liveCases(d *syntax.LivenessDecl) (out []liveParam) {
	if d.Param == nil {
		return []liveParam{{}}
	}
	t := e.typeOf(d.Param.Type)
	if t.kind == stBad {
		return nil
	}
	if t.kind != stInt && t.kind != stBool && t.kind != stEnum && t.kind != stHandle {
		e.diags.Add(source.Diagnostic{
			Code: "bad-type", Span: d.Param.Sp, Msg: "the parameter of a liveness property cannot be " + t.String(),
			Hint: "it is a pointer to a struct, and stands for its objects, or a number, an enum or a bool",
		})
		return nil
	}
	it := e.irType(t)
	lo, hi := it.Lo, it.Hi
	if t.kind == stHandle {
		lo = 1
	}
	if int64(hi)-int64(lo) >= maxLiveCases && !e.dry {
		e.errorf("bad-range", d.Param.Sp, "the parameter of a liveness property can have %d values, not %d", maxLiveCases, int64(hi)-int64(lo)+1)
		return nil
	}
	if e.dry { // types and names do not depend on the value
		hi = min(lo, hi)
		if lo > hi {
			lo = hi
		}
	}
	for v := lo; v <= hi; v++ {
		of := model.FormatValue(it, v)
		if t.kind == stHandle && v > 0 {
			of = e.sys.Pools[it.Pool].Objects[v-1]
		}
		out = append(out, liveParam{of, &binding{t: t, op: &operand{t: t, x: model.NewConst(int64(v), it)}, at: d.Param.Sp}})
	}
	return out
}

// liveText is what a property says, as the source does.
func (e *elab) liveText(d *syntax.LivenessDecl) string {
	text := e.text(d.Q)
	switch d.Form {
	case syntax.LeadsTo:
		text = e.text(d.P) + " leads_to " + text
	case syntax.Eventually:
		text = "eventually " + text
	case syntax.AlwaysEventually:
		text = "always eventually " + text
	}
	if d.Param != nil {
		text = fmt.Sprintf("for every %s: %s", d.Param.Name.Name, text)
	}
	return text
}

// observed reports predicates of one name that would hide each other: two invariants, or a liveness property that something else observes too. Liveness properties
// of one name are cases of one property.
func (p *program) observed(diags *source.List) {
	first := map[string]*syntax.Ident{}
	dup := func(id, old *syntax.Ident, what string) {
		d := source.Diagnostic{Code: "duplicate-name", Span: id.Sp, Msg: what + " " + source.Quote(id.Name) + " is declared twice"}
		d.Related = append(d.Related, source.Related{Span: old.Sp, Msg: "the other one"})
		diags.Add(d)
	}
	for _, d := range p.invs {
		if old := first[d.Name.Name]; old != nil {
			dup(d.Name, old, "invariant")
			continue
		}
		first[d.Name.Name] = d.Name
	}
	for _, d := range p.lives {
		if old := first[d.Name.Name]; old != nil {
			dup(d.Name, old, "property")
		} else if q := p.propByN[d.Name.Name]; q.used || isBuiltinProp(q.name) {
			diags.Add(source.Diagnostic{
				Code: "duplicate-name", Span: d.Name.Sp, Msg: "property " + source.Quote(q.name) + " is observed elsewhere already, by an assertion or at accesses",
				Hint: "what happens sooner or later is a property of its own: choose another name",
			})
		}
	}
}

func isBuiltinProp(name string) bool {
	for _, b := range builtinProps {
		if b.name == name {
			return true
		}
	}
	return false
}
