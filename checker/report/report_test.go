package report_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/judge"
	"pmdcheck/internal/testkit"
	"pmdcheck/model/elab"
	"pmdcheck/traces"
)

// A table that is freed under its reader, by each of what can come of a configuration: as expected, violated where nothing is expected, holding where a violation is
// expected, and without a verdict.
const spec = `// A reader, and a writer that frees what it reads.
property no_use_after_free "nobody touches what is freed";
property no_lock_misuse "locks are used as they should be";

@use(no_use_after_free)
struct table {
	u1 entry;
};
struct mm {
	struct table *slot;
	u2 lock;
};
config waits = { nobody, writer, everybody };
config u1 n = 0;
struct table X = { .entry = 1 };
struct mm m = { .slot = &X };

@kernel("mm/walk.c", "walk", v6.1)
void walk(void)
{
	struct table *t = m.slot;

	if (t != NULL && t->entry == 1)
		skip;
}

process reader on cpu 0 in mm m {
	if (waits == everybody)
		atomic {
			await (m.lock == 0);
			m.lock = 1;
		}
	walk();
	if (waits == everybody)
		m.lock = 0;
}

process freer on cpu 1 in mm m {
	if (waits != nobody)
		atomic {
			await (m.lock == 0);
			m.lock = 2;
		}
	m.slot = NULL;
	free (&X);
	m.lock = 0;
}

for waits;
check no_use_after_free;
expect waits == nobody : violates no_use_after_free;
expect : holds;
`

// document is what check finds of the spec, a configuration of it with a limit, and one whose expectation is wrong.
func document(t testing.TB) *report.Document {
	t.Helper()
	load := func(name, src string) *elab.Spec {
		s, err := (&elab.Loader{}).Load(name, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	doc := report.NewDocument(5)
	number := 0
	add := func(s *elab.Spec, limit int64) {
		configs, err := s.Configurations(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range configs {
			sys, err := s.Build(c, elab.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Search: checker.BFS, MaxStates: limit})
			if err != nil {
				t.Fatal(err)
			}
			res.Stats.Elapsed, res.Stats.Bytes = 0, 0
			number++
			checked := judge.Checked{Number: number, Spec: s, Configuration: c, Digest: fmt.Sprint("digest", number), Result: res, Judged: judge.Judge(res, c.Expect, judge.Counting{Full: true})}
			for _, v := range res.Violations {
				if v.Witness != nil {
					checked.Traces = append(checked.Traces, v.Witness)
				}
			}
			doc.Add(checked.Entry())
		}
	}
	add(load("specs/free.pmd", spec), 0)
	add(load("specs/hope.pmd", "u1 x;\nprocess p { x = 1; assert (x == 1); }\nexpect : violates assertion;\n"), 0)
	add(load("specs/long.pmd", "u8 x;\nprocess p { while (true) { end: x = x == 255 ? 0 : x + 1; } }\n"), 10)
	return doc
}

func written(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDocument: what is counted.
func TestDocument(t *testing.T) {
	d := document(t)
	if want := (report.Totals{Checks: 5, OK: 2, Failed: 2, Unknown: 1}); d.Summary != want {
		t.Errorf("summary %+v, want %+v", d.Summary, want)
	}
	var found []string
	for _, e := range d.Results {
		found = append(found, e.Key()+": "+e.Found())
	}
	want := []string{
		"specs/free  waits=nobody n=0: violated no_use_after_free", "specs/free  waits=writer n=0: violated no_use_after_free", "specs/free  waits=everybody n=0: holds",
		"specs/hope: holds", "specs/long: unknown: states",
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestGolden: every format, twice the same bytes.
func TestGolden(t *testing.T) {
	style := report.Style{File: func(f string) string { return "root/" + f }}
	base := func(d *report.Document) func(io.Writer) error {
		d = &report.Document{Results: d.Results[:4]}
		b, err := report.NewBaseline(d)
		if err != nil {
			t.Fatal(err)
		}
		return b.Write
	}
	for name, write := range map[string]func(*report.Document) func(io.Writer) error{
		"results.json": func(d *report.Document) func(io.Writer) error { return d.Write },
		"bare.json":    func(d *report.Document) func(io.Writer) error { return d.Bare().Write },
		"junit.xml": func(d *report.Document) func(io.Writer) error {
			return func(w io.Writer) error { return report.JUnit(w, d, style) }
		},
		"sarif.json": func(d *report.Document) func(io.Writer) error {
			return func(w io.Writer) error { return report.WriteSARIF(w, d, style) }
		},
		"summary.md": func(d *report.Document) func(io.Writer) error {
			return func(w io.Writer) error { return report.Markdown(w, d) }
		},
		"summary.txt": func(d *report.Document) func(io.Writer) error {
			return func(w io.Writer) error { return report.Summary(w, d, report.Style{}) }
		},
		"baseline.json": base,
	} {
		got := written(t, write(document(t)))
		if again := written(t, write(document(t))); !bytes.Equal(got, again) {
			t.Errorf("%s: two runs differ", name)
		}
		testkit.Golden(t, filepath.Join("testdata", name), got)
	}
}

func validate(t *testing.T, file string, doc []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, doc)
	}
}

// TestSchemas: what is written is what the schemas describe.
func TestSchemas(t *testing.T) {
	d := document(t)
	validate(t, "check.schema.json", written(t, d.Write))
	validate(t, "check.schema.json", written(t, d.Bare().Write))
	walks := document(t)
	walks.Results[4].Reason = (&checker.Swarm{Walks: 3, Longest: 7}).String()
	validate(t, "check.schema.json", written(t, walks.Write))
	b, err := report.NewBaseline(&report.Document{Results: d.Results[:4]})
	if err != nil {
		t.Fatal(err)
	}
	validate(t, "baseline.schema.json", written(t, b.Write))
	validSARIF(t, d, report.Style{})
	validSARIF(t, report.NewDocument(0), report.Style{})
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed; scripts/test installs it")
	}
	file := filepath.Join(t.TempDir(), "junit.xml")
	for _, style := range []report.Style{{}, {Times: true}} {
		if err := os.WriteFile(file, written(t, func(w io.Writer) error { return report.JUnit(w, d, style) }), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(lint, "--noout", "--schema", "junit.xsd", file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestRead: a document is read as it was written; a damaged one is refused with a sentence.
func TestRead(t *testing.T) {
	d := document(t)
	src := written(t, d.Write)
	again, err := report.Read(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written(t, again.Write), src); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := string(bytes.TrimSpace(src))
	for _, n := range []int{0, 1, len(text) / 3, len(text) / 2, len(text) - 1} {
		if _, err := report.Read(strings.NewReader(text[:n])); err == nil || err.Error() != "the file is cut off" {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	for damage, want := range map[[2]string]string{
		{`"schema": "pmdcheck/check/3"`, `"schema": "pmdcheck/check/9"`}: "this version reads",
		{`"schema": "pmdcheck/check/3"`, `"schema": "pmdcheck/check/1"`}: `it has schema "pmdcheck/check/1", which does not say of each property what was found; this version reads "pmdcheck/check/3": check the specs again`,
		{`"failed": 2`, `"failed": 1`}:                                   "does not add up",
		{`"number": 2`, `"number": 1`}:                                   "comes behind",
		{`"configurations": 5`, `"configurations": 4`}:                   "result 5 of 4",
		{`"reason"`, `"treason"`}:                                        "unknown field",
	} {
		if _, err := report.Read(strings.NewReader(strings.Replace(text, damage[0], damage[1], 1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", damage[1], err)
		}
	}
	if _, err := report.ReadBaseline(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "this version reads \"pmdcheck/baseline/3\"") {
		t.Errorf("results read as baseline: %v", err)
	}
}

// stored is a file of testdata.
func stored(t *testing.T, name string) []byte {
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReadsOlder: results and baselines that call a configuration a cell are read, and are what they would be if they were written now. The old names belong to the old schemas alone.
func TestReadsOlder(t *testing.T) {
	results, baseline := stored(t, "results.json"), stored(t, "baseline.json")
	old, err := report.Read(bytes.NewReader(stored(t, "results-2.json")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written(t, old.Write), results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	b, err := report.ReadBaseline(bytes.NewReader(stored(t, "baseline-2.json")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written(t, b.Write), baseline); diff != "" {
		t.Errorf("baseline (-want +got):\n%s", diff)
	}
	if changes := b.Compare(old, func(string) bool { return true }); len(changes) != 1 || changes[0].Configuration != "specs/long" { // which has no verdict, and so is in no baseline
		t.Errorf("the old results differ from the old baseline: %v", changes)
	}
	for _, x := range []struct{ file, schema, other, field string }{
		{"results-2.json", "check/2", "check/3", "cells"},
		{"results.json", "check/3", "check/2", "configurations"},
		{"baseline-2.json", "baseline/2", "baseline/3", "cells"},
		{"baseline.json", "baseline/3", "baseline/2", "configurations"},
	} {
		text := strings.Replace(string(stored(t, x.file)), x.schema, x.other, 1)
		read := func() error { _, err := report.Read(strings.NewReader(text)); return err }
		if strings.HasPrefix(x.schema, "baseline") {
			read = func() error { _, err := report.ReadBaseline(strings.NewReader(text)); return err }
		}
		if err := read(); err == nil || !strings.Contains(err.Error(), "unknown field \""+x.field+"\"") {
			t.Errorf("%s as %s: %v", x.file, x.other, err)
		}
	}
}

// TestSARIF: the code flow of the unexpected violation: a thread for each process, steps in order, the fatal one last and essential, at the line of the spec.
func TestSARIF(t *testing.T) {
	log := report.SARIF(document(t), report.Style{})
	var levels []string
	for _, r := range log.Runs[0].Results {
		levels = append(levels, r.RuleID+" "+r.Level)
		if log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("rule index of %s", r.RuleID)
		}
	}
	if d := cmp.Diff([]string{"no_use_after_free note", "no_use_after_free error", "missing-violation error", "no-verdict warning"}, levels); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	r := log.Runs[0].Results[1]
	want := 1 + strings.Count(spec[:strings.Index(spec, "if (t != NULL && t->entry")], "\n")
	if got := r.Locations[0].Physical.Region.StartLine; got != want {
		t.Errorf("line %d, want %d", got, want)
	}
	order := map[int]string{}
	for _, th := range r.CodeFlows[0].Threads {
		for _, l := range th.Locations {
			order[l.ExecutionOrder] = th.ID + " " + l.Importance
		}
	}
	if len(r.CodeFlows[0].Threads) != 2 || order[len(order)] != "reader essential" || order[len(order)-1] != "freer important" {
		t.Errorf("%v", order)
	}
}

// TestFindingsKeepTraces: traces stay with the finding they belong to.
func TestFindingsKeepTraces(t *testing.T) {
	d := document(t)
	f := d.Results[1].Findings[0]
	if f.Trace == nil || f.Trace.Property != f.Property || f.Expected || f.Trace.Schema != traces.Schema {
		t.Errorf("%+v", f)
	}
	if d.Bare().Results[1].Findings[0].Trace != nil || d.Results[1].Findings[0].Trace == nil {
		t.Error("Bare takes traces from the wrong document")
	}
}
