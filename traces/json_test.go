package traces_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"pmdcheck/checker"
	"pmdcheck/internal/testkit"
	"pmdcheck/model"
	"pmdcheck/model/elab"
	"pmdcheck/model/source"
	"pmdcheck/specs"
	"pmdcheck/traces"
	"pmdcheck/traces/replay"
)

// witnesses are traces as check makes them: one per violated property of a configuration.
func witnesses(t testing.TB, spec *elab.Spec, set []model.ConfigValue, o elab.BuildOptions) []*traces.Trace {
	t.Helper()
	configs, err := spec.Configurations(set)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := spec.Build(configs[0], o)
	if err != nil {
		t.Fatal(err)
	}
	res, err := checker.Check(context.Background(), sys, checker.Options{Reduction: checker.ReductionNone, Search: checker.BFS})
	if err != nil {
		t.Fatal(err)
	}
	var out []*traces.Trace
	for _, v := range res.Violations {
		if v.Witness != nil {
			out = append(out, v.Witness)
		}
	}
	return out
}

func load(t testing.TB, name string, src []byte) *elab.Spec {
	t.Helper()
	spec, err := testkit.Loader().Load(name+".pmd", src)
	if err != nil {
		var list *source.List
		if errors.As(err, &list) {
			var b strings.Builder
			_ = list.Render(&b)
			t.Fatal(b.String())
		}
		t.Fatal(err)
	}
	return spec
}

func embedded(t testing.TB, name string) *elab.Spec {
	t.Helper()
	src, err := specs.FS.ReadFile(name + ".pmd")
	if err != nil {
		t.Fatal(err)
	}
	return load(t, name, src)
}

// corpus is traces of every shape: failures of asserts and accesses, deadlocks, invariants, leaks, faults, a failure before the first step, no processes,
// and a run that violates nothing.
func corpus(t testing.TB) map[string]*traces.Trace {
	t.Helper()
	out := map[string]*traces.Trace{}
	add := func(name string, ws []*traces.Trace) {
		if len(ws) == 0 {
			t.Fatalf("%s has no witness", name)
		}
		for _, w := range ws {
			out[name+" "+w.Property] = w
		}
	}
	raceA := []model.ConfigValue{{Name: "policy", Value: "rcu"}, {Name: "target", Value: "riscv64"}, {Name: "remote", Value: "false"}, {Name: "batch_alloc_may_fail", Value: "false"}}
	add("race A", witnesses(t, embedded(t, "seed/race_a"), raceA, elab.BuildOptions{}))
	add("dining", witnesses(t, embedded(t, "classic/dining"), []model.ConfigValue{{Name: "ordered", Value: "false"}}, elab.BuildOptions{}))
	add("peterson", witnesses(t, embedded(t, "classic/peterson"), []model.ConfigValue{{Name: "turn_first", Value: "true"}}, elab.BuildOptions{NoMerge: true}))
	for name, src := range map[string]string{
		"invariant":     "u2 x; process p on cpu 1 { x = 1; x = 2; } invariant small: x < 2;",
		"at the start":  "u2 x = 3; process p { assert (x == 2); x = 3; } process q { x = 2; }",
		"first op":      "u2 x = 3; process p { u2 i = 3; assert (i == 2); x = 2; }",
		"no processes":  "u2 x = 3; invariant small: x < 2;",
		"leak":          "@use(u) @leak(l) struct s { u1 n; }; struct s A; struct s *root = &A; process p { root = NULL; }",
		"double free":   "@use(u) @free(f) struct s { u1 n; }; struct s A; process p[2] { free (&A); }",
		"null":          "struct s { u1 n; }; struct s A; struct s *r; u1 g; process p { g = r->n; } process q { r = &A; g = 1; }",
		"lasso":         "bool l; bool w[2]; process p[2](u1 i) { while (true) { w[i] = true; atomic { await (!l); l = true; w[i] = false; } l = false; } } liveness served(u1 i): w[i] leads_to !w[i];",
		"rest":          "u2 x; process p { x = 1; await (x == 2); x = 0; } process q { end: await (x == 3); } liveness l: x == 1 leads_to x == 0;",
		"branch, alloc": "@use(u) struct s { u1 n; }; pool struct s A[1]; u2 x; process p { struct s *q = alloc(struct s); if (x == 0 && q != NULL) { cover c; smp_mb(); q->n = 1; free (q); q->n = 0; } x = 1; } process r { end: await (x == 3); }",
	} {
		add(name, witnesses(t, load(t, "t", []byte(src)), nil, elab.BuildOptions{}))
	}
	spec := load(t, "t", []byte("u2 x; process p { x = 1; x = 2; } process q { end: await (x == 3); }"))
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := spec.Build(configs[0], elab.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := replay.Run(sys, []replay.Move{{Proc: 0, Trans: 0}}, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out["run"] = run
	return out
}

// TestSchema: what Write writes is what the schema file describes, and Read gives it back.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	all := corpus(t)
	if len(all) < 12 {
		t.Errorf("only %d traces", len(all))
	}
	for name, tr := range all {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := traces.Write(&b, tr); err != nil {
				t.Fatal(err)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Errorf("%v\n%s", err, b.String())
			}
			again, err := traces.Read(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tr, again); d != "" {
				t.Errorf("written and read (-want +got):\n%s", d)
			}
		})
	}
}

// TestSchemaAndReaderAgree: one damage at a time to a real trace; schema and reader both refuse it.
func TestSchemaAndReaderAgree(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := traces.Write(&b, corpus(t)["branch, alloc u"]); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	step := func(o object) object { return o["steps"].([]any)[0].(object) }
	op := func(o object) object { return step(o)["ops"].([]any)[0].(object) }
	for name, tc := range map[string]struct {
		damage     func(object)
		want       string
		readerOnly bool // a schema cannot compare numbers with each other
	}{
		"version":          {func(o object) { o["schema"] = "pmdcheck/trace/3"; o["novelty"] = 1 }, `schema "pmdcheck/trace/3"; this version reads "pmdcheck/trace/2"`, false},
		"earlier version":  {func(o object) { o["schema"] = "pmdcheck/trace/1"; o["novelty"] = 1 }, `check the spec again for a new trace`, false},
		"no version":       {func(o object) { delete(o, "schema") }, "it has no schema", false},
		"unknown field":    {func(o object) { o["author"] = "me" }, `unknown field "author"`, false},
		"unknown in step":  {func(o object) { step(o)["author"] = "me" }, `unknown field "author"`, false},
		"unknown in op":    {func(o object) { op(o)["author"] = "me" }, `unknown field "author"`, false},
		"no spec":          {func(o object) { delete(o, "spec") }, "names no spec", false},
		"no digest":        {func(o object) { o["digest"] = "" }, "no digest", false},
		"no kind":          {func(o object) { delete(o, "kind") }, `kind ""`, false},
		"no property":      {func(o object) { delete(o, "property") }, "names its property", false},
		"no steps":         {func(o object) { delete(o, "steps") }, "missing", false},
		"null processes":   {func(o object) { o["processes"] = nil }, "missing", false},
		"wrong type":       {func(o object) { o["steps"] = 1 }, "cannot unmarshal", false},
		"negative process": {func(o object) { step(o)["process"] = -1 }, "of process -1", false},
		"no operations":    {func(o object) { delete(step(o), "ops") }, "list of operations", false},
		"foreign kind":     {func(o object) { op(o)["kind"] = "teleport" }, `kind "teleport"`, false},
		"process 9":        {func(o object) { step(o)["process"] = 9 }, "of process 9, and there are 2", true},
		"call 99":          {func(o object) { op(o)["call"] = 99 }, "call 99, which is not listed", true},
		"start":            {func(o object) { o["starts"].([]any)[0].(object)["transition"] = 0 }, "is not one", false},
		"start of 9":       {func(o object) { o["starts"].([]any)[0].(object)["process"] = 9 }, "process 9", true},
		"possible": {func(o object) {
			step(o)["enabled"] = []any{object{"process": 9, "transition": 0, "label": "", "func": "", "pos": ""}}
		}, "of process 9 was possible", true},
		"unknown object":   {func(o object) { o["objects"].([]any)[0].(object)["author"] = "me" }, `unknown field "author"`, false},
		"unknown property": {func(o object) { o["properties"].([]any)[0].(object)["author"] = "me" }, `unknown field "author"`, false},
		"fatal":            {func(o object) { step(o)["fatal"] = true; delete(step(o), "property") }, "fatal and names no property", false},
	} {
		t.Run(name, func(t *testing.T) {
			var o object
			if err := json.Unmarshal(b.Bytes(), &o); err != nil {
				t.Fatal(err)
			}
			tc.damage(o)
			bad, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := traces.Read(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("reader: %v, want %q", err, tc.want)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(bad))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); (err == nil) != tc.readerOnly {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

// TestCutAnywhere: a trace that ends early anywhere is refused as cut off, and so is one with something behind it.
func TestCutAnywhere(t *testing.T) {
	var b bytes.Buffer
	if err := traces.Write(&b, corpus(t)["null no_fault"]); err != nil {
		t.Fatal(err)
	}
	whole := bytes.TrimSpace(b.Bytes())
	for i := range whole {
		if _, err := traces.Read(bytes.NewReader(whole[:i])); err == nil || err.Error() != "the trace is cut off" {
			t.Fatalf("cut at byte %d of %d: %v", i, len(whole), err)
		}
	}
	for _, tail := range []string{"x", "{}", "\n]"} {
		if _, err := traces.Read(strings.NewReader(string(whole) + tail)); err == nil || !strings.Contains(err.Error(), "something behind") {
			t.Errorf("with %q behind it: %v", tail, err)
		}
	}
}

// FuzzTraceJSON: no text makes the reader panic, and what it accepts is written and read back alike.
func FuzzTraceJSON(f *testing.F) {
	for _, tr := range corpus(f) {
		var b bytes.Buffer
		if err := traces.Write(&b, tr); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tr, err := traces.Read(bytes.NewReader(src))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := traces.Write(&b, tr); err != nil {
			t.Fatal(err)
		}
		again, err := traces.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		var c bytes.Buffer
		if err := traces.Write(&c, again); err != nil {
			t.Fatal(err)
		}
		if again.Spec != tr.Spec || len(again.Steps) != len(tr.Steps) {
			t.Error("written and read differ")
		}
	})
}
