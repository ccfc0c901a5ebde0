package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pmdcheck/checker/report"
)

// changed is a result of the document with one value replaced, as JSON.
func changed(t *testing.T, d *report.Document, result int, field string, value any) []byte {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(written(t, d.Write), &all); err != nil {
		t.Fatal(err)
	}
	all["results"].([]any)[result].(map[string]any)[field] = value
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReadValidates: what no run can have found is refused, with the number of the result.
func TestReadValidates(t *testing.T) {
	d := document(t)
	holds, violated := -1, -1
	for i, e := range d.Results {
		switch {
		case e.Verdict == "holds" && e.OK:
			holds = i
		case e.Verdict == "violated" && e.OK:
			violated = i
		}
	}
	if violated < 0 {
		t.Fatal("no result to change")
	}
	for _, tc := range []struct {
		result int
		field  string
		value  any
		want   string
	}{
		{violated, "verdict", "perhaps", `verdict "perhaps" is none of`},
		{violated, "verdict", "holds", "contradict"},
		{violated, "verdict", "not judged", `verdict "not judged" is none of`},
		{violated, "states", -1, "states are -1"},
		{violated, "transitions", math.MinInt64, "transitions are -"},
		{violated, "live_states", -3, "live_states are -3"},
		{violated, "depth", -1, "depth are -1"},
		{violated, "bytes", -1, "bytes are -1"},
		{violated, "dead", -1, "dead are -1"},
		{violated, "seconds", -0.5, "negative"},
		{violated, "omitted", -1, "negative"},
		{violated, "number", -1, "its number is -1"},
		{violated, "number", 0, "its number is 0"},
		{violated, "spec", "", "names no spec"},
		{violated, "reduction", "magic", `reduction "magic" is none of`},
		{violated, "store", "shop", `store "shop" is none of`},
		{violated, "reason", "tired", `reason "tired"`},
		{violated, "property", "other", `property "other" is not the first`},
		{violated, "properties", []string{}, "not violated"},
		{violated, "parameters", []string{"nothing"}, `parameter "nothing" has no value`},
		{violated, "covers", map[string]string{"c": "met"}, "cover c is"},
		{violated, "judged", []any{map[string]any{"property": "p", "verdict": "sure"}}, `verdict "sure"`},
		{violated, "judged", []any{map[string]any{"property": "p", "verdict": "violated"}}, "contradicts"},
		{violated, "why", "something", "it is as expected, and differs"},
		{violated, "expected", "holds", "it is said to be as expected"},
		{violated, "expected", "violated something_else", "it is said to be as expected"},
		{violated, "findings", []any{map[string]any{"property": "p"}}, `a finding about "p"`},
	} {
		_, err := report.Read(bytes.NewReader(changed(t, d, tc.result, tc.field, tc.value)))
		if err == nil || !strings.Contains(err.Error(), "result ") || tc.want != "contradict" && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s = %v: %v, want %s", tc.field, tc.value, err, tc.want)
		}
	}
	if holds >= 0 {
		if _, err := report.Read(bytes.NewReader(changed(t, d, holds, "reason", "memory"))); err == nil {
			t.Error("a search that ended early holds")
		}
	}
}

// TestReadValidatesTraces: a trace inside results is checked as one in a file of its own.
func TestReadValidatesTraces(t *testing.T) {
	d := document(t)
	seen := 0
	for i, e := range d.Results {
		for k, f := range e.Findings {
			if f.Trace == nil || len(f.Trace.Steps) == 0 {
				continue
			}
			seen++
			was := f.Trace.Steps[0].Process
			f.Trace.Steps[0].Process = 99
			if _, err := report.Read(bytes.NewReader(written(t, d.Write))); err == nil || !strings.Contains(err.Error(), "step 1 is of process 99") {
				t.Errorf("result %d, finding %d: %v", i, k, err)
			}
			f.Trace.Steps[0].Process = was
		}
	}
	if seen == 0 {
		t.Fatal("no trace")
	}
}

// TestReadDamaged: whatever bytes are changed, readers neither panic nor give what the writers of every format cannot take.
func TestReadDamaged(t *testing.T) {
	d := document(t)
	b, err := report.NewBaseline(&report.Document{Results: d.Results[:1]})
	if err != nil {
		t.Fatal(err)
	}
	src, base := written(t, d.Write), written(t, b.Write)
	words := []string{"-1", "0", "99999", "null", `""`, "[]", "{}", "[null]", `"\u001b[2J"`, "1e99", "true"}
	r := rand.New(rand.NewPCG(1, 2))
	damaged := func(src []byte) []byte {
		out := bytes.Clone(src)
		at := r.IntN(len(out))
		switch r.IntN(4) {
		case 0:
			out[at] ^= 1 << r.IntN(8)
		case 1:
			to := min(len(out), at+1+r.IntN(60))
			out = append(out[:at], out[to:]...)
		default: // the next value
			if i := bytes.Index(out[at:], []byte(": ")); i >= 0 {
				from := at + i + 2
				to := from + bytes.IndexAny(out[from:], ",\n")
				out = append(append(append([]byte{}, out[:from]...), words[r.IntN(len(words))]...), out[to:]...)
			}
		}
		return out
	}
	read := 0
	for range 300 {
		if d, err := report.Read(bytes.NewReader(damaged(src))); err == nil {
			read++
			for _, write := range []func(io.Writer) error{
				d.Write,
				func(w io.Writer) error { return report.JUnit(w, d, report.Style{}) },
				func(w io.Writer) error { return report.WriteSARIF(w, d, report.Style{}) },
				func(w io.Writer) error { return report.Markdown(w, d) },
			} {
				if err := write(io.Discard); err != nil {
					t.Error(err)
				}
			}
		}
		if b, err := report.ReadBaseline(bytes.NewReader(damaged(base))); err == nil {
			b.Compare(d, func(string) bool { return true })
		}
	}
	if read == 0 || read == 300 {
		t.Errorf("%d of 300 were read", read)
	}
}

// TestReadIsBounded: a few bytes for each of very many parts are refused before they become memory.
func TestReadIsBounded(t *testing.T) {
	parts := `{"schema": "pmdcheck/check/3", "configurations": 1, "results": [` + strings.Repeat("1,", 1<<20) + `1]}`
	if _, err := report.Read(strings.NewReader(parts)); err == nil || !strings.Contains(err.Error(), "more parts than") {
		t.Errorf("error %v", err)
	}
}
