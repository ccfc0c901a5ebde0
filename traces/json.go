package traces

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Write stores a trace as indented JSON. The same trace gives the same bytes. trace.schema.json describes them.
func Write(w io.Writer, t *Trace) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(t)
}

// What is read of a trace is bounded, and how much memory that can become: a few bytes of JSON are enough for a step. Written by this package, a part takes twice as many, and a step some
// kilobytes.
const (
	maxSize   = 64 << 20
	leastPart = 12
)

// Read loads a trace and checks that it is whole: known schema, no unknown fields, nothing behind it, and everything that is referred to is there, so that
// renderers need not look again.
func Read(r io.Reader) (*Trace, error) {
	src, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(src) > maxSize:
		return nil, fmt.Errorf("it is larger than %d MiB, which no trace is", maxSize>>20)
	case bytes.Count(src, []byte(",")) > len(src)/leastPart+1000:
		return nil, errors.New("not a trace: it has more parts than one of its size can have")
	}
	// The version first, because a file of another version may have fields that this one does not know.
	var head struct {
		Schema *string `json:"schema"`
	}
	d := json.NewDecoder(bytes.NewReader(src))
	switch err := d.Decode(&head); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the trace is cut off")
	case err != nil:
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the trace")
	}
	switch {
	case head.Schema == nil:
		return nil, fmt.Errorf("not a trace: it has no schema; this version reads %q", Schema)
	case *head.Schema != Schema:
		return nil, wrongSchema(*head.Schema)
	}
	d = json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	var t Trace
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	if err := t.validate(); err != nil {
		return nil, fmt.Errorf("not a whole trace: %w", err)
	}
	if bad := commands(reflect.ValueOf(&t)); bad != "" {
		return nil, fmt.Errorf("not a trace: it has %q, a control character", bad)
	}
	return &t, nil
}

// wrongSchema says that a trace is of another version, and for one that was written by an earlier one what to do.
func wrongSchema(is string) error {
	if is == "pmdcheck/trace/1" {
		return fmt.Errorf("the trace has schema %q, which says less of a run than what is told of it needs; this version reads %q: check the spec again for a new trace", is, Schema)
	}
	return fmt.Errorf("the trace has schema %q; this version reads %q", is, Schema)
}

// commands finds a text that would tell a terminal something, where there is to be one to read.
func commands(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		if strings.ContainsFunc(v.String(), func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			return v.String()
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return commands(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if bad := commands(v.Field(i)); bad != "" {
				return bad
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if bad := commands(v.Index(i)); bad != "" {
				return bad
			}
		}
	case reflect.Map:
		for k := v.MapRange(); k.Next(); {
			if bad := cmp.Or(commands(k.Key()), commands(k.Value())); bad != "" {
				return bad
			}
		}
	}
	return ""
}

// Check checks a trace that is part of something else as [Read] does.
func Check(t *Trace) error {
	if t.Schema != Schema {
		return wrongSchema(t.Schema)
	}
	return t.validate()
}

var (
	kinds   = []string{"violation", "cover", "run"}
	roles   = []string{"", "lock", "section", "grace_period", "callback", "ipi", "gather", "cache", "access", "buffer"}
	opKinds = []string{"assign", "branch", "assume", "assert", "cover", "alloc", "free", "nop", "fence"}
)

// validate checks what types cannot say. Calls are numbered upwards, callers before callees, and every number refers to something.
func (t *Trace) validate() error {
	switch {
	case t.Spec == "":
		return errors.New("it names no spec")
	case t.Digest == "":
		return errors.New("it has no digest of its model")
	case !slices.Contains(kinds, t.Kind):
		return fmt.Errorf("kind %q is none of %q", t.Kind, kinds)
	case t.Kind == "violation" && t.Property == "":
		return errors.New("a violation names its property")
	case t.Owed != nil && (t.Owed.Step < 0 || t.Owed.Step > len(t.Steps)):
		return fmt.Errorf("something is owed since step %d, and there are %d steps", t.Owed.Step, len(t.Steps))
	case t.Cycle < 0 || t.Cycle > len(t.Steps):
		return fmt.Errorf("step %d begins a part that repeats, and there are %d steps", t.Cycle, len(t.Steps))
	case t.Processes == nil || t.Steps == nil:
		return errors.New("processes or steps are missing")
	}
	calls := map[int]bool{}
	for i, c := range t.Calls {
		if i > 0 && c.ID <= t.Calls[i-1].ID {
			return fmt.Errorf("call %d comes behind call %d", c.ID, t.Calls[i-1].ID)
		}
		if c.ID < 0 || c.Parent < -1 || c.Parent >= 0 && !calls[c.Parent] {
			return fmt.Errorf("call %d is made by call %d, which is not before it", c.ID, c.Parent)
		}
		if !slices.Contains(roles, c.Role) {
			return fmt.Errorf("call %d has role %q, which is none of %q", c.ID, c.Role, roles[1:])
		}
		if c.Mode != "" && c.Mode != "R" && c.Mode != "W" {
			return fmt.Errorf("call %d has mode %q, which is neither \"R\" nor \"W\"", c.ID, c.Mode)
		}
		calls[c.ID] = true
	}
	for _, p := range t.Processes {
		if !slices.Contains(roles, p.Role) {
			return fmt.Errorf("process %s has role %q, which is none of %q", p.Name, p.Role, roles[1:])
		}
		if p.Owner < 0 || p.Owner >= len(t.Processes) {
			return fmt.Errorf("process %s is the buffer of process %d, and there are %d", p.Name, p.Owner, len(t.Processes))
		}
	}
	for _, m := range t.Marks {
		if m.Role == "" || !slices.Contains(roles, m.Role) {
			return fmt.Errorf("cell %s has role %q, which is none of %q", m.Cell, m.Role, roles[1:])
		}
		if m.CPU < -1 || m.Process < -1 || m.Process >= len(t.Processes) {
			return fmt.Errorf("cell %s is of process %d or CPU %d, which does not exist", m.Cell, m.Process, m.CPU)
		}
	}
	listed := func(call int) bool { return call == -1 || calls[call] }
	exists := func(p int) bool { return p >= 0 && p < len(t.Processes) }
	operations := func(where string, ops []Operation) error {
		for k, o := range ops {
			if !slices.Contains(opKinds, o.Kind) {
				return fmt.Errorf("%s: operation %d is of kind %q, which is none of %q", where, k+1, o.Kind, opKinds)
			}
			if !listed(o.Call) {
				return fmt.Errorf("%s: operation %d is in call %d, which is not listed", where, k+1, o.Call)
			}
			if o.Landed < 0 || o.Landed > len(t.Steps) {
				return fmt.Errorf("%s: operation %d brings the store of step %d to memory, and there are %d", where, k+1, o.Landed, len(t.Steps))
			}
		}
		return nil
	}
	for _, s := range t.Starts {
		if !exists(s.Process) {
			return fmt.Errorf("it starts with process %d, and there are %d", s.Process, len(t.Processes))
		}
		if s.Transition != -1 || s.Ops == nil || !listed(s.At) {
			return fmt.Errorf("the start of process %d is not one", s.Process)
		}
		if err := operations("start of process "+t.Processes[s.Process].Name, s.Ops); err != nil {
			return err
		}
	}
	for _, b := range t.Blocked {
		if !exists(b.Process) {
			return fmt.Errorf("process %d waits, and there are %d", b.Process, len(t.Processes))
		}
		if b.After < 0 || b.After > len(t.Steps) {
			return fmt.Errorf("process %d waits after step %d, and there are %d steps", b.Process, b.After, len(t.Steps))
		}
		if len(b.Waits) == 0 {
			return fmt.Errorf("process %d waits for nothing", b.Process)
		}
		for _, w := range b.Waits {
			if !listed(w.Call) {
				return fmt.Errorf("process %d waits in call %d, which is not listed", b.Process, w.Call)
			}
		}
	}
	for i, s := range t.Steps {
		switch {
		case !exists(s.Process):
			return fmt.Errorf("step %d is of process %d, and there are %d", i+1, s.Process, len(t.Processes))
		case s.Transition < 0:
			return fmt.Errorf("step %d has no transition", i+1)
		case s.Fatal && s.Property == "":
			return fmt.Errorf("step %d is fatal and names no property", i+1)
		case s.Ops == nil:
			return fmt.Errorf("step %d has no list of operations", i+1)
		case !listed(s.At):
			return fmt.Errorf("after step %d its process stands in call %d, which is not listed", i+1, s.At)
		}
		for _, c := range s.Enabled {
			if !exists(c.Process) || c.Transition < 0 {
				return fmt.Errorf("before step %d transition %d of process %d was possible, and there is none", i+1, c.Transition, c.Process)
			}
		}
		if err := operations(fmt.Sprintf("step %d", i+1), s.Ops); err != nil {
			return err
		}
	}
	return nil
}
