package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pmdcheck/checker"
	"pmdcheck/traces"
)

// What is read is bounded, and how much memory it can become: a few bytes of JSON are enough for a configuration. What is written here takes more for each of its parts.
const (
	maxResults  = 256 << 20
	maxBaseline = 64 << 20
	maxEntry    = 64 << 20
	leastPart   = 12
)

// readAll reads a file of at most limit bytes.
func readAll(r io.Reader, limit int) ([]byte, error) {
	begin := make([]byte, 512)
	n, err := io.ReadFull(r, begin)
	if begin = begin[:n]; bytes.IndexByte(begin, 0) >= 0 {
		return nil, errors.New("not JSON of pmdcheck: it is no text") // a device, say: there is no need to read more
	}
	var src []byte
	if err == nil {
		src, err = io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(begin), r), int64(limit)+1))
	} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		src, err = begin, nil
	}
	switch {
	case err != nil:
		return nil, err
	case len(src) > limit:
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	case bytes.Count(src, []byte(",")) > len(src)/leastPart+1000:
		return nil, errors.New("not JSON of pmdcheck: it has more parts than a file of its size can have")
	}
	return src, nil
}

// entries are read one by one, each checked before the next.
type entries []Entry

// UnmarshalJSON implements [json.Unmarshaler].
func (es *entries) UnmarshalJSON(src []byte) error {
	*es = entries{}
	d := json.NewDecoder(bytes.NewReader(src))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("the results are no list")
	}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		n := len(*es) + 1
		if len(raw) > maxEntry {
			return fmt.Errorf("result %d is larger than %d MiB", n, maxEntry>>20)
		}
		var e Entry
		one := json.NewDecoder(bytes.NewReader(raw))
		one.DisallowUnknownFields()
		if err := one.Decode(&e); err != nil {
			return fmt.Errorf("result %d: %w", n, err)
		}
		if err := e.validate(); err != nil {
			return fmt.Errorf("result %d: %w", n, err)
		}
		*es = append(*es, e)
	}
	return nil
}

var (
	verdicts   = []string{checker.Holds.String(), checker.Violated.String(), checker.Unknown.String()}
	judgements = append(slices.Clone(verdicts), checker.NotJudged.String())
	reductions = []string{checker.ReductionNone.String(), checker.ReductionStubborn.String()}
	stores     = []string{"", checker.StoreCompact.String(), checker.StoreBitstate.String()}
	reaches    = []string{checker.NotLookedFor.String(), checker.NotReached.String(), checker.Reached.String()}
)

// knownReason reports whether a search can end early for that reason.
func knownReason(s string) bool {
	alone, explained := checker.Reasons()
	reason, cause := checker.Reason(s).Parts()
	return slices.Contains(alone, checker.Reason(s)) || cause != "" && slices.Contains(explained, reason)
}

// validate checks what types cannot say: words, counts, and whether a result contradicts itself.
func (e *Entry) validate() error {
	for _, c := range []struct {
		what string
		n    int64
	}{
		{"states", e.States},
		{"transitions", e.Transitions},
		{"barriers_without_effect", int64(e.Barriers)},
		{"unmarked_blocks", int64(e.Unmarked)},
		{"may_race", int64(e.MayRace)},
		{"live_states", e.LiveStates},
		{"live_transitions", e.LiveTrans},
		{"depth", int64(e.Depth)},
		{"bytes", e.Bytes},
		{"dead", int64(e.Dead)},
	} {
		if c.n < 0 {
			return fmt.Errorf("%s are %d", c.what, c.n)
		}
	}
	switch {
	case e.Number < 1:
		return fmt.Errorf("its number is %d", e.Number)
	case e.Spec == "":
		return errors.New("it names no spec")
	case e.Seconds < 0 || e.Omitted != nil && *e.Omitted < 0:
		return errors.New("seconds or omitted are negative")
	case !slices.Contains(verdicts, e.Verdict):
		return fmt.Errorf("verdict %q is none of %q", e.Verdict, verdicts)
	case !slices.Contains(reductions, e.Reduction):
		return fmt.Errorf("reduction %q is none of %q", e.Reduction, reductions)
	case !slices.Contains(stores, e.Store):
		return fmt.Errorf("store %q is none of %q", e.Store, stores)
	case !knownReason(e.Reason):
		return fmt.Errorf("reason %q is none that a search ends for", e.Reason)
	}
	for _, n := range e.Order {
		if _, ok := e.Config[n]; !ok {
			return fmt.Errorf("parameter %q has no value", n)
		}
	}
	for c, r := range e.Covers {
		if !slices.Contains(reaches, r) {
			return fmt.Errorf("cover %s is %q, which is none of %q", c, r, reaches)
		}
	}
	for _, j := range e.Judged {
		if !slices.Contains(judgements, j.Verdict) || !knownReason(j.Reason) {
			return fmt.Errorf("property %s has verdict %q and reason %q", j.Property, j.Verdict, j.Reason)
		}
	}
	return e.consistent()
}

// consistent holds the parts of a result against each other.
func (e *Entry) consistent() error {
	first := ""
	if len(e.Properties) > 0 {
		first = e.Properties[0]
	}
	for _, f := range e.Findings {
		if !slices.Contains(e.Properties, f.Property) {
			return fmt.Errorf("there is a finding about %q, which is not violated", f.Property)
		}
		if f.Trace != nil && f.Trace.Property != f.Property {
			return fmt.Errorf("the trace of %s is one of %q", f.Property, f.Trace.Property)
		}
		if f.Trace != nil {
			if err := traces.Check(f.Trace); err != nil {
				return fmt.Errorf("the trace of %s: %w", f.Property, err)
			}
		}
	}
	for _, j := range e.Judged {
		if (j.Verdict == checker.Violated.String()) != slices.Contains(e.Properties, j.Property) {
			return fmt.Errorf("property %s is %s, and that contradicts the list of violated ones", j.Property, j.Verdict)
		}
	}
	violated := e.Verdict == checker.Violated.String()
	switch {
	case e.Property != first:
		return fmt.Errorf("property %q is not the first of the violated ones", e.Property)
	case violated != (len(e.Properties) > 0):
		return fmt.Errorf("it is %s, and %d properties are violated", e.Verdict, len(e.Properties))
	case e.Verdict == checker.Unknown.String() && e.Reason == "":
		return errors.New("it is unknown and does not say why")
	case e.Verdict == checker.Holds.String() && e.Reason != "":
		return fmt.Errorf("it holds, and the search ended early (%s)", e.Reason)
	case e.OK && e.Why != "":
		return fmt.Errorf("it is as expected, and differs: %s", e.Why)
	case e.OK && e.Expected != Counted && !e.expected():
		return fmt.Errorf("it is said to be as expected, and %q was expected where %q was found", e.Expected, e.Found())
	}
	return nil
}

// expected reports whether the verdict can be what was expected, as it is written.
func (e *Entry) expected() bool {
	want, _, _ := strings.Cut(e.Expected, " unreachable ")
	switch {
	case want == "" || want == checker.Holds.String():
		return e.Verdict == checker.Holds.String()
	case e.Verdict != checker.Violated.String():
		return false
	}
	props, ok := strings.CutPrefix(want, checker.Violated.String()+" ")
	list := strings.Split(props, ", ")
	return ok && subset(e.Properties, list)
}

// validate checks what types cannot say of a configuration of a baseline.
func (c *BaselineEntry) validate() error {
	switch {
	case c.Configuration == "":
		return errors.New("a configuration has no name")
	case !slices.Contains(verdicts, c.Verdict):
		return fmt.Errorf("configuration %s: verdict %q is none of %q", c.Configuration, c.Verdict, verdicts)
	case c.States < 0 || c.Transitions < 0:
		return fmt.Errorf("configuration %s: counts are negative", c.Configuration)
	case !slices.Contains(reductions, c.Reduction):
		return fmt.Errorf("configuration %s: reduction %q is none of %q", c.Configuration, c.Reduction, reductions)
	case (c.Verdict == checker.Violated.String()) != (len(c.Properties) > 0):
		return fmt.Errorf("configuration %s: it is %s, and %d properties are violated", c.Configuration, c.Verdict, len(c.Properties))
	}
	return nil
}
