package elab

import (
	"fmt"

	"pmdcheck/model"
	"pmdcheck/model/check"
	"pmdcheck/model/source"
	"pmdcheck/model/syntax"
)

// Constants are evaluated in three settings, in which less and less has a value.
type setting uint8

const (
	inSystem        setting = iota // an elaborated configuration: config parameters, constants, addresses of objects
	inConfiguration                // what a configuration is named and expected to do: config parameters and constants of these
	inSpec                         // what configurations there are: constants that are the same in all of them
)

// evaluated is a constant of the spec in a setting: each is evaluated once, as one that occurs twice in the next, and so on, would double the time with each line.
type evaluated struct {
	name string
	in   setting
}

// value is what became of it, with what evaluating it has besides: how often parameters were met, and what has no value.
type value struct {
	operand
	params  int
	unknown *check.Object
}

// with evaluates in another setting.
func (e *elab) with(s setting, f func()) {
	old := e.setting
	e.setting = s
	f()
	e.setting = old
}

// constant evaluates an expression that may only depend on what the setting knows. Where it fails, there is a diagnostic.
func (e *elab) constant(x syntax.Expr) (*model.Expr, *check.Type, bool) {
	return (&builder{e: e, constOnly: true, frame: model.NoFrame}).constant(x)
}

func (b *builder) constant(x syntax.Expr) (*model.Expr, *check.Type, bool) {
	e := b.e
	if !e.prog.Good(x) {
		return nil, check.Bad, false // which has been reported
	}
	reported, params := len(e.diags.Diags), e.paramReads
	e.depth++
	v, t := b.value(x)
	e.depth--
	if e.unknown != nil && e.depth == 0 {
		e.noValue(x, e.unknown)
		e.unknown = nil
		return nil, check.Bad, false
	}
	switch {
	case v == nil:
		if len(e.diags.Diags) == 0 && e.unknown == nil {
			e.notConstant(x, "this must be a constant")
		}
		return nil, check.Bad, false
	case v.IsConst():
		return v, t, true
	case len(e.diags.Diags) > reported:
		return nil, check.Bad, false
	}
	// It depends on a state, or an operator has no result.
	fault := v.Fault()
	switch {
	case v.ReadsState():
		msg := "this must be a constant"
		v.Walk(func(y *model.Expr) {
			if y.Op == model.Load && y.Place != nil && y.Place.Var >= 0 {
				msg = "this must be a constant, and " + e.sys.Vars[y.Place.Var].Name + " is a variable"
			}
		})
		e.notConstant(x, msg)
	case e.dry && (fault == nil || e.paramReads > params):
		// With other values of the parameters it may have a result. Every configuration is looked at with its own.
		return model.NewConst(0, model.IntType), t, true
	case fault != nil:
		e.faulty(x, fault)
	default:
		e.notConstant(x, "this must be a constant")
	}
	return nil, check.Bad, false
}

func (e *elab) notConstant(x syntax.Node, msg string) {
	e.diags.Add(source.Diagnostic{Code: "not-constant", Span: x.Span(), Msg: msg, Hint: check.ConstantsAre})
}

// noValue reports a name that means something elsewhere, but not in this setting.
func (e *elab) noValue(x syntax.Node, s *check.Object) {
	d := source.Diagnostic{Code: "not-constant", Span: x.Span(), Hint: "what a configuration is named and expected to do depends on config parameters and constants alone"}
	d.Msg = fmt.Sprintf("this must be a constant, and %s %s has no value outside a state", s.Kind, source.Quote(s.Name))
	if s.IsParam() {
		d.Msg = fmt.Sprintf("this is the same in all configurations, and %s %s is not", s.Kind, source.Quote(s.Name))
		d.Hint = "the type and the default of a parameter and the values of a sweep are made of literals, enum values and constants; let `where` choose among the configurations"
	}
	d.Related = []source.Related{{Span: s.At, Msg: "declared here"}}
	e.diags.Add(d)
}

// faulty reports an operator of constants that has no result.
func (e *elab) faulty(x syntax.Node, f *model.Expr) {
	what := e.sys.ExprString(f)
	switch {
	case (f.Op == model.Div || f.Op == model.Mod) && f.Y.Val == 0:
		e.errorf("bad-constant", x.Span(), "%s: %s", what, model.FaultDivide)
	case (f.Op == model.Shl || f.Op == model.Shr) && (f.Y.Val < 0 || f.Y.Val > 31):
		e.errorf("bad-constant", x.Span(), "%s: %s", what, model.FaultShift)
	default:
		e.errorf("out-of-range", x.Span(), "%s does not fit into 32 bits", what)
	}
}

func (e *elab) constInt(x syntax.Expr) (int64, bool) {
	v, _, ok := e.constant(x)
	if !ok {
		return 0, false
	}
	return int64(v.Val), true
}

// constInts looks at constants whose values are not needed yet.
func (e *elab) constInts(list ...syntax.Expr) {
	for _, x := range list {
		if x != nil {
			e.constInt(x)
		}
	}
}
