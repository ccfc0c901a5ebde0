package elab

import (
	"fmt"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/syntax"
)

// maxLiveCases bounds the values of the parameter of a liveness property: each is looked at on its own.
const maxLiveCases = 64

// liveness elaborates the liveness properties.
func (e *elab) liveness() {
	for _, d := range e.prog.Liveness {
		p := e.sys.Props[e.props[d.Name.Name]]
		p.Kind = model.PropLiveness
		if p.Text == "" {
			p.Text = e.liveText(d)
		}
		wanted := true
		if d.When != nil {
			v, ok := e.constInt(d.When)
			wanted = ok && v != 0
		}
		if !wanted {
			continue
		}
		for _, c := range e.liveCases(d) {
			b := &builder{e: e, pred: true, frame: model.NoFrame}
			if d.Param != nil {
				b.bind(d.Param.Name, c.bound)
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
	if t.Kind == check.KindBad {
		return nil
	}
	it := e.irType(t)
	lo, hi := it.Lo, it.Hi
	if t.Kind == check.KindHandle {
		lo = 1
	}
	if int64(hi)-int64(lo) >= maxLiveCases {
		e.errorf("bad-range", d.Param.Sp, "the parameter of a liveness property can have %d values, not %d", maxLiveCases, int64(hi)-int64(lo)+1)
		return nil
	}
	for v := lo; v <= hi; v++ {
		of := model.FormatValue(it, v)
		if t.Kind == check.KindHandle && v > 0 {
			of = e.sys.Pools[it.Pool].Objects[v-1]
		}
		out = append(out, liveParam{of, &binding{t: t, op: &operand{t: t, x: model.NewConst(int64(v), it)}}})
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
