package traces

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Write stores a trace as indented JSON. The same trace gives the same bytes.
func Write(w io.Writer, t *Trace) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(t)
}

// Read loads a trace and checks that it is whole: known schema, no unknown fields, nothing behind it, every process and step that is referred to exists.
func Read(r io.Reader) (*Trace, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var t Trace
	if err := d.Decode(&t); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, errors.New("the trace is cut off")
		}
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the trace")
	}
	if t.Schema != Schema {
		return nil, fmt.Errorf("the trace has schema %q; this version reads %q", t.Schema, Schema)
	}
	for i, s := range t.Steps {
		if s.Process < 0 || s.Process >= len(t.Processes) {
			return nil, fmt.Errorf("step %d is of process %d, and there are %d", i+1, s.Process, len(t.Processes))
		}
		if s.Transition < 0 {
			return nil, fmt.Errorf("step %d has no transition", i+1)
		}
	}
	return &t, nil
}
