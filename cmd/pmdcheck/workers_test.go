package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"pmdcheck/internal/cli"
)

// varying are the fields of which docs/reliability.md says that they depend on the number of workers, or on the machine.
var varying = []string{"depth", "bytes", "seconds"}

// TestWorkersFields: every field that the schema of check --json has is the same with any number of workers, each for itself, but for those of which the documents say that they differ. A field that
// no configuration here has would not be tested: these are listed.
func TestWorkersFields(t *testing.T) {
	fields, top := schemaFields(t)
	elsewhere := []string{"may_race", "omitted", "reason", "store", "unmarked_blocks"} // of searches that were cut short or prove nothing, and of tso
	read := func(workers int) map[string]any {
		var out, errs bytes.Buffer
		args := []string{"check", "classic", "locks", "testdata/workers.pmd", "--workers", fmt.Sprint(workers), "--jobs", "1", "--json", "-", "--with-traces", "-v"}
		if code := cli.Main(args, nil, &out, &errs); code != 1 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		var doc map[string]any
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	one := read(1)
	met := map[string]bool{}
	for _, workers := range []int{2, 5} {
		doc := read(workers)
		for _, f := range top {
			if f != "results" && !reflect.DeepEqual(one[f], doc[f]) {
				t.Errorf("%d workers: %s is %v, with one worker %v", workers, f, doc[f], one[f])
			}
		}
		results, with1 := doc["results"].([]any), one["results"].([]any)
		if len(results) != len(with1) {
			t.Fatalf("%d results, with one worker %d", len(results), len(with1))
		}
		for i := range results {
			a, b := with1[i].(map[string]any), results[i].(map[string]any)
			for _, f := range slices.Sorted(maps.Keys(a)) {
				met[f] = true
			}
			for _, f := range fields {
				if !slices.Contains(varying, f) && !reflect.DeepEqual(a[f], b[f]) {
					t.Errorf("%d workers: %v %v: %s is %v, with one worker %v", workers, a["spec"], a["config"], f, b[f], a[f])
				}
			}
		}
	}
	for _, f := range fields {
		if !met[f] && !slices.Contains(elsewhere, f) {
			t.Errorf("no configuration has the field %s", f)
		}
	}
}

// schemaFields are the fields of a result, and those of the document.
func schemaFields(t *testing.T) (result, top []string) {
	t.Helper()
	src, err := os.ReadFile("../../checker/report/check.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]json.RawMessage
	}
	if err := json.Unmarshal(src, &schema); err != nil {
		t.Fatal(err)
	}
	var results struct {
		Items struct{ Properties map[string]json.RawMessage }
	}
	if err := json.Unmarshal(schema.Properties["results"], &results); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(results.Items.Properties)), slices.Sorted(maps.Keys(schema.Properties))
}
