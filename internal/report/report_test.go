package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pmdcheck/checker"
	"pmdcheck/internal/report"
	"pmdcheck/model"
)

// TestSchema: what Write writes is what the schema file describes.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("check.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := (&model.Loader{}).Load("t.pmd", []byte("config u1 n; u2 x; process p { x = n; } process q { await (x == 1); cover c; } for n; cover c when n == 1; expect n == 1 : holds;"))
	if err != nil {
		t.Fatal(err)
	}
	cells, err := spec.Cells(nil)
	if err != nil {
		t.Fatal(err)
	}
	doc := report.NewDocument()
	for _, limit := range []int64{0, 1} {
		for _, c := range cells {
			sys, err := spec.Build(c, model.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			res, err := checker.Check(context.Background(), sys, checker.Options{MaxStates: limit})
			if err != nil {
				t.Fatal(err)
			}
			doc.Add("t", c, res, report.Judge(res, c.Expect, report.Counting{Full: true}))
		}
	}
	// n == 0 deadlocks where nothing is expected; n == 1 holds; with the limit the second is unknown.
	if doc.Summary.Checks != 4 || doc.Summary.OK != 1 || doc.Summary.Unknown < 1 {
		t.Errorf("summary %+v", doc.Summary)
	}
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, b.String())
	}
}
