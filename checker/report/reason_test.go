package report

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"pmdcheck/checker"
)

// TestReasons: every reason for which a search can end is one that the reader and the schema know.
func TestReasons(t *testing.T) {
	schema, err := os.ReadFile("check.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs struct {
			Reason struct{ Pattern string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema, &doc); err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(doc.Defs.Reason.Pattern)
	alone, explained := checker.Reasons()
	for _, r := range alone {
		if !knownReason(string(r)) || r != checker.ReasonNone && !pattern.MatchString(string(r)) {
			t.Errorf("%q is not known", r)
		}
	}
	for _, r := range explained {
		if s := string(r) + ": why"; !knownReason(s) || !pattern.MatchString(s) || knownReason(string(r)) {
			t.Errorf("%q is not known, or known without a cause", r)
		}
		if reason, cause := (r + ": a: b").Parts(); reason != r || cause != "a: b" {
			t.Errorf("%q, %q", reason, cause)
		}
	}
	if knownReason("because") || pattern.MatchString("because") {
		t.Error("anything is known")
	}
}
