package elab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pmdcheck/model/source"
)

// Limits bound what a spec may span and a configuration may become, so that a few lines cannot take hours or the memory of the machine. A limit that is exceeded is an error with its place. 0
// stands for the value of [DefaultLimits].
type Limits struct {
	Configurations int // of a sweep, those that `where` excludes included
	Elements       int // of one array, over all of its dimensions and the objects it is in; a system has at most twice as many cells
	Steps          int // operations of one process, with all calls inlined and loops unrolled; a system has at most four times as many
	Processes      int // of a system, and instances of one declaration
	Choices        int // alternatives of one choose
	Nesting        int // calls in calls, and constants in constants
}

// DefaultLimits are far above what any model needs that can be explored.
var DefaultLimits = Limits{Configurations: 1 << 18, Elements: 1 << 16, Steps: 30_000, Processes: 64, Choices: 4096, Nesting: 1000}

func (l Limits) orDefault() Limits {
	v, d := reflect.ValueOf(&l).Elem(), reflect.ValueOf(DefaultLimits)
	for i := range v.NumField() {
		if v.Field(i).Int() == 0 {
			v.Field(i).SetInt(d.Field(i).Int())
		}
	}
	return l
}

// ParseLimits reads name=number,…; a name is that of a field of [Limits] in lower case.
func ParseLimits(text string) (l Limits, err error) {
	v := reflect.ValueOf(&l).Elem()
	var names []string
	for i := range v.NumField() {
		names = append(names, strings.ToLower(v.Type().Field(i).Name))
	}
	for _, one := range strings.Split(text, ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(one), "=")
		if !ok {
			return l, fmt.Errorf("%s: write name=number, and the names are %s", source.Quote(one), strings.Join(names, ", "))
		}
		if name == "cells" {
			name = "configurations" // as they were called once
		}
		i := slices.Index(names, name)
		if i < 0 {
			return l, source.WithHint("there is no limit "+source.Quote(name), source.DidYouMean(name, names))
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 1<<30 {
			return l, fmt.Errorf("%s=%s: it is a number from 1 to %d", name, number, 1<<30)
		}
		v.Field(i).SetInt(int64(n))
	}
	return l, nil
}

// String writes limits as [ParseLimits] reads them; "" if there are none but the defaults.
func (l Limits) String() string {
	v := reflect.ValueOf(l)
	var out []string
	for i := range v.NumField() {
		if n := v.Field(i).Int(); n != 0 {
			out = append(out, fmt.Sprintf("%s=%d", strings.ToLower(v.Type().Field(i).Name), n))
		}
	}
	return strings.Join(out, ",")
}

// tooLarge reports a limit that is exceeded, and ends elaboration: what was not made because of it would be missed.
func (e *elab) tooLarge(at source.Span, limit string, most int, format string, args ...any) {
	e.diags.Add(source.Diagnostic{
		Code: "too-large", Span: at, Msg: fmt.Sprintf(format, args...),
		Hint: fmt.Sprintf("the limit is %d; `--limits %s=…` raises it", most, limit),
	})
	panic(stopped{e.diags.Err()})
}

// stopped ends elaboration from wherever it is.
type stopped struct{ err error }

// pollEvery is how many small things are done between two looks at the context.
const pollEvery = 64

// poll ends elaboration if its context has ended.
func (e *elab) poll() {
	if e.ctx == nil {
		return
	}
	if e.polls++; e.polls%pollEvery == 1 && e.ctx.Err() != nil {
		panic(stopped{context.Cause(e.ctx)})
	}
}

// Stopped is why elaboration ended early: its context did.
type Stopped struct{ Cause error }

func (s *Stopped) Error() string { return "ended early: " + s.Cause.Error() }
func (s *Stopped) Unwrap() error { return s.Cause }

// recoverStopped makes an error of what poll did.
func recoverStopped(err *error) {
	switch v := recover().(type) {
	case nil:
	case stopped:
		if *err = v.err; !errors.As(v.err, new(*source.List)) {
			*err = &Stopped{v.err}
		}
	default:
		panic(v)
	}
}

// WasStopped is the cause for which elaboration ended early, or nil.
func WasStopped(err error) error {
	var s *Stopped
	if errors.As(err, &s) {
		return s.Cause
	}
	return nil
}
