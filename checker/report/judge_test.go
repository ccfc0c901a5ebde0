package report_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pmdcheck/checker"
	"pmdcheck/checker/report"
	"pmdcheck/internal/suite/judge"
	"pmdcheck/model/elab"
)

// add checks every configuration of a spec and adds it.
func add(t testing.TB, d *report.Document, name, src string, o checker.Options) {
	t.Helper()
	spec, err := (&elab.Loader{}).Load(name+".pmd", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	configs, err := spec.Configurations(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs {
		sys, err := spec.Build(c, elab.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := checker.Check(context.Background(), sys, o)
		if err != nil {
			t.Fatal(err)
		}
		res.Stats.Elapsed = 0
		d.Configurations++
		d.Add(judge.Checked{Number: d.Configurations, Spec: spec, Configuration: c, Result: res, Judged: judge.Judge(res, c.Expect, judge.Counting{Full: true, NoAssert: o.NoAssert})}.Entry())
	}
	if !spec.HasCovers() {
		d.Warn(spec.Name, report.NoCover)
	}
}

// line is the line of a configuration, without its figures.
func line(t testing.TB, e *report.Entry) string {
	t.Helper()
	s := string(written(t, func(w io.Writer) error { return report.Line(w, e, report.Style{}) }))
	s, _, _ = strings.Cut(s, fmt.Sprintf("  %d state", e.States))
	return s
}

// TestJudge: by hand, each way in which a configuration can meet its expectation, or not, or not tell.
func TestJudge(t *testing.T) {
	const (
		bad    = "u2 x; process p[2] { x = 1; x = 2; assert (x == 2); } invariant one: x < 2; cover two: x == 2; "
		good   = "u2 x; process p { x = 1; x = 2; } cover two: x == 2; "
		hollow = "u2 x; process p { x = 1; x = 2; } cover three: x == 3; "
	)
	first, limit := checker.Options{Reduction: checker.ReductionNone, First: true, Search: checker.BFS}, checker.Options{Reduction: checker.ReductionNone, MaxStates: 1}
	for _, tc := range []struct {
		name, src string
		opts      checker.Options
		want      string
	}{
		{"holds", good + "expect : holds;", checker.Options{Reduction: checker.ReductionNone}, "ok   s  holds  (expected)"},
		{"nothing is expected", good, checker.Options{Reduction: checker.ReductionNone}, "ok   s  holds"},
		{"violated", bad + "expect : violates one, assertion;", checker.Options{Reduction: checker.ReductionNone}, "ok   s  violated assertion, one  (expected)"},
		{"more than expected", bad + "expect : violates one;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  violated assertion, one  expected violated one, found violated assertion, one"},
		{"violated, nothing expected", bad, checker.Options{Reduction: checker.ReductionNone}, "FAIL s  violated assertion, one  no violation is expected, found violated assertion, one"},
		{"the first, of those expected", bad + "expect : violates one, assertion;", first, "ok   s  violated one; the others unknown: first  (expected)"},
		{"the first, not expected", bad + "expect : holds;", first, "FAIL s  violated one; the others unknown: first  expected holds, found violated one; the others unknown: first"},
		{"a limit", good + "expect : holds;", limit, "??   s  unknown: states"},
		{"a limit after what was expected", bad + "expect : violates one;", checker.Options{Reduction: checker.ReductionNone, MaxStates: 7, Search: checker.BFS}, "??   s  violated one; the others unknown: states"},
		{"a limit after what was not expected", bad + "expect : holds;", checker.Options{Reduction: checker.ReductionNone, MaxStates: 7, Search: checker.BFS}, "FAIL s  violated one; the others unknown: states  expected holds, found violated one; the others unknown: states"},
		{"a cover", hollow + "expect : holds;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  cover three never reached: the proof would be vacuous  expected holds, found cover three never reached: the proof would be vacuous"},
		{"a cover, nothing expected", hollow, checker.Options{Reduction: checker.ReductionNone}, "FAIL s  cover three never reached: the proof would be vacuous  no violation is expected, found cover three never reached: the proof would be vacuous"},
		{"two covers", hollow + "cover four: x == 3 && x == 2;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  covers four, three never reached: the proof would be vacuous  no violation is expected, found covers four, three never reached: the proof would be vacuous"},
		{"a cover that is expected", hollow + "expect : holds unreachable three;", checker.Options{Reduction: checker.ReductionNone}, "ok   s  holds, unreachable three  (expected)"},
		{"a cover that is expected, with a violation", hollow + "invariant one: x < 2; expect : violates one unreachable three;", checker.Options{Reduction: checker.ReductionNone}, "ok   s  violated one, unreachable three  (expected)"},
		{"one cover of two is expected", hollow + "cover four: x == 3 && x == 2; expect : holds unreachable three;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  cover four never reached: the proof would be vacuous, unreachable three  expected holds unreachable three, found cover four never reached: the proof would be vacuous"},
		{"a cover that is reached against the expectation", good + "expect : holds unreachable two;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  holds  expected holds unreachable two, found cover two reached"},
		{"reached before the limit", good + "expect : holds unreachable two;", checker.Options{Reduction: checker.ReductionNone, MaxStates: 3}, "FAIL s  holds  expected holds unreachable two, found cover two reached"},
		{"a cover that is expected, with a limit", hollow + "expect : holds unreachable three;", limit, "??   s  unknown: states"},
		{"a cover that is not demanded is looked for where it is expected", hollow + "cover four: x == 3 && x == 2 when false; expect : holds unreachable three, four;", checker.Options{Reduction: checker.ReductionStubborn, Symmetry: checker.SymmetryOff}, "ok   s  holds, unreachable four, three  (expected)"},
		{"nothing in this configuration observes it", good + "config u1 n; process q { if (n == 1) assert (x < 3, small); } for n in { 0 }; check small; expect : holds;", checker.Options{Reduction: checker.ReductionNone}, "ok   s  n=0  holds  (expected)  (not judged: small)"},
		{"nothing in this configuration observes what is expected to be violated", good + "config u1 n; process q { if (n == 1) assert (x < 3, small); } for n in { 0 }; expect : violates small;", checker.Options{Reduction: checker.ReductionNone}, "FAIL s  n=0  holds  expected violated small, found holds; nothing in this configuration observes small  (not judged: small)"},
		{"a declaration alone", good + "property idle \"nobody idles\";", checker.Options{Reduction: checker.ReductionNone}, "ok   s  holds  (not judged: idle)"},
		{"asserts ignored", bad, checker.Options{Reduction: checker.ReductionNone, NoAssert: true}, "ok   s  violated one; the others unknown: asserts ignored  (counted, not judged)"},
		{"asserts ignored, a limit", good, checker.Options{Reduction: checker.ReductionNone, NoAssert: true, MaxStates: 1}, "??   s  unknown: states"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := report.NewDocument(0)
			add(t, d, "s", tc.src, tc.opts)
			if diff := cmp.Diff(tc.want, line(t, &d.Results[0])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			validate(t, "check.schema.json", written(t, d.Write))
		})
	}
}

// TestEveryFormatSaysTheSame: a property that is violated, one that holds, one that is not judged and one that is unknown are so in every format, and a search that ended early is
// nowhere taken for a result.
func TestEveryFormatSaysTheSame(t *testing.T) {
	const src = "config u1 n; u2 x; process p { x = 1; x = 2; if (n == 1) assert (x < 2, small); } invariant low: x < 3; for n; check low, small; expect n == 1 : violates small; expect : holds;"
	whole, cut := report.NewDocument(0), report.NewDocument(0)
	add(t, whole, "s", src, checker.Options{Reduction: checker.ReductionNone})
	add(t, cut, "s", src, checker.Options{Reduction: checker.ReductionNone, MaxStates: 2})
	style := report.Style{}
	text := func(d *report.Document) func(io.Writer) error {
		return func(w io.Writer) error {
			for i := range d.Results {
				if err := report.Line(w, &d.Results[i], style); err != nil {
					return err
				}
				if err := report.Verdicts(w, &d.Results[i]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	base, err := report.NewBaseline(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := report.NewBaseline(cut); err == nil {
		t.Error("a baseline of a search that ended early")
	}
	for _, tc := range []struct {
		format string
		write  func(io.Writer) error
		want   []string
	}{
		{"text", text(whole), []string{"ok   s  n=0  holds  (expected)  (not judged: small)", "     holds: no_fault, low\n     not judged: assertion, small\n", "ok   s  n=1  violated small  (expected)", "     violated: small\n     holds: no_fault, low\n"}},
		{"text, cut", text(cut), []string{"??   s  n=0  unknown: states  (not judged: small)", "     unknown (states): no_fault, low\n", "     unknown (states): no_fault, low, small\n"}},
		{"json", whole.Write, []string{`"schema": "pmdcheck/check/3"`, "\"property\": \"small\",\n          \"verdict\": \"not judged\",\n          \"named\": true", "\"property\": \"small\",\n          \"verdict\": \"violated\"", "\"property\": \"low\",\n          \"verdict\": \"holds\""}},
		{"json, cut", cut.Write, []string{"\"property\": \"low\",\n          \"verdict\": \"unknown\",\n          \"reason\": \"states\""}},
		{"junit", func(w io.Writer) error { return report.JUnit(w, whole, style) }, []string{"warning: it has no cover", "&#xA;holds: no_fault, low&#xA;not judged: assertion, small", "&#xA;violated: small&#xA;holds: no_fault, low&#xA;not judged: assertion"}},
		{"junit, cut", func(w io.Writer) error { return report.JUnit(w, cut, style) }, []string{"&#xA;unknown (states): no_fault, low, small", `errors="2"`}},
		{"sarif", func(w io.Writer) error { return report.WriteSARIF(w, whole, style) }, []string{"\"property\": \"small\",\n            \"holds\": 0,\n            \"violated\": 1,\n            \"unknown\": 0,\n            \"not judged\": 1", "s: it has no cover"}},
		{"sarif, cut", func(w io.Writer) error { return report.WriteSARIF(w, cut, style) }, []string{"\"property\": \"small\",\n            \"holds\": 0,\n            \"violated\": 0,\n            \"unknown\": 1,\n            \"not judged\": 1"}},
		{"markdown", func(w io.Writer) error { return report.Markdown(w, whole) }, []string{"| small | 0 | 1 | 0 | 1 |", "| low | 2 | 0 | 0 | 0 |", "Warning: s: it has no cover"}},
		{"markdown, cut", func(w io.Writer) error { return report.Markdown(w, cut) }, []string{"| small | 0 | 0 | 1 | 1 |", "| low | 0 | 0 | 2 | 0 |"}},
		{"baseline", base.Write, []string{`"holds":["no_fault","low"],"not_judged":["assertion","small"]`, `"properties":["small"],"holds":["no_fault","low"],"not_judged":["assertion"]`}},
	} {
		got := string(written(t, tc.write))
		for _, w := range tc.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s does not say\n%s\n\nit says\n%s", tc.format, w, got)
			}
		}
	}
	validate(t, "check.schema.json", written(t, whole.Write))
	validate(t, "check.schema.json", written(t, cut.Write))
	validate(t, "baseline.schema.json", written(t, base.Write))
	for _, d := range []*report.Document{whole, cut} {
		validSARIF(t, d, style)
	}
}

// TestBaselineKnowsWhatWasJudged: a proof that is lost without a violation is a change of the verdict; a baseline of the first schema does not know, and says nothing.
func TestBaselineKnowsWhatWasJudged(t *testing.T) {
	const src = "u2 x; process p { x = 1; %s } %s cover one: x == 1;"
	before, after := report.NewDocument(0), report.NewDocument(0)
	add(t, before, "s", fmt.Sprintf(src, "assert (x == 1, kept); assert (x == 1);", "invariant gone: x < 2;"), checker.Options{Reduction: checker.ReductionNone})
	add(t, after, "s", fmt.Sprintf(src, "", "property kept \"t\";"), checker.Options{Reduction: checker.ReductionNone})
	b, err := report.NewBaseline(before)
	if err != nil {
		t.Fatal(err)
	}
	everything := func(string) bool { return true }
	compared := func(b *report.Baseline) string {
		var out []string
		for _, c := range b.Compare(after, everything) {
			out = append(out, fmt.Sprint(c.Verdict, c.What))
		}
		return strings.Join(out, " ")
	}
	if got, want := compared(b), "true [assertion held, and is not judged any more gone held, and is not checked any more kept held, and is not judged any more "; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	old := `{"schema": "pmdcheck/baseline/1", "cells": [{"cell":"s","verdict":"holds","states":1,"transitions":0,"reduction":"none","digest":""}]}`
	b, err = report.ReadBaseline(strings.NewReader(old))
	if err != nil {
		t.Fatal(err)
	}
	if got := compared(b); strings.Contains(got, "held") || strings.Contains(got, "true") {
		t.Errorf("a baseline of the first schema: %s", got)
	}
}
